"""Decision trees as arrays: taken from LightGBM or scikit-learn, stored without pickle, walked without either library."""

from dataclasses import dataclass

import numba
import numpy as np

from agnbook.errors import ResultsError


@numba.njit(cache=True)  # pragma: no cover - compiled
def _walk(X, feature, threshold, right, missing_left, leaf, roots, out):
    for tree in range(len(roots)):  # the outer loop: one tree fits into the processor's nearest memory
        for row in range(len(X)):
            node = roots[tree]
            while feature[node] >= 0:
                value = X[row, feature[node]]
                goes_left = missing_left[node] if np.isnan(value) else value <= threshold[node]
                node = node + 1 if goes_left else right[node]
            out[tree, row] = leaf[node]


@numba.njit(cache=True)  # pragma: no cover - compiled
def _right_children(feature):
    """Right child of every inner node: the first node after the left branch, in depth-first order."""
    right = np.full(len(feature), -1, np.int32)
    waiting = np.empty(len(feature), np.int32)
    depth = 0
    for node in range(len(feature)):
        if node and feature[node - 1] < 0 and depth:  # a branch has ended: this node is the latest open right child
            depth -= 1
            right[waiting[depth]] = node
        if feature[node] >= 0:
            waiting[depth] = node
            depth += 1
    return right


@dataclass(frozen=True)
class Trees:
    """Regression trees; the nodes of each stand in depth-first order, so that a left child follows its parent.

    Attributes
    ----------
    feature : int8 array (nodes,), column to split by; -1 for a leaf.
    threshold : float array (nodes,), values up to it go left.
    missing_left : bool array (nodes,), whether NaN goes left.
    value : float32 array (leaves,)
    roots : int32 array (trees,)
    """

    feature: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    value: np.ndarray
    roots: np.ndarray

    def __post_init__(self):
        is_leaf = self.feature < 0
        object.__setattr__(self, "leaf", np.where(is_leaf, np.cumsum(is_leaf) - 1, -1).astype(np.int32))
        object.__setattr__(self, "right", _right_children(self.feature))
        if len(self.value) != is_leaf.sum() or (self.right[~is_leaf] < 0).any() or len(self.threshold) != len(self.feature):
            raise ResultsError("The arrays do not describe trees; restore the weights with `git checkout data`.")

    def leaves(self, X) -> np.ndarray:
        """Return the leaf of every row in every tree, shape (n, trees), counted through all trees."""
        X = np.ascontiguousarray(X, float)
        out = np.empty((len(self.roots), len(X)), np.int32)
        _walk(X, self.feature, self.threshold, self.right, self.missing_left, self.leaf, self.roots, out)
        return out.T

    def sum(self, X) -> np.ndarray:
        """Return the sum of all trees, shape (n,)."""
        return self.value[self.leaves(X)].sum(axis=1, dtype=float)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what `from_arrays` needs, without what the order implies."""
        inner = self.feature >= 0
        return {
            "feature": self.feature, "threshold": self.threshold[inner], "missing_left": np.packbits(self.missing_left[inner]),
            "value": self.value, "roots": self.roots,
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: dict) -> "Trees":
        """Undo `arrays`."""
        feature, inner = arrays["feature"], arrays["feature"] >= 0
        threshold, missing_left = np.zeros(len(feature)), np.zeros(len(feature), bool)
        threshold[inner] = arrays["threshold"]
        missing_left[inner] = np.unpackbits(arrays["missing_left"], count=inner.sum()).astype(bool)
        return cls(feature, threshold, missing_left, arrays["value"], arrays["roots"])


def from_lightgbm(booster) -> Trees:
    """Take the trees of a LightGBM booster with numerical features; their sum is its raw score."""
    feature, threshold, missing_left, value, roots = [], [], [], [], []
    for tree in booster.dump_model()["tree_info"]:
        roots.append(len(feature))
        waiting = [tree["tree_structure"]]
        while waiting:
            node = waiting.pop()
            is_leaf = "split_feature" not in node
            feature.append(-1 if is_leaf else node["split_feature"])
            threshold.append(0.0 if is_leaf else node["threshold"])
            # without missing values in training, LightGBM takes NaN for 0
            missing = "" if is_leaf else node["missing_type"]
            missing_left.append(not is_leaf and (node["default_left"] if missing == "NaN" else node["threshold"] >= 0))
            if is_leaf:
                value.append(node["leaf_value"])
            else:
                waiting += [node["right_child"], node["left_child"]]
    return Trees(
        np.array(feature, np.int8), np.array(threshold), np.array(missing_left), np.array(value, np.float32),
        np.array(roots, np.int32),
    )  # fmt: skip


def from_sklearn(forest) -> Trees:
    """Take the trees of a scikit-learn forest of regressors; their mean is its prediction.

    scikit-learn compares in single precision: thresholds are rounded down to it, which changes no comparison, and
    `Trees.leaves` must be given values of single precision.
    """
    parts = [estimator.tree_ for estimator in forest.estimators_]
    roots = np.cumsum([0, *(tree.node_count for tree in parts[:-1])])
    feature = np.concatenate([np.where(tree.children_left < 0, -1, tree.feature) for tree in parts])
    wide = np.concatenate([tree.threshold for tree in parts])
    threshold = wide.astype(np.float32)
    threshold = np.where(threshold > wide, np.nextafter(threshold, np.float32(-np.inf)), threshold)
    value = np.concatenate([tree.value[tree.children_left < 0, 0, 0] for tree in parts])
    missing = np.concatenate([tree.missing_go_to_left for tree in parts]).astype(bool)
    return Trees(feature.astype(np.int8), threshold, missing, value.astype(np.float32), roots.astype(np.int32))
