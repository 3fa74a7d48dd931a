"""Out-of-fold votes of the networks' peers."""

import numpy as np
import pandas as pd
import pytest

from agnbook.blazars import peers, voting
from agnbook.judge import cross_validation
from agnbook.sky import features


@pytest.fixture(scope="module")
def toy():
    """Sources with the seven features, of which two have no SED fit, and committed-like folds."""
    rng = np.random.default_rng(0)
    y = (rng.random(90) < 0.4).astype(float)
    X = pd.DataFrame(rng.normal(size=(90, 7)) + 1.5 * y[:, None], columns=features.BLAZAR_FEATURES)
    X.loc[:30, ["nu_syn", "nuFnu_syn"]] = np.log(1e12), np.log(1e-12)
    return X, y, cross_validation.repeated_folds(90, 3, 2)


def test_six_peers_answer_for_every_source(toy):
    X, y, folds = toy
    votes = peers.out_of_fold(X, y, folds, trees=10, rounds=10)
    assert len(votes) == 6
    for name, table in votes.items():
        assert table.shape == (2, 90) and ((table >= 0) & (table <= 1)).all(), name
    for repeat, _, train, test in cross_validation.splits(folds):
        np.testing.assert_allclose(votes["always_bl_lac"][repeat, test], y[train].mean())
    assert ((votes["quadratic_logistic"] > 0.5) == (y > 0.5)).mean() > 0.8


def test_sources_beyond_the_folds_train_and_are_never_tested(toy, monkeypatch):
    X, y, folds = toy
    seen = []

    def five_votes(table, labels, trainings, tests, **sizes):
        seen.append((list(table), [set(rows) for rows in trainings], sizes))
        return {
            "boosting": [np.full(len(rows), labels[training].mean()) for training, rows in zip(trainings, tests, strict=True)]
        }

    monkeypatch.setattr(voting, "five_votes", five_votes)
    sizes = {"trees": 5, "rounds": 5, "epochs": 5, "seed": 3}
    votes = peers.five_out_of_fold(X, y, {"two": ["nu_syn", "PL_Index"]}, folds[:, :80], **sizes)
    assert set(votes) == {"two|boosting"} and votes["two|boosting"].shape == (2, 80)
    assert np.isfinite(votes["two|boosting"]).all()
    columns, trainings, given = seen[0]
    assert columns == ["nu_syn", "PL_Index"] and given == sizes
    assert all(set(range(80, 90)) <= rows for rows in trainings)
