"""Out-of-fold votes of classifiers that are no networks of the paper: linear models, kernels, trees, five unlike voters."""

import numpy as np
import pandas as pd

from agnbook.blazars import boosted, linear, voting
from agnbook.judge import cross_validation


def out_of_fold(X: pd.DataFrame, y, folds, *, trees: int, rounds: int) -> dict[str, np.ndarray]:
    """Votes of six peers on the seven features, peer -> array (repeats, n).

    Parameters
    ----------
    X : the seven features of `features.blazar_features`; y : labels 0 / 1, shape (n,)
    folds : fold numbers, shape (repeats, n); see `cross_validation.load_folds`.
    trees, rounds : sizes of the random forest and of the boosting.

    Notes
    -----
    ``logistic`` sees the features as the networks do; the others are told where the SED is missing.
    ``always_bl_lac`` answers with the FSRQ fraction of the training rows.
    """
    told = linear.mark_missing_sed(X)
    makers = {
        "logistic": (linear.logistic, X),
        "quadratic_logistic": (linear.quadratic_logistic, told),
        "support_vectors": (boosted.support_vectors, told),
        "random_forest": (lambda: boosted.forest(trees), told),
        "boosting": (lambda: boosted.Boosted(rounds=rounds), told),
    }
    votes = {name: voting.out_of_fold(make, table, y, folds) for name, (make, table) in makers.items()}
    votes["always_bl_lac"] = np.full(np.shape(folds), np.nan)
    for repeat, _, train, test in cross_validation.splits(folds):
        votes["always_bl_lac"][repeat, test] = y[train].mean()
    return votes


def five_out_of_fold(
    X: pd.DataFrame, y, column_sets: dict, folds, *, trees: int, rounds: int, epochs: int, seed: int = 0
) -> dict[str, np.ndarray]:
    """Votes of the five voters on several sets of columns, ``"set|voter"`` -> array (repeats, n).

    Parameters
    ----------
    X : table of the n sources that `folds` hold out, followed by sources that train in every fold and are
        never tested; y : their labels 0 / 1.
    column_sets : name -> columns of X.
    folds : fold numbers, shape (repeats, n).
    trees, rounds, epochs : sizes of the forest, the boosting and the network; see `voting.five_votes`.
    """
    n = np.shape(folds)[1]
    repeats, _, trainings, tests = zip(*cross_validation.splits(folds), strict=True)
    trainings = [np.r_[train, n : len(y)] for train in trainings]
    votes = {}
    for name, columns in column_sets.items():
        answers = voting.five_votes(X[columns], y, trainings, tests, seed=seed, trees=trees, rounds=rounds, epochs=epochs)
        votes |= {f"{name}|{voter}": voting.collect(answer, tests, repeats, n) for voter, answer in answers.items()}
    return votes
