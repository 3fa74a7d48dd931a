"""What redshifts from the columns of 4FGL alone cost, against all columns of 4LAC, on the same sources.

4FGL tells neither the synchrotron peak nor the highest photon nor where the counterpart was found. Two ways to do without:
ask the model of all columns and leave these empty, or ask a second one that was fitted without them.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from agnbook.judge import scores
from agnbook.redshifts.shipped_redshift import ShippedRedshift
from agnbook.sky import features

COST = "results/redshift_fewer_columns.csv"
#: How a redshift is answered.
ALL, EMPTY, FITTED = "all columns of 4LAC", "4FGL's, the others empty", "4FGL's, fitted on these"


def emptied(X: pd.DataFrame) -> pd.DataFrame:
    """Return features as they are where nothing but 4FGL is known: indicators 0, no photon above 10 GeV, the rest NaN."""
    gone = [name for name in X if name not in features.FEATURES_FROM_4FGL]
    zero = [name for name in gone if name.startswith("catalog_") or name == "has_VLBI"]
    no_photon = {"Highest_energy": np.log(features.HIGHEST_ENERGY_CENSORED)}
    return X.assign(**dict.fromkeys(gone, np.nan) | dict.fromkeys(zero, 0.0) | no_photon)


def from_4fgl(sample):
    """Return a `boosted.RedshiftSample` with the features that 4FGL alone gives."""
    return replace(sample, X=sample.X[features.FEATURES_FROM_4FGL])


def cost(model: ShippedRedshift, fitted: ShippedRedshift, sample, seed: int = 0) -> pd.DataFrame:
    """Score each way on all known redshifts, every source answered by parts of a model that were fitted without it.

    Parameters
    ----------
    model, fitted : fitted on the rows of `sample`, on all its features and on `features.FEATURES_FROM_4FGL`.
    sample : `boosted.redshift_sample` of both files of 4LAC-DR3. What 4FGL-DR3 and 4LAC-DR3 both have is the same in both.

    Returns
    -------
    pandas.DataFrame
        A row for each of `ALL`, `EMPTY` and `FITTED`: ``columns``, ``n`` sources, ``rmse`` of the medians and ``crps``, with
        ``_low`` and ``_high``, 95 % bootstrap intervals over sources; the same minus those of all columns, paired on the same
        sources (``rmse_more``, ``crps_more``); ``coverage68`` and ``coverage95`` of the calibrated intervals and their
        median width ``width68``.
    """
    X, names = sample.X, sample.X.index
    ways = {ALL: (model, X), EMPTY: (model, emptied(X)), FITTED: (fitted, X)}
    rows, medians, losses = [], {}, {}
    for name, (answers, given) in ways.items():
        forecast = answers.answer(given, names)[0]
        median, loss = forecast.quantile(0.5), forecast.crps(sample.z)
        medians[name], losses[name] = (median - sample.z) ** 2, loss
        row = {"columns": name, "n": len(sample)}
        for score, statistic, values in (("rmse", _root_mean, medians), ("crps", np.mean, losses)):
            low, high = scores.bootstrap(statistic, values[name], seed=seed)
            row |= {score: statistic(values[name]), f"{score}_low": low, f"{score}_high": high}
            more = scores.paired(statistic, values[name], values[ALL], seed=seed)
            row |= dict(zip((f"{score}_more", f"{score}_more_low", f"{score}_more_high"), more, strict=True))
        limits = answers.model.intervals(forecast, given)
        inside = (limits[..., 0] <= sample.z[:, None]) & (sample.z[:, None] <= limits[..., 1])
        row |= {"coverage68": inside[:, 0].mean(), "coverage95": inside[:, 1].mean()}
        rows.append(row | {"width68": np.median(limits[:, 0, 1] - limits[:, 0, 0])})
    return pd.DataFrame(rows)


def _root_mean(squares) -> float:
    return float(np.sqrt(np.mean(squares)))
