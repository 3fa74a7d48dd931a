"""Training: small density networks on summaries, in one go; the neural process in resumable pieces."""

import math
import time

import numpy as np
import torch
from torch.func import functional_call

from agnbook import members, storage
from agnbook.banp import anp, heads, posterior, summary, transforms
from agnbook.lightcurves import cadence, dataset, noise


def density(network, x, y, *, epochs, batch, rate, seed, validation=0.05, weight_decay=1e-5, nugget=None,
            log_prob=heads.log_prob):  # fmt: skip
    """Fit `network(x)` to the density of `y` by maximum likelihood: Adam, cosine decay, best epoch kept.

    The network is trained as the one member of `agnbook.members`.

    Parameters
    ----------
    x, y : torch.Tensor, shapes (n, inputs), (n, dim)
    nugget : (dim,) tensor or None
        Standard deviation of noise added afresh to `y` at every step.
    log_prob : the density that the network's outputs describe, called as ``log_prob(raw, y)``; a Gaussian by default.

    Returns
    -------
    list of (training loss, validation loss), one an epoch.
    """
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)  # dropout and the nugget's noise
    order = rng.permutation(len(x))
    held, rows = np.split(order, [max(1, int(validation * len(x)))])
    steps = epochs * math.ceil(len(rows) / batch)

    def surprise(parameters, x, y):
        if nugget is not None:
            y = y + nugget * torch.randn_like(y)
        alone = {name: value.squeeze(0) for name, value in parameters.items()}
        return -log_prob(functional_call(network, alone, (x.squeeze(0),)), y.squeeze(0)).mean()[None]

    def score(parameters, x, y):
        network.eval()
        found = surprise(parameters, x, y)
        network.train()
        return found

    network.train()
    trained = members.train(
        {name: value.detach()[None] for name, value in network.named_parameters()}, surprise, (x[rows][None], y[rows][None]),
        epochs=epochs, batch=batch, rng=rng, score=score, held=(x[held][None], y[held][None]), rate=rate, clip=5.0,
        weight_decay=weight_decay,
        schedule=lambda step: min(1.0, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * step / steps)),
    )  # fmt: skip
    network.load_state_dict({name: torch.from_numpy(value[0]) for name, value in trained.parameters.items()})
    network.eval()
    return list(zip(trained.loss[:, 0].tolist(), trained.score[:, 0].tolist(), strict=True))


def untrained_posterior(setting, features, latents, *, width=128, layers=4, columns=None, **notes) -> posterior.Posterior:
    """Return the book's own posterior for summaries (n, 58) and latents (n, 8), scaled by them and not trained."""
    columns = list(range(summary.WIDTH) if columns is None else columns)
    nearest = features[:, posterior.REDSHIFT].astype(float)
    config = {
        "setting": setting, "columns": columns, "width": width, "layers": layers, "dim": 8 if latents[:, 7].std() > 0 else 7,
        "redshift_scale": float(np.median(np.abs(latents[:, 6] - nearest))) if posterior.REDSHIFT in columns else None,
        "simulations": len(features), **notes,
    }  # fmt: skip
    own = posterior.Posterior.build(config, transforms.Standard.fit(features[:, columns]), None)
    own.outputs = transforms.Standard.fit(own.coordinates(features, latents))
    return own


def own_posterior(setting, features, latents, *, seed, width=128, layers=4, epochs=20, batch=256, columns=None, rate=5e-3):
    """Train the book's own posterior on summaries (n, 58) and latents (n, 8).

    Returns
    -------
    (posterior.Posterior, list of (training loss, validation loss))
    """
    torch.manual_seed(seed)
    sizes = {"width": width, "layers": layers, "columns": columns}
    own = untrained_posterior(setting, features, latents, **sizes, epochs=epochs, seed=seed)
    y = torch.as_tensor(own.outputs.forward(own.coordinates(features, latents)), dtype=torch.float32)
    history = density(own.network, own.prepare(features), y, epochs=epochs, batch=batch, rate=rate, seed=seed)
    own.guard = posterior.Guard.fit(features, own.prepare(features).numpy())
    return own, history


def target_network(features, targets, scaler, *, seed, width=128, layers=6, dropout=0.0, epochs=30, batch=256, rate=1e-3):
    """Train the paper's residual MLP with its 21-dimensional Gaussian head on any summaries.

    Parameters
    ----------
    scaler : transforms.Standard or transforms.Whitened of the targets; a nugget is added to the latter's.

    Returns
    -------
    (function from summaries and a number n to samples (objects, n, 21), history)
    """
    inputs = transforms.Standard.fit(features)
    torch.manual_seed(seed)
    network = posterior.ResidualMLP(features.shape[1], heads.width(targets.shape[1]), width, layers, dropout, norm_last=True)
    x = torch.as_tensor(np.clip(inputs.forward(features), -8, 8), dtype=torch.float32)
    y = torch.as_tensor(scaler.forward(targets), dtype=torch.float32)
    nugget = torch.as_tensor(scaler.nugget / scaler.scale, dtype=torch.float32) if hasattr(scaler, "nugget") else None
    history = density(network, x, y, epochs=epochs, batch=batch, rate=rate, seed=seed, nugget=nugget)

    def sample(new, n, sampling_seed=0):
        generator = torch.Generator().manual_seed(sampling_seed)
        with torch.no_grad():
            raw = network(torch.as_tensor(np.clip(inputs.forward(new), -8, 8), dtype=torch.float32))
            draws = heads.sample(raw, targets.shape[1], n, generator)
        return scaler.inverse(draws.movedim(0, 1).numpy().astype(float))

    return sample, history


def simulated_curves(n: int, seed: int, setting: str = "dc2_like"):
    """Yield the `dataset.Curves` of a `CurveSet`, a thousand at a time, each thousand on fresh cadences."""
    rng = np.random.default_rng([seed, n])
    for first in range(0, n, 1000):
        size = min(1000, n - first)
        pool = cadence.pool(max(20, size // 10), rng)
        yield dataset.simulate(size, rng, pool, setting)


class CurveSet:
    """Light curves as the neural process eats them: scaled, subsampled in every batch, noise drawn afresh.

    Parameters
    ----------
    n, seed, setting : objects to simulate, on fresh cadences.
    scales : `neural_process.Scales` to use, or None to set them from these curves (training).
    """

    def __init__(self, n: int, seed: int, setting: str = "dc2_like", scales=None, nugget: float = 0.02):
        self._take(list(simulated_curves(n, seed, setting)))
        if scales is None:
            self.magnitudes = transforms.Standard.fit(np.concatenate([truth[::20] for truth in self.truth]))
            self.whiten = transforms.Whitened.fit(self.targets, nugget)
        else:
            self.magnitudes, self.whiten = scales.magnitudes, scales.whiten

    @classmethod
    def of(cls, curves: dataset.Curves, scales) -> "CurveSet":
        """Return given light curves, scaled by `neural_process.Scales`."""
        self = cls.__new__(cls)
        self._take([curves])
        self.magnitudes, self.whiten = scales.magnitudes, scales.whiten
        return self

    def _take(self, parts: list[dataset.Curves]) -> None:
        self.times, self.truth, self.grid = [], [], []
        for curves in parts:
            for k, seen in enumerate(curves.is_visit):
                unseen = ~seen & (np.arange(seen.size) < curves.length[k])
                self.times.append(curves.times[k][seen].astype(np.float32))
                self.truth.append(curves.truth[k][seen])
                self.grid.append(curves.truth[k][unseen])
        self.targets = np.concatenate([curves.targets for curves in parts])

    def __len__(self) -> int:
        return len(self.targets)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return `n` random rows for a training step."""
        return rng.integers(0, len(self), n)

    def batch(self, rows, n_context: int, n_extra: int, rng: np.random.Generator):
        """Return context times and magnitudes, target times and magnitudes, whitened targets, and which targets are held out.

        Context: `n_context` random visits. Targets: those and `n_extra` times of the 10-day grid, in time order.
        """
        b = len(rows)
        x = np.empty((b, n_context + n_extra), np.float32)
        y = np.empty((b, n_context + n_extra, 6), np.float32)
        for j, row in enumerate(rows):
            seen = rng.choice(len(self.times[row]), n_context, replace=False)
            extra = rng.choice(len(cadence.GRID), n_extra, replace=False)
            x[j] = np.concatenate([self.times[row][seen], cadence.GRID[extra]])
            y[j] = np.concatenate([self.truth[row][seen], self.grid[row][extra]])
        held = np.broadcast_to(np.arange(n_context + n_extra) >= n_context, x.shape)
        y[:, :n_context] += noise.CONSTANT * rng.standard_normal((b, n_context, 6), dtype=np.float32)
        order = np.argsort(x, axis=1)
        x, y, held = (np.take_along_axis(a, order if a.ndim == 2 else order[..., None], 1) for a in (x, y, held))
        x, y = x / (cadence.DURATION / 2) - 1, self.magnitudes.forward(y)
        white = self.whiten.forward(self.targets[rows])
        context = ~held
        tensors = (x[context].reshape(b, -1, 1), y[context].reshape(b, -1, 6), x[..., None], y, white)
        return *(torch.as_tensor(np.ascontiguousarray(a), dtype=torch.float32) for a in tensors), held


def resume(network, optimiser, path):
    """Load a checkpoint into `network` and `optimiser` if there is one; return its step, history and learning rate."""
    if not path.exists():
        return 0, [], optimiser.param_groups[0]["lr"]
    state = torch.load(path, weights_only=True)
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    return state["step"], state["history"], state["rate"]


def neural_process(network, training, validation, *, seconds, checkpoint, seed, batch=40, n_context=64, n_extra=32,
                   alpha=10.0, every=275, patience=20, rate=1e-3, weight_decay=1e-5, cooldown=0.0, max_steps=10**9, settle=0,
                   **weights):  # fmt: skip
    """Train for `seconds` of processor time more, from the checkpoint on; the same command continues a stopped run.

    The random numbers start anew wherever a run is taken up: a run in one piece repeats itself on one machine, one that was
    stopped draws other batches than it would have.

    Adam at `rate` with `weight_decay`, the rate halved when the validation loss has not fallen for `patience` rounds of
    `every` steps (an epoch of 11,000 curves in batches of 40 has 275). In the last `cooldown` seconds, and in the last
    `settle` steps before `max_steps`, it falls to zero, so that the weights settle. A CUDA device is used if there is one.

    Parameters
    ----------
    alpha, weights : see `anp.loss`.

    Returns
    -------
    list of dict
        One entry a round: step, loss and its parts on the validation curves (see `evaluate`), learning rate, processor
        seconds so far.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device)
    optimiser = torch.optim.Adam(network.parameters(), lr=rate, weight_decay=weight_decay)
    step, history, rate = resume(network, optimiser, checkpoint)
    start, before = time.process_time(), history[-1]["seconds"] if history else 0.0
    rng = np.random.default_rng([seed, step])
    torch.manual_seed(seed + step)
    while step < max_steps and (left := seconds - (time.process_time() - start)) > 0:
        network.train()
        falling = min(left / cooldown if cooldown else 1.0, (max_steps - step) / settle if settle else 1.0)
        optimiser.param_groups[0]["lr"] = rate * min(1.0, falling)
        rows = training.draw(batch, rng)
        cx, cy, tx, ty, targets = (a.to(device) for a in training.batch(rows, n_context, n_extra, rng)[:5])
        targets = targets + torch.as_tensor(
            training.whiten.nugget / training.whiten.scale, dtype=torch.float32, device=device
        ) * (torch.randn_like(targets))
        value, _ = anp.loss(network(cx, cy, tx, ty), ty, targets, alpha, **weights)
        optimiser.zero_grad()
        # Adam does not see a loss's scale; the limit on its gradient would
        (value / (1 + alpha * (tx.shape[1] if weights.get("over_times") == "summed" else 1))).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 0.5)
        optimiser.step()
        step += 1
        if step % every == 0 or step == max_steps:
            entry = evaluate(network, validation, n_context, n_extra, alpha, seed=0, device=device, **weights)
            entry |= {"step": step, "rate": optimiser.param_groups[0]["lr"], "seconds": before + time.process_time() - start}
            history.append(entry)
            best = min(range(len(history)), key=lambda k: history[k]["loss"])
            last_cut = max((k for k in range(1, len(history)) if history[k]["rate"] < history[k - 1]["rate"]), default=0)
            if len(history) - 1 - max(best, last_cut) >= patience:
                rate /= 2
            with storage.atomic_write(checkpoint) as temporary:
                torch.save(
                    {
                        "network": network.state_dict(),
                        "optimiser": optimiser.state_dict(),
                        "step": step,
                        "history": history,
                        "rate": rate,
                    },
                    temporary,
                )
    network.eval()
    return history


def evaluate(network, curves, n_context, n_extra, alpha=10.0, seed=0, device="cpu", **weights) -> dict:
    """Return the loss and its parts on `curves` as a user meets them: the latent comes from the context alone.

    ``loss`` has therefore no divergence. ``kl`` is what that would be if the latent were drawn from the targets, as in
    training: how much the targets' latent says beyond the context's.
    """
    rng = np.random.default_rng(seed)
    network.eval()
    totals = []
    with torch.no_grad():
        for first in range(0, len(curves), 100):
            rows = np.arange(first, min(first + 100, len(curves)))
            cx, cy, tx, ty, targets = (a.to(device) for a in curves.batch(rows, n_context, n_extra, rng)[:5])
            value, parts = anp.loss(network(cx, cy, tx), ty, targets, alpha, **weights)
            parts["kl"] = network(cx, cy, tx, ty)["kl"].mean()
            totals.append([float(value), *(float(part) for part in parts.values())])
    return dict(zip(("loss", "magnitudes", "parameters", "kl"), np.mean(totals, axis=0).tolist(), strict=True))
