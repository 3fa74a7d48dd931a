"""The simulator against theory and against the DC2 table."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from agnbook.errors import BookError
from agnbook.lightcurves import cadence, dataset, drw, noise, population


@pytest.fixture(scope="module")
def pool():
    return cadence.pool(30, np.random.default_rng(5))


def test_population_reproduces_the_dc2_table():
    targets = population.targets_from_latents(population.sample(20_000, np.random.default_rng(0)))
    assert targets.std(axis=0)[[0, 6, 12]] == pytest.approx([0.296, 0.158, 0.55], abs=0.02)
    assert np.median(targets[:, 12]) == pytest.approx(7.6, abs=0.05)
    assert np.mean(targets[:, 13] > -22) == pytest.approx(0.94, abs=0.01)
    assert np.median(targets[:, 18]) == pytest.approx(25.9, abs=0.3)
    assert targets[:, 14].min() > 0.17 and targets[:, 14].max() < 3.1
    assert stats.spearmanr(targets[:, 12], targets[:, 14])[0] < -0.1


def test_bright_population_is_bright_and_unknown_ones_are_refused():
    targets = population.targets_from_latents(population.sample(500, np.random.default_rng(1), "lsst_bright"))
    assert targets.shape == (500, 21) and targets[:, 18].max() < population.BRIGHT_LIMIT
    with pytest.raises(BookError, match="faint"):
        population.sample(3, np.random.default_rng(0), "faint")


def test_k_correction_vanishes_for_a_power_law_of_index_minus_one(monkeypatch):
    # f_nu ~ 1/nu: nu f_nu is flat, so K = -2.5 log10(1+z) from the bandwidth and +2.5 log10(1+z) from the shift
    monkeypatch.setattr(population, "spectrum", lambda wavelength, slope=0.0: np.asarray(wavelength, float))
    population._photometry.cache_clear()
    try:
        from astropy.cosmology import FlatLambdaCDM

        z = np.array([0.5, 1.5])
        got = population.mean_magnitudes(np.zeros(2), z, np.zeros(2))[:, 3]
        assert got == pytest.approx(FlatLambdaCDM(H0=71, Om0=0.265).distmod(z).value, abs=1e-3)
    finally:
        population._photometry.cache_clear()


def test_walk_has_the_stationary_variance_autocorrelation_and_structure_function():
    rng = np.random.default_rng(2)
    times = np.array([0.0, 7.0, 100.0, 400.0])
    sigma, tau = np.full((40_000, 6), 0.3), np.full((40_000, 6), 300.0)
    x = drw.simulate(times, np.array([0, 4]), np.zeros(40_000, int), sigma, tau, rng)[:, :, 0].astype(float)
    assert x.std(axis=0) == pytest.approx(0.3, rel=0.02)
    assert np.corrcoef(x[:, 0], x[:, 2])[0, 1] == pytest.approx(np.exp(-1 / 3), abs=0.01)  # .717
    for k in range(1, 4):
        rms = np.sqrt(np.mean((x[:, k] - x[:, 0]) ** 2))
        assert rms == pytest.approx(drw.structure_function(times[k], 0.3, 300.0), rel=0.02)


def test_drivers_are_shared_or_independent():
    rng = np.random.default_rng(3)
    args = (np.array([0.0, 5.0]), np.array([0, 2]), np.zeros(4000, int), np.ones((4000, 6)), np.full((4000, 6), 200.0), rng)
    shared, independent = drw.simulate(*args, shared=True), drw.simulate(*args, shared=False)
    assert np.corrcoef(shared[:, 1, 0], shared[:, 1, 5])[0, 1] > 0.999
    assert abs(np.corrcoef(independent[:, 1, 0], independent[:, 1, 5])[0, 1]) < 0.06
    with pytest.raises(BookError, match="tau > 0"):
        drw.simulate(args[0], args[1], args[2], args[3], 0 * args[4], rng)


def test_cadence_keeps_seasons_and_counts():
    rng = np.random.default_rng(4)
    for _ in range(5):
        times = cadence.visits(rng)
        assert 500 <= len(times) <= 1000 and np.all(np.diff(times) > 0)
        assert 0 <= times[0] and times[-1] < cadence.DURATION + 1
        gaps = np.diff(times)
        assert 8 <= np.sum(gaps > 80) <= 11  # one long gap a year
    assert len(cadence.visits(rng, 37)) == 37
    with pytest.raises(BookError, match="100000"):
        cadence.visits(rng, 100_000)


def test_pool_merges_visits_and_grid(pool):
    times, seen = pool.one(3)
    assert np.array_equal(times[~seen], cadence.GRID) and np.all(np.diff(times) >= 0)
    assert len(pool) == 30


def test_single_visit_noise_is_a_fifth_at_the_depth_and_added_as_stated(pool):
    assert noise.single_visit(noise.M5) == pytest.approx(0.2, abs=0.005)  # five sigma
    truth = np.tile(noise.M5 - 2.0, (200, 50, 1)).astype(np.float32)
    seen = np.ones((200, 50), bool)
    seen[:, 10] = False
    observed, error = noise.add(truth, seen, np.random.default_rng(0), "single_visit")
    assert np.isnan(observed[:, 10]).all() and np.isinf(error[:, 10]).all()
    keep = np.arange(50) != 10
    assert error[:, keep] == pytest.approx(np.broadcast_to(noise.single_visit(truth), truth.shape)[:, keep], rel=1e-4)
    assert ((observed - truth) / error)[:, keep].std() == pytest.approx(1.0, abs=0.02)


def test_constant_noise_is_a_hundredth_of_a_magnitude():
    """As the paper's code has it."""
    truth = np.full((200, 50, 6), 20.0, np.float32)
    observed, error = noise.add(truth, np.ones((200, 50), bool), np.random.default_rng(0), "constant")
    assert (error == np.float32(0.01)).all() and (observed - truth).std() == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize("setting", dataset.SETTINGS)
def test_one_seed_one_data_set(setting, pool):
    a, b = (dataset.simulate(20, np.random.default_rng(9), pool, setting) for _ in range(2))
    assert np.array_equal(a.observed, b.observed, equal_nan=True) and len(a) == 20
    assert np.isfinite(a.observed[a.is_visit]).all() and np.isnan(a.observed[~a.is_visit]).all()
    assert len(a.take(slice(0, 5))) == 5


def test_unknown_setting():
    with pytest.raises(BookError, match="dc3"):
        dataset.simulate(1, np.random.default_rng(0), cadence.pool(1, np.random.default_rng(0)), "dc3")


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda t, m, e: (t[::-1], m, e), "ascend"),
        (lambda t, m, e: (np.where(np.arange(len(t)) == 1, t[0], t), m, e), "repeats"),
        (lambda t, m, e: (t, np.where(np.arange(len(t))[:, None] == 3, np.nan, m), e), "NaN"),
        (lambda t, m, e: (t, m, -e), "positive"),
        (lambda t, m, e: (t, np.where(np.arange(6) == 2, np.nan, m), e), "Band r is empty"),
        (lambda t, m, e: (t[:1], m[:1], e[:1]), "1 visits"),
        (lambda t, m, e: (np.arange(1e5), np.ones((100_000, 6)), np.ones((100_000, 6))), "100000 visits"),
        (lambda t, m, e: (t, m[:, :5], e), "Shapes"),
    ],
)
def test_bad_light_curves_are_refused(spoil, message):
    times, magnitudes, errors = np.arange(40.0), np.full((40, 6), 20.0), np.full((40, 6), 0.01)
    assert len(dataset.from_arrays(times, magnitudes, errors)) == 1
    with pytest.raises(BookError, match=message):
        dataset.from_arrays(*spoil(times, magnitudes, errors))
    with pytest.raises(BookError, match="order u, g"):
        dataset.check(times, magnitudes, errors, bands="ugrizy")


def test_speed_is_a_rate():
    table = dataset.speed(20, 2)
    assert isinstance(table, pd.DataFrame) and table.curves_per_second[0] > 20
