"""What the flags let through: how often answers without a flag hold the truth when curves break the model's assumptions."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context

import numpy as np
import pandas as pd

from agnbook.quasars.curve import LightCurve
from agnbook.quasars.model import DEFAULT, RHO, Model, layout, unpack
from agnbook.quasars.posterior import fit
from agnbook.quasars.simulate import simulate

#: Condition -> what is wrong with the curve: standard deviation of the spectrum's scatter (dex), factor of the true errors
#: on the stated ones, share of outliers, share of the measurements that are there, rho.
CONDITIONS: dict[str, dict[str, float]] = {
    "as assumed": {},
    "spectra scatter by 0.08 dex": {"scatter": 0.08},
    "errors 5 % larger than stated": {"errors": 1.05},
    "errors 10 % larger than stated": {"errors": 1.10},
    "errors 10 % smaller than stated": {"errors": 0.90},
    "2 % of outliers": {"outliers": 0.02},
    "a third of the visits": {"kept": 1 / 3},
    "rho 0.9": {"rho": 0.9},
    "rho 0.95": {"rho": 0.95},
    "rho 0.99": {"rho": 0.99},
    "rho 0.998": {"rho": 0.998},
}
#: Quantities whose central 68.3 % intervals are checked, in the curve's middle band.
CHECKED = ("log_tau", "log_sf", "rho")


def _truth(curve: LightCurve, rng: np.random.Generator, model: Model, scatter: float = 0.0, rho: float | None = None):
    """Parameters drawn from the model's prior; the errors' factor is 1 and belongs to the condition."""
    plan = layout(model, curve)
    theta = plan.mean.copy()
    theta[plan.active] += plan.sd[plan.active] * rng.standard_normal(len(plan.active))
    theta[plan.names.index("log_scale")] = 0.0
    if scatter:
        theta[plan.slots[1]] = scatter * rng.standard_normal(len(curve.bands))
    if rho is not None:
        theta[RHO] = np.log(rho / (1 - rho))
    return plan, theta


def run(
    templates: Sequence[LightCurve], n: int, rng: np.random.Generator, *, condition: str = "as assumed", model: Model = DEFAULT
) -> pd.DataFrame:
    """Simulate `n` curves with the cadence and errors of `templates`, fit them, and compare with the truth.

    Returns
    -------
    pandas.DataFrame
        One row a curve: flagged (any flag), flags, and for each of `CHECKED` the truth's place in the posterior
        (probability below it).
    """
    wrong = CONDITIONS[condition]
    rows = []
    for i in range(n):
        curve = templates[rng.integers(len(templates))]
        if "kept" in wrong:
            curve = curve.take(rng.random(len(curve)) < wrong["kept"])
        plan, theta = _truth(curve, rng, model, wrong.get("scatter", 0.0), wrong.get("rho"))
        louder = replace(curve, errors=curve.errors * wrong.get("errors", 1.0))
        drawn = simulate(louder, theta, rng, model, outliers=wrong.get("outliers", 0.0))
        found = fit(replace(drawn, errors=curve.errors, name=f"{condition} {i}"), model)
        row = {"condition": condition, "flagged": bool(found.flags or found.problem), "flags": "; ".join(found.flags)}
        if not found.problem:
            tau, amplitude, rho = unpack(theta, plan.x, plan.slots)
            middle = len(curve.bands) // 2
            band, draws = curve.bands[middle], found.quantities()
            truth = {
                f"log_tau_{band}": np.log10(tau[middle]), f"log_sf_{band}": np.log10(amplitude[middle] * np.sqrt(2)), "rho": rho,
            }  # fmt: skip
            for name, (column, value) in zip(CHECKED, truth.items(), strict=True):
                row[name] = float(np.mean(draws[column] < value))
        rows.append(row)
    return pd.DataFrame(rows)


def _condition(condition: str, templates: Sequence[LightCurve], n: int, seed: int) -> pd.DataFrame:
    return run(templates, n, np.random.default_rng([seed, list(CONDITIONS).index(condition)]), condition=condition)


def every_condition(templates: Sequence[LightCurve], n: int, seed: int = 0, processes: int = 1) -> pd.DataFrame:
    """Return `coverage` of `n` simulated curves under each of `CONDITIONS`, one row each; `condition` is a column."""
    work = partial(_condition, templates=list(templates), n=n, seed=seed)
    if processes <= 1:
        tables = [work(condition) for condition in CONDITIONS]
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            tables = list(pool.map(work, CONDITIONS))
    return coverage(pd.concat(tables)).rename_axis("condition").reset_index()


def coverage(table: pd.DataFrame) -> pd.DataFrame:
    """Share of truths within the central 68.3 % among answers without a flag, by condition, and share of flagged ones."""
    rows = {}
    for condition, group in table.groupby("condition", sort=False):
        quiet = group[~group["flagged"]]
        rows[condition] = {"n": len(group), "flagged": group["flagged"].mean(), "unflagged": len(quiet)}
        rows[condition] |= {name: np.mean(np.abs(quiet[name] - 0.5) < 0.3415) for name in CHECKED}
    return pd.DataFrame.from_dict(rows, orient="index")


def summary(table: pd.DataFrame) -> dict[str, tuple[float, tuple[float, float], int]]:
    """Coverage over all conditions of `coverage`: value, 95 % binomial interval and number of answers, by dotted name."""
    found = {}
    for name, counted in {**dict.fromkeys(CHECKED, "unflagged"), "flagged": "n"}.items():
        n = int(table[counted].sum())
        share = float(np.sum(table[name].where(table[counted] > 0, 0.0) * table[counted]) / max(n, 1))
        half = 1.96 * np.sqrt(share * (1 - share) / max(n, 1))
        found[f"stress.{name}"] = (share, (share - half, share + half), n)
    return found
