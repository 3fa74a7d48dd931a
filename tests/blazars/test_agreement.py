"""Rank correlation, and what is left of it with shared columns held fixed."""

import numpy as np
import pytest

from agnbook.blazars import agreement


def test_an_agreement_that_comes_from_a_shared_column_vanishes_with_it():
    rng = np.random.default_rng(3)
    shared = rng.normal(size=(800, 2))
    a, b = (np.exp(shared[:, 0] + 0.5 * rng.normal(size=800)) for _ in range(2))
    value, low, high = agreement.rank_correlation(a, b, n_resamples=100)
    assert 0.6 < low < value < high < 0.9
    left = agreement.rank_correlation(agreement.without(a, shared), agreement.without(b, shared), n_resamples=100)
    assert left[1] < 0.05 and abs(left[0]) < 0.15


def test_ranks_do_not_see_a_monotonic_change():
    values = np.random.default_rng(0).normal(size=50)
    assert agreement.rank_correlation(values, np.exp(values), n_resamples=10) == pytest.approx((1.0, 1.0, 1.0))
