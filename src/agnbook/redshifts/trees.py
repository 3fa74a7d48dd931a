"""Decision trees as arrays: taken from LightGBM or scikit-learn, stored without pickle, walked without either library."""

from dataclasses import dataclass, field

import numpy as np

from agnbook.compiled import compiled
from agnbook.errors import ResultsError


@compiled  # pragma: no cover - compiled
def _walk(X, feature, threshold, right, missing_left, leaf, roots, out):
    for tree in range(len(roots)):  # the outer loop: one tree fits into the processor's nearest memory
        for row in range(len(X)):
            node = roots[tree]
            while feature[node] >= 0:
                value = X[row, feature[node]]
                goes_left = missing_left[node] if np.isnan(value) else value <= threshold[node]
                node = node + 1 if goes_left else right[node]
            out[tree, row] = leaf[node]


@compiled  # pragma: no cover - compiled
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

    That order says where a tree ends and where right children are, so neither is stored, and no stored number leads out
    of the arrays.

    Attributes
    ----------
    feature : int8 array (nodes,), column to split by; -1 for a leaf.
    threshold : float array (nodes,), values up to it go left.
    missing_left : bool array (nodes,), whether NaN goes left.
    value : float32 array (leaves,)

    Raises
    ------
    ResultsError
        For arrays that describe no trees.
    """

    feature: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    value: np.ndarray
    roots: np.ndarray = field(init=False)
    leaf: np.ndarray = field(init=False)
    right: np.ndarray = field(init=False)

    def __post_init__(self):
        is_leaf = self.feature < 0
        open_branches = np.cumsum(np.where(is_leaf, -1, 1))  # falls to a new minimum at the last leaf of each tree
        ends = np.flatnonzero(open_branches < np.minimum.accumulate(np.r_[0, open_branches])[:-1])
        lengths = {len(self.feature), len(self.threshold), len(self.missing_left)}
        whole = len(lengths) == 1 and len(ends) and ends[-1] == len(self.feature) - 1
        if not whole or len(self.value) != is_leaf.sum():
            raise ResultsError("The arrays do not describe trees; restore the weights with `git checkout data`.")
        object.__setattr__(self, "roots", np.r_[0, ends[:-1] + 1].astype(np.int32))
        object.__setattr__(self, "leaf", np.where(is_leaf, np.cumsum(is_leaf) - 1, -1).astype(np.int32))
        object.__setattr__(self, "right", _right_children(self.feature))

    @property
    def first_leaves(self) -> np.ndarray:
        """The first leaf of every tree, shape (trees,), counted through all trees."""
        return np.r_[0, self.leaf[self.roots[1:] - 1] + 1]

    def leaves(self, X) -> np.ndarray:
        """Return the leaf of every row in every tree, shape (n, trees), counted through all trees."""
        X = np.ascontiguousarray(X, float)
        if self.feature.max() >= X.shape[1]:
            raise ResultsError(f"The trees ask for more than the {X.shape[1]} features; restore the weights with git.")
        out = np.empty((len(self.roots), len(X)), np.int32)
        _walk(X, self.feature, self.threshold, self.right, self.missing_left, self.leaf, self.roots, out)
        return out.T

    def sum(self, X) -> np.ndarray:
        """Return the sum of all trees, shape (n,)."""
        return self.value[self.leaves(X)].sum(axis=1, dtype=float)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what `from_arrays` needs, without what the order implies."""
        inner = self.feature >= 0
        threshold = self.threshold[inner]
        with np.errstate(over="ignore"):
            single = threshold.astype(np.float32)
        threshold = single if (single == threshold).all() else threshold.astype(float)  # a forest's are of single precision
        return {
            "feature": self.feature, "threshold": threshold, "missing_left": np.packbits(self.missing_left[inner]),
            "value": self.value,
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: dict) -> "Trees":
        """Undo `arrays`; see `Trees` for errors."""
        try:
            feature, inner = arrays["feature"], arrays["feature"] >= 0
            threshold, missing_left = np.zeros(len(feature)), np.zeros(len(feature), bool)
            threshold[inner] = arrays["threshold"]
            missing_left[inner] = np.unpackbits(arrays["missing_left"], count=inner.sum()).astype(bool)
            return cls(feature, threshold, missing_left, arrays["value"])
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise ResultsError(f"The arrays do not describe trees ({error}); restore the weights with git.") from None


def from_lightgbm(booster) -> Trees:
    """Take the trees of a LightGBM booster with numerical features; their sum is its raw score."""
    feature, threshold, missing_left, value = [], [], [], []
    for tree in booster.dump_model()["tree_info"]:
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
    return Trees(np.array(feature, np.int8), np.array(threshold), np.array(missing_left), np.array(value, np.float32))


def from_sklearn(forest) -> Trees:
    """Take the trees of a scikit-learn forest of regressors; their mean is its prediction.

    scikit-learn compares in single precision: thresholds are rounded down to it, which changes no comparison, and
    `Trees.leaves` must be given values of single precision.
    """
    parts = [estimator.tree_ for estimator in forest.estimators_]
    feature = np.concatenate([np.where(tree.children_left < 0, -1, tree.feature) for tree in parts])
    wide = np.concatenate([tree.threshold for tree in parts])
    threshold = wide.astype(np.float32)
    threshold = np.where(threshold > wide, np.nextafter(threshold, np.float32(-np.inf)), threshold)
    value = np.concatenate([tree.value[tree.children_left < 0, 0, 0] for tree in parts])
    missing = np.concatenate([tree.missing_go_to_left for tree in parts]).astype(bool)
    return Trees(feature.astype(np.int8), threshold, missing, value.astype(np.float32))
