"""Class forecasts for gamma-ray sources, each with an honest forecast for its own training sources.

A forecaster is trained on the associated sources of one release and answers for the unassociated
ones. For the associated sources it answers with models that did not see them, so that its score can
be estimated before any new label exists.
"""

import hashlib

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from agnbook.blazars import boosted as peers
from agnbook.blazars import linear, networks, voting
from agnbook.shift import weights
from agnbook.shift.forest import fit_forest
from agnbook.sky import features, source_classes


def forest(X, y, target, *, weight=None, seed: int = 0, n_trees: int = 500, n_classes: int | None = None):
    """Paper 2's forest (depth 15, weights as up to scikit-learn 1.8), with more trees than its 50.

    Returns
    -------
    (array (n, classes), array (n_target, classes))
        Out-of-bag probabilities of the training sources, probabilities of the targets.
    """
    model = fit_forest(X, y, weight, seed=seed, n_trees=n_trees, n_classes=n_classes)
    return model.out_of_bag(X), model.predict_proba(target)


def boosted(seed: int = 0, rounds: int = 150):
    """Gradient-boosted trees with slow learning and small leaves."""
    return HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=rounds, max_leaf_nodes=15, l2_regularization=1.0, early_stopping=False, random_state=seed
    )


def quadratic():
    """Logistic regression on the features, their squares and products."""
    return make_pipeline(
        StandardScaler(), PolynomialFeatures(2, include_bias=False), StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)
    )


def cross_fitted(make_model, X, y, target, *, n_folds: int = 10, seed: int = 0):
    """Out-of-fold probabilities of the training sources, and those of the targets by a model of all of them.

    Parameters
    ----------
    make_model : callable that returns an estimator with ``fit`` and ``predict_proba``.
    X, y : array (n, features), int array (n,) of classes 0 to k - 1, each with at least `n_folds` sources.
    target : array (n_target, features)
    """
    X, y = np.asarray(X, float), np.asarray(y, int)
    own = np.empty((len(X), y.max() + 1))
    for train, test in StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(X, y):
        own[test] = make_model().fit(X[train], y[train]).predict_proba(X[test])
    return own, make_model().fit(X, y).predict_proba(np.asarray(target, float))


def pool(probabilities, floor: float = 1e-3) -> np.ndarray:
    """Geometric mean of class probabilities over the first axis, normalised (for two classes: the mean logit).

    Parameters
    ----------
    probabilities : array, shape (models, n, classes); values below `floor` count as `floor`.
    """
    logarithm = np.log(np.maximum(np.asarray(probabilities, float), floor)).mean(axis=0)
    pooled = np.exp(logarithm - logarithm.max(axis=1, keepdims=True))
    return pooled / pooled.sum(axis=1, keepdims=True)


def fingerprint(*parts) -> str:
    """SHA-256 of arrays and settings: two models with one fingerprint were trained on the same numbers."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            part = np.ascontiguousarray(part)
            digest.update(f"{part.dtype}{part.shape}".encode() + part.tobytes())
        else:
            digest.update(repr(part).encode())
    return digest.hexdigest()


def recalibrate(own, truth, weight, target) -> np.ndarray:
    """Straighten probabilities by a logistic curve fitted to weighted sources with known classes.

    Parameters
    ----------
    own, truth, weight : arrays (n,), probabilities, labels 0 / 1 and importance weights of known sources.
    target : array (n_target,), probabilities to correct.

    Returns
    -------
    numpy.ndarray, shape (n_target,)
        Probability of ``sigmoid(a + b logit(p))`` with the fitted a and b (Platt scaling, importance weighted).
    """
    curve = LogisticRegression(C=1e6).fit(voting.logit(own)[:, None], truth, weight)
    return curve.predict_proba(voting.logit(target)[:, None])[:, 1]


#: Two classes of paper 2, section 4.1; a forecast table holds the probability of the first.
TWO_CLASSES = ("agn", "galactic")
#: Forecasters of `forecast_release`, in the order of chapter 42. The last two exist for two classes only.
MODELS = ("forest", "weighted forest", "boosted", "quadratic", "ensemble", "recalibrated", "adapted")
#: Models whose forecasts for the six groups are kept.
GROUP_MODELS = ("forest", "weighted forest", "ensemble")


def probabilities(table: pd.DataFrame, model: str, names=TWO_CLASSES) -> pd.DataFrame:
    """Take a model's class probabilities from a table of `forecast_release`, columns named by class."""
    if tuple(names) == TWO_CLASSES:
        agn = table[f"{model}: agn"]
        return pd.DataFrame({"agn": agn, "galactic": 1 - agn})
    return table[[f"{model}: {name}" for name in names]].set_axis(list(names), axis=1)


def _all_models(X, y, target, weight, seed, n_trees, n_folds, n_rounds):
    pairs = {
        "forest": forest(X, y, target, seed=seed, n_trees=n_trees),
        "weighted forest": forest(X, y, target, weight=weight, seed=seed, n_trees=n_trees),
        "boosted": cross_fitted(lambda: boosted(seed, n_rounds), X, y, target, n_folds=n_folds, seed=seed),
        "quadratic": cross_fitted(quadratic, X, y, target, n_folds=n_folds, seed=seed),
    }
    members = [pairs[name] for name in ("forest", "boosted", "quadratic")]
    pairs["ensemble"] = tuple(pool(side) for side in zip(*members, strict=True))
    return pairs


def forecast_release(
    release: pd.DataFrame, *, seed: int = 0, n_trees: int = 500, n_folds: int = 10, n_rounds: int = 150, groups: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Forecast the classes of a release's unassociated sources from that release alone.

    Parameters
    ----------
    release : rows of a 4FGL catalogue.
    n_trees, n_folds, n_rounds : sizes of the forest, of the cross-fitting and of the boosting.
    groups : also forecast the six groups of paper 2.

    Returns
    -------
    (pandas.DataFrame, pandas.DataFrame), indexed by ``Source_Name``
        Associated sources (each by models that did not see it, with the importance weights ``weight: gmm`` and
        ``weight: classifier``, clipped at 10) and unassociated ones. Column ``<model>: agn`` for each of `MODELS`, and
        ``<model>: <group>`` for `GROUP_MODELS`; `probabilities` takes them apart.

    Notes
    -----
    "ensemble" is the mean logit of the unweighted forest, boosted trees and quadratic logistic regression.
    "recalibrated" corrects it by a curve fitted to the associated sources with classifier weights, "adapted"
    by the class fractions that expectation maximisation finds among the unassociated ones (Saerens et al. 2002).
    """
    table = features.gamma_features(release)
    known = table.y == 1
    X, target = (table.X.to_numpy()[rows] for rows in (known, ~known))
    physical = table.info["physical_class"].to_numpy()[known]
    weight = {name: weights.clip(weights.density_ratio(X, target, method, seed=seed))
              for name, method in (("gmm", "gmm"), ("classifier", "boosting"))}  # fmt: skip
    own = pd.DataFrame({f"weight: {name}": ratio for name, ratio in weight.items()}, index=table.X.index[known])
    ahead = pd.DataFrame(index=table.X.index[~known])
    is_agn = source_classes.two_class(physical)
    for model, sides in _all_models(X, 1 - is_agn, target, weight["gmm"], seed, n_trees, n_folds, n_rounds).items():
        own[f"{model}: agn"], ahead[f"{model}: agn"] = (side[:, 0] for side in sides)
    best = own["ensemble: agn"].to_numpy(), ahead["ensemble: agn"].to_numpy()
    own["recalibrated: agn"], ahead["recalibrated: agn"] = (
        recalibrate(best[0], is_agn, weight["classifier"], side) for side in best
    )  # fmt: skip
    own["adapted: agn"], ahead["adapted: agn"] = best[0], voting.prior_shift(best[1], float(is_agn.mean()))[1]
    if groups:
        pairs = _all_models(X, source_classes.group_index(physical), target, weight["gmm"], seed, n_trees, n_folds, n_rounds)
        for model in GROUP_MODELS:
            for frame, values in zip((own, ahead), pairs[model], strict=True):
                frame[[f"{model}: {name}" for name in source_classes.NAMES]] = values
    return own, ahead


def release_tables(release: pd.DataFrame, **options) -> list[pd.DataFrame]:
    """`forecast_release` in the form in which its two tables are stored: four digits, names in a column."""
    return [table.round(4).reset_index() for table in forecast_release(release, **options)]


#: Columns of `BLAZAR_FEATURES` that come from gamma rays alone.
GAMMA_BLAZAR_FEATURES = [name for name in features.BLAZAR_FEATURES if name not in features.SED_OFFSET]


def forecast_blazars(
    catalogue: pd.DataFrame, *, seed: int = 0, members: int = 5, trees: int = 200, rounds: int = 300,
    epochs: int | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Let every model of chapter 15, trained on all BL Lacs and FSRQs of 4LAC-DR3, answer for its BCUs.

    Parameters
    ----------
    catalogue : both files of 4LAC-DR3.
    members : random starts of each network, with different validation sources; their mean logit counts.
    trees, rounds : sizes of the forests and of the boosting.
    epochs : all stages of all networks, or None for the sizes of chapter 15.

    Returns
    -------
    pandas.DataFrame, indexed by ``Source_Name`` of the BCUs without analysis flags
        Probability of FSRQ, one column a model.
    """
    sources = features.blazar_features(catalogue)
    known = np.isfinite(sources.y)
    X, y, bcu = sources.X[known], sources.y[known], sources.X[~known]
    result = pd.DataFrame({"always BL Lac": y.mean()}, index=bcu.index)
    marked, marked_bcu = (linear.mark_missing_sed(part) for part in (X, bcu))
    gamma = GAMMA_BLAZAR_FEATURES
    for name, (make_model, train, target) in {
        "logistic": (linear.logistic, X, bcu),
        "gamma rays alone": (linear.logistic, X[gamma], bcu[gamma]),
        "quadratic logistic": (linear.quadratic_logistic, marked, marked_bcu),
        "support vectors": (peers.support_vectors, marked, marked_bcu),
        "random forest": (lambda: peers.forest(trees, seed), marked, marked_bcu),
        "boosting": (lambda: peers.Boosted((0, 1, 2), rounds), marked, marked_bcu),
    }.items():
        result[name] = make_model().fit(train.to_numpy(), y).predict_proba(target.to_numpy())[:, 1]
    rows = networks.gather(X, y, networks.validated_splits([np.arange(len(y))] * members, y, seed=seed))
    for name, recipe in networks.MODELS.items():
        sizes = {"epochs": epochs} if epochs else {"epochs": 1000} if name == "bias_init" else {}
        if epochs and name != "bias_init":
            sizes["pretext_epochs"] = epochs
        trained = recipe(rows, np.random.default_rng(seed), **sizes)
        result[name.replace("_", " ")] = voting.mean_logit(trained.predict(bcu))
    wide = features.extended_blazar_features(catalogue, clean=False)
    train, target = np.flatnonzero(np.isfinite(wide.y)), wide.X.index.get_indexer(bcu.index)
    for name, columns in {
        "five voters": features.EXTENDED_BLAZAR_FEATURES, "five voters, source alone": features.SOURCE_FEATURES,
    }.items():  # fmt: skip
        votes = voting.five_votes(
            wide.X[columns], wide.y, [train], [target], seed=seed, trees=trees, rounds=rounds, epochs=epochs or 400
        )
        result[name] = voting.mean_logit([answer[0] for answer in votes.values()])
    return result
