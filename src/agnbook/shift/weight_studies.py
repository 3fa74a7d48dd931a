"""What chapter 22 asks of importance weights: how many Gaussians, which seed, which estimator balances the samples.

`associated` (n, 10) and `unassociated` (m, 10) are features; `group` (n,) the six groups of the associated sources.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from agnbook.shift import density_ratios, forest, weights
from agnbook.sky.source_classes import NAMES

#: What a reader calls the estimators of `density_ratios.FITS`.
LABELS = {
    "none": "no weights", "gmm": "two Gaussian mixtures (paper)", "wide_gmm": "mixtures, wide components",
    "logistic": "quadratic logistic regression", "forest": "random forest", "boosting": "boosted trees",
    "kernel": "kernel logistic regression", "ulsif": "kernel least squares (uLSIF)",
}  # fmt: skip
#: Estimators of one family make the same kind of error; a judge should come from another.
FAMILY = {
    "gmm": "mixtures", "wide_gmm": "mixtures", "logistic": "polynomials", "forest": "trees", "boosting": "trees",
    "kernel": "kernels", "ulsif": "kernels",
}  # fmt: skip
#: Ratios below it count as it in `held_out`, where a logarithm of zero would decide everything.
SMALLEST = 1e-3


def information_criteria(associated, unassociated, kernels, *, seeds: int = 1) -> pd.DataFrame:
    """Akaike's and the Bayesian criterion of mixtures with several numbers of kernels (Fig. A1).

    Columns: ``sample``, ``seed``, ``kernels``, ``aic``, ``bic``; features standardised by all sources.
    """
    scaler = StandardScaler().fit(np.vstack([associated, unassociated]))
    rows = []
    for number in kernels:
        for seed in range(seeds):
            mixtures = density_ratios.fit_mixtures(associated, unassociated, n_kernels=number, seed=seed)[1:]
            for name, sample, mixture in zip(("associated", "unassociated"), (associated, unassociated), mixtures, strict=True):
                scaled = scaler.transform(sample)
                rows.append((name, seed, number, mixture.aic(scaled), mixture.bic(scaled)))
    return pd.DataFrame(rows, columns=["sample", "seed", "kernels", "aic", "bic"])


def all_weights(associated, unassociated, names: Iterable[str], seeds: int, sources) -> pd.DataFrame:
    """Estimate the weights by several estimators and seeds.

    Parameters
    ----------
    names : estimators of `density_ratios.FITS`.
    sources : names of the associated sources, shape (n,).

    Returns
    -------
    pandas.DataFrame
        ``Source_Name`` and a column ``<estimator>.<seed>`` for each set, rounded to three decimals; `by_estimator` takes
        it apart.
    """
    sets = {
        f"{name}.{number}": weights.estimate(name, associated, unassociated, number).round(3)
        for name in names
        for number in range(seeds)
    }
    return pd.DataFrame({"Source_Name": np.asarray(sources), **sets})


def by_estimator(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the sets of `all_weights` by estimator, each of shape (seeds, n)."""
    names = dict.fromkeys(column.rsplit(".", 1)[0] for column in table.columns.drop("Source_Name"))
    return {name: table.filter(regex=rf"^{name}\.\d+$").to_numpy(float).T for name in names}


def sizes(table: pd.DataFrame, group) -> pd.DataFrame:
    """What each set of `all_weights` does to the sample.

    Columns: ``estimator``, ``seed``, ``n_eff``, ``mean_weight``, and for each class ``over_<class>``, the sum of weights
    over the number of sources, and ``lost_<class>``, sources over effective sources.
    """
    rows = []
    for name, sets in by_estimator(table).items():
        for number, weight in enumerate(sets):
            over = np.bincount(group, weight) / np.bincount(group)
            lost = [np.sum(group == k) / weights.effective_sample_size(weight[group == k]) for k in range(len(NAMES))]
            rows.append((name, number, weights.effective_sample_size(weight), weight.mean(), *over, *lost))
    per_class = [f"{kind}_{name}" for kind in ("over", "lost") for name in NAMES]
    return pd.DataFrame(rows, columns=["estimator", "seed", "n_eff", "mean_weight", *per_class])


def held_out(associated, unassociated, names: Iterable[str], halves: int, *, maximum: float = weights.MAX_WEIGHT) -> pd.DataFrame:
    """Fit each estimator to one half of both samples and judge its weights on the other half.

    Returns
    -------
    pandas.DataFrame
        ``estimator`` ("none" included), ``half``; ``gain_nats``, the mean logarithm of the normalised weight over the
        unassociated sources, which is a lower bound of the Kullback-Leibler divergence of the two samples and reaches it
        only for the true ratio (Donsker & Varadhan 1983); ``mean_weight``; ``effective`` sources as a part of all; the
        two-sample AUC by each judge of `weights.JUDGES`, .5 being balance; ``mean_ks`` and ``max_ks``, the distances
        feature by feature.
    """
    rows = []
    for half in range(halves):
        rng = np.random.default_rng(half)
        known, unknown = (X[rng.permutation(len(X))] for X in (associated, unassociated))
        (fit_known, known), (fit_unknown, unknown) = (np.array_split(X, 2) for X in (known, unknown))
        for name in ("none", *names):
            weight, ahead = np.ones(len(known)), np.ones(len(unknown))
            if name != "none":
                ratio = density_ratios.FITS[name](fit_known, fit_unknown, seed=half)
                weight, ahead = (np.clip(ratio(X), SMALLEST, maximum) for X in (known, unknown))
            gain = np.log(ahead).mean() - np.log(weight.mean())
            areas = [weights.two_sample_auc(known, unknown, weight, seed=half, judge=judge) for judge in weights.JUDGES]
            distances = weights.ks_distances(known, unknown, weight)
            effective = weights.effective_sample_size(weight) / len(weight)
            rows.append((name, half, gain, weight.mean(), effective, *areas, distances.mean(), distances.max()))
    columns = ["gain_nats", "mean_weight", "effective", *weights.JUDGES, "mean_ks", "max_ks"]
    return pd.DataFrame(rows, columns=["estimator", "half", *columns])


def mixtures_by_seed(associated, unassociated, group, seeds: int) -> pd.DataFrame:
    """What the mixtures' random start does to the weights, one row a seed.

    Columns: ``seed``, ``n_eff``, ``mean_weight``, and for each class ``over_<class>``, the sum of weights over the
    number of sources, and ``lost_<class>``, sources over effective sources.
    """
    rows = []
    for number in range(seeds):
        weight = weights.clip(weights.density_ratio(associated, unassociated, "gmm", seed=number))
        over = np.bincount(group, weight) / np.bincount(group)
        lost = [np.sum(group == k) / weights.effective_sample_size(weight[group == k]) for k in range(len(NAMES))]
        rows.append((number, weights.effective_sample_size(weight), weight.mean(), *over, *lost))
    names = [f"{kind}_{name}" for kind in ("over", "lost") for name in NAMES]
    return pd.DataFrame(rows, columns=["seed", "n_eff", "mean_weight", *names])


def compare_estimators(associated, unassociated, group, two_class, methods, *, seeds: int, seed: int = 0) -> pd.DataFrame:
    """Balance of the two samples under the weights of several estimators, and scores of one forest under each.

    Parameters
    ----------
    two_class : int array (n,), 1 for active galaxies and 0 for Galactic sources.
    methods : estimators of `weights.density_ratio`; no weights at all are added.
    seeds : seeds of each estimator.

    Returns
    -------
    pandas.DataFrame
        ``method``, ``seed``, ``mean_weight``, ``n_eff``, ``two_sample_auc`` (.5 is balance), ``mean_ks``, ``max_ks``
        (distances feature by feature), and out of bag ``two_class_auc`` and ``recall_fsrq``.
    """
    judge = forest.fit_forest(associated, two_class, seed=seed, n_trees=200, max_depth=15, min_samples_leaf=1)
    score = judge.out_of_bag(associated)[:, 1]
    six = forest.fit_forest(associated, group, seed=seed, n_trees=200, max_depth=15).out_of_bag(associated)
    is_fsrq, called_fsrq = group == NAMES.index("fsrq+"), six.argmax(axis=1) == NAMES.index("fsrq+")
    rows = []
    for method in ("none", *methods):
        for number in range(1 if method == "none" else seeds):
            weight = np.ones(len(group))
            if method != "none":
                weight = weights.clip(weights.density_ratio(associated, unassociated, method, seed=number))
            distances = weights.ks_distances(associated, unassociated, weight)
            auc = weights.two_sample_auc(associated, unassociated, weight, seed=number, n_folds=3)
            recall = np.sum(weight * is_fsrq * called_fsrq) / np.sum(weight * is_fsrq)
            two_class_auc = roc_auc_score(two_class, score, sample_weight=weight)
            sizes = weight.mean(), weights.effective_sample_size(weight)
            rows.append((method, number, *sizes, auc, distances.mean(), distances.max(), two_class_auc, recall))
    columns = ["mean_weight", "n_eff", "two_sample_auc", "mean_ks", "max_ks", "two_class_auc", "recall_fsrq"]
    return pd.DataFrame(rows, columns=["method", "seed", *columns])
