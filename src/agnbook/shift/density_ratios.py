"""Estimators of a density ratio p_target(x) / p_source(x), each a function that fits and returns a function of x.

``fit(source, target, seed=...)`` takes samples of shapes (n_source, features) and (n_target, features) and returns
``ratio(X)`` for X of shape (n, features). The paper divides two Gaussian mixtures. A classifier of "target against source"
gives the same ratio without any density, r(x) = (n_source / n_target) p(target | x) / p(source | x), and normalises itself.
"""

from collections.abc import Callable

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from agnbook.shift.forest import fit_forest

Ratio = Callable[[np.ndarray], np.ndarray]

#: Paper 2, appendix A.
N_KERNELS = 12
#: What `fit_wide_mixtures` adds to each component's variances, in units of a feature's variance over all sources.
WIDE = 0.1


def fit_mixtures(source, target, *, n_kernels: int = N_KERNELS, seed: int = 0, n_init: int = 1, added_variance: float = 1e-6):
    """Fit a full-covariance Gaussian mixture to each sample, after a common standardisation.

    Parameters
    ----------
    source, target : arrays, shapes (n_source, features) and (n_target, features)
    added_variance : on the diagonal of every covariance, in units of a feature's variance over both samples. The default
        is scikit-learn's and only keeps covariances positive.

    Returns
    -------
    (StandardScaler, GaussianMixture, GaussianMixture)
        The scaler of both samples together, the mixture of `source`, and that of `target`.
    """
    scaler = StandardScaler().fit(np.vstack([source, target]))
    options = {"n_init": n_init, "random_state": seed, "reg_covar": added_variance}
    mixtures = [GaussianMixture(n_kernels, **options).fit(scaler.transform(X)) for X in (source, target)]
    return scaler, *mixtures


def fit_gmm(source, target, *, seed: int = 0, n_kernels: int = N_KERNELS, added_variance: float = 1e-6) -> Ratio:
    """Two Gaussian mixtures (the paper's recipe, section 3 and appendix A)."""
    scaler, p_source, p_target = fit_mixtures(source, target, n_kernels=n_kernels, seed=seed, added_variance=added_variance)

    def ratio(X):
        scaled = scaler.transform(X)
        return np.exp(np.clip(p_target.score_samples(scaled) - p_source.score_samples(scaled), -700, 700))

    return ratio


def fit_wide_mixtures(source, target, *, seed: int = 0) -> Ratio:
    """The paper's mixtures with components that cannot become thin: `WIDE` is added to their variances."""
    return fit_gmm(source, target, seed=seed, added_variance=WIDE)


def stacked(source, target) -> tuple[np.ndarray, np.ndarray]:
    """Return both samples under one another, and 0 for the first and 1 for the second."""
    return np.vstack([source, target]), np.r_[np.zeros(len(source), int), np.ones(len(target), int)]


def from_probability(probability, n_source: int, n_target: int) -> np.ndarray:
    """Return the ratio that p(target | x), shape (n,), stands for when the classifier saw these numbers of sources."""
    probability = np.clip(probability, 1e-6, 1 - 1e-6)
    return probability / (1 - probability) * n_source / n_target


def _fit_classifier(model, source, target) -> Ratio:
    model.fit(*stacked(source, target))
    return lambda X: from_probability(model.predict_proba(X)[:, 1], len(source), len(target))


def fit_logistic(source, target, *, seed: int = 0, C: float = 0.1) -> Ratio:
    """A logistic regression with all squares and products of the features."""
    features = StandardScaler(), PolynomialFeatures(2, include_bias=False), StandardScaler()
    return _fit_classifier(make_pipeline(*features, LogisticRegression(C=C, max_iter=2000)), source, target)


def fit_boosting(source, target, *, seed: int = 0) -> Ratio:
    """Gradient-boosted trees."""
    model = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=120, max_leaf_nodes=15, l2_regularization=1.0, early_stopping=False, random_state=seed
    )
    return _fit_classifier(model, source, target)


def fit_kernel(source, target, *, seed: int = 0, n_landmarks: int = 300, C: float = 3.0) -> Ratio:
    """A logistic regression on Gaussian kernels about random landmarks (Nystroem's approximation), ridge-regularised.

    The kernel's width is the square root of the number of features, in standard deviations: the typical distance of two
    sources in that space, up to a factor of square root of two.
    """
    gamma, n_landmarks = 0.5 / source.shape[1], min(n_landmarks, len(source) + len(target))
    kernels = Nystroem(gamma=gamma, n_components=n_landmarks, random_state=seed)
    return _fit_classifier(make_pipeline(StandardScaler(), kernels, LogisticRegression(C=C, max_iter=2000)), source, target)


def fit_forest_ratio(source, target, *, seed: int = 0, n_trees: int = 300, min_samples_leaf: int = 5) -> Ratio:
    """A random forest; for the sources it has learned from use `out_of_bag`."""
    X, label = stacked(source, target)
    forest = fit_forest(X, label, seed=seed, n_trees=n_trees, max_depth=None, min_samples_leaf=min_samples_leaf)
    return lambda X: from_probability(forest.predict_proba(X)[:, 1], len(source), len(target))


def out_of_bag(source, target, *, seed: int = 0, n_trees: int = 300, min_samples_leaf: int = 5) -> np.ndarray:
    """Return the ratio at the source points from the trees of a random forest that did not see each, shape (n_source,)."""
    X, label = stacked(source, target)
    forest = fit_forest(X, label, seed=seed, n_trees=n_trees, max_depth=None, min_samples_leaf=min_samples_leaf)
    return from_probability(forest.out_of_bag(X)[: len(source), 1], len(source), len(target))


def fit_ulsif(source, target, *, seed: int = 0, n_centres: int = 200) -> Ratio:
    """Unconstrained least-squares importance fitting (uLSIF, Kanamori et al. 2009).

    The ratio is a sum of Gaussian kernels at random target points; its squared error has a closed
    solution. Kernel width and regularisation minimise that error on five held-out folds.
    """
    rng = np.random.default_rng(seed)
    scaler = StandardScaler().fit(np.vstack([source, target]))
    source, target = scaler.transform(source), scaler.transform(target)
    centres = target[rng.choice(len(target), min(n_centres, len(target)), replace=False)]
    squared = [cdist(X, centres, "sqeuclidean") for X in (source, target)]
    median = np.sqrt(np.median(squared[1]))
    folds = [rng.integers(0, 5, len(X)) for X in (source, target)]

    def solve(k_source, k_target, penalty):
        H = k_source.T @ k_source / len(k_source)
        alpha = np.linalg.solve(H + penalty * np.eye(len(H)), k_target.mean(axis=0))
        return np.maximum(alpha, 0)

    best = (np.inf, None, None)
    for factor in (0.3, 0.5, 0.8, 1.2):
        k_source, k_target = (np.exp(-distance / (2 * (factor * median) ** 2)) for distance in squared)
        for penalty in (1e-3, 1e-2, 1e-1):
            error = 0.0
            for fold in range(5):
                alpha = solve(k_source[folds[0] != fold], k_target[folds[1] != fold], penalty)
                error += 0.5 * np.mean((k_source[folds[0] == fold] @ alpha) ** 2) - np.mean(k_target[folds[1] == fold] @ alpha)
            best = min(best, (error, factor, penalty))
    width = best[1] * median
    alpha = solve(*(np.exp(-distance / (2 * width**2)) for distance in squared), best[2])
    return lambda X: np.exp(-cdist(scaler.transform(X), centres, "sqeuclidean") / (2 * width**2)) @ alpha


def cross_fit(fit, source, target, *, seed: int = 0, n_folds: int = 5) -> np.ndarray:
    """Return the ratio at the source points, each from a fit that did not see it, shape (n_source,)."""
    X, label = stacked(source, target)
    ratio = np.empty(len(source))
    for train, test in StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(X, label):
        rows = test[label[test] == 0]
        ratio[rows] = fit(X[train][label[train] == 0], X[train][label[train] == 1], seed=seed)(source[rows])
    return ratio


#: Estimators: name -> function that fits.
FITS: dict[str, Callable[..., Ratio]] = {
    "gmm": fit_gmm, "wide_gmm": fit_wide_mixtures, "logistic": fit_logistic, "forest": fit_forest_ratio,
    "boosting": fit_boosting, "kernel": fit_kernel, "ulsif": fit_ulsif,
}  # fmt: skip
#: Estimators that answer for a source that they were fitted to: the paper's, and those too stiff to remember a source.
IN_SAMPLE = ("gmm", "logistic", "ulsif")
#: Estimators that take a missing value as a value of its own.
TAKES_MISSING = ("boosting",)
