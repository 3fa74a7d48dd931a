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
# (ch-build-the-catalogue)=
# # Build the catalogue
#
# :::{admonition} In this chapter
# **You will** train forests and networks on many splits, with and without weights, and write a probabilistic catalogue of
# all 4FGL-DR4 sources.
#
# **You will learn** to count sources by adding probabilities, and why the uncertainty of such a count is several times larger
# than the one usually quoted.
#
# **You need** {ref}`ch-weigh-the-shift`; the batched networks are explained in {ref}`ch-train-networks`. To look up one source,
# go to {ref}`the look-up page <lookup>`.
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

from agnbook import committed
from agnbook.chapter import claims, figures, run_box, sizes
from agnbook.shift import catalogue, published_catalogue, weights
from agnbook.sky import catalogs, features, source_classes

settings = sizes.load("25_build_the_catalogue", profile)
figures.use_book_style()
NAMES = list(source_classes.NAMES)

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(
    settings,
    catalogs=("4fgl-dr4",),
    computed="tables, uncertainties and figures, from the stored catalogue",
    loaded="the catalogue itself (FITS), class sums split by split, and its cost",
)

# %%
table = catalogs.read("4fgl-dr4")
gamma = features.gamma_features(table)
known = gamma.y == 1
associated, unassociated = gamma.X[known].to_numpy(), gamma.X[~known].to_numpy()
group = source_classes.group_index(gamma.info.loc[known, "physical_class"])
weight = weights.density_ratio(associated, unassociated, "gmm", seed=seed)
weight = weights.clip(weight)
sources = {True: gamma.X.index[known], False: gamma.X.index[~known]}  # associated?
print(
    f"{len(associated)} associated and {len(unassociated)} unassociated sources",
    end="; ",
)
print(f"{len(table) - len(gamma)} lack a feature")

# %% [markdown]
# ## The recipe
#
# - Draw random splits into 70 % training and 30 % test sources. The paper wants every associated source tested at least five
#   times; we draw whole sets of splits until that holds (labels play no part).
# - On each split train a random forest and a network, once without weights and once with.
# - An unassociated source gets the mean of all predictions, an associated one the mean over the splits that tested it. The
#   standard deviation over splits goes with it.
#
# That makes four trainings a split. The forests run one after another; the networks of all splits are trained at once.

# %% tags=["nbval-ignore-output"]
if settings.recompute:
    made = published_catalogue.build(
        associated, group, unassociated, weight, [*sources[True], *sources[False]],
        table["Source_Name"], n_splits=settings.splits, n_trees=settings.trees,
        epochs=settings.epochs, at_least=settings.at_least, seed=seed,
    )  # fmt: skip
    published_catalogue.publish(
        made, chapter=settings.chapter, profile=profile, seed=seed
    )
else:
    made = published_catalogue.load()

# %%
plain = made.frames[False]
tests = plain.loc[sources[True], "N_Splits"]
print(
    f"{len(plain)} sources; {len(tests)} tested {tests.min()}-{tests.max()} times"
)
cost = made.timing.iloc[0]
print(f"spread over two free cores: about {cost['user_cpu_seconds'] / 2:.0f} s")
made.timing.round(1)

# %% [markdown]
# The whole catalogue, `2 x splits x (forest + network)`, takes minutes on two cores (the machine was shared while this was
# measured, several programs to a core, so the processor seconds say more than the wall time). One network at a time in Keras,
# the networks alone would take many times as long; see {ref}`ch-train-networks`.
#
# ## What is in it
#
# One row for *every* source of 4FGL-DR4. `data/results` holds it as FITS, which TOPCAT and astropy open with the column
# descriptions, and as CSV; a table of the columns lies beside them.

# %%
columns = catalogue.columns()
columns.set_index("name")["description"].iloc[[0, 1, 2, 3, 9, 15, 21]].to_frame()

# %%
from astropy.io import fits

with fits.open(
    committed.verify(f"{published_catalogue.FILES[False]}.fits")
) as file:
    header = file["CATALOGUE"].header
    print(header["NAXIS2"], "rows,", header["TFIELDS"], "columns;", header["TITLE"])
    print(f"{header['TTYPE4']}: {header['TCOMM4']}")

# %% [markdown]
# Sources that lack a feature keep their row, with no probabilities and zero splits:

# %%
catalogue.validate(plain.reset_index())
plain.loc[plain["N_Splits"] == 0, ["Sample_Weight", "N_Splits", "RF_bll", "NN_bll"]]

# %% [markdown]
# ## Tables 3 and 4: how many sources of each class?
#
# The expected number of sources of a class is the sum of its probabilities. First unweighted training (Table 4).

# %%
paper = claims.paper(settings.chapter)
every = {}
for training in catalogue.TRAININGS:
    for part, label in ((True, "associated"), (False, "unassociated")):
        counts = made.counts(training, part, sources[part])
        keys = [f"shift.{label}.{training}.{short}" for short in catalogue.SHORT]
        every[training, part] = counts.assign(
            paper=[paper[key] for key in keys], key=keys
        )


# %%
def show(first, second):
    """The paper's table: expected counts of both classifiers, and the paper's."""
    columns = {"associated": np.bincount(group, minlength=6)}
    for part, ending in ((True, "assoc"), (False, "unas")):
        for training in (first, second):
            label, counts = (
                f"{training[:2].upper()} {ending}",
                every[training, part],
            )
            columns[label] = counts["expected"].round(0).astype(int)
            columns[f"{label} (paper)"] = counts["paper"].round(0).astype(int)
    return pd.DataFrame(columns, index=NAMES)


# %%
show("rf", "nn")

# %% [markdown]
# Summed over the associated sources, unweighted training gives back the true numbers: it is calibrated on what it was trained
# for. Among the unassociated sources both classifiers expect many more spp+, our version more than the paper's because the newer
# file has more of them to learn from. Now weighted training (Table 3).

# %%
show("rf_weighted", "nn_weighted")

# %% [markdown]
# For the unassociated sources, little changes. For the associated ones the counts are now biased, as the paper found: the
# weighted network has learned about a population in which quasars are rare. Our weighted network is biased less for psr+ and bll+ than
# the paper's; {ref}`ch-train-networks` lists what was tried to find out why.
#
# ## How uncertain is a count?
#
# The paper adds up the variances of single sources. That assumes that sources scatter independently from split to split. They
# do not: a training set with a few more spp+ sources raises the spp+ probability of *all* their neighbours. The standard
# deviation of the sum itself shows it.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-count-uncertainty", "caption": "Three uncertainties of the expected number of unassociated sources in a class (forest, unweighted): independent sources (the paper's), the scatter of the sum over splits, and the chance of the draw."}, "image": {"alt": "Grouped bars: for every class the scatter over splits is several times larger than the paper's uncertainty."}}
shown = every["rf", False]
fig, ax = plt.subplots(figsize=(7, 3.8))
positions = np.arange(6)
for offset, column, label in (
    (-0.27, "paper_std", "independent sources (paper)"),
    (0, "split_std", "sum, over splits"),
    (0.27, "class_std", "chance of the draw"),
):
    ax.bar(positions + offset, shown[column], width=0.25, label=label)
ax.set_xticks(positions, NAMES)
ax.set_ylabel("standard deviation [sources]")
ax.legend()
plt.show()

# %%
inflation = {}
for training in catalogue.TRAININGS:
    counts = every[training, False]
    inflation[training] = counts["split_std"] / counts["paper_std"]
pd.DataFrame(inflation).round(1)

# %% [markdown]
# Several times larger, throughout. And the class sums move against each other, because they must add up:

# %%
split_sums = made.sums("rf", associated=False)
split_sums.corr().round(2)

# %% [markdown]
# Whoever uses a difference or a ratio of counts needs the covariance; it is stored split by split in
# `data/results/shift_class_sums.csv`. Both numbers describe the choice of training sources among those we have. They say nothing
# about labels that are wrong, or about unassociated sources unlike any associated one.
#
# ## Do weights and classifiers disagree on single sources?


# %% tags=["hide-input"]
def histograms(found, edges, xlabel):
    """Six panels of differences, one line a pair of trainings."""
    fig, axes = plt.subplots(2, 3, figsize=(9, 4.8), sharex=True)
    for ax, name in zip(axes.flat, NAMES, strict=True):
        for pair, values in found.items():
            ax.hist(values[name], edges, density=True, histtype="step", label=pair)
        ax.set(title=name)
    axes[0, 0].legend(fontsize=7)
    fig.supxlabel(xlabel)
    return axes


# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-probability-differences", "caption": "Differences of class probabilities of unassociated sources between trainings (counterpart of Fig. 13)."}, "image": {"alt": "Six panels of histograms of probability differences; weighted minus unweighted forest is narrowest."}}
single = {
    pair: made.differences(pair, sources[False])
    for pair in published_catalogue.PAIRS
}
axes = histograms(single, np.linspace(-0.4, 0.4, 41), "difference of probabilities")
for ax in axes.flat:
    ax.set_yscale("log")
plt.show()

# %%
spread = pd.DataFrame({pair: values.std() for pair, values in single.items()})
spread.round(3)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-relative-differences", "caption": "The same differences over the root mean square of their standard deviations over splits (counterpart of Fig. 14)."}, "image": {"alt": "Six panels of histograms of relative differences, most of them within a few standard deviations."}}
relative = {
    pair: made.differences(pair, sources[False], relative=True)
    for pair in published_catalogue.PAIRS
}
histograms(relative, np.linspace(-6, 6, 41), "difference / spread over splits")
plt.show()

# %%
pd.DataFrame({pair: values.std() for pair, values in relative.items()}).round(1)

# %% [markdown]
# Weights change a forest's probabilities least. The choice between forest and network matters more than the choice of weights,
# most for bcu+, the class that is defined by what is not known about it.
#
# ## Confusion matrices
#
# The most probable class against the true group, each predicted class adding up to 1: the diagonal is the precision. Associated sources
# only, predicted by splits that did not train on them; in the lower row each counts with its weight, which stands for the
# unassociated population.

# %% tags=["hide-input"]
confusion = {
    short: made.confusion(short, sources[True], group, weight)
    for short in ("RF", "NN")
}
WEIGHTED = {False: "unweighted", True: "weighted"}
CENTRED = {"ha": "center", "va": "center", "fontsize": 7}


# %% tags=["hide-input"]
def draw_matrices(found):
    """Four matrices: columns by training, rows by testing, with weights or not."""
    _, axes = plt.subplots(2, 2, figsize=(7.6, 7.2))
    for (tested, trained), matrix in found.items():
        ax = axes[int(tested), int(trained)]
        ax.imshow(np.nan_to_num(matrix), cmap="Blues", vmin=0, vmax=1)
        ax.grid(False)
        for (i, j), value in np.ndenumerate(matrix):
            color = "white" if value > 0.6 else "black"
            ax.text(j, i, f"{value:.2f}", color=color, **CENTRED)
        ax.set_xticks(range(6), NAMES, fontsize=8)
        ax.set_yticks(range(6), NAMES, fontsize=8)
        title = f"trained {WEIGHTED[trained]}, tested {WEIGHTED[tested]}"
        ax.set_title(title, fontsize=9)
    axes[1, 0].set(xlabel="predicted", ylabel="true group")


# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-confusion-forest", "caption": "Confusion matrices of the random forest, normalised to the predicted class (counterpart of Fig. 15)."}, "image": {"alt": "Four confusion matrices with a dominant diagonal; precision of fsrq+ falls under weighted testing."}}
draw_matrices(confusion["RF"])
plt.show()

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-confusion-network", "caption": "The same for the network (counterpart of Fig. C4)."}, "image": {"alt": "Four confusion matrices of the network with a dominant diagonal."}}
draw_matrices(confusion["NN"])
plt.show()

# %%
precision = {
    f"{short} trained {WEIGHTED[trained]}, tested {WEIGHTED[tested]}": np.diag(
        matrix
    )
    for short, found in confusion.items()
    for (tested, trained), matrix in found.items()
}
pd.DataFrame(precision, NAMES).T.round(2)

# %% [markdown]
# Read down a pair of rows with the same training: from unweighted to weighted testing the precision of psr+, fsrq+ and bll+ falls
# and that of bcu+ hardly changes. That is the effect of the covariate shift on what one should expect of the unassociated sources.
#
# ## What this chapter claims

# %% tags=["hide-input"]
measured = {}
for (_, part), counts in every.items():
    for _, row in counts.iterrows():
        value, std = row["expected"], row["split_std"]
        ends = value - 1.96 * std, value + 1.96 * std
        measured[row["key"]] = claims.Measured(
            value, ends, len(sources[part]), tolerance=std
        )

# %% tags=["hide-input"]
trainings, n = 4 * settings.splits, len(unassociated)
for key, column in (
    ("wall_seconds", "wall_seconds"),
    ("cpu_seconds", "user_cpu_seconds"),
    ("memory", "peak_memory_gb"),
):
    measured[f"shift.catalogue.{key}"] = claims.Measured(cost[column], n=trainings)
low, middle, high = inflation["rf"].quantile([0, 0.5, 1])
measured |= {
    "shift.count_inflation": claims.Measured(middle, (low, high), n),
    "shift.difference.wrf_rf": claims.Measured(spread["wRF − RF"].max(), n=n),
    "shift.difference.rf_nn": claims.Measured(spread.loc["bcu+", "RF − NN"], n=n),
}
claims.publish(measured, settings, seed)

# %% [markdown]
# ## Recap
#
# - Sums of calibrated probabilities count sources. Training with weights shifts the count for the sample one did not weight for.
# - The scatter of a count over splits is several times the usual quadrature sum, because sources move together.
# - Between forest and network, weighted and unweighted, single probabilities differ by about as much as they scatter.
#
# ## Exercises
#
# **1.** How many unassociated pulsars (msp+ and psr+ together) does the forest expect, and how uncertain is the *sum* over splits?
#
# :::{admonition} Solution
# :class: dropdown
# ```python
# both = split_sums["msp+"] + split_sums["psr+"]
# print(both.mean(), both.std(), np.hypot(split_sums["msp+"].std(), split_sums["psr+"].std()))
# ```
# The covariance between the two decides whether the standard deviation of the sum is above or below the quadrature.
# :::
#
# **2.** Make a list of pulsar candidates: unassociated sources that both classifiers give more than 80 % for msp+ or psr+.
#
# :::{admonition} Solution
# :class: dropdown
# ```python
# rows = plain.loc[sources[False]]
# both = np.minimum(rows["RF_msp"] + rows["RF_psr"], rows["NN_msp"] + rows["NN_psr"])
# rows[both > 0.8].index.tolist()
# ```
# :::
