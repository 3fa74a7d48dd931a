"""Do stated uncertainties hold? Coverage, probability integral transform, reliability."""

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


def pit_samples(truth, samples, rng: np.random.Generator) -> np.ndarray:
    """Probability integral transform from samples (n, m), ties broken at random; uniform if calibrated."""
    truth, samples = np.asarray(truth)[:, None], np.asarray(samples)
    below, ties = (samples < truth).sum(axis=1), (samples == truth).sum(axis=1)
    return (below + rng.uniform(size=len(truth)) * (ties + 1)) / (samples.shape[1] + 1)


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
