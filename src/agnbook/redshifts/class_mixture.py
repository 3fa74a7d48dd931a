"""How many of the uncertain blazars are FSRQs, judged by redshift predictions alone.

Take the mean prediction for held-out BL Lacs and for held-out FSRQs: which mixture of the two gives the mean
prediction for the BCUs? If redshifts showed the classes, the answer would not depend on whether the regressor is
told the class.
"""

import numpy as np
import pandas as pd

from agnbook.redshifts import boosted
from agnbook.redshifts.unknown_redshifts import without_class


def predictions(sample: boosted.RedshiftSample, bcu: pd.DataFrame, *, folds: int, seed: int = 0) -> pd.DataFrame:
    """Predict held-out BL Lacs and FSRQs, and all BCUs, with and without the class as an input.

    Parameters
    ----------
    sample : sources with a redshift; bcu : features of BCUs without one.

    Returns
    -------
    pandas.DataFrame
        ``blind`` (class left out?), ``class`` ("bll", "fsrq", "bcu"), ``z``; four digits.
    """
    part = np.random.default_rng(seed).integers(0, folds, len(sample))
    rows = []
    for blind in (False, True):
        X, target = (without_class(sample.X), without_class(bcu)) if blind else (sample.X, bcu)
        held = np.empty(len(sample))
        for fold in range(folds):
            booster = boosted.fit_booster(X[part != fold], sample.z[part != fold], kind="gamma", seed=seed)
            held[part == fold] = booster.predict(X[part == fold].to_numpy(float))
        every = boosted.fit_booster(X, sample.z, kind="gamma", seed=seed)
        groups = {"bll": held[sample.X["CLASS_bll"] > 0], "fsrq": held[sample.X["CLASS_fsrq"] > 0]}
        groups["bcu"] = every.predict(target.to_numpy(float))
        rows += [(blind, name, value) for name, values in groups.items() for value in values]
    return pd.DataFrame(rows, columns=["blind", "class", "z"]).round(4)


def fsrq_fraction(table: pd.DataFrame, rng: np.random.Generator | None = None) -> float:
    """FSRQ fraction of the BCUs from one part of `predictions`; of a bootstrap resample with `rng`."""
    means = {}
    for name, values in table.groupby("class")["z"]:
        values = values.to_numpy()
        means[name] = (values if rng is None else rng.choice(values, len(values))).mean()
    return float((means["bcu"] - means["bll"]) / (means["fsrq"] - means["bll"]))


def fraction_interval(table: pd.DataFrame, *, n_resamples: int, seed: int = 0) -> tuple[float, float, float]:
    """Return `fsrq_fraction` with the ends of its 95 % bootstrap interval."""
    rng = np.random.default_rng(seed)
    low, high = np.quantile([fsrq_fraction(table, rng) for _ in range(n_resamples)], [0.025, 0.975])
    return fsrq_fraction(table), float(low), float(high)
