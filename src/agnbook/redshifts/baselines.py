"""Redshift models without a network: the mean of the source's class, and ridge regression."""

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV

from agnbook.judge import cross_validation
from agnbook.sky import features

PENALTIES = np.logspace(-1, 4, 11)


def class_mean(source_class, redshift, train, test) -> np.ndarray:
    """Predict each test row by the mean redshift of its class among the training rows; that of all for a new class."""
    means = pd.Series(redshift[train]).groupby(source_class[train]).mean()
    return means.reindex(source_class[test]).fillna(redshift[train].mean()).to_numpy()


def ridge(X, redshift, train, test) -> np.ndarray:
    """Predict by ridge regression on standardised columns; the penalty is chosen inside the training rows."""
    inside, outside = features.standardise(X[train], X[test])
    return RidgeCV(alphas=PENALTIES).fit(inside, redshift[train]).predict(outside)


def one_hot(X: pd.DataFrame) -> np.ndarray:
    """Return the 24 features with one column for each category instead of its alphabetical code."""
    return pd.get_dummies(X, columns=features.REDSHIFT_CATEGORICAL, dtype=float).to_numpy()


def out_of_fold(X: pd.DataFrame, redshift, folds) -> dict[str, np.ndarray]:
    """Predict every source by three baselines that have not seen it.

    Parameters
    ----------
    X : the 24 raw features of `features.redshift_features`.
    redshift : array, shape (n,)
    folds : fold numbers, shape (repeats, n); see `cross_validation.load_folds`.

    Returns
    -------
    dict of array, shape (n, repeats)
        ``class mean``; ``ridge`` on the alphabetical codes of the categories; ``ridge one-hot`` with a
        column for each category.
    """
    source_class = X["CLASS"].to_numpy()
    designs = {
        "ridge": X.to_numpy(),
        "ridge one-hot": one_hot(X),
    }
    predictions = {name: np.zeros((len(X), len(folds))) for name in ("class mean", *designs)}
    for repeat, _, seen, held_out in cross_validation.splits(folds):
        predictions["class mean"][held_out, repeat] = class_mean(source_class, redshift, seen, held_out)
        for name, design in designs.items():
            predictions[name][held_out, repeat] = ridge(design, redshift, seen, held_out)
    return predictions
