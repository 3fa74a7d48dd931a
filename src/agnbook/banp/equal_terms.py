"""Rivals of the neural process on equal terms: trained on the same light curves, and all tuned alike.

Each network of `METHODS` learns from summaries of the very curves that trained the neural process, with each of a few
learning rates and several seeds; rate and epoch are chosen on the process's validation curves. `table1` compares them.

`sizes` is the chapter's mapping of sizes (`chapter.sizes.Settings`); each function names the ones it reads.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from torch.func import functional_call, vmap

from agnbook import members
from agnbook.banp import heads, posterior, summary, train, transforms
from agnbook.banp.training_runs import TRAINING_CURVES, VALIDATION_CURVES
from agnbook.lightcurves import population


@dataclass(frozen=True)
class Summarised:
    """Summaries (n, 58) and latents (n, 8) of light curves."""

    features: np.ndarray
    latents: np.ndarray

    @classmethod
    def of(cls, n: int, seed: int, visits: int | None = None) -> "Summarised":
        """Summarise the light curves of ``train.CurveSet(n, seed)``: every visit of them, or as many random ones as `visits`."""
        rng, parts = np.random.default_rng(seed), []
        for curves in train.simulated_curves(n, seed):
            if visits is not None:
                curves = replace(curves, is_visit=_some(curves.is_visit, visits, rng))
            parts.append((summary.features(curves).astype(np.float32), curves.latents))
        return cls(*(np.concatenate(both) for both in zip(*parts, strict=True)))

    @property
    def targets(self) -> np.ndarray:
        """The 21 targets, shape (n, 21)."""
        return population.targets_from_latents(self.latents)


def _some(is_visit: np.ndarray, visits: int, rng: np.random.Generator) -> np.ndarray:
    """Keep `visits` random ones of each row's visits."""
    order = np.argsort(np.where(is_visit, rng.random(is_visit.shape), 2.0), axis=1)
    kept = np.zeros_like(is_visit)
    np.put_along_axis(kept, order[:, :visits], True, axis=1)
    return kept & is_visit


def plain(features) -> np.ndarray:
    """Return the paper's twelve summaries, mean and standard deviation (mag) in six bands, from summaries (n, 58)."""
    features = np.asarray(features, float)
    return np.concatenate([summary.from_colours(features[:, :6]), 10 ** features[:, 6:12]], axis=1)


def colours(features) -> np.ndarray:
    """Return the same twelve as a magnitude, five colours and logarithms."""
    return np.asarray(features)[:, summary.GROUPS["mean_sd"]]


class Targets:
    """A method that predicts the 21 targets with the paper's residual network and head.

    Parameters
    ----------
    inputs : from summaries (n, 58) to what the network sees, (n, inputs).
    scaler : `transforms.Standard` or `transforms.Whitened`; the latter's nugget is noise on the training targets.
    """

    def __init__(self, inputs: Callable, scaler: type, curves: Summarised):
        self.inputs, self.dim = inputs, curves.targets.shape[1]
        self.scale_in, self.scale_out = transforms.Standard.fit(inputs(curves.features)), scaler.fit(curves.targets)
        self.nugget = getattr(self.scale_out, "nugget", 0.0)

    def network(self) -> posterior.ResidualMLP:
        return posterior.ResidualMLP(len(self.scale_in.mean), heads.width(self.dim), norm_last=True)

    def x(self, curves: Summarised) -> torch.Tensor:
        return _float(np.clip(self.scale_in.forward(self.inputs(curves.features)), -8, 8))

    def y(self, curves: Summarised) -> torch.Tensor:
        return _float(self.scale_out.forward(curves.targets))

    def noise(self) -> torch.Tensor | None:
        return _float(self.nugget / self.scale_out.scale) if self.nugget else None

    def sample(self, network, curves: Summarised, n: int, seed: int) -> np.ndarray:
        with torch.no_grad():
            draws = heads.sample(network(self.x(curves)), self.dim, n, torch.Generator().manual_seed(seed))
        return self.scale_out.inverse(draws.movedim(0, 1).numpy().astype(float))


class Own:
    """The book's own posterior (`posterior.Posterior`): all summaries in, its own coordinates of the latents out."""

    nugget = 0.0

    def __init__(self, curves: Summarised):
        self.own = train.untrained_posterior("dc2_like", curves.features, curves.latents)
        self.dim = self.own.config["dim"]

    def network(self) -> posterior.ResidualMLP:
        return posterior.Posterior.build(self.own.config, None, None).network

    def x(self, curves: Summarised) -> torch.Tensor:
        return self.own.prepare(curves.features)

    def y(self, curves: Summarised) -> torch.Tensor:
        return _float(self.own.outputs.forward(self.own.coordinates(curves.features, curves.latents)))

    def noise(self) -> None:
        return None

    def sample(self, network, curves: Summarised, n: int, seed: int) -> np.ndarray:
        own = posterior.Posterior(self.own.config, network, self.own.inputs, self.own.outputs)
        return own.sample_targets(curves.features, n, seed)


#: Name of a row -> how its method is made from the training curves; each of the baselines changes one thing.
METHODS: dict[str, Callable] = {
    "paper's baseline": lambda curves: Targets(plain, transforms.Standard, curves),
    "baseline, whitened targets": lambda curves: Targets(plain, transforms.Whitened, curves),
    "baseline, whitened, colours": lambda curves: Targets(colours, transforms.Whitened, curves),
    "own summaries and network": Own,
}


def _float(values) -> torch.Tensor:
    return torch.as_tensor(np.asarray(values), dtype=torch.float32)


def fit(method, training: Summarised, validation: Summarised, *, rate: float, seeds: int, epochs: int, batch: int = 256):
    """Train `seeds` networks of a method at once; each keeps the epoch that is best on the validation curves.

    Returns
    -------
    networks : list of torch.nn.Module
    losses, best : (seeds,), (seeds,): validation loss (nat a curve) and epoch (from 1)
    """
    networks = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        networks.append(method.network())
    states = [network.state_dict() for network in networks]
    start = {name: torch.stack([state[name] for state in states]) for name in states[0]}
    noise, steps = method.noise(), epochs * math.ceil(len(training.latents) / batch)

    def score(parameters, x, y):
        def one(parameters, x, y):
            return -heads.log_prob(functional_call(networks[0], parameters, (x,)), y).mean()

        return vmap(one)(parameters, x, y)

    def loss(parameters, x, y):
        return score(parameters, x, y if noise is None else y + noise * torch.randn_like(y))

    def rows(curves):
        return tuple(one.expand(seeds, *one.shape) for one in (method.x(curves), method.y(curves)))

    trained = members.train(
        start, loss, rows(training), epochs=epochs, batch=batch, rng=np.random.default_rng(0), score=score, held=rows(validation),
        rate=rate, clip=5.0, weight_decay=1e-5,
        schedule=lambda step: min(1.0, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * step / steps)),
    )  # fmt: skip
    for k, network in enumerate(networks):
        network.load_state_dict({name: torch.from_numpy(value[k]) for name, value in trained.parameters.items()})
        network.eval()
    return networks, trained.score.min(axis=0), trained.best_epoch + 1


def tune(sizes, names=tuple(METHODS), visits: int | None = None) -> tuple[pd.DataFrame, dict[str, tuple]]:
    """Train methods with every rate and seed; choose each method's rate by its mean validation loss.

    Reads `curves`, `validation_curves`, `rates`, `seeds` and `epochs`.

    Parameters
    ----------
    names : of `METHODS`; all by default.
    visits : how many of a curve's visits they see; all by default.

    Returns
    -------
    trials : pandas.DataFrame
        One row a training: ``method``, ``rate``, ``seed``, ``epoch`` (the best), ``validation`` (nat a curve), ``chosen``.
    chosen : name -> (method, networks) of the best rate
    """
    training = Summarised.of(sizes["curves"], TRAINING_CURVES, visits)
    validation = Summarised.of(sizes["validation_curves"], VALIDATION_CURVES, visits)
    trials, chosen = [], {}
    for name in names:
        method, best = METHODS[name](training), np.inf
        for rate in sizes["rates"]:
            networks, losses, epochs = fit(method, training, validation, rate=rate, seeds=sizes["seeds"], epochs=sizes["epochs"])
            trials += [
                {"method": name, "rate": rate, "seed": seed, "epoch": epoch, "validation": loss}
                for seed, (epoch, loss) in enumerate(zip(epochs, losses, strict=True))
            ]
            if np.mean(losses) < best:
                best, chosen[name] = np.mean(losses), (method, networks, rate)
    trials = pd.DataFrame(trials)
    trials["chosen"] = trials["rate"] == trials["method"].map({name: rate for name, (_, _, rate) in chosen.items()})
    return trials, {name: (method, networks) for name, (method, networks, _) in chosen.items()}
