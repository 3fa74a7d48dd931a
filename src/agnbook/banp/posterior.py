"""A small network from summaries to the joint posterior of the eight latents, hence of the 21 targets."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from agnbook import committed, weights
from agnbook.banp import heads, summary, transforms
from agnbook.lightcurves import kalman, locus, population

#: Column of the summaries that holds the colour locus's redshift.
REDSHIFT = summary.GROUPS["locus"].start


class ResidualMLP(nn.Module):
    """Residual blocks Linear-LayerNorm-ReLU-dropout; `skip` adds a linear path.

    The authors' baseline is made of blocks Linear-ReLU-LayerNorm-dropout (`norm_last`). With 12 inputs, 252 outputs, width 128
    and 6 layers it has its 118,012 parameters.
    """

    def __init__(
        self, inputs: int, outputs: int, width: int = 128, layers: int = 6, dropout: float = 0.0, skip: bool = False,
        norm_last: bool = False,
    ):  # fmt: skip
        super().__init__()
        self.norm_last = norm_last
        self.first = nn.Linear(inputs, width)
        self.hidden = nn.ModuleList([nn.Linear(width, width) for _ in range(layers - 1)])
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(layers - 1)])
        self.last = nn.Linear(width, outputs)
        self.skip = nn.Linear(inputs, outputs, bias=False) if skip else None
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        h = torch.relu(self.first(x))
        for linear, norm in zip(self.hidden, self.norms, strict=True):
            changed = norm(torch.relu(linear(h))) if self.norm_last else torch.relu(norm(linear(h)))
            h = h + self.dropout(changed)
        out = self.last(h)
        return out if self.skip is None else out + self.skip(x)


class Guard:
    """Three distances between a light curve and the simulator, each with the limit that few simulations exceed.

    A posterior holds only for curves like those it was trained on, and a single real object has no truth to compare with.
    What can be compared are its summaries: `SCORES` are the chi-square of the Kalman fit in standard deviations from 1 (does
    the variability fit?), the distance from the colour locus in log10 mag (does the spectrum fit?), and the Mahalanobis
    distance of all summaries from the training set (was the network ever shown such a survey?).

    Parameters
    ----------
    precision : (inputs, inputs), inverse covariance of the standardised summaries.
    limits : (3,), the quantile 1 - `ALARM` / 3 of each score over the training set.
    """

    SCORES = ("variability", "spectrum", "survey")
    ALARM = 0.01

    def __init__(self, precision: np.ndarray, limits: np.ndarray):
        self.precision, self.limits = precision, limits

    @classmethod
    def fit(cls, features, standardised) -> "Guard":
        """Learn covariance and limits from training summaries (n, 58), plain and standardised."""
        varies = np.std(standardised, axis=0) > 0.1
        precision = np.zeros((len(varies), len(varies)))
        covariance = np.cov(standardised[:, varies], rowvar=False) + 1e-6 * np.eye(varies.sum())
        precision[np.ix_(varies, varies)] = np.linalg.inv(covariance)
        guard = cls(precision, np.full(len(cls.SCORES), np.inf))
        guard.limits = np.quantile(guard.scores(features, standardised), 1 - cls.ALARM / len(cls.SCORES), axis=0)
        return guard

    def scores(self, features, standardised) -> np.ndarray:
        """Return `SCORES`, shape (n, 3); larger is stranger."""
        fit = np.asarray(features, float)[:, summary.GROUPS["kalman"]]
        chi2, visits = fit[:, kalman.FIT_COLUMNS.index("chi2")], 10 ** fit[:, kalman.FIT_COLUMNS.index("log_visits")]
        scatter = np.abs(chi2 - 1) * np.sqrt(3 * visits)  # chi-square of six magnitudes a visit, in standard deviations
        distance = np.asarray(features)[:, summary.GROUPS["locus"]][:, locus.COLUMNS.index("log_distance")]
        x = np.asarray(standardised, float)
        return np.stack([scatter, distance, np.einsum("ni,ij,nj->n", x, self.precision, x, optimize=True)], axis=1)


class Posterior:
    """Summaries in, posterior samples of latents or targets out.

    Parameters
    ----------
    config : dict
        ``setting``, ``columns`` (indices into `summary.features`), ``width``, ``layers``, ``dim``
        (7, or 8 where the spectral slope scatters; the slope is 0 otherwise) and ``redshift_scale``, see `to_locus`.
    network : ResidualMLP
    inputs, outputs : transforms.Standard
        Of the summaries and of `transforms.COORDINATES`.
    guard : Guard
        Says which curves the network should not be asked about.
    """

    def __init__(self, config: dict, network: ResidualMLP, inputs, outputs, guard: Guard | None = None):
        self.config, self.network, self.inputs, self.outputs, self.guard = config, network, inputs, outputs, guard

    @classmethod
    def build(cls, config: dict, inputs, outputs) -> "Posterior":
        """Make an untrained posterior of the sizes in `config`."""
        size = heads.width(config["dim"])
        network = ResidualMLP(len(config["columns"]), size, config["width"], config["layers"], skip=True)
        return cls(config, network, inputs, outputs)

    def prepare(self, features) -> torch.Tensor:
        """Standardise summaries (n, 58); outliers are held at 8 standard deviations."""
        features = np.asarray(features)[:, self.config["columns"]]
        return torch.as_tensor(np.clip(self.inputs.forward(features), -8, 8), dtype=torch.float32)

    def sample(self, features, n: int, seed: int = 0) -> np.ndarray:
        """Draw posterior samples of the eight latents, shape (objects, n, 8)."""
        shape = len(features), self.config["dim"], n
        return self.draw(features, torch.randn(shape, generator=torch.Generator().manual_seed(seed)))

    def draw(self, features, noise) -> np.ndarray:
        """Turn standard normal `noise` (objects or 1, dim, n) into posterior samples of the latents (objects, n, 8)."""
        self.network.eval()
        with torch.no_grad():
            raw = self.network(self.prepare(features))
            draws = heads.draws(raw, noise.expand(len(raw), -1, -1))
        coordinates = np.zeros((*draws.shape[::2], len(transforms.COORDINATES)))
        coordinates[..., : self.config["dim"]] = self.outputs.inverse(draws.movedim(1, 2).numpy().astype(float))
        return transforms.to_latents(self.from_locus(coordinates, np.asarray(features)[:, None, REDSHIFT]))

    def coordinates(self, features, latents) -> np.ndarray:
        """Return what the network describes, shape (n, dim), of latents (n, 8) and their curves' summaries (n, 58)."""
        nearest = np.asarray(features)[:, REDSHIFT].astype(float)
        return self.to_locus(transforms.to_coordinates(latents), nearest)[:, : self.config["dim"]]

    def to_locus(self, coordinates, nearest) -> np.ndarray:
        """Replace redshifts among `coordinates` by arcsinh((z - z of the colour locus) / ``redshift_scale``).

        Redshifts are known so well that a network could not write them with the precision they have; the arcsinh keeps
        curves whose nearest point is a wrong one. Without a scale (a network that does not see the locus), nothing changes.
        """
        if not self.config.get("redshift_scale"):
            return coordinates
        out = np.array(coordinates)
        out[..., 6] = np.arcsinh((out[..., 6] - nearest) / self.config["redshift_scale"])
        return out

    def from_locus(self, coordinates, nearest) -> np.ndarray:
        """Invert `to_locus`."""
        if not self.config.get("redshift_scale"):
            return coordinates
        out = np.array(coordinates)
        out[..., 6] = nearest + self.config["redshift_scale"] * np.sinh(np.clip(out[..., 6], -20, 20))
        return out

    def sample_targets(self, features, n: int, seed: int = 0) -> np.ndarray:
        """Draw posterior samples of the 21 targets, shape (objects, n, 21)."""
        return population.targets_from_latents(self.sample(features, n, seed))

    def warn(self, features) -> np.ndarray:
        """Tell which of `Guard.SCORES` exceed their limits, shape (objects, 3); so do 1 % of the simulator's own curves."""
        return self.guard.scores(features, self.prepare(features).numpy()) > self.guard.limits

    def warnings(self, features) -> np.ndarray:
        """Return `warn` in words, shape (objects,): names of scores separated by commas, empty where there is no warning."""
        scores = np.array(Guard.SCORES)
        return np.array([", ".join(scores[row]) for row in self.warn(features)], dtype=str)

    def answer(self, features, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Return what the network says of light curves, and which of them it should not have been asked about.

        Parameters
        ----------
        features : (objects, 58), `summary.features`
        n : draws

        Returns
        -------
        samples : (objects, n, 21), draws of the targets
        warnings : (objects,), see `warnings`
        """
        return self.sample_targets(features, n, seed), self.warnings(features)

    def save(self, path: Path | str) -> None:
        """Write the posterior; see `weights.save`."""
        arrays = {f"network.{name}": value.cpu().numpy() for name, value in self.network.state_dict().items()}
        for side in ("inputs", "outputs"):
            arrays |= {f"{side}.{name}": getattr(getattr(self, side), name) for name in ("mean", "scale")}
        arrays |= {f"guard.{name}": getattr(self.guard, name) for name in ("precision", "limits")}
        weights.save(path, arrays, self.config)

    @classmethod
    def load(cls, path: Path | str) -> "Posterior":
        """Read a file that `save` wrote; a `ResultsError` says what is wrong with it. See `shipped` for the committed ones."""
        n, dim = ("inputs",), ("outputs",)
        shapes = {"inputs.mean": n, "inputs.scale": n, "outputs.mean": dim, "outputs.scale": dim}
        stored = weights.load(path, shapes | {"guard.precision": (*n, *n), "guard.limits": (len(Guard.SCORES),)})
        try:
            inputs, outputs = (transforms.Standard(**stored.group(side)) for side in ("inputs", "outputs"))
            posterior = cls.build(stored.config, inputs, outputs)
            posterior.network.load_state_dict({name: torch.as_tensor(a) for name, a in stored.group("network").items()})
            columns = stored.config["columns"]
            if len(inputs.mean) != len(columns) or max(columns) >= summary.WIDTH or min(columns) < 0:
                raise ValueError("its summaries are others")
            if not (stored.config["redshift_scale"] is None or stored.config["redshift_scale"] > 0):
                raise ValueError("its scale of redshifts is not positive")
            if len(outputs.mean) != stored.config["dim"]:
                raise ValueError("its latents are others")
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise weights.refuse(path, str(error).splitlines()[0]) from None
        posterior.guard = Guard(**stored.group("guard"))
        return posterior


def shipped(setting: str) -> Posterior:
    """Load the committed model of one of `dataset.SETTINGS`: `sample` and `sample_targets` answer without training."""
    return Posterior.load(committed.verify(f"weights/light_curves_{setting}.safetensors"))
