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
# (ch-reconstruct-and-infer)=
# # Reconstruct and infer
#
# :::{admonition} In this chapter
# **You will** fill the gaps of a light curve and read a black hole's mass from it, with the neural process and with the
# book's own model, beside the best that theory allows.
#
# **You will learn** why a reconstruction must be scored where nobody looked, what the paper's table may mean, and how much of a
# black-hole mass comes from variability at all.
#
# **You need** {ref}`ch-train-the-process`; its weights are loaded.
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
import corner
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import PolynomialFeatures

from agnbook import committed, storage
from agnbook.banp import exact, models, summary, train, transforms
from agnbook.banp.quality import quality
from agnbook.chapter import claims, figures, run_box, sizes, stored
from agnbook.judge import scores
from agnbook.lightcurves import cadence, dataset, kalman, population

settings = sizes.load("33_reconstruct_and_infer", profile)
figures.use_book_style()
torch.set_num_threads(1)
CACHE = storage.ROOT / "_build" / "sims" if profile == "paper" else None

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(settings, computed="the example quasar and the mass regressions", loaded="weights and tables of scores")


# %%
own = models.own("dc2_like", profile, seed)
banp, scales, notes = models.neural_process(profile)
print(f"neural process: {notes['steps']} steps, {notes['context']} visits of a curve at a time")

# %% [markdown]
# ## One quasar
#
# A fresh quasar with a cadence that no model has seen. The own model turns its summaries into samples of the joint posterior; the
# neural process, given a random subset of the visits, into as many passes with other weights as are asked for, and draws from each.

# %%
rng = np.random.default_rng([seed, 33])
curves = dataset.simulate(1, rng, cadence.pool(1, rng))
samples = own.sample_targets(summary.features(curves), 2000, seed)[0]
one = train.CurveSet.__new__(train.CurveSet)
one.times, one.truth = [curves.times[0][curves.is_visit[0]].astype(np.float32)], [curves.truth[0][curves.is_visit[0]]]
one.grid, one.targets = (
    [curves.truth[0][~curves.is_visit[0] & (np.arange(curves.times.shape[1]) < curves.length[0])]],
    curves.targets,
)
one.magnitudes, one.whiten = scales.magnitudes, scales.whiten
network = train.predict(
    banp, one, np.array([0]), n_context=notes["context"], n_extra=200, passes=4 * settings["passes"], draws=25, seed=seed
)
neural_samples = network["samples"][0]
shown = [3, 9, 12, 13, 14]
names = [population.TARGETS[k] for k in shown]
columns = {"truth": curves.targets[0, shown]}
for name, draws in (("own", samples), ("neural process", neural_samples)):
    columns |= {f"{name}, mean": draws[:, shown].mean(axis=0), f"{name}, sd": draws[:, shown].std(axis=0)}
pd.DataFrame(columns, names).round(2)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-corner", "caption": "Posteriors for one quasar (68 % and 95 % contours): i-band time-scale and amplitude, black-hole mass, absolute magnitude, redshift. Blue: the book's own model; orange: the neural process; black: truth. Compare figure 3 of the paper."}, "image": {"alt": "Corner plot of five parameters for two models with the true values marked; the own model's contours are much the smaller"}}
fig = plt.figure(figsize=(6.5, 6.5), layout="none")
both = np.concatenate([samples, neural_samples])[:, shown]
ranges = list(zip(*np.quantile(both, [0.001, 0.999], axis=0), strict=True))
for draws, colour in ((neural_samples, "orange"), (samples, "blue")):
    corner.corner(
        draws[:, shown], labels=names, truths=curves.targets[0, shown], truth_color="black", color=figures.COLORS[colour],
        levels=(0.68, 0.95), bins=50, smooth=1.3, plot_datapoints=False, plot_density=False, range=ranges, fig=fig,
        weights=np.full(len(draws), 1 / len(draws)), max_n_ticks=3, labelpad=0.3,
    )  # fmt: skip
plt.show()
# %%
inside = np.mean([abs(samples[:, k].mean() - curves.targets[0, k]) < 2 * samples[:, k].std() for k in range(21)])
print(f"fraction of the 21 targets within 2 sd of the posterior mean: {inside:.1f}")

# %% [markdown]
# ## Fill the gaps
#
# Between visits the best prediction is the *bridge*: the conditional Gaussian of the process given every visit in every band.
# One driver makes all six bands informative about each. The bridge needs parameters; here they are the posterior mean of the
# own model.

# %%
mean = samples.mean(axis=0)
latents = own.sample(summary.features(curves), 500, seed)[0].mean(axis=0)
bridge, bridge_sd = kalman.reconstruct(curves, kalman.parameters(latents[None]), mean[None, 15:])

# %% mystnb={"figure": {"name": "fig-reconstruction", "caption": "The i band of one quasar over four years. Left: the joint six-band bridge with inferred parameters (68 % band). Right: the neural process, given a random subset of the visits. Black: truth on the 10-day grid; grey: visits. Compare figure 2 of the paper."}, "image": {"alt": "Two panels of an i-band light curve; the bridge follows the truth closely, the neural process follows the slow trend"}}
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
t, band = curves.times[0], 3
unseen = ~curves.is_visit[0] & (np.arange(len(t)) < curves.length[0])
for ax, x, centre, sd, colour in (
    (axes[0], t, bridge[0, :, band], bridge_sd[0, :, band], "blue"),
    (axes[1], network["times"][0], network["mean"][0, :, band], network["sd"][0, :, band], "orange"),
):
    ax.plot(t[curves.is_visit[0]], curves.observed[0, curves.is_visit[0], band], ".", ms=2, color="0.6")
    ax.plot(t[unseen], curves.truth[0, unseen, band], ".", ms=2.5, color="black")
    ax.fill_between(x, centre - sd, centre + sd, color=figures.COLORS[colour], alpha=0.3, lw=0)
    ax.plot(x, centre, lw=1, color=figures.COLORS[colour])
    ax.set_xlim(0, 1460)
    ax.set_xlabel("time (days)")
axes[0].set_ylabel("i magnitude (AB)")
axes[0].invert_yaxis()
# %%
print(
    f"mean absolute error on unvisited grid times: bridge {np.abs(bridge - curves.truth)[0, unseen, band].mean():.2f} mag,",
    end=" ",
)
print(f"neural process {np.abs(network['mean'] - network['truth'])[0, network['held'][0], band].mean():.2f} mag")

# %% [markdown]
# ## Scored where nobody looked
#
# The paper averages over context and grid together. At a visit the answer is in the input, so the two must be kept apart.
# Every method below sees every visit, except the rows marked with the neural process's smaller context.


# %%
def reconstruction() -> pd.DataFrame:
    """Mean absolute error (mag) in i at visits and at unvisited grid times, and coverage of +-1 sd there."""
    rng = np.random.default_rng([seed, 330])
    curves = dataset.simulate(settings["reconstructed"], rng, cadence.pool(settings["reconstructed"], rng))
    features = summary.features(curves)
    latents = own.sample(features, 100, seed).mean(axis=1)
    fitted, single = kalman.fit(curves), kalman.fit(curves, shared=False)
    true = kalman.parameters(curves.latents)
    methods = {
        "one-band bridge, true parameters": kalman.reconstruct(curves, true, curves.targets[:, 15:], False),
        "one-band bridge, fitted": kalman.reconstruct(curves, single[:, :4], single[:, 10:16], False),
        "joint bridge, true parameters": kalman.reconstruct(curves, true, curves.targets[:, 15:]),
        "joint bridge, fitted": kalman.reconstruct(curves, fitted[:, :4], fitted[:, 10:16]),
        "joint bridge, own model's parameters": kalman.reconstruct(
            curves, kalman.parameters(latents), population.targets_from_latents(latents)[:, 15:]
        ),
    }
    seen = curves.is_visit
    unseen = ~seen & (np.arange(seen.shape[1]) < curves.length[:, None])
    truth, observed = curves.truth[..., 3], curves.observed[..., 3]
    constant = np.broadcast_to(np.nanmean(observed, axis=1, keepdims=True), truth.shape)
    linear = np.stack([np.interp(t, t[s], o[s]) for t, s, o in zip(curves.times, seen, observed, strict=True)])
    simple = {"constant": (constant, None), "linear interpolation": (linear, None)}
    rows = []
    for name, (centre, sd) in (simple | {key: (c[..., 3], s[..., 3]) for key, (c, s) in methods.items()}).items():
        error = np.abs(centre - truth)
        each = np.array([e[u].mean() for e, u in zip(error, unseen, strict=True)])
        rows.append(
            {"method": name, "context": error[seen].mean(), "held_out": each.mean(), "standard_error": each.std() / np.sqrt(len(each)),
             "coverage68": np.nan if sd is None else np.mean(error[unseen] < sd[unseen]), "n": len(each)}
        )  # fmt: skip
    some = train.CurveSet(settings["neural"], 333, scales=scales)
    out = train.predict(
        banp, some, np.arange(len(some)), passes=settings["passes"], n_context=notes["context"], n_extra=notes["extra"], seed=seed
    )
    truth, held = out["truth"][..., 3], out["held"]
    linear = np.stack([np.interp(t, t[~h], y[~h]) for t, h, y in zip(out["times"], held, truth, strict=True)])
    for name, centre, sd in (
        (f"linear interpolation, {notes['context']} visits", linear, None),
        (f"neural process, {notes['context']} visits", out["mean"][..., 3], out["sd"][..., 3]),
    ):
        error = np.abs(centre - truth)
        each = np.array([e[h].mean() for e, h in zip(error, held, strict=True)])
        rows.append(
            {"method": name, "context": error[~held].mean(), "held_out": each.mean(), "standard_error": each.std() / np.sqrt(len(each)),
             "coverage68": np.nan if sd is None else np.mean(error[held] < sd[held]), "n": len(each)}
        )  # fmt: skip
    return pd.DataFrame(rows)


bridges = stored.table("results/light_curve_reconstruction.csv", reconstruction, settings=settings, seed=seed).set_index("method")
bridges.round(3)

# %%
known, inferred = bridges.held_out["joint bridge, true parameters"], bridges.held_out["joint bridge, own model's parameters"]
fitted = bridges.held_out["joint bridge, fitted"]
print(f"joint bridge over known parameters: fitted {fitted / known:.3f}, network's {inferred / known:.3f}")

# %% [markdown]
# Linear interpolation is nearly as good as any bridge that uses one band: over a few days a damped random walk is a Brownian
# motion, whose best bridge *is* a straight line. All six bands together do better because their differences carry the driver's
# past. Little is lost when the parameters come from the joint fit, the own model's first stage, or from its posterior mean instead of the truth.
# The neural process must beat the straight line through its own visits to be useful. In the table above it does not: it has learnt slow trends, not the curve.
#
# ## Table 1, in stated units
#
# The paper's parameter columns have no unit. Read as per cent of the prior standard deviation, its baseline (MAE 97) is
# worse than predicting the prior mean (about 80). Here every figure is in prior standard deviations, on test curves with unseen cadences.


# %%
def table_one() -> pd.DataFrame:
    """Score the neural process, the baseline (three seeds) and the own models in their settings."""
    rows = []
    _, scale = summary.target_scale("dc2_like", np.random.default_rng(1))
    some = train.CurveSet(settings["neural"], 334, scales=scales)
    out = train.predict(
        banp, some, np.arange(len(some)), passes=settings["passes"], n_context=notes["context"], n_extra=notes["extra"]
    )
    rows.append(
        {"model": "neural process", "setting": "dc2_like"}
        | quality(some.targets, out["samples"], scale, nugget=scales.whiten.nugget)
    )
    features, latents = summary.simulate_features("dc2_like", settings["ladder"], 100, settings["chunk"], CACHE)
    targets = population.targets_from_latents(latents)
    for setting in dataset.SETTINGS:
        test, test_latents = summary.simulate_features(setting, settings["test"], 900, settings["chunk"], CACHE)
        truth = population.targets_from_latents(test_latents)
        _, prior = summary.target_scale(setting, np.random.default_rng(1))
        rows.append(
            {"model": "own", "setting": setting}
            | quality(truth, models.own(setting, profile, seed).sample_targets(test, 200, seed), prior)
        )
        if setting == "dc2_like":
            for k in range(3):
                sample, _ = train.target_network(
                    features[:, :12], targets, transforms.Standard.fit(targets), seed=k, epochs=settings["ladder_epochs"]
                )
                rows.append(
                    {"model": f"baseline, seed {k}", "setting": setting} | quality(truth, sample(test[:, :12], 120), scale)
                )
        prior_samples = np.random.default_rng(2).permutation(truth)[:200]
        error = np.abs(truth - prior_samples.mean(axis=0)) / prior
        rows.append(
            {"model": "prior mean", "setting": setting, "n": len(truth), "mae": error.mean(), "sigma": 1.0,
             "logm_rms": truth[:, 12].std(), "logm_mae": np.abs(truth[:, 12] - truth[:, 12].mean()).mean()}
        )  # fmt: skip
    return pd.DataFrame(rows)


quality_table = stored.table("results/light_curve_quality.csv", table_one, settings=settings, seed=seed).set_index(
    ["setting", "model"]
)
quality_table[["mae", "sigma", "logm_rms", "logm_mae", "calibration", "n"]].round(3)

# %% [markdown]
# The baseline stands there with three seeds. So do the own models, the mixture of the three included, on the same test curves; the one in
# the table above is marked, and was chosen by its validation loss ({ref}`ch-train-the-process`). The neural process was trained once.

# %%
seeds = (
    committed.load_table("results/own_seeds.csv")
    if profile != "smoke"
    else quality_table.reset_index().assign(part="test", kept=True)
)
seeds[seeds.part == "test"].set_index(["setting", "model"])[["mae", "logm_rms", "calibration", "kept"]].round(3)

# %% [markdown]
# In `dc2_like` the own model stands far above the rest, for the reasons given in {ref}`ch-train-the-process`: it knows that one driver
# moves all bands and that all quasars have one spectrum. In `independent` that knowledge is worth little: time-scales are known only to
# the precision that ten years of six random walks allow, and each band's mean wanders by itself, so that colours tell the redshift less well.

# %% [markdown]
# ## The exact posterior, where there is one
#
# Could a better network do much better on independent drivers? There the question has an answer, since nothing about the posterior is
# unknown: the population is a formula, and the likelihood of six independent walks is that of six one-dimensional filters. So the network need
# not be believed. Its draws become a *proposal*, half of them widened to cover tails that it lacks, and each gets the weight
#
# $$w \propto \frac{p(\text{parameters})\; p(\text{curve} \mid \text{parameters})}{q(\text{parameters} \mid \text{curve})},$$
#
# prior times likelihood over the network's density: importance sampling. The effective number of draws, $1 / \sum w^2$ for weights that sum to one, tells how good a
# proposal the network was. A quasar of this kind:

# %%
rng = np.random.default_rng([seed, 336])
six = dataset.simulate(1, rng, cadence.pool(1, rng), "independent")
separate, found = models.own("independent", profile, seed), summary.features(six, shared=False)
weighed, effective = exact.sample_targets(separate, six, found, 4000, settings["proposals"])
network_draws = separate.sample_targets(found, 4000)
print(f"{settings['proposals']} draws of the network are worth {effective[0]:.0f} of the exact posterior")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-exact", "caption": "Redshift, absolute magnitude and black-hole mass of one quasar with six independent drivers: posterior of the network, and the exact one that its weighted draws give. Black: truth."}, "image": {"alt": "Three pairs of histograms, network and exact posterior, which nearly coincide but for the shape in redshift"}}
fig, axes = plt.subplots(1, 3, figsize=(9, 3))
for ax, k in zip(axes, (14, 13, 12), strict=True):
    both = [network_draws[0, :, k], weighed[0, :, k]]
    bins = np.linspace(np.nanmin(both), np.nanmax(both), 40)
    for draws, name, colour in zip(both, ("network", "exact"), ("blue", "orange"), strict=True):
        ax.hist(draws, bins, density=True, histtype="step", color=figures.COLORS[colour], label=name)
    ax.axvline(six.targets[0, k], color="black", lw=0.8)
    ax.set_xlabel(population.TARGETS[k])
    ax.set_yticks([])
_ = axes[0].legend()
plt.show()

# %% [markdown]
# Over many curves, validation and test, the network and the exact posterior side by side. The mean absolute error is given for two
# estimates: the posterior mean and the posterior median. The median is the one that makes the expected absolute error as small as it can be, so
# the median of the exact posterior is the *floor*: on average over this population no method whatever scores better.


# %%
def compare() -> pd.DataFrame:
    """Score the network `independent` and the exact posterior on the same validation and the same test curves."""
    own = models.own("independent", profile, seed)
    _, prior_sd = summary.target_scale("independent", np.random.default_rng(1))
    rows, chunk = [], settings["chunk"]
    for part, part_seed in (("validation", 901), ("test", 900)):
        truth, samples, worth = [], {"network": [], "exact": []}, []
        for k in range(-(-settings["exact"] // chunk)):
            some = summary.simulate_chunk("independent", part_seed, k, chunk).take(slice(0, settings["exact"] - k * chunk))
            features = summary.features(some, shared=False).astype(np.float32)
            draws, effective = exact.sample_targets(own, some, features, settings["draws"], settings["proposals"], seed + k)
            samples["exact"].append(draws)
            samples["network"].append(own.sample_targets(features, settings["draws"], seed + k))
            truth.append(some.targets)
            worth.append(effective)
        truth, worth = np.concatenate(truth), np.concatenate(worth)
        for name, draws in samples.items():
            draws = np.concatenate(draws)
            error = (np.abs(np.median(draws, axis=1) - truth) / prior_sd).mean(axis=1)
            low, high = scores.bootstrap(np.mean, error, n_resamples=300)
            rows.append(
                {"part": part, "posterior": name} | quality(truth, draws, prior_sd)
                | {"mae_median": error.mean(), "mae_median_low": low, "mae_median_high": high}
                | ({"effective": np.median(worth), "effective_1": np.quantile(worth, 0.01)} if name == "exact" else {})
            )  # fmt: skip
    return pd.DataFrame(rows)


exact_table = stored.table("results/independent_exact.csv", compare, settings=settings, seed=seed).set_index(
    ["part", "posterior"]
)
exact_table[["mae", "mae_median", "logm_rms", "calibration", "effective", "effective_1", "n"]].round(4)

# %%
gain = {
    part: exact_table.loc[(part, "network"), "mae"] - exact_table.loc[(part, "exact"), "mae_median"]
    for part in ("validation", "test")
}
for part in gain:
    row = exact_table.loc[(part, "exact")]
    print(f"floor on {part} curves: {row.mae_median:.4f} ({row.mae_median_low:.4f} to {row.mae_median_high:.4f})")
print("network's mean less the floor:", ", ".join(f"{value:.4f} ({part})" for part, value in gain.items()))
print(f"the book's bar: {settings['bars']['independent']['mae']}")

# %% [markdown]
# `effective` is the median over curves, `effective_1` the first percentile, of the numbers of draws that the proposals are worth. More simulations or a
# larger network could win no more than the difference printed last but one. The exact median was better on validation curves, so it is the
# book's answer for independent drivers (`agnbook lightcurve --setting independent --exact`). The bar that the book had set itself, from shorter
# experiments, turns out to lie *at* the floor: whether a finite set of test curves falls on this side of it or that is chance, as the intervals show.
#
# For the models with one driver no such check is made: their filter ({ref}`theory-light-curves`) is exact only to second order in the differences of
# the time-scales, and weights need the likelihood itself.
#
# ## What does variability add to the mass?
#
# In the simulation, luminosity and mass are linked. So how much of "0.3 dex" would a redshift and a luminosity alone give? A quadratic
# regression of log mass on *true* values answers; half of the objects train it, the other half score it.

# %%
truth = population.targets_from_latents(population.sample(settings["population"], np.random.default_rng(seed)))
half = len(truth) // 2
sets = {"nothing (prior)": [], "z, M_i": [14, 13], "z, M_i, SF": [14, 13, 9], "z, M_i, SF, tau": [14, 13, 9, 3]}
mass = {}
for name, columns in sets.items():
    if columns:
        design = PolynomialFeatures(2).fit_transform(truth[:, columns])
        predicted = LinearRegression().fit(design[:half], truth[:half, 12]).predict(design[half:])
    else:
        predicted = np.full(len(truth) - half, truth[:half, 12].mean())
    mass[name] = np.sqrt(np.mean((predicted - truth[half:, 12]) ** 2))
pd.Series(mass, name="rms of log mass (dex)").round(2).to_frame()

# %%
own_rms = quality_table.loc[("dc2_like", "own"), "logm_rms"]
print(f"own model, from light curves alone: {own_rms:.2f} dex")

# %% [markdown]
# Redshift and luminosity give most of it, the amplitude the rest, the time-scale nothing: its dependence on mass drowns in the scatter of
# the law. The paper's 0.4 and 0.3 dex must be read beside the line `z, M_i`.
#
# ## Recap
#
# - Score a reconstruction where nobody looked; compare with a straight line and with the bridge.
# - The joint fit nearly reaches the bridge with known parameters; the neural process, at the size trained here, does not.
# - The black-hole mass is mostly a luminosity claim.
#
# ## Exercises
#
# 1. Score the bridges in u instead of i.
#
#    :::{admonition} Solution
#    :class: dropdown
#    Replace `[..., 3]` by `[..., 0]`: amplitudes are larger in u, so every error is, in proportion.
#    :::
# 2. Take the variability away: give the own model only `mean_sd` columns and compare its mass with the line `z, M_i`.
#
#    :::{admonition} Solution
#    :class: dropdown
#    `train.own_posterior("dc2_like", features, latents, seed=0, columns=range(12))`.
#    :::


# %% tags=["hide-input"]
def figure(name, what, row, key, paper=None, why="", tolerance=None, unit="prior sd", how=""):
    low, high = row.get(f"{key}_low", np.nan), row.get(f"{key}_high", np.nan)
    interval = (low, high) if np.isfinite(low) else None
    return claims.Claim(name, what, float(row[key]), paper, interval, int(row.n), unit, how, tolerance, why)


neural = quality_table.loc[("dc2_like", "neural process")]
small = (
    f"{notes['steps']} steps on one processor core against 82,500 in the paper, {notes['context']} visits of each curve a step"
)
how = f"{notes['steps']} steps, batch 40, {notes['context']} visits; unseen cadences"
unstated = f"the paper's unit is not stated (read as per cent of the prior deviation); {small}"
entries = [
    figure("banp.mae", "Neural process: mean absolute error over the 21 targets", neural, "mae", 0.46, unstated, 0.02, how=how),
    figure("banp.sigma", "Neural process: mean posterior width over the 21 targets", neural, "sigma", 0.51, unstated, 0.02, how=how),
    figure("banp.logm_rms", "Neural process: rms error of log black-hole mass", neural, "logm_rms", unit="dex", how=how),
    figure("banp.logm_mae", "Neural process: mean absolute error of log black-hole mass", neural, "logm_mae", 0.3, small, 0.05, "dex", how),
    figure("banp.calibration", "Neural process: largest deviation of the calibration curve", neural, "calibration", unit="", how=how),
    *(
        claims.Claim(
            f"lightcurves.best.{name}", f"Held-out i-band error of the joint bridge with {what} over that with known parameters",
            float(value / known), n=int(bridges.n["joint bridge, true parameters"]),
            how=f"unvisited 10-day grid times, dc2_like; {value:.4f} against {known:.4f} mag; the book's bar is 1.1",
        )
        for name, what, value in (
            ("reconstruction_over_bridge", "the joint fit's parameters", fitted),
            ("reconstruction_network_over_bridge", "the network's parameters", inferred),
        )
    ),
    claims.Claim(
        "lightcurves.best.reconstruction_mae", "Held-out i-band error of the joint bridge with the joint fit's parameters",
        float(fitted), n=int(bridges.n["joint bridge, true parameters"]), unit="mag", how="unvisited 10-day grid times, dc2_like; the book's bar is 0.1",
    ),
]  # fmt: skip
BARS = settings["bars"]
for setting, name in (("dc2_like", "best"), ("lsst_bright", "lsst_bright"), ("independent", "independent")):
    row = quality_table.loc[(setting, "own")]
    for key, what, unit in (
        ("mae", "mean absolute error over the 21 targets", "prior sd"), ("logm_rms", "rms error of log black-hole mass", "dex"),
        ("calibration", "largest deviation of the split Mahalanobis curve", ""),
    ):  # fmt: skip
        bar = BARS[setting][key]
        verdict = f"the book's bar {bar} is {'met' if row[key] <= bar else f'missed by {row[key] - bar:.4f}'}"
        entries.append(
            figure(
                f"lightcurves.{name}.{key}",
                f"Own model, {setting}: {what}",
                row,
                key,
                unit=unit,
                how=f"unseen cadences; {verdict}",
            )
        )
# a resampled largest deviation is biased upwards: for one this near perfection its interval says nothing
row = exact_table.loc[("test", "exact")].drop(["calibration_low", "calibration_high"])
for key, what, unit in (
    ("mae_median", "mean absolute error of the posterior median over the 21 targets", "prior sd"),
    ("logm_rms", "rms error of log black-hole mass", "dex"), ("calibration", "largest deviation of the split Mahalanobis curve", ""),
):  # fmt: skip
    bar = BARS["independent"][key.removesuffix("_median")]
    verdict = f"the book's bar {bar} is {'met' if row[key] <= bar else f'missed by {row[key] - bar:.4f}'}"
    name = f"lightcurves.independent.exact.{key.removesuffix('_median')}"
    how = f"the network's draws weighed by the exact likelihood; the same test curves; {verdict}"
    if key == "calibration":
        how += f"; a perfect posterior exceeds {1.36 / np.sqrt(row.n):.3f} in 5 % of repetitions"
    entries.append(figure(name, f"Exact posterior, independent: {what}", row, key, unit=unit, how=how))
claims.publish(entries, settings, seed)
