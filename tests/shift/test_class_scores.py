"""Scores class by class, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from agnbook.shift import class_scores


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(0)
    probability = rng.dirichlet([0.6] * 3, 2000)
    y = (rng.random(2000)[:, None] > np.cumsum(probability, axis=1)).sum(axis=1)
    return y, probability, rng.exponential(size=2000)


def test_agree_with_scikit_learn(sample):
    y, p, w = sample
    found = class_scores.by_class(y, p, w)
    for k in range(3):
        for ending, chosen in (("", p.argmax(axis=1) == k), ("_half", p[:, k] >= 0.5)):
            assert found[f"precision{ending}"][k] == pytest.approx(precision_score(y == k, chosen, sample_weight=w))
            assert found[f"recall{ending}"][k] == pytest.approx(recall_score(y == k, chosen, sample_weight=w))
        assert found["auc"][k] == pytest.approx(roc_auc_score(y == k, p[:, k], sample_weight=w))
        assert found["brier"][k] == pytest.approx(np.average((p[:, k] - (y == k)) ** 2, weights=w))


def test_break_even_takes_as_many_as_there_are():
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    found = class_scores.by_class(np.array([0, 1, 1, 0]), p, np.ones(4))
    assert found["break_even"].tolist() == [0.5, 0.5], "the two most probable ones, one of them right"


def test_calibration_sees_a_bias_and_not_an_honest_forecast(sample):
    y, p, w = sample
    honest = class_scores.by_class(y, p, w)["calibration"]
    bold = p**3 / (p**3).sum(axis=1, keepdims=True)
    assert (honest < 0.04).all() and (class_scores.by_class(y, bold, w)["calibration"] > 2 * honest).all()


def test_honest_probabilities_promise_the_recall_that_is_observed(sample):
    y, p, w = sample
    observed = class_scores.by_class(y, p, w)["recall_half"]
    assert class_scores.expected_recall_half(p, w) == pytest.approx(observed, abs=0.05)
    hard = np.where(p[:, 0] < 0.5, 5.0, 0.2)  # a sample of hard sources: same probabilities, lower recall
    again = class_scores.by_class(y, p, hard)["recall_half"]
    assert again[0] < observed[0] - 0.2
    assert class_scores.expected_recall_half(p, hard) == pytest.approx(again, abs=0.05)


def test_nothing_chosen_is_no_precision():
    p = np.array([[0.4, 0.6], [0.3, 0.7]])
    found = class_scores.by_class(np.array([0, 1]), p, np.ones(2))
    assert np.isnan(found["precision"][0]) and found["recall"][0] == 0
