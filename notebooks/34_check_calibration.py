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
import os

if "COLAB_RELEASE_TAG" in os.environ:
    get_ipython().system("pip install -q git+https://github.com/agnbook/agnbook")

# %% tags=["parameters"]
profile = "book"
seed = 0

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

from agnbook.banp import diagnostics, posterior
from agnbook.chapter import claims, figures, run_box, sizes, stored
from agnbook.judge import calibration

settings = sizes.load("34_check_calibration", profile)
figures.use_book_style()
torch.set_num_threads(1)

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(
    settings,
    computed="the biased test and its repair",
    loaded="ranks of test curves, stress tests",
)

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
perfect = rng.standard_normal((settings["perfect"], 200, 21))
truth = rng.standard_normal((settings["perfect"], 21))
mean = perfect.mean(axis=1)
precision = np.linalg.inv(np.einsum("nmi,nmj->nij", perfect, perfect) / 200)
offset = perfect - mean[:, None]
inner = np.einsum("nmi,nij,nmj->nm", offset, precision, offset)
outer = np.einsum("ni,nij,nj->n", truth - mean, precision, truth - mean)
same = (inner < outer[:, None]).mean(axis=1)
split = calibration.mahalanobis_ranks(truth, perfect)
print(f"largest deviation, same samples: {calibration.largest_deviation(same):.2f}")
print(
    f"largest deviation, split halves: {calibration.largest_deviation(split):.2f}"
)

# %% [markdown]
# The first number would condemn a perfect posterior. Every rank below uses the split form, and every model's self-test stands beside its result.
#
# ## The paper's curve

# %%
ranks = stored.table(
    "results/light_curve_calibration.csv",
    lambda: diagnostics.ranks(settings, profile, seed),
    settings=settings,
    seed=seed,
)
curves, per_target = ranks[ranks.kind == "curve"], ranks[ranks.kind == "target"]

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-calibration", "caption": "Calibration curves: fraction of test curves whose truth lies within the given posterior volume, minus that volume, by Mahalanobis distance (left; figure 4 of the paper shows the same without subtraction) and by TARP (right). Bands: two jackknife standard errors over test curves. Below zero is overconfident in the left panel."}, "image": {"alt": "Two panels of calibration deviation against posterior volume for four models"}}
palette = [figures.COLORS[name] for name in ("purple", "blue", "orange", "green")]
colours = dict(zip(diagnostics.MODELS, palette, strict=True))
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
for ax, test in zip(axes, ("mahalanobis", "tarp"), strict=True):
    for name, color in colours.items():
        rows = curves[(curves.test == test) & (curves.model == name)]
        level, off = rows.level, rows.fraction - rows.level
        error = 2 * np.sqrt(level * (1 - level) / (rows.n - 1))  # jackknife
        ax.fill_between(level, off - error, off + error, alpha=0.2, color=color)
        ax.plot(level, off, color=color, label=name)
    ax.axhline(0, color="black", lw=0.8)
    ax.set_xlabel("posterior volume p_X")
axes[0].set_ylabel("p_Y - p_X")
_ = axes[0].legend(fontsize=8)
# %%
deviations = curves.groupby(["model", "test"], sort=False).largest.first().unstack()
n = curves.groupby("model").n.first().astype(int)
deviations.assign(n=n, noise95=1.36 / np.sqrt(n)).round(3)

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
for name, color in colours.items():
    rows = per_target[per_target.model == name]
    ax.plot(rows.target, rows.coverage68, "o", ms=4, color=color, label=name)
width = 1.96 * np.sqrt(0.68 * 0.32 / per_target.n.max())
ax.axhspan(0.68 - width, 0.68 + width, color="0.85", zorder=0)
ax.tick_params(axis="x", rotation=90)
ax.set_ylabel("coverage of 68 % intervals")
_ = ax.legend(fontsize=8, ncol=2)
# %%
shown = per_target.groupby("model", sort=False)
shown[["coverage68", "coverage95", "sbc_deviation"]].agg(["min", "max"]).round(2)

# %% [markdown]
# ## Dropout rate
#
# The paper tunes the dropout rate, 0.05, for calibration. Two experiments: networks *trained* with other rates, each for the same few
# steps on the same curves, and the long-trained network *predicting* with other rates.


# %%
dropout = stored.table(
    "results/light_curve_dropout.csv",
    lambda: diagnostics.dropout(settings, profile, seed),
    settings=settings,
    seed=seed,
).set_index(["changed", "dropout"])
dropout[["steps", "mae", "sigma", "calibration", "n"]].round(3)

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
temperatures = stored.table(
    "results/light_curve_temperature.csv",
    lambda: diagnostics.temperatures(settings, profile, seed),
    settings=settings,
    seed=seed,
).set_index(["setting", "fitted"])
temperatures[["temperature", "mae", "sigma", "calibration", "n"]].round(3)

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
stress_table = stored.table(
    "results/light_curve_stress.csv",
    lambda: diagnostics.stress(settings, profile, seed),
    settings=settings,
    seed=seed,
).set_index("case")
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
measured = {}
keys = ("neural_process", "best", "lsst_bright", "independent")
for name, key in zip(diagnostics.MODELS, keys, strict=True):
    row = curves[(curves.model == name) & (curves.test == "tarp")].iloc[0]
    n = int(row.n)
    tarp = claims.Measured(float(row.largest), n=n)
    mass = per_target[
        (per_target.model == name) & (per_target.target == "log_mass")
    ]
    inside = float(mass.coverage68.iloc[0])
    ends = calibration.wilson_interval(inside * n, n)
    measured[f"lightcurves.{key}.tarp"] = tarp
    measured[f"lightcurves.{key}.logm_coverage68"] = claims.Measured(
        inside, ends, n
    )

# %% tags=["hide-input"]
keys = ("as_trained", "independent", "errors", "slopes", "few_visits")
keys += ("bright", "periodic")
for row, key in zip(stress_table.itertuples(), keys, strict=True):
    for column in ("mae", "flagged"):
        found = claims.Measured(getattr(row, column), n=row.n)
        measured[f"lightcurves.stress.{key}.{column}"] = found
claims.publish(measured, settings, seed)
