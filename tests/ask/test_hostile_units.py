"""Units as people state them, in the file or in brackets after a column's name: converted or refused, never passed over."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits, votable
from astropy.table import Table
from hostile import BLAZARS, COLUMN_UNITS, FACT_UNITS, LONG, NO_COLUMN_UNITS

from agnbook.ask import classify, command_line, measurements, tables, user_columns
from agnbook.errors import FeatureError


def _run(arguments, capsys) -> tuple[int, str]:
    status = command_line.main(arguments)
    error = capsys.readouterr().err
    assert "should not have happened" not in error and "Traceback" not in error, error
    return status, error


def _stated(column: str, unit: str, how: str, folder, table: pd.DataFrame = BLAZARS) -> list[str]:
    """Write blazars one of whose columns states its unit; return what reads them."""
    if how == "in the file":
        given = Table.from_pandas(table)
        given[column].unit = unit or None
        given.write(folder / "in.ecsv")
        return [str(folder / "in.ecsv")]
    name = f"{column} ({unit})" if how == "in its name" else f"mine [{unit}]"
    table.rename(columns={column: name}).to_csv(folder / "in.csv", index=False)
    return [str(folder / "in.csv"), *(["--column", f"{column}={name}"] if how == "in the user's name" else [])]


HOW = ["in the file", "in its name", "in the user's name"]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(("column", "unit", "factor"), COLUMN_UNITS)
def test_a_unit_is_converted(column, unit, factor, how, tmp_path, capsys):
    table = BLAZARS.assign(**{column: BLAZARS[column] * factor})
    status, _ = _run(["classify", *_stated(column, unit, how, tmp_path, table), "-o", str(tmp_path / "out.csv")], capsys)
    assert status == 0
    found, expected = tables.read(tmp_path / "out.csv"), classify.classify(Table.from_pandas(BLAZARS))
    np.testing.assert_allclose(found["probability_fsrq"], expected["probability_fsrq"], atol=2e-5)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(("column", "unit"), NO_COLUMN_UNITS)
def test_a_unit_of_something_else_is_refused(column, unit, how, tmp_path, capsys):
    status, error = _run(["classify", *_stated(column, unit, how, tmp_path), "-o", str(tmp_path / "out.csv")], capsys)
    assert status == 2 and error.count("\n") == 1 and not (tmp_path / "out.csv").exists()
    assert f"{column} is in " in error or "lacks the columns" in error, error


def test_two_units_of_one_column_are_refused():
    given = Table.from_pandas(BLAZARS)
    given["Pivot_Energy"].unit = "MeV"
    given.rename_column("Pivot_Energy", "Pivot_Energy (GeV)")
    with pytest.raises(FeatureError, match="is in MeV by the table, and in GeV by its name"):
        classify.classify(given)


def test_a_word_in_brackets_that_is_no_unit_belongs_to_the_name():
    assert user_columns.key("PL_Index (error)") != user_columns.key("PL_Index") == user_columns.key("pl-index [1]")
    assert user_columns.unit_in_name("PL_Index") is None and user_columns.unit_in_name("Flags (--)") == ""


@pytest.mark.parametrize(("column", "value", "words"), FACT_UNITS)
def test_units_of_what_is_known_of_a_quasar(column, value, words):
    table = LONG.assign(**{column: value})
    if words:
        with pytest.raises(FeatureError, match=words):
            measurements.read(table)
        return
    (found,) = measurements.read(table, measurements.Options(survey="sdss"))
    assert found.redshift == 1 if "redshift" in column else np.isnan(found.redshift)
    assert found.absolute_magnitude == -24 if "absolute" in column else np.isnan(found.absolute_magnitude)
    assert bool(found.dust) == (column[0] in "AeE"), column
    assert not found.dust or 0.05 < found.dust["g"] < 0.2


@pytest.mark.parametrize("name", ["mag (Vega)", "mag [AB]", "mag (mag)", "magnitude (ST)"])
def test_magnitudes_of_any_system_are_magnitudes(name):
    (found,) = measurements.read(LONG.rename(columns={"magnitude": name}))
    assert (found.unit, len(found.times)) == ("mag", 15)


@pytest.mark.parametrize(
    ("kind", "scale", "zero", "null"), [("I", 0.1, 1000.0, -32768), ("J", 1, 2**31, -5), ("B", 10.0, 50.0, 255)]
)
def test_nothing_in_a_scaled_column_of_fits_is_nothing(kind, scale, zero, null, tmp_path, capsys):
    """Where TSCAL and TZERO make a number of TNULL that the column could have."""
    raw = np.array([200, 100, null], {"I": np.int16, "J": np.int32, "B": np.uint8}[kind])
    columns = [fits.Column("Source_Name", "8A", array=BLAZARS["Source_Name"].tolist())]
    columns += [fits.Column(name, "D", array=BLAZARS[name].to_numpy(float)) for name in BLAZARS.columns[1:]]
    place = BLAZARS.columns.get_loc("Pivot_Energy")
    columns[place] = fits.Column("Pivot_Energy", kind, array=raw, null=null)
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "in.fits")
    with fits.open(tmp_path / "in.fits", mode="update", do_not_scale_image_data=True) as hdus:
        hdus[1].header[f"TSCAL{place + 1}"], hdus[1].header[f"TZERO{place + 1}"] = scale, zero
    status, _ = _run(["classify", str(tmp_path / "in.fits"), "-o", str(tmp_path / "out.csv")], capsys)
    found = tables.read(tmp_path / "in.fits")["Pivot_Energy"]
    assert found.mask.tolist() == [False, False, True] and found[0] == 200 * scale + zero
    answer = pd.read_csv(tmp_path / "out.csv", keep_default_na=False)
    assert status == 3 and answer["not_given"][2] == "Pivot_Energy" and answer["problem"][2] == ""


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Paris"])
def test_times_are_no_quantity(zone, tmp_path, capsys):
    BLAZARS.assign(Pivot_Energy=pd.to_datetime(["2020-01-01"] * 3).tz_localize(zone)).to_parquet(tmp_path / "in.parquet")
    status, error = _run(["classify", str(tmp_path / "in.parquet")], capsys)
    assert status == 2 and "Pivot_Energy must hold numbers, and holds times" in error


@pytest.mark.parametrize("ending", ["fits", "vot"])
def test_of_several_tables_the_first_is_read_and_that_is_told(ending, tmp_path, capsys):
    first, second = Table({"x": [1, 2]}), Table.from_pandas(BLAZARS)
    if ending == "fits":
        fits.HDUList([fits.PrimaryHDU(), fits.table_to_hdu(first), fits.table_to_hdu(second)]).writeto(tmp_path / "in.fits")
    else:
        both = votable.from_table(first)
        both.resources[0].tables.append(votable.from_table(second).resources[0].tables[0])
        both.to_xml(str(tmp_path / "in.vot"))
    status, error = _run(["classify", str(tmp_path / f"in.{ending}")], capsys)
    assert status == 2 and "It has x; it is the first of 2 tables in its file" in error
