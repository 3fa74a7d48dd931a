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


def distance_ranks(truth, samples, mean, covariance) -> np.ndarray:
    """Fraction of posterior samples nearer to the posterior mean than the truth, in Mahalanobis distance.

    Directions without variance are left out by a pseudo-inverse.

    Parameters
    ----------
    truth : array, shape (n, d)
    samples : array, shape (n, m, d)
    mean, covariance : arrays, shapes (n, d), (n, d, d)
        Of the posterior. Taken from `samples` themselves, they make a perfect posterior look overconfident: the samples
        lie nearer to their own mean than any newcomer, in 21 dimensions much nearer.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Uniform on [0, 1] if the posterior is calibrated (Park et al., supplement, eq. 6).
    """
    truth, samples, mean = (np.asarray(array, float) for array in (truth, samples, mean))
    scale = np.sqrt(np.einsum("nii->ni", covariance))
    scale = np.maximum(scale, 1e-9 * (1 + np.abs(samples).max(axis=1)))
    precision = np.linalg.pinv(covariance / (scale[:, :, None] * scale[:, None]), rcond=1e-6, hermitian=True)

    def distance(points):
        offset = (points - mean[:, None]) / scale[:, None]
        return ((offset @ precision) * offset).sum(axis=2)

    return (distance(samples) < distance(truth[:, None])).mean(axis=1)


def moments(samples) -> tuple[np.ndarray, np.ndarray]:
    """Return mean (n, d) and covariance (n, d, d) of samples (n, m, d)."""
    samples = np.asarray(samples, float)
    offset = samples - samples.mean(axis=1, keepdims=True)
    return samples.mean(axis=1), np.einsum("nmi,nmj->nij", offset, offset, optimize=True) / (samples.shape[1] - 1)


def mahalanobis_ranks(truth, samples) -> np.ndarray:
    """`distance_ranks` with the moments of one half of the samples and the ranks of the other, which is fair.

    Parameters
    ----------
    truth : array, shape (n, d)
    samples : array, shape (n, m, d), m at least 4 d.
    """
    samples = np.asarray(samples, float)
    half = samples.shape[1] // 2
    return distance_ranks(truth, samples[:, half:], *moments(samples[:, :half]))


def curve(ranks, levels=None) -> tuple[np.ndarray, np.ndarray]:
    """Return levels p_X and the fraction p_Y of ranks below them (Park et al., supplement, eq. 7)."""
    levels = np.linspace(0, 1, 101) if levels is None else np.asarray(levels)
    return levels, np.searchsorted(np.sort(ranks), levels, side="right") / len(ranks)


def staircase(levels, draws: int) -> np.ndarray:
    """Return the `curve` that a perfect posterior has if each rank is taken among so many draws: 0, 1, ... draws, equally likely.

    It lies above the diagonal by up to 1 / (draws + 1): among 60 draws, one truth in 61 has the rank 0.
    """
    return (np.floor(np.asarray(levels) * draws + 1e-9) + 1) / (draws + 1)


def spread(ranks, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return ranks among so many draws, each moved to a random place in its step of the `staircase`.

    Those of a perfect posterior are then uniform, so that `largest_deviation` measures the posterior and not the steps, which
    alone are worth up to 1 / (draws + 1).
    """
    ranks = np.asarray(ranks, float)
    return (ranks * draws + rng.random(ranks.shape)) / (draws + 1)


def largest_deviation(ranks) -> float:
    """Return max |p_Y - p_X|, the Kolmogorov-Smirnov distance of the ranks from uniform."""
    ranks = np.sort(ranks)
    n = len(ranks)
    return float(max(np.max(np.arange(1, n + 1) / n - ranks), np.max(ranks - np.arange(n) / n)))


def noise95(n: int) -> float:
    """Return the largest deviation (see `largest_deviation`) that n ranks of a perfect posterior exceed in 5 % of repetitions."""
    return float(stats.kstwo.ppf(0.95, n))


def sbc_ranks(truth, samples) -> np.ndarray:
    """Rank of each true parameter among its posterior samples, in [0, 1], shape (n, d) (Talts et al. 2018)."""
    return (np.asarray(samples) < np.asarray(truth)[:, None]).mean(axis=1)


def tarp_ranks(truth, samples, reference) -> np.ndarray:
    """Fraction of samples nearer to a reference point than the truth is, shape (n,) (TARP; Lemos et al. 2023).

    Every parameter is scaled by the spread of the truths. Uniform if the joint posterior is right, wherever the references
    lie, as long as they know no more of an object than its posterior does.

    Parameters
    ----------
    reference : array, shape (n, d)
        If it depends on the object's data (an estimate, however crude), the test sees any error. If it does not, the test
        passes everything that is right on average over all objects: the prior, for one.
    """
    truth, samples, reference = (np.asarray(array, float) for array in (truth, samples, reference))
    scale = truth.std(axis=0)
    limit = (((truth - reference) / scale) ** 2).sum(axis=1)
    return ((((samples - reference[:, None]) / scale) ** 2).sum(axis=2) < limit[:, None]).mean(axis=1)
