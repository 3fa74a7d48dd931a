"""The paper's 64-unit network with a second output: the width of a Gaussian in log(1 + z).

Trained by the Gaussian log-likelihood, so that noise which depends on the source is part of the
model (Nix & Weigend 1994). All members, every fold and restart, train together: each weight has a
leading member axis, and one batched matrix product serves all.
"""

import numpy as np
import pandas as pd


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
    import torch

    rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    X, target = np.asarray(X, np.float32), np.log1p(np.asarray(z, float)).astype(np.float32)
    members, (n, n_features) = len(train_rows), X.shape
    fits, checks = np.zeros((members, n), np.float32), np.zeros((members, n), np.float32)
    inputs = np.empty((members, n, n_features), np.float32)
    for member, rows in enumerate(train_rows):
        rows = rng.permutation(rows)
        cut = max(1, round(validation * len(rows)))
        checks[member, rows[:cut]], fits[member, rows[cut:]] = 1 / cut, 1 / (len(rows) - cut)
        spread = X[rows].std(axis=0)
        inputs[member] = (X - X[rows].mean(axis=0)) / np.where(spread > 0, spread, 1)
    inputs, target, fits, checks = (torch.from_numpy(array) for array in (inputs, target, fits, checks))

    def uniform(*shape, fan_in):
        return (torch.rand(*shape, generator=generator) * 2 - 1) / fan_in**0.5

    start = torch.stack([(fits * target).sum(1), torch.full((members,), -1.2)], dim=1)[:, None]
    weights = [
        uniform(members, n_features, hidden, fan_in=n_features), torch.zeros(members, 1, hidden),
        0.1 * uniform(members, hidden, 2, fan_in=hidden), start,
    ]  # fmt: skip
    for weight in weights:
        weight.requires_grad_(True)
    optimiser = torch.optim.AdamW(weights, lr=learning_rate, weight_decay=1e-3)

    def outputs(drop):
        units = torch.relu(torch.baddbmm(weights[1], inputs, weights[0]))
        if drop:
            units = units * (torch.rand(units.shape, generator=generator) >= dropout) / (1 - dropout)
        both = torch.baddbmm(weights[3], units, weights[2])
        return both[..., 0], both[..., 1].clamp(-5, 2)

    def surprise(location, log_scale):
        return log_scale + 0.5 * ((target - location) * torch.exp(-log_scale)) ** 2

    best = torch.full((members,), float("inf"))
    kept = torch.zeros(2, members, n)
    for epoch in range(epochs):
        optimiser.zero_grad()
        (fits * surprise(*outputs(drop=True))).sum().backward()
        optimiser.step()
        if epoch % 5 == 4 or epoch == epochs - 1:
            with torch.no_grad():
                now = outputs(drop=False)
                loss = (checks * surprise(*now)).sum(1)
                better = loss < best
                best = torch.where(better, loss, best)
                kept = torch.where(better[None, :, None], torch.stack(now), kept)
    return kept[0].numpy(), torch.exp(kept[1]).numpy()


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
