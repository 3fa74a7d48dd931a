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
# **The question:** which numbers of the {term}`4LAC` catalogue do the models of {cite:t}`gharat2023` learn from, and
# which sources do the 1224 that are left stand for?
#
# **You will** see why gamma rays hint at a distance at all, turn the catalogue into 24 features for redshifts and 7 for
# classes, and follow one source on the way.
#
# **You will learn** what a missing value means in each column, and how to tell *what* a cut selects before you say *why*.
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
from astropy.cosmology import FlatLambdaCDM
from IPython.display import Markdown
from scipy.stats import rankdata

from agnbook.chapter import claims, figures, run_box, sizes
from agnbook.judge import scores
from agnbook.sky import catalogs, columns, features, source_classes

settings = sizes.load("11_prepare_features", profile)
figures.use_book_style()
pd.set_option("display.max_colwidth", None)

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(settings, catalogs=("4lac-dr3-h", "4lac-dr3-l"))

# %% [markdown]
# ## A toy: why should gamma rays know a distance?
#
# No line marks the redshift in a gamma-ray spectrum. What helps is that telescopes have a limit. Make ten thousand
# galaxies, the luminous ones rare and with *soft* spectra (few photons at high energy), spread them through space, and
# keep those that are bright enough to be seen.

# %%
cosmology = FlatLambdaCDM(H0=70, Om0=0.3)
grid = np.linspace(0.01, 2.5, 300)
MPC_IN_CM = 3.0857e24


def area(z):
    """4 pi times the squared luminosity distance, in cm²."""
    distance = cosmology.luminosity_distance(grid).value * MPC_IN_CM
    return 4 * np.pi * np.interp(z, grid, distance) ** 2


# %%
rng = np.random.default_rng(seed)
z_toy = rng.uniform(0.02, 2.5, 10_000)
log_luminosity = 44 + rng.exponential(0.8, 10_000)
softness = 1.8 + 0.2 * (log_luminosity - 44) + rng.normal(0, 0.15, 10_000)
flux = 10**log_luminosity / area(z_toy)
seen = flux > 2e-12
for name, rows in (("all", slice(None)), ("those seen", seen)):
    r = np.corrcoef(z_toy[rows], softness[rows])[0, 1]
    print(f"{name}: correlation of redshift and softness {r:+.2f}")

# %% [markdown]
# In the toy, softness has *nothing* to do with distance; the limit makes it tell. Far away only the luminous galaxies are
# seen, and those are soft. The flux itself says little: near and faint looks like far and luminous. Here is the real
# sky beside the toy.

# %%
high = catalogs.read("4lac-dr3-h")
both = catalogs.read_4lac()
redshift = features.known_redshift(high)
kind = source_classes.physical_class(high)
known = np.isfinite(redshift)
luminosity = high["Energy_Flux100"] * area(np.where(known, redshift, np.nan))

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-limit", "caption": "Gamma-ray luminosity against redshift; colour is softness (the photon index). Left: the toy, seen galaxies only. Right: 4LAC, sources with a redshift. The empty corner at the lower right is the flux limit."}, "image": {"alt": "Two scatter plots. In both, points lie above a rising curve, and the luminous distant ones are the soft ones."}}
fig, axes = plt.subplots(1, 2, figsize=(8.5, 3.6), sharex=True, sharey=True)
style = {"s": 5, "cmap": "viridis", "vmin": 1.7, "vmax": 2.8}
axes[0].scatter(z_toy[seen], 10 ** log_luminosity[seen], c=softness[seen], **style)
points = axes[1].scatter(redshift, luminosity, c=high["PL_Index"], **style)
for ax, title in zip(axes, ("toy", "4LAC"), strict=True):
    ax.set(yscale="log", xlabel="redshift", title=title, xlim=(0, 2.6))
axes[0].set(ylabel="luminosity above 100 MeV (erg/s)", ylim=(1e42, 1e49))
fig.colorbar(points, ax=axes, label="photon index")
plt.show()

# %%
for name, mask in {
    "all": known,
    "BL Lacs": kind == "bll",
    "FSRQs": kind == "fsrq",
}.items():
    rows = known & mask
    r = pd.Series(redshift[rows]).corr(
        high["PL_Index"][rows].reset_index(drop=True), method="spearman"
    )
    print(f"{name}: rank correlation of redshift and photon index {r:+.2f}")

# %% [markdown]
# Much of the hint is the difference between two classes: flat-spectrum radio quasars ({term}`FSRQ`) are luminous, soft and
# far, {term}`BL Lac` objects the opposite. Within a class the hint is weak. Expect a floor that no model gets below.
#
# ## 41 columns
#
# The paper's "41 features" are the 41 columns of the file. This is what they tell, and how many of each group the
# paper's 24 are.

# %%
chosen = set(features.REDSHIFT_FEATURES)
groups = {
    group: (len(names), sum(name in chosen for name in names), ", ".join(names))
    for group, names in columns.COLUMNS_4LAC.items()
}
table = pd.DataFrame.from_dict(
    groups, orient="index", columns=["columns", "in the 24", "names"]
)
print(f"{table['columns'].sum()} columns, {table['in the 24'].sum()} chosen")
table

# %% [markdown]
# The paper follows {cite:t}`coronado2023` in its choice but does not print it; the authors' notebooks do. Left out are
# names and positions of the counterpart, and the high-energy peak. `CLASS` is in: a redshift network is told whether it
# looks at a quasar. Here is the sky.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-sky", "caption": "4LAC-DR3 in Galactic coordinates (Aitoff projection), both files. Sources thin out towards the Galactic plane, where counterparts are hard to find, and more of them stay unclassified there."}, "image": {"alt": "Sky map of 4LAC sources by class; fewer sources near the Galactic plane."}}
physical_class = source_classes.physical_class(both)
fig, ax = plt.subplots(figsize=(7.5, 4.2), subplot_kw={"projection": "aitoff"})
for name in ("bcu", "bll", "fsrq"):
    rows = both[physical_class == name]
    style = {"s": 4, "color": figures.CLASS_COLORS[name], "alpha": 0.7}
    figures.sky_map(ax, rows["GLON"], rows["GLAT"], label=name, **style)
ax.legend(loc="upper right", markerscale=3, bbox_to_anchor=(1.08, 1.08))
plt.show()

# %%
plane = both["GLAT"].abs() < 10
share = np.sin(np.deg2rad(10))
counts = physical_class.value_counts()
print(
    ", ".join(f"{counts[name]} {name}" for name in ("bll", "fsrq", "bcu")), end=", "
)
print(f"{len(both) - counts[['bll', 'fsrq', 'bcu']].sum()} others")
print(f"within 10° of the plane: {plane.mean():.1%} of sources", end=", ")
print(f"{share:.0%} of the sky")
for name, rows in (("near the plane", plane), ("elsewhere", ~plane)):
    uncertain = (physical_class[rows] == "bcu").mean()
    print(f"blazars of uncertain type {name}: {uncertain:.0%}")

# %% [markdown]
# ## What is missing, and what that means
#
# A missing value does not mean the same thing from one column to the next.

# %%
missing = pd.DataFrame(
    {
        "no redshift": ~known,
        "no SED fit (nu_syn = 0)": ~features.has_sed(high),
        "no photon above 10 GeV": ~np.isfinite(high["Highest_energy"]),
        "Unc_LP_beta not a number": high["Unc_LP_beta"].isna(),
        "Unc_Frac_Variability = 10": high["Unc_Frac_Variability"] == 10,
    }
)
table = missing.groupby(kind).mean().loc[["bll", "fsrq", "bcu"]].T

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-missing", "caption": "What is missing in the high-latitude file, by class. No quasar lacks a redshift; about half of the quasars and more of the BCUs have no photon above 10 GeV."}, "image": {"alt": "Bar chart of the fraction of missing values by class for five columns; no quasar lacks a redshift, half of them lack a photon above 10 GeV."}}
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
table.map("{:.0%}".format)

# %% [markdown]
# - **Redshift.** Not one quasar lacks it: the broad lines that make a source an FSRQ also give its redshift. Whoever
#   predicts "sources without redshift" predicts BL Lacs and blazars of uncertain type ({term}`BCU`).
# - **SED.** Where no synchrotron peak could be fitted to the {term}`SED`, both `nu_syn` and `nuFnu_syn` are 0. BCUs lack it
#   twice as often as BL Lacs.
# - **Highest energy.** The smallest listed value is just above 10 GeV. So `-inf` is not an unknown number: the LAT saw *no
#   photon above 10 GeV*. That is a measurement.
# - **`Unc_Frac_Variability` = 10** says "variability not measurable".
#
# ## The cut that makes 1224
#
# Of the sources with a redshift the paper keeps those with a finite `Unc_LP_beta` and a finite `Highest_energy`.

# %%
cuts = features.redshift_cuts(high).round({"median_redshift": 2})
cuts.rename(columns={"median_redshift": "median redshift", "fsrq": "FSRQs"})

# %% [markdown]
# The last cut costs a third of the sources and half of the quasars, and the redshifts of the dropped differ.

# %% tags=["hide-input"]
quasars = kind == "fsrq"
photon = np.isfinite(high["Highest_energy"])
kept = (known & photon & high["Unc_LP_beta"].notna()).to_numpy()
dropped = known & ~kept
parts = (kept, "kept", "blue"), (dropped, "dropped", "orange")
panels = {"all": known, "FSRQs": quasars, "BL Lacs": kind == "bll"}
bins = np.linspace(0, 3.5, 29)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-cut", "caption": "Redshifts of the sources that the cut keeps and drops, each normalised to 1. Dashed lines mark the medians. Together the dropped lie farther; within a class, hardly."}, "image": {"alt": "Three pairs of histograms. Together, the dropped sources lie farther; within each class the two histograms are nearly alike."}}
fig, axes = plt.subplots(1, 3, figsize=(9.5, 3.2), sharex=True)
for ax, (title, group) in zip(axes, panels.items(), strict=True):
    for mask, name, color in parts:
        values = redshift[mask & group]
        style = {"histtype": "step", "lw": 1.6, "color": figures.COLORS[color]}
        ax.hist(values, bins, density=True, label=f"{name}, {len(values)}", **style)
        ax.axvline(np.median(values), color=figures.COLORS[color], ls="--", lw=1)
    ax.set(xlabel="redshift", title=title)
    ax.legend(fontsize=9)
axes[0].set_ylabel("density")
plt.show()

# %%
medians = {name: np.median(redshift[mask]) for mask, name, _ in parts}
fsrqs = {name: int((mask & quasars).sum()) for mask, name, _ in parts}
for mask, name, _ in parts:
    bll = np.median(redshift[mask & (kind == "bll")])
    print(
        f"{name}: median redshift {medians[name]:.2f}, of BL Lacs alone {bll:.2f}; "
        f"FSRQs {fsrqs[name]} of {mask.sum()} ({fsrqs[name] / mask.sum():.0%})"
    )

# %% [markdown]
# A tempting sentence comes to mind: "distant sources lose their highest photons to the extragalactic background light
# ({term}`EBL`)". Three tests could refute it.
#
# **Test 1: the threshold.** A gamma ray dies on a background photon only if both together can make an electron pair:
# $E_\gamma (1+z)\, \epsilon \geq (m_e c^2)^2$ head-on.

# %%
ELECTRON_EV = 0.511e6
for energy_gev in (10, 100, 1000):
    needed = ELECTRON_EV**2 / (energy_gev * 1e9 * 2)  # eV, at z = 1
    print(
        f"{energy_gev} GeV, z = 1: a background photon of at least {needed:.2g} eV"
    )

# %% [markdown]
# At 10 GeV only ultraviolet photons near the Lyman limit (13.6 eV) would do, and of those there are next to none. From
# some 100 GeV on starlight does it, and the sky turns opaque. Below that, EBL cannot empty a column that begins
# at 10 GeV.
#
# **Test 2: the mix of classes.** The difference of two means splits exactly into what the *mix* of classes does and what
# happens *within* the classes.

# %%
mixed = np.where(kind.isin(["bll", "fsrq", "bcu"]), kind, "other")


def split_shift(z, source_class, is_dropped):
    """Mean of the dropped minus mean of the kept: (by the mix, within classes)."""
    share = pd.crosstab(source_class, is_dropped, normalize="columns")
    mean = pd.Series(z).groupby([source_class, is_dropped]).mean().unstack()
    mix = (share[True] - share[False]) * mean.mean(axis=1)
    within = (mean[True] - mean[False]) * share.mean(axis=1)
    return mix.sum(), within.sum()


rows = redshift[known], mixed[known], dropped[known]
by_mix, within = split_shift(*rows)


# %%
def part(number):
    """One part of the split, as a statistic."""
    return lambda *columns: split_shift(*columns)[number]


spread = [
    scores.bootstrap(part(number), *rows, n_resamples=200) for number in (0, 1)
]
for name, value, (low, top) in zip(
    ("mix of classes", "within classes"), (by_mix, within), spread, strict=True
):
    print(f"{name}: {value:+.2f} ({low:+.2f} to {top:+.2f}) in mean redshift")

# %% [markdown]
# Most of the shift is the mix: more quasars are dropped.
#
# **Test 3: faint or far?** A faint, soft source is not expected to give a photon above 10 GeV from *any* distance. Among sources
# of one class, does its absence follow the flux that the spectrum predicts there, or the redshift once that flux is
# held fixed?


# %%
def partial(a, b, given):
    """Rank correlation of a and b with `given` held fixed."""
    a, b, given = (rankdata(values) for values in (a, b, given))
    design = np.column_stack([np.ones(len(given)), given])
    residual = [
        v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (a, b)
    ]
    return np.corrcoef(*residual)[0, 1]


# %%
expected = high["Flux1000"] * 10 ** (1 - high["PL_Index"])  # above 10 GeV
faint_or_far = {}
for name in ("fsrq", "bll"):
    rows = known & (kind == name).to_numpy()
    data = (~photon)[rows], redshift[rows], expected[rows]
    faint = np.corrcoef(rankdata(data[0]), rankdata(data[2]))[0, 1]
    interval = scores.bootstrap(partial, *data, n_resamples=200)
    faint_or_far[name] = partial(*data), interval
    print(f"{name}: absence and expected flux {faint:+.2f};", end=" ")
    print(
        f"and redshift at fixed flux {partial(*data):+.2f} "
        f"({interval[0]:+.2f} to {interval[1]:+.2f})"
    )

# %% [markdown]
# Absence means *faint at 10 GeV*. At fixed expected flux, distance adds nothing among BL Lacs and little among quasars,
# whose spectra bend downwards at an energy that redshift lowers further. So the 1224 are the sources *bright above
# 10 GeV*, and half of the quasars are not among them. {ref}`Chapter 14 <ch-improve-redshifts>` lets the others in.
#
# ## 24 features
#
# Eight columns as they are, ten as natural logarithms, the two SED columns with a small offset so that a missing
# fit stays finite, four categories as whole numbers. A missing SED class becomes the most frequent one.

# %%
regression = features.redshift_features(high)
treatment = dict.fromkeys(features.REDSHIFT_RAW, "as it is")
treatment |= dict.fromkeys(features.REDSHIFT_LOG, "ln")
treatment |= dict.fromkeys(features.SED_OFFSET, "ln(x + offset)")
treatment |= dict.fromkeys(features.REDSHIFT_CATEGORICAL, "code")
target = pd.Series(regression.y, regression.X.index)
table = regression.X.median().map("{:.3g}".format).to_frame("median, treated")
ranks = regression.X.corrwith(target, method="spearman")
table["rank correlation"] = ranks.round(2)
table.insert(0, "treatment", pd.Series(treatment))
table.insert(0, "meaning", pd.Series(columns.MEANINGS))
print(f"{len(regression)} sources, {regression.X.shape[1]} features")
table.loc[features.REDSHIFT_FEATURES]

# %% [markdown]
# No column alone correlates much with redshift (last column: Spearman's rank correlation); the strongest tell the class.
# Look at `Unc_Flux1000`: raw, and some $10^{-11}$ large. Every column is standardised before a network sees it, so this
# does no harm. The codes of `CLASS` do a little: they follow the alphabet, and no straight line can use that order.

# %% [markdown]
# (one-source)=
# ## One source on its way
#
# PKS 1424+240 is a bright BL Lac, seen up to TeV energies. It is one of the 62 sources on which the paper tests, and the
# next chapters come back to it. Its row, and what the network will see:

# %%
name = "4FGL J1427.0+2348"
raw, row = high.set_index("Source_Name").loc[name], regression.X.loc[name]
scaled = (row - regression.X.mean()) / regression.X.std()
few = ["PL_Index", "Flux1000", "Pivot_Energy", "Highest_energy", "nu_syn", "CLASS"]
pd.DataFrame({"catalogue": raw, "feature": row, "standardised": scaled}).loc[
    few
].map(lambda value: value if isinstance(value, str) else f"{value:.3g}")

# %% [markdown]
# Its spectrum is hard, its flux and its highest photon energy far above the mean: signs of a near source. Its redshift
# is about 0.6. It is that far *and* that bright, a case that a regression must get wrong.
#
# ## Who has no redshift?
#
# The redshift networks will be asked about BL Lacs and BCUs without one. A {term}`BL Lac` is called so because its lines are
# weak or absent; its redshift comes from the host galaxy, if the jet does not outshine it.

# %%
bll = (kind == "bll").to_numpy()
compared = ["Flux1000", "PL_Index", "Variability_Index", "nu_syn"]
values = high[compared].where(high[compared] > 0)


def ratio(column, has_redshift):
    return np.nanmedian(column[~has_redshift]) / np.nanmedian(column[has_redshift])


for name in compared:
    found = ratio(values[name][bll], known[bll])
    low, top = scores.bootstrap(
        ratio, values[name][bll], known[bll], n_resamples=300
    )
    print(f"{name}: median without over with {found:.2f} ({low:.2f} to {top:.2f})")

# %% [markdown]
# BL Lacs without a redshift are *brighter* and have lower synchrotron peaks: stronger jets, in front of hosts that
# may be far. They are no random part of the BL Lacs, and no {term}`cross-validation` on the others can tell how far they are;
# {ref}`chapter 44 <ch-examine-redshifts>` asks those whose redshift was measured later.
#
# ## 7 features for blazar classes
#
# For BL Lac against FSRQ the paper takes both files, keeps sources without analysis flags, and uses seven columns that
# every source has.

# %%
classification = features.blazar_features(both)
y = classification.y
members = {"bll": y == 0, "fsrq": y == 1, "bcu": np.isnan(y)}
print(
    f"{len(classification)} sources, {classification.X.shape[1]} features:", end=" "
)
print(", ".join(f"{rows.sum()} {name}" for name, rows in members.items()))
no_sed = ~features.has_sed(classification.info)
text = [f"{name} {no_sed[rows].mean():.0%}" for name, rows in members.items()]
print("without an SED fit: " + ", ".join(text))

# %% tags=["hide-input"]
titles = {
    "PL_Index": "photon index", "LP_Index": "log-parabola index",
    "Frac_Variability": "fractional variability",
    "Pivot_Energy": "ln (pivot energy / MeV)",
    "Variability_Index": "ln variability index",
    "nuFnu_syn": "ln (nuFnu_syn + 1e-12)", "nu_syn": "ln (nu_syn / Hz + 1e12)",
}  # fmt: skip
line = {"density": True, "histtype": "step", "lw": 1.4}

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-blazar-features", "caption": "The seven classification features. BCUs lie between the two classes, and their missing SED fits pile up at one value."}, "image": {"alt": "Seven histograms comparing BL Lacs, FSRQs and BCUs; photon index separates the classes best."}}
fig, axes = plt.subplots(2, 4, figsize=(9.5, 4.6))
for ax, (name, title) in zip(axes.flat, titles.items(), strict=False):
    values = classification.X[name].to_numpy()
    bins = np.linspace(*np.quantile(values, [0.002, 0.998]), 30)
    for source_class, rows in members.items():
        color = figures.CLASS_COLORS[source_class]
        ax.hist(values[rows], bins, color=color, label=source_class, **line)
    ax.set(xlabel=title, yticks=[])
fig.supylabel("density")
axes.flat[-1].axis("off")
axes.flat[-1].legend(*axes.flat[0].get_legend_handles_labels(), loc="center")
plt.show()

# %% [markdown]
# The BCUs, for which the classifier is made, lack the SED far more often than the sources it learns from: a {term}`covariate shift`
# inside paper 1. {ref}`Chapter 15 <ch-classify-blazars>` scores the two groups apart.
#
# ## What this chapter claims

# %% tags=["hide-input"]
numbers = {
    "catalogue.sources": (len(high), len(high)),
    "catalogue.columns": (high.shape[1], None),
    "redshift.features": (regression.X.shape[1], None),
    "blazars.features": (classification.X.shape[1], None),
    "redshift.rows": (len(regression), len(high)),
    "redshift.known": (known.sum(), len(high)),
    "blazars.rows": (len(classification), len(both)),
    "redshift.fsrq_lost": (fsrqs["dropped"], quasars.sum()),
    "redshift.median_kept": (medians["kept"], kept.sum()),
    "redshift.median_dropped": (medians["dropped"], dropped.sum()),
}
numbers |= {
    f"blazars.{name}": (rows.sum(), len(both)) for name, rows in members.items()
}

# %% tags=["hide-input"]
measured = {
    f"data.{key}": claims.Measured(ours, n=n) for key, (ours, n) in numbers.items()
}
for key, value, interval in zip(
    ("mix", "within"), (by_mix, within), spread, strict=True
):
    measured[f"data.cut.{key}"] = claims.Measured(value, interval, known.sum())
for key, (value, interval) in faint_or_far.items():
    n = (known & (kind == key)).sum()
    measured[f"data.cut.far.{key}"] = claims.Measured(value, interval, n)
claims.publish(measured, settings, seed)

# %% [markdown]
# ## Recap

# %% tags=["remove-input"]
Markdown(
    f"**Answer.** The 1224 are sources with a redshift *and* a photon above 10 GeV. The cut drops {fsrqs['dropped']} of "
    f"{quasars.sum()} quasars, and moves the mean redshift by {by_mix + within:.2f}, of which {by_mix:.2f} is the mix of "
    "classes. What it selects is brightness at 10 GeV, hardly distance."
)

# %% [markdown]
# - Gamma rays hint at redshift because the catalogue has a flux limit: what is seen far away is luminous, and luminous
#   blazars are soft.
# - `-inf` in `Highest_energy` is a measurement; a missing SED or redshift is not random either.
# - Say what a cut selects only after a test that could have said otherwise.
#
# ## Exercises
#
# **1.** How many of the sources without a redshift could the paper's redshift model be applied to at all?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
possible, unknown = len(features.redshift_features(high, known=False)), ~known
Markdown(
    f"{possible} of {unknown.sum()}: those without a photon above 10 GeV drop out "
    "here too."
)

# %% [markdown]
# **2.** Keep the sources without a photon above 10 GeV by giving them a value just below the limit. Does the correlation
# of `Highest_energy` with redshift become stronger or weaker?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
energy = high["Highest_energy"].where(photon, 8.0)
ranks = []
for rows in (known, kept):
    column = energy[rows].reset_index(drop=True)
    ranks.append(pd.Series(redshift[rows]).corr(column, method="spearman"))
Markdown(
    f"Neither: {ranks[0]:.2f} with them, {ranks[1]:.2f} without. Absence says "
    "*faint*, and test 3 found that this is not *far*."
)

# %% [markdown]
# **3.** In the toy, halve the flux limit. What happens to the correlation of redshift and softness?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
deeper = flux > 1e-12
before, after = (np.corrcoef(z_toy[r], softness[r])[0, 1] for r in (seen, deeper))
Markdown(
    f"From {before:.2f} to {after:.2f}: a deeper catalogue sees ordinary galaxies "
    "farther out, so softness tells a little less about distance."
)
