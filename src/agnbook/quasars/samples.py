"""What many real quasars say together: how much their bands share, whose estimator agrees, which model predicts best."""

import numpy as np
import pandas as pd

from agnbook.errors import BookError
from agnbook.quasars import heldout, macleod
from agnbook.quasars.batch import light_curves_of
from agnbook.quasars.curve import LightCurve
from agnbook.quasars.model import Model, log_likelihood
from agnbook.quasars.posterior import fit
from agnbook.sky import light_curves

#: How tightly the bands' laws are held. Normal errors, so that all likelihoods are of the same data with the same weights.
LAWS = {"simple": heldout.SIMPLE.but(tails=np.inf), "flexible": Model(tails=np.inf)}


def curves(names) -> list[LightCurve]:
    """Read Stripe 82 quasars as light curves, with their redshift, luminosity, mass and extinction."""
    return list(light_curves_of(light_curves.stripe82(names), objects=light_curves.stripe82_objects()))


def drivers(curve: LightCurve, law: str, seed: int = 0) -> dict:
    """Compare how bands may be tied together in one curve, by exact likelihood with normal errors.

    Parameters
    ----------
    law : one of `LAWS`.

    Returns
    -------
    dict
        object, law; rho with the ends of its central 68 % interval; sigma_slope (slope of log amplitude in log
        wavelength); excess (mag, mean over bands); log_likelihood at the posterior's maximum with free rho, and
        ``over_one_driver``, ``over_a_driver_a_band``: how much it exceeds theirs; visits, measurements; ``beyond3``,
        ``beyond5``: measurements more than 3 and 5 standard deviations off what all others say.
    """
    model = LAWS[law]
    best = {rho: fit(curve, model.but(rho=rho), seed=seed) for rho in (None, 1.0, 0.0)}
    if problem := best[None].problem:
        raise BookError(f"{curve.name}: {problem}.")
    value = {rho: log_likelihood(curve, found.theta, found.model) for rho, found in best.items()}
    free = best[None]
    table = free.quantities()
    low, middle, high = np.quantile(table["rho"], [0.15865, 0.5, 0.84135])
    excess = [column for column in table if column.startswith("excess")]
    return {
        "object": curve.name, "law": law, "rho": middle, "rho_low": low, "rho_high": high,
        "sigma_slope": table["sigma_slope"].median(), "excess": table[excess].median().mean(),
        "log_likelihood": value[None], "over_one_driver": value[None] - value[1.0],
        "over_a_driver_a_band": value[None] - value[0.0], "visits": heldout.visit_numbers(curve)[-1] + 1,
        "measurements": len(curve), "beyond3": int((np.abs(free.residual) > 3).sum()),
        "beyond5": int((np.abs(free.residual) > 5).sum()),
    }  # fmt: skip


def compare_drivers(names, seed: int = 0) -> pd.DataFrame:
    """Return `drivers` of many quasars under both `LAWS`, one row each."""
    return pd.DataFrame([drivers(curve, law, seed) for curve in curves(names) for law in LAWS])


def reproduce_macleod(band: str, n: int, seed: int = 0) -> pd.DataFrame:
    """Fit `n` random quasars, whose fit in `band` is clean, with MacLeod et al.'s estimator; beside their values.

    Returns
    -------
    pandas.DataFrame
        object, log_tau, log_sf of ours, and ``offset_tau``, ``offset_sf``, ours minus theirs (dex); ``same_visits``,
        whether both used the same number.
    """
    theirs = light_curves.macleod_fits(band)
    have = light_curves.stripe82_objects()["has_light_curve"]
    chosen = np.random.default_rng(seed).permutation(theirs.index[theirs["clean"] & have])[:n]
    rows = []
    for curve in curves(chosen):
        one = heldout.one_band(curve, band)
        log_tau, log_sf, _ = macleod.maximum_likelihood(one)
        row = theirs.loc[int(curve.name)]
        rows.append({
            "object": curve.name, "log_tau": log_tau, "log_sf": log_sf, "offset_tau": log_tau - row["log_tau"],
            "offset_sf": log_sf - row["log_sf"], "same_visits": len(one) == row["visits"],
        })  # fmt: skip
    return pd.DataFrame(rows)


def hold_out(names, seed: int = 0) -> pd.DataFrame:
    """Hide a fifth of the visits, then r alone in them, and predict r in every way: `heldout.points` of all quasars."""
    tables = []
    for curve in curves(names):
        hidden = heldout.hide(curve, seed=seed)
        for kind in ("visit", "band"):
            tables.append(heldout.points(hidden, heldout.predictions(hidden, kind, seed), kind))
    return pd.concat(tables, ignore_index=True)


def compare_processes(names, seed: int = 0) -> pd.DataFrame:
    """Predict hidden visits with a damped random walk and with a damped harmonic oscillator: `heldout.points` of both."""
    tables = []
    for curve in curves(names):
        hidden = heldout.hide(curve, seed=seed)
        models = {"random walk": Model(), "oscillator": Model(process="dho")}
        found = {name: heldout.fitted(hidden, model, "visit", seed=seed)[0] for name, model in models.items()}
        tables.append(heldout.points(hidden, found, "visit"))
    return pd.concat(tables, ignore_index=True)
