"""Formulas and levels of fits and predictions, each against an independent value: numbers chosen so that the answer is known."""

from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

from agnbook import quasars
from agnbook.quasars import model as models
from agnbook.quasars import optimise, posterior, sample
from agnbook.quasars.model import DEFAULT, RHO

predict = import_module("agnbook.quasars.predict")  # the package has a function of this name
STANDARD = norm.ppf((np.arange(400) + 0.5) / 400)
ROOT_2 = 0.5 * np.log10(2)


@pytest.fixture(scope="module")
def fit():
    rng = np.random.default_rng(3)
    times = np.sort(rng.uniform(0, 3000, 80))
    values = 19 + 0.2 * np.sin(times / 300) + rng.normal(0, 0.02, 80)
    curve = quasars.light_curve("a", times, np.array(list("gr") * 40), values, np.full(80, 0.02), survey="sdss", redshift=1.5)
    return quasars.fit(curve)


def _with(fit, **columns):
    """The fit with other draws of some parameters, and the slopes of all bands zero."""
    draws = fit.draws.copy()
    for name, values in ({"tau_slope": 0.0, "sigma_slope": 0.0} | columns).items():
        draws[:, fit.plan.names.index(name)] = values
    return replace(fit, draws=draws)


def test_rest_frame_times_are_shorter_by_one_plus_the_redshift(fit):
    found = _with(fit, log_tau=2.5).quantities()
    assert found["log_tau_rest"].to_numpy() == pytest.approx(2.5 - np.log10(2.5))
    assert found["log_tau_rest_g"].to_numpy() == pytest.approx(found["log_tau_g"].to_numpy() - np.log10(2.5))


def test_the_rest_frame_is_that_of_4000_angstrom(fit):
    """At redshift 1.5 that is 10000 A observed, a factor of 5 / 3 from 6000 A: slopes of 1 and -1 move by its logarithm."""
    found = _with(fit, log_tau=2.5, log_sigma=-1.0, tau_slope=1.0, sigma_slope=-1.0).quantities()
    assert found["log_tau_rest"].to_numpy() == pytest.approx(2.5 + np.log10(5 / 3) - np.log10(2.5))
    assert found["log_sf_rest"].to_numpy() == pytest.approx(-1 + ROOT_2 - np.log10(5 / 3))


def test_the_structure_function_at_infinity_is_root_two_standard_deviations(fit):
    same = _with(fit, log_sigma=-1.0)
    offset = same.draws[:, same.plan.slots[1]]  # of each band
    found = same.quantities()
    for column, band in zip(offset.T, same.curve.bands, strict=True):
        assert found[f"log_sf_{band}"].to_numpy() == pytest.approx(-1 + column + ROOT_2)
    assert found["log_sf_6000"].to_numpy() == pytest.approx(-1 + ROOT_2)


def test_half_widths_are_those_of_one_standard_deviation(fit):
    row = _with(fit, log_tau=2.5 + 0.1 * STANDARD).summary()
    assert (row["log_tau_6000"], row["log_tau_6000_sd"]) == pytest.approx((2.5, 0.1), rel=0.01)


def test_the_interval_of_rho_is_that_of_one_standard_deviation(fit):
    draws = fit.draws.copy()
    draws[:, RHO] = 2 + STANDARD
    found = sample.shape(replace(fit, draws=draws))
    wanted = [1 / (1 + np.exp(-x)) for x in (1, 2, 3)]
    assert [found["rho_low"], found["rho"], found["rho_high"]] == pytest.approx(wanted, abs=0.002)


def test_a_mixture_of_curves_has_their_mean_variance_and_the_variance_of_their_means(fit):
    two = [replace(fit, draws=fit.draws[[k]]) for k in (0, 200)]
    apart = [predict.reconstruct(each, [500.0, 5000.0], curves=1) for each in two]
    both = predict.reconstruct(replace(fit, draws=fit.draws[[0, 200]]), [500.0, 5000.0], curves=2)
    (m1, s1), (m2, s2) = ((each["value"].to_numpy(), each["sd"].to_numpy()) for each in apart)
    assert both["value"].to_numpy() == pytest.approx((m1 + m2) / 2)
    assert both["sd"].to_numpy() ** 2 == pytest.approx((s1**2 + s2**2) / 2 + (m1 - m2) ** 2 / 4)
    assert ((m1 - m2) ** 2 / 4 / both["sd"] ** 2).max() > 1e-3, "the second term is seen"


def test_uncertainties_of_fluxes_follow_their_slope_in_magnitudes():
    times = np.arange(40) * 30.0
    flux = 100 * (1 + 0.1 * np.sin(times / 200))
    curve = quasars.light_curve("f", times, ["g"] * 40, flux, np.full(40, 2.0), survey="sdss", unit="flux", zero_point=0.0)
    fit = quasars.fit(curve)
    found = predict.reconstruct(fit, [310.0, 900.0])
    mean, sd = predict._mixture(fit, np.array([310.0, 900.0]), np.zeros(2, int), predict.CURVES)
    index = np.zeros(2, int)
    slope = (curve.to_unit(mean + 1e-4, index) - curve.to_unit(mean - 1e-4, index)) / 2e-4
    assert found["sd"].to_numpy() == pytest.approx(np.abs(slope) * sd, rel=1e-3)


def test_residuals_are_in_units_of_what_all_others_leave_open(fit):
    """At weight 1 the variance of a residual is the smoother's own."""
    ones, residual, spread = np.ones(80), np.linspace(-1, 1, 80), np.full(80, 0.04)
    found, _ = posterior._residuals(fit.curve, fit.model, fit.plan, fit.theta, ones, residual, spread)
    assert found == pytest.approx(residual / 0.2)


@pytest.mark.parametrize(("off", "outlying"), [(3.8, False), (4.2, True)])
def test_an_outlier_is_four_standard_deviations_off(off, outlying):
    """At errors of .03 mag, in the units of Student's t with 10 degrees of freedom, whose variance is 10 / 8."""
    values = np.tile([0.01, -0.01], 100)
    curve = quasars.light_curve("c", np.arange(200.0), ["r"] * 200, 19 + values, np.full(200, 0.03), survey="sdss")
    plan = models.layout(DEFAULT, curve)
    theta, weight, values = plan.mean.copy(), np.ones(200), models.centred(curve)
    theta[[models.SIGMA, models.EXCESS]] = -6.0  # constant light, errors as stated
    values[50] = off * 0.03 * np.sqrt(10 / 8)
    data = (plan.process, plan.x, plan.slots, curve.times, curve.band, values, curve.errors, weight)
    optimise.robust_weights(theta, 10.0, 2, *data)
    assert np.delete(weight, 50) == pytest.approx(0.8)
    assert weight[50] == pytest.approx(0.03**2 / (0.03**2 * 10 / 8 + 1) if outlying else 0.8)


@pytest.mark.parametrize(("gain", "flagged"), [(2.9, False), (3.1, True)])
def test_a_fixed_correlation_is_contradicted_by_three_in_log_likelihood(fit, monkeypatch, gain, flagged):
    theta = fit.theta.copy()
    theta[RHO] = 0.0
    free = SimpleNamespace(problem="", theta=theta, log_posterior=fit.log_posterior + gain)
    monkeypatch.setattr(posterior, "fit", lambda *_, **__: free)
    said = posterior._contradiction(replace(fit, model=fit.model.but(rho=0.99)))
    assert bool(said) == flagged and (not flagged or "correlated by 0.500, the setting says 0.99" in said[0])


def test_draws_follow_a_bent_ridge(monkeypatch):
    """Of a normal number x and one of width .1 about x^2 / 2: bent draws have its moments, straight ones are not trusted."""
    monkeypatch.setattr(
        optimise, "densities", lambda x, theta: -0.5 * (x[:, 0] ** 2 + ((x[:, 1] - 0.5 * x[:, 0] ** 2) / 0.1) ** 2)
    )
    centre, factor = np.zeros(2), np.diag([1.0, 0.1])
    bend = posterior._bend(None, centre, factor, ())
    assert bend == pytest.approx(np.array([[0, 0.5], [0, 0.5]]), abs=0.01)
    points, weights, k_hat = posterior._importance(np.random.default_rng(0), None, centre, factor, (), 4000)
    assert k_hat < 0.2
    assert weights @ points == pytest.approx([0, 0.5], abs=0.05)  # of 4000 draws, three standard errors
    assert weights @ points**2 == pytest.approx([1, 0.76], abs=0.12)
    monkeypatch.setattr(posterior, "_bend", lambda *_: np.zeros((2, 2)))
    assert posterior._importance(np.random.default_rng(0), None, centre, factor, (), 4000)[2] > 0.7


def test_an_axis_stays_straight_where_the_next_step_has_no_likelihood(monkeypatch):
    """As of an oscillator far off: the slope is known, and the step that it asks for cannot be weighed."""

    def densities(x, theta):
        if np.any(np.abs(x[:, 1]) > 1):
            raise np.linalg.LinAlgError("Matrix is not positive definite.")
        return 1000 * x[:, 1]

    monkeypatch.setattr(optimise, "densities", densities)
    assert np.all(posterior._bend(None, np.zeros(2), np.diag([1.0, 0.1]), ()) == 0)
