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
# (ch-scale-out)=
# # Scale out
#
# :::{admonition} In this chapter
# **The question:** what would it cost to ask every active galaxy that LSST will see, and what if a machine fails on the way?
#
# **You will** answer many light curves at once in several processes, kill one of them in the middle, and see that nothing is lost
# and nothing is computed twice. Then work out what the same would cost for all active galaxies that LSST is expected to find.
#
# **You will learn** how to cut a large computation into pieces that can fail, where its time goes, and why the answer for one
# object must not depend on the piece it happens to be in.
#
# **You need** nothing but this package; the light curves are simulated. The same is done to your own files by the command
# `agnbook bulk`, see {ref}`bulk`.
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
import os
import signal
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import psutil
import pyarrow.parquet as pq
from IPython.display import Markdown, display

from agnbook.ask import bulk, bulk_curves, examined, light_curves
from agnbook.ask.curve_options import Options
from agnbook.chapter import claims, figures, run_box, sizes, stored

# %%
settings = sizes.load("51_scale_out", profile)
figures.use_book_style()

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(
    settings,
    computed="every answer, the killed worker and the second run",
    loaded="speed and memory, measured once",
)

# %% [markdown]
# ## Light curves in files
#
# A survey does not come as one table in memory. It comes as many files, *partitions*, each with some thousands of objects.
# Here a row is one object: its name, and lists of times, bands, magnitudes and errors, each band at its own nights. Simulated
# objects also carry the truth. Those of the next cells have a quarter of the visits that LSST will make, so that they take
# seconds.

# %%
folder = Path(tempfile.mkdtemp(prefix="agnbook-"))
sizes_here = settings["objects"], settings["per_partition"]
paths = bulk_curves.simulate(folder / "curves", *sizes_here, seed=seed, share=0.25)
first = pq.read_table(paths[0])
print(f"{len(paths)} partitions of {first.num_rows} objects")
for field in [*first.schema][:4]:
    print(f"{field.name}: {field.type}")
print(f"the first object has {len(first['time'][0])} measurements")

# %% [markdown]
# ## One partition
#
# What one process does with one file is short: read, fit each light curve ({ref}`command-lightcurve`), hide some nights and
# predict them, and keep quantiles.

# %%
options = Options(survey="lsst", redshift="redshift")
answer, _, _ = light_curves.light_curves(first, options)
heads = {
    "object": "object", "measurements": "measurements",
    "log_tau_6000_q500": "log time-scale (days)", "rho_q500": "rho",
    "heldout_mae": "held-out error (mag)",
}  # fmt: skip
answer[list(heads)].to_pandas().rename(columns=heads).round(3)

# %% [markdown]
# A posterior is known through draws, and draws are random. If each object took its own from a common stream, its answer would
# change whenever a file is cut differently. Here an object's random numbers depend on its name alone. So the last object of the
# partition, asked alone, has the same answer to the last digit:

# %%
alone, _, _ = light_curves.light_curves(first.slice(first.num_rows - 1), options)
same = alone.to_pandas().equals(answer[-1:].to_pandas())
print(f"alone or in a file, the same: {same}")
assert same

# %% [markdown]
# ## Many partitions, and a worker that dies
#
# Each process takes a partition at a time. Its result is written under a temporary name and renamed when it is complete: a file that is there
# is whole. What it was computed from (a hash of the input's content, one of the model) stands in the file's own footer, so that
# file and record cannot disagree.
#
# In the next cell one of the two workers is killed with `SIGKILL`, without warning, as soon as some partitions are done. It
# cannot clean up, and what it was working on is lost with it.

# %%
victims, written = [], {}


def kill_one(done, total):
    """Kill a worker once, and note when the partitions done were written."""
    if done == settings["kill_after"] and not victims:
        family = psutil.Process().children(recursive=True)
        worker = next(p for p in family if "spawn_main" in " ".join(p.cmdline()))
        victims.append(worker.pid)
        os.kill(victims[0], signal.SIGKILL)
        for path in (folder / "answers").glob("part-*.parquet"):
            written[path.name] = path.stat().st_mtime_ns


# %%
where = folder / "curves", folder / "answers", "lightcurve"
run = bulk.run(*where, workers=2, progress=kill_one, options=options)
print(f"workers killed: {len(victims)}")
print(f"partitions complete: {len(run)} of {len(paths)}")

# %% [markdown]
# All partitions are complete. Are the answers those that a single process gives, and were the finished ones left alone?

# %%
found = pd.read_parquet(folder / "answers")
one_by_one = [
    light_curves.light_curves(pq.read_table(path), options)[0].to_pandas()
    for path in paths
]
direct = pd.concat(one_by_one, ignore_index=True)
kept = [
    (folder / "answers" / name).stat().st_mtime_ns == stamp
    for name, stamp in written.items()
]
print(f"every object once, in order, with the same answer: {found.equals(direct)}")
print(f"partitions done before the kill stayed as they were: {all(kept)}")
assert len(victims) == 1 and all(kept) and found.equals(direct)

# %% [markdown]
# Nobody knows which partition a killed process had, so those that may have been running are computed again, each in a process
# of its own: if one of them is what kills, it kills alone and is named. The test suite does all this to the real command, and also kills the
# command itself; then the same command, given again, goes on.
#
# ## The same command again
#
# A second run finds everything done. Then one result is deleted, and one input is replaced by other curves: only these two
# are computed.

# %%
again = bulk.run(*where, workers=1, options=options)
print(f"second run: {again['computed'].sum()} partitions computed")
(folder / "answers" / paths[0].name).unlink()
per_partition = settings["per_partition"]
other = bulk_curves.simulate(
    folder / "other", per_partition, per_partition, seed=seed + 1, share=0.25
)
other[0].replace(paths[1])
third = bulk.run(*where, workers=1, options=options)
computed = third.index[third["computed"]]
print(f"third run: {len(computed)} computed, {', '.join(computed)}")
assert again["computed"].sum() == 0 and third["computed"].sum() == 2

# %% [markdown]
# ## Are the answers right?
#
# Speed is worth nothing otherwise. The truth is known here, so the intervals can be counted.

# %%
truth = pd.concat([pq.read_table(path).to_pandas() for path in paths])
truth = truth.reset_index(drop=True)
found = pd.read_parquet(folder / "answers")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-bulk-tau", "caption": "Time-scales inferred by the bulk run (median and 68.3 % interval, observed frame at 6000 Å) against the truth. The line is equality."}, "image": {"alt": "Inferred time-scales scatter about the line of equality within their error bars; a few lie two of their bars away, none at the other end of the plot."}}
fig, ax = plt.subplots(figsize=(5, 4))
median, low, high = (
    found[f"log_tau_6000_{level}"] for level in ("q500", "low68", "high68")
)
ax.errorbar(
    truth["true_log_tau_6000"], median, [median - low, high - median], fmt="o",
    ms=3, lw=0.8, color=figures.COLORS["blue"],
)  # fmt: skip
ax.plot([1.7, 3.5], [1.7, 3.5], color=figures.COLORS["black"], lw=1)
ax.set_xlabel("true log10 time-scale (days)")
ax.set_ylabel("inferred log10 time-scale (days)")
plt.show()

# %%
quantities = ("log_tau_6000", "log_sf_6000", "rho")
inside = [
    found[f"{q}_low68"].lt(truth[f"true_{q}"])
    & found[f"{q}_high68"].gt(truth[f"true_{q}"])
    for q in quantities
]
print(f"{len(found)} objects x {len(inside)} quantities")
print(f"within the 68.3 % interval: {100 * np.mean(inside):.0f} %")

# %% [markdown]
# So few objects decide nothing about calibration, which has its own tests; gross errors of the machinery (objects exchanged,
# lists shifted) would show here.
#
# ## How fast is it?
#
# Measured once on light curves with all visits of LSST's ten years, with two processes and with one, on the same files.
# *Processor time* is that of the thread that computes. The *load* says how many processes wanted the machine's two cores
# before the run began: other programs lengthen processor time somewhat, and the time on the clock a lot.

# %% tags=["nbval-ignore-output"]
measured_sizes = settings["measured_objects"], settings["measured_per_partition"]
speed = stored.table(
    "results/scale_out.csv",
    lambda: bulk_curves.measure_speed(folder / "speed", *measured_sizes, seed=seed),
    settings=settings,
    seed=seed,
)
one, two = speed.iloc[0], speed.iloc[1]
efficiency = one["wall_seconds"] / two["wall_seconds"] / 2

# %% tags=["nbval-ignore-output"]
shown = {
    "objects": "objects",
    "wall_seconds": "wall (s)",
    "ms": "processor time (ms an object)",
    "load": "load",
    "peak_memory_mb": "peak memory (MB)",
}
table = speed.set_index("workers")[list(shown)].rename(columns=shown)
table.round({"wall (s)": 0, "processor time (ms an object)": 0, "load": 1})

# %% tags=["hide-input"]
Markdown(
    f"Measured on {one['hardware']}. One core answers **{1e3 / one['ms']:.1f} "
    "objects a second** of processor time. Two workers take "
    f"{two['wall_seconds'] / one['wall_seconds']:.2f} times as long as one, "
    f"a scaling efficiency of **{100 * efficiency:.0f} %**."
)

# %% [markdown]
# Partitions share nothing: workers exchange no data and only report that they are done. What is lost in efficiency is lost to
# their start, to the machine (shared caches and memory, other programs), and to the last partitions, when one worker has nothing left to do.

# %% [markdown]
# ## A hundred thousand, and a killed worker
#
# The machinery was also tried at length: curves with the visits of LSST's first year, a hundred thousand of them, two processes, and
# one of these killed without warning when half of the partitions were done. Then the same call once more, which should find nothing to do.

# %% tags=["nbval-ignore-output"]
many = stored.table(
    "results/scale_out_many.csv",
    lambda: bulk_curves.measure_many(
        folder / "long", settings["many"], settings["many_per_partition"], seed
    ),
    settings=settings,
    seed=seed,
).iloc[0]
print(f"{many['objects']} objects of {many['measurements']:.0f} measurements")
print(f"workers killed: {many['killed']}")
print(f"objects lost: {many['lost']}, answered twice: {many['repeated']}")
print(f"partitions computed by the second call: {many['again']}")
print(f"{many['ms']:.0f} ms an object, {many['peak_memory_mb']:.0f} MB a worker")
print(f"{many['wall_seconds'] / 60:.0f} minutes, load before {many['load']:.1f}")
assert many["killed"] == 1 and not many[["lost", "repeated", "again"]].any()

# %% [markdown]
# Other programs ran beside it, so the time on the clock is an upper limit; processor time an object is not touched by them as much. A worker took no more memory than in the short runs above: nothing piles up.
#
# ## Where does the time go?

# %%
stages = {
    "start": "start",
    "read": "read and check",
    "model": "fit, posterior, hidden nights",
    "write": "write",
}
for name, label in stages.items():
    ms = one[f"ms_{name}"]
    print(f"{label}: {ms:.2f} ms, {100 * ms / one['ms']:.1f} %")
print(f"total {one['ms']:.0f} +- {one['ms_error']:.0f} ms an object")

# %% [markdown]
# The error of the total is the standard error over partitions. Nearly all of it is the likelihood, evaluated some two thousand times for each curve, in compiled code: what remains is arithmetic. Reading faster
# or writing less would gain nothing (Amdahl's law).
#
# ## What does a batch gain?
#
# A light curve's fit costs the same in company. A table of features is another matter: the same public function, asked for many
# rows at once or for one after the other (processor time of one core, answers compared).

# %% tags=["nbval-ignore-output", "hide-input"]
gain = stored.table(
    "results/scale_out_batches.csv",
    lambda: examined.batch_gain(
        settings["batch_rows"], settings["one_by_one"], seed
    ),
    settings=settings,
    seed=seed,
).iloc[0]
ratio = gain["single_ms"] / gain["batch_ms"]
print(f"in a batch of {gain['rows']:.0f}: {1e3 * gain['batch_ms']:.3g} us a row")
print(f"one by one: {gain['single_ms']:.3g} ms a row, {ratio:.0f} times as much")

# %% [markdown]
# A table of features is nearly all overhead when it comes row by row: checks, conversions, a network call.
#
# ## What would LSST cost?
#
# About $10^8$ active galaxies are expected. Nothing is shared between objects, so the cost is that of one, times their number.

# %%
objects = 1e8
core_hours = objects * one["ms"] / 3.6e6
terabytes, gigabytes = objects * one["kb_in"] / 1e9, objects * one["kb_out"] / 1e6
hours = {
    cores: float(f"{core_hours / cores / efficiency:.2g}")
    for cores in (2, 64, 1000)
}
pd.DataFrame({"hours": hours}).rename_axis("cores").map("{:,g}".format)

# %% tags=["hide-input"]
per_task = settings["lsst_per_partition"]
Markdown(
    f"**{float(f'{core_hours:.2g}'):,.0f} core-hours** of processor time for "
    "100 million objects; "
    "the table divides them by the number of cores and by the efficiency measured "
    f"above. The light curves fill {terabytes:.1f} TB, the answers {gigabytes:.0f} "
    f"GB. In partitions of {per_task} objects these are {objects / per_task:.0f} "
    f"tasks of {per_task * one['ms'] / 6e4:.0f} minutes each: long beside the "
    "seconds that a process needs to start, short enough that a lost one costs "
    "little."
)

# %% [markdown]
# :::{warning}
# These curves are simulated, with all of LSST's visits (`bulk_curves.VISITS`), and every object is bright enough for each of them. Most active galaxies
# are fainter. Efficiency was measured on two cores and assumed for more.
# :::
#
# What would make it cheaper: leave out the hidden nights (a second fit of every curve), average the visits of a night, take
# fewer draws where an interval need not be precise. Each is a choice about the answer, not about the machine.

# %% [markdown]
# ## Recap
#
# - One task is one file; its result appears whole or not at all, and says itself what it was made from.
# - A worker may die, the command may die: the same command goes on and computes only what is missing or has changed.
# - An object's answer depends on its own measurements and its name, and on nothing else.
# - The cost of a survey follows from one measured number; nearly all of it is the fit.
#
# ## Exercises
#
# **1.** How large should a partition be? A task costs about a millisecond besides its work, and a worker that is killed loses what it had
# not finished. Work out both losses for 10, 1,000 and 100,000 objects.

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
seconds = one["ms"] / 1e3  # an object
sizes_tried = pd.Series([10, 1_000, 100_000], name="objects")
losses = pd.DataFrame(
    {
        "overhead (parts in a million)": 1e6 * 1e-3 / (sizes_tried * seconds),
        "lost by a kill (minutes)": sizes_tried * seconds / 2 / 60,
    }
).set_index(sizes_tried)
display(losses.map(lambda loss: f"{float(f'{loss:.2g}'):,g}"))
Markdown(
    "The overhead is nothing even for ten; what a kill costs decides. A thousand "
    f"objects lose {losses.loc[1_000].iloc[1]:.1f} minutes, and keep the number of "
    "files bearable."
)

# %% [markdown]
# **2.** Damage one input file in the middle, so that its length stays what it was, and run again. Is the damage noticed? What happens to the
# answers that were there before?

# %% jupyter={"source_hidden": true} tags=["hide-cell", "solution"]
from agnbook.errors import BookError

data, middle = paths[2].read_bytes(), paths[2].stat().st_size // 2
paths[2].write_bytes(data[:middle] + bytes(100) + data[middle + 100 :])
try:
    bulk.run(*where, workers=1, options=options)
    raise AssertionError("the damage was not noticed")
except BookError as error:
    named = [path.name for path in paths if path.name in str(error)]
there = {path.name for path in (folder / "answers").glob("part-*.parquet")}
aside = [path.name for path in (folder / "answers").glob("_stale_*.parquet")]
print(f"the run fails and names {', '.join(named)}: its pages carry a checksum")
print(f"answers that stand: {len(there)} of {len(paths)} partitions; that of the")
print(f"damaged one was made while it was whole, and is kept as {aside[0]},")
print("which readers of a folder pass over")
assert named == [paths[2].name]

# %% tags=["remove-cell"]
import shutil

shutil.rmtree(folder)

# %% [markdown]
# ## What this chapter claims

# %% tags=["hide-input"]
error, n = 1.96 * one["ms_error"], int(one["objects"])
fast, slow, note = one["ms"] - error, one["ms"] + error, one["hardware"]
rate = 1e3 / slow, 1e3 / max(fast, 1e-3)
cost = objects * fast / 3.6e6, objects * slow / 3.6e6
load = f"{note}, load {speed['load'].max():.1f}"
most, parts = speed["peak_memory_mb"].max(), int(speed["partitions"].sum())

# %% tags=["hide-input"]
at_length = int(many["objects"]), f"{many['hardware']}, load {many['load']:.1f}"
half = 1.96 * many["ms_error"]
among_many = {
    "lost": claims.Measured(int(many["lost"]), n=at_length[0]),
    "ms": claims.Measured(
        many["ms"], (many["ms"] - half, many["ms"] + half), *at_length
    ),
    "memory_mb": claims.Measured(many["peak_memory_mb"], None, *at_length),
}

# %% tags=["hide-input"]
measured = {
    "scale.objects_per_second": claims.Measured(1e3 / one["ms"], rate, n, note),
    "scale.efficiency": claims.Measured(efficiency, n=n, note=load),
    "scale.memory_mb": claims.Measured(most, n=parts, note=note),
    "scale.lsst_core_hours": claims.Measured(core_hours, cost, n, note),
    "scale.lsst_terabytes": claims.Measured(terabytes, n=n),
    "scale.batch.blazars": claims.Measured(ratio, n=int(gain["rows"])),
    **{f"scale.many.{name}": value for name, value in among_many.items()},
}
claims.publish(measured, settings, seed)
