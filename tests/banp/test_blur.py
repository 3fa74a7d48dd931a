"""The blur: a weighted mean of what is seen, and how far a kernel looks."""

import numpy as np
import pytest

from agnbook.banp import blur

TIMES = np.array([[0.0, 10.0, 20.0, 500.0]])
VALUES = np.array([[1.0, 9.0, 3.0, 7.0]])
SEEN = np.array([[True, False, True, True]])


def test_a_narrow_blur_copies_and_a_wide_one_averages_what_is_seen():
    narrow = blur.smooth(TIMES, VALUES, SEEN, 0.5)
    np.testing.assert_allclose(narrow[0, [0, 2, 3]], [1, 3, 7])
    assert narrow[0, 1] == pytest.approx(2.0), "halfway between two visits equally far"
    np.testing.assert_allclose(blur.smooth(TIMES, VALUES, SEEN, 1e6), np.full((1, 4), 11 / 3), rtol=1e-6)


def test_what_is_not_seen_does_not_count():
    other = VALUES.copy()
    other[0, 1] = -100
    np.testing.assert_array_equal(blur.smooth(TIMES, VALUES, SEEN, 30), blur.smooth(TIMES, other, SEEN, 30))


def test_the_reach_of_a_gaussian_kernel_is_its_width():
    times = np.linspace(-1000, 1000, 4001)[None]
    kernel = np.exp(-0.5 * (times / 50) ** 2)[:, None]
    assert blur.reach(kernel / kernel.sum(), times, np.zeros((1, 1))) == pytest.approx(50, rel=1e-3)
    here = np.zeros((1, 1, 3))
    here[..., 1] = 1
    assert blur.reach(here, [[0, 4, 9]], [[1]]) == pytest.approx(3), "a single visit three days away"
