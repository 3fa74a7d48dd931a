"""The class hierarchy."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from agnbook.errors import FeatureError
from agnbook.shift import hierarchy
from agnbook.sky import catalogs, features, source_classes


def blobs(rng, sizes=(("a", 200), ("b", 150), ("c", 60), ("d", 12))):
    centre = {"a": (0, 0), "b": (0.5, 0), "c": (9, 9), "d": (9.5, 9), "e": (-9, 9)}
    X = np.vstack([rng.normal(centre[name], 0.6, (n, 2)) for name, n in sizes])
    return X, np.repeat([name for name, _ in sizes], [n for _, n in sizes]).astype(object)


def test_groups_cover_every_class_of_the_paper_once():
    members = [name for group in source_classes.GROUPS.values() for name in group]
    assert sorted(members) == sorted(source_classes.PAPER_CLASSES)
    assert sum(count for count, _ in source_classes.PAPER_CLASSES.values()) == 4614
    table_2 = {name: sum(source_classes.PAPER_CLASSES[c][0] for c in group) for name, group in source_classes.GROUPS.items()}
    assert table_2 == {"spp+": 173, "msp+": 179, "psr+": 241, "fsrq+": 827, "bcu+": 1637, "bll+": 1557}
    assert sum(source_classes.PAPER_CLASSES[name][0] for name in source_classes.AGN_CLASSES) == 4013


def test_group_index_and_unknown_classes():
    assert source_classes.group_index(["spp", "", "bll"]).tolist() == [0, -1, 5]
    assert source_classes.two_class(["bcu", "psr", "sbg", ""]).tolist() == [1, 0, 0, -1]
    with pytest.raises(FeatureError, match=r"kilonova \(2\)"):
        source_classes.group_index(["bll", "kilonova", "kilonova"])


def test_depths_of_the_tree():
    assert [len(hierarchy.merged(depth)) for depth in (1, 2, 3, 4)] == [2, 4, 5, 6]
    assert hierarchy.merged(1) == {"00": [0, 1, 2, 3], "01": [4, 5]}
    probability = np.random.default_rng(0).dirichlet(np.ones(6), 20)
    for depth in (1, 2, 3, 4):
        assert np.allclose(hierarchy.sum_children(probability, depth).sum(axis=1), 1)
    assert np.array_equal(hierarchy.at_depth(np.arange(6), 4), np.arange(6))
    assert hierarchy.at_depth(np.arange(6), 1).tolist() == [0, 0, 0, 0, 1, 1]


def test_split_finds_separated_classes_without_seeing_them():
    X, physical = blobs(np.random.default_rng(1))
    side = hierarchy.split(X, physical, seed=0)
    assert side["a"] == side["b"] == 1 and side["c"] == side["d"] == 0


def test_hierarchy_and_pruning():
    X, physical = blobs(np.random.default_rng(1))
    root = hierarchy.hierarchy(X, physical, min_sources=50)
    assert root.children and sorted(root.children[0].counts) == ["c", "d"] and root.children[0].size == 72
    assert not hierarchy.hierarchy(X, physical, min_sources=100).children
    pruned, orphans = hierarchy.prune(root)
    assert orphans == {"c": 60, "d": 12} and pruned.size == 350
    with pytest.raises(FeatureError, match="single leaf"):
        hierarchy.prune(hierarchy.Node("0", {"a": 3}))
    tree = hierarchy.Node("0", {"a": 9, "b": 7, "c": 2}, [
        hierarchy.Node("00", {"a": 9}),
        hierarchy.Node("01", {"b": 7, "c": 2}, [hierarchy.Node("010", {"b": 7}), hierarchy.Node("011", {"c": 2})]),
    ])  # fmt: skip
    pruned, orphans = hierarchy.prune(tree)
    assert orphans == {"c": 2} and [node.name for node in pruned.leaves()] == ["00", "01"]


def test_pruned_classes_find_homes():
    """Classes b and d lie at the same place; the leaf that holds d alone is pruned, so d must join b."""
    tree = hierarchy.Node("0", {"a": 9, "b": 7, "d": 2}, [
        hierarchy.Node("00", {"a": 9}), hierarchy.Node("01", {"b": 7}),
    ])  # fmt: skip
    adopted = hierarchy.adopt(tree, {"d": 2}, {"d": "b+"})
    assert hierarchy.groups(adopted) == {"a+": ("a",), "b+": ("b", "d")}
    assert adopted.children[1].size == 9 and adopted.children[0].size == 9 and adopted.size == 18
    rng = np.random.default_rng(1)
    X, physical = blobs(rng, (("a", 300), ("b", 250), ("c", 160), ("e", 70)))
    root, adopted = hierarchy.derive(X, physical, min_sources=50, seed=0)
    found = hierarchy.groups(adopted)
    assert len(adopted.leaves()) == len(root.leaves()) - 1
    assert sorted(name for members in found.values() for name in members) == ["a", "b", "c", "e"]
    assert adopted.size == len(X)


def test_first_split_on_the_catalogue():
    gamma = features.gamma_features(catalogs.read("4fgl-dr4"))
    known = gamma.y == 1
    side = hierarchy.split(gamma.X[known].to_numpy(), gamma.info.loc[known, "physical_class"].to_numpy(str), seed=0)
    assert side["bcu"] == side["bll"] == 1 and side["fsrq"] == side["psr"] == side["spp"] == 0


def test_tree_is_drawn():
    X, physical = blobs(np.random.default_rng(1))
    root = hierarchy.hierarchy(X, physical, min_sources=50)
    fig, ax = plt.subplots()
    hierarchy.draw_tree(ax, root, dashed=root.leaves()[0].name)
    assert len(ax.texts) == len(root.walk()) + len(root.leaves())
    plt.close(fig)
