"""The likelihood of six bands with a driver each under many sets of parameters at once; nothing integrated out."""

import numpy as np

from agnbook.compiled import compiled
from agnbook.lightcurves import dataset


@compiled(fastmath=True, error_model="numpy")  # pragma: no cover - compiled
def _separate(log_tau, log_sf, means, t, o, iv, out):
    draws, n = len(out), len(t)
    rate, var, mean = np.empty(draws), np.empty(draws), np.empty(draws)
    p, y, chi2, product = np.empty(draws), np.empty(draws), np.empty(draws), np.empty(draws)
    out[:] = 0.0
    for b in range(6):
        for j in range(draws):
            rate[j], var[j], mean[j] = 10.0 ** -log_tau[j, b] / 1024, 10.0 ** (2.0 * log_sf[j, b]), means[j, b]
            p[j], y[j], chi2[j], product[j] = var[j], mean[j], 0.0, 1.0
        for k in range(n):
            dt = t[k] - t[k - 1] if k > 0 else 0.0
            for j in range(draws):  # without a branch or a call, so that the compiler takes several draws at once
                x = max(-dt * rate[j], -1.0)  # exp(-1024) is 0 already
                a = 1 + x * (1 + x * (1 / 2 + x * (1 / 6 + x * (1 / 24 + x / 120))))
                for _ in range(10):  # exp(x) to the power 1024
                    a *= a
                p_j, y_j = a * a * (p[j] - var[j]) + var[j], mean[j] + a * (y[j] - mean[j])
                d = 1 + p_j * iv[k, b]
                product[j] *= d
                weighted = iv[k, b] / d * (o[k, b] - y_j)
                chi2[j] += weighted * (o[k, b] - y_j)
                p[j], y[j] = p_j / d, y_j + p_j * weighted
            if k % 16 == 15 or k == n - 1:
                for j in range(draws):
                    out[j] -= 0.5 * np.log(product[j])
                    product[j] = 1.0
        for j in range(draws):
            out[j] -= 0.5 * chi2[j]


def separate_log_likelihood(log_tau, log_sf, means, times, magnitudes, errors) -> np.ndarray:
    """Log-likelihood of one object under many sets of parameters, six bands with a driver each; nothing integrated out.

    Parameters
    ----------
    log_tau, log_sf, means : (draws, 6), log10 of observed-frame days and of mag, and mag.
    times : (n,) days, ascending; magnitudes, errors : (n, 6).

    Returns
    -------
    numpy.ndarray, shape (draws,)
    """
    times, magnitudes, errors = dataset.check(times, magnitudes, errors)
    out = np.empty(len(log_tau))
    arrays = (np.asarray(a, float) for a in (log_tau, log_sf, means))
    _separate(*arrays, times, magnitudes, 1 / errors**2, out)
    return out - 0.5 * np.log(2 * np.pi * errors**2).sum()
