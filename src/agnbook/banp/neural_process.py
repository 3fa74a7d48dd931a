"""A trained attentive neural process: its network, the scaling of its data, and how it is saved, loaded and asked."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import torch

from agnbook import committed, weights
from agnbook.banp import anp, heads, transforms
from agnbook.lightcurves import cadence


@dataclass(frozen=True)
class Scales:
    """How magnitudes and targets are scaled."""

    magnitudes: transforms.Standard
    whiten: transforms.Whitened


@dataclass(frozen=True)
class NeuralProcess:
    """The paper's network, trained.

    Attributes
    ----------
    network : anp.AttentiveNeuralProcess
    scales : Scales
        Or anything with its two attributes, such as the `train.CurveSet` that it was trained on.
    notes : dict
        On its training: ``steps``, and how many visits (``context``) and other times (``extra``) it was shown at once.
    """

    network: anp.AttentiveNeuralProcess
    scales: Scales
    notes: dict = field(default_factory=dict)

    #: The committed weights: of the long run, and of the one on whole curves.
    WEIGHTS: ClassVar[str] = "weights/banp.safetensors"
    WHOLE: ClassVar[str] = "weights/banp_whole.safetensors"

    def answer(
        self, curves, rows=None, *, passes: int = 25, draws: int = 8, n_context: int | None = None, n_extra: int | None = None,
        seed: int = 0, dropout: float | None = None,
    ) -> dict:  # fmt: skip
        """Return the posterior of light curves: `passes` draws of weights and latent, `draws` of the targets from each.

        Parameters
        ----------
        curves : train.CurveSet
            Scaled by `scales`.
        rows : which of the curves; by default all.
        n_context, n_extra : visits shown and other times asked for, by default as many as in training.
        dropout : Monte Carlo dropout rate to use instead of the trained one.

        Returns
        -------
        dict
            ``samples`` (objects, passes * draws, 21) in the targets' units; ``times``, ``truth``, ``mean``, ``sd`` of the
            magnitudes at the target times, (objects, t) and (objects, t, 6); ``held`` (objects, t), False at context times.
        """
        rows = np.arange(len(curves)) if rows is None else rows
        n_context = self.notes.get("context", 64) if n_context is None else n_context
        n_extra = self.notes.get("extra", 32) if n_extra is None else n_extra
        rng = np.random.default_rng(seed)
        torch.manual_seed(seed)
        generator, device = torch.Generator().manual_seed(seed), next(self.network.parameters()).device
        layers = [module for module in self.network.modules() if isinstance(module, anp.Dropout)]
        rates = [layer.p for layer in layers]
        if dropout is not None:
            for layer in layers:
                layer.p = dropout
        parts = []
        with torch.no_grad():
            for first in range(0, len(rows), 100):
                *tensors, held = curves.batch(rows[first : first + 100], n_context, n_extra, rng)
                cx, cy, tx, ty = (each.to(device) for each in tensors[:4])
                samples, means, squares = [], 0.0, 0.0
                for _ in range(passes):
                    out = self.network(cx, cy, tx)
                    samples.append(heads.sample(out["raw"].cpu(), self.network.config.targets, draws, generator))
                    means = means + out["mean"].cpu() / passes
                    squares = squares + (out["mean"] ** 2 + out["sd"] ** 2).cpu() / passes
                magnitudes = self.scales.magnitudes
                sd = torch.sqrt((squares - means**2).clamp(min=0)).numpy() * magnitudes.scale
                parts.append(
                    {
                        "samples": self.scales.whiten.inverse(torch.cat(samples).movedim(0, 1).numpy().astype(float)),
                        "times": (tx[..., 0].cpu().numpy() + 1) * cadence.DURATION / 2,
                        "truth": magnitudes.inverse(ty.cpu().numpy()), "mean": magnitudes.inverse(means.numpy()), "sd": sd,
                        "held": held,
                    }
                )  # fmt: skip
        for layer, rate in zip(layers, rates, strict=True):
            layer.p = rate
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def save(self, path: Path | str) -> None:
        """Write the network, its config, the scaling of its data and the notes; see `weights.save`."""
        arrays = {f"network.{name}": value.cpu().numpy() for name, value in self.network.state_dict().items()}
        magnitudes, whiten = self.scales.magnitudes, self.scales.whiten
        arrays |= {"magnitudes.mean": magnitudes.mean, "magnitudes.scale": magnitudes.scale}
        arrays |= {"whiten.mean": whiten.standard.mean, "whiten.standard": whiten.standard.scale}
        arrays |= {
            "whiten.rotation": whiten.rotation,
            "whiten.scale": whiten.scale,
            "whiten.nugget": np.atleast_1d(whiten.nugget),
        }
        weights.save(path, arrays, asdict(self.network.config), self.notes)

    @classmethod
    def load(cls, path: Path | str | None = None) -> Self:
        """Read a file that `save` wrote, by default the committed one; a `ResultsError` says what is wrong with it."""
        path = committed.verify(cls.WEIGHTS) if path is None else path
        targets = ("targets",)
        shapes = dict.fromkeys(("whiten.mean", "whiten.standard", "whiten.scale"), targets)
        shapes |= {"whiten.rotation": (*targets, *targets), "whiten.nugget": (1,)}
        stored = weights.load(path, shapes | dict.fromkeys(("magnitudes.mean", "magnitudes.scale"), ("bands",)))
        try:
            network = anp.AttentiveNeuralProcess(anp.Config(**stored.config))
            network.load_state_dict({name: torch.as_tensor(array) for name, array in stored.group("network").items()})
        except (TypeError, RuntimeError) as error:
            raise weights.refuse(path, str(error).splitlines()[0]) from None
        array = stored.group("whiten")
        magnitudes = transforms.Standard(stored.arrays["magnitudes.mean"], stored.arrays["magnitudes.scale"])
        standard = transforms.Standard(array["mean"], array["standard"])
        whiten = transforms.Whitened(standard, array["rotation"], array["scale"], float(array["nugget"].item()))
        return cls(network.eval(), Scales(magnitudes, whiten), stored.notes)
