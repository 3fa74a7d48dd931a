"""Cross-validation of the networks: all folds and repeats together."""

import numpy as np
import pandas as pd

from agnbook.judge import cross_validation
from agnbook.redshifts.mlp.batched import fit_members
from agnbook.redshifts.mlp.predictive import gaussian_head

#: Part of the rows that validates in the authors' split (61 of 1162); cross-validation carves out the same.
VALIDATION_FRACTION = 61 / 1162


def fold_rows(folds: np.ndarray, seed: int = 0) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Rows of every fold of every repeat: training, validation and held-out.

    The validation rows are carved from those that are not held out, in the proportion of the
    authors' split, so that the held-out rows choose nothing.

    Returns
    -------
    tuple
        train : array (members, n_train), the same number for all; validation and held_out : lists
        of arrays, one a member. Members are in the order of `cross_validation.splits`.
    """
    rng = np.random.default_rng(seed)
    parts = [(rng.permutation(rows), held_out) for _, _, rows, held_out in cross_validation.splits(folds)]
    n_train = min(len(rows) - max(1, round(VALIDATION_FRACTION * len(rows))) for rows, _ in parts)
    train = np.stack([np.sort(rows[:n_train]) for rows, _ in parts])
    return train, [np.sort(rows[n_train:]) for rows, _ in parts], [held_out for _, held_out in parts]


def out_of_fold(networks, X: pd.DataFrame, y, folds: np.ndarray, n_samples: int = 1000, seed: int = 0, **options) -> pd.DataFrame:
    """Predict every source by networks that were not trained on it, all folds and repeats together.

    Parameters
    ----------
    networks : sequence of Network
    X : raw features, indexed by source name.
    y, folds : redshifts (n,), and fold numbers (repeats, n), see `agnbook.judge.cross_validation`.
    n_samples : draws of the weights behind each prediction.
    options : `epochs` and `patience` of `fit_members`.

    Returns
    -------
    pandas.DataFrame
        One row a source and repeat: ``Source_Name``, ``repeat``, and for each network ``<name>_mean``;
        for Bayesian ones ``<name>_sd``; where only the last layer is Bayesian also ``<name>_loc`` and
        ``<name>_scale`` of `gaussian_head`, from which any quantile follows.
    """
    repeats, n = folds.shape
    values = X.to_numpy(float)
    train, validation, _ = fold_rows(folds, seed)
    columns = {"Source_Name": np.tile(X.index.to_numpy(), repeats), "repeat": np.repeat(np.arange(repeats), n)}
    for network in networks:
        members = fit_members(network, values, y, train, validation, seed=seed, **options)
        rng = np.random.default_rng(seed)
        parts = {name: np.full((repeats, n), np.nan) for name in network.prediction_columns}
        for number, (repeat, _, _, rows) in enumerate(cross_validation.splits(folds)):
            samples = members.samples(number, values[rows], n_samples, rng)
            results = [samples.mean(axis=0), samples.std(axis=0)]
            if network.has_gaussian_head:
                results += gaussian_head(members.member(number), members.standardised(number, values[rows]))
            for name, result in zip(parts, results, strict=False):
                parts[name][repeat, rows] = result
        columns |= {name: part.ravel() for name, part in parts.items()}
    return pd.DataFrame(columns)
