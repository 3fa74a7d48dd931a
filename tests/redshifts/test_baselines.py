"""Redshift models without a network."""

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV

from agnbook.judge import cross_validation
from agnbook.redshifts import baselines
from agnbook.sky import features


def sample(n=60):
    rng = np.random.default_rng(1)
    columns = {name: rng.integers(0, 3, n) for name in features.REDSHIFT_CATEGORICAL} | {"slope": rng.normal(10, 5, n)}
    X = pd.DataFrame(columns)
    return X, 0.5 + 0.1 * X["slope"].to_numpy() + (X["CLASS"] == 1).to_numpy()


def test_class_mean_uses_training_rows_only_and_all_of_them_for_a_new_class():
    z, source_class = np.array([1.0, 3.0, 5.0, 100.0, 100.0]), np.array(["a", "a", "b", "a", "new"])
    assert baselines.class_mean(source_class, z, [0, 1, 2], [3, 4]).tolist() == [2.0, 3.0]


def test_held_out_sources_change_nothing():
    X, z = sample()
    folds = cross_validation.repeated_folds(len(z), 5, 2)
    first = baselines.out_of_fold(X, z, folds)
    changed = z.copy()
    changed[7] = 50.0
    again = baselines.out_of_fold(X, changed, folds)
    for name in ("class mean", "ridge", "ridge one-hot"):
        assert first[name].shape == (60, 2)
        np.testing.assert_array_equal(first[name][7], again[name][7])
        assert not np.array_equal(first[name], again[name])


def test_one_column_a_category_finds_what_codes_in_a_row_cannot():
    X, z = sample()
    folds = cross_validation.repeated_folds(len(z), 5, 1)
    found = baselines.out_of_fold(X, z, folds)
    error = {name: np.abs(values[:, 0] - z).mean() for name, values in found.items()}
    assert error["ridge one-hot"] < 0.05 < error["ridge"]


def test_ridge_is_standardised_by_its_training_rows():
    X, z = sample()
    train, test = np.arange(40), np.arange(40, 60)
    values = X.to_numpy(float)
    scaled = (values - values[train].mean(axis=0)) / values[train].std(axis=0)
    expected = RidgeCV(alphas=baselines.PENALTIES).fit(scaled[train], z[train]).predict(scaled[test])
    np.testing.assert_allclose(baselines.ridge(values, z, train, test), expected)
