"""How uncertain an expected class count is: training sources, weights, the draw itself; and what labels do to it.

Chapter 25; paper 2, section 5. `X` (n, 10) and `group` (n,) are the associated sources, `target` (m, 10) the unassociated.
"""

import numpy as np
import pandas as pd

from agnbook.shift import catalogue, forest, spread_studies
from agnbook.sky.source_classes import NAMES

#: Names of the three parts of an error, as columns of `parts`.
PARTS = ["training", "weights", "draw"]


def weights_std(counts: pd.DataFrame, associated: bool) -> pd.Series:
    """Standard deviation of each expected count over sets of weights, every estimator counting alike.

    Parameters
    ----------
    counts : table of `spread_studies.study`, in which all sets train on the same splits

    Returns
    -------
    pandas.Series, indexed by class
        Root of the mean variance over an estimator's seeds plus the variance over estimators' means.
    """
    others = ["unweighted", spread_studies.CHANCE]
    mine = counts[(counts["associated"] == associated) & ~counts["set"].isin(others)]
    grouped = mine.assign(estimator=mine["set"].str.split().str[0]).groupby(["class", "estimator"])["expected"]
    within = grouped.var().fillna(0).groupby("class").mean()
    return np.sqrt(within + grouped.mean().groupby("class").var().fillna(0)).loc[list(NAMES)]


def parts(counts: pd.DataFrame, weights: pd.Series | float, associated: bool) -> pd.DataFrame:
    """Errors of `published_catalogue.Published.counts` in three parts, and their ``total``.

    Parameters
    ----------
    weights : `weights_std` after weighted training; 0 after unweighted training, which knows no weights.
    associated : their labels are known, so the chance of the draw is none of their errors.
    """
    table = pd.DataFrame(
        {"training": counts["training_std"], "weights": weights, "draw": 0.0 if associated else counts["class_std"]}
    )
    return table.assign(total=np.sqrt((table**2).sum(axis=1)))


def ratios(counts: pd.DataFrame, errors: pd.DataFrame, group) -> pd.DataFrame:
    """Expected unassociated over associated sources of each class, with 1.96 total errors: ``value``, ``low``, ``high``.

    Parameters
    ----------
    counts, errors : tables of `published_catalogue.Published.counts` and of `parts`
    group : int array (n,), of the associated sources
    """
    truth = np.bincount(group, minlength=len(NAMES))
    value, half = counts["expected"] / truth, 1.96 * errors["total"] / truth
    return pd.DataFrame({"value": value, "low": value - half, "high": value + half})


def bootstrap_sums(X, group, target, *, n_resamples: int, n_trees: int, rng: np.random.Generator) -> np.ndarray:
    """Expected counts of unassociated sources by forests, each trained on a bootstrap sample of the sources, (resamples, 6).

    Their scatter is the error of other training sources by another theory than the delete-d jackknife.
    """
    sums = []
    for _ in range(n_resamples):
        drawn = rng.integers(0, len(X), len(X))
        seed = int(rng.integers(2**31))
        trained = forest.fit_forest(X[drawn], group[drawn], seed=seed, n_classes=len(NAMES), n_trees=n_trees)
        sums.append(trained.predict_proba(target).sum(axis=0))
    return np.array(sums)


def relabelled(X, group, target, sizes, *, n_draws: int, n_trees: int, rng: np.random.Generator) -> pd.DataFrame:
    """Expected counts of unassociated sources when classes of the training sample shrink to `sizes`.

    Each draw trains two forests with one seed on a random 70 %: all of it, and what is left when randomly chosen sources
    of each too large class lose their labels.

    Parameters
    ----------
    sizes : number of sources of each class in the whole sample, such as the paper's Table 2; larger ones change nothing.

    Returns
    -------
    pandas.DataFrame
        One row a draw, one column a class: change of the expected count.
    """
    now, changes = np.bincount(group, minlength=len(NAMES)), []
    for _ in range(n_draws):
        keep = np.ones(len(X), bool)
        for k, size in enumerate(sizes):
            if size < now[k]:
                keep[rng.choice(np.flatnonzero(group == k), now[k] - int(size), replace=False)] = False
        part = catalogue.random_splits(len(X), 1, rng)[0][0]
        seed, sums = int(rng.integers(2**31)), []
        for rows in (part, part[keep[part]]):
            trained = forest.fit_forest(X[rows], group[rows], seed=seed, n_classes=len(NAMES), n_trees=n_trees)
            sums.append(trained.predict_proba(target).sum(axis=0))
        changes.append(sums[1] - sums[0])
    return pd.DataFrame(changes, columns=NAMES)


def mean_interval(changes: pd.DataFrame, needed) -> pd.DataFrame:
    """Mean change of each class with 1.96 standard errors, beside the change that would give the paper's count."""
    mean, half = changes.mean(), 1.96 * changes.sem()
    columns = {"change (95 %)": mean, "low": mean - half, "high": mean + half, "paper − ours": needed}
    return pd.DataFrame(columns).rename_axis("expected unassociated sources")
