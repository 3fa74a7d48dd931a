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
# (ch-seal-predictions)=
# # Seal predictions
#
# :::{admonition} In this chapter
# **The question:** what does this book say about sources whose answers nobody has, and how will you know whether it was right?
#
# **You will** see how a table is frozen so that nobody can improve it after the fact, what is preregistered with each of
# three tables, and score one of them on an answer that you invent.
#
# **You need** {ref}`ch-examine-galactic-or-agn`, {ref}`ch-examine-blazars` and {ref}`ch-examine-redshifts`.
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
import hashlib
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

from agnbook import committed, forecasts
from agnbook.ask import scoring
from agnbook.chapter import claims, figures, run_box, seals, sizes
from agnbook.forecasts import sealing
from agnbook.judge import later_redshifts
from agnbook.sky import catalogs

# %%
settings = sizes.load("45_seal_predictions", profile)
figures.use_book_style()

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(
    settings,
    catalogs=("fl16y", "4lac-dr3-h", "4lac-dr3-l", "1cgh", "goldoni"),
    computed="checks of the seals, counts, the example of scoring",
    loaded="the sealed tables (python -m agnbook.press.chapters paper 45 wrote them, once)",
)

# %% [markdown]
# ## A toy: a seal
#
# A prediction is worth something if it stood before the answer. Write it down, publish its fingerprint (a sha256 sum), and
# anyone can check later that not a digit moved:

# %%
letter = "source,probability\nA,0.91\nB,0.22\n"
improved = letter.replace("0.22", "0.62")
for text in (letter, improved):
    print(hashlib.sha256(text.encode()).hexdigest()[:24])

# %% [markdown]
# One digit, another fingerprint. The sums below are in the repository's history, and a tag in git dates them outside
# of our hands.
#
# ## Three tables
#
# Classes of sources that FL16Y leaves without one; BL Lac or FSRQ for candidates; redshifts of active galaxies that have
# none. **Clean candidates only:** no analysis flag and, for the first table, 5 sigma, for chapter 41 showed that the
# others often are no sources at all; for the second, sources that FL16Y still calls candidates; for the third, sources
# without a secure redshift or limit so far.

# %%
SEALED_ON = "2026-11-26"
lac, fl16y = catalogs.read_4lac(), catalogs.read("fl16y")

# %% tags=["nbval-ignore-output"]
if settings.recompute:
    for name, table in sealing.tables(lac, fl16y, settings, seed).items():
        answers = table.to_numpy(float)
        seals.seal(
            name,
            table.rename_axis("Source_Name"),
            settings=settings,
            seed=seed,
            model=forecasts.fingerprint(name, settings.values, answers),
            date=SEALED_ON,
            plan=sealing.PLANS[name],
        )

# %%
frozen = {name: seals.sealed(name) for name in sealing.PLANS}
for name, (table, record) in frozen.items():
    print(f"sealed_{name}.csv: {len(table)} sources, sealed {record['sealed']}")
    print(f"  model {record['model'][:24]}\n  sha256 {record['sha256'][:24]}")

# %% [markdown]
# `seals.sealed` refuses a table whose sum differs from its record. Model: the fingerprint of sizes and answers. The whole sums
# stand in `data/results/artifacts.json`. And this is what was written down with each, before any answer:

# %%
text = ""
for name, (_, record) in frozen.items():
    text += f"**`sealed_{name}.csv`**\n\n"
    text += "".join(
        f"- *{key}:* {record[key]}\n" for key in ("metric", "baseline", "success")
    )
    text += "\n"
Markdown(text)

# %% [markdown]
# The baselines are columns of the tables, so that later scores can be paired. The intervals asked for are those of this
# part: 95 %, counterparts resampled.
#
# ## What do they say?

# %%
classes, blazars, redshifts = (frozen[name][0] for name in sealing.PLANS)
counts = pd.DataFrame({"sources": [len(classes), len(blazars), len(redshifts)]})
counts["expected"] = [
    f"{classes['agn'].sum():.0f} galaxies",
    f"{blazars['fsrq'].sum():.0f} FSRQs",
    f"{(redshifts['q500'] > 1).sum()} medians beyond 1",
]
counts["undecided"] = [
    classes["agn"].between(0.2, 0.8).sum(),
    blazars["fsrq"].between(0.2, 0.8).sum(),
    (redshifts["high68"] - redshifts["low68"] > 1).sum(),
]
counts.set_axis(list(sealing.PLANS))

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-sealed", "caption": "What is promised: the sealed probabilities of an active galaxy and of an FSRQ, and the median redshifts, one histogram a list of sources."}, "image": {"alt": "Three histograms: most unassociated sources are promised to be galaxies with near certainty, candidates pile up near zero FSRQ probability with a smaller heap near one, and median redshifts peak near 0.3 with a tail beyond 1."}}
fig, axes = plt.subplots(1, 3, figsize=(7.6, 2.6))
shown = {
    "P(active galaxy)": classes["agn"],
    "P(FSRQ)": blazars["fsrq"],
    "median redshift": redshifts["q500"],
}
for ax, (label, values) in zip(axes, shown.items(), strict=True):
    ax.hist(values, bins=25, color=figures.COLORS["blue"])
    ax.set_xlabel(label)
axes[0].set_ylabel("sources")
plt.show()

# %%
odd = classes.nsmallest(5, "agn")[["agn", "agn_low", "agn_high", "psr"]]
heads = {"agn": "P(active galaxy)", "agn_low": "low", "agn_high": "high"}
odd.rename_axis("source").rename(columns=heads | {"psr": "P(pulsar)"}).round(3)

# %% [markdown]
# The five clean sources that look least like a galaxy: if you have time on a radio telescope, begin here. (The last
# column is the probability of a pulsar if it is a galaxy or a pulsar.)
#
# ## How they will be scored
#
# `agnbook score` takes all three, on any later release or table of redshifts, and accounts for every row. Here with
# invented answers: redshifts drawn from the sealed distributions themselves.

# %%
rng = np.random.default_rng(seed)
chosen = redshifts.sample(60, random_state=seed)
steps = [0.0, *later_redshifts.LEVELS, 1.0]
knots = chosen[list(later_redshifts.QUANTILES)].to_numpy()
invented = [
    np.interp(rng.uniform(), steps, [0.0, *row, 1.2 * row[-1]]) for row in knots
]

# %%
with tempfile.TemporaryDirectory() as folder:
    answers = Path(folder) / "new_redshifts.csv"
    pd.DataFrame({"Source_Name": chosen.index, "z": invented}).to_csv(
        answers, index=False
    )
    path = committed.verify("results/sealed_clean_redshifts.csv")
    result = scoring.score(path, "redshift", newer=answers, n_resamples=200)
print(scoring.counts_text(result).replace("; ", "\n"))
result.round(3)

# %% [markdown]
# Answers that come from the forecast itself are covered as promised; real ones may not be. No row went missing: 60 scored, the
# rest waits. On the command line the same is
# `agnbook score data/results/sealed_clean_redshifts.csv --exam redshift --newer new_redshifts.csv`; the other two need
# `--older fl16y --newer NEXT` and `--exam bll-fsrq --newer NEXT`. See {ref}`score-your-predictions`.
#
# ## The older seals
#
# Three tables were sealed before. They stay in the repository, verifiable, and anyone may score them; the ones above
# supersede them, for the reasons given.

# %%
for name in ("unassociated", "bcu", "redshifts"):
    table, record = seals.sealed(name)
    print(f"sealed_{name}.csv: {len(table)} sources, sealed {record['sealed']}")
    print(f"  sha256 {record['sha256'][:24]}")
    print(f"  superseded: {frozen[f'clean_{name}'][1]['supersedes']}")

# %% tags=["remove-input"]
Markdown(
    f"**Answer.** {len(classes)} classes, {len(blazars)} blazar types and {len(redshifts)} redshifts are on record, each "
    "with a baseline beside it and a sentence that says when it has failed. What would change our mind is in that "
    "sentence; nothing on this page may change until then."
)

# %% [markdown]
# (what-to-trust)=
# ## What to trust: one page for an astronomer
#
# The verdicts of Part IV: a sentence, its interval (95 %), its number of sources, and what would change it. Every number
# is read from the claims of chapters 41 to 44.


# %% tags=["remove-input"]
def of(claim_id, digits=2, percent=False):
    entry = claims.get(claim_id)
    style = f".{digits - 2}%" if percent else f".{digits}f"
    text = f"{entry['ours']:{style}}"
    if entry["interval"]:
        text += (
            f" ({entry['interval'][0]:{style}} to {entry['interval'][1]:{style}})"
        )
    return text


def n(claim_id):
    return claims.get(claim_id)["n"]


def count(claim_id):
    return int(claims.get(claim_id)["ours"])


TRUST = [
    f'**"Active galaxy", said of a clean source away from the plane: yes.** *"Not a pulsar": no.* Of '
    f"{n('later.galactic_called_agn')} Galactic answers {count('later.galactic_called_agn')} were called a galaxy. "
    f"AUC {of('later.two_class.auc.observed', 3)} on {n('later.two_class.auc.observed')} labels, of which latitude alone "
    f"earns {of('later.two_class.auc.latitude', 3)}. *More identified pulsars would change it.*",
    f"**Galaxy or pulsar: any of several tables.** Our recipe has AUC {of('later.pulsar.auc', 3)}, ours minus "
    f"the best peer's {of('later.pulsar.minus_best_peer_auc', 3)} on "
    f"{n('later.pulsar.minus_best_peer_auc')} shared sources, log-loss {of('later.pulsar.minus_best_peer_logloss', 3)}. "
    "*Four times as many pulsars would halve the intervals.*",
    f"**An accuracy measured on associated sources: not for unassociated ones.** Log-loss {of('later.two_class.logloss.unweighted')} "
    f"promised, {of('later.two_class.logloss.observed')} observed. Weighted promises were not contradicted; the weights "
    "that would test them better do not pass their own checks. *A follow-up of sources chosen at random would.*",
    f"**A blazar candidate's class: if it is hard, yes; if it is soft, untested.** AUC {of('later.bcu.auc', 3)} on "
    f"{n('later.bcu.auc')} later labels with {count('later.bcu.fsrq')} FSRQs, where the photon index alone has "
    f"{of('later.bcu.index.auc', 3)}; on an older, less one-sided exam {of('later.dr2_bcu.auc')} on {n('later.dr2_bcu.auc')}. "
    "*Spectra of soft candidates would change it.*",
    f"**A redshift's interval: yes, if it is calibrated. Its centre, for a BL Lac: too near.** Published 68 and 95 % intervals held "
    f"{of('later.redshift.coverage68', 2, True)} and {of('later.redshift.coverage95', 2, True)} of {n('later.redshift.rmse')} later "
    f"redshifts; three sigma of the paper's network {of('later.redshift.paper_coverage3sigma', 2, True)}. RMSE "
    f"{of('later.redshift.rmse')}. At least {of('later.redshift.bll_above_median', 2, True)} of {n('later.redshift.bll_above_median')} "
    "BL Lacs looked at since lie above their published median. *A spectroscopic sample that was not chosen by brightness would "
    "change it.*",
    f"**A faint or flagged unassociated source: check that it exists.** FL16Y does not list "
    f"{of('later.vanished.flagged_or_faint', 2, True)} of {n('later.vanished.flagged_or_faint')} such sources of DR4, and "
    f"{of('later.vanished.clean', 3, True)} of {n('later.vanished.clean')} clean ones. *A third analysis would tell which of the "
    "two is right.*",
    "**Numbers of FSRQs, BL Lacs and candidates among unassociated sources: no.** These labels describe follow-up, and drift.",
]
Markdown("\n".join(f"{k}. {text}" for k, text in enumerate(TRUST, 1)))

# %% [markdown]
# ## What this chapter claims

# %% tags=["hide-input"]
measured = {
    "later.sealed.unassociated": claims.Measured(len(classes)),
    "later.sealed.bcu": claims.Measured(len(blazars)),
    "later.sealed.redshifts": claims.Measured(len(redshifts)),
    "later.sealed.expected_galaxies": claims.Measured(
        float(classes["agn"].sum()), n=len(classes)
    ),
    "later.sealed.expected_fsrq": claims.Measured(
        float(blazars["fsrq"].sum()), n=len(blazars)
    ),
}
claims.publish(measured, settings, seed)[["ours", "n"]]

# %% [markdown]
# ## Recap
#
# - A prediction counts if it is frozen, dated, complete, and comes with a baseline and a criterion.
# - Seal clean candidates: a source that vanishes answers nothing.
# - Old seals are superseded openly, never replaced.
#
# ## Exercises
#
# **1.** How many sources would have to turn out Galactic before the expected number of galaxies is off by more than two
# standard deviations, if the probabilities are right?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
p = classes["agn"]
off = 2 * np.sqrt((p * (1 - p)).sum())
Markdown(
    f"{off:.0f} of {len(p)}, if sources are independent. A larger surprise means "
    "that the probabilities are not right."
)

# %% [markdown]
# **2.** For which source do the two redshift models, with and without limits, disagree most, in units of `1 + z`?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
gap = (redshifts["far_mean"] - redshifts["mean"]) / (1 + redshifts["mean"])
name = gap.abs().idxmax()
Markdown(
    f"{name}, by {gap[name]:+.2f}: a source for which the answer would tell the "
    "two models apart."
)
