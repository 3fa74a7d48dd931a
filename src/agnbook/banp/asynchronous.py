"""Numbers that summarise a light curve whose bands are measured at their own times.

A fit of three parameters with the exact filter (`agnbook.quasars.lanes`, means integrated out), the mean magnitudes and their
precision, what the colours say of redshift and spectral slope, and structure functions, which take each band alone.
"""

from functools import lru_cache

import numpy as np

from agnbook.compiled import compiled
from agnbook.lightcurves import kalman, population, realistic
from agnbook.quasars import lanes, statespace

#: Parameters of the fit: log tau (observed frame, days) and log SF (mag) at `kalman.PIVOT`, and the drivers' log10(1 - rho).
FIT = ("log_tau", "log_sf", "log_private")
PRIOR_MEAN, PRIOR_SD = np.array([2.6, -0.5, -1.3]), np.array([0.6, 0.5, 0.5])
#: The slopes in log wavelength stay at those of the laws, which hardly scatter.
TAU_SLOPE, SF_SLOPE = population.TAU_LAW[1, 0], population.SF_LAW[1, 0]
LAGS = (1, 8)
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
Z_BINS = 16
GROUPS = {
    "fit": slice(0, 9),  # `FIT`, their standard deviations and correlations
    "goodness": slice(9, 11),  # chi-square per measurement, log number of measurements
    "means": slice(11, 23),  # mean i magnitude and five colours; log standard deviations of six means
    "structure": slice(23, 37),  # log rms difference in six bands and mean log time apart, two lags
    "spectrum": slice(37, 63),  # log distance from the nearest spectrum; slope and redshift given the colours
}
CHI2, LOG_DISTANCE = 9, 37
WIDTH = 63
_STEPS, _LIMITS = np.array([0.04, 0.02, 0.1]), np.array([0.4, 0.3, 0.5])
_ITERATIONS = 6


@compiled(error_model="numpy")  # pragma: no cover - compiled
def _evaluate(points, x, times, band, values, squared, nothing, prior_mean, prior_sd):
    """Log-posterior (L,) of points (L, 3), and of the last one: the means, their precision's factor and the chi-square."""
    many, bands = len(points), len(x)
    rate, covariance = np.empty((bands, many)), np.empty((bands, bands, many))
    for m in range(many):
        rho = 1.0 - 10.0 ** min(points[m, 2], 0.0)
        for a in range(bands):
            tau = 10.0 ** (points[m, 0] + TAU_SLOPE * x[a])
            rate[a, m] = 1.0 / tau
            for b in range(a + 1):
                other = 1.0 / rate[b, m]
                share = 1.0 if a == b else rho * 2.0 * np.sqrt(tau * other) / (tau + other)
                covariance[a, b, m] = share * 10.0 ** (2.0 * points[m, 1] + SF_SLOPE * (x[a] + x[b]))
                covariance[b, a, m] = covariance[a, b, m]
    logdet, products = lanes.whiten(
        rate, covariance, np.ones(many), np.zeros((bands, many)), times, band, values, squared, nothing
    )
    out = np.empty(many)
    for m in range(many):
        q = np.ascontiguousarray(products[:, :, m])
        out[m], mean, factor = statespace.integrate_means(logdet[m], q, bands, len(times))
        chi2 = q[bands, bands]
        for b in range(bands):
            chi2 -= mean[b] * q[bands, b]
        for i in range(3):
            out[m] -= 0.5 * ((points[m, i] - prior_mean[i]) / prior_sd[i]) ** 2
    return out, mean, factor, chi2


@compiled(error_model="numpy")  # pragma: no cover - compiled
def _fit(all_times, all_band, all_observed, all_error, length, x, prior_mean, prior_sd, steps, limits, out, means, precisions):
    points = np.empty((10, 3))
    for row in range(len(length)):
        n = length[row]
        times, band = all_times[row, :n], all_band[row, :n]
        centre, count = np.zeros(6), np.zeros(6)
        for k in range(n):
            centre[band[k]] += all_observed[row, k]
            count[band[k]] += 1.0
        centre /= np.maximum(count, 1.0)
        values, squared, nothing, variance = np.empty(n), np.empty(n), np.zeros(n), 0.0
        for k in range(n):
            values[k] = all_observed[row, k] - centre[band[k]]
            squared[k] = all_error[row, k] ** 2
            variance += (values[k] ** 2 - squared[k]) / n
        best_theta, best = prior_mean.copy(), -np.inf
        best_theta[1] = 0.5 * np.log10(max(variance, 1e-3))
        theta, covariance = best_theta.copy(), np.eye(3)
        for _ in range(_ITERATIONS):
            for i in range(3):  # the point, six neighbours, three corners
                points[:, i] = theta[i]
                points[1 + 2 * i, i] += steps[i]
                points[2 + 2 * i, i] -= steps[i]
            for i in range(3):
                j = (i + 1) % 3
                points[7 + i, i] += steps[i]
                points[7 + i, j] += steps[j]
            f = _evaluate(points, x, times, band, values, squared, nothing, prior_mean, prior_sd)[0]
            if f[0] < best:  # the step overshot
                theta = 0.5 * (theta + best_theta)
                continue
            best, best_theta = f[0], theta.copy()
            gradient, precision = np.empty(3), np.empty((3, 3))
            for i in range(3):
                up, down = f[1 + 2 * i], f[2 + 2 * i]
                gradient[i] = (up - down) / (2.0 * steps[i])
                precision[i, i] = max((2.0 * f[0] - up - down) / steps[i] ** 2, 1.0 / prior_sd[i] ** 2)
            for i in range(3):
                j = (i + 1) % 3
                cross = -(f[7 + i] - f[1 + 2 * i] - f[1 + 2 * j] + f[0]) / (steps[i] * steps[j])
                limit = 0.95 * np.sqrt(precision[i, i] * precision[j, j])
                precision[i, j] = precision[j, i] = min(max(cross, -limit), limit)
            scale = np.sqrt(np.diag(precision))
            values_of, vectors = np.linalg.eigh(precision / np.outer(scale, scale))
            values_of = np.maximum(values_of, 0.02)  # positive definite
            covariance = (vectors / values_of) @ vectors.T / np.outer(scale, scale)
            step = covariance @ gradient
            shrink = 1.0
            for i in range(3):
                shrink = min(shrink, limits[i] / max(abs(step[i]), 1e-12))
            theta = theta + shrink * step
        _, mean, factor, chi2 = _evaluate(
            best_theta.reshape(1, 3), x, times, band, values, squared, nothing, prior_mean, prior_sd
        )
        sd = np.sqrt(np.diag(covariance))
        out[row, :3], out[row, 3:6] = best_theta, sd
        for i in range(3):
            out[row, 6 + i] = covariance[i, (i + 1) % 3] / (sd[i] * sd[(i + 1) % 3])
        out[row, 9], out[row, 10] = chi2 / n, np.log10(n)
        means[row], precisions[row] = mean + centre, factor @ factor.T


@compiled  # pragma: no cover - compiled
def _structure(all_times, all_band, all_observed, length, lags, out):
    for row in range(len(length)):
        for b in range(6):
            mine = np.flatnonzero(all_band[row, : length[row]] == b)
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
    """Return all summaries of light curves, shape (n, 63), grouped as `GROUPS` says."""
    out = np.zeros((len(curves), WIDTH))
    means, precisions = np.empty((len(curves), 6)), np.empty((len(curves), 6, 6))
    arrays = curves.times, curves.band, curves.observed, curves.error, curves.length
    _fit(*arrays, kalman.BAND_X, PRIOR_MEAN, PRIOR_SD, _STEPS, _LIMITS, out, means, precisions)
    sd = np.sqrt(np.diagonal(np.linalg.inv(precisions), axis1=1, axis2=2))
    out[:, 11:17] = np.concatenate([means[:, 3:4], means[:, :5] - means[:, 1:]], axis=1)
    out[:, 17:23] = np.log10(sd)
    _structure(curves.times, curves.band, curves.observed, curves.length, np.array(LAGS), out[:, GROUPS["structure"]])
    out[:, GROUPS["spectrum"]] = _colours_say(means, precisions)
    return np.nan_to_num(out)
