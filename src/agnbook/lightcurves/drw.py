"""Damped random walks, sampled exactly, in compiled loops.

A damped random walk (Ornstein-Uhlenbeck process) has covariance sigma^2 exp(-|dt| / tau). Here
``SF`` is the number the DC2 table and the paper's code call SF_inf and use as sigma, the standard
deviation of the process; the structure function itself tends to sqrt(2) sigma.
"""

import numpy as np

from agnbook.compiled import compiled
from agnbook.errors import BookError


def covariance(dt, sigma, tau) -> np.ndarray:
    """Covariance of one band at lag `dt` (days): sigma^2 exp(-|dt|/tau)."""
    return sigma**2 * np.exp(-np.abs(dt) / tau)


def structure_function(dt, sigma, tau) -> np.ndarray:
    """Root-mean-square magnitude difference at lag `dt`: sigma sqrt(2 (1 - exp(-|dt|/tau)))."""
    return sigma * np.sqrt(2 * (1 - np.exp(-np.abs(dt) / tau)))


@compiled(fastmath=True)  # pragma: no cover - compiled
def _walk(times, start, which, sigma, tau, shared, rng, out):
    n_bands = sigma.shape[1]
    x = np.empty(n_bands)
    shock = np.empty(n_bands)
    for row in range(len(which)):
        first, last = start[which[row]], start[which[row] + 1]
        for t in range(first, last):
            if shared:
                shock[:] = rng.standard_normal()
            else:
                for b in range(n_bands):
                    shock[b] = rng.standard_normal()
            if t == first:
                for b in range(n_bands):
                    x[b] = sigma[row, b] * shock[b]
            else:
                dt = times[t] - times[t - 1]
                for b in range(n_bands):
                    a = np.exp(-dt / tau[row, b])
                    x[b] = a * x[b] + sigma[row, b] * np.sqrt(1.0 - a * a) * shock[b]
            for b in range(n_bands):
                out[row, t - first, b] = x[b]


def simulate(times, start, which, sigma, tau, rng: np.random.Generator, shared: bool = True) -> np.ndarray:
    """Sample damped random walks at the times of their cadences, exactly (no Euler steps).

    Each step is x' = a x + sigma sqrt(1 - a^2) e with a = exp(-dt / tau). With a `shared` driver the six
    bands receive the same e at every step, as in the paper's code; else each band its own. Every band
    alone is an exact Ornstein-Uhlenbeck process in both cases.

    Parameters
    ----------
    times, start : a `cadence.Pool`'s arrays.
    which : (n,) int, the cadence of each object.
    sigma, tau : (n, 6) process standard deviation (mag) and observed-frame time-scale (days).

    Returns
    -------
    numpy.ndarray, shape (n, longest cadence, 6), float32
        Deviations from the mean magnitude; zero after a shorter cadence's end.
    """
    sigma, tau = np.ascontiguousarray(sigma, float), np.ascontiguousarray(tau, float)
    if not (np.all(tau > 0) and np.all(sigma >= 0)):
        raise BookError("A damped random walk needs tau > 0 (days) and sigma >= 0 (mag).")
    out = np.zeros((len(which), int(np.diff(start)[which].max()), sigma.shape[1]), np.float32)
    _walk(times, start, np.asarray(which, np.int64), sigma, tau, shared, rng, out)
    return out
