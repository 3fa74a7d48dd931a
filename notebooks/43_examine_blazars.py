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
# (ch-examine-blazars)=
# # Examine: BL Lac or FSRQ?
#
# :::{admonition} In this chapter
# **The question:** some blazar candidates of 4LAC-DR3 are BL Lacs or FSRQs in FL16Y. Were the models of Part I right, and
# were other people's?
#
# **You will** score every model beside "always BL Lac", meet the peers on shared names, take the circular labels away,
# and repeat the test on an older pair of releases, where it is harder.
#
# **You need** {ref}`ch-classify-blazars` and {ref}`ch-follow-the-sources`.
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
import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

from agnbook import forecasts
from agnbook.blazars import linear
from agnbook.chapter import claims, figures, marks, run_box, sizes, stored
from agnbook.forecasts import candidates, promises
from agnbook.judge import calibration, exams
from agnbook.shift import weights
from agnbook.sky import catalogs, crossmatch, features, peers

# %%
settings = sizes.load("43_examine_blazars", profile)
figures.use_book_style()

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(
    settings,
    catalogs=(
        "4lac-dr3-h",
        "4lac-dr3-l",
        "fl16y",
        "4fgl-dr2",
        "4fgl-dr3",
        "4fgl-dr4",
        "gharat-bcu",
        "butter-2022",
        "srcpop-dr4",
    ),
    computed="matches, the older exam's classifier, every score and paired difference",
    loaded="forecasts of chapter 15's models for the candidates, committed before they were scored",
)

# %% [markdown]
# ## A toy: an exam that only asks easy questions
#
# Two thousand blazars on one axis, the photon index. BL Lacs are harder (smaller index), FSRQs softer, and they overlap.
# A classifier knows the true probability. Now let the labels come for hard sources first, as they do:
# a featureless spectrum of a bright, hard source settles a BL Lac, and a soft one stays a candidate.

# %%
rng = np.random.default_rng(seed)
is_fsrq = rng.uniform(size=2000) < 0.33
index = rng.normal(np.where(is_fsrq, 2.45, 2.05), 0.2)
distance = (index - 2.05) ** 2 - (index - 2.45) ** 2
p = pd.Series(1 / (1 + 2 * np.exp(-distance / (2 * 0.2**2))))
truth = pd.Series(np.where(is_fsrq, "fsrq", "bll"))
labelled = rng.uniform(size=2000) < 1 / (1 + np.exp((index - 2.15) / 0.03))

# %%
both = candidates.two_columns
toy = {
    "all": exams.score_predictions(both(p), truth, n_resamples=200),
    "labelled": exams.score_predictions(both(p), truth[labelled], n_resamples=200),
}
summary = pd.DataFrame(
    {name: r.value[["accuracy", "auc"]] for name, r in toy.items()}
).T
summary["always BL Lac"] = [r.constant["accuracy"] for r in toy.values()]
summary["FSRQs"] = [is_fsrq.sum(), is_fsrq[labelled].sum()]
summary.round(3)

# %% [markdown]
# The same classifier, and the accuracy rises: the labels come from where nearly all are BL Lacs. "Always
# BL Lac" rises with it. The AUC *falls*, for within the hard sources there is little to rank by. Remember both signs.
#
# ## The exam

# %%
lac = catalogs.read_4lac()
names = ("4fgl-dr2", "4fgl-dr3", "4fgl-dr4", "fl16y")
release = {name: catalogs.read(name) for name in names}

# %%
names = ("members", "trees", "rounds", "epochs")
trained = {name: settings[name] for name in names}
bcu = stored.table(
    "results/later_forecasts_bcu.csv",
    lambda: (
        forecasts.forecast_blazars(
            lac.iloc[:: settings.every], seed=seed, **trained
        )
        .round(4)
        .reset_index()
    ),
    settings=settings,
    seed=seed,
).set_index("Source_Name")

# %%
outcome = exams.answers(exams.get_exam("bll-fsrq"), lac, release["fl16y"])
outcome = outcome.loc[bcu.index]
answer, cluster = outcome["answer"], exams.clusters(outcome)
after = outcome["class_after"].replace("", "no class, or not listed")
after.value_counts().head(6).to_frame("candidates").rename_axis("class")

# %%
bcu["photon index alone"] = candidates.photon_index_alone(lac, bcu.index)
options = {"clusters": cluster, "n_resamples": settings.resamples, "seed": seed}
result = {
    name: exams.score_predictions(both(bcu[name]), answer, **options)
    for name in bcu
}
summary = pd.DataFrame({name: r.value for name, r in result.items()}).T
marks.best(
    summary[["logloss", "auc", "accuracy"]].sort_values("logloss"),
    {"logloss": "min", "auc": "max", "accuracy": "max"},
    names={"logloss": "log-loss (nats)", "auc": "AUC"},
)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-bcu-scores", "caption": "Log-loss of every model of Part I on the candidates that FL16Y classified, with 95 % intervals. Grey: baselines."}, "image": {"alt": "Fifteen rows; always BL Lac has the largest log-loss by far, most models lie close together, photon index alone among them."}}
fig, ax = plt.subplots(figsize=(6.4, 4.0))
grey = {"always BL Lac": "grey", "photon index alone": "grey"}
figures.intervals(ax, exams.one_score(result, "logloss").sort_values("value"), grey)
ax.set_xlabel("log-loss (nats a source)")
plt.show()

# %%
reference = "five voters"
voters = both(bcu[reference])
others = {name: both(bcu[name]) for name in bcu.columns.drop(reference)}
gaps = exams.compare(voters, others, answer, **options)["logloss"]
gaps = gaps.sort_values("value")
gaps.rename(columns={"value": "log-loss difference (nats)"}).round(3)

# %% [markdown]
# "Five voters" was the best model of {ref}`ch-classify-blazars` in cross-validation, before any of these labels; so it is the reference
# here, whoever wins. Negative: the reference is better. It has the smallest log-loss of all, and beats "always BL Lac" and
# the photon index alone clearly. Against half of the models, "gamma rays alone" among them, the interval holds zero.
# In accuracy they differ by single sources, and so does a cut on the photon index.
#
# ## Peers, pair by pair
#
# The authors of paper 1 published the probabilities of their five models for 1115 candidates of 4LAC-DR3.
# {cite:t}`butter2022` did it for the candidates of DR2, and srcpop {cite:p}`srcpop` for DR4. Names are led to 4LAC-DR3; each
# pair is scored on its shared names.

# %%
older = ("4fgl-dr2", "4fgl-dr4")
match = {name: crossmatch.compare(release[name], lac) for name in older}
room = {}
for name, peer in peers.BLAZAR_PEERS.items():
    columns = peers.probabilities(peer)
    if peer.release != "4lac-dr3":
        columns, _ = peers.lead_names(columns, match[peer.release])
    room[name] = exams.class_columns(columns, ("bll", "fsrq"), normalise=True)

# %%
pairs = exams.compare(voters, room, answer, **options)
auc, loss = pairs["auc"], pairs["logloss"]
shown = pd.concat(
    {"log-loss": loss[["ours", "theirs"]], "AUC": auc[["ours", "theirs"]]}, axis=1
)
shown.insert(0, ("", "FSRQs"), pairs["count"]["fsrq"])
shown.insert(0, ("", "n"), loss["n"].astype(int))
shown.round(3)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-bcu-peers", "caption": "Five voters minus each peer in log-loss on shared names (left of zero: ours is better), paired, with 95 % intervals."}, "image": {"alt": "Seven rows, all left of zero: the five voters have the smaller log-loss against every peer, and only the interval against the contrastive network reaches zero."}}
fig, ax = plt.subplots(figsize=(6.4, 2.8))
figures.intervals(ax, loss)
ax.axvline(0, color="k", lw=0.8)
ax.set_xlabel("log-loss, ours - peer (nats a source)")
ax.locator_params(axis="x", nbins=6)
plt.show()

# %% tags=["remove-input"]
clear = loss[(loss["low"] > 0) | (loss["high"] < 0)]
auc_gap = (auc["low"] > 0) | (auc["high"] < 0)
Markdown(
    f"{len(clear)} of the {len(loss)} pairs differ in log-loss beyond the interval, and {auc_gap.sum()} in AUC. So all rank "
    "almost perfectly, and what differs is how sure they dared to be. But look at what was asked: "
    f"{pairs['count']['fsrq'].max()} FSRQs, and nine in ten answers hard BL Lacs. Boldness about BL Lacs is what this "
    "log-loss pays for."
)

# %% [markdown]
# ## Look who was answered

# %%
info = lac.set_index("Source_Name").loc[bcu.index]
edges = np.array([1.5, 1.7, 1.9, 2.1, 2.3, 2.5, 2.8])
rows = []
for kind, (left, right) in itertools.product(
    ("bll", "fsrq"), itertools.pairwise(edges)
):
    inside = info["PL_Index"].between(left, right, inclusive="left").to_numpy()
    k, n = int((answer[inside] == kind).sum()), max(int(inside.sum()), 1)
    low, high = calibration.wilson_interval(k, n)
    rows.append((kind, f"{left:.1f}-{right:.1f}", n, k / n, low, high))
fraction = pd.DataFrame(
    rows, columns=["class", "index", "n", "value", "low", "high"]
)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-bcu-selection", "caption": "Fraction of 4LAC-DR3's candidates (no analysis flags) that FL16Y calls BL Lac or FSRQ, by photon index, with 95 % Wilson intervals."}, "image": {"alt": "Labels follow the spectrum: most of the candidates with a small photon index became BL Lacs, almost none with a large one; a few FSRQs appear at large index."}}
fig, ax = plt.subplots(figsize=(6.4, 3.0))
for kind, part in fraction.groupby("class"):
    error = [part["value"] - part["low"], part["high"] - part["value"]]
    ax.errorbar(
        part["index"],
        part["value"],
        np.maximum(error, 0),
        fmt="o",
        label=kind,
        color=figures.CLASS_COLORS[kind],
    )
ax.set(xlabel="photon index in 4LAC-DR3", ylabel="fraction answered")
ax.legend()
plt.show()

# %%
fraction.pivot(index="index", columns="class", values="value").round(3)

# %% [markdown]
# The toy again: hard candidates became BL Lacs, soft ones stayed candidates. But the toy said that the AUC should *fall*,
# and here it is higher than in cross-validation. *Matched* makes the comparison fair: old BL Lacs and FSRQs, each predicted
# by folds that did not see it, weighted to look like the answered candidates.

# %%
blazar = features.blazar_features(lac)
known = np.isfinite(blazar.y)
X_old, y_old = blazar.X[known], blazar.y[known].astype(int)
old_truth = pd.Series(np.where(y_old == 1, "fsrq", "bll"), X_old.index)
before, _ = forecasts.cross_fitted(
    linear.logistic, X_old, y_old, X_old[:1], n_folds=settings.folds
)
before = pd.DataFrame(before, X_old.index, ["bll", "fsrq"])

# %%
ratio = promises.ratio("boosting", seed)
answered = answer.index[answer != ""]
X_new, X_all = blazar.X.loc[answered], blazar.X.loc[bcu.index]
size = {"n_resamples": settings.reestimated, "seed": seed}
matched = exams.reestimated_scores(before, old_truth, X_old, X_new, ratio, **size)
everyone = exams.reestimated_scores(
    both(bcu["logistic"]), answer, X_new, X_all, ratio, clusters=cluster, **size
)

# %%
promise = {
    "cross-validation": exams.score_predictions(before, old_truth, seed=seed),
    "matched": matched,
    "observed": result["logistic"],
    "reweighted to all": everyone,
}
heads = {"logloss": "log-loss (nats)", "auc": "AUC"}
pd.concat({heads[key]: exams.one_score(promise, key) for key in heads}).round(3)

# %%
for name, (source, target) in {
    "matched": (X_old, X_new),
    "reweighted to all": (X_new, X_all),
}.items():
    w = ratio(source, target)
    balance = weights.two_sample_auc(source, target, w)
    n_eff = weights.effective_sample_size(w)
    print(
        f"{name}: two-sample AUC after weighting {balance:.2f} (0.5 is perfect), "
        f"{n_eff:.0f} effective sources"
    )

# %% [markdown]
# Matching brings the log-loss down to where the intervals touch: nearly all sources like these are BL Lacs. The AUC goes
# the other way, as in the toy, and away from what is observed: new labels follow the gamma-ray spectrum more closely than
# old ones did at the same place. But mind the check: a two-sample AUC far *below* one half says that the weights overshoot,
# on few FSRQs. So this is a hint that the selection is not by features alone, and no more. Reweighted to all candidates, the
# score returns to the cross-validated one, with a wide interval.
#
# ## Circular labels
#
# A candidate becomes a `bll` by a featureless spectrum, or by entering a catalogue of high-synchrotron-peaked sources
# such as 3HSP: by its synchrotron peak, which is a feature of most models. Take away, step by step, what could be circular.

# %%
high_peak = info["nu_syn"] > 1e15
from_sed = info["Counterpart_Catalog"].isin(["whsp2", "wise"])
from_sed |= outcome["counterpart_after"].str.match("3HSP|WISE")
subsets = {
    "all": answer,
    "no high-peaked sources": answer[~high_peak],
    "no 3HSP or WISE counterparts": answer[~from_sed],
    "neither": answer[~high_peak & ~from_sed],
    "without an SED fit": answer[~features.has_sed(info)],
}

# %%
models = (reference, "gamma rays alone", "always BL Lac")
circular = {
    (name, model): exams.score_predictions(both(bcu[model]), labels, **options)
    for name, labels in subsets.items()
    for model in models
    if labels[labels != ""].nunique() == 2
}
one = exams.one_score(circular, "auc")
one.insert(0, "n", [r.attrs["n"] for r in circular.values()])
one.rename(columns={"value": "AUC"}).round(3)

# %% [markdown]
# Removing them costs up to six answers in ten, and the AUC hardly moves. "Gamma rays alone", which never sees the
# synchrotron peak, does about as well as the voters in every row. So either the peak is no circle, or the circle is the
# gamma-ray spectrum itself. Sources without an SED fit, which a model might call BL Lac just because the fit is missing,
# do as well as the others.
#
# ## The harder test: DR2 to DR3
#
# Candidates of DR2 that became `bll` or `fsrq` in DR3 are a less one-sided mix. {cite:t}`butter2022` forecast exactly these. Beside
# their Bayesian network: a logistic regression on five gamma-ray columns of DR2.

# %%
dr2 = release["4fgl-dr2"]
ours = both(candidates.gamma_logistic(dr2))
classes = {"bll": ("bll",), "fsrq": ("fsrq",)}
older = exams.Exam(
    "dr2-bcu", "Candidates of DR2", "4fgl-dr2", "4fgl-dr3", ("bcu",), classes
)
dr2_outcome = exams.answers(older, dr2, release["4fgl-dr3"])
dr2_answer = dr2_outcome["answer"]
dr2_answer[dr2_answer != ""].value_counts().to_frame("candidates")

# %%
dr2_options = options | {"clusters": exams.clusters(dr2_outcome)}
mine = exams.score_predictions(ours, dr2_answer, **dr2_options)
butter = peers.probabilities(peers.BLAZAR_PEERS["Butter et al."])
butter = exams.class_columns(butter, ("bll", "fsrq"))
harder = exams.paired_scores(ours, butter, dr2_answer, **dr2_options)
count = ", ".join(f"{n} {kind}" for kind, n in harder.attrs["count"].items())
print(f"{harder.attrs['n']} shared names: {count}")
harder.rename(columns={"first": "logistic", "second": "Butter et al."}).round(3)

# %% [markdown]
# The network is ahead in log-loss and in AUC, and no interval excludes zero. Both are far below the newer exam: *which*
# sources get labels decides the grade.

# %% tags=["remove-input"]
best, always = result[reference], result["always BL Lac"]
Markdown(
    f"**Answer.** On {best.attrs['n']} later labels, {int((answer == 'fsrq').sum())} of them FSRQs, the reference model has "
    f"AUC {best.value['auc']:.3f} ({best.low['auc']:.3f} to {best.high['auc']:.3f}) and accuracy "
    f"{best.value['accuracy']:.2f}, always BL Lac {always.value['accuracy']:.2f}. On {harder.attrs['n']} candidates of DR2 a "
    f"logistic regression has {harder.loc['auc', 'first']:.2f} and Butter et al. {harder.loc['auc', 'second']:.2f}. Quote "
    "the cross-validated score, not the later one: a hard candidate's class is a good bet, a soft one's is untested until "
    "somebody takes its spectrum."
)

# %% [markdown]
# ## What this chapter claims

# %% tags=["hide-input"]
measured = {
    f"later.bcu.{kind}": claims.Measured(int((answer == kind).sum()), n=len(bcu))
    for kind in ("bll", "fsrq")
}


def add(name, frame, key, n):
    value, low, high = frame.loc[key, ["value", "low", "high"]]
    measured[name] = claims.Measured(value, (low, high), n)


# %% tags=["hide-input"]
KEYS = {
    "": reference,
    "bias_init.": "bias init",
    "gamma.": "gamma rays alone",
    "always_bll.": "always BL Lac",
    "index.": "photon index alone",
}

# %% tags=["hide-input"]
for (name, model), key in itertools.product(
    KEYS.items(), ("accuracy", "auc", "logloss")
):
    add(f"later.bcu.{name}{key}", result[model], key, result[model].attrs["n"])

# %% tags=["hide-input"]
for key in ("auc", "logloss"):
    if ("neither", reference) in circular:
        r = circular["neither", reference]
        add(f"later.bcu.not_circular.{key}", r, key, r.attrs["n"])
    add(f"later.bcu.matched.{key}", matched, key, matched.attrs["n"])
    add(f"later.bcu.observed_all.{key}", everyone, key, everyone.attrs["n"])
    add(f"later.dr2_bcu.{key}", mine, key, mine.attrs["n"])
    row = harder.loc[key]
    measured[f"later.dr2_bcu.minus_butter_{key}"] = claims.Measured(
        row["difference"], (row["low"], row["high"]), harder.attrs["n"]
    )

# %% tags=["hide-input"]
measured["later.bcu.peers"] = claims.Measured(len(loss), n=int(loss["n"].max()))
finite = {
    name: value for name, value in measured.items() if np.isfinite(value.ours)
}
claims.publish(finite, settings, seed).iloc[:8][["ours", "interval", "n"]]

# %% [markdown]
# ## Recap
#
# - Compare with "always BL Lac" and with one number (the photon index) before praising a network.
# - Labels came for hard sources: accuracy and log-loss flatter every model.
# - Few FSRQs among the answers: in AUC no model and no peer can be told apart.
# - On an older, less one-sided exam both we and a peer fare much worse.
#
# ## Exercises
#
# **1.** What accuracy would "BL Lac if the photon index is below 2.4" have had on the later labels?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
index, truth_is = info.loc[answered, "PL_Index"], answer[answered] == "fsrq"
cuts = 2.4, 2.2
right = [((index > cut) == truth_is).mean() for cut in cuts]
Markdown(
    f"{right[0]:.1%}: compare the networks of the table. (A cut at {cuts[1]} gives "
    f"{right[1]:.1%}.)"
)

# %% [markdown]
# **2.** In the toy, let labels come at random instead. What happens to accuracy and AUC?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
labelled = rng.uniform(size=2000) < 0.4
fair = exams.score_predictions(both(p), truth[labelled], n_resamples=200)
Markdown(
    f"Accuracy {fair.value['accuracy']:.2f} and AUC {fair.value['auc']:.2f}: "
    "close to the row *all*. A fair sample grades fairly."
)
