"""What could be known about a forecast before its answers existed, beside what the answers showed."""

import numpy as np
import pandas as pd

from agnbook.judge import exams
from agnbook.shift import weights

#: Estimates of a score: name -> what it says.
NAMES = {
    "unweighted": "promised: unweighted", "weighted": "promised: GMM weights", "ratio": "promised: classifier weights",
    "matched": "matched to the new sample", "observed": "observed", "observed_all": "observed, reweighted",
}  # fmt: skip


def flat(source, target) -> np.ndarray:
    """No weights: 1 for each source."""
    return np.ones(len(source))


def ratio(method: str, seed: int = 0):
    """Return the function (source, target) -> clipped density ratio by a method of `density_ratios.FITS`."""
    return lambda source, target: weights.clip(weights.density_ratio(source, target, method, seed=seed))


def balance(cases: dict[str, tuple]) -> pd.DataFrame:
    """How far weights make one sample look like another.

    Parameters
    ----------
    cases : name -> (source, target, weights of the source rows).

    Returns
    -------
    pandas.DataFrame
        One row a case: ``n_eff``, ``mean weight``, ``AUC before`` and ``AUC after`` (one half: nobody can tell source and target
        apart), ``largest KS after``.
    """
    rows = {
        name: {
            "n_eff": weights.effective_sample_size(weight), "mean weight": weight.mean(),
            "AUC before": weights.two_sample_auc(source, target), "AUC after": weights.two_sample_auc(source, target, weight),
            "largest KS after": weights.ks_distances(source, target, weight).max(),
        }
        for name, (source, target, weight) in cases.items()
    }  # fmt: skip
    return pd.DataFrame(rows).T


def promises(
    own: pd.DataFrame, truth: pd.Series, ahead: pd.DataFrame, answer: pd.Series, X: pd.DataFrame, clusters: pd.Series, *,
    n_resamples: int = 40, seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Score a forecast before and after, with weights estimated anew in every resample.

    Parameters
    ----------
    own, truth : honest probabilities of the associated sources, and their classes.
    ahead, answer : probabilities of the unassociated ones, and their later classes ("" for none).
    X : features of both.
    clusters : see `exams.clusters`.

    Returns
    -------
    pandas.DataFrame
        One row a score and estimate of `NAMES`: ``score``, ``value``, ``low``, ``high``, ``sample``, ``n``, ``n_eff``.
    """
    answer = answer[answer.isin(ahead.columns)]
    known, everyone, new = (X.loc[names] for names in (own.index, ahead.index, answer.index.intersection(ahead.index)))
    boosting, gmm = ratio("boosting", seed), ratio("gmm", seed)
    plan = {
        "unweighted": (own, truth, known, everyone, flat, None), "weighted": (own, truth, known, everyone, gmm, None),
        "ratio": (own, truth, known, everyone, boosting, None), "matched": (own, truth, known, new, boosting, None),
        "observed": (ahead, answer, new, everyone, flat, clusters),
        "observed_all": (ahead, answer, new, everyone, boosting, clusters),
    }  # fmt: skip
    parts = []
    for name, (table, labels, source, target, how, groups) in plan.items():
        many = max(n_resamples, 500 if how is flat and n_resamples >= 20 else 0)  # no weights: cheap
        result = exams.reestimated_scores(table, labels, source, target, how, clusters=groups, n_resamples=many, seed=seed)
        parts.append(result.assign(sample=name, n=result.attrs["n"], n_eff=result.attrs["n_eff"]).rename_axis("score"))
    return pd.concat(parts).reset_index()
