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
# (ch-predict-unknowns)=
# # Predict the unknowns
#
# :::{admonition} In this chapter
# **You will** give every blazar candidate of uncertain type (BCU) a class probability and every source without a
# redshift a distribution, and publish both as tables.
#
# **You will learn** how to count classes without pretending to know them, what a shift between labelled and unlabelled
# sources does to a count, and how to recognise an argument that supports itself.
#
# **You need** {ref}`ch-classify-blazars` and {ref}`ch-improve-redshifts` (their models), and 4LAC-DR3
# {cite:p}`ajello2022`.
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
from scipy.stats import spearmanr

from agnbook import committed
from agnbook.blazars import catalogue, networks, uncertain_votes, voting
from agnbook.chapter import claims, figures, run_box, sizes, stored
from agnbook.redshifts import boosted, class_mixture, unknown_redshifts
from agnbook.sky import catalogs, features, source_classes

settings = sizes.load("17_predict_unknowns", profile)
store = {"settings": settings, "seed": seed}
figures.use_book_style()

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(
    settings,
    catalogs=("4lac-dr3-h", "4lac-dr3-l"),
    computed="counts, figures and the comparison of classes and redshifts from the "
    "loaded predictions",
    loaded="the predictions of all models",
)

# %% [markdown]
# ## Classes of the uncertain blazars
#
# The paper predicts 1115 BCUs without analysis flags with one trained network. We also predict the flagged ones, kept
# apart, and train each model many times: on resamples of the labelled sources (drawn with replacement) and from new
# random starts. The spread of the answers is the part of the uncertainty that one training hides.

# %%
lac = catalogs.read_4lac()
seven = features.blazar_features(lac, clean=False)
clean = seven.info["Flags"].to_numpy() == 0
labelled, uncertain = np.isfinite(seven.y), np.isnan(seven.y)
bcu = seven.X.index[uncertain]
bcu_clean = clean[uncertain]
bcu_no_sed = ~features.has_sed(seven.info)[uncertain].to_numpy()
print(
    f"{(labelled & clean).sum()} labelled and {bcu_clean.sum()} uncertain", end=" "
)
print(f"clean blazars, {(~bcu_clean).sum()} uncertain flagged ones")

# %% [markdown]
# Seven models: the paper's five networks on the seven features, trained on clean sources as in the paper, and the two
# five-voter models of {ref}`ch-classify-blazars`, which also train on flagged sources.

# %% tags=["nbval-ignore-output"]
COLUMN_SETS = {
    "five voters": features.EXTENDED_BLAZAR_FEATURES,
    "source alone": features.SOURCE_FEATURES,
}
TWO = list(COLUMN_SETS)
wide = features.extended_blazar_features(lac, clean=False)
sizes = ("resamples", "epochs", "pretext_epochs", "voter_epochs", "trees", "rounds")
sizes = {name: settings[name] for name in sizes}


def votes_for_bcu():
    """FSRQ probabilities of all BCUs by seven models, several trainings each."""
    return uncertain_votes.of_all_models(
        seven, wide, clean, COLUMN_SETS, seed=seed, **sizes
    )


# %% tags=["nbval-ignore-output"]
path = "results/blazar_votes_bcu.csv"
bcu_table = stored.table(
    path, lambda: voting.tidy(votes_for_bcu(), bcu).round(4), **store
)
bcu_votes = voting.untidy(bcu_table, bcu)

# %% [markdown]
# ## Counting
#
# The paper calls every BCU at a threshold of one half and finds 820 BL Lacs and 295 FSRQs. Beside the number of calls
# stands the *expected* number of FSRQs, the sum of the probabilities. It is the better estimate of how many there are,
# because it counts a source at 0.3 as three tenths of an FSRQ and not as none. Its uncertainty has two parts: the
# models' (spread over resamples) and the sources' (each is a coin with its own bias).

# %%
counts = pd.DataFrame(
    {
        name: uncertain_votes.count(votes[:, bcu_clean])
        for name, votes in bcu_votes.items()
    }
).T
# Calls in the outputs of the authors' public notebooks; the paper quotes the first.
AUTHORS = dict(zip(networks.MODELS, (295, 424, 424, 361, 358), strict=True))
shown = counts.round(0).astype(int).astype(str)
shown.insert(0, "authors", [str(AUTHORS.get(name, "–")) for name in counts.index])
shown

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-bcu-counts", "caption": "FSRQs among the 1115 clean BCUs. Grey bars: range of the number called over resamples of the training sources. Points: expected number with its 95 % interval. Dashed: the paper's 295."}, "image": {"alt": "Ranges of called and expected FSRQ counts by model, all above the paper's 295."}}
fig, ax = plt.subplots(figsize=(6.6, 3.6))
bar = {"color": figures.COLORS["grey"], "lw": 8, "alpha": 0.35}
point = {"fmt": "o", "color": figures.COLORS["orange"]}
for row, (_, values) in enumerate(counts.iterrows()):
    called = values[["called, lowest", "called, highest"]]
    ax.plot(called, [row, row], **bar)
    middle, low, high = values[["expected", "low", "high"]]
    ax.errorbar(middle, row, xerr=[[middle - low], [high - middle]], **point)
paper = claims.paper(settings.chapter)["classes.bcu.fsrq"]
ax.axvline(paper, color="k", ls="--", lw=1)
ax.set_yticks(range(len(counts)), [name.replace("_", " ") for name in counts.index])
_ = ax.set(xlabel=f"FSRQs among {bcu_clean.sum()} clean BCUs")

# %% [markdown]
# The number called depends on the model and on the draw of training sources. All of the authors' other models call more
# FSRQs than the one the paper quotes, and so do all of ours. For every model the expected number exceeds the number
# called.
#
# That interval assumes that a probability learnt on labelled sources holds for unlabelled ones. They differ: BCUs are
# fainter and lack SED fits more often. If nothing but the class *fraction* differed, it could be estimated from the
# probabilities themselves by expectation maximisation {cite:p}`saerens2002`. The result is a measure of how much a
# shift of this kind could matter.

# %%
best, n_clean = bcu_votes["five voters"], int(bcu_clean.sum())
train_fraction = float((seven.y[labelled] == 1).mean())
shifted = {}
for name in TWO:
    rows = bcu_votes[name][:, bcu_clean]
    fractions = [voting.prior_shift(row, train_fraction)[0] for row in rows]
    shifted[name] = np.array(fractions) * n_clean
    print(
        f"{name}: {counts.loc[name, 'expected']:.0f} expected FSRQs become", end=" "
    )
    print(f"{np.median(shifted[name]):.0f} with a free class fraction")
with_sed, without = (
    best[:, bcu_clean & rows].mean() for rows in (~bcu_no_sed, bcu_no_sed)
)
print(
    f"expected FSRQ fraction: {with_sed:.2f} with an SED fit, {without:.2f} without"
)
print(f"FSRQ fraction of the labelled sources: {train_fraction:.2f}")

# %%
free = [np.median(values) for values in shifted.values()]
lowest = min(counts.loc[TWO, "low"].min(), *free)
highest = max(counts.loc[TWO, "high"].max(), *free)
print("over both models, with and without a free class fraction:", end=" ")
print(f"{lowest:.0f} to {highest:.0f} FSRQs among {n_clean}")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-bcu-probabilities", "caption": "FSRQ probability of the 1115 clean BCUs by the five-voter model, with and without an SED fit."}, "image": {"alt": "Histogram of probabilities: sources with an SED fit pile up near 0 and near 1, sources without one spread over the middle."}}
fig, ax = plt.subplots()
centre = best[0]
groups = [centre[bcu_clean & rows] for rows in (~bcu_no_sed, bcu_no_sed)]
colors = [figures.COLORS["blue"], figures.COLORS["amber"]]
labels = ["SED fit", "no SED fit"]
ax.hist(groups, bins=20, range=(0, 1), stacked=True, label=labels, color=colors)
ax.set(xlabel="FSRQ probability", ylabel="BCUs per bin")
_ = ax.legend()

# %% [markdown]
# ## Which sources can be called?

# %%
groups = {"all": np.ones(n_clean, bool), "no SED fit": bcu_no_sed[bcu_clean]}
probabilities = {name: bcu_votes[name][0, bcu_clean] for name in TWO}
callable_table = uncertain_votes.callable_sources(
    probabilities, groups, (0.95, 0.99)
)
callable_table

# %% [markdown]
# In {ref}`ch-classify-blazars` the same rule kept its promise on labelled sources. For BCUs the promise rests on the
# assumption that they resemble labelled sources with the same features; later labels will tell.
#
# ## Redshifts of the sources without one
#
# {ref}`ch-improve-redshifts` built the best model we know; here it is trained on every source with a redshift and asked
# about every one without. For Table 3 and Fig. 1 of the paper, {ref}`ch-estimate-redshifts` asked its three networks about
# the sources that pass the paper's cuts. And for the question at the end of this chapter, the best model is trained once
# more without being told the class.

# %% tags=["nbval-ignore-output"]
high, low = lac[lac["file"] == "h"], lac[lac["file"] == "l"]
unknown = features.extended_redshift_features(lac)
rows = np.isnan(unknown.y)
unknown_X, unknown_info = unknown.X[rows], unknown.info[rows]
redshift_sizes = {
    "n_parts": settings.parts,
    "n_forest": settings.forest,
    "rounds": settings.redshift_rounds,
}

# %% tags=["nbval-ignore-output"]
redshifts = stored.table(
    "results/redshift_posteriors.csv",
    lambda: unknown_redshifts.predict(
        boosted.redshift_sample(high, low), unknown_X,
        blocks=settings.blocks, seed=seed, **redshift_sizes,
    ),
    **store,
)  # fmt: skip

# %%
source_class = source_classes.physical_class(unknown_info).to_numpy()
common = np.isin(source_class, ["bll", "bcu", "fsrq"])
by_class = redshifts.groupby(np.where(common, source_class, "other"))
summary = by_class.agg(
    sources=("z_mean", "size"),
    mean=("z_mean", "mean"),
    median_sd=("z_sd", "median"),
    without_class=("z_mean_no_class", "mean"),
)
summary[summary["sources"] >= settings.smallest_class].round(3)

# %% [markdown]
# The width of a single source's distribution (`median_sd`) is nearly as large as the mean: these are estimates for
# samples rather than for individual sources, and the table says so for each one.
#
# ## The paper's Table 3 and Fig. 1

# %%
network_redshifts = committed.load_table("results/redshift_networks_sources.csv")
network_redshifts = network_redshifts.set_index("Source_Name")
is_known = network_redshifts["known"].to_numpy()
NETWORKS = dict(mlp="Frequentist", flipout="Flipout")
NETWORKS["reparameterization"] = "Reparameterization"
table_3 = {
    (label, name): network_redshifts.loc[rows, f"{kind}_mean"]
    for label, rows in {"known": is_known, "unknown": ~is_known}.items()
    for kind, name in NETWORKS.items()
}
table_3["unknown", "best model, all sources"] = redshifts["z_mean"]
SUMMARY = {
    "n": "size",
    "mean": "mean",
    "lowest": "min",
    "highest": "max",
    "sigma": "std",
}
rows = {key: values.agg(list(SUMMARY.values())) for key, values in table_3.items()}
pd.DataFrame(rows).T.set_axis(list(SUMMARY), axis=1).round(2)

# %%
edges = np.linspace(0, 3, 31)
all_redshifts = features.known_redshift(lac)
all_classes = source_classes.physical_class(lac).to_numpy()
network_rows = lac.set_index("Source_Name").loc[network_redshifts.index]
network_class = source_classes.physical_class(network_rows).to_numpy()
flipout = network_redshifts["flipout_mean"].to_numpy()
TITLES = {"bll": "BL Lacs", "bcu": "BCUs"}
points = {name: flipout[~is_known & (network_class == name)] for name in TITLES}
FILLED = {"color": figures.COLORS["grey"], "alpha": 0.35}
STEP = {"histtype": "step", "lw": 1.8}
BLUE, ORANGE = ({"color": figures.COLORS[name]} for name in ("blue", "orange"))

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-redshifts-by-class", "caption": "Redshift distributions by class, as in Fig. 1 of the paper, for classes with more than 50 sources. Grey: sources with a redshift. Blue line: point predictions of the Flipout network for sources without one. Orange line: sum of the best model's predictive distributions for those sources, which keeps the width that point predictions lose."}, "image": {"alt": "Two panels, BL Lacs and BCUs: the network's predictions form a narrow peak at low redshift, the summed distributions are broader with a tail to redshift 2."}}
fig, axes = plt.subplots(1, 2, figsize=(8.5, 3.4))
for ax, (name, title) in zip(axes, TITLES.items(), strict=True):
    truth = all_redshifts[(all_classes == name) & np.isfinite(all_redshifts)]
    rows = redshifts.loc[source_class == name, list(unknown_redshifts.QUANTILES)]
    for values, text, style in (
        (truth, "with a redshift", FILLED),
        (points[name], "Flipout, point predictions", STEP | BLUE),
        (
            unknown_redshifts.draws(rows),
            "best model, summed distributions",
            STEP | ORANGE,
        ),
    ):
        ax.hist(values, edges, density=True, label=text, **style)
    ax.set(title=title, xlabel="redshift", ylabel="density")
_ = axes[0].legend(fontsize=8)

# %%
for name, values in points.items():
    width = redshifts.loc[source_class == name, "z_sd"].median()
    print(f"{name}: sd of Flipout's point predictions {values.std():.2f}", end=", ")
    print(f"median width of one source's distribution {width:.2f}")

# %% [markdown]
# {ref}`ch-estimate-redshifts` compares these figures with the paper's, restart by restart; their order comes out: sources
# without a redshift are predicted nearer than those with one, and within a narrower range. The narrow range is not a property of the sources. A regression's predictions always scatter
# less than the truth, and $\sigma$ of the predictions says nothing about the width of the population.
#
# ## Do the two methods support each other?
#
# The paper concludes: the regressor finds low redshifts, low redshifts mean BL Lacs, the classifier finds BL Lacs, so
# both methods "boil down to stating a single claim". Three things feed that agreement before any physics does:
#
# 1. **The class is an input of the regressor.** It can read off that BL Lacs are near.
# 2. **No FSRQ lacks a redshift**, because the same broad lines define the class and give the redshift. The unknown
#    sources are BL Lacs and BCUs by construction.
# 3. **Both methods see the same columns.** A soft gamma-ray spectrum makes a source an FSRQ for one and distant for the
#    other.

# %%
lacking = (
    pd.Series(~np.isfinite(all_redshifts)).groupby(all_classes).agg(["size", "sum"])
)
lacking.columns = ["sources", "without redshift"]
lacking.loc[["fsrq", "bll", "bcu"]]

# %% [markdown]
# So we take the class away from the regressor (trained anew, the class columns blanked), and ask about BCUs only. If a
# BCU that looks like an FSRQ is also placed farther away, that part of the agreement is not circular in the first
# sense. To see how much is the third, we hold the shared spectral columns fixed: rank correlation of what is left of
# both predictions after a regression on photon index, pivot energy and synchrotron peak.

# %%
z_table = redshifts.set_index("Source_Name")
with_z = [name for name in bcu if name in z_table.index]
probability = pd.Series(best[0], bcu).loc[with_z].to_numpy()
told, untold = z_table.loc[with_z, ["z_mean", "z_mean_no_class"]].to_numpy().T
columns = ["PL_Index", "LP_Index", "Pivot_Energy", "nu_syn"]
shared = seven.X.loc[with_z, columns].to_numpy()
design = np.column_stack([np.ones(len(shared)), shared, shared**2])


# %%
def rest(values):
    """What a quadratic regression on the shared columns leaves of the ranks."""
    ranks = pd.Series(values).rank().to_numpy()
    return ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]


def correlation(a, b):
    """Spearman's rank correlation and its bootstrap interval over sources."""
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(a), (settings.bootstrap, len(a)))
    again = [spearmanr(a[rows], b[rows]).statistic for rows in draws]
    return spearmanr(a, b).statistic, *np.quantile(again, [0.025, 0.975])


# %%
agreement = {
    "class as an input": correlation(probability, told),
    "class left out": correlation(probability, untold),
    "class left out, shared columns held fixed": correlation(
        rest(probability), rest(untold)
    ),
}
pd.DataFrame(agreement, index=["rank correlation", "low", "high"]).T.round(2)

# %% [markdown]
# The second test turns the argument round. If low redshifts really *showed* how many BL Lacs there are, the FSRQ
# fraction of the BCUs could be had from their redshift predictions alone: take the mean prediction for held-out BL Lacs and for
# held-out FSRQs, and ask which mixture of the two gives the mean prediction for the BCUs.

# %% tags=["nbval-ignore-output"]
mixture = stored.table(
    "results/redshift_mixture.csv",
    lambda: class_mixture.predictions(
        boosted.redshift_sample(high, low), unknown_X[source_class == "bcu"],
        folds=settings.mixture_folds, seed=seed,
    ),
    **store,
)  # fmt: skip

# %%
fractions = {}
for blind, name in ((False, "class as an input"), (True, "class left out")):
    part = mixture[mixture["blind"] == blind]
    fractions[name] = class_mixture.fraction_interval(
        part, n_resamples=settings.bootstrap, seed=seed
    )
expected_fraction = counts.loc["five voters", ["expected", "low", "high"]] / n_clean
fractions["classifier: expected fraction (clean BCUs)"] = tuple(expected_fraction)
pd.DataFrame(fractions, index=["FSRQ fraction", "low", "high"]).T.round(2)

# %% [markdown]
# What remains when the class is left out? Among BCUs, the sources that look like FSRQs are still placed farther away; the
# correlation even grows, because a regressor that is not told the class leans on the very columns by which classes
# differ. So this agreement is not circular in the first sense but largely in the third: with four shared columns held
# fixed much of it is gone, and the other columns are shared as well.
#
# What does not remain is the *count*. The FSRQ fraction that the redshift predictions imply depends on whether the
# regressor is told the class, by more than its own interval, and in neither case agrees with the classifier's. That the
# predictions for unknown sources are low is no independent evidence for how many of them are BL Lacs.
#
# ## Publish the predictions
#
# Two tables, each as FITS and CSV, with units, a sentence on every column, and a version: `blazar_classes` for the BCUs
# and `agn_redshifts` for the sources without a redshift. They hold our predictions and the sources' names; join them to 4LAC by name.

# %%
logits, alone = voting.logit(best), bcu_votes["source alone"]
lower, upper = networks.sigmoid(
    logits[0] + 1.96 * np.outer([-1, 1], logits.std(axis=0))
)
apart = [bcu_clean, ~bcu_clean]
called_95, called_99 = (
    uncertain_votes.call(best[0], apart, p) for p in (0.95, 0.99)
)

# %%
class_table = pd.DataFrame(
    {
        "Source_Name": bcu,
        "probability_fsrq": best[0],
        "probability_low": lower,
        "probability_high": upper,
        "logit_sd": logits.std(axis=0),
        "probability_fsrq_source": alone[0],
        "logit_sd_source": voting.logit(alone).std(axis=0),
        "probability_bias_init": bcu_votes["bias_init"].mean(axis=0),
        "called_95": called_95,
        "called_99": called_99,
        "flagged": ~bcu_clean,
        "no_sed": bcu_no_sed,
    }
)

# %%
in_cuts = redshifts["Source_Name"].isin(network_redshifts.index)
redshift_table = redshifts.assign(paper_cuts=in_cuts)
five, best_z = "agnbook five voters", "agnbook best redshift model"
publishing = {"chapter": settings.chapter, "profile": profile}
publishing |= {"seed": seed, "version": "1"}
catalogue.write(
    "blazar_classes", class_table, catalogue.CLASS_COLUMNS, model=five, **publishing
)
catalogue.write(
    "agn_redshifts",
    redshift_table,
    catalogue.REDSHIFT_COLUMNS,
    model=best_z,
    **publishing,
)
n_flagged = class_table["flagged"].sum()
print(f"{len(class_table)} BCUs ({len(class_table) - n_flagged} clean)", end=", ")
print(f"{len(redshift_table)} redshifts")

# %%
class_table.sort_values("probability_fsrq", ascending=False).head(4).round(3).T

# %% [markdown]
# ## Claims

# %% tags=["hide-input"]
called, fewest, most = counts.loc["bias_init"].iloc[:3]
measured = {
    "classes.bcu.fsrq": claims.Measured(called, (fewest, most), n_clean),
    "classes.bcu.bll": claims.Measured(
        n_clean - called, (n_clean - most, n_clean - fewest), n_clean
    ),
    "classes.bcu.fsrq_range": claims.Measured(
        (lowest + highest) / 2, (lowest, highest), n_clean
    ),
}
free = shifted["five voters"]
ends = free.min(), free.max()
measured["classes.bcu.shifted_fsrq.best"] = claims.Measured(
    np.median(free), ends, n_clean
)
KEYS = {"five voters": "best", "source alone": "best_source"}
for name, row in counts.iterrows():
    key = f"classes.bcu.expected_fsrq.{KEYS.get(name, name)}"
    measured[key] = claims.Measured(
        row["expected"], (row["low"], row["high"]), n_clean
    )
for row in callable_table[callable_table["sources"] == "all"].itertuples(
    index=False
):
    key = f"classes.bcu.called{round(100 * row[1])}.{KEYS[row.model]}"
    measured[key] = claims.Measured(row.called, n=n_clean)

# %% tags=["hide-input"]
SHORT = {
    "with_class": "class as an input",
    "without_class": "class left out",
    "without_shared": "class left out, shared columns held fixed",
}
n_bcu = int((source_class == "bcu").sum())
kinds = ("agreement", agreement, len(with_z)), ("fsrq_fraction", fractions, n_bcu)
for kind, by_name, n in kinds:
    found = {key: by_name[name] for key, name in SHORT.items() if name in by_name}
    measured |= claims.from_scores(f"unknowns.{kind}", found, found, n)
claims.publish(measured, settings, seed)

# %% [markdown]
# ## Where we differ from the paper, and why
#
# - **Counts carry an uncertainty** and are sums of probabilities beside numbers of calls; the paper gives one model's
#   calls, the lowest of its five.
# - **Flagged BCUs** are predicted as well, and marked.
# - **Redshifts are distributions** from the better model of {ref}`ch-improve-redshifts`; the paper's three networks are kept for
#   its table and figure.
# - **The mutual support is tested** and, as an argument about counts, withdrawn.
#
# ## Recap
#
# Count with probabilities, and say how the count moves when the training sources do. Abstain where the features do not
# decide. And before two methods are said to agree, list everything that they share.
#
# ## Exercises
#
# 1. Read `data/results/blazar_classes.fits` with astropy. How many clean BCUs have an interval (`probability_low` to
#    `probability_high`) that crosses one half?
#
# :::{admonition} Solution
# :class: dropdown
# ```python
# from agnbook.blazars import catalogue
# table = catalogue.read("blazar_classes")
# table = table[~table["flagged"]]
# ((table["probability_low"] < 0.5) & (table["probability_high"] > 0.5)).sum()
# ```
# :::
#
# 2. Why is the expected number of FSRQs larger than the number called by most models?
#
# :::{admonition} Solution
# :class: dropdown
# Most BCUs have low probabilities that are not zero. Each counts as a BL Lac in the calls and as a fraction of an FSRQ in
# the sum; there are fewer sources at high probability to make up for it.
# :::
