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
# (ch-use-it)=
# # Use it on your sources
#
# :::{admonition} In this chapter
# **You will** put sources that no chapter of this book has seen into a table, and ask the book's models for their class,
# their group and their redshift: in Python, with one command, or in an app.
#
# **You will learn** which columns and units the models want, how to read their flags, what happens beyond the range they
# were trained on, and what an answer is worth. Then a newer catalogue grades the answers.
#
# **You need** the source catalogue 4FGL-DR4, which comes with `fermipy`. Nothing is trained here; the chapter runs in
# seconds.
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
from astropy.table import Table
from IPython.display import Markdown

from agnbook import committed
from agnbook.ask import classify, examined, light_curves, neighbours, redshift
from agnbook.ask import skill, source_names, tables
from agnbook.chapter import claims, figures, run_box, sizes, stored
from agnbook.judge import calibration, exams
from agnbook.sky import catalogs, features, source_classes

settings = sizes.load("46_use_it_on_your_sources", profile)
figures.use_book_style()

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(
    settings,
    catalogs=("4fgl-dr4", "fl16y"),
    computed="every answer, its comparison with published tables, and the grades",
    loaded="the models' weights, comparisons that need 4LAC-DR3, the measured speed",
)

# %% [markdown]
# ## A table of new sources
#
# 4LAC-DR3, from which the models learnt, ends where 4FGL-DR3 does. 4FGL-DR4 has since added blazar candidates (`bcu`).
# They are in no table of this book: for us they are new, as your sources are. We write them to a file, as you would.

# %%
import tempfile
from pathlib import Path

dr4 = catalogs.read("4fgl-dr4")
seen = source_names.published("blazar_classes").index
klass = source_classes.gamma_class(dr4).to_numpy()
new = dr4[(klass == "bcu") & ~dr4["Source_Name"].isin(seen)]
columns = ["Source_Name", "GLON", "GLAT", *neighbours.COLUMNS]
mine = new[columns].assign(nu_syn=0.0, nuFnu_syn=0.0)
folder = Path(tempfile.mkdtemp())
mine.to_csv(folder / "my_blazars.csv", index=False)
print(f"{len(mine)} blazar candidates are new; the first three:")
mine.set_index("Source_Name").head(3).T.round(3)

# %% [markdown]
# Each source is a row of the file, turned on its side here to fit the page: a name, and the seven columns of the classifier under their 4LAC names; capitals do not matter. The last two describe
# the peak of the synchrotron emission, which 4FGL does not know: 0 in both is the catalogue's mark for "no fit".
# Units are those of the catalogues (`Pivot_Energy` in MeV, `nu_syn` in Hz, `nuFnu_syn` in erg cm⁻² s⁻¹). A file that
# states units, such as FITS or ECSV, may have others: they are converted.
#
# ## BL Lac or FSRQ

# %%
answer = classify.classify(tables.read(folder / "my_blazars.csv"))
shown = answer.to_pandas().drop(columns="model_sha256").set_index("Source_Name")
shown.head(3).astype(object).replace("", np.nan).fillna("none").T

# %% [markdown]
# On the command line this is `agnbook classify my_blazars.csv -o classes.fits`; see {ref}`command-line`. One row comes
# back for each that went in. What follows the probability are the flags: features without a number (such a row has
# no answer), no synchrotron fit, features outside the training range, and the model that answered; the SHA-256 of its weights, a
# last column, is left out here. *None* says that there is nothing: of a new source nothing is published, and no problem
# was found.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-new-blazars", "caption": "P(FSRQ) of the blazar candidates that are new in 4FGL-DR4, from the shipped network. Most answers are clear even without synchrotron data."}, "image": {"alt": "Histogram of probabilities with two heaps, near zero and near one, and few sources between 0.2 and 0.8."}}
probability = np.asarray(answer["probability_fsrq"])
fig, ax = plt.subplots(figsize=(6.0, 3.0))
ax.hist(probability, np.linspace(0, 1, 21), color=figures.COLORS["blue"])
ax.set(xlabel="P(FSRQ)", ylabel="sources")
plt.show()

# %%
out_of_range = np.asarray(answer["out_of_range"]) != ""
print(f"{(probability > 0.5).sum()} of {len(probability)} above one half")
print(f"expected number of FSRQs: {probability.sum():.0f}")
print(f"without a synchrotron fit: {np.sum(answer['no_sed'])}")
print(f"outside the training range: {out_of_range.sum()}")

# %% [markdown]
# ## What is an answer worth?
#
# A single network gives a number and no doubt about it. But {ref}`ch-classify-blazars` kept the answers that networks of
# this recipe gave to known blazars they had *not* been trained on. So we can ask: of the 200 known blazars with the
# most similar answers, how many were FSRQs?

# %%
grid = np.linspace(0, 1, 101)
fraction, low, high = skill.observed_fraction(grid)
worth = {"answer": grid, "were FSRQs": fraction, "low": low, "high": high}
pd.DataFrame(worth).set_index("answer").iloc[[2, 20, 35, 50, 65, 80, 98]].round(3)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-worth", "caption": "Fraction of FSRQs among the 200 known blazars with the most similar held-out answers, with its 95 % Wilson interval, against the answer. Dashed: a perfect forecaster."}, "image": {"alt": "The observed fraction follows the answer along the diagonal, with a band of a few per cent and small departures in the middle: the probabilities mean what they say."}}
fig, ax = plt.subplots(figsize=(4.6, 4.0))
ax.plot([0, 1], [0, 1], "--", color="k", lw=0.8)
ax.fill_between(grid, low, high, color=figures.COLORS["sky"], alpha=0.5)
ax.plot(grid, fraction, color=figures.COLORS["blue"])
ax.set(xlabel="answer of the network, P(FSRQ)", ylabel="observed fraction of FSRQs")
plt.show()

# %%
inside = (low <= grid) & (grid <= high)
print(f"the answer lies inside the interval for {inside.mean():.0%} of the grid")
print(f"largest distance: {np.abs(fraction - grid).max():.2f}")

# %% [markdown]
# The probabilities mean what they say, *for blazars like the known ones*. Yours may differ: blazar candidates are fainter,
# and {ref}`ch-examine-blazars` shows what that does. The table above also mixes sources with and without synchrotron
# data.
#
# ## What the missing columns would tell
#
# Take the candidate whose answer is closest to one half, and give it a synchrotron peak of average flux at
# different frequencies. Its gamma rays stay as they are.

# %%
closest = int(np.argmin(np.abs(probability - 0.5)))
undecided = mine.iloc[[closest]]
frequency = 10.0 ** np.arange(12, 18.1, 0.25)
scan = pd.concat([undecided] * len(frequency)).assign(
    nu_syn=frequency, nuFnu_syn=2e-12
)
scan["Source_Name"] = [f"peak at {value:.2g} Hz" for value in frequency]
scanned = classify.classify(Table.from_pandas(scan))
edge = frequency[np.asarray(scanned["probability_fsrq"]) > 0.5].max()
print(f"P(FSRQ) without a peak: {probability[closest]:.2f}")
for row in (0, 12, -1):
    print(f"{scanned['Source_Name'][row]}: {scanned['probability_fsrq'][row]:.2g}")

# %% tags=["remove-input"]
Markdown(
    f"The peak's frequency decides: P(FSRQ) exceeds one half up to {edge / 1e12:.0f} THz and falls from there. If you can find "
    "archival radio, optical or X-ray data for your sources, fit the peak first."
)

# %% [markdown]
# ## Beyond the training range
#
# Nothing stops a network from answering far outside of what it has seen. We make the spectra of all candidates softer,
# step by step:

# %%
rows = []
for shift in (0, 0.5, 1, 2, 4, 8):
    softer = {name: mine[name] + shift for name in ("PL_Index", "LP_Index")}
    shifted = classify.classify(Table.from_pandas(mine.assign(**softer)))
    p = np.asarray(shifted["probability_fsrq"])
    flagged = np.mean(np.asarray(shifted["out_of_range"]) != "")
    rows.append((shift, np.median(p), np.mean(p > 0.99), flagged))
columns = ["indices + ", "median P(FSRQ)", "P > 0.99", "flagged"]
pd.DataFrame(rows, columns=columns).round(3)

# %% [markdown]
# The further from anything known, the *surer* the network. That is why `out_of_range` exists, and why a flagged
# probability should not be used at all. The flag looks at one feature at a time; a strange *combination* of ordinary values
# passes it. `neighbours.nearest` catches those: it finds the associated 4FGL sources that are most like yours in the five
# gamma-ray features, and says what fraction of the catalogue has a closer neighbour than your source has.

# %%
own_name = mine["Source_Name"].iloc[0]
values = mine.iloc[0][neighbours.COLUMNS].to_dict()
odd = values | {"Pivot_Energy": 200.0, "PL_Index": 1.6, "LP_Index": 1.5}
for name, asked in {"as it is": values, "odd combination": odd}.items():
    table, isolation = neighbours.nearest(asked, n=3, leave_out=own_name)
    first = table.iloc[0]
    print(f"{name}: the nearest is {first['source']} ({first['class']})")
    print(
        f"    at {first['distance']:.2f}; {isolation:.0%} have a closer neighbour"
    )

# %% [markdown]
# ## Six groups
#
# Is it a blazar at all? The 51 networks of {ref}`ch-build-the-catalogue` ask that of every 4FGL source, from ten columns
# of 4FGL alone. Here they answer for all of 4FGL-DR4. Sources that taught a network, known by their names, are answered
# only by the networks that did not train on them.

# %%
ten = dr4[["Source_Name", *features.GAMMA_COLUMNS]]
everything = classify.classify(Table.from_pandas(ten), groups="six").to_pandas()
everything = everything.set_index("Source_Name")
names = list(source_classes.NAMES)
shown = [*names, "networks", "density_ratio", "extrapolated"]
everything.loc[new["Source_Name"].head(3), shown].T.round(3)

# %%
likeliest = everything[names].dropna().idxmax(axis=1).reindex(everything.index)
about = pd.DataFrame(
    {
        "extrapolated": everything["extrapolated"],
        "outside the range": everything["out_of_range"] != "",
        "most likely an AGN group": likeliest.isin(names[3:]),
    }
)
part = np.where(klass == "", "unassociated", "associated")
shares = about.groupby(part).mean()
shares.loc["the new candidates"] = about.loc[new["Source_Name"]].mean()
shares.round(3)

# %% [markdown]
# `density_ratio` says how much denser unassociated sources are than associated ones where yours lies; `extrapolated` is
# raised where the teachers are rare. As {ref}`ch-weigh-the-shift` explains, that is where an unassociated source differs most
# from what the networks learnt.
#
# ## Redshift
#
# The redshift model of {ref}`ch-improve-redshifts` wants most columns of 4LAC, and your table may have those of 4FGL alone: no
# synchrotron peak, no high-energy peak, no photon above 10 GeV, no catalogue of the counterpart. There are two ways to do
# without: leave these columns empty, or ask a second model that was fitted without them. Here both are tried on every
# known redshift, each source answered by parts of a model that had not seen it.

# %% tags=["nbval-ignore-output"]
from agnbook.redshifts import fewer_columns

if examined.has_4lac():
    cost = stored.table(
        fewer_columns.COST,
        lambda: examined.train_redshift(settings, catalogs.read_4lac(), seed),
        settings=settings, seed=seed,
    )  # fmt: skip
else:
    cost = committed.load_table(fewer_columns.COST)
cost = cost.set_index("columns")
heads = {"rmse": "RMSE (redshift)", "crps": "CRPS (redshift)"}
heads |= {"width68": "width of 68 % (redshift)", "coverage68": "within 68 %"}
heads["coverage95"] = "within 95 %"
cost[list(heads)].rename(columns=heads).round(3)

# %% tags=["remove-input"]
for way in (fewer_columns.EMPTY, fewer_columns.FITTED):
    row = cost.loc[way]
    print(way)
    for score in ("rmse", "crps"):
        ends = [row[f"{score}_more_{end}"] for end in ("low", "high")]
        print(f"    {score} {row[f'{score}_more']:+.3f}", end=" ")
        print("({:+.3f} to {:+.3f})".format(*ends))

# %% [markdown]
# The second lines are differences from all columns, on the same sources, with their 95 % intervals. Empty columns mislead: to a tree
# "not there" looks like "not measured", a thing that it has learnt to read. The errors grow, the interval does *not*, and holds far fewer
# redshifts than it promises. The model that was fitted without these columns loses less, and its intervals hold; in the median over
# the known sources they are wider, for FSRQs above all.
# So that one is shipped, too: `redshift` asks it wherever a row lacks what 4LAC alone tells, and says so in `without`; `expected_rmse` is the
# number above.
#
# Now for sources without a measured redshift. The book has predicted these from all columns; we ask with the columns
# of 4FGL-DR4.

# %%
published = source_names.published("agn_redshifts")
agn = dr4[dr4["Source_Name"].isin(published.index)].iloc[:: settings.redshift_every]
agn = agn.assign(CLASS=source_classes.gamma_class(agn))
unknown = dict.fromkeys(features.ONLY_IN_4LAC, np.nan)
texts = ["SED_class", "Counterpart_Catalog", "VLBI_Counterpart"]
agn = agn.assign(**unknown | dict.fromkeys(texts, ""))
wanted = ["Source_Name", *features.EXTENDED_NUMBERS, *features.EXTENDED_TEXTS]
agn = agn[list(dict.fromkeys(wanted))]
few = redshift.redshift(Table.from_pandas(agn)).to_pandas().set_index("Source_Name")
heads = {
    "z_q500": "median redshift", "z_low68": "68 % low", "z_high68": "68 % high",
    "expected_rmse": "expected RMSE", "model": "model",
}  # fmt: skip
few[list(heads)].head(3).rename(columns=heads).rename_axis("source")

# %%
full = published.reindex(few.index)
answered = few["not_given"] == ""
ratio = np.log10((1 + few["z_q500"]) / (1 + full["z_q500"]))[answered]
rms = np.sqrt((ratio**2).mean())
print(f"{answered.sum()} of {len(few)} answered")
print(f"difference of the medians in log10(1 + z): rms {rms:.3f}")
for name, table in (("all columns", full), ("4FGL's", few)):
    width = (table["z_high68"] - table["z_low68"])[answered].median()
    print(f"median width of the 68.3 % interval, {name}: {width:.2f}")
inside = (few["z_q500"] > full["z_low68"]) & (few["z_q500"] < full["z_high68"])
print(
    f"medians inside the published 68.3 % interval: {inside[answered].mean():.0%}"
)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-fewer-columns", "caption": "Median redshift of active galaxies without a measured one: from the columns of 4FGL alone against all columns of 4LAC. Bars: 68.3 % intervals of every tenth source."}, "image": {"alt": "Medians from 4FGL's columns scatter about the diagonal, near sources above it and far ones below, with bars much longer than the scatter."}}
fig, ax = plt.subplots(figsize=(4.8, 4.2))
shown = few[answered]
ax.plot([0.05, 2.2], [0.05, 2.2], "--", color="k", lw=0.8)
ax.plot(full.loc[shown.index, "z_q500"], shown["z_q500"], "o", ms=3, alpha=0.6)
bars = shown.iloc[::10]
errors = [bars["z_q500"] - bars["z_low68"], bars["z_high68"] - bars["z_q500"]]
style = {"fmt": "none", "color": figures.COLORS["grey"], "lw": 0.7}
ax.errorbar(full.loc[bars.index, "z_q500"], bars["z_q500"], yerr=errors, **style)
ax.set(xscale="log", xlabel="median redshift, all columns of 4LAC")
ax.set(yscale="log", ylabel="median redshift, columns of 4FGL")
plt.show()

# %% [markdown]
# The two widths are about the same here: no known FSRQ, whose intervals widened most in the table above, is among these sources.
# Without the other columns the medians draw together: near sources come out farther and far ones nearer. The interval of a
# redshift from gamma rays is so wide that nearly all of this stays inside. Fill in what you can, and quote the interval, never
# the median alone.
#
# ## What later labels say
#
# FL16Y, the 16-year list, has given some of the candidates a class. The models have never seen it, and nothing in
# this chapter was chosen with it. How did the answers above do?

# %%
found = exams.answers(exams.get_exam("bll-fsrq"), dr4, catalogs.read("fl16y"))
later_class = found["answer"].reindex(mine["Source_Name"]).fillna("")
named = (later_class != "").to_numpy()
truth, p = (later_class[named] == "fsrq").to_numpy(), probability[named]
right = int(((p > 0.5) == truth).sum())
interval = calibration.wilson_interval(right, len(p))
ends = f"{interval[0]:.2f} to {interval[1]:.2f}"
print(f"{len(p)} now have a class: {truth.sum()} FSRQs, {(~truth).sum()} BL Lacs")
print(f"right at one half: {right} of {len(p)}, {right / len(p):.2f} ({ends})")
majority = max(truth.mean(), 1 - truth.mean())
print(f"the more frequent class, named always, would be right for {majority:.2f}")

# %% [markdown]
# A good grade that says little: of so few labels nearly all are of one class, and a constant answer does as well. Sources do
# not get their class at random; {ref}`ch-examine-blazars` shows how to read such an exam, on many more sources.

# %% [markdown]
# ## Light curves
#
# `agnbook lightcurve` takes a long table with one row a measurement, as a survey writes it: any bands, each at its own nights.
# Rubin's column names are understood. Here is one simulated quasar with half of LSST's visits, so that the truth is known.

# %%
from agnbook.ask import bulk_curves
from agnbook.ask.curve_options import Options

(path,) = bulk_curves.simulate(folder / "quasar", 1, 1, seed=seed, share=0.5)
row = pd.read_parquet(path)
columns = ["time", "band", "magnitude", "error"]
quasar = row[["object", "redshift", *columns]].explode(columns)
quasar = quasar.astype({"time": float, "magnitude": float, "error": float})
options = Options(survey="lsst", redshift="redshift")
parameters, bands, curve = light_curves.light_curves(quasar, options, step=10.0)
quasar.head(3).set_index("object").round(3)

# %%
ends = ["q500", "low68", "high68", "low95", "high95"]
quantities = ["log_tau_6000", "log_sf_6000", "rho"]
found = {
    name: [parameters[f"{name}_{end}"][0] for end in ends] for name in quantities
}
found = pd.DataFrame(
    found, ["median", "low 68 %", "high 68 %", "low 95 %", "high 95 %"]
).T
found.assign(truth=[row[f"true_{name}"][0] for name in quantities]).round(3)

# %% [markdown]
# Time-scale (log10 of days) and amplitude (log10 of magnitudes) of the observed frame at 6000 Å, and the share of the variance that all bands have in common.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-my-quasar", "caption": "The quasar's i band: measurements with their errors, and the curve between them with its 68 % band. The gaps are the seasons in which the Sun is in the way."}, "image": {"alt": "Magnitudes in seasonal clumps; the reconstructed curve follows them and its band widens in the gaps."}}
fig, ax = plt.subplots(figsize=(7.2, 3.2))
here, i_band = (
    curve[curve["band"] == "i"].to_pandas(),
    quasar[quasar["band"] == "i"],
)
low, high = here["value"] - here["sd"], here["value"] + here["sd"]
ax.fill_between(here["time"], low, high, alpha=0.4, color=figures.COLORS["sky"])
ax.plot(here["time"], here["value"], color=figures.COLORS["blue"], lw=1)
ax.errorbar(
    i_band["time"], i_band["magnitude"], yerr=i_band["error"],
    fmt=".", ms=4, lw=0.8, color=figures.COLORS["orange"],
)  # fmt: skip
ax.set(xlabel="time (MJD, days)", ylabel="i magnitude")
ax.invert_yaxis()
plt.show()

# %%
for name in ("measurements", "rows_left_out", "problem", "flags"):
    print(f"{name}: {parameters[name][0] if parameters[name][0] != '' else 'none'}")
print(f"reconstruction: {len(here)} times, sd", end=" ")
print(f"{here['sd'].min():.3f} to {here['sd'].max():.3f} mag")
hidden, constant = (
    parameters["heldout_mae"][0],
    parameters["heldout_mae_constant"][0],
)
print(f"hidden nights predicted to {hidden:.3f} mag", end=", ")
print(f"by a constant to {constant:.3f} mag")

# %% [markdown]
# `problem` says why there is no answer, `flags` what to be wary of, and the last line how well nights that the fit has not seen
# are predicted. Columns and options are on the page of {ref}`command-lightcurve`. The posteriors of
# {ref}`ch-reconstruct-and-infer`, trained on simulated six-band surveys, answer with `model="simulator"`.
#
# ## Where the models come from
#
# A `paper` run of this chapter trains the redshift models (above) and the six-group networks once more, from 4LAC-DR3 and 4FGL-DR4, and
# packs them as plain numbers: trees as arrays, networks as matrices, nothing that Python would have to unpickle. Here they
# are only read, after their SHA-256 has been compared with the record.


# %% tags=["nbval-ignore-output"]
if settings.recompute:
    examined.train_groups(settings, dr4, seed)

# %% tags=["hide-input"]
models = {
    "BL Lac or FSRQ": "blazars.safetensors",
    "six groups": "groups.safetensors",
    "redshift": "redshift.safetensors",
    "redshift, 4FGL's columns": "redshift_4fgl.safetensors",
}
records = {use: committed.notes(f"weights/{path}") for use, path in models.items()}
records = pd.DataFrame(records).T[["chapter", "profile", "seed", "sha256"]]
records.assign(sha256=records["sha256"].str[:12])

# %% [markdown]
# ## The same numbers as the published tables
#
# Do the packed models give what the chapters published? For the six groups we can ask 4FGL-DR4 here and now. The other
# two need 4LAC-DR3, so their rows come from the `paper` run.


# %%
if examined.has_4lac() or not settings.recompute:
    agreement = stored.table(
        "results/shipped_agreement.csv",
        lambda: examined.agreement(catalogs.read_4lac(), settings.compare_every),
        settings=settings,
        seed=seed,
    )
else:
    agreement = pd.DataFrame(columns=["model"])

# %%
catalogue = source_names.published("shift_catalogue_unweighted")
networks = catalogue[[f"NN_{name[:-1]}" for name in names]].reindex(
    everything.index
)
difference = np.abs(networks.to_numpy() - everything[names].to_numpy())
difference = difference[np.isfinite(difference).all(axis=1)]
groups = [len(difference), difference.max(), np.median(difference)]
agreement = agreement.set_index("model").reindex(
    columns=["sources", "largest difference", "median difference"]
)
agreement.loc["six groups"] = groups
agreement.round(5)

# %% [markdown]
# Redshifts and six groups agree to the digits that the tables keep. The classifier differs, and should: the tables of
# {ref}`ch-predict-unknowns` hold the mean over networks trained on resamples, and here one network answers. What the
# difference amounts to is the noise of a single training.
#
# ## How fast


# %%
questions = {
    "BL Lac or FSRQ": (classify.classify, mine),
    "six groups": (lambda table: classify.classify(table, groups="six"), ten),
    "redshift": (redshift.redshift, agn),
}
speeds = stored.table(
    "results/shipped_speed.csv",
    lambda: examined.speed(questions, settings.speed_rows),
    settings=settings,
    seed=seed,
).set_index("question")
heads = {"processor_seconds_per_100000": "processor seconds for 100,000"}
speeds.rename(columns=heads).round(1)

# %% [markdown]
# Processor seconds for 10⁵ sources, measured once, by the `paper` run. A redshift is slower by far because it is a distribution: a weighting of
# all training residuals. {ref}`ch-scale-out` asks for more sources than one machine wants to hold.
#
# ## The app
#
# `make app` opens the same answers as a page: type a name, or drop a table, and see class, redshift, neighbours, place on
# the sky, and every reason for doubt. It runs on your machine and sends nothing anywhere.
#
# ```{figure} ../book/_static/app.png
# :alt: The app in a browser: facts and warnings of a source, its class probability, six groups and redshift distribution.
# :name: fig-app
#
# The app, asked about a blazar candidate. Of the six groups the plain bars are the random forest's, the hatched ones the networks'.
# ```
#
# ## When not to trust an answer
#
# - `not_given`: there is none.
# - `out_of_range`, `extrapolated`: do not use it. The surer it sounds, the worse.
# - `no_sed`: BL Lacs and FSRQs overlap in gamma rays alone; look at the observed fraction, not at the probability.
# - **Not a blazar**: `classify` supposes that it is one. Ask the six groups first.
# - **Near the Galactic plane** diffuse emission distorts spectra, and counterparts are missed.
# - **Faint, or of uncertain type**: the models learnt from brighter sources. Their tested accuracy flatters.
# - **A redshift** is a distribution, nearly always wider than its median. Never use the median alone.
#
# {ref}`which-tool` says which tool answers which question, and which question has no tool.
#
# ## Where we differ from the papers
#
# {cite:t}`gharat2023` and {cite:t}`malyshev2023` answer for the sources of their catalogues. Here any table can be asked, by the
# models that made the book's own tables, and each answer says how far its source lies from those that taught the model.
#
# ## Recap
#
# - A table with catalogue column names is all it takes; every row comes back, with flags.
# - An answer's worth can be looked up among known sources that were held out.
# - Outside its range a network grows surer, not more careful.
# - What is shipped is what was published, by checksum and by comparison.
#
# ## Exercises
#
# **1.** You have ten nights at a spectrograph and want FSRQs. Which of the new candidates do you propose, how many FSRQs do you
# expect, and does FL16Y already know any of them?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
ten_nights = np.argsort(probability)[::-1][:10]
expected = skill.observed_fraction(probability[ten_nights])[0].sum()
already = later_class.iloc[ten_nights]
print("\n".join(mine["Source_Name"].iloc[ten_nights]))
print(
    f"expected: {expected:.1f} FSRQs of 10, if the candidates resemble known "
    "blazars"
)
print(
    f"FL16Y has a class for {(already != '').sum()}, FSRQ for "
    f"{(already == 'fsrq').sum()}"
)

# %% [markdown]
# **2.** All new candidates have a counterpart that looks like a blazar. How many of them are, to the six-group networks, most likely no
# active galaxy? Must one of the two be wrong?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
likely = everything.loc[mine["Source_Name"], names].dropna().idxmax(axis=1)
galactic = likely.isin(names[:3])
kinds = likely[galactic].value_counts()
kinds = ", ".join(f"{count} {name}" for name, count in kinds.items())
print(f"{galactic.sum()} of {len(likely)}: {kinds}")
print(
    "Both may be right: the networks look at gamma rays and know no counterparts,"
)
print("and a blazar may lie by chance on the line of sight to a Galactic source.")

# %% [markdown]
# **3.** Write your table with `Pivot_Energy` in GeV, once without and once with its unit. What happens to the flags?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
in_gev = Table.from_pandas(mine.assign(Pivot_Energy=mine["Pivot_Energy"] / 1000))
flagged_gev = [(classify.classify(in_gev)["out_of_range"] != "").sum()]
in_gev["Pivot_Energy"].unit = "GeV"
flagged_gev.append((classify.classify(in_gev)["out_of_range"] != "").sum())
print(
    f"without a unit {flagged_gev[0]} of {len(mine)} are out of range: MeV is "
    "assumed"
)
print(f"with it {flagged_gev[1]}, as for the table in MeV: {out_of_range.sum()}")
assert flagged_gev[0] > flagged_gev[1] == out_of_range.sum()

# %% [markdown]
# ## What this chapter claims

# %% tags=["hide-input"]
measured = {
    "tools.new_candidates.accuracy": claims.Measured(
        right / len(p), interval, len(p)
    ),
    "tools.redshift.fewer_columns": claims.Measured(rms, n=int(answered.sum())),
}
for key, name in {"groups": "six groups", "redshift": "redshift"}.items():
    if name in agreement.index:
        row = agreement.loc[name]
        found = claims.Measured(row["largest difference"], n=int(row["sources"]))
        measured[f"tools.{key}.reproduced"] = found

# %% tags=["hide-input"]
row = cost.loc[fewer_columns.FITTED]
n, few_columns = int(row["n"]), {}
for name in ("rmse", "rmse_more", "crps_more"):
    few_columns[name] = row[name], row[f"{name}_low"], row[f"{name}_high"]
for name in ("coverage68", "coverage95"):
    ends = calibration.wilson_interval(round(row[name] * n), n)
    few_columns[name] = row[name], *ends
key = "tools.redshift.from_4fgl"
measured |= claims.from_scores(key, few_columns, few_columns, n)
keys = {"classes": "BL Lac or FSRQ", "groups": "six groups", "redshift": "redshift"}
for key, name in keys.items():
    row = speeds.loc[name]
    seconds = row["processor_seconds_per_100000"]
    measured[f"tools.{key}.seconds"] = claims.Measured(seconds, n=int(row["rows"]))
claims.publish(measured, settings, seed)
