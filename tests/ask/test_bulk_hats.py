"""HATS catalogues in bulk: LSDB opens what is written, and every object gets the answer of the plain table."""

import shutil
import warnings

import numpy as np
import pandas as pd
import pytest
from simulated import blazars, light_curve_table

from agnbook.ask import bulk, bulk_hats, command_line, last_guard, light_curves, measurements
from agnbook.ask.curve_options import Options
from agnbook.ask.light_curves import Question
from agnbook.errors import BookError
from agnbook.extras import MissingExtraError

pytestmark = pytest.mark.slow

SDSS = Options(survey="sdss", redshift="z")


@pytest.fixture
def lsdb():
    return pytest.importorskip("lsdb", reason="LSDB is not installed (pip install 'agnbook[hats]')")


@pytest.fixture(autouse=True)
def opened_anew():
    """A catalogue that a test has opened is not that of the next one."""
    yield
    bulk_hats._open.cache_clear()


def _written(lsdb, frame, folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # LSDB's own, of its dependencies
        catalog = lsdb.from_dataframe(frame, ra_column="ra", dec_column="dec", lowest_order=1, highest_order=3, partition_rows=2)
        catalog.write_catalog(folder, catalog_name="mine", progress_bar=False)


def _places(n: int) -> dict:
    rng = np.random.default_rng(5)
    return {"ra": rng.uniform(0, 360, n), "dec": rng.uniform(-60, 10, n)}


@pytest.fixture
def quasars(lsdb, tmp_path):
    """A collection of five quasars with nested light curves, as Rubin nests them; returns the folder and the plain table."""
    from nested_pandas import NestedFrame

    table = light_curve_table([f"q{k}" for k in range(5)], nights=15)
    objects = pd.DataFrame({"objectId": [f"q{k}" for k in range(5)], "z": 1.0, **_places(5)})
    curves = table.rename(columns={"time": "midpointMjdTai", "magnitude": "mag", "error": "magErr"}).drop(columns="z")
    nested = NestedFrame(objects).set_index("objectId", drop=False)
    nested = nested.join_nested(NestedFrame(curves.set_index("object")), "diaObjectForcedSource").reset_index(drop=True)
    _written(lsdb, nested, tmp_path / "in")
    return tmp_path / "in", table


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_nested_light_curves_are_answered_pixel_by_pixel(lsdb, quasars, tmp_path, one_process, capsys):
    folder, table = quasars
    assert bulk_hats.is_hats(folder)
    given = ["bulk", str(folder), str(tmp_path / "out"), "--model", "lightcurve", "--survey", "sdss", "--redshift", "z"]
    assert command_line.main(given) == 0, capsys.readouterr().err
    done = list(one_process)
    assert len(done) > 1 and all(name.startswith("dataset/Norder=") for name in done)
    assert command_line.main(given) == 0 and one_process == done, "nothing is computed twice"
    answers = lsdb.open_catalog(tmp_path / "out").compute(progress_bar=False)
    assert len(answers) == 5 and {"ra", "dec"} <= set(answers)
    objects = measurements.read(table, Options(survey="sdss", redshift="z"))
    expected = light_curves.frame([light_curves.answer(each, Question(SDSS)).row for each in objects], Question(SDSS))
    found = pd.DataFrame(answers)[list(expected)].sort_values("object", ignore_index=True).astype(expected.dtypes)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-4, atol=1e-4)
    near = lsdb.open_catalog(tmp_path / "out").cone_search(float(answers["ra"].iloc[0]), float(answers["dec"].iloc[0]), 1)
    assert len(near.compute(progress_bar=False)) == 1, "positions and HEALPix numbers belong together"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_tables_of_features_and_a_changed_pixel(lsdb, tmp_path, one_process):
    _written(lsdb, blazars(8).assign(**_places(8)), tmp_path / "in")
    bulk.run(tmp_path / "in", tmp_path / "out", "blazars")
    answers = lsdb.open_catalog(tmp_path / "out").compute(progress_bar=False)
    assert sorted(answers["Source_Name"]) == [f"0-{k}" for k in range(8)] and answers["probability_fsrq"].notna().all()
    first = next((tmp_path / "in").rglob("Npix=*.parquet"))
    pd.read_parquet(first).assign(PL_Index=2.9).to_parquet(first)
    one_process.clear()
    bulk_hats._open.cache_clear()
    bulk.run(tmp_path / "in", tmp_path / "out", "blazars")
    assert [name.rpartition("/")[2] for name in one_process] == [first.name]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_a_pixel_that_cannot_be_read_costs_itself(lsdb, tmp_path, one_process, capsys):
    _written(lsdb, blazars(8).assign(**_places(8)), tmp_path / "in")
    bulk.run(tmp_path / "in", tmp_path / "out", "blazars")
    first = next((tmp_path / "in").rglob("Npix=*.parquet"))
    lost = len(pd.read_parquet(first))
    first.write_bytes(b"PAR1")
    bulk_hats._open.cache_clear()
    assert command_line.main(["bulk", str(tmp_path / "in"), str(tmp_path / "out"), "--model", "blazars"]) == last_guard.PARTLY
    assert f"{first.name}: " in capsys.readouterr().err
    answers = lsdb.open_catalog(tmp_path / "out").compute(progress_bar=False)
    assert len(answers) == 8 - lost and answers["probability_fsrq"].notna().all()
    stale = list((tmp_path / "out").rglob("_stale_*"))
    assert [path.name for path in stale] == [f"_stale_{first.name}"], "its answer of the earlier run is none of the catalogue's"


def test_a_damaged_catalogue_is_one_message(lsdb, quasars, tmp_path, capsys):
    folder, _ = quasars
    shutil.rmtree(folder / "mine")
    assert command_line.main(["bulk", str(folder), str(tmp_path / "out"), "--model", "blazars"]) == 2
    error = capsys.readouterr().err
    assert "cannot be opened as a HATS catalogue" in error and error.count("\n") == 1


def test_without_lsdb_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "hats.properties").write_text("obs_collection=x\n")
    bulk_hats._open.cache_clear()
    with pytest.raises(MissingExtraError, match=r"agnbook\[hats\]"):
        bulk.run(tmp_path / "in", tmp_path / "out", "blazars")
    assert issubclass(MissingExtraError, BookError)
