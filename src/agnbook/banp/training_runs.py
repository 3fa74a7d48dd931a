"""The long trainings behind chapter 32: the neural process, the ladder of summaries, and the book's own posteriors.

`sizes` is a chapter's mapping of sizes (`chapter.sizes.Settings`); each function names the ones it reads.
"""

import time
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from agnbook import committed, storage
from agnbook.banp import anp, posterior, summary, train, transforms
from agnbook.banp.neural_process import NeuralProcess
from agnbook.banp.quality import quality
from agnbook.lightcurves import dataset, population

#: Seeds of the simulations: curves that train, validate and test the neural process, and summaries of curves.
TRAINING_CURVES, VALIDATION_CURVES = 7, 8
TRAINING, TEST, VALIDATION, SCALE = 100, 900, 901, 1


def simulations(profile: str) -> Path | None:
    """Return the folder that keeps the simulations of a `paper` run, so that its chapters share them; None otherwise."""
    return storage.ROOT / "_build" / "sims" if profile == "paper" else None


def curve_sets(sizes) -> tuple[train.CurveSet, train.CurveSet]:
    """Return the curves that train the neural process and those that validate it (`curves`, `validation_curves`)."""
    training = train.CurveSet(sizes["curves"], TRAINING_CURVES)
    return training, train.CurveSet(sizes["validation_curves"], VALIDATION_CURVES, scales=training)


def demonstration(sizes, seed: int) -> tuple[dict, dict]:
    """Train for a few steps on a few curves; return the scores before and after.

    Reads `demonstration_curves` and `demonstration_steps`.
    """
    checkpoint = storage.ROOT / "_build" / "demonstration.pt"
    checkpoint.unlink(missing_ok=True)
    few = train.CurveSet(sizes["demonstration_curves"], seed=seed)
    torch.manual_seed(seed)
    network = anp.AttentiveNeuralProcess()
    before = train.evaluate(network, few, 24, 12)
    history = train.neural_process(
        network, few, few, seconds=120, checkpoint=checkpoint, seed=seed, batch=10, n_context=24, n_extra=12, every=10,
        max_steps=sizes["demonstration_steps"],
    )  # fmt: skip
    return before, history[-1]


def neural_process(sizes, profile: str, seed: int, chapter: str = "32_train_the_process") -> pd.DataFrame:
    """Continue the neural process from its checkpoint; a publishing `paper` run commits its weights.

    Reads `seconds` (processor time), `context`, `extra`, `every`, `patience`, `cooldown` and `max_steps`
    (see `train.neural_process`), and what `curve_sets` reads.

    Returns
    -------
    pandas.DataFrame
        One row a validation round: ``step``, ``seconds``, ``rate``, ``loss``, ``magnitudes``, ``parameters``, ``kl``.
    """
    training, validation = curve_sets(sizes)
    torch.manual_seed(seed)
    network = anp.AttentiveNeuralProcess()
    path = storage.ROOT / "_build" / ("banp.pt" if profile == "paper" else "banp-smoke.pt")
    history = train.neural_process(
        network, training, validation, seconds=sizes["seconds"], checkpoint=path, seed=seed, n_context=sizes["context"],
        n_extra=sizes["extra"], every=sizes["every"], patience=sizes["patience"], cooldown=sizes["cooldown"],
        max_steps=sizes["max_steps"],
    )  # fmt: skip
    if committed.publishing() and profile == "paper":
        weights, last = NeuralProcess.WEIGHTS, history[-1]
        notes = {"steps": last["step"], "context": sizes["context"], "extra": sizes["extra"]}
        with storage.atomic_write(storage.DATA / weights) as temporary:
            NeuralProcess(network, training, notes).save(temporary)
        committed.record(
            weights, chapter=chapter, profile=profile, seed=seed, wall_seconds=last["seconds"], steps=last["step"],
            curves=sizes["curves"], context=sizes["context"],
        )  # fmt: skip
    return pd.DataFrame(history)


def other_seeds(sizes, first: dict, profile: str, seed: int) -> pd.DataFrame:
    """Train two more seeds for `seed_steps` steps; return the validation scores of all three at that step.

    Parameters
    ----------
    first : the scores of the long run at that step.
    """
    rows = [first]
    training, validation = curve_sets(sizes)
    for k in (seed + 1, seed + 2):
        torch.manual_seed(k)
        rows += train.neural_process(
            anp.AttentiveNeuralProcess(), training, validation, seconds=1e9,
            checkpoint=storage.ROOT / "_build" / f"banp-{profile}-seed{k}.pt", seed=k, n_context=sizes["context"],
            n_extra=sizes["extra"], every=sizes["every"], patience=sizes["patience"], max_steps=sizes["seed_steps"],
        )[-1:]  # fmt: skip
    return pd.DataFrame(rows).assign(seed=range(seed, seed + 3))


def ladder(sizes, profile: str, seed: int) -> pd.DataFrame:
    """Score the paper's baseline network on growing sets of summaries: same simulations, same training.

    Reads `ladder` (simulations), `ladder_epochs`, `test` (curves) and `chunk`. One row a rung, see `quality`.
    """
    kept = simulations(profile)
    features, latents = summary.simulate_features("dc2_like", sizes["ladder"], TRAINING, sizes["chunk"], kept)
    test, test_latents = summary.simulate_features("dc2_like", sizes["test"], TEST, sizes["chunk"], kept)
    targets, truth = population.targets_from_latents(latents), population.targets_from_latents(test_latents)
    _, scale = summary.target_scale("dc2_like", np.random.default_rng(SCALE))
    whiten, standard = transforms.Whitened.fit(targets), transforms.Standard.fit(targets)
    groups = summary.GROUPS
    basic = list(range(*groups["mean_sd"].indices(summary.WIDTH)))
    middle = basic + list(range(*groups["structure"].indices(summary.WIDTH)))
    rungs = {
        "mean, deviation": (basic, standard),
        "... whitened targets": (basic, whiten),
        "... structure functions": (middle, whiten),
        "... joint Kalman fit": (list(range(groups["kalman"].stop)), whiten),
        "... colour locus": (list(range(summary.WIDTH)), whiten),
    }
    rows = []
    for name, (columns, scaler) in rungs.items():
        sample, _ = train.target_network(features[:, columns], targets, scaler, seed=seed, epochs=sizes["ladder_epochs"])
        nugget = getattr(scaler, "nugget", 0.0)
        rows.append({"summaries": name} | quality(truth, sample(test[:, columns], 120), scale, nugget=nugget))
    return pd.DataFrame(rows)


class OwnPosteriors:
    """The book's own posteriors of every setting, several seeds each; trained once, when first asked for.

    Reads `own` (simulations by setting), `seeds`, `width`, `layers`, `own_epochs`, `chunk` and `test`.
    """

    def __init__(self, sizes, profile: str, seed: int, chapter: str = "32_train_the_process"):
        self.sizes, self.profile, self.seed, self.chapter = sizes, profile, seed, chapter
        self.train = cache(self._train)

    def _train(self, setting: str) -> tuple[pd.DataFrame, list[posterior.Posterior], int]:
        """Train one setting; return losses, models, and which is best on validation: a publishing run commits that one."""
        start, sizes = time.process_time(), self.sizes
        features, latents = summary.simulate_features(
            setting, sizes["own"][setting], TRAINING, sizes["chunk"], simulations(self.profile)
        )
        models, losses = [], []
        for k in range(self.seed, self.seed + sizes["seeds"]):
            own, history = train.own_posterior(
                setting, features, latents, seed=k, width=sizes["width"], layers=sizes["layers"], epochs=sizes["own_epochs"]
            )
            models.append(own)
            table = pd.DataFrame(history, columns=["training", "validation"])
            losses.append(table.assign(setting=setting, seed=k, epoch=np.arange(1, len(table) + 1), simulations=len(features)))
        best = int(np.argmin([table.validation.min() for table in losses]))
        if committed.publishing() and self.profile == "paper":
            path = f"weights/light_curves_{setting}.safetensors"
            with storage.atomic_write(storage.DATA / path) as temporary:
                models[best].save(temporary)
            committed.record(
                path, chapter=self.chapter, profile=self.profile, seed=self.seed + best,
                wall_seconds=time.process_time() - start, simulations=len(features), epochs=sizes["own_epochs"],
            )  # fmt: skip
        return pd.concat(losses), models, best

    def losses(self) -> pd.DataFrame:
        """Return training and validation losses of every setting, seed and epoch."""
        return pd.concat([self.train(setting)[0] for setting in dataset.SETTINGS])

    def scores(self) -> pd.DataFrame:
        """Score each seed, and the mixture of all, on validation and on test simulations of every setting."""
        rows = []
        for setting in dataset.SETTINGS:
            _, models, best = self.train(setting)
            _, scale = summary.target_scale(setting, np.random.default_rng(SCALE))
            for part, part_seed in (("validation", VALIDATION), ("test", TEST)):
                features, latents = summary.simulate_features(
                    setting, self.sizes["test"], part_seed, self.sizes["chunk"], simulations(self.profile)
                )
                truth = population.targets_from_latents(latents)
                samples = [own.sample_targets(features, 200, self.seed) for own in models]
                mixture = np.concatenate([each[:, k :: len(models)] for k, each in enumerate(samples)], axis=1)
                mixture = mixture[:, np.random.default_rng(self.seed).permutation(mixture.shape[1])]
                for k, each in enumerate([*samples, mixture]):
                    name = "mixture" if k == len(models) else f"seed {self.seed + k}"
                    row = {"setting": setting, "part": part, "model": name, "kept": k == best}
                    rows.append(row | quality(truth, each, scale))
        return pd.DataFrame(rows)
