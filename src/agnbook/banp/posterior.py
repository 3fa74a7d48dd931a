"""A small network from summaries to the joint posterior of the eight latents, hence of the 21 targets."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

from agnbook import artifacts
from agnbook.banp import heads, transforms
from agnbook.errors import ResultsError
from agnbook.lightcurves import population


class ResidualMLP(nn.Module):
    """Residual blocks Linear-LayerNorm-ReLU-dropout, as in the paper's baseline; `skip` adds a linear path.

    With 12 inputs, 252 outputs, width 128 and 6 layers it has the baseline's 118,012 parameters.
    """

    def __init__(self, inputs: int, outputs: int, width: int = 128, layers: int = 6, dropout: float = 0.0, skip: bool = False):
        super().__init__()
        self.first = nn.Linear(inputs, width)
        self.hidden = nn.ModuleList([nn.Linear(width, width) for _ in range(layers - 1)])
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(layers - 1)])
        self.last = nn.Linear(width, outputs)
        self.skip = nn.Linear(inputs, outputs, bias=False) if skip else None
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        h = torch.relu(self.first(x))
        for linear, norm in zip(self.hidden, self.norms, strict=True):
            h = h + self.dropout(torch.relu(norm(linear(h))))
        out = self.last(h)
        return out if self.skip is None else out + self.skip(x)


class Posterior:
    """Summaries in, posterior samples of latents or targets out.

    Parameters
    ----------
    config : dict
        ``setting``, ``columns`` (indices into `summary.features`), ``width``, ``layers``, ``components`` and ``dim``
        (7, or 8 where the spectral slope scatters; the slope is 0 otherwise).
    network : ResidualMLP
    inputs, outputs : transforms.Standard
        Of the summaries and of `transforms.COORDINATES`.
    """

    def __init__(self, config: dict, network: ResidualMLP, inputs: transforms.Standard, outputs: transforms.Standard):
        self.config, self.network, self.inputs, self.outputs = config, network, inputs, outputs

    @classmethod
    def build(cls, config: dict, inputs, outputs) -> "Posterior":
        """Make an untrained posterior of the sizes in `config`."""
        size = heads.width(config["dim"], config["components"])
        network = ResidualMLP(len(config["columns"]), size, config["width"], config["layers"], skip=True)
        return cls(config, network, inputs, outputs)

    def prepare(self, features) -> torch.Tensor:
        """Standardise summaries (n, 53); outliers are held at 8 standard deviations."""
        features = np.asarray(features)[:, self.config["columns"]]
        return torch.as_tensor(np.clip(self.inputs.forward(features), -8, 8), dtype=torch.float32)

    def sample(self, features, n: int, seed: int = 0) -> np.ndarray:
        """Draw posterior samples of the eight latents, shape (objects, n, 8)."""
        generator = torch.Generator().manual_seed(seed)
        self.network.eval()
        with torch.no_grad():
            raw = self.network(self.prepare(features))
            draws = heads.mixture_sample(raw, self.config["dim"], n, self.config["components"], generator)
        coordinates = np.zeros((len(raw), n, len(transforms.COORDINATES)))
        coordinates[..., : self.config["dim"]] = self.outputs.inverse(draws.movedim(0, 1).numpy().astype(float))
        return transforms.to_latents(coordinates)

    def sample_targets(self, features, n: int, seed: int = 0) -> np.ndarray:
        """Draw posterior samples of the 21 targets, shape (objects, n, 21)."""
        return population.targets_from_latents(self.sample(features, n, seed))

    def tensors(self) -> dict:
        """Return everything to store, by name."""
        scales = {
            f"{side}.{name}": torch.as_tensor(np.asarray(getattr(getattr(self, side), name)))
            for side in ("inputs", "outputs")
            for name in ("mean", "scale")
        }
        return {f"network.{name}": value for name, value in self.network.state_dict().items()} | scales

    def save(self, path: Path) -> None:
        """Write weights and config as one safetensors file."""
        from safetensors.torch import save_file

        tensors = {name: value.contiguous() for name, value in self.tensors().items()}
        save_file(tensors, path, metadata={"config": json.dumps(self.config)})

    @classmethod
    def load(cls, path: Path | str) -> "Posterior":
        """Read a committed posterior (`path` relative to ``data/``) after checking its sha256 and its sizes."""
        return cls.read(artifacts.verify(path))

    @classmethod
    def read(cls, path: Path) -> "Posterior":
        """Read a file that `save` wrote; a `ResultsError` says what does not fit."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "pt") as file:
                config = json.loads((file.metadata() or {})["config"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}
            scales = {
                side: transforms.Standard(tensors[f"{side}.mean"].numpy(), tensors[f"{side}.scale"].numpy())
                for side in ("inputs", "outputs")
            }
            posterior = cls.build(config, scales["inputs"], scales["outputs"])
            weights = {name.removeprefix("network."): v for name, v in tensors.items() if name.startswith("network.")}
            posterior.network.load_state_dict(weights)
        except (SafetensorError, KeyError, RuntimeError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise ResultsError(f"{path} does not hold weights that fit their config ({reason}). Train it again.") from None
        return posterior


def shipped(setting: str) -> Posterior:
    """Load the committed model of one of `dataset.SETTINGS`: `sample` and `sample_targets` answer without training."""
    return Posterior.load(f"weights/light_curves_{setting}.safetensors")
