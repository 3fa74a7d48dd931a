"""The book's best redshift model: boosted trees for the centre, forest weights for the shape.

Everything is cross-fitted. The training rows are cut into parts; each part is predicted by models
that have not seen it. These honest predictions leave honest residuals, and a new source's
distribution is the average over models of its centre plus those residuals, taken

* from training sources that share its leaves in a random forest (Meinshausen 2006: local shape), and
* from all sources, stretched by a scale that a further booster learns from their size.

Centres, residuals and scales live on sqrt(z), where the scatter is roughly constant; the mean over
the distribution transforms back without bias (Duan's smearing estimate, 1983).
"""

from dataclasses import dataclass

import lightgbm
import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.model_selection import KFold

from agnbook.judge import cross_validation
from agnbook.judge.calibration import SIGMA_LEVELS
from agnbook.redshifts import intervals
from agnbook.redshifts.best_model import BestModel, distribution, source_groups
from agnbook.sky import features

#: Settings shared by all boosters, chosen once for some 1800 noisy rows: small trees, half of the columns, strong averaging.
TREES = {
    "num_leaves": 15, "min_child_samples": 15, "feature_fraction": 0.4, "bagging_fraction": 0.7, "bagging_freq": 1,
    "lambda_l2": 2.0, "max_bin": 63, "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbose": -1,
}  # fmt: skip
#: The boosters that vote on the centre: squared error on sqrt(z), the same with random thresholds, gamma deviance on z.
BOOSTERS = {
    "sqrt": {"objective": "l2", "learning_rate": 0.02, "num_iterations": 400},
    "random": {"objective": "l2", "extra_trees": True, "learning_rate": 0.03, "num_iterations": 350},
    "gamma": {"objective": "gamma", "learning_rate": 0.02, "num_iterations": 400},
}
#: The booster of the residuals' size, deliberately stiff.
SCALE = {"objective": "l2", "num_leaves": 7, "learning_rate": 0.02, "num_iterations": 120}
N_FOREST = 150
N_PARTS = 8
#: Suffixes of the columns of an out-of-fold table: 1, 2 and 3 sigma.
LEVEL_NAMES = ("68", "95", "997")


@dataclass(frozen=True)
class RedshiftSample:
    """Rows for training and scoring.

    Attributes
    ----------
    X : pandas.DataFrame, shape (n, 54)
        `features.EXTENDED_REDSHIFT_FEATURES` of every source with a redshift.
    z : numpy.ndarray, shape (n,)
    kept : numpy.ndarray of bool, shape (n,)
        The paper's 1224 sources: scored, and used for conformal calibration. The others (no photon
        above 10 GeV, or near the Galactic plane) serve training only.
    """

    X: pd.DataFrame
    z: np.ndarray
    kept: np.ndarray

    def __len__(self) -> int:
        return len(self.z)

    def rows(self, selection) -> "RedshiftSample":
        """Return a part of the sample."""
        return RedshiftSample(self.X.iloc[selection], self.z[selection], self.kept[selection])


def redshift_sample(high: pd.DataFrame, low: pd.DataFrame | None = None) -> RedshiftSample:
    """Build the sample of all sources with a redshift, the paper's 1224 first and in their order.

    Parameters
    ----------
    high, low : pandas.DataFrame
        The two files of 4LAC-DR3.
    """
    paper = features.redshift_features(high).X.index
    table = features.extended_redshift_features(high if low is None else pd.concat([high, low], ignore_index=True))
    known = pd.Series(np.isfinite(table.y), table.X.index)
    others = known.index[known & ~known.index.isin(paper)]
    order = table.X.index.get_indexer(paper.append(others))
    return RedshiftSample(table.X.iloc[order], table.y[order], np.arange(len(order)) < len(paper))


def _booster(settings: dict, X, target, seed: int) -> lightgbm.Booster:
    parameters = {**TREES, **settings, "seed": seed}
    return lightgbm.train(parameters, lightgbm.Dataset(X, target, params={"max_bin": TREES["max_bin"], "verbose": -1}))


def fit_booster(X, z, kind: str = "sqrt", seed: int = 0) -> lightgbm.Booster:
    """Fit one of `BOOSTERS`; its `predict` is in z for "gamma" and in sqrt(z) otherwise."""
    return _booster(BOOSTERS[kind], np.asarray(X, float), z if kind == "gamma" else np.sqrt(z), seed)


def shared_leaves(leaves, training_leaves) -> np.ndarray:
    """Forest weights: how often a query shares a leaf with each training row.

    Parameters
    ----------
    leaves, training_leaves : array of int, shapes (m, trees) and (n, trees)

    Returns
    -------
    numpy.ndarray of float32, shape (m, n)
        Rows sum to 1: in each tree the rows of the query's leaf share the weight 1 / trees.
    """
    leaves, training_leaves = np.asarray(leaves), np.asarray(training_leaves)
    weights = np.zeros((len(leaves), len(training_leaves)), np.float32)
    for query, training in zip(leaves.T, training_leaves.T, strict=True):
        size = np.bincount(training, minlength=max(query.max(), training.max()) + 1)
        share = (1.0 / np.maximum(size, 1)).astype(np.float32)
        weights += (query[:, None] == training) * share[query][:, None]
    return weights / leaves.shape[1]


@dataclass(frozen=True)
class _Part:
    """The models that have not seen one part of the training rows."""

    boosters: dict
    forest: ExtraTreesRegressor
    seen: np.ndarray
    leaves: np.ndarray
    scale: lightgbm.Booster | None = None

    def centre(self, X) -> np.ndarray:
        """Mean of the members on sqrt(z), shape (m,)."""
        members = [self.forest.predict(X)]
        for kind, booster in self.boosters.items():
            value = booster.predict(X)
            members.append(np.sqrt(value) if kind == "gamma" else value)
        return np.mean(members, axis=0)

    def spread(self, X) -> np.ndarray:
        """Scale of the residuals, shape (m,)."""
        return self.scale.predict(X)

    def weights(self, X, n: int) -> np.ndarray:
        """Forest weights over all n training rows, shape (m, n)."""
        weights = np.zeros((len(X), n), np.float32)
        weights[:, self.seen] = shared_leaves(self.forest.apply(X), self.leaves)
        return weights


def fit_best(
    sample: RedshiftSample, seed: int = 0, n_parts: int = N_PARTS, n_forest: int = N_FOREST, rounds: float = 1.0
) -> BestModel:
    """Fit the best model on a sample.

    Parameters
    ----------
    sample : RedshiftSample
        Training rows only: nothing here may touch the sources to be scored.
    n_parts : number of parts for cross-fitting.
    n_forest : trees of each forest.
    rounds : factor on the boosters' numbers of trees (below 1 for quick runs).

    Returns
    -------
    BestModel
        With ``predict``, ``intervals`` and ``two_part_sets``.
    """
    X, root, n = sample.X.to_numpy(float), np.sqrt(sample.z), len(sample)
    folds = list(KFold(n_parts, shuffle=True, random_state=seed).split(X))
    parts, centre, weights = [], np.empty(n), np.zeros((n, n), np.float32)
    for number, (seen, unseen) in enumerate(folds):
        boosters = {
            kind: _booster(
                {**settings, "num_iterations": max(1, round(settings["num_iterations"] * rounds))},
                X[seen],
                sample.z[seen] if kind == "gamma" else root[seen],
                seed + number,
            )
            for kind, settings in BOOSTERS.items()
        }
        forest = ExtraTreesRegressor(n_forest, min_samples_leaf=5, max_features=0.4, random_state=seed + number)
        forest.fit(X[seen], root[seen])
        part = _Part(boosters, forest, seen, forest.apply(X[seen]))
        centre[unseen], weights[unseen] = part.centre(X[unseen]), part.weights(X[unseen], n)
        parts.append(part)
    residuals, scales = root - centre, np.empty(n)
    for number, (seen, unseen) in enumerate(folds):
        scale = _booster(SCALE, X[seen], np.abs(residuals[seen]), seed)
        scales[unseen] = np.maximum(scale.predict(X[unseen]), 0.01)
        parts[number] = _Part(parts[number].boosters, parts[number].forest, seen, parts[number].leaves, scale)
    kept = np.flatnonzero(sample.kept)
    honest = distribution(centre[kept], scales[kept], weights[kept], residuals, scales)
    pit, groups, far = honest.pit(sample.z[kept]), source_groups(sample.X.iloc[kept]), sample.z[kept] > intervals.DISTANT
    return BestModel(
        parts,
        residuals,
        scales,
        intervals.conformal_half_widths(pit, groups),
        intervals.conformal_half_widths(pit[~far], groups[~far]),
        np.array([intervals.conformal_half_width(pit[far], level) for level in SIGMA_LEVELS]),
        list(sample.X.columns),
    )


def split_sample(sample: RedshiftSample, held_out: np.ndarray) -> tuple[RedshiftSample, RedshiftSample]:
    """Return (training, test): kept rows with these positions are the test, all other rows train."""
    test = np.zeros(len(sample), bool)
    test[held_out] = True
    return sample.rows(~test), sample.rows(test)


def _score(sample: RedshiftSample, repeat: int, held_out: np.ndarray, seed: int, sizes: dict) -> pd.DataFrame:
    train, test = split_sample(sample, held_out)
    model = fit_best(train, seed + repeat, **sizes)
    forecast = model.predict(test.X)
    columns = {
        "Source_Name": test.X.index, "repeat": repeat, "mean": forecast.mean, "sd": forecast.sd,
        "median": forecast.quantile(0.5), "pit": forecast.pit(test.z), "crps": forecast.crps(test.z),
    }  # fmt: skip
    limits, sets = model.intervals(forecast, test.X), model.two_part_sets(forecast, test.X)
    for level, name in enumerate(LEVEL_NAMES):
        columns |= {f"low_{name}": limits[:, level, 0], f"high_{name}": limits[:, level, 1]}
        columns |= {f"inside_{name}": sets[level].contains(test.z).astype(int), f"length_{name}": sets[level].length}
    return pd.DataFrame(columns)


def out_of_fold(sample: RedshiftSample, folds: np.ndarray, seed: int = 0, n_jobs: int = 2, **sizes) -> pd.DataFrame:
    """Score the best model on repeated folds of the kept rows, each fit and calibrated on the others.

    Parameters
    ----------
    folds : array of int, shape (n_repeats, number of kept rows)
    n_jobs : processes.
    sizes : further arguments of `fit_best`.

    Returns
    -------
    pandas.DataFrame
        One row a source and repeat: ``mean``, ``sd``, ``median``, ``pit``, ``crps``, the calibrated
        limits ``low_68``, ``high_68``, ..., and for the two-part sets ``inside_68`` and ``length_68``, ...
    """
    tasks = (delayed(_score)(sample, repeat, held_out, seed, sizes) for repeat, _, _, held_out in cross_validation.splits(folds))
    return pd.concat(Parallel(n_jobs)(tasks), ignore_index=True)


def booster_out_of_fold(
    sample: RedshiftSample,
    folds: np.ndarray,
    columns=None,
    extra: bool = True,
    fraction: float = 1.0,
    seed: int = 0,
    rounds: float = 1.0,
) -> np.ndarray:
    """Cross-validate the "sqrt" booster alone: the cheap model behind ablations and the learning curve.

    Parameters
    ----------
    columns : features to use; all by default.
    extra : whether the rows outside the paper's sample help to train.
    fraction : random part of the training rows to use.
    rounds : factor on the number of trees.

    Returns
    -------
    numpy.ndarray, shape (n_repeats, number of kept rows)
        Mean redshift; the variance for the back-transform comes from the other folds' residuals.
    """
    X, root = sample.X[columns or list(sample.X.columns)].to_numpy(float), np.sqrt(sample.z)
    settings = BOOSTERS["sqrt"] | {"num_iterations": max(1, round(BOOSTERS["sqrt"]["num_iterations"] * rounds))}
    rng, kept = np.random.default_rng(seed), int(sample.kept.sum())
    roots = np.empty(folds.shape)
    for repeat, fold, train, test in cross_validation.splits(folds):
        train = np.r_[train, np.arange(kept, len(sample))] if extra else train
        train = rng.permutation(train)[: max(30, round(fraction * len(train)))]
        roots[repeat, test] = _booster(settings, X[train], root[train], seed + fold).predict(X[test])
    squares, means = (root[:kept] - roots) ** 2, np.empty(folds.shape)
    for repeat, _, train, test in cross_validation.splits(folds):
        means[repeat, test] = roots[repeat, test] ** 2 + squares[repeat, train].mean()
    return means


def noise_floor(X, z, neighbours: int = 10) -> float:
    """Estimate the scatter of z that no smooth function of X explains: the Gamma test.

    Half the mean squared difference between a source and its k-th neighbour, extrapolated to
    distance 0 by a straight line over k = 1 ... `neighbours` (Evans & Jones 2002).

    Parameters
    ----------
    X : array, shape (n, n_features), standardised.
    """
    from sklearn.neighbors import NearestNeighbors

    distance, index = NearestNeighbors(n_neighbors=neighbours + 1).fit(X).kneighbors(X)
    delta = (distance[:, 1:] ** 2).mean(axis=0)
    gamma = ((np.asarray(z)[index[:, 1:]] - np.asarray(z)[:, None]) ** 2).mean(axis=0) / 2
    return float(np.sqrt(max(np.polyfit(delta, gamma, 1)[1], 0.0)))
