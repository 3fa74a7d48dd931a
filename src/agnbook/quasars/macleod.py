"""The estimator of MacLeod et al. (2010): one band, a damped random walk, stated errors, flat in log tau and log sigma."""

import numpy as np
from scipy.optimize import minimize

from agnbook.quasars.curve import LightCurve
from agnbook.quasars.model import PARAMETERS, Model, layout, log_likelihood

#: Nothing but the walk: no excess variance, no tails.
BARE = Model(excess=0.0, tails=np.inf)


def maximum_likelihood(curve: LightCurve) -> tuple[float, float, float]:
    """Return log tau (days, observed frame), log SF_inf (mag) and the log-likelihood at the maximum, for a curve in one band.

    Their priors, 1/tau and 1/sigma (their section 2.2), are flat in the logarithms, so that their best values are those of
    largest likelihood.
    """
    plan = layout(BARE, curve)
    tau, sigma = PARAMETERS.index("log_tau"), PARAMETERS.index("log_sigma")
    theta = plan.mean.copy()
    theta[[PARAMETERS.index("tau_slope"), PARAMETERS.index("sigma_slope")]] = 0.0  # the curve's own band is the pivot

    def cost(point):
        theta[[tau, sigma]] = point
        return -log_likelihood(curve, theta, BARE)

    grid = [(t, s) for t in (1.0, 1.8, 2.6, 3.4, 4.2) for s in (-1.4, -1.0, -0.6)]
    best = minimize(cost, min(grid, key=cost), method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-4})
    return float(best.x[0]), float(best.x[1] + 0.5 * np.log10(2)), float(-best.fun)
