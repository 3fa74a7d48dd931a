"""What a model answers when it is not told the synchrotron peak: does it read the gap as a class?

A source without a fitted synchrotron SED has no `nu_syn`, `nuFnu_syn` and Compton dominance. If such gaps are
commoner in one class, a model learns the gap itself. Two questions show how much: what does it answer for sources
*with* a fit once their fit is hidden, and what does a model answer that never saw these columns nor their gaps?
"""

import numpy as np
import pandas as pd

from agnbook.blazars import voting
from agnbook.sky import features

#: Columns of the extended features that need the fit.
SED_COLUMNS = features.EXTENDED_BLAZAR_GROUPS["synchrotron peak"]


def hidden(X: pd.DataFrame) -> pd.DataFrame:
    """Return the features as they would be had the fit failed for every source."""
    return X.assign(**dict.fromkeys([name for name in SED_COLUMNS if name in X], np.nan))


def out_of_fold(X: pd.DataFrame, y, folds, column_sets: dict, **sizes) -> dict[str, np.ndarray]:
    """Votes of the five voters for all labelled sources, as they are and with their fit hidden.

    Parameters
    ----------
    X : extended features (n, k), NaN where a quantity was not measured; y : labels 0 / 1, shape (n,)
    folds : int array (n,), the fold in which each source is held out.
    column_sets : name -> columns of X.
    sizes : of `voting.five_votes`.

    Returns
    -------
    dict of str -> array (n,)
        ``name`` and, for sets with a column of `SED_COLUMNS`, ``name|hidden``: FSRQ probabilities (mean logit).
    """
    n, votes = len(X), {}
    tests = [np.flatnonzero(folds == fold) for fold in np.unique(folds)]
    trainings = [np.flatnonzero(folds != fold) for fold in np.unique(folds)]
    for name, columns in column_sets.items():
        asked, targets = X[columns], tests
        if with_sed := bool(set(columns) & set(SED_COLUMNS)):
            asked = pd.concat([asked, hidden(asked)], ignore_index=True)
            targets = [np.r_[test, n + test] for test in tests]
        answers = voting.five_votes(asked, np.tile(y, len(asked) // n), trainings, targets, **sizes)
        every = np.full(len(asked), np.nan)
        for target, *five in zip(targets, *answers.values(), strict=True):
            every[target] = voting.mean_logit(five)
        votes[name] = every[:n]
        if with_sed:
            votes[f"{name}|hidden"] = every[n:]
    return votes


def of_uncertain(X: pd.DataFrame, y, **sizes) -> np.ndarray:
    """Votes for sources without a label by the five voters that see none of `SED_COLUMNS`, nor their gaps.

    Parameters
    ----------
    X : extended features (n, k); y : labels 0 / 1, NaN for those to answer for.
    sizes : of `voting.five_votes`.

    Returns
    -------
    numpy.ndarray, shape (sources without a label,)
        FSRQ probabilities (mean logit), in the order of X.
    """
    blind = X[[name for name in X if name not in SED_COLUMNS]]
    labelled = np.isfinite(y)
    votes = voting.five_votes(blind, y, [np.flatnonzero(labelled)], [np.flatnonzero(~labelled)], **sizes)
    return voting.mean_logit([answer[0] for answer in votes.values()])
