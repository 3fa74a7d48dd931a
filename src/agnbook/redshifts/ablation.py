"""What one booster of the best redshift model loses without a group of columns, without rows, and with fewer of them."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from agnbook.judge import scores
from agnbook.redshifts import boosted
from agnbook.sky import features


def column_sets(columns) -> dict[str, list[str]]:
    """Return sets of columns by name: without each group of `features.EXTENDED_GROUPS`, all, and the source alone."""
    groups = features.EXTENDED_GROUPS
    sets = {f"without {name}": [column for column in columns if column not in group] for name, group in groups.items()}
    physics = groups["gamma rays"] + groups["synchrotron peak"]
    return sets | {"all columns": list(columns), "gamma rays and synchrotron peak only": physics}


def study(sample: boosted.RedshiftSample, z, folds, *, curve_points: int, rounds: float, seed: int = 0) -> pd.DataFrame:
    """Score one booster out of fold for every set of columns, for the paper's rows only, and on fewer rows.

    Parameters
    ----------
    sample : all rows that may train; z : redshifts (n,) of those that `folds`, shape (repeats, n), hold out.
    curve_points : sizes of the learning curve, from a tenth of the rows to all.
    rounds : factor of the number of boosting rounds; 1 but in small runs.

    Returns
    -------
    pandas.DataFrame
        ``kind`` ("columns" or "curve"), ``name``, ``fraction`` of the training rows, ``rmse`` with its bootstrap
        interval ``low`` to ``high``, ``cc``, and ``minus_all``, ``minus_low``, ``minus_high``: the RMSE minus that of all
        columns and rows, paired on the same sources.
    """
    columns = list(sample.X.columns)
    runs = [("columns", name, chosen, True, 1.0) for name, chosen in column_sets(columns).items()]
    runs += [("columns", "all columns, the paper's rows only", columns, False, 1.0)]
    runs += [("curve", "", columns, True, fraction) for fraction in np.geomspace(0.1, 1.0, curve_points)]
    truth = np.tile(z, len(folds))
    means = [boosted.booster_out_of_fold(sample, folds, *run[2:], seed, rounds) for run in runs]
    everything = means[next(row for row, run in enumerate(runs) if run[1] == "all columns")].T
    rows = []
    for (kind, name, _, _, fraction), mean in zip(runs, means, strict=True):
        pairs = mean.T
        low, high = scores.bootstrap(_rmse, pairs, z, n_resamples=300, seed=seed)
        found = _rmse(pairs, z), low, high, scores.correlation(truth, mean.ravel())
        rows.append((kind, name, fraction, *found, *scores.paired(_rmse, pairs, everything, z, n_resamples=300, seed=seed)))
    columns = ["kind", "name", "fraction", "rmse", "low", "high", "cc", "minus_all", "minus_low", "minus_high"]
    return pd.DataFrame(rows, columns=columns)


def _rmse(predictions, truth) -> float:
    return scores.rmse(truth[:, None], predictions)


def extrapolate(rows, rmse, power: float) -> tuple[float, Callable]:
    """Fit rmse^2 = floor^2 + b * rows^-power by least squares; return the floor and the fitted rmse(rows)."""
    slope, intercept = np.polyfit(np.asarray(rows, float) ** -power, np.asarray(rmse) ** 2, 1)
    return float(np.sqrt(max(intercept, 0.0))), lambda count: np.sqrt(intercept + slope * count**-power)


def floors(rows, rmse, powers, at: float) -> pd.DataFrame:
    """Extrapolate with each exponent: index `powers`, columns ``floor``, ``RMSE at <at> rows`` and ``largest misfit``."""
    found = {}
    for power in powers:
        floor, line = extrapolate(rows, rmse, power)
        found[power] = floor, line(at), float(np.abs(line(np.asarray(rows, float)) - rmse).max())
    return pd.DataFrame.from_dict(found, orient="index", columns=["floor", f"RMSE at {at:,.0f} rows", "largest misfit"])
