"""The paper's comparisons under several sets of weights, on made-up sources."""

import numpy as np
import pytest

from agnbook.shift import catalogue, class_scores, spread_studies
from agnbook.sky.source_classes import NAMES


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(6), 50)
    X = rng.normal(size=(300, 4))
    X[:, 0] += group
    sets = {"gmm 0": rng.uniform(0.5, 1.5, 300), "kernel 0": np.where(group == 3, 0.2, 1.5)}
    rows, tested = catalogue.random_splits(300, 4, rng)
    target = rng.normal(size=(80, 4)) + 1
    tables = spread_studies.study(X, group, target, sets, rows, tested, spread_studies.forests(8), seed=0)
    return X, group, sets, rows, tested, dict(zip(spread_studies.TABLES, tables, strict=True))


def test_every_set_is_judged_for_every_class_and_score(made):
    sets, tables = made[2], made[5]
    assert set(tables["scores"]["set"]) == set(sets)
    assert len(tables["scores"]) == 2 * (8 * 6 + 3)
    assert set(tables["single"]["set"]) == {*sets, spread_studies.CHANCE}
    assert set(tables["counts"]["set"]) == {*sets, spread_studies.CHANCE, "unweighted"}


def test_the_shift_is_what_weighted_testing_changes(made):
    X, group, sets, rows, tested, tables = made
    p = catalogue.predict_forests(X, group, rows, X, n_trees=8, seed=0)
    change = [
        class_scores.by_class(group[t], q[t], sets["kernel 0"][t])["recall"]
        - class_scores.by_class(group[t], q[t], np.ones(t.sum()))["recall"]
        for q, t in zip(p, tested, strict=True)
    ]
    table = tables["scores"].query("set == 'kernel 0' and score == 'recall'").set_index("class")
    np.testing.assert_allclose(table.loc[list(NAMES), "shift"], np.mean(change, axis=0), atol=1e-9)
    assert ((table["shift_low"] <= table["shift"]) & (table["shift"] <= table["shift_high"])).all()


def test_extragalactic_classes_stand_against_the_galactic_ones(made):
    table = made[5]["scores"].query("set == 'kernel 0'").set_index(["score", "class"])
    recall = table.loc["recall", "shift"]
    gap = table.loc[("recall_gap", "extragalactic minus Galactic")]
    assert gap["shift"] == pytest.approx(recall[["fsrq+", "bll+"]].mean() - recall[["spp+", "msp+", "psr+"]].mean())
    assert gap["shift_low"] < gap["shift"] < gap["shift_high"]


def test_training_is_compared_on_the_same_test_sources(made):
    X, group, sets, rows, tested, tables = made
    weight = sets["kernel 0"]
    both = [catalogue.predict_forests(X, group, rows, X, w, n_trees=8, seed=0) for w in (None, weight)]
    brier = [[class_scores.by_class(group[t], q[t], weight[t])["brier"] for q, t in zip(p, tested, strict=True)] for p in both]
    table = tables["scores"].query("set == 'kernel 0' and score == 'brier'").set_index("class")
    np.testing.assert_allclose(table["training"], np.mean(brier[1], axis=0) - np.mean(brier[0], axis=0), atol=1e-9)


def test_single_sources_move_as_their_means_do():
    rng = np.random.default_rng(1)
    plain = rng.dirichlet(np.ones(6), (5, 40))
    other = plain.copy()
    other[:, :10] = np.roll(plain[:, :10], 1, axis=2)
    found = spread_studies.single_sources(plain, other)
    move = other.mean(axis=0) - plain.mean(axis=0)
    np.testing.assert_allclose(found["std"], move.std(axis=0))
    assert 0 < found["changed"].iloc[0] <= 0.25 and spread_studies.single_sources(plain, plain)["changed"].max() == 0


def test_counts_add_up_whoever_is_tested(made):
    table = made[5]["counts"]
    sums = table.groupby(["set", "associated"])["expected"].sum()
    assert sums.xs(True, level="associated").to_numpy() == pytest.approx(300)
    assert sums.xs(False, level="associated").to_numpy() == pytest.approx(80)


def test_typical_set_is_the_middle_of_its_kind():
    ones = np.ones(10)
    sets = {"gmm 0": ones, "gmm 1": np.r_[ones[:5], 3 * ones[:5]], "gmm 2": np.r_[ones[:5], 9 * ones[:5]], "kernel 0": ones}
    assert spread_studies.typical(sets, "gmm") == "gmm 1"
