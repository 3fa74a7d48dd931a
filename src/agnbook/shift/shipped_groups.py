"""The networks for six gamma-ray groups that answer without training."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from agnbook import committed, storage
from agnbook.chapter.sizes import Settings

GROUPS = "weights/groups.npz"


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
    if not committed.publishing() or settings.profile != "paper":
        return []
    from agnbook.judge import scores
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
    committed.write_weights(GROUPS, content, settings, seed, wall_seconds, notes)
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
    return _groups(committed.read_arrays(GROUPS), storage.sha256(committed.verify(GROUPS)))
