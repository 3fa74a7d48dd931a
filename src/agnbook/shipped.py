"""The models that answer without training: `pack_*` writes a fitted model under ``data/weights``, `load_*` reads it back.

Weights are JSON, arrays without pickle (``.npz``) or safetensors, each with its SHA-256 in ``data/results/artifacts.json``,
which is checked before anything is read.
"""

import io
import json
import zipfile
from dataclasses import dataclass, replace
from functools import cache

import numba
import numpy as np
import pandas as pd

from agnbook import artifacts, files, trees
from agnbook.errors import ResultsError
from agnbook.profiles import Settings
from agnbook.redshift.intervals import Predictive, concatenate

REDSHIFT = "weights/redshift.json"
GROUPS = "weights/groups.npz"
#: Density ratio beyond which paper 2 no longer trusts it (`shift.weights.MAX_WEIGHT`, whose module needs scikit-learn).
MAX_WEIGHT = 10.0


def _arrays(path: str) -> dict[str, np.ndarray]:
    """Read a committed ``.npz`` after checking it; nothing in it is ever unpickled."""
    try:
        with np.load(artifacts.verify(path), allow_pickle=False) as file:
            return dict(file)
    except (ValueError, OSError, TypeError, AttributeError) as error:
        raise ResultsError(f"{path} does not hold plain arrays ({error}). Restore it with `git checkout data`.") from error


def _write(path: str, content: dict, settings: Settings, seed: int, wall_seconds: float, notes: dict) -> None:
    with files.atomic_write(files.DATA / path) as temporary:
        if path.endswith(".json"):
            temporary.write_text(json.dumps(content, indent=None, separators=(",", ":")) + "\n", encoding="utf-8")
        else:
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as file:
                for name, array in content.items():  # as numpy does, but without the time: the same model has the same hash
                    buffer = io.BytesIO()
                    np.lib.format.write_array(buffer, np.asanyarray(array), allow_pickle=False)
                    entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
                    file.writestr(entry, buffer.getvalue(), zipfile.ZIP_DEFLATED)
    artifacts.record(path, chapter=settings.chapter, profile=settings.profile, seed=seed, wall_seconds=wall_seconds, **notes)


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
    if not artifacts.publishing() or settings.profile != "paper":
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
        _write(path, content, **record)
        hashes[path] = files.sha256(files.DATA / path)
    given = sample.X.notna().all()
    head = {
        "parts": hashes, "names": sample.X.index.tolist(), "columns": model.columns, "always": given.index[given].tolist(),
        "lowest": sample.X.min().tolist(), "highest": sample.X.max().tolist(), "highest_redshift": float(sample.z.max()),
        "residuals": model.residuals.tolist(), "scales": model.scales.tolist(),
        "half_widths": {str(name): widths.tolist() for name, widths in model.half_widths.items()},
        "near_half_widths": {str(name): widths.tolist() for name, widths in model.near_half_widths.items()},
        "far_half_widths": model.far_half_widths.tolist(),
    }  # fmt: skip
    _write(REDSHIFT, head, **record)
    return [REDSHIFT, *hashes]


@cache
def load_redshift() -> ShippedRedshift:
    """Read the shipped redshift model.

    Raises
    ------
    ResultsError
        For a file that is missing, differs from its record or from the head, or holds no plain arrays.
    """
    from agnbook.redshift.boosted import BestModel

    path = artifacts.verify(REDSHIFT)
    head = json.loads(path.read_text(encoding="utf-8"))
    for name, sha256 in head["parts"].items():
        if files.sha256(artifacts.verify(name)) != sha256:
            raise ResultsError(f"{name} is of another model than {REDSHIFT}; restore both with `git checkout data`.")
    widths = [
        {None if name == "None" else name: np.array(values) for name, values in head[key].items()}
        for key in ("half_widths", "near_half_widths")
    ]
    model = BestModel(
        [_Part(_arrays(name)) for name in head["parts"]], np.array(head["residuals"]), np.array(head["scales"]), *widths,
        np.array(head["far_half_widths"]), head["columns"],
    )  # fmt: skip
    lowest, highest = (pd.Series(head[key], head["columns"], dtype=float) for key in ("lowest", "highest"))
    names = pd.Index(head["names"])
    return ShippedRedshift(model, lowest, highest, head["always"], head["highest_redshift"], names, files.sha256(path))


@dataclass(frozen=True)
class ShippedGroups:
    """The networks of chapter 25 (unweighted training) that tell the six gamma-ray groups apart.

    Attributes
    ----------
    layers : list of arrays
        Kernels (networks, in, out) and biases (networks, 1, out) in turn.
    mean, scale : arrays (networks, 1, 10)
        Standardisation of each network.
    names : pandas.Index
        Sources of the training sample.
    tested : bool array (networks, sources)
        Which networks did not train on which source.
    lowest, highest : arrays (10,)
        Range of `features.GAMMA_FEATURES` in training.
    mixtures : dict of arrays
        Gaussian mixtures of the associated and the unassociated sources, with their common standardisation.
    faintest : float
        Log density under the mixture of the associated sources that 99.5 % of them exceed.
    sha256 : str
    """

    layers: list
    mean: np.ndarray
    scale: np.ndarray
    names: pd.Index
    tested: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    mixtures: dict
    faintest: float
    sha256: str

    def probabilities(self, X, names) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return mean and standard deviation over networks, both (n, 6) in the order of `classes.NAMES`, and their number.

        A source of the training sample, known by its name, is answered only by the networks that did not train on it.

        Parameters
        ----------
        X : array, shape (n, 10), in the order of `features.GAMMA_FEATURES`
        names : sequence of str, length n
        """
        hidden = ((np.asarray(X, float)[None] - self.mean) / self.scale).astype(np.float32)
        for kernel, bias in zip(self.layers[:-2:2], self.layers[1:-2:2], strict=True):
            hidden = np.tanh(hidden @ kernel + bias)
        logits = hidden @ self.layers[-2] + self.layers[-1]
        probability = np.exp(logits - logits.max(axis=2, keepdims=True)).astype(float)
        probability /= probability.sum(axis=2, keepdims=True)
        rows = self.names.get_indexer(names)
        used = np.where(rows >= 0, self.tested[:, rows], True)[:, :, None]
        number = used.sum(axis=0)
        mean = (probability * used).sum(axis=0) / number
        return mean, np.sqrt(((probability - mean) ** 2 * used).sum(axis=0) / number), number[:, 0]

    def log_density(self, X, sample: str) -> np.ndarray:
        """Log density, shape (n,), under the mixture of ``"associated"`` or ``"unassociated"`` sources."""
        from scipy.special import logsumexp

        scaled = (np.asarray(X, float) - self.mixtures["mean"]) / self.mixtures["scale"]
        weights, means, precisions = (self.mixtures[f"{sample}_{name}"] for name in ("weights", "means", "precisions"))
        parts = [
            np.log(weight) + np.log(np.diag(root)).sum() - 0.5 * (((scaled - mean) @ root) ** 2).sum(axis=1)
            for weight, mean, root in zip(weights, means, precisions, strict=True)
        ]
        return logsumexp(parts, axis=0) - 0.5 * X.shape[1] * np.log(2 * np.pi)

    def density_ratio(self, X) -> np.ndarray:
        """How much denser unassociated sources are than associated ones where each row lies, shape (n,)."""
        difference = self.log_density(X, "unassociated") - self.log_density(X, "associated")
        return np.exp(np.clip(difference, -50, 50))

    def extrapolated(self, X, ratio) -> np.ndarray:
        """Whether each row lies where training sources are rare, shape (n,), given its `density_ratio`.

        That is where the ratio exceeds `MAX_WEIGHT`, at which chapter 22 clips its weights, or where associated sources
        are rarer than around 99.5 % of themselves.
        """
        return (ratio > MAX_WEIGHT) | (self.log_density(X, "associated") < self.faintest)


def pack_groups(
    networks, tested, names, associated, unassociated, group, *, settings: Settings, seed: int, wall_seconds: float
) -> list[str]:
    """Write the networks of one training of chapter 25 and the densities of both samples; nothing unless publishing.

    Parameters
    ----------
    networks : shift.ensemble.Networks
    tested : bool array (networks, n), from `catalogue.random_splits`
    names : the n associated sources
    associated, unassociated : arrays (n, 10) and (m, 10), `features.GAMMA_FEATURES`
    group : int array (n,)
        True groups. The scores of the networks that did not train on a source, with 95 % intervals, go into the record.

    Returns
    -------
    list of str
        The file, relative to ``data``.
    """
    if not artifacts.publishing() or settings.profile != "paper":
        return []
    from agnbook import scores
    from agnbook.shift.weights import fit_mixtures

    scaler, *mixtures = fit_mixtures(associated, unassociated, seed=seed)
    content = {f"layer_{number}": layer for number, layer in enumerate(networks.layers)}
    content |= {"mean": networks.mean, "scale": networks.scale, "names": np.asarray(names, dtype=str)}
    content |= {"tested": np.packbits(tested, axis=1), "lowest": associated.min(axis=0), "highest": associated.max(axis=0)}
    content |= {"mixture_mean": scaler.mean_, "mixture_scale": scaler.scale_}
    for sample, mixture in zip(("associated", "unassociated"), mixtures, strict=True):
        content |= {f"mixture_{sample}_weights": mixture.weights_, f"mixture_{sample}_means": mixture.means_}
        content[f"mixture_{sample}_precisions"] = mixture.precisions_cholesky_
    content["faintest"] = np.quantile(mixtures[0].score_samples(scaler.transform(associated)), 0.005)
    held_out = _groups(content, "").probabilities(associated, names)[0]
    found = scores.class_scores(np.asarray(group), held_out, seed=seed)
    found = {name: [round(value, 4) for value in values] for name, values in found.items()}
    notes = {"model": f"{len(tested)} networks, six groups, unweighted", "held_out": found | {"n": len(held_out)}}
    _write(GROUPS, content, settings, seed, wall_seconds, notes)
    return [GROUPS]


def _groups(arrays: dict, sha256: str) -> ShippedGroups:
    return ShippedGroups(
        [arrays[f"layer_{number}"] for number in range(6)], arrays["mean"], arrays["scale"], pd.Index(arrays["names"]),
        np.unpackbits(arrays["tested"], axis=1, count=len(arrays["names"])).astype(bool), arrays["lowest"], arrays["highest"],
        {name.removeprefix("mixture_"): array for name, array in arrays.items() if name.startswith("mixture_")},
        float(arrays["faintest"]), sha256,
    )  # fmt: skip


@cache
def load_groups() -> ShippedGroups:
    """Read the shipped networks for the six groups; a `ResultsError` for a file that is missing or not as recorded."""
    return _groups(_arrays(GROUPS), files.sha256(artifacts.verify(GROUPS)))
