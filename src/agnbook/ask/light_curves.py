"""What a light curve says of its quasar: one answer an object, the same one by one, in a table, in bulk and in the app.

The model is `agnbook.quasars`: any bands at their own times, everything measured from the curve itself. The older posteriors
that were trained on simulated surveys answer through `agnbook.ask.simulator`.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np
import pandas as pd
from scipy.stats import norm

from agnbook.ask import engine, measurements, progress, stripe82_places
from agnbook.ask.curve_options import Options
from agnbook.ask.measurements import Measured
from agnbook.errors import FeatureError

MODELS = ("quasar", "simulator")
#: Suffix of a column -> level of the posterior quantile in it.
QUANTILES = {"q500": 0.5, "low68": 0.1585, "high68": 0.8415, "low95": 0.023, "high95": 0.977}
#: Quantities of every answer, each with its `QUANTILES`; NaN where the curve cannot tell.
QUANTITIES = ("log_tau_6000", "log_sf_6000", "tau_slope", "sf_slope", "rho", "excess", "log_tau_rest", "log_sf_rest")
#: log10 of the black hole's mass (solar masses), from variability alone and with redshift and absolute magnitude; with a
#: redshift alone.
MASSES = ("log_mass", "log_mass_with_luminosity")
#: Quantities of each band.
BAND_QUANTITIES = ("log_tau", "log_sf", "mean", "excess")
_HELD_OUT = ("heldout", "heldout_mae", "heldout_mae_constant", "heldout_coverage68", "heldout_log_density")
#: Texts come last: they may hold commas.
COLUMNS = (
    "object", "measurements", "bands", "baseline_days", "redshift", "rows_left_out",
    *(f"{name}_{level}" for name in (*QUANTITIES, *MASSES) for level in QUANTILES), *_HELD_OUT,
    "chi_square", "outliers", "k_hat", "sampler", "model", "model_sha256", "in_training", "mass_model_sha256", "problem", "flags",
    "left_out",
)  # fmt: skip
_TEXTS = (
    "object",
    "problem",
    "flags",
    "bands",
    "left_out",
    "sampler",
    "model",
    "unlike_simulator",
    "setting",
    "model_sha256",
    "mass_model_sha256",
)
#: Most times of one reconstruction.
MOST_TIMES = 20_000
#: Structure function at infinity (mag) beyond doubt: 99 % of the clean r-band fits of MacLeod et al. (2010) lie below .72.
LARGEST_AMPLITUDE = 1.2
#: One night in so many is hidden and predicted from the others.
HIDE_ONE_IN = 5
#: Objects that a worker answers at once.
_CHUNK = 20


@dataclass(frozen=True)
class Question:
    """What is asked of every light curve.

    Attributes
    ----------
    options : see `curve_options.Options`.
    model : one of `MODELS`.
    setting : for the simulator's models, the simulated survey, a key of `lightcurves.dataset.SETTINGS`.
    exact : weigh the simulator's draws by the exact likelihood; see `banp.exact`.
    step, times : reconstruct every `step` days, or at these times (days); neither: no reconstruction.
    """

    options: Options = field(default_factory=Options)
    model: str = "quasar"
    setting: str = "dc2_like"
    exact: bool = False
    step: float | None = None
    times: Sequence[float] | None = None

    def __post_init__(self):
        if self.model not in MODELS:
            raise FeatureError(f"Unknown model {self.model!r} of light curves; choose one of {', '.join(MODELS)}.")
        if self.step is not None and not 0 < self.step < np.inf:
            raise FeatureError(f"The step of the reconstruction must be a positive number of days, not {self.step}.")
        if self.times is not None and not (len(self.times) and np.isfinite(np.asarray(self.times, float)).all()):
            raise FeatureError("The times of the reconstruction must be numbers, at least one.")
        if self.model == "simulator":
            from agnbook.ask import simulator

            simulator.check(self.setting)
        elif self.exact:
            raise FeatureError("Exact weights are for the model simulator; the model quasar needs none.")

    def grid(self, first: float, last: float) -> tuple[np.ndarray, str]:
        """Return the times of a reconstruction, and why there is none if there are too many."""
        if self.times is not None:
            return np.unique(np.asarray(self.times, float)), ""
        if self.step is None:
            return np.empty(0), ""
        if (count := int((last - first) / self.step) + 1) > MOST_TIMES:
            return np.empty(0), f"not reconstructed: a step of {self.step:g} d makes {count} times, at most {MOST_TIMES}"
        return first + self.step * np.arange(count), ""


@dataclass(frozen=True)
class Answer:
    """What is said of one object: a row of the table of parameters, a row a band, and its reconstruction.

    `curve` and `fit` are what it was made from (None where there is none): `quasars.LightCurve` and `quasars.Fit`.
    """

    row: dict
    bands: list[dict] = field(default_factory=list)
    reconstruction: pd.DataFrame | None = None
    curve: object = None
    fit: object = None


def answer(each: Measured, question: Question) -> Answer:
    """Answer one object; whatever is wrong with it is its `problem` in words.

    Every random number depends on the object's name alone.
    """
    try:
        if question.model == "simulator":
            from agnbook.ask import simulator

            return simulator.answer(each, question)
        return _answer(each, question)
    except Exception as error:  # an object that nobody thought of must not cost the others theirs
        return Answer({"object": each.name, "problem": f"It cannot be answered ({type(error).__name__}: {error})."})


def _answer(each: Measured, question: Question) -> Answer:
    from agnbook import quasars

    curve = measurements.light_curve(each, question.options)
    row = {
        "object": each.name, "problem": curve.problem, "measurements": len(curve), "bands": " ".join(curve.bands),
        "baseline_days": curve.baseline_days, "rows_left_out": sum(curve.left_out.values()),
        "left_out": "; ".join(f"{count} x {reason}" for reason, count in curve.left_out.items()), "redshift": curve.redshift,
        "model": "quasar", "model_sha256": engine.sha256(),
    }  # fmt: skip
    flags = list(each.notes)
    fit = quasars.fit(curve)
    if fit.problem:
        return Answer(row | {"problem": fit.problem, "flags": "; ".join(flags)}, curve=curve)
    flags += fit.flags
    if len(curve.bands) == 1:
        flags.append("one band: slopes and rho are not measured, values at other wavelengths follow the law of MacLeod et al.")
    draws = _draws(fit)
    if (amplitude := 10 ** np.median(draws["log_sf_6000"])) > LARGEST_AMPLITUDE:
        flags.append(
            f"varies by {amplitude:.2g} mag in the long run, far more than quasars do: units mixed, or two objects in one?"
        )
    row |= {"chi_square": fit.chi_square, "outliers": fit.outliers, "sampler": fit.sampler, "k_hat": fit.k_hat}
    weighed, doubts = _weighed(fit, each.position)
    flags += doubts
    row |= _quantiles(draws, QUANTITIES) | weighed | _held_out(curve)
    reconstruction, why = None, ""
    if question.step is not None or question.times is not None:
        times, why = question.grid(curve.times[0], curve.times[-1])
        if len(times):
            reconstruction = quasars.reconstruct(fit, times).round({"time": 5, "value": 5, "sd": 5})
            reconstruction.insert(0, "object", each.name)
            reconstruction["unit"] = each.unit
    row["flags"] = "; ".join([*flags, *([why] if why else [])])
    return Answer(row, _bands(fit, draws, each), reconstruction, curve, fit)


def _draws(fit) -> pd.DataFrame:
    """Draws of `QUANTITIES` (NaN where the curve cannot tell), and of what `Fit.quantities` gives for each band."""
    found, theta = fit.quantities(), dict(zip(fit.plan.names, fit.draws.T, strict=True))
    excess = [f"excess_{band}" for band in fit.curve.bands]
    derived = {
        "log_tau_6000": theta["log_tau"], "log_sf_6000": theta["log_sigma"] + 0.5 * np.log10(2),
        "excess": np.sqrt(np.mean(found[excess] ** 2, axis=1)) if set(excess) <= set(found) else np.nan,
        "sf_slope": found.get("sigma_slope", np.nan),
    }  # fmt: skip
    found = found.assign(**derived)
    return found.assign(**{name: np.nan for name in QUANTITIES if name not in found})


@cache
def _mass_model():
    from agnbook.quasars.shipped_mass import MassModel

    return MassModel.load()


def _weighed(fit, position: tuple[float, float]) -> tuple[dict, list[str]]:
    """`MASSES` with their `QUANTILES` where redshift (and absolute magnitude) are known, and what to be wary of in them.

    Beside them ``mass_model_sha256`` and ``in_training``: whether the quasar, by name or `position`, taught the regressions.
    """
    from agnbook.quasars.sample import shape

    curve = fit.curve
    if not curve.redshift > 0:
        return {}, ["absolute magnitude without a redshift: not used"] if np.isfinite(curve.absolute_magnitude) else []
    objects = pd.DataFrame({"redshift": [curve.redshift], "M_i": [curve.absolute_magnitude]})
    model = _mass_model()
    found, outside = model.answer(pd.DataFrame([shape(fit)]), objects)
    doubts = [f"mass outside what was learnt from: {text}" for text in outside[0]]
    names = curve.name, *map(str, stripe82_places.numbers(curve.name, position))
    if taught := any(model.taught(name, curve.redshift) for name in names):
        doubts.append("mass learnt from this quasar, among others")
    if len(curve.bands) == 1:
        doubts.append("mass from one band: learnt from five, whose slopes and correlation are missing here")
    levels = {name: norm.ppf(level) for name, level in QUANTILES.items()}
    row = {f"{name}_{level}": found[name][0] @ [1, z] for name in MASSES for level, z in levels.items()}
    return row | {"in_training": taught, "mass_model_sha256": model.sha256}, doubts


def _quantiles(draws, names, prefix: str = "") -> dict[str, float]:
    values = np.quantile(np.column_stack([draws[name] for name in names]).astype(float), list(QUANTILES.values()), axis=0)
    return {
        f"{prefix}{name}_{level}": values[k, position] for position, name in enumerate(names) for k, level in enumerate(QUANTILES)
    }


def _bands(fit, draws: pd.DataFrame, each: Measured) -> list[dict]:
    """A row a band: measurements, wavelength, `BAND_QUANTITIES`; the mean in the curve's own unit, without extinction."""
    curve, rows, unknown = fit.curve, [], np.full(len(draws), np.nan)
    for number, band in enumerate(curve.bands):
        mine = {name: np.asarray(draws.get(f"{name}_{band}", unknown)) for name in BAND_QUANTITIES}
        if curve.unit == "flux":
            dust, reference = curve.extinction[number], curve.reference_magnitude[number]
            mine["mean"] = curve.to_unit(mine["mean"] + dust - reference, number) * 10 ** (0.4 * dust)
        rows.append(
            {
                "object": each.name, "band": band, "wavelength": curve.wavelengths[number],
                "measurements": int(np.sum(curve.band == number)), "extinction": curve.extinction[number], "unit": each.unit,
            }
            | _quantiles(mine, BAND_QUANTITIES)
        )  # fmt: skip
    return rows


def _held_out(curve) -> dict[str, float]:
    """Hide one night in `HIDE_ONE_IN`, fit the others, predict the hidden; errors in magnitudes (relative for fluxes).

    The constant that is compared is the median of what is left in the same band.
    """
    from agnbook import quasars
    from agnbook.quasars.posterior import generator

    nights = np.unique(np.floor(curve.times))
    hidden_nights = generator(curve.name, 1).permutation(nights)[: len(nights) // HIDE_ONE_IN]
    hidden = np.isin(np.floor(curve.times), hidden_nights)
    left = np.bincount(curve.band[~hidden], minlength=len(curve.bands))
    hidden &= (left >= 3)[curve.band]
    if not hidden.any() or left.min() < 1 or (~hidden).sum() < 10:
        return {"heldout": 0}
    kept = curve.take(~hidden)
    fit = quasars.fit(kept, draws=200, kept=100)
    if fit.problem:
        return {"heldout": 0}
    found = quasars.score(fit, curve.take(hidden))
    middle = np.array([np.median(kept.values[kept.band == band]) for band in range(len(curve.bands))])
    return {
        "heldout": len(found),
        "heldout_mae": found["error"].mean(),
        "heldout_mae_constant": np.abs(curve.values[hidden] - middle[curve.band[hidden]]).mean(),
        "heldout_coverage68": found["probability"].between(0.1585, 0.8415).mean(),
        "heldout_log_density": found["log_density"].mean(),
    }


# --- tables of many ------------------------------------------------------------------------------------------------------


def columns(question: Question) -> tuple[str, ...]:
    """Return the columns of the table of parameters: always the same ones for a model."""
    if question.model == "simulator":
        from agnbook.ask import simulator

        return simulator.COLUMNS
    return COLUMNS


def frame(rows: Sequence[dict], question: Question) -> pd.DataFrame:
    """Return rows of `Answer` as the table of parameters; floats to five digits after the point."""
    names = columns(question)
    table = pd.DataFrame(rows, columns=names)
    for name in names:
        if name in _TEXTS:
            table[name] = table[name].astype(object).fillna("").astype(str)
        elif name in ("measurements", "outliers", "rows_left_out", "heldout", "visits"):
            table[name] = table[name].fillna(0).astype(np.int64)
        elif name == "in_training":
            table[name] = table[name].eq(True)
        else:
            table[name] = table[name].astype(float).round(5)
    return table


def _trimmed(chunk: list[Measured], question: Question) -> list[Answer]:
    """What a worker sends back: everything but curve and fit."""
    return [Answer(found.row, found.bands, found.reconstruction) for found in (answer(each, question) for each in chunk)]


def answers(objects: Sequence[Measured], question: Question, workers: int = 1):
    """Yield the `Answer` of each object, in order; with several worker processes without its curve and fit."""
    if workers < 1:
        raise FeatureError(f"{workers} workers; give 1 or more.")
    if workers == 1:
        for block in progress.blocks(len(objects), "light curves", 1):
            yield from (answer(each, question) for each in objects[block])
        return
    from concurrent.futures.process import BrokenProcessPool

    from agnbook.ask import processes

    chunks = list(itertools.batched(objects, _CHUNK)) if hasattr(itertools, "batched") else [
        objects[first : first + _CHUNK] for first in range(0, len(objects), _CHUNK)
    ]  # fmt: skip
    with processes.pool(workers) as pool:
        found = iter(processes.submitted(pool, partial(_trimmed, question=question), chunks))
        try:
            for _ in progress.blocks(len(objects), "light curves", _CHUNK):
                yield from next(found).result()
        except BrokenProcessPool as error:
            raise FeatureError("A worker was killed, perhaps for want of memory. Take fewer workers, or one.") from error


def refuse_problems(objects: Sequence[Measured], question: Question) -> None:
    """Raise a `FeatureError` that names the first objects with measurements, or as a whole, that cannot be used."""
    told = []
    for each in objects:
        curve = measurements.light_curve(each, question.options)
        left_out = ", ".join(f"{count} x {reason}" for reason, count in curve.left_out.items())
        if reason := curve.problem or (left_out and f"left out: {left_out}"):
            told.append(f"{each.name}: {reason}")
    if told:
        more = f"; {len(told) - 3} more" if len(told) > 3 else ""
        raise FeatureError(f"{len(told)} of {len(objects)} objects cannot be used as they are: {'; '.join(told[:3])}{more}.")


def light_curves(table, options: Options | None = None, *, objects=None, workers: int = 1, **asked):
    """Say what each light curve of a table tells of its quasar.

    Parameters
    ----------
    table : see `measurements.read`.
    options : survey, units, columns, what is known of the objects; see `curve_options.Options`.
    objects : a second table, one row an object, with redshift, extinction or absolute magnitude.
    workers : processes.
    asked : model, setting, exact, step, times; see `Question`.

    Returns
    -------
    parameters : astropy.table.Table
        One row an object, in the table's order, the columns `COLUMNS` (of the simulator's models `simulator.COLUMNS`):
        ``problem``, why there is no answer; ``flags``, what to be wary of; what was used and left out; quality of fit and
        sampling; `QUANTITIES` with their quantiles (time-scale in days, structure function and excess in magnitudes,
        ``log`` is log10); how well hidden nights are predicted.
    bands : astropy.table.Table
        One row an object and band: `BAND_QUANTITIES`.
    reconstruction : astropy.table.Table or None
        Long: object, time, band, value of the noiseless curve, sd, unit; with a step or times alone.

    Raises
    ------
    FeatureError
        What `measurements.read` and `Question` refuse.
    """
    question = Question(options or Options(), **asked)
    found = measurements.read(table, question.options, objects)
    return gathered(answers(found, question, workers), question)


def gathered(found, question: Question):
    """Put answers together as the three tables of `light_curves`."""
    found = list(found)
    bands = pd.DataFrame([row for each in found for row in each.bands], columns=_band_columns()).round(5)
    reconstruction = None
    if question.step is not None or question.times is not None:
        empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _RECONSTRUCTION.items()})
        parts = [each.reconstruction for each in found if each.reconstruction is not None]
        reconstruction = _plain(pd.concat(parts or [empty], ignore_index=True)[list(_RECONSTRUCTION)])
    return _plain(frame([each.row for each in found], question)), _plain(bands), reconstruction


def _plain(table: pd.DataFrame):
    """Return an astropy table with NaN where a number is missing; astropy's own conversion would mask it."""
    from astropy.table import Table

    texts = [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    return Table({name: table[name].to_numpy(str if name in texts else None) for name in table})


_RECONSTRUCTION = {"object": str, "time": float, "band": str, "value": float, "sd": float, "unit": str}


def _band_columns() -> list[str]:
    names = ["object", "band", "wavelength", "measurements", "extinction", "unit"]
    return names + [f"{name}_{level}" for name in BAND_QUANTITIES for level in QUANTILES]
