"""The parameters of a light curve's model, what is free among them, and their prior.

Parameters (in this order; `PARAMETERS`, then `log_excess` and `deviation` of each band):

- `log_tau`: log10 of the time-scale at 6000 A, observed frame, days
- `tau_slope`: slope of log tau in log wavelength
- `log_sigma`: log10 of the standard deviation at 6000 A, mag (SF_inf = sqrt(2) sigma)
- `sigma_slope`: its slope in log wavelength
- `logit_rho`: ln rho / (1 - rho): the share of the variance that hears the common noise
- `lag`: delay at 6000 A of light against that at zero wavelength, days; grows as wavelength^(4/3)
- `log_quality`: log10 of the damped harmonic oscillator's quality factor (1/2: critically damped)
- `log_kick`: log10 of the weight of its velocity in the brightness (the moving-average term of CARMA(2, 1))
- `log_scale`: log10 of a factor on all stated errors
- `log_excess`: log10 of the standard deviation that is added to a band's errors in quadrature, mag
- `deviation`: of a band's log_sigma from the power law in wavelength (host light, emission lines)
"""

from dataclasses import dataclass, field, replace

import numpy as np

from agnbook.compiled import compiled
from agnbook.errors import SettingsError
from agnbook.quasars import statespace
from agnbook.quasars.statespace import DHO, OU

PIVOT_ANGSTROM = 6000.0
PARAMETERS = ("log_tau", "tau_slope", "log_sigma", "sigma_slope", "logit_rho", "lag", "log_quality", "log_kick", "log_scale")
TAU, TAU_SLOPE, SIGMA, SIGMA_SLOPE, RHO, LAG, QUALITY, KICK, SCALE, EXCESS = range(10)

#: Gaussian priors, mean and standard deviation. The slopes' "law" is that of MacLeod et al. (2010), section 5. That of rho
#: reaches from .73 to .998 within one standard deviation: a narrower one answered for curves whose bands are more alike.
_BROAD = {
    "log_tau": (2.6, 0.7), "tau_slope": (0.17, 0.3), "log_sigma": (-0.85, 0.4), "sigma_slope": (-0.479, 0.4),
    "logit_rho": (3.5, 2.5), "lag": (0.0, 5.0), "log_quality": (-0.7, 0.7), "log_kick": (-0.7, 0.7),
    "log_scale": (0.0, 0.05), "log_excess": (-2.0, 0.4), "deviation": (0.0, 0.04),
}  # fmt: skip
PRIORS = {"broad": _BROAD, "law": _BROAD | {"tau_slope": (0.17, 0.02), "sigma_slope": (-0.479, 0.02)}}


@dataclass(frozen=True)
class Model:
    """What is assumed about a light curve.

    Attributes
    ----------
    process : "ou" (damped random walk) or "dho" (damped harmonic oscillator, CARMA(2, 1), one time-scale for all bands).
    rho : None to measure it, or a fixed value: 1 is one driver, 0 a driver a band.
    excess : "band" (a variance of its own in each band), "shared", or a fixed standard deviation in mag.
    tails : degrees of freedom of the errors' Student-t distribution; infinite for Gaussian errors.
    lag : whether redder light may lag.
    spectrum : "law" (sigma is a power law in wavelength) or "scattered" (each band deviates from it, three bands or more).
    error_scale : whether the stated errors may all be wrong by one factor (5 % or so, `PRIORS`).
    prior : "broad", "law" (slopes of MacLeod et al. 2010) or a mapping parameter -> (mean, standard deviation) that
        overrides some of the broad ones; a standard deviation of 0 fixes a parameter.
    """

    process: str = "ou"
    rho: float | None = None
    excess: str | float = "band"
    tails: float = 10.0
    lag: bool = False
    spectrum: str = "scattered"
    error_scale: bool = True
    prior: str | dict = field(default="broad", hash=False)

    def __post_init__(self):
        if self.process not in ("ou", "dho"):
            raise SettingsError(f"process {self.process!r} is neither 'ou' nor 'dho'.")
        if self.rho is not None and not 0 <= self.rho <= 1:
            raise SettingsError(f"rho is {self.rho}; give None, to measure it, or a value from 0 to 1.")
        if isinstance(self.excess, str) and self.excess not in ("band", "shared"):
            raise SettingsError(f"excess {self.excess!r} is neither 'band' nor 'shared' nor a number of magnitudes.")
        if self.spectrum not in ("law", "scattered"):
            raise SettingsError(f"spectrum {self.spectrum!r} is neither 'law' nor 'scattered'.")
        if self.tails <= 2:
            raise SettingsError(f"tails of {self.tails} degrees of freedom have no variance; give more than 2, or infinity.")
        if isinstance(self.prior, str) and self.prior not in PRIORS:
            raise SettingsError(f"prior {self.prior!r} is none of {', '.join(PRIORS)}.")
        if not isinstance(self.prior, str) and (wrong := set(self.prior) - set(_BROAD)):
            raise SettingsError(f"No such parameter: {', '.join(sorted(wrong))}; there are {', '.join(_BROAD)}.")

    def but(self, **changes) -> "Model":
        """Return the same model with some attributes changed."""
        return replace(self, **changes)


DEFAULT = Model()


@dataclass(frozen=True)
class Layout:
    """A model laid out for the bands of one curve.

    Attributes
    ----------
    names : of all parameters, fixed ones included.
    active : indices of the free ones.
    mean, sd : (p,) prior of all parameters; a fixed one has sd 1 and stays at its mean.
    slots : (2, B) index of each band's log_excess and deviation.
    x : (B,) log10 of wavelength / 6000 A.
    process : `statespace.OU` or `statespace.DHO`.
    """

    names: tuple[str, ...]
    active: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    slots: np.ndarray
    x: np.ndarray
    process: int

    @property
    def free(self) -> tuple[str, ...]:
        return tuple(self.names[i] for i in self.active)


def layout(model: Model, curve) -> Layout:
    """Lay `model` out for a `LightCurve`; what one band, or one wavelength, cannot tell is fixed at the prior's mean."""
    bands = curve.bands
    prior = PRIORS[model.prior] if isinstance(model.prior, str) else _BROAD | model.prior
    own = model.excess == "band"
    excess = tuple(f"log_excess_{band}" for band in bands) if own else ("log_excess",)
    deviation = tuple(f"deviation_{band}" for band in bands)
    names = PARAMETERS + excess + deviation
    kinds = PARAMETERS + ("log_excess",) * len(excess) + ("deviation",) * len(bands)
    table = [prior[kind] for kind in kinds]
    mean, sd = (np.array(column, float) for column in zip(*table, strict=True))
    free = np.ones(len(names), bool)
    if np.ptp(curve.wavelengths) < 1:
        free[[TAU_SLOPE, SIGMA_SLOPE, LAG]] = False
    if model.rho is not None:
        with np.errstate(divide="ignore"):
            free[RHO], mean[RHO] = False, np.log(model.rho) - np.log1p(-model.rho)
    if len(bands) == 1:
        free[RHO] = False
    if not model.lag:
        free[LAG], mean[LAG] = False, 0.0
    if model.process == "dho":
        free[TAU_SLOPE], mean[TAU_SLOPE] = False, 0.0  # correlated oscillators are simple only with one time-scale
    else:
        free[[QUALITY, KICK]] = False
    if not model.error_scale:
        free[SCALE], mean[SCALE] = False, 0.0
    if not isinstance(model.excess, str):
        free[EXCESS], mean[EXCESS] = False, np.log10(max(float(model.excess), 1e-12))
    if model.spectrum == "law" or len(bands) < 3:
        free[EXCESS + len(excess) :] = False
    free &= sd > 0
    band = np.arange(len(bands))
    return Layout(
        names, np.flatnonzero(free), mean, np.where(sd > 0, sd, 1.0),
        np.stack([EXCESS + band * own, EXCESS + len(excess) + band]),
        np.log10(curve.wavelengths / PIVOT_ANGSTROM), DHO if model.process == "dho" else OU,
    )  # fmt: skip


@compiled  # pragma: no cover - compiled
def unpack(theta, x, slots):
    """Time-scale (days) and standard deviation (mag) per band, and rho."""
    tau = 10.0 ** (theta[TAU] + theta[TAU_SLOPE] * x)
    amplitude = 10.0 ** (theta[SIGMA] + theta[SIGMA_SLOPE] * x + theta[slots[1]])
    return tau, amplitude, 1.0 / (1.0 + np.exp(-theta[RHO]))


@compiled  # pragma: no cover - compiled
def lags(theta, x):
    """Delay of each band in days."""
    return theta[LAG] * 10.0 ** (4.0 / 3.0 * x)


@compiled  # pragma: no cover - compiled
def variances(theta, slots, band, errors, weight):
    """Variance of each measurement: stated errors times their factor, excess added, divided by the robust weight."""
    scale = 10.0 ** (2.0 * theta[SCALE])
    added = 10.0 ** (2.0 * theta[slots[0]])
    out = np.empty(len(band))
    for k in range(len(band)):
        out[k] = (scale * errors[k] * errors[k] + added[band[k]]) / weight[k]
    return out


@compiled  # pragma: no cover - compiled
def loglike(theta, process, x, slots, times, band, values, errors, weight):
    """Log-likelihood, the means' expectation and Cholesky factor (see `statespace.integrate_means`)."""
    bands = len(x)
    tau, amplitude, rho = unpack(theta, x, slots)
    variance = variances(theta, slots, band, errors, weight)
    if theta[LAG] != 0.0:
        shifted = times - lags(theta, x)[band]
        order = np.argsort(shifted)
        times, band, values, variance = shifted[order], band[order], values[order], variance[order]
    if process == OU:
        width = 8 * (bands // 8 + 1)
        logdet, products = statespace.whiten(
            tau, statespace.stationary(tau, amplitude, rho, width), times, band, values, variance
        )
        return statespace.integrate_means(logdet, products, bands, len(times))
    n = len(times)
    covariance = statespace.stationary(tau, amplitude, rho, bands)
    gains, small = np.empty((n, 3 * bands)), np.empty((3, n))
    value, mean, spread = statespace.forward(
        process, tau, covariance, 10.0 ** theta[QUALITY], 10.0 ** theta[KICK], times, band, values, variance,
        gains, small[0], small[1], small[2],
    )  # fmt: skip
    return value, mean, np.linalg.cholesky(np.linalg.inv(spread))


@compiled  # pragma: no cover - compiled
def log_prior(points, active, mean, sd):
    """Log-prior (k,) of the active parameters of points (k, p), normalised."""
    out = np.zeros(len(points))
    for i in active:
        for k in range(len(points)):
            z = (points[k, i] - mean[i]) / sd[i]
            out[k] -= 0.5 * z * z + np.log(sd[i]) + 0.9189385332046727
    return out


def centred(curve) -> np.ndarray:
    """Brightness minus its band's median, (n,) mag."""
    return curve.values - curve.centre[curve.band]


def log_likelihood(curve, theta, model: Model = DEFAULT, weight=None) -> float:
    """Exact Gaussian log-likelihood of a curve.

    The bands' means are integrated out over a normal distribution of variance 100 mag^2 about `curve.centre`.

    Parameters
    ----------
    curve : LightCurve
    theta : (p,) all parameters of `layout(model, curve).names`.
    weight : (n,), divides the errors' variances; by default 1.
    """
    plan = layout(model, curve)
    weight = np.ones(len(curve)) if weight is None else np.asarray(weight, float)
    return loglike(
        np.asarray(theta, float), plan.process, plan.x, plan.slots, curve.times, curve.band, centred(curve), curve.errors, weight
    )[0]  # fmt: skip


def smooth(curve, theta, model: Model = DEFAULT, weight=None, times=None, band=None):
    """Noiseless brightness given every measurement, at the measurements or at other times, under fixed parameters.

    Parameters
    ----------
    theta, weight : see `log_likelihood`.
    times, band : (m,) days and band indices to ask for besides.

    Returns
    -------
    asked : (mean, standard deviation), each (m,), mag
    residual, residual_sd : (n,) of each measurement against all the others; its own error is in the second.
    variance : (n,) of each measurement's error under the model
    """
    plan = layout(model, curve)
    theta = np.asarray(theta, float)
    n = len(curve)
    weight = np.ones(n) if weight is None else np.asarray(weight, float)
    asked_times = np.empty(0) if times is None else np.asarray(times, float)
    asked_band = np.empty(0, int) if band is None else np.asarray(band, int)
    all_times = np.concatenate([curve.times, asked_times])
    all_band = np.concatenate([curve.band, asked_band])
    tau, amplitude, rho = unpack(theta, plan.x, plan.slots)
    own = variances(theta, plan.slots, curve.band, curve.errors, weight)
    shifted = all_times - lags(theta, plan.x)[all_band]
    order = np.argsort(shifted, kind="stable")
    t, b = shifted[order], all_band[order]
    y = np.concatenate([centred(curve), np.zeros(len(asked_times))])[order]
    v = np.concatenate([own, np.full(len(asked_times), np.inf)])[order]
    quality, kick = 10 ** theta[QUALITY], 10 ** theta[KICK]
    gains = np.empty((len(t), (2 if plan.process == OU else 3) * len(plan.x)))
    innovation, total, expected, mean, spread, left_out, left_out_variance = np.full((7, len(t)), np.nan)
    covariance = statespace.stationary(tau, amplitude, rho, len(plan.x))
    statespace.forward(plan.process, tau, covariance, quality, kick, t, b, y, v, gains, innovation, total, expected)
    statespace.backward(
        plan.process, tau, quality, kick, t, b, v, gains, innovation, total, expected, mean, spread, left_out, left_out_variance
    )
    back = np.empty(len(t), int)
    back[order] = np.arange(len(t))
    here, there = back[:n], back[n:]
    return (mean[there] + curve.centre[asked_band], np.sqrt(spread[there])), left_out[here], np.sqrt(left_out_variance[here]), own
