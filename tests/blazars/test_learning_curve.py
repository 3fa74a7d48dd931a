"""Where a score leads with endless training sources."""

import numpy as np
import pandas as pd
import pytest

from agnbook.blazars import learning_curve, voting
from agnbook.judge import scores


def test_smaller_parts_lie_within_larger_ones(monkeypatch):
    seen = {}

    def five_votes(X, y, trainings, targets, **sizes):
        seen[len(trainings[0])] = trainings
        return {"a": [np.full(len(target), 0.5) for target in targets]}

    monkeypatch.setattr(voting, "five_votes", five_votes)
    X, y, folds = pd.DataFrame({"a": np.zeros(50)}), np.zeros(50), np.arange(40) % 4
    votes = learning_curve.out_of_fold(X, y, folds, (0.25, 0.5))
    assert sorted(seen) == [10, 20] and all(len(table) == 40 for table in votes.values())
    for fold, (small, large) in enumerate(zip(seen[10], seen[20], strict=True)):
        assert set(small) <= set(large) and not set(large) & set(np.flatnonzero(folds == fold))
        assert set(large) & set(range(40, 50)), "sources that are never tested may train"


@pytest.mark.parametrize("exponent", [0.5, 1.0])
def test_the_limit_of_a_known_curve_is_found(exponent):
    rng = np.random.default_rng(9)
    labels = (rng.uniform(size=500) < 0.5).astype(float)
    votes = {}
    for n in (100, 400, 1600):
        loss = 0.2 + 3.0 * n**-exponent * 0.1
        votes[n] = np.where(labels > 0, np.exp(-loss), 1 - np.exp(-loss))  # every source at exactly this loss
        assert scores.binary_scores(labels, votes[n])["logloss"] == pytest.approx(loss)
    assert learning_curve.limit(labels, votes, exponent, n_resamples=20) == pytest.approx((0.2, 0.2, 0.2))
