"""What chapter 22 asks of importance weights: how many Gaussians, which seed, which estimator balances the samples.

`associated` (n, 10) and `unassociated` (m, 10) are features; `group` (n,) the six groups of the associated sources.
"""

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler

from agnbook.shift import forest, weights
from agnbook.sky.source_classes import NAMES

#: What a reader calls the estimators of `weights.density_ratio`.
LABELS = {
    "none": "no weights", "gmm": "two Gaussian mixtures (paper)", "logistic": "quadratic logistic regression",
    "forest": "random forest, out of bag", "boosting": "boosted trees, cross-fitted", "kernel": "kernel least squares (uLSIF)",
}  # fmt: skip


def information_criteria(associated, unassociated, kernels, *, seed: int = 0) -> pd.DataFrame:
    """Akaike's and the Bayesian criterion of mixtures with several numbers of kernels (Fig. A1).

    Columns: ``sample``, ``kernels``, ``aic``, ``bic``; features standardised by all sources.
    """
    scaler = StandardScaler().fit(np.vstack([associated, unassociated]))
    rows = []
    for name, sample in (("associated", associated), ("unassociated", unassociated)):
        scaled = scaler.transform(sample)
        for number in kernels:
            mixture = GaussianMixture(number, random_state=seed).fit(scaled)
            rows.append((name, number, mixture.aic(scaled), mixture.bic(scaled)))
    return pd.DataFrame(rows, columns=["sample", "kernels", "aic", "bic"])


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
