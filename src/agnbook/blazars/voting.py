"""Votes of several models, tables of out-of-fold votes, and when to abstain."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from agnbook.blazars import boosted, linear, networks
from agnbook.errors import FeatureError
from agnbook.judge import cross_validation

#: The five voters of the book's best classifier; four combinations were compared, on folds of another seed.
VOTERS = ("boosting", "extra_trees", "support_vectors", "quadratic_logistic", "network")


def _probabilities(values) -> np.ndarray:
    values = np.asarray(values, float)
    if not ((values >= 0) & (values <= 1)).all():
        raise FeatureError("Probabilities must lie between 0 and 1 and not be NaN; check the model that made them.")
    return values


def soft_vote(probabilities, weights=None) -> np.ndarray:
    """Weighted mean of probabilities over the first axis (the paper's soft voting)."""
    return np.average(_probabilities(probabilities), axis=0, weights=weights)


def logit(probability, bound: float = 1e-4) -> np.ndarray:
    """Logit of a probability kept at least `bound` away from 0 and 1 (a forest can answer exactly 0)."""
    probability = np.clip(_probabilities(probability), bound, 1 - bound)
    return np.log(probability / (1 - probability))


def mean_logit(probabilities) -> np.ndarray:
    """Probability of the mean logit over the first axis: confident members count for more than in `soft_vote`."""
    return 1 / (1 + np.exp(-logit(probabilities).mean(axis=0)))


def out_of_fold(make_model: Callable, X, y, folds: np.ndarray, extra_X=None, extra_y=None) -> np.ndarray:
    """Probability of FSRQ for every source in every repeat, from models that never saw it.

    Parameters
    ----------
    make_model : callable returning an object with ``fit(X, y)`` and ``predict_proba(X)``
    X : array or table, shape (n, n_features); y : labels 0 / 1, shape (n,)
    folds : int array (n_repeats, n); see `agnbook.judge.cross_validation`
    extra_X, extra_y : rows added to every training set and never tested.

    Returns
    -------
    numpy.ndarray, shape (n_repeats, n)
    """
    X, y = np.asarray(X, float), np.asarray(y, float)
    if extra_X is None:
        extra_X, extra_y = X[:0], y[:0]
    table = np.full(folds.shape, np.nan)
    for repeat, _, train, test in cross_validation.splits(folds):
        model = make_model().fit(np.concatenate([X[train], extra_X]), np.concatenate([y[train], extra_y]))
        table[repeat, test] = model.predict_proba(X[test])[:, 1]
    return table


def stacked(logits, y, folds) -> np.ndarray:
    """Probability from a logistic regression on voters' logits: their weights are fitted without a fold's own sources.

    Parameters
    ----------
    logits : out-of-fold logits, shape (voters, repeats, n); y : labels 0 / 1, shape (n,)
    folds : int array (repeats, n)

    Returns
    -------
    numpy.ndarray, shape (repeats, n)
    """
    votes = np.full(np.shape(folds), np.nan)
    for repeat, _, train, held in cross_validation.splits(folds):
        seen = logits[:, repeat].T
        votes[repeat, held] = LogisticRegression(max_iter=1000).fit(seen[train], y[train]).predict_proba(seen[held])[:, 1]
    return votes


def five_votes(
    X: pd.DataFrame, y, trainings, targets, *, seed: int = 0, trees: int = 200, rounds: int = 300, epochs: int = 400
) -> dict[str, list[np.ndarray]]:
    """Train the `VOTERS` on every training set and let them answer for its targets.

    Parameters
    ----------
    X : table of all sources, labelled or not; NaN where a quantity was not measured.
    y : labels 0 / 1, shape (len(X),); anything where no training set reaches.
    trainings, targets : sequences of index arrays, one pair a training set
        Folds with their held-out rows, or bootstrap resamples with the sources to predict.
    trees, rounds, epochs : sizes of the forest, the boosting and the network.

    Returns
    -------
    dict of voter -> list of FSRQ probabilities, one array a training set

    Notes
    -----
    The network sees missing values as the mean of `X` and a flag, stops at its best epoch on a ninth
    of the training rows, and is the mean logit of two starts with different ninths.
    """
    values, y = X.to_numpy(float), np.asarray(y, float)
    makers = {
        "boosting": lambda: boosted.Boosted((0, 1, 2), rounds), "extra_trees": lambda: boosted.extra_trees(trees, seed),
        "support_vectors": boosted.support_vectors, "quadratic_logistic": linear.quadratic_logistic,
    }  # fmt: skip
    votes = {
        name: [
            make().fit(values[rows], y[rows]).predict_proba(values[target])[:, 1]
            for rows, target in zip(trainings, targets, strict=True)
        ]
        for name, make in makers.items()
    }
    flags = X.isna().loc[:, X.isna().any().to_numpy()].astype(float).T.drop_duplicates().T
    filled = np.concatenate([X.fillna(X.mean()).to_numpy(float), flags.to_numpy()], axis=1)
    layers = (networks.Layer(42), networks.Layer(1, "linear", dropout=0.5))
    starts = []
    for start in range(2):
        rows = networks.gather(filled, y, networks.validated_splits(trainings, y, seed=2 * seed + start))
        rng = np.random.default_rng((seed, start))
        trained = networks.bias_init(rows, rng, epochs=epochs, patience=150, layers=layers)
        starts.append([trained.predict(filled[target], slice(member, member + 1))[0] for member, target in enumerate(targets)])
    votes["network"] = [mean_logit(pair) for pair in zip(*starts, strict=True)]
    return votes


def collect(votes: list[np.ndarray], targets, groups, n: int) -> np.ndarray:
    """Put the answers of each fold into out-of-fold rows, shape (n_groups, n)."""
    table = np.full((max(groups) + 1, n), np.nan)
    for answer, target, group in zip(votes, targets, groups, strict=True):
        table[group, target] = answer
    return table


def reject_option(probability, precision: float) -> tuple[np.ndarray, float]:
    """Call as many sources as possible while the expected fraction of right calls is at least `precision`.

    Parameters
    ----------
    probability : FSRQ probabilities, shape (n,)

    Returns
    -------
    called : bool array (n,)
        The most confident sources.
    threshold : float
        Confidence max(p, 1 - p) of the least confident one; NaN when none is called.
    """
    if not 0.5 <= precision < 1:
        raise FeatureError(f"The expected precision must be at least 0.5 and below 1, not {precision}.")
    probability = _probabilities(probability)
    confidence = np.maximum(probability, 1 - probability)
    order = np.argsort(-confidence, kind="stable")
    n_called = int((np.cumsum(confidence[order]) / np.arange(1, len(order) + 1) >= precision - 1e-12).sum())
    called = np.zeros(len(confidence), bool)
    called[order[:n_called]] = True
    return called, float(confidence[order[n_called - 1]]) if n_called else float("nan")


def prior_shift(probability, train_fraction: float, tolerance: float = 1e-9) -> tuple[float, np.ndarray]:
    """Class fraction of unlabelled sources if they differ from the training set in nothing but that.

    Expectation maximisation of Saerens, Latinne & Decaestecker (2002): reweigh the probabilities by
    the ratio of the new to the old class fraction, average them, repeat.

    Parameters
    ----------
    probability : FSRQ probabilities by a model trained at `train_fraction`, shape (n,)

    Returns
    -------
    fraction : float
        FSRQ fraction among the unlabelled sources.
    adjusted : array (n,)
        Probabilities under it.
    """
    if not 0 < train_fraction < 1:
        raise FeatureError(f"The training fraction must lie between 0 and 1, not {train_fraction}.")
    probability, fraction = _probabilities(probability), train_fraction
    for _ in range(10_000):
        fsrq = probability * fraction / train_fraction
        adjusted = fsrq / (fsrq + (1 - probability) * (1 - fraction) / (1 - train_fraction))
        step, fraction = adjusted.mean() - fraction, float(adjusted.mean())
        if abs(step) < tolerance:
            break
    return fraction, adjusted


def tidy(tables: dict[str, np.ndarray], sources) -> pd.DataFrame:
    """One row a source, one column a model and repeat (``model.0``, ``model.1``, ...)."""
    frame = pd.DataFrame({"Source_Name": list(sources)})
    columns = {f"{name}.{repeat}": row for name, table in tables.items() for repeat, row in enumerate(table)}
    return pd.concat([frame, pd.DataFrame(columns)], axis=1)


def untidy(frame: pd.DataFrame, sources) -> dict[str, np.ndarray]:
    """The inverse of `tidy`, in the order of `sources`: model -> array (n_repeats, n)."""
    frame = frame.set_index("Source_Name").loc[list(sources)]
    names = dict.fromkeys(column.rsplit(".", 1)[0] for column in frame)
    return {name: frame[[c for c in frame if c.rsplit(".", 1)[0] == name]].to_numpy().T for name in names}
