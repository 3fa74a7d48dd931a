"""The diagnostics of chapter 34: calibration curves, dropout, temperature, and models shown what they were not made for.

`sizes` is the chapter's mapping of sizes (`chapter.sizes.Settings`); each function names the ones it reads.
"""

import numpy as np
import pandas as pd
import torch

from agnbook import storage
from agnbook.banp import anp, models, posterior, summary, train
from agnbook.banp.neural_process import NeuralProcess
from agnbook.banp.quality import quality
from agnbook.banp.training_runs import SCALE, TEST, VALIDATION, simulations
from agnbook.judge import calibration
from agnbook.lightcurves import cadence, dataset, noise, population

LEVELS = np.linspace(0, 1, 51)
MODELS = ("neural process", *(f"own, {setting}" for setting in dataset.SETTINGS))


def diagnose(name: str, truth, samples, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one model's calibration curves, and coverage and deviation of its ranks by target.

    Parameters
    ----------
    truth : (n, 21); samples : (n, m, 21)

    Returns
    -------
    curves : pandas.DataFrame
        ``test`` (Mahalanobis, its self-test with a draw in the truth's place, TARP), ``level``, ``fraction``, ``largest``.
    targets : pandas.DataFrame
        ``target``, ``coverage68``, ``coverage95``, ``sbc_deviation``.
    """
    ranks = {
        "mahalanobis": calibration.mahalanobis_ranks(truth, samples),
        "self_test": calibration.mahalanobis_ranks(samples[:, 0], samples[:, 1:]),
        "tarp": calibration.tarp_ranks(truth, samples, rng),
    }
    curves = [
        pd.DataFrame({"model": name, "test": test, "level": LEVELS, "fraction": calibration.curve(r, LEVELS)[1],
                      "n": len(r), "largest": calibration.largest_deviation(r)})
        for test, r in ranks.items()
    ]  # fmt: skip
    sbc = calibration.sbc_ranks(truth, samples)
    table = {"model": name, "target": population.TARGETS, "n": len(truth)}
    for level in (0.68, 0.95):
        table[f"coverage{round(100 * level)}"] = (np.abs(sbc - 0.5) < level / 2).mean(axis=0)
    table["sbc_deviation"] = [calibration.largest_deviation(column) for column in sbc.T]
    return pd.concat(curves), pd.DataFrame(table)


def ranks(sizes, profile: str, seed: int) -> pd.DataFrame:
    """Diagnose every model on test curves with unseen cadences; one long table, ``kind`` is "curve" or "target".

    Reads `neural`, `passes`, `test`, `chunk` and `samples`.
    """
    process = models.neural_process(profile)
    some = train.CurveSet(sizes["neural"], 344, scales=process.scales)
    neural = process.answer(some, passes=sizes["passes"])["samples"]
    # the network was trained on whitened targets with a nugget, so its posterior describes truths with that noise
    _, scale = summary.target_scale("dc2_like", np.random.default_rng(SCALE))
    nugget = process.scales.whiten.nugget * scale
    noisy = some.targets + nugget * np.random.default_rng(seed).standard_normal(some.targets.shape)
    parts = [diagnose(MODELS[0], noisy, neural, np.random.default_rng(seed))]
    for setting in dataset.SETTINGS:
        test, latents = summary.simulate_features(setting, sizes["test"], TEST, sizes["chunk"], simulations(profile))
        samples = models.own(setting, profile, seed).sample_targets(test, sizes["samples"], seed)
        truth = population.targets_from_latents(latents)
        parts.append(diagnose(f"own, {setting}", truth, samples, np.random.default_rng(seed)))
    kinds = ("curve", "target")
    return pd.concat([table.assign(kind=kind) for pair in parts for kind, table in zip(kinds, pair, strict=True)])


def dropout(sizes, profile: str, seed: int) -> pd.DataFrame:
    """Score networks trained for a few steps at several rates, and the long-trained one predicting at several.

    Reads `rates`, `dropout_curves`, `retrained_curves`, `retrained_steps` and `passes`.
    """
    process = models.neural_process(profile)
    scales, shown = process.scales, {"context": 24, "extra": 12}
    _, scale = summary.target_scale("dc2_like", np.random.default_rng(SCALE))
    test, rows = train.CurveSet(sizes["dropout_curves"], 345, scales=scales), []

    def score(process, **how):
        samples = process.answer(test, passes=sizes["passes"], **how)["samples"]
        return quality(test.targets, samples, scale, intervals=False, nugget=scales.whiten.nugget)

    training, steps = train.CurveSet(sizes["retrained_curves"], 346, scales=scales), sizes["retrained_steps"]
    for rate in sizes["rates"]:
        torch.manual_seed(seed)
        retrained = anp.AttentiveNeuralProcess(anp.Config(dropout=rate))
        checkpoint = storage.ROOT / "_build" / f"dropout-{profile}-{rate}.pt"
        checkpoint.unlink(missing_ok=True)
        train.neural_process(
            retrained, training, test, seconds=1e9, checkpoint=checkpoint, seed=seed, n_context=shown["context"],
            n_extra=shown["extra"], every=steps, max_steps=steps,
        )  # fmt: skip
        found = score(NeuralProcess(retrained.eval(), scales, shown))
        rows.append({"dropout": rate, "changed": "training", "steps": steps} | found)
    for rate in sizes["rates"]:
        found = score(process, dropout=rate)
        rows.append({"dropout": rate, "changed": "prediction", "steps": process.notes["steps"]} | found)
    return pd.DataFrame(rows)


def temperatures(sizes, profile: str, seed: int) -> pd.DataFrame:
    """Score every own model as it is, and stretched by the temperature that is best on validation curves.

    Reads `temperatures` (points of the grid), `test`, `chunk` and `samples`.
    """
    rows = []
    for setting in dataset.SETTINGS:
        own, parts = models.own(setting, profile, seed), {}
        _, scale = summary.target_scale(setting, np.random.default_rng(SCALE))
        for name, part_seed in (("validation", VALIDATION), ("test", TEST)):
            features, latents = summary.simulate_features(setting, sizes["test"], part_seed, sizes["chunk"], simulations(profile))
            samples = own.sample_targets(features, sizes["samples"], seed)
            parts[name] = population.targets_from_latents(latents), samples, samples.mean(axis=1, keepdims=True)

        def at(temperature, name, parts=parts):
            truth, samples, mean = parts[name]
            return truth, mean + temperature * (samples - mean)

        grid = np.linspace(0.9, 1.2, sizes["temperatures"])
        deviation = [calibration.largest_deviation(calibration.mahalanobis_ranks(*at(t, "validation"))) for t in grid]
        for temperature, fitted in ((1.0, False), (grid[np.argmin(deviation)], True)):
            row = {"setting": setting, "temperature": temperature, "fitted": fitted}
            rows.append(row | quality(*at(temperature, "test"), scale, intervals=False))
    return pd.DataFrame(rows)


def _broken_assumptions(n: int, rng: np.random.Generator) -> dict[str, dataset.Curves]:
    """Return `n` curves a case; each case breaks one assumption of `dc2_like`."""
    pool, thin = cadence.pool(max(20, n // 5), rng), cadence.pool(max(20, n // 5), rng, n=100)
    plain = population.sample(n, rng)
    as_trained = dataset.observe(plain, rng, pool)
    period = as_trained.take(slice(None))
    wave = 0.3 * np.sin(2 * np.pi * as_trained.times / rng.uniform(200, 800, (n, 1)) + rng.uniform(0, 6.28, (n, 1)))
    period.observed[...] = as_trained.observed + wave[..., None].astype(np.float32)
    cases = {
        "as trained": dataset.observe(plain, rng, pool),
        "one driver a band": dataset.observe(plain, rng, pool, shared=False),
        "errors twice those stated": dataset.observe(plain, rng, pool),
        "scattered spectral slopes": dataset.observe(
            population.sample(n, rng, "dc2_like", population.REALISTIC_SLOPE_SCATTER), rng, pool
        ),
        "100 visits": dataset.observe(plain, rng, thin),
        "bright, single-visit noise": dataset.simulate(n, rng, pool, "lsst_bright"),
        "plus a periodic signal": period,
    }
    doubled = cases["errors twice those stated"]
    doubled.observed[...] += noise.CONSTANT * np.sqrt(3) * rng.standard_normal(doubled.observed.shape, dtype=np.float32)
    return cases


def stress(sizes, profile: str, seed: int) -> pd.DataFrame:
    """Score the `dc2_like` model where its assumptions fail, with the fraction of curves that its guard flags.

    Reads `stress` (curves a case) and `samples`.
    """
    own, rows = models.own("dc2_like", profile, seed), []
    _, scale = summary.target_scale("dc2_like", np.random.default_rng(SCALE))
    for name, curves in _broken_assumptions(sizes["stress"], np.random.default_rng([seed, 340])).items():
        features = summary.features(curves)
        warned = own.warn(features)
        row = {"case": name, "flagged": warned.any(axis=1).mean()}
        row |= dict(zip(posterior.Guard.SCORES, warned.mean(axis=0), strict=True))
        samples = own.sample_targets(features, sizes["samples"], seed)
        rows.append(row | quality(curves.targets, samples, scale, intervals=False))
    return pd.DataFrame(rows)
