"""What chapter 23 measures, on a few made-up sources."""

import numpy as np
import pytest

from agnbook.shift import catalogue, curves, effect_studies, weights
from agnbook.sky.source_classes import NAMES


@pytest.fixture(scope="module")
def toy():
    """Six groups along three of ten features: X, two classes, group, weight, rows, tested."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(6), 60)
    X = rng.normal(size=(360, 10))
    X[:, :3] += np.array([[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2], [2, 2, 0], [0, 2, 2]])[group]
    rows, tested = catalogue.random_splits(360, 3, rng)
    return X, (group >= 3).astype(int), group, rng.uniform(0.1, 4, 360), rows, tested


@pytest.fixture(scope="module")
def tables(toy):
    return effect_studies.performance(*toy, n_trees=5)


def test_every_problem_and_label_is_scored(toy, tables):
    pairs = {tuple(pair) for pair in tables["auc"][["problem", "label"]].to_numpy()}
    three = {(problem, label) for problem in ("two", "depth 4") for label in effect_studies.LABELS}
    coarse = {(f"depth {depth}{how}", "wRF") for depth in (1, 2, 3) for how in ("", " summed")}
    assert pairs == three | coarse | {("depth 4", "wRF bootstrap")}
    assert {tuple(pair) for pair in tables["curves"][["problem", "label"]].to_numpy()} == three | coarse


def test_scores_are_those_of_the_training_and_testing_they_name(toy, tables):
    X, two, _, weight, rows, tested = toy
    probability = catalogue.predict_forests(X, two, rows, X, n_classes=2, n_trees=5, seed=0)
    expected = curves.evaluate(two, probability, tested, weight, ("Galactic", "AGN"))[2]
    found = tables["auc"].query("problem == 'two' and label == 'wtRF'")
    np.testing.assert_allclose(found["auc"], expected["auc"])


def test_importances_add_up_at_every_depth(tables):
    table = tables["importances"]
    assert table["depth"].unique().tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(table.groupby("depth")["importance"].sum(), 1, rtol=1e-5)
    leading = table.query("depth == 4").nlargest(3, "importance").index % 10
    assert set(leading) == {0, 1, 2}, "the groups differ in the first three features"


def test_counts_know_the_meaning_of_their_weights(tables):
    table = tables["meaning"]
    assert table["meaning"].value_counts().to_dict() == {"unweighted": 3, "counts": 3, "bootstrap": 3}
    np.testing.assert_allclose(table[list(NAMES)].sum(axis=1), 360, rtol=1e-4)
    mean = table.groupby("meaning")[list(NAMES)].mean()
    assert not np.allclose(mean.loc["counts"], mean.loc["bootstrap"])


def test_search_tests_the_same_forests_under_other_weights(toy):
    X, two, _, _, rows, tested = toy
    target = X[:100] + 0.5
    table = effect_studies.search_weights(X, target, two, rows, tested, mixture_seeds=1, n_trees=5)
    assert len(table) == 4 * len(effect_studies.BOUNDS)
    probability = catalogue.predict_forests(X, two, rows, X, n_classes=2, n_trees=5, seed=0)
    weight = weights.clip(weights.density_ratio(X, target, "logistic", seed=0), 10)
    expected = curves.evaluate(two, probability, tested, weight)[2].query("`class` == '1'")["auc"]
    row = table.query("method == 'logistic' and bound == 10").iloc[0]
    assert row["auc"] == pytest.approx(expected.mean()) and row["std"] == pytest.approx(expected.std())
