"""Tables of every format go in and out unchanged; what is no table, or no place for one, is refused."""

import io
import pickle
import sys

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table

from agnbook import storage
from agnbook.ask import tables
from agnbook.errors import BookError, FeatureError

ENDINGS = ["fits", "fits.gz", "ecsv", "csv", "vot", "parquet"]


@pytest.fixture
def table():
    made = Table({"Source_Name": ["4FGL A", "b", "c"], "x": [1.5, np.nan, -np.inf], "flag": [True, False, True]})
    made["x"].unit = "MeV"
    return made


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_format_goes_round(table, tmp_path, ending):
    path = tmp_path / f"new folder/t.{ending}"
    tables.write(table, path)
    back = tables.read(path)
    assert back.colnames == table.colnames and list(back["Source_Name"]) == list(table["Source_Name"])
    np.testing.assert_array_equal(np.ma.filled(back["x"].astype(float), np.nan), table["x"])
    np.testing.assert_array_equal(back["flag"], table["flag"])
    if ending not in ("csv", "parquet"):
        assert back["x"].unit == "MeV"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_csv_may_begin_with_comments_a_byte_order_mark_or_be_ecsv(tmp_path, table):
    (tmp_path / "a.csv").write_text("\ufeff# made by hand\n# twice\nname,x\na#1,2\n", encoding="utf-8")
    assert tables.read(tmp_path / "a.csv")["name"][0] == "a#1"
    table.write(tmp_path / "b.csv", format="ascii.ecsv")
    assert tables.read(tmp_path / "b.csv")["x"].unit == "MeV"


def test_pipes(monkeypatch, capsys, table):
    monkeypatch.setattr(sys, "stdin", io.StringIO("name,x\na,2\n"))
    assert tables.read("-")["x"][0] == 2
    tables.write(table, "-")
    assert pd.read_csv(io.StringIO(capsys.readouterr().out)).shape == (3, 3)


def test_a_terminal_gets_nothing_that_it_would_obey(monkeypatch, capsys):
    table = Table({"Source_Name": ["\x1b[31mred", "left\u202eright", "Mkn 421é"]})
    tables.write(table, "-")
    assert "\x1b[31m" in capsys.readouterr().out  # a pipe gets the names as they are
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    tables.write(table, "-")
    assert capsys.readouterr().out == "Source_Name\n?[31mred\nleft?right\nMkn 421é\n"


def test_formulas_are_neutralised_in_csv_alone(tmp_path):
    texts = ["=1+1", "+1", "-2", "@x", "\tx", "a=b", "4FGL J0000.3-7355"]
    table = Table({"text": texts, "number": [-1.0] * len(texts)})
    tables.write(table, tmp_path / "a.csv")
    lines = pd.read_csv(tmp_path / "a.csv")
    assert list(lines["text"]) == ["'=1+1", "'+1", "'-2", "'@x", "'\tx", "a=b", "4FGL J0000.3-7355"]
    assert (lines["number"] == -1).all()
    tables.write(table, tmp_path / "a.fits")
    assert tables.read(tmp_path / "a.fits")["text"][0] == "=1+1"


@pytest.mark.parametrize(
    "name, content",
    [
        ("a.csv", b""), ("a.csv", b"a,b\n1,2,3\n"), ("a.csv", pickle.dumps({"a": 1})), ("a.ecsv", b"a,b\n1,2\n"),
        ("a.vot", b"<html></html>"), ("a.parquet", b"a,b\n1,2\n"), ("a.fits", b"a,b\n1,2\n"),
    ],
)  # fmt: skip
def test_what_is_no_such_table_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BookError, match=name):
        tables.read(tmp_path / name)


@pytest.mark.parametrize("name", ["absent.csv", "absent.fits", "absent.parquet", "absent.vot", "folder.csv"])
def test_an_absent_file_is_named(tmp_path, name):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(BookError, match=name):
        tables.read(tmp_path / name)


def test_an_unknown_ending_is_refused(table, tmp_path):
    for name in ("table.pkl", "table"):
        with pytest.raises(FeatureError, match="ending"):
            tables.read(name)
        with pytest.raises(FeatureError, match="ending"):
            tables.write(table, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_where_it_may_not(table, tmp_path):
    existing = tmp_path / "mine.csv"
    existing.write_text("precious")
    with pytest.raises(FeatureError, match="exists"):
        tables.write(table, existing)
    assert existing.read_text() == "precious"
    tables.write(table, existing, overwrite=True)
    assert existing.read_text().startswith("Source_Name")
    for path in (storage.DATA / "mine.csv", storage.DATA / "results" / ".." / "mine.fits"):
        with pytest.raises(FeatureError, match="own data"):
            tables.write(table, path)
    with pytest.raises(BookError, match="Cannot write"):
        tables.write(table, existing / "below_a_file.csv")


def test_a_full_disk_leaves_the_old_file(table, tmp_path, monkeypatch):
    path = tmp_path / "mine.fits"
    tables.write(table, path)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Table, "write", full)
    with pytest.raises(BookError, match="No space left"):
        tables.write(table, path, overwrite=True)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1
