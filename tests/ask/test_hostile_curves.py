"""Light curves as people and other programs write them: wrong units, two columns for one thing, names that look like numbers."""

import numpy as np
import pandas as pd
import pytest
from astropy.table import MaskedColumn, Table
from hostile import CURVE, CURVE_ARGUMENTS, CURVE_TABLES, LONG, OBJECT_NAMES

from agnbook.ask import command_line, last_guard


@pytest.fixture
def ask(tmp_path, capsys, monkeypatch):
    """Write a table, ask ``lightcurve``; return exit status, message and, if there is one, the answer as texts."""
    monkeypatch.chdir(tmp_path)

    def _ask(table, *more, name="in.csv"):
        if isinstance(table, Table):
            table.write(name, format={"ecsv": "ascii.ecsv", "vot": "votable"}.get(name.split(".")[-1]))
        else:
            table.to_csv(name, index=False)
        status = command_line.main(["lightcurve", name, "--survey", "sdss", "-o", "out.csv", *more])
        error = capsys.readouterr().err
        assert "Traceback" not in error and "should not have happened" not in error and "Warning" not in error, error
        assert "\x1b" not in error
        answer = pd.read_csv("out.csv", dtype=str, keep_default_na=False) if status in (0, last_guard.PARTLY) else None
        return status, error, answer

    return _ask


@pytest.mark.parametrize("what", CURVE_TABLES)
def test_a_table_that_is_odd_is_answered_in_words(what, ask):
    columns, expected, words = CURVE_TABLES[what]
    status, error, answer = ask(LONG.assign(**columns))
    assert status == expected, error
    if status == 2:
        assert error.count("\n") == 1 and words in error
    else:
        assert words in " ".join(answer.loc[0, ["problem", "flags", "left_out"]])


@pytest.mark.parametrize(("arguments", "words"), CURVE_ARGUMENTS)
def test_an_argument_that_means_nothing_is_refused(arguments, words, ask, tmp_path):
    status, error, answer = ask(LONG, *arguments)
    assert words in error and (status == 2 or answer["problem"][0])
    assert {path.name for path in tmp_path.iterdir()} <= {"in.csv", "out.csv"}


@pytest.mark.parametrize("name", OBJECT_NAMES)
def test_the_name_of_an_object_stays_a_text(name, ask):
    _, error, answer = ask(CURVE.assign(object=name))
    assert answer["object"].tolist() == [f"'{name}" if name.startswith(("-", "+")) else name], error


@pytest.mark.parametrize("style", ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M"])
def test_dates_are_days(style, ask):
    """As texts of a CSV file, where MJD 53000 is the 27th of December 2003."""
    days = pd.Timestamp("2003-12-27") + pd.to_timedelta(LONG["time"] - 53000, unit="D")
    _, _, answer = ask(LONG.assign(time=days.dt.strftime(style)))
    assert (answer["measurements"][0], answer["baseline_days"][0], answer["left_out"][0]) == ("15", "14.0", "")


@pytest.mark.parametrize("kind", ["ecsv", "vot", "fits"])
def test_what_a_format_masks_is_no_measurement(kind, ask):
    table = Table.from_pandas(LONG)
    table["magnitude"] = MaskedColumn(table["magnitude"], mask=np.arange(15) < 3)
    assert "3 x no number" in ask(table, name=f"in.{kind}")[2]["left_out"][0]


@pytest.mark.parametrize("unit", ["mJy", "mmag", "s"])
def test_magnitudes_in_another_unit_are_refused(unit, ask):
    table = Table.from_pandas(LONG)
    table["magnitude"].unit = unit
    status, error, _ = ask(table, name="in.ecsv")
    assert status == 2 and f"magnitude is in {unit}; give it in mag" in error


@pytest.mark.parametrize(("stated", "factor"), [("mmag", 1e3), ("mag", 1), ("mag(AB)", 1), ("", 1)])
def test_errors_of_magnitudes_are_converted(stated, factor, ask):
    table = Table.from_pandas(LONG.assign(error=0.02 * factor))
    if stated:
        table["error"].unit = stated
    expected = ask(LONG)[2]
    assert ask(table, "--overwrite", name="in.ecsv")[2].equals(expected)


@pytest.mark.parametrize(("value", "error"), [("mag", "mJy"), ("mag", "s"), ("mJy", "mag"), ("mJy", "d"), ("", "mJy")])
def test_an_error_in_a_unit_that_does_not_fit_is_refused(value, error, ask):
    table = Table.from_pandas(LONG.rename(columns={"magnitude": "flux"} if value == "mJy" else {}))
    table[table.colnames[3]].unit = value or None
    table["error"].unit = error
    status, message, _ = ask(table, name="in.ecsv")
    assert status == 2 and f"error is in {error}" in message


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        ("object,redshift\nother,1\n", "of no object with a light curve"), ("redshift\n1\n", "no column of names"),
        ("object,redshift,Redshift\nlong,1,2\n", "differ in capitals alone"),
        ("object,redshift\nlong,high\n", "'high' is no number"), ("object,redshift\nlong,1\nlong,2\n", "several values"),
        ("object,redshift\nlong,-1\n", "redshift -1 is none"), ("object,redshift\n", "holds no rows"),
    ],
)  # fmt: skip
def test_a_table_of_objects_that_does_not_fit(objects, words, ask, tmp_path):
    (tmp_path / "objects.csv").write_text(objects)
    status, error, answer = ask(LONG, "--objects", "objects.csv")
    assert words in error if status == 2 else words in answer["flags"][0]
