"""From 23 physical classes to six groups: the hierarchical Gaussian-mixture procedure."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler

from agnbook.errors import FeatureError
from agnbook.shift import forest
from agnbook.sky import source_classes

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


def label(node: Node) -> str:
    """Return the name of a group: its largest physical class and a plus sign."""
    return max(node.counts, key=node.counts.get) + "+"


def groups(root: Node) -> dict[str, tuple[str, ...]]:
    """Return the physical classes of every leaf, left to right, by `label`."""
    return {label(leaf): tuple(sorted(leaf.counts)) for leaf in root.leaves()}


def adopt(root: Node, orphans: dict[str, int], homes: dict[str, str]) -> Node:
    """Give pruned physical classes to groups (Fig. 2, bottom).

    Parameters
    ----------
    orphans : class -> number of sources, as `prune` returns them.
    homes : class -> label of the group that it joins.
    """
    path = {leaf.name: label(leaf) for leaf in root.leaves()}

    def rebuild(node: Node) -> Node:
        below = {text for name, text in path.items() if name.startswith(node.name)}
        joined = {name: count for name, count in orphans.items() if homes[name] in below}
        return Node(node.name, node.counts | joined, [rebuild(child) for child in node.children])

    return rebuild(root)


def derive(X: np.ndarray, physical: np.ndarray, min_sources: int = 50, seed: int = 0) -> tuple[Node, Node]:
    """Split, prune, and let a forest find new homes for the pruned classes: the whole of section 2 of paper 2.

    Returns
    -------
    (Node, Node)
        The tree as split (Fig. 2, top), and the pruned one with every physical class in a group (bottom).
    """
    root = hierarchy(X, physical, min_sources, seed)
    pruned, orphans = prune(root)
    members = groups(pruned)
    number = source_classes.group_index(physical, members | {"": tuple(orphans)})
    lost = number == len(members)
    sums = forest.reassign(X[~lost], number[~lost], X[lost], physical[lost], n_groups=len(members), seed=seed)
    names = list(members)
    return root, adopt(pruned, orphans, {name: names[int(total.argmax())] for name, total in sums.items()})


def draw_tree(ax, root: Node, dashed: str | None = None) -> None:
    """Draw a class tree from left to right, a leaf a line: name, size, and (for leaves) physical classes."""
    leaves = root.leaves()
    place = {id(leaf): -float(number) for number, leaf in enumerate(leaves)}
    deepest = max(len(leaf.name) for leaf in leaves) - len(root.name)

    def position(node: Node) -> float:
        if id(node) not in place:
            place[id(node)] = float(np.mean([position(child) for child in node.children]))
        return place[id(node)]

    for node in root.walk():
        x, y = len(node.name) - len(root.name), position(node)
        for child in node.children:
            ax.plot([x, x + 0.5, x + 1], [y, position(child), position(child)], color="#666666", lw=0.9, zorder=1)
        style = "--" if node.name == dashed else "-"
        box = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": "#0072B2", "linestyle": style}
        ax.text(x, y, f"{node.name}\n{node.size}", ha="center", va="center", fontsize=10, bbox=box, zorder=2)
        if not node.children:
            ordered = sorted(node.counts, key=node.counts.get, reverse=True)
            lines = [", ".join(ordered[start : start + 5]) for start in range(0, len(ordered), 5)]
            ax.plot([x, deepest + 0.35], [y, y], color="#cccccc", lw=0.7, ls=":", zorder=0)
            ax.text(deepest + 0.45, y, ",\n".join(lines), ha="left", va="center", fontsize=10)
    ax.set_xlim(-0.4, deepest + 2.2)
    ax.set_ylim(-len(leaves) + 0.4, 0.6)
    ax.axis("off")
