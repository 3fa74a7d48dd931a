"""The book's own models in their settings, beside the prior, the exact posterior, and what true values tell of a mass.

`sizes` is the chapter's mapping of sizes (`chapter.sizes.Settings`); each function names the ones it reads.
"""

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import PolynomialFeatures

from agnbook.banp import exact, models, summary
from agnbook.banp.quality import quality
from agnbook.banp.training_runs import SCALE, TEST, VALIDATION, simulations
from agnbook.judge import scores
from agnbook.lightcurves import dataset, population


def own_models(sizes, profile: str, seed: int) -> pd.DataFrame:
    """Score the book's own model and the prior mean in every setting of `dataset.SETTINGS`.

    Reads `test` (curves) and `chunk`. One row a setting and model, see `quality`.
    """
    rows = []
    for setting in dataset.SETTINGS:
        features, latents = summary.simulate_features(setting, sizes["test"], TEST, sizes["chunk"], simulations(profile))
        truth = population.targets_from_latents(latents)
        centre, prior = summary.target_scale(setting, np.random.default_rng(SCALE))
        samples = models.own(setting, profile, seed).sample_targets(features, 200, seed)
        rows.append({"setting": setting, "model": "own"} | quality(truth, samples, prior))
        mass = truth[:, population.LOG_MASS] - centre[population.LOG_MASS]
        rows.append(
            {"setting": setting, "model": "prior mean", "n": len(truth), "mae": (np.abs(truth - centre) / prior).mean(),
             "sigma": 1.0, "logm_rms": np.sqrt(np.mean(mass**2)), "logm_mae": np.abs(mass).mean()}
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
