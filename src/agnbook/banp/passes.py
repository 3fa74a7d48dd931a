"""What single passes of a neural process say of light curves: a Gaussian of the 21 targets each, and their mixture.

`NeuralProcess.answer` draws from the mixture. Here its parts stay apart, for draws that are exchangeable (one a pass), moments
without the noise of draws, and the same curve asked about at other times.
"""

import copy
from collections.abc import Iterator

import numpy as np
import torch

from agnbook.banp import anp, heads, train
from agnbook.banp.neural_process import NeuralProcess
from agnbook.lightcurves import cadence

CHUNK = 100


def batches(process: NeuralProcess, curves: train.CurveSet, seed: int) -> Iterator[tuple]:
    """Yield (rows, context times, context magnitudes, target times), as many visits and grid times as in training."""
    rng = np.random.default_rng(seed)
    for first in range(0, len(curves), CHUNK):
        rows = np.arange(first, min(first + CHUNK, len(curves)))
        cx, cy, tx, *_ = curves.batch(rows, process.notes["context"], process.notes["extra"], rng)
        yield rows, cx, cy, tx


def scaled(days) -> torch.Tensor:
    """Return times in days, shape (t,), as the network takes them, shape (1, t, 1)."""
    return torch.as_tensor(np.asarray(days) / (cadence.DURATION / 2) - 1, dtype=torch.float32)[None, :, None]


def at_rate(process: NeuralProcess, rate: float) -> NeuralProcess:
    """Return a copy of the process with another Monte Carlo dropout rate in prediction."""
    network = copy.deepcopy(process.network)
    for module in network.modules():
        if isinstance(module, anp.Dropout):
            module.p = rate
    return NeuralProcess(network, process.scales, process.notes)


class Mixture:
    """The Gaussians of several passes for some curves, in equal parts.

    Parameters
    ----------
    process : NeuralProcess
    raw : torch.Tensor, shape (passes, n, 252), what the head gives; see `heads`.
    """

    def __init__(self, process: NeuralProcess, raw: torch.Tensor):
        self.whiten, self.dim, self.raw = process.scales.whiten, process.network.config.targets, raw

    @classmethod
    def ask(cls, process: NeuralProcess, cx, cy, tx, passes: int) -> "Mixture":
        """Run `passes` passes, each with weights and a latent of its own, from torch's global generator."""
        with torch.no_grad():
            return cls(process, torch.stack([process.network(cx, cy, tx)["raw"] for _ in range(passes)]))

    def __getitem__(self, which: slice) -> "Mixture":
        mixture = copy.copy(self)
        mixture.raw = self.raw[which]
        return mixture

    def draws(self, n: int, generator: torch.Generator) -> np.ndarray:
        """Return `n` draws of the targets from each pass, shape (curves, passes * n, 21), pass by pass."""
        drawn = heads.sample(self.raw, self.dim, n, generator).permute(2, 1, 0, 3)  # curves, passes, n, 21
        return self.whiten.inverse(drawn.flatten(1, 2).numpy().astype(float))

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Return mean (curves, 21) and covariance (curves, 21, 21) of the mixture, by formula, in the targets' units."""
        mean, lower = heads.unpack(self.raw.double(), self.dim)
        centre = mean.mean(axis=0)
        offset = mean - centre
        covariance = torch.cholesky_inverse(lower).mean(axis=0) + torch.einsum("pni,pnj->nij", offset, offset) / len(mean)
        turn = self.whiten.standard.scale[:, None] * self.whiten.rotation * self.whiten.scale
        return self.whiten.inverse(centre.numpy()), turn @ covariance.numpy() @ turn.T
