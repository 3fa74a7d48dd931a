"""The exact likelihood of six bands, means integrated out, and its maximum by Newton steps.

Likelihood and fit stand in one file: numba keeps compiled functions by the file that they stand in, so a change of a
likelihood elsewhere would go unnoticed by a fit that is kept here.
"""

import numpy as np

from agnbook.compiled import compiled
from agnbook.lightcurves import dataset, population

PIVOT = 6000.0
BAND_X = np.log10(population.WAVELENGTHS / PIVOT)
#: Gaussian priors of the fit: log tau, slope of tau, log SF, slope of SF. Wide, but for the laws' own slopes.
PRIOR_MEAN = np.array([2.6, 0.17, -0.2, -0.479])
PRIOR_SD = np.array([0.6, 0.02, 0.5, 0.005])
_STEPS = np.array([0.02, 0.008, 0.006, 0.002])


@compiled(fastmath=True)  # pragma: no cover - compiled
def _joint(theta, band_x, t, o, iv, n):
    """Log-likelihood of six bands with one driver, the offsets (y, h) integrated out; also offsets and chi-square."""
    tau = 10.0 ** theta[0]
    s = np.empty(6)
    h1 = np.empty(6)
    h2 = np.empty(6)
    for b in range(6):
        s[b] = 10.0 ** (theta[2] + theta[3] * band_x[b])
        d = theta[1] * 2.302585092994046 * band_x[b]
        h1[b] = s[b] * (1.0 - 0.5 * d)
        h2[b] = s[b] * d
    p11, p12, p22 = 1.0, 0.5, 0.5
    y0 = hh0 = y1 = hh1 = y2 = hh2 = 0.0
    q00 = q01 = q02 = q11 = q12 = q22 = 0.0
    product, logdet = 1.0, 0.0
    for k in range(n):
        if k > 0:
            x = (t[k] - t[k - 1]) / tau
            a = np.exp(-x)
            aa = a * a
            n12 = aa * (x * p11 + p12) + 0.5 - aa * (x + 0.5)
            n22 = aa * (x * x * p11 + 2.0 * x * p12 + p22) + 0.5 - aa * (x * x + x + 0.5)
            p11 = aa * p11 + 1.0 - aa
            p12, p22 = n12, n22
            hh0 = a * (x * y0 + hh0)
            hh1 = a * (x * y1 + hh1)
            hh2 = a * (x * y2 + hh2)
            y0, y1, y2 = a * y0, a * y1, a * y2
        g11 = g12 = g22 = c1 = c2 = ss = 0.0
        for b in range(6):
            v1, v2 = iv[k, b] * h1[b], iv[k, b] * h2[b]
            g11 += v1 * h1[b]
            g12 += v1 * h2[b]
            g22 += v2 * h2[b]
            c1 += v1 * o[k, b]
            c2 += v2 * o[k, b]
            ss += iv[k, b] * o[k, b] * o[k, b]
        det_p = p11 * p22 - p12 * p12
        d = 1.0 + p11 * g11 + 2.0 * p12 * g12 + p22 * g22 + det_p * (g11 * g22 - g12 * g12)
        f11, f12, f22 = (p11 + det_p * g22) / d, (p12 - det_p * g12) / d, (p22 + det_p * g11) / d
        product *= d
        if k % 16 == 15:
            logdet += np.log(product)
            product = 1.0
        u1, u2 = c1 - g11 * y0 - g12 * hh0, c2 - g12 * y0 - g22 * hh0
        a1, b1 = 1.0 - y1, -hh1
        a2, b2 = -y2, 1.0 - hh2
        v1, v2 = g11 * a1 + g12 * b1, g12 * a1 + g22 * b1
        w1, w2 = g11 * a2 + g12 * b2, g12 * a2 + g22 * b2
        fu1, fu2 = f11 * u1 + f12 * u2, f12 * u1 + f22 * u2
        fv1, fv2 = f11 * v1 + f12 * v2, f12 * v1 + f22 * v2
        fw1, fw2 = f11 * w1 + f12 * w2, f12 * w1 + f22 * w2
        q00 += ss - (c1 + u1) * y0 - (c2 + u2) * hh0 - u1 * fu1 - u2 * fu2
        q01 += u1 * (a1 - fv1) + u2 * (b1 - fv2)
        q02 += u1 * (a2 - fw1) + u2 * (b2 - fw2)
        q11 += v1 * (a1 - fv1) + v2 * (b1 - fv2)
        q12 += v1 * (a2 - fw1) + v2 * (b2 - fw2)
        q22 += w1 * (a2 - fw1) + w2 * (b2 - fw2)
        y0, hh0 = y0 + fu1, hh0 + fu2
        y1, hh1 = y1 + fv1, hh1 + fv2
        y2, hh2 = y2 + fw1, hh2 + fw2
        p11, p12, p22 = f11, f12, f22
    logdet += np.log(product)
    r11, r22 = q11 + 1e-3, q22 + 1e-3  # a very wide prior on the offsets keeps this invertible
    det = r11 * r22 - q12 * q12
    my, mh = (r22 * q01 - q12 * q02) / det, (r11 * q02 - q12 * q01) / det
    chi2 = q00 - my * q01 - mh * q02
    return -0.5 * (logdet + chi2 + np.log(det)), my, mh, chi2


@compiled(fastmath=True)  # pragma: no cover - compiled
def _single(theta, band_x, t, o, iv, n, offsets):
    """Log-likelihood of six bands with a driver each, the means integrated out; fills `offsets` (mag)."""
    total, chi2_total = 0.0, 0.0
    for b in range(6):
        tau = 10.0 ** (theta[0] + theta[1] * band_x[b])
        var = 10.0 ** (2.0 * (theta[2] + theta[3] * band_x[b]))
        p, y0, y1 = var, 0.0, 0.0
        q00 = q01 = q11 = 0.0
        product, logdet = 1.0, 0.0
        for k in range(n):
            if k > 0:
                a = np.exp(-(t[k] - t[k - 1]) / tau)
                p = a * a * p + var * (1.0 - a * a)
                y0, y1 = a * y0, a * y1
            w = iv[k, b]
            d = 1.0 + p * w
            product *= d
            if k % 16 == 15:
                logdet += np.log(product)
                product = 1.0
            e0, e1 = o[k, b] - y0, 1.0 - y1
            wd = w / d
            q00 += wd * e0 * e0
            q01 += wd * e0 * e1
            q11 += wd * e1 * e1
            p = p / d
            y0 += p * w * e0
            y1 += p * w * e1
        logdet += np.log(product)
        q11 += 1e-3
        offsets[b] = q01 / q11
        chi2 = q00 - q01 * q01 / q11
        chi2_total += chi2
        total += -0.5 * (logdet + chi2 + np.log(q11))
    return total, chi2_total


@compiled(fastmath=True)  # pragma: no cover - compiled
def _posterior(theta, shared, band_x, t, o, iv, n, offsets, prior_mean, prior_sd):
    value = 0.0
    if shared:
        value = _joint(theta, band_x, t, o, iv, n)[0]
    else:
        value = _single(theta, band_x, t, o, iv, n, offsets)[0]
    for i in range(4):
        value -= 0.5 * ((theta[i] - prior_mean[i]) / prior_sd[i]) ** 2
    return value


@compiled  # pragma: no cover - compiled
def _start(t, o, iv, n, shared):
    """A first guess of log tau and log SF: diffusion from short lags, amplitude from the variance."""
    variance, diffusion, pairs = 0.0, 0.0, 0
    for group in range(1 if shared else 6):  # one curve averaged over the bands, or six curves
        previous = 0.0
        for k in range(n):
            y, w = 0.0, 0.0
            for b in range(6):
                if shared or b == group:
                    y += iv[k, b] * o[k, b]
                    w += iv[k, b]
            y /= w
            variance += (y * y - 1 / w) / (n if shared else 6 * n)
            if k > 0 and 0.5 < t[k] - t[k - 1] < 30.0:
                diffusion += ((y - previous) ** 2 - 2 / w) / (t[k] - t[k - 1])
                pairs += 1
            previous = y
    variance = max(variance, 1e-4)
    diffusion = max(diffusion / max(pairs, 1), 1e-7)
    log_tau = np.log10(min(max(2 * variance / diffusion, 40.0), 2500.0))
    log_tau = 0.6 * log_tau + 0.4 * 2.6
    return log_tau, 0.5 * (log_tau + np.log10(diffusion / 2))


@compiled  # pragma: no cover - compiled
def _newton(theta, active, iterations, shared, band_x, t, o, iv, n, offsets, prior_mean, prior_sd, steps, precision):
    """Newton steps on the numerical Hessian over the `active` parameters; `theta` ends at the best point seen.

    The last step reuses the Hessian of the one before it: by then it hardly changes.
    """
    limits = np.array([0.4, 0.06, 0.3, 0.02])
    m = len(active)
    best, best_theta = -np.inf, theta.copy()
    minus, plus, gradient = np.empty(m), np.empty(m), np.empty(m)
    for iteration in range(iterations):
        curve = iteration == 0 or iteration < iterations - 1
        f0 = _posterior(theta, shared, band_x, t, o, iv, n, offsets, prior_mean, prior_sd)
        for _halving in range(3):
            if f0 >= best:
                break
            theta[:] = 0.5 * (theta + best_theta)  # the step overshot
            f0 = _posterior(theta, shared, band_x, t, o, iv, n, offsets, prior_mean, prior_sd)
        if f0 >= best:
            best = f0
            best_theta[:] = theta
        for p in range(m):
            i = active[p]
            point = theta.copy()
            point[i] = theta[i] + steps[i]
            plus[p] = _posterior(point, shared, band_x, t, o, iv, n, offsets, prior_mean, prior_sd)
            point[i] = theta[i] - steps[i]
            minus[p] = _posterior(point, shared, band_x, t, o, iv, n, offsets, prior_mean, prior_sd)
            gradient[p] = (plus[p] - minus[p]) / (2 * steps[i])
            curvature = -(plus[p] - 2 * f0 + minus[p]) / steps[i] ** 2
            if curve:
                precision[p, p] = max(curvature, 1.0 / prior_sd[i] ** 2)
        for p in range(m if curve else 0):
            for q in range(p):
                point = theta.copy()
                point[active[p]] += steps[active[p]]
                point[active[q]] += steps[active[q]]
                f = _posterior(point, shared, band_x, t, o, iv, n, offsets, prior_mean, prior_sd)
                cross = -(f - plus[p] - plus[q] + f0) / (steps[active[p]] * steps[active[q]])
                limit = 0.99 * np.sqrt(precision[p, p] * precision[q, q])
                precision[p, q] = precision[q, p] = min(max(cross, -limit), limit)
        scale = np.sqrt(np.diag(precision))
        for _shrink in range(30):  # keep the curvature positive definite: shrink correlations until it is
            if np.linalg.eigvalsh(precision / np.outer(scale, scale))[0] > 1e-3:
                break
            for p in range(m):
                for q in range(m):
                    if p != q:
                        precision[p, q] *= 0.9
        step = np.linalg.solve(precision, gradient)
        shrink = 1.0
        for p in range(m):
            shrink = min(shrink, limits[active[p]] / max(abs(step[p]), 1e-12))
        for p in range(m):
            theta[active[p]] += shrink * step[p]
    f = _posterior(theta, shared, band_x, t, o, iv, n, offsets, prior_mean, prior_sd)
    if f < best:
        theta[:] = best_theta
        f = best
    return f


@compiled  # pragma: no cover - compiled
def _fit(times, observed, error, is_visit, shared, band_x, prior_mean, prior_sd, steps, out):
    rows, longest = times.shape
    t = np.empty(longest)
    o = np.empty((longest, 6))
    iv = np.empty((longest, 6))
    offsets = np.zeros(6)
    mean = np.empty(6)
    two, four = np.array([0, 2]), np.array([0, 1, 2, 3])
    precision2, precision4 = np.eye(2), np.eye(4)
    for row in range(rows):
        n = 0
        for k in range(longest):
            if is_visit[row, k]:
                t[n] = times[row, k]
                for b in range(6):
                    o[n, b] = observed[row, k, b]
                    iv[n, b] = 1.0 / error[row, k, b] ** 2
                n += 1
        # The plain mean, not the weighted one: with equal weights in all bands the driver's own mean stays
        # in the space of the two offsets that the likelihood integrates out.
        for b in range(6):
            mean[b] = o[:n, b].mean()
            for k in range(n):
                o[k, b] -= mean[b]
        theta = prior_mean.copy()
        theta[0], theta[2] = _start(t, o, iv, n, shared)
        args = (shared, band_x, t, o, iv, n, offsets, prior_mean, prior_sd, steps)
        best = _newton(theta, two, 2 if shared else 5, *args, precision2)
        covariance = np.diag(prior_sd**2)
        if shared:
            best = _newton(theta, four, 3, *args, precision4)
            covariance = np.linalg.inv(precision4)
        else:  # with a driver each, the slopes are known no better than from the laws
            inverse = np.linalg.inv(precision2)
            for i in range(2):
                for j in range(2):
                    covariance[2 * i, 2 * j] = inverse[i, j]
        out[row, :4] = theta
        for i in range(4):
            out[row, 4 + i] = np.sqrt(covariance[i, i])
        out[row, 8] = covariance[0, 2] / (out[row, 4] * out[row, 6])
        out[row, 9] = covariance[0, 1] / (out[row, 4] * out[row, 5])
        for side in range(2):  # how lopsided the likelihood is: its fall two standard deviations along the ridge
            reach = (2.0 - 4.0 * side) * out[row, 4]
            point = theta.copy()
            for i in range(4):
                point[i] += reach * covariance[0, i] / covariance[0, 0]
            f = _posterior(point, shared, band_x, t, o, iv, n, offsets, prior_mean, prior_sd)
            out[row, 18 + side] = min(max(best - f, -5.0), 10.0)
        if shared:
            _, my, mh, chi2 = _joint(theta, band_x, t, o, iv, n)
            for b in range(6):
                amplitude = 10.0 ** (theta[2] + theta[3] * band_x[b])
                d = theta[1] * 2.302585092994046 * band_x[b]
                out[row, 10 + b] = mean[b] + amplitude * ((1 - 0.5 * d) * my + d * mh)
        else:
            _, chi2 = _single(theta, band_x, t, o, iv, n, offsets)
            for b in range(6):
                out[row, 10 + b] = mean[b] + offsets[b]
        out[row, 16] = chi2 / (6.0 * n)
        out[row, 17] = np.log10(n)


#: Columns of `fit`.
FIT_COLUMNS = (
    "log_tau", "b_tau", "log_sf", "b_sf", "sd_log_tau", "sd_b_tau", "sd_log_sf", "sd_b_sf", "corr_tau_sf", "corr_tau_slope",
    *(f"mean_{band}" for band in population.BANDS), "chi2", "log_visits",
    "fall_up", "fall_down",
)  # fmt: skip


def fit(curves: "dataset.Curves", shared: bool = True) -> np.ndarray:
    """Fit each object's six bands at once by Newton steps on the exact likelihood; about a millisecond each.

    Parameters
    ----------
    curves : dataset.Curves
    shared : whether the bands share one driver (two states) or have one each.

    Returns
    -------
    numpy.ndarray, shape (n, 20)
        `FIT_COLUMNS`: maximum, standard deviations and two correlations from the curvature, mean
        magnitudes, chi-square per datum at the maximum (near 1 if the model holds), log10 visits, and the fall of
        the log-likelihood two standard deviations up and down in log tau.
    """
    out = np.empty((len(curves), len(FIT_COLUMNS)))
    _fit(
        curves.times, curves.observed, curves.error, curves.is_visit, shared, BAND_X, PRIOR_MEAN, PRIOR_SD, _STEPS, out
    )  # fmt: skip
    # where the model is badly wrong the curvature can fail to be positive: state the prior's width then
    out[:, 4:8] = np.where(np.isfinite(out[:, 4:8]) & (out[:, 4:8] > 0), out[:, 4:8], PRIOR_SD)
    out[:, 8:10] = np.nan_to_num(np.clip(out[:, 8:10], -1, 1))
    return np.nan_to_num(out)


def parameters(latents) -> np.ndarray:
    """Return the four fit parameters, shape (n, 4), that latents (n, 8) imply, in the order of `PRIOR_MEAN`."""
    latents = np.asarray(latents, float)
    log_stretch = np.log10(1 + latents[:, 6])
    shift = np.log10(PIVOT / 4000.0) - log_stretch
    a_tau, b_tau, a_sf, b_sf = latents[:, :4].T
    return np.stack([a_tau + b_tau * shift + log_stretch, b_tau, a_sf + b_sf * shift, b_sf], axis=1)


def log_likelihood(theta, times, magnitudes, errors, shared: bool = True) -> float:
    """Log-likelihood of one object under `theta` (4,), means integrated out over a Gaussian of variance 1000 mag^2.

    Parameters
    ----------
    times : (n,) days, ascending; magnitudes, errors : (n, 6).
    shared : one driver (the mean's two directions in the driver's space are integrated, the other four are
        fixed at the sample mean) or six (six means are integrated).
    """
    times, magnitudes, errors = dataset.check(times, magnitudes, errors)
    centred = magnitudes - magnitudes.mean(axis=0)
    weight = 1 / errors**2
    n = len(times)
    theta = np.asarray(theta, float)
    if shared:
        value, free = _joint(theta, BAND_X, times, centred, weight, n)[0], 2
    else:
        value, free = _single(theta, BAND_X, times, centred, weight, n, np.zeros(6))[0], 6
    return value - 0.5 * np.log(2 * np.pi * errors**2).sum() - 0.5 * free * np.log(1000.0)
