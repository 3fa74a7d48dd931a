"""Every command that takes a table, given what people give it by mistake or on purpose."""

import errno
import io
import pickle
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table
from simulated import catalogue

from agnbook import storage
from agnbook.ask import command_line, last_guard, progress, tables
from agnbook.lightcurves import cadence, dataset, population
from agnbook.sky import features, source_classes

BLAZARS = {
    "Source_Name": ["hard", "soft", "third"], "PL_Index": [1.9, 2.45, 2.2], "LP_Index": [1.85, 2.38, 2.1],
    "Frac_Variability": [0.35, 0.81, 0.3], "Pivot_Energy": [2100.0, 640.0, 1500.0], "Variability_Index": [45.2, 310.5, 18.0],
    "nu_syn": [2e15, 1.2e13, 1e14], "nuFnu_syn": [4.1e-12, 2.5e-12, 1e-12],
}  # fmt: skip
GAMMA = {
    "Source_Name": ["one", "two", "three"], "GLON": [10.0, 120.0, 300.0], "GLAT": [50.0, -3.0, 20.0],
    "Energy_Flux100": [2e-12, 9e-12, 4e-12], "Unc_Energy_Flux100": [3e-13, 9e-13, 4e-13], "Signif_Avg": [8.0, 12.0, 6.0],
    "LP_Index": [2.1, 2.5, 2.3], "LP_beta": [0.05, 0.3, 0.1], "LP_SigCurv": [1.0, 4.0, 2.0],
    "Variability_Index": [14.0, 9.0, 20.0], "Pivot_Energy": [1500.0, 900.0, 1200.0],
}  # fmt: skip


def _curves() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    made = dataset.simulate(2, rng, cadence.pool(2, rng, n=40))
    rows = [
        (f"q{i}", made.times[i, k], band, made.observed[i, k, b], made.error[i, k, b])
        for i in range(2)
        for k in np.flatnonzero(made.is_visit[i])
        for b, band in enumerate(population.BANDS)
    ]
    return pd.DataFrame(rows, columns=["object", "time", "band", "magnitude", "error"])


#: Command -> (its arguments, a good table, the column of names, two columns to take away, a column of numbers).
COMMANDS = {
    "blazars": (["classify"], pd.DataFrame(BLAZARS), "Source_Name", ["PL_Index", "nu_syn"], "Pivot_Energy"),
    "six": (["classify", "--groups", "six"], pd.DataFrame(GAMMA), "Source_Name", ["GLAT", "LP_beta"], "Pivot_Energy"),
    "redshift": (["redshift"], catalogue(3), "Source_Name", ["GLAT", "ASSOC1"], "Pivot_Energy"),
    "lightcurve": (["lightcurve", "--survey", "lsst"], _curves(), "object", ["band", "error"], "time"),
}
every_command = pytest.mark.parametrize("command", COMMANDS)
sources = pytest.mark.parametrize("command", ["blazars", "six", "redshift"])


@pytest.fixture
def run(tmp_path, capsys):
    """Write a table, run the command on it with ``-o``, return (status, error text, output path)."""

    def _run(command, change=lambda frame: frame, ending="csv", output="out.csv", more=()):
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        given = change(COMMANDS[command][1].copy())
        path = folder / f"given.{ending}"
        if isinstance(given, bytes):
            path.write_bytes(given)
        elif isinstance(given, Table):
            tables.write(given, path, overwrite=True)
        else:
            given.to_csv(path, index=False)
        status = command_line.main([*COMMANDS[command][0], str(path), "-o", str(tmp_path / output), *more])
        return status, capsys.readouterr().err, tmp_path / output

    return _run


def refused(found, *parts) -> None:
    status, error, output = found
    assert status == 2 and error.startswith("agnbook: ") and error.count("\n") == 1 and "Traceback" not in error
    assert all(part in error for part in parts), error
    assert not output.exists()


@pytest.mark.slow
@every_command
def test_all_missing_columns_are_named_at_once(run, command):
    missing = COMMANDS[command][3]
    refused(run(command, lambda frame: frame.drop(columns=missing)), "lacks the columns", *missing)


@every_command
def test_no_rows(run, command):
    refused(run(command, lambda frame: frame.head(0)), "no rows")


@sources
def test_duplicate_and_blank_names(run, command):
    last = COMMANDS[command][1]["Source_Name"].iloc[-1]
    strict = {"more": ["--strict"]}
    refused(run(command, lambda frame: pd.concat([frame, frame.tail(1)]), **strict), "in several rows", f"the first {last}")
    refused(run(command, lambda frame: frame.assign(Source_Name=["a", "", "c"]), **strict), "it has no Source_Name", "row 2")
    status, error, _ = run(command, lambda frame: frame.assign(Source_Name=["a", "", "c"]))
    assert status == last_guard.PARTLY and "2 of 3" in error and "1 rows have a problem" in error


@pytest.mark.slow
@every_command
def test_units_that_do_not_fit_and_units_that_do(run, command):
    column = COMMANDS[command][4]

    def with_unit(frame, unit, factor=1.0):
        table = Table.from_pandas(frame)
        table[column] = table[column].astype(float) * factor
        table[column].unit = unit
        return table

    refused(run(command, lambda frame: with_unit(frame, "kg"), "vot"), f"{column} is in kg; give it in")
    unit, factor = ("h", 24.0) if column == "time" else ("GeV", 1e-3)
    converted = run(command, lambda frame: with_unit(frame, unit, factor), "vot", "converted.csv")
    plain = run(command, lambda frame: frame, "csv", "plain.csv")
    assert converted[0] == plain[0] == 0
    found, expected = pd.read_csv(converted[2]), pd.read_csv(plain[2])
    if command == "lightcurve":  # a chain amplifies what 24 / 24 leaves of rounding
        found, expected = (table[["object", "measurements", "baseline_days", "chi_square"]] for table in (found, expected))
    # the search for a light curve's mode stops at a tolerance: units that round differently move it by less than a hundredth
    rtol = 0.01 if command == "lightcurve" else 1e-4
    pd.testing.assert_frame_equal(found, expected, rtol=rtol, atol=rtol)


@sources
def test_a_text_among_the_numbers(run, command):
    column = COMMANDS[command][4]
    changed = lambda frame: frame.astype({column: object}).assign(**{column: ["1500 MeV", *frame[column][1:]]})  # noqa: E731
    more = [] if command == "lightcurve" else ["--strict"]
    refused(run(command, changed, more=more), f"{column} must hold numbers", "1500 MeV")


@every_command
def test_rows_without_numbers_are_kept_and_flagged(run, command):
    column, names = COMMANDS[command][4], COMMANDS[command][2]
    status, _, output = run(command, lambda frame: frame.assign(**{column: [np.nan, *frame[column][1:]]}))
    answer = pd.read_csv(output)
    # one measurement less still makes a curve
    assert status == (last_guard.DONE if command == "lightcurve" else last_guard.PARTLY)
    assert len(answer) == COMMANDS[command][1][names].nunique()
    if command == "lightcurve":  # one measurement in one band
        assert answer["rows_left_out"].tolist() == [1, 0]
    else:
        assert answer["not_given"].fillna("").tolist() == [column, "", ""]
        numbers = answer.select_dtypes("number").drop(columns=["networks", "out_of_range", "problem", "without"], errors="ignore")
        numbers = numbers.drop(columns=[name for name in numbers if name.startswith("published")])  # invented sources
        assert numbers.iloc[0].isna().all() and numbers.iloc[1:].notna().all(axis=None)


@every_command
def test_names_are_cells_and_nothing_else(run, command, tmp_path):
    """A formula gets an apostrophe in CSV; a name that looks like a path or like HTML is never used as either."""
    names, frame = COMMANDS[command][2], COMMANDS[command][1]
    first, second = frame[names].unique()[:2]
    odd = {first: '=HYPERLINK("http://x")', second: "../../<script>alert(1)</script>"}
    status, error, output = run(command, lambda frame: frame.assign(**{names: frame[names].replace(odd)}))
    assert status == 0, error
    written = pd.read_csv(output)[names]
    assert written[0] == "'" + odd[first] and written[1] == odd[second]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["given.csv", "in", "out.csv"]


class _Bomb:
    """Unpickling it leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("ending", ["csv", "ecsv", "fits", "vot", "parquet", "pkl", "npy"])
@every_command
def test_a_pickle_is_refused_unopened(run, command, ending, tmp_path):
    bomb = pickle.dumps(_Bomb(tmp_path / "unpickled"))
    refused(run(command, lambda frame: bomb, ending), "given." + ending)
    assert not (tmp_path / "unpickled").exists()


@every_command
def test_a_full_disk(run, command, monkeypatch, tmp_path):
    def full(self, *args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    refused(run(command), "Cannot write", "No space left on device", "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@every_command
def test_an_interrupt_leaves_nothing_half_done(run, command, monkeypatch, tmp_path):
    def stopped(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(progress, "blocks", stopped)
    status, error, _ = run(command)
    assert status == 130 and error == "agnbook: interrupted\n"
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@every_command
def test_outputs_that_are_refused_before_the_work(run, command, monkeypatch, tmp_path):
    monkeypatch.setattr(tables, "read", lambda path: pytest.fail("the work was begun"))
    (tmp_path / "there.csv").touch()
    for output, reason in {
        "out.txt": "no known ending",
        "there.csv": "exists",
        str(storage.DATA / "x.csv"): "book's own data",
    }.items():
        status, error, _ = run(command, output=output)
        assert status == 2 and reason in error


@every_command
def test_the_table_may_come_through_a_pipe(run, command, monkeypatch, capsys):
    status, _, output = run(command)
    monkeypatch.setattr(sys, "stdin", io.StringIO(COMMANDS[command][1].to_csv(index=False)))
    assert command_line.main([*COMMANDS[command][0], "-"]) == status == 0
    assert capsys.readouterr().out == output.read_text()


def test_a_text_among_the_measurements_costs_itself(run):
    changed = lambda frame: frame.astype({"magnitude": object}).assign(magnitude=["17.5 mag", *frame["magnitude"][1:]])  # noqa: E731
    status, _, output = run("lightcurve", changed)
    assert status == 0 and pd.read_csv(output)["rows_left_out"].tolist() == [1, 0]


def test_two_outputs_of_lightcurve(tmp_path, capsys):
    given, out, curves = (tmp_path / name for name in ("in.csv", "out.fits", "curves.parquet"))
    _curves().to_csv(given, index=False)
    arguments = ["lightcurve", str(given), "--survey", "lsst", "-o", str(out), "--reconstruction"]
    assert command_line.main([*arguments, str(out)]) == 2 and "must name different files" in capsys.readouterr().err
    assert command_line.main([*arguments, str(curves), "--step", "50"]) == 0
    assert "2 of 2 objects are answered" in capsys.readouterr().err
    assert len(tables.read(out)) == 2 and tables.read(curves).colnames == ["object", "time", "band", "value", "sd", "unit"]
    assert command_line.main([*arguments, str(tmp_path / "c.csv"), "--overwrite", "--step", "0"]) == 2
    assert "positive number of days" in capsys.readouterr().err
    short = _curves().groupby("object").head(5)
    short.to_csv(given, index=False)
    assert command_line.main(["lightcurve", str(given), "--survey", "lsst"]) == last_guard.PARTLY
    assert re.search(r"0 of 2 objects.*\nagnbook: for example q0: 0 usable measurements", capsys.readouterr().err)


class _Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream, drawn", [(_Terminal, True), (io.StringIO, False)])
def test_a_bar_only_on_a_terminal(monkeypatch, stream, drawn):
    monkeypatch.setattr(sys, "stderr", stream())
    monkeypatch.setattr(progress, "DELAY", 0)
    assert [rows.stop for rows in progress.blocks(25, "work", 10)] == [10, 20, 25]
    assert ("agnbook: work" in sys.stderr.getvalue()) == drawn


@pytest.mark.needs("4fgl-dr4", "fl16y")
def test_the_six_groups_sit_the_exam(tmp_path, capsys):
    """What `classify` writes, `score` reads."""
    from agnbook.sky import catalogs

    table = catalogs.read("4fgl-dr4", ["Source_Name", "CLASS1", *features.GAMMA_COLUMNS])
    unassociated = table[source_classes.gamma_class(table) == ""]
    tables.write(Table.from_pandas(unassociated), tmp_path / "in.parquet")
    assert command_line.main(["classify", str(tmp_path / "in.parquet"), "--groups", "six", "-o", str(tmp_path / "out.fits")]) == 0
    assert command_line.main(["score", str(tmp_path / "out.fits"), "--exam", "six-groups", "--csv"]) == 0
    scores = pd.read_csv(io.StringIO(capsys.readouterr().out), index_col=0)
    assert scores.loc["logloss", "value"] < scores.loc["logloss", "constant"]
