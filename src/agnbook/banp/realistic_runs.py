"""The setting ``realistic``: its simulations, the training of the book's own posterior there, trials, scores and floor.

`sizes` is the chapter's mapping of sizes (`chapter.sizes.Settings`); each function names the ones it reads.
"""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from agnbook import committed, storage
from agnbook.banp import asynchronous, exact, floors, mixtures, train, transforms
from agnbook.banp import realistic_posterior as own_posterior
from agnbook.banp.quality import quality
from agnbook.banp.realistic_posterior import RealisticGuard, RealisticPosterior
from agnbook.banp.training_runs import SCALE, TEST, TRAINING, VALIDATION, simulations
from agnbook.lightcurves import kalman, population, realistic

#: Mark of this setting among the seeds of its simulations.
_SETTING = 3
#: Where the trials start, and what they chose on validation.
START = {"rate": 2e-3, "batch": 256, "width": 128, "components": 8}
RECIPE = START | {"rate": 5e-3}
LAYERS = 4


def simulate_chunk(seed: int, k: int, chunk: int) -> realistic.Measurements:
    """Simulate the light curves behind chunk `k` of `simulate_features`."""
    return realistic.simulate(chunk, np.random.default_rng([seed, _SETTING, k]))


def simulate_features(n: int, seed: int, chunk: int = 2500, cache: Path | None = None):
    """Simulate `n` fresh objects and keep only their summaries; as `summary.simulate_features`.

    Returns
    -------
    features, latents, rho : (n, 63), (n, 8), (n,)
    """
    parts = []
    for k in range(-(-n // chunk)):
        stored = None if cache is None else cache / f"realistic_{seed}_{k:04d}.npz"
        if stored is not None and stored.exists():
            with np.load(stored) as file:
                part = file["X"], file["L"], file["rho"]
        else:
            curves = simulate_chunk(seed, k, chunk)
            part = asynchronous.features(curves).astype(np.float32), curves.latents, curves.rho
            if stored is not None:
                with storage.atomic_write(stored) as temporary:
                    np.savez(temporary, X=part[0], L=part[1], rho=part[2])
        parts.append(part)
    return tuple(np.concatenate(each)[:n] for each in zip(*parts, strict=True))


def fit(features, latents, rho, *, seed: int, epochs: int, rate: float, batch: int, width: int, components: int):
    """Train one posterior; return it and its history, (training loss, validation loss) of each epoch."""
    torch.manual_seed(seed)
    config = {"width": width, "layers": LAYERS, "components": components, "simulations": len(features)}
    coordinates = own_posterior.to_coordinates(latents, rho)
    scales = transforms.Standard.fit(features), transforms.Standard.fit(coordinates)
    own = RealisticPosterior.build(config | {"rate": rate, "batch": batch, "epochs": epochs, "seed": seed}, *scales)
    y = torch.as_tensor(own.outputs.forward(coordinates), dtype=torch.float32)

    def log_prob(raw, target):
        return mixtures.log_prob(raw, target, own_posterior.DIM, components)

    x = own.prepare(features)
    history = train.density(own.network, x, y, epochs=epochs, batch=batch, rate=rate, seed=seed, log_prob=log_prob)
    own.guard = RealisticGuard.fit(features, x.numpy())
    return own, history


def trials(sizes, profile: str) -> pd.DataFrame:
    """Train with several rates, batches, widths and numbers of Gaussians, one changed at a time; losses on validation only.

    Reads `trial_simulations`, `trial_epochs` and `chunk`. The validation curves are a twentieth of the simulations, held out.
    """
    data = simulate_features(sizes["trial_simulations"], TRAINING, sizes["chunk"], simulations(profile))
    changes = [{}, {"rate": 5e-4}, {"rate": 5e-3}, {"batch": 1024}, {"width": 64}, {"components": 1}, {"components": 4}]
    rows = []
    for change in changes:
        recipe = START | change
        history = fit(*data, seed=0, epochs=sizes["trial_epochs"], **recipe)[1]
        best = int(np.argmin([validation for _, validation in history]))
        rows.append(recipe | {"epoch": best + 1, "training": history[best][0], "validation": history[best][1]})
    return pd.DataFrame(rows)


def trained(sizes, profile: str, seed: int, chapter: str) -> RealisticPosterior:
    """Train `realistic_seeds` posteriors and keep the one best on validation; a publishing `paper` run commits it.

    Reads `realistic` (simulations), `realistic_epochs`, `realistic_seeds` and `chunk`.
    """
    start = time.process_time()
    data = simulate_features(sizes["realistic"], TRAINING, sizes["chunk"], simulations(profile))
    models = [fit(*data, seed=seed + k, epochs=sizes["realistic_epochs"], **RECIPE) for k in range(sizes["realistic_seeds"])]
    best = min(models, key=lambda pair: min(validation for _, validation in pair[1]))[0]
    committed.publish_model(
        own_posterior.WEIGHTS, best, chapter=chapter, profile=profile, seed=best.config["seed"],
        wall_seconds=time.process_time() - start, simulations=sizes["realistic"],
    )  # fmt: skip
    return best


def prior_scale() -> np.ndarray:
    """Return the prior standard deviations (21,) of the targets."""
    latents = population.sample(20_000, np.random.default_rng(SCALE), realistic.POPULATION, realistic.SLOPE_SCATTER)
    return population.targets_from_latents(latents).std(axis=0)


def scored(own: RealisticPosterior, sizes, profile: str, seed: int) -> pd.DataFrame:
    """Score a posterior on fresh validation and test curves; see `quality`. Reads `test` and `chunk`."""
    rows = []
    for part, part_seed in (("validation", VALIDATION), ("test", TEST)):
        features, latents, rho = simulate_features(sizes["test"], part_seed, sizes["chunk"], simulations(profile))
        drawn, drawn_rho = own.sample(features, 200, seed)
        found = quality(population.targets_from_latents(latents), population.targets_from_latents(drawn), prior_scale())
        found["rho_rms"] = np.sqrt(np.mean((drawn_rho.mean(axis=1) - rho) ** 2))
        found["redshift_rms"] = np.sqrt(np.mean((drawn[..., 6].mean(axis=1) - latents[:, 6]) ** 2))
        rows.append({"part": part} | found)
    return pd.DataFrame(rows)


def exact_sample(own: RealisticPosterior, curves: realistic.Measurements, features, n: int, proposals: int, seed: int = 0):
    """Draw from the exact posterior by weighing the network's draws, as `exact.sample`.

    Returns
    -------
    latents, rho, effective : (objects, n, 8), (objects, n), (objects,)
    """
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    uniform, noise = torch.rand(proposals, generator=generator), torch.randn((own_posterior.DIM, proposals), generator=generator)
    latents, rho, effective = np.full((len(curves), n, 8), np.nan), np.full((len(curves), n), np.nan), np.zeros(len(curves))
    raw, sizes = own.raw(features), (own_posterior.DIM, own.config["components"])
    for row in range(len(curves)):
        one = raw[row : row + 1]
        stretch = torch.where(torch.arange(proposals) < proposals // 2, 1.0, exact.WIDER)
        drawn = mixtures.draws(one, uniform, noise, *sizes, stretch)[0]
        proposal = torch.logaddexp(*(mixtures.log_prob(one, drawn, *sizes, s) for s in (1.0, exact.WIDER))).numpy().astype(float)
        coordinates = own.outputs.inverse(drawn.numpy().astype(float))
        some, some_rho = own_posterior.from_coordinates(coordinates)
        log_odds = coordinates[:, 8]  # rho is even in its range, so its logit has the logistic density
        log_weight = (
            population.log_density(some, realistic.POPULATION, realistic.SLOPE_SCATTER)
            - np.logaddexp(0, log_odds) - np.logaddexp(0, -log_odds)
            + kalman.correlated_log_likelihood(*exact.parameters(some), some_rho, *curves.one(row))
            - proposal
        )  # fmt: skip
        chosen, effective[row] = exact.resample(log_weight, n, rng)
        if chosen is not None:
            latents[row], rho[row] = some[chosen], some_rho[chosen]
    return latents, rho, effective


def floor(sizes, seed: int) -> pd.DataFrame:
    """Compare the committed network with the exact posterior on the same test curves; see `floors.compare`.

    Reads `floor_curves`, `floor_draws` and `floor_proposals`.
    """
    own, curves = RealisticPosterior.load(), simulate_chunk(TEST, 10_000, sizes["floor_curves"])
    features = asynchronous.features(curves).astype(np.float32)

    def draw(rows, proposals):
        found = exact_sample(own, curves.take(rows), features[rows], sizes["floor_draws"], proposals, seed)
        return population.targets_from_latents(found[0]), found[2]

    samples, effective = floors.patiently(draw, len(curves), sizes["floor_proposals"])
    network = own.sample_targets(features, sizes["floor_draws"], seed)
    return floors.compare(curves.targets, network, samples, effective, prior_scale())
