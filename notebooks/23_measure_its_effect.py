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
# (ch-measure-its-effect)=
# # Measure its effect
#
# :::{admonition} In this chapter
# **You will** train random forests with and without weights and score them with and without weights, for two classes and
# for six.
#
# **You will learn** that weights hardly change what a flexible classifier predicts but change what one should expect of it,
# and that one argument of scikit-learn has quietly changed its meaning.
#
# **You need** the groups of {ref}`ch-define-classes` and the weights of {ref}`ch-weigh-the-shift`.
# :::

# %% tags=["remove-cell"]
# On Colab: fetch the book and install its packages. Elsewhere this does nothing.
import os
import subprocess
import sys

if "google.colab" in sys.modules and not os.path.exists("agnbook"):
    subprocess.run(["git", "clone", "--depth", "1", "https://github.com/agnbook/agnbook"], check=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "-e", "agnbook"], check=True)
    sys.path.insert(0, "agnbook/src")

# %% tags=["parameters"]
profile = "book"
seed = 0

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from agnbook.chapter import claims, figures, run_box, sizes, stored
from agnbook.shift import catalogue, curves, forest, hierarchy, weights
from agnbook.sky import catalogs, features, source_classes

settings = sizes.load("23_measure_its_effect", profile)
figures.use_book_style()

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(
    settings,
    catalogs=("4fgl-dr4",),
    computed="weights, one forest, tables and figures",
    loaded="curves, areas, importances and class sums over the splits",
)

# %%
gamma = features.gamma_features(catalogs.read("4fgl-dr4"))
known = gamma.y == 1
X = gamma.X[known].to_numpy()
physical = gamma.info.loc[known, "physical_class"]
group, two = source_classes.group_index(physical), source_classes.two_class(physical)
weight = weights.clip(weights.density_ratio(X, gamma.X[~known].to_numpy(), "gmm", seed=seed))
rows, tested = catalogue.random_splits(len(X), settings.splits, np.random.default_rng(seed))
print(f"{len(X)} sources, {settings.splits} splits of {rows.shape[1]} training and {tested.sum(axis=1)[0]} test sources")

# %% [markdown]
# The forest is the paper's: 50 trees of depth 15. Three combinations matter:
#
# | label | training | testing | answers |
# |---|---|---|---|
# | `RF` | unweighted | unweighted | how good is it for sources like the associated ones? |
# | `wRF` | weighted | weighted | how good is it for the unassociated ones, if trained for them? |
# | `wtRF` | unweighted | weighted | how good is it for the unassociated ones, trained as usual? |
#
# All are scored on the 30 % that a split left out.

# %%
LABELS = {"RF": (False, False), "wRF": (True, True), "wtRF": (False, True)}
options = {"n_trees": settings.trees, "seed": seed}


def compute_all():
    """Every forest of this chapter: curves, reliability, areas, importances, class sums."""
    tables = {"curves": [], "reliability": [], "auc": [], "importances": [], "meaning": []}

    def score(problem, y, probability, names, labels, weighted_training):
        for label in labels:
            if LABELS[label][0] == weighted_training:
                found = curves.evaluate(y, probability, tested, weight if LABELS[label][1] else None, names)
                for kind, table in zip(("curves", "reliability", "auc"), found, strict=True):
                    tables[kind].append(table.assign(problem=problem, label=label))

    for weighted in (False, True):
        w = weight if weighted else None
        probability = catalogue.predict_forests(X, two, rows, X, w, n_classes=2, **options)
        score("two", two, probability, ("Galactic", "AGN"), LABELS, weighted)
        six = catalogue.predict_forests(X, group, rows, X, w, **options)
        score("depth 4", group, six, source_classes.NAMES, LABELS, weighted)
        for depth in (1, 2, 3, 4):
            y, nodes = hierarchy.at_depth(group, depth), list(hierarchy.merged(depth))
            direct = six
            if depth < 4:
                direct, importance = catalogue.predict_forests(
                    X, y, rows, X, w, n_classes=len(nodes), importances=True, **options
                )
                summed = np.stack([hierarchy.sum_children(p, depth) for p in six]).astype(np.float32)
                score(f"depth {depth}", y, direct, nodes, ("wRF",), weighted)
                score(f"depth {depth} summed", y, summed, nodes, ("wRF",), weighted)
            elif not weighted:
                importance = catalogue.predict_forests(X, y, rows, X, None, importances=True, **options)[1]
            if not weighted:
                tables["importances"].append(
                    pd.DataFrame({"feature": features.GAMMA_FEATURES, "depth": depth, "importance": importance.mean(axis=0), "std": importance.std(axis=0)})
                )  # fmt: skip
        for kind, p in (("counts", six), ("bootstrap", None)):
            if p is None and weighted:
                p = catalogue.predict_forests(X, group, rows, X, weight, weighting="bootstrap", **options)
            if p is not None:
                run = catalogue.Run({"rf": p}, tested)
                expected = run.class_sums("rf", associated=True)
                label = kind if weighted else "unweighted"
                tables["meaning"].append(pd.DataFrame(expected, columns=source_classes.NAMES).assign(meaning=label))
                if kind == "bootstrap":
                    found = curves.evaluate(group, p, tested, weight, source_classes.NAMES)
                    tables["auc"].append(found[2].assign(problem="depth 4", label="wRF bootstrap"))
    return {kind: pd.concat(parts, ignore_index=True) for kind, parts in tables.items()}


computed = compute_all() if settings.recompute else {}
results = {
    kind: stored.table(f"results/shift_effect_{kind}.csv", lambda kind=kind: computed[kind], settings=settings, seed=seed)
    for kind in ("curves", "reliability", "auc", "importances", "meaning")
}
auc = results["auc"].groupby(["problem", "label", "class"], sort=False)["auc"].agg(["mean", "std"])

# %% [markdown]
# ## Two classes
#
# AGN against Galactic sources: the simplest case.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-two-class", "caption": "Two classes: ROC curve, and precision and recall of AGN and of Galactic sources against the probability threshold. Bands: standard deviation over splits (counterpart of Figs 4 to 6)."}, "image": {"alt": "Three panels; curves with weighted testing lie below those of unweighted testing, and hardly depend on the training."}}
COLORS = {"RF": figures.COLORS["blue"], "wRF": figures.COLORS["orange"], "wtRF": figures.COLORS["green"]}


def draw(ax, problem, name, label, quantity, color, style="-", text=None):
    line = results["curves"].query("problem == @problem and label == @label and `class` == @name")
    ax.plot(line["x"], line[quantity], style, color=color, lw=1.3, label=text)
    ax.fill_between(
        line["x"],
        line[quantity] - line[f"{quantity}_std"],
        line[quantity] + line[f"{quantity}_std"],
        color=color,
        alpha=0.15,
        lw=0,
    )


fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.6))
for label, color in COLORS.items():
    area = auc.loc[("two", label, "AGN")]
    draw(axes[0], "two", "AGN", label, "tpr", color, text=f"{label} ({area['mean']:.2f} ± {area['std']:.2f})")
    for ax, name in zip(axes[1:], ("AGN", "Galactic"), strict=True):
        draw(ax, "two", name, label, "precision", color, text=f"{label}, precision")
        draw(ax, "two", name, label, "recall", color, "--", text=f"{label}, recall")
axes[0].set(xlabel="false-positive rate", ylabel="true-positive rate", title="ROC, AGN (area)")
for ax, name in zip(axes[1:], ("AGN", "Galactic"), strict=True):
    ax.set(xlabel="probability threshold", title=name, ylim=(0, 1.02))
axes[0].legend(fontsize=8)
axes[2].legend(fontsize=7)
plt.show()

# %%
auc.loc["two"].unstack("label").round(3)

# %% [markdown]
# Three readings.
#
# - Weighted testing lowers the area: unassociated sources are harder, so an unweighted test is too optimistic.
# - `wRF` and `wtRF` agree within their bands: *training* with weights gains nothing. That is what theory expects of a flexible
#   classifier under covariate shift, because $p(y \mid x)$ is the same for both samples.
# - Our weighted area falls less than the paper's.
#
# Is the last point a matter of the weights? Keep the unweighted forests, and score their test sources under other weights: other
# seeds of the mixtures, other bounds, other estimators.


# %%
def compute_search():
    probability = catalogue.predict_forests(X, two, rows, X, n_classes=2, **options)
    target = gamma.X[~known].to_numpy()
    records = []
    for method, seeds in (("gmm", range(settings.splits // 2)), ("logistic", [0]), ("boosting", [0]), ("forest", [0])):
        for number in seeds:
            ratio = weights.density_ratio(X, target, method, seed=number)
            for bound in (3, 10, 30, 100):
                w = weights.clip(ratio, bound)
                area = curves.evaluate(two, probability, tested, w)[2].query("`class` == '1'")["auc"]
                records.append((method, bound, number, area.mean(), area.std()))
    return pd.DataFrame(records, columns=["method", "bound", "seed", "auc", "std"])


search = stored.table("results/shift_effect_search.csv", compute_search, settings=settings, seed=seed)
search.groupby(["method", "bound"], sort=False)[["auc", "std"]].mean().unstack("bound").round(3)

# %%
lowest = search.loc[search["auc"].idxmin()]
print(
    f"lowest of {len(search)}: {lowest['auc']:.3f} ± {lowest['std']:.3f} ({lowest['method']}, bound {lowest['bound']}); the paper has 0.89"
)

# %% [markdown]
# The area falls with a larger bound, and for estimators that balance the two samples better (see {ref}`ch-weigh-the-shift`). At the paper's
# bound no set of weights reaches its value; with a larger bound both the mixtures and the forest do. The number is within reach, then, but not
# by the recipe as printed, and weights that reach so far leave few effective sources: note how the spread grows.
#
# ## Six classes

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-six-class-roc", "caption": "One class against the rest: ROC curves of the six groups (counterpart of Figs 8 and 10). In parentheses: area, mean over splits."}, "image": {"alt": "Six ROC panels; in each the unweighted curve is highest and the two with weighted testing nearly coincide."}}
fig, axes = plt.subplots(2, 3, figsize=(8.4, 5), sharex=True, sharey=True)
for ax, name in zip(axes.flat, source_classes.NAMES, strict=True):
    for label, color in COLORS.items():
        draw(ax, "depth 4", name, label, "tpr", color, text=f"{label} ({auc.loc[('depth 4', label, name), 'mean']:.2f})")
    ax.plot([0, 1], [0, 1], ":", color="grey", lw=0.8)
    ax.set_title(f"{name}: {', '.join(source_classes.GROUPS[name])}", fontsize=8)
    ax.legend(fontsize=7, loc="lower right")
for ax in axes[1]:
    ax.set_xlabel("false-positive rate")
for ax in axes[:, 0]:
    ax.set_ylabel("true-positive rate")
plt.show()

# %%
auc.loc["depth 4"]["mean"].unstack("label").loc[list(source_classes.NAMES)].round(3)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-six-class-precision", "caption": "Precision (solid) and recall (dashed) of the six groups against the probability threshold (counterpart of Figs 9 and 11)."}, "image": {"alt": "Six panels of precision and recall curves for three combinations of training and testing weights."}}
fig, axes = plt.subplots(2, 3, figsize=(8.4, 5), sharex=True, sharey=True)
for ax, name in zip(axes.flat, source_classes.NAMES, strict=True):
    for label, color in COLORS.items():
        draw(ax, "depth 4", name, label, "precision", color, text=label)
        draw(ax, "depth 4", name, label, "recall", color, "--")
    ax.set(title=name, ylim=(0, 1.02))
axes[0, 0].legend(fontsize=8)
for ax in axes[1]:
    ax.set_xlabel("probability threshold")
for ax in axes[:, 0]:
    ax.set_ylabel("precision, recall")
plt.show()

# %%
half = results["curves"][(results["curves"]["problem"] == "depth 4") & np.isclose(results["curves"]["x"], 0.5)]
at_half = half.pivot(index="class", columns="label", values=["precision", "recall"]).loc[list(source_classes.NAMES)]
at_half.round(2)

# %% [markdown]
# At a threshold of one half the recall of psr+, fsrq+ and bll+ falls from `RF` to `wtRF`, and that of bcu+ and spp+ rises. Weights
# change how many sources of each class are in the test: a class that becomes rarer gets harder to predict with confidence.
#
# ## Are the probabilities honest?

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-six-class-reliability", "caption": "Reliability with weighted testing: observed fraction against predicted probability (counterpart of Fig. 12). Error bars: standard deviation over splits; bins with at least ten test sources."}, "image": {"alt": "Six reliability diagrams close to the diagonal for weighted and unweighted training."}}
fig, axes = plt.subplots(2, 3, figsize=(8.4, 5), sharex=True, sharey=True)
for ax, name in zip(axes.flat, source_classes.NAMES, strict=True):
    for label in ("wRF", "wtRF"):
        points = results["reliability"].query("problem == 'depth 4' and label == @label and `class` == @name")
        ax.errorbar(
            points["predicted"], points["observed"], points["std"], fmt="o-", ms=3, lw=1, color=COLORS[label], label=label
        )
    ax.plot([0, 1], [0, 1], ":", color="k", lw=0.8)
    ax.set_title(name)
axes[0, 0].legend(fontsize=8)
for ax in axes[1]:
    ax.set_xlabel("predicted probability")
for ax in axes[:, 0]:
    ax.set_ylabel("observed fraction")
plt.show()

# %%
gap = results["reliability"].query("problem == 'depth 4'").assign(gap=lambda t: (t["observed"] - t["predicted"]).abs())
gap.groupby(["class", "label"])["gap"].mean().unstack("label").loc[list(source_classes.NAMES)].round(3)

# %% [markdown]
# Both lie near the diagonal within the scatter. An unweighted forest may be used for unassociated sources as it is.
#
# ## Coarser classes: train anew or add up?
#
# The six groups are leaves of a tree. For the two, four or five classes at smaller depths one can train a forest of its own, or
# add up the probabilities of the six.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-hierarchy-roc", "caption": "Weighted ROC curves at depths 1 to 3: a forest trained on the coarser classes (solid) and summed probabilities of the six groups (dashed); counterpart of Fig. 7, whose last row is the wRF curve of the figure above."}, "image": {"alt": "Eleven ROC panels in three rows; solid and dashed curves coincide."}}
fig, axes = plt.subplots(3, 5, figsize=(11, 6.6), sharex=True, sharey=True)
for depth in (1, 2, 3):
    nodes = hierarchy.merged(depth)
    for ax, (node, members) in zip(axes[depth - 1], nodes.items(), strict=False):
        draw(ax, f"depth {depth}", node, "wRF", "tpr", figures.COLORS["green"], text="direct")
        draw(ax, f"depth {depth} summed", node, "wRF", "tpr", figures.COLORS["orange"], "--", text="summed")
        ax.set_title(f"{node}: " + " ".join(source_classes.NAMES[k] for k in members), fontsize=7)
    for ax in axes[depth - 1][len(nodes) :]:
        ax.axis("off")
axes[0, 0].legend(fontsize=7)
for ax in axes[2]:
    ax.set_xlabel("false-positive rate", fontsize=8)
plt.show()

# %%
nodes = [(depth, node) for depth in (1, 2, 3) for node in hierarchy.merged(depth)]
comparison = pd.DataFrame(
    {
        "direct": [auc.loc[(f"depth {d}", "wRF", n), "mean"] for d, n in nodes],
        "summed": [auc.loc[(f"depth {d} summed", "wRF", n), "mean"] for d, n in nodes],
        "spread": [auc.loc[(f"depth {d}", "wRF", n), "std"] for d, n in nodes],
    },
    pd.MultiIndex.from_tuples(nodes, names=["depth", "node"]),
)
comparison.round(3)

# %% [markdown]
# The same, within the spread over splits: one six-class model serves every coarser question.
#
# ## Which features matter? (Table B1)

# %%
PAPER_B1 = {  # Table B1, depths 1 to 4
    "LP_index1000MeV": (0.159, 0.167, 0.160, 0.163), "log10(Signif_Avg)": (0.077, 0.128, 0.140, 0.142),
    "log10(Variability_Index)": (0.100, 0.114, 0.114, 0.113), "log10(Unc_Energy_Flux100)": (0.128, 0.109, 0.105, 0.108),
    "LP_beta": (0.103, 0.106, 0.105, 0.101), "log10(Energy_Flux100)": (0.112, 0.089, 0.092, 0.092),
    "sin(GLAT)": (0.055, 0.081, 0.087, 0.087), "LP_SigCurv": (0.164, 0.097, 0.082, 0.081),
    "cos(GLON)": (0.052, 0.056, 0.058, 0.059), "sin(GLON)": (0.051, 0.054, 0.057, 0.055),
}  # fmt: skip
ours = results["importances"].pivot(index="feature", columns="depth", values="importance").loc[list(PAPER_B1)]
paper = pd.DataFrame(PAPER_B1, index=[1, 2, 3, 4]).T
pd.concat({"ours": ours, "paper": paper}, axis=1).round(3)

# %%
largest = (ours - paper).abs().max()
print("largest difference from the paper at depths 1 to 4: " + ", ".join(f"{value:.3f}" for value in largest))

# %% [markdown]
# Impurity importances share the credit among correlated features (flux, its uncertainty and significance), so read the order
# with care: curvature decides between two classes, the index at 1 GeV among six.
#
# ## What `sample_weight` means has changed
#
# Up to scikit-learn 1.8 a forest multiplied the weights into the bootstrap counts of each tree. Since 1.9 the weights are the
# *probabilities* with which sources are drawn. The two sound alike. In deep trees they are not: a source with a tiny weight still
# gets a leaf of its own under the old meaning, and is never seen under the new one. The book's `fit_forest` has both:

# %%
counts, bootstrap = (
    forest.fit_forest(X[rows[0]], group[rows[0]], weight[rows[0]], seed=seed, n_trees=settings.trees, weighting=kind)
    for kind in forest.WEIGHTINGS
)
test = tested[0]
change = np.abs(counts.predict_proba(X[test]) - bootstrap.predict_proba(X[test])).mean()
print(f"mean absolute difference of probabilities on one split: {change:.3f}")

# %% [markdown]
# Table 3 of the paper, column "RF assoc", tells the two apart: the expected number of associated sources after weighted training.

# %%
PAPER_TABLE_3 = (183.0, 183.4, 238.8, 792.5, 1733.4, 1482.8)
grouped = results["meaning"].groupby("meaning", sort=False)
meaning = grouped.mean().T
meaning.insert(0, "true", np.bincount(group, minlength=6))
meaning["paper (1.2.2)"] = PAPER_TABLE_3
meaning.loc[list(source_classes.NAMES)].round(0).astype(int)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-sample-weight-meaning", "caption": "Expected over true number of associated sources after weighted training, for both meanings of sample_weight and the paper. Error bars: standard deviation over splits."}, "image": {"alt": "Points per class: with bootstrap probabilities the counts are far more biased than with multiplied counts, which lie near the paper's values."}}
fig, ax = plt.subplots(figsize=(7, 3.8))
positions = np.arange(6)
truth = np.bincount(group, minlength=6)
for offset, kind, text in (
    (-0.12, "counts", "multiplied counts (up to 1.8)"),
    (0.12, "bootstrap", "bootstrap probabilities (1.9)"),
):
    values = grouped.get_group(kind)[list(source_classes.NAMES)]
    ax.errorbar(positions + offset, values.mean() / truth, values.std() / truth, fmt="o", label=text)
ax.plot(
    positions,
    np.array(PAPER_TABLE_3)
    / np.array([sum(source_classes.PAPER_CLASSES[m][0] for m in members) for members in source_classes.GROUPS.values()]),
    "k_",
    ms=16,
    label="paper (its own true numbers)",
)
ax.axhline(1, color="grey", lw=0.8)
ax.set_xticks(positions, source_classes.NAMES)
ax.set_ylabel("expected / true")
ax.legend()
plt.show()

# %%
bias = (meaning[["unweighted", "counts", "bootstrap"]].div(meaning["true"], axis=0) - 1).abs().mean()
print("mean relative bias of the six counts: " + ", ".join(f"{name} {value:.3f}" for name, value in bias.items()))

# %% [markdown]
# The old meaning lies near the paper (a little more biased for fsrq+), the new one far away. The classifier is no worse for it (the table of areas above has a column
# `wRF bootstrap`); it answers more literally for the weighted population. But a script that ran under 1.8 gives another
# catalogue under 1.9, without a warning.
#
# ## What this chapter claims

# %% tags=["hide-input"]
how = f"{settings.splits} splits 70/30, {settings.trees} trees of depth 15; interval: mean ± 1.96 standard deviations over splits"


def area_claim(identifier, what, key, paper, tolerance, why=""):
    row = auc.loc[key]
    return claims.Claim(identifier, what, row["mean"], paper, (row["mean"] - 1.96 * row["std"], min(1, row["mean"] + 1.96 * row["std"])), len(X), how=how, tolerance=tolerance, why=why)  # fmt: skip


ten = search[search["bound"] == 10]
lower = (
    f"searched over {len(search)} sets of weights (seeds of the mixtures, bounds 3 to 100, four estimators), tested on unweighted forests: with "
    f"the paper's bound the area is {ten['auc'].min():.3f} to {ten['auc'].max():.3f}, the lowest of all is {lowest['auc']:.3f} "
    f"({lowest['method']}, bound {lowest['bound']})"
)
entries = [
    area_claim("shift.auc_two_class_unweighted", "AGN against Galactic, area under the ROC curve, unweighted", ("two", "RF", "AGN"), 0.96, 0.01, "file version 35 and other splits"),
    area_claim("shift.auc_two_class_weighted", "AGN against Galactic, area under the ROC curve, trained and tested with weights", ("two", "wRF", "AGN"), 0.89, 0.017, lower),
    area_claim("shift.auc_two_class_weighted_test", "the same, tested with weights only", ("two", "wtRF", "AGN"), None, None),
    claims.Claim("shift.hierarchy", "largest difference of weighted areas between direct training and summed probabilities (paper: practically the same)", (comparison["direct"] - comparison["summed"]).abs().max(), 0.0, n=len(comparison), how=how, tolerance=0.02, why="beyond the spread over splits"),
    claims.Claim("shift.weighting_bias.counts", "mean relative bias of associated counts after weighted training, weights multiplied into counts", bias["counts"], n=len(X), how=how),
    claims.Claim("shift.weighting_bias.bootstrap", "the same with weights as bootstrap probabilities (scikit-learn 1.9)", bias["bootstrap"], n=len(X), how=how),
]  # fmt: skip
entries += [
    area_claim(
        f"shift.auc.{label.lower()}.{name[:-1]}",
        f"{name} against the rest, area under the ROC curve, {label}",
        ("depth 4", label, name),
        None,
        None,
    )
    for label in LABELS
    for name in source_classes.NAMES
]
entries += [
    claims.Claim(
        f"shift.importance.{row['feature'].replace('(', '_').rstrip(')')}.depth{row['depth']}", f"importance of {row['feature']} at depth {row['depth']} (Table B1)",
        row["importance"], PAPER_B1[row["feature"]][row["depth"] - 1], (row["importance"] - 1.96 * row["std"], row["importance"] + 1.96 * row["std"]),
        len(X), how=how, tolerance=0.011, why="file version 35 and other splits",
    )
    for _, row in results["importances"].iterrows()
]  # fmt: skip
claims.publish(entries, settings, seed)

# %% [markdown]
# ## Recap
#
# - Test with weights: without them the performance expected of unassociated sources is too good, most for fsrq+.
# - Train without: weighted training gains nothing for the unassociated sources and biases the associated ones.
# - Summed probabilities are as good as training on coarser classes.
# - Say which version of scikit-learn, if you pass `sample_weight` to a forest.
#
# ## Exercises
#
# **1.** Replace the weights by the forest's (`data/results/shift_weights.csv`). By how much does the weighted two-class area change?
#
# :::{admonition} Solution
# :class: dropdown
# ```python
# other = artifacts.load_table("results/shift_weights.csv")["forest"].to_numpy()
# p = catalogue.predict_forests(X, two, rows, X, n_classes=2, seed=0)
# for w in (weight, other):
#     print(curves.evaluate(two, p, tested, w)[2].groupby("class")["auc"].mean())
# ```
# Compare with the column `two_class_auc` of chapter 22's table.
# :::
#
# **2.** Make the trees shallow (`max_depth=4`). Do the two meanings of `sample_weight` still differ as much?
#
# :::{admonition} Solution
# :class: dropdown
# ```python
# for kind in forest.WEIGHTINGS:
#     p = catalogue.predict_forests(X, group, rows, X, weight, seed=0, max_depth=4, weighting=kind)
#     print(kind, catalogue.Run({"rf": p}, tested).class_sums("rf", True).mean(axis=0).round())
# ```
# Much less: a shallow leaf averages over many sources, and an average with weighted counts is the same as one over weighted draws.
# :::
