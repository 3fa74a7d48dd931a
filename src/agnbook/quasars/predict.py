"""The curve between its measurements, and the score of measurements that a fit has not seen."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from agnbook.quasars.model import smooth, variances
from agnbook.quasars.posterior import Fit, inflation

#: Curves drawn from the posterior that a reconstruction averages.
CURVES = 24


def reconstruct(fit: Fit, times, bands=None, *, curves: int = CURVES) -> pd.DataFrame:
    """Noiseless brightness at any times in any of the curve's bands, averaged over the posterior.

    Parameters
    ----------
    fit : a `Fit` without problem.
    times : (m,) days. bands : (m,) band names that go with the times; None: every band at every time.
    curves : number of posterior draws to average; 0 uses the maximum alone.

    Returns
    -------
    pandas.DataFrame
        time, band, value, sd in the curve's own unit (magnitudes, or its flux), without the measurements' errors.
    """
    curve = fit.curve
    times = np.atleast_1d(np.asarray(times, float))
    if bands is None:
        index, times = np.repeat(np.arange(len(curve.bands)), len(times)), np.tile(times, len(curve.bands))
    else:
        index = np.array([curve.bands.index(band) for band in np.broadcast_to(np.asarray(bands, str), times.shape)], int)
    value, sd = _mixture(fit, times, index, curves)
    if curve.unit == "flux":
        sd = sd * np.abs(curve.reference_flux[index]) * np.log(10) / 2.5
    return pd.DataFrame({
        "time": times, "band": np.array(curve.bands)[index], "value": curve.to_unit(value, index), "sd": sd
    })  # fmt: skip


def _mixture(fit: Fit, times, index, curves: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (mag) of the noiseless curve over the posterior."""
    chosen = np.linspace(0, len(fit.draws) - 1, curves).astype(int) if curves else []
    thetas = fit.draws[chosen] if curves else fit.theta[None]
    found = [smooth(fit.curve, theta, fit.model, fit.weight, times, index)[0] for theta in thetas]
    mean, sd = np.mean([m for m, _ in found], axis=0), np.array([s for _, s in found])
    return mean, np.sqrt(np.mean(sd**2, axis=0) + np.var([m for m, _ in found], axis=0))


@dataclass(frozen=True)
class Prediction:
    """Predictive distribution of measurements, a mixture of normals with one mean: `mean` (m,), `sd` (m, k) mag."""

    mean: np.ndarray
    sd: np.ndarray

    def log_density(self, values) -> np.ndarray:
        """Log of the predictive density at `values` (m,)."""
        z = (np.asarray(values)[:, None] - self.mean[:, None]) / self.sd
        return np.log(np.mean(np.exp(-0.5 * z * z) / self.sd, axis=1) / np.sqrt(2 * np.pi) + 1e-300)

    def cumulative(self, values) -> np.ndarray:
        """Probability below `values` (m,): uniform if the predictions are right."""
        return np.mean(stats.norm.cdf((np.asarray(values)[:, None] - self.mean[:, None]) / self.sd), axis=1)


def predict(fit: Fit, times, bands, errors, *, curves: int = CURVES) -> Prediction:
    """Distribution of new measurements of the same object: noiseless curve, excess variance and errors' tails.

    Parameters
    ----------
    times, bands, errors : (m,) days, band names, stated errors in magnitudes.
    """
    curve = fit.curve
    index = np.array([curve.bands.index(band) for band in np.asarray(bands, str)], int)
    mean, sd = _mixture(fit, np.asarray(times, float), index, curves)
    noise = variances(fit.theta, fit.plan.slots, index, np.asarray(errors, float), np.ones(len(index)))
    return Prediction(mean, np.sqrt(sd[:, None] ** 2 + noise[:, None] * inflation(fit.model.tails)))


def score(fit: Fit, held_out, *, curves: int = CURVES) -> pd.DataFrame:
    """Score measurements of the same object that the fit has not seen.

    Parameters
    ----------
    held_out : LightCurve with the same bands, such as ``curve.take(hidden)``.

    Returns
    -------
    pandas.DataFrame
        time, band, observed, predicted (mag), error (absolute, mag), log_density, probability (of a smaller value:
        within .1585 and .8415 for 68.3 %).
    """
    bands = np.array(held_out.bands)[held_out.band]
    found = predict(fit, held_out.times, bands, held_out.errors, curves=curves)
    return pd.DataFrame({
        "time": held_out.times, "band": bands, "observed": held_out.values, "predicted": found.mean,
        "error": np.abs(held_out.values - found.mean), "log_density": found.log_density(held_out.values),
        "probability": found.cumulative(held_out.values),
    })  # fmt: skip
