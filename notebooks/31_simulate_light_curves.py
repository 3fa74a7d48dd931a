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
# **You will** build a population of quasars, give each a variable light curve in six bands, and look at it with an
# LSST-like survey: the data of {cite:t}`park2021`, from the published laws, without their files.
#
# **You will learn** how 21 target quantities hang on only seven numbers, how to sample a damped random walk exactly, and
# which shortcuts of a simulator a network can later exploit.
#
# **You need** nothing but this package. The chapter runs in seconds. The mathematics is in {ref}`theory-light-curves`.
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
import pandas as pd

from agnbook.chapter import claims, figures, run_box, sizes, stored
from agnbook.lightcurves import cadence, dataset, drw, noise, population

settings = sizes.load("31_simulate_light_curves", profile)
figures.use_book_style()

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(
    settings,
    computed="every number but the simulation speed",
    loaded="the measured simulation speed",
)

# %% [markdown]
# ## Seven numbers behind 21 targets
#
# The paper asks for 21 quantities: the time-scale and the amplitude of the variability and the mean magnitude in each of
# six bands, the black-hole mass, the absolute magnitude and the redshift. They follow the laws of {cite:t}`macleod2010`,
#
# $$\log f = A + B \log\frac{\lambda_\mathrm{rest}}{4000\,\mathrm{A}} + C\,(M_i + 23) + D \log\frac{M}{10^9 M_\odot},$$
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
rng = np.random.default_rng(seed)
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
pd.DataFrame({"DC2 table": DC2, "this population": ours}).T

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
# which no survey reaches at such magnitudes. The book therefore keeps three settings apart: `dc2_like` (as the paper:
# constant noise, one driver), `lsst_bright` (i < 22.5 with single-visit noise) and `independent` (as the first, but each
# band driven by itself).
#
# ## A damped random walk, exactly
#
# $x(t+\Delta) = a\,x(t) + \sigma\sqrt{1-a^2}\,e$ with $a = \exp(-\Delta/\tau)$ is exact for any step, so the walk is sampled only
# where it is needed. Theory says what must come out: standard deviation $\sigma$, autocorrelation $\exp(-\Delta/\tau)$,
# structure function $\sigma\sqrt{2(1-\exp(-\Delta/\tau))}$.

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
    for band, colour in {0: "blue", 2: "green", 5: "orange"}.items():
        style = {"color": figures.COLORS[colour], "ms": 2, "lw": 0.5}
        ax.plot(t, curves.truth[0, :, band], **style)
        points = curves.observed[0, seen, band]
        ax.plot(t[seen], points, ".", label=population.BANDS[band], **style)
    ax.set_xlabel("time (days)")
axes[0].set_ylabel("magnitude (AB)")
axes[0].invert_yaxis()
_ = axes[1].legend(markerscale=4)
# %%
unvisited = ~curves.is_visit[0, : curves.length[0]]
print(f"visits: {seen.sum()}; unvisited grid times: {unvisited.sum()}")
theta = targets[0, [0, 5]]
print(f"ratio of time-scales u to Y: {10 ** (theta[0] - theta[1]):.2f}")

# %% [markdown]
# :::{warning}
# **The shortcut in this simulator.** With one driver the six bands are six filters of *one* noise sequence. The time-scale then
# shows in how the bands differ, with almost no cosmic variance, and a model that knows this finds it to a few
# hundredths of a dex. Real bands do not share a driver so exactly. The book publishes results with and without it.
# :::
#
# ## How fast is it?
#
# The walk is a compiled loop; population, cadence, noise and all six bands are included in the figure below.


# %% tags=["nbval-ignore-output"]
measured_speed = stored.table(
    "results/light_curve_speed.csv",
    lambda: dataset.speed(settings["batch"], settings["batches"]),
    settings=settings,
    seed=seed,
)

# %%
rate = measured_speed.curves_per_second[0]
print(f"{rate:.3g} six-band curves a second on one core")

# %% [markdown]
# ## Recap
#
# - Seven numbers fix the 21 targets; the targets are nearly degenerate.
# - The walks are exact at any cadence and agree with theory; the population agrees with the DC2 table.
# - Three settings: `dc2_like`, `lsst_bright`, `independent`. In the first, one shared driver gives the time-scale away.
#
# ## Exercises
#
# 1. By how much do the amplitudes change if SF is read as {cite:t}`macleod2010` define it? Simulate one curve both ways.
#
#    :::{admonition} Solution
#    :class: dropdown
#    Pass `sigma / np.sqrt(2)` to `drw.simulate`: every deviation shrinks by 1.41, and the structure function now tends to SF itself.
#    :::
# 2. DC2 gives every quasar one spectrum. Let spectral slopes scatter and look at the colours.
#
#    :::{admonition} Solution
#    :class: dropdown
#    `population.sample(1000, rng, slope_scatter=population.REALISTIC_SLOPE_SCATTER)` adds the eighth number; plot u - i against redshift
#    for both: the narrow track becomes a band, and colours no longer give the redshift alone.
#    :::

# %% tags=["hide-input"]
speed = claims.Measured(
    float(measured_speed.curves_per_second[0]), n=settings["batch"]
)
claims.publish({"lightcurves.curves_per_second": speed}, settings, seed)
