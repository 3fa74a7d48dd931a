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
# (ch-classify-blazars)=
# # Classify blazars
#
# :::{admonition} In this chapter
# **The question:** {cite:t}`gharat2023` train five small networks to tell {term}`BL Lacs <BL Lac>` from
# {term}`FSRQs <FSRQ>`, and the one with the cleverest start wins. Which of its ideas is worth the trouble, and how
# much can 201 test sources tell?
#
# **You will** draw a decision boundary, train all five networks here, judge every number of the paper's Table 2, find
# out where its best accuracy comes from, and race the small network against one that is seven times larger.
#
# **You need** the seven features of {ref}`ch-prepare-features` and both files of 4LAC-DR3 {cite:p}`ajello2022`.
# :::

# %% tags=["remove-cell"]
import os

if "COLAB_RELEASE_TAG" in os.environ:
    get_ipython().system(
        "pip install -q 'agnbook[learning,networks] @ git+https://github.com/agnbook/agnbook'"
    )

# %% tags=["parameters"]
profile = "book"
seed = 0

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from agnbook.blazars import (
    network_votes,
    networks,
    pictures,
    prediction_times,
    shipped_blazars,
    voting,
)
from agnbook.chapter import claims, figures, run_box, sizes, stored
from agnbook.judge import cross_validation, scores
from agnbook.sky import catalogs, features

# %%
settings = sizes.load("15_classify_blazars", profile)
store = {"settings": settings, "seed": seed}
figures.use_book_style()

# %% tags=["nbval-ignore-output", "remove-input"]
from IPython.display import Markdown

run_box.RunBox(
    settings,
    catalogs=("4lac-dr3-h", "4lac-dr3-l"),
    computed="one training of each network, and every score, interval and figure",
    loaded="the votes of many more trainings: random starts on the paper's split, "
    "10-fold x 3 cross-validation, and the times of predictions",
)

# %% [markdown]
# ## A toy: two features and a boundary
#
# BL Lacs and FSRQs differ in the strength of their optical emission lines. Without an optical spectrum, gamma rays must
# do. FSRQs have softer gamma-ray spectra (a larger {term}`photon index`), and their synchrotron light peaks at a lower
# frequency. Take just these two, and let a tiny network learn.

# %%
catalogue = catalogs.read_4lac()
sources = features.blazar_features(catalogue)
known = np.isfinite(sources.y)
X, y = sources.X[known], sources.y[known]
no_sed = (~features.has_sed(sources.info))[known].to_numpy()
pair = ["PL_Index", "nu_syn"]
fitted = np.flatnonzero(~no_sed)
two = networks.gather(X[pair], y, [(fitted, fitted[:0], fitted[:0])])

# %%
rng = np.random.default_rng(seed)
layers = (networks.Layer(8), networks.Layer(1, "linear"))
toy = networks.train_stage(
    two.x, two.y, two.w, layers, epochs=settings.demonstration_epochs, rng=rng
)
index, peak = np.meshgrid(np.linspace(1.4, 3.1, 80), np.linspace(27, 42, 80))
grid = np.stack([index.ravel(), peak.ravel()], axis=1)
standard = ((grid - two.mean[0]) / two.scale[0])[None].astype(np.float32)
answer = networks.sigmoid(networks.forward(toy.parameters, layers, standard))

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-boundary", "caption": "A 2-8-1 network's answer for every point of the plane. Lines: probability of FSRQ of 0.1, 0.5 and 0.9. The middle one is the decision boundary: above 0.5 a source is called FSRQ."}, "image": {"alt": "BL Lacs at small photon index and high peak frequency, FSRQs at large index and low frequency; three bent lines separate them, and in between both classes mix."}}
fig, ax = plt.subplots(figsize=(6.4, 4.4))
to_log10 = 1 / np.log(10)
for value, name, key in ((0, "BL Lac", "bll"), (1, "FSRQ", "fsrq")):
    rows = ~no_sed & (y == value)
    color = figures.CLASS_COLORS[key]
    frequency = X.loc[rows, "nu_syn"] * to_log10
    ax.plot(X.loc[rows, "PL_Index"], frequency, ".", ms=4, color=color, label=name)
levels = {"levels": [0.1, 0.5, 0.9], "colors": "k"}
shape = answer.reshape(index.shape)
lines = ax.contour(
    index, peak * to_log10, shape, linestyles=[":", "-", "--"], **levels
)
ax.clabel(lines)
ax.set(xlabel="photon index", ylabel=r"$\log_{10}$ synchrotron peak (Hz)")
_ = ax.legend()

# %% tags=["remove-input"]
called = networks.sigmoid(networks.forward(toy.parameters, layers, two.x))[0, :, 0]
Markdown(
    f"Two numbers already classify {np.mean((called > 0.5) == two.y[0]):.0%} of these "
    f"{len(fitted)} training sources. The rest sit among the other class, and no line "
    "that is drawn in this plane will turn them round."
)

# %% [markdown]
# What the network computes is the {term}`logit`, $\ln(p / (1 - p))$; the boundary is where it is zero.
#
# ## Seven features, two ways to hold out
#
# The paper takes seven features of every clean (`Flags` = 0) blazar: two photon indices, the pivot energy, two measures
# of variability, and the frequency and flux of the synchrotron peak. It splits the labelled sources once. We also use
# folds that are drawn once and committed: every source is tested three times by networks that never saw it.

# %%
train, validation, test = split = cross_validation.paper_split(len(y), 0.2)
folds = cross_validation.load_folds("blazars_10x3", X.index)
folds = folds[: settings.repeats] % settings.folds  # a small run has fewer
n = len(test)
parts = pd.DataFrame({"sources": [len(rows) for rows in split]})
parts["BL Lacs"] = [int((y[rows] == 0).sum()) for rows in split]
parts["FSRQs"] = [int((y[rows] == 1).sum()) for rows in split]
parts.set_axis(["train", "validation", "test"])

# %% [markdown]
# Keep the last row in mind: one FSRQ more or less moves the recall of FSRQs by nearly two per cent.
#
# ## Five ways to start a network
#
# | name | idea |
# |---|---|
# | bias initialization | 7-42-1; the output's bias starts at $\ln(n_\mathrm{FSRQ} / n_\mathrm{BLL})$, so that the untrained network already answers with the class fraction |
# | supervised {term}`greedy pretraining` | train one layer of 64, freeze it, add and train one of 32, freeze it, train a new output |
# | unsupervised greedy pretraining | the same, but each layer learns to *reconstruct the features* and sees no class |
# | {term}`autoencoder` pretext | 7-64-32-64-7 squeezes the features through 32 numbers and restores them; an output learns on the frozen 32 |
# | {term}`contrastive <contrastive learning>` pretext | a layer of 64 learns whether two sources are alike; an output learns on the frozen 64 |
#
# The last two are called {term}`self-supervised <self-supervision>`: their first task makes its own labels. The paper's first
# row also uses {term}`soft voting`: the weighted mean of the probabilities at two epochs of one training.
#
# Each takes a few seconds, so here they all are, one random start on the paper's split.

# %% tags=["nbval-ignore-output"]
training = {"epochs": settings.epochs, "pretext_epochs": settings.pretext_epochs}
one_start = networks.gather(X, y, [split])
here = {
    name: network_votes.train(name, one_start, seed=seed, **training)
    for name in networks.MODELS
}

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-curves", "caption": "Five ways to start end at nearly the same loss. Cross-entropy of the final classifier against the epoch, trained here: training sources (solid, with dropout where the model has it) and validation sources (dashed)."}, "image": {"alt": "Five panels of falling curves. All end between 0.2 and 0.3 nats on validation sources; supervised greedy pretraining starts low, the two self-supervised ones start high and still fall at the last epoch."}}
fig, axes = plt.subplots(2, 3, figsize=(8, 4.8), sharey=True)
for ax, (name, trained) in zip(axes.flat, here.items(), strict=False):
    epoch = np.arange(1, len(trained.head.loss) + 1)
    ax.plot(epoch, trained.head.loss[:, 0], label="training")
    ax.plot(epoch, trained.head.validation_loss[:, 0], "--", label="validation")
    ax.set(xscale="log", ylim=(0.1, 0.8), xlabel="epoch")
    ax.set_title(name.replace("_", " "), fontsize=10)
axes.flat[-1].axis("off")
axes.flat[-1].legend(*axes[0, 0].get_legend_handles_labels(), loc="center")
for ax in axes[:, 0]:
    ax.set_ylabel("nats")

# %% [markdown]
# Supervised greedy pretraining begins low, for its frozen layers were trained on the classes already. The self-supervised ones
# begin high and are still improving when their epochs run out. The first network begins near the entropy of the class
# fraction, where its bias puts it. Does that head start last?

# %% tags=["nbval-ignore-output"]
zero = network_votes.train("zero_bias", one_start, seed=seed, **training)
starts = {"bias initialization": here["bias_init"], "zero bias": zero}
first = {name: trained.head.loss[0, 0] for name, trained in starts.items()}
best = {
    name: trained.head.validation_loss.min() for name, trained in starts.items()
}
pd.DataFrame({"first step": first, "best validation epoch": best}).round(2)

# %% [markdown]
# It does not: the first step begins lower, the best epochs agree. A network learns the class fraction within the first
# hundred steps anyway.
#
# ## Table 2, all 35 numbers
#
# One random start is an anecdote. A committed table holds the answers of several starts of each network for the 201 test
# sources. The first row is scored as the paper made it, by soft voting of epochs 40 and 41 (weights 0.1 and 0.9, as in
# the authors' public notebooks); the others at the epoch that the *validation* sources choose.


# %%
def votes_on_split():
    """Votes for the test sources of the paper's split, all networks and rules."""
    starts = dict.fromkeys(network_votes.NETWORKS, settings.starts)
    trained = network_votes.train_starts(X, y, split, starts, seed=seed, **training)
    number = np.arange(settings.starts)
    votes = network_votes.collect(trained, len(y), number, test)
    return voting.tidy(votes, X.index[test]).round(4)


path = "results/blazar_votes_paper_split.csv"
split_table = stored.table(path, votes_on_split, **store)
split_votes = voting.untidy(split_table, X.index[test])

# %%
VOTE = "vote of epochs 40 and 41"
RULE = dict.fromkeys(networks.MODELS, "validation") | {"bias_init": VOTE}
table_2 = {
    name: pd.DataFrame(
        [scores.binary_scores(y[test], p) for p in split_votes[f"{name}|{rule}"]]
    ).astype(float)
    for name, rule in RULE.items()
}

# %%
COLUMNS = [
    "accuracy", "precision_bll", "recall_bll", "f1_bll",
    "precision_fsrq", "recall_fsrq", "f1_fsrq",
]  # fmt: skip
paper = claims.paper(settings.chapter)
paper_table = pd.DataFrame(
    {
        name: [paper[f"classes.{name}.{column}"] for column in COLUMNS]
        for name in networks.MODELS
    },
    COLUMNS,
).T
always = scores.binary_scores(y[test], np.zeros(n))

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-table-2", "caption": "Table 2 of the paper (crosses) and ours (points: mean of the random starts, bars: their range), on the same 201 sources. Dotted: always answering BL Lac, where that is defined. The first row is further off than the others."}, "image": {"alt": "Seven panels, one a score, with five rows each. Paper and ours lie within a few per cent of each other, except the first row, where the paper is higher in most scores."}}
_ = pictures.table_2(paper_table, table_2, always)

# %%
ours = pd.DataFrame({name: table.mean() for name, table in table_2.items()}).T
gap = (ours[COLUMNS] - paper_table).round(3)
gap.index = gap.index.str.replace("_", " ")
names = {"precision": "prec.", "_": " ", "bll": "BL Lac", "fsrq": "FSRQ"}
gap.columns = gap.columns.to_series().replace(names, regex=True)
gap.iloc[:, [0, 1, 2, 4, 5, 6]]

# %% [markdown]
# Ours minus the paper's (the F1 score of BL Lacs is left out to fit the page). Four rows agree within a few test
# sources, mostly a little below. The first is further off, and it is the row that the paper builds on. Before we look for a reason: how large
# can the difference between two honest accuracies be?
#
# ## What 201 sources can tell
#
# Cross-validation gives an honest answer for all labelled sources. Draw 201 of them at random, again and again, and
# look at the accuracy of one and the same network:

# %% tags=["nbval-ignore-output"]
if settings.recompute:
    on_folds = network_votes.train_folds(X, y, folds, seed=seed, **training)


def votes_on_folds(names):
    """Out-of-fold votes of these networks."""
    votes = network_votes.of_folds(on_folds, folds, names)
    return voting.tidy(votes, X.index).round(4)


path = "results/blazar_votes_networks.csv"
names = network_votes.NETWORKS
network_table = stored.table(path, lambda: votes_on_folds(names), **store)
cv_votes = voting.untidy(network_table, X.index)

# %%
rng = np.random.default_rng(seed)
right = (cv_votes["bias_init|validation"] > 0.5) == (y > 0.5)
draws = [
    right[rng.integers(len(right)), rng.choice(len(y), n, replace=False)].mean()
    for _ in range(settings.draws)
]
low, high = np.quantile(draws, [0.025, 0.975])
stated = paper["classes.bias_init.accuracy"]
share = np.mean(np.array(draws) >= stated - 0.5 / n)  # rounding of one source
print(f"mean {np.mean(draws):.3f}, 95 % of test sets {low:.3f} to {high:.3f}")
print(f"test sets of {n} that give {stated:.3f} or more: {share:.0%}")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-random-tests", "caption": "Luck of the draw: accuracy of one and the same network, the bias-initialised, on random test sets of 201 labelled sources. Lines: the five accuracies of the paper's Table 2. All five fit into the luck of one network."}, "image": {"alt": "A bell-shaped histogram from 0.86 to 0.96; the paper's five values lie inside it, the highest on its right flank."}}
fig, ax = plt.subplots(figsize=(6.4, 3.4))
edges = (np.arange(165, 202) - 0.5) / n
ax.hist(draws, edges, color=figures.COLORS["grey"], alpha=0.5)
for value in paper_table["accuracy"]:
    ax.axvline(value, color=figures.COLORS["orange"])
_ = ax.set(xlabel=f"accuracy on {n} sources", yticks=[], xlim=(0.85, 0.97))

# %% [markdown]
# All five rows of Table 2 fit into what *one* network does on different test sources. Such a test set cannot rank five
# networks; {ref}`ch-judge-probabilities` does it with ten times as many sources. But chance over test sources does not
# explain *our* difference from the paper, for both used the same 201.
#
# ## Where does 0.930 come from?
#
# The authors' notebooks keep the epochs that do best on the *test* sources. A hundred random starts of the same
# network show what that buys, and what luck in the start can add.


# %%
def starts_of_two():
    """Accuracy of many starts on the paper's split, by the rule for the epoch."""
    many = {"bias_init": settings.many_starts, "agarwal": settings.rival_starts}
    trained = network_votes.train_starts(X, y, split, many, seed=seed, **training)
    return network_votes.accuracy_of_starts(trained, y, test).round(5)


starts_table = stored.table("results/blazar_starts.csv", starts_of_two, **store)
by_rule = starts_table[starts_table["network"] == "bias_init"]

# %%
TITLES = {
    VOTE: "soft vote of epochs 40 and 41",
    "validation": "epoch chosen on validation",
    "test": "epoch chosen on test",
}
summary = by_rule[list(TITLES)].agg(["mean", "min", "max"]).T
summary["starts at the paper's or above"] = [
    int((by_rule[rule] >= stated - 0.5 / n).sum()) for rule in TITLES
]
summary = summary.rename(TITLES)
summary.rename(columns={"mean": "accuracy, mean"}).round(3)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-start-luck", "caption": "Accuracy on the paper's 201 test sources of many random starts of the 7-42-1 network, by the rule that chooses the epoch. Orange: the paper's value. Few starts reach it."}, "image": {"alt": "Three histograms: the fixed early vote is broad and low, the validation epoch narrower around 0.90, the test epoch narrower still around 0.915; the paper's 0.930 lies right of them."}}
fig, axes = plt.subplots(3, 1, figsize=(6.4, 4.6), sharex=True)
edges = (np.arange(150, 196) - 0.5) / n
for ax, (rule, title) in zip(axes, TITLES.items(), strict=True):
    ax.hist(by_rule[rule], edges, color=figures.COLORS["blue"], alpha=0.6)
    ax.axvline(stated, color=figures.COLORS["orange"])
    ax.text(0.02, 0.7, title, transform=ax.transAxes)
    ax.set_yticks([])
_ = axes[-1].set(xlabel="accuracy on the paper's test sources", xlim=(0.8, 0.95))

# %% tags=["remove-input"]
honest, chosen = by_rule["validation"].mean(), by_rule["test"].mean()
luckiest = by_rule["test"].max()
reached = int((by_rule["test"] >= stated - 0.5 / n).sum())
Markdown(
    f"From {honest:.3f} (mean of {len(by_rule)} honest starts) to the paper's {stated:.3f} "
    f"are {(stated - honest) * n:.0f} test sources. **Explained:** choosing the epoch on the "
    f"test sources buys {(chosen - honest) * n:.1f} of them on average. **Luck can add** the rest "
    f"only in {reached} of {len(by_rule)} starts (the luckiest reaches {luckiest:.3f}). "
    "**Not explained:** epochs 40 and 41. At one step an epoch, as the authors' batch size "
    "implies, our network is hardly trained by then, and voting of two neighbours is an "
    "average of two nearly equal networks. Something in the authors' training differs from what "
    "is published; we do not know what."
)

# %% [markdown]
# ## Is smaller as good, and seven times faster?
#
# The paper's network is small, and it says so: 672 operations a prediction against 5056 of the 7-64-32-1 of
# {cite:t}`agarwal2023`, with "almost 7 times" the parameters.

# %% tags=["remove-input"]
RIVALS = {"7-42-1": networks.BIAS_INIT, "7-64-32-1": networks.GREEDY}
counts = pd.DataFrame(
    {
        name: (networks.count_parameters(7, ls), networks.count_flops(7, ls))
        for name, ls in RIVALS.items()
    },
    index=["parameters", "operations"],
).T
counts

# %% [markdown]
# The counts are right. So train the larger one too, on the same folds, plainly: all layers at once, no pretext, its epoch
# chosen on the same validation sources. The *paired* difference compares both on the same sources, so that those
# which are hard for both do not blur it.


# %%
path = "results/blazar_votes_agarwal.csv"
agarwal_table = stored.table(path, lambda: votes_on_folds(["agarwal"]), **store)
large = voting.untidy(agarwal_table, X.index)["agarwal|validation"]
small = cv_votes["bias_init|validation"]
boot = {"n_resamples": settings.resamples, "seed": seed}
small_minus_large = scores.binary_differences(y, small, large, **boot)
shown = {name: small_minus_large[name] for name in ("accuracy", "auc", "logloss")}
pd.DataFrame(shown, index=["7-42-1 minus 7-64-32-1", "low", "high"]).T.round(4)


# %%
def times():
    """Microseconds of a call of numpy's forward pass."""
    rng = np.random.default_rng(seed)
    batches = settings.batches
    return prediction_times.measure(RIVALS, batches, rng, settings.calls).round(2)


time_table = stored.table("results/blazar_prediction_times.csv", times, **store)
clock = time_table.pivot(index="sources", columns="network", values="microseconds")
clock["ratio"] = clock["7-64-32-1"] / clock["7-42-1"]
units = {name: f"{name} (µs)" for name in ("7-42-1", "7-64-32-1")}
clock.rename(columns=units).round(1)

# %% tags=["remove-input"]
gap_small = small_minus_large["accuracy"]
Markdown(
    f"**As good?** In accuracy the small network differs by {gap_small[0]:+.4f} "
    f"({gap_small[1]:+.4f} to {gap_small[2]:+.4f}), n = {len(y)}. **Seven times faster?** In no "
    f"row: the ratio of times is {clock['ratio'].min():.1f} to {clock['ratio'].max():.1f} "
    "(times of numpy on one core, shortest of many calls, alone on the machine). Operations are not time: one source costs "
    "the fixed price of a call, and many sources wait for memory. All BCUs together take "
    "a fraction of a millisecond with either."
)

# %% [markdown]
# ## The other rows of Table 2
#
# The paper's table ends with two results of others. They were measured on other test sources, and belong to other tasks:

# %%
others = {
    "Agarwal (2023)": ("neural net and four more", "the same 7", 1115, 0.938),
    "Tolamatti et al. (2023)": ("boosted trees", "many bands, redshift", 112, 0.96),
}
columns = ["model", "features", "BCUs it can answer for", "accuracy"]
literature = pd.DataFrame(others, columns).T
literature.loc["this paper"] = ["bias initialization", "7", 1115, stated]
literature

# %% [markdown]
# {cite:t}`agarwal2023` takes the same clean sources and seven features; the size of its test set is not in the paper that we rebuild.
# {cite:t}`tolamatti2023` needs an X-ray counterpart, infrared, optical and ultraviolet fluxes, and a
# redshift: few BCUs have them all, and since no FSRQ of 4LAC lacks a redshift, a source that has one is no fair sample of
# those that need a class. A higher accuracy on easier sources is not a better method. We do not judge these 14
# numbers: their test sources are not published with them.
#
# ## Which ideas change the answer?
#
# The votes let us take each idea away and compare on the same sources:

# %%
BEST = "bias_init|validation"
IDEAS = {
    "bias initialization": (BEST, "zero_bias|validation"),
    "vote of neighbouring epochs": ("bias_init|vote of best and previous", BEST),
    "vote of epochs 40 and 41": (f"bias_init|{VOTE}", BEST),
    "labels in the pretext": [
        f"contrastive{k}|validation" for k in ("", "_label_free")
    ],
}
ideas = {}
for what, (on, off) in IDEAS.items():
    a, b = cv_votes[on][: len(cv_votes[off])], cv_votes[off][: len(cv_votes[on])]
    ideas[what] = scores.binary_differences(y, a, b, **boot)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-ideas", "caption": "What each idea changes in log-loss (left of zero: it helps), with paired 95 % intervals over sources. Only the vote of epochs 40 and 41 changes it, for the worse."}, "image": {"alt": "Three of four ideas lie at zero; voting at fixed early epochs is far to the right."}}
rows = {what: found["logloss"] for what, found in ideas.items()}
table = pd.DataFrame(rows, ["value", "low", "high"]).T
fig, ax = plt.subplots(figsize=(6.6, 2.4))
figures.intervals(ax, table)
ax.axvline(0, color="k", lw=0.8)
_ = ax.set_xlabel("log-loss with the idea minus without (nats)")

# %%
table.rename(columns={"value": "log-loss difference (nats)"}).round(4)

# %% [markdown]
# Bias initialization changes how training begins and not how it ends. Voting of two neighbouring epochs averages two
# nearly identical networks. And the contrastive pretext is curious: its output *adds* the two sources' codes,
# $w_1 \cdot h(x_1) + w_2 \cdot h(x_2)$, and no sum can say whether two things are the same (exclusive-or is not
# additive). With labels there is a loophole: two thirds of the sources are BL Lacs, so the partner in an unlike pair is
# mostly an FSRQ, and the class of the second source gives the answer away. The "self-supervised" task is then a
# classifier in disguise.

# %% tags=["remove-input"]
share = np.array([1 - y.mean(), y.mean()])
pairs = here["contrastive"].stages["pairs"].loss[-1, 0]
Markdown(
    f"The loss of the pretext trained here ends at {pairs:.2f} nats: below a coin toss ({np.log(2):.2f}), and near "
    f"what knowing the second source's class alone allows ({-share @ np.log(share):.2f})."
)

# %% [markdown]
# ## A network to take away
#
# The authors put their first network online: seven number fields, one source at a time, a class and a probability. Ours is a
# small file that the package, the command line and {ref}`a page of this book <try-the-classifier>` share. Read side by side
# (theirs from the public code, which we did not run):
#
# | asked for | the authors' app | this book |
# |---|---|---|
# | a source by name | no | yes, answered by a twin that did not train on it |
# | a table of sources | no | yes |
# | pivot energy 0, negative flux | stops with an error; answers | one sentence says what is wrong |
# | no SED, values never seen in training | answers as usual | answers and says so |
# | how sure | one probability | probability, and for BCUs an interval ({ref}`ch-predict-unknowns`) |


# %% tags=["nbval-ignore-output"]
def train_final():
    """The 7-42-1 of all labelled sources and its twins, median best epoch."""
    epochs = int(np.median(on_folds["bias_init"].head.best_epoch)) + 1
    notes = {"trained_on": len(y), "epochs": epochs, "seed": seed}
    notes |= {"data": "4LAC-DR3, Flags = 0", "version": "1"}
    sizes_of = {"epochs": epochs, "seed": seed, "notes": notes}
    return shipped_blazars.train(X, y, folds[0], **sizes_of)


load = shipped_blazars.BlazarNetwork.load
network = stored.model(shipped_blazars.BLAZARS, train_final, load, **store)

# %%
from agnbook.errors import FeatureError

two_names = ["4FGL J1256.1-0547", "4FGL J1104.4+3812"]
examples = catalogue.set_index("Source_Name").loc[two_names]
answers = network.answer(examples, examples.index)
answers.insert(0, "name", examples["ASSOC1"])

try:
    network.answer(examples.assign(nuFnu_syn=-1e-12))
except FeatureError as refusal:
    print(refusal)
heads = {"probability_fsrq": "P(FSRQ)", "no_sed": "no SED fit"}
heads["in_training"] = "in training"
answers = answers.drop(columns="out_of_range").rename_axis(None)
answers.rename(columns=heads).round(3)

# %% [markdown]
# 3C 279, a quasar, and Mkn 421, a BL Lac, come out as they should. And a nonsense question (a negative flux) got one sentence.
#
# ## What this chapter claims

# %% tags=["remove-input"]
measured = {
    "classes.bias_init.parameters": claims.Measured(counts.loc["7-42-1"].iloc[0]),
    "classes.bias_init.flops": claims.Measured(counts.loc["7-42-1"].iloc[1]),
    "classes.agarwal.flops": claims.Measured(counts.loc["7-64-32-1"].iloc[1]),
    "classes.agarwal.speedup": claims.Measured(
        clock["ratio"].max(), (clock["ratio"].min(), clock["ratio"].max())
    ),
    "classes.random_test.accuracy": claims.Measured(np.mean(draws), (low, high), n),
    "classes.test_epoch_gain.split": claims.Measured(
        chosen - honest, n=len(by_rule)
    ),
}
for score in ("accuracy", "logloss"):
    value, *limits = small_minus_large[score]
    key = f"classes.small_minus_large.{score}"
    measured[key] = claims.Measured(value, tuple(limits), len(y))

# %% tags=["remove-input"]
for name, rule in RULE.items():
    found = scores.repeated_binary_scores(
        y[test], split_votes[f"{name}|{rule}"], **boot
    )
    measured |= claims.from_scores(f"classes.{name}", found, COLUMNS, n)
found = scores.repeated_binary_scores(
    y[test], split_votes["bias_init|validation"], **boot
)
measured |= claims.from_scores(
    "classes.bias_init.validation", found, ["accuracy"], n
)
for column in COLUMNS:
    value = float(always[column])
    measured[f"classes.always_bll.{column}"] = claims.Measured(value, n=n)
IDEA_KEYS = ("bias", "vote_of_neighbours", "vote_of_40_and_41", "pair_labels")
for key, what in zip(IDEA_KEYS, IDEAS, strict=True):
    value, *limits = ideas[what]["logloss"]
    key = f"classes.idea.{key}.logloss"
    measured[key] = claims.Measured(value, tuple(limits), len(y))

# %% tags=["hide-input"]
published = claims.publish(measured, settings, seed)
judged = published.index.map(lambda name: name.startswith("classes."))
table = published[published["paper"] != "–"]
verdicts = table["verdict"].value_counts()
told = ", ".join(f"{count} {name}" for name, count in verdicts.items())
print(f"{len(table)} numbers of the paper: {told}")
table.loc[[f"classes.{name}.accuracy" for name in networks.MODELS]]

# %% [markdown]
# The full list, number by number, stands on the page {doc}`scorecard <../book/scorecard>`.
#
# ## Recap
#
# **Answer.** None of the four ideas that were tested makes the answer better than a plainly trained network of the same size, and the
# paper's 201 test sources are too few to rank five networks.
#
# - A test set of two hundred sources moves the accuracy of one network by more than Table 2's rows differ.
# - The paper's best accuracy is explained in part: its epochs were chosen on the test sources. The rest is not.
# - The small network is as good as one seven times its size, and faster, though not seven times.
# - Which of the five is best, and by how much, needs ten times the test sources: {ref}`ch-judge-probabilities`.
#
# ## Exercises
#
# **1.** How many test sources does it take to tell an accuracy of 0.93 from 0.91, at two standard errors of the difference: if each
# network has a test set of its own, and if both answer the same sources?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
apart = 4 * (0.93 * 0.07 + 0.91 * 0.09) / 0.02**2
unlike = np.mean((small > 0.5) != (large > 0.5))  # one right, the other wrong
together = 4 * unlike / 0.02**2
Markdown(
    "Each accuracy has the variance p (1 − p) / n: on two test sets it takes "
    f"{apart:.0f} sources each, {apart / n:.1f} times the paper's {n}. On the "
    "*same* sources only those count that one network has right and the other "
    f"wrong. For the two networks of this chapter these are {unlike:.1%}, and "
    f"{together:.0f} sources would do: {apart / together:.1f} times fewer. That is "
    "what pairing is worth."
)

# %% [markdown]
# **2.** A forecaster who looks at nothing says "BL Lac" with probability $q$, at random. Which $q$ gives the best F1 score of the BL
# Lacs, and which the best of the FSRQs? Work it out from precision and recall, then read Table 2 again.

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
share, q = 1 - y[test].mean(), np.linspace(0, 1, 101)
f1 = {"BL Lacs": 2 * share * q / (share + q)}  # precision: share, recall: q
f1["FSRQs"] = 2 * (1 - share) * (1 - q) / (2 - share - q)
best_q = {name: q[values.argmax()] for name, values in f1.items()}
assert best_q == {"BL Lacs": 1, "FSRQs": 0}
free = {name: values.max() for name, values in f1.items()}
Markdown(
    "With precision s (the share of the class) and recall q, F1 = 2 s q / (s + "
    "q). It grows with q: it is best to name the class always. That gives "
    f"{free['BL Lacs']:.3f} for BL Lacs and {free['FSRQs']:.3f} for FSRQs, without "
    "a look at the sky. So the paper's F1 of BL Lacs of "
    f"{paper['classes.bias_init.f1_bll']:.2f} starts from there, not from zero, "
    f"and the F1 of FSRQs, {paper['classes.bias_init.f1_fsrq']:.2f}, is the harder "
    "number."
)

# %% [markdown]
# **3.** Give the toy 2 hidden units instead of 8, and 64. Does it call more sources right? Are its probabilities better? Say what you
# expect, and why the two questions may have different answers.


# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
def toy_scores(units, epochs):
    """Accuracy and log-loss on the sources that the toy learned from."""
    layers = (networks.Layer(units), networks.Layer(1, "linear"))
    options = {"epochs": epochs, "rng": np.random.default_rng(seed)}
    fit = networks.train_stage(two.x, two.y, two.w, layers, **options)
    logit = networks.forward(fit.parameters, layers, two.x)[0, :, 0]
    found = scores.binary_scores(two.y[0], networks.sigmoid(logit))
    return f"{found['accuracy']:.3f} and {found['logloss']:.3f}"


steps = settings.demonstration_epochs
tried = {f"{units} units": toy_scores(units, steps) for units in (2, 8, 64)}
tried["2 units, four times as long"] = toy_scores(2, 4 * steps)
Markdown(
    "Accuracy and log-loss: "
    + "; ".join(f"{what} {found}" for what, found in tried.items())
    + ". The calls hardly change: two features and one smooth boundary hold nearly "
    "all there is. The probabilities do change. After the same number of steps two "
    "units draw the boundary and are not yet as sure of it as they may be; longer "
    "training brings them closer. Accuracy cannot see that."
)
