"""How a score falls with the number of training sources, and where that leads: the wall, with its uncertainty."""

import numpy as np
import pandas as pd

from agnbook.blazars import voting
from agnbook.judge import scores


def out_of_fold(X: pd.DataFrame, y, folds, parts, *, seed: int = 0, **sizes) -> dict[float, np.ndarray]:
    """Votes of the five voters trained on a part of each fold's training sources.

    Parameters
    ----------
    X : features of the n sources that `folds` hold out, followed by sources that are never tested; y : labels 0 / 1.
    folds : int array (n,)
    parts : fractions of the training sources; a smaller part lies within every larger one.
    sizes : of `voting.five_votes`.

    Returns
    -------
    dict of fraction -> FSRQ probabilities, shape (n,)
    """
    n, votes = len(folds), {}
    tests = [np.flatnonzero(folds == fold) for fold in np.unique(folds)]
    order = np.random.default_rng(seed).permutation(len(y))
    trainings = [order[~np.isin(order, test)] for test in tests]
    for part in parts:
        kept = [rows[: round(part * len(rows))] for rows in trainings]
        answers = voting.five_votes(X, y, kept, tests, seed=seed, **sizes)
        votes[part] = np.full(n, np.nan)
        for test, *five in zip(tests, *answers.values(), strict=True):
            votes[part][test] = voting.mean_logit(five)
    return votes


def limit(labels, votes: dict[int, np.ndarray], exponent: float, *, n_resamples: int = 1000, seed: int = 0) -> tuple:
    """Log-loss that a line in ``n ** -exponent`` reaches at infinitely many training sources n, with its interval.

    Parameters
    ----------
    labels : array (sources,); votes : number of training sources -> FSRQ probabilities (sources,)
    exponent : 1/2 and 1 enclose what classifiers commonly show.

    Returns
    -------
    tuple of float
        (value, low, high), 95 % over resamples of the test sources; all sizes are scored on the same ones.
    """
    n = len(labels)
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=n_resamples)
    weight = np.concatenate([np.ones((1, n)), draws])
    loss = np.array([scores.binary_scores(labels, row, weight)["logloss"] for row in votes.values()])
    design = np.stack([np.ones(len(votes)), np.array(list(votes), float) ** -exponent], axis=1)
    reached = np.linalg.lstsq(design, loss, rcond=None)[0][0]
    return float(reached[0]), *map(float, np.quantile(reached[1:], [0.025, 0.975]))
