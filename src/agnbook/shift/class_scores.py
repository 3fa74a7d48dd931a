"""Scores of six-class probabilities, class by class, where one would use them; every source counts with its weight.

Three ways to pick the sources of a class: those for which it is the most probable one, those with a probability of at
least one half, and as many as the class has (the break-even point, where precision equals recall).
"""

import numpy as np

from agnbook.judge import scores

#: Bins of the calibration error, the same for every classifier.
N_BINS = 10


def _rates(truth, chosen, weight):
    """Precision and recall of a choice, each of shape (classes,); NaN where nothing is chosen."""
    hit = weight @ (truth & chosen)
    with np.errstate(invalid="ignore", divide="ignore"):
        return hit / (weight @ chosen), hit / (weight @ truth)


def _break_even(truth, probability, weight):
    """Recall, and precision, of the most probable sources that add up to the weight of the class, shape (classes,)."""
    order = np.argsort(-probability, axis=0, kind="stable")
    weights = weight[order]
    true = np.take_along_axis(truth, order, axis=0)
    total = weight @ truth
    inside = np.cumsum(weights, axis=0) <= total
    return (weights * true * inside).sum(axis=0) / total


def _calibration_error(truth, probability, weight):
    """Mean distance of predicted from observed fraction over fixed bins, each with its share of the weight."""
    bins = np.minimum((probability * N_BINS).astype(int), N_BINS - 1)
    surplus = weight[:, None] * (probability - truth)
    return np.array([np.abs(np.bincount(bins[:, k], surplus[:, k], N_BINS)).sum() for k in range(truth.shape[1])]) / weight.sum()


def by_class(y, probability, weight) -> dict[str, np.ndarray]:
    """Score the probabilities of one test sample.

    Parameters
    ----------
    y : int array, shape (n,)
    probability : array, shape (n, classes)
    weight : array, shape (n,)

    Returns
    -------
    dict of arrays, shape (classes,)
        ``auc``; ``precision`` and ``recall`` of the most probable class, and with ``_half`` at one half; ``break_even``;
        ``brier`` (mean squared distance from 0 or 1) and ``calibration`` (mean distance from the diagonal of a
        reliability diagram).
    """
    probability, weight = np.asarray(probability, float), np.asarray(weight, float)
    n_classes = probability.shape[1]
    truth = np.asarray(y)[:, None] == np.arange(n_classes)
    precision, recall = _rates(truth, probability.argmax(axis=1)[:, None] == np.arange(n_classes), weight)
    precision_half, recall_half = _rates(truth, probability >= 0.5, weight)
    return {
        "auc": np.array([scores.weighted_auc(truth[:, k], probability[:, k], weight) for k in range(n_classes)], float),
        "precision": precision, "recall": recall, "precision_half": precision_half, "recall_half": recall_half,
        "break_even": _break_even(truth, probability, weight), "brier": weight @ (probability - truth) ** 2 / weight.sum(),
        "calibration": _calibration_error(truth, probability, weight),
    }  # fmt: skip


def expected_recall_half(probability, weight) -> np.ndarray:
    """Recall at one half that the probabilities themselves promise, no label used, shape (classes,).

    Of the expected members of a class, ``sum w p``, the part that lies above one half: if it agrees with the observed
    recall, a low recall is no fault of the classifier.
    """
    expected = np.asarray(weight, float)[:, None] * probability
    return (expected * (np.asarray(probability) >= 0.5)).sum(axis=0) / expected.sum(axis=0)
