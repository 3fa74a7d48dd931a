"""The best reconstruction of all bands at all times, given the visits: forward filter, backward smoother."""

import numpy as np

from agnbook.compiled import compiled
from agnbook.lightcurves import dataset
from agnbook.lightcurves.kalman.fitting import BAND_X


@compiled  # pragma: no cover - compiled
def _smooth_shared(theta, band_x, t, o, iv, mean, predicted, variance):
    n = len(t)
    tau = 10.0 ** theta[0]
    h1, h2 = np.empty(6), np.empty(6)
    for b in range(6):
        s = 10.0 ** (theta[2] + theta[3] * band_x[b])
        d = theta[1] * 2.302585092994046 * band_x[b]
        h1[b], h2[b] = s * (1.0 - 0.5 * d), s * d
    pred, filt, moves = np.empty((n, 5)), np.empty((n, 5)), np.empty((n, 2))  # y, h and their covariance
    y = h = 0.0
    p11, p12, p22 = 1.0, 0.5, 0.5
    for k in range(n):
        if k > 0:
            x = (t[k] - t[k - 1]) / tau
            a = np.exp(-x)
            aa = a * a
            moves[k] = (a, a * x)
            y, h = a * y, a * (x * y + h)
            n12 = aa * (x * p11 + p12) + 0.5 - aa * (x + 0.5)
            n22 = aa * (x * x * p11 + 2.0 * x * p12 + p22) + 0.5 - aa * (x * x + x + 0.5)
            p11, p12, p22 = aa * p11 + 1.0 - aa, n12, n22
        pred[k] = (y, h, p11, p12, p22)
        g11 = g12 = g22 = c1 = c2 = 0.0
        for b in range(6):
            residual = o[k, b] - mean[b] - h1[b] * y - h2[b] * h
            g11 += iv[k, b] * h1[b] * h1[b]
            g12 += iv[k, b] * h1[b] * h2[b]
            g22 += iv[k, b] * h2[b] * h2[b]
            c1 += iv[k, b] * h1[b] * residual
            c2 += iv[k, b] * h2[b] * residual
        det = p11 * p22 - p12 * p12
        d = 1.0 + p11 * g11 + 2.0 * p12 * g12 + p22 * g22 + det * (g11 * g22 - g12 * g12)
        p11, p12, p22 = (p11 + det * g22) / d, (p12 - det * g12) / d, (p22 + det * g11) / d
        y, h = y + p11 * c1 + p12 * c2, h + p12 * c1 + p22 * c2
        filt[k] = (y, h, p11, p12, p22)
    for k in range(n - 1, -1, -1):
        if k < n - 1:
            a, ax = moves[k + 1]
            y_f, h_f, f11, f12, f22 = filt[k]
            y_p, h_p, q11, q12, q22 = pred[k + 1]
            det = q11 * q22 - q12 * q12 + 1e-15
            # gain = P_filtered F^T P_predicted^-1, with F = [[a, 0], [a x, a]]
            m11, m12, m21, m22 = f11 * a, f11 * ax + f12 * a, f12 * a, f12 * ax + f22 * a
            k11, k12 = (m11 * q22 - m12 * q12) / det, (m12 * q11 - m11 * q12) / det
            k21, k22 = (m21 * q22 - m22 * q12) / det, (m22 * q11 - m21 * q12) / det
            dy, dh = y - y_p, h - h_p
            y, h = y_f + k11 * dy + k12 * dh, h_f + k21 * dy + k22 * dh
            d11, d12, d22 = p11 - q11, p12 - q12, p22 - q22
            e11, e12, e21, e22 = k11 * d11 + k12 * d12, k11 * d12 + k12 * d22, k21 * d11 + k22 * d12, k21 * d12 + k22 * d22
            p11, p12, p22 = f11 + e11 * k11 + e12 * k12, f12 + e11 * k21 + e12 * k22, f22 + e21 * k21 + e22 * k22
        for b in range(6):
            predicted[k, b] = mean[b] + h1[b] * y + h2[b] * h
            variance[k, b] = h1[b] * h1[b] * p11 + 2 * h1[b] * h2[b] * p12 + h2[b] * h2[b] * p22


@compiled  # pragma: no cover - compiled
def _smooth_single(theta, band_x, t, o, iv, mean, predicted, variance):
    n = len(t)
    m_filt, p_filt, m_pred, p_pred = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for b in range(6):
        tau = 10.0 ** (theta[0] + theta[1] * band_x[b])
        var = 10.0 ** (2.0 * (theta[2] + theta[3] * band_x[b]))
        m, p = 0.0, var
        for k in range(n):
            if k > 0:
                a = np.exp(-(t[k] - t[k - 1]) / tau)
                m, p = a * m, a * a * p + var * (1 - a * a)
            m_pred[k], p_pred[k] = m, p
            if iv[k, b] > 0:
                gain = p / (p + 1 / iv[k, b])
                m += gain * (o[k, b] - mean[b] - m)
                p *= 1 - gain
            m_filt[k], p_filt[k] = m, p
        for k in range(n - 1, -1, -1):
            if k < n - 1:
                gain = p_filt[k] * np.exp(-(t[k + 1] - t[k]) / tau) / p_pred[k + 1]
                m = m_filt[k] + gain * (m - m_pred[k + 1])
                p = p_filt[k] + gain * gain * (p - p_pred[k + 1])
            predicted[k, b] = mean[b] + m
            variance[k, b] = p


def reconstruct(curves: "dataset.Curves", theta, means, shared: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of the noiseless curves at all times, each (n, T, 6), given the visits.

    Parameters
    ----------
    theta, means : (n, 4), (n, 6), the fit's parameters and the mean magnitudes.
    shared : the joint six-band bridge, or six one-band Ornstein-Uhlenbeck bridges.
    """
    predicted, variance = np.full(curves.truth.shape, np.nan), np.full(curves.truth.shape, np.nan)
    smooth = _smooth_shared if shared else _smooth_single
    for row in range(len(curves)):
        n = curves.length[row]
        seen = curves.is_visit[row, :n, None]
        observed = np.where(seen, curves.observed[row, :n], 0.0).astype(float)
        weight = np.where(seen, 1 / curves.error[row, :n].astype(float) ** 2, 0.0)
        smooth(
            np.asarray(theta[row], float), BAND_X, curves.times[row, :n], observed, weight, np.asarray(means[row], float),
            predicted[row, :n], variance[row, :n],
        )  # fmt: skip
    return predicted, np.sqrt(np.maximum(variance, 0))
