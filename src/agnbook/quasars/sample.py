"""Fits of a whole sample in one compact table: what the chapters on Stripe 82 read.

A row holds the posterior of time-scale and amplitude as a Gaussian in the model's own parameters, so that a population
can be fitted to it with the prior taken out again (`relation`).
"""

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from multiprocessing import get_context

import numpy as np
import pandas as pd

from agnbook.quasars.batch import light_curves_of
from agnbook.quasars.curve import LightCurve
from agnbook.quasars.model import DEFAULT, RHO, SCALE, Model
from agnbook.quasars.posterior import Fit, fit
from agnbook.sky import light_curves

#: The four parameters whose joint posterior is kept: log_tau, tau_slope, log_sigma, sigma_slope.
SHAPE = ("log_tau", "tau_slope", "log_sigma", "sigma_slope")
#: Short names of flags, by a word that only they contain.
FLAGS = {
    "baseline": "long", "sampling": "short", "not detected": "constant", "too small": "noisy", "too large": "quiet",
    "5 sigma": "outliers", "only": "few", "k-hat": "weights", "photometry": "errors", "beyond its stated": "excess",
    "of it is the prior": "alike",
}  # fmt: skip


def row(curve: LightCurve, model: Model = DEFAULT) -> dict:
    """Fit one curve and return its row; see `table`."""
    out = {"object": curve.name, "measurements": len(curve), "bands": "".join(curve.bands), "problem": curve.problem}
    if curve.problem:
        return out
    found = fit(curve, model)
    if found.problem:
        return out | {"problem": found.problem}
    out |= shape(found) | {"log_scale": np.median(found.draws[:, SCALE])}
    for band, slot in zip(curve.bands, found.plan.slots[0], strict=True):
        out[f"excess_{band}"] = 10 ** np.median(found.draws[:, slot])
    out |= {"chi_square": found.chi_square, "outliers": found.outliers, "k_hat": found.k_hat, "sampler": found.sampler[0]}
    words = [short for word, short in FLAGS.items() if any(word in flag for flag in found.flags)]
    out["flags"] = " ".join(words)
    return {name: round(float(value), 4) if isinstance(value, float) else value for name, value in out.items()}


def shape(found: Fit) -> dict[str, float]:
    """Posterior of `SHAPE` as a Gaussian, and of rho: means, standard deviations (`_sd`), correlations (`corr_ij`).

    What the curve's bands cannot tell has its prior's mean and standard deviation.
    """
    draws, prior_sd = found.draws[:, :4], found.plan.sd[:4]
    free = np.isin(SHAPE, found.plan.free)
    mean = draws.mean(axis=0)
    sd = np.where(free, draws.std(axis=0), prior_sd)
    correlation = (draws - mean).T @ (draws - mean) / len(draws) / np.outer(sd, sd)
    out = dict(zip(SHAPE, mean, strict=True)) | {f"{name}_sd": value for name, value in zip(SHAPE, sd, strict=True)}
    for i in range(4):
        for j in range(i):
            out[f"corr_{j}{i}"] = round(float(correlation[i, j]), 3)
    low, middle, high = 1 / (1 + np.exp(-np.quantile(found.draws[:, RHO], [0.15865, 0.5, 0.84135])))
    return out | {"rho": middle, "rho_low": low, "rho_high": high}


def _rows(curves: list[LightCurve], model: Model) -> list[dict]:
    return [row(curve, model) for curve in curves]


def table(curves: Iterable[LightCurve], model: Model = DEFAULT, *, processes: int = 1) -> pd.DataFrame:
    """Fit a sample.

    Returns
    -------
    pandas.DataFrame
        One row an object: number of measurements, bands, problem; mean, standard deviation (`_sd`) and correlations
        (`corr_ij`) of the posterior of `SHAPE` (log10 of observed-frame days and of magnitudes at 6000 A, and slopes);
        rho with its central 68 %; log10 of the errors' factor; excess (mag) per band; chi-square, outliers, k-hat,
        sampler (i, c), and flags (short names, `FLAGS`).
    """
    curves = iter(curves)
    chunks = iter(lambda: list(islice(curves, 50)), [])
    if processes <= 1:
        return pd.DataFrame([out for chunk in chunks for out in _rows(chunk, model)])
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        rows = [out for found in pool.map(partial(_rows, model=model), chunks) for out in found]
    return pd.DataFrame(rows)


def stripe82(n: int | None = None, processes: int = 2) -> pd.DataFrame:
    """Fit the quasars of Stripe 82, all or the first `n`; see `table`. The column object is the dbID."""
    objects = light_curves.stripe82_objects()
    objects = objects[objects["has_light_curve"]]
    curves = light_curves.stripe82(None if n is None else objects.index.to_numpy()[:n])
    return table(light_curves_of(curves, objects=objects), processes=processes)
