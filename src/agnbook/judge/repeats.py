"""RMSE and correlation of predictions that were made several times: by restarts, or in repeats of a cross-validation.

Predictions have shape (sources, repeats). A score is either the mean of each repeat's own score, or *pooled*: one
score over all sources and repeats.
"""

import numpy as np
import pandas as pd

from agnbook.judge import scores


def mean_rmse(truth, predictions) -> float:
    """RMSE of each repeat, averaged."""
    return float(np.mean([scores.rmse(truth, column) for column in np.asarray(predictions).T]))


def mean_correlation(truth, predictions) -> float:
    """Correlation of each repeat, averaged."""
    return float(np.mean([scores.correlation(truth, column) for column in np.asarray(predictions).T]))


def pooled_rmse(truth, predictions) -> float:
    """RMSE over all sources and repeats."""
    return scores.rmse(np.asarray(truth)[:, None], predictions)


def pooled_correlation(truth, predictions) -> float:
    """Correlation over all sources and repeats."""
    return scores.correlation(np.repeat(truth, np.shape(predictions)[1]), predictions)


def pooled(frame: pd.DataFrame, column: str, sources, n_repeats: int) -> np.ndarray:
    """One column of an out-of-fold table as shape (n_repeats * n,): repeats one after the other, sources in their order."""
    return frame.pivot(index="repeat", columns="Source_Name", values=column)[list(sources)].to_numpy()[:n_repeats].ravel()


def score_table(truth, predictions: dict, *, pooled: bool, seed: int = 0) -> pd.DataFrame:
    """Score several models on the same sources.

    Parameters
    ----------
    truth : array, shape (n,)
    predictions : model name -> array, shape (n, repeats)
    pooled : score all repeats together, instead of averaging their scores.

    Returns
    -------
    pandas.DataFrame
        One row a model: ``rmse`` and ``cc``, and ``rmse_interval`` and ``cc_interval``, the ends of the 95 %
        bootstrap interval over sources.
    """
    kinds = {"rmse": pooled_rmse, "cc": pooled_correlation} if pooled else {"rmse": mean_rmse, "cc": mean_correlation}
    rows = {}
    for name, values in predictions.items():
        rows[name] = {}
        for score, statistic in kinds.items():
            rows[name][score] = statistic(truth, values)
            rows[name][f"{score}_interval"] = scores.bootstrap(statistic, truth, values, seed=seed)
    return pd.DataFrame.from_dict(rows, orient="index")


def rmse_difference(truth, ours, other, *, seed: int = 0) -> tuple[float, tuple[float, float]]:
    """Pooled RMSE of `ours` minus that of `other`, and its paired bootstrap interval over sources."""

    def difference(truth, ours, other):
        return pooled_rmse(truth, ours) - pooled_rmse(truth, other)

    return difference(truth, ours, other), scores.bootstrap(difference, truth, ours, other, seed=seed)
