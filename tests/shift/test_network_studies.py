"""What chapter 24 asks of the network, on a few made-up sources."""

import numpy as np
import pytest

from agnbook.shift import catalogue, curves, network_studies
from agnbook.sky.source_classes import NAMES


@pytest.fixture(scope="module")
def toy():
    """Six groups along two of ten features, weights, and three random splits: X, group, weight, rows, tested."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(6), 40)
    X = rng.normal(size=(240, 10))
    X[:, 0] += group
    X[:, 1] -= 0.5 * group
    rows, tested = catalogue.random_splits(240, 3, rng)
    return X, group, rng.uniform(0.2, 3, 240), rows, tested


def test_macro_auc_of_a_perfect_and_of_a_blind_classifier(toy):
    _, group, _, _, tested = toy
    assert network_studies.macro_auc(group, np.eye(6)[group], tested[0]) == 1
    assert network_studies.macro_auc(group, np.full((240, 6), 1 / 6), tested[0]) == 0.5


@pytest.mark.slow
def test_both_trainers_learn_the_same(toy):
    X, group, _, rows, tested = toy
    table = network_studies.compare_trainers(X, group, rows, tested, starts=2, keras_runs=1, epochs=150, seed=0)
    assert table["trainer"].tolist() == ["batched", "batched", "keras"]
    assert (table["auc"] > 0.6).all() and table["auc"].nunique() == 3


def test_areas_are_kept_at_the_epochs_asked_for_and_rise(toy):
    X, group, weight, rows, tested = toy
    table = network_studies.areas_by_epoch(X, group, weight, rows[:2], tested[:2], epochs=40, every=20, seed=0)
    assert len(table) == 2 * 2 * 2 * 6
    assert table["epoch"].unique().tolist() == [20, 40] and set(table["class"]) == set(NAMES)
    mean = table.groupby(["weighted", "epoch"])["auc"].mean()
    assert mean[False, 40] > mean[False, 20] and mean[True, 40] != mean[False, 40]


def test_performance_joins_each_training_with_its_testings(toy):
    X, group, weight, rows, tested = toy
    found = network_studies.performance(X, group, weight, rows, tested, epochs=5, seed=0)
    assert {table["label"].nunique() for table in found.values()} == {3}
    unweighted = catalogue.predict_networks(X, group, rows, X, seed=0, epochs=5)
    expected = curves.evaluate(group, unweighted, tested, weight, NAMES)[2]
    wtnn = found["auc"].query("label == 'wtNN'")
    np.testing.assert_allclose(wtnn["auc"], expected["auc"])


def test_each_variant_changes_the_counts(toy):
    X, group, weight, rows, tested = toy
    mixtures, others = {"gmm 1": weight[::-1]}, {"kernel 0": np.sqrt(weight)}
    changes = network_studies.variants(X, weight, mixtures, others, epochs=25)
    assert changes["kind"].value_counts().to_dict() == {"stated otherwise": 5, "left open": 4, "as printed": 1}
    assert changes.loc["as in this book", "change"] == {} and changes.loc["100 epochs", "change"] == {"epochs": 5}
    assert changes.loc["weights scaled to mean 1", "change"]["weight"].mean() == pytest.approx(1)
    scaled = changes.loc["inputs scaled to 0 - 1", "change"]["X"]
    assert scaled.min() == 0 and scaled.max() == 1
    table = network_studies.search_variants(X, group, weight, rows, tested, changes, epochs=25, seed=0).set_index("variant")
    np.testing.assert_allclose(table[list(NAMES)].sum(axis=1), 240, rtol=1e-4)
    assert table["psr+"].nunique() == 10
