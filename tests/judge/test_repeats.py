"""Scores of repeated predictions, against their definitions."""

import numpy as np
import pandas as pd
import pytest

from agnbook.judge import repeats, scores

TRUTH = np.array([0.1, 0.4, 0.9, 1.6])
#: Two repeats: one right, one wrong by 0.1 in each source and without correlation to spare.
TWICE = np.column_stack([TRUTH, TRUTH + np.array([0.1, -0.1, 0.1, -0.1])])


def test_mean_and_pooled_scores_differ_as_they_should():
    assert repeats.mean_rmse(TRUTH, TWICE) == pytest.approx(0.05)
    assert repeats.pooled_rmse(TRUTH, TWICE) == pytest.approx(0.1 / np.sqrt(2))
    assert repeats.mean_correlation(TRUTH, TWICE) == pytest.approx((1 + np.corrcoef(TRUTH, TWICE[:, 1])[0, 1]) / 2)
    pooled = np.corrcoef(np.r_[TRUTH, TRUTH], np.r_[TWICE[:, 0], TWICE[:, 1]])[0, 1]
    assert repeats.pooled_correlation(TRUTH, TWICE) == pytest.approx(pooled)


def test_table_holds_scores_and_their_intervals():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=80)
    predictions = {"close": truth[:, None] + rng.normal(0, 0.1, (80, 2)), "far": truth[:, None] + rng.normal(0, 1, (80, 2))}
    table = repeats.score_table(truth, predictions, pooled=True)
    assert list(table.index) == ["close", "far"]
    for name, row in table.iterrows():
        assert row["rmse"] == repeats.pooled_rmse(truth, predictions[name])
        assert row["cc_interval"] == scores.bootstrap(repeats.pooled_correlation, truth, predictions[name], seed=0)
        assert row["rmse_interval"][0] < row["rmse"] < row["rmse_interval"][1]


def test_difference_is_paired():
    rng = np.random.default_rng(0)
    truth, noise = rng.normal(size=200), rng.normal(size=(200, 1))
    value, (low, high) = repeats.rmse_difference(truth, truth[:, None] + noise, truth[:, None] + 0.9 * noise)
    assert 0 < low < value < high, "the same noise in both models leaves their difference certain"
    assert value == pytest.approx(0.1 * np.sqrt(np.mean(noise**2)))


def test_pooled_columns_follow_the_sources_of_each_repeat():
    frame = pd.DataFrame({"Source_Name": ["b", "a", "a", "b"], "repeat": [0, 0, 1, 1], "mean": [2.0, 1.0, 3.0, 4.0]})
    assert repeats.pooled(frame, "mean", ["a", "b"], 2).tolist() == [1, 2, 3, 4]
    assert repeats.pooled(frame, "mean", ["b", "a"], 1).tolist() == [2, 1]
