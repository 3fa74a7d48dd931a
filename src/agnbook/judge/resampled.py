"""Errors from random splits into training and test sources.

Splits share most of their sources, so the scatter of a score over splits is not the error of its mean: it would shrink
with every further split, while the sources stay the same. Two classical corrections.
"""

import numpy as np
from scipy import stats

#: Of the interval that `difference` gives.
LEVEL = 0.95


def difference(values, test_fraction: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean of a paired difference over random splits with its 95 % interval (Nadeau & Bengio 2003).

    The variance of the mean of J splits is ``(1 / J + test / train) s^2`` instead of ``s^2 / J``: two splits share
    training sources. Student's t with J - 1 degrees of freedom.

    Parameters
    ----------
    values : array, shape (splits, ...)
        Score of one method minus that of the other, both on the same test sources. Splits with NaN do not count.
    test_fraction : fraction of the sources that a split tests.

    Returns
    -------
    mean, low, high : arrays, shape (...); NaN where fewer than two splits count.
    """
    values = np.asarray(values, float)
    n = np.isfinite(values).sum(axis=0)
    few = np.where(n > 1, n, np.nan)
    mean = np.nansum(values, axis=0) / few
    variance = np.nansum((values - mean) ** 2, axis=0) / (few - 1)
    half = stats.t.ppf((1 + LEVEL) / 2, few - 1) * np.sqrt(variance * (1 / few + test_fraction / (1 - test_fraction)))
    return mean, mean - half, mean + half


def sampling_std(values, training_fraction: float) -> np.ndarray:
    """Standard error of a statistic of all sources from its values on random parts of them (Shao & Wu 1989).

    The delete-d jackknife: parts with a fraction f of the sources scatter less than independent samples of the full size
    would, because they overlap; ``sqrt(f / (1 - f))`` puts that right, 1.5 for parts of 70 %.

    Parameters
    ----------
    values : array, shape (splits, ...)
        The statistic of each training part.
    training_fraction : f
    """
    return np.sqrt(training_fraction / (1 - training_fraction)) * np.std(np.asarray(values, float), axis=0, ddof=1)
