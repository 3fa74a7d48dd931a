"""The book's own posterior for the setting ``realistic``: summaries of `asynchronous` in, nine latents out.

The nine are the eight of the population and the correlation of the bands' drivers. Scattered spectra let several redshifts fit
the same colours, so the network writes a mixture of Gaussians.
"""

from pathlib import Path

import numpy as np
import torch

from agnbook import committed, weights
from agnbook.banp import asynchronous, mixtures, posterior, transforms
from agnbook.lightcurves import population, realistic

WEIGHTS = "weights/light_curves_realistic.safetensors"
DIM = len(transforms.COORDINATES) + 1


def to_coordinates(latents, rho) -> np.ndarray:
    """Map latents (..., 8) and rho (...,) to `transforms.COORDINATES` and the logit of rho within `realistic.RHO_RANGE`."""
    low, high = realistic.RHO_RANGE
    share = np.clip((np.asarray(rho) - low) / (high - low), 1e-6, 1 - 1e-6)
    return np.concatenate([transforms.to_coordinates(latents), np.log(share / (1 - share))[..., None]], axis=-1)


def from_coordinates(coordinates) -> tuple[np.ndarray, np.ndarray]:
    """Invert `to_coordinates`: latents (..., 8) and rho (...,)."""
    low, high = realistic.RHO_RANGE
    share = 1 / (1 + np.exp(-np.clip(coordinates[..., 8], -50, 50)))
    return transforms.to_latents(coordinates[..., :8]), low + (high - low) * share


class RealisticGuard(posterior.Guard):
    """As `posterior.Guard`, for the summaries of `asynchronous`."""

    def scores(self, features, standardised) -> np.ndarray:
        """Return `SCORES`, shape (n, 3); larger is stranger."""
        features = np.asarray(features, float)
        chi2, measurements = features[:, asynchronous.CHI2], 10 ** features[:, asynchronous.CHI2 + 1]
        x = np.asarray(standardised, float)
        distance = np.einsum("ni,ij,nj->n", x, self.precision, x, optimize=True)
        scatter = np.abs(chi2 - 1) * np.sqrt(measurements / 2)
        return np.stack([scatter, features[:, asynchronous.LOG_DISTANCE], distance], axis=1)


class RealisticPosterior:
    """Summaries in, posterior samples of latents, rho or targets out.

    Parameters
    ----------
    config : dict
        ``width``, ``layers`` and ``components`` of the network.
    network : posterior.ResidualMLP
    inputs, outputs : transforms.Standard, of the summaries and of the coordinates.
    guard : RealisticGuard
    """

    def __init__(self, config: dict, network, inputs, outputs, guard=None):
        self.config, self.network, self.inputs, self.outputs, self.guard = config, network, inputs, outputs, guard

    @classmethod
    def build(cls, config: dict, inputs, outputs) -> "RealisticPosterior":
        """Make an untrained posterior of the sizes in `config`."""
        size = mixtures.width(DIM, config["components"])
        network = posterior.ResidualMLP(asynchronous.WIDTH, size, config["width"], config["layers"], skip=True)
        return cls(config, network, inputs, outputs)

    def prepare(self, features) -> torch.Tensor:
        """Standardise summaries (n, 63); outliers are held at 8 standard deviations."""
        return torch.as_tensor(np.clip(self.inputs.forward(np.asarray(features)), -8, 8), dtype=torch.float32)

    def raw(self, features) -> torch.Tensor:
        """Return the mixture that the network writes for summaries (n, 63)."""
        self.network.eval()
        with torch.no_grad():
            return self.network(self.prepare(features))

    def draw(self, features, uniform, noise) -> np.ndarray:
        """Turn `uniform` (n,) and standard normal `noise` (9, n) into standardised coordinates (objects, n, 9)."""
        raw = self.raw(features)
        parts = [mixtures.draws(each, uniform, noise, DIM, self.config["components"]) for each in raw.split(200)]
        return torch.cat(parts).numpy().astype(float)

    def sample(self, features, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Draw posterior samples of the latents, (objects, n, 8), and of rho, (objects, n)."""
        generator = torch.Generator().manual_seed(seed)
        uniform, noise = torch.rand(n, generator=generator), torch.randn((DIM, n), generator=generator)
        return from_coordinates(self.outputs.inverse(self.draw(features, uniform, noise)))

    def sample_targets(self, features, n: int, seed: int = 0) -> np.ndarray:
        """Draw posterior samples of the 21 targets, shape (objects, n, 21)."""
        return population.targets_from_latents(self.sample(features, n, seed)[0])

    def warn(self, features) -> np.ndarray:
        """Tell which of `RealisticGuard.SCORES` exceed their limits, shape (objects, 3)."""
        return self.guard.scores(features, self.prepare(features).numpy()) > self.guard.limits

    def answer(self, features, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Return samples of the targets (objects, n, 21) and whether each object exceeds a limit of the guard (objects,)."""
        return self.sample_targets(features, n, seed), self.warn(features).any(axis=1)

    save = posterior.Posterior.save  # the same parts under the same names

    @classmethod
    def load(cls, path: Path | str | None = None) -> "RealisticPosterior":
        """Read a file that `save` wrote, by default the committed one; a `ResultsError` says what is wrong with it."""
        path = committed.verify(WEIGHTS) if path is None else path
        n, dim = (asynchronous.WIDTH,), (DIM,)
        shapes = {"inputs.mean": n, "inputs.scale": n, "outputs.mean": dim, "outputs.scale": dim}
        stored = weights.load(path, shapes | {"guard.precision": (*n, *n), "guard.limits": (len(RealisticGuard.SCORES),)})
        try:
            inputs, outputs = (transforms.Standard(**stored.group(side)) for side in ("inputs", "outputs"))
            own = cls.build(stored.config, inputs, outputs)
            own.network.load_state_dict({name: torch.as_tensor(a) for name, a in stored.group("network").items()})
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise weights.refuse(path, str(error).splitlines()[0]) from None
        own.guard = RealisticGuard(**stored.group("guard"))
        return own
