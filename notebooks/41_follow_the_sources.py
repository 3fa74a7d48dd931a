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
# (ch-follow-the-sources)=
# # Follow the sources
#
# :::{admonition} In this chapter
# **The question:** what became of every source between four releases of the Fermi-LAT catalogue, and may later labels
# be used as an exam?
#
# **You will** tell who is who across releases, see where sources came from and went, follow one of them by name, and
# learn who gets a label and who does not.
#
# **You need** the class names of the {term}`4FGL` ({ref}`ch-define-classes`); no model.
# :::

# %% tags=["remove-cell"]
import os

if "COLAB_RELEASE_TAG" in os.environ:
    get_ipython().system("pip install -q git+https://github.com/agnbook/agnbook")

# %% tags=["parameters"]
profile = "book"
seed = 0

# %%
import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.patches import Ellipse

from agnbook.chapter import claims, figures, run_box, sizes, stored
from agnbook.judge import calibration
from agnbook.sky import catalogs, crossmatch, source_classes

# %%
settings = sizes.load("41_follow_the_sources", profile)
figures.use_book_style()

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(
    settings,
    catalogs=("4fgl-dr2", "4fgl-dr3", "4fgl-dr4", "fl16y"),
    computed="every match, count, interval and figure of this page",
)

# %% [markdown]
# ## A toy: who is who?
#
# Two releases rarely give a source the same name, for the name is the measured position. Here are four sources of an old
# list and four of a new one, each with the ellipse that holds its true position with 95 % probability. `A` is named by
# the new list ("formerly A"); `B` has moved inside both ellipses; `C` fell apart into two; `D` is gone.

# %%
names = ("Conf_95_SemiMajor", "Conf_95_SemiMinor", "Conf_95_PosAng")
ellipse = dict(zip(names, (0.12, 0.08, 30.0), strict=True))
old_list = pd.DataFrame(
    {
        "Source_Name": list("ABCD"),
        "RAJ2000": [10.0, 10.5, 11.0, 11.5],
        "DEJ2000": 0.0,
        "CLASS1": ["bll", "", "", ""],
        "ASSOC1": ["Mkn 1", "", "", ""],
        "ASSOC_FGL": "",
        **ellipse,
    }
)
# %%
new_list = pd.DataFrame(
    {
        "Source_Name": list("abcd"),
        "RAJ2000": [10.03, 10.58, 10.93, 11.06],
        "DEJ2000": [0.02, 0.03, 0.03, -0.04],
        "CLASS1": ["bll", "psr", "", "bcu"],
        "ASSOC1": ["Mkn 1", "PSR 1", "", "5BZ 1"],
        "ASSOC_FGL": ["A", "", "", ""],
        **ellipse,
    }
)

# %%
toy = crossmatch.compare(old_list, new_list)
shown = ["source", "successor", "link", "ellipse_distance", "outcome", "doubt"]
heads = {"ellipse_distance": "distance (ellipses)"}
toy.sources[shown].rename(columns=heads).round(2).replace("", "none")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-toy-match", "caption": "Four sources of an old list (grey) and four of a new one (blue), with their 95 % error ellipses."}, "image": {"alt": "Eight ellipses in a row: A and a overlap closely, B and b partly, C overlaps both c and d so that its successor is in doubt, and D stands alone, vanished."}}
fig, ax = plt.subplots(figsize=(6.4, 2.4))
for table, color, height in ((old_list, "grey", 0.16), (new_list, "blue", -0.2)):
    for row in table.itertuples():
        place, own = (row.RAJ2000, row.DEJ2000), figures.COLORS[color]
        shape = Ellipse(place, 0.16, 0.24, angle=-30, fill=False)
        shape.set_edgecolor(own)
        ax.add_patch(shape)
        ax.text(place[0], height, row.Source_Name, color=own, ha="center")
ax.set(xlim=(9.7, 11.8), ylim=(-0.28, 0.28), aspect="equal")
ax.set(xlabel="right ascension (degrees)", ylabel="declination\n(degrees)")
plt.show()

# %% [markdown]
# The table reads like the picture: `A` was found by name and is *confirmed*; `B` by position and is *newly associated*,
# the outcome that this part of the book lives on; `C` goes to the nearer of two and carries the doubt "crowded"; `D`
# has *vanished*. The rule is `crossmatch.compare`: the earlier name that the newer list quotes, else, for active galaxies,
# the counterpart's name or position, else position within both ellipses. It was written before any forecast was scored.
#
# ## Four releases

# %%
names = {"DR2": "4fgl-dr2", "DR3": "4fgl-dr3", "DR4": "4fgl-dr4", "FL16Y": "fl16y"}
release = {name: catalogs.read(file) for name, file in names.items()}
steps = list(itertools.pairwise(names))
match = {
    f"{old} to {new}": crossmatch.compare(release[old], release[new])
    for old, new in steps
}
table = pd.DataFrame({step: found.counts() for step, found in match.items()})
table.loc["(new sources)"] = [len(found.appeared) for found in match.values()]
table

# %% [markdown]
# DR3 and DR4 added years of data to their predecessors and kept the old sources; hardly any unassociated source got a
# class. FL16Y is a fresh analysis with fresh counterpart catalogues. It gives a class to hundreds of sources that DR4
# left without one, and hundreds of others are gone.

# %%
track = crossmatch.histories(release, list(match.values()))


def state(name):
    kind = track[f"{name}: class"]
    cases = [track[name] == "", kind.isin(source_classes.AGN_CLASSES), kind != ""]
    return np.select(cases, ["not listed", "AGN", "Galactic"], "no class")


states = pd.DataFrame({name: state(name) for name in names})
states.value_counts().head(8).to_frame("sources")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-flows", "caption": "What became of every source: from DR2 to FL16Y. Band widths are numbers of sources; a band has the colour of the state it leaves."}, "image": {"alt": "Flow diagram with four columns. Broad bands keep AGN as AGN. Only the last step, to FL16Y, opens the block without a class: one band of it leads to AGN, a thin one to Galactic and a broad one to not listed."}}
fig, ax = plt.subplots(figsize=(7.4, 5.0))
colors = {
    "AGN": "blue",
    "Galactic": "amber",
    "no class": "grey",
    "not listed": "purple",
}
colors = {name: figures.COLORS[color] for name, color in colors.items()}
figures.flows(ax, states, colors)
plt.show()

# %% [markdown]
# Read it from left to right. Active galaxies stay active galaxies. New ones come mostly from sources that were *not
# listed* before, not from those without a class. Only the last step opens the grey block: a band of it becomes AGN, a
# thin one Galactic, and a broad one is not listed any more.
#
# ## One source by name
#
# The first source, in the order of the sky, that had no class in three releases and is a millisecond pulsar in the fourth:

# %%
before = track[["DR2: class", "DR3: class", "DR4: class"]]
silent = (before == "").all(axis=1) & (track["DR2"] != "")
chosen = track[silent & (track["FL16Y: class"] == "msp")].iloc[0]
columns = ["Source_Name", "Signif_Avg", "GLAT", "LP_SigCurv", "CLASS1"]
rows = {}
for name in names:
    table = release[name].set_index("Source_Name", drop=False)
    rows[name] = table.loc[chosen[name], columns]
digits = {"Signif_Avg": 1, "GLAT": 1, "LP_SigCurv": 1}
heads = {"Source_Name": "source", "Signif_Avg": "significance (sigma)"}
heads |= {"GLAT": "latitude (deg)", "LP_SigCurv": "curvature (sigma)"}
found = pd.DataFrame(rows).T.astype(dict.fromkeys(digits, float)).round(digits)
found.replace("", "none").rename(columns=heads | {"CLASS1": "class"})

# %%
entry = release["FL16Y"].set_index("Source_Name").loc[chosen["FL16Y"]]
print(f"counterpart in FL16Y: {entry['ASSOC1']}")

# %% [markdown]
# The gamma-ray source was there all the time, with a curved spectrum and far from the plane; then radio timing found the
# pulses. A forecast for it could be made in any of the years before. That is the exam.
#
# ## Which labels are new?

# %%
new_classes = pd.DataFrame(
    {
        step: found.newly_associated["class_after"].value_counts()
        for step, found in match.items()
    }
)
new_classes = new_classes.fillna(0).astype(int)
new_classes.rename_axis("class").sort_values("DR4 to FL16Y", ascending=False)

# %% [markdown]
# The early steps are mostly pulsars (`psr`, and `msp` for the millisecond ones, a name that DR2 did not use yet), which
# timing campaigns find one by one. The last is mostly blazar candidates (`bcu`). Two rare labels are suddenly common: `sfr`, a star-forming region, and `bin`, a binary. Has their meaning moved?

# %%
drift = pd.DataFrame(
    {
        name: source_classes.gamma_class(table).value_counts()
        for name, table in release.items()
    }
)
drift.fillna(0).astype(int).loc[["sfr", "bin", "spp", "msp", "bcu"]]

# %% [markdown]
# Over three releases `sfr` and `bin` hardly change, and in the fourth they are two to five times as many. The sky has not changed
# so fast, so the label has. What are the new Galactic ones?

# %%
last = match["DR4 to FL16Y"]
fresh = last.newly_associated.set_index("source")
galactic = fresh[~fresh["class_after"].isin(source_classes.AGN_CLASSES)].copy()
galactic["latitude"] = release["DR4"].set_index("Source_Name")["GLAT"].abs()
own_name = r"(4FGL|3FGL|FL8Y|2FGL|1FGL)"
galactic["own_name"] = galactic["counterpart_after"].str.match(own_name)
columns = {
    "sources": ("successor", "size"),
    "counterparts": ("counterpart_after", "nunique"),
    "median latitude (deg)": ("latitude", "median"),
    "named after itself": ("own_name", "sum"),
}
galactic.groupby("class_after").agg(**columns).rename_axis("class").round(1)

# %% [markdown]
# This is what the Galactic side of the exam is made of, and it is thin. `sfr` and `spp` (a supernova remnant or pulsar
# wind nebula near the line of sight) lie within about a degree of the plane: nearly coincidences of position. Several
# `spp` share one remnant, so they are one piece of evidence. And nearly all `bin` counterparts are the gamma-ray source's
# own name. Only the pulsars are identified by something that no classifier has seen. Chapter 42 therefore scores pulsars apart.
#
# ## Doubtful cases

# %%
ambiguous = last.ambiguous
listed = [
    "source",
    "successor",
    "link",
    "separation",
    "outcome",
    "class_before",
    "class_after",
    "doubt",
]

# %%
stored.table(
    "results/later_ambiguous.csv",
    lambda: ambiguous[listed].round(4),
    settings=settings,
    seed=seed,
)
cases = ambiguous.assign(cases=1)
cases.pivot_table("cases", "doubt", "outcome", "sum", fill_value=0)

# %% [markdown]
# "Split": two sources stand where one stood. "Moved": a name leads outside both ellipses. "Other counterpart": the
# class may be the same, the galaxy is not. Few of them are newly associated. They stay in the statistics, and the full
# list is `data/results/later_ambiguous.csv`.
#
# ## Who vanishes, and who gets a label?

# %%
ask = last.sources[last.sources["class_before"] == ""].set_index("source")
sky = release["DR4"].set_index("Source_Name").loc[ask.index]
gone = (ask["outcome"] == "vanished").to_numpy()
clean = ((sky["Flags"] == 0) & (sky["Signif_Avg"] >= 5)).to_numpy()
vanished = {}
for text, rows in {
    "all": gone >= 0,
    "flagged or faint": ~clean,
    "clean": clean,
}.items():
    limits = calibration.wilson_interval(gone[rows].sum(), rows.sum())
    vanished[text] = (gone[rows].mean(), *limits, rows.sum())
vanished = pd.DataFrame(vanished, index=["vanished", "low", "high", "n"]).T
vanished.astype({"n": int}).round(3)

# %% [markdown]
# An analysis flag or a low significance tells which sources may not exist. Of the clean ones hardly any vanished; the
# predictions that chapter 45 freezes are for clean sources only.


# %%
def labelled_fraction(rows):
    k, n = (ask["class_after"][rows] != "").sum(), rows.sum()
    return k / n, *calibration.wilson_interval(k, n), n


survivors = ~gone
bands = {
    "significance": (sky["Signif_Avg"], [3.5, 4.5, 5.5, 7, 10, 40]),
    "abs(b) (degrees)": (sky["GLAT"].abs(), [0, 5, 10, 20, 35, 60, 90]),
}

# %%
rows = []
for name, (values, edges) in bands.items():
    for left, right in itertools.pairwise(edges):
        inside = (
            survivors & values.between(left, right, inclusive="left").to_numpy()
        )
        rows.append((name, f"{left:g}-{right:g}", *labelled_fraction(inside)))
columns = ["quantity", "range", "fraction", "low", "high", "n"]
who = pd.DataFrame(rows, columns=columns)
who.round(2)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-selection", "caption": "Who gets a label: the fraction of DR4's surviving unassociated sources that FL16Y associates, by significance and by Galactic latitude, with 95 % Wilson intervals."}, "image": {"alt": "Two panels: the fraction rises with significance and, more steeply, with latitude."}}
fig, axes = plt.subplots(1, 2, figsize=(7.4, 3.0), sharey=True)
for ax, (name, part) in zip(axes, who.groupby("quantity", sort=False), strict=True):
    error = [part["fraction"] - part["low"], part["high"] - part["fraction"]]
    ax.errorbar(part["range"], part["fraction"], error, fmt="o")
    ax.tick_params(axis="x", labelsize=8)
    ax.set_xlabel(name)
axes[0].set_ylabel("fraction newly associated")
plt.show()

# %% [markdown]
# Labels go to significant sources, and to sources away from the plane, where counterpart catalogues are deep and chance
# coincidences are rare. So the exam's candidates are *not* a fair sample of the unassociated sources, and a score on them is a statement about them.
#
# ## May later labels be an exam at all?
#
# The idea is not ours: {cite:t}`luo2020`, {cite:t}`finke2021`, {cite:t}`zhu2021` and {cite:t}`bhat2022` let forecasts for
# one catalogue meet the associations of the next. {cite:t}`malyshev2023` raises three objections against it. What this
# page can say to each:
#
# 1. *The newly associated sources are not representative.* True, and measured in {numref}`fig-selection`. Chapter 42
#    compares with promises made for the same kind of sources, and reweights where the weights pass a test.
# 2. *A worse score may come from uncertain source parameters, not from the shift.* True. An exam measures the sum. But
#    forecasts are used with those uncertain parameters, so the sum is what a user gets.
# 3. *It cannot be done for the latest catalogue.* It can: freeze the forecast, and wait. Chapter 45 does.
#
# A fourth, from the tables above: *labels drift.* What FL16Y calls `sfr` or `bin`, DR4 hardly called anything.

# %% tags=["remove-input"]
fresh = len(last.newly_associated)
pulsar = last.newly_associated["class_after"].isin(["psr", "msp"]).sum()
low, high = calibration.wilson_interval(fresh, len(ask))
Markdown(
    f"**Answer.** Of {len(ask)} sources without a class in DR4, {fresh} ({fresh / len(ask):.1%}, {low:.1%} to {high:.1%}) "
    f"have one in FL16Y and {gone.sum()} are gone. Among the new labels are {pulsar} pulsars, the only Galactic ones "
    "that rest on something other than position. Later labels are an exam of *these* sources. A wider counterpart "
    "search or more pulsar timing would change the sample, and may change every verdict that follows."
)

# %% [markdown]
# ## What this chapter claims

# %% tags=["hide-input"]
measured = {"later.new_associations": claims.Measured(fresh, n=len(ask))}
for outcome, count in last.counts().items():
    measured[f"later.outcome.{outcome.replace(' ', '_')}"] = claims.Measured(
        int(count), n=len(last.sources)
    )
for key, row in {"clean": "clean", "flagged_or_faint": "flagged or faint"}.items():
    value = vanished.loc[row]
    measured[f"later.vanished.{key}"] = claims.Measured(
        value["vanished"], (value["low"], value["high"]), int(value["n"])
    )
claims.publish(measured, settings, seed)[["ours", "n"]]

# %% [markdown]
# ## Recap
#
# - A source is followed by name, by counterpart, or by error ellipse; doubtful cases are listed.
# - Active galaxies enter the catalogue as new sources; sources without a class get one only when the analysis is redone.
# - Who gets a label depends on latitude, and what the label is called depends on the release.
#
# ## Exercises
#
# **1.** Which change from one class to another is the most common between DR4 and FL16Y? Is it a correction, or news?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
moved = last.sources[last.sources["outcome"] == "reclassified"]
moved = moved[moved["class_after"] != ""]
changes = moved.groupby(["class_before", "class_after"]).size()
(before, after), most = changes.idxmax(), changes.max()
from_bcu = (moved["class_before"] == "bcu").mean()
assert before == "bcu"
Markdown(
    f"From `{before}` to `{after}`: {most} of {len(moved)}. {from_bcu:.0%} of all "
    "changes begin at `bcu`, a blazar whose type was not known: news, not a "
    "correction. They are the exam of chapter 43."
)

# %% [markdown]
# **2.** The error ellipses hold 95 %. Halve both axes of every ellipse of the toy: who is lost, who is not, and why?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
axes = ("Conf_95_SemiMajor", "Conf_95_SemiMinor")
smaller = {name: ellipse[name] / 2 for name in axes}
halved = crossmatch.compare(
    old_list.assign(**smaller), new_list.assign(**smaller)
).sources.set_index("source")
kept = list(halved.index[halved["outcome"] != "vanished"])
assert kept == ["A"] and halved.loc["A", "link"] == "name"
before = toy.sources.set_index("source")["ellipse_distance"]
Markdown(
    f"{len(halved) - len(kept)} of {len(halved)} vanish, "
    f"`{'`, `'.join(halved.index.difference(kept))}`. The partners of `B` and `C` "
    f"lay at {before['B']:.2f} and {before['C']:.2f} of the ellipses' reach, "
    "beyond one half. `A` lives because it is followed by its *name*. Ellipses "
    "that are too small do not make a catalogue safer: they turn news into losses."
)
