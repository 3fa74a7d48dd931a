"""Do stated uncertainties hold? Coverage, reliability, ranks in repeated simulations."""

import numpy as np
from scipy import stats

#: Probabilities inside +-1, 2, 3 standard deviations of a Gaussian.
SIGMA_LEVELS = tuple(float(stats.norm.cdf(k) - stats.norm.cdf(-k)) for k in (1, 2, 3))


def coverage(truth, low, high) -> float:
    """Fraction of `truth` inside [low, high]; arrays of shape (n,)."""
    truth = np.asarray(truth)
    return float(np.mean((truth >= np.asarray(low)) & (truth <= np.asarray(high))))


def wilson_interval(successes: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a fraction (Wilson 1927)."""
    z = stats.norm.ppf((1 + level) / 2)
    p = successes / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return float(centre - half), float(centre + half)


def reliability(labels, probability, n_bins: int = 10) -> dict[str, np.ndarray]:
    """Observed frequency against mean predicted probability in equally filled bins.

    Returns
    -------
    dict
        ``predicted``, ``observed``, ``low``, ``high`` (95 % Wilson) and ``n``, one entry a bin.
    """
    labels, probability = np.asarray(labels, float), np.asarray(probability, float)
    groups = [rows for rows in np.array_split(np.argsort(probability, kind="stable"), n_bins) if len(rows)]
    counts = [labels[rows].sum() for rows in groups]
    limits = np.array([wilson_interval(k, len(rows)) for k, rows in zip(counts, groups, strict=True)])
    return {
        "predicted": np.array([probability[rows].mean() for rows in groups]),
        "observed": np.array([labels[rows].mean() for rows in groups]),
        "low": limits[:, 0],
        "high": limits[:, 1],
        "n": np.array([len(rows) for rows in groups]),
    }


def calibration_error(labels, probability, n_bins: int = 10) -> float:
    """Mean distance of the bins of `reliability` from the diagonal, weighted by their sources."""
    curve = reliability(labels, probability, n_bins)
    return float(np.average(np.abs(curve["observed"] - curve["predicted"]), weights=curve["n"]))


def calibrated_errors(probability, n_bins: int = 10, *, rng: np.random.Generator, draws: int = 1000) -> np.ndarray:
    """`calibration_error` of a perfectly calibrated forecaster who gives these probabilities, shape (draws,).

    Labels are drawn from the probabilities themselves. Even then no bin lies on the diagonal: with few sources
    a bin the expected error is far from zero, and only an error beyond this distribution speaks against a model.
    """
    ordered = np.sort(np.asarray(probability, float))
    labels = rng.uniform(size=(draws, len(ordered))) < ordered
    bins = [rows for rows in np.array_split(np.arange(len(ordered)), n_bins) if len(rows)]
    off = [np.abs(labels[:, rows].mean(axis=1) - ordered[rows].mean()) * len(rows) for rows in bins]
    return np.sum(off, axis=0) / len(ordered)


def mahalanobis_ranks(truth, samples) -> np.ndarray:
    """Fraction of posterior samples nearer to the posterior mean than the truth, in Mahalanobis distance.

    Mean and covariance come from one half of the samples and the ranks from the other: with one set for
    both, the samples lie nearer to their own mean than any newcomer, which in 21 dimensions looks like
    overconfidence. Directions without variance are left out by a pseudo-inverse.

    Parameters
    ----------
    truth : array, shape (n, d)
    samples : array, shape (n, m, d), m at least 4 d.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Uniform on [0, 1] if the posterior is calibrated (Park et al., supplement, eq. 6).
    """
    truth, samples = np.asarray(truth, float), np.asarray(samples, float)
    half = samples.shape[1] // 2
    first, second = samples[:, :half], samples[:, half:]
    scale = np.maximum(first.std(axis=1, keepdims=True), 1e-9 * (1 + np.abs(first).max(axis=1, keepdims=True)))
    mean = first.mean(axis=1, keepdims=True)
    white = (first - mean) / scale
    covariance = np.einsum("nmi,nmj->nij", white, white) / (half - 1)
    precision = np.linalg.pinv(covariance, rcond=1e-6, hermitian=True)

    def distance(points):
        offset = (points - mean) / scale
        return ((offset @ precision) * offset).sum(axis=2)

    return (distance(second) < distance(truth[:, None])).mean(axis=1)


def curve(ranks, levels=None) -> tuple[np.ndarray, np.ndarray]:
    """Return levels p_X and the fraction p_Y of ranks below them (Park et al., supplement, eq. 7)."""
    levels = np.linspace(0, 1, 101) if levels is None else np.asarray(levels)
    return levels, np.searchsorted(np.sort(ranks), levels, side="right") / len(ranks)


def largest_deviation(ranks) -> float:
    """Return max |p_Y - p_X|, the Kolmogorov-Smirnov distance of the ranks from uniform."""
    ranks = np.sort(ranks)
    n = len(ranks)
    return float(max(np.max(np.arange(1, n + 1) / n - ranks), np.max(ranks - np.arange(n) / n)))


def sbc_ranks(truth, samples) -> np.ndarray:
    """Rank of each true parameter among its posterior samples, in [0, 1], shape (n, d) (Talts et al. 2018)."""
    return (np.asarray(samples) < np.asarray(truth)[:, None]).mean(axis=1)


def tarp_ranks(truth, samples, rng: np.random.Generator) -> np.ndarray:
    """Fraction of samples nearer to a random point than the truth is, shape (n,) (TARP; Lemos et al. 2023).

    Reference points are drawn from the spread of the truths; every parameter is scaled by it. Uniform if
    the joint posterior is right.
    """
    truth, samples = np.asarray(truth, float), np.asarray(samples, float)
    scale = truth.std(axis=0)
    reference = truth[rng.permutation(len(truth))] + 0.1 * scale * rng.standard_normal(truth.shape)
    limit = (((truth - reference) / scale) ** 2).sum(axis=1)
    return ((((samples - reference[:, None]) / scale) ** 2).sum(axis=2) < limit[:, None]).mean(axis=1)
