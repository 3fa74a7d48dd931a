"""What the paper concludes, under every set of weights: all seeds of all estimators, judged on the same sources.

One classifier is trained on the same splits once without weights, once more without them and with another seed (what
chance alone does), and once with each set. `X` (n, 10) and `group` (n,) are the associated sources, `target` (m, 10) the
unassociated ones; `rows` (splits, n_train) and `tested` (splits, n) come from `catalogue.random_splits`.
Paper 2, sections 4 to 6.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from agnbook import committed
from agnbook.judge import resampled
from agnbook.shift import catalogue, class_scores, curves, weights
from agnbook.shift.conclusions import CHANCE
from agnbook.sky.source_classes import NAMES

#: Positions in `NAMES` of the classes that conclusion 3 sets against each other.
EXTRAGALACTIC, GALACTIC = [NAMES.index("fsrq+"), NAMES.index("bll+")], [NAMES.index(name) for name in ("spp+", "msp+", "psr+")]
#: Scores that weighted testing may lower -> how claims call them.
FALLS = {
    "precision": "precision.most_probable", "recall": "recall.most_probable", "precision_half": "precision.half",
    "recall_half": "recall.half", "break_even": "break_even",
}  # fmt: skip


#: Chapter 22's table: ``Source_Name`` and a column ``<estimator>.<seed>`` for each set of weights, with six
#: significant digits: trees heed the smallest weights, too.
WEIGHTS = "results/shift_weights_estimators.csv"


def weight_sets(seeds: int) -> dict[str, np.ndarray]:
    """Return the first seeds of every estimator that chapter 22 kept: name such as ``"gmm 3"`` -> weights, shape (n,)."""
    table = committed.load_table(WEIGHTS).drop(columns="Source_Name")
    names = {column: column.rsplit(".", 1) for column in table}
    return {f"{name} {seed}": table[column].to_numpy() for column, (name, seed) in names.items() if int(seed) < seeds}


def typical(sets: dict[str, np.ndarray], estimator: str) -> str:
    """Name of the set whose effective sample size is the (lower) median of its estimator's: no label has a say in it."""
    mine = sorted((weights.effective_sample_size(w), name) for name, w in sets.items() if name.split()[0] == estimator)
    return mine[(len(mine) - 1) // 2][1]


#: What `study` returns, as its files are called.
TABLES = ("scores", "single", "counts")


def forests(n_trees: int) -> Callable:
    """`catalogue.predict_forests` as `study` calls it."""
    return partial(catalogue.predict_forests, n_trees=n_trees)


def networks(epochs: int) -> Callable:
    """`catalogue.predict_networks` as `study` calls it."""
    return partial(catalogue.predict_networks, epochs=epochs)


def study(
    X, group, target, sets: dict[str, np.ndarray], rows, tested, predict: Callable, *, seed: int
) -> tuple[pd.DataFrame, ...]:
    """Train with every set of weights and compare with unweighted training.

    Parameters
    ----------
    sets : name such as ``"gmm 3"`` -> weights, shape (n,)
    predict : ``predict(X, group, rows, X_all, weight, seed=...)``, such as `catalogue.predict_forests`

    Returns
    -------
    tuple of pandas.DataFrame, in the order of `TABLES`
        Scores: see `compare`; single sources: see `single_sources`; counts: see `count`. Each has a column ``set``.
    """
    everything, n = np.vstack([X, target]), len(X)
    plain = predict(X, group, rows, everything, None, seed=seed)
    again = predict(X, group, rows, everything, None, seed=seed + 1)
    scores, single = [], [single_sources(plain[:, n:], again[:, n:]).assign(set=CHANCE)]
    counts = [count(plain, tested).assign(set="unweighted"), count(again, tested).assign(set=CHANCE)]
    for name, weight in sets.items():
        weighted = predict(X, group, rows, everything, weight, seed=seed)
        scores.append(compare(group, plain[:, :n], weighted[:, :n], weight, tested).assign(set=name))
        single.append(single_sources(plain[:, n:], weighted[:, n:]).assign(set=name))
        counts.append(count(weighted, tested).assign(set=name))
    return tuple(pd.concat(tables, ignore_index=True) for tables in (scores, single, counts))


def compare(group, plain, weighted, weight, tested) -> pd.DataFrame:
    """Scores of both trainings on the same test sources, and two paired differences.

    Returns
    -------
    pandas.DataFrame
        One row a ``class`` and ``score`` of `class_scores.by_class`: ``unweighted`` (trained and tested without weights,
        mean over splits); ``shift``, what testing with weights changes; ``training``, what training with weights changes
        then; both with ``_low`` and ``_high``, the interval of `resampled.difference`; and ``training_scatter``, the
        standard deviation over splits after weighted training over that after unweighted training. Beyond the classes
        stand the mean of the areas (class "mean"), and for precision and recall (``precision_gap``, ``recall_gap``) the
        mean of `EXTRAGALACTIC` minus that of `GALACTIC`.
    """
    runs = {"plain": [], "tested": [], "both": []}
    for split, part in enumerate(tested):
        ones, mine = np.ones(part.sum()), weight[part]
        for label, probability, w in (("plain", plain, ones), ("tested", plain, mine), ("both", weighted, mine)):
            runs[label].append(class_scores.by_class(group[part], probability[split, part], w))
    fraction, tables = float(tested.mean()), []
    for score in runs["plain"][0]:
        values = {label: np.array([one[score] for one in found]) for label, found in runs.items()}
        columns = {"class": NAMES, "score": score, "unweighted": curves.moments(values["plain"])[0]}
        for name, first, second in (("shift", "tested", "plain"), ("training", "both", "tested")):
            ends = resampled.difference(values[first] - values[second], fraction)
            columns |= dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
        before = curves.moments(values["tested"])[1]
        columns["training_scatter"] = curves.moments(values["both"])[1] / np.where(before > 0, before, np.nan)
        tables.append(pd.DataFrame(columns))
        if score == "auc":
            tables.append(_one_row("mean", score, {label: value.mean(axis=1) for label, value in values.items()}, fraction))
        if score in ("precision", "recall"):
            gaps = {
                label: value[:, EXTRAGALACTIC].mean(axis=1) - value[:, GALACTIC].mean(axis=1) for label, value in values.items()
            }
            tables.append(_one_row("extragalactic minus Galactic", f"{score}_gap", gaps, fraction))
    return pd.concat(tables, ignore_index=True)


def _one_row(name, score, values, fraction) -> pd.DataFrame:
    """A row as in `compare` for a score that is one number a split, shape (splits,)."""
    columns = {"class": name, "score": score, "unweighted": curves.moments(values["plain"])[0]}
    for kind, first, second in (("shift", "tested", "plain"), ("training", "both", "tested")):
        ends = resampled.difference(values[first] - values[second], fraction)
        columns |= dict(zip((kind, f"{kind}_low", f"{kind}_high"), map(float, ends), strict=True))
    before, after = (curves.moments(values[kind])[1] for kind in ("tested", "both"))
    return pd.DataFrame([columns | {"training_scatter": after / before if before > 0 else np.nan}])


def single_sources(plain, other) -> pd.DataFrame:
    """How far single probabilities move from one training to another (Figs 13 and 14).

    Parameters
    ----------
    plain, other : arrays, shape (splits, m, 6), predictions of the same sources

    Returns
    -------
    pandas.DataFrame
        One row a class: ``mean`` and ``std`` of the difference of the means over splits, ``relative_mean`` and
        ``relative_std`` of the same over the root mean square of both standard deviations over splits, and ``changed``,
        the fraction of sources whose most probable class becomes another one (the same in every row).
    """
    means = [values.mean(axis=0) for values in (plain, other)]
    noise = np.sqrt(sum(values.var(axis=0) for values in (plain, other)) / 2)
    move = means[1] - means[0]
    relative = move / np.where(noise > 0, noise, np.nan)
    return pd.DataFrame(
        {
            "class": NAMES, "mean": move.mean(axis=0), "std": move.std(axis=0), "relative_mean": np.nanmean(relative, axis=0),
            "relative_std": np.nanstd(relative, axis=0),
            "changed": np.mean(means[0].argmax(axis=1) != means[1].argmax(axis=1)),
        }
    )  # fmt: skip


def count(probability, tested) -> pd.DataFrame:
    """Expected class counts after one training: ``class``, ``associated``, ``expected`` and ``split_std``."""
    run, tables = catalogue.Run({"one": probability}, tested), []
    for associated in (True, False):
        sums = run.class_sums("one", associated)
        columns = {"class": NAMES, "associated": associated, "expected": sums.mean(axis=0), "split_std": sums.std(axis=0, ddof=1)}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)
