"""The redshift model that answers without training, with its trees as plain arrays."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from agnbook import committed, weights
from agnbook.compiled import compiled
from agnbook.redshifts import trees
from agnbook.redshifts.best_model import BestModel
from agnbook.redshifts.intervals import Predictive, concatenate

#: Fitted on all columns of 4LAC, and on those alone that 4FGL has, too.
REDSHIFT, REDSHIFT_4FGL = "weights/redshift.safetensors", "weights/redshift_4fgl.safetensors"
#: The trees of a part: three boosters that vote on the centre, the booster of the residuals' size, and the forest.
TREES = ("sqrt", "random", "gamma", "scale", "forest")
#: How the key of the class-wise half-widths that belong to no class is written.
_ANY = "any"


@compiled  # pragma: no cover - compiled
def _add_weights(leaves, start, rows, n_trees, out):
    for query in range(len(leaves)):
        for tree in range(leaves.shape[1]):
            first, last = start[leaves[query, tree]], start[leaves[query, tree] + 1]
            for k in range(first, last):
                out[query, rows[k]] += 1.0 / ((last - first) * n_trees)


@dataclass(frozen=True)
class TreePart:
    """One of the cross-fitted parts of `best_model.BestModel`, with trees as arrays.

    Attributes
    ----------
    trees : name of `TREES` -> trees.Trees
    seen : int array (rows,), the training rows that it was fitted on.
    leaves : uint16 array (trees, rows)
        Leaf of each of these rows in each tree of the forest, counted from the tree's first: small numbers compress well.
    """

    trees: dict[str, trees.Trees]
    seen: np.ndarray
    leaves: np.ndarray

    @cached_property
    def _members(self) -> tuple[np.ndarray, np.ndarray]:
        """Training rows ordered by leaf, and where each leaf's rows start."""
        forest = self.trees["forest"]
        leaves = self.leaves.astype(np.int32) + forest.first_leaves[:, None]
        order = np.argsort(leaves, axis=None, kind="stable")
        rows = self.seen[order % leaves.shape[1]].astype(np.int32)
        return rows, np.searchsorted(leaves.ravel()[order], np.arange(len(forest.value) + 1))

    def centre(self, X) -> np.ndarray:
        """Mean of the members on sqrt(z), shape (m,)."""
        forest, single = self.trees["forest"], X.astype(np.float32)
        members = [forest.sum(single) / len(forest.roots), self.trees["sqrt"].sum(X), self.trees["random"].sum(X)]
        return np.mean([*members, np.exp(self.trees["gamma"].sum(X) / 2)], axis=0)

    def spread(self, X) -> np.ndarray:
        """Scale of the residuals, shape (m,)."""
        return self.trees["scale"].sum(X)

    def weights(self, X, n: int) -> np.ndarray:
        """Forest weights over all n training rows, shape (m, n)."""
        weights, forest, (rows, start) = np.zeros((len(X), n), np.float32), self.trees["forest"], self._members
        _add_weights(forest.leaves(X.astype(np.float32)), start, rows, len(forest.roots), weights)
        return weights

    @classmethod
    def from_fitted(cls, part, X: np.ndarray) -> "TreePart":
        """Take a part that `boosted.fit_best` fitted on rows of X, shape (n, features)."""
        found = {name: trees.from_lightgbm(booster) for name, booster in (*part.boosters.items(), ("scale", part.scale))}
        forest = found["forest"] = trees.from_sklearn(part.forest)
        leaves = forest.leaves(X[part.seen].astype(np.float32)).T
        return cls(found, part.seen, (leaves - forest.first_leaves[:, None]).astype(np.uint16))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what `from_arrays` needs."""
        stored = {f"{name}.{key}": array for name in TREES for key, array in self.trees[name].arrays().items()}
        return stored | {"seen": self.seen.astype(np.int32), "leaves": self.leaves}

    @classmethod
    def from_arrays(cls, arrays: dict, columns: int, n: int) -> "TreePart":
        """Undo `arrays` for a model of `columns` features and `n` training rows.

        Raises
        ------
        ResultsError, ValueError, KeyError
            For arrays that are no trees, and for numbers that lead out of the arrays they point into.
        """
        every = weights.Weights(arrays, {})
        part = cls({name: trees.Trees.from_arrays(every.group(name)) for name in TREES}, arrays["seen"], arrays["leaves"])
        forest = part.trees["forest"]
        per_tree = np.diff(np.r_[forest.first_leaves, len(forest.value)])
        if any(tree.feature.max() >= columns for tree in part.trees.values()):
            raise ValueError("a tree asks for a feature that is not there")
        if part.leaves.shape != (len(per_tree), len(part.seen)) or (part.leaves >= per_tree[:, None]).any():
            raise ValueError("a training row lies in a leaf that is not there")
        if (part.seen < 0).any() or (part.seen >= n).any():
            raise ValueError("a part has seen a training row that is not there")
        return part


@dataclass(frozen=True)
class ShippedRedshift:
    """The redshift model of chapter 17 and what it was trained on.

    Attributes
    ----------
    model : best_model.BestModel
        With trees as arrays instead of LightGBM's and scikit-learn's.
    lowest, highest : pandas.Series
        Range of each feature in training, NaN left out.
    always : list of str
        Features that every training source had.
    highest_redshift : float
        Of the training sources.
    names : pandas.Index
        The training sources, by their names in 4LAC-DR3.
    sha256 : str
        Of the file; empty for a model that comes from none.
    """

    model: BestModel
    lowest: pd.Series
    highest: pd.Series
    always: list
    highest_redshift: float
    names: pd.Index
    sha256: str = ""

    @classmethod
    def from_fitted(cls, model: BestModel, sample) -> "ShippedRedshift":
        """Take a model that `boosted.fit_best` fitted on a `boosted.RedshiftSample`."""
        X, given = sample.X.to_numpy(float), sample.X.notna().all()
        plain = replace(model, parts=[TreePart.from_fitted(part, X) for part in model.parts])
        always, highest = given.index[given].tolist(), float(sample.z.max())
        return cls(plain, sample.X.min(), sample.X.max(), always, highest, sample.X.index)

    def answer(self, X: pd.DataFrame, names) -> tuple[Predictive, np.ndarray]:
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

    def save(self, path: Path | str) -> None:
        """Write the model; see `weights.save`."""
        model = self.model
        arrays = {"residuals": model.residuals, "scales": model.scales, "far_half_widths": model.far_half_widths}
        arrays |= {"lowest": self.lowest.to_numpy(float), "highest": self.highest.to_numpy(float)}
        for kind in ("half_widths", "near_half_widths"):
            arrays |= {f"{kind}.{group or _ANY}": np.asarray(found) for group, found in getattr(model, kind).items()}
        for number, part in enumerate(model.parts):
            arrays |= {f"part_{number}.{name}": array for name, array in part.arrays().items()}
        config = {
            "parts": len(model.parts), "columns": model.columns, "always": self.always, "names": list(self.names),
            "highest_redshift": self.highest_redshift,
        }  # fmt: skip
        weights.save(path, arrays, config)

    @classmethod
    def load(cls, path: Path | str | None = None) -> "ShippedRedshift":
        """Read a file that `save` wrote, by default the committed one; a `ResultsError` says what is wrong with it."""
        path = committed.verify(REDSHIFT) if path is None else path
        shapes = dict.fromkeys(("residuals", "scales"), ("sources",)) | {"far_half_widths": (3,)}
        stored = weights.load(path, shapes | dict.fromkeys(("lowest", "highest"), ("columns",)))
        config, arrays = stored.config, stored.arrays
        try:
            columns, names = config["columns"], pd.Index(config["names"])
            if len(columns) != len(arrays["lowest"]) or len(names) != len(arrays["residuals"]):
                raise ValueError("names and numbers differ in length")
            parts = [
                TreePart.from_arrays(stored.group(f"part_{number}"), len(columns), len(names))
                for number in range(config["parts"])
            ]
            half, near = (
                {None if name == _ANY else name: found for name, found in stored.group(kind).items()}
                for kind in ("half_widths", "near_half_widths")
            )
            model = BestModel(parts, arrays["residuals"], arrays["scales"], half, near, arrays["far_half_widths"], columns)
            lowest, highest = (pd.Series(arrays[key], columns) for key in ("lowest", "highest"))
            return cls(model, lowest, highest, config["always"], config["highest_redshift"], names, stored.sha256)
        except (KeyError, TypeError, ValueError) as error:
            raise weights.refuse(path, str(error)) from None
