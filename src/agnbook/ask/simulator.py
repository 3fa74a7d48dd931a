"""Answers of the posteriors that were trained on simulated surveys (chapters on simulated light curves).

They know six bands that are observed together, and quasars like the simulated ones. Every answer therefore also measures, with
the engine for real light curves, how far the bands vary together, and says so where the setting assumes something else.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from agnbook import committed, extras, storage
from agnbook.ask import flux_units
from agnbook.ask.measurements import Measured
from agnbook.errors import BookError, FeatureError
from agnbook.lightcurves import dataset, population
from agnbook.sky import bands

#: Draws of each posterior.
DRAWS = 2000
#: Visits on which the correlation between bands is measured: enough to tell .97 from 1 and from 0, at a tenth of the time.
RHO_VISITS = 100
#: Bounds of rho beyond which one driver, or a driver a band, is contradicted; see `correlation`.
ONE_DRIVER, OWN_DRIVERS = 0.99, 0.2
LEVELS = ("q500", "low68", "high68", "low95", "high95")
COLUMNS = (
    "object", "visits", "rows_left_out", "chi2", "rho_q500", "rho_low95", "rho_high95", "effective_draws",
    *(f"{target}_{level}" for target in population.TARGETS for level in LEVELS), "setting", "model_sha256", "in_training",
    "unlike_simulator", "problem", "flags", "left_out",
)  # fmt: skip


def check(setting: str) -> None:
    """Refuse an unknown setting, and an installation without torch."""
    extras.require("torch")
    if setting not in dataset.SETTINGS:
        raise FeatureError(f"Unknown setting {setting!r}; choose one of {', '.join(dataset.SETTINGS)}.")


@dataclass(frozen=True)
class Visits:
    """One object's visits that have all six bands: times (n,) days, magnitudes and errors (n, 6) in the bands' order."""

    times: np.ndarray
    magnitudes: np.ndarray
    errors: np.ndarray
    left_out: dict
    problem: str = ""


def visits(each: Measured, survey: str | None = "lsst", tolerance: float = 0.5) -> Visits:
    """Group one object's measurements into visits with all six bands.

    Measurements that follow each other within `tolerance` (days) are one visit, unless every time has all six bands
    already; several of one band in a visit are averaged with their inverse variances; visits without all bands are left out.
    """
    left_out = dict(each.left_out)
    empty = np.empty((0, 6))

    def failed(problem: str) -> Visits:
        return Visits(np.empty(0), empty, empty, left_out, problem)

    if each.problem:
        return failed(each.problem)
    position, unknown = _positions(each.bands, survey)
    if unknown:
        left_out[f"band {', '.join(unknown)}, which is none of {' '.join(population.BANDS)}"] = int((position < 0).sum())
    values, errors = each.values, each.errors
    if each.unit != "mag":
        per_unit = {band: flux_units.in_nanojansky(each.unit, bands.get(band, survey or "lsst").wavelength)
                    for band in set(each.bands[position >= 0])}  # fmt: skip
        if not np.isfinite(list(per_unit.values())).all():
            return failed(f"fluxes of unit {each.unit or 'unknown'!r} give no magnitudes; state a unit such as nJy.")
        nano = values * np.array([per_unit.get(band, np.nan) for band in each.bands])
        with np.errstate(invalid="ignore", divide="ignore"):
            errors = 2.5 / np.log(10) * errors / np.abs(values)
            values = 31.4 - 2.5 * np.log10(nano)
        if (bad := ~(nano > 0) & (position >= 0)).any():
            left_out["flux not above zero, which the simulator does not know"] = int(bad.sum())
    sentinel = (values <= -5) | (values >= 40) | (values == 0)
    good = (position >= 0) & np.isfinite(values) & np.isfinite(errors) & (errors > 0) & (errors < 1) & ~sentinel
    if (bad := (position >= 0) & np.isfinite(values) & ~good).any():
        left_out["no magnitude, or no error"] = int(bad.sum())
    rows = pd.DataFrame({"time": each.times, "band": position, "magnitude": values, "error": errors})[good]
    rows["weight"] = rows["error"] ** -2.0
    rows = rows.sort_values(["time", "band"], kind="stable")
    together = rows.groupby("time")["band"].nunique()
    gap = 0.0 if len(together) and (together == 6).all() else tolerance
    rows["visit"] = np.cumsum(np.diff(rows["time"], prepend=-np.inf) > gap)
    rows["product"] = rows["weight"] * rows["magnitude"]
    cells = rows.groupby(["visit", "band"])[["weight", "product", "time"]].agg(
        {"weight": "sum", "product": "sum", "time": "size"}
    )
    weight, product, size = (cells[name].unstack().reindex(columns=range(6)).to_numpy() for name in ("weight", "product", "time"))
    complete = np.isfinite(weight).all(axis=1)
    if (lonely := np.nansum(size[~complete])) > 0:
        left_out["not within a visit of six bands"] = int(lonely)
    if len(rows) and not complete.any():
        seen = ", ".join(f"{band} {(rows['band'] == k).sum()}" for k, band in enumerate(population.BANDS))
        return failed(f"No visit has all six bands within {tolerance:g} d (measurements: {seen}).")
    times = rows.groupby("visit")["time"].mean().to_numpy()[complete]
    magnitudes, errors = product[complete] / weight[complete], weight[complete] ** -0.5
    problem = ""
    try:
        dataset.check(times, magnitudes, errors)
    except BookError as error:
        problem = str(error)
    return Visits(times, magnitudes, errors, left_out, problem)


def _positions(names, survey) -> tuple[np.ndarray, list[str]]:
    """Return each measurement's place among the six bands (-1: none of them) and the names that are none."""
    place = {}
    for name in dict.fromkeys(names):
        try:
            found = bands.get(name, survey or "lsst").name
        except BookError:
            found = name
        found = found.removeprefix("z") if len(found) == 2 else found  # ZTF's zg
        place[name] = {"y": 5, **{band: k for k, band in enumerate(population.BANDS)}}.get(found, -1)
    return np.array([place[name] for name in names], int), [name for name, k in place.items() if k < 0]


def answer(each: Measured, question):
    """Answer one object with a shipped posterior; see `light_curves.answer`.

    ``in_training`` is always false: simulated curves alone taught the posteriors.
    """
    from agnbook.ask.light_curves import QUANTILES, Answer
    from agnbook.banp import exact as importance
    from agnbook.banp import summary
    from agnbook.lightcurves import kalman

    model, sha256 = _shipped(question.setting)
    shared = dataset.SETTINGS[question.setting][2]
    seen = visits(each, question.options.survey, question.options.tolerance)
    row = {
        "object": each.name, "problem": seen.problem, "visits": len(seen.times), "rows_left_out": sum(seen.left_out.values()),
        "left_out": "; ".join(f"{count} x {reason}" for reason, count in seen.left_out.items()), "setting": question.setting,
        "model_sha256": sha256, "in_training": False, "flags": "; ".join(each.notes),
    }  # fmt: skip
    if seen.problem:
        return Answer(row)
    curves = dataset.from_arrays(seen.times, seen.magnitudes, seen.errors)
    found = summary.features(curves, shared)
    fitted = np.array(found[:, summary.GROUPS["kalman"]])
    row["chi2"] = float(fitted[0, kalman.FIT_COLUMNS.index("chi2")])
    (draws,), (unlike,) = model.answer(found, DRAWS, seed=_seed(each.name))
    row["unlike_simulator"] = str(unlike)
    flags = [*each.notes, *([f"unlike the simulated curves in: {row['unlike_simulator']}"] if row["unlike_simulator"] else [])]
    rho, contradiction = correlation(each.name, seen, shared)
    row |= rho
    flags += contradiction
    if question.exact:
        weighed = importance.sample_targets(model, curves, found, DRAWS, seed=_seed(each.name), stepped=False)
        (draws,), (row["effective_draws"],) = weighed
        if not row["effective_draws"]:
            return Answer(row | {"problem": "No draw of the network is possible under the simulation's population."})
        if row["effective_draws"] < importance.FEW_DRAWS:
            flags.append(f"rests on {row['effective_draws']:.0f} effective draws: do not rely on it")
    quantiles = np.quantile(draws, [QUANTILES[level] for level in LEVELS], axis=0)
    row |= {f"{t}_{level}": quantiles[k, i] for i, t in enumerate(population.TARGETS) for k, level in enumerate(LEVELS)}
    reconstruction, why = None, ""
    if question.step is not None or question.times is not None:
        times, why = question.grid(seen.times[0], seen.times[-1])
        if len(times):
            reconstruction = _reconstruct(each.name, seen, curves, times, shared)
    return Answer(row | {"flags": "; ".join([*flags, *([why] if why else [])])}, reconstruction=reconstruction)


_LOADED: dict = {}


def _shipped(setting: str):
    """Return the posterior of a setting and its file's sha256, verified once a process."""
    from agnbook.banp import posterior

    if setting not in _LOADED:
        path = committed.verify(f"weights/light_curves_{setting}.safetensors")
        _LOADED[setting] = posterior.shipped(setting), storage.sha256(path)
    return _LOADED[setting]


def _seed(name: str) -> int:
    from agnbook.quasars.posterior import generator

    return int(generator(name).integers(2**31))


def correlation(name: str, seen: Visits, shared: bool) -> tuple[dict, list[str]]:
    """Measure rho on some of the visits; flag it where the setting (one driver, or one a band) contradicts it.

    A driver that all bands share lets each vary on its own by a tenth of its amplitude at rho = .99, and drivers of their
    own have a fifth of their variance in common at rho = .2: beyond these, at 97.7 %, the setting is contradicted.
    """
    from agnbook import quasars

    some = np.unique(np.linspace(0, len(seen.times) - 1, RHO_VISITS).astype(int))
    curve = quasars.light_curve(
        name, np.repeat(seen.times[some], 6), np.tile(population.BANDS, len(some)), seen.magnitudes[some].ravel(),
        seen.errors[some].ravel(), survey="lsst",
    )  # fmt: skip
    model = quasars.Model(excess="shared", tails=np.inf, prior={"logit_rho": (0.0, 3.0)})
    fit = quasars.fit(curve, model, draws=200, kept=100)
    if fit.problem:
        return {}, [f"the correlation between bands cannot be measured ({fit.problem})"]
    middle, low, high = (float(value) for value in np.quantile(fit.quantities()["rho"], [0.5, 0.023, 0.977]))
    rho = {"rho_q500": middle, "rho_low95": low, "rho_high95": high}
    said = f"bands vary together by rho = {middle:.3g} ({low:.3g} to {high:.3g})"
    if shared and high < ONE_DRIVER:
        return rho, [f"{said}, the setting assumes one driver: do not use it"]
    if not shared and low > OWN_DRIVERS:
        return rho, [f"{said}, the setting assumes a driver for each band: do not use it"]
    return rho, []


def _reconstruct(name: str, seen: Visits, curves, grid, shared: bool) -> pd.DataFrame:
    """The noiseless curve at the times `grid`, given the fitted parameters."""
    from agnbook.lightcurves import kalman

    fit = kalman.fit(curves, shared)
    times = np.union1d(seen.times, grid)
    is_visit, wanted = np.isin(times, seen.times), np.isin(times, grid)
    observed, error = np.full((1, len(times), 6), np.nan, np.float32), np.full((1, len(times), 6), np.inf, np.float32)
    observed[0, is_visit], error[0, is_visit] = seen.magnitudes, seen.errors
    blank = replace(
        curves, times=times[None], is_visit=is_visit[None], truth=np.full_like(observed, np.nan), observed=observed, error=error,
        length=np.array([len(times)]),
    )  # fmt: skip
    mean, sd = kalman.reconstruct(blank, fit[:, :4], fit[:, 10:16], shared)
    n = int(wanted.sum())
    return pd.DataFrame({
        "object": name, "time": np.tile(times[wanted], 6).round(5), "band": np.repeat(population.BANDS, n),
        "value": mean[0, wanted].T.ravel().round(5), "sd": sd[0, wanted].T.ravel().round(5), "unit": "mag",
    })  # fmt: skip
