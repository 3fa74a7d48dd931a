"""Restarts of the paper's redshift networks on the paper's split: the same training with other random numbers.

One training is one throw of the dice: the start of the weights, the shuffling, the dropout, the draws of the
weights. These functions train each reading of the network several times on the authors' rows and tabulate what
the restarts predict (Gharat, Borthakur & Bhatta, tables 1 and 3; chapter 12).
"""

import numpy as np
import pandas as pd

from agnbook.redshifts import mlp


def predict(
    networks, known: pd.DataFrame, redshift, unknown: pd.DataFrame, train, validation,
    *, restarts: int, samples: int, seed: int, **training,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """Train every network `restarts` times and predict all sources.

    Parameters
    ----------
    networks : sequence of `mlp.Network`
    known, unknown : raw features of the sources with and without a redshift, indexed by source name.
    redshift : array, shape (len(known),)
    train, validation : rows of `known` that train and that choose the epoch.
    samples : draws of the weights behind each prediction.
    training : `epochs` and `patience` of `mlp.fit_members`.

    Returns
    -------
    dict of network name -> (mean, standard deviation over draws)
        Arrays of shape (restarts, len(known) + len(unknown)).
    """
    every = pd.concat([known, unknown])
    rows = np.tile(train, (restarts, 1))
    predictions = {}
    for network in networks:
        members = mlp.fit_members(network, known.to_numpy(), redshift, rows, [validation] * restarts, seed=seed, **training)
        predictions[network.name] = members.predict(every, samples, np.random.default_rng(seed))
    return predictions


def on_test(predictions, sources, test) -> pd.DataFrame:
    """Return the predictions for the test rows, one line a network, restart and source.

    Columns: ``network``, ``restart``, ``Source_Name``, ``mean``, ``sd``; redshifts at five digits.
    """
    parts = []
    for name, (means, deviations) in predictions.items():
        for restart, (mean, sd) in enumerate(zip(means, deviations, strict=True)):
            part = {"network": name, "restart": restart, "Source_Name": np.asarray(sources)[test]}
            parts.append(pd.DataFrame(part | {"mean": mean[test].round(5), "sd": sd[test].round(5)}))
    return pd.concat(parts, ignore_index=True)


def statistics(predictions, n_known: int) -> pd.DataFrame:
    """Return mean, smallest, largest and scatter of the predictions, as the paper's table 3 does.

    The first `n_known` sources have a redshift. Columns: ``network``, ``restart``, ``sample`` ("known" or
    "unknown"), ``n``, ``mean``, ``min``, ``max``, ``sigma``.
    """
    rows = []
    for name, (means, _) in predictions.items():
        for restart, mean in enumerate(means):
            for sample, values in (("known", mean[:n_known]), ("unknown", mean[n_known:])):
                found = values.mean(), values.min(), values.max(), values.std()
                rows.append((name, restart, sample, len(values), *found))
    return pd.DataFrame(rows, columns=["network", "restart", "sample", "n", "mean", "min", "max", "sigma"])


def by_source(predictions, sources, n_known: int, kinds=mlp.KINDS) -> pd.DataFrame:
    """Return the first restart of the paper's own readings, one row a source.

    Columns: ``Source_Name``, ``known``, and for each of `kinds` ``<kind>_mean`` and, where the network has a
    posterior, ``<kind>_sd``.
    """
    columns = {"Source_Name": sources, "known": np.arange(len(sources)) < n_known}
    for kind in kinds:
        mean, sd = predictions[kind]
        columns[f"{kind}_mean"] = mean[0].round(5)
        if kind != "mlp":
            columns[f"{kind}_sd"] = sd[0].round(5)
    return pd.DataFrame(columns)
