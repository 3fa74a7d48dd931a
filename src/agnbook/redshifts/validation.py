"""The best model on every known redshift, those that fail the paper's cuts too: do its intervals hold where it predicts?

The sources without a redshift, for which the book publishes predictions, mostly fail the paper's cuts. So the model is
cross-validated on all sources with a redshift, and its coverage is asked for in each group that the published ones have.
"""

import numpy as np
import pandas as pd

from agnbook.judge import cross_validation, scores
from agnbook.judge.calibration import SIGMA_LEVELS, wilson_interval
from agnbook.redshifts import boosted, intervals
from agnbook.sky import features

FOLDS = "redshift_all_10x3"
#: Per cent of the three levels, as they are shown.
LEVELS = ("68.3 %", "95.4 %", "99.7 %")


def draw_folds(sample: boosted.RedshiftSample, seed: int = 1) -> np.ndarray:
    """Draw fold numbers for all rows, shape (3, n); the paper's rows keep those of ``redshift_10x3``."""
    paper = cross_validation.load_folds("redshift_10x3", sample.X.index[sample.kept])
    others = cross_validation.repeated_folds(int((~sample.kept).sum()), 10, 3, seed=seed)
    return np.hstack([paper, others])


def describe(X: pd.DataFrame) -> pd.DataFrame:
    """Return what tells published sources apart: ``group`` ("bll", "fsrq", "other"), ``photon`` and ``sed`` as 0 / 1.

    Parameters
    ----------
    X : of `features.extended_redshift_features`; ``photon`` means one above 10 GeV, ``sed`` a fitted synchrotron peak.
    """
    photon = X["Highest_energy"] > np.log(features.HIGHEST_ENERGY_CENSORED) + 1e-9
    return pd.DataFrame({"group": boosted.source_groups(X), "photon": photon.astype(int), "sed": X["nu_syn"].notna().astype(int)})


def out_of_fold(sample: boosted.RedshiftSample, folds, seed: int = 0, **sizes) -> pd.DataFrame:
    """Predict every known redshift by a model that has not seen it.

    Parameters
    ----------
    folds : shape (repeats, len(sample)), as `draw_folds` draws them.
    sizes : of `boosted.fit_best`.

    Returns
    -------
    pandas.DataFrame
        The columns of `boosted.out_of_fold`, those of `describe`, ``kept`` (whether the paper's cuts keep the source), and
        ``hit_68``, ``hit_95``, ``hit_997``: whether the redshift is inside the stated interval.
    """
    table = boosted.out_of_fold(sample, folds, seed, **sizes)
    named = describe(sample.X).assign(kept=sample.kept.astype(int), z=sample.z)
    table = table.join(named, on="Source_Name")
    for level in boosted.LEVEL_NAMES:
        table[f"hit_{level}"] = table["z"].between(table[f"low_{level}"], table[f"high_{level}"]).astype(int)
    return table.drop(columns="z")


def recalibrated(pit, folds, group) -> np.ndarray:
    """Whether each redshift is inside an interval whose half-width comes from the other folds of the same repeat.

    Unlike the calibration inside `boosted.fit_best`, these half-widths are learned from the very pipeline that they serve.

    Parameters
    ----------
    pit : array (repeats, n), out of fold; folds : shape (repeats, n); group : array (n,), calibrated apart.

    Returns
    -------
    numpy.ndarray of bool, shape (repeats, n, 3)
    """
    pit, group = np.asarray(pit, float), np.asarray(group)
    hit = np.zeros((*pit.shape, len(SIGMA_LEVELS)), bool)
    for repeat, _, seen, out in cross_validation.splits(np.asarray(folds)):
        widths = intervals.conformal_half_widths(pit[repeat, seen], group[seen])
        hit[repeat, out] = np.abs(pit[repeat, out] - 0.5)[:, None] <= intervals.look_up(widths, group[out])
    return hit


def groups(described: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the groups in which coverage is asked for, as masks by name, from the columns of `describe` and ``kept``."""
    column = {name: described[name].to_numpy() for name in ("group", "photon", "sed", "kept")}
    return {
        "all": np.ones(len(described), bool),
        "inside the paper's cuts": column["kept"] > 0, "outside them": column["kept"] == 0,
        "BL Lac": column["group"] == "bll", "FSRQ": column["group"] == "fsrq", "other class": column["group"] == "other",
        "photon above 10 GeV": column["photon"] > 0, "no such photon": column["photon"] == 0,
        "SED fitted": column["sed"] > 0, "no SED": column["sed"] == 0,
    }  # fmt: skip


def coverage(hit, masks: dict[str, np.ndarray], seed: int = 0) -> pd.DataFrame:
    """Return the share of redshifts inside, by group and level, with 95 % intervals over sources.

    Where all or none lie inside, which drawing sources again cannot change, the interval is Wilson's.

    Parameters
    ----------
    hit : bool array, shape (repeats, n, 3)
    masks : name -> bool array (n,)

    Returns
    -------
    pandas.DataFrame
        Indexed by group and level (`LEVELS`); columns ``n``, ``value``, ``low``, ``high``, ``promised``.
    """
    rows = {}
    for name, mask in masks.items():
        for level, (label, promised) in enumerate(zip(LEVELS, SIGMA_LEVELS, strict=True)):
            inside = np.asarray(hit)[:, mask, level].T.astype(float)
            value = inside.mean()
            if value in (0, 1):
                low, high = wilson_interval(value * mask.sum(), mask.sum())
            else:
                low, high = scores.bootstrap(np.mean, inside, n_resamples=400, seed=seed)
            rows[name, label] = (mask.sum(), value, low, high, promised)
    return pd.DataFrame(rows, ["n", "value", "low", "high", "promised"]).T
