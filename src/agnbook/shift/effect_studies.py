"""What chapter 23 measures: forests trained and tested with and without weights, at every depth of the class tree.

`X` (n, 10), `weight` (n,) and the labels are those of the associated sources; `rows` (splits, n_train) and `tested`
(splits, n) are random splits of `catalogue.random_splits`. Paper 2, section 4 and appendix B.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from agnbook.judge import resampled
from agnbook.shift import catalogue, class_scores, curves, hierarchy, weights
from agnbook.sky import features
from agnbook.sky.source_classes import NAMES

#: The combinations of training and testing: label -> (weighted training, weighted testing).
LABELS = {"RF": (False, False), "wRF": (True, True), "wtRF": (False, True)}
#: Two-class numbers of `source_classes.two_class`, then the six groups: problem -> names of its classes.
PROBLEMS = {"two": ("Galactic", "AGN"), "six": NAMES}
#: Bounds of the weights under which unweighted forests are tested.
BOUNDS = (3, 10, 30, 100)


@dataclass(frozen=True)
class Forests:
    """Predictions of every forest of the chapter, each of shape (splits, n, classes).

    Attributes
    ----------
    plain, weighted : problem -> prediction after training without and with weights; problems are "two", "six" and
        "depth 1" to "depth 3", the coarser classes of the class tree.
    drawn : six classes, weights as bootstrap probabilities (`forest.fit_forest`).
    importances : depth of the tree -> importances after unweighted training, shape (splits, features); 4 is six classes.
    """

    plain: dict[str, np.ndarray]
    weighted: dict[str, np.ndarray]
    drawn: np.ndarray
    importances: dict[int, np.ndarray]


def train(X, two_class, group, weight, rows, *, n_trees: int, seed: int = 0) -> Forests:
    """Train all forests, eleven a split."""
    options = {"n_trees": n_trees, "seed": seed}
    problems = {"two": (two_class, 2), "six": (group, len(NAMES))}
    problems |= {f"depth {depth}": (hierarchy.at_depth(group, depth), len(hierarchy.merged(depth))) for depth in (1, 2, 3)}
    plain, weighted, importances = {}, {}, {}
    for problem, (y, n_classes) in problems.items():
        plain[problem], importances[problem] = catalogue.predict_forests(
            X, y, rows, X, n_classes=n_classes, importances=True, **options
        )
        weighted[problem] = catalogue.predict_forests(X, y, rows, X, weight, n_classes=n_classes, **options)
    drawn = catalogue.predict_forests(X, group, rows, X, weight, weighting="bootstrap", **options)
    depths = {1: "depth 1", 2: "depth 2", 3: "depth 3", 4: "six"}
    return Forests(plain, weighted, drawn, {depth: importances[problem] for depth, problem in depths.items()})


def performance(forests: Forests, two_class, group, weight, tested) -> dict[str, pd.DataFrame]:
    """Curves and areas of the combinations in `LABELS` for two and for six classes.

    Returns
    -------
    dict of pandas.DataFrame
        ``curves``, ``reliability`` and ``auc`` of `curves.evaluate`, with ``problem`` and ``label``; also of "wRF drawn",
        the forest whose weights are bootstrap probabilities.
    """
    runs = [
        (problem, y, label, (forests.weighted if trained else forests.plain)[problem], tested_with_weights)
        for problem, y in (("two", two_class), ("six", group))
        for label, (trained, tested_with_weights) in LABELS.items()
    ]
    return _tables([*runs, ("six", group, "wRF drawn", forests.drawn, True)], weight, tested)


def six_class_tables(X, group, weight, rows, tested, *, n_trees: int, seed: int) -> dict[str, pd.DataFrame]:
    """The tables of `performance` for six classes alone, forests trained here."""
    options = {"n_trees": n_trees, "seed": seed}
    found = {trained: catalogue.predict_forests(X, group, rows, X, weight if trained else None, **options) for trained in (0, 1)}
    runs = [("six", group, label, found[trained], with_weights) for label, (trained, with_weights) in LABELS.items()]
    return _tables(runs, weight, tested)


def _tables(runs, weight, tested) -> dict[str, pd.DataFrame]:
    tables = {"curves": [], "reliability": [], "auc": []}
    for problem, y, label, probability, with_weights in runs:
        found = curves.evaluate(y, probability, tested, weight if with_weights else None, PROBLEMS[problem])
        for kind, table in zip(tables, found, strict=True):
            tables[kind].append(table.assign(problem=problem, label=label))
    return {kind: pd.concat(parts, ignore_index=True) for kind, parts in tables.items()}


def recall_at_half(forests: Forests, group, weight, tested) -> pd.DataFrame:
    """Recall at a probability of one half, observed and as the probabilities promise it without labels.

    One row a class of the unweighted six-class forest: ``observed`` and ``promised`` under unweighted testing, and with
    ``_weighted`` under weighted testing; means over splits.
    """
    columns = {}
    for ending, mine in (("", np.ones(len(group))), ("_weighted", weight)):
        found = {"observed": [], "promised": []}
        for split, part in enumerate(tested):
            probability = forests.plain["six"][split, part]
            found["observed"].append(class_scores.by_class(group[part], probability, mine[part])["recall_half"])
            found["promised"].append(class_scores.expected_recall_half(probability, mine[part]))
        columns |= {f"{name}{ending}": np.mean(values, axis=0) for name, values in found.items()}
    return pd.DataFrame(columns, index=pd.Index(NAMES, name="class"))


def coarser(forests: Forests, group, weight, tested) -> pd.DataFrame:
    """Weighted areas of the coarser classes: trained for, and added up from the six (Fig. 7).

    Returns
    -------
    pandas.DataFrame
        One row a ``depth`` and ``node``: ``direct`` and ``summed`` areas, mean over splits, and ``difference`` (summed minus
        direct, on the same test sources) with ``low`` and ``high`` of `resampled.difference`.
    """
    rows = []
    for depth in (1, 2, 3):
        y, nodes = hierarchy.at_depth(group, depth), list(hierarchy.merged(depth))
        summed = np.stack([hierarchy.sum_children(p, depth) for p in forests.weighted["six"]])
        areas = []
        for probability in (forests.weighted[f"depth {depth}"], summed):
            parts = zip(probability, tested, strict=True)
            areas.append(np.array([class_scores.by_class(y[t], p[t], weight[t])["auc"] for p, t in parts]))
        means = [values.mean(axis=0) for values in areas]
        ends = resampled.difference(areas[1] - areas[0], float(tested.mean()))
        rows += [(depth, node, *values) for node, *values in zip(nodes, *means, *ends, strict=True)]
    return pd.DataFrame(rows, columns=["depth", "node", "direct", "summed", "difference", "low", "high"])


def importances(forests: Forests) -> pd.DataFrame:
    """Importances of the features at each depth, mean and ``std`` over splits (Table B1)."""
    tables = []
    for depth, values in forests.importances.items():
        mean, std = values.mean(axis=0), values.std(axis=0)
        tables.append(pd.DataFrame({"feature": features.GAMMA_FEATURES, "depth": depth, "importance": mean, "std": std}))
    return pd.concat(tables, ignore_index=True)


def counts(forests: Forests, tested) -> pd.DataFrame:
    """Expected counts of associated sources after training without weights, and with both meanings of them.

    One row a split and ``meaning``: "unweighted", "counts" or "bootstrap" (`forest.fit_forest`); one column a class.
    """
    runs = {"unweighted": forests.plain["six"], "counts": forests.weighted["six"], "bootstrap": forests.drawn}
    tables = []
    for meaning, probability in runs.items():
        expected = catalogue.Run({"rf": probability}, tested).class_sums("rf", associated=True)
        tables.append(pd.DataFrame(expected, columns=NAMES).assign(meaning=meaning))
    return pd.concat(tables, ignore_index=True)


def search_weights(
    X, target, two_class, rows, tested, methods, *, mixture_seeds: int, n_trees: int, seed: int = 0
) -> pd.DataFrame:
    """Test the same unweighted forests under many sets of weights: estimators, seeds of the mixtures, bounds.

    Parameters
    ----------
    target : features of the unassociated sources.
    methods : estimators of `weights.density_ratio`; "gmm" with `mixture_seeds` seeds, the others with one.

    Returns
    -------
    pandas.DataFrame
        ``method``, ``bound``, ``seed``, ``n_eff``, and ``auc`` of AGN against Galactic sources, mean over splits, with
        ``std``.
    """
    probability = catalogue.predict_forests(X, two_class, rows, X, n_classes=2, n_trees=n_trees, seed=seed)
    records = []
    for method in methods:
        for number in range(mixture_seeds if method == "gmm" else 1):
            ratio = weights.density_ratio(X, target, method, seed=number)
            for bound in BOUNDS:
                clipped = weights.clip(ratio, bound)
                found = curves.evaluate(two_class, probability, tested, clipped)[2]
                area = found.loc[found["class"] == "1", "auc"]
                size = weights.effective_sample_size(clipped)
                records.append((method, bound, number, size, area.mean(), area.std()))
    return pd.DataFrame(records, columns=["method", "bound", "seed", "n_eff", "auc", "std"])
