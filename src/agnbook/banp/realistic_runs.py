"""The setting ``realistic``: its simulations, the training of the book's own posterior there, trials, scores and floor.

`sizes` is the chapter's mapping of sizes (`chapter.sizes.Settings`); each function names the ones it reads.
"""

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from agnbook import committed, storage
from agnbook.banp import asynchronous, exact, floors, mixtures, train, transforms
from agnbook.banp import realistic_posterior as own_posterior
from agnbook.banp.quality import quality
from agnbook.banp.realistic_posterior import RealisticGuard, RealisticPosterior
from agnbook.banp.training_runs import SCALE, TRAINING, VALIDATION, simulations
from agnbook.lightcurves import kalman, population, realistic

#: Mark of this setting among the seeds of its simulations.
_SETTING = 3
#: Fresh test curves: those of `training_runs.TEST` and of 910 have judged earlier forms of this model.
TEST = 920
#: Where the trials start.
START = {"rate": 5e-3, "batch": 256, "width": 128, "components": 4, "dropout": 0.0, "weight_decay": 1e-5}
#: What they change, one at a time.
CHANGES = (
    {"rate": 2e-3}, {"rate": 1e-2}, {"batch": 1024}, {"width": 64}, {"width": 256}, {"components": 8}, {"components": 2},
    {"dropout": 0.1}, {"dropout": 0.2}, {"weight_decay": 1e-2},
)  # fmt: skip
LAYERS = 4


def _jobs(profile: str) -> int:
    """Processes to work with: every core in a `paper` run."""
    return os.cpu_count() if profile == "paper" else 1


def _each(function, values, jobs: int) -> list:
    """Return the function of each value, computed by `jobs` processes."""
    if jobs == 1:
        return [function(value) for value in values]
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(function, values))


def simulate_chunk(seed: int, k: int, chunk: int) -> realistic.Measurements:
    """Simulate the light curves behind chunk `k` of `simulate_features`."""
    return realistic.simulate(chunk, np.random.default_rng([seed, _SETTING, k]))


def summarise_chunk(k: int, seed: int, chunk: int, cache: Path | None = None):
    """Return summaries, latents and rho of chunk `k`, from `cache` (a folder) if they are there; else they are put there."""
    stored = None if cache is None else cache / f"realistic_{seed}_{k:04d}.npz"
    if stored is not None and stored.exists():
        with np.load(stored) as file:
            return file["X"], file["L"], file["rho"]
    curves = simulate_chunk(seed, k, chunk)
    part = asynchronous.features(curves).astype(np.float32), curves.latents, curves.rho
    if stored is not None:
        with storage.atomic_write(stored) as temporary:
            np.savez(temporary, X=part[0], L=part[1], rho=part[2])
    return part


def simulate_features(n: int, seed: int, chunk: int = 2500, cache: Path | None = None, jobs: int = 1):
    """Simulate `n` fresh objects in `jobs` processes and keep only their summaries; as `summary.simulate_features`.

    Returns
    -------
    features, latents, rho : (n, 75), (n, 8), (n,)
    """
    parts = _each(partial(summarise_chunk, seed=seed, chunk=chunk, cache=cache), range(-(-n // chunk)), jobs)
    return tuple(np.concatenate(each)[:n] for each in zip(*parts, strict=True))


def _train(seed: int, inputs, outputs, epochs: int, recipe: dict):
    """Train one network on standardised summaries (n, 75) and coordinates (n, 9); return it and its history."""
    torch.manual_seed(seed)
    network = own_posterior.network({"layers": LAYERS} | recipe)

    def log_prob(raw, target):
        return mixtures.log_prob(raw, target, own_posterior.DIM, recipe["components"])

    how = {name: recipe[name] for name in ("batch", "rate", "weight_decay")}
    x, y = (torch.as_tensor(each) for each in (inputs, outputs))
    return network, train.density(network, x, y, epochs=epochs, seed=seed, log_prob=log_prob, **how)


def fit(features, latents, rho, *, seeds, epochs: int, recipe: dict, jobs: int = 1):
    """Train a network for each of `seeds` (start, order and held-out twentieth are its own), `jobs` at a time.

    Returns
    -------
    RealisticPosterior of all networks; the histories, one a network: (training loss, validation loss) of each epoch
    """
    coordinates = own_posterior.to_coordinates(latents, rho)
    scales = transforms.Standard.fit(features), transforms.Standard.fit(coordinates)
    config = {"layers": LAYERS, "members": len(seeds), "seeds": list(seeds), "simulations": len(features), "epochs": epochs}
    own = RealisticPosterior.build(config | recipe, *scales)
    data = own.prepare(features).numpy(), own.outputs.forward(coordinates).astype(np.float32)
    found = _each(partial(_train, inputs=data[0], outputs=data[1], epochs=epochs, recipe=recipe), seeds, jobs)
    for mine, (network, _) in zip(own.network.members, found, strict=True):
        mine.load_state_dict(network.state_dict())
    own.guard = RealisticGuard.fit(features, data[0])
    return own, [history for _, history in found]


def _losses(recipe: dict, data, epochs: int) -> dict[str, float]:
    """Train one network with a recipe; return its best epoch on validation and the losses there."""
    (history,) = fit(*data, seeds=[0], epochs=epochs, recipe=recipe)[1]
    best = int(np.argmin([validation for _, validation in history]))
    return {"epoch": best + 1, "training": history[best][0], "validation": history[best][1]}


def trials(sizes, profile: str) -> pd.DataFrame:
    """Train one network with several recipes; losses on validation only.

    One thing is changed at a time; the last row has all changes that helped, of each kind the one that helped most. Reads
    `trial_simulations`, `trial_epochs` and `chunk`. The validation curves are a twentieth of the simulations, held out.
    """
    jobs = _jobs(profile)
    data = simulate_features(sizes["trial_simulations"], TRAINING, sizes["chunk"], simulations(profile), jobs)

    def tried(recipes):
        losses = _each(partial(_losses, data=data, epochs=sizes["trial_epochs"]), recipes, jobs)
        return [recipe | found for recipe, found in zip(recipes, losses, strict=True)]

    rows = tried([START, *(START | change for change in CHANGES)])
    helped = [row["validation"] for row in rows[1:]]
    together = dict(START)
    for k in sorted(range(len(CHANGES)), key=lambda k: -helped[k]):  # the best last
        if helped[k] < rows[0]["validation"]:
            together |= CHANGES[k]
    return pd.DataFrame(rows + tried([together]))


def recipe_of(table: pd.DataFrame) -> dict:
    """Return the recipe with the smallest validation loss of what `trials` returned."""
    best = table.loc[table["validation"].idxmin()]
    return {name: type(value)(best[name]) for name, value in START.items()}


def trained(sizes, profile: str, seed: int, chapter: str, recipe: dict) -> RealisticPosterior:
    """Train `realistic_seeds` networks, each kept as in its best epoch on validation; a publishing `paper` run commits them.

    Reads `realistic` (simulations), `realistic_epochs`, `realistic_seeds` and `chunk`.
    """
    start, jobs = time.perf_counter(), _jobs(profile)
    data = simulate_features(sizes["realistic"], TRAINING, sizes["chunk"], simulations(profile), jobs)
    seeds = range(seed, seed + sizes["realistic_seeds"])
    own = fit(*data, seeds=seeds, epochs=sizes["realistic_epochs"], recipe=recipe, jobs=jobs)[0]
    committed.publish_model(
        own_posterior.WEIGHTS, own, chapter=chapter, profile=profile, seed=seed,
        wall_seconds=time.perf_counter() - start, simulations=sizes["realistic"],
    )  # fmt: skip
    return own


def prior_scale() -> np.ndarray:
    """Return the prior standard deviations (21,) of the targets."""
    latents = population.sample(20_000, np.random.default_rng(SCALE), realistic.POPULATION, realistic.SLOPE_SCATTER)
    return population.targets_from_latents(latents).std(axis=0)


def scored(own: RealisticPosterior, sizes, profile: str, seed: int) -> pd.DataFrame:
    """Score a posterior and each of its networks alone on validation curves, and the posterior once on fresh test curves.

    Reads `test` and `chunk`. Each row: ``part``, ``model``, and the scores of `quality`.
    """
    alone = {f"network {k}": own.member(k) for k in range(own.config["members"])}
    rows = []
    for part, part_seed, models in (("validation", VALIDATION, alone | {"all": own}), ("test", TEST, {"all": own})):
        kept, jobs = simulations(profile), _jobs(profile)
        features, latents, rho = simulate_features(sizes["test"], part_seed, sizes["chunk"], kept, jobs)
        truth = population.targets_from_latents(latents)
        for name, model in models.items():
            drawn, drawn_rho = model.sample(features, 200, seed)
            found = quality(truth, population.targets_from_latents(drawn), prior_scale())
            found["logm_coverage68"] = coverage68(latents[:, 4], drawn[..., 4])
            found["rho_rms"] = np.sqrt(np.mean((drawn_rho.mean(axis=1) - rho) ** 2))
            found["redshift_rms"] = np.sqrt(np.mean((drawn[..., 6].mean(axis=1) - latents[:, 6]) ** 2))
            rows.append({"part": part, "model": name} | found)
    return pd.DataFrame(rows)


def coverage68(truth, drawn) -> float:
    """Return the share of truths (n,) inside the central 68 % of their draws (n, m)."""
    low, high = np.quantile(drawn, [0.16, 0.84], axis=1)
    return float(np.mean((low < truth) & (truth < high)))


def exact_sample(own: RealisticPosterior, curves: realistic.Measurements, features, n: int, proposals: int, seed: int = 0):
    """Draw from the exact posterior of somebody who is told how noisy each measurement is, by weighing the network's draws.

    As `exact.sample`. With outliers and misjudged errors the likelihood is not Gaussian, and its exact posterior out of reach.
    Told the true standard deviation of each measurement (`curves.noise`), outliers included, it is Gaussian. So this posterior
    knows more than the data tell, and on average nobody who is not told does better.

    Returns
    -------
    latents, rho, effective : (objects, n, 8), (objects, n), (objects,)
    """
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    latents, rho, effective = np.full((len(curves), n, 8), np.nan), np.full((len(curves), n), np.nan), np.zeros(len(curves))
    told = replace(curves, error=curves.noise)
    raw, sizes = own.raw(features), (own_posterior.DIM, own.components)
    for row in range(len(curves)):
        one = raw[row : row + 1]
        stretch = torch.where(torch.arange(proposals) < proposals // 2, 1.0, exact.WIDER)
        uniform = torch.rand((1, proposals), generator=generator)
        noise = torch.randn((1, own_posterior.DIM, proposals), generator=generator)
        drawn = mixtures.draws(one, uniform, noise, *sizes, stretch)[0]
        proposal = torch.logaddexp(*(mixtures.log_prob(one, drawn, *sizes, s) for s in (1.0, exact.WIDER))).numpy().astype(float)
        coordinates = own.outputs.inverse(drawn.numpy().astype(float))
        some, some_rho = own_posterior.from_coordinates(coordinates)
        log_odds = coordinates[:, 8]  # rho is even in its range, so its logit has the logistic density
        log_weight = (
            population.log_density(some, realistic.POPULATION, realistic.SLOPE_SCATTER)
            - np.logaddexp(0, log_odds) - np.logaddexp(0, -log_odds)
            + kalman.correlated_log_likelihood(*exact.parameters(some), some_rho, *told.one(row))
            - proposal
        )  # fmt: skip
        log_weight[(np.abs(drawn.numpy()) > own_posterior.FAR).any(axis=1)] = -np.inf  # no such quasar
        chosen, effective[row] = exact.resample(log_weight, n, rng)
        if chosen is not None:
            latents[row], rho[row] = some[chosen], some_rho[chosen]
    return latents, rho, effective


def floor(sizes, seed: int) -> pd.DataFrame:
    """Compare the committed network with the exact posterior on the same test curves; see `floors.compare`.

    One row more a ``quantity`` for the clean variant (``setting`` "realistic_clean"): there the exact posterior is told nothing
    but what is stated, and the network does not know that the curves are clean. Reads `floor_curves`, `floor_draws` and
    `floor_proposals`.
    """
    own, parts = RealisticPosterior.load(), []
    for setting, faults in (("realistic", realistic.FAULTS), ("realistic_clean", realistic.CLEAN)):
        curves = realistic.simulate(sizes["floor_curves"], np.random.default_rng([TEST, _SETTING, 10_000]), faults=faults)
        features = asynchronous.features(curves).astype(np.float32)

        def draw(rows, proposals, curves=curves, features=features):
            found = exact_sample(own, curves.take(rows), features[rows], sizes["floor_draws"], proposals, seed)
            return population.targets_from_latents(found[0]), found[2]

        samples, effective = floors.patiently(draw, len(curves), sizes["floor_proposals"])
        network = own.sample_targets(features, sizes["floor_draws"], seed)
        parts.append(floors.compare(curves.targets, network, samples, effective, prior_scale()).assign(setting=setting))
    return pd.concat(parts)
