"""Random forests under both meanings of `sample_weight`.

Up to scikit-learn 1.8 a forest multiplied the weights into the bootstrap counts of its trees;
since 1.9 it draws the bootstrap sample with probabilities proportional to the weights. The paper
used 1.2.2, so its weighted results need the old meaning.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from agnbook.errors import FeatureError

#: Paper 2, footnote 3.
N_TREES, MAX_DEPTH = 50, 15
WEIGHTINGS = ("counts", "bootstrap")


def check_weights(sample_weight, n: int) -> np.ndarray:
    """Return weights as floats of shape (n,); they must be finite, not negative, and not all zero.

    Raises
    ------
    FeatureError
        Says how many weights are wrong and what the first one is.
    """
    weight = np.asarray(sample_weight, dtype=float)
    if weight.shape != (n,):
        raise FeatureError(f"Sample weights have shape {weight.shape}, but there are {n} sources; give one weight a source.")
    bad = ~np.isfinite(weight) | (weight < 0)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise FeatureError(
            f"{bad.sum()} of {n} sample weights are negative or not finite (row {first}: {weight[first]}). Clip them."
        )
    if not weight.sum() > 0:
        raise FeatureError("All sample weights are zero; at least one source must count.")
    return weight


@dataclass(frozen=True)
class Forest:
    """Fitted trees; `classes` are the class numbers that the trees know, of `n_classes` in all."""

    trees: list
    bags: np.ndarray | None
    classes: np.ndarray
    n_classes: int

    def predict_proba(self, X) -> np.ndarray:
        """Return mean tree probabilities, shape (n, n_classes); a class unseen in training gets 0."""
        X = np.ascontiguousarray(X, dtype=np.float32)
        total = np.zeros((len(X), len(self.classes)))
        for tree in self.trees:
            total += tree.tree_.predict(X)[:, : len(self.classes)]
        return self._spread(total / len(self.trees))

    def out_of_bag(self, X) -> np.ndarray:
        """Return probabilities of the training rows `X` from the trees that did not draw them, shape (n, n_classes).

        Raises
        ------
        FeatureError
            For a forest without stored bags, or when a row was drawn by every tree.
        """
        if self.bags is None:
            raise FeatureError("This forest keeps no bags; fit it with weighting='counts'.")
        X = np.ascontiguousarray(X, dtype=np.float32)
        outside = self.bags == 0
        if (never := ~outside.any(axis=0)).any():
            raise FeatureError(f"{never.sum()} sources were drawn by every tree; grow more trees.")
        total = np.zeros((len(X), len(self.classes)))
        for tree, rows in zip(self.trees, outside, strict=True):
            total[rows] += tree.tree_.predict(X[rows])[:, : len(self.classes)]
        return self._spread(total / outside.sum(axis=0)[:, None])

    @property
    def importances(self) -> np.ndarray:
        """Mean decrease of impurity of each feature, adding up to 1 (Table B1)."""
        return np.mean([tree.feature_importances_ for tree in self.trees], axis=0)

    def _spread(self, probability):
        result = np.zeros((len(probability), self.n_classes))
        result[:, self.classes] = probability
        return result


def fit_forest(
    X,
    y,
    sample_weight=None,
    *,
    seed: int,
    n_classes: int | None = None,
    n_trees: int = N_TREES,
    max_depth: int | None = MAX_DEPTH,
    min_samples_leaf: int = 1,
    weighting: str = "counts",
) -> Forest:
    """Fit a random forest (Gini, sqrt(features) a split, bootstrap samples).

    Parameters
    ----------
    X : array, shape (n, features)
    y : int array, shape (n,), class numbers from 0
    sample_weight : array, shape (n,), optional
    n_classes : int, optional
        Number of classes in all; by default ``max(y) + 1``.
    weighting : {"counts", "bootstrap"}
        "counts": every tree gets bootstrap counts times the weights (scikit-learn up to 1.8);
        "bootstrap": weights are the probabilities of being drawn (since 1.9).

    Raises
    ------
    FeatureError
        For unusable weights, or fewer than two classes.
    """
    X, y = np.ascontiguousarray(X, dtype=np.float32), np.asarray(y, dtype=int)
    classes, codes = np.unique(y, return_inverse=True)
    n_classes = n_classes or int(classes[-1]) + 1
    if len(classes) < 2:
        raise FeatureError(f"All {len(y)} training sources have the same class; a classifier needs two.")
    if weighting not in WEIGHTINGS:
        raise FeatureError(f"Unknown weighting {weighting!r}; choose one of {', '.join(WEIGHTINGS)}.")
    weight = None if sample_weight is None else check_weights(sample_weight, len(X))
    shape = {"max_depth": max_depth, "min_samples_leaf": min_samples_leaf, "max_features": "sqrt"}
    if weighting == "bootstrap":
        forest = RandomForestClassifier(n_trees, random_state=seed, **shape).fit(X, codes, weight)
        return Forest(list(forest.estimators_), None, classes, n_classes)
    rng = np.random.default_rng(seed)
    trees, bags = [], np.empty((n_trees, len(X)), dtype=np.uint8)
    for number in range(n_trees):
        counts = np.bincount(rng.integers(0, len(X), len(X)), minlength=len(X))
        bags[number] = np.minimum(counts, 255)
        in_tree = counts if weight is None else counts * weight
        tree = DecisionTreeClassifier(random_state=int(rng.integers(2**31)), **shape)
        trees.append(tree.fit(X, codes, in_tree, check_input=False))
    return Forest(trees, bags, classes, n_classes)


def reassign(X, groups, X_orphans, orphan_classes, *, n_groups: int, seed: int) -> dict[str, np.ndarray]:
    """Sum the group probabilities of the sources of each orphaned physical class (section 2).

    Parameters
    ----------
    X, groups : training sources, shape (n, features), and their group numbers.
    X_orphans, orphan_classes : sources of the pruned leaf and their physical classes.

    Returns
    -------
    dict
        Physical class -> summed probabilities, shape (n_groups,); it joins the group of the maximum.
    """
    probability = fit_forest(X, groups, seed=seed, n_classes=n_groups).predict_proba(X_orphans)
    orphan_classes = np.asarray(orphan_classes, dtype=str)
    return {str(name): probability[orphan_classes == name].sum(axis=0) for name in np.unique(orphan_classes)}
