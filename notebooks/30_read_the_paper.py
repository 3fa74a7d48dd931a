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
# (ch-read-light-curves)=
# # Read the paper: black holes from light curves
#
# :::{admonition} In this chapter
# **The question:** what do {cite:t}`park2021` ask, do and state, and which of it holds?
#
# **You will** see the paper on one page: its network, drawn from the configuration that this book runs, and every number that it states
# beside ours, beside a trivial method, with a verdict.
#
# **You will learn** to ask a table for its unit, and a network for its rivals.
#
# **You need** nothing. All numbers are read from the chapters that measured them, and from the code that trains.
# :::

# %% tags=["remove-cell"]
import os

if "COLAB_RELEASE_TAG" in os.environ:
    get_ipython().system(
        "pip install -q 'agnbook[networks] @ git+https://github.com/agnbook/agnbook'"
    )

# %% tags=["parameters"]
profile = "book"
seed = 0

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

from agnbook.banp import anp, diagram, train
from agnbook.chapter import claims, figures, paper_page, run_box, sizes
from agnbook.lightcurves import cadence, population

settings = sizes.load("30_read_the_paper", profile)
figures.use_book_style()
pd.set_option("display.max_colwidth", None)

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(
    settings,
    computed="the settings of the process, and counts of verdicts",
    loaded="the claims of chapters 31 to 34 (data/results/*.json)",
)

# %% [markdown]
# ## What it asks
#
# The brightness of an {term}`AGN` flickers, and how it flickers depends on the black hole: its mass, its luminosity. Spectra weigh black holes one by
# one; the Rubin Observatory will see the flicker of a hundred million of them, in six bands, at irregular times.
#
# - **What was the light curve doing while nobody looked?** Reconstruct it, with an uncertainty.
# - **What is the black hole like?** Infer 21 quantities: time-scale, amplitude and mean magnitude in each band, and mass, luminosity and redshift.
# - **Can one network do both** from the visits as they come, and know how sure it is?
#
# The data are simulated: a damped random walk ({ref}`theory-light-curves`) whose parameters follow laws measured on real quasars.
#
# ## What it does
#
# The network is a {term}`neural process`: it learns, from thousands of curves, what curves are like. The next picture is not a copy of the paper's Fig. 1: it is
# made from the configuration with which {ref}`ch-train-the-process` builds its network, and changes when that does.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-paper3", "caption": "The network, drawn from its configuration: as the paper's text describes it (above) and as the authors' newest code has it (below). Blue: the deterministic path, by which each query time looks back at the visits; orange: the latent path, which sums up the whole curve. Compare figure 1 of the paper."}, "image": {"alt": "Two flow charts from visits and query times through encoders, attention and a latent variable to magnitudes and to the posterior of 21 targets; the upper one has self-attention and an LSTM behind the encoders, the lower one has LSTMs before them and a mean."}}
fig, axes = plt.subplots(2, 1, figsize=(9, 6.4))
readings = [anp.CONFIGURATIONS[name] for name in ("paper", "newest")]
for ax, config in zip(axes, readings, strict=True):
    places, arrows = diagram.diagram(config)
    at = {text: number for number, text in enumerate(places)}
    figures.boxes(ax, places, [(at[start], at[end]) for start, end in arrows])
plt.show()

# %% [markdown]
# One loss trains both answers: the log-density of the magnitudes at the query times, weighted by a factor, plus the log-density of the 21 targets. {term}`Dropout <Monte Carlo dropout>`
# stays on in prediction, so that repeated passes scatter as much as the network is unsure.
#
# Note the arrow from cross-attention to the head: the posterior of the black hole depends on *which times were asked for*. That is a flaw of
# the design, and {ref}`ch-check-calibration` measures it.
#
# ## Every number, at a glance

# %%
rows = paper_page.numbers("park2021")
paper_page.count(rows)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-paper3-verdicts", "caption": "Every number of the paper that could be tested: ours minus the paper's, in units of the number's tolerance (grey: within it), whose reason its claim gives. Bars: 95 % intervals of ours. Beyond four tolerances a point stands at the edge."}, "image": {"alt": "Points by table and section: settings stand at zero, most numbers of Table 1 at the left edge."}}
fig, ax = plt.subplots(figsize=(8, 4.5))
paper_page.draw(ax, rows)
plt.show()

# %% tags=["remove-input"]
verdicts = rows["verdict"].value_counts().reindex(claims.VERDICTS, fill_value=0)
results = rows[~rows.index.str.startswith("process.") & rows["ours"].notna()]
results = results[results["element"].isin(["Table 1", "Sect. 4.2"])]
differ = results["verdict"] == "differs"
assert (results.loc[differ, "ours"] < results.loc[differ, "paper"]).all()
Markdown(
    f"Of {len(rows)} numbers {verdicts['reproduced']} are reproduced and {verdicts['differs']} differ; not tested: {verdicts['not tested']}. Most of "
    f"those that agree are settings, taken over. Of the {len(results)} *results* in Table 1 and Sect. 4.2, {differ.sum()} differ (exercise 2 lists what agrees, there and elsewhere), and each of these is lower here than in the paper: errors, widths and gains. "
    "A difference is not yet a fault of either side: the simulator is ours, and the paper's unit is open."
)

# %% [markdown]
# ## Table 1
#
# Turned on its side: paper / ours, a star where they differ by more than the tolerance; the picture above has the intervals. The parameter columns have no unit. Read as per cent of the {term}`prior`'s standard deviation, the paper's baseline errs *more than a guess that ignores the
# light curve* (column *trivial*). Another reading, the mean over the targets in their own units, does not help it either; {ref}`ch-reconstruct-and-infer` gives both.

# %%
table1 = rows[(rows["element"] == "Table 1") & rows["what"].str.contains(",")]
paper_page.grid(table1)

# %% [markdown]
# The reconstruction columns have a unit, magnitudes, and are larger than the error of a flat line. They can hardly be plain magnitudes; what they are, the text does not
# say.
#
# ## Numbers in the text
#
# First the results, all of section 4:

# %%
text = rows[rows["element"].str.match(r"Sect\. 4|Fig|released")]
paper_page.show(text[~text.index.str.startswith("process.")])

# %% [markdown]
# The improvements compare the process with the baseline: an error of 1 against 2.5 is an improvement of 150 %. They depend on how well the *baseline* was
# trained, which is why {ref}`ch-reconstruct-and-infer` gives every row the same curves, the same search for a learning rate and three seeds.
#
# Then the settings ({ref}`ch-simulate-light-curves` and {ref}`ch-train-the-process`). Most are taken over; those that are not:

# %%
at = rows.index.str.startswith("process.")
chosen = rows[at | rows["element"].str.match(r"Sect\. [123]")]
same = chosen["verdict"] == "reproduced"
paper_page.show(chosen[~same])

# %% [markdown]
# And those that are, here as there:

# %% tags=["hide-output"]
paper_page.show(chosen[same])

# %% [markdown]
# ## Every figure
#
# | Paper | Shows | Here |
# |---|---|---|
# | Fig. 1 | the network | {numref}`fig-paper3` |
# | Fig. 2 | a reconstructed light curve, six bands, ten years | {numref}`fig-six-bands` |
# | Fig. 3 | posterior of one AGN over the training distribution | {numref}`fig-corner` |
# | Fig. 4 | calibration curve with its jackknife | {ref}`chapter 34 <ch-check-calibration>` |
#
# ## What it says in words

# %% tags=["hide-input"]
entries = {entry["id"]: entry for entry in claims.load()}
get = {name: entry["ours"] for name, entry in entries.items()}
low, high = entries["banp.gain.mae"]["interval"]
words = {
    "uncertainties of the light curve are overestimated": "ours cover "
    f"{get['banp.reconstruction.coverage68']:.0%} where 68 % are promised",
    "short-term fluctuations come out less well": "at held-out times the error is "
    f"{get['banp.reconstruction.over_line']:.1f} times a straight line's",
    "perhaps the two losses compete": "their weight is varied over decades",
    "good calibration": "largest deviation "
    f"{get['banp.figure4.deviation']:.2f} with the paper's number of objects, "
    f"{get['banp.figure4.many']:.2f} with thousands",
    "a twofold improvement over summaries": "over the same network, trained with "
    f"care, {1 + get['banp.gain.mae']:.1f}-fold",
}

# %% tags=["hide-input"]
words |= {
    "no fixed parameters or kernel": "it learns one simulator's kernel, as the own "
    "model does, which errs by "
    f"{get['lightcurves.stress.independent.mae']:.1f} prior deviations elsewhere",
    "to come: bands at their own times, real data": "hidden visits of quasars: "
    f"{get['quasars.heldout.epoch.process']:.3f} mag; a fit of five bands "
    f"{get['quasars.heldout.epoch.joint']:.3f}",
    "to come: infer the population": "done with the fit, for real quasars, whose "
    f"masses gain {get['quasars.mass.gain']:.3f} dex from variability",
}
chapters = ["33", "33", "32", "34", "33", "34", "35", "36"]
pd.DataFrame({"we find": words, "chapter": dict(zip(words, chapters, strict=True))})

# %% [markdown]
# Normalizing flows and latent stochastic differential equations, which the paper names as future work, others have tried since; {ref}`theory-light-curves` says who does what,
# and what of it this book has run.
#
# ## What this chapter claims
#
# The settings are read from the functions and sizes that the other chapters use:

# %% tags=["hide-input"]
signature = inspect.signature(train.neural_process).parameters
default = {name: parameter.default for name, parameter in signature.items()}
process, asked = (
    sizes.load(name, "book").values
    for name in ("32_train_the_process", "33_reconstruct_and_infer")
)
rng = np.random.default_rng(seed)
drawn = [len(cadence.visits(rng)) for _ in range(settings["cadences"])]
targets = len(population.TARGETS)

# %% tags=["hide-input"]
ours = {name: default[name] for name in ("alpha", "batch", "rate", "weight_decay")}
ours["weight_decay"] *= 1e5
ours |= {name: process[name] for name in ("validation_curves", "patience")}
ours |= {"training_curves": process["curves"], "passes": asked["passes"]}
ours |= {"years": cadence.YEARS, "grid_days": np.diff(cadence.GRID)[0]}
ours |= {
    "grid_times": len(cadence.GRID),
    "seeds": asked["seeds"],
    "dropout": anp.Config().dropout,
}
ours |= {"fewest_visits": min(drawn), "most_visits": max(drawn)}
ours |= {"bands": len(population.BANDS), "targets": targets}
ours["targets_per_band"] = sum(name.endswith("_u") for name in population.TARGETS)

# %% tags=["hide-input"]
measured = {"paper3.numbers": claims.Measured(len(rows), n=len(rows))}
measured |= {name: claims.Measured(None) for name in claims.paper(settings.chapter)}
measured |= {
    f"process.{name}": claims.Measured(value) for name, value in ours.items()
}
for name in ("reproduced", "differs", "not tested"):
    key = f"paper3.{name.replace(' ', '_')}"
    measured[key] = claims.Measured(int(verdicts[name]), n=len(rows))
claims.publish(measured, settings, seed)[["paper", "ours", "verdict"]]

# %% [markdown]
# ## Recap

# %% tags=["remove-input"]
Markdown(
    f"**Answer.** The paper's idea can be rebuilt: one network fills gaps and infers {ours['targets']} quantities. Its numbers can hardly be had again: Table 1 has no unit for its "
    f"parameters and an impossible one for its light curves, and its baseline errs more than the prior. On equal terms the process gains {get['banp.gain.mae']:.0%} ({low:.0%} to {high:.0%}) over that baseline, not "
    f"100 %; where nobody looked it errs {get['banp.reconstruction.over_line']:.1f} times as much as a straight line; and its {get['banp.logm_mae']:.2f} dex in mass are about what redshift and luminosity alone give. A fit of the "
    f"walk, read by a small network, errs {get['banp.mae'] / get['lightcurves.best.mae']:.0f} times less, in the simulator for which it was made."
)

# %% [markdown]
# ## Exercises
#
# **1.** Which of the paper's results lie on the wrong side of a trivial method, and which of ours?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
known = rows[rows["baseline"].notna()]
theirs, worse = (known[known[k] >= known["baseline"]] for k in ("paper", "ours"))
Markdown(
    f"Of the paper's {len(theirs)}: {'; '.join(theirs['what'])}. Of ours "
    f"{len(worse)}. A trivial method costs one line, and would have shown it."
)

# %% [markdown]
# **2.** How many of the reproduced numbers are results and not settings?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
good = rows[rows["verdict"] == "reproduced"]
good = good[~good.index.str.startswith("process.")]
Markdown(
    f"{len(good)} of them: {'; '.join(good['what'])}. Everything else that agrees "
    "was taken over."
)
