"""The comparisons of chapter 33: who reconstructs, who infers, and how close that is to the exact posterior.

`sizes` is the chapter's mapping of sizes (`chapter.sizes.Settings`); each function names the ones it reads.
"""

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import PolynomialFeatures

from agnbook.banp import exact, models, summary, train, transforms
from agnbook.banp.quality import quality
from agnbook.banp.training_runs import SCALE, TEST, TRAINING, VALIDATION, simulations
from agnbook.judge import scores
from agnbook.lightcurves import cadence, dataset, kalman, population

I_BAND = 3


def _error_row(method: str, centre, sd, truth, seen, unseen) -> dict:
    """One method's mean absolute error (mag) at visits and at unvisited grid times, and coverage of +-1 sd there."""
    error = np.abs(centre - truth)
    each = np.array([e[u].mean() for e, u in zip(error, unseen, strict=True)])
    return {
        "method": method, "context": error[seen].mean(), "held_out": each.mean(),
        "standard_error": each.std() / np.sqrt(len(each)),
        "coverage68": np.nan if sd is None else np.mean(error[unseen] < sd[unseen]), "n": len(each),
    }  # fmt: skip


def reconstruction(sizes, profile: str, seed: int) -> pd.DataFrame:
    """Score reconstructions of the i band at visits and at unvisited grid times, `dc2_like`.

    Reads `reconstructed` and `neural` (curves) and `passes`. Rows marked "... visits" see the neural process's
    smaller context, all others every visit.
    """
    own = models.own("dc2_like", profile, seed)
    rng = np.random.default_rng([seed, 330])
    curves = dataset.simulate(sizes["reconstructed"], rng, cadence.pool(sizes["reconstructed"], rng))
    latents = own.sample(summary.features(curves), 100, seed).mean(axis=1)
    fitted, single = kalman.fit(curves), kalman.fit(curves, shared=False)
    true, means = kalman.parameters(curves.latents), curves.targets[:, 15:]
    inferred = kalman.parameters(latents), population.targets_from_latents(latents)[:, 15:]
    bridges = {
        "one-band bridge, true parameters": kalman.reconstruct(curves, true, means, False),
        "one-band bridge, fitted": kalman.reconstruct(curves, single[:, :4], single[:, 10:16], False),
        "joint bridge, true parameters": kalman.reconstruct(curves, true, means),
        "joint bridge, fitted": kalman.reconstruct(curves, fitted[:, :4], fitted[:, 10:16]),
        "joint bridge, own model's parameters": kalman.reconstruct(curves, *inferred),
    }
    seen = curves.is_visit
    unseen = ~seen & (np.arange(seen.shape[1]) < curves.length[:, None])
    truth, observed = curves.truth[..., I_BAND], curves.observed[..., I_BAND]
    constant = np.broadcast_to(np.nanmean(observed, axis=1, keepdims=True), truth.shape)
    linear = np.stack([np.interp(t, t[s], o[s]) for t, s, o in zip(curves.times, seen, observed, strict=True)])
    methods = {"constant": (constant, None), "linear interpolation": (linear, None)}
    methods |= {name: (centre[..., I_BAND], sd[..., I_BAND]) for name, (centre, sd) in bridges.items()}
    rows = [_error_row(name, *both, truth, seen, unseen) for name, both in methods.items()]
    return pd.DataFrame(rows + _neural_reconstruction(sizes, profile, seed))


def _neural_reconstruction(sizes, profile: str, seed: int) -> list[dict]:
    process = models.neural_process(profile)
    out = process.answer(train.CurveSet(sizes["neural"], 333, scales=process.scales), passes=sizes["passes"], seed=seed)
    truth, held = out["truth"][..., I_BAND], out["held"]
    linear = np.stack([np.interp(t, t[~h], y[~h]) for t, h, y in zip(out["times"], held, truth, strict=True)])
    visits = f"{process.notes['context']} visits"
    return [
        _error_row(f"linear interpolation, {visits}", linear, None, truth, ~held, held),
        _error_row(f"neural process, {visits}", out["mean"][..., I_BAND], out["sd"][..., I_BAND], truth, ~held, held),
    ]


def parameters(sizes, profile: str, seed: int) -> pd.DataFrame:
    """Score the neural process, the baseline (three seeds) and the own models in their settings: the paper's Table 1.

    Reads `neural`, `passes`, `ladder`, `ladder_epochs`, `test` and `chunk`. One row a model and setting, see `quality`.
    """
    process = models.neural_process(profile)
    kept = simulations(profile)
    _, scale = summary.target_scale("dc2_like", np.random.default_rng(SCALE))
    some = train.CurveSet(sizes["neural"], 334, scales=process.scales)
    samples = process.answer(some, passes=sizes["passes"])["samples"]
    found = quality(some.targets, samples, scale, nugget=process.scales.whiten.nugget)
    rows = [{"model": "neural process", "setting": "dc2_like"} | found]
    features, latents = summary.simulate_features("dc2_like", sizes["ladder"], TRAINING, sizes["chunk"], kept)
    targets = population.targets_from_latents(latents)
    for setting in dataset.SETTINGS:
        test, test_latents = summary.simulate_features(setting, sizes["test"], TEST, sizes["chunk"], kept)
        truth = population.targets_from_latents(test_latents)
        _, prior = summary.target_scale(setting, np.random.default_rng(SCALE))
        samples = models.own(setting, profile, seed).sample_targets(test, 200, seed)
        rows.append({"model": "own", "setting": setting} | quality(truth, samples, prior))
        if setting == "dc2_like":
            for k in range(3):
                sample, _ = train.target_network(
                    features[:, :12], targets, transforms.Standard.fit(targets), seed=k, epochs=sizes["ladder_epochs"]
                )
                found = quality(truth, sample(test[:, :12], 120), scale)
                rows.append({"model": f"baseline, seed {k}", "setting": setting} | found)
        prior_samples = np.random.default_rng(2).permutation(truth)[:200]
        error = np.abs(truth - prior_samples.mean(axis=0)) / prior
        rows.append(
            {"model": "prior mean", "setting": setting, "n": len(truth), "mae": error.mean(), "sigma": 1.0,
             "logm_rms": truth[:, 12].std(), "logm_mae": np.abs(truth[:, 12] - truth[:, 12].mean()).mean()}
        )  # fmt: skip
    return pd.DataFrame(rows)


def against_exact(sizes, profile: str, seed: int) -> pd.DataFrame:
    """Score the network `independent` and the exact posterior on the same validation and the same test curves.

    Reads `exact` (curves), `draws`, `proposals` and `chunk`. Beside what `quality` gives: the mean absolute error of the
    posterior median with its 95 % interval, and how many draws of the exact posterior the proposals are worth
    (``effective``, the median over curves, and ``effective_1``, the first percentile).
    """
    own = models.own("independent", profile, seed)
    _, prior_sd = summary.target_scale("independent", np.random.default_rng(SCALE))
    rows, chunk = [], sizes["chunk"]
    for part, part_seed in (("validation", VALIDATION), ("test", TEST)):
        truth, samples, worth = [], {"network": [], "exact": []}, []
        for k in range(-(-sizes["exact"] // chunk)):
            some = summary.simulate_chunk("independent", part_seed, k, chunk).take(slice(0, sizes["exact"] - k * chunk))
            features = summary.features(some, shared=False).astype(np.float32)
            draws, effective = exact.sample_targets(own, some, features, sizes["draws"], sizes["proposals"], seed + k)
            samples["exact"].append(draws)
            samples["network"].append(own.sample_targets(features, sizes["draws"], seed + k))
            truth.append(some.targets)
            worth.append(effective)
        truth, worth = np.concatenate(truth), np.concatenate(worth)
        for name, draws in samples.items():
            draws = np.concatenate(draws)
            error = (np.abs(np.median(draws, axis=1) - truth) / prior_sd).mean(axis=1)
            low, high = scores.bootstrap(np.mean, error, n_resamples=300)
            row = {"part": part, "posterior": name} | quality(truth, draws, prior_sd)
            row |= {"mae_median": error.mean(), "mae_median_low": low, "mae_median_high": high}
            if name == "exact":
                row |= {"effective": np.median(worth), "effective_1": np.quantile(worth, 0.01)}
            rows.append(row)
    return pd.DataFrame(rows)


def mass_from_truth(n: int, seed: int) -> pd.Series:
    """Return the rms error (dex) of log mass predicted from *true* values by quadratic regression.

    Parameters
    ----------
    n : quasars of the simulated population; half of them train, the other half score.
    """
    truth = population.targets_from_latents(population.sample(n, np.random.default_rng(seed)))
    half = len(truth) // 2
    rms = {"nothing (prior)": np.std(truth[half:, 12] - truth[:half, 12].mean())}
    for name, columns in {"z, M_i": [14, 13], "z, M_i, SF": [14, 13, 9], "z, M_i, SF, tau": [14, 13, 9, 3]}.items():
        design = PolynomialFeatures(2).fit_transform(truth[:, columns])
        predicted = LinearRegression().fit(design[:half], truth[:half, 12]).predict(design[half:])
        rms[name] = np.sqrt(np.mean((predicted - truth[half:, 12]) ** 2))
    return pd.Series(rms, name="rms of log mass (dex)")
