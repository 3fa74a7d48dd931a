"""Smoothed importance weights against the reference implementation."""

import numpy as np
import pytest
from arviz_stats.base import array_stats

from agnbook.quasars import psis


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("draws", [200, 1000])
def test_weights_and_shape_agree_with_arviz(scale, draws, rng):
    ratios = scale * rng.standard_normal(draws) ** 2
    expected, k_hat = array_stats.psislw(-ratios)
    weights, shape = psis.smooth(ratios)
    assert shape == pytest.approx(float(k_hat), abs=1e-6)
    np.testing.assert_allclose(weights, np.exp(expected), atol=1e-9)


def test_shape_tells_a_proposal_that_is_too_narrow(rng):
    """A normal proposal of standard deviation s for a unit normal: the weights' tail has shape 1 - s^2."""
    for s, low, high in ((1.3, -np.inf, 0.3), (0.5, psis.TRUSTED, 1.2)):
        x = s * rng.standard_normal(20_000)
        assert low < psis.smooth(-0.5 * x**2 + 0.5 * (x / s) ** 2)[1] < high


def test_equal_weights_and_few_draws(rng):
    weights, k_hat = psis.smooth(np.zeros(100))
    np.testing.assert_allclose(weights, 0.01)
    assert k_hat < psis.TRUSTED
    assert psis.smooth(rng.standard_normal(10))[1] == np.inf
