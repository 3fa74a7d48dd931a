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
# (ch-prepare-features)=
# # Prepare the features
#
# :::{admonition} In this chapter
# **You will** read the Fermi-LAT catalogue of active galactic nuclei, draw it, and turn it into the two tables that
# {cite:t}`gharat2023` learn from: 24 features for redshifts, 7 for blazar classes.
#
# **You will learn** what a missing value means in each column, why a harmless-looking cut can change the question, and
# how every later number depends on a handful of lines in this chapter.
#
# **You need** the two files of 4LAC-DR3 {cite:p}`ajello2022`; see {ref}`data`. The chapter runs in seconds.
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

from agnbook.chapter import claims, figures, run_box, sizes
from agnbook.sky import catalogs, features, source_classes

settings = sizes.load("11_prepare_features", profile)
figures.use_book_style()

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(settings, catalogs=("4lac-dr3-h", "4lac-dr3-l"))

# %% [markdown]
# ## Read the catalogue
#
# `catalogs.read` finds a file, checks its SHA-256 and returns a table with one row a source. 4LAC comes as two files:
# `-h` for Galactic latitudes beyond 10 degrees, `-l` for the sources closer to the Galactic plane.

# %%
high = catalogs.read("4lac-dr3-h")
both = catalogs.read_4lac()
columns = [
    "Source_Name", "GLON", "GLAT", "PL_Index", "CLASS", "ASSOC1", "Redshift",
    "nu_syn", "Highest_energy",
]  # fmt: skip
high[columns].head(4)

# %% [markdown]
# Two things strike the eye. `CLASS` is sometimes in upper case: that marks a firm identification (for instance by
# correlated variability) and is no class of its own, so we compare classes in lower case. And `-inf` appears where a
# number should be: this is how the file says "not given". Which sources are there?

# %%
physical_class = source_classes.physical_class(both)
latitude = both["file"].map({"h": "high latitude", "l": "low latitude"})
counts = pd.crosstab(physical_class, latitude, margins=True)
counts.sort_values("All", ascending=False)

# %% [markdown]
# Blazars make up nearly everything: BL Lacs (`bll`), flat-spectrum radio quasars (`fsrq`) and blazar candidates of
# uncertain type (`bcu`). The rest is a few dozen radio galaxies and narrow-line Seyferts.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-sky", "caption": "4LAC-DR3 in Galactic coordinates (Aitoff projection). The empty band is the Galactic plane, where counterparts are hard to find."}, "image": {"alt": "Sky map of 4LAC sources by class: BL Lacs, quasars and uncertain blazars fill the sky away from the Galactic plane."}}
fig, ax = plt.subplots(figsize=(7.5, 4.2), subplot_kw={"projection": "aitoff"})
for name in ("bcu", "bll", "fsrq"):
    rows = both[physical_class == name]
    style = {"s": 4, "color": figures.CLASS_COLORS[name], "alpha": 0.7}
    figures.sky_map(ax, rows["GLON"], rows["GLAT"], label=name, **style)
ax.legend(loc="upper right", markerscale=3, bbox_to_anchor=(1.08, 1.08))
plt.show()

# %%
plane = both["GLAT"].abs() < 10
is_bcu = physical_class == "bcu"
print(
    f"{plane.mean():.1%} of the sources lie within 10 degrees of the plane,",
    end=" ",
)
print("which is 17 % of the sky.")
print(f"bcu fraction: {is_bcu[plane].mean():.2f} near the plane,", end=" ")
print(f"{is_bcu[~plane].mean():.2f} elsewhere")

# %% [markdown]
# Near the plane, optical spectra are scarce and more sources stay unclassified. A classifier trained on the labelled
# sources is asked about others that differ from them: the theme of Part II.
#
# ## What is missing, and what that means
#
# No single rule treats missing values well, because they do not mean the same thing from one column to the next.

# %%
redshift = features.known_redshift(high)
high_class = source_classes.physical_class(high)
missing = pd.DataFrame(
    {
        "no redshift": ~np.isfinite(redshift),
        "no SED fit (nu_syn = 0)": ~features.has_sed(high),
        "no photon above 10 GeV": ~np.isfinite(high["Highest_energy"]),
        "Unc_LP_beta not a number": high["Unc_LP_beta"].isna(),
        "Unc_Frac_Variability = 10": high["Unc_Frac_Variability"] == 10,
    }
)
table = missing.groupby(high_class).mean().loc[["bll", "fsrq", "bcu"]].T
table["all sources"] = missing.mean()
table.round(3)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-missing", "caption": "What is missing in the high-latitude file, by class."}, "image": {"alt": "Bar chart of the fraction of missing values by class for five columns; no quasar lacks a redshift, half of them lack a photon above 10 GeV."}}
fig, ax = plt.subplots(figsize=(7, 3.6))
positions = np.arange(len(table))
for offset, name in zip((-0.27, 0, 0.27), ("bll", "fsrq", "bcu"), strict=True):
    style = {"height": 0.25, "color": figures.CLASS_COLORS[name], "label": name}
    ax.barh(positions + offset, table[name], **style)
ax.set_yticks(positions, table.index)
ax.invert_yaxis()
ax.set_xlabel("fraction of the class")
ax.legend()
plt.show()

# %%
quasars = high_class == "fsrq"
smallest = high["Highest_energy"][np.isfinite(high["Highest_energy"])].min()
without = quasars & ~np.isfinite(redshift)
print(f"quasars without a redshift: {without.sum()} of {quasars.sum()}")
print(f"smallest Highest_energy in the file: {smallest:.2f} GeV")

# %% [markdown]
# Read the table row by row.
#
# - **Redshift.** Not one quasar lacks it: the broad lines that make a source an FSRQ also give its redshift. Whoever
#   predicts "sources without redshift" predicts BL Lacs and BCUs only.
# - **SED.** Where no synchrotron peak could be fitted both `nu_syn` and `nuFnu_syn` are 0. BCUs lack it twice as often
#   as BL Lacs.
# - **Highest energy.** Never below 10 GeV, so `-inf` is not an unknown number. It says that the LAT saw *no photon above
#   10 GeV*: a soft or a distant source. That is a measurement.
# - **`Unc_Frac_Variability` = 10** is a sentinel for "variability not measurable".
#
# ## 24 features for redshifts
#
# The paper says that 24 features were chosen and that sources with missing values were dropped, which left 1224. The
# authors' public notebooks tell which: those with a redshift, a finite `Unc_LP_beta`, and a finite `Highest_energy`.

# %%
cuts = features.redshift_cuts(high)
cuts.round(3)

# %% [markdown]
# The last cut costs a third of the sources and half of the quasars. It also moves the median redshift, because a distant
# source loses its highest-energy photons to the extragalactic background light and to its softer spectrum.

# %% tags=["hide-input"]
known = np.isfinite(redshift)
kept = known & np.isfinite(high["Highest_energy"]) & high["Unc_LP_beta"].notna()
dropped = known & ~kept
parts = (kept, "kept", "blue"), (dropped, "dropped", "orange")
panels = {"all classes": pd.Series(True, high.index), "FSRQs only": quasars}
bins = np.linspace(0, 3.5, 36)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-cut", "caption": "Redshifts of the sources that the cut on Highest_energy keeps and drops. Lines mark the medians."}, "image": {"alt": "Two redshift histograms: kept sources peak at low redshift, dropped sources near redshift one."}}
fig, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharex=True)
for ax, (title, group) in zip(axes, panels.items(), strict=True):
    for mask, name, color in parts:
        values = redshift[mask & group]
        style = {"histtype": "step", "lw": 1.6, "color": figures.COLORS[color]}
        ax.hist(values, bins, label=f"{name}, n = {len(values)}", **style)
        if title == "all classes":
            line = {"color": figures.COLORS[color], "ls": "--", "lw": 1}
            ax.axvline(np.median(values), **line)
    ax.set(xlabel="redshift", ylabel="sources", title=title)
    ax.legend()
plt.show()

# %%
medians = {
    "kept": np.median(redshift[kept]),
    "dropped": np.median(redshift[dropped]),
}
fsrqs = {
    "kept": int((kept & quasars).sum()),
    "dropped": int((dropped & quasars).sum()),
}
print(
    "median redshift:",
    ", ".join(f"{key} {z:.2f}" for key, z in medians.items()),
    end="; ",
)
print("FSRQs:", ", ".join(f"{key} {count}" for key, count in fsrqs.items()))

# %% [markdown]
# So the 1224 are not a random part of the catalogue: a redshift model trained and scored on them answers for sources
# *with* a photon above 10 GeV. {ref}`Chapter 13 <ch-calibrate-redshifts>` shows that the dropped sources, used in training
# only, make the model better.
#
# The features themselves: eight columns as they are, ten as natural logarithms, the two SED columns with a small offset so
# that a missing fit stays finite, and four categories as whole numbers. A missing SED class becomes the most frequent one.

# %%
regression = features.redshift_features(high)
print(f"{len(regression)} sources, {regression.X.shape[1]} features")
regression.X.describe().T[["mean", "std", "min", "max"]].round(2)

# %% tags=["hide-input"]
chosen = {
    "PL_Index": "photon index",
    "Pivot_Energy": "ln (pivot energy / MeV)",
    "nu_syn": "ln (nu_syn / Hz + 1e12)",
    "Flux1000": "ln (flux above 1 GeV)",
}

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-redshift-features", "caption": "Four of the 24 features against redshift. Spearman's rank correlation is printed below."}, "image": {"alt": "Scatter plots of photon index, pivot energy, synchrotron peak frequency and flux against redshift, coloured by class."}}
fig, axes = plt.subplots(2, 2, figsize=(7.5, 5.4), sharey=True)
classes = source_classes.physical_class(regression.info).to_numpy()
for ax, (name, label) in zip(axes.flat, chosen.items(), strict=True):
    for source_class in ("bll", "fsrq"):
        rows = classes == source_class
        color = figures.CLASS_COLORS[source_class]
        style = {"s": 5, "alpha": 0.5, "color": color, "label": source_class}
        ax.scatter(regression.X[name][rows], regression.y[rows], **style)
    ax.set(xlabel=label, ylabel="redshift")
axes[0, 0].legend(markerscale=2)
plt.show()

# %%
target = pd.Series(regression.y, regression.X.index)
regression.X[list(chosen)].corrwith(target, method="spearman").round(2)

# %% [markdown]
# Soft spectra, low pivot energies and low synchrotron peaks go with high redshift, yet much of that is the difference
# between the two classes. Within a class the clouds are broad: expect a floor to what any model can reach.
#
# ## 7 features for blazar classes
#
# For BL Lac against FSRQ the paper takes both files, keeps sources without analysis flags, and uses seven columns that
# every source has, so that none is lost.

# %%
classification = features.blazar_features(both)
labels = pd.Series(classification.y).map({0.0: "BL Lac", 1.0: "FSRQ"}).fillna("BCU")
print(
    f"{len(classification)} sources, {classification.X.shape[1]} features:", end=" "
)
print(", ".join(f"{count} {name}" for name, count in labels.value_counts().items()))

# %% tags=["hide-input"]
titles = {
    "PL_Index": "photon index", "LP_Index": "log-parabola index",
    "Frac_Variability": "fractional variability",
    "Pivot_Energy": "ln (pivot energy / MeV)",
    "Variability_Index": "ln variability index",
    "nuFnu_syn": "ln (nuFnu_syn + 1e-12)", "nu_syn": "ln (nu_syn / Hz + 1e12)",
}  # fmt: skip
y = classification.y
groups = {"bll": y == 0, "fsrq": y == 1, "bcu": np.isnan(y)}
line = {"density": True, "histtype": "step", "lw": 1.4}

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-blazar-features", "caption": "The seven classification features. BCUs lie between the two classes, and their missing SED fits pile up at one value."}, "image": {"alt": "Seven histograms comparing BL Lacs, FSRQs and BCUs; photon index separates the classes best."}}
fig, axes = plt.subplots(2, 4, figsize=(9.5, 4.6))
for ax, (name, title) in zip(axes.flat, titles.items(), strict=False):
    values = classification.X[name].to_numpy()
    bins = np.linspace(*np.quantile(values, [0.002, 0.998]), 30)
    for source_class, rows in groups.items():
        color = figures.CLASS_COLORS[source_class]
        ax.hist(values[rows], bins, color=color, label=source_class, **line)
    ax.set(xlabel=title, yticks=[])
fig.supylabel("density")
axes.flat[-1].axis("off")
axes.flat[-1].legend(*axes.flat[0].get_legend_handles_labels(), loc="center")
plt.show()

# %%
no_sed = ~features.has_sed(classification.info)
text = [f"{name} {no_sed[rows].mean():.0%}" for name, rows in groups.items()]
print("without an SED fit: " + ", ".join(text))

# %% [markdown]
# The BCUs, for which the classifier is made, lack the SED far more often than the sources it learns from. That is a
# covariate shift inside paper 1, and {ref}`chapter 14 <ch-classify-blazars>` scores the two groups apart.
#
# ## What this chapter claims

# %% tags=["hide-input"]
numbers = {
    "redshift.rows": (len(regression), len(high)),
    "redshift.known": (known.sum(), len(high)),
    "blazars.rows": (len(classification), len(both)),
    "redshift.fsrq_lost": (fsrqs["dropped"], quasars.sum()),
    "redshift.median_kept": (medians["kept"], kept.sum()),
    "redshift.median_dropped": (medians["dropped"], dropped.sum()),
}
numbers |= {
    f"blazars.{name}": (rows.sum(), len(both)) for name, rows in groups.items()
}
measured = {
    f"data.{key}": claims.Measured(ours, n=n) for key, (ours, n) in numbers.items()
}
claims.publish(measured, settings, seed)

# %% [markdown]
# ## Recap
#
# - The cuts reproduce the paper's sample sizes exactly.
# - `-inf` in `Highest_energy` is a measurement, and dropping it removes half of the quasars and the distant sources.
# - Missing redshifts and missing SEDs are not random: targets of the prediction differ from the training sample.
#
# ## Exercises
#
# **1.** How many of the sources without a redshift could the paper's redshift model be applied to at all?
#
# :::{admonition} Solution
# :class: dropdown
# ```python
# unknown = features.redshift_features(high, known=False)
# len(unknown), (~known).sum()
# ```
# Those without a photon above 10 GeV drop out here too.
# :::
#
# **2.** Keep the sources without a photon above 10 GeV by giving them a value just below the limit. Does the correlation
# of `Highest_energy` with redshift become stronger or weaker?
#
# :::{admonition} Solution
# :class: dropdown
# ```python
# energy = high["Highest_energy"].where(np.isfinite(high["Highest_energy"]), 8.0)
# pd.Series(redshift[known]).corr(np.log(energy[known]).reset_index(drop=True), method="spearman")
# pd.Series(redshift[kept]).corr(np.log(energy[kept]).reset_index(drop=True), method="spearman")
# ```
# Stronger in absolute value: absence of such photons carries information.
# :::
#
# **3.** Find a feature whose distribution differs between BCUs with and without an SED fit. What might cause it?
#
# :::{admonition} Solution
# :class: dropdown
# ```python
# bcu = classification.info[groups["bcu"]]
# bcu.groupby(features.has_sed(bcu))[["Signif_Avg", "PL_Index", "Variability_Index"]].median()
# ```
# Compare the medians of `Signif_Avg`: whether an SED could be fitted depends on how well a source has been followed up,
# and bright sources are followed up first.
# :::
