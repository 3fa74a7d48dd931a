"""Many light curves at once, with the same answers as one by one."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from multiprocessing import get_context

import pandas as pd

from agnbook.quasars.curve import LightCurve, light_curve
from agnbook.quasars.model import DEFAULT, Model
from agnbook.quasars.posterior import fit

_CHUNK = 50


def summarise(curve: LightCurve, model: Model = DEFAULT, seed: int = 0) -> dict:
    """Fit one curve and return its row; an unforeseen failure costs this object alone and is its problem."""
    try:
        return fit(curve, model, seed=seed).summary()
    except Exception as error:
        return {"object": curve.name, "problem": f"the fit failed: {type(error).__name__}: {error}"}


def _rows(curves: list[LightCurve], model: Model, seed: int) -> list[dict]:
    return [summarise(curve, model, seed) for curve in curves]


def _chunks(curves: Iterable[LightCurve]) -> Iterator[list[LightCurve]]:
    curves = iter(curves)
    while chunk := list(islice(curves, _CHUNK)):
        yield chunk


def fit_many(curves: Iterable[LightCurve], model: Model = DEFAULT, *, seed: int = 0, processes: int = 1) -> pd.DataFrame:
    """Fit many curves; one row each, in their order, as `Fit.summary` gives it.

    Random numbers depend on each object's name and `seed`, so a row does not depend on its neighbours or on `processes`.
    """
    work = partial(_rows, model=model, seed=seed)
    if processes <= 1:
        rows = [row for chunk in _chunks(curves) for row in work(chunk)]
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            rows = [row for chunk in pool.map(work, _chunks(curves)) for row in chunk]
    return pd.DataFrame(rows)


def light_curves_of(frame: pd.DataFrame, *, objects: pd.DataFrame | None = None, **options) -> Iterator[LightCurve]:
    """Cut a long table into light curves.

    Parameters
    ----------
    frame : columns object, time, band, error, and magnitude or flux, as the readers of `agnbook.sky.light_curves` give;
        its attrs ``survey`` and ``unit`` are used.
    objects : indexed by object; its columns redshift, absolute_magnitude (or M_i), log_mass and A_<band> are used.
    options : passed on to `light_curve`.
    """
    value = "magnitude" if "magnitude" in frame else "flux"
    defaults = {"survey": frame.attrs.get("survey") or None, "unit": "mag" if value == "magnitude" else "flux"}
    for name, group in frame.groupby("object", sort=False, observed=True):
        known = {}
        if objects is not None and name in objects.index:
            row = objects.loc[name]
            known = {key: row[key] for key in ("redshift", "log_mass") if key in row.index}
            for key in ("absolute_magnitude", "M_i"):
                if key in row.index:
                    known["absolute_magnitude"] = row[key]
                    break
            dust = {key[2:]: row[key] for key in row.index if key.startswith("A_") and pd.notna(row[key])}
            known |= {"extinction": dust} if dust else {}
        band = group["band"].astype(str).to_numpy()
        yield light_curve(
            str(name), group["time"].to_numpy(), band, group[value].to_numpy(), group["error"].to_numpy(),
            **(defaults | known | options),
        )  # fmt: skip
