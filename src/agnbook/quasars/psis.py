"""Pareto-smoothed importance sampling: how far the weights of draws can be trusted, and weights that can be.

Vehtari, Simpson, Gelman, Yao & Gabry (2024, J. Mach. Learn. Res. 25, 72); the tail's fit is that of Zhang & Stephens
(2009, Technometrics 51, 316) with the paper's weak prior on the shape.
"""

import numpy as np

#: Above this shape the weights' mean cannot be trusted at any practical number of draws.
TRUSTED = 0.7


def _pareto(excess: np.ndarray) -> tuple[float, float]:
    """Shape and scale of the generalised Pareto distribution of ascending positive `excess`."""
    n = len(excess)
    grid = 30 + int(np.sqrt(n))
    b = 1 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))
    b = b / (3 * excess[int(n / 4 + 0.5) - 1]) + 1 / excess[-1]
    shape = np.log1p(-b[:, None] * excess).mean(axis=1)
    length = n * (np.log(-(b / shape)) - shape - 1)
    weight = 1 / np.exp(length - length[:, None]).sum(axis=1)
    b = np.sum(b * weight / weight.sum())
    shape = np.log1p(-b * excess).mean()
    scale = -shape / b
    return (n * shape + 5) / (n + 10), scale


def smooth(log_ratios) -> tuple[np.ndarray, float]:
    """Smooth importance weights.

    Parameters
    ----------
    log_ratios : (draws,) log of target over proposal density, up to a constant.

    Returns
    -------
    weights : (draws,), sum 1
    k_hat : shape of the tail; below .7 (`TRUSTED`) the weights are reliable. Infinite with fewer than 25 draws.
    """
    log_weights = np.array(log_ratios, float)
    log_weights -= log_weights.max()
    draws = len(log_weights)
    tail = int(min(0.2 * draws, 3 * np.sqrt(draws)))
    k_hat = np.inf
    if tail >= 5:
        order = np.argsort(log_weights)
        largest, cut = order[-tail:], max(log_weights[order[-tail - 1]], np.log(np.finfo(float).tiny))
        excess = np.exp(log_weights[largest]) - np.exp(cut)
        if excess[0] > 0 or excess[-1] > 10 * np.finfo(float).eps:
            excess = np.maximum(excess, 1e-300)
            k_hat, scale = _pareto(excess)
            if np.isfinite(k_hat):
                p = (np.arange(tail) + 0.5) / tail
                with np.errstate(over="ignore"):  # the quantiles of so heavy a tail are infinite, and cut to 1 below
                    quantile = scale * np.expm1(-k_hat * np.log1p(-p)) / k_hat if k_hat != 0 else -scale * np.log1p(-p)
                log_weights[largest] = np.minimum(np.log(quantile + np.exp(cut)), 0.0)
        else:
            k_hat = -np.inf  # all large weights are equal
    weights = np.exp(log_weights - log_weights.max())
    return weights / weights.sum(), float(k_hat)
