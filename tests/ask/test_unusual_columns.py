"""Columns that a format allows and few files have: read as what they are, or left alone where they are not asked for."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.io import fits, votable
from astropy.table import QTable, Table
from hostile import BLAZARS, LONG

from agnbook.ask import classify, command_line, measurements, tables
from agnbook.ask.curve_options import Options
from agnbook.errors import FeatureError

NUMBERS = list(BLAZARS.columns[1:])


@pytest.fixture(scope="module")
def expected():
    return classify.classify(Table.from_pandas(BLAZARS))["probability_fsrq"]


def _fits_columns(**other):
    made = {"Source_Name": fits.Column("Source_Name", "10A", array=BLAZARS["Source_Name"].to_numpy(str))}
    made |= {name: fits.Column(name, "D", array=BLAZARS[name].to_numpy()) for name in NUMBERS}
    return fits.BinTableHDU.from_columns(list((made | other).values()))


def _lists(*lengths):
    return np.array([np.ones(length) for length in lengths], dtype=object)


#: Columns beside those that are asked for.
BESIDE = {
    "a vector": fits.Column("Flux_Band", "8E", array=np.ones((3, 8))),
    "lists": fits.Column("cut", "PE()", array=_lists(2, 3, 1)), "bits": fits.Column("bits", "16X", array=np.ones((3, 16), bool)),
    "complex numbers": fits.Column("amplitude", "C", array=np.full(3, 1 + 1j)),
}  # fmt: skip


@pytest.mark.parametrize("what", BESIDE)
def test_other_columns_do_not_matter(what, expected, tmp_path):
    _fits_columns(other=BESIDE[what]).writeto(tmp_path / "a.fits")
    found = classify.classify(tables.read(tmp_path / "a.fits"))
    np.testing.assert_array_equal(found["probability_fsrq"], expected)


def test_one_value_in_brackets_is_a_value(expected, tmp_path):
    column = fits.Column("PL_Index", "1D", dim="(1)", array=BLAZARS["PL_Index"].to_numpy())
    _fits_columns(PL_Index=column).writeto(tmp_path / "a.fits")
    votable.writeto(votable.from_table(Table.from_pandas(BLAZARS)), str(tmp_path / "a.vot"))
    text = (tmp_path / "a.vot").read_text()
    (tmp_path / "a.vot").write_text(text.replace('ID="PL_Index"', 'ID="PL_Index" arraysize="1"'))
    for name in ("a.fits", "a.vot"):
        found = classify.classify(tables.read(tmp_path / name))
        np.testing.assert_array_equal(found["probability_fsrq"], expected)


@pytest.mark.parametrize("column", ["PL_Index", "Source_Name"])
def test_several_values_a_row_are_told(column, tmp_path):
    table = Table.from_pandas(BLAZARS)
    table[column] = np.ones((3, 2)) if column == "PL_Index" else np.full((3, 2), "a")
    table.write(tmp_path / "a.fits")
    with pytest.raises(FeatureError, match=f"{column} has several .* a row; give one"):
        classify.classify(tables.read(tmp_path / "a.fits"))


@pytest.mark.parametrize("column", ["PL_Index", "Source_Name"])
def test_positions_are_neither_numbers_nor_names(column, tmp_path):
    table = QTable(Table.from_pandas(BLAZARS))
    table[column] = SkyCoord([1, 2, 3] * units.deg, [1, 2, 3] * units.deg)
    table.write(tmp_path / "a.ecsv")
    with pytest.raises(FeatureError, match=f"{column} must hold .*, and holds times or positions"):
        classify.classify(tables.read(tmp_path / "a.ecsv"))


def test_a_light_curve_in_vector_columns_is_that_of_the_long_table(tmp_path):
    n, kinds = len(LONG), {"time": "D", "band": "A", "magnitude": "D", "error": "D"}
    made = [fits.Column("object", "10A", array=["long"])]
    for name, kind in kinds.items():
        values = LONG[name].to_numpy("S1" if kind == "A" else float)[None]
        made.append(fits.Column(name, f"{n}{kind}", dim=f"(1,{n})" if kind == "A" else None, array=values))
    fits.BinTableHDU.from_columns(made).writeto(tmp_path / "a.fits")
    options = Options(survey="lsst")
    (found,), (plain,) = (measurements.read(table, options) for table in (tables.read(tmp_path / "a.fits"), LONG))
    for name in ("times", "bands", "values", "errors"):
        np.testing.assert_array_equal(getattr(found, name), getattr(plain, name))


@pytest.mark.parametrize("ending", ["fits", "ecsv", "parquet"])
def test_vectors_beside_a_long_table_do_not_multiply_its_rows(ending, tmp_path):
    path = tmp_path / f"a.{ending}"
    if ending == "parquet":
        pq.write_table(pa.Table.from_pandas(LONG).append_column("cut", pa.array([[1.0, 2.0]] * len(LONG))), path)
    else:
        table = Table.from_pandas(LONG)
        table["cut"] = np.ones((len(LONG), 3))
        table.write(path)
    (found,) = measurements.read(tables.read(path), Options(survey="lsst"))
    assert len(found.times) == len(LONG) and not found.left_out


@pytest.mark.parametrize("ending", ["fits", "ecsv", "parquet", "sky.ecsv"])
def test_predictions_beside_vectors_are_scored(ending, tmp_path, capsys):
    table = QTable({"Source_Name": ["mine"], "agn": [0.5], "cut": np.ones((1, 2))})
    if ending == "sky.ecsv":
        table["place"] = SkyCoord([1] * units.deg, [1] * units.deg)
    if ending == "parquet":
        pd.DataFrame({"Source_Name": ["mine"], "agn": 0.5, "cut": [[1.0, 2.0]]}).to_parquet(tmp_path / "a.parquet")
    else:
        table.write(tmp_path / f"a.{ending}")
    assert command_line.main(["score", str(tmp_path / f"a.{ending}"), "--exam", "agn-pulsar"]) == 2
    error = capsys.readouterr().err
    assert "No labelled source is in the table" in error and error.count("\n") == 1


def test_no_address_in_a_table_is_opened(tmp_path, monkeypatch, capsys):
    """The data of a VOTable may be said to lie elsewhere: on another machine, or in a file of this one."""
    import urllib.request

    monkeypatch.setattr(urllib.request, "urlopen", lambda *_: pytest.fail("an address was opened"))
    votable.writeto(votable.from_table(Table.from_pandas(BLAZARS)), str(tmp_path / "a.vot"))
    head = (tmp_path / "a.vot").read_text().partition("<DATA>")[0]
    for kind in ("BINARY", "BINARY2", "FITS"):
        for address in ("http://localhost/x", "file:///etc/passwd", "ftp://localhost/x"):
            data = f'<DATA><{kind}><STREAM encoding="gzip" href="{address}"/></{kind}></DATA></TABLE></RESOURCE></VOTABLE>'
            for encoding in ("utf-8", "utf-16"):
                (tmp_path / "b.vot").write_bytes((head + data).replace("utf-8", encoding).encode(encoding))
                assert command_line.main(["classify", str(tmp_path / "b.vot"), "-o", str(tmp_path / "out.csv")]) == 2
                assert "at an address (STREAM), which is not opened" in capsys.readouterr().err
