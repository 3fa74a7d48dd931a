"""What chapter 23 measures, on a few made-up sources."""

import numpy as np
import pytest

from agnbook.shift import catalogue, class_scores, curves, effect_studies, weights
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
def forests(toy):
    X, two, group, weight, rows, _ = toy
    return effect_studies.train(X, two, group, weight, rows, n_trees=5)


@pytest.fixture(scope="module")
def tables(toy, forests):
    _, two, group, weight, _, tested = toy
    return effect_studies.performance(forests, two, group, weight, tested)


def test_every_problem_and_label_is_scored(tables):
    expected = {(problem, label) for problem in ("two", "six") for label in effect_studies.LABELS} | {("six", "wRF drawn")}
    for table in tables.values():
        assert {tuple(pair) for pair in table[["problem", "label"]].to_numpy()} == expected


def test_scores_are_those_of_the_training_and_testing_they_name(toy, tables):
    X, two, group, weight, rows, tested = toy
    probability = catalogue.predict_forests(X, two, rows, X, n_classes=2, n_trees=5, seed=0)
    expected = curves.evaluate(two, probability, tested, weight, ("Galactic", "AGN"))[2]
    found = tables["auc"].query("problem == 'two' and label == 'wtRF'")
    np.testing.assert_allclose(found["auc"], expected["auc"])
    again = effect_studies.six_class_tables(X, group, weight, rows, tested, n_trees=5, seed=0)["auc"]
    for label in effect_studies.LABELS:
        both = [t.loc[(t["problem"] == "six") & (t["label"] == label), "auc"] for t in (again, tables["auc"])]
        np.testing.assert_allclose(*both)


def test_recall_is_observed_and_promised_under_both_testings(toy, forests):
    _, _, group, weight, _, tested = toy
    table = effect_studies.recall_at_half(forests, group, weight, tested)
    part = tested[0]
    one = class_scores.by_class(group[part], forests.plain["six"][0, part], weight[part])["recall_half"]
    assert table.shape == (6, 4) and table.to_numpy().min() >= 0 and table.to_numpy().max() <= 1
    assert not np.allclose(table["observed_weighted"], table["observed"]) and one[0] > 0


def test_coarser_classes_are_compared_on_the_same_sources(toy, forests):
    _, _, group, weight, _, tested = toy
    table = effect_studies.coarser(forests, group, weight, tested)
    assert table["depth"].value_counts().sort_index().tolist() == [2, 4, 5]
    np.testing.assert_allclose(table["difference"], table["summed"] - table["direct"])
    assert ((table["low"] <= table["difference"]) & (table["difference"] <= table["high"])).all()


def test_importances_add_up_at_every_depth(forests):
    table = effect_studies.importances(forests)
    assert sorted(table["depth"].unique()) == [1, 2, 3, 4]
    np.testing.assert_allclose(table.groupby("depth")["importance"].sum(), 1, rtol=1e-5)
    leading = table.query("depth == 4").reset_index(drop=True).nlargest(3, "importance").index
    assert set(leading) == {0, 1, 2}, "the groups differ in the first three features"


def test_counts_know_the_meaning_of_their_weights(toy, forests):
    table = effect_studies.counts(forests, toy[5])
    assert table["meaning"].value_counts().to_dict() == {"unweighted": 3, "counts": 3, "bootstrap": 3}
    np.testing.assert_allclose(table[list(NAMES)].sum(axis=1), 360, rtol=1e-4)
    mean = table.groupby("meaning")[list(NAMES)].mean()
    assert not np.allclose(mean.loc["counts"], mean.loc["bootstrap"])


def test_search_tests_the_same_forests_under_other_weights(toy):
    X, two, _, _, rows, tested = toy
    target = X[:100] + 0.5
    table = effect_studies.search_weights(X, target, two, rows, tested, ["gmm", "logistic"], mixture_seeds=2, n_trees=5)
    assert len(table) == 3 * len(effect_studies.BOUNDS)
    probability = catalogue.predict_forests(X, two, rows, X, n_classes=2, n_trees=5, seed=0)
    weight = weights.clip(weights.density_ratio(X, target, "logistic", seed=0), 10)
    expected = curves.evaluate(two, probability, tested, weight)[2].query("`class` == '1'")["auc"]
    row = table.query("method == 'logistic' and bound == 10").iloc[0]
    assert row["auc"] == pytest.approx(expected.mean()) and row["std"] == pytest.approx(expected.std())
