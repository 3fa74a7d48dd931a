"""Scores of point predictions, distributions and class probabilities, with bootstrap intervals."""

from collections.abc import Callable

import numpy as np


def rmse(truth, prediction) -> float:
    """Root mean squared error; NaN-free arrays of one shape."""
    return float(np.sqrt(np.mean((np.asarray(prediction) - np.asarray(truth)) ** 2)))


def correlation(truth, prediction) -> float:
    """Pearson correlation coefficient (the papers' CC); NaN when one side is constant."""
    truth, prediction = np.ravel(truth).astype(float), np.ravel(prediction).astype(float)
    if truth.std() == 0 or prediction.std() == 0:
        return float("nan")
    return float(np.corrcoef(truth, prediction)[0, 1])


def crps_quantiles(truth, quantiles, levels) -> np.ndarray:
    """CRPS from predicted quantiles: twice the pinball loss, integrated over the levels.

    Parameters
    ----------
    truth : array, shape (n,)
    quantiles : array, shape (n, q), at the ascending `levels` of shape (q,) in (0, 1).
    """
    truth, quantiles, levels = np.asarray(truth, float)[:, None], np.asarray(quantiles, float), np.asarray(levels, float)
    error = truth - quantiles
    pinball = np.maximum(levels * error, (levels - 1) * error)
    edges = np.concatenate([[0.0], (levels[1:] + levels[:-1]) / 2, [1.0]])
    return 2 * (pinball * np.diff(edges)).sum(axis=1)


def bootstrap(statistic: Callable[..., float], *arrays, n_resamples: int = 1000, level: float = 0.95, seed: int = 0):
    """Percentile interval of a statistic, sources resampled with replacement.

    All `arrays` share their first axis and are resampled together, so that differences between
    two models stay paired.

    Returns
    -------
    tuple of float
        (low, high)
    """
    rng = np.random.default_rng(seed)
    arrays = [np.asarray(array) for array in arrays]
    n = len(arrays[0])
    values = []
    for _ in range(n_resamples):
        rows = rng.integers(0, n, n)
        values.append(statistic(*(array[rows] for array in arrays)))
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def paired(
    statistic: Callable[..., float], ours, other, *shared, n_resamples: int = 1000, seed: int = 0
) -> tuple[float, float, float]:
    """Difference of one statistic between two methods on the same sources, with its 95 % interval.

    Both methods are scored on the same resamples, so that a source which is hard for both does not widen the interval.

    Parameters
    ----------
    statistic : called as ``statistic(values, *shared)`` with rows resampled together.
    ours, other : arrays of one shape (n, ...): predictions, errors, probabilities.
    shared : arrays (n, ...) that both need, such as the truth.

    Returns
    -------
    tuple of float
        Ours minus other, and the ends of its interval.

    Raises
    ------
    ValueError
        When the two methods did not answer for equally many sources.
    """
    ours, other = np.asarray(ours), np.asarray(other)
    if len(ours) != len(other):
        raise ValueError(f"A paired difference needs the same sources; got {len(ours)} and {len(other)} of them.")

    def difference(ours, other, *shared):
        return statistic(ours, *shared) - statistic(other, *shared)

    low, high = bootstrap(difference, ours, other, *shared, n_resamples=n_resamples, seed=seed)
    return float(difference(ours, other, *map(np.asarray, shared))), low, high


#: Smallest probability that enters a log-loss, so that one confident mistake of a forest does not decide it alone.
PROBABILITY_FLOOR = 1e-3


def weighted_auc(positive, score, weight) -> np.ndarray:
    """Area under the ROC curve for one or many weightings of the same sources; ties count half.

    Parameters
    ----------
    positive : bool array, shape (n,)
    score : array, shape (n,); larger means more likely positive.
    weight : array, shape (..., n), not negative.

    Returns
    -------
    numpy.ndarray, shape (...,); NaN where one side has no weight.
    """
    positive, score, weight = np.asarray(positive, bool), np.asarray(score, float), np.asarray(weight, float)
    order = np.argsort(score, kind="stable")
    ordered, weight = score[order], weight[..., order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    up = np.add.reduceat(weight * positive[order], starts, axis=-1)
    down = np.add.reduceat(weight * ~positive[order], starts, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (up * (np.cumsum(down, axis=-1) - down / 2)).sum(axis=-1) / (up.sum(axis=-1) * down.sum(axis=-1))


def resample_counts(n: int, n_resamples: int, rng: np.random.Generator, clusters=None) -> np.ndarray:
    """How often each bootstrap resample draws each source, shape (n_resamples, n).

    Parameters
    ----------
    clusters : array, shape (n,), optional
        Sources of one cluster are drawn together: they share what makes them hard or easy.
    """
    if clusters is None:
        return rng.multinomial(n, np.full(n, 1 / n), size=n_resamples)
    _, member = np.unique(np.asarray(clusters), return_inverse=True)
    k = member.max() + 1
    return rng.multinomial(k, np.full(k, 1 / k), size=n_resamples)[:, member]


def source_scores(labels, probability, weights) -> dict[str, np.ndarray]:
    """Scores of class probabilities under one or many weightings of the same sources.

    Parameters
    ----------
    labels : int array, shape (n,), the column of each source's true class.
    probability : array, shape (n, classes), rows adding up to 1.
    weights : array, shape (m, n)

    Returns
    -------
    dict of arrays, shape (m,)
        ``logloss`` (natural logarithm, probabilities not below `PROBABILITY_FLOOR`), ``brier`` (squared distance to the
        truth, summed over the classes and halved), ``auc`` (one class against the rest, mean over the classes present) and
        ``accuracy``.
    """
    labels, probability, weights = np.asarray(labels, int), np.asarray(probability, float), np.asarray(weights, float)
    n, n_classes = probability.shape
    truth = np.eye(n_classes)[labels]
    each = {
        "logloss": -np.log(np.maximum(probability[np.arange(n), labels], PROBABILITY_FLOOR)),
        "brier": ((probability - truth) ** 2).sum(axis=1) / 2,
        "accuracy": (probability.argmax(axis=1) == labels).astype(float),
    }
    values = {name: weights @ value / weights.sum(axis=1) for name, value in each.items()}
    present = [k for k in range(n_classes) if 0 < truth[:, k].sum() < n]
    curves = [weighted_auc(labels == k, probability[:, k], weights) for k in (present[:1] if n_classes == 2 else present)]
    values["auc"] = np.mean(curves, axis=0) if curves else np.full(len(weights), np.nan)
    return {name: values[name] for name in ("logloss", "brier", "auc", "accuracy")}


def class_scores(
    labels, probability, weight=None, *, clusters=None, n_resamples: int = 1000, level: float = 0.95, seed: int = 0
) -> dict[str, tuple[float, float, float]]:
    """Score class probabilities, each score with its bootstrap interval.

    Parameters
    ----------
    labels : int array, shape (n,), the column of each source's true class.
    probability : array, shape (n, classes), rows adding up to 1.
    weight : array, shape (n,), optional
        Importance weights; each resample draws sources with their weights.
    clusters : array, shape (n,), optional
        See `resample_counts`.

    Returns
    -------
    dict
        The scores of `source_scores`: (value, low, high).
    """
    labels, probability = np.asarray(labels, int), np.asarray(probability, float)
    n = len(probability)
    weight = np.ones(n) if weight is None else np.asarray(weight, float)
    draws = resample_counts(n, n_resamples, np.random.default_rng(seed), clusters) * weight
    values = source_scores(labels, probability, np.vstack([weight, draws]))  # the first row is the sample itself
    tails = [(1 - level) / 2, (1 + level) / 2]
    result = {}
    for name, value in values.items():
        spread = value[1:][np.isfinite(value[1:])]
        low, high = np.quantile(spread, tails) if len(spread) else (np.nan, np.nan)
        result[name] = (float(value[0]), float(low), float(high))
    return result


def binary_scores(labels, probability, weight=None) -> dict[str, np.ndarray]:
    """Scores of a BL Lac (0) / FSRQ (1) classifier at threshold 0.5, for one or many weightings at once.

    Parameters
    ----------
    labels : array of 0 / 1, shape (n,)
    probability : FSRQ probability, shape (n,)
    weight : array, shape (..., n), optional
        Such as how often a bootstrap resample drew each source; equal by default.

    Returns
    -------
    dict of arrays, shape (...,)
        ``accuracy``; ``precision``, ``recall`` and ``f1`` of each class with the suffixes ``_bll`` and
        ``_fsrq`` (0 where a class is never called); ``auc``, ``logloss`` (nats, probabilities kept 1e-6
        from 0 and 1) and ``brier``.
    """
    labels, probability = np.asarray(labels) > 0, np.asarray(probability, float)
    if labels.shape != probability.shape or not np.isfinite(probability).all():
        raise ValueError(f"Expected finite probabilities of shape {labels.shape}, one a label; got {probability.shape}.")
    weight = np.ones(len(labels)) if weight is None else np.asarray(weight, float)
    total = weight.sum(axis=-1)
    called = probability > 0.5
    scores = {"accuracy": weight @ (called == labels) / total}
    for name, truth, call in (("bll", ~labels, ~called), ("fsrq", labels, called)):
        right, n_true, n_called = (weight @ one.astype(float) for one in (truth & call, truth, call))
        scores[f"precision_{name}"] = right / np.maximum(n_called, 1e-12)
        scores[f"recall_{name}"] = right / np.maximum(n_true, 1e-12)
        scores[f"f1_{name}"] = 2 * right / np.maximum(n_true + n_called, 1e-12)
    kept = np.clip(probability, 1e-6, 1 - 1e-6)
    scores["auc"] = weighted_auc(labels, probability, weight)
    scores["logloss"] = -(weight @ np.log(np.where(labels, kept, 1 - kept))) / total
    scores["brier"] = weight @ (probability - labels) ** 2 / total
    return scores


def _resampled_binary_scores(labels, probability, n_resamples: int, seed: int) -> dict[str, np.ndarray]:
    """Mean of `binary_scores` over repeats: of the sources themselves, then of every resample of them."""
    n = len(labels)
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=n_resamples)
    weight = np.concatenate([np.ones((1, n)), draws])
    tables = [binary_scores(labels, row, weight) for row in np.atleast_2d(probability)]
    return {name: np.mean([table[name] for table in tables], axis=0) for name in tables[0]}


def _with_interval(values: np.ndarray) -> tuple[float, float, float]:
    return float(values[0]), *map(float, np.nanquantile(values[1:], [0.025, 0.975]))


def repeated_binary_scores(labels, probability, *, n_resamples: int = 1000, seed: int = 0) -> dict[str, tuple]:
    """Mean of `binary_scores` over repeats, with 95 % bootstrap intervals over sources.

    Parameters
    ----------
    labels : array, shape (n,)
    probability : out-of-fold FSRQ probabilities, shape (n_repeats, n)
        A resample draws the same sources in every repeat.

    Returns
    -------
    dict of name -> (value, low, high)
    """
    return {name: _with_interval(all_) for name, all_ in _resampled_binary_scores(labels, probability, n_resamples, seed).items()}


def binary_differences(labels, probability, other, *, n_resamples: int = 1000, seed: int = 0) -> dict[str, tuple]:
    """All scores of `probability` minus those of `other`, with paired 95 % bootstrap intervals over sources.

    Both are scored on the same resamples, so that a source which is hard for both does not widen the interval.

    Parameters
    ----------
    labels : array, shape (n,)
    probability, other : out-of-fold FSRQ probabilities of the same sources, shape (n_repeats, n)

    Returns
    -------
    dict of name -> (difference, low, high), for the scores of `binary_scores`
    """
    ours, theirs = (_resampled_binary_scores(labels, table, n_resamples, seed) for table in (probability, other))
    return {name: _with_interval(ours[name] - theirs[name]) for name in ours}
