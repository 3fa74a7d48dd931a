"""How far an attention looks, and what a blur of that width would cost: the yardstick for a reconstruction.

An attention over visits is a weighted mean of what it is shown. Its simplest form weighs a visit by how near it is in time.
"""

import numpy as np


def smooth(times, values, seen, width: float) -> np.ndarray:
    """Return the mean of the seen values, weighted by a Gaussian in time.

    Parameters
    ----------
    times, values : (n, t), days and magnitudes, of n light curves
    seen : (n, t), which of them may be used
    width : standard deviation of the Gaussian (days)

    Returns
    -------
    (n, t) : the blurred light curve at every time; the nearest seen value where all are many widths away.
    """
    times, values, seen = np.asarray(times, float), np.asarray(values, float), np.asarray(seen, bool)
    exponent = -0.5 * ((times[:, :, None] - times[:, None, :]) / width) ** 2
    exponent = np.where(seen[:, None, :], exponent, -np.inf)
    weight = np.exp(exponent - exponent.max(axis=2, keepdims=True))
    return (weight @ values[..., None])[..., 0] / weight.sum(axis=2)


def reach(kernel, context_times, target_times) -> np.ndarray:
    """Return how far a kernel looks from each target time: the root mean square distance, (n, t), in the times' unit.

    Parameters
    ----------
    kernel : (n, t, c), weights of the context points, adding up to one (`anp.AttentiveNeuralProcess.kernel`)
    context_times, target_times : (n, c), (n, t)
    """
    distance = np.asarray(context_times, float)[:, None, :] - np.asarray(target_times, float)[:, :, None]
    return np.sqrt((np.asarray(kernel, float) * distance**2).sum(axis=2))
