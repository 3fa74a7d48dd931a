"""Lists, nested columns and units as people and files have them: answered in words or refused in one line, never misread."""

import warnings
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import Table
from astropy.units import Unit
from hostile import BLAZARS, CURVE

from agnbook.ask import command_line, flux_units, last_guard

BANDS, POINT = list("grigr"), {"mjd": 1.0, "band": "g", "mag": 19.0, "mag_err": 0.02}
LISTS = {"mjd": [1.0, 2.0, 3.0, 4.0, 5.0], "band": BANDS, "mag": [19.0, 19.1, 19.2, 19.0, 18.9], "mag_err": [0.02] * 5}
_STAMPS, _SPANS = [pd.Timestamp("2020-01-01")] * 5, [timedelta(days=1)] * 5


def _of(**columns):
    """Two objects of five measurements in lists, with other columns in the place of some."""
    return {"object": ["a", "b"]} | {name: [values] * 2 for name, values in LISTS.items()} | columns


def _nested(first, second=None):
    return {"object": ["a", "b"], "lc": [first, first if second is None else second]}


#: What is odd -> columns of a Parquet file: too few measurements for an answer (exit status 3), or no light curve at all (2).
NESTED = {
    "a list that is null": (3, _of(mag=[LISTS["mag"], None])), "a list that is empty": (3, _of(mag=[LISTS["mag"], []])),
    "nulls in a list": (3, _of(mag=[[19.0, None, 19.0, None, 19.0]] * 2)), "words in a list": (3, _of(mag=[["x"] * 5] * 2)),
    "lists in a list": (3, _of(mag=[[[19.0]] * 5] * 2)), "dates in a list": (3, _of(mjd=[_STAMPS] * 2)),
    "true in a list": (3, _of(mag=[[True] * 5] * 2)), "bytes in a list": (3, _of(band=[[b"g"] * 5] * 2)),
    "decimals in a list": (3, _of(mag=[[Decimal("19.1")] * 5] * 2)), "spans in a list": (3, _of(mjd=[_SPANS] * 2)),
    "lists of other lengths": (3, _of(mag=[[19.0] * 3] * 2)), "one band a row": (3, _of(band=["g", "r"])),
    "names in lists": (3, _of(object=[["a"], ["b"]])), "redshifts in lists": (3, _of(z=[[1.0] * 5, [2.0] * 5])),
    "infinities in a list": (3, _of(mag=[[np.inf] * 5] * 2)), "two rows of one object": (3, _of(object=["a", "a"])),
    "structs in lists": (3, _nested([POINT] * 5)), "a struct that is null": (3, {"object": ["a", "b"], "lc": [[POINT], None]}),
    "structs of nulls": (3, _nested([POINT], [dict.fromkeys(POINT)] * 3)), "a struct of lists": (3, _nested(LISTS)),
    "a struct of unequal lists": (3, _nested(LISTS | {"mag": [19.0]})), "a struct in a struct": (2, _nested({"x": LISTS})),
    "two nested columns": (3, _nested([POINT]) | {"diaSource": [[POINT]] * 2}),
    "no times": (2, _nested([{"band": "g", "mag": 19.0, "mag_err": 0.1}])), "no lists": (2, {"object": ["a", "b"]}),
}  # fmt: skip
#: Units of flux that are none, or that do not fit a column of fluxes.
NO_FLUX = ("MJY", "e-/s", "ADU", "counts", "DN", "%", "nJy;", "n Jy", "mag", "mag(AB)", "s", "erg", "ABmag", "nJy/", "1/0")
#: The same unit in many spellings.
SPELLINGS = {
    "nJy": ("njy", "nanoJy", "nanoJansky", " nJy ", "1e-9 Jy"), "uJy": ("µJy", "μJy", "microJy", "1e-6 Jy", "ujy"),
    "nmgy": ("nanomaggy", "nanomaggies", "Nanomaggies", "1e-9 maggies"),
    "erg s-1 cm-2 Angstrom-1": ("erg/s/cm2/A", "erg/s/cm^2/Å", "erg/cm2/s/AA", "erg / (s cm2 Angstrom)", "erg s-1 cm-2 A-1"),
    "W m-2 Hz-1": ("W/m2/Hz", "W/m^2/Hz", "1e26 Jy"),
}  # fmt: skip
#: Units of an energy that are none, or that do not fit one.
NO_ENERGY = ("gev", "GEV", "MEV", "m", "eV / s", "[MeV]", "MeV; see note", "1/MeV", "MeV,", "mag")


def _run(arguments, tmp_path, capsys):
    status = command_line.main([*map(str, arguments), "-o", str(tmp_path / "out.csv")])
    error = capsys.readouterr().err
    assert "should not have happened" not in error and "Traceback" not in error
    return status, error


@pytest.mark.parametrize("what", NESTED)
def test_odd_lists_and_nested_columns(what, tmp_path, capsys):
    status, columns = NESTED[what]
    pq.write_table(pa.table(columns), tmp_path / "in.parquet")
    found, error = _run(["lightcurve", tmp_path / "in.parquet", "--survey", "lsst"], tmp_path, capsys)
    assert found == status, error
    if status == 2:
        assert error.count("\n") == 1 and "lacks the columns" in error
    else:
        problem = pd.read_csv(tmp_path / "out.csv")["problem"]
        assert problem.notna().all() and not problem.str.contains("cannot be answered").any()


def test_a_map_that_nobody_asked_for_costs_nothing(tmp_path, capsys):
    table = pa.table(_of()).append_column("x", pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())))
    pq.write_table(table, tmp_path / "in.parquet")
    assert _run(["lightcurve", tmp_path / "in.parquet", "--survey", "lsst"], tmp_path, capsys)[0] == last_guard.PARTLY
    assert not pd.read_csv(tmp_path / "out.csv")["problem"].str.contains("unequal").any()


@pytest.mark.parametrize("cells", [[[1.9], [2.4], [2.2]], [{"a": 1}] * 3, [None, [1.0], [2.0]], [["x"]] * 3])
def test_lists_where_numbers_should_be_are_refused(cells, tmp_path, capsys):
    pq.write_table(pa.table(BLAZARS.to_dict("list") | {"PL_Index": cells}), tmp_path / "in.parquet")
    status, error = _run(["classify", tmp_path / "in.parquet"], tmp_path, capsys)
    assert status == 2 and "PL_Index must hold numbers" in error and "'?'" not in error


def test_lists_where_names_should_be_are_refused_and_others_do_not_matter(tmp_path, capsys):
    columns = BLAZARS.to_dict("list") | {"extra": [{"a": 1}] * 3, "more": [[1, 2], [3], None]}
    pq.write_table(pa.table(columns), tmp_path / "in.parquet")
    assert _run(["classify", tmp_path / "in.parquet"], tmp_path, capsys)[0] == 0
    pq.write_table(pa.table(columns | {"Source_Name": [["a"], ["b"], ["c"]]}), tmp_path / "in.parquet")
    status, error = _run(["classify", tmp_path / "in.parquet", "--overwrite"], tmp_path, capsys)
    assert status == 2 and "Source_Name holds lists" in error


@pytest.mark.parametrize("unit", NO_FLUX)
def test_units_that_are_none_of_flux_are_refused(unit, tmp_path, capsys):
    CURVE.rename(columns={"magnitude": "flux"}).to_csv(tmp_path / "in.csv", index=False)
    status, error = _run(["lightcurve", tmp_path / "in.csv", "--survey", "lsst", "--unit", unit], tmp_path, capsys)
    assert status == 2 and error.count("\n") == 1 and unit in error


@pytest.mark.parametrize(("unit", "spelling"), [(unit, each) for unit, spelt in SPELLINGS.items() for each in spelt])
def test_a_unit_of_flux_is_itself_in_every_spelling(unit, spelling):
    assert flux_units.flux_unit(spelling).to(Unit(unit)) == pytest.approx(1)


@pytest.mark.parametrize("ending", ["ecsv", "vot"])
@pytest.mark.parametrize("unit", NO_ENERGY)
def test_units_that_are_none_of_energy_are_refused(unit, ending, tmp_path, capsys):
    status, error = _classified(unit, ending, tmp_path, capsys)
    assert status == 2 and error.count("\n") == 1 and "Pivot_Energy is in" in error


@pytest.mark.parametrize("ending", ["ecsv", "vot"])
@pytest.mark.parametrize(("unit", "factor"), [("GeV", 1e-3), ("keV", 1e3), ("erg", 1.602176634e-6), ("1000 MeV", 1e-3), ("-", 1)])
def test_units_of_energy_are_converted(unit, factor, ending, tmp_path, capsys):
    status, error = _classified(unit, ending, tmp_path, capsys, factor)
    assert status == 0, error
    found = pd.read_csv(tmp_path / "out.csv")["probability_fsrq"]
    assert _run(["classify", _written(BLAZARS, tmp_path), "--overwrite"], tmp_path, capsys)[0] == 0
    np.testing.assert_allclose(found, pd.read_csv(tmp_path / "out.csv")["probability_fsrq"], atol=1e-5)


def _written(table, tmp_path):
    table.to_csv(tmp_path / "plain.csv", index=False)
    return tmp_path / "plain.csv"


def _classified(unit, ending, tmp_path, capsys, factor=1.0):
    table = Table.from_pandas(BLAZARS.assign(Pivot_Energy=BLAZARS["Pivot_Energy"] * factor))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # astropy's, while the file is made
        table["Pivot_Energy"].unit = Unit(unit, parse_strict="silent")
        table.write(tmp_path / f"in.{ending}", format={"ecsv": "ascii.ecsv", "vot": "votable"}[ending])
    return _run(["classify", tmp_path / f"in.{ending}"], tmp_path, capsys)
