"""Predictive distributions and conformal calibration."""

import numpy as np
import pytest
from scipy import stats

from agnbook.errors import ResultsError
from agnbook.redshifts import best_model, intervals


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_normal_matches_scipy_and_its_closed_crps():
    forecast = intervals.normal([1.0, 3.0], [0.5, 2.0])
    assert forecast.quantile(0.9) == pytest.approx(stats.norm.ppf(0.9, [1.0, 3.0], [0.5, 2.0]), rel=1e-6)
    truth = np.array([1.3, 1.0])
    u = (truth - forecast.mean) / forecast.sd
    closed = forecast.sd * (u * (2 * stats.norm.cdf(u) - 1) + 2 * stats.norm.pdf(u) - 1 / np.sqrt(np.pi))
    assert forecast.crps(truth) == pytest.approx(closed, rel=0.01)


def test_pit_inverts_quantile_and_stays_graded_in_the_tails():
    forecast = intervals.log_normal_redshift(np.full(5, 0.4), np.full(5, 0.2))
    levels = np.array([0.02, 0.3, 0.77, 0.9, 0.9997])
    assert forecast.pit(forecast.quantile(levels)) == pytest.approx(levels, abs=1e-9)
    far = forecast.rows(np.zeros(3, int)).pit([2.8, 4.0, 9.0])
    assert 0.9995 < far[0] < far[1] < far[2] == 1.0


def test_the_last_two_thousandths_reach_from_nothing_to_redshift_five():
    """No source of 4LAC lies beyond 4.4. Between the outermost quantile and the end the levels are interpolated."""
    forecast = intervals.normal([1.0], [0.1])
    assert (forecast.quantile(0.0)[0], forecast.quantile(1.0)[0]) == (0.0, 5.0)
    last = 1 + 0.1 * stats.norm.ppf(0.9995)
    assert forecast.quantile(0.99975) == pytest.approx((last + 5) / 2, rel=1e-6)


def test_calibrated_forecasts_have_uniform_pit_and_nominal_coverage(rng):
    mean, sd = rng.uniform(1, 2, 4000), rng.uniform(0.1, 0.4, 4000)
    truth = rng.normal(mean, sd)
    forecast = intervals.normal(mean, sd)
    assert stats.kstest(forecast.pit(truth), "uniform").pvalue > 0.01
    low, high = forecast.interval(0.34)
    assert np.mean((truth >= low) & (truth <= high)) == pytest.approx(0.68, abs=0.02)


def test_log_normal_redshift_has_the_moments_of_its_samples(rng):
    forecast = intervals.log_normal_redshift([0.5], [0.3])
    z = np.expm1(rng.normal(0.5, 0.3, 400_000))
    assert forecast.mean[0] == pytest.approx(z.mean(), abs=5e-3)
    assert forecast.sd[0] == pytest.approx(z.std(), abs=5e-3)


def test_weighted_quantiles_follow_the_weights(rng):
    atoms = rng.normal(size=(1, 5000))
    equal = intervals.weighted_quantiles(atoms, np.ones_like(atoms), [0.1, 0.5, 0.9])
    assert equal[0] == pytest.approx(np.quantile(atoms, [0.1, 0.5, 0.9]), abs=2e-3)
    tilted = intervals.weighted_quantiles(atoms, np.exp(atoms), [0.5])  # tilting a standard normal moves it to 1
    assert tilted[0, 0] == pytest.approx(1.0, abs=0.1)


def test_laplace_noise_adds_its_variance():
    forecast = intervals.with_laplace_noise([50.0], [0.3], 1.0, points=201)
    assert forecast.sd[0] == pytest.approx(np.sqrt(0.3**2 + 2), rel=0.03)
    assert intervals.with_laplace_noise([0.1], [0.1], 1.0).quantiles.min() == 0.0


def test_residuals_move_and_stretch():
    forecast = intervals.with_residuals([1.0, 2.0], np.linspace(-0.5, 0.5, 201), [1.0, 2.0])
    assert forecast.mean == pytest.approx([1.0, 2.0])
    low, high = forecast.interval(0.25)
    assert high - low == pytest.approx([0.5, 1.0], rel=0.01)


def test_held_out_uses_the_other_folds_and_keeps_the_order():
    folds, values = np.array([0, 1, 0, 2, 1, 2]), np.arange(6.0)
    seen_by = {}

    def make(seen, out):
        seen_by.update({row: set(seen) for row in out})
        return intervals.normal(values[out], np.ones(len(out)))

    forecast = intervals.held_out(make, folds)
    assert forecast.mean.tolist() == values.tolist()
    assert all(folds[row] not in folds[list(seen)] for row, seen in seen_by.items())


def test_conformal_half_width_is_the_stated_order_statistic():
    pit = np.array([0.5, 0.6, 0.3, 0.9])  # distances 0, .1, .2, .4
    assert intervals.conformal_half_width(pit, 0.6) == pytest.approx(0.2)  # the third of ceil(5 x 0.6)
    assert intervals.conformal_half_width(pit, 0.9) == 0.5


def test_conformal_calibration_repairs_a_distribution_that_is_too_narrow(rng):
    truth = rng.normal(2.0, 0.3, 3000)
    forecast = intervals.normal(np.full(3000, 2.0), np.full(3000, 0.15))
    half = intervals.conformal_half_width(forecast.pit(truth)[:1500], 0.6827)
    low, high = forecast.rows(slice(1500, None)).interval(half)
    assert np.mean((truth[1500:] >= low) & (truth[1500:] <= high)) == pytest.approx(0.6827, abs=0.03)


def test_groups_are_calibrated_apart_and_small_ones_fall_back(rng):
    pit = np.r_[rng.uniform(0.4, 0.6, 500), rng.uniform(0, 1, 500), 0.5]
    widths = intervals.conformal_half_widths(pit, np.r_[["tight"] * 500, ["wide"] * 500, ["rare"]], levels=(0.68,))
    assert widths["tight"][0] < 0.1 < 0.3 < widths["wide"][0]
    assert widths["rare"] == widths[None]
    assert intervals.look_up(widths, ["wide", "unheard of"])[:, 0].tolist() == [widths["wide"][0], widths[None][0]]


def test_two_part_sets_cover_near_and_distant_sources_alike(rng):
    centre = rng.gamma(2.0, 0.4, 20_000)
    truth = np.abs(centre + rng.normal(0, 0.5, len(centre)))
    forecast = intervals.normal(centre, np.full(len(centre), 0.5))
    pit, far = forecast.pit(truth), truth > intervals.DISTANT
    seen, new = np.arange(len(truth)) < 10_000, np.arange(len(truth)) >= 10_000
    half = [intervals.conformal_half_width(pit[seen & side], 0.6827) for side in (~far, far)]
    found = intervals.two_part_set(forecast, *half)
    inside = found.contains(truth)
    assert inside[new & far].mean() == pytest.approx(0.6827, abs=0.03)
    assert inside[new & ~far].mean() == pytest.approx(0.6827, abs=0.03)
    assert (found.length >= 0).all()
    assert not found.contains(np.full(len(truth), 1e3)).any()


def test_quantiles_that_do_not_fit_their_sources_are_refused():
    with pytest.raises(ResultsError, match="do not fit 2 sources"):
        intervals.Predictive(np.zeros((3, len(intervals.LEVELS))), np.zeros(2), np.zeros(2))


def test_empirical_repeats_one_distribution():
    forecast = intervals.empirical(np.arange(101.0), 3)
    assert len(forecast) == 3
    assert forecast.quantile(0.5).tolist() == [50.0] * 3


def test_cross_fitted_distributions_use_the_other_folds_of_the_same_repeat():
    folds = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    values = np.array([1.0, 2.0, 3.0, 4.0, 10.0, 20.0, 30.0, 40.0])
    forecast = intervals.cross_fitted(lambda seen, out: intervals.empirical(values[seen], len(out)), folds)
    np.testing.assert_allclose(forecast.mean, [3.5, 3.5, 1.5, 1.5, 30, 20, 30, 20])


def test_weighted_points_have_their_mean_and_deviation():
    found = intervals.from_points([[1.0, 2.0, 4.0]], [[1.0, 1.0, 2.0]])
    assert found.mean[0] == pytest.approx(2.75)
    assert found.sd[0] == pytest.approx(np.sqrt((1.75**2 + 0.75**2 + 2 * 1.25**2) / 4))


def test_near_and_far_meet_at_one_and_a_half():
    parts = intervals.two_part_set(intervals.normal([1.5], [0.4]), 0.49, 0.49)
    assert parts.near[0, 1] == 1.5 == parts.far[0, 0] and parts.near[0, 0] < 1 < 2 < parts.far[0, 1]


def test_half_of_a_distribution_is_local_and_half_is_at_the_source_s_own_scale():
    """By hand: residuals .1 and -.2 at scales .5 and .4, around 1 at scale 2; the leaf holds the first alone."""
    found = best_model.distribution(
        np.array([1.0]), np.array([2.0]), np.array([[1.0, 0.0]]), np.array([0.1, -0.2]), np.array([0.5, 0.4])
    )
    atoms, weights = np.array([1.1, 1 + 2 * 0.2, 1 - 2 * 0.5]) ** 2, np.array([0.5, 0.25, 0.25])
    assert found.mean[0] == pytest.approx(weights @ atoms)
    assert found.sd[0] == pytest.approx(np.sqrt(weights @ (atoms - weights @ atoms) ** 2))
