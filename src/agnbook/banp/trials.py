"""Trials of the neural process on validation curves: the weight of the magnitudes, the readings, and what more effort buys.

Every trial starts anew, takes the same number of steps and is scored on the same validation
curves. Finished trials are kept under ``_build``, so that a stopped run goes on where it was.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from agnbook import storage
from agnbook.banp import anp, summary, train
from agnbook.banp.neural_process import NeuralProcess
from agnbook.banp.quality import quality
from agnbook.banp.training_runs import SCALE, curve_sets
from agnbook.judge import scores
from agnbook.lightcurves.population import BANDS

#: The paper's weight of the magnitudes.
PAPER = 10.0
I_BAND = BANDS.index("i")


@dataclass(frozen=True)
class Trial:
    """One training.

    Attributes
    ----------
    question : what it is for: "weight", "competitor", "reading" or "effort".
    reading : one of `anp.CONFIGURATIONS`; `changes` replaces some of its fields.
    alpha, parameters, over_times : see `anp.loss`.
    steps, context : how many steps, and how many visits a curve in each.
    """

    question: str
    label: str
    alpha: float
    steps: int
    context: int
    seed: int = 0
    reading: str = "paper"
    changes: dict = field(default_factory=dict)
    parameters: float = 1.0
    over_times: str = "averaged"

    @property
    def name(self) -> str:
        """A file's name, the same for the same trial alone."""
        changes = "".join(f"-{key}{value:g}" for key, value in self.changes.items())
        loss = f"{self.over_times[0]}{self.alpha:g}-{self.parameters:g}"
        return f"{self.reading}{changes}-{loss}-{self.context}-{self.steps}-seed{self.seed}"


def of_the_weight(sizes, seed: int) -> list[Trial]:
    """Return the paper's network at every weight of the magnitudes (`trial_alphas`), one seed."""
    common = {"steps": sizes["trial_steps"], "context": sizes["trial_context"], "seed": seed}
    return [Trial("weight", f"weight {alpha:g}", alpha, **common) for alpha in sizes["trial_alphas"]]


def of_the_rest(sizes, seed: int, best: float) -> list[Trial]:
    """Return the trials that follow once the best weight is known.

    More seeds of the paper's and of the best weight; the paper's weight without the loss of the parameters; the
    other readings; and, at the best weight, time on [-4, 4], a wider network, more visits and more steps.
    """
    common = {"steps": sizes["trial_steps"], "context": sizes["trial_context"]}
    seeds = range(seed + 1, seed + sizes["trial_seeds"])
    weights = list(dict.fromkeys((PAPER, best)))
    alone = Trial("competitor", "no loss of the parameters", PAPER, parameters=0.0, seed=seed, **common)
    start = Trial("effort", "", best, seed=seed, **common)
    return [
        alone,
        *(Trial("weight", f"weight {alpha:g}", alpha, seed=k, **common) for k in seeds for alpha in weights),
        Trial("reading", "june-2021", PAPER, reading="june-2021", seed=seed, **common),
        Trial("reading", "newest", 1.0, reading="newest", over_times="summed", seed=seed, **common),
        replace(start, label="time on [-4, 4]", changes={"time_scale": 4.0}),
        replace(start, label="width 64", changes={"hidden": 64}),
        replace(start, label="twice the visits", context=2 * start.context),
        replace(start, label="four times the steps", steps=4 * start.steps),
        *(replace(alone, seed=k) for k in seeds),
    ]


def errors(
    process: NeuralProcess, curves, context: int, extra: int, passes: int, seed: int = 0, rows=None
) -> dict[str, np.ndarray]:
    """Return absolute errors (mag) of the process and of the straight line through the same visits, of some or all curves.

    Returns
    -------
    dict
        ``network_heldout``, ``network_context``, ``line_heldout``: (curves, bands), each a mean over a curve's times; a
        magnitude in the context is the measured one, which the line meets by construction. ``samples``: (curves, m, 21).
    """
    out = process.answer(curves, rows=rows, passes=passes, draws=8, n_context=context, n_extra=extra, seed=seed)
    held = out["held"]
    line = np.empty_like(out["truth"])
    for k, (times, magnitudes) in enumerate(zip(out["times"], out["truth"], strict=True)):
        seen = ~held[k]
        line[k] = np.stack([np.interp(times, times[seen], band[seen]) for band in magnitudes.T], axis=1)
    found = {}
    for name, centre, where in (
        ("network_heldout", out["mean"], held), ("network_context", out["mean"], ~held), ("line_heldout", line, held),
    ):  # fmt: skip
        found[name] = (np.abs(centre - out["truth"]) * where[..., None]).sum(1) / where.sum(1)[:, None]
    return found | {"samples": out["samples"]}


def run(trial: Trial, sizes, training, validation, folder: Path) -> tuple[dict, dict[str, np.ndarray], pd.DataFrame]:
    """Train and score one trial; load it where it is finished already.

    Returns
    -------
    (row of scores, errors of every validation curve, learning curve)
    """
    path = folder / f"{trial.name}.npz"
    if not path.exists():
        torch.manual_seed(trial.seed)
        config = replace(anp.CONFIGURATIONS[trial.reading], **trial.changes)
        network = anp.AttentiveNeuralProcess(config)
        history = train.neural_process(
            network, training, validation, seconds=1e9, checkpoint=folder / f"{trial.name}.pt", seed=trial.seed,
            n_context=trial.context, n_extra=sizes["trial_extra"], alpha=trial.alpha, every=sizes["trial_every"],
            patience=10**6, max_steps=trial.steps, settle=trial.steps // 5, over_times=trial.over_times,
            parameters=trial.parameters,
        )  # fmt: skip
        process = NeuralProcess(network, training)
        found = errors(process, validation, trial.context, sizes["trial_extra"], sizes["trial_passes"])
        _, scale = summary.target_scale("dc2_like", np.random.default_rng(SCALE))
        row = quality(validation.targets, found.pop("samples"), scale, nugget=training.whiten.nugget)
        row |= {"kl": history[-1]["kl"], "seconds": history[-1]["seconds"], "network_size": anp.count_parameters(network)}
        with storage.atomic_write(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, row=json.dumps(row), history=json.dumps(history), **found)
    with np.load(path) as stored:
        found = {name: stored[name] for name in stored.files if name not in ("row", "history")}
        return json.loads(str(stored["row"])), found, pd.DataFrame(json.loads(str(stored["history"])))


def summarise(trial: Trial, row: dict, found: dict, reference: dict) -> dict:
    """Return one row of the table: what was tried, and its scores.

    Parameters
    ----------
    found, reference : errors of this trial and of the paper's weight with the same seed; their difference in the i band is
        a paired one over curves (``over_paper``, with a 95 % interval).
    """
    settings = {key: value for key, value in asdict(trial).items() if key != "changes"}
    out = settings | {"n": row["n"]}
    for name in ("network_heldout", "network_context", "line_heldout"):
        out[f"{name}_i"], out[f"{name}_six"] = found[name][:, I_BAND].mean(), found[name].mean()
    for name, values in (
        ("network_heldout_i", found["network_heldout"][:, I_BAND]),
        ("over_paper", found["network_heldout"][:, I_BAND] - reference["network_heldout"][:, I_BAND]),
        ("over_line", found["network_heldout"][:, I_BAND] - found["line_heldout"][:, I_BAND]),
    ):
        out[name] = values.mean()
        out[f"{name}_low"], out[f"{name}_high"] = scores.bootstrap(np.mean, values, n_resamples=300)
    kept = ("mae", "mae_low", "mae_high", "logm_rms", "logm_rms_low", "logm_rms_high", "calibration", "kl")
    return out | {key: row[key] for key in (*kept, "network_size", "seconds")}


def best_weight(trials: list[Trial], found: list[dict]) -> float:
    """Return the weight with the smallest held-out error in the i band."""
    return min(zip(trials, found, strict=True), key=lambda pair: pair[1]["network_heldout"][:, I_BAND].mean())[0].alpha


def tables(sizes, profile: str, seed: int) -> list[pd.DataFrame]:
    """Run all trials; return their scores, one row a trial, and their learning curves, one row a round.

    Reads `trial_steps`, `trial_context` and `trial_extra` (visits and other times a curve and step), `trial_alphas`,
    `trial_seeds`, `trial_every`, `trial_passes`, and what `training_runs.curve_sets` reads.
    """
    folder = storage.ROOT / "_build" / f"banp-trials-{profile}"
    folder.mkdir(parents=True, exist_ok=True)
    training, validation = curve_sets(sizes)
    trials = of_the_weight(sizes, seed)
    results = [run(trial, sizes, training, validation, folder) for trial in trials]
    rest = of_the_rest(sizes, seed, best_weight(trials, [found for _, found, _ in results]))
    results += [run(trial, sizes, training, validation, folder) for trial in rest]
    trials += rest
    papers = {t.seed: r[1] for t, r in zip(trials, results, strict=True) if (t.question, t.alpha) == ("weight", PAPER)}
    table = [summarise(t, row, found, papers[t.seed]) for t, (row, found, _) in zip(trials, results, strict=True)]
    curves = [history.assign(label=t.label, seed=t.seed) for t, (*_, history) in zip(trials, results, strict=True)]
    return [pd.DataFrame(table), pd.concat(curves, ignore_index=True)]
