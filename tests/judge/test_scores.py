"""Scores against formulas and by brute force."""

import numpy as np
import pytest
from scipy import stats

from agnbook.judge import scores


def test_correlation_of_a_constant_is_nan():
    assert np.isnan(scores.correlation([1.0, 2.0], [3.0, 3.0]))
    assert scores.correlation([1.0, 2.0, 4.0], [2.0, 4.0, 8.0]) == pytest.approx(1.0)
    assert scores.rmse([1.0, 2.0], [1.0, 4.0]) == pytest.approx(np.sqrt(2))


def test_crps_agrees_with_the_gaussian_formula():
    truth = np.random.default_rng(0).normal(size=200)
    exact = truth * (2 * stats.norm.cdf(truth) - 1) + 2 * stats.norm.pdf(truth) - 1 / np.sqrt(np.pi)
    levels = (np.arange(999) + 1) / 1000
    quantiles = np.broadcast_to(stats.norm.ppf(levels), (200, 999))
    np.testing.assert_allclose(scores.crps_quantiles(truth, quantiles, levels), exact, atol=0.005)


def test_bootstrap_interval_covers_and_pairs():
    rng = np.random.default_rng(1)
    values = rng.normal(2.0, 1.0, 400)
    low, high = scores.bootstrap(lambda x: float(x.mean()), values, n_resamples=500)
    assert low < values.mean() < high and high - low == pytest.approx(4 * values.std() / 20, rel=0.2)
    assert scores.bootstrap(lambda x, y: float((x - y).mean()), values, values) == (0.0, 0.0)


def test_a_paired_difference_is_sharper_than_its_parts():
    rng = np.random.default_rng(0)
    hard = rng.exponential(1, 400)  # what makes a source hard is common to both methods
    ours, other = hard + rng.normal(0, 0.05, 400), hard + 0.1 + rng.normal(0, 0.05, 400)
    value, low, high = scores.paired(np.mean, ours, other)
    assert value == pytest.approx(np.mean(ours) - np.mean(other)) and low < -0.1 < high and high - low < 0.02
    alone = scores.bootstrap(np.mean, ours)
    assert alone[1] - alone[0] > 10 * (high - low)


def test_a_paired_difference_shares_the_truth():
    truth = np.linspace(0, 1, 50)
    value, low, high = scores.paired(lambda p, z: scores.rmse(z, p), truth + 0.1, truth + 0.3, truth)
    assert (value, low, high) == pytest.approx((-0.2, -0.2, -0.2))
    with pytest.raises(ValueError, match="50 and 49"):
        scores.paired(np.mean, truth, truth[1:])


def test_binary_differences_are_paired():
    rng = np.random.default_rng(6)
    labels = (rng.uniform(size=400) < 0.4).astype(float)
    hard = rng.normal(size=400)  # shared by both, so that it cancels
    first, second = (1 / (1 + np.exp(-(3 * labels - 1.5 + hard + shift * (labels - 0.5)))) for shift in (0.2, 0.0))
    found = scores.binary_differences(labels, first[None], second[None], n_resamples=300)
    each = [scores.repeated_binary_scores(labels, table[None], n_resamples=300)["logloss"] for table in (first, second)]
    value, low, high = found["logloss"]
    assert value == pytest.approx(each[0][0] - each[1][0]) and low < value < high < 0, "the better one, clearly"
    assert high - low < 0.3 * (each[0][2] - each[0][1])
    assert scores.binary_differences(labels, first[None], first[None], n_resamples=20)["auc"] == (0.0, 0.0, 0.0)


def test_ties_count_half_in_the_area():
    assert scores.weighted_auc([True, False], [0.3, 0.3], np.ones(2)) == 0.5
    # pairs by hand: .9 beats both, .4 beats .1 and ties with .4, weights 2 and 1 of the negatives
    area = scores.weighted_auc([True, True, False, False], [0.9, 0.4, 0.4, 0.1], np.array([1.0, 1, 2, 1]))
    assert area == pytest.approx((3 + 1 + 2 / 2) / (2 * 3))


def test_intervals_of_repeated_scores_hold_95_per_cent_of_the_resamples():
    assert scores._with_interval(np.r_[7.0, np.arange(1001)]) == (7.0, 25.0, 975.0)


def test_binary_scores_by_hand():
    """Three FSRQs, two of them called; two BL Lacs, one of them called FSRQ."""
    found = scores.binary_scores([1, 1, 1, 0, 0], [0.9, 0.8, 0.2, 0.7, 0.1])
    expected = {"accuracy": 3 / 5, "precision_fsrq": 2 / 3, "recall_fsrq": 2 / 3, "f1_fsrq": 2 / 3}
    expected |= {"precision_bll": 1 / 2, "recall_bll": 1 / 2, "f1_bll": 1 / 2, "auc": 5 / 6}
    expected |= {"brier": np.mean([0.01, 0.04, 0.64, 0.49, 0.01]), "logloss": -np.log([0.9, 0.8, 0.2, 0.3, 0.9]).mean()}
    assert {name: float(found[name]) for name in expected} == pytest.approx(expected)
    other = scores.binary_scores([1, 1, 1, 0, 0], [0.9, 0.2, 0.2, 0.3, 0.1])  # called once: recall and precision differ
    assert (other["recall_fsrq"], other["precision_fsrq"]) == pytest.approx((1 / 3, 1))
    assert (other["recall_bll"], other["precision_bll"]) == pytest.approx((1, 1 / 2))
