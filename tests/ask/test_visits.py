"""A survey's table becomes visits with six bands; parameters and curves follow, or a reason why not."""

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table
from scipy import stats

from agnbook import storage
from agnbook.ask import bulk_curves, light_curves, visits
from agnbook.banp import posterior, summary
from agnbook.errors import FeatureError
from agnbook.lightcurves import cadence, dataset, population


@pytest.fixture(scope="module")
def curves():
    rng = np.random.default_rng(0)
    return dataset.simulate(3, rng, cadence.pool(3, rng, n=60))


@pytest.fixture
def long(curves):
    """One row a measurement, in Rubin's names and in no order; the bands of a visit follow each other by 15 minutes."""
    rows = [
        (f"q{i}", 60000 + curves.times[i, k] + 0.01 * b, band.lower(), curves.observed[i, k, b], curves.error[i, k, b])
        for i in range(3)
        for k in np.flatnonzero(curves.is_visit[i])
        for b, band in enumerate(population.BANDS)
    ]
    frame = pd.DataFrame(rows, columns=["objectId", "midpointMjdTai", "band", "psfMag", "psfMagErr"])
    return frame.sample(frac=1, random_state=0).sort_values("objectId", kind="stable").reset_index(drop=True)


def test_measurements_become_visits(long, curves):
    objects = visits.read(Table.from_pandas(long))
    assert [each.name for each in objects] == ["q0", "q1", "q2"] and not any(each.problem for each in objects)
    for i, each in enumerate(objects):
        seen = curves.is_visit[i]
        np.testing.assert_allclose(each.times, 60000 + curves.times[i, seen] + 0.025, atol=1e-9)
        np.testing.assert_allclose(each.magnitudes, curves.observed[i, seen], rtol=1e-6)
        np.testing.assert_allclose(each.errors, curves.error[i, seen], rtol=1e-6)
        assert each.left_out == 0


def test_a_row_a_visit(long, curves):
    seen = curves.is_visit[0]
    wide = Table({"name": ["q0"] * seen.sum(), "mjd": 60000 + curves.times[0, seen]})
    for b, band in enumerate(population.BANDS):
        wide[f"mag_{band.lower()}"], wide[f"error_{band}"] = curves.observed[0, seen, b], curves.error[0, seen, b]
    (each,) = visits.read(wide)
    np.testing.assert_allclose(each.magnitudes, curves.observed[0, seen], rtol=1e-6)
    wide.remove_columns(["error_g", "mjd"])
    with pytest.raises(FeatureError, match="lacks the columns time, error_g"):
        visits.read(wide)


def test_what_cannot_be_used_is_counted(long):
    first = long[long["objectId"] == "q0"].sort_values("midpointMjdTai").index[:12]  # two visits
    long.loc[first[0], "psfMag"] = np.nan
    long.loc[first[7], "psfMagErr"] = 0.0
    again = long.loc[[first[3]]].assign(psfMag=lambda row: row["psfMag"] + 1)
    whole = visits.read(Table.from_pandas(long.drop(index=first)))[0]
    each = visits.read(Table.from_pandas(pd.concat([long, again])))[0]
    assert each.left_out == 13
    np.testing.assert_allclose(each.magnitudes, whole.magnitudes)
    # a repeated measurement of a whole visit is averaged
    row = long[long["objectId"] == "q1"].index[0]
    again = long.loc[[row]].assign(psfMag=lambda row: row["psfMag"] + 0.5, psfMagErr=lambda row: row["psfMagErr"] / 2)
    before, after = (visits.read(Table.from_pandas(table))[1] for table in (long, pd.concat([long, again])))
    changed = np.abs(after.magnitudes - before.magnitudes)
    assert changed.max() == pytest.approx(0.4) and (changed > 1e-9).sum() == 1 and after.left_out == 0
    assert after.errors[changed > 1e-9] == pytest.approx(before.errors[changed > 1e-9] / np.sqrt(5))


def test_bands_that_are_never_together_are_said_to_be(long):
    lonely = pd.DataFrame({"objectId": "lonely", "midpointMjdTai": 60000.0 + np.arange(60), "band": list("ugrizy") * 10})
    table = Table.from_pandas(pd.concat([long, lonely.assign(psfMag=20.0, psfMagErr=0.1)]))
    found = visits.read(table)[-1]
    assert found.problem == "No visit has all six bands within 0.5 d (measurements: u 10, g 10, r 10, i 10, z 10, Y 10)."
    assert found.left_out == 60
    assert visits.read(table, tolerance=0.001)[0].problem.startswith("No visit has all six bands within 0.001 d")
    short = visits.read(Table.from_pandas(long.sort_values("midpointMjdTai").groupby("objectId").head(30)))[0]
    assert "a light curve needs 20" in short.problem


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda t: t.remove_columns(["band", "psfMagErr"]), "lacks the columns band, error. Give one row a measurement"),
        (lambda t: t.remove_rows(slice(None)), "no rows"),
        (lambda t: t.replace_column("band", ["w2", *t["band"][1:]]), "1 rows have the band 'w2'; the models know u, g, r"),
        (lambda t: t.remove_rows(np.isin(t["band"], ["u", "z"])), "No row has the band u, z"),
        (lambda t: t.replace_column("objectId", ["", *t["objectId"][1:]]), "1 rows name no object .the first is row 1"),
        (lambda t: t.replace_column("psfMag", ["bright", *map(str, t["psfMag"][1:])]), "psfMag must hold numbers.*bright"),
        (lambda t: setattr(t["midpointMjdTai"], "unit", "mag"), "midpointMjdTai is in mag; give it in d"),
    ],
)
def test_refused(long, change, message):
    table = Table.from_pandas(long)
    change(table)
    with pytest.raises(FeatureError, match=message):
        visits.read(table)


def test_units_are_converted(long):
    table = Table.from_pandas(long)
    expected = visits.read(table)[0]
    table["midpointMjdTai"] = table["midpointMjdTai"] * 24.0
    table["midpointMjdTai"].unit = "h"
    np.testing.assert_allclose(visits.read(table)[0].times, expected.times)
    with pytest.raises(FeatureError, match="tolerance must be 0 days or more"):
        visits.read(table, -1.0)


@pytest.mark.slow
def test_parameters_are_the_shipped_posterior(long):
    parameters, nothing = light_curves.light_curves(Table.from_pandas(long), "dc2_like")
    assert nothing is None and list(parameters["object"]) == ["q0", "q1", "q2"] and set(parameters["problem"]) == {""}
    each = visits.read(Table.from_pandas(long))[1]
    found = summary.features(dataset.from_arrays(each.times, each.magnitudes, each.errors))
    draws = posterior.shipped("dc2_like").sample_targets(found, light_curves.DRAWS)[0]
    for position, target in enumerate(population.TARGETS):
        row = [parameters[f"{target}_{name}"][1] for name in light_curves.QUANTILES]
        np.testing.assert_allclose(row, np.quantile(draws[:, position], list(light_curves.QUANTILES.values())), atol=6e-5)
        median, low68, high68, low95, high95 = row
        assert low95 <= low68 <= median <= high68 <= high95
    weights = storage.DATA / "weights/light_curves_dc2_like.safetensors"
    assert set(parameters["model_sha256"]) == {storage.sha256(weights)}
    # an object's answer does not depend on the rest of the table
    alone, _ = light_curves.light_curves(Table.from_pandas(long[long["objectId"] == "q1"]))
    assert list(alone[0])[:-1] == list(parameters[1])[:-1]


def test_a_curve_unlike_the_simulator_is_flagged_and_one_without_visits_kept(long):
    long.loc[long["objectId"] == "q2", "psfMagErr"] /= 3
    lonely = long[long["objectId"] == "q1"].sort_values("midpointMjdTai").head(6).assign(objectId="lonely")
    parameters, curves = light_curves.light_curves(Table.from_pandas(pd.concat([lonely, long])), step=30.0)
    assert list(parameters["object"]) == ["lonely", "q0", "q1", "q2"]
    assert list(parameters["unlike_simulator"])[:1] == [""] and "variability" in parameters["unlike_simulator"][3]
    assert [bool(problem) for problem in parameters["problem"]] == [True, False, False, False]
    assert np.isnan(parameters["redshift_q500"][0]) and set(curves["object"]) == {"q0", "q1", "q2"}
    nobody, empty = light_curves.light_curves(Table.from_pandas(lonely), step=30.0)
    assert len(nobody) == 1 and len(empty) == 0 and empty.colnames == curves.colnames


def test_the_reconstruction_lies_between_the_visits(long, curves):
    _, found = light_curves.light_curves(Table.from_pandas(long), step=5.0)
    found = found[found["object"] == "q0"]
    times = np.unique(found["time"])
    np.testing.assert_allclose(np.diff(times), 5.0, atol=1e-4)
    assert list(found["band"][:6]) == list(population.BANDS) and (found["sd"] > 0).all()
    # noiseless truth at the nearest simulated times: within the stated standard deviation, mostly
    r = found[found["band"] == "r"]
    truth = np.interp(r["time"] - 60000.025, curves.times[0, : curves.length[0]], curves.truth[0, : curves.length[0], 2])
    assert (np.abs(r["magnitude"] - truth) < 3 * np.hypot(r["sd"], 0.02)).mean() > 0.9
    for step in (0.0, -1.0, float("nan")):
        with pytest.raises(FeatureError, match="positive number of days"):
            light_curves.light_curves(Table.from_pandas(long), step=step)
    with pytest.raises(FeatureError, match="Widen it"):
        light_curves.light_curves(Table.from_pandas(long), step=0.01)
    with pytest.raises(FeatureError, match="choose one of dc2_like"):
        light_curves.light_curves(Table.from_pandas(long), "dc3")


def test_quantiles_are_those_of_one_and_two_standard_deviations():
    """Columns `low68` ... `high95` hold what their names say, in the command and in bulk."""
    levels = {"q500": 0.0, "low68": -1.0, "high68": 1.0, "low95": -2.0, "high95": 2.0}
    assert light_curves.QUANTILES == pytest.approx({name: stats.norm.cdf(sigma) for name, sigma in levels.items()}, abs=4e-4)
    assert {name: light_curves.QUANTILES[name] for name in bulk_curves.LEVELS} == bulk_curves.LEVELS
