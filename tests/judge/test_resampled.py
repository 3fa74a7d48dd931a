"""Errors from random splits, against samples whose true error is known."""

import numpy as np
import pytest

from agnbook.judge import resampled


def splits(x, n_splits, rng, kept=0.7):
    """Means of random parts and of what they leave out."""
    n = round(kept * len(x))
    orders = rng.permuted(np.tile(np.arange(len(x)), (n_splits, 1)), axis=1)
    return x[orders[:, :n]].mean(axis=1), x[orders[:, n:]].mean(axis=1)


def test_delete_d_gives_the_standard_error_of_a_mean():
    x = np.random.default_rng(0).normal(2, 3, 400)
    parts, _ = splits(x, 4000, np.random.default_rng(1))
    assert resampled.sampling_std(parts, 0.7) == pytest.approx(x.std(ddof=1) / np.sqrt(400), rel=0.05)
    assert np.std(parts) < 0.7 * x.std() / np.sqrt(400), "the uncorrected scatter is too small"


def test_the_interval_covers_a_true_difference_and_the_usual_one_does_not():
    rng, inside, naive = np.random.default_rng(2), 0, 0
    for _ in range(400):
        gap = rng.normal(0.5, 1, 300)  # one method minus the other, source by source
        _, tested = splits(gap, 10, rng)
        _, low, high = resampled.difference(tested, 0.3)
        inside += low <= 0.5 <= high
        naive += abs(tested.mean() - 0.5) <= 2.26 * tested.std(ddof=1) / np.sqrt(10)
    assert inside / 400 > 0.9
    assert naive / 400 < 0.75


def test_the_interval_of_three_splits_by_hand():
    """Mean 2, variance 1, a third tested: 95 % of Student's t with two degrees of freedom lie within 4.3027."""
    mean, low, high = resampled.difference([1.0, 2.0, 3.0], 1 / 3)
    half = 4.30265 * np.sqrt(1 / 3 + 1 / 2)
    assert (mean, low, high) == pytest.approx((2, 2 - half, 2 + half), rel=1e-5)


def test_splits_without_a_value_do_not_count():
    values = np.array([[1.0, np.nan], [2.0, 4.0], [3.0, np.nan], [np.nan, np.nan]])
    mean, low, high = resampled.difference(values, 0.3)
    assert mean[0] == 2 and low[0] < 2 < high[0]
    assert np.isnan([mean[1], low[1], high[1]]).all()
