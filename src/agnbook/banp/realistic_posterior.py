"""The book's own posterior for the setting ``realistic``: summaries of `asynchronous` in, nine latents out.

The nine are the eight of the population and the correlation of the bands' drivers. Scattered spectra let several redshifts fit
the same colours, so a network writes a mixture of Gaussians. What is wrong with the measurements is no output: the posterior
holds for all that the simulator lets go wrong. Several networks, each with a start of its own, are asked, and the answer is the
even mixture of theirs, which on validation curves is a little better than the best of them alone.
"""

from pathlib import Path

import numpy as np
import torch

from agnbook import committed, weights
from agnbook.banp import asynchronous, mixtures, posterior, transforms
from agnbook.lightcurves import population, realistic

WEIGHTS = "weights/light_curves_realistic.safetensors"
DIM = len(transforms.COORDINATES) + 1
#: Standard deviations from the mean beyond which no quasar of the population lies in any coordinate (a test looks). What a
#: Gaussian says beyond this is an accident of its training, and is drawn anew: a single such draw spoils the mean of all.
FAR = 10.0


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


def network(config: dict) -> posterior.ResidualMLP:
    """Return one untrained network of the sizes in `config`, see `RealisticPosterior`."""
    size = mixtures.width(DIM, config["components"])
    return posterior.ResidualMLP(asynchronous.WIDTH, size, config["width"], config["layers"], config["dropout"], skip=True)


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
        ``width``, ``layers``, ``components`` and ``dropout`` of each network, and how many ``members``.
    network : mixtures.Ensemble of posterior.ResidualMLP
    inputs, outputs : transforms.Standard, of the summaries and of the coordinates.
    guard : RealisticGuard
    """

    def __init__(self, config: dict, network, inputs, outputs, guard=None):
        self.config, self.network, self.inputs, self.outputs, self.guard = config, network, inputs, outputs, guard

    @classmethod
    def build(cls, config: dict, inputs, outputs) -> "RealisticPosterior":
        """Make an untrained posterior of the sizes in `config`."""
        members = [network(config) for _ in range(config["members"])]
        return cls(config, mixtures.Ensemble(members, DIM, config["components"]), inputs, outputs)

    @property
    def components(self) -> int:
        """The number of Gaussians in an answer."""
        return self.config["members"] * self.config["components"]

    def member(self, k: int) -> "RealisticPosterior":
        """Return the posterior that asks the network `k` alone."""
        alone = mixtures.Ensemble([self.network.members[k]], DIM, self.config["components"])
        return RealisticPosterior(self.config | {"members": 1}, alone, self.inputs, self.outputs, self.guard)

    def prepare(self, features) -> torch.Tensor:
        """Standardise summaries (n, 75); outliers are held at 8 standard deviations."""
        return torch.as_tensor(np.clip(self.inputs.forward(np.asarray(features)), -8, 8), dtype=torch.float32)

    def raw(self, features) -> torch.Tensor:
        """Return the mixture that the networks write for summaries (n, 75)."""
        self.network.eval()
        with torch.no_grad():
            return self.network(self.prepare(features))

    def sample(self, features, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Draw posterior samples of the latents, (objects, n, 8), and of rho, (objects, n), none further off than `FAR`."""
        generator = torch.Generator().manual_seed(seed)
        parts, twice = [], 2 * n
        for raw in self.raw(features).split(200):
            uniform = torch.rand((len(raw), twice), generator=generator)
            noise = torch.randn((len(raw), DIM, twice), generator=generator)
            drawn = mixtures.draws(raw, uniform, noise, DIM, self.components).numpy().astype(float)
            far = (np.abs(drawn) > FAR).any(axis=2)
            kept = np.argsort(far, axis=1, kind="stable")[:, :n]
            parts.append(np.take_along_axis(drawn, kept[..., None], axis=1))
        return from_coordinates(self.outputs.inverse(np.clip(np.concatenate(parts), -FAR, FAR)))

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
