"""Models shown light curves that they were not made for: how many they flag, and how wrong they are where they do not.

`sizes` is the chapter's mapping of sizes (`chapter.sizes.Settings`).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from agnbook.banp import asynchronous, posterior, realistic_runs, summary
from agnbook.banp.realistic_posterior import RealisticPosterior
from agnbook.banp.training_runs import SCALE
from agnbook.lightcurves import cadence, dataset, population, realistic

#: Correlations of the drivers: a driver a band, those of real quasars, one driver.
RHOS = (0.0, 0.9, 0.95, 0.99, 1.0)
#: Share of outliers, and the standard deviation of the normal number (mag) that they are off by.
OUTLIERS, OUTLIER_MAG = 0.01, 0.5


def stress(sizes, seed: int) -> pd.DataFrame:
    """Score every committed model of light curves on simulations that break one of its assumptions at a time.

    Reads `stress` (curves a case) and `stress_draws`.

    Returns
    -------
    pandas.DataFrame
        A row a ``setting`` (of the model) and ``case``: see `row`.
    """
    n, draws, rows = sizes["stress"], sizes["stress_draws"], []
    for setting, (_, _, shared) in dataset.SETTINGS.items():
        own = posterior.shipped(setting)
        _, scale = summary.target_scale(setting, np.random.default_rng(SCALE))
        for case, curves in simulator_cases(setting, n, np.random.default_rng([seed, 310])):
            features = summary.features(curves, shared)
            warned = own.warn(features).any(axis=1)
            found = row(curves.targets, own.sample_targets(features, draws, seed), scale, warned)
            rows.append({"setting": setting, "case": case} | found)
    own, scale = RealisticPosterior.load(), realistic_runs.prior_scale()
    for case, simulate in realistic_cases().items():
        curves = simulate(n, np.random.default_rng([seed, 311]))
        features = asynchronous.features(curves)
        found = row(curves.targets, own.sample_targets(features, draws, seed), scale, own.warn(features).any(axis=1))
        rows.append({"setting": "realistic", "case": case} | found)
    return pd.DataFrame(rows)


def row(truth, samples, scale, warned) -> dict[str, float]:
    """Score posterior samples of all curves and of those that the guard lets pass.

    Parameters
    ----------
    truth : (n, 21); samples : (n, m, 21); scale : (21,) prior standard deviations; warned : (n,) bool.

    Returns
    -------
    dict
        ``n``, ``flagged`` (fraction), ``mae`` (prior standard deviations); of the unflagged ``n_unflagged``, their ``mae``, the
        fraction of answers inside the central 68 %, and beyond three posterior standard deviations (``coverage68``, ``beyond3``).
    """
    error = samples.mean(axis=1) - truth
    low, high = np.quantile(samples, [0.16, 0.84], axis=1)
    found = {
        "mae": np.abs(error) / scale,
        "coverage68": (low < truth) & (truth < high),
        "beyond3": np.abs(error) > 3 * samples.std(axis=1),
    }
    passed = ~warned
    out = {"n": len(truth), "flagged": warned.mean(), "mae": found["mae"].mean(), "n_unflagged": passed.sum()}
    return out | {f"{name}_unflagged": each[passed].mean() if passed.any() else np.nan for name, each in found.items()}


def simulator_cases(setting: str, n: int, rng: np.random.Generator) -> Iterator[tuple[str, dataset.Curves]]:
    """Yield cases and their `n` curves for one of `dataset.SETTINGS`, six bands at the same times."""
    which_population, noise_kind, shared = dataset.SETTINGS[setting]
    pool, thin = cadence.pool(max(20, n // 5), rng), cadence.pool(max(20, n // 5), rng, n=100)

    def observe(pool=pool, scatter=population.SLOPE_SCATTER, shared=shared):
        return dataset.observe(population.sample(n, rng, which_population, scatter), rng, pool, noise_kind, shared)

    yield "as trained", observe()
    for rho in RHOS:
        yield f"correlation {rho:g}", observe(shared=rho)
    yield "scattered slopes", observe(scatter=population.REALISTIC_SLOPE_SCATTER)
    yield "100 visits", observe(pool=thin)
    for percent in (5, 10):
        curves = observe()
        more = np.sqrt((1 + percent / 100) ** 2 - 1) * np.where(curves.is_visit[..., None], curves.error, 0)
        curves.observed[...] += more * rng.standard_normal(curves.observed.shape, dtype=np.float32)
        yield f"errors {percent} % larger", curves
    curves = observe()
    hit = rng.random(curves.observed.shape) < OUTLIERS
    curves.observed[hit] += (OUTLIER_MAG * rng.standard_normal(hit.sum())).astype(np.float32)
    yield "1 % outliers", curves


def realistic_cases() -> dict[str, Callable]:
    """Return case -> function of a number of curves and a generator, for the setting ``realistic``."""
    usual = realistic.FAULTS
    changed = {"as trained": {}, "no faults": {"faults": realistic.CLEAN}}
    changed |= {f"correlation {rho:g}": {"rho": (rho, rho)} for rho in RHOS}
    changed |= {
        "slopes scattered twice as much": {"slope_scatter": 2 * realistic.SLOPE_SCATTER},
        "half the visits": {"visits": cadence.LSST_VISITS / 2},
    }
    faults = {f"{100 * share:g} % outliers": {"outliers": (share, share)} for share in (OUTLIERS, 0.03, 0.06)}
    faults |= {"outliers of 2 mag": {"outlier_mag": (2.0, 2.0)}}
    for name, factor in (("10 % larger", 1.1), ("10 % smaller", 0.9), ("30 % larger", 1.3)):
        faults[f"errors {name}"] = {"factor": (factor, usual.factor[1])}
    faults |= {f"excess of {mag} mag": {"excess_mag": (mag, usual.excess_mag[1])} for mag in (0.02, 0.04)}
    changed |= {case: {"faults": replace(usual, **how)} for case, how in faults.items()}
    return {case: lambda n, rng, how=how: realistic.simulate(n, rng, **how) for case, how in changed.items()}
