"""Ranks that are not uniform: which way they lean, whether luck among many explains it, and the map that straightens them.

A rank is the place of a true parameter among the samples of its posterior (simulation-based calibration, Talts et al. 2018).
If ranks pile up on one side, the posterior is shifted; if at both ends, it is too narrow; if in the middle, too wide.
Whoever looks at many parameters finds some beyond any limit that was made for one. The right limit is that of the *largest* of
them, and the samples know it: put one of them in the truth's place, and the posterior is perfect, its parameters as
correlated as they are.
"""

import numpy as np
from scipy import stats

#: What `leanings` measures; positive: truths lie above the posterior; they lie too far out (the posterior is too narrow).
SHAPES = ("shift", "width")


def mid_ranks(truth, samples) -> np.ndarray:
    """Return (samples below the truth + 1/2) / (samples + 1), shape (n, d), of truths (n, d) and samples (n, m, d).

    Unlike the plain fraction it has mean 1/2 and, but for 1 part in m^2, variance 1/12 if the posterior is right.
    """
    below = (np.asarray(samples) < np.asarray(truth)[:, None]).sum(axis=1)
    return (below + 0.5) / (np.shape(samples)[1] + 1)


def leanings(ranks) -> np.ndarray:
    """Return the `SHAPES` of ranks (n, d) in standard deviations of their scatter under uniform ranks, shape (2, d).

    They are the first two Legendre polynomials of the rank, normalised to variance 1 (a smooth test, Neyman 1937).
    """
    ranks = np.asarray(ranks)
    shift, width = np.sqrt(3) * (2 * ranks - 1), np.sqrt(5) * (6 * ranks**2 - 6 * ranks + 1)
    return np.stack([shift.sum(axis=0), width.sum(axis=0)]) / np.sqrt(len(ranks))


def innocent_leanings(samples) -> np.ndarray:
    """Return `leanings` for each of the m samples (n, m, d) in the truth's place among the others, shape (m, 2, d).

    Samples must be exchangeable: not several draws from one pass of a network and others from another.
    """
    _, m, d = np.shape(samples)
    found = np.empty((m, 2, d))
    for k in range(d):
        places = np.argsort(np.argsort(samples[..., k], axis=1), axis=1)  # 0 ... m - 1 among the m - 1 others and itself
        found[..., k] = leanings((places + 0.5) / m).T
    return found


def largest_of_all(innocent, level: float = 0.95) -> float:
    """Return the limit that the largest leaning of all parameters of all models exceeds in 1 - `level` of repetitions.

    Parameters
    ----------
    innocent : one array a model, shape (m, 2, d), see `innocent_leanings`; models judged on different objects.
    """
    m = min(len(each) for each in innocent)
    largest = np.max([np.abs(each[:m]).max(axis=(1, 2)) for each in innocent], axis=0)
    return float(np.quantile(largest, level))


def holm_of_deviations(deviations, n) -> np.ndarray:
    """Return p-values of many largest deviations of n ranks each (see `calibration.largest_deviation`), after Holm (1979).

    Those below 5 % may be named: if all posteriors are right, any is with a probability of 5 %, whatever their correlations.
    """
    p = stats.kstwo.sf(np.asarray(deviations, float), np.asarray(n))
    order = np.argsort(p)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return adjusted


def beta_of(ranks) -> np.ndarray:
    """Return the parameters (2, d) of the Beta distributions with mean and variance of ranks (n, d); (1, 1) is uniform."""
    mean, variance = np.mean(ranks, axis=0), np.var(ranks, axis=0)
    size = mean * (1 - mean) / variance - 1
    return np.stack([mean * size, (1 - mean) * size])


def straighten(samples, beta) -> np.ndarray:
    """Return samples (n, m, d) moved so that ranks which followed `beta` (2, d), see `beta_of`, become uniform.

    In each parameter a sample at rank q moves to the place of rank q' where the Beta's distribution function is q; the order
    of the samples, and with it the way in which parameters go together, stays.
    """
    n, m, d = np.shape(samples)
    moved = np.empty((n, m, d))
    grid = (np.arange(m) + 0.5) / m
    for k in range(d):
        order = np.argsort(samples[..., k], axis=1)
        ordered = np.take_along_axis(samples[..., k], order, axis=1)
        place = stats.beta.ppf(grid, *beta[:, k]) * m - 0.5  # at most half a step beyond the outermost samples
        low = np.clip(place.astype(int), 0, m - 2)
        new = ordered[:, low] + (place - low) * (ordered[:, low + 1] - ordered[:, low])
        np.put_along_axis(moved[..., k], order, new, axis=1)
    return moved
