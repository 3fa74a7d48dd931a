"""A fit of a light curve whose errors may be misjudged and of which some measurements may be nonsense.

The random walk in six bands has four parameters, means integrated out (`agnbook.quasars.lanes`). Newton steps for them take turns
with a look at each measurement from all the others (`agnbook.quasars.statespace`): those too far off are left out, and may come
back; and what the rest of a band scatters beyond its stated errors becomes that band's factor of the errors.
"""

from dataclasses import dataclass

import numpy as np

from agnbook.compiled import compiled
from agnbook.lightcurves import kalman, population, realistic
from agnbook.quasars import lanes, statespace

#: Log tau (observed frame, days) and log SF (mag) at `kalman.PIVOT`, the drivers' log10(1 - rho), log factor of all errors.
PARAMETERS = ("log_tau", "log_sf", "log_private", "log_scale")
PRIOR_MEAN, PRIOR_SD = np.array([2.6, -0.5, -1.3, 0.0]), np.array([0.6, 0.5, 0.5, 0.3])
#: The slopes in log wavelength stay at those of the laws, which hardly scatter.
TAU_SLOPE, SF_SLOPE = population.TAU_LAW[1, 0], population.SF_LAW[1, 0]
#: A measurement this many standard deviations from what the others say is left out.
FAR = 4.0
_STEPS, _LIMITS = np.array([0.04, 0.02, 0.1, 0.03]), np.array([0.4, 0.3, 0.5, 0.3])
#: What the fit does in turn: look at each measurement, step with the curvature measured anew, step with the old one.
_LOOK, _CURVE, _STEP = 0, 1, 2
_PLAN = np.array([_LOOK, _LOOK, _CURVE, _STEP, _STEP, _LOOK, _STEP, _STEP, _LOOK, _CURVE, _CURVE])


@compiled(error_model="numpy")  # pragma: no cover - compiled
def _process(theta, x, rate, covariance):
    """Fill 1 / time-scale (B,) and stationary covariance (B, B) of the bands at one point (4,)."""
    rho = 1.0 - 10.0 ** min(theta[2], 0.0)
    for a in range(len(x)):
        rate[a] = 10.0 ** (-theta[0] - TAU_SLOPE * x[a])
        for b in range(a + 1):
            share = 1.0 if a == b else rho * 2.0 * np.sqrt(rate[a] * rate[b]) / (rate[a] + rate[b])
            covariance[a, b] = share * 10.0 ** (2.0 * theta[1] + SF_SLOPE * (x[a] + x[b]))
            covariance[b, a] = covariance[a, b]


@compiled(error_model="numpy")  # pragma: no cover - compiled
def _evaluate(points, x, times, band, values, squared, nothing, prior_mean, prior_sd):
    """Log-posterior (L,) of points (L, 4), and of the last one: the means, their precision's factor and the chi-square."""
    many, bands = len(points), len(x)
    rate, covariance, scale = np.empty((bands, many)), np.empty((bands, bands, many)), np.empty(many)
    for m in range(many):
        _process(points[m], x, rate[:, m], covariance[:, :, m])
        scale[m] = 10.0 ** (2.0 * points[m, 3])
    logdet, products = lanes.whiten(rate, covariance, scale, np.zeros((bands, many)), times, band, values, squared, nothing)
    out = np.empty(many)
    for m in range(many):
        q = np.ascontiguousarray(products[:, :, m])
        out[m], mean, factor = statespace.integrate_means(logdet[m], q, bands, len(times))
        chi2 = q[bands, bands]
        for b in range(bands):
            chi2 -= mean[b] * q[bands, b]
        for i in range(points.shape[1]):
            out[m] -= 0.5 * ((points[m, i] - prior_mean[i]) / prior_sd[i]) ** 2
    return out, mean, factor, chi2


@compiled(error_model="numpy")  # pragma: no cover - compiled
def _look(theta, x, times, band, values, squared, kept, band_scale):
    """Decide which measurements are kept, and multiply `band_scale` by each band's variance beyond what `theta` expects."""
    n, bands = len(times), len(x)
    rate, covariance = np.empty(bands), np.empty((bands, bands))
    _process(theta, x, rate, covariance)
    tau = 1.0 / rate
    gains, work = np.empty((n, 2 * bands)), np.empty((7, n))
    stated, variance = np.empty(n), np.empty(n)
    for k in range(n):
        stated[k] = squared[k] * band_scale[band[k]] * 10.0 ** (2.0 * theta[3])
        variance[k] = stated[k] if kept[k] else np.inf
    statespace.forward(statespace.OU, tau, covariance, 1.0, 0.0, times, band, values, variance, gains, work[0], work[1], work[2])
    statespace.backward(
        statespace.OU, tau, 1.0, 0.0, times, band, variance, gains, work[0], work[1], work[2], work[3], work[4], work[5], work[6]
    )  # fmt: skip
    away = np.empty(n)
    for k in range(n):
        if kept[k]:
            away[k] = work[5, k] / np.sqrt(work[6, k])
        else:
            away[k] = (values[k] - work[3, k]) / np.sqrt(work[4, k] + stated[k])
    limit = FAR * max(1.0, 1.4826 * np.median(np.abs(away)))  # while the fit is bad, all are far off
    moment, count = np.zeros(bands), np.zeros(bands)
    for k in range(n):
        usable = kept[k] and abs(away[k]) < limit
        kept[k] = abs(away[k]) < limit
        if usable:  # expectation of the squared error, given the curve
            share = stated[k] / work[6, k]
            moment[band[k]] += share * share * work[5, k] * work[5, k] / stated[k] + 1.0 - share
            count[band[k]] += 1.0
    for b in range(bands):
        if count[b] > 0:
            band_scale[b] *= moment[b] / count[b]


@compiled(error_model="numpy")  # pragma: no cover - compiled
def _neighbours(theta, steps, curved):
    """The point, two neighbours in each direction and, if `curved`, a corner for each pair of directions."""
    m = len(theta)
    points = np.empty((1 + 2 * m + (m * (m - 1) // 2 if curved else 0), m))
    points[:] = theta
    corner = 1 + 2 * m
    for i in range(m):
        points[1 + 2 * i, i] += steps[i]
        points[2 + 2 * i, i] -= steps[i]
        if curved:
            for j in range(i):
                points[corner, i] += steps[i]
                points[corner, j] += steps[j]
                corner += 1
    return points


@compiled(error_model="numpy")  # pragma: no cover - compiled
def _covariance(f, steps, prior_sd):
    """Inverse of the negative curvature of the log-posterior from its values at `_neighbours`, positive definite."""
    m = len(steps)
    precision, corner = np.empty((m, m)), 1 + 2 * m
    for i in range(m):
        bent = (2.0 * f[0] - f[1 + 2 * i] - f[2 + 2 * i]) / steps[i] ** 2
        precision[i, i] = max(bent, 1.0 / prior_sd[i] ** 2)
        for j in range(i):
            cross = -(f[corner] - f[1 + 2 * i] - f[1 + 2 * j] + f[0]) / (steps[i] * steps[j])
            limit = 0.95 * np.sqrt(precision[i, i] * precision[j, j])
            precision[i, j] = precision[j, i] = min(max(cross, -limit), limit)
            corner += 1
    scale = np.sqrt(np.diag(precision))
    values, vectors = np.linalg.eigh(precision / np.outer(scale, scale))
    return (vectors / np.maximum(values, 0.02)) @ vectors.T / np.outer(scale, scale)


@compiled(error_model="numpy")  # pragma: no cover - compiled
def _one(times, band, values, squared, x, prior_mean, prior_sd, plan, kept, band_scale):
    """Fit one curve, values about zero; see `Fitted`. `kept` and `band_scale` end as found."""
    theta, m = prior_mean.copy(), len(prior_mean)
    theta[1] = 0.5 * np.log10(max((1.4826 * np.median(np.abs(values))) ** 2 - np.median(squared), 1e-3))
    best, best_theta, covariance = -np.inf, theta.copy(), np.diag(prior_sd**2)
    some = times, band, values, squared, np.zeros(len(times))
    for what in plan:
        if what == _LOOK:
            theta = best_theta.copy()
            _look(theta, x, times, band, values, squared, kept, band_scale)
            some = times[kept], band[kept], values[kept], (squared * band_scale[band])[kept], np.zeros(np.sum(kept))
            best = -np.inf
            continue
        points = _neighbours(theta, _STEPS, what == _CURVE)
        f = _evaluate(points, x, *some, prior_mean, prior_sd)[0]
        if f[0] < best:  # the step overshot
            theta = 0.5 * (theta + best_theta)
            continue
        best, best_theta = f[0], theta.copy()
        if what == _CURVE:
            covariance = _covariance(f, _STEPS, prior_sd)
        gradient = np.empty(m)
        for i in range(m):
            gradient[i] = (f[1 + 2 * i] - f[2 + 2 * i]) / (2.0 * _STEPS[i])
        step = covariance @ gradient
        shrink = 1.0
        for i in range(m):
            shrink = min(shrink, _LIMITS[i] / max(abs(step[i]), 1e-12))
        theta = theta + shrink * step
    _, mean, factor, chi2 = _evaluate(best_theta.reshape(1, m), x, *some, prior_mean, prior_sd)
    return best_theta, covariance, mean, factor @ factor.T, chi2


@compiled(error_model="numpy")  # pragma: no cover - compiled
def _every(all_times, all_band, all_observed, all_error, length, x, prior_mean, prior_sd, plan, theta, covariance, means,
           precisions, chi2, band_scale, kept):  # fmt: skip
    for row in range(len(length)):
        n, centre = length[row], np.zeros(len(x))
        times, band, observed = all_times[row, :n], all_band[row, :n], all_observed[row, :n]
        for b in range(len(x)):
            centre[b] = np.median(observed[band == b])
        theta[row], covariance[row], mean, precisions[row], chi2[row] = _one(
            times, band, observed - centre[band], all_error[row, :n] ** 2, x, prior_mean, prior_sd, plan, kept[row, :n],
            band_scale[row],
        )  # fmt: skip
        means[row] = mean + centre


@dataclass(frozen=True)
class Fitted:
    """What `fit` finds of n curves.

    Attributes
    ----------
    theta, covariance : (n, 4), (n, 4, 4), most probable `PARAMETERS` and the inverse of the curvature there.
    means, precisions : (n, 6), (n, 6, 6), bands' mean magnitudes and the inverse of their covariance.
    chi2 : (n,), of the measurements kept.
    band_scale : (n, 6), factor of each band's squared errors, besides that of all.
    kept : (n, T) bool, measurements that were not left out.
    """

    theta: np.ndarray
    covariance: np.ndarray
    means: np.ndarray
    precisions: np.ndarray
    chi2: np.ndarray
    band_scale: np.ndarray
    kept: np.ndarray


def fit(curves: realistic.Measurements) -> Fitted:
    """Fit light curves of six bands, every band with at least one measurement."""
    n, m, bands = len(curves), len(PARAMETERS), len(kalman.BAND_X)
    found = Fitted(
        np.empty((n, m)), np.empty((n, m, m)), np.empty((n, bands)), np.empty((n, bands, bands)), np.empty(n),
        np.ones((n, bands)), curves.band != kalman.UNSEEN,
    )  # fmt: skip
    data = curves.times, curves.band, curves.observed, curves.error, curves.length
    _every(*data, kalman.BAND_X, PRIOR_MEAN, PRIOR_SD, _PLAN, *vars(found).values())
    return found
