"""The exact likelihood of a damped random walk in six bands, its fit, and the best reconstruction.

One band is a one-state linear system. Six bands that share one driver are deterministic filters of it:
with nearby time-scales, band b is x_b = s_b [y + d_b (h - y/2)], where y is the walk at a reference
time-scale tau, h is y passed through the same filter once more, and d_b = ln(tau_b / tau). Two states
hence describe all six bands (to second order in d_b, which is below 0.1), and the pair (y, h) has
stationary covariance [[1, 1/2], [1/2, 1/2]].

The fit has four parameters: log tau (observed frame, days) and log SF at 6000 A, and their slopes in
log wavelength. Mean magnitudes are integrated out.

`fit` and its likelihood stand in `fitting`, the bridges in `smoothing`, and the likelihood of many draws in `separate` (a driver
a band) and `correlated` (any correlation of the drivers, exact also for one; each band at its own times).
"""

from agnbook.lightcurves.kalman.correlated import UNSEEN, correlated_log_likelihood
from agnbook.lightcurves.kalman.fitting import (
    BAND_X,
    FIT_COLUMNS,
    PIVOT,
    PRIOR_MEAN,
    PRIOR_SD,
    fit,
    log_likelihood,
    parameters,
)
from agnbook.lightcurves.kalman.separate import separate_log_likelihood
from agnbook.lightcurves.kalman.smoothing import reconstruct

__all__ = [
    "BAND_X",
    "FIT_COLUMNS",
    "PIVOT",
    "PRIOR_MEAN",
    "PRIOR_SD",
    "UNSEEN",
    "correlated_log_likelihood",
    "fit",
    "log_likelihood",
    "parameters",
    "reconstruct",
    "separate_log_likelihood",
]
