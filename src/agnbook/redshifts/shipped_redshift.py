"""The redshift model that answers without training, with its trees as plain arrays."""

import json
from dataclasses import dataclass, replace
from functools import cache

import numba
import numpy as np
import pandas as pd

from agnbook import committed, storage
from agnbook.chapter.sizes import Settings
from agnbook.errors import ResultsError
from agnbook.redshifts import trees
from agnbook.redshifts.intervals import Predictive, concatenate

REDSHIFT = "weights/redshift.json"


@numba.njit(cache=True)  # pragma: no cover - compiled
def _add_weights(leaves, start, rows, n_trees, out):
    for query in range(len(leaves)):
        for tree in range(leaves.shape[1]):
            first, last = start[leaves[query, tree]], start[leaves[query, tree] + 1]
            for k in range(first, last):
                out[query, rows[k]] += 1.0 / ((last - first) * n_trees)


class _Part:
    """One of the cross-fitted parts of `redshift.boosted.BestModel`, with trees as arrays."""

    def __init__(self, arrays: dict):
        groups: dict[str, dict] = {}
        for name, array in arrays.items():
            group, _, field = name.partition(".")
            groups.setdefault(group, {})[field] = array
        members = groups.pop("members")
        self.trees = {name: trees.Trees.from_arrays(fields) for name, fields in groups.items()}
        self.seen = np.flatnonzero(np.unpackbits(members["seen"], count=int(members["n"])))
        forest = self.trees["forest"]
        # leaves are stored counted from the first of their tree: small numbers compress well
        first = forest.leaf[np.r_[forest.roots[1:], len(forest.leaf)] - 1] + 1
        leaves = members["leaves"].astype(np.int32) + np.r_[0, first[:-1]][:, None]
        order = np.argsort(leaves, axis=None, kind="stable")
        self.rows = self.seen[order % leaves.shape[1]].astype(np.int32)
        self.start = np.searchsorted(leaves.ravel()[order], np.arange(len(forest.value) + 1))
        self.scale = self

    def centre(self, X) -> np.ndarray:
        """Mean of the members on sqrt(z), shape (m,)."""
        forest, single = self.trees["forest"], X.astype(np.float32)
        members = [forest.sum(single) / len(forest.roots), self.trees["sqrt"].sum(X), self.trees["random"].sum(X)]
        return np.mean([*members, np.exp(self.trees["gamma"].sum(X) / 2)], axis=0)

    def weights(self, X, n: int) -> np.ndarray:
        """Forest weights over all n training rows, shape (m, n)."""
        weights = np.zeros((len(X), n), np.float32)
        forest = self.trees["forest"]
        _add_weights(forest.leaves(X.astype(np.float32)), self.start, self.rows, len(forest.roots), weights)
        return weights

    def predict(self, X) -> np.ndarray:
        """Scale of the residuals, shape (m,)."""
        return self.trees["scale"].sum(X)


@dataclass(frozen=True)
class ShippedRedshift:
    """The redshift model of chapter 15 and what it was trained on.

    Attributes
    ----------
    model : redshift.boosted.BestModel
        With trees as arrays instead of LightGBM's and scikit-learn's.
    lowest, highest : pandas.Series
        Range of each feature in training, NaN left out.
    always : list of str
        Features that every training source had.
    highest_redshift : float
        Of the training sources.
    names : pandas.Index
        The training sources.
    sha256 : str
        Of ``redshift.json``, which holds the hashes of the other files.
    """

    model: object
    lowest: pd.Series
    highest: pd.Series
    always: list
    highest_redshift: float
    names: pd.Index
    sha256: str

    def predict(self, X: pd.DataFrame, names) -> tuple[Predictive, np.ndarray]:
        """Return the predictive distributions of sources, and which of them are training sources, shape (n,).

        A training source, known by its name, is answered only by the part of the model that was fitted without it.

        Parameters
        ----------
        X : from `features.extended_redshift_matrix`
        names : sequence of str, length n
        """
        position = self.names.get_indexer(names)
        without = np.full(len(self.names), -1)  # the part that has not seen each training source
        for number, part in enumerate(self.model.parts):
            unseen = np.ones(len(self.names), bool)
            unseen[part.seen] = False
            without[unseen] = number
        number = np.where(position >= 0, without[position], -1)
        order, found = [], []
        for part in np.unique(number):
            rows = np.flatnonzero(number == part)
            model = self.model if part < 0 else replace(self.model, parts=[self.model.parts[part]])
            order.append(rows)
            found.append(model.predict(X.iloc[rows]))
        return concatenate(found).rows(np.argsort(np.concatenate(order))), position >= 0


def pack_redshift(model, sample, *, settings: Settings, seed: int, wall_seconds: float) -> list[str]:
    """Write a fitted redshift model under ``data/weights``; nothing unless a `paper` run publishes.

    Parameters
    ----------
    model : redshift.boosted.BestModel
    sample : redshift.boosted.RedshiftSample
        It was fitted on this; names and the ranges of the features are kept.

    Returns
    -------
    list of str
        The files, relative to ``data``: a JSON head and one ``.npz`` for each part of the cross-fitting.
    """
    if not committed.publishing() or settings.profile != "paper":
        return []
    record = {"settings": settings, "seed": seed, "wall_seconds": wall_seconds, "notes": {"model": "agnbook best redshift model"}}
    hashes = {}
    for number, part in enumerate(model.parts):
        found = {name: trees.from_lightgbm(booster) for name, booster in (*part.boosters.items(), ("scale", part.scale))}
        found["forest"] = trees.from_sklearn(part.forest)
        content = {f"{name}.{key}": array for name, each in found.items() for key, array in each.arrays().items()}
        forest = found["forest"]
        seen = np.zeros(len(sample), bool)
        seen[part.seen] = True
        leaves = forest.leaves(sample.X.to_numpy(float)[part.seen].astype(np.float32)).T
        first = np.r_[0, forest.leaf[forest.roots[1:] - 1] + 1]
        content |= {"members.seen": np.packbits(seen), "members.n": np.array(len(sample))}
        content["members.leaves"] = (leaves - first[:, None]).astype(np.uint16)
        path = f"weights/redshift_part_{number}.npz"
        committed.write_weights(path, content, **record)
        hashes[path] = storage.sha256(storage.DATA / path)
    given = sample.X.notna().all()
    head = {
        "parts": hashes, "names": sample.X.index.tolist(), "columns": model.columns, "always": given.index[given].tolist(),
        "lowest": sample.X.min().tolist(), "highest": sample.X.max().tolist(), "highest_redshift": float(sample.z.max()),
        "residuals": model.residuals.tolist(), "scales": model.scales.tolist(),
        "half_widths": {str(name): widths.tolist() for name, widths in model.half_widths.items()},
        "near_half_widths": {str(name): widths.tolist() for name, widths in model.near_half_widths.items()},
        "far_half_widths": model.far_half_widths.tolist(),
    }  # fmt: skip
    committed.write_weights(REDSHIFT, head, **record)
    return [REDSHIFT, *hashes]


@cache
def load_redshift() -> ShippedRedshift:
    """Read the shipped redshift model.

    Raises
    ------
    ResultsError
        For a file that is missing, differs from its record or from the head, or holds no plain arrays.
    """
    from agnbook.redshifts.boosted import BestModel

    path = committed.verify(REDSHIFT)
    head = json.loads(path.read_text(encoding="utf-8"))
    for name, sha256 in head["parts"].items():
        if storage.sha256(committed.verify(name)) != sha256:
            raise ResultsError(f"{name} is of another model than {REDSHIFT}; restore both with `git checkout data`.")
    widths = [
        {None if name == "None" else name: np.array(values) for name, values in head[key].items()}
        for key in ("half_widths", "near_half_widths")
    ]
    model = BestModel(
        [_Part(committed.read_arrays(name)) for name in head["parts"]], np.array(head["residuals"]),
        np.array(head["scales"]), *widths,
        np.array(head["far_half_widths"]), head["columns"],
    )  # fmt: skip
    lowest, highest = (pd.Series(head[key], head["columns"], dtype=float) for key in ("lowest", "highest"))
    names = pd.Index(head["names"])
    return ShippedRedshift(model, lowest, highest, head["always"], head["highest_redshift"], names, storage.sha256(path))
