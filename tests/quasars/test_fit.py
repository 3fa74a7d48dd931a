"""Fits: the maximum, the posterior's draws, predictions, flags, and the same answers alone and in bulk."""

import numpy as np
import pandas as pd
import pytest

from agnbook import quasars
from agnbook.errors import SettingsError
from agnbook.quasars import model as models
from agnbook.quasars import optimise
from agnbook.quasars.posterior import find_flags, generator
from agnbook.quasars.simulate import simulate

from .conftest import cadence, parameters

GAUSS = models.Model(tails=np.inf, spectrum="law", error_scale=False)


@pytest.fixture(scope="module")
def truth_and_curve():
    rng = np.random.default_rng(3)
    curve = cadence(rng)
    theta = parameters(curve, log_tau=2.5, log_sigma=-0.8, logit_rho=3.0)
    return theta, simulate(curve, theta, rng)


@pytest.fixture(scope="module")
def fitted(truth_and_curve):
    return quasars.fit(truth_and_curve[1])


@pytest.mark.slow
def test_finite_differences_are_sane(truth_and_curve):
    """Steps a hundred times apart give one gradient; at the maximum it vanishes and the curvature is positive."""
    curve = truth_and_curve[1]
    fit = quasars.fit(curve, GAUSS)
    plan = models.layout(GAUSS, curve)
    args = (plan.active, plan.mean, plan.sd, plan.process, plan.x, plan.slots, curve.times, curve.band)
    args += (models.centred(curve), curve.errors, np.ones(len(curve)))
    theta = fit.theta.copy()
    theta[:3] += [0.2, 0.1, 0.05]
    sd = plan.sd[plan.active]
    (_, coarse, _), (_, fine, _) = (optimise.hessian(theta, step * sd, args) for step in (1e-3, 1e-5))
    np.testing.assert_allclose(coarse, fine, rtol=1e-3, atol=1e-3)
    width = np.sqrt(np.diag(fit.covariance))
    value, gradient, precision = optimise.hessian(fit.theta.copy(), 0.1 * width, args)
    assert value == pytest.approx(fit.log_posterior, abs=1e-6)
    assert np.abs(gradient * width).max() < 0.1  # in standard deviations: where a Newton step would still move
    assert np.linalg.eigvalsh(precision * np.outer(width, width))[0] > 0


def test_draws_follow_the_posterior(fitted):
    """Importance draws against a long chain started elsewhere: medians and widths within their sampling errors."""
    plan, curve = fitted.plan, fitted.curve
    args = (plan.active, plan.mean, plan.sd, plan.process, plan.x, plan.slots, curve.times, curve.band)
    args += (models.centred(curve), curve.errors, fitted.weight)
    rng = np.random.default_rng(0)
    walkers = fitted.theta[plan.active] + 0.3 * rng.standard_normal((40, len(plan.active))) * np.sqrt(np.diag(fitted.covariance))
    chain = optimise.chain(rng, walkers, 1500, fitted.theta, args)[300:].reshape(-1, len(plan.active))
    draws = fitted.draws[:, plan.active]
    assert fitted.k_hat < 0.7 and fitted.sampler == "importance"
    # 400 draws of some 200 effective ones: medians scatter by .09 sd, widths by 5 to 10 per cent; four times that
    np.testing.assert_array_less(np.abs(np.median(draws, axis=0) - np.median(chain, axis=0)) / chain.std(axis=0), 0.4)
    np.testing.assert_array_less(np.abs(np.log(draws.std(axis=0) / chain.std(axis=0))), 0.4)


def test_a_chain_takes_over_where_importance_fails(truth_and_curve, monkeypatch):
    monkeypatch.setattr("agnbook.quasars.psis.TRUSTED", -np.inf)
    fit = quasars.fit(truth_and_curve[1])
    assert fit.sampler == "chain"
    draws, laplace = fit.draws[:, fit.plan.active], np.sqrt(np.diag(fit.covariance))
    # the mode of a skewed posterior lies off its mean, by one width at most for the time-scale
    assert np.all(np.abs(np.mean(draws, axis=0) - fit.theta[fit.plan.active]) < 2 * laplace)
    assert np.all(draws.std(axis=0) < 2.5 * laplace) and np.all(draws.std(axis=0) > 0.3 * laplace)


def test_quantities_are_as_many_as_the_bands_allow(truth_and_curve, fitted):
    curve = truth_and_curve[1]
    table = fitted.quantities()
    assert [f"log_tau_{band}" in table for band in "ugrizy"] == [True] * 5 + [False]
    assert "log_tau_rest" not in table
    redder = quasars.LightCurve(**(curve.__dict__ | {"redshift": 1.0}))
    rest = quasars.fit(redder).quantities()
    np.testing.assert_allclose(rest["log_tau_r"] - rest["log_tau_rest_r"], np.log10(2))
    one = curve.take(curve.band == 2)
    single = quasars.light_curve("one", one.times, np.full(len(one), "r"), one.values, one.errors, survey="sdss")
    assert set(quasars.fit(single).quantities()) == {"log_tau_r", "log_sf_r", "mean_r", "excess_r", "log_scale"}
    dusty = quasars.LightCurve(**(curve.__dict__ | {"extinction": np.full(5, 0.3)}))
    np.testing.assert_allclose(quasars.fit(dusty).means, fitted.means - 0.3)


def test_held_out_bands_are_predicted_within_their_errors(truth_and_curve):
    curve = truth_and_curve[1]
    rng = np.random.default_rng(5)
    hidden = (curve.band == 2) & (rng.random(len(curve)) < 0.5)
    fit = quasars.fit(curve.take(~hidden))
    scores = quasars.score(fit, curve.take(hidden))
    share = np.mean(np.abs(scores["probability"] - 0.5) < 0.3415)
    assert 0.683 - 4 * np.sqrt(0.683 * 0.317 / len(scores)) < share
    constant = np.abs(curve.values[hidden] - np.median(curve.values[(curve.band == 2) & ~hidden])).mean()
    assert scores["error"].mean() < 0.5 * constant
    far = quasars.reconstruct(fit, [curve.times[0] + 1e5], ["r"])
    assert far["sd"].iloc[0] > 0.5 * np.median(10 ** fit.quantities()["log_sf_r"]) / np.sqrt(2)


def test_fluxes_give_the_same_answers_as_magnitudes_when_small(rng):
    curve = cadence(rng, bands="gr")
    curve = simulate(curve, parameters(curve, log_sigma=-1.7), rng)
    names = np.array(curve.bands)[curve.band]
    flux = 1000 * 10 ** (-0.4 * (curve.values - 19.5))
    other = quasars.light_curve(
        "simulated",
        curve.times,
        names,
        flux,
        flux * curve.errors * np.log(10) / 2.5,
        unit="flux",
        survey="sdss",
        zero_point=27.0,
    )
    a, b = (quasars.fit(each).quantities().median() for each in (curve, other))
    assert abs(a["log_tau_r"] - b["log_tau_r"]) < 0.1 and abs(a["log_sf_r"] - b["log_sf_r"]) < 0.03
    assert abs(a["mean_r"] - b["mean_r"]) < 0.01  # 1000 units are 19.5 mag
    flux_back = quasars.reconstruct(quasars.fit(other), curve.times[:5], curves=0)
    assert flux_back["value"].between(900, 1100).all() and flux_back["sd"].between(0.5, 60).all()


@pytest.mark.slow
def test_same_answer_alone_in_bulk_and_in_two_processes(truth_and_curve):
    curve = truth_and_curve[1]
    named = [quasars.LightCurve(**(curve.__dict__ | {"name": name})) for name in ("a", "b", "c")]
    broken = quasars.light_curve("broken", [1.0], ["r"], [20.0], [0.1], survey="sdss")
    alone = quasars.summarise(named[1])
    table = quasars.fit_many([named[0], broken, named[1], named[2]])
    parallel = quasars.fit_many([named[0], broken, named[1], named[2]], processes=2)
    pd.testing.assert_frame_equal(table, parallel)
    assert list(table["object"]) == ["a", "broken", "b", "c"]
    assert table.loc[1, "problem"].startswith("0 usable") or "usable" in table.loc[1, "problem"]
    for key, value in alone.items():
        assert table.loc[2, key] == value or (pd.isna(value) and pd.isna(table.loc[2, key]))
    assert table.loc[0, "log_tau_r"] != table.loc[2, "log_tau_r"]  # other random numbers


def test_a_failure_inside_costs_one_object(truth_and_curve, monkeypatch):
    from agnbook.quasars import batch

    def fails(curve, *args, **kwargs):
        raise RuntimeError("boom")

    monkeypatch.setattr(batch, "fit", fails)
    assert quasars.summarise(truth_and_curve[1])["problem"] == "the fit failed: RuntimeError: boom"


def test_random_numbers_depend_on_name_and_seed():
    assert generator("a").random() == generator("a").random() != generator("b").random()
    assert generator("a", 1).random() != generator("a").random()


def test_a_setting_that_contradicts_the_curve_is_flagged(truth_and_curve):
    """Bands correlated by .95: neither a driver each nor one driver goes unflagged; the measured value does."""
    curve = truth_and_curve[1]
    flags = quasars.fit(curve, models.Model(rho=0.0)).flags
    assert any("the setting says 0" in flag for flag in flags)
    assert not any("the setting says" in flag for flag in quasars.fit(curve).flags)
    independent = simulate(curve, parameters(curve, logit_rho=-3.0), np.random.default_rng(0))
    assert any("the setting says 1" in flag for flag in quasars.fit(independent, models.Model(rho=1.0)).flags)


def test_a_rho_that_the_curve_does_not_tell_is_flagged(rng):
    """Errors of a fiftieth of the flicker tell how alike bands are; errors as large as the flicker leave it to the prior."""
    words = "of what is known of it is the prior's"
    plain = cadence(rng)
    for log_sigma, told in ((-0.4, True), (-1.7, False)):
        curve = simulate(plain, parameters(plain, log_sigma=log_sigma, logit_rho=3.0), rng)
        found = quasars.fit(curve)
        assert any(words in flag for flag in found.flags) != told
        spread = 0.5 * np.diff(np.quantile(found.draws[:, models.RHO], [0.15865, 0.84135])).item()
        assert (spread < found.plan.sd[models.RHO] / np.sqrt(3)) == told
    assert not any(words in flag for flag in quasars.fit(curve, models.Model(rho=1.0)).flags)  # it is given, not measured


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"errors": 0.3, "excess": 0.0}, "errors look too small"),
        ({"errors": 4.0}, "errors look too large"),
        ({"log_tau": 3.8}, "baseline"),
        ({"log_sigma": -3.5}, "not detected"),
        ({"outliers": 0.15}, "5 sigma"),
    ],
)
def test_flags(change, words, rng):
    curve = cadence(rng)
    theta = parameters(curve, log_tau=change.get("log_tau", 2.3), log_sigma=change.get("log_sigma", -0.8))
    curve = simulate(curve, theta, rng, outliers=change.get("outliers", 0.0))
    curve = quasars.LightCurve(**(curve.__dict__ | {"errors": curve.errors * change.get("errors", 1.0)}))
    model = models.Model(excess=change.get("excess", "band"))
    assert any(words in flag for flag in quasars.fit(curve, model).flags)


def test_extreme_input_never_raises(rng):
    base = cadence(rng, bands="gr")
    base = simulate(base, parameters(base), rng)
    for columns in (
        {"errors": np.full(len(base), 1e-8)}, {"values": np.full(len(base), 19.0)}, {"values": base.values * 1e3},
        {"errors": np.where(np.arange(len(base)) % 2, 1e-8, 0.9)}, {"times": np.repeat(base.times[::2], 2)[: len(base)]},
    ):  # fmt: skip
        row = quasars.summarise(quasars.LightCurve(**(base.__dict__ | columns)))
        assert "failed" not in row["problem"]
        assert row["problem"] or row["flags"] or np.isfinite(row["log_tau_r"])
    assert find_flags(quasars.fit(quasars.LightCurve(**(base.__dict__ | {"errors": np.full(len(base), 1e-8)}))))


@pytest.mark.slow
def test_a_hundred_thousand_measurements(rng):
    n = 100_000
    times = np.sort(rng.uniform(0, 4000, n))
    values = 19 + 0.1 * np.sin(times / 200) + 0.03 * rng.standard_normal(n)
    curve = quasars.light_curve("long", times, np.tile(["g", "r"], n // 2), values, np.full(n, 0.03), survey="sdss")
    assert quasars.fit(curve, draws=200, kept=50).problem == ""


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"process": "sun"}, "'ou' nor 'dho'"), ({"rho": 2.0}, "0 to 1"), ({"excess": "none"}, "'shared'"),
        ({"tails": 1.0}, "more than 2"),
        ({"prior": "mine"}, "broad, law"), ({"prior": {"log_t": (0, 1)}}, "log_t"), ({"spectrum": "flat"}, "'scattered'"),
    ],
)  # fmt: skip
def test_an_impossible_model_is_refused(attributes, words):
    with pytest.raises(SettingsError, match=words):
        models.Model(**attributes)


def test_outliers_do_not_pass_for_excess_or_flicker(truth_and_curve):
    """Every fortieth measurement half a magnitude off: it is found, and the answer stays within a third of its width."""
    clean = truth_and_curve[1]
    off = np.arange(20, len(clean), 40)
    values = clean.values.copy()
    values[off] += np.where(np.arange(len(off)) % 2, 0.5, -0.5)
    before, after = quasars.fit(clean), quasars.fit(quasars.LightCurve(**(clean.__dict__ | {"values": values})))
    assert list(np.flatnonzero(after.weight < 0.1)) == list(off) and np.all(before.weight == 0.8)
    width = before.draws.std(axis=0)[before.plan.active]
    shift = (after.draws.mean(axis=0) - before.draws.mean(axis=0))[before.plan.active]
    assert np.abs(shift / width).max() < 1 / 3
    assert after.chi_square == pytest.approx(before.chi_square, abs=0.1)
