"""The filter of six correlated walks against dense Gaussian processes, and against the book's other engines."""

import numpy as np
import pytest

from agnbook.lightcurves import kalman, population
from agnbook.quasars import statespace

N = 50


def dense(log_tau, log_sf, mean, rho, times, band, values, errors, stepped):
    """Gaussian log-density with the covariance of every pair of times written out, step by step."""
    tau, s = 10**log_tau, 10**log_sf
    correlation = np.full((6, 6), rho)
    np.fill_diagonal(correlation, 1)
    rest = np.outer(s, s) * correlation * 2 * np.sqrt(np.outer(tau, tau)) / (tau[:, None] + tau)
    here = np.outer(s, s) if stepped else rest
    pairs = np.zeros((len(times), len(times), 6, 6))
    for k in range(len(times)):
        if k > 0:
            a = np.exp(-(times[k] - times[k - 1]) / tau)
            kick = s * np.sqrt(1 - a**2)
            here = np.outer(a, a) * here + (np.outer(kick, kick) if stepped else rest * (1 - np.outer(a, a)))
            for other in range(k):
                pairs[k, other] = a[:, None] * pairs[k - 1, other]
                pairs[other, k] = pairs[k, other].T
        pairs[k, k] = here
    seen = np.flatnonzero(band != kalman.UNSEEN)
    covariance = np.array([[pairs[k, m][band[k], band[m]] for m in seen] for k in seen]) + np.diag(errors[seen] ** 2)
    residual = values[seen] - mean[band[seen]]
    return -0.5 * (residual @ np.linalg.solve(covariance, residual) + np.linalg.slogdet(2 * np.pi * covariance)[1])


@pytest.fixture
def curve():
    """Times of which some coincide, bands of which some are unseen, magnitudes and errors."""
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(0, 2000, N))
    times[10:16] = times[10]
    return times, rng.integers(kalman.UNSEEN, 6, N), 20 + 0.3 * rng.standard_normal(N), rng.uniform(0.01, 0.1, N)


@pytest.fixture
def draws():
    """Log time-scales, log amplitudes, means and correlations of more draws than share one filter."""
    rng = np.random.default_rng(1)
    return rng.uniform(1.5, 3, (20, 6)), rng.uniform(-1, -0.3, (20, 6)), 20 + 0.1 * rng.standard_normal((20, 6)), rng.random(20)


@pytest.mark.parametrize("stepped", [False, True])
def test_likelihood_is_that_of_the_dense_process(stepped, curve, draws):
    *parameters, rho = draws
    rho = np.ones(20) if stepped else rho
    found = kalman.correlated_log_likelihood(*parameters, rho, *curve, stepped=stepped)
    for d in (0, 7, 19):
        expected = dense(*(each[d] for each in parameters), rho[d], *curve, stepped)
        assert found[d] == pytest.approx(expected, abs=1e-6)


def test_without_correlation_it_is_six_filters(draws):
    rng = np.random.default_rng(2)
    times, errors = np.sort(rng.uniform(0, 3000, N)), rng.uniform(0.01, 0.06, (N, 6))
    magnitudes = 20 + 0.3 * rng.standard_normal((N, 6))
    found = kalman.correlated_log_likelihood(
        *draws[:3], np.zeros(20), np.repeat(times, 6), np.tile(np.arange(6), N), magnitudes.ravel(), errors.ravel()
    )
    np.testing.assert_allclose(found, kalman.separate_log_likelihood(*draws[:3], times, magnitudes, errors), rtol=1e-9)


def test_it_agrees_with_the_filter_of_real_quasars(curve, draws):
    """That one integrates the means out: ours, integrated over its Gaussian of the means, must give the same."""
    times, band, values, errors = (each[curve[1] != kalman.UNSEEN] for each in curve)
    log_tau, log_sf, _, rho = (each[3] for each in draws)
    covariance = statespace.stationary(10**log_tau, 10**log_sf, rho, 8)
    logdet, products = statespace.whiten(10**log_tau, covariance, times, band, values - 20, errors**2)
    value, mean, factor = statespace.integrate_means(logdet, products, 6, len(times))
    at = np.tile([log_tau, log_sf, 20 + mean], (1, 1, 1)).reshape(3, 1, 6)
    ours = kalman.correlated_log_likelihood(*at, np.array([rho]), times, band, values, errors)[0]
    # likelihood at the means' expectation x prior there = marginal likelihood x posterior density there
    prior = -0.5 * np.sum(mean**2) / statespace.MEAN_VARIANCE - 3 * np.log(2 * np.pi * statespace.MEAN_VARIANCE)
    posterior = np.log(np.diag(factor)).sum() - 3 * np.log(2 * np.pi)
    assert ours + prior == pytest.approx(value + posterior, abs=1e-6)


def test_two_states_describe_one_driver_to_second_order():
    """`kalman.fit`'s likelihood expands six bands about one time-scale: the exact one moves alike between two points."""
    rng = np.random.default_rng(3)
    times, theta = np.sort(rng.uniform(0, 1500, 80)), np.array([2.4, 0.17, -0.5, -0.479])
    values, errors = 20 + 0.2 * rng.standard_normal((80, 1)) + 0.03 * rng.standard_normal((80, 6)), np.full((80, 6), 0.05)
    band = np.tile(np.arange(len(population.BANDS)), 80)

    def exact(theta):
        tau, sf = 10 ** (theta[0] + theta[1] * kalman.BAND_X), 10 ** (theta[2] + theta[3] * kalman.BAND_X)
        data = np.repeat(times, 6), band, values.ravel() - 20, errors.ravel() ** 2
        logdet, products = statespace.whiten(tau, statespace.stationary(tau, sf, 1.0, 8), *data)
        return statespace.integrate_means(logdet, products, 6, len(band))[0]

    other = theta + np.array([0.1, 0, 0.05, 0])
    approximate = [kalman.log_likelihood(each, times, values, errors) for each in (theta, other)]
    assert exact(other) - exact(theta) == pytest.approx(approximate[1] - approximate[0], abs=0.5)
