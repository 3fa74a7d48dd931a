"""Weighted performance curves of one class against the rest, with their spread over splits."""

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score, roc_curve

#: Common abscissa: false-positive rate of ROC curves, threshold of precision and recall.
GRID = np.linspace(0, 1, 51)
BINS = np.linspace(0, 1, 11)


def one_split(truth, score, weight) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return (true-positive rate, precision, recall) on `GRID` and the area under the ROC curve.

    Parameters
    ----------
    truth : bool array, shape (n,)
    score, weight : float arrays, shape (n,)

    Notes
    -----
    Precision is NaN at thresholds that no source passes.
    """
    false_rate, true_rate, _ = roc_curve(truth, score, sample_weight=weight)
    order = np.argsort(-score, kind="stable")
    selected = np.r_[0, np.cumsum(weight[order])]
    hit = np.r_[0, np.cumsum((weight * truth)[order])]
    passed = np.searchsorted(-score[order], -GRID, side="right")
    with np.errstate(invalid="ignore"):  # 0 / 0 above the largest score is the documented NaN
        precision = hit[passed] / selected[passed]
    recall = hit[passed] / hit[-1]
    auc = float(roc_auc_score(truth, score, sample_weight=weight))
    return np.interp(GRID, false_rate, true_rate), precision, recall, auc


def _reliability(truth, score, weight):
    bins = np.clip(np.digitize(score, BINS) - 1, 0, len(BINS) - 2)
    total, n = np.bincount(bins, weight, 10), np.bincount(bins, minlength=10)
    with np.errstate(invalid="ignore"):  # empty bins are NaN
        predicted, observed = (np.bincount(bins, weight * values, 10) / total for values in (score, truth))
    return np.where(n >= 10, predicted, np.nan), np.where(n >= 10, observed, np.nan)


def evaluate(y, probability, tested, weight=None, names=None) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Score predictions on each split's test sources, class by class.

    Parameters
    ----------
    y : int array, shape (n,)
    probability : array, shape (n_splits, n, n_classes)
    tested : bool array, shape (n_splits, n)
    weight : array, shape (n,), optional; 1 for unweighted testing.
    names : class names

    Returns
    -------
    curves : one row a class and grid point: ``class``, ``x``, and mean and standard deviation over
        splits of ``tpr``, ``precision`` and ``recall``.
    reliability : one row a class and probability bin: mean ``predicted``, mean ``observed``, ``std``;
        bins with fewer than ten test sources in a split do not count.
    auc : one row a class and split.
    """
    weight = np.ones(len(y)) if weight is None else np.asarray(weight, float)
    names = list(names) if names is not None else [str(k) for k in range(probability.shape[2])]
    curves, bins, areas = [], [], []
    for k, name in enumerate(names):
        lines, calibration = [], []
        for split, rows in enumerate(tested):
            truth, score = y[rows] == k, probability[split, rows, k].astype(float)
            *line, auc = one_split(truth, score, weight[rows])
            lines.append(line)
            calibration.append(_reliability(truth, score, weight[rows]))
            areas.append((name, split, auc))
        mean, std = moments(np.array(lines))
        columns = {"class": name, "x": GRID}
        for row, quantity in enumerate(("tpr", "precision", "recall")):
            columns |= {quantity: mean[row], f"{quantity}_std": std[row]}
        curves.append(pd.DataFrame(columns))
        mean, std = moments(np.array(calibration))
        bins.append(pd.DataFrame({"class": name, "predicted": mean[0], "observed": mean[1], "std": std[1]}).dropna())
    return (
        pd.concat(curves, ignore_index=True),
        pd.concat(bins, ignore_index=True),
        pd.DataFrame(areas, columns=["class", "split", "auc"]),
    )


def surplus(reliability: pd.DataFrame) -> pd.Series:
    """Mean of predicted minus observed fraction over the bins above one half, by ``label``: positive is overconfident."""
    sure = reliability[reliability["predicted"] > 0.5]
    return (sure["predicted"] - sure["observed"]).groupby(sure["label"]).mean()


def moments(values):
    """Mean and standard deviation over the first axis, leaving NaN out; NaN where nothing counts."""
    n = np.isfinite(values).sum(axis=0)
    divisor = np.where(n > 0, n, np.nan)
    mean = np.nansum(values, axis=0) / divisor
    return mean, np.sqrt(np.nansum((values - mean) ** 2, axis=0) / divisor)


def confusion(y, probability, weight=None, n_classes: int = 6) -> np.ndarray:
    """Confusion matrix of the most probable class, each predicted class (column) adding up to 1 (Fig. 15).

    Parameters
    ----------
    y : int array, shape (n,)
    probability : array, shape (n, n_classes); rows with NaN are left out.

    Returns
    -------
    numpy.ndarray, shape (n_classes, n_classes)
        ``[i, j]``: fraction of the sources predicted as `j` that are of class `i`.
    """
    known = np.isfinite(probability).all(axis=1)
    weight = np.ones(len(y)) if weight is None else np.asarray(weight, float)
    matrix = np.zeros((n_classes, n_classes))
    np.add.at(matrix, (np.asarray(y)[known], probability[known].argmax(axis=1)), weight[known])
    total = matrix.sum(axis=0)
    return matrix / np.where(total > 0, total, np.nan)
