"""Importance weights: how much denser the unassociated sources are where an associated one lies.

Paper 2, section 3: w(x) = min(p_unas(x) / p_assoc(x), w_max). How the ratio is estimated is in `density_ratios`; here are
the weights that come of it, and what they are worth: effective sample size, and how alike they make the two samples.
"""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from agnbook.errors import FeatureError
from agnbook.shift import density_ratios
from agnbook.shift.forest import check_weights

#: Paper 2, section 3: no weight is larger.
MAX_WEIGHT = 10.0
#: The estimator that this book recommends; chapter 22 says why.
RECOMMENDED = "kernel"


def estimate(name: str, associated, unassociated, seed: int = 0, *, maximum: float = MAX_WEIGHT) -> np.ndarray:
    """Return the weight of every associated source, shape (n_associated,), by an estimator of `density_ratios.FITS`.

    Parameters
    ----------
    associated, unassociated : arrays, shapes (n_associated, features) and (n_unassociated, features)
    seed : of the mixtures' start, the folds, the trees or the landmarks.

    Raises
    ------
    FeatureError
        As `density_ratio`.
    """
    return clip(density_ratio(associated, unassociated, name, seed), maximum)


def density_ratio(source, target, method: str = "gmm", seed: int = 0, **options) -> np.ndarray:
    """Estimate p_target(x) / p_source(x) at the source points.

    Parameters
    ----------
    source : array, shape (n_source, features)
        The sample to be weighted (associated sources).
    target : array, shape (n_target, features)
        The sample it should look like (unassociated sources).
    method : a key of `density_ratios.FITS`

    Returns
    -------
    numpy.ndarray, shape (n_source,)
        Not clipped; see `clip`. No source is judged by a model that has learned from it, but for the methods of
        `density_ratios.IN_SAMPLE`: a forest answers from its out-of-bag trees, the others are cross-fitted.

    Raises
    ------
    FeatureError
        For an unknown method, samples of different or too few features or sources, or NaN (which the methods of
        `density_ratios.TAKES_MISSING` take as a value of its own).
    """
    if method not in density_ratios.FITS:
        raise FeatureError(f"Unknown density ratio {method!r}; choose one of {', '.join(density_ratios.FITS)}.")
    source, target = np.asarray(source, float), np.asarray(target, float)
    for name, X in (("source", source), ("target", target)):
        if X.ndim != 2 or X.shape[1] != source.shape[-1]:
            raise FeatureError(f"The {name} sample has shape {X.shape}; both samples need the same features in columns.")
        if len(X) < 2 * density_ratios.N_KERNELS:
            raise FeatureError(
                f"The {name} sample has {len(X)} rows; a density ratio needs at least {2 * density_ratios.N_KERNELS}."
            )
        if np.isinf(X).any() or (np.isnan(X).any() and method not in density_ratios.TAKES_MISSING):
            raise FeatureError(f"The {name} sample has NaN or infinite values; leave these rows out first.")
    if method == "forest":
        return density_ratios.out_of_bag(source, target, seed=seed, **options)
    fit = density_ratios.FITS[method]
    if method in density_ratios.IN_SAMPLE:
        return fit(source, target, seed=seed, **options)(source)
    return density_ratios.cross_fit(fit, source, target, seed=seed, **options)


def clip(ratio, maximum: float = MAX_WEIGHT) -> np.ndarray:
    """Return min(ratio, maximum), equation (3) with the paper's bound; see `check_weights` for errors."""
    ratio = np.asarray(ratio, dtype=float)
    return check_weights(np.where(np.isposinf(ratio), maximum, np.minimum(ratio, maximum)), len(ratio))


def effective_sample_size(weight) -> float:
    """(sum w)^2 / sum w^2, equation (4) (Kish 1965)."""
    weight = check_weights(weight, np.shape(weight)[0])
    return float(weight.sum() ** 2 / (weight**2).sum())


def _boosting(X, label, weight, seed):
    model = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=15, early_stopping=False, random_state=seed)
    return model.fit(X, label, weight)


def _polynomials(X, label, weight, seed):
    features = StandardScaler(), PolynomialFeatures(2, include_bias=False), StandardScaler()
    return make_pipeline(*features, LogisticRegression(C=0.1, max_iter=2000)).fit(
        X, label, logisticregression__sample_weight=weight
    )


def _kernels(X, label, weight, seed):
    kernels = Nystroem(gamma=0.5 / X.shape[1], n_components=min(300, len(X)), random_state=seed)
    model = make_pipeline(StandardScaler(), kernels, LogisticRegression(max_iter=2000))
    return model.fit(X, label, logisticregression__sample_weight=weight)


#: Judges of balance: family -> function(X, label, weight, seed) that returns a fitted classifier.
JUDGES = {"trees": _boosting, "polynomials": _polynomials, "kernels": _kernels}


def two_sample_auc(source, target, weight=None, *, seed: int = 0, n_folds: int = 5, judge: str = "trees") -> float:
    """How well a classifier of `JUDGES` tells the weighted source sample from the target; .5 is perfect balance.

    Cross-fitted: trained with the weights (scaled to the size of the target) and scored with them
    on the held-out folds.
    """
    X, label = density_ratios.stacked(source, target)
    weight = np.ones(len(source)) if weight is None else check_weights(weight, len(source))
    weight = np.r_[weight * len(target) / weight.sum(), np.ones(len(target))]
    score = np.empty(len(X))
    for train, test in StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(X, label):
        score[test] = JUDGES[judge](X[train], label[train], weight[train], seed).predict_proba(X[test])[:, 1]
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
