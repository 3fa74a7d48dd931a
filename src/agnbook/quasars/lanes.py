"""Many likelihoods of one curve at once: sets of parameters lie side by side and share each step of the filter.

The arithmetic is that of `statespace.whiten`, which answers for one set of parameters. A fit asks for hundreds of them at
the same measurements. Here the innermost loops run over `LANES` sets, so that they fill the processor's vector registers,
and each set costs a third. The two are checked against each other in the tests.
"""

import numpy as np

from agnbook.compiled import compiled
from agnbook.quasars.model import SCALE, unpack
from agnbook.quasars.statespace import _FAST, integrate_means

#: Sets of parameters that are filtered together; their state then still fits the processor's nearest memory.
LANES = 32


@compiled(fastmath=_FAST, error_model="numpy")  # pragma: no cover - compiled
def decays(dt, rate, fastest, decay):
    """Fill `decay` with exp(-dt rate), both flat; `fastest` is the largest rate. To 1e-12; written without a library call."""
    if dt * fastest < 1e-3:
        for i in range(len(rate)):
            x = -dt * rate[i]
            decay[i] = 1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0)))
    else:  # a series at a 1024th of the exponent, squared ten times
        for i in range(len(rate)):
            x = -dt * rate[i]
            x = (x if x > -700.0 else -700.0) / 1024.0
            y = 1.0 + x / 5.0 * (1.0 + x / 6.0 * (1.0 + x / 7.0 * (1.0 + x / 8.0 * (1.0 + x / 9.0 * (1.0 + x / 10.0)))))
            y = 1.0 + x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * y)))
            y *= y
            y *= y
            y *= y
            y *= y
            y *= y
            y *= y
            y *= y
            y *= y
            y *= y
            y *= y
            decay[i] = y


@compiled(fastmath=_FAST, error_model="numpy")  # pragma: no cover - compiled
def whiten(rate, covariance, scale, added, times, band, values, squared, inverse_weight):
    """See `statespace.whiten`; parameters have a last axis of L sets.

    Parameters
    ----------
    rate : (B, L), 1 / time-scale. covariance : (B, B, L), stationary.
    scale, added : (L,), (B, L): a measurement's variance is scale `squared` + added `inverse_weight`.

    Returns
    -------
    logdet : (L,)
    products : (B + 1, B + 1, L), lower triangle
    """
    n, bands, lanes = len(times), rate.shape[0], rate.shape[1]
    fastest, flat_rate = rate.max(), rate.reshape(-1)
    state, sensitivity = np.zeros((bands, bands, lanes)), np.zeros((bands, bands + 1, lanes))  # lower triangle; all
    decay = np.ones((bands, lanes))
    flat_decay = decay.reshape(-1)
    shared, gain = np.empty((bands, lanes)), np.empty((bands, lanes))
    row, scaled = np.empty((bands + 1, lanes)), np.empty((bands + 1, lanes))
    products = np.zeros((bands + 1, bands + 1, lanes))
    inverse, determinant, logdet = np.empty(lanes), np.ones(lanes), np.zeros(lanes)
    for k in range(n):
        b, e, w = band[k], squared[k], inverse_weight[k]
        if k > 0:
            decays(times[k] - times[k - 1], flat_rate, fastest, flat_decay)
        own, s, c, more = decay[b], state[b, b], covariance[b, b], added[b]
        for m in range(lanes):
            total = c[m] + s[m] * own[m] * own[m] + scale[m] * e + more[m] * w
            inverse[m] = 1.0 / total
            determinant[m] *= total
        if k % 16 == 15:
            for m in range(lanes):
                logdet[m] += np.log(determinant[m])
                determinant[m] = 1.0
        for j in range(bands + 1):
            given = (1.0 if j == b else 0.0) + (values[k] if j == bands else 0.0)
            r, z, s = row[j], scaled[j], sensitivity[b, j]
            for m in range(lanes):
                r[m] = given - s[m] * own[m]
                z[m] = r[m] * inverse[m]
        for j in range(bands):
            o, g, c, d = shared[j], gain[j], covariance[b, j], decay[j]
            s = state[b, j] if b >= j else state[j, b]
            for m in range(lanes):
                o[m] = c[m] + s[m] * (own[m] * d[m])
                g[m] = o[m] * inverse[m]
        for i in range(bands + 1):
            z = scaled[i]
            for j in range(i + 1):
                q, r = products[i, j], row[j]
                for m in range(lanes):
                    q[m] += z[m] * r[m]
        for i in range(bands):
            g, d = gain[i], decay[i]
            for j in range(i + 1):
                s, f, o = state[i, j], decay[j], shared[j]
                for m in range(lanes):
                    s[m] = s[m] * (d[m] * f[m]) - g[m] * o[m]
            for j in range(bands + 1):
                s, r = sensitivity[i, j], row[j]
                for m in range(lanes):
                    s[m] = s[m] * d[m] + g[m] * r[m]
    for m in range(lanes):
        logdet[m] += np.log(determinant[m])
    return logdet, products


@compiled(error_model="numpy")  # pragma: no cover - compiled
def loglikes(thetas, x, slots, times, band, values, errors, weight):
    """Log-likelihood of L sets of parameters (L, p) of correlated random walks without lags.

    Returns
    -------
    value : (L,)
    mean, factor : (L, B), (L, B, B), the means' expectation and Cholesky factor (see `statespace.integrate_means`)
    """
    lanes, bands = len(thetas), len(x)
    rate, covariance = np.empty((bands, lanes)), np.empty((bands, bands, lanes))
    scale, added = np.empty(lanes), np.empty((bands, lanes))
    for m in range(lanes):
        tau, amplitude, rho = unpack(thetas[m], x, slots)
        root = np.sqrt(tau)
        scale[m] = 10.0 ** (2.0 * thetas[m, SCALE])
        for a in range(bands):
            rate[a, m] = 1.0 / tau[a]
            added[a, m] = 10.0 ** (2.0 * thetas[m, slots[0, a]])
            covariance[a, a, m] = amplitude[a] * amplitude[a]
            for b in range(a):
                together = amplitude[a] * amplitude[b] * rho * 2.0 * root[a] * root[b] / (tau[a] + tau[b])
                covariance[a, b, m] = covariance[b, a, m] = together
    logdet, products = whiten(rate, covariance, scale, added, times, band, values, errors * errors / weight, 1.0 / weight)
    value, mean, factor = np.empty(lanes), np.empty((lanes, bands)), np.empty((lanes, bands, bands))
    for m in range(lanes):
        value[m], mean[m], factor[m] = integrate_means(logdet[m], np.ascontiguousarray(products[:, :, m]), bands, len(times))
    return value, mean, factor
