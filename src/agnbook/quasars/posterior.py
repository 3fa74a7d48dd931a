"""Fit one light curve: maximum, Laplace's approximation, importance draws, a short chain where those fail, and flags."""

import hashlib
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from agnbook.quasars import optimise, psis
from agnbook.quasars.curve import LightCurve
from agnbook.quasars.model import (
    DEFAULT,
    PIVOT_ANGSTROM,
    RHO,
    SCALE,
    SIGMA,
    Layout,
    Model,
    centred,
    layout,
    log_likelihood,
    unpack,
    variances,
)

DRAWS = 1200
KEPT = 400
#: Walkers of the chain that takes over where importance sampling fails.
WALKERS = 64
#: Degrees of freedom of the proposal's t distribution: its tails are heavier than the posterior's.
_PROPOSAL_TAILS = 10.0
#: How far to look from the centre for the proposal's widths, in standard deviations.
_LOOK = np.array([1.0, 2.0, 3.0, 4.0])
#: How far from the centre to look for the ridge's bend, in standard deviations.
_BEND_AT = 2.0
#: A t distribution is represented by a mixture of this many normal ones.
_COMPONENTS = 24
#: Largest share of what is known of rho that may be the prior's without a flag (precision of the prior over the posterior's).
PRIORS_SHARE = 1 / 3
#: Rest-frame wavelength at which the single-number summaries are given, as MacLeod et al. (2010).
REST_ANGSTROM = 4000.0


def generator(name: str, seed: int = 0) -> np.random.Generator:
    """Random numbers that depend on the object's name and a seed alone: the same alone, in bulk, and on any machine."""
    digest = hashlib.sha256(str(name).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest[:16], dtype="<u4").tolist()])


@dataclass(frozen=True)
class Fit:
    """Posterior of one light curve.

    Attributes
    ----------
    curve, model, plan : what was fitted, and the model's parameters.
    theta : (p,) all parameters at the posterior's maximum.
    log_posterior, covariance : the maximum's value and Laplace's covariance (m, m) of the free parameters.
    draws : (k, p) equally weighted draws of all parameters.
    means : (k, B) draws of the bands' mean magnitudes, extinction subtracted.
    weight : (n,) weight of each measurement, the same for all but outliers, whose weight is small.
    residual : (n,) residual against all other measurements in units of its standard deviation with weight 1.
    normal_residual : (n,) the same, but standard normal where the errors have the model's tails.
    k_hat : shape of the importance weights' tail; above .7 `sampler` is "chain".
    sampler : "importance" or "chain".
    flags : what to be wary of, in words.
    problem : why there is no posterior, or "".
    """

    curve: LightCurve
    model: Model
    plan: Layout | None = None
    theta: np.ndarray = field(default_factory=lambda: np.empty(0))
    log_posterior: float = np.nan
    covariance: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    draws: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    means: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    weight: np.ndarray = field(default_factory=lambda: np.empty(0))
    residual: np.ndarray = field(default_factory=lambda: np.empty(0))
    normal_residual: np.ndarray = field(default_factory=lambda: np.empty(0))
    k_hat: float = np.nan
    sampler: str = ""
    flags: tuple[str, ...] = ()
    problem: str = ""

    def quantities(self) -> pd.DataFrame:
        """Draws of everything the bands allow, one column a quantity; log is log10, days and magnitudes.

        Always log_tau_observed and log_sf at 6000 A observed and per band, mean magnitudes, excess. With two bands or
        more the slopes and rho. With a redshift log_tau_rest and log_sf_rest at 4000 A rest frame, log_tau_rest per band.
        """
        curve, plan = self.curve, self.plan
        column, free = {}, set(plan.free)
        theta = dict(zip(plan.names, self.draws.T, strict=True))
        root2 = 0.5 * np.log10(2)
        tau = theta["log_tau"][:, None] + theta["tau_slope"][:, None] * plan.x
        sf = theta["log_sigma"][:, None] + theta["sigma_slope"][:, None] * plan.x + self.draws[:, plan.slots[1]] + root2
        if len(curve.bands) > 1:
            column |= {"log_tau_6000": theta["log_tau"], "log_sf_6000": theta["log_sigma"] + root2}
            column |= {key: theta[key] for key in ("tau_slope", "sigma_slope") if key in free}
        if "logit_rho" in free:
            column["rho"] = 1 / (1 + np.exp(-theta["logit_rho"]))
        column |= {key: theta[key] for key in ("lag", "log_quality", "log_kick", "log_scale") if key in free}
        stretch = np.log10(1 + curve.redshift) if curve.redshift > -1 else np.nan
        if np.isfinite(stretch):
            shift = np.log10(REST_ANGSTROM / PIVOT_ANGSTROM) + stretch
            column["log_tau_rest"] = theta["log_tau"] + theta["tau_slope"] * shift - stretch
            column["log_sf_rest"] = theta["log_sigma"] + theta["sigma_slope"] * shift + root2
        for b, band in enumerate(curve.bands):
            column |= {f"log_tau_{band}": tau[:, b], f"log_sf_{band}": sf[:, b], f"mean_{band}": self.means[:, b]}
            if np.isfinite(stretch):
                column[f"log_tau_rest_{band}"] = tau[:, b] - stretch
            name = plan.names[plan.slots[0, b]]
            if name in free:
                column[f"excess_{band}"] = 10 ** theta[name]
        return pd.DataFrame(column)

    def summary(self) -> dict:
        """One row for a table: medians, half-widths of the central 68 % (`_sd`), diagnostics, flags or the problem in words."""
        curve = self.curve
        row = {
            "object": curve.name, "problem": self.problem, "flags": "; ".join(self.flags), "measurements": len(curve),
            "bands": " ".join(curve.bands), "baseline_days": curve.baseline_days, "redshift": curve.redshift,
            "left_out": "; ".join(f"{count} x {reason}" for reason, count in curve.left_out.items()),
        }  # fmt: skip
        if self.problem:
            return row
        row |= {"k_hat": self.k_hat, "sampler": self.sampler, "chi_square": self.chi_square, "outliers": self.outliers}
        table = self.quantities()
        low, middle, high = np.quantile(table.to_numpy(), [0.15865, 0.5, 0.84135], axis=0)
        for name, *values in zip(table.columns, middle, (high - low) / 2, strict=True):
            row |= {name: values[0], f"{name}_sd": values[1]}
        if "rho" in table:
            row |= {"rho_low": low[table.columns.get_loc("rho")], "rho_high": high[table.columns.get_loc("rho")]}
        return row

    @property
    def chi_square(self) -> float:
        """Mean square of `normal_residual` without outliers: near 1 if model and errors are right."""
        return float(np.mean(self.normal_residual[self.weight == self.weight.max()] ** 2))

    @property
    def outliers(self) -> int:
        """Number of measurements more than 5 standard deviations off what all the others say."""
        return int(np.sum(np.abs(self.residual) >= 5))


def inflation(tails: float) -> np.ndarray:
    """Factors (k,) on a variance whose equal mixture of normals is close to a t distribution."""
    if np.isinf(tails):
        return np.ones(1)
    return tails / stats.chi2.ppf((np.arange(_COMPONENTS) + 0.5) / _COMPONENTS, tails)


def _importance(rng, theta, centre, factor, args, draws: int):
    """Draws (draws, m) of a bent, split t distribution about `centre`, with smoothed weights of the posterior and k-hat.

    Along each axis of `factor` the proposal has a width to either side, found by looking how the posterior falls off
    (Geweke 1989, Econometrica 57, 1317): time-scales are skewed towards long ones, excess variances towards none. The
    first axis, the time-scale's, is bent as the posterior's ridge is; that moves the draws and leaves their density.
    """
    m = len(centre)
    bend = _bend(theta, centre, factor, args)
    width = _widths(theta, centre, factor, bend, args)
    normal = rng.standard_normal((draws, m))
    side = (normal > 0).astype(int)
    stretch = np.sqrt(_PROPOSAL_TAILS / rng.chisquare(_PROPOSAL_TAILS, draws))
    scale = width[side, np.arange(m)]
    along = normal * scale * stretch[:, None]
    points = centre + along @ factor.T + _bent(along[:, 0], bend)
    squared = np.sum((normal * stretch[:, None]) ** 2, axis=1)
    log_proposal = -0.5 * (_PROPOSAL_TAILS + m) * np.log1p(squared / _PROPOSAL_TAILS) - np.sum(np.log(scale), axis=1)
    weights, k_hat = psis.smooth(optimise.densities(points, theta, *args) - log_proposal)
    return points, weights, k_hat


def _bend(theta, centre, factor, args) -> np.ndarray:
    """How the ridge leaves the first axis of `factor` below and above `centre`, (2, m) for each squared unit of it.

    Two units off, the first parameter is held and the others climb: Newton steps with the covariance that they have then.
    """
    m = len(centre)
    bend, free = np.zeros((2, m)), np.arange(1, m)
    covariance = factor[1:, 1:] @ factor[1:, 1:].T
    steps = 0.1 * np.sqrt(np.diag(covariance))
    for side, units in enumerate((-_BEND_AT, _BEND_AT)):
        start = centre + units * factor[:, 0]
        now = start.copy()
        for _ in range(3 if m > 1 else 0):
            moves = np.zeros((2 * m - 1, m))
            moves[free, free], moves[m - 1 + free, free] = steps, -steps
            found = optimise.densities(now + moves, theta, *args)
            trials = np.tile(now, (4, 1))
            trials[:, 1:] += np.outer([1.0, 0.5, 0.25, 0.1], covariance @ ((found[1:m] - found[m:]) / (2 * steps)))
            try:
                reached = optimise.densities(trials, theta, *args)
            except np.linalg.LinAlgError:  # a step to where an oscillator has no likelihood: the axis stays as it is
                break
            best = int(np.argmax(reached))
            if not reached[best] > found[0]:
                break
            now = trials[best]
            if reached[best] < found[0] + 0.05:
                break
        bend[side] = (now - start) / units**2
    return bend


def _bent(units, bend) -> np.ndarray:
    """Displacement (k, m) of points `units` (k,) along the first axis; constant beyond where `_widths` looks."""
    return np.minimum(np.abs(units), _LOOK[-1])[:, None] ** 2 * bend[(units > 0).astype(int)]


def _widths(theta, centre, factor, bend, args) -> np.ndarray:
    """Width (2, m) of the posterior below and above `centre` along each column of `factor`, in its units."""
    m = len(centre)
    steps = np.array([-1.0, 1.0])[:, None] * _LOOK
    moves = steps[:, :, None, None] * factor.T[None, None]
    moves[:, :, 0] += _bent(steps.ravel(), bend).reshape(2, len(_LOOK), m)
    found = optimise.densities((centre + moves).reshape(-1, m), theta, *args).reshape(2, len(_LOOK), m)
    top = optimise.densities(centre[None], theta, *args)[0]
    fall = np.maximum(top - found, 1e-3)
    return 1.1 * np.clip(np.max(_LOOK[:, None] / np.sqrt(2 * fall), axis=1), 0.5, 6.0)  # rather too wide than too narrow


def _resample(rng, weights, kept: int) -> np.ndarray:
    """Systematic resampling: indices of `kept` equally weighted draws."""
    edges = np.cumsum(weights)
    return np.minimum(np.searchsorted(edges, (np.arange(kept) + rng.random()) / kept * edges[-1]), len(weights) - 1)


def fit(curve: LightCurve, model: Model = DEFAULT, *, seed: int = 0, draws: int = DRAWS, kept: int = KEPT) -> Fit:
    """Fit one light curve. Never raises for a bad curve: `Fit.problem` says in words why there is no answer.

    What is exact: the likelihood given the errors' variances, with the means integrated out. What is approximate:
    Student-t errors enter as normal ones of the same variance, and outliers, found together with the maximum, stay
    outliers (`stress.run` measures what the intervals are worth). Draws come from importance
    sampling about the maximum; where the weights' tail is too heavy (k-hat above .7) a chain of `WALKERS` takes over.

    Parameters
    ----------
    draws, kept : number of importance draws, and of equally weighted draws that are kept.
    seed : together with the object's name it decides every random number.
    """
    if curve.problem:
        return Fit(curve, model, problem=curve.problem)
    plan = layout(model, curve)
    theta, weight = plan.mean.copy(), np.ones(len(curve))
    data = (plan.process, plan.x, plan.slots, curve.times, curve.band, centred(curve), curve.errors, weight)
    args = (plan.active, plan.mean, plan.sd, *data)
    try:
        value, covariance, residual, spread = optimise.find_mode(theta, float(model.tails), args)
        factor = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        value = -np.inf
    if not value > -1e299:
        return Fit(curve, model, plan, problem="the likelihood has no maximum: errors or values are out of any scale")

    rng = generator(curve.name, seed)
    active = plan.active
    points, weights, k_hat = _importance(rng, theta, theta[active], factor, args, draws)
    sampler = "importance"
    if k_hat > psis.TRUSTED:
        sampler = "chain"
        walkers = points[_resample(rng, weights, WALKERS)] + 0.05 * rng.standard_normal((WALKERS, len(active))) @ factor.T
        moves = int(np.clip(2e7 / (len(walkers) * len(curve)), 60, 300))  # very long curves get a shorter chain
        points = optimise.chain(rng, walkers, moves, theta, args)[moves // 4 :].reshape(-1, len(active))
        weights = np.ones(len(points)) / len(points)
    chosen = points[_resample(rng, weights, kept)]
    means = optimise.draw_means(rng.standard_normal((kept, len(plan.x))), chosen, theta, active, *data)
    means = means + curve.centre + curve.reference_magnitude - curve.extinction
    all_draws = np.tile(theta, (kept, 1))
    all_draws[:, active] = chosen
    result = Fit(
        curve, model, plan, theta, float(value), covariance, all_draws, means, weight,
        *_residuals(curve, model, plan, theta, weight, residual, spread), float(k_hat), sampler,
    )  # fmt: skip
    return Fit(**{**result.__dict__, "flags": tuple(find_flags(result))})


def _residuals(curve, model, plan, theta, weight, residual, spread) -> tuple[np.ndarray, np.ndarray]:
    """Residuals against all others in units of their standard deviation at weight 1, and turned into normal ones."""
    own = variances(theta, plan.slots, curve.band, curve.errors, np.ones(len(curve)))
    signal = spread - own / weight
    below = np.mean(stats.norm.cdf(residual[:, None] / np.sqrt(signal[:, None] + own[:, None] * inflation(model.tails))), axis=1)
    return residual / np.sqrt(signal + own), stats.norm.ppf(np.clip(below, 1e-9, 1 - 1e-9))


def find_flags(result: Fit) -> list[str]:
    """What a reader should know before using the answer, in words; an answer without a flag should hold what it says."""
    curve, model, plan = result.curve, result.model, result.plan
    middle = np.argsort(plan.x)[len(plan.x) // 2]
    draws = result.quantities()
    log_tau = draws[f"log_tau_{curve.bands[middle]}"].to_numpy()
    flags = []
    if np.median(log_tau) > np.log10(curve.baseline_days / 3):
        flags.append(
            f"time-scale about {10 ** np.median(log_tau):.0f} d, baseline {curve.baseline_days:.0f} d: under three time-scales "
            "long, so the prior decides its upper end"
        )
    nights = np.unique(np.round(curve.times, 1))
    gap = np.median(np.diff(nights)) if len(nights) > 1 else np.inf
    if np.median(log_tau) < np.log10(gap):
        flags.append(f"time-scale about {10 ** np.median(log_tau):.3g} d, median gap {gap:.3g} d: shorter than the sampling")
    if _evidence_of_variability(result) < 5:
        flags.append("variability not detected: likelihood no better than that of constant light")
    if result.k_hat > psis.TRUSTED and result.sampler == "importance":
        flags.append(f"importance weights not to be trusted (k-hat {result.k_hat:.2f})")
    factor, tolerance = result.theta[SCALE], max(0.25, 4 * np.sqrt(2 / len(curve)))
    if factor > 0.1 or result.chi_square > 1 + tolerance:
        flags.append(f"errors look too small (best factor {10**factor:.2f}, chi-square {result.chi_square:.2f} a measurement)")
    if factor < -0.1 or result.chi_square < 1 - tolerance:
        flags.append(f"errors look too large (best factor {10**factor:.2f}, chi-square {result.chi_square:.2f} a measurement)")
    for band, excess in zip(curve.bands, 10.0 ** result.theta[plan.slots[0]], strict=True):
        stated = np.median(curve.errors[curve.band == curve.bands.index(band)])
        if excess > max(0.1, 3 * stated):  # real surveys want .01 to .02 mag (chapter 35)
            flags.append(f"band {band} scatters by {excess:.2f} mag beyond its stated errors of {stated:.2g} mag")
    if result.outliers > max(2, 0.03 * len(curve)):
        flags.append(f"{result.outliers} of {len(curve)} measurements are more than 5 sigma off")
    if len(curve) < 30:
        flags.append(f"only {len(curve)} measurements")
    if np.median(curve.errors) < 1e-4:
        flags.append(f"stated errors of {np.median(curve.errors):.1g} mag are smaller than any photometry's")
    if RHO in plan.active:
        low, high = np.quantile(result.draws[:, RHO], [0.15865, 0.84135])
        if (0.5 * (high - low) / plan.sd[RHO]) ** 2 > PRIORS_SHARE:
            low, high = np.quantile(draws["rho"], [0.15865, 0.84135])
            flags.append(f"rho from {low:.3g} to {high:.3g}: more than a third of what is known of it is the prior's")
    if model.rho is not None and len(curve.bands) > 1:
        flags += _contradiction(result)
    return flags


def _evidence_of_variability(result: Fit) -> float:
    """Log-likelihood of the fit over that of constant light with the most probable excess and factor of the errors."""
    curve, plan = result.curve, result.plan
    _, amplitude, _ = unpack(result.theta, plan.x, plan.slots)
    if np.sum((amplitude[curve.band] / curve.errors) ** 2) > 1000:
        return np.inf  # plain to see
    theta, mean = result.theta.copy(), plan.mean.copy()
    theta[SIGMA], mean[SIGMA] = -6.0, -6.0
    active = np.array([i for i in plan.active if i in plan.slots[0] or i == SCALE], int)
    data = (plan.process, plan.x, plan.slots, curve.times, curve.band, centred(curve), curve.errors, result.weight)
    if len(active):
        optimise.climb(theta, 4, (active, mean, plan.sd, *data))
    constant = log_likelihood(curve, theta, result.model, result.weight)
    return log_likelihood(curve, result.theta, result.model, result.weight) - constant


def _contradiction(result: Fit) -> list[str]:
    """Measure rho where the model fixes it, and say so if the curve knows better."""
    curve, model = result.curve, result.model
    free = fit(curve, model.but(rho=None), draws=100, kept=50)
    if free.problem:
        return []
    rho = 1 / (1 + np.exp(-free.theta[RHO]))
    gain = free.log_posterior - result.log_posterior
    if gain < 3:
        return []
    return [f"bands are correlated by {rho:.3f}, the setting says {model.rho:g}: ln likelihood ratio {gain:.1f} against it"]
