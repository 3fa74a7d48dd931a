# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (ch-check-calibration)=
# # Check the calibration
#
# :::{admonition} In this chapter
# **You will** ask of every posterior whether the truth falls inside it as often as it says: with the paper's curve, with two
# independent diagnostics, and on light curves that break the simulator's assumptions.
#
# **You will learn** how a calibration test can itself be biased, what a single number hides, and what can warn a user whom no
# calibration curve can.
#
# **You need** {ref}`ch-reconstruct-and-infer`; weights and ranks are loaded.
# :::

# %% tags=["remove-cell"]
# On Colab: fetch the book and install its packages. Elsewhere this does nothing.
import os
import subprocess
import sys

if "google.colab" in sys.modules and not os.path.exists("agnbook"):
    subprocess.run(["git", "clone", "--depth", "1", "https://github.com/agnbook/agnbook"], check=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "-e", "agnbook"], check=True)
    sys.path.insert(0, "agnbook/src")

# %% tags=["parameters"]
profile = "book"
seed = 0

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from agnbook import storage
from agnbook.banp import anp, models, posterior, summary, train
from agnbook.banp.quality import quality
from agnbook.chapter import claims, figures, run_box, sizes, stored
from agnbook.judge import calibration
from agnbook.lightcurves import cadence, dataset, noise, population

settings = sizes.load("34_check_calibration", profile)
figures.use_book_style()
torch.set_num_threads(1)
CACHE = storage.ROOT / "_build" / "sims" if profile == "paper" else None

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(settings, computed="the biased test and its repair", loaded="ranks of test curves, stress tests")

# %% [markdown]
# ## A test that accuses the innocent
#
# The paper's curve asks for the distance of the truth from the posterior mean, in units of the posterior covariance, and ranks it among the
# distances of posterior samples. If mean and covariance come from the *same* samples that are ranked, those samples have an
# advantage: they pulled the mean towards themselves and stretched the covariance their way. In 21 dimensions this looks like overconfidence.
#
# The self-test: draw truths *from* the posterior. A fair test must pass. Below, everything is Gaussian and perfect.

# %%
rng = np.random.default_rng(seed)
perfect, truth = rng.standard_normal((settings["perfect"], 200, 21)), rng.standard_normal((settings["perfect"], 21))
mean, precision = perfect.mean(axis=1), np.linalg.inv(np.einsum("nmi,nmj->nij", perfect, perfect) / 200)
offset = perfect - mean[:, None]
inner = np.einsum("nmi,nij,nmj->nm", offset, precision, offset)
outer = np.einsum("ni,nij,nj->n", truth - mean, precision, truth - mean)
same, split = (inner < outer[:, None]).mean(axis=1), calibration.mahalanobis_ranks(truth, perfect)
print(f"largest deviation, same samples for covariance and ranks: {calibration.largest_deviation(same):.2f}")
print(f"largest deviation, split halves: {calibration.largest_deviation(split):.2f}")

# %% [markdown]
# The first number would condemn a perfect posterior. Every rank below uses the split form, and every model's self-test stands beside its result.
#
# ## The paper's curve

# %%
LEVELS = np.linspace(0, 1, 51)
MODELS = ("neural process", *(f"own, {setting}" for setting in dataset.SETTINGS))


def diagnose(name, truth, samples, rng) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Calibration curves of one model (Mahalanobis, self-test, TARP), and coverage and SBC deviation per target."""
    ranks = {
        "mahalanobis": calibration.mahalanobis_ranks(truth, samples),
        "self_test": calibration.mahalanobis_ranks(samples[:, 0], samples[:, 1:]),
        "tarp": calibration.tarp_ranks(truth, samples, rng),
    }
    curves = [
        pd.DataFrame({"model": name, "test": test, "level": LEVELS, "fraction": calibration.curve(r, LEVELS)[1], "n": len(r),
                      "largest": calibration.largest_deviation(r)})
        for test, r in ranks.items()
    ]  # fmt: skip
    sbc = calibration.sbc_ranks(truth, samples)
    table = {"model": name, "target": population.TARGETS, "n": len(truth)}
    for level in (0.68, 0.95):
        table[f"coverage{round(100 * level)}"] = (np.abs(sbc - 0.5) < level / 2).mean(axis=0)
    table["sbc_deviation"] = [calibration.largest_deviation(column) for column in sbc.T]
    return pd.concat(curves), pd.DataFrame(table)


def all_ranks() -> pd.DataFrame:
    """Diagnose every model on test curves with unseen cadences; one long table."""
    banp, scales, notes = models.neural_process(profile)
    some = train.CurveSet(settings["neural"], 344, scales=scales)
    out = train.predict(
        banp, some, np.arange(len(some)), passes=settings["passes"], n_context=notes["context"], n_extra=notes["extra"]
    )
    # the network was trained on whitened targets with a nugget, so its posterior describes truths with that noise
    _, scale = summary.target_scale("dc2_like", np.random.default_rng(1))
    noisy = some.targets + scales.whiten.nugget * scale * np.random.default_rng(seed).standard_normal(some.targets.shape)
    parts = [diagnose(MODELS[0], noisy, out["samples"], np.random.default_rng(seed))]
    for setting in dataset.SETTINGS:
        test, latents = summary.simulate_features(setting, settings["test"], 900, settings["chunk"], CACHE)
        samples = models.own(setting, profile, seed).sample_targets(test, settings["samples"], seed)
        parts.append(diagnose(f"own, {setting}", population.targets_from_latents(latents), samples, np.random.default_rng(seed)))
    return pd.concat([table.assign(kind=kind) for pair in parts for kind, table in zip(("curve", "target"), pair, strict=True)])


ranks = stored.table("results/light_curve_calibration.csv", all_ranks, settings=settings, seed=seed)
curves, per_target = ranks[ranks.kind == "curve"], ranks[ranks.kind == "target"]

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-calibration", "caption": "Calibration curves: fraction of test curves whose truth lies within the given posterior volume, minus that volume, by Mahalanobis distance (left; figure 4 of the paper shows the same without subtraction) and by TARP (right). Bands: two jackknife standard errors over test curves. Below zero is overconfident in the left panel."}, "image": {"alt": "Two panels of calibration deviation against posterior volume for four models"}}
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
for ax, test in zip(axes, ("mahalanobis", "tarp"), strict=True):
    for name, colour in zip(MODELS, ("purple", "blue", "orange", "green"), strict=True):
        rows = curves[(curves.test == test) & (curves.model == name)]
        error = 2 * np.sqrt(rows.level * (1 - rows.level) / (rows.n - 1))  # the jackknife error of a fraction
        ax.fill_between(
            rows.level,
            rows.fraction - rows.level - error,
            rows.fraction - rows.level + error,
            alpha=0.2,
            lw=0,
            color=figures.COLORS[colour],
        )
        ax.plot(rows.level, rows.fraction - rows.level, color=figures.COLORS[colour], label=name)
    ax.axhline(0, color="black", lw=0.8)
    ax.set_xlabel("posterior volume p_X")
axes[0].set_ylabel("p_Y - p_X")
_ = axes[0].legend(fontsize=8)
# %%
deviations = curves.groupby(["model", "test"], sort=False).largest.first().unstack()
deviations.assign(
    n=curves.groupby("model").n.first().astype(int), noise95=1.36 / np.sqrt(curves.groupby("model").n.first())
).round(3)

# %% [markdown]
# Where a model's `mahalanobis` exceeds `noise95` and its `self_test` does not, the miscalibration is real: overconfident where a
# curve falls below zero, too wide where it rises above. (The neural process's self-test lies a little high because its draws come in groups that share a
# draw of the weights.) `noise95` is the deviation that a perfect posterior exceeds in 5 % of repetitions with as many curves; with the paper's 50 validation
# objects it would be $1.36/\sqrt{50}$, so its figure 4 could hardly have shown a problem.
#
# ## Parameter by parameter
#
# Simulation-based calibration ranks each true parameter among its posterior samples {cite:p}`talts2018`; the central 68 % and 95 % of ranks are
# the coverage of credible intervals. TARP {cite:p}`lemos2023`, above, tests the joint posterior without any distance of its own.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-coverage", "caption": "Coverage of 68 % credible intervals for each of the 21 targets; the grey band holds 95 % of perfectly calibrated results for the own models' number of test curves."}, "image": {"alt": "Coverage of 68 percent intervals by target for four models"}}
fig, ax = plt.subplots(figsize=(8.4, 3.6))
for name, colour in zip(MODELS, ("purple", "blue", "orange", "green"), strict=True):
    rows = per_target[per_target.model == name]
    ax.plot(rows.target, rows.coverage68, "o", ms=4, color=figures.COLORS[colour], label=name)
width = 1.96 * np.sqrt(0.68 * 0.32 / per_target.n.max())
ax.axhspan(0.68 - width, 0.68 + width, color="0.85", zorder=0)
ax.tick_params(axis="x", rotation=90)
ax.set_ylabel("coverage of 68 % intervals")
_ = ax.legend(fontsize=8, ncol=2)
# %%
per_target.groupby("model", sort=False)[["coverage68", "coverage95", "sbc_deviation"]].agg(["min", "max"]).round(2)

# %% [markdown]
# ## Dropout rate
#
# The paper tunes the dropout rate, 0.05, for calibration. Two experiments: networks *trained* with other rates, each for the same few
# steps on the same curves, and the long-trained network *predicting* with other rates.


# %%
def dropout_rates() -> pd.DataFrame:
    """Score networks trained for a few steps at several rates, and the trained network predicting at several."""
    banp, scales, notes = models.neural_process(profile)
    _, scale = summary.target_scale("dc2_like", np.random.default_rng(1))
    test, rows = train.CurveSet(settings["dropout_curves"], 345, scales=scales), []

    def score(network, context, extra, **how):
        out = train.predict(
            network, test, np.arange(len(test)), passes=settings["passes"], n_context=context, n_extra=extra, **how
        )
        return quality(test.targets, out["samples"], scale, intervals=False, nugget=scales.whiten.nugget)

    training = train.CurveSet(settings["retrained_curves"], 346, scales=scales)
    for rate in settings["rates"]:
        torch.manual_seed(seed)
        network = anp.AttentiveNeuralProcess(anp.Config(dropout=rate))
        checkpoint = storage.ROOT / "_build" / f"dropout-{profile}-{rate}.pt"
        checkpoint.unlink(missing_ok=True)
        train.neural_process(
            network, training, test, seconds=1e9, checkpoint=checkpoint, seed=seed, n_context=24, n_extra=12,
            every=settings["retrained_steps"], max_steps=settings["retrained_steps"],
        )  # fmt: skip
        network.eval()
        rows.append({"dropout": rate, "changed": "training", "steps": settings["retrained_steps"]} | score(network, 24, 12))
    for rate in settings["rates"]:
        row = {"dropout": rate, "changed": "prediction", "steps": notes["steps"]}
        rows.append(row | score(banp, notes["context"], notes["extra"], dropout=rate))
    return pd.DataFrame(rows)


dropout = stored.table("results/light_curve_dropout.csv", dropout_rates, settings=settings, seed=seed)
dropout.set_index(["changed", "dropout"])[["steps", "mae", "sigma", "calibration", "n"]].round(3)

# %% [markdown]
# More dropout means a wider posterior, in training as in prediction, and far from the rate of its training the network also loses accuracy.
# Calibration does not follow the rate in one direction: dropout is a knob on the width, which can repair an average but cannot
# tell a sure case from an unsure one. Read `calibration` against `noise95` for as many curves.
#
# ## Temperature
#
# For the own model the analogous knob is a temperature: samples are stretched about their mean by a factor fitted on validation curves,
# never on the test curves. The other remedy, averaging the posteriors of three seeds, was tried in {ref}`ch-train-the-process`.


# %%
def temperatures() -> pd.DataFrame:
    """Calibration of every own model as it is and with the temperature that is best on validation curves."""
    rows = []
    for setting in dataset.SETTINGS:
        own, stretched = models.own(setting, profile, seed), {}
        _, scale = summary.target_scale(setting, np.random.default_rng(1))
        for name, part_seed in (("validation", 901), ("test", 900)):
            features, latents = summary.simulate_features(setting, settings["test"], part_seed, settings["chunk"], CACHE)
            samples = own.sample_targets(features, settings["samples"], seed)
            stretched[name] = population.targets_from_latents(latents), samples, samples.mean(axis=1, keepdims=True)

        def at(temperature, name, parts=stretched):
            truth, samples, mean = parts[name]
            return truth, mean + temperature * (samples - mean)

        grid = np.linspace(0.9, 1.2, settings["temperatures"])
        deviation = [calibration.largest_deviation(calibration.mahalanobis_ranks(*at(t, "validation"))) for t in grid]
        best = grid[np.argmin(deviation)]
        for temperature, fitted in ((1.0, False), (best, True)):
            row = {"setting": setting, "temperature": temperature, "fitted": fitted}
            rows.append(row | quality(*at(temperature, "test"), scale, intervals=False))
    return pd.DataFrame(rows)


temperature_table = stored.table("results/light_curve_temperature.csv", temperatures, settings=settings, seed=seed)
temperature_table.set_index(["setting", "fitted"])[["temperature", "mae", "sigma", "calibration", "n"]].round(3)

# %% [markdown]
# A fitted temperature near 1 says that nothing simple is wrong with the widths. The bars of {ref}`ch-reconstruct-and-infer` are judged
# without it.
#
# ## Off the training population
#
# A posterior is calibrated *for its simulator*. The own `dc2_like` model is now shown light curves that break one assumption at a time. No calibration
# curve can warn a user with one real object: there is no truth to compare with. Three comparisons of *data* can, and each shipped model carries
# them with limits that together 1 % of its training curves exceed:
#
# - `variability`: the chi-square of the Kalman fit. Do the data look like six filters of one driver with the stated noise?
# - `spectrum`: the distance of the mean colours from the simulator's locus. Is this the one spectrum that the simulator knows?
# - `survey`: the Mahalanobis distance of all summaries from the training set. Was the network ever shown such a cadence, noise, brightness?


# %%
def stress() -> pd.DataFrame:
    """Score the `dc2_like` model where its assumptions fail, with the fraction of curves that its guard flags."""
    own, n = models.own("dc2_like", profile, seed), settings["stress"]
    _, scale = summary.target_scale("dc2_like", np.random.default_rng(1))
    rng = np.random.default_rng([seed, 340])
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
    rows = []
    for name, curves in cases.items():
        features = summary.features(curves)
        warned = own.warn(features)
        row = {"case": name, "flagged": warned.any(axis=1).mean()} | dict(
            zip(posterior.Guard.SCORES, warned.mean(axis=0), strict=True)
        )
        rows.append(
            row | quality(curves.targets, own.sample_targets(features, settings["samples"], seed), scale, intervals=False)
        )
    return pd.DataFrame(rows)


stress_table = stored.table("results/light_curve_stress.csv", stress, settings=settings, seed=seed).set_index("case")
stress_table[["mae", "sigma", "logm_rms", "calibration", "n"]].round(3)

# %%
stress_table[["flagged", *posterior.Guard.SCORES]].round(2)

# %% [markdown]
# `flagged` is the fraction of curves that at least one of the three warns of. A driver for each band, errors that are too small and a periodic signal ruin the
# posterior and are seen by the chi-square. Scattered spectra pass it, since the *variability* is as assumed; they need the look at the
# colours, and even that cannot see a spectrum that a shift along the locus, or an offset of the walk, imitates. Fewer visits, or noise of another kind that is
# stated honestly, enter the fit correctly, but the network was never shown them; only the third comparison notices. A test can only see what it looks at.
#
# :::{warning}
# Use these models only on curves that none of the three warns of, and only for questions whose assumptions you share. For real quasars the shared
# driver and the single spectrum are the first assumptions to doubt.
# :::
#
# ## Recap
#
# - Rank and covariance from separate halves, and run the self-test.
# - Thousands of test curves, three diagnostics: each sees another failure.
# - Calibration is a statement about the simulator. Three comparisons of data with simulations guard part of the gap to reality, not all of it.
#
# ## Exercises
#
# 1. Let the guard cry wolf ten times less often. Which cases are still caught?
#
#    :::{admonition} Solution
#    :class: dropdown
#    `own.guard = posterior.Guard.fit(features, own.prepare(features).numpy())` with `posterior.Guard.ALARM = 0.001` and fresh training
#    `features`: the gross failures stay caught, the subtle ones are fewer.
#    :::
# 2. Show that a posterior equal to the prior is perfectly calibrated.
#
#    :::{admonition} Solution
#    :class: dropdown
#    `samples = truth[rng.permutation(len(truth))[:200]]` repeated for every object: ranks are uniform and useless. Calibration without sharpness
#    is easy; always show both.
#    :::

# %% tags=["hide-input"]
entries = []
for name, key in ((MODELS[1], "best"), (MODELS[2], "lsst_bright"), (MODELS[3], "independent"), (MODELS[0], "neural_process")):
    rows = curves[curves.model == name].groupby("test").first()
    entries.append(
        claims.Claim(
            f"lightcurves.{key}.tarp",
            f"{name}: largest deviation of the TARP curve",
            float(rows.largest["tarp"]),
            n=int(rows.n["tarp"]),
        )
    )
    coverage = per_target[per_target.model == name].set_index("target").coverage68["log_mass"]
    entries.append(
        claims.Claim(
            f"lightcurves.{key}.logm_coverage68", f"{name}: coverage of 68 % intervals of log black-hole mass", float(coverage),
            interval=calibration.wilson_interval(coverage * rows.n["tarp"], rows.n["tarp"]), n=int(rows.n["tarp"]),
        )
    )  # fmt: skip
for case, key in (("one driver a band", "independent"), ("scattered spectral slopes", "slopes"), ("100 visits", "few_visits"),
    ("bright, single-visit noise", "bright"), ("plus a periodic signal", "periodic"), ("errors twice those stated", "errors"), ("as trained", "as_trained")):  # fmt: skip
    row = stress_table.loc[case]
    entries += [
        claims.Claim(
            f"lightcurves.stress.{key}.mae",
            f"Own dc2_like model, mean absolute error: {case}",
            float(row.mae),
            n=int(row.n),
            unit="prior sd",
        ),
        claims.Claim(
            f"lightcurves.stress.{key}.flagged",
            f"Fraction of curves that the model warns of: {case}",
            float(row.flagged),
            n=int(row.n),
        ),
    ]
claims.publish(entries, settings, seed)
