"""Light curves as Rubin serves them: forced photometry without times, nested columns, differences, pixel flags."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile import CURVE

from agnbook.ask import bulk_task, command_line, curve_files, measurements, visits
from agnbook.ask.curve_options import Options
from agnbook.errors import BookError, FeatureError

OBJECTS = [170587683234807812, 170587683234807813]
LSST = Options(survey="lsst")


@pytest.fixture(autouse=True)
def forget():
    visits._read.cache_clear()
    yield
    visits._read.cache_clear()


def forced(seed=0) -> pd.DataFrame:
    """The columns of ForcedSourceOnDiaObject; some direct fluxes are negative."""
    rng = np.random.default_rng(seed)
    n = 60
    return pd.DataFrame(
        {
            "diaObjectId": np.repeat(OBJECTS, n // 2), "band": np.tile(list("gri"), n // 3),
            "visit": 2026000000000 + rng.permutation(n), "detector": 7, "psfFlux": rng.normal(300, 400, n),
            "psfFluxErr": 50.0, "psfDiffFlux": rng.normal(0, 400, n), "psfDiffFluxErr": 70.0, "pixelFlags_bad": False,
        }
    )  # fmt: skip


def visit_table(table: pd.DataFrame) -> pd.DataFrame:
    """The columns of Visit, in an order of its own."""
    numbers = np.sort(table["visit"].to_numpy())[::-1]
    return pd.DataFrame({"visit": numbers, "expMidptMJD": 61000.0 + (numbers - 2026000000000) * 3.5, "band": "i"})


@pytest.mark.parametrize("name", ["visits.csv", "visits.parquet", "visits.ecsv"])
def test_times_come_from_the_table_of_visits(tmp_path, name):
    table, when = forced(), visit_table(forced())
    known = when.iloc[5:]
    if name.endswith("parquet"):
        known.rename(columns={"visit": "visitId"}).to_parquet(tmp_path / name)
    else:
        from astropy.table import Table

        Table.from_pandas(known).write(tmp_path / name, format="ascii.ecsv" if "ecsv" in name else "csv")
    found = measurements.read(table, Options(survey="lsst", visits=str(tmp_path / name)))
    joined = measurements.read(table.merge(when, on="visit", suffixes=("", "_visit")), LSST)
    assert [each.name for each in found] == list(map(str, OBJECTS))
    assert sum(each.left_out.get("no time", 0) for each in found) == 5
    for one, other in zip(found, joined, strict=True):
        assert set(one.times) <= set(other.times) and (one.values < 0).any() and one.unit == "nJy"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a,b\n1,2\n", "no table of visits"), ("visit,expMidptMJD\n1,\n", "no times of visits"), ("", "Cannot read"),
        (None, "Cannot read"), ("visit,expMidptMJD\n", "no times"),
    ],
)  # fmt: skip
def test_a_table_of_visits_that_is_none(tmp_path, content, words, capsys):
    if content is not None:
        (tmp_path / "visits.csv").write_text(content)
    forced().to_csv(tmp_path / "forced.csv", index=False)
    given = ["lightcurve", str(tmp_path / "forced.csv"), "--survey", "lsst", "--visits", str(tmp_path / "visits.csv")]
    assert command_line.main(given) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1


def test_visits_need_their_number_among_the_measurements(tmp_path):
    visit_table(forced()).to_csv(tmp_path / "visits.csv", index=False)
    with pytest.raises(FeatureError, match="needs a column visit"):
        measurements.read(CURVE.drop(columns="time"), Options(survey="lsst", visits=str(tmp_path / "visits.csv")))


def test_without_times_the_message_says_how_to_get_them():
    with pytest.raises(FeatureError, match="--visits"):
        measurements.read(forced(), LSST)


def test_another_table_of_visits_is_another_answer_in_bulk(tmp_path):
    path = tmp_path / "visits.csv"
    visit_table(forced()).to_csv(path, index=False)
    first = bulk_task.plan("lightcurve", options=Options(survey="lsst", visits=str(path)))
    path.write_text(path.read_text().replace("61000", "61001"))
    assert bulk_task.plan("lightcurve", options=Options(survey="lsst", visits=str(path))).sha256 != first.sha256
    with pytest.raises(BookError, match="table of visits"):
        bulk_task.plan("lightcurve", options=Options(survey="lsst", visits=str(tmp_path / "absent.csv")))


def nested(column: str, layout: str, drop=()) -> pa.Table:
    """One row an object, a nested column of measurements with times, as a list of structs or a struct of lists."""
    table = forced().assign(midpointMjdTai=lambda t: 61000 + (t["visit"] - 2026000000000) * 3.5)
    groups = [group.drop(columns=["diaObjectId", *drop]) for _, group in table.groupby("diaObjectId")]
    if layout == "list of structs":
        cells = pa.array([group.to_dict("records") for group in groups])
    else:
        names = list(groups[0])
        cells = pa.StructArray.from_arrays([pa.array([group[name].tolist() for group in groups]) for name in names], names)
    return pa.table({"diaObjectId": OBJECTS, "ra": [10.0, 20.0], "dec": [0.0, 1.0], column: cells})


@pytest.mark.parametrize("layout", ["list of structs", "struct of lists"])
@pytest.mark.parametrize("column", ["diaObjectForcedSource", "objectForcedSource", "lc"])
def test_nested_forced_photometry_is_direct_flux(column, layout, tmp_path):
    pq.write_table(nested(column, layout), tmp_path / "a.parquet")
    found, _ = curve_files.read(tmp_path / "a.parquet", LSST)
    expected = forced().groupby("diaObjectId")["psfFlux"]
    for each, (name, values) in zip(found, expected, strict=True):
        assert each.problem == "" and each.name == str(name)
        np.testing.assert_array_equal(np.sort(each.values), np.sort(values))


@pytest.mark.parametrize("layout", ["list of structs", "struct of lists"])
def test_the_same_name_in_detections_is_a_difference(layout):
    """`psfFlux` of a nested diaSource, whose identifiers need not have come along."""
    found = measurements.read(nested("diaSource", layout, drop=["psfDiffFlux", "psfDiffFluxErr"]), LSST)
    assert all("difference from a template" in each.problem for each in found)
    both = nested("diaSource", layout).append_column("diaObjectForcedSource", nested("diaObjectForcedSource", layout)[3])
    assert all(each.problem == "" for each in measurements.read(both, LSST)), "forced photometry goes first"


def test_difference_flux_alone_is_told_from_flux():
    table = forced().assign(expMidptMJD=61000.0 + np.arange(60))
    alone = table.drop(columns=["psfFlux", "psfFluxErr"])
    with pytest.raises(FeatureError, match="psfDiffFlux is the difference from a template; take psfFlux"):
        measurements.read(alone, LSST)
    named = Options(survey="lsst", columns={"flux": "psfDiffFlux", "error": "psfDiffFluxErr"})
    assert all("difference from a template" in each.problem for each in measurements.read(table, named))
    np.testing.assert_array_equal(measurements.read(table, LSST)[0].values, table["psfFlux"][:30])


@pytest.mark.parametrize(
    "flag",
    ["pixelFlags_bad", "pixelFlags_nodata", "pixelFlags_edge", "pixelFlags_offimage", "pixelFlags_saturatedCenter",
     "pixelFlags_crCenter", "pixelFlags_suspectCenter", "invalidPsfFlag", "psfFlux_flag"],
)  # fmt: skip
@pytest.mark.parametrize("kind", [bool, int, "texts", "missing"])
def test_flagged_pixels_are_left_out(flag, kind):
    table = forced().assign(expMidptMJD=61000.0 + np.arange(60))
    marked = np.arange(60) % 6 == 0
    if kind == "texts":
        values = np.where(marked, "True", "False").astype(object)
    elif kind == "missing":
        values = pd.array(np.where(marked, True, None), dtype="boolean")
    else:
        values = marked.astype(kind)
    found = measurements.read(table.assign(**{flag: values}), LSST)
    assert [each.left_out for each in found] == [{"flagged by the survey": 5}] * 2
