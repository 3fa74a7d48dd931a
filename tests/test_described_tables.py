"""Columns say what they are, to astropy and to TOPCAT."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.table import Table

from agnbook import described_tables
from agnbook.ask import tables
from agnbook.errors import FeatureError

COLUMNS = {"name": ("", "what it is called"), "angle": ("deg", "a long description " * 8 + "end"), "open": ("", "a flag")}


@pytest.fixture
def table():
    frame = pd.DataFrame({"name": ["a", "longer"], "angle": np.array([1.5, np.nan], np.float32), "open": [True, False]})
    return described_tables.described(frame, COLUMNS, {"TITLE": "two rows", "EXTNAME": "SOURCES"})


def test_units_and_descriptions_are_read_by_astropy_and_topcat(table, tmp_path):
    described_tables.write_fits(tmp_path / "t.fits", table)
    shown = Table.read(tmp_path / "t.fits")
    header = fits.getheader(tmp_path / "t.fits", 1)
    for number, (name, (unit, text)) in enumerate(COLUMNS.items(), 1):
        assert shown[name].description == text and header[f"TCOMM{number}"] == text
        assert str(shown[name].unit or "") == unit == header.get(f"TUNIT{number}", "")
    assert header["TITLE"] == "two rows" and header["EXTNAME"] == "SOURCES" and shown["angle"].dtype.kind == "f"
    first = (tmp_path / "t.fits").read_bytes()
    described_tables.write_fits(tmp_path / "t.fits", table)
    assert (tmp_path / "t.fits").read_bytes() == first
    described_tables.write_ecsv(tmp_path / "t.csv", table)
    assert Table.read(tmp_path / "t.csv", format="ascii.ecsv")["angle"].description == COLUMNS["angle"][1].rstrip()


def test_descriptions_of_topcat_alone_are_read(table, tmp_path):
    described_tables.write_fits(tmp_path / "t.fits", table)
    with fits.open(tmp_path / "t.fits", mode="update") as hdus:
        del hdus[1].header["COMMENT"]
    back = described_tables.read_fits(tmp_path / "t.fits")
    assert back["open"].description == "a flag" and back["name"].tolist() == ["a", "longer"]
    assert not [key for key in back.meta if key.startswith("TCOMM")]


@pytest.mark.parametrize("ending", [".fits", ".ecsv", ".vot"])
def test_answers_keep_their_descriptions(table, tmp_path, ending):
    tables.write(table, tmp_path / f"t{ending}")
    assert Table.read(tmp_path / f"t{ending}")["open"].description == "a flag"


def test_letters_that_fits_cannot_hold_are_refused_in_words(tmp_path):
    with pytest.raises(FeatureError, match=r"name has 'Mkn 421é'.*ecsv"):
        tables.write(Table({"name": ["ok", "Mkn 421é"]}), tmp_path / "t.fits")
    assert not list(tmp_path.iterdir())
    tables.write(Table({"name": ["ok", "Mkn 421é"]}), tmp_path / "t.vot")
    assert Table.read(tmp_path / "t.vot")["name"][1] == "Mkn 421é"
