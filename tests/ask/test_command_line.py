"""The command line: real tables in, scores out, one message for each mistake."""

import io
import json
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from agnbook import storage
from agnbook.ask import command_line, last_guard, tables
from agnbook.judge import exams
from agnbook.press import examples
from agnbook.sky import registry


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Predictions for every unassociated source of 4FGL-DR4: the truth of FL16Y, blurred."""
    answer = exams.answers(exams.get_exam("agn-galactic"))["answer"]
    rng = np.random.default_rng(0)
    agn = np.clip(np.where(answer == "agn", 0.8, 0.3) + rng.normal(0, 0.1, len(answer)), 0.01, 0.99)
    path = tmp_path_factory.mktemp("tables") / "mine.csv"
    pd.DataFrame({"Source_Name": answer.index, "agn": agn, "mine": 1 - agn}).to_csv(path, index=False)
    return path


def test_score_prints_a_table_and_csv(table, capsys):
    arguments = ["score", str(table), "--exam", "agn-galactic", "--column", "galactic=mine"]
    assert command_line.main(arguments) == 0
    assert "logloss" in capsys.readouterr().out
    assert command_line.main([*arguments, "--csv"]) == 0
    scores = pd.read_csv(io.StringIO(capsys.readouterr().out), index_col=0)
    assert scores.loc["auc", "value"] > 0.95
    assert scores.loc["auc", "low"] <= scores.loc["auc", "value"] <= scores.loc["auc", "high"]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--exam", "nothing"], "nothing"),
        (["--exam", "six-groups"], "spp+"),
        (["--exam", "agn-galactic", "--column", "agn"], "CLASS=COLUMN"),
        (["--exam", "agn-galactic", "--newer", "absent.fit"], "absent.fit"),
    ],
)
def test_a_mistake_is_one_message_and_status_2(table, capsys, arguments, message):
    assert command_line.main(["score", str(table), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("agnbook: ") and message in error and "Traceback" not in error


def test_an_absent_table_is_reported(capsys):
    assert command_line.main(["score", "absent.csv", "--exam", "agn-galactic"]) == 2
    assert "absent.csv" in capsys.readouterr().err


def test_catalogs_lists_all_and_tells_by_status(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("AGNBOOK_CACHE", str(tmp_path))
    monkeypatch.delenv("AGNBOOK_CATALOGS", raising=False)
    assert command_line.main(["catalogs", "--csv"]) == 1
    listed = pd.read_csv(io.StringIO(capsys.readouterr().out)).set_index("name")["status"]
    assert set(listed.index) == set(registry.entries())
    assert listed["4lac-dr3-h"] == "missing" and listed["fl16y"] == "verified"


@pytest.mark.parametrize("arguments", [[], *([command] for command in command_line.EXAMPLES)])
def test_help_shows_examples(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        command_line.main([*arguments, "--help"])
    printed = capsys.readouterr().out
    assert stop.value.code == 0 and all(
        line in printed for command in arguments or command_line.EXAMPLES for line in command_line.EXAMPLES[command]
    )


def test_interrupt(monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(registry, "status", interrupted)
    assert command_line.main(["catalogs"]) == 130


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m agnbook.ask.command_line catalogs | true"
    run = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=120)
    assert run.stderr == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full, a device that is always full, is missing")
def test_a_full_disk_behind_a_pipe_is_one_message(blazars):
    command = f"{sys.executable} -m agnbook.ask.command_line classify {blazars} > /dev/full"
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert (
        run.returncode == 2 and "No space left" in run.stderr and "Traceback" not in run.stderr and "Exception" not in run.stderr
    )


@pytest.fixture
def blazars(tmp_path):
    path = tmp_path / "blazars.csv"
    path.write_text(
        "Source_Name,PL_Index,LP_Index,Frac_Variability,Pivot_Energy,Variability_Index,nu_syn,nuFnu_syn\n"
        "hard,1.90,1.85,0.35,2100,45.2,2.0e15,4.1e-12\n=soft(),2.45,2.38,0.81,640,310.5,1.2e13,2.5e-12\n"
        "partly,2.2,,0.3,1500,18,0,0\n"
    )
    return path


def test_classify_to_a_pipe_and_to_a_file(blazars, tmp_path, capsys, monkeypatch):
    assert command_line.main(["classify", str(blazars)]) == last_guard.PARTLY  # one row has no answer
    printed = capsys.readouterr()
    answer = pd.read_csv(io.StringIO(printed.out)).set_index("Source_Name")
    assert answer.loc["hard", "probability_fsrq"] < 0.1 < 0.9 < answer.loc["'=soft()", "probability_fsrq"]
    assert answer.loc["partly", "not_given"] == "LP_Index"
    assert printed.err.startswith("agnbook: 2 of 3 sources classified")
    monkeypatch.setattr(sys, "stdin", io.StringIO(blazars.read_text()))
    assert command_line.main(["classify", "-"]) == last_guard.PARTLY
    assert capsys.readouterr().out == printed.out
    for ending in ("fits", "vot", "ecsv", "parquet", "csv"):
        assert command_line.main(["classify", str(blazars), "-o", str(tmp_path / f"out.{ending}")]) == last_guard.PARTLY
        assert capsys.readouterr().out == ""
        written = tables.read(tmp_path / f"out.{ending}")
        np.testing.assert_array_equal(np.ma.filled(written["probability_fsrq"], np.nan), answer["probability_fsrq"])


def test_classify_refuses_with_one_message(blazars, tmp_path, capsys):
    for output in (str(blazars), str(tmp_path / "out.txt"), str(storage.DATA / "out.csv"), str(blazars / "out.csv")):
        assert command_line.main(["classify", str(blazars), "-o", output]) == 2
        error = capsys.readouterr().err
        assert error.startswith("agnbook: ") and error.count("agnbook: ") == 1 and output in error
    assert blazars.read_text().startswith("Source_Name,PL_Index")
    (tmp_path / "out.csv").write_text("old")
    arguments = ["classify", str(blazars), "-o", str(tmp_path / "out.csv"), "--overwrite"]
    assert command_line.main(arguments) == last_guard.PARTLY
    assert command_line.main(["classify", str(tmp_path / "out.csv")]) == 2
    assert "lacks the columns PL_Index, LP_Index" in capsys.readouterr().err


@pytest.mark.needs("4fgl-dr4")
def test_lookup(capsys):
    assert command_line.main(["lookup", "pks2155-304"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("4FGL J2158.8-3013\n  counterpart: PKS 2155-304\n  class: bll") and "P(bll+), network" in printed
    assert command_line.main(["lookup", "SNR G213.0-00.6", "--csv"]) == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out))
    facts = ["counterpart", "class", "later class", "position", "redshift"]
    assert table["Source_Name"].nunique() > 1 and list(table)[1:] == [
        "prediction",
        "value",
        "low",
        "high",
        "interval",
        "seen",
        "in_training",
        "table_sha256",
        *facts,
    ]
    assert command_line.main(["lookup", "PKS 2155-305"]) == 2
    assert "Did you mean PKS 2155-304" in capsys.readouterr().err


def test_one_unknown_name_costs_only_itself(capsys):
    assert command_line.main(["lookup", "Mkn 421", "PKS 2155-305", "3C 84", "--json"]) == last_guard.PARTLY
    printed = capsys.readouterr()
    assert list(json.loads(printed.out)) == ["4FGL J1104.4+3812", "4FGL J0319.8+4130"]
    assert "'PKS 2155-305'" in printed.err and printed.err.count("agnbook: ") == 1
    assert command_line.main(["lookup", "PKS 2155-305", "nothing at all"]) == 2
    assert "'PKS 2155-305'" in (error := capsys.readouterr().err) and "'nothing at all'" in error


def test_a_prediction_says_whether_its_source_taught_and_which_table_it_is_of(capsys):
    """An associated source taught the six groups, and no other model's published table has a source that taught it."""
    known, candidate = "4FGL J1104.4+3812", "4FGL J0001.2+4741"
    assert command_line.main(["lookup", known, candidate, "--csv"]) == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out)).set_index(["Source_Name", "seen"])
    assert table.loc[known, "in_training"].all()
    groups = table.index.get_level_values("seen").str.startswith("4FGL-DR4")
    assert table.loc[groups, "in_training"].all() and not table.loc[~groups, "in_training"].any() and (~groups).sum() == 3
    published = {name: storage.sha256(storage.DATA / "results" / name)
                 for name in ("shift_catalogue_unweighted.csv", "blazar_classes.fits", "agn_redshifts.fits")}  # fmt: skip
    assert set(table["table_sha256"]) == set(published.values())
    assert command_line.main(["lookup", candidate]) == 0
    printed = capsys.readouterr()
    assert "in_training" in printed.out and all(digest in printed.err for digest in published.values())


@pytest.mark.parametrize(
    ("rows", "status"), [((0, 1), 0), ((0, 2), last_guard.PARTLY), ((2,), last_guard.PARTLY)], ids=["all", "some", "none"]
)
def test_rows_without_an_answer_have_an_exit_status_of_their_own(blazars, tmp_path, rows, status, capsys):
    lines = blazars.read_text().splitlines()
    (tmp_path / "part.csv").write_text("\n".join([lines[0], *(lines[row + 1] for row in rows)]) + "\n")
    assert command_line.main(["classify", str(tmp_path / "part.csv")]) == status
    assert f"{sum(row < 2 for row in rows)} of {len(rows)} sources classified" in capsys.readouterr().err


def test_one_form_of_answer_at_a_time(capsys):
    assert command_line.main(["lookup", "Mkn 421", "--json", "--csv"]) == 2
    assert capsys.readouterr().err == "agnbook: Give --json or --csv, not both.\n"


def test_lookup_of_many_names_and_of_a_position(capsys):
    assert command_line.main(["lookup", "Mkn 421", "3C 84", "mrk421", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["4FGL J1104.4+3812", "4FGL J0319.8+4130"]
    assert found["4FGL J1104.4+3812"]["facts"]["class"].startswith("BLL") and found["4FGL J0319.8+4130"]["predictions"]
    assert command_line.main(["lookup", "--at", "166.114, 38.209"]) == 0
    assert capsys.readouterr().out.startswith("4FGL J1104.4+3812\n")
    assert command_line.main(["lookup", "--at", "166.114 38.209", "--radius", "2", "--csv"]) == 0
    names = pd.read_csv(io.StringIO(capsys.readouterr().out))["Source_Name"].unique()
    assert names[0] == "4FGL J1104.4+3812" and len(names) > 1
    for wrong, message in {
        ("--at", "166.114 35"): "No source of 4FGL-DR4 lies there", ("--at", "11h04m 38d"): "is no position",
        ("--at", "10 95"): "is no position", ("--at", "10 20", "--radius", "0"): "radius", (): "Give names, or --at",
        ("Mkn 421", "--at", "10 20"): "Give names, or --at",
    }.items():  # fmt: skip
        assert command_line.main(["lookup", *wrong]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l", "4fgl-dr4", "fl16y")
@pytest.mark.parametrize("page", examples.PAGES)
def test_the_examples_of_a_page_are_real_output(page):
    """Where this fails after a deliberate change, ``python -m agnbook.press.examples`` writes the pages anew."""
    number = re.compile(r"(?<![\w.])-?\d+\.?\d*(?:e[+-]\d+)?(?![\w.])")  # not the digits of a name or a hash
    shown, found = (storage.ROOT / "book" / f"{page}.md").read_text(encoding="utf-8"), examples.refreshed(page)
    assert number.sub("#", shown) == number.sub("#", found)
    # another processor may round the last digit otherwise
    np.testing.assert_allclose(*(np.array(number.findall(text), float) for text in (shown, found)), rtol=1e-3, atol=2e-5)


def test_every_command_has_a_page():
    commands = set(command_line.EXAMPLES)
    assert commands == {path.stem for path in (storage.ROOT / "book/commands").glob("*.md")}
    overview = (storage.ROOT / "book/command_line.md").read_text(encoding="utf-8")
    assert all(f"agnbook {command} <" in overview for command in commands)
