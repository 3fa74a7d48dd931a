"""Predictive distributions of redshift, and intervals that hold.

A `Predictive` is a table of quantiles, whatever model they come from; scores and coverage follow
from it. Conformal calibration then replaces "the central 68 % of what the model believes" by "the
part of its belief that held 68 % of comparable sources" (Vovk et al. 2005; for the distribution's
own scale, Chernozhukov et al. 2021).
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from agnbook.errors import ResultsError
from agnbook.judge import scores
from agnbook.judge.calibration import SIGMA_LEVELS

#: Probability levels of a `Predictive`: per cent, and finer in both tails.
LEVELS = np.r_[5e-4, 1e-3, 2.5e-3, 5e-3, np.arange(1, 100) / 100, 0.995, 0.9975, 0.999, 0.9995]
#: Where distant sources begin.
DISTANT = 1.5
#: No source of 4LAC lies beyond redshift 4.4; intervals end here.
CEILING = 5.0


@dataclass(frozen=True)
class Predictive:
    """Predictive distributions of n sources.

    Attributes
    ----------
    quantiles : numpy.ndarray, shape (n, q)
        Ascending along the second axis, at `levels`.
    mean, sd : numpy.ndarray, shape (n,)
    levels : numpy.ndarray, shape (q,)
    """

    quantiles: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    levels: np.ndarray = None

    def __post_init__(self):
        object.__setattr__(self, "levels", LEVELS if self.levels is None else np.asarray(self.levels, float))
        if self.quantiles.shape != (len(self.mean), len(self.levels)):
            raise ResultsError(
                f"Quantiles of shape {self.quantiles.shape} do not fit {len(self.mean)} sources and {len(self.levels)} levels."
            )

    def __len__(self) -> int:
        return len(self.mean)

    def rows(self, selection) -> "Predictive":
        """Return the distributions of some sources."""
        return Predictive(self.quantiles[selection], self.mean[selection], self.sd[selection], self.levels)

    def _to_the_ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Levels and quantiles from 0 to 1: the outermost 0.05 % reach to redshift 0 and to `CEILING`."""
        low, high = np.minimum(self.quantiles[:, :1], 0.0), np.maximum(self.quantiles[:, -1:], CEILING)
        return np.r_[0.0, self.levels, 1.0], np.hstack([low, self.quantiles, high])

    def quantile(self, level) -> np.ndarray:
        """Return one quantile a source; `level` is a number or an array of shape (n,)."""
        levels, quantiles = self._to_the_ends()
        level = np.broadcast_to(np.asarray(level, float), len(self))
        upper = np.clip(np.searchsorted(levels, level), 1, len(levels) - 1)
        row, share = np.arange(len(self)), (level - levels[upper - 1]) / (levels[upper] - levels[upper - 1])
        return quantiles[row, upper - 1] * (1 - share) + quantiles[row, upper] * share

    def pit(self, truth) -> np.ndarray:
        """Probability integral transform of `truth`, shape (n,): uniform when calibrated."""
        levels, quantiles = self._to_the_ends()
        return np.array([np.interp(z, row, levels) for z, row in zip(np.asarray(truth, float), quantiles, strict=True)])

    def crps(self, truth) -> np.ndarray:
        """Continuous ranked probability score, one a source, in units of redshift."""
        return scores.crps_quantiles(truth, self.quantiles, self.levels)

    def interval(self, half_width) -> tuple[np.ndarray, np.ndarray]:
        """Return the quantiles at 1/2 -+ `half_width` (a number or one a source)."""
        half_width = np.asarray(half_width, float)
        return self.quantile(0.5 - half_width), self.quantile(0.5 + half_width)


def weighted_quantiles(atoms, weights, levels=LEVELS) -> np.ndarray:
    """Quantiles of weighted points, interpolated between midpoints of their steps.

    Parameters
    ----------
    atoms, weights : array, shape (n, m)
        Points and non-negative weights of each of n distributions; weights need not sum to 1.

    Returns
    -------
    numpy.ndarray, shape (n, len(levels))
    """
    order = np.argsort(atoms, axis=1)
    atoms, weights = np.take_along_axis(atoms, order, 1), np.take_along_axis(weights, order, 1)
    steps = np.cumsum(weights, axis=1)
    middle = (steps - weights / 2) / steps[:, -1:]
    return np.stack([np.interp(levels, below, points) for below, points in zip(middle, atoms, strict=True)])


def from_points(atoms, weights) -> Predictive:
    """Return the distributions of weighted points, both of shape (n, m)."""
    atoms, weights = np.asarray(atoms, float), np.asarray(weights, float)
    total = weights.sum(axis=1)
    mean = (atoms * weights).sum(axis=1) / total
    variance = ((atoms - mean[:, None]) ** 2 * weights).sum(axis=1) / total
    return Predictive(weighted_quantiles(atoms, weights), mean, np.sqrt(variance))


def normal(mean, sd) -> Predictive:
    """Return Gaussian distributions: the "3-sigma rule" of paper 1 as quantiles."""
    mean, sd = np.asarray(mean, float), np.asarray(sd, float)
    return Predictive(mean[:, None] + sd[:, None] * stats.norm.ppf(LEVELS), mean, sd)


def log_normal_redshift(location, scale) -> Predictive:
    """Return distributions whose log(1 + z) is Gaussian; quantiles below z = 0 become 0."""
    location, scale = np.asarray(location, float), np.asarray(scale, float)
    mean, growth = np.exp(location + scale**2 / 2), np.exp(scale**2) - 1
    quantiles = np.expm1(location[:, None] + scale[:, None] * stats.norm.ppf(LEVELS))
    return Predictive(np.maximum(quantiles, 0.0), mean - 1, mean * np.sqrt(growth))


def with_laplace_noise(mean, sd, scale, points: int = 41) -> Predictive:
    """Return Gaussian weight uncertainty plus Laplace noise, negative redshifts set to 0.

    Parameters
    ----------
    mean, sd : array, shape (n,)
        Mean and standard deviation over sampled weights.
    scale : number or array, shape (n,)
        Laplace scale: 1 is what "mean absolute error + KL / N" implies (see chapter 13).
    points : number of quantiles by which each of the two distributions is represented.
    """
    mean, sd = np.asarray(mean, float), np.asarray(sd, float)
    scale = np.broadcast_to(np.asarray(scale, float), mean.shape)
    middle = (np.arange(points) + 0.5) / points
    grid = sd[:, None, None] * stats.norm.ppf(middle)[:, None] + scale[:, None, None] * stats.laplace.ppf(middle)
    atoms = np.maximum(mean[:, None] + grid.reshape(len(mean), -1), 0.0)
    return from_points(atoms, np.ones_like(atoms))


def with_residuals(mean, residuals, scale=1.0) -> Predictive:
    """Return `mean` plus a fixed set of residuals, stretched by `scale`; negative redshifts become 0.

    Parameters
    ----------
    mean : array, shape (n,)
    residuals : array, shape (m,)
        Of other sources, divided by their own scales.
    scale : number or array, shape (n,)
    """
    scale = np.broadcast_to(np.asarray(scale, float), np.shape(mean))
    atoms = np.maximum(np.asarray(mean, float)[:, None] + scale[:, None] * np.asarray(residuals, float), 0.0)
    return from_points(atoms, np.ones_like(atoms))


def empirical(values, n: int) -> Predictive:
    """Return the distribution of `values`, shape (m,), for each of n sources."""
    one = from_points(np.asarray(values, float)[None], np.ones((1, len(values))))
    return one.rows(np.zeros(n, int))


def concatenate(parts: list[Predictive]) -> Predictive:
    """Return the distributions of several tables as one."""
    return Predictive(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("quantiles", "mean", "sd")))


def held_out(make, folds_row) -> Predictive:
    """Build every source's distribution from the other folds of one repeat.

    Parameters
    ----------
    make : function (train rows, test rows) -> Predictive of the test rows.
    folds_row : array of int, shape (n,)
        Fold of each source.
    """
    tests = [np.flatnonzero(folds_row == fold) for fold in np.unique(folds_row)]
    parts = [make(np.flatnonzero(folds_row != folds_row[rows[0]]), rows) for rows in tests]
    return concatenate(parts).rows(np.argsort(np.concatenate(tests), kind="stable"))


def cross_fitted(make, folds) -> Predictive:
    """Build every source's distribution from the other folds of the same repeat, one repeat after the other.

    Parameters
    ----------
    make : function (seen, held out) -> Predictive of the held-out entries; both are positions in arrays of
        shape (repeats * n,), such as those of `repeats.pooled`.
    folds : fold numbers, shape (repeats, n)
    """
    n = np.shape(folds)[1]
    return concatenate(
        [held_out(lambda seen, out, start=repeat * n: make(start + seen, start + out), row) for repeat, row in enumerate(folds)]
    )


def conformal_half_width(pit, level: float) -> float:
    """Half-width around 1/2, on the scale of the PIT, that holds `level` of new exchangeable sources.

    The ceil((n + 1) level)-th smallest |PIT - 1/2| of n calibration sources; 1/2 when n is too small.
    """
    distance = np.sort(np.abs(np.asarray(pit, float) - 0.5))
    rank = int(np.ceil((len(distance) + 1) * level))
    return float(distance[rank - 1]) if rank <= len(distance) else 0.5


def conformal_half_widths(pit, groups, levels=SIGMA_LEVELS) -> dict:
    """Return ``{group: half-widths, one a level}`` of a Mondrian (group-wise) calibration.

    A group too small for a level (fewer than level / (1 - level) sources) takes the half-width of
    all calibration sources, which the key None holds.
    """
    pit, groups = np.asarray(pit, float), np.asarray(groups)
    everyone = np.array([conformal_half_width(pit, level) for level in levels])
    widths = {None: everyone}
    for group in np.unique(groups):
        own = np.array([conformal_half_width(pit[groups == group], level) for level in levels])
        widths[str(group)] = np.where(own < 0.5, own, everyone)
    return widths


def look_up(widths: dict, groups) -> np.ndarray:
    """Return each source's half-widths, shape (n, levels); unknown groups take those of all sources."""
    return np.stack([widths.get(group, widths[None]) for group in groups])


@dataclass(frozen=True)
class TwoPartSet:
    """A redshift set with one part below and one above `DISTANT`; an empty part has low = high = NaN.

    Attributes
    ----------
    near, far : numpy.ndarray, shape (n, 2)
        Lower and upper limit of each part.
    """

    near: np.ndarray
    far: np.ndarray

    def contains(self, truth) -> np.ndarray:
        """Whether each `truth`, shape (n,), lies in either part."""
        truth = np.asarray(truth, float)
        return ((truth >= self.near[:, 0]) & (truth <= self.near[:, 1])) | ((truth >= self.far[:, 0]) & (truth <= self.far[:, 1]))

    @property
    def length(self) -> np.ndarray:
        """Total length, shape (n,)."""
        return np.nan_to_num(self.near[:, 1] - self.near[:, 0]) + np.nan_to_num(self.far[:, 1] - self.far[:, 0])


def two_part_set(forecast: Predictive, near_half_width, far_half_width) -> TwoPartSet:
    """Return the set that calibrates near and distant sources apart (label-conditional conformal).

    A redshift z belongs to the set when its PIT is within the half-width that held the wanted part
    of calibration sources *on z's own side* of `DISTANT`. Coverage then holds among distant sources
    too, which no central interval can do: being distant is known only afterwards
    (Vovk et al. 2005, section 4.6).

    Parameters
    ----------
    near_half_width, far_half_width : number or array, shape (n,)
    """
    parts = []
    for half_width, (floor, ceiling) in ((near_half_width, (0.0, DISTANT)), (far_half_width, (DISTANT, CEILING))):
        low, high = forecast.interval(half_width)
        low, high = np.maximum(low, floor), np.minimum(high, ceiling)
        parts.append(np.where((low <= high)[:, None], np.column_stack([low, high]), np.nan))
    return TwoPartSet(*parts)
