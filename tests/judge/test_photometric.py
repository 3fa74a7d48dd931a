"""Scores of photometric redshifts against values worked out by hand."""

import numpy as np
import pytest

from agnbook.judge import photometric


def test_scores_of_a_worked_example():
    truth, prediction = np.array([0.0, 1.0, 3.0, 1.0]), np.array([0.1, 1.0, 3.0, 2.0])
    assert photometric.scaled_error(truth, prediction) == pytest.approx([0.1, 0, 0, 0.5])
    assert photometric.bias(truth, prediction) == pytest.approx(0.15)
    assert photometric.outlier_rate(truth, prediction) == 0.25
    assert photometric.nmad(truth, prediction) == pytest.approx(1.4826 * 0.05)


def test_nmad_is_the_standard_deviation_of_normal_errors_and_ignores_outliers():
    rng = np.random.default_rng(0)
    truth = rng.uniform(0, 2, 40_000)
    prediction = truth + (1 + truth) * rng.normal(0, 0.1, len(truth))
    assert photometric.nmad(truth, prediction) == pytest.approx(0.1, rel=0.02)
    prediction[:2000] += 50
    assert photometric.nmad(truth, prediction) == pytest.approx(0.1, rel=0.1)
