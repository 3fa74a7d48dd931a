"""Would another recipe predict hidden measurements better? The same free rho with other tails, priors and averages."""

import numpy as np
import pandas as pd

from agnbook.quasars import heldout
from agnbook.quasars.model import Model
from agnbook.quasars.posterior import fit
from agnbook.quasars.predict import CURVES, predict
from agnbook.quasars.samples import curves

#: Model, and curves of the posterior that are averaged (0: the most probable one alone). The first is what is shipped.
RECIPES = {
    "as shipped": (Model(), CURVES), "most probable": (Model(), 0), "100 curves": (Model(), 100),
    "tails 5": (Model(tails=5.0), CURVES), "tails 3": (Model(tails=3.0), CURVES), "simple law": (heldout.SIMPLE, CURVES),
    "slopes of 2010": (Model(prior="law"), CURVES), "one excess": (Model(excess="shared"), CURVES),
    "freer spectrum": (Model(prior={"deviation": (0.0, 0.08)}), CURVES), "errors as stated": (Model(error_scale=False), CURVES),
}  # fmt: skip


def compare(names, seed: int = 0) -> pd.DataFrame:
    """Score `RECIPES` on the same hidden measurements; one row a kind of hiding and a recipe.

    Returns
    -------
    pandas.DataFrame
        `heldout.paired` of each recipe with the first one; n (measurements) and error (mean absolute, mag).
    """
    tables = []
    for curve in curves(names):
        hidden = heldout.hide(curve, seed=seed)
        asked = hidden.truth.times, [hidden.band] * len(hidden.truth), hidden.truth.errors
        for kind in ("visit", "band"):
            fits = {model: fit(hidden.known(kind), model, seed=seed) for model, _ in RECIPES.values()}
            found = {name: predict(fits[model], *asked, curves=averaged) for name, (model, averaged) in RECIPES.items()}
            tables.append(heldout.points(hidden, found, kind))
    points, rng = pd.concat(tables, ignore_index=True), np.random.default_rng(seed)
    scores = heldout.scores(points)
    rows = [heldout.paired(points, name, next(iter(RECIPES)), kind, rng) for kind, name in scores.index]
    return pd.DataFrame(rows).assign(n=scores["n"].to_numpy(), error=scores["mae"].to_numpy())
