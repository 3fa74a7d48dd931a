"""Does a model read a missing SED as a class? Asked with the SED hidden, and of models that never saw it."""

import numpy as np
import pandas as pd
import pytest

from agnbook.blazars import missing_sed, voting

SIZES = {"trees": 3, "rounds": 4, "epochs": 4, "seed": 1}


@pytest.fixture
def table():
    rng = np.random.default_rng(8)
    y = (np.arange(60) % 2).astype(float)
    X = pd.DataFrame({"PL_Index": rng.normal(y), **{name: rng.normal(y) for name in missing_sed.SED_COLUMNS}})
    X.loc[y == 0, "nu_syn"] = np.where(np.arange(30) < 20, np.nan, 0.0)  # gaps go with a class
    return X, y


def test_hiding_touches_the_sed_alone(table):
    X = missing_sed.hidden(table[0])
    assert X[missing_sed.SED_COLUMNS].isna().all(axis=None)
    pd.testing.assert_series_equal(X["PL_Index"], table[0]["PL_Index"])


def test_every_source_is_asked_once_by_models_that_never_saw_it(table, monkeypatch):
    X, y = table
    asked = []

    def five_votes(frame, labels, trainings, targets, **sizes):
        asked.append((frame, labels, trainings, targets))
        # the answer is the row's own number, so that a mix-up of rows would show
        return {"a": [target / 1000 for target in targets]}

    monkeypatch.setattr(voting, "five_votes", five_votes)
    folds = np.arange(60) % 3
    votes = missing_sed.out_of_fold(X, y, folds, {"all": list(X), "blind": ["PL_Index"]}, **SIZES)
    assert set(votes) == {"all", "all|hidden", "blind"}
    np.testing.assert_allclose(votes["all|hidden"], (60 + np.arange(60)) / 1000)
    np.testing.assert_allclose(votes["blind"][1:], np.arange(1, 60) / 1000)
    frame, labels, trainings, targets = asked[0]
    assert len(frame) == 120 and frame.iloc[60:]["nu_syn"].isna().all() and (labels[:60] == labels[60:]).all()
    for training, target in zip(trainings, targets, strict=True):
        assert training.max() < 60 and not set(training) & set(target % 60)


@pytest.mark.slow
def test_a_shortcut_shows(table):
    X, y = table
    votes = missing_sed.out_of_fold(X, y, np.arange(60) % 3, {"all": list(X), "blind": ["PL_Index"]}, **SIZES)
    assert votes["all|hidden"].mean() < votes["blind"].mean(), "the gap goes with class 0"


def test_sources_without_a_label_are_answered_without_the_sed(table, monkeypatch):
    X, y = table[0], table[1].copy()
    y[50:] = np.nan

    def five_votes(frame, labels, trainings, targets, **sizes):
        assert list(frame) == ["PL_Index"] and trainings[0].tolist() == list(range(50))
        return {"a": [np.full(len(targets[0]), 0.3)], "b": [np.full(len(targets[0]), 0.7)]}

    monkeypatch.setattr(voting, "five_votes", five_votes)
    np.testing.assert_allclose(missing_sed.of_uncertain(X, y), np.full(10, 0.5))
