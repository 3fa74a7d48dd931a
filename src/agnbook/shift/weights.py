"""Importance weights: how much denser the unassociated sources are where an associated one lies.

Paper 2, section 3: w(x) = min(p_unas(x) / p_assoc(x), w_max). The paper takes both densities from
Gaussian mixtures; a probabilistic classifier of "unassociated against associated" gives the same
ratio, r(x) = (n_assoc / n_unas) p(unas | x) / p(assoc | x), and normalises itself.
"""

from collections.abc import Callable

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from agnbook.errors import FeatureError
from agnbook.shift.forest import check_weights, fit_forest

#: Paper 2, section 3 and appendix A.
MAX_WEIGHT, N_KERNELS = 10.0, 12


def fit_mixtures(source, target, *, n_kernels: int = N_KERNELS, seed: int = 0, n_init: int = 1):
    """Fit a full-covariance Gaussian mixture to each sample, after a common standardisation.

    Parameters
    ----------
    source, target : arrays, shapes (n_source, features) and (n_target, features)

    Returns
    -------
    (StandardScaler, GaussianMixture, GaussianMixture)
        The scaler of both samples together, the mixture of `source`, and that of `target`.
    """
    scaler = StandardScaler().fit(np.vstack([source, target]))
    mixtures = [GaussianMixture(n_kernels, n_init=n_init, random_state=seed).fit(scaler.transform(X)) for X in (source, target)]
    return scaler, *mixtures


def gmm_ratio(source, target, *, seed: int = 0, n_kernels: int = N_KERNELS) -> np.ndarray:
    """p_target / p_source at the source points from two Gaussian mixtures (the paper's recipe)."""
    scaler, p_source, p_target = fit_mixtures(source, target, n_kernels=n_kernels, seed=seed)
    X = scaler.transform(source)
    return np.exp(np.clip(p_target.score_samples(X) - p_source.score_samples(X), -700, 700))


def _from_probability(probability, n_source: int, n_target: int) -> np.ndarray:
    probability = np.clip(probability, 1e-6, 1 - 1e-6)
    return probability / (1 - probability) * n_source / n_target


def _stacked(source, target):
    return np.vstack([source, target]), np.r_[np.zeros(len(source), int), np.ones(len(target), int)]


def logistic_ratio(source, target, *, seed: int = 0, C: float = 0.1) -> np.ndarray:
    """Density ratio from a logistic regression with all squares and products of the features."""
    X, label = _stacked(source, target)
    model = make_pipeline(
        StandardScaler(), PolynomialFeatures(2, include_bias=False), StandardScaler(), LogisticRegression(C=C, max_iter=2000)
    ).fit(X, label)
    return _from_probability(model.predict_proba(source)[:, 1], len(source), len(target))


def forest_ratio(source, target, *, seed: int = 0, n_trees: int = 300, min_samples_leaf: int = 5) -> np.ndarray:
    """Density ratio from the out-of-bag probabilities of a random forest."""
    X, label = _stacked(source, target)
    forest = fit_forest(X, label, seed=seed, n_trees=n_trees, max_depth=None, min_samples_leaf=min_samples_leaf)
    return _from_probability(forest.out_of_bag(X)[: len(source), 1], len(source), len(target))


def boosting_ratio(source, target, *, seed: int = 0, n_folds: int = 5) -> np.ndarray:
    """Density ratio from gradient-boosted trees, each source predicted by the fold that did not see it."""
    X, label = _stacked(source, target)
    probability = np.empty(len(X))
    for train, test in StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(X, label):
        model = HistGradientBoostingClassifier(
            learning_rate=0.05, max_iter=120, max_leaf_nodes=15, l2_regularization=1.0, early_stopping=False, random_state=seed
        ).fit(X[train], label[train])
        probability[test] = model.predict_proba(X[test])[:, 1]
    return _from_probability(probability[: len(source)], len(source), len(target))


def kernel_ratio(source, target, *, seed: int = 0, n_centres: int = 200) -> np.ndarray:
    """Density ratio by unconstrained least-squares importance fitting (uLSIF, Kanamori et al. 2009).

    The ratio is a sum of Gaussian kernels at random target points; its squared error has a closed
    solution. Kernel width and regularisation minimise that error on five held-out folds.
    """
    rng = np.random.default_rng(seed)
    scaler = StandardScaler().fit(np.vstack([source, target]))
    source, target = scaler.transform(source), scaler.transform(target)
    centres = target[rng.choice(len(target), min(n_centres, len(target)), replace=False)]
    squared = [cdist(X, centres, "sqeuclidean") for X in (source, target)]
    width = np.sqrt(np.median(squared[1]))
    folds = [rng.integers(0, 5, len(X)) for X in (source, target)]

    def solve(k_source, k_target, penalty):
        H = k_source.T @ k_source / len(k_source)
        alpha = np.linalg.solve(H + penalty * np.eye(len(H)), k_target.mean(axis=0))
        return np.maximum(alpha, 0)

    best = (np.inf, None, None)
    for factor in (0.3, 0.5, 0.8, 1.2):
        k_source, k_target = (np.exp(-distance / (2 * (factor * width) ** 2)) for distance in squared)
        for penalty in (1e-3, 1e-2, 1e-1):
            error = 0.0
            for fold in range(5):
                alpha = solve(k_source[folds[0] != fold], k_target[folds[1] != fold], penalty)
                error += 0.5 * np.mean((k_source[folds[0] == fold] @ alpha) ** 2) - np.mean(k_target[folds[1] == fold] @ alpha)
            best = min(best, (error, factor, penalty))
    kernel_source, kernel_target = (np.exp(-distance / (2 * (best[1] * width) ** 2)) for distance in squared)
    return kernel_source @ solve(kernel_source, kernel_target, best[2])


#: Density-ratio estimators: name -> function(source, target, seed=...) -> ratio at the source points.
METHODS: dict[str, Callable[..., np.ndarray]] = {
    "gmm": gmm_ratio, "logistic": logistic_ratio, "forest": forest_ratio, "boosting": boosting_ratio, "kernel": kernel_ratio,
}  # fmt: skip


def density_ratio(source, target, method: str = "gmm", seed: int = 0, **options) -> np.ndarray:
    """Estimate p_target(x) / p_source(x) at the source points.

    Parameters
    ----------
    source : array, shape (n_source, features)
        The sample to be weighted (associated sources).
    target : array, shape (n_target, features)
        The sample it should look like (unassociated sources).
    method : a key of `METHODS`

    Returns
    -------
    numpy.ndarray, shape (n_source,)
        Not clipped; see `clip`.

    Raises
    ------
    FeatureError
        For an unknown method, samples of different or too few features or sources, or NaN.
    """
    if method not in METHODS:
        raise FeatureError(f"Unknown density ratio {method!r}; choose one of {', '.join(METHODS)}.")
    source, target = np.asarray(source, float), np.asarray(target, float)
    for name, X in (("source", source), ("target", target)):
        if X.ndim != 2 or X.shape[1] != source.shape[-1]:
            raise FeatureError(f"The {name} sample has shape {X.shape}; both samples need the same features in columns.")
        if len(X) < 2 * N_KERNELS:
            raise FeatureError(f"The {name} sample has {len(X)} rows; a density ratio needs at least {2 * N_KERNELS}.")
        if not np.isfinite(X).all():
            raise FeatureError(f"The {name} sample has NaN or infinite values; leave these rows out first.")
    return METHODS[method](source, target, seed=seed, **options)


def clip(ratio, maximum: float = MAX_WEIGHT) -> np.ndarray:
    """Return min(ratio, maximum), equation (3) with the paper's bound; see `check_weights` for errors."""
    ratio = np.asarray(ratio, dtype=float)
    return check_weights(np.where(np.isposinf(ratio), maximum, np.minimum(ratio, maximum)), len(ratio))


def effective_sample_size(weight) -> float:
    """(sum w)^2 / sum w^2, equation (4) (Kish 1965)."""
    weight = check_weights(weight, np.shape(weight)[0])
    return float(weight.sum() ** 2 / (weight**2).sum())


def two_sample_auc(source, target, weight=None, *, seed: int = 0, n_folds: int = 5) -> float:
    """How well boosted trees tell the weighted source sample from the target; .5 is perfect balance.

    Cross-fitted: trained with the weights (scaled to the size of the target) and scored with them
    on the held-out folds.
    """
    X, label = _stacked(source, target)
    weight = np.ones(len(source)) if weight is None else check_weights(weight, len(source))
    weight = np.r_[weight * len(target) / weight.sum(), np.ones(len(target))]
    score = np.empty(len(X))
    for train, test in StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(X, label):
        model = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=15, early_stopping=False, random_state=seed)
        score[test] = model.fit(X[train], label[train], weight[train]).predict_proba(X[test])[:, 1]
    return float(roc_auc_score(label, score, sample_weight=weight))


def ks_distances(source, target, weight=None) -> np.ndarray:
    """Largest distance between the (weighted) cumulative distributions, one a feature, shape (features,)."""
    source, target = np.asarray(source, float), np.asarray(target, float)
    weight = np.ones(len(source)) if weight is None else check_weights(weight, len(source))
    distances = []
    for x, t in zip(source.T, target.T, strict=True):
        grid = np.unique(np.r_[x, t])
        order = np.argsort(x)
        cumulative = np.r_[0, np.cumsum(weight[order])] / weight.sum()
        ours = cumulative[np.searchsorted(x[order], grid, side="right")]
        distances.append(np.abs(ours - np.searchsorted(np.sort(t), grid, side="right") / len(t)).max())
    return np.array(distances)
