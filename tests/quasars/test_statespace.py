"""The likelihood and the smoother against dense Gaussian algebra, celerite2 and the simulator's own filter."""

import celerite2
import numpy as np
import pytest
from celerite2 import terms

from agnbook import quasars
from agnbook.lightcurves import kalman
from agnbook.quasars import model as models
from agnbook.quasars import statespace
from agnbook.quasars.simulate import noiseless, simulate

from .conftest import cadence, parameters

OU = models.Model(tails=np.inf)
LAG = OU.but(lag=True)
DHO = OU.but(process="dho")


def dense(curve, theta, model, times=None, band=None):
    """Covariance of the signal, means included, at the measurements and other points; (n + m, n + m)."""
    plan = models.layout(model, curve)
    tau, amplitude, rho = models.unpack(theta, plan.x, plan.slots)
    t = np.concatenate([curve.times, [] if times is None else times])
    b = np.concatenate([curve.band, [] if band is None else band]).astype(int)
    t = t - models.lags(theta, plan.x)[b]
    dt = t[:, None] - t[None, :]
    covariance = statespace.stationary(tau, amplitude, rho, len(tau))[b[:, None], b[None, :]]
    if model.process == "ou":
        covariance = covariance * np.exp(-np.abs(dt) / np.where(dt > 0, tau[b][:, None], tau[b][None, :]))
    else:
        quality, omega = 10 ** theta[models.QUALITY], 1 / (10 ** theta[models.QUALITY] * tau[0])
        h = np.array([1, 10 ** theta[models.KICK]]) / np.hypot(1, 10 ** theta[models.KICK])
        values, vectors = np.linalg.eig(np.array([[0, omega], [-omega, -omega / quality]]))
        left, right = h @ vectors, np.linalg.solve(vectors, h)
        kernel = np.real(np.sum(left * right * np.exp(np.abs(dt)[..., None] * values), axis=-1))
        covariance = covariance * kernel
    return covariance + statespace.MEAN_VARIANCE * (b[:, None] == b[None, :])


def gaussian(y, covariance):
    return -0.5 * (y @ np.linalg.solve(covariance, y) + np.linalg.slogdet(covariance)[1] + len(y) * np.log(2 * np.pi))


CASES = {
    "six bands": (OU, "ugrizy", {"logit_rho": 2.0, "tau_slope": 0.3}),
    "one driver": (OU.but(rho=1.0), "gri", {}),
    "a driver each": (OU.but(rho=0.0), "gri", {}),
    "one band": (OU, "r", {}),
    "lag": (LAG, "gri", {"lag": 8.0, "tau_slope": 0.3}),
    "scattered": (OU.but(spectrum="scattered"), "gri", {"deviation_g": 0.2, "log_scale": 0.02}),
    "oscillator": (DHO, "gri", {"log_quality": 0.4}),
    "damped oscillator": (DHO, "gri", {"log_quality": -0.8, "log_tau": 2.0}),
}


@pytest.mark.parametrize("case", CASES)
def test_likelihood_smoother_and_residuals_agree_with_dense_algebra(case, rng):
    model, bands, values = CASES[case]
    curve = cadence(rng, seasons=3, visits=5, bands=bands)
    theta = parameters(curve, model, **values)
    curve = simulate(curve, theta, rng, model)
    n, times, band = len(curve), rng.uniform(50900, 52400, 20), rng.integers(0, len(bands), 20)
    weight = rng.uniform(0.2, 1.2, n)
    plan = models.layout(model, curve)
    noise = models.variances(theta, plan.slots, curve.band, curve.errors, weight)
    covariance = dense(curve, theta, model, times, band)
    observed = covariance[:n, :n] + np.diag(noise)
    y = models.centred(curve)
    assert models.log_likelihood(curve, theta, model, weight) == pytest.approx(gaussian(y, observed), abs=1e-6)

    (mean, sd), residual, residual_sd, own = models.smooth(curve, theta, model, weight, times, band)
    gain = np.linalg.solve(observed, covariance[:n, n:]).T
    np.testing.assert_allclose(mean - curve.centre[band], gain @ y, atol=1e-7)
    np.testing.assert_allclose(sd**2, np.diag(covariance[n:, n:] - gain @ covariance[:n, n:]), atol=1e-7)
    inverse = np.linalg.inv(observed)
    np.testing.assert_allclose(residual, inverse @ y / np.diag(inverse), atol=1e-6)
    np.testing.assert_allclose(residual_sd**2, 1 / np.diag(inverse), rtol=1e-5)
    np.testing.assert_allclose(own, noise)


def test_one_band_agrees_with_celerite2(rng):
    curve = cadence(rng, bands="r")
    theta = parameters(curve, OU)
    curve = simulate(curve, theta, rng, OU)
    tau, sigma, _ = (np.squeeze(v) for v in models.unpack(theta, models.layout(OU, curve).x, models.layout(OU, curve).slots))
    kernel = terms.RealTerm(a=sigma**2, c=1 / tau) + terms.RealTerm(a=statespace.MEAN_VARIANCE, c=1e-13)
    process = celerite2.GaussianProcess(kernel, mean=curve.centre[0])
    process.compute(curve.times, diag=curve.errors**2 + 10 ** (2 * theta[models.EXCESS]))
    assert models.log_likelihood(curve, theta, OU) == pytest.approx(process.log_likelihood(curve.values), abs=1e-4)


@pytest.mark.parametrize("shared", [False, True])
def test_agrees_with_the_filter_of_the_simulators(shared, rng):
    """Six simultaneous bands. With one driver that filter is of second order in ln(tau_b / tau): hence the tolerance."""
    times = np.repeat(np.sort(rng.uniform(0, 2000, 40)), 6)
    band = np.tile(list("ugrizy"), 40)
    wavelengths = dict(zip("ugrizy", 10**kalman.BAND_X * kalman.PIVOT, strict=True))
    model = OU.but(rho=float(shared), excess=0.0)
    curve = quasars.light_curve("x", times, band, np.full(240, 20.0), np.full(240, 0.03), wavelengths=wavelengths, survey="lsst")
    theta = parameters(curve, model, log_tau=2.3, tau_slope=0.17, log_sigma=-0.4, sigma_slope=-0.479)
    other = theta.copy()
    other[[0, 2]] += [0.1, 0.02]
    curve = simulate(curve, theta, rng, model)

    def of_simulators(theta):
        shape = (40, 6)
        return kalman.log_likelihood(
            theta[:4], times.reshape(shape)[:, 0], curve.values.reshape(shape), curve.errors.reshape(shape), shared=shared
        )

    ours = models.log_likelihood(curve, other, model) - models.log_likelihood(curve, theta, model)
    # the constants of the means' priors differ; the difference between two points does not depend on them
    assert ours == pytest.approx(of_simulators(other) - of_simulators(theta), abs=0.15 if shared else 0.02)


def test_an_oscillator_becomes_a_random_walk(rng):
    """The velocity's weight that cancels the fast pole leaves the slow one: exactly the one-state process."""
    curve = cadence(rng, bands="gr", seasons=3)
    curve = simulate(curve, parameters(curve, OU), rng, OU)
    quality, tau = 0.1, 200.0
    omega = 1 / (quality * tau)
    damping = 0.5 * omega / quality
    fast = damping + np.sqrt(damping**2 - omega**2)
    slow = omega**2 / fast
    oscillator = parameters(curve, DHO, log_tau=np.log10(tau), log_quality=np.log10(quality), log_kick=np.log10(omega / fast))
    walk = parameters(curve, OU, log_tau=-np.log10(slow), tau_slope=0.0)
    assert models.log_likelihood(curve, oscillator, DHO) == pytest.approx(models.log_likelihood(curve, walk, OU), abs=1e-6)


def test_order_of_rows_and_unused_width_do_not_matter(rng):
    """Eight bands fill the padded state; the same rows in another order are the same curve."""
    wavelengths = {f"b{i}": 3000.0 + 800 * i for i in range(8)}
    times, band = rng.uniform(0, 900, 120), rng.integers(0, 8, 120)
    names = np.array(list(wavelengths))[band]
    values, errors = 18 + 0.2 * rng.standard_normal(120), np.full(120, 0.05)
    curve = quasars.light_curve("x", times, names, values, errors, wavelengths=wavelengths)
    order = rng.permutation(120)
    other = quasars.light_curve("x", times[order], names[order], values[order], errors[order], wavelengths=wavelengths)
    theta = parameters(curve, OU)
    assert len(curve.bands) == 8
    assert models.log_likelihood(curve, theta, OU) == models.log_likelihood(other, theta, OU)
    expected = gaussian(
        models.centred(curve),
        dense(curve, theta, OU) + np.diag(curve.errors**2 + 10 ** (2 * theta[models.EXCESS])),
    )
    assert models.log_likelihood(curve, theta, OU) == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
def test_simulated_curves_have_the_covariance_that_the_likelihood_assumes(rng):
    curve = cadence(rng, seasons=2, visits=4, bands="gr")
    theta = parameters(curve, OU, logit_rho=1.5, tau_slope=0.5, log_tau=1.7)
    drawn = np.array([noiseless(curve, theta, rng, OU) for _ in range(4000)])
    expected = dense(curve, theta, OU) - statespace.MEAN_VARIANCE * (curve.band[:, None] == curve.band[None, :])
    # a covariance of 4000 draws scatters by sigma^2 sqrt(2 / 4000) or less: 5 times that
    assert np.abs(np.cov(drawn.T) - expected).max() < 5 * expected.max() * np.sqrt(2 / 4000)
