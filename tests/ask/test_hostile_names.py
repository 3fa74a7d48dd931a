"""Names of every kind that Parquet and FITS have: they stay themselves, and one that is none costs its own row."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import Table
from hostile import BLAZARS, CURVE, LONG, PARQUET_NAMES
from simulated import catalogue

from agnbook.ask import command_line, last_guard, scoring


def _answer(arguments, capsys) -> tuple[int, pd.DataFrame]:
    status = command_line.main(arguments)
    error = capsys.readouterr().err
    assert "should not have happened" not in error and "Warning" not in error, error
    return status, pd.read_csv(arguments[-1], dtype=str, keep_default_na=False)


def _plain(names) -> list[str]:
    """Names as a CSV file of answers holds them, where a spreadsheet might take them for a formula."""
    return [name.removeprefix("'") for name in names]


def _with_names(table: pd.DataFrame, column: str, names, rows, path) -> None:
    """Write a table whose row k has the name `rows[k]`."""
    names = pa.concat_arrays([names.slice(row, 1) for row in rows]) if len(rows) > len(names) else names
    pq.write_table(pa.Table.from_pandas(table.drop(columns=column)).append_column(column, names), path)


@pytest.mark.parametrize("what", PARQUET_NAMES)
@pytest.mark.parametrize("command", ["classify", "redshift"])
def test_names_of_sources(command, what, tmp_path, capsys):
    names, expected, none = PARQUET_NAMES[what]
    table = BLAZARS if command == "classify" else catalogue(3)
    _with_names(table, "Source_Name", names, range(3), tmp_path / "in.parquet")
    status, answer = _answer([command, str(tmp_path / "in.parquet"), "-o", str(tmp_path / "out.csv")], capsys)
    assert status == (last_guard.PARTLY if none else last_guard.DONE)
    found = _plain(answer["Source_Name"])
    assert all(text in (wanted, found[0] if wanted is None else wanted) for text, wanted in zip(found, expected, strict=True))
    unanswered = answer["probability_fsrq" if command == "classify" else "z_q500"] == ""
    assert tuple(np.flatnonzero(unanswered)) == none == tuple(np.flatnonzero(answer["problem"].str.contains("Source_Name")))


@pytest.mark.parametrize("what", PARQUET_NAMES)
def test_names_of_objects(what, tmp_path, capsys):
    """Three objects of five measurements, which is too few: no other problem may be told of one whose name is none."""
    names, expected, none = PARQUET_NAMES[what]
    rows = np.repeat(range(3), 5)
    curves = pd.concat([CURVE] * 3, ignore_index=True)
    _with_names(curves, "object", names, rows, tmp_path / "in.parquet")
    _, answer = _answer(["lightcurve", str(tmp_path / "in.parquet"), "--survey", "sdss", "-o", str(tmp_path / "out.csv")], capsys)
    assert all(wanted in (text, None) for text, wanted in zip(_plain(answer["object"]), expected, strict=True))
    assert tuple(np.flatnonzero(~answer["problem"].str.contains("usable measurements"))) == none


@pytest.mark.parametrize("what", PARQUET_NAMES)
def test_names_of_predictions(what, tmp_path):
    names, expected, _ = PARQUET_NAMES[what]
    _with_names(BLAZARS[["Source_Name"]].assign(agn=0.5), "Source_Name", names, range(3), tmp_path / "in.parquet")
    found = scoring.read_predictions(tmp_path / "in.parquet")
    assert all(wanted in (text, None) for text, wanted in zip(found.index, expected, strict=True))


def test_names_that_look_alike_are_told(tmp_path, capsys):
    """An accent as a letter of its own, a letter of no width; and a space at the end, which files add of themselves."""
    BLAZARS.assign(Source_Name=["\u00e9", "e\u0301", "soft"]).to_csv(tmp_path / "in.csv", index=False)
    status, answer = _answer(["classify", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv")], capsys)
    assert status == 0 and answer["problem"].str.contains("looks like that of another row").tolist() == [True, True, False]
    assert list(answer["Source_Name"]) == ["\u00e9", "e\u0301", "soft"] and (answer["probability_fsrq"] != "").all()
    curves = pd.concat([LONG.assign(object=name) for name in ("A", "A\u200b", "B", "B ")])
    curves.to_parquet(tmp_path / "in.parquet")
    given = ["lightcurve", str(tmp_path / "in.parquet"), "--survey", "sdss", "-o", str(tmp_path / "curves.csv")]
    _, answer = _answer(given, capsys)
    assert list(answer["object"]) == ["A", "A\u200b", "B"]
    assert answer["flags"].str.contains("looks like that of another object").tolist() == [True, True, False]
    assert answer["flags"].str.contains("with and without spaces at the ends").tolist() == [False, False, True]


def test_a_letter_of_an_old_encoding_costs_its_row_in_fits(tmp_path, capsys):
    """In the names; in another column of texts it costs nothing."""
    for column, status in (("Source_Name", last_guard.PARTLY), ("Remark", last_guard.DONE)):
        table = Table.from_pandas(BLAZARS.assign(Remark=["fine", "fine", "fine"]))
        table[column] = np.array([b"na\xefve", b"soft", b"third"])
        fits.HDUList([fits.PrimaryHDU(), fits.table_to_hdu(table)]).writeto(tmp_path / f"{column}.fits")
        arguments = ["classify", str(tmp_path / f"{column}.fits"), "-o", str(tmp_path / f"{column}.csv")]
        found, answer = _answer(arguments, capsys)
        assert found == status and (answer["probability_fsrq"] == "").tolist() == [bool(status), False, False]
        assert answer["Source_Name"][0] == ("na\\xefve" if status else "hard")
