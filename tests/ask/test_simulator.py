"""Posteriors trained on simulated surveys: six bands become visits, and a setting that the curve contradicts is flagged."""

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table

from agnbook import quasars, storage
from agnbook.ask import light_curves, measurements, simulator
from agnbook.ask.curve_options import Options
from agnbook.banp import posterior, summary
from agnbook.errors import FeatureError
from agnbook.lightcurves import cadence, dataset, population
from agnbook.quasars import simulate
from agnbook.quasars.posterior import generator

SIMULATOR = {"model": "simulator"}


@pytest.fixture(scope="module")
def curves():
    rng = np.random.default_rng(0)
    return dataset.simulate(3, rng, cadence.pool(3, rng, n=60))


def long_table(curves, n: int = 3) -> pd.DataFrame:
    """One row a measurement, in Rubin's names and in no order; the bands of a visit follow each other by 15 minutes."""
    rows = [
        (f"q{i}", 60000 + curves.times[i, k] + 0.01 * b, band.lower(), curves.observed[i, k, b], curves.error[i, k, b])
        for i in range(n)
        for k in np.flatnonzero(curves.is_visit[i])
        for b, band in enumerate(population.BANDS)
    ]
    frame = pd.DataFrame(rows, columns=["objectId", "midpointMjdTai", "band", "psfMag", "psfMagErr"])
    return frame.sample(frac=1, random_state=0).sort_values("objectId", kind="stable").reset_index(drop=True)


@pytest.fixture
def long(curves):
    return long_table(curves)


def visits(table, name="q0", tolerance=0.5, survey=None, **options):
    (each,) = (each for each in measurements.read(table, Options(**options)) if each.name == name)
    return simulator.visits(each, survey, tolerance)


def test_measurements_become_visits(long, curves):
    for i in range(3):
        seen, found = curves.is_visit[i], visits(long, f"q{i}")
        np.testing.assert_allclose(found.times, 60000 + curves.times[i, seen] + 0.025, atol=1e-9)
        np.testing.assert_allclose(found.magnitudes, curves.observed[i, seen], rtol=1e-6)
        np.testing.assert_allclose(found.errors, curves.error[i, seen], rtol=1e-6)
        assert found.left_out == {} and found.problem == ""


def test_a_row_a_visit(long, curves):
    """Visits are left as they are where every time has all six bands, however close they follow each other."""
    seen = curves.is_visit[0]
    wide = Table({"name": ["q0"] * seen.sum(), "mjd": 60000 + 0.1 * np.arange(seen.sum())})
    for b, band in enumerate(population.BANDS):
        wide[f"mag_{band.lower()}"], wide[f"error_{band}"] = curves.observed[0, seen, b], curves.error[0, seen, b]
    found = visits(wide)
    np.testing.assert_allclose(found.magnitudes, curves.observed[0, seen], rtol=1e-6)
    wide["mag_g"][3] = np.nan
    assert len(visits(wide).times) < seen.sum() - 1, "a hole makes them measurements again"


def test_what_cannot_be_used_is_counted(long):
    first = long[long["objectId"] == "q0"].sort_values("midpointMjdTai").index[:12]  # two visits
    long.loc[first[0], "psfMag"] = np.nan
    long.loc[first[7], "psfMagErr"] = 0.0
    again = long.loc[[first[3]]].assign(psfMag=lambda row: row["psfMag"] + 1)
    whole, found = visits(long.drop(index=first)), visits(pd.concat([long, again]))
    assert found.left_out == {"no number": 1, "no magnitude, or no error": 1, "not within a visit of six bands": 11}
    np.testing.assert_allclose(found.magnitudes, whole.magnitudes)
    # a repeated measurement of a whole visit is averaged
    row = long[long["objectId"] == "q1"].index[0]
    again = long.loc[[row]].assign(psfMag=lambda row: row["psfMag"] + 0.5, psfMagErr=lambda row: row["psfMagErr"] / 2)
    before, after = visits(long, "q1"), visits(pd.concat([long, again]), "q1")
    changed = np.abs(after.magnitudes - before.magnitudes)
    assert changed.max() == pytest.approx(0.4) and (changed > 1e-9).sum() == 1 and after.left_out == {}
    assert after.errors[changed > 1e-9] == pytest.approx(before.errors[changed > 1e-9] / np.sqrt(5))


def test_fluxes_become_magnitudes_where_they_can(long):
    flux = 10 ** (0.4 * (31.4 - long["psfMag"]))
    table = long.assign(psfFlux=flux, psfFluxErr=flux * long["psfMagErr"] * np.log(10) / 2.5).drop(
        columns=["psfMag", "psfMagErr"]
    )
    found, expected = visits(table), visits(long)
    np.testing.assert_allclose(found.magnitudes, expected.magnitudes, rtol=1e-6)
    np.testing.assert_allclose(found.errors, expected.errors, rtol=1e-5)
    table.loc[table.index[5], "psfFlux"] = -3.0
    left_out = visits(table).left_out
    assert left_out == {"flux not above zero, which the simulator does not know": 1, "not within a visit of six bands": 5}
    unknown = table.rename(columns={"psfFlux": "flux", "psfFluxErr": "flux_error"})
    assert "fluxes of unit 'unknown' give no magnitudes" in visits(unknown).problem


def test_bands_that_are_never_together_are_said_to_be(long):
    lonely = pd.DataFrame({"objectId": "lonely", "midpointMjdTai": 60000.0 + np.arange(60), "band": list("ugrizy") * 10})
    table = pd.concat([long, lonely.assign(psfMag=20.0, psfMagErr=0.1)])
    found = visits(table, "lonely")
    assert found.problem == "No visit has all six bands within 0.5 d (measurements: u 10, g 10, r 10, i 10, z 10, Y 10)."
    assert found.left_out == {"not within a visit of six bands": 60}
    assert visits(table, tolerance=0.001).problem.startswith("No visit has all six bands within 0.001 d")
    short = long.sort_values("midpointMjdTai").groupby("objectId").head(30)
    assert "a light curve needs 20" in visits(short).problem
    other = visits(long.replace({"band": {"u": "W2"}}))
    assert "No visit has all six" in other.problem and other.left_out["band W2, which is none of u g r i z Y"] == 60


def test_parameters_are_the_shipped_posterior(long):
    parameters, bands, nothing = light_curves.light_curves(long, **SIMULATOR)
    assert nothing is None and len(bands) == 0 and tuple(parameters.colnames) == simulator.COLUMNS
    assert list(parameters["object"]) == ["q0", "q1", "q2"] and set(parameters["problem"]) == {""}
    each = visits(long, "q1")
    found = summary.features(dataset.from_arrays(each.times, each.magnitudes, each.errors))
    seed = int(generator("q1").integers(2**31))
    draws = posterior.shipped("dc2_like").sample_targets(found, simulator.DRAWS, seed)[0]
    for position, target in enumerate(population.TARGETS):
        row = [parameters[f"{target}_{name}"][1] for name in simulator.LEVELS]
        np.testing.assert_allclose(row, np.quantile(draws[:, position], list(light_curves.QUANTILES.values())), atol=6e-5)
        median, low68, high68, low95, high95 = row
        assert low95 <= low68 <= median <= high68 <= high95
    weights = storage.DATA / "weights/light_curves_dc2_like.safetensors"
    assert set(parameters["model_sha256"]) == {storage.sha256(weights)}
    alone = light_curves.light_curves(long[long["objectId"] == "q1"], **SIMULATOR)[0]
    pd.testing.assert_frame_equal(alone.to_pandas(), parameters[1:2].to_pandas(), check_exact=True)


def test_a_curve_unlike_the_simulator_is_flagged_and_one_without_visits_kept(long):
    long.loc[long["objectId"] == "q2", "psfMagErr"] /= 3
    lonely = long[long["objectId"] == "q1"].sort_values("midpointMjdTai").head(6).assign(objectId="lonely")
    parameters, _, curves = light_curves.light_curves(pd.concat([lonely, long]), step=30.0, **SIMULATOR)
    assert list(parameters["object"]) == ["lonely", "q0", "q1", "q2"]
    assert list(parameters["unlike_simulator"])[:1] == [""] and "variability" in parameters["unlike_simulator"][3]
    assert "unlike the simulated curves in: variability" in parameters["flags"][3]
    assert [bool(problem) for problem in parameters["problem"]] == [True, False, False, False]
    assert np.isnan(parameters["redshift_q500"][0]) and set(curves["object"]) == {"q0", "q1", "q2"}
    nobody, _, empty = light_curves.light_curves(lonely, step=30.0, **SIMULATOR)
    assert len(nobody) == 1 and len(empty) == 0 and empty.colnames == curves.colnames


def test_the_reconstruction_lies_between_the_visits(long, curves):
    _, _, found = light_curves.light_curves(long, step=5.0, **SIMULATOR)
    found = found.to_pandas()[lambda t: t["object"] == "q0"]
    r = found[found["band"] == "r"]
    np.testing.assert_allclose(np.diff(r["time"]), 5.0, atol=1e-4)
    assert set(found["band"]) == set(population.BANDS) and (found["sd"] > 0).all()
    # noiseless truth at the nearest simulated times: within the stated standard deviation, mostly
    truth = np.interp(r["time"] - 60000.025, curves.times[0, : curves.length[0]], curves.truth[0, : curves.length[0], 2])
    assert (np.abs(r["value"] - truth) < 3 * np.hypot(r["sd"], 0.02)).mean() > 0.9


def test_exact_weights(curves):
    rng = np.random.default_rng(4)
    made = dataset.simulate(2, rng, cadence.pool(2, rng, n=60), "independent")
    parameters = light_curves.light_curves(long_table(made, 2), setting="independent", exact=True, **SIMULATOR)[0]
    given = parameters["problem"] == ""
    few = parameters["effective_draws"] < 100
    assert given.all() and (parameters["effective_draws"] > 0).all()
    assert [("effective draws: do not rely" in flags) for flags in parameters["flags"]] == list(few)
    with pytest.raises(FeatureError, match="choose one of dc2_like"):
        light_curves.Question(setting="dc3", **SIMULATOR)


# --- one driver, six drivers, and what the curve says


def _observed(made, i: int) -> simulator.Visits:
    seen = made.is_visit[i]
    return simulator.Visits(made.times[i, seen], made.observed[i, seen].astype(float), made.error[i, seen].astype(float), {})


def correlated(made, i: int, rho: float) -> simulator.Visits:
    """Visits of object `i` with magnitudes drawn from drivers that are mixed to a correlation of `rho`."""
    each = _observed(made, i)
    bands, n = population.BANDS, len(each.times)
    curve = quasars.light_curve(
        "any", np.repeat(each.times, 6), np.tile(bands, n), each.magnitudes.ravel(), each.errors.ravel(), survey="lsst"
    )
    model = quasars.Model(excess=0.0, tails=np.inf)
    theta = quasars.model.layout(model, curve).mean.copy()
    theta[quasars.model.RHO] = np.log(rho / (1 - rho))
    drawn = simulate.simulate(curve, theta, np.random.default_rng(i), model)
    magnitudes = np.empty_like(each.magnitudes)
    magnitudes[np.searchsorted(each.times, drawn.times), drawn.band] = drawn.values
    return simulator.Visits(each.times, magnitudes, each.errors, {})


@pytest.mark.slow
def test_a_setting_that_contradicts_the_curve_is_flagged_and_its_own_curves_are_not():
    n = 10
    for setting in dataset.SETTINGS:
        rng = np.random.default_rng(5)
        made = dataset.simulate(n, rng, cadence.pool(n, rng), setting)
        shared = dataset.SETTINGS[setting][2]
        flagged = sum(bool(simulator.correlation(f"{i}", _observed(made, i), shared)[1]) for i in range(n))
        assert flagged <= 1, setting
    for rho in (0.5, 0.9, 0.97, 0.99):
        found = [simulator.correlation(f"{i}", correlated(made, i, rho), False) for i in range(n)]
        assert all("assumes a driver for each band: do not use it" in flags[0] for _, flags in found), rho
        middle = [row["rho_q500"] for row, _ in found]
        assert np.median(middle) == pytest.approx(rho, abs=0.3 * (1 - rho))
    for rho in (0.5, 0.9, 0.97):
        found = [simulator.correlation(f"{i}", correlated(made, i, rho), True)[1] for i in range(n)]
        assert sum("assumes one driver" in " ".join(flags) for flags in found) >= n - 1, rho


def test_realistic_bands_are_no_longer_answered_in_silence(long):
    """Bands correlated to .9 under the setting of independent drivers: chi-square is 1, nothing else would tell."""
    rng = np.random.default_rng(5)
    made = dataset.simulate(1, rng, cadence.pool(1, rng), "independent")
    each = correlated(made, 0, 0.9)
    wide = Table({"object": ["agn"] * len(each.times), "time": each.times})
    for b, band in enumerate(population.BANDS):
        wide[f"mag_{band}"], wide[f"error_{band}"] = each.magnitudes[:, b], each.errors[:, b]
    row = light_curves.light_curves(wide, setting="independent", **SIMULATOR)[0][0]
    assert row["chi2"] == pytest.approx(1, abs=0.1) and "assumes a driver for each band: do not use it" in row["flags"]
    assert row["rho_low95"] < 0.9 < row["rho_high95"]
