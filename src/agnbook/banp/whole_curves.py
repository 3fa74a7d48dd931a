"""The neural process trained as its authors did: on all visits of a curve and the whole grid. For a GPU.

On one processor core such a step takes seconds, so the book's other trainings show the network a part of each curve. Here it is
the reading that did best on validation curves with equal steps (`trials`), trained on whole curves for as long as a GPU was lent.

`sizes` is the chapter's mapping of sizes (`chapter.sizes.Settings`); each function names the ones it reads.
"""

import time

import numpy as np
import pandas as pd
import torch

from agnbook import committed, storage
from agnbook.banp import anp, models, summary, train, trials
from agnbook.banp.neural_process import NeuralProcess
from agnbook.banp.quality import quality
from agnbook.banp.training_runs import SCALE, curve_sets
from agnbook.judge import scores
from agnbook.lightcurves import cadence, noise

#: The best reading of `trials`, its rate (that of its authors) and the seed of the test curves.
READING, RATE, TEST_CURVES = "june-2021", 1e-3, 335


class WholeCurves:
    """The curves of a `train.CurveSet` on one device, sorted by their number of visits, used whole.

    Curves of a batch have about as many visits; each gives as many as the one that has the fewest, the first or the last few are
    left out.
    """

    def __init__(self, curves: train.CurveSet, device: str = "cpu"):
        self.order = np.argsort([len(times) for times in curves.times], kind="stable")
        self.magnitudes, self.whiten, self.targets = curves.magnitudes, curves.whiten, curves.targets[self.order]
        self.visits = np.array([len(curves.times[row]) for row in self.order])
        times = np.zeros((len(self), self.visits[-1]), np.float32)
        truth = np.zeros((*times.shape, 6), np.float32)
        for k, row in enumerate(self.order):
            times[k, : self.visits[k]] = curves.times[row] / (cadence.DURATION / 2) - 1
            truth[k, : self.visits[k]] = self.magnitudes.forward(curves.truth[row])
        grid = self.magnitudes.forward(np.stack([curves.grid[row] for row in self.order]))
        arrays = times, truth, grid, cadence.GRID / (cadence.DURATION / 2) - 1, self.whiten.forward(self.targets)
        self.tensors = [torch.as_tensor(np.asarray(each, np.float32), device=device) for each in arrays]
        self.noise = torch.as_tensor(noise.CONSTANT / self.magnitudes.scale, dtype=torch.float32, device=device)

    def __len__(self) -> int:
        return len(self.order)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return `n` random rows that are neighbours in their number of visits."""
        width = min(4 * n, len(self))
        return rng.integers(0, len(self) - width + 1) + rng.choice(width, min(n, width), replace=False)

    def batch(self, rows, n_context, n_extra, rng: np.random.Generator):
        """Return what `train.CurveSet.batch` does; `n_context` and `n_extra` are ignored, all visits and times are used."""
        times, truth, grid, grid_times, white = self.tensors
        device, b, n = times.device, len(rows), int(self.visits[rows].min())
        first = rng.integers(0, self.visits[rows] - n + 1)
        at = torch.as_tensor(first, device=device)[:, None] + torch.arange(n, device=device)
        picked = torch.as_tensor(np.asarray(rows), device=device)[:, None]
        seen_times, seen = times[picked, at], truth[picked, at]
        generator = torch.Generator(device).manual_seed(int(rng.integers(2**62)))
        seen = seen + self.noise * torch.randn(seen.shape, generator=generator, device=device)
        every = torch.cat([seen_times, grid_times.expand(b, -1)], 1)
        every, order = torch.sort(every, dim=1, stable=True)
        y = torch.gather(torch.cat([seen, grid[picked[:, 0]]], 1), 1, order[..., None].expand(-1, -1, 6))
        return seen_times[..., None], seen, every[..., None], y, white[picked[:, 0]], (order >= n).cpu().numpy()


def run(sizes, profile: str, seed: int, chapter: str = "32_train_the_process") -> list[pd.DataFrame]:
    """Train on whole curves and ask for test curves, beside the committed long run; a publishing `paper` run commits the weights.

    Reads `whole_seconds` and `whole_cooldown` (processor time of the training; in the last of it the rate falls to zero),
    `whole_batch`, `whole_every`, `whole_steps` (the most steps), `whole_test` (curves), `whole_passes`, and what
    `training_runs.curve_sets` reads. The test curves have been seen by no other step.

    Returns
    -------
    list of pandas.DataFrame
        The scores: a row a ``model`` ("whole curves", "long run") with `quality`, errors in the i band and over six bands
        (``network_heldout_i`` ...), ``line_heldout_i``, and, in the first, the paired difference of both (``mae_change``,
        ``heldout_change`` with ends). Then one row a validation round, as of `train.neural_process`.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    curves, validation = (WholeCurves(each, device) for each in curve_sets(sizes))
    torch.manual_seed(seed)
    network, start = anp.AttentiveNeuralProcess(anp.CONFIGURATIONS[READING]), time.perf_counter()
    checkpoint = storage.ROOT / "_build" / f"banp-whole-{profile}.pt"
    checkpoint.unlink(missing_ok=True)
    history = train.neural_process(
        network, curves, validation, seconds=sizes["whole_seconds"], checkpoint=checkpoint, seed=seed, n_context=0, n_extra=0,
        batch=sizes["whole_batch"], every=sizes["whole_every"], patience=10**6, rate=RATE, cooldown=sizes["whole_cooldown"],
        max_steps=sizes["whole_steps"],
    )  # fmt: skip
    took, steps = time.perf_counter() - start, history[-1]["step"]
    card = torch.cuda.get_device_name() if device == "cuda" else "no GPU"
    notes = {"steps": steps, "batch": sizes["whole_batch"], "reading": READING, "rate": RATE, "card": card}
    process = NeuralProcess(network, curves, notes)
    committed.publish_model(
        NeuralProcess.WHOLE, process, chapter=chapter, profile=profile, seed=seed, wall_seconds=took, **notes,
        curves=len(curves), epochs=round(steps * sizes["whole_batch"] / len(curves), 1),
    )  # fmt: skip
    long_run = models.neural_process(profile)
    long_run.network.to(device)
    test = train.CurveSet(sizes["whole_test"], TEST_CURVES, scales=process.scales)
    whole = _errors(process, WholeCurves(test, device), sizes["whole_passes"])
    other = train.CurveSet(sizes["whole_test"], TEST_CURVES, scales=long_run.scales)
    context, extra = (long_run.notes[name] for name in ("context", "extra"))
    short = trials.errors(long_run, other, context, extra, sizes["whole_passes"])
    _, scale = summary.target_scale("dc2_like", np.random.default_rng(SCALE))
    rows = []
    for name, found, row in (("whole curves", whole, notes), ("long run", short, {"steps": long_run.notes["steps"]})):
        out = {"model": name} | row | quality(test.targets, found["samples"], scale, nugget=process.scales.whiten.nugget)
        for key in ("network_heldout", "network_context", "line_heldout"):
            out[f"{key}_i"], out[f"{key}_six"] = found[key][:, trials.I_BAND].mean(), found[key].mean()
        rows.append(out)
    mae = [(np.abs(each["samples"].mean(axis=1) - test.targets) / scale).mean(axis=1) for each in (whole, short)]
    heldout = [each["network_heldout"][:, trials.I_BAND] for each in (whole, short)]
    for name, pair in (("mae", mae), ("heldout", heldout)):
        change = scores.paired(np.mean, *pair, n_resamples=500)
        rows[0] |= dict(zip((f"{name}_change", f"{name}_change_low", f"{name}_change_high"), change, strict=True))
    return [pd.DataFrame(rows), pd.DataFrame(history)]


def _errors(process: NeuralProcess, curves: WholeCurves, passes: int) -> dict[str, np.ndarray]:
    """As `trials.errors`, in the order in which the curves came; a batch at a time, since each has its own number of times."""
    parts = []
    for first in range(0, len(curves), 100):
        rows = np.arange(first, min(first + 100, len(curves)))
        parts.append(trials.errors(process, curves, 0, 0, passes, seed=first, rows=rows))
    back = np.argsort(curves.order)
    return {name: np.concatenate([part[name] for part in parts])[back] for name in parts[0]}
