"""The likelihood of six correlated walks, each band measured at its own times, under many sets of parameters at once.

The six bands are six Ornstein-Uhlenbeck processes x_b of time-scale tau_b and standard deviation s_b whose driving noises are
correlated by rho: one driver and six private ones of shares rho and 1 - rho. Between two times a band decays by
a_b = exp(-dt / tau_b), and the covariance that the noise adds is C_ij (1 - a_i a_j), where

    C_ij = s_i s_j r_ij 2 sqrt(tau_i tau_j) / (tau_i + tau_j),     r_ii = 1, r_ij = rho

is the stationary covariance. rho = 1 is one driver, rho = 0 a driver a band.

The simulator of the paper (`drw.simulate`) is not quite that: its one driver gives the same normal number to all bands at each
time that it simulates, the grid's times included, so that a step adds s_i s_j sqrt(1 - a_i^2) sqrt(1 - a_j^2), whatever its
length. With `stepped` the likelihood is the exact one of that process; it needs all simulated times, also those nobody saw.

Measurements enter one by one, so that visits of all bands at once and bands at their own times are the same to it.
"""

import numpy as np

from agnbook.compiled import compiled

#: So many sets of parameters share the steps of one filter, and with them the processor's vector registers.
LANES = 16
#: Band of a time at which nobody looked.
UNSEEN = -1


@compiled(fastmath=True, error_model="numpy")  # pragma: no cover - compiled
def _filter(log_tau, log_sf, means, rho, stepped, times, band, values, variance, out):
    draws, n = len(out), len(times)
    rate, s, mean = np.empty((6, LANES)), np.empty((6, LANES)), np.empty((6, LANES))
    decay, kick, state, column = np.empty((6, LANES)), np.empty((6, LANES)), np.empty((6, LANES)), np.empty((6, LANES))
    rest, p = np.empty((6, 6, LANES)), np.empty((6, 6, LANES))  # lower triangles
    inverse, weighted, product, total = np.empty(LANES), np.empty(LANES), np.empty(LANES), np.empty(LANES)
    for first in range(0, draws, LANES):
        for j in range(LANES):
            d = min(first + j, draws - 1)
            product[j], total[j] = 1.0, 0.0
            for b in range(6):
                rate[b, j], s[b, j], mean[b, j] = 10.0 ** -log_tau[d, b] / 1024, 10.0 ** log_sf[d, b], means[d, b]
                state[b, j] = mean[b, j]
                for i in range(b + 1):
                    share = 1.0 if i == b else rho[d]
                    ratio = 2.0 * np.sqrt(rate[b, j] * rate[i, j]) / (rate[b, j] + rate[i, j])
                    rest[b, i, j] = s[b, j] * s[i, j] * share * ratio
                    p[b, i, j] = s[b, j] * s[i, j] if stepped else rest[b, i, j]
        for k in range(n):
            dt = times[k] - times[k - 1] if k > 0 else 0.0
            if dt > 0:
                for b in range(6):
                    for j in range(LANES):  # without a branch or a call, so that the compiler takes several draws at once
                        x = max(-dt * rate[b, j], -1.0)  # exp(-1024) is 0 already
                        a = 1 + x * (1 + x * (1 / 2 + x * (1 / 6 + x * (1 / 24 + x / 120))))
                        for _ in range(10):  # exp(x) to the power 1024
                            a *= a
                        decay[b, j] = a
                        state[b, j] = mean[b, j] + a * (state[b, j] - mean[b, j])
                if stepped:
                    for b in range(6):
                        for j in range(LANES):
                            kick[b, j] = s[b, j] * np.sqrt(1.0 - decay[b, j] * decay[b, j])
                    for b in range(6):
                        for i in range(b + 1):
                            for j in range(LANES):
                                p[b, i, j] = decay[b, j] * decay[i, j] * p[b, i, j] + kick[b, j] * kick[i, j]
                else:
                    for b in range(6):
                        for i in range(b + 1):
                            for j in range(LANES):
                                p[b, i, j] = decay[b, j] * decay[i, j] * (p[b, i, j] - rest[b, i, j]) + rest[b, i, j]
            b = band[k]
            if b >= 0:
                for j in range(LANES):
                    inverse[j] = 1.0 / (p[b, b, j] + variance[k])
                    weighted[j] = (values[k] - state[b, j]) * inverse[j]
                    total[j] += (values[k] - state[b, j]) * weighted[j]
                    product[j] *= inverse[j] * variance[k]
                for i in range(6):
                    for j in range(LANES):
                        column[i, j] = p[b, i, j] if i <= b else p[i, b, j]
                        state[i, j] += column[i, j] * weighted[j]
                for i in range(6):
                    for m in range(i + 1):
                        for j in range(LANES):
                            p[i, m, j] -= column[i, j] * column[m, j] * inverse[j]
            if k % 16 == 15 or k == n - 1:  # one logarithm for sixteen factors
                for j in range(LANES):
                    total[j] -= np.log(product[j])
                    product[j] = 1.0
        for j in range(min(LANES, draws - first)):
            out[first + j] = -0.5 * total[j]


def correlated_log_likelihood(log_tau, log_sf, means, rho, times, band, values, errors, *, stepped: bool = False) -> np.ndarray:
    """Log-likelihood of one object under many sets of parameters; nothing integrated out.

    Parameters
    ----------
    log_tau, log_sf, means : (draws, 6), log10 of observed-frame days and of mag, and mag.
    rho : (draws,), correlation of the bands' driving noises, 0 to 1.
    times : (n,) days, ascending, ties allowed; band : (n,) 0 to 5, `UNSEEN` where a time was simulated and nobody looked.
    values, errors : (n,) mag; not used where unseen.
    stepped : the discretised driver of `drw.simulate` with ``shared=True`` (`rho` is then 1).

    Returns
    -------
    numpy.ndarray, shape (draws,)
    """
    log_tau, log_sf, means, rho, times, values = (np.asarray(a, float) for a in (log_tau, log_sf, means, rho, times, values))
    band = np.asarray(band, np.int64)
    seen = band != UNSEEN
    variance = np.where(seen, np.asarray(errors, float) ** 2, 1.0)
    out = np.empty(len(log_tau))
    _filter(log_tau, log_sf, means, rho, stepped, times, band, np.where(seen, values, 0.0), variance, out)
    return out - 0.5 * np.log(2 * np.pi * variance[seen]).sum()
