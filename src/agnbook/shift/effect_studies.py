"""What chapter 23 measures: forests trained and tested with and without weights, at every depth of the class tree.

`X` (n, 10), `weight` (n,) and the labels are those of the associated sources; `rows` (splits, n_train) and `tested`
(splits, n) are random splits of `catalogue.random_splits`. Paper 2, section 4 and appendix B.
"""

import numpy as np
import pandas as pd

from agnbook.shift import catalogue, curves, hierarchy, weights
from agnbook.sky import features
from agnbook.sky.source_classes import NAMES

#: The combinations of training and testing: label -> (weighted training, weighted testing).
LABELS = {"RF": (False, False), "wRF": (True, True), "wtRF": (False, True)}
#: Bounds of the weights, and seeds of the estimators, under which unweighted forests are tested.
BOUNDS = (3, 10, 30, 100)


class _Scores:
    """Collects the tables of `curves.evaluate` for the combinations of `LABELS`."""

    def __init__(self, tested, weight):
        self.tested, self.weight = tested, weight
        self.tables = {"curves": [], "reliability": [], "auc": []}

    def add(self, problem: str, y, probability, names, labels, weighted_training: bool) -> None:
        for label in labels:
            trained, weighted_testing = LABELS[label]
            if trained == weighted_training:
                found = curves.evaluate(y, probability, self.tested, self.weight if weighted_testing else None, names)
                for kind, table in zip(self.tables, found, strict=True):
                    self.tables[kind].append(table.assign(problem=problem, label=label))


def performance(X, two_class, group, weight, rows, tested, *, n_trees: int, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Train and score every forest of the chapter.

    Returns
    -------
    dict of pandas.DataFrame
        ``curves``, ``reliability`` and ``auc`` of `curves.evaluate` with ``problem`` ("two", "depth 1" to "depth 4",
        "depth 1 summed" to "depth 3 summed") and ``label``; ``importances`` of the unweighted forests, mean and
        ``std`` over splits at each ``depth``; ``meaning``: expected counts of associated sources, split by split,
        after ``unweighted`` training and with both meanings of scikit-learn's `sample_weight`.
    """
    options = {"n_trees": n_trees, "seed": seed}
    scored, importances, meaning = _Scores(tested, weight), [], []
    for weighted in (False, True):
        train_weight = weight if weighted else None
        two = catalogue.predict_forests(X, two_class, rows, X, train_weight, n_classes=2, **options)
        scored.add("two", two_class, two, ("Galactic", "AGN"), LABELS, weighted)
        six, importance = catalogue.predict_forests(X, group, rows, X, train_weight, importances=True, **options)
        scored.add("depth 4", group, six, NAMES, LABELS, weighted)
        by_depth = {4: importance}
        for depth in (1, 2, 3):
            y, nodes = hierarchy.at_depth(group, depth), list(hierarchy.merged(depth))
            direct, by_depth[depth] = catalogue.predict_forests(
                X, y, rows, X, train_weight, n_classes=len(nodes), importances=True, **options
            )
            summed = np.stack([hierarchy.sum_children(p, depth) for p in six]).astype(np.float32)
            scored.add(f"depth {depth}", y, direct, nodes, ("wRF",), weighted)
            scored.add(f"depth {depth} summed", y, summed, nodes, ("wRF",), weighted)
        if not weighted:
            importances = [_importances(by_depth[depth], depth) for depth in sorted(by_depth)]
        meaning.append(_counts(six, tested, "counts" if weighted else "unweighted"))
    drawn = catalogue.predict_forests(X, group, rows, X, weight, weighting="bootstrap", **options)
    meaning.append(_counts(drawn, tested, "bootstrap"))
    areas = curves.evaluate(group, drawn, tested, weight, NAMES)[2]
    scored.tables["auc"].append(areas.assign(problem="depth 4", label="wRF bootstrap"))
    tables = scored.tables | {"importances": importances, "meaning": meaning}
    return {kind: pd.concat(parts, ignore_index=True) for kind, parts in tables.items()}


def _importances(importance, depth: int) -> pd.DataFrame:
    mean, std = importance.mean(axis=0), importance.std(axis=0)
    return pd.DataFrame({"feature": features.GAMMA_FEATURES, "depth": depth, "importance": mean, "std": std})


def _counts(probability, tested, label: str) -> pd.DataFrame:
    expected = catalogue.Run({"rf": probability}, tested).class_sums("rf", associated=True)
    return pd.DataFrame(expected, columns=NAMES).assign(meaning=label)


def search_weights(X, target, two_class, rows, tested, *, mixture_seeds: int, n_trees: int, seed: int = 0) -> pd.DataFrame:
    """Test the same unweighted forests under many sets of weights: estimators, seeds of the mixtures, bounds.

    Parameters
    ----------
    target : features of the unassociated sources.

    Returns
    -------
    pandas.DataFrame
        ``method``, ``bound``, ``seed``, and ``auc`` of AGN against Galactic sources, mean over splits, with ``std``.
    """
    probability = catalogue.predict_forests(X, two_class, rows, X, n_classes=2, n_trees=n_trees, seed=seed)
    records = []
    for method, seeds in (("gmm", range(mixture_seeds)), ("logistic", [0]), ("boosting", [0]), ("forest", [0])):
        for number in seeds:
            ratio = weights.density_ratio(X, target, method, seed=number)
            for bound in BOUNDS:
                found = curves.evaluate(two_class, probability, tested, weights.clip(ratio, bound))[2]
                area = found.loc[found["class"] == "1", "auc"]
                records.append((method, bound, number, area.mean(), area.std()))
    return pd.DataFrame(records, columns=["method", "bound", "seed", "auc", "std"])
