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
# (ch-train-networks)=
# # Train the networks
#
# :::{admonition} In this chapter
# **The question:** a forest did not mind how its sources were weighted. Does a neural network?
#
# **You will** see why a stiff model needs weights and a flexible one does not, train the paper's network here and dozens
# of copies of it at once, and compare it with the forest under every set of weights.
#
# **You will learn** why many small networks are slow one by one and fast together, how to prove that two trainers do the
# same, and how far one can get with a published number that does not come out.
#
# **You need** {ref}`ch-measure-its-effect`.
# :::

# %% tags=["remove-cell"]
import os

if "COLAB_RELEASE_TAG" in os.environ:
    get_ipython().system(
        "pip install -q 'agnbook[learning,networks,tensorflow] @ git+https://github.com/agnbook/agnbook'"
    )

# %% tags=["parameters"]
profile = "book"
seed = 0

# %%
import time

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

from agnbook.chapter import claims, figures, marks, run_box, sizes, stored
from agnbook.chapter.tensorflow import import_tensorflow
from agnbook.judge import resampled
from agnbook.shift import catalogue, curves, effect_studies, ensemble
from agnbook.shift import measurements, network_studies, pictures, spread_studies
from agnbook.sky import catalogs, features, source_classes

# %%
tf, keras, _ = import_tensorflow()
settings = sizes.load("24_train_networks", profile)
store = {"settings": settings, "seed": seed}
figures.use_book_style()
NAMES = list(source_classes.NAMES)

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(
    settings,
    catalogs=("4fgl-dr4",),
    computed="one network, its proof against Keras, the forests it is compared with",
    loaded="all sets of weights (chapter 22); networks of ten splits, long trainings, every set of weights, and the search "
    "for the paper's bias",
)

# %% [markdown]
# ## A toy: a line and a cubic
#
# The classic example {cite:p}`shimodaira2000`: a curve is learned from a training sample on the right and used on a target
# sample on the left. Fit a straight line and a cubic, each without weights and with the ratio of the two densities ({term}`importance weight`).

# %%
rng = np.random.default_rng(seed)
x = rng.normal(0.5, 0.5, 100)
y = -x + x**3 + rng.normal(0, 0.3, 100)
ratio = np.exp(-((x / 0.3) ** 2) / 2 + ((x - 0.5) / 0.5) ** 2 / 2) / 0.6
target = rng.normal(0, 0.3, 5000)
truth = -target + target**3

# %%
fits, errors = {}, {}
for degree, name in ((1, "line"), (3, "cubic")):
    for kind, w in (("unweighted", None), ("weighted", ratio)):
        root = None if w is None else np.sqrt(w)  # polyfit squares its weights
        fits[name, kind] = np.polyfit(x, y, degree, w=root)
        gap = np.polyval(fits[name, kind], target) - truth
        errors[name, kind] = np.sqrt(np.mean(gap**2))
shown = pd.Series(errors).unstack().loc[["line", "cubic"]]
shown.rename_axis("root of the mean squared error on the target").round(2)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-toy-misspecified", "caption": "A line (left) and a cubic (right) fitted to the training sample (dots), without weights (blue) and with them (orange). Black: the truth; grey band: where nine of ten targets lie."}, "image": {"alt": "The weighted line follows the truth inside the grey band, the unweighted one does not; both cubics follow it."}}
fig, axes = plt.subplots(1, 2, figsize=(7.4, 3.4), sharey=True)
grid = np.linspace(-0.7, 1.5, 100)
for ax, name in zip(axes, ("line", "cubic"), strict=True):
    ax.axvspan(-0.5, 0.5, color="#eeeeee")
    ax.plot(x, y, ".", color=figures.COLORS["grey"], ms=5)
    ax.plot(grid, -grid + grid**3, "k", lw=1)
    for kind, color in (("unweighted", "blue"), ("weighted", "orange")):
        curve = np.polyval(fits[name, kind], grid)
        ax.plot(grid, curve, color=figures.COLORS[color], lw=2, label=kind)
    ax.set(title=name, xlabel="x", ylim=(-1.3, 1.7))
axes[0].legend()
plt.show()

# %% [markdown]
# The line cannot be right everywhere, and weights decide where it is. The cubic contains the truth, and weights change
# little. So weighted training helps a model that is too stiff, and makes it wrong elsewhere; a flexible model only loses
# effective sources by it. Is the paper's network a line or a cubic?
#
# ## One network
#
# Two hidden layers of 20 and 10 nodes, tanh, a penalty of 0.001 on the squares of the kernels, Adam with rate 0.001, batches
# of 200, 500 epochs: all this the paper states. It does not say how the inputs are scaled; we standardise them on the
# training part. Here is one, trained in front of you.

# %%
gamma = features.gamma_features(catalogs.read("4fgl-dr4"))
known = gamma.y == 1
X, unassociated = gamma.X[known].to_numpy(), gamma.X[~known].to_numpy()
group = source_classes.group_index(gamma.info.loc[known, "physical_class"])
every = spread_studies.weight_sets(settings.weight_seeds)
name = spread_studies.typical(every, "gmm")  # the paper's recipe, see chapter 23
weight = every[name]
rng = np.random.default_rng(seed)
rows, tested = catalogue.random_splits(len(X), settings.splits, rng)

# %% tags=["nbval-ignore-output"]
seen = {}


def watch(epoch, networks):
    """Remember the mean area on the test sources now and then."""
    if epoch % settings.watch_one == 0:
        p = networks.predict_proba(X)[0]
        seen[epoch] = network_studies.macro_auc(group, p, tested[0])


one = ensemble.train_networks(
    X, group, rows[:1], rng=rng, epochs=settings.epochs, watch=watch
)
pd.Series(seen, name="mean area").rename_axis("epoch").round(3).to_frame().T

# %% [markdown]
# ## Many networks in one matrix product
#
# A batch of 200 sources through these layers is a few hundred thousand multiplications: microseconds of work in a
# millisecond of framework overhead. Yet we need the network on many splits, and the splits differ only in their rows. So
# give every array a leading axis, "network":
#
# $$H_{s} = \tanh\!\left(X_{s} W_{s} + b_{s}\right), \qquad s = 1 \dots S,$$
#
# one batched product `torch.baddbmm` a layer for all $S$ networks. Their losses are added up: the networks share no weight,
# so the gradient of the sum is each network's own, and so are the steps of Adam, which works element by element. The same
# trainer, `agnbook.members`, serves all small networks of this book.
#
# Is it the same training? Start Keras and ours from the same kernels, show both the same rows in the same order, and compare.

# %%
penalty = keras.regularizers.l2(0.001)
layers = [
    keras.layers.Dense(width, activation=kind, kernel_regularizer=penalty)
    for width, kind in ((20, "tanh"), (10, "tanh"), (6, "softmax"))
]
network = keras.Sequential([keras.Input((10,)), *layers])
network.compile(keras.optimizers.Adam(0.001), "sparse_categorical_crossentropy")
print(f"{network.count_params()} parameters")

# %%
rng = np.random.default_rng(seed)
start = ensemble.glorot(1, (10, 20, 10, 6), rng)
one_network = [layer[0] if layer.shape[1] > 1 else layer[0, 0] for layer in start]
network.set_weights(one_network)
first = rows[0]
(inputs,) = features.standardise(X[first])
fixed = {"batch_size": 200, "epochs": 3, "shuffle": False, "verbose": 0}
_ = network.fit(inputs, group[first], sample_weight=weight[first], **fixed)

# %%
ours = ensemble.train_networks(
    X, group, rows[:1], weight, rng=rng, epochs=3, start=start, shuffle=False
)
theirs = network.predict(inputs, verbose=0)
gap = np.abs(theirs - ours.predict_proba(X[first])[0]).max()
print(
    f"largest difference of a probability after 3 epochs below 1e-4: {gap < 1e-4}"
)

# %% [markdown]
# Equal up to the rounding of 32-bit numbers, weights, penalty and Adam included. From random starts both sample the same
# distribution of results: here are full trainings of Keras among batched ones on the same split.

# %%
trainers = stored.table(
    "results/shift_trainers.csv",
    lambda: network_studies.compare_trainers(
        X, group, rows, tested,
        starts=settings.starts, keras_runs=settings.keras_runs,
        epochs=settings.epochs, seed=seed,
    ),
    **store,
)  # fmt: skip
areas = trainers.groupby("trainer")["auc"].agg(["count", "mean", "min", "max"])
heads = {"mean": "mean area", "min": "lowest", "max": "highest"}
areas.rename(columns=heads | {"count": "trainings"}).round(4)

# %% [markdown]
# The Keras runs lie inside the range of the batched ones. And the time? A few epochs of one network and of many, here and
# now:

# %% tags=["nbval-ignore-output"]
copies = rows[np.arange(settings.timed) % len(rows)]
for part in (copies[:1], copies):
    begin = time.perf_counter()
    ensemble.train_networks(X, group, part, rng=rng, epochs=settings.timed_epochs)
    each = 1000 * (time.perf_counter() - begin) / len(part) / settings.timed_epochs
    print(f"{len(part)} at once: {each:.1f} ms a network and epoch")

# %% [markdown]
# A second network costs a small part of the first. {ref}`ch-build-the-catalogue`
# measures it properly, with Keras and scikit-learn in the same run.
#
# ## How long to train?
#
# The paper plots areas up to 2000 epochs and stops at 500.

# %%
long = slice(settings.long_splits)
by_epoch = stored.table(
    "results/shift_epochs.csv",
    lambda: network_studies.areas_by_epoch(
        X, group, weight, rows[long], tested[long],
        epochs=settings.long_epochs, every=settings.watch_every, seed=seed,
    ),
    **store,
)  # fmt: skip

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-epochs", "caption": "Area under the one-vs-rest ROC curve of test sources against epochs, unweighted (left) and weighted (right) training and testing, mean over splits (counterpart of Fig. C1). Dotted: the paper's choice. Without weights nothing is lost by training on; with them the areas sink."}, "image": {"alt": "Two panels of learning curves. Without weights all six groups are flat after some hundred epochs; with weights most peak before the paper's 500 epochs and then sink."}}
fig, axes = plt.subplots(1, 2, figsize=(7.6, 3.8), sharey=True)
for ax, (weighted, part) in zip(axes, by_epoch.groupby("weighted"), strict=True):
    mean = part.groupby(["class", "epoch"])["auc"].mean()
    for kind in NAMES:
        color = figures.CLASS_COLORS[kind[:-1]]
        ax.plot(mean[kind], color=color, label=kind, lw=1.8)
    ax.axvline(settings.epochs, color="k", ls=":", lw=0.8)
    ax.set(xlabel="epochs", title="weighted" if weighted else "unweighted")
axes[0].set_ylabel("area under ROC curve")
figures.legend_above(axes[0], ncols=6)
plt.show()

# %%
mean_area = by_epoch.groupby(["weighted", "epoch"])["auc"].mean().unstack("epoch")
epochs = [e for e in (20, 100, 500, 1000, 2000) if e in mean_area]
mean_area[epochs].rename(index={False: "unweighted", True: "weighted"}).round(3)

# %% [markdown]
# Without weights nothing is lost by training on. With weights the areas peak early and sink: a thousand effective sources
# are enough to overfit even this small network.
#
# ## Forest or network?
#
# The forests are trained here. `RF` is the forest and `NN` the network; `wt` before it says that the test had weights, `w` that training and
# test had them. Areas under the ROC curve ({term}`AUC`), first of tests without weights and then of tests with them. The best of each column is marked:

# %%
if settings.recompute:
    computed = network_studies.performance(
        X, group, weight, rows, tested, epochs=settings.epochs, seed=seed
    )
results = {}
for kind in ("curves", "reliability", "auc"):
    path = f"results/shift_networks_{kind}.csv"
    results[kind] = stored.table(path, lambda kind=kind: computed[kind], **store)

# %%
forests = effect_studies.six_class_tables(
    X, group, weight, rows, tested, n_trees=settings.trees, seed=seed
)
for kind, table in forests.items():
    results[kind] = pd.concat([table, results[kind]], ignore_index=True)
lines = results["curves"]
auc = results["auc"].groupby(["label", "class"], sort=False)["auc"]
auc = auc.agg(["mean", "std"])
order = ["RF", "NN", "wtRF", "wtNN", "wRF", "wNN"]
areas = auc["mean"].unstack("label").loc[NAMES, order]
heads = {name: f"{name} (area)" for name in NAMES}
marks.best(areas[["RF", "NN"]].T, dict.fromkeys(NAMES, "max"), names=heads)

# %%
marks.best(areas[order[2:]].T, dict.fromkeys(NAMES, "max"), names=heads)

# %% [markdown]
# The unweighted network is ahead nearly everywhere. Is that chance? Both saw the same sources, so the difference of each split is
# a pair, and the interval counts that splits overlap ({cite:t}`nadeau2003`, as in {ref}`ch-measure-its-effect`).

# %%
pairs = results["auc"].pivot(
    index="split", columns=["label", "class"], values="auc"
)
part = tested.mean()
gaps = {
    f"{kind}, weighted test" if weighted else kind: resampled.difference(
        pairs[f"{weighted}NN", kind] - pairs[f"{weighted}RF", kind], part
    )
    for weighted in ("", "wt")
    for kind in NAMES
}
gaps = pd.DataFrame(gaps, index=["value", "low", "high"]).T.astype(float)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-network-minus-forest", "caption": "Area of the network minus that of the forest, both trained without weights, on the same test sources, with 95 % intervals; above without weights, below with them in the test. The network is nowhere behind with certainty."}, "image": {"alt": "Twelve points with intervals. Without weights in the test the network is ahead by one or two hundredths in every class, for three of them with certainty; with weights it is ahead in all classes but bll+, and every interval includes zero."}}
fig, ax = plt.subplots(figsize=(6.4, 4))
figures.intervals(ax, gaps)
ax.axvline(0, color="k", lw=0.8)
ax.set_xlabel("difference of areas, network minus forest")
plt.show()

# %% tags=["remove-input"]
ahead = (gaps["low"] > 0).to_numpy()
print(f"network ahead with certainty: {ahead[:6].sum()} of 6 classes,", end=" ")
print(f"tested with weights {ahead[6:].sum()} of 6", end="; ")
print(f"the forest: {(gaps['high'] < 0).sum()} of 12")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-network-roc", "caption": "ROC curves of forest and network under weighted testing, mean over splits (counterpart of the top panels of Figs C2 and C3)."}, "image": {"alt": "Six ROC panels. Forest and networks nearly coincide in each; the network that was trained without weights lies slightly above the others."}}
panels = pictures.six_panels("false-positive rate", "true-positive rate")
for kind, ax in panels.items():
    for label in ("wRF", "wNN", "wtNN"):
        text = f"{label}, area {auc.loc[(label, kind), 'mean']:.2f}"
        pictures.line(ax, lines, "six", kind, label, "tpr", text=text)
    ax.legend(loc="lower right", fontsize=8)
plt.show()

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-network-precision", "caption": "Precision (solid) and recall (dashed) against the probability threshold, weighted testing (counterpart of the middle panels of Figs C2 and C3)."}, "image": {"alt": "Six panels of precision and recall; the weighted network keeps more recall at high thresholds and has less precision."}}
panels = pictures.six_panels("probability threshold", "precision, recall")
for kind, ax in panels.items():
    for label in ("wRF", "wNN", "wtNN"):
        pictures.line(ax, lines, "six", kind, label, "precision", text=label)
        pictures.line(ax, lines, "six", kind, label, "recall", "--")
figures.legend_above(panels["spp+"])
plt.show()

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-network-reliability", "caption": "Reliability with weighted testing (counterpart of the bottom panels of Figs C2 and C3); error bars: standard deviation over splits."}, "image": {"alt": "Six reliability diagrams; at high probabilities most points lie below the diagonal for forest and networks alike."}}
panels = pictures.six_panels("predicted probability", "observed fraction")
pictures.reliability(panels, results["reliability"], ("wRF", "wNN", "wtNN"))
plt.show()

# %% tags=["remove-input"]
over = curves.surplus(results["reliability"])
text = ", ".join(f"{label} {over[label]:+.3f}" for label in order[2:])
print(f"predicted minus observed fraction above one half, weighted test: {text}")

# %% [markdown]
# Forest and network are close in all three figures. Above one half the points scatter, and on average lie below the diagonal
# for all of them under weighted testing, most for the network that was trained with weights.
#
# ## Under every set of weights
#
# Again, one set is one opinion. Weighted minus unweighted training of the network, for all of them, beside the forest of
# {ref}`ch-measure-its-effect`.

# %%
predict = spread_studies.networks(settings.epochs)
scores, *_ = stored.tables(
    [f"results/shift_network_{name}.csv" for name in spread_studies.TABLES],
    lambda: spread_studies.study(
        X, group, unassociated, every, rows, tested, predict, seed=seed
    ),
    **store,
)
macro = scores.query("`class` == 'mean' and score == 'auc'")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-network-spread", "caption": "Networks: weighted minus unweighted training, tested with the same weights; mean area over the six classes for every set of weights, with 95 % intervals. All points lie below zero, about half of the intervals wholly."}, "image": {"alt": "Thirty-six points with intervals, a row for each set of weights: every point lies one or two hundredths below zero, and for about half of the sets the interval does so, too."}}
fig, ax = plt.subplots(figsize=(6.6, 4.6))
pictures.sets(ax, macro, "training", "change of the mean area by weighted training")
ax.set_ylabel("sets of weights")
figures.legend_above(ax)
plt.show()

# %% tags=["remove-input"]
lower = (macro["training_high"] < 0).sum()
print(
    f"{len(macro)} sets: {macro['training'].min():+.3f} to "
    f"{macro['training'].max():+.3f}; with certainty lower for {lower} of them"
)

# %% tags=["remove-input"]
kinds = ["auc", "brier", "calibration"]
by_class = scores[scores["score"].isin(kinds)].groupby(["class", "score"])
table = by_class["training"].median().unstack("score")[kinds]
scatter = scores[scores["score"] == "precision"].groupby("class")
table["scatter of precision"] = scatter["training_scatter"].median()
heads = {"auc": "area", "brier": "Brier score", "calibration": "calibration error"}
table.loc[NAMES].rename_axis("weighted minus unweighted training", axis=0).rename(
    columns=heads
).round(3)

# %% [markdown]
# Medians over the sets. Weighted training costs the network area in every class, and adds to both of its errors. The last column is the scatter of the precision over splits after weighted training, in units of that
# after unweighted training: the paper saw it grow, "e.g. FSRQs". Ours does not grow for fsrq+; but a ratio of two standard
# deviations from ten splits is known to a factor of two only, so neither statement is certain.
#
# So the network is a *cubic* that pays for its weights: it contains the answer and has fewer effective sources to find it.
# The price is small, a hundredth or two in area, and it is there under every set of weights.
#
# ## A number that does not come out
#
# Table 3 of the paper gives, for the *weighted network on associated sources*, far too many psr+ and far too few bll+. We do
# not find that bias with the recipe as printed. The paper leaves open how inputs are scaled, whether weights are
# normalised, and the random start of the mixtures; penalty, epochs and weights it states. The search keeps the two apart.

# %%
mixtures = {key: w for key, w in every.items() if key.startswith("gmm")}
del mixtures[name]
others = {key: w for key, w in every.items() if key.endswith(" 0")}
others.pop("gmm 0", None)
changes = network_studies.variants(X, weight, mixtures, others, settings.epochs)
few = slice(settings.search_splits)
search = stored.table(
    "results/shift_search.csv",
    lambda: network_studies.search_variants(
        X, group, weight, rows[few], tested[few], changes,
        epochs=settings.epochs, seed=seed,
    ),
    **store,
).set_index("variant")  # fmt: skip

# %%
values = claims.paper("25_build_the_catalogue")
row = [values[f"shift.associated.nn_weighted.{short}"] for short in catalogue.SHORT]
paper = pd.Series(row, NAMES, name="paper")
search["distance"] = ((search[NAMES] - paper).abs() / paper).mean(axis=1)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-network-search", "caption": "Expected psr+ and bll+ among associated sources after weighted training of the network: as printed (black), with what the paper leaves open (blue), and against what it states (orange). Star: the paper; cross: the true numbers. No variant comes near the star."}, "image": {"alt": "Scatter plot. Blue points spread from the true numbers towards lower bll+, orange points scatter; the paper's star lies outside all of them, at high psr+ and low bll+."}}
fig, ax = plt.subplots(figsize=(6.4, 4.4))
style = {"as printed": "black", "left open": "blue", "stated otherwise": "orange"}
for kind, color in style.items():
    part = search[search["kind"] == kind]
    ax.plot(
        part["psr+"], part["bll+"], "o", color=figures.COLORS[color], label=kind
    )
true = np.bincount(group, minlength=6)
ax.plot(paper["psr+"], paper["bll+"], "k*", ms=14, label="paper")
ax.plot(true[2], true[5], "kx", ms=9, label="true")
ax.set(xlabel="expected psr+", ylabel="expected bll+")
ax.legend()
plt.show()

# %% tags=["remove-input"]
open_ones = search[search["kind"] == "left open"]
closest = open_ones["distance"].min()
print(
    f"{len(search)} trainings. Mean relative distance from the paper's row:",
    end=" ",
)
print(f"as printed {search.loc['as in this book', 'distance']:.2f},", end=" ")
print(f"best of {len(open_ones)} left open {closest:.2f}", end=" ")
print(f"({open_ones['distance'].idxmin()}),", end=" ")
print(f"best of all {search['distance'].min():.2f} ({search['distance'].idxmin()})")

# %% [markdown]
# No variant gives the paper's row, neither within what it leaves open nor beyond. Two directions show. The random start of
# the mixtures alone, which the paper leaves open, moves bll+ by hundreds: the printed row is one draw of a wide
# distribution. And stiffer networks and shorter trainings, the lines among these cubics, lower bll+ further and raise the
# small groups, as in the toy. The paper's psr+ stays out of reach of both.
#
# ## What this chapter claims

# %% tags=["hide-input"]
note = f"{len(open_ones)} variants; nearest: {open_ones['distance'].idxmin()}"
measured = {
    "shift.networks.parameters": claims.Measured(network.count_params(), n=1),
    "shift.search.distance": claims.Measured(closest, n=len(search), note=note),
}
measured |= measurements.areas(results["auc"], network_studies.LABELS, len(X))
published = claims.publish(measured, settings, seed)
published[~published.index.str.contains("auc")]

# %% [markdown]
# ## Recap

# %% tags=["remove-input"]
Markdown(
    f"**Answer.** A little. Weighted training takes {-macro['training'].max():.3f} to {-macro['training'].min():.3f} from the "
    f"network's mean area, under all {len(macro)} sets of weights and for {lower} of them with certainty; a forest lost less "
    "than a hundredth. Without weights the network ranks sources at least as well as the forest."
)

# %% [markdown]
# - Weights repair a model that is too stiff. A flexible one pays for them in effective sources; the network more than the
#   forest, under every set of weights.
# - Small networks are dominated by overhead; a leading axis removes it. Equality from the same start is the proof that
#   nothing else changed.
# - One published column stays unexplained. What was tried is listed, and what the paper states is not among the excuses.
#
# ## Exercises
#
# **1.** In the toy, train on 10 000 points instead of 100. Which of the four errors shrink, and which cannot?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
rng = np.random.default_rng(seed)
x_many = rng.normal(0.5, 0.5, 10_000)
y_many = -x_many + x_many**3 + rng.normal(0, 0.3, len(x_many))
w_many = np.exp(-((x_many / 0.3) ** 2) / 2 + ((x_many - 0.5) / 0.5) ** 2 / 2)
more = {}
for degree, what in ((1, "line"), (3, "cubic")):
    for kind, root in (("unweighted", None), ("weighted", np.sqrt(w_many))):
        fit = np.polyfit(x_many, y_many, degree, w=root)
        more[what, kind] = np.sqrt(np.mean((np.polyval(fit, target) - truth) ** 2))
told = [f"{' '.join(k)} {errors[k]:.3f} to {more[k]:.3f}" for k in errors]
Markdown(
    f"With more points: {'; '.join(told)}. The cubic's vanish. The line's stay: no "
    "number of sources repairs a model that cannot be right, and weights only "
    "choose where it errs."
)

# %% [markdown]
# **2.** Stop the weighted network where its test area peaks. Why would that be cheating, how would you do it properly, and how much
# is there to gain at most?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
watched = mean_area.loc[True]
peak = watched.max() - watched.loc[: settings.epochs].iloc[-1]
price = -macro["training"].median()
Markdown(
    f"At most {peak:.3f} in area, where weighted training had cost {price:.3f} "
    "(median). The peak was seen on test sources. Hold out a part of the training "
    "rows, stop by its weighted loss, then score once on the test part."
)

# %% [markdown]
# **3.** Train several networks of one split from different starts and average their probabilities. Is the area of the mean the mean of
# the areas? Guess before you look.

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
copies = np.repeat(rows[:1], settings.starts, axis=0)
many_starts = catalogue.predict_networks(
    X, group, copies, X, seed=seed, epochs=settings.epochs
)
each = [network_studies.macro_auc(group, q, tested[0]) for q in many_starts]
mean = network_studies.macro_auc(group, many_starts.mean(axis=0), tested[0])
Markdown(
    f"One network has {np.mean(each):.4f} (scatter {np.std(each):.4f}), their mean "
    f"{mean:.4f}: a gain of {mean - np.mean(each):+.4f}. Errors of start and "
    "batches average out, what all networks share does not."
)
