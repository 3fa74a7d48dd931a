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
# (ch-simulate-light-curves)=
# # Simulate light curves
#
# :::{admonition} In this chapter
# **The question:** what does a simulator give away that the sky keeps to itself?
#
# **You will** walk ten steps, build a population of quasars, look at it with an LSST-like survey as {cite:t}`park2021` did, from
# the published laws and without their files; then take the simulator's shortcuts away, one by one.
#
# **You will learn** how 21 target quantities hang on only seven numbers, how to sample a {term}`damped random walk` exactly,
# what the best possible answer to each simulator is, and what a network does when the sky differs from the one it was shown.
#
# **You need** nothing but this package. The mathematics is in {ref}`theory-light-curves`; the networks whose answers are
# quoted are trained in {ref}`ch-train-the-process`, the last one here.
# :::

# %% tags=["remove-cell"]
import os

if "COLAB_RELEASE_TAG" in os.environ:
    get_ipython().system(
        "pip install -q 'agnbook[networks] @ git+https://github.com/agnbook/agnbook'"
    )

# %% tags=["parameters"]
profile = "book"
seed = 0

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

# %%
from agnbook.banp import floors, realistic_posterior, realistic_runs, stress
from agnbook.chapter import claims, figures, marks, run_box, sizes, stored
from agnbook.lightcurves import (
    cadence,
    dataset,
    drw,
    locus,
    noise,
    population,
    realistic,
)

# %% tags=["nbval-ignore-output", "remove-input"]
settings = sizes.load("31_simulate_light_curves", profile)
store = {"settings": settings, "seed": seed}
figures.use_book_style()
run_box.RunBox(
    settings,
    computed="walks, populations, cadences, redshifts from colours",
    loaded="floors; trials, scores and stress tests of the last model; the speed",
)

# %% [markdown]
# ## Ten steps
#
# A quasar flickers without a beat: its brightness forgets where it was, slowly, and is kicked at random. A damped random walk
# has two numbers, the time $\tau$ after which it has forgotten and the spread $\sigma$ to which the kicks balance the
# forgetting. From one night to another, $\Delta$ days later,
#
# $$x(t+\Delta) = a\,x(t) + \sigma\sqrt{1-a^2}\;e, \qquad a = \exp(-\Delta/\tau),$$
#
# with a normal number $e$. Ten nights, unevenly spaced, with $\tau$ of 100 days:

# %%
rng = np.random.default_rng(seed)
nights = np.array([0, 2, 5, 30, 33, 60, 160, 162, 400, 405.0])
kept = np.exp(-np.diff(nights) / 100)
x = [rng.standard_normal()]
for a in kept:
    x.append(a * x[-1] + np.sqrt(1 - a**2) * rng.standard_normal())
print("remembered after 2 days and after 100:", kept[0].round(2), kept[5].round(2))

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-ten-steps", "caption": "One walk on ten nights, in units of its spread. Dots: the walk. Bars: where the night before lets expect it, one standard deviation up and down. After two days the walk is held close; after a gap of months it is as free as at the start."}, "image": {"alt": "Ten dots over 400 days with an expectation bar each; bars are short after short gaps and long after long gaps"}}
expected, width = kept * x[:-1], np.sqrt(1 - kept**2)
fig, ax = plt.subplots(figsize=(6.4, 3))
ax.errorbar(
    nights[1:], expected, width, fmt="none", lw=4, alpha=0.4, label="expected"
)
ax.plot(nights, x, "o-", lw=0.5, color=figures.COLORS["black"], label="walk")
ax.set(xlabel="time (days)", ylabel=r"brightness ($\sigma$)")
_ = fig.legend(loc="outside upper center", ncols=2)

# %% [markdown]
# The step is exact for any gap, so a walk need be computed only where somebody looks. That the short gaps tell of $\tau$ and
# $\sigma$ *together* (how fast it wanders) and only the long record tells them apart is the whole difficulty of this part.
#
# ## Seven numbers behind 21 targets
#
# The paper asks for 21 quantities: the time-scale and the amplitude of the variability and the mean magnitude in each of
# six bands, the black-hole mass, the absolute magnitude and the redshift. They follow the laws of {cite:t}`macleod2010`,
#
# $$\log f = A + B \log\frac{\lambda_\mathrm{rest}}{4000\,\mathrm{\AA}} + C\,(M_i + 23) + D \log\frac{M}{10^9 M_\odot},$$
#
# once for the rest-frame time-scale $\tau$ (days) and once for the amplitude SF (mag). $A$, $B$, $C$ and $D$ scatter
# from object to object. Two numbers hence fix six time-scales, two fix six amplitudes, and mass, luminosity and redshift
# fix the rest: seven in all (eight where spectra differ in slope).
#
# :::{important}
# **What SF means here.** The DC2 table and the paper's code use the number called $\mathrm{SF}_\infty$ as the standard deviation
# $\sigma$ of the process. So does this book, throughout. The structure function of that process tends to $\sqrt2\,\sigma$;
# {cite:t}`macleod2010` call that limit $\mathrm{SF}_\infty$. With their reading every amplitude below would be smaller by $\sqrt2$.
# :::

# %%
latents = population.sample(settings["population"], rng)
targets = population.targets_from_latents(latents)
correlation = np.corrcoef(targets, rowvar=False)
eigenvalues = np.linalg.eigvalsh(correlation)[::-1]
print(
    f"{len(population.TARGETS)} targets; eigenvalues of their correlation matrix:"
)
print(f"above 0.1: {np.sum(eigenvalues > 0.1)}")
print(f"below 0.0001: {np.sum(eigenvalues < 1e-4)}")

# %% [markdown]
# The targets are nearly degenerate. A 21-dimensional covariance matrix must therefore resolve directions that hardly
# vary, which will matter for training ({ref}`ch-train-the-process`) and for judging calibration ({ref}`ch-check-calibration`).
#
# ## Does the population look like DC2?
#
# Mass, redshift and Eddington ratio follow a recipe fitted to the DC2 quasar table. The standard deviations of the
# table's columns are the test: they were not put in one by one.

# %%
DC2 = {"log_mass": 0.55, "log_sf_i": 0.158, "log_tau_i": 0.296}
ours = pd.DataFrame(targets, columns=population.TARGETS)[list(DC2)].std().round(3)
table = pd.DataFrame({"DC2 table (dex)": DC2, "this population (dex)": ours})
table.index = ["log mass", "log SF, i band", "log time-scale, i band"]
table.T

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-population", "caption": "The two populations. DC2-like quasars are mostly faint, low-mass and invisible in a single LSST visit; the bright ones, with mean i below 22.5, are what a survey would study."}, "image": {"alt": "Scatter of black-hole mass against redshift, and histograms of the i magnitude, for the two populations"}}
bright = population.sample(settings["population"] // 4, rng, "lsst_bright")
bright = population.targets_from_latents(bright)
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4))
drawn = {"dc2_like": (targets, "blue"), "lsst_bright": (bright, "orange")}
for name, (table, colour) in drawn.items():
    style = {"color": figures.COLORS[colour], "label": name}
    left.plot(table[:800, 14], table[:800, 12], ".", ms=2.5, **style)
    right.hist(
        table[:, 18], np.arange(16, 31, 0.5), density=True, histtype="step", **style
    )
left.set_xlabel("redshift")
left.set_ylabel("log10 black-hole mass (solar)")
left.legend(markerscale=4)
right.set_xlabel("mean i magnitude (AB)")
_ = right.set_ylabel("density")
# %%
print(f"fainter than M_i = -22: {np.mean(targets[:, 13] > -22):.2f}; ", end="")
print(f"median apparent i: {np.median(targets[:, 18]):.1f} mag")
at_22, at_26 = (noise.single_visit(np.full(6, i))[3] for i in (22.0, 26.0))
print(f"single-visit error at i = 22: {at_22:.3f} mag, at i = 26: {at_26:.2f} mag")

# %% [markdown]
# Most of these quasars would drown in the noise of one visit. The paper's dates suggest a constant error of 0.01 mag,
# which no survey reaches at such magnitudes. The book therefore keeps several settings apart:
#
# - `dc2_like`, as the paper: constant noise, one driver, one spectrum, six bands at once;
# - `lsst_bright`: the same for i < 22.5 with the noise of a single LSST visit. Six simultaneous bands 500 to 1,000 times are
#   still about six times as many exposures as LSST will make;
# - `independent`: as the first, but each band driven by itself;
# - `realistic`: what the second half of this chapter builds.
#
# ## A damped random walk, exactly
#
# Theory says what must come out of the steps, whatever the gaps: standard deviation $\sigma$, autocorrelation
# $\exp(-\Delta/\tau)$, {term}`structure function` $\sigma\sqrt{2(1-\exp(-\Delta/\tau))}$.

# %%
sigma, tau, n = 0.3, 300.0, settings["walks"]
lags = np.array([0.0, 3, 10, 30, 100, 300, 1000, 3000])
start, first = np.array([0, len(lags)]), np.zeros(n, int)
both = np.full((n, 6), sigma), np.full((n, 6), tau)
walks = drw.simulate(lags, start, first, *both, rng)[:, :, 0].astype(float)
measured = np.sqrt(np.mean((walks[:, 1:] - walks[:, :1]) ** 2, axis=0))

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-structure-function", "caption": "Structure function of simulated walks (points, with 2-sigma errors) and theory (line) for sigma = 0.3 mag and tau = 300 days. The dashed line is the limit, the square root of 2 times sigma."}, "image": {"alt": "Rms magnitude difference against lag; points follow the theoretical curve"}}
error = 2 * measured / np.sqrt(2 * n)
grid = np.geomspace(2, 4000, 200)
fig, ax = plt.subplots()
ax.errorbar(lags[1:], measured, error, fmt="o", label="simulated")
ax.plot(
    grid, drw.structure_function(grid, sigma, tau), color="black", label="theory"
)
ax.axhline(np.sqrt(2) * sigma, ls="--", color=figures.COLORS["grey"])
ax.set(xscale="log", xlabel="lag (days)", ylabel="structure function (mag)")
_ = ax.legend()
# %%
correlated = np.corrcoef(walks[:, 0], walks[:, 4])[0, 1]
theory = np.exp(-100 / tau)
print(f"autocorrelation at 100 days: {correlated:.2f} (theory {theory:.3f})")
print(f"standard deviation: {walks.std():.2f} mag (theory {sigma})")
expected = drw.structure_function(lags[1:], sigma, tau)
assert np.allclose(measured, expected, rtol=5 / np.sqrt(2 * n))

# %% [markdown]
# ## Look at it for ten years
#
# A cadence has one season of 190 to 250 days a year, weather gaps, and 500 to 1,000 visits; all six bands are observed at
# the same times, as in the paper. The walk is also sampled on a grid of 10 days: what nobody observed is what a
# reconstruction must predict.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-drivers", "caption": "One quasar observed twice: with one driver for all bands (left, as in the paper's code) and with a driver for each band (right). Points are visits, lines the noiseless truth."}, "image": {"alt": "Six-band light curves over ten years; in the left panel the bands move together, in the right panel they do not"}}
pool = cadence.pool(50, rng)
fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.8), sharey=True)
for ax, shared in zip(axes, (True, False), strict=True):
    same = np.random.default_rng(seed)
    curves = dataset.observe(latents[:1], same, pool, shared=shared)
    t, seen = curves.times[0], curves.is_visit[0]
    for band, name in {0: "u", 2: "r", 5: "Y"}.items():
        style = {"color": figures.BAND_COLORS[name], "ms": 2, "lw": 0.5}
        ax.plot(t, curves.truth[0, :, band], **style)
        points = curves.observed[0, seen, band]
        ax.plot(t[seen], points, ".", label=name, **style)
    ax.set_xlabel("time (days)")
axes[0].set(ylabel="magnitude (AB)", ylim=axes[0].get_ylim()[::-1])
labels = ax.get_legend_handles_labels()
_ = fig.legend(*labels, loc="outside upper center", ncols=3, markerscale=4)
# %%
unvisited = ~curves.is_visit[0, : curves.length[0]]
print(f"visits: {seen.sum()}; unvisited grid times: {unvisited.sum()}")
theta = targets[0, [0, 5]]
print(f"ratio of time-scales u to Y: {10 ** (theta[0] - theta[1]):.2f}")

# %% [markdown]
# ## Shortcut one: one driver
#
# With one driver the six bands are six filters of *one* noise sequence. The time-scale then shows in how the bands differ,
# with almost no cosmic variance. How much that gives away can be computed. Six correlated walks are six states of a Kalman
# filter, the filter's likelihood is exact, and the population's density is known: so the *exact* posterior of a simulated
# curve can be sampled, and no model can do better on average. It is the floor of its setting.
#
# The networks of {ref}`ch-train-the-process` propose, the likelihood weighs (importance sampling). The number of draws that the
# weights are worth is counted; curves where it stays below 100 are left out of both columns, and counted too.

# %%
floor = stored.table(
    "results/light_curve_floors.csv", lambda: floors.floors(settings, seed), **store
)
shown = floor[floor.quantity == "log_tau_rms"].set_index("setting")
shown = shown[["exact", "network", "n", "left_out"]]
units = {"exact": "exact (dex)", "network": "network (dex)"}
units["left_out"] = "left out"
marks.best(shown, {}, names=units)

# %% [markdown]
# The table is the rms error of the i band's log time-scale. With one driver and small noise it is a few hundredths of a {term}`dex` or
# less; with a driver a band it is several times larger, which is what ten years of a walk can tell. A network that reports
# three digits here has found the simulator's common noise, not a property of quasars: in the real quasars of
# {ref}`ch-meet-real-quasars` the bands' drivers are correlated to within a few hundredths of one, and yet not by one.
#
# ## Shortcut two: one spectrum
#
# DC2 gives all quasars the same spectrum. Their mean colours hence lie on a *line* that redshift runs along, and a mean of
# hundreds of visits places a quasar on it to a thousandth of a magnitude. Real spectra differ in slope by about 0.3 (standard
# deviation of $\alpha_\nu$; Richards et al. 2006, ApJS 166, 470). Below, both.

# %%
tracks = {}
for name, scatter in {"one spectrum": 0.0, "scattered": 0.3}.items():
    some = population.sample(settings["tracks"], rng, "lsst_bright", scatter)
    magnitudes = population.targets_from_latents(some)[:, 15:]
    magnitudes += 0.001 * rng.standard_normal(magnitudes.shape)
    tracks[name] = some[:, 6], magnitudes

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-tracks", "caption": "Colour g - r against redshift of bright quasars, measured to 0.001 mag, with the single spectrum of DC2 and with spectral slopes scattered as in real quasars."}, "image": {"alt": "Left: points on a thin wiggling line. Right: the same wiggles blurred into a broad band"}}
fig, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True)
for ax, (name, (z, magnitudes)) in zip(axes, tracks.items(), strict=True):
    colour = magnitudes[:, 1] - magnitudes[:, 2]
    ax.plot(z, colour, ".", ms=2, color=figures.COLORS["blue"])
    ax.set(title=name, xlabel="redshift")
_ = axes[0].set_ylabel("g - r (mag)")

# %% [markdown]
# Take the redshift of the line's nearest point, in all six bands, as `locus.nearest` does for the models that know one spectrum:

# %%
line_error = {}
for name, (z, magnitudes) in tracks.items():
    line_error[name] = np.abs(locus.nearest(magnitudes)[:, 0] - z)
    half, ninety = np.quantile(line_error[name], [0.5, 0.9])
    print(f"{name}: half within {half:.4f}, nine of ten within {ninety:.3f}")
ratio = np.median(line_error["scattered"]) / np.median(line_error["one spectrum"])
print(f"ratio of the medians: {ratio:.0f}")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-artefact", "caption": "Redshift error of the line's nearest point, for quasars that lie on the line and for quasars with scattered slopes."}, "image": {"alt": "Two histograms on a logarithmic axis; the second lies about ten times further right"}}
fig, ax = plt.subplots(figsize=(6, 3))
for (name, e), colour in zip(line_error.items(), ("blue", "orange"), strict=True):
    style = {"histtype": "step", "color": figures.COLORS[colour], "lw": 1.5}
    ax.hist(np.log10(e + 1e-6), np.arange(-5, 0.6, 0.2), label=name, **style)
ax.set(xlabel="log10 of the redshift error", ylabel="quasars")
_ = ax.legend()

# %% [markdown]
# The three-digit redshifts that `dc2_like` models give ({ref}`ch-reconstruct-and-infer`) are an artefact of the one spectrum: it
# takes one number more, the slope, to make them ten times worse. And a family of spectra with one number is still a gift: hosts,
# dust and lines of different strength are missing here too. With a redshift comes the luminosity and with it most of the
# black-hole mass, so this shortcut also flatters the mass.
#
# ## Shortcut three: six bands at once
#
# A telescope has one filter in the beam. LSST will look at a place about 820 times in ten years, in one band each time
# {cite:p}`ivezic2019`. The setting `realistic` takes the three shortcuts away at once: bright quasars with scattered slopes, bands
# that hear one driver and a private one each with a correlation of 0.9 to 0.99, and each band on its own nights. It takes away a
# fourth one too: stated errors that are true. Here, as in real surveys, a band's errors differ from the stated ones by about a tenth, about
# 0.01 mag is not in them at all, and up to three measurements in a hundred are *outliers*, off by tenths of a magnitude.

# %%
sky = realistic.simulate(200, np.random.default_rng(seed))
counts = [np.mean(np.sum(sky.band == b, axis=1)) for b in range(6)]
table = pd.DataFrame({"measurements": counts, "expected": cadence.LSST_VISITS})
table.index = population.BANDS
row = np.argmax(sky.rho)
t, band, magnitude, error = sky.one(row)
print(f"drawn below: {len(t)} measurements; dc2_like has {6 * seen.sum()}")
print(f"correlation of its drivers: {sky.rho[row]:.3f}")
print(f"its outliers: {sky.outlier[row].sum()}")
table.round(0).astype(int).T

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-realistic", "caption": "One quasar of the setting realistic in three of its six bands, with the errors of single visits."}, "image": {"alt": "Points with error bars in three colours over ten years, in yearly seasons, fewer in u than in r"}}
fig, ax = plt.subplots(figsize=(7, 3.4))
for b, name in {0: "u", 2: "r", 5: "Y"}.items():
    mine = band == b
    colour = figures.BAND_COLORS[name]
    style = {"color": colour, "ms": 3, "lw": 0.6, "fmt": "."}
    each = t[mine], magnitude[mine], error[mine]
    ax.errorbar(*each, label=name, **style)
ax.set(xlabel="time (days)", ylabel="magnitude (AB)")
ax.invert_yaxis()
_ = ax.legend()

# %% [markdown]
# ## What can still be known
#
# The same filter answers for bands at their own times and any correlation. The book's own posterior for this setting is four small
# networks. A *robust* fit with the filter goes in: it leaves out what lies too far off and lets each band say how wrong its errors are.
# So do mean colours, what they say of redshift and slope, and structure functions of each band. Out comes
# a mixture of Gaussians over nine numbers (the eight of the population and the correlation). The recipe was chosen on validation curves,
# one change at a time; the last row has every change that helped:

# %%
trials = stored.table(
    "results/own_trials.csv",
    lambda: realistic_runs.trials(settings, profile),
    **store,
)
recipes = trials[list(realistic_runs.START)]
changed = recipes.apply(
    lambda row: ", ".join(
        f"{k} {v:g}" for k, v in row.items() if v != recipes[k][0]
    ),
    axis=1,
).replace("", "start")
losses = trials[["training", "validation"]].set_axis(changed, axis=0)
units = {name: f"{name} (nats)" for name in losses}
marks.best(losses, {"validation": "min"}, names=units)

# %% [markdown]
# `validation` is the negative log-likelihood (nats, smaller is better) of simulations held out of the training. What costs most is to
# take fewer or smaller steps: large batches, a low rate. Most other rows differ by a few hundredths, and what helps alone does not help
# together. The best row is the recipe. The bar for the calibration, 0.03, was set beforehand.

# %%
own = stored.model(
    realistic_posterior.WEIGHTS,
    lambda: realistic_runs.trained(
        settings, profile, seed, settings.chapter, realistic_runs.recipe_of(trials)
    ),
    realistic_posterior.RealisticPosterior.load,
    **store,
)
scores = stored.table(
    "results/light_curve_realistic.csv",
    lambda: realistic_runs.scored(own, settings, profile, seed),
    **store,
)
alone = scores[scores.model != "all"]
scores = scores[scores.model == "all"].set_index("part")

# %%
for part, row in scores.iterrows():
    reached = "reached" if row.calibration <= 0.03 else "missed"
    low, high = row["calibration_low"], row["calibration_high"]
    print(f"{part}: bar {reached}, calibration {low:.3f} to {high:.3f}")
lowest, highest = alone.calibration.min(), alone.calibration.max()
print(f"each network alone: {lowest:.3f} to {highest:.3f}")
columns = ["n", "mae", "logm_rms", "logm_sigma", "rho_rms", "calibration"]
units = {"mae": "mae (prior sd)", "rho_rms": "correlation, rms"}
units |= {"logm_rms": "mass, rms (dex)", "logm_sigma": "mass, stated (dex)"}
marks.best(scores[columns], {}, names=units)

# %% [markdown]
# The bar is reached on curves that no choice has seen (bootstrap intervals of a *largest* deviation lean upwards), and the rms error of the mass exceeds
# the width that its posterior states by a few per cent at most.
#
# This model has a lesson behind it. Two earlier forms seemed to miss the bar, each on test curves of its own (which is why these are
# fresh), with masses that looked too certain. More simulations, several networks and dropout did not help. The networks were
# not at fault: *all objects shared the random numbers* of their draws, and exercise 4 shows that this is enough. A second fault was one draw in
# thousands, from a Gaussian that training had left absurdly wide; it spoilt the mean of all. What lies further off than any quasar of
# the population is now drawn anew.
#
# And the floor: network and exact posterior on the same curves of every setting, with the 95 % interval of the paired
# difference, `from` and `to`. MAE is the mean over the 21 targets, in prior standard deviations *of the setting*. With outliers and
# misjudged errors the exact posterior is out of reach; in the row `realistic` it is told how wrong each measurement is, which nobody is. In the
# row `realistic_clean` the stated errors are true, and it is the network that does not know.

# %%
floor_sky = stored.table(
    "results/light_curve_floor_realistic.csv",
    lambda: realistic_runs.floor(settings, seed),
    **store,
)
all_floors = pd.concat([floor, floor_sky])
mae = all_floors[all_floors.quantity == "mae"].set_index("setting")
mae = mae.rename(columns={"low": "from", "high": "to"})
columns = ["network", "exact", "from", "to", "n", "left_out"]
units = {name: f"{name} (prior sd)" for name in columns[:4]}
units["left_out"] = "left out"
marks.best(mae[columns], {}, digits=4, names=units)

# %% [markdown]
# In `n` curves a setting, the network loses little to the best possible answer: where the interval of the difference excludes
# zero, the loss is real, and it is a few hundredths of the error itself in the simple settings. The column `exact` is the reading that
# matters: from `dc2_like` to `realistic` the *floor itself* rises several times. No network, however large, will find in the sky
# what a simulator with one driver, one spectrum and six bands at once gives away.
#
# ## When the sky differs again
#
# Every model is now shown curves that break one of its assumptions. A guard (three comparisons of the data with the
# simulations, {ref}`ch-check-calibration`) flags what looks strange. What matters to a user is the rest: **of the answers
# that are not flagged, how many are more than three of their own standard deviations off?** For Gaussian posteriors it should be
# 0.3 %.

# %%
assumptions = stored.table(
    "results/light_curve_assumptions.csv",
    lambda: stress.stress(settings, seed),
    **store,
)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-assumptions", "caption": "Each model where it was trained (top row) and on curves that break one of its assumptions. Left: the fraction that its guard flags. Middle and right: of the answers for the curves that pass, the fraction of truths inside the 68 % interval, and of answers more than three standard deviations off, where at least ten curves pass. Dotted: what was set for the guard, and a Gaussian."}, "image": {"alt": "Three panels of markers, one row a broken assumption, one colour a model. independent flags few of the correlated curves, and up to a fifth of its answers for them are off; dc2_like and lsst_bright are off in a third of their answers for scattered slopes; realistic stays near the dotted lines, outliers included, but for one driver or a driver a band"}}
panels = {
    "flagged": ("flagged", 0.01),
    "coverage68_unflagged": ("in 68 %, of those passed", 0.683),
    "beyond3_unflagged": ("beyond 3 sd, of those passed", 0.0027),
}
fig, axes = plt.subplots(1, 3, figsize=(8.4, 5), sharey=True)
for ax, (column, (title, gaussian)) in zip(axes, panels.items(), strict=True):
    known = (assumptions.n_unflagged >= 10) | (column == "flagged")
    shown = assumptions.assign(value=assumptions[column].where(known))
    grid = shown.pivot_table("value", "case", "setting", dropna=False, sort=False)
    figures.dots(ax, grid)
    ax.set_xlabel(title)
    ax.axvline(gaussian, ls=":", color="black")
_ = fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=4)

# %%
answered = assumptions[assumptions.n_unflagged >= 10]
answered = answered.sort_values("beyond3_unflagged", ascending=False)
worst = answered.drop_duplicates("setting").set_index("setting")
shown = worst[["case", "flagged", "n_unflagged", "beyond3_unflagged"]]
shown.set_axis(["worst case", "flagged", "passed", "beyond 3 sd"], axis=1).round(3)

# %% [markdown]
# Read the left panel and the right one together; the table names each model's worst case among those that it lets pass.
#
# - `independent` lets nearly every curve pass whose bands are in truth correlated as those of real quasars, and between one in
#   ten and one in five of its answers for them are more than 3 sd off: none of its summaries looks at the correlation.
# - `dc2_like` and `lsst_bright` flag every correlation that is not one, and most curves whose errors are five per cent too
#   small, which hardly hurts them. Of the curves with scattered slopes they let a good part pass, and of those answers about a
#   third are more than 3 sd off. Such a guard warns of harmless things and is blind to a harmful one.
# - `realistic` measures the correlation and expects faults, and its answers hold: with other slopes, half the visits, twice the outliers of its
#   worst object and errors 30 % larger than stated, the 68 % intervals of what passes hold within a few per cent of what they say. Outside the
#   correlations that it was trained for they do not: its guard flags most curves with a driver a band, and hardly any with one
#   driver for all.
#
# The command `agnbook lightcurve` offers the three settings of the paper's kind, not `realistic`: its summaries answer for ugrizY
# with ten years of LSST's visits alone, and real quasars are better served by that engine.
#
# ## How fast is it?
#
# The walk is a compiled loop; population, cadence, noise and all six bands are included in the rate below.


# %% tags=["nbval-ignore-output"]
measured_speed = stored.table(
    "results/light_curve_speed.csv",
    lambda: dataset.speed(settings["batch"], settings["batches"]),
    **store,
)
rate = measured_speed.curves_per_second[0]
print(f"about {round(rate, -2):,.0f} six-band curves a second on one core")

# %% [markdown]
# ## Recap
#
# - Seven numbers fix the 21 targets; the targets are nearly degenerate.
# - The walks are exact at any cadence and agree with theory; the population agrees with the DC2 table.
# - Every simulator gives something away: one driver the time-scale, one spectrum the redshift and with it the mass, six bands at
#   once a survey's worth of photons. A floor that belongs to the simulator says how much.
# - A model is to be judged where it was *not* trained, by its unflagged answers.
#
# ## Exercises
#
# **1.** By how much do the amplitudes change if SF is read as {cite:t}`macleod2010` define it?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
narrow = both[0] / np.sqrt(2), both[1]
half = drw.simulate(lags, start, first, *narrow, rng)[:, :, 0]
far = np.sqrt(np.mean((half[:, -1] - half[:, 0]) ** 2))
Markdown(
    f"The spread falls from {walks.std():.2f} to {half.std():.2f} mag, and the "
    f"structure function now tends to {far:.2f}, SF itself: every amplitude is "
    "smaller by the root of two, which no light curve can hide. The two readings "
    "are a factor that must be stated, not a detail."
)

# %% [markdown]
# **2.** Ten years of $\tau = 300$ days are about twelve memories long. How well can *any* method know the mean magnitude?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
times, many = np.arange(0.0, 3650, 5), 2000
numbers = (np.full((many, 6), value) for value in (0.3, 300.0))
ends = np.array([0, len(times)])
flicker = drw.simulate(times, ends, np.zeros(many, int), *numbers, rng)[:, :, 0]
error, law = flicker.mean(axis=1).std(), 0.3 * np.sqrt(2 * 300 / 3650)
Markdown(
    f"To {error:.2f} mag; $\\sigma\\sqrt{{2\\tau/T}}$ is {law:.2f}. The error of "
    "a mean over ten years is a good part of the flicker, however many visits "
    "there are. A simulator that hands a network noiseless means hands it more "
    "than a survey can."
)

# %% [markdown]
# **3.** Give the scattered spectra a slope scatter of 0.05 instead of 0.3. How much of the artefact is back?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
some = population.sample(settings["tracks"], rng, "lsst_bright", 0.05)
m = population.targets_from_latents(some)[:, 15:]
m += 0.001 * rng.standard_normal(m.shape)
little = np.median(np.abs(locus.nearest(m)[:, 0] - some[:, 6]))
typical = {name: np.median(each) for name, each in line_error.items()}
Markdown(
    f"The median error is {little:.4f}, where the line itself has "
    f"{typical['one spectrum']:.4f} and real slopes {typical['scattered']:.4f}. It "
    "follows the scatter: what the sky does not hold fixed must not be held fixed "
    "by a simulator, not even nearly."
)

# %% [markdown]
# **4.** Let all objects share the random numbers of their 200 draws, as many programs do for speed. What happens to the typical width of
# the posterior of log M, over hundreds of objects?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
import torch

from agnbook.banp import asynchronous, mixtures

some = realistic.simulate(settings["shared"], rng)
raw = own.raw(asynchronous.features(some))


def width(seed, objects):
    """Median width of log M from 200 draws; `objects` = 1 shares their numbers."""
    g = torch.Generator().manual_seed(seed)
    uniform = torch.rand((objects, 200), generator=g).expand(len(raw), -1)
    noise = torch.randn((objects, 9, 200), generator=g).expand(len(raw), -1, -1)
    drawn = mixtures.draws(raw, uniform.contiguous(), noise, 9, own.components)
    return drawn[..., 4].std(1).median().item()


shared, each = (np.array([width(k, n) for k in range(8)]) for n in (1, len(raw)))
shared, each = (100 * some.std() / some.mean() for some in (shared, each))
Markdown(
    f"From one set of numbers to the next it differs by {shared:.1f} %, and by "
    f"{each:.1f} % where each object has its own. The spread of $n$ draws is known "
    "to one part in $\\sqrt{2n}$; shared numbers make that error the same for all "
    "objects, and no number of objects averages it away. A calibration curve then "
    "shows it as a fault of the network."
)

# %% [markdown]
# ## What this chapter claims

# %% tags=["hide-input"]
test = scores.loc["test"]
speed = claims.Measured(float(rate), n=settings["batch"])
measured = {"lightcurves.curves_per_second": speed}
for name in ("mae", "logm_rms", "calibration"):
    ends = test[f"{name}_low"], test[f"{name}_high"]
    measured[f"lightcurves.realistic.{name}"] = claims.Measured(
        float(test[name]), tuple(map(float, ends)), int(test.n)
    )
for name, row in mae.iterrows():
    measured[f"lightcurves.floor.{name}"] = claims.Measured(
        float(row.difference), (float(row["from"]), float(row["to"])), int(row.n)
    )
claims.publish(measured, settings, seed)
