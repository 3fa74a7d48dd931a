"""Scores of class probabilities against scikit-learn and against what must hold exactly."""

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from agnbook.judge.scores import class_scores, weighted_auc


@pytest.fixture
def sample():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 200)
    probability = rng.dirichlet(np.ones(3), 200)
    probability = 0.6 * probability + 0.4 * np.eye(3)[labels]
    return labels, probability, rng.uniform(0, 4, 200)


def test_weighted_auc_is_scikit_learns_with_ties_and_weights(sample):
    labels, probability, weight = sample
    score = probability[:, 0].round(1)  # many ties
    assert weighted_auc(labels == 0, score, weight) == pytest.approx(roc_auc_score(labels == 0, score, sample_weight=weight))
    both = weighted_auc(labels == 0, score, np.stack([weight, np.ones(200)]))
    assert both[1] == pytest.approx(roc_auc_score(labels == 0, score))
    assert np.isnan(weighted_auc(np.ones(3, bool), [1, 2, 3], np.ones(3)))


def test_scores_agree_with_scikit_learn(sample):
    labels, probability, weight = sample
    result = class_scores(labels, probability, weight, n_resamples=20)
    assert result["logloss"][0] == pytest.approx(log_loss(labels, probability, sample_weight=weight))
    aucs = [roc_auc_score(labels == k, probability[:, k], sample_weight=weight) for k in range(3)]
    assert result["auc"][0] == pytest.approx(np.mean(aucs))
    assert result["accuracy"][0] == pytest.approx(np.average(probability.argmax(axis=1) == labels, weights=weight))


def test_two_class_brier_score_is_the_usual_one():
    labels, p = np.array([0, 1, 1]), np.array([0.2, 0.7, 0.4])
    result = class_scores(labels, np.column_stack([1 - p, p]), n_resamples=5)
    assert result["brier"][0] == pytest.approx(np.mean((p - labels) ** 2))


def test_a_sure_mistake_costs_no_more_than_the_floor():
    result = class_scores([0, 0], np.array([[0.0, 1.0], [1.0, 0.0]]), n_resamples=5)
    assert result["logloss"][0] == pytest.approx(np.log(1000) / 2), "one of two, at the floor of a thousandth"
    assert np.isnan(result["auc"][0])  # one class only


def test_intervals_shrink_with_the_sample_and_hold_the_truth(sample):
    labels, probability, _ = sample
    few = class_scores(labels[:50], probability[:50], seed=1)
    many = class_scores(np.tile(labels, 5), np.tile(probability, (5, 1)), seed=1)
    for name in few:
        assert few[name][1] < few[name][0] < few[name][2]
        assert many[name][2] - many[name][1] < few[name][2] - few[name][1]
    assert class_scores(labels, probability, seed=3) == class_scores(labels, probability, seed=3)
