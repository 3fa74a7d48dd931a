"""Whether an error of somebody else's sample is ours: hidden r measurements of many quasars, and what a sample's choice does.

A mean absolute error belongs to the quasars that were asked. Drawing samples of the other's size again and again shows how
far it moves; a straight line between neighbours, which no model enters, shows how hard the asked measurements are. The
other sample was also used to predict masses: nearly all of its quasars have one, and those are the brighter ones.
"""

import numpy as np
import pandas as pd

from agnbook.quasars import heldout
from agnbook.quasars.model import Model
from agnbook.quasars.samples import curves

#: Mean absolute errors (mag) of another implementation with a free rho, on other quasars of Stripe 82 that have 40
#: measurements or more in every band. "r alone" was hidden, or else the whole visit.
ERRORS = {
    "constant": 0.0943, "linear": 0.0345, "one band": 0.0308, "free rho": 0.0303,
    "r alone: one driver": 0.0255, "r alone: free rho": 0.0243,
}  # fmt: skip
#: Their number, and the share with a virial mass of the thousand from which they were taken.
QUASARS, WITH_MASS = 150, 0.953


def errors_of_each(names, seed: int = 0) -> pd.DataFrame:
    """Mean absolute errors (mag) of each quasar's hidden measurements in r, few methods, many quasars.

    Returns
    -------
    pandas.DataFrame
        object, has_mass (whether its virial mass is known), hidden (number of measurements), stated (their mean stated
        error, mag), and the columns of `ERRORS`.
    """
    rows = []
    for curve in curves(names):
        hidden = heldout.hide(curve, seed=seed)
        found = {"constant": heldout.constant(hidden), "linear": heldout.linear(hidden)}
        found["one band"] = heldout.fitted(hidden, Model(), alone=True, seed=seed)[0]
        found["free rho"] = heldout.fitted(hidden, Model(), seed=seed)[0]
        for name in ("free rho", "one driver"):
            found[f"r alone: {name}"] = heldout.fitted(hidden, heldout.MODELS[name], "band", seed=seed)[0]
        error = {name: float(np.abs(hidden.truth.values - one.mean).mean()) for name, one in found.items()}
        about = {"object": curve.name, "has_mass": bool(np.isfinite(curve.log_mass)), "hidden": len(hidden.truth)}
        rows.append(about | {"stated": hidden.truth.errors.mean()} | error)
    return pd.DataFrame(rows)


def draw(each: pd.DataFrame, rng: np.random.Generator, samples: int) -> pd.DataFrame:
    """Draw `samples` samples of `QUASARS` from rows of `errors_of_each`: their errors, one row a sample; see `_over_line`."""
    names = list(ERRORS)
    sums = each[names].mul(each["hidden"], axis=0).assign(hidden=each["hidden"]).to_numpy(float)
    drawn = rng.multinomial(QUASARS, np.full(len(each), 1 / len(each)), samples) @ sums
    return _over_line(pd.DataFrame(drawn[:, :-1] / drawn[:, -1:], columns=names))


def _over_line(errors: pd.DataFrame) -> pd.DataFrame:
    """Add the two errors of free rho in units of the straight line's, and the one in units of the other."""
    rho = [name for name in errors if name.endswith("free rho")]
    over = {f"{name}, over linear": errors[name] / errors["linear"] for name in rho}
    return errors.assign(**over, **{"r alone over whole visit": errors["r alone: free rho"] / errors["free rho"]})


def compare(each: pd.DataFrame, rng: np.random.Generator, samples: int = 20_000) -> pd.DataFrame:
    """See where `ERRORS` lie among `samples` samples of `QUASARS` from rows of `errors_of_each`.

    Returns
    -------
    pandas.DataFrame
        One row a column of `ERRORS`, then the ratios of `_over_line`: ``all``, the mean over every hidden
        measurement; ``low`` and ``high``, between which 95 % of the samples lie; ``elsewhere``; ``below``, the share of
        samples below it.
    """
    drawn = draw(each, rng, samples)
    mean = pd.DataFrame([{name: np.average(each[name], weights=each["hidden"]) for name in ERRORS}])
    theirs = _over_line(pd.DataFrame([ERRORS])).iloc[0]
    ends = drawn.quantile([0.025, 0.975])
    table = {"all": _over_line(mean).iloc[0], "low": ends.loc[0.025], "high": ends.loc[0.975], "elsewhere": theirs}
    return pd.DataFrame(table | {"below": (drawn < theirs).mean()}).rename_axis("error")
