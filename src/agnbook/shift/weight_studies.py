"""What chapter 22 asks of importance weights: how many Gaussians, which seed, which estimator balances the samples.

`associated` (n, 10) and `unassociated` (m, 10) are features; `group` (n,) the six groups of the associated sources.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from agnbook.shift import density_ratios, weights
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
        ``Source_Name`` and a column ``<estimator>.<seed>`` for each set; `by_estimator` takes it apart.
    """
    sets = {
        f"{name}.{number}": weights.estimate(name, associated, unassociated, number) for name in names for number in range(seeds)
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


def held_out(
    associated, unassociated, names: Iterable[str], halves: Iterable[int], *, maximum: float = weights.MAX_WEIGHT
) -> pd.DataFrame:
    """Fit each estimator to one half of both samples and judge its weights on the other half.

    Parameters
    ----------
    halves : seeds of the random halves.

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
    for half in halves:
        rng = np.random.default_rng(half)
        known, unknown = (X[rng.permutation(len(X))] for X in (associated, unassociated))
        (fit_known, known), (fit_unknown, unknown) = (np.array_split(X, 2) for X in (known, unknown))
        for name in ("none", *names):
            weight, ahead = np.ones(len(known)), np.ones(len(unknown))
            if name != "none":
                ratio = density_ratios.FITS[name](fit_known, fit_unknown, seed=half)
                weight, ahead = (np.clip(ratio(X), SMALLEST, maximum) for X in (known, unknown))
            gain = np.log(ahead).mean() - np.log(weight.mean())
            areas = [
                weights.two_sample_auc(known, unknown, weight, seed=half, n_folds=3, judge=judge) for judge in weights.JUDGES
            ]
            distances = weights.ks_distances(known, unknown, weight)
            effective = weights.effective_sample_size(weight) / len(weight)
            rows.append((name, half, gain, weight.mean(), effective, *areas, distances.mean(), distances.max()))
    columns = ["gain_nats", "mean_weight", "effective", *weights.JUDGES, "mean_ks", "max_ks"]
    return pd.DataFrame(rows, columns=["estimator", "half", *columns])


def judged_by_others(table: pd.DataFrame) -> pd.DataFrame:
    """Add ``auc`` to the rows of `held_out`: the area that the worst judge of another family than the estimator's finds."""
    areas = table[list(weights.JUDGES)]
    own = np.array([[FAMILY.get(name) == judge for judge in weights.JUDGES] for name in table["estimator"]])
    return table.assign(auc=areas.mask(own).max(axis=1))


def weight_share(associated, unassociated, inside, seeds: int, name: str = "gmm") -> np.ndarray:
    """Return the part of all weight that sources of a region get, one value a seed, shape (seeds,).

    Parameters
    ----------
    inside : bool array (n,), the associated sources of the region.
    """
    sets = [weights.estimate(name, associated, unassociated, number) for number in range(seeds)]
    return np.array([weight[inside].sum() / weight.sum() for weight in sets])


def spike(associated: pd.DataFrame, unassociated: pd.DataFrame, seeds: int) -> pd.DataFrame:
    """Part of the weight that the mixtures give to sources with LP_beta < 0, with two things changed one at a time.

    LP_SigCurv, the significance of a curvature LP_beta of either sign, makes a V over LP_beta. "significance with a sign"
    turns the V into a line and leaves all else; "components kept wide" leaves the features and adds
    `density_ratios.WIDE` to the components' variances.

    Returns
    -------
    pandas.DataFrame
        One row a seed, one column a variant.
    """

    def signed(X):
        return X.assign(LP_SigCurv=X["LP_SigCurv"] * np.sign(X["LP_beta"]))

    left = (associated["LP_beta"] < 0).to_numpy()
    variants = {
        "the paper's mixtures": (associated, unassociated, "gmm"),
        "significance with a sign": (signed(associated), signed(unassociated), "gmm"),
        "components kept wide": (associated, unassociated, "wide_gmm"),
    }
    return pd.DataFrame(
        {text: weight_share(X.to_numpy(), Z.to_numpy(), left, seeds, name) for text, (X, Z, name) in variants.items()}
    )


def likelihoods(associated, unassociated, *, seed: int = 0) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Log-likelihoods (nats) of real sources and of as many drawn from their own mixture, by sample (Fig. A2)."""
    scaler, *mixtures = density_ratios.fit_mixtures(associated, unassociated, seed=seed)
    found = {}
    for name, X, mixture in zip(("associated", "unassociated"), (associated, unassociated), mixtures, strict=True):
        drawn = mixture.sample(len(X))[0]
        found[name] = mixture.score_samples(scaler.transform(X)), mixture.score_samples(drawn)
    return found


def mixture_overfit(associated, unassociated, halves: int) -> pd.DataFrame:
    """Mean log-likelihood of mixtures on the half that they were fitted to and on the other half.

    Columns: ``sample``, ``half``, ``fitted``, ``held_out`` (nats a source, features standardised by all sources).
    """
    rows = []
    for half in range(halves):
        rng = np.random.default_rng(half)
        parts = [np.array_split(X[rng.permutation(len(X))], 2) for X in (associated, unassociated)]
        scaler, *mixtures = density_ratios.fit_mixtures(parts[0][0], parts[1][0], seed=half)
        for name, (own, other), mixture in zip(("associated", "unassociated"), parts, mixtures, strict=True):
            rows.append((name, half, mixture.score(scaler.transform(own)), mixture.score(scaler.transform(other))))
    return pd.DataFrame(rows, columns=["sample", "half", "fitted", "held_out"])
