"""Coverage, intervals of a proportion, and reliability."""

import numpy as np
import pytest
from scipy import stats

from agnbook.judge import calibration


def test_coverage_and_wilson():
    assert calibration.coverage([1, 2, 3, 4], [0, 0, 3, 5], [1, 1, 3, 6]) == 0.5
    low, high = calibration.wilson_interval(0, 20)
    assert low == pytest.approx(0.0, abs=1e-12) and high == pytest.approx(0.161, abs=0.001)
    assert calibration.SIGMA_LEVELS == pytest.approx((0.6827, 0.9545, 0.9973), abs=1e-4)


def test_reliability_bins_hold_every_source():
    rng = np.random.default_rng(3)
    probability = rng.uniform(size=5000)
    bins = calibration.reliability(rng.uniform(size=5000) < probability, probability)
    assert bins["n"].sum() == 5000
    assert (np.abs(bins["predicted"] - bins["observed"]) < 0.06).all()
    assert (bins["low"] < bins["observed"]).all() and (bins["observed"] < bins["high"]).all()


def test_calibration_error_is_the_mean_distance_from_the_diagonal():
    labels, probability = np.repeat([0, 1], [30, 10]), np.repeat([0.1, 0.9], [30, 10])
    # bins of ten: three of zeros at 0.1, one of ones at 0.9
    assert calibration.calibration_error(labels, probability, 4) == pytest.approx(0.1)
    assert calibration.calibration_error(labels, np.where(labels, 0.9, 0.3), 4) == pytest.approx((3 * 0.3 + 0.1) / 4)
    # a bin of two, .2 away, and one of one, .1 away
    assert calibration.calibration_error([0, 1, 1], [0.2, 0.4, 0.9], 2) == pytest.approx((2 * 0.2 + 0.1) / 3)


@pytest.mark.parametrize("power", [0.5, 1.0, 3.0])  # too many large ranks, none too many, too many small ones
def test_the_largest_deviation_is_kolmogorovs_and_smirnovs(power):
    ranks = np.random.default_rng(1).uniform(size=300) ** power
    assert calibration.largest_deviation(ranks) == pytest.approx(stats.kstest(ranks, "uniform").statistic)


def test_ranks_among_few_draws_are_uniform_once_they_are_spread():
    """Of a perfect posterior each of 20 draws' 21 ranks is equally likely; on their own they stray by 1 / 21."""
    rng = np.random.default_rng(2)
    ranks = rng.integers(0, 21, 20000) / 20
    assert calibration.largest_deviation(ranks) == pytest.approx(1 / 21, abs=calibration.noise95(20000))
    even = calibration.spread(ranks, 20, rng)
    assert calibration.largest_deviation(even) < calibration.noise95(20000)
    assert (np.floor(even * 21) == np.round(ranks * 20)).all(), "each stays in its step"


def test_ranks_by_hand():
    truth, samples = np.array([[0.5], [2.0]]), np.array([[[0.0], [1.0], [2.0], [0.4]], [[0.0], [1.0], [3.0], [4.0]]])
    assert calibration.sbc_ranks(truth, samples)[:, 0].tolist() == [0.5, 0.5]
    levels, fraction = calibration.curve([0.1, 0.2, 0.9], [0.0, 0.2, 0.5, 1.0])
    assert levels.tolist() == [0.0, 0.2, 0.5, 1.0] and fraction == pytest.approx([0, 2 / 3, 2 / 3, 1])


def test_honest_forecasters_stray_by_chance_and_bold_ones_beyond():
    rng = np.random.default_rng(5)
    probability = rng.uniform(size=300)
    null = calibration.calibrated_errors(probability, 10, rng=rng, draws=400)
    assert null.shape == (400,) and null.min() > 0
    own = [calibration.calibration_error(rng.uniform(size=300) < probability, probability) for _ in range(200)]
    assert np.mean(own) == pytest.approx(null.mean(), rel=0.1)
    bold = probability**2 / (probability**2 + (1 - probability) ** 2)
    assert calibration.calibration_error(rng.uniform(size=300) < probability, bold) > np.quantile(null, 0.99)
