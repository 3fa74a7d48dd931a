"""Held-out visits: hide measurements of a light curve, predict them in several ways, score all on the same points.

A prediction is the distribution of the hidden measurement: noiseless brightness, then the measurement's error with the tails
of Student's t. Of a hidden measurement only its time, its band and its stated error reach a prediction.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from agnbook.errors import BookError
from agnbook.quasars.curve import LightCurve
from agnbook.quasars.model import Model
from agnbook.quasars.posterior import Fit, fit, generator, inflation
from agnbook.quasars.predict import Prediction, predict

#: Measurements of one object that follow each other within this many days are one visit.
SAME_VISIT_DAYS = 0.1
#: Degrees of freedom of the errors in the predictions that come without a `Model` of their own.
TAILS = Model().tails
#: The simplest model of several bands: amplitudes exactly on a power law, time-scales on MacLeod et al.'s, and one excess
#: variance for all bands. `Model()` lets every band have an excess of its own and leave the law a little.
SIMPLE = Model(excess="shared", spectrum="law", error_scale=False, prior={"tau_slope": (0.17, 0.0)})
#: What is fitted to all bands at once. With a driver a band, the bands still share the laws of time-scale and amplitude.
MODELS = {
    "one driver": Model(rho=1.0), "a driver a band": Model(rho=0.0), "free rho": Model(),
    "free rho, normal errors": Model(tails=np.inf), "simple, one driver": SIMPLE.but(rho=1.0), "simple, free rho": SIMPLE,
}  # fmt: skip


@dataclass(frozen=True)
class Hidden:
    """One light curve and what of it is hidden.

    Attributes
    ----------
    curve : LightCurve
        All of it.
    visit : (n,) bool, measurements in hidden visits.
    asked : (n,) bool, those of them in the band that is asked for.
    """

    curve: LightCurve
    visit: np.ndarray
    asked: np.ndarray

    @property
    def band(self) -> str:
        """The band that is asked for."""
        return self.curve.bands[self.curve.band[np.flatnonzero(self.asked)[0]]]

    def known(self, kind: str) -> LightCurve:
        """What a prediction may see: the curve without the hidden "visit"s, or without their asked "band" alone."""
        if kind not in ("visit", "band"):
            raise BookError(f"Hidden is a whole 'visit' or one 'band' of it, not {kind!r}.")
        return self.curve.take(~(self.visit if kind == "visit" else self.asked))

    @property
    def truth(self) -> LightCurve:
        """The hidden measurements in the asked band."""
        return self.curve.take(self.asked)


def well_observed(frame: pd.DataFrame, at_least: int = 40, seed: int = 0) -> np.ndarray:
    """Return the objects with `at_least` measurements in every band of a long table, in random order."""
    counts = frame.groupby(["object", "band"], observed=True).size().unstack(fill_value=0).min(axis=1)
    return np.random.default_rng(seed).permutation(counts.index[counts >= at_least].to_numpy())


def visit_numbers(curve: LightCurve) -> np.ndarray:
    """Number the visits of a curve: for each measurement (n,), in ascending time, from 0."""
    return np.cumsum(np.diff(curve.times, prepend=curve.times[0]) > SAME_VISIT_DAYS)


def hide(curve: LightCurve, band: str = "r", fraction: float = 0.2, seed: int = 0) -> Hidden:
    """Hide a random `fraction` of the visits that have `band`, not the first and the last of them.

    Which ones depends on the object's name and the seed alone.

    Raises
    ------
    BookError
        For a band that the curve lacks, and for too few visits in it.
    """
    if band not in curve.bands:
        raise BookError(f"{curve.name} has no band {band!r}, but {', '.join(curve.bands) or 'none'}.")
    number = visit_numbers(curve)
    mine = curve.band == curve.bands.index(band)
    candidates = np.unique(number[mine])[1:-1]
    size = round(fraction * (len(candidates) + 2))
    if not 0 < size < len(candidates) - 2:
        raise BookError(f"{curve.name} has {len(candidates) + 2} visits in {band}; hiding {fraction:.0%} of them leaves no test.")
    visit = np.isin(number, generator(curve.name, seed).choice(candidates, size, replace=False))
    return Hidden(curve, visit, visit & mine)


def one_band(curve: LightCurve, band: str) -> LightCurve:
    """Return the curve's measurements in one band."""
    b = curve.bands.index(band)
    rows = curve.band == b
    arrays = {name: getattr(curve, name)[b : b + 1] for name in ("wavelengths", "centre", "reference_flux", "extinction")}
    return replace(curve.take(rows), band=np.zeros(rows.sum(), int), bands=(band,), **arrays)


# --- ways to predict -------------------------------------------------------------------------------------------------


def constant(hidden: Hidden, kind: str = "visit") -> Prediction:
    """The mean of the band's known measurements; their scatter about it is the error."""
    known = one_band(hidden.known(kind), hidden.band)
    weight = 1 / (known.errors**2 + np.var(known.values))
    mean = weight @ known.values / weight.sum()
    return _scattered(np.full(hidden.asked.sum(), mean), known.values - mean)


def linear(hidden: Hidden, kind: str = "visit") -> Prediction:
    """A straight line between the neighbours in the same band; the error is that of known measurements between theirs."""
    known = one_band(hidden.known(kind), hidden.band)
    t, y = known.times, known.values
    share = (t[1:-1] - t[:-2]) / np.maximum(t[2:] - t[:-2], 1e-9)
    between = y[:-2] + share * (y[2:] - y[:-2])
    return _scattered(np.interp(hidden.truth.times, t, y), y[1:-1] - between)


def _scattered(mean, residual) -> Prediction:
    """Student's t about `mean`, with the quartiles of the residuals of known measurements."""
    scale = np.median(np.abs(residual)) / stats.t.ppf(0.75, TAILS)
    return Prediction(mean, np.tile(scale * np.sqrt(inflation(TAILS)), (len(mean), 1)))


def with_errors(mean, sd, errors, excess: float) -> Prediction:
    """Add measurement errors, `excess` (mag) in quadrature, with tails, to a noiseless prediction (m,)."""
    noise = (np.asarray(errors) ** 2 + excess**2)[:, None] * inflation(TAILS)
    return Prediction(np.asarray(mean), np.sqrt(np.asarray(sd)[:, None] ** 2 + noise))


def fitted(hidden: Hidden, model: Model, kind: str = "visit", *, alone: bool = False, seed: int = 0) -> tuple[Prediction, Fit]:
    """Fit `model` to the known measurements, or `alone` to those in the asked band, and predict the hidden ones."""
    known, truth = hidden.known(kind), hidden.truth
    found = fit(one_band(known, hidden.band) if alone else known, model, seed=seed)
    if found.problem:
        raise BookError(f"{hidden.curve.name}: {found.problem}.")
    return predict(found, truth.times, [hidden.band] * len(truth), truth.errors), found


def predictions(hidden: Hidden, kind: str = "visit", seed: int = 0) -> dict[str, Prediction]:
    """Predict the hidden measurements of one curve in every way that needs no training."""
    found = {"constant": constant(hidden, kind), "linear": linear(hidden, kind)}
    found["one band"] = fitted(hidden, Model(), kind, alone=True, seed=seed)[0]
    return found | {name: fitted(hidden, model, kind, seed=seed)[0] for name, model in MODELS.items()}


# --- scores ----------------------------------------------------------------------------------------------------------


def points(hidden: Hidden, found: dict[str, Prediction], kind: str) -> pd.DataFrame:
    """Compare predictions with the hidden measurements: one row a measurement and method.

    Returns
    -------
    pandas.DataFrame
        object, kind, method, number (of the hidden measurement), residual (measurement minus mean, mag), log_density,
        probability (of a smaller measurement: uniform if the prediction is right).
    """
    truth = hidden.truth.values
    return pd.concat(
        [
            pd.DataFrame({
                "object": hidden.curve.name, "kind": kind, "method": name, "number": np.arange(len(truth)),
                "residual": truth - one.mean, "log_density": one.log_density(truth), "probability": one.cumulative(truth),
            })
            for name, one in found.items()
        ],
        ignore_index=True,
    )  # fmt: skip


_SCORED = {"residual": 4, "log_density": 3, "probability": 4}


def to_wide(table: pd.DataFrame) -> pd.DataFrame:
    """One row a hidden measurement instead of one a measurement and method, rounded: a file of `points` to commit."""
    wide = table.pivot_table(index=["object", "kind", "number"], columns="method", values=list(_SCORED), sort=False)
    wide = pd.DataFrame({f"{score}: {name}": wide[score, name].round(_SCORED[score]) for score, name in wide.columns})
    return wide.reset_index()


def from_wide(wide: pd.DataFrame) -> pd.DataFrame:
    """Undo `to_wide`."""
    methods = dict.fromkeys(column.partition(": ")[2] for column in wide.columns[3:])
    keys = wide[["object", "kind", "number"]].astype({"object": str})
    parts = [
        keys.assign(method=name, **{score: wide[f"{score}: {name}"] for score in _SCORED if f"{score}: {name}" in wide})
        for name in methods
    ]
    return pd.concat(parts, ignore_index=True)[["object", "kind", "method", "number", *_SCORED]]


def scores(table: pd.DataFrame) -> pd.DataFrame:
    """Score `points`, one row a kind and method: mean absolute error (mag), log-density, coverage of 68.3 %, number."""
    table = table.assign(mae=table["residual"].abs(), coverage68=(table["probability"] - 0.5).abs() < 0.6827 / 2)
    return table.groupby(["kind", "method"], sort=False).agg(
        mae=("mae", "mean"), log_density=("log_density", "mean"), coverage68=("coverage68", "mean"), n=("mae", "size")
    )


def interval(values: pd.Series, objects, rng: np.random.Generator, resamples: int = 2000) -> tuple[float, float]:
    """Central 95 % interval of the mean of `values` (n,) when whole `objects` (n,) are drawn again."""
    grouped = pd.Series(np.asarray(values, float)).groupby(np.asarray(objects)).agg(["sum", "size"]).to_numpy(float)
    counts = rng.multinomial(len(grouped), np.full(len(grouped), 1 / len(grouped)), size=resamples)
    sums = counts @ grouped
    low, high = np.quantile(sums[:, 0] / sums[:, 1], [0.025, 0.975])
    return float(low), float(high)


def paired(table: pd.DataFrame, method: str, other: str, kind: str, rng: np.random.Generator) -> dict:
    """Difference of two methods on the same points: `method` minus `other`, with 95 % intervals by object.

    Returns
    -------
    dict
        mae, mae_low, mae_high (mag; below zero: `method` is nearer), log_density, log_density_low, log_density_high.
    """
    table = table[table["kind"] == kind].assign(mae=lambda t: t["residual"].abs())
    one, two = (table[table["method"] == name].set_index(["object", "number"]) for name in (method, other))
    if not one.index.equals(two.index):
        two = two.loc[one.index]
    row = {"method": method, "other": other, "kind": kind}
    for score in ("mae", "log_density"):
        difference = one[score] - two[score]
        low, high = interval(difference, difference.index.get_level_values("object"), rng)
        row |= {score: difference.mean(), f"{score}_low": low, f"{score}_high": high}
    return row


def median(values, seed: int = 0) -> tuple[float, tuple[float, float], int]:
    """Median of `values` (n,), its 95 % interval when they are drawn again, and n."""
    values = np.asarray(values, float)
    draws = np.random.default_rng(seed).choice(values, (2000, len(values)))
    low, high = np.quantile(np.median(draws, axis=1), [0.025, 0.975])
    return float(np.median(values)), (float(low), float(high)), len(values)


#: Names of methods and kinds in `summary`.
_METHODS = {"linear": "linear", "one band": "one_band", "free rho": "joint", "neural process": "process"}
_KINDS = {"visit": "epoch", "band": "band"}


def summary(points: pd.DataFrame, seed: int = 0) -> dict[str, tuple[float, tuple[float, float], int]]:
    """What a chapter reports of `points`: value, 95 % interval by object, number of measurements, by dotted name.

    Mean absolute errors of four methods, differences of the joint fit with free rho to one band and to one driver, and
    the joint fit's coverage of 68.3 %; for whole hidden visits ("epoch") and for one hidden "band".
    """
    rng, found = np.random.default_rng(seed), {}
    for kind, short in _KINDS.items():
        rows = points[points["kind"] == kind]
        for method, key in _METHODS.items():
            one = rows[rows["method"] == method]
            error = one["residual"].abs()
            found[f"heldout.{short}.{key}"] = (float(error.mean()), interval(error, one["object"], rng), len(one))
        one = rows[rows["method"] == "free rho"]
        inside = (one["probability"] - 0.5).abs() < 0.6827 / 2
        found[f"heldout.{short}.coverage68"] = (float(inside.mean()), interval(inside, one["object"], rng), len(one))
        for other in ("one band", "one driver"):
            row = paired(points, "free rho", other, kind, rng)
            ends = (row["mae_low"], row["mae_high"])
            found[f"heldout.{short}.joint_minus_{other.replace(' ', '_')}"] = (float(row["mae"]), ends, len(one))
    return found
