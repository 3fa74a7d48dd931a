"""The paper's 64-unit network with a second output: the width of a Gaussian in log(1 + z).

Trained by the Gaussian log-likelihood, so that noise which depends on the source is part of the
model (Nix & Weigend 1994). All members, every fold and restart, train together (`agnbook.members`).
"""

from functools import partial

import numpy as np
import pandas as pd
import torch

from agnbook import members


def fit_predict(
    X,
    z,
    train_rows: list[np.ndarray],
    seed: int = 0,
    epochs: int = 250,
    hidden: int = 64,
    dropout: float = 0.25,
    learning_rate: float = 0.01,
    validation: float = 0.1,
) -> tuple[np.ndarray, np.ndarray]:
    """Train one network for each set of training rows and predict every row with each.

    Parameters
    ----------
    X : array, shape (n, n_features)
    z : array, shape (n,)
        Redshifts; only those of a member's training rows touch that member.
    train_rows : list of M integer arrays
        A tenth of each is held back; the epoch with its best likelihood is kept.

    Returns
    -------
    location, scale : numpy.ndarray, shape (M, n)
        Of log(1 + z).
    """
    rng = np.random.default_rng(seed)
    X, target = np.asarray(X, float), np.log1p(np.asarray(z, float))
    shuffled = [rng.permutation(rows) for rows in train_rows]
    cuts = [max(1, round(validation * len(rows))) for rows in shuffled]
    held, fitted = zip(*(np.split(rows, [cut]) for rows, cut in zip(shuffled, cuts, strict=True)), strict=True)
    centre = np.stack([X[rows].mean(axis=0) for rows in train_rows])[:, None]
    spread = np.stack([X[rows].std(axis=0) for rows in train_rows])[:, None]
    spread[spread == 0] = 1

    def gathered(parts):
        """Standardised features, target and weight of rows that differ in number."""
        index, real = members.padded(parts)
        return (X[index] - centre) / spread, target[index], real / real.sum(axis=1, keepdims=True)

    def uniform(inputs, outputs):
        return rng.uniform(-1, 1, (len(train_rows), inputs, outputs)) / inputs**0.5

    start = {
        "hidden": uniform(X.shape[1], hidden), "hidden bias": np.zeros((len(train_rows), hidden)),
        # the output starts at the mean redshift and a plausible width
        "output": 0.1 * uniform(hidden, 2), "output bias": np.array([[target[rows].mean(), -1.2] for rows in fitted]),
    }  # fmt: skip

    def outputs(weights, x, part):
        units = torch.relu(members.dense(x, weights["hidden"], weights["hidden bias"]))
        both = members.dense(members.dropout(units, part, rng) if part else units, weights["output"], weights["output bias"])
        return both[..., 0], both[..., 1].clamp(-5, 2)

    def surprise(weights, x, y, weight, part=0.0):
        location, log_scale = outputs(weights, x, part)
        return (weight * (log_scale + 0.5 * ((y - location) * torch.exp(-log_scale)) ** 2)).sum(dim=1)

    trained = members.train(
        start, partial(surprise, part=dropout), gathered(fitted), epochs=epochs, rng=rng, score=surprise, held=gathered(held),
        rate=learning_rate, weight_decay=1e-3,
    )  # fmt: skip
    best = {name: torch.from_numpy(value) for name, value in trained.parameters.items()}
    location, log_scale = outputs(best, torch.from_numpy(((X - centre) / spread).astype(np.float32)), 0.0)
    return location.numpy(), torch.exp(log_scale).numpy()


def out_of_fold(X, z, names, folds: np.ndarray, members: int = 3, seed: int = 0, **options) -> pd.DataFrame:
    """Cross-validate an ensemble of `members` networks a fold; `options` go to `fit_predict`.

    Returns
    -------
    pandas.DataFrame
        One row a source and repeat: ``Source_Name``, ``repeat``, and the ensemble's ``location``
        and ``scale`` in log(1 + z), the moments of the members' mixture.
    """
    tables = []
    for repeat, row in enumerate(folds):
        tests = [np.flatnonzero(row == fold) for fold in np.unique(row)]
        training = [np.flatnonzero(row != row[test[0]]) for test in tests for _ in range(members)]
        location, scale = fit_predict(X, z, training, seed + repeat, **options)
        table = pd.DataFrame({"Source_Name": names, "repeat": repeat, "location": np.nan, "scale": np.nan})
        for number, test in enumerate(tests):
            own = slice(number * members, (number + 1) * members)
            centre = location[own, test].mean(axis=0)
            variance = (scale[own, test] ** 2 + location[own, test] ** 2).mean(axis=0) - centre**2
            table.loc[test, "location"], table.loc[test, "scale"] = centre, np.sqrt(variance)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
