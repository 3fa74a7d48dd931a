"""The contenders of the redshift exam (chapter 44): baselines, and models that learn from limits and from selection."""

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from agnbook import committed
from agnbook.judge import later_redshifts
from agnbook.redshifts import boosted as boosted_redshift
from agnbook.redshifts import censored, intervals
from agnbook.shift import weights
from agnbook.sky import features

#: New contenders of the redshift exam (chapter 44): what each learns from beside the redshifts of 4LAC-DR3.
CENSORED_RECIPES = ("reweighted", "reweighted, limits once", "reweighted, limits at their share")


def _quantile_table(name: str, forecast, index) -> pd.DataFrame:
    table = pd.DataFrame({"model": name, "mean": forecast.mean}, index)
    for column, level in zip(later_redshifts.QUANTILES, later_redshifts.LEVELS, strict=True):
        table[column] = forecast.quantile(level)
    return table.assign(low68=table["q160"], high68=table["q840"], low95=table["q025"], high95=table["q975"])


def redshift_baselines(X: pd.DataFrame, z, target: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Class mean (with the class's distribution) and ridge regression (with its out-of-fold residuals) for `target`.

    Parameters
    ----------
    X, target : tables of `features.extended_redshift_features`.
    z : array, shape (n,), redshifts of `X`.
    """
    groups = boosted_redshift.source_groups(X), boosted_redshift.source_groups(target)
    parts = []
    for name in np.unique(groups[1]):
        rows = np.flatnonzero(groups[1] == name)
        parts.append(_quantile_table("class mean", intervals.empirical(z[groups[0] == name], len(rows)), target.index[rows]))
    ridge = make_pipeline(SimpleImputer(), StandardScaler(), RidgeCV(np.logspace(-1, 4, 11)))
    folds = KFold(10, shuffle=True, random_state=seed)
    residuals = z - cross_val_predict(ridge, X, z, cv=folds)
    forecast = intervals.with_residuals(ridge.fit(X, z).predict(target), residuals)
    return pd.concat([*parts, _quantile_table("ridge", forecast, target.index)])


def censored_redshifts(
    X: pd.DataFrame, z, target: pd.DataFrame, found: pd.DataFrame, *, seed: int = 0, rounds: float = 0.5, n_folds: int = 5
) -> pd.DataFrame:
    """Answer for `target` by `CENSORED_RECIPES`; a source never sees its own limit, and no secure redshift is learned from.

    Parameters
    ----------
    X, z : sources with a redshift; the extended features.
    found : as `later_redshifts.answers` gives it, for the sources of `target`. Its limits are learned from; in the last
        recipe they weigh, in each class, as much as limits weigh among that class's sources whose spectrum gave a redshift
        or a limit.
    n_folds : a source with a limit is answered by a model that learned from the limits of the other folds.
    """
    limit = found["limit"].dropna()
    weight = weights.clip(weights.density_ratio(X.to_numpy(float), target.to_numpy(float), "boosting", seed))
    weight = weight / weight.mean()
    groups = boosted_redshift.source_groups(X), boosted_redshift.source_groups(target)
    limited = target.index.get_indexer(limit.index)
    fold = np.full(len(target), -1)
    fold[limited] = np.random.default_rng(seed).permutation(len(limited)) % n_folds
    parts = []
    for recipe in CENSORED_RECIPES:
        for number in range(-1, n_folds if recipe != "reweighted" else 0):
            ask = np.flatnonzero(fold == number) if recipe != "reweighted" else np.arange(len(target))
            if not len(ask):  # a fold without a limit has nobody to answer
                continue
            learn = limited[fold[limited] != number] if recipe != "reweighted" else limited[:0]
            each = np.ones(len(learn))
            if recipe == CENSORED_RECIPES[2]:
                for name in np.unique(groups[1][learn]):
                    looked = found["status"][groups[1] == name]
                    odds = (looked == "limit").sum() / max((looked == "secure").sum(), 1)
                    mine = groups[1][learn] == name
                    each[mine] = odds * weight[groups[0] == name].sum() / mine.sum()
            forecast = censored.fit_predict(
                X, z, weight, target.iloc[learn], limit.reindex(target.index[learn]).to_numpy(float),
                each, target.iloc[ask], (groups[0], groups[1][learn], groups[1][ask]),
                rng=np.random.default_rng(seed), rounds=rounds,
            )  # fmt: skip
            parts.append(_quantile_table(recipe, forecast, target.index[ask]))
    return pd.concat(parts)


def forecast_redshifts(catalogue: pd.DataFrame, published: pd.DataFrame, *, seed: int = 0, rounds: float = 0.5) -> pd.DataFrame:
    """Every own contender of the redshift exam, for the sources of 4LAC-DR3 without a redshift.

    Parameters
    ----------
    catalogue : both files of 4LAC-DR3.
    published : `peers.published_redshifts`; only its limits are learned from, and how many sources have one.

    Returns
    -------
    pandas.DataFrame, indexed by ``Source_Name``
        ``model``, ``mean``, the five quantiles and the 68 and 95 % intervals of `later_redshifts`.
    """
    table = features.extended_redshift_features(catalogue)
    known = np.isfinite(table.y)
    X, z, target = table.X[known], table.y[known], table.X[~known]
    found = later_redshifts.answers(published, target.index)
    baselines = redshift_baselines(X, z, target, seed=seed)
    return pd.concat([baselines, censored_redshifts(X, z, target, found, seed=seed, rounds=rounds)])


def published_redshifts() -> pd.DataFrame:
    """Read the redshifts that the book has published (``data/results/agn_redshifts.csv``) in the form of `forecast_redshifts`."""
    from astropy.table import Table

    table = Table.read(committed.verify("results/agn_redshifts.csv"), format="ascii.ecsv").to_pandas().set_index("Source_Name")
    named = table.rename(columns=lambda name: name.removeprefix("z_"))
    return named[["mean", *later_redshifts.QUANTILES, "low68", "high68", "low95", "high95"]].assign(model="published")
