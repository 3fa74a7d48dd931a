"""Light curves drawn from a model at another curve's cadence and errors: what the answers are tested on."""

from dataclasses import replace

import numpy as np

from agnbook.quasars import statespace
from agnbook.quasars.curve import LightCurve
from agnbook.quasars.model import DEFAULT, KICK, QUALITY, Model, lags, layout, unpack, variances


def noiseless(curve: LightCurve, theta, rng: np.random.Generator, model: Model = DEFAULT) -> np.ndarray:
    """Draw the process at the times and bands of `curve`, exactly; (n,) magnitudes about zero."""
    plan = layout(model, curve)
    theta = np.asarray(theta, float)
    tau, amplitude, rho = unpack(theta, plan.x, plan.slots)
    shifted = curve.times - lags(theta, plan.x)[curve.band]
    order = np.argsort(shifted, kind="stable")
    h = statespace.observation(plan.process, 10 ** theta[KICK])
    rest = np.kron(statespace.stationary(tau, amplitude, rho, len(tau)), np.eye(len(h)))
    state, out, previous = np.zeros(len(rest)), np.empty(len(curve)), -np.inf
    for row in order:
        dt = shifted[row] - previous
        if dt > 0:
            blocks = statespace.transition(plan.process, tau, 10 ** theta[QUALITY], min(dt, 1e9))
            decay = np.zeros_like(rest)
            for b, block in enumerate(blocks):
                decay[b * len(h) : (b + 1) * len(h), b * len(h) : (b + 1) * len(h)] = block
            added = rest - decay @ rest @ decay.T
            values, vectors = np.linalg.eigh(0.5 * (added + added.T))  # singular where rho is 1: no Cholesky factor
            state = decay @ state + vectors @ (np.sqrt(np.maximum(values, 0)) * rng.standard_normal(len(rest)))
            previous = shifted[row]
        first = curve.band[row] * len(h)
        out[row] = h @ state[first : first + len(h)]
    return out


def simulate(
    curve: LightCurve, theta, rng: np.random.Generator, model: Model = DEFAULT, *, means=None, outliers: float = 0.0
) -> LightCurve:
    """Draw a light curve of the cadence and the stated errors of `curve`.

    Parameters
    ----------
    theta : (p,) all parameters of `layout(model, curve).names`; errors have the excess, factor and tails of `model`.
    means : (B,) magnitudes; by default those of `curve`.
    outliers : share of measurements that are off by a normal number of standard deviation .5 mag besides.
    """
    plan = layout(model, curve)
    theta = np.asarray(theta, float)
    n = len(curve)
    sd = np.sqrt(variances(theta, plan.slots, curve.band, curve.errors, np.ones(n)))
    noise = rng.standard_normal(n) if np.isinf(model.tails) else rng.standard_t(model.tails, n)
    means = curve.centre if means is None else np.asarray(means, float)
    values = means[curve.band] + noiseless(curve, theta, rng, model) + sd * noise
    values += np.where(rng.random(n) < outliers, 0.5 * rng.standard_normal(n), 0.0)
    centre = np.array([np.median(values[curve.band == b]) for b in range(len(curve.bands))])
    return replace(curve, values=values, centre=centre)
