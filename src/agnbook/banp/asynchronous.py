"""Numbers that summarise a light curve whose bands are measured at their own times.

A fit that leaves out what is too far off (`agnbook.banp.robust_fit`), the mean magnitudes and their precision, what the colours
say of redshift and spectral slope, and structure functions, which take each band alone.
"""

from functools import lru_cache

import numpy as np

from agnbook.banp import robust_fit
from agnbook.compiled import compiled
from agnbook.lightcurves import population, realistic

LAGS = (1, 8)
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
Z_BINS = 16
GROUPS = {
    "fit": slice(0, 14),  # `robust_fit.PARAMETERS`, their standard deviations and correlations
    "goodness": slice(14, 23),  # chi-square a measurement, log number, share left out (log), log factor of each band's errors
    "means": slice(23, 35),  # mean i magnitude and five colours; log standard deviations of six means
    "structure": slice(35, 49),  # log rms difference in six bands and mean log time apart, two lags
    "spectrum": slice(49, 75),  # log distance from the nearest spectrum; slope and redshift given the colours
}
CHI2, LOG_DISTANCE = 14, 49
WIDTH = 75


@compiled  # pragma: no cover - compiled
def _structure(all_times, all_band, all_observed, kept, lags, out):
    for row in range(len(kept)):
        for b in range(6):
            mine = np.flatnonzero((all_band[row] == b) & kept[row])
            for j in range(len(lags)):
                lag = min(lags[j], len(mine) - 1)
                total, apart = 0.0, 0.0
                for k in range(len(mine) - lag):
                    total += (all_observed[row, mine[k + lag]] - all_observed[row, mine[k]]) ** 2
                    apart += all_times[row, mine[k + lag]] - all_times[row, mine[k]]
                out[row, 7 * j + b] = 0.5 * np.log10(total / (len(mine) - lag) + 1e-6)
                out[row, 7 * j + 6] += np.log10(apart / (len(mine) - lag) + 1e-3) / 6.0


@lru_cache(maxsize=1)
def _spectra():
    """Redshifts (m,), slopes (m,), log prior of the slope (m,) and magnitudes about i (m, 6) on a grid of both."""
    redshifts, slopes = np.arange(*population.Z_RANGE, 0.02), np.arange(-1.2, 1.21, 0.05)
    z, s = (each.ravel() for each in np.meshgrid(redshifts, slopes, indexing="ij"))
    magnitudes = population.mean_magnitudes(np.zeros(len(z)), z, s)
    return z, s, -0.5 * (s / realistic.SLOPE_SCATTER) ** 2, magnitudes - magnitudes[:, 3:4], len(slopes)


def _colours_say(means, precisions) -> np.ndarray:
    """What mean magnitudes (n, 6) of known precision (n, 6, 6) say of redshift and slope, whatever the brightness: (n, 26)."""
    z, s, log_prior, spectra, n_slopes = _spectra()
    weight = precisions.sum(axis=2)
    free = precisions - weight[:, :, None] * weight[:, None, :] / weight.sum(axis=1)[:, None, None]
    colours, out = means - means[:, 3:4], np.empty((len(means), 26))
    pairs = (spectra[:, :, None] * spectra[:, None, :]).reshape(-1, 36)
    grid, inside = z[::n_slopes], np.arange(len(z[::n_slopes])) * Z_BINS // len(z[::n_slopes])
    for first in range(0, len(means), 500):
        rows = slice(first, first + 500)
        w, c = free[rows], colours[rows]
        turned = np.einsum("nij,nj->ni", w, c)
        chi2 = pairs @ w.reshape(-1, 36).T - 2 * spectra @ turned.T + np.sum(turned * c, axis=1)
        out[rows, 0] = 0.5 * np.log10(np.maximum(chi2.min(axis=0), 1e-4))
        p = np.exp(log_prior[:, None] - 0.5 * (chi2 - chi2.min(axis=0)))
        p /= p.sum(axis=0)
        out[rows, 1] = s @ p
        out[rows, 2] = np.sqrt(np.maximum(s**2 @ p - out[rows, 1] ** 2, 0))
        of_z = p.reshape(len(grid), n_slopes, -1).sum(axis=1)
        out[rows, 3] = grid @ of_z
        out[rows, 4] = np.sqrt(np.maximum(grid**2 @ of_z - out[rows, 3] ** 2, 0))
        cumulative = np.cumsum(of_z, axis=0)
        for k, level in enumerate(LEVELS):
            out[rows, 5 + k] = grid[np.minimum((cumulative < level).sum(axis=0), len(grid) - 1)]
        for k in range(Z_BINS):
            out[rows, 10 + k] = np.log10(of_z[inside == k].sum(axis=0) + 1e-3)
    return out


def features(curves: realistic.Measurements) -> np.ndarray:
    """Return all summaries of light curves, shape (n, 75), grouped as `GROUPS` says."""
    fitted = robust_fit.fit(curves)
    below = np.tril_indices(len(robust_fit.PARAMETERS), -1)
    sd = np.sqrt(np.diagonal(fitted.covariance, axis1=1, axis2=2))
    correlation = fitted.covariance / (sd[:, :, None] * sd[:, None, :])
    mean_sd = np.sqrt(np.diagonal(np.linalg.inv(fitted.precisions), axis1=1, axis2=2))
    used = fitted.kept.sum(axis=1)
    structure = np.zeros((len(curves), 14))
    _structure(curves.times, curves.band, curves.observed, fitted.kept, np.array(LAGS), structure)
    means = fitted.means
    out = [
        *(fitted.theta, sd, correlation[:, *below]),
        np.stack([fitted.chi2 / used, np.log10(used), np.log10((curves.length - used + 0.5) / curves.length)], axis=1),
        *(0.5 * np.log10(fitted.band_scale), means[:, 3:4], means[:, :5] - means[:, 1:], np.log10(mean_sd)),
        *(structure, _colours_say(means, fitted.precisions)),
    ]
    return np.nan_to_num(np.concatenate(out, axis=1))
