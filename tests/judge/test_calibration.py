"""Coverage, intervals of a proportion, and reliability."""

import numpy as np
import pytest

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
