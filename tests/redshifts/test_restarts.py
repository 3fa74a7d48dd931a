"""Tables of the restarts of the paper's networks, against predictions that are known."""

import numpy as np
import pandas as pd
import pytest

from agnbook.redshifts import mlp, restarts

SOURCES = pd.Index(["a", "b", "c", "d"])
#: Two restarts of four sources, of which the first three have a redshift.
MEAN = np.array([[0.1, 0.2, 0.6, 1.0], [0.3, 0.4, 0.5, 2.0]])
PREDICTIONS = {"mlp": (MEAN, 0 * MEAN), "flipout": (2 * MEAN, MEAN / 10)}


def test_test_rows_of_every_restart():
    table = restarts.on_test(PREDICTIONS, SOURCES[:3], test=[2, 0])
    assert table.columns.tolist() == ["network", "restart", "Source_Name", "mean", "sd"] and len(table) == 2 * 2 * 2
    row = table[(table["network"] == "flipout") & (table["restart"] == 1) & (table["Source_Name"] == "c")].iloc[0]
    assert (row["mean"], row["sd"]) == (1.0, 0.05)


def test_statistics_are_those_of_each_sample():
    table = restarts.statistics(PREDICTIONS, n_known=3).set_index(["network", "restart", "sample"])
    known = table.loc[("mlp", 0, "known")]
    assert known.tolist() == pytest.approx([3, 0.3, 0.1, 0.6, np.std([0.1, 0.2, 0.6])])
    assert table.loc[("flipout", 1, "unknown")].tolist() == pytest.approx([1, 4.0, 4.0, 4.0, 0.0])


def test_first_restart_by_source():
    table = restarts.by_source(PREDICTIONS, SOURCES, n_known=3, kinds=("mlp", "flipout"))
    assert table.columns.tolist() == ["Source_Name", "known", "mlp_mean", "flipout_mean", "flipout_sd"]
    assert table["known"].tolist() == [True, True, True, False]
    assert table["flipout_mean"].tolist() == pytest.approx([0.2, 0.4, 1.2, 2.0])


@pytest.mark.slow
def test_restarts_differ_and_a_seed_repeats_them():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(40, 3)), index=[f"S{i}" for i in range(40)])
    redshift = np.exp(X[0].to_numpy() / 3)

    def predict():
        return restarts.predict(
            [mlp.Network("mlp")], X[:30], redshift[:30], X[30:], np.arange(20), np.arange(20, 30),
            restarts=2, samples=3, seed=0, epochs=3, patience=3,
        )["mlp"]  # fmt: skip

    mean, sd = predict()
    assert mean.shape == sd.shape == (2, 40) and np.isfinite(mean).all()
    assert not np.allclose(mean[0], mean[1])
    np.testing.assert_array_equal(mean, predict()[0])
