"""Errors of counts, against samples whose error is known."""

import numpy as np
import pandas as pd
import pytest

from agnbook.shift import count_studies
from agnbook.shift.spread_studies import CHANCE
from agnbook.sky.source_classes import NAMES


def counts(values):
    rows = [(name, True, value, "bll+") for name, value in values.items()]
    return pd.DataFrame(rows, columns=["set", "associated", "expected", "class"]).pipe(
        lambda table: pd.concat([table.assign(**{"class": name}) for name in NAMES])
    )


def test_estimators_count_alike_however_many_seeds_they_have():
    values = {"gmm 0": 9.0, "gmm 1": 10.0, "gmm 2": 11.0, "kernel 0": 20.0, "unweighted": 99.0, CHANCE: 99.0}
    found = count_studies.weights_std(counts(values), True)
    assert found["bll+"] == pytest.approx(np.sqrt((1.0 + 0.0) / 2 + np.var([10, 20], ddof=1)))


def test_parts_add_up_in_quadrature_and_known_labels_are_not_drawn():
    table = pd.DataFrame({"training_std": [3.0], "class_std": [12.0]}, index=["bll+"])
    assert count_studies.parts(table, 4.0, False).loc["bll+", "total"] == 13
    assert count_studies.parts(table, 4.0, True).loc["bll+", "total"] == 5


@pytest.fixture(scope="module")
def toy():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(6), 40)
    X = rng.normal(size=(240, 3))
    X[:, 0] += group
    return X, group, rng.normal(2.5, 2, size=(60, 3))


def test_bootstrap_samples_scatter(toy):
    sums = count_studies.bootstrap_sums(*toy, n_resamples=4, n_trees=5, rng=np.random.default_rng(0))
    assert sums.shape == (4, 6) and sums.sum(axis=1) == pytest.approx(60)
    assert (sums.std(axis=0) > 0).all()


def test_a_class_that_loses_labels_loses_expected_sources(toy):
    sizes = [5, *[40] * 5]
    table = count_studies.relabelled(*toy, sizes, n_draws=6, n_trees=10, rng=np.random.default_rng(0))
    needed = pd.Series(-35.0, table.columns)
    found = count_studies.mean_interval(table, needed)
    assert found.loc["spp+", "high"] < 0 and found["change (95 %)"].sum() == pytest.approx(0, abs=1e-6)
    assert (found["low"] <= found["change (95 %)"]).all() and (found["paper − ours"] == -35).all()
    unchanged = count_studies.relabelled(*toy, [40] * 6, n_draws=2, n_trees=5, rng=np.random.default_rng(0))
    assert np.allclose(unchanged, 0)


def test_ratios_carry_the_total_error():
    counts, errors = pd.DataFrame({"expected": [50.0] * 6}, NAMES), pd.DataFrame({"total": [10.0] * 6}, NAMES)
    found = count_studies.ratios(counts, errors, np.repeat(np.arange(6), [100, 50, 50, 50, 50, 25]))
    assert found["value"].tolist() == [0.5, 1, 1, 1, 1, 2]
    assert found.loc["spp+", ["low", "high"]].tolist() == pytest.approx([0.304, 0.696])
