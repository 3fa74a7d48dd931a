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
# (ch-read-blazars)=
# # Read the paper: redshifts and blazar classes
#
# :::{admonition} In this chapter
# **The question:** what do {cite:t}`gharat2023` ask, do and state, and which of it holds?
#
# **You will** see the paper on one page, and every number that it states beside ours, beside a trivial method, with a verdict.
#
# **You will learn** to read a table of results the way a referee does: on which sources, how many, chosen how, against what.
#
# **You need** nothing. All numbers are read from the chapters that measured them.
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
import pandas as pd
from IPython.display import Markdown

from agnbook.chapter import claims, figures, paper_page, run_box, sizes

settings = sizes.load("10_read_the_paper", profile)
figures.use_book_style()
pd.set_option("display.max_colwidth", None)

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(
    settings,
    computed="counts of verdicts",
    loaded="the claims of chapters 11 to 17 (data/results/*.json)",
)

# %% [markdown]
# ## What it asks
#
# The Fermi telescope sees thousands of active galaxies whose distance and kind nobody knows, because optical spectra are missing
# or show no lines. Can the gamma rays and the catalogue's other columns tell?
#
# - **How far?** A {term}`redshift` for each source without one, *with an uncertainty*, by a small Bayesian network.
# - **Which kind?** {term}`BL Lac` or {term}`FSRQ` for each blazar of uncertain type ({term}`BCU`), by five ways to start and train a
#   small network.
# - **Do both agree?** If the unknown redshifts are low, the unknown classes should be BL Lacs.
#
# ## What it does

# %% tags=["hide-input"]
PLACES = {
    "4LAC-DR3\n41 columns": (0, 1),
    "1224 sources\n24 features": (1.2, 1.6),
    "2005 blazars\n7 features": (1.2, 0.4),
    "one hidden layer of 64:\nMLP, Flipout,\nreparameterization": (2.6, 1.6),
    "five networks,\nfive ways to start": (2.6, 0.4),
    "Table 1: RMSE, CC\non 62 sources": (4.1, 2),
    "Table 3, Fig. 1:\nunknown redshifts": (4.1, 1.3),
    "Table 2: accuracy\non 201 sources": (4.1, 0.7),
    "820 BL Lacs,\n295 FSRQs": (4.1, 0),
}
STEPS = [(0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (3, 6), (4, 7), (4, 8)]

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-paper1", "caption": "The paper in one drawing. Above: redshifts; below: classes."}, "image": {"alt": "Flow chart from the catalogue through two feature sets and two families of networks to three tables, a figure and the counts of classes."}}
fig, ax = plt.subplots(figsize=(9, 3.8))
figures.boxes(ax, PLACES, STEPS)
plt.show()

# %% [markdown]
# Inputs and settings (64 units, dropout 0.25, a thousand draws of the weights, seven features) are taken over as they are; where the text
# leaves something open, every {term}`reading` is run.
#
# ## Every number, at a glance

# %%
rows = paper_page.numbers("gharat2023")
paper_page.count(rows)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-paper1-verdicts", "caption": "Every number of the paper that could be tested: ours minus the paper's, in units of the tolerance that was reasoned beforehand (grey: within it). Bars: 95 % intervals of ours. Beyond four tolerances a point stands at the edge."}, "image": {"alt": "Points by table and section; most lie in the grey band around zero, and the bars of Table 1 and 2 are longer than the band."}}
fig, ax = plt.subplots(figsize=(8, 4.5))
paper_page.draw(ax, rows)
plt.show()

# %% tags=["remove-input"]
verdicts = rows["verdict"].value_counts().reindex(claims.VERDICTS, fill_value=0)
Markdown(
    f"Of {len(rows)} numbers {verdicts['reproduced']} are reproduced, {verdicts['differs']} differ, and "
    f"{verdicts['not tested']} were not tested, most of them quoted from others. A reproduced number is not yet a "
    "*good* number: look at the column *trivial*, and at how wide the intervals are."
)

# %% [markdown]
# ## Table 1: redshifts
#
# Trivial: the mean redshift of the source's class. {ref}`Chapter 12 <ch-estimate-redshifts>`.

# %%
paper_page.show(rows[rows["element"] == "Table 1"])

# %% tags=["remove-input"]
get = {name: claims.get(name) for name in (
    "redshift.flipout.cv.cc", "redshift.sixty_two.lucky", "redshift.mlp.cv.rmse_minus_ridge_one-hot",
    "redshift.coverage997.lowest", "redshift.coverage997.highest", "redshift.best.rmse", "redshift.best.crps",
    "data.cut.mix", "data.cut.within", "classes.small_minus_large.accuracy", "classes.agarwal.speedup",
)}  # fmt: skip
ours = {name: entry["ours"] for name, entry in get.items()}
low, high = get["redshift.mlp.cv.rmse_minus_ridge_one-hot"]["interval"]
Markdown(
    f"On 62 sources the interval of one network spans the values of all others in the table. On thirty splits Flipout's CC is {ours['redshift.flipout.cv.cc']:.2f}, and "
    f"random sets of 62 reach the paper's in {ours['redshift.sixty_two.lucky']:.0%} of the draws."
)

# %% [markdown]
# ## Table 2: classes
#
# Paper / ours, a star where they differ by more than the tolerance. Trivial: BL Lac always.
# {ref}`Chapter 15 <ch-classify-blazars>` has the intervals.

# %%
table2 = rows[rows["element"] == "Table 2"]
quoted = table2["verdict"] == "not tested"
laid_out = paper_page.grid(table2[~quoted]).T
laid_out.filter(regex="Accuracy|F1")

# %%
laid_out.filter(regex="Precision|Recall")

# %% [markdown]
# The paper's table ends with two methods that it quotes from others. Their samples are other ones, so they are not rerun here.

# %%
paper_page.grid(table2[quoted])

# %% [markdown]
# ## Table 3 and Figure 1: the unknown redshifts
#
# Trivial: the mean redshift of the class as a prediction. Paper / ours, a star where they differ by more than the tolerance.

# %%
paper_page.grid(rows[rows["element"] == "Table 3"])

# %% [markdown]
# The means and widths are reproduced, and the mean of the class explains most of them. The ends of the ranges hang on one source
# each. Figure 1 has no numbers; it is drawn in {ref}`chapter 12 <ch-estimate-redshifts>`, known against unknown, class by class.

# %% [markdown]
# ## Numbers in the text
#
# {ref}`Chapter 11 <ch-prepare-features>` for the samples, {ref}`chapter 15 <ch-classify-blazars>` and
# {ref}`17 <ch-predict-unknowns>` for the classes.

# %%
paper_page.show(rows[rows["element"].str.startswith("Sect.")])

# %% [markdown]
# ## What it says in words

# %% tags=["hide-input"]
gap = ours["redshift.mlp.cv.rmse_minus_ridge_one-hot"]
lowest = ours["redshift.coverage997.lowest"]
highest = ours["redshift.coverage997.highest"]
moved = ours["data.cut.mix"] + ours["data.cut.within"]

# %% tags=["hide-input"]
words = {
    "RMSE and CC are significantly better than before": "other sources, other "
    "cuts, one split; the MLP minus ridge regression "
    f"{gap:+.3f} ({low:+.3f} to {high:+.3f})",
    "the 3-sigma rule gives confidence intervals": "they hold "
    f"{lowest:.0%} to {highest:.0%} of the redshifts instead of 99.7 %",
    "missing values are imputed or the sources removed": "half of the quasars are "
    f"removed; the mean redshift moves by {moved:.2f}, mostly by the mix of "
    "classes",
    "the unknown redshifts are lower, so most targets are BL Lacs": "not one "
    "quasar lacks a redshift: the mean of the class alone says the same",
}

# %% tags=["hide-input"]
small = ours["classes.small_minus_large.accuracy"]
slowest, fastest = get["classes.agarwal.speedup"]["interval"]
words |= {
    "a smaller network is as good and seven times faster": "small minus large in "
    f"accuracy {small:+.4f}, about zero; {slowest:.1f} to {fastest:.1f} times "
    "faster",
    "both methods support one claim": "the class is an input of the redshift "
    "networks, so they are no two witnesses",
}
chapters = ["12", "13", "11", "12, 17", "15", "17"]
pd.DataFrame({"we find": words, "chapter": dict(zip(words, chapters, strict=True))})

# %% [markdown]
# ## What this chapter claims

# %% tags=["hide-input"]
measured = {"paper1.numbers": claims.Measured(len(rows), n=len(rows))}
others = claims.paper(settings.chapter)  # named here, not rerun
measured |= {name: claims.Measured(None) for name in others}
for name in ("reproduced", "differs", "not tested"):
    key = f"paper1.{name.replace(' ', '_')}"
    measured[key] = claims.Measured(int(verdicts[name]), n=len(rows))
claims.publish(measured, settings, seed)

# %% [markdown]
# ## Recap

# %% tags=["remove-input"]
Markdown(
    f"**Answer.** Most of the paper's numbers stand: {verdicts['reproduced']} of the {verdicts['reproduced'] + verdicts['differs']} that "
    "could be tested are reproduced. Its conclusions stand less well, because its test samples are small, its baselines "
    f"are missing, and its intervals leave out the noise. What can be had from the same catalogue: an RMSE of "
    f"{ours['redshift.best.rmse']:.3f} and a CRPS of {ours['redshift.best.crps']:.3f}, with intervals that hold."
)

# %% [markdown]
# ## Exercises
#
# **1.** For which numbers of Table 1 does the interval of ours hold the trivial method as well? What can be told from such a number?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
one = rows[(rows["element"] == "Table 1") & rows["ours"].notna()]
holds = (one["baseline"] > one["low"]) & (one["baseline"] < one["high"])
is_rmse = one["what"].str.endswith("RMSE")
assert holds[is_rmse].all() and not holds[~is_rmse].any()
Markdown(
    f"For all {is_rmse.sum()} RMSEs, and for none of the {(~is_rmse).sum()} CCs. "
    "On 62 sources no RMSE tells a network from the mean of the class; every CC "
    "does, if only just."
)

# %% [markdown]
# **2.** Which tested number differs by the most tolerances, and in whose favour?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
off = (rows["ours"] - rows["paper"]).abs() / rows["tolerance"].where(
    rows["tolerance"] > 0
)
worst = rows.loc[off.idxmax()]
Markdown(
    f"{worst['element']}, {worst['what']}: {worst['paper']:g} in the paper, "
    f"{worst['ours']:.3g} here, {off.max():.1f} tolerances apart. Of the "
    f"{verdicts['differs']} numbers that differ {(off > 2).sum()} are more than "
    f"two tolerances away. The reason that is given for it: {worst['why']}."
)
