"""A redshift model that also learns from lower limits.

A source whose spectrum only says "z > 0.6" is a censored observation. Its redshift is drawn, several times, from what the
model believes above the limit; the model is then trained on measured and drawn redshifts together, and the draws are made
again (multiple imputation; the mean of the draws is the estimate of Buckley & James 1979). Centres and residuals live on sqrt(z).
"""

import numpy as np
from sklearn.model_selection import KFold

from agnbook.redshifts import boosted, intervals
from agnbook.redshifts.intervals import Predictive

N_FOLDS = 5


def _trained(X, root, weight, rounds: float, seed: int):
    """One stiff booster on sqrt(z) with weights; returns a function of features."""
    import lightgbm

    settings = boosted.TREES | boosted.BOOSTERS["sqrt"] | {"seed": seed}
    settings["num_iterations"] = max(1, round(settings["num_iterations"] * rounds))
    model = lightgbm.train(
        settings, lightgbm.Dataset(X, root, weight=weight, params={"max_bin": settings["max_bin"], "verbose": -1})
    )
    return model.predict


def draw_above(centre, residuals, weight, limit, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Draw sqrt(z) above a limit from centre + weighted residuals.

    Parameters
    ----------
    centre, limit : arrays, shape (n,), on sqrt(z).
    residuals, weight : arrays, shape (m,)

    Returns
    -------
    numpy.ndarray, shape (n, draws)
        Where no residual reaches the limit, the limit itself.
    """
    result = np.repeat(np.asarray(limit, float)[:, None], draws, axis=1)
    for row, (middle, floor) in enumerate(zip(centre, limit, strict=True)):
        above = middle + residuals > floor
        if weight[above].sum() > 0:
            result[row] = middle + rng.choice(residuals[above], draws, p=weight[above] / weight[above].sum())
    return result


def fit_predict(
    X, z, weight, limited_X, limit, limit_weight, target, groups, *, rng: np.random.Generator,
    iterations: int = 3, draws: int = 5, rounds: float = 0.5,
) -> Predictive:  # fmt: skip
    """Train on measured redshifts and lower limits and answer for `target`.

    Parameters
    ----------
    X, z, weight : arrays, shapes (n, features), (n,), (n,)
        Sources with a redshift, and their weights in training and among the residuals.
    limited_X, limit, limit_weight : arrays, shapes (m, features), (m,), (m,)
        Sources with a lower limit only; m may be 0.
    target : array, shape (k, features)
    groups : three arrays of str, shapes (n,), (m,), (k,)
        A source's residuals come from its own group.
    iterations, draws : rounds of imputation, and draws a limit.
    rounds : factor on the booster's number of trees.
    """
    X, limited_X, target = (np.asarray(part, float) for part in (X, limited_X, target))
    root, floor = np.sqrt(z), np.sqrt(limit)
    filled = np.repeat(floor[:, None], draws, axis=1)
    group = np.r_[groups[0], groups[1]]
    everyone, base = np.vstack([X, limited_X]), np.r_[weight, limit_weight].astype(float)
    folds = list(KFold(N_FOLDS, shuffle=True, random_state=int(rng.integers(2**31))).split(everyone))
    source = np.r_[np.arange(len(X)), np.repeat(np.arange(len(floor)) + len(X), draws)]
    row_weight = np.r_[base[: len(X)], np.repeat(base[len(X) :] / draws, draws)]
    for _ in range(iterations if len(floor) else 1):
        values = np.r_[root, filled.ravel()]
        centre = np.empty(len(everyone))
        for number, (train, test) in enumerate(folds):
            rows = np.isin(source, train)
            centre[test] = _trained(everyone[source[rows]], values[rows], row_weight[rows], rounds, number)(everyone[test])
        residual = values - centre[source]
        for name in np.unique(group[len(X) :]) if len(floor) else ():
            pool, here = group[source] == name, np.flatnonzero(groups[1] == name)
            filled[here] = draw_above(centre[len(X) + here], residual[pool], row_weight[pool], floor[here], draws, rng)
    values = np.r_[root, filled.ravel()]
    residual = values - centre[source]
    middle = _trained(everyone[source], values, row_weight, rounds, N_FOLDS)(target)
    atoms = np.maximum(middle[:, None] + residual, 0.0) ** 2  # a residual may push sqrt(z) below 0
    same = group[source][None] == np.asarray(groups[2])[:, None]
    same |= ~np.isin(groups[2], group)[:, None]  # a group never seen takes the residuals of all
    return intervals.from_points(atoms, np.where(same, row_weight, 0.0))
