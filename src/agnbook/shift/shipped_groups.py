"""The networks for six gamma-ray groups that answer without training."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from agnbook import committed, weights

GROUPS = "weights/groups.safetensors"
#: Density ratio beyond which paper 2 no longer trusts it (`shift.weights.MAX_WEIGHT`, whose module needs scikit-learn).
MAX_WEIGHT = 10.0


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
    notes : dict
        ``held_out``: scores, with 95 % intervals, of the networks on the sources that they did not train on.
    sha256 : str
        Of the file; empty for networks that come from none.
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
    notes: dict = field(default_factory=dict)
    sha256: str = ""

    def answer(self, X, names) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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

    @classmethod
    def from_networks(cls, networks, tested, names, associated, unassociated, group, *, seed: int) -> "ShippedGroups":
        """Take the networks of one training of chapter 25, with the densities of both samples.

        Parameters
        ----------
        networks : shift.ensemble.Networks
        tested : bool array (networks, n), from `catalogue.random_splits`
        names : the n associated sources
        associated, unassociated : arrays (n, 10) and (m, 10), `features.GAMMA_FEATURES`
        group : int array (n,)
            True groups, for the scores in `notes`.
        """
        from agnbook.judge import scores
        from agnbook.shift.density_ratios import fit_mixtures

        scaler, *fitted = fit_mixtures(associated, unassociated, seed=seed)
        mixtures = {"mean": scaler.mean_, "scale": scaler.scale_}
        for sample, mixture in zip(("associated", "unassociated"), fitted, strict=True):
            mixtures |= {f"{sample}_weights": mixture.weights_, f"{sample}_means": mixture.means_}
            mixtures[f"{sample}_precisions"] = mixture.precisions_cholesky_
        faintest = float(np.quantile(fitted[0].score_samples(scaler.transform(associated)), 0.005))
        found = cls(
            list(networks.layers), networks.mean, networks.scale, pd.Index(np.asarray(names, dtype=str)), tested.astype(bool),
            associated.min(axis=0), associated.max(axis=0), mixtures, faintest,
        )  # fmt: skip
        held_out = scores.class_scores(np.asarray(group), found.answer(associated, names)[0], seed=seed)
        held_out = {name: [round(value, 4) for value in values] for name, values in held_out.items()}
        return replace(found, notes={"held_out": held_out | {"n": len(found.names)}})

    def save(self, path: Path | str) -> None:
        """Write the networks; see `weights.save`."""
        arrays = {f"layer_{number}": layer for number, layer in enumerate(self.layers)}
        arrays |= {name: getattr(self, name) for name in ("mean", "scale", "lowest", "highest")}
        arrays |= {"tested": np.packbits(self.tested, axis=1), "faintest": np.array(self.faintest)}
        arrays |= {f"mixture.{name}": array for name, array in self.mixtures.items()}
        weights.save(path, arrays, {"names": list(self.names)}, self.notes)

    @classmethod
    def load(cls, path: Path | str | None = None) -> "ShippedGroups":
        """Read a file that `save` wrote, by default the committed one; a `ResultsError` says what is wrong with it."""
        path = committed.verify(GROUPS) if path is None else path
        stored = weights.load(path, _SHAPES)
        arrays, names = stored.arrays, pd.Index(stored.config.get("names", []))
        if arrays["tested"].shape[1] != -(-len(names) // 8):
            raise weights.refuse(path, f"{len(names)} names do not fit the splits")
        bits = np.unpackbits(arrays["tested"], axis=1).astype(bool)
        tested, beyond = bits[:, : len(names)], bits[:, len(names) :]
        if beyond.any():
            raise weights.refuse(path, "the splits know a source without a name")
        if not tested.any(axis=0).all():
            raise weights.refuse(path, "a source has taught every network")
        return cls(
            [arrays[f"layer_{number}"] for number in range(6)], arrays["mean"], arrays["scale"], names, tested, arrays["lowest"],
            arrays["highest"], stored.group("mixture"), float(arrays["faintest"]), stored.notes, stored.sha256,
        )  # fmt: skip


_SHAPES = {
    "layer_0": ("networks", 10, "wide"), "layer_1": ("networks", 1, "wide"), "layer_2": ("networks", "wide", "narrow"),
    "layer_3": ("networks", 1, "narrow"), "layer_4": ("networks", "narrow", 6), "layer_5": ("networks", 1, 6),
    "mean": ("networks", 1, 10), "scale": ("networks", 1, 10), "tested": ("networks", "bytes"), "lowest": (10,), "highest": (10,),
    "mixture.mean": (10,), "mixture.scale": (10,), "faintest": (),
}  # fmt: skip
for _sample in ("associated", "unassociated"):
    _SHAPES |= {
        f"mixture.{_sample}_weights": (_sample,), f"mixture.{_sample}_means": (_sample, 10),
        f"mixture.{_sample}_precisions": (_sample, 10, 10),
    }  # fmt: skip
