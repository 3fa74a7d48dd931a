"""Every option of every command says when it means something, and is refused by name where it would be ignored."""

import argparse

import pandas as pd
import pytest
from hostile import BLAZARS, CURVE, LONG
from simulated import catalogue

from agnbook.ask import bulk_task, command_line, light_curves, option_scope, scoring
from agnbook.ask.option_scope import CHOICES, SCOPES, Beside

COMMANDS = command_line.parser()._subparsers._group_actions[0].choices
#: Option -> what it is given, of those that take a number.
NUMBERS = {float: "1", int: "1"}


def _actions(command: str) -> dict[str, argparse.Action]:
    return {action.dest: action for action in COMMANDS[command]._actions if action.dest != "help"}


def _given(command: str, name: str, value: str = "") -> list[str]:
    """An option as somebody types it."""
    action = _actions(command)[name]
    flag = action.option_strings[-1]
    return [flag] if action.nargs == 0 else [flag, value or NUMBERS.get(action.type, "x")]


def _needed(command: str) -> list[str]:
    """What a command cannot do without, but for the options on which others depend."""
    return [
        "x" if not action.option_strings else f"{action.option_strings[-1]}={CHOICES[command, name][0]}"
        for name, action in _actions(command).items()
        if action.required
    ]


def _situations():
    """Every option in every situation in which it is said to mean nothing, as arguments."""
    for command, needs in SCOPES.items():
        for name, rules in needs.items():
            for rule in rules:
                plain = [*_needed(command), *_given(command, name)]
                # what its other needs ask for, so that this one is what is missing
                for other in rules:
                    if other is not rule and isinstance(other, Beside) and not other.values:
                        plain += _given(command, other.other)
                if not isinstance(rule, Beside):
                    yield command, name, [*plain, *_given(command, rule.other)]
                elif rule.values:
                    for value in CHOICES[command, rule.other]:
                        if value not in rule.values:
                            yield command, name, [*plain, f"--{rule.other}={value}"]
                else:
                    yield command, name, plain


SITUATIONS = list(_situations())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_says_when_it_means_something(command):
    actions = _actions(command)
    assert set(SCOPES[command]) == set(actions), "a new option has its place in `option_scope.SCOPES`"
    for name, rules in SCOPES[command].items():
        assert not rules or actions[name].default in (None, False, []), f"nobody could tell whether {name} is given"
        for rule in rules:
            assert rule.other in actions
            assert not getattr(rule, "values", ()) or (command, rule.other) in CHOICES


def test_what_others_depend_on_has_the_values_that_it_has():
    assert CHOICES == {
        ("lightcurve", "model"): light_curves.MODELS, ("bulk", "model"): bulk_task.MODELS, ("score", "exam"): scoring.NAMES,
    }  # fmt: skip


@pytest.mark.parametrize(("command", "name", "arguments"), SITUATIONS, ids=lambda value: value if isinstance(value, str) else "")
def test_an_option_that_would_be_ignored_is_refused(command, name, arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command_line.main([command, *arguments]) == 2
    error = capsys.readouterr().err
    flag = f"--{name.replace('_', '-')}"
    assert error.startswith(f"agnbook: {flag} means nothing ") and error.count("\n") == 1, error
    assert f"leave {flag} out" in error or "leave one of them out" in error
    assert not list(tmp_path.iterdir())


def test_there_are_many_such_situations():
    assert len(SITUATIONS) >= 60
    assert {command for command, *_ in SITUATIONS} == {"lookup", "lightcurve", "bulk", "score"}


def test_a_model_that_is_none_is_what_is_told(capsys):
    assert command_line.main(["bulk", "in", "out", "--model", "quasars", "--visits", "x"]) == 2
    assert "Unknown model 'quasars'" in capsys.readouterr().err


def test_an_option_counts_when_its_value_is_none_or_0():
    assert [option_scope.is_given(value) for value in (None, False, [], 0, 0.0, "", True, ["a"])] == [False] * 3 + [True] * 5


# --- names in NAME=VALUE that nobody asks for, and what is said twice

_VAIN = {
    "a column of no model": (["classify", "{}", "--column", "Shoe_Size=PL_Index"], BLAZARS, "nothing asks for Shoe_Size"),
    "a column of the other model": (["classify", "{}", "--column", "GLAST=PL_Index"], BLAZARS, "nothing asks for GLAST"),
    "a column of no redshift": (["redshift", "{}", "--column", "x=Flags"], catalogue(2), "nothing asks for x"),
    "one column twice": (["classify", "{}", "--column", "PL_Index=a", "--column", "PL_Index=b"], BLAZARS, "each once"),
    "a class of another exam": (
        ["score", "{}", "--exam", "agn-galactic", "--column", "psr=PL_Index"],
        BLAZARS,
        "asks for no 'psr'; name columns for agn, galactic",
    ),
    "a class of redshifts": (["score", "{}", "--exam", "redshift", "--column", "agn=PL_Index"], BLAZARS, "asks for no 'agn'"),
    "a band of no measurement": (
        ["lightcurve", "{}", "--wavelength", "G=4700"],
        CURVE,
        "no measurement is in that band; there are",
    ),
    "the object twice": (["lightcurve", "{}", "--object", "q", "--column", "object=object"], CURVE, "object is named twice"),
    "the band twice": (["lightcurve", "{}", "--band", "g", "--column", "band=band"], CURVE, "band is named twice"),
    "the redshift twice": (["lightcurve", "{}", "--redshift", "1", "--column", "redshift=z"], CURVE, "redshift is named twice"),
    "a redshift of the simulator": (
        ["lightcurve", "{}", "--model", "simulator", "--column", "redshift=z"],
        CURVE,
        "the simulator takes no redshift",
    ),
    "visits that are not needed": (["lightcurve", "{}", "--visits", "v.csv"], CURVE, "have times of their own, in time"),
    "another unit than the table's": (
        ["lightcurve", "{}", "--unit", "nJy"],
        CURVE.rename(columns={"magnitude": "flux [mJy]"}),
        "is in mJy by the table itself, and in nJy by --unit",
    ),
    "another unit of time": (
        ["lightcurve", "{}", "--time-unit", "s"],
        CURVE.rename(columns={"time": "time [d]"}),
        "is in d by the table itself, and in s by --time-unit",
    ),
}


@pytest.mark.parametrize("what", _VAIN)
def test_what_would_be_ignored_in_an_option_is_refused(what, tmp_path, capsys):
    arguments, table, words = _VAIN[what]
    table.to_csv(tmp_path / "in.csv", index=False)
    more = [] if arguments[0] == "score" else ["-o", str(tmp_path / "out.csv")]
    assert command_line.main([each.format(tmp_path / "in.csv") for each in arguments] + more) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1, error
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_what_the_table_says_may_be_said_again(tmp_path, capsys):
    """In another spelling, too."""
    CURVE.rename(columns={"magnitude": "flux [milliJy]", "time": "time [day]"}).to_csv(tmp_path / "in.csv", index=False)
    given = ["lightcurve", str(tmp_path / "in.csv"), "--survey", "sdss", "--unit", "mJy", "--time-unit", "MJD"]
    assert command_line.main(given) == 3, "five measurements are too few, and no more is wrong"
    assert "usable measurements" in capsys.readouterr().err


def test_a_luminosity_without_a_redshift_is_told(tmp_path, capsys):
    LONG.to_csv(tmp_path / "in.csv", index=False)
    given = ["lightcurve", str(tmp_path / "in.csv"), "--survey", "sdss", "--absolute-magnitude", "-24", "-o"]
    assert command_line.main([*given, str(tmp_path / "out.csv")]) == 0
    assert "absolute magnitude without a redshift: not used" in pd.read_csv(tmp_path / "out.csv")["flags"][0]


def _texts():
    """Every option and argument that takes a text, given as an empty one beside what the command needs."""
    for command in COMMANDS:
        required = [name for name, action in _actions(command).items() if action.required]
        needed = dict(zip(required, _needed(command), strict=True))
        for name, action in _actions(command).items():
            if action.nargs != 0 and action.type is None and not action.choices:
                flag = f"{action.option_strings[-1]}=" if action.option_strings else ""
                yield command, name, list((needed | {name: flag}).values())


@pytest.mark.parametrize(
    ("command", "name", "arguments"), list(_texts()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_empty_text_is_no_path_and_no_name(command, name, arguments, capsys, tmp_path, monkeypatch):
    """As a variable of the shell gives it that is not set; as a path it would be the folder one is in."""
    monkeypatch.chdir(tmp_path)
    assert command_line.main([command, *arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and " is empty. Give it, or leave it out" in error and name.replace("_", "-") in error.lower()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ["lightcurve", "-", "-"], ["lightcurve", "-", "--objects", "-"], ["lightcurve", "in.csv", "--per-band", "-"],
        ["lightcurve", "in.csv", "-o", "a.csv", "--per-band", "-", "--reconstruction", "-"],
        ["lightcurve", "-", "--reconstruction", "a.csv", "--times", "-"], ["lightcurve", "-", "--visits", "-"],
        ["score", "-", "--exam", "redshift", "--newer", "-"], ["score", "-", "--exam", "agn-galactic", "--older", "-"],
    ],
)  # fmt: skip
def test_a_standard_stream_holds_one_table(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    CURVE.to_csv("in.csv", index=False)
    assert command_line.main(arguments) == 2
    printed = capsys.readouterr()
    assert (
        printed.out == "" and printed.err.count("\n") == 1 and "which holds one table; name a file for the other" in printed.err
    )
