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


def crps_samples(truth, samples) -> np.ndarray:
    """Continuous ranked probability score of sampled predictions, one a source.

    Parameters
    ----------
    truth : array, shape (n,)
    samples : array, shape (n, m)

    Returns
    -------
    numpy.ndarray, shape (n,)
        In the unit of `truth`; the fair estimator of E|X - y| - E|X - X'| / 2 (Gneiting & Raftery
        2007, Zamo & Naveau 2018).
    """
    truth, samples = np.asarray(truth, float), np.sort(np.asarray(samples, float), axis=1)
    m = samples.shape[1]
    spread = (samples * (2 * np.arange(1, m + 1) - m - 1)).sum(axis=1) / (m * max(m - 1, 1))
    return np.abs(samples - truth[:, None]).mean(axis=1) - spread


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
