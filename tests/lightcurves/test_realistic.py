"""The setting nearer to the sky: its cadence, its correlations, its noise."""

from dataclasses import replace

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


def test_noise_is_that_of_single_visits_and_its_faults(curves):
    seen = curves.band != kalman.UNSEEN
    assert np.isnan(curves.observed[~seen]).all() and np.isinf(curves.error[~seen]).all() and not curves.outlier[~seen].any()
    scaled = ((curves.observed - curves.truth) / curves.noise)[seen]
    assert scaled.std() == pytest.approx(1, abs=0.01) and np.mean(np.abs(scaled) > 2) == pytest.approx(0.0455, abs=0.004)
    for b in range(6):
        mine = seen & (curves.band == b)
        every = np.repeat(curves.truth[mine][:, None], 6, axis=1)
        np.testing.assert_allclose(curves.error[mine], noise.single_visit(every)[:, b])
    # expected: half of the largest share of outliers; an excess of .011 mag beside which u has errors several times larger
    assert curves.outlier[seen].mean() == pytest.approx(0.015, abs=0.003)
    faint, bright = (seen & ~curves.outlier & (curves.band == b) for b in (0, 3))
    faint, bright = (curves.noise[mine] / curves.error[mine] for mine in (faint, bright))
    assert np.median(faint) < np.median(bright)


def test_clean_curves_have_the_stated_errors_and_each_fault_comes_alone():
    rng, usual = np.random.default_rng(2), realistic.CLEAN
    clean = realistic.simulate(40, rng, faults=usual)
    seen = clean.band != kalman.UNSEEN
    np.testing.assert_allclose(clean.noise[seen], clean.error[seen])
    assert not clean.outlier.any()
    larger = realistic.simulate(40, rng, faults=replace(usual, factor=(1.1, 0.0)))
    seen = larger.band != kalman.UNSEEN
    np.testing.assert_allclose(larger.noise[seen], 1.1 * larger.error[seen])
    rough = realistic.simulate(40, rng, faults=replace(usual, excess_mag=(0.02, 0.0)))
    seen = rough.band != kalman.UNSEEN
    np.testing.assert_allclose(rough.noise[seen], np.hypot(rough.error[seen], 0.02))
    spoilt = realistic.simulate(100, rng, faults=replace(usual, outliers=(0.05, 0.05), outlier_mag=(0.5, 0.5)))
    seen = spoilt.band != kalman.UNSEEN
    assert spoilt.outlier[seen].mean() == pytest.approx(0.05, abs=0.003)
    np.testing.assert_allclose(spoilt.noise[spoilt.outlier], np.hypot(spoilt.error[spoilt.outlier], 0.5))


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
