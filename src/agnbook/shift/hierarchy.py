"""From 23 physical classes to six groups: the hierarchical Gaussian-mixture procedure."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler

from agnbook.errors import FeatureError

#: Node of each group in the pruned tree (Fig. 2, bottom): the first digits name its ancestors.
NODES = {"spp+": "00000", "msp+": "00001", "psr+": "0001", "fsrq+": "001", "bcu+": "010", "bll+": "011"}


def merged(depth: int, nodes: dict = NODES) -> dict[str, list[int]]:
    """Return which groups make up each class at a depth of the tree.

    Depths 1, 2, 3 and 4 give two, four, five and six classes; keys are node names, values the
    positions of the groups in `nodes`.
    """
    result: dict[str, list[int]] = {}
    for number, node in enumerate(nodes.values()):
        result.setdefault(node[: depth + 1], []).append(number)
    return dict(sorted(result.items()))


def at_depth(groups: np.ndarray, depth: int) -> np.ndarray:
    """Return class numbers at a depth, from group numbers of shape (n,)."""
    lookup = np.empty(len(NODES), int)
    for number, members in enumerate(merged(depth).values()):
        lookup[members] = number
    return lookup[groups]


def sum_children(probability: np.ndarray, depth: int) -> np.ndarray:
    """Sum group probabilities (n, 6) to the classes at a depth, shape (n, classes)."""
    return np.stack([probability[:, members].sum(axis=1) for members in merged(depth).values()], axis=1)


@dataclass
class Node:
    """A node of the class tree: its name, its physical classes with counts, and up to two children."""

    name: str
    counts: dict[str, int]
    children: list["Node"] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(self.counts.values())

    def leaves(self) -> list["Node"]:
        """Return the terminal nodes, left to right."""
        return [leaf for child in self.children for leaf in child.leaves()] if self.children else [self]

    def walk(self) -> list["Node"]:
        """Return this node and all below it."""
        return [self, *(node for child in self.children for node in child.walk())]


def split(X: np.ndarray, physical: np.ndarray, seed: int) -> dict[str, int]:
    """Split the physical classes of a node in two by a two-component Gaussian mixture.

    The mixture does not see the classes. A class goes to the component for which the ratio of the
    mean posterior of its sources to the mean posterior of the whole node is larger, so that a
    large component does not swallow every class.

    Parameters
    ----------
    X : array, shape (n, features); standardised here, on the node's own sources.
    physical : array of str, shape (n,)

    Returns
    -------
    dict
        Physical class -> 0 or 1; component 0 is the one with fewer sources.
    """
    posterior = _posterior(X, seed)
    names, codes = np.unique(physical, return_inverse=True)
    counts = np.bincount(codes)
    means = np.stack([np.bincount(codes, posterior[:, k]) / counts for k in (0, 1)], axis=1)
    side = (means / posterior.mean(axis=0)).argmax(axis=1)
    if counts[side == 0].sum() > counts[side == 1].sum():
        side = 1 - side
    return dict(zip(names.tolist(), side.tolist(), strict=True))


def _posterior(X, seed):
    scaled = StandardScaler().fit_transform(X)
    return GaussianMixture(2, covariance_type="full", random_state=seed).fit(scaled).predict_proba(scaled)


def hierarchy(X: np.ndarray, physical: np.ndarray, min_sources: int = 50, seed: int = 0, name: str = "0") -> Node:
    """Split the physical classes until a child would have at most `min_sources` sources (Fig. 2, top).

    Parameters
    ----------
    X : array, shape (n, features), associated sources, not yet standardised.
    physical : array of str, shape (n,)

    Returns
    -------
    Node
        The root. Children are ordered as found; names grow by one digit a level.
    """
    physical = np.asarray(physical, dtype=object)
    values, counts = np.unique(physical.astype(str), return_counts=True)
    node = Node(name, dict(zip(values.tolist(), counts.tolist(), strict=True)))
    if len(values) < 2 or len(X) <= 2 * min_sources:
        return node
    side = pd.Series(physical).map(split(X, physical.astype(str), seed)).to_numpy(int)
    if min((side == 0).sum(), (side == 1).sum()) <= min_sources:
        return node
    node.children = [hierarchy(X[side == k], physical[side == k], min_sources, seed, f"{name}{k}") for k in (0, 1)]
    return node


def prune(root: Node) -> tuple[Node, dict[str, int]]:
    """Remove the smallest leaf and merge its sibling with their parent (Fig. 2, bottom).

    Returns
    -------
    (Node, dict)
        The new root and the counts of the physical classes that have lost their group.
    """
    leaf = min(root.leaves(), key=lambda node: node.size)
    if leaf is root:
        raise FeatureError("The class tree is a single leaf; lower `min_sources` so that it splits before pruning.")

    def rebuild(node: Node, name: str) -> Node:
        children = [child for child in node.children if child is not leaf]
        if len(children) == 1:  # the sibling takes its parent's place
            return rebuild(children[0], name)
        counts = {key: value for key, value in node.counts.items() if key not in leaf.counts}
        return Node(name, counts, [rebuild(child, f"{name}{k}") for k, child in enumerate(children)])

    return rebuild(root, root.name), dict(leaf.counts)


def draw_tree(ax, root: Node, dashed: str | None = None) -> None:
    """Draw a class tree: one box a node with its name, size and (for leaves) physical classes."""
    leaves = root.leaves()
    depth = max(len(node.name) for node in leaves) - len(root.name)
    place = {id(leaf): float(number) for number, leaf in enumerate(leaves)}

    def position(node: Node) -> float:
        if id(node) not in place:
            place[id(node)] = float(np.mean([position(child) for child in node.children]))
        return place[id(node)]

    for node in root.walk():
        x, y = position(node), -(len(node.name) - len(root.name))
        for child in node.children:
            ax.plot([x, position(child)], [y, y - 1], color="#666666", lw=0.8, zorder=1)
        text = f"{node.name}\n{node.size} sources"
        if not node.children:
            ordered = sorted(node.counts, key=node.counts.get, reverse=True)
            text += "".join("\n" + ", ".join(ordered[start : start + 3]) for start in range(0, len(ordered), 3))
        style = "--" if node.name == dashed else "-"
        box = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": "#0072B2", "linestyle": style}
        ax.text(x, y, text, ha="center", va="center", fontsize=7.5, bbox=box, zorder=2)
    ax.set_xlim(-0.6, len(leaves) - 0.4)
    ax.set_ylim(-depth - 0.6, 0.5)
    ax.axis("off")
