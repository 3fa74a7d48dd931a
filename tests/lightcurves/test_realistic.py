"""The setting nearer to the sky: its cadence, its correlations, its noise."""

import numpy as np
import pytest

from agnbook.lightcurves import cadence, kalman, noise, population, realistic


def test_each_band_has_lsst_visits_in_common_seasons():
    rng = np.random.default_rng(0)
    cadences = [cadence.each_band(rng) for _ in range(40)]
    counts = np.array([np.bincount(band, minlength=6) for _, band in cadences])
    assert counts.mean(axis=0) == pytest.approx(cadence.LSST_VISITS, abs=8)  # 4 sd of the mean of 40 Poisson numbers
    for times, _ in cadences[:5]:
        assert (np.diff(times) >= 0).all() and 7 <= np.sum(np.diff(times) > 60) <= 12  # one long gap a year
    times, band = cadence.each_band(rng, np.zeros(6))
    assert np.bincount(band).tolist() == [cadence.FEWEST_IN_BAND] * 6


@pytest.fixture(scope="module")
def curves():
    return realistic.simulate(200, np.random.default_rng(1))


def test_the_population_is_bright_with_scattered_slopes(curves):
    assert curves.targets[:, 18].max() < population.BRIGHT_LIMIT and 0.2 < curves.latents[:, 7].std() < 0.4
    assert realistic.RHO_RANGE[0] < curves.rho.min() < 0.91 and 0.98 < curves.rho.max() < realistic.RHO_RANGE[1]
    some = curves.take([3, 5])
    assert len(some) == 2 and np.array_equal(some.one(1)[0], curves.one(5)[0])


def test_noise_is_that_of_single_visits(curves):
    seen = curves.band != kalman.UNSEEN
    assert np.isnan(curves.observed[~seen]).all() and np.isinf(curves.error[~seen]).all()
    scaled = ((curves.observed - curves.truth) / curves.error)[seen]
    assert scaled.std() == pytest.approx(1, abs=0.01)
    for b in range(6):
        mine = seen & (curves.band == b)
        every = np.repeat(curves.truth[mine][:, None], 6, axis=1)
        np.testing.assert_allclose(curves.error[mine], noise.single_visit(every)[:, b])


def test_misjudged_errors_and_outliers():
    rng = np.random.default_rng(2)
    larger = realistic.simulate(100, rng, error_factor=1.1)
    seen = larger.band != kalman.UNSEEN
    assert ((larger.observed - larger.truth) / larger.error)[seen].std() == pytest.approx(1.1, abs=0.01)
    spoilt = realistic.simulate(100, rng, outliers=0.05)
    off = np.abs(spoilt.observed - spoilt.truth) > 6 * spoilt.error
    assert 0.02 < off[spoilt.band != kalman.UNSEEN].mean() < 0.05


@pytest.mark.parametrize("rho", [0.0, 0.95, 1.0])
def test_the_walk_is_the_process_of_the_filter(rho):
    """Six bands at two times: variances and correlations are those that the filter assumes."""
    n, lag = 20_000, 50.0
    times, band = np.tile([0.0] * 6 + [lag] * 6, (n, 1)), np.tile(np.arange(12) % 6, (n, 1))
    tau, sigma = np.linspace(100, 400, 6), np.linspace(0.5, 0.2, 6)
    out, many = np.zeros((n, 12)), np.ones((n, 1))
    rng = np.random.default_rng(3)
    realistic._walk(times, band, np.full(n, 12), sigma * many, tau * many, np.full(n, rho), rng, out)
    mean_tau = 2 * np.sqrt(np.outer(tau, tau)) / (tau[:, None] + tau)
    rest = np.outer(sigma, sigma) * mean_tau * np.where(np.eye(6) == 1, 1, rho)
    later = rest * np.exp(-lag / tau)[:, None]  # covariance of the later band (row) with the earlier one (column)
    expected = np.block([[rest, later.T], [later, rest]])
    sd = np.tile(sigma, 2)
    np.testing.assert_allclose(np.cov(out.T) / np.outer(sd, sd), expected / np.outer(sd, sd), atol=5 / np.sqrt(n))
