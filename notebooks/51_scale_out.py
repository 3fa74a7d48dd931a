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
# **You will** infer the 21 quantities of {ref}`ch-reconstruct-and-infer` for many light curves at once, on several processes, kill
# one of them in the middle, and see that nothing is lost and nothing is computed twice. Then work out what the same would cost
# for all active galaxies that LSST is expected to find.
#
# **You will learn** how to cut a large computation into pieces that can fail, where its time goes, and why the answer for one
# object must not depend on the piece it happens to be in.
#
# **You need** nothing but this package; the light curves are simulated. The same is done to your own files by the command
# `agnbook bulk`, see {ref}`bulk`.
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
import logging
import signal
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import psutil
import pyarrow.parquet as pq
from astropy.table import Table
from dask.distributed import LocalCluster
from IPython.display import Markdown

from agnbook import committed
from agnbook.ask import bulk, bulk_curves, classify
from agnbook.banp import posterior
from agnbook.chapter import claims, figures, run_box, sizes, stored
from agnbook.lightcurves import population

settings = sizes.load("51_scale_out", profile)
figures.use_book_style()

# %% tags=["nbval-ignore-output", "remove-input"]
run_box.RunBox(
    settings, computed="every answer, the killed worker and the second run", loaded="speed, memory and scaling, measured once"
)

# %% [markdown]
# ## Light curves in files
#
# A survey does not come as one table in memory. It comes as many files, *partitions*, each with some thousands of objects.
# Here a row is one object: its name, a list of times (days), and for each band a list of magnitudes and one of errors, all
# of the same length. Simulated objects also carry the truth.

# %%
folder = Path(tempfile.mkdtemp(prefix="agnbook-"))
paths = bulk_curves.simulate(folder / "curves", settings["objects"], settings["per_partition"], seed=seed)
first = pq.read_table(paths[0])
print(
    f"{len(paths)} partitions of {first.num_rows} objects; {sum(p.stat().st_size for p in paths) / settings['objects'] / 1e3:.0f} kB an object"
)
for field in [*first.schema][:3]:
    print(f"{field.name}: {field.type}")
print(f"the first object has {len(first['time'][0])} visits")

# %% [markdown]
# ## One partition
#
# What one process does with one file is short: read, summarise each light curve by a Kalman fit and some moments, ask the network for
# the posterior, and keep its median and 68.3 % interval. All objects of a batch go through the network in one call.

# %%
model = posterior.shipped("dc2_like")
batch = first.to_batches()[0]
answer = bulk_curves.score(batch, model)
answer[["object", "problem", "visits", "redshift_low68", "redshift_q500", "redshift_high68"]].head(3).round(2)

# %% [markdown]
# The posterior is known through draws, and draws are random. If each object took its own from a common stream, its answer
# would change whenever a file is cut differently. Here all objects share one set of quasi-random numbers, so that an answer
# depends on the object alone, and on a rerun, a repartition or another machine it is the same.

# %%
alone = bulk_curves.score(batch.slice(5, 1), model)
numbers = bulk_curves.columns()
print(f"alone or in a batch, the same to 1e-4: {np.allclose(alone[numbers], answer[numbers].iloc[[5]], atol=1e-4)}")

# %% [markdown]
# ## Many partitions, and a worker that dies
#
# [Dask](https://distributed.dask.org) hands the partitions to workers, processes with one thread each. Each result is written under a temporary name and renamed
# when it is complete: a file that is there is whole. What it was computed from (the input's size and time, the model's hash)
# stands in the file's own footer, so that file and record cannot disagree.
#
# In the next cell one of the two workers is killed with `SIGKILL`, without warning, as soon as some partitions are done. It
# cannot clean up, and what it was working on is lost with it.

# %%
cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL)
victims, written = [], {}


def kill_one(done, total):
    """Kill a worker once `kill_after` partitions are done, and note when these were written."""
    if done == settings["kill_after"]:
        victims.append(next(iter(cluster.workers.values())).pid)
        os.kill(victims[0], signal.SIGKILL)
        written.update({path.name: path.stat().st_mtime_ns for path in (folder / "answers").glob("part-*.parquet")})


run = bulk.run(folder / "curves", folder / "answers", "lightcurve", scheduler=cluster.scheduler_address, progress=kill_one)
print(f"workers killed: {len(victims)}; partitions complete: {len(run)} of {len(paths)}; objects: {run['rows'].sum()}")

# %%
found = pd.read_parquet(folder / "answers")
direct = pd.concat(
    [bulk_curves.score(b, model) for path in paths for b in pq.ParquetFile(path).iter_batches(bulk_curves.BATCH)],
    ignore_index=True,
)
kept = [(folder / "answers" / name).stat().st_mtime_ns == stamp for name, stamp in written.items()]
print(f"every object once, in order: {list(found['object']) == list(direct['object'])}")
print(f"the same answers as without workers: {np.allclose(found[numbers], direct[numbers], atol=1e-4)}")
print(f"partitions done before the kill stayed as they were: {all(kept)}")
assert len(victims) == 1 and all(kept) and np.allclose(found[numbers], direct[numbers], atol=1e-4)

# %% [markdown]
# The scheduler noticed that a worker was gone, gave its partition to the other, and started a new one in its place. The test suite does the same to the real command, and
# also kills the command itself; then the same command, given again, goes on.
#
# ## The same command again
#
# A second run finds everything done. Then one result is deleted, and one input is replaced by other curves: only these two
# are computed.

# %%
again = bulk.run(folder / "curves", folder / "answers", "lightcurve")
print(f"second run: {again['computed'].sum()} partitions computed")
(folder / "answers" / paths[0].name).unlink()
bulk_curves.simulate(folder / "other", settings["per_partition"], settings["per_partition"], seed=seed + 1)[0].replace(paths[1])
third = bulk.run(folder / "curves", folder / "answers", "lightcurve", scheduler=cluster.scheduler_address)
print(f"third run: {third['computed'].sum()} computed, {', '.join(third.index[third['computed']])}")
assert again["computed"].sum() == 0 and third["computed"].sum() == 2

# %% [markdown]
# ## Are the answers right?
#
# Speed is worth nothing otherwise. The truth is known here, so the intervals can be counted.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-bulk-mass", "caption": "Black-hole masses inferred from light curves by the bulk run (median and 68.3 % interval) against the truth, for some of the objects. The line is equality."}, "image": {"alt": "Inferred against true black-hole mass with error bars, scattered about the line of equality"}}
truth = pd.concat([pq.read_table(path, columns=["true_log_mass"]).to_pandas() for path in paths], ignore_index=True)
found = pd.read_parquet(folder / "answers")
some = slice(None, None, max(len(found) // 80, 1))
fig, ax = plt.subplots(figsize=(5, 4))
median, low, high = (found[f"log_mass_{level}"][some] for level in ("q500", "low68", "high68"))
ax.errorbar(
    truth["true_log_mass"][some], median, [median - low, high - median], fmt="o", ms=3, lw=0.8, color=figures.COLORS["blue"]
)
ax.plot([7, 10.3], [7, 10.3], color=figures.COLORS["black"], lw=1)
ax.set_xlabel("true log10 black-hole mass (solar)")
ax.set_ylabel("inferred log10 black-hole mass (solar)")
plt.show()

# %%
targets = population.TARGETS
truths = pd.concat([pq.read_table(path, columns=[f"true_{t}" for t in targets]).to_pandas() for path in paths], ignore_index=True)
inside = np.mean([(found[f"{t}_low68"] < truths[f"true_{t}"]) & (truths[f"true_{t}"] < found[f"{t}_high68"]) for t in targets])
print(f"truth within the 68.3 % interval: {100 * inside:.0f} % of {len(found)} objects x {len(targets)} targets")

# %% [markdown]
# How well the posteriors are calibrated, and with which uncertainty, is the subject of {ref}`ch-check-calibration`.
#
# ## How fast is it?
#
# Measured once on many more curves, with two workers and with one, on the same files, after the workers had started. *Processor time* is that of the
# thread that computes; other programs that compete for the machine
# lengthen it somewhat, and the time on the clock a lot. How many cores were busy with anything else is therefore stated.


# %% tags=["nbval-ignore-output", "hide-input"]
def busy_seconds() -> float:
    """Seconds that all cores of this machine have worked, for whomever."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0)


def measure() -> pd.DataFrame:
    """Speed, memory and disk of bulk runs on the same curves with one worker and with two."""
    rows, objects = [], settings["measured_objects"]
    curves = folder / "measured"
    size = sum(
        path.stat().st_size for path in bulk_curves.simulate(curves, objects, settings["measured_per_partition"], seed=seed)
    )
    for workers in (2, 1):
        cluster.scale(workers)
        while len(cluster.scheduler.workers) != workers:
            time.sleep(0.1)
        answers, start, busy = folder / f"answers_{workers}", time.perf_counter(), busy_seconds()
        done = bulk.run(curves, answers, "lightcurve", scheduler=cluster.scheduler_address)
        wall = time.perf_counter() - start
        others = (busy_seconds() - busy - done["cpu"].sum()) / wall
        ms = 1e3 * done["cpu"] / done["rows"]
        output = sum(path.stat().st_size for path in answers.glob("part-*.parquet"))
        row = {
            "workers": workers,
            "objects": objects,
            "partitions": len(done),
            "wall_seconds": wall,
            "ms": 1e3 * done["cpu"].sum() / objects,
        }
        row |= {"ms_error": ms.std() / np.sqrt(len(ms)), "peak_memory_mb": done["peak_memory_mb"].max()}
        row |= {"others": others}
        row |= {"kb_in": size / objects / 1e3, "kb_out": output / objects / 1e3, "hardware": committed.hardware()}
        stages = ("start", "read", "features", "network", "write")
        rows.append(row | {f"ms_{stage}": 1e3 * done[f"cpu_{stage}"].sum() / objects for stage in stages})
    return pd.DataFrame(rows[::-1])


speed = stored.table("results/scale_out.csv", measure, settings=settings, seed=seed)
cluster.close()

# %%
one, two = speed.iloc[0], speed.iloc[1]
efficiency = one["wall_seconds"] / two["wall_seconds"] / 2
table = speed.set_index("workers")[["objects", "partitions", "wall_seconds", "ms", "others", "peak_memory_mb"]].round(
    {"wall_seconds": 0, "ms": 2, "others": 1}
)
table.columns = [
    "objects",
    "partitions",
    "wall (s)",
    "processor time (ms an object)",
    "cores busy otherwise",
    "peak memory of a worker (MB)",
]
table

# %% tags=["hide-input"]
Markdown(
    f"Measured on {one['hardware']}. One core answers **{1e3 / one['ms']:.0f} objects a second** of processor time. Two workers take "
    f"{two['wall_seconds'] / one['wall_seconds']:.2f} times as long as one, a scaling efficiency of **{100 * efficiency:.0f} %**."
)

# %% [markdown]
# Partitions share nothing: workers exchange no data and only report that they are done. What is lost in efficiency is lost to the machine (shared caches and
# memory, other programs) and to the last partitions, when one worker has nothing left to do.
#
# ## Where does the time go?

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-bulk-stages", "caption": "Processor time of one object by stage, one worker. Bars are means; the error of the total is given below."}, "image": {"alt": "Horizontal bars of milliseconds an object for loading the model, reading, features, network and writing; features is the longest"}}
stages = {
    "start": "load the model",
    "read": "read and check",
    "features": "Kalman fit and moments",
    "network": "network and draws",
    "write": "write",
}
fig, ax = plt.subplots(figsize=(6.5, 2.6))
ax.barh(list(stages.values())[::-1], [one[f"ms_{name}"] for name in stages][::-1], color=figures.COLORS["blue"])
ax.set_xlabel("processor time (ms an object)")
plt.show()

# %%
share = {label: one[f"ms_{name}"] / one["ms"] for name, label in stages.items()}
print("\n".join(f"{label}: {100 * value:.0f} %" for label, value in share.items()))
print(f"total {one['ms']:.2f} +- {one['ms_error']:.2f} ms an object (standard error over partitions)")

# %% [markdown]
# The fit evaluates the likelihood of every visit some fifty times, so its cost grows in proportion to the visits. It is compiled already: what remains is arithmetic.
# The draws come second, because each of them goes through the photometric splines of {ref}`ch-simulate-light-curves`. Reading and checking, and writing, are the rest.

# %% [markdown]
# ## What does a batch gain?
#
# The same public functions, asked for many objects at once or for one after the other (processor time of one core, answers compared).


# %% tags=["nbval-ignore-output", "hide-input"]
def gains() -> pd.DataFrame:
    """Processor time an object, in a batch and one by one, for blazar classes and for light curves."""
    rng, some = np.random.default_rng(seed), settings["one_by_one"]
    typical = {"PL_Index": 2.1, "LP_Index": 2.0, "Frac_Variability": 0.4, "Pivot_Energy": 1500.0, "Variability_Index": 40.0}
    typical |= {"nu_syn": 1e14, "nuFnu_syn": 2e-12}
    sources = {name: value * rng.uniform(0.9, 1.1, settings["batch_rows"]) for name, value in typical.items()}
    sources = Table({"Source_Name": [f"{row}" for row in range(settings["batch_rows"])]} | sources)

    def timed(function, *arguments):
        start = time.thread_time()
        return function(*arguments), 1e3 * (time.thread_time() - start)

    rows = []
    for name, ask, things, part, columns in (
        ("blazar classes", classify.classify, sources, lambda k: sources[k : k + 1], ["probability_fsrq"]),
        ("light curves", lambda thing: bulk_curves.score(thing, model), batch, lambda k: batch.slice(k, 1), numbers),
    ):
        ask(part(0))  # compiles and loads
        answers, together = timed(ask, things)
        single, alone = timed(lambda ask=ask, part=part: [ask(part(k)) for k in range(min(some, len(batch)))])
        for k, one in enumerate(single):
            assert all(np.allclose(one[column][0], answers[column][k], atol=1e-3) for column in columns)
        rows.append({"what": name, "rows": len(things), "batch_ms": together / len(things), "single_ms": alone / len(single)})
    return pd.DataFrame(rows)


gain = stored.table("results/scale_out_batches.csv", gains, settings=settings, seed=seed).set_index("what")

# %% tags=["hide-input"]
ratio = gain["single_ms"] / gain["batch_ms"]
shown = pd.DataFrame({"objects": gain["rows"], "in a batch (ms)": gain["batch_ms"].map("{:.3g}".format)})
shown["one by one (ms)"], shown["ratio"] = gain["single_ms"].map("{:.3g}".format), ratio.map("{:.1f}".format)
shown

# %% [markdown]
# A table of features is nearly all overhead when it comes row by row: checks, conversions, a network call. A light curve is
# not: its fit costs the same in company, and only the rest is shared.
#
# ## What would LSST cost?
#
# About $10^8$ active galaxies are expected. Nothing is shared between objects, so the cost is that of one, times their number.

# %%
objects = 1e8
core_hours = objects * one["ms"] / 3.6e6
terabytes, gigabytes = objects * one["kb_in"] / 1e9, objects * one["kb_out"] / 1e6
per_partition = settings["lsst_per_partition"]
hours = {cores: f"{core_hours / cores / efficiency:.2g}" for cores in (2, 64, 1000)}
pd.DataFrame({"hours": hours}).rename_axis("cores")

# %% tags=["hide-input"]
Markdown(
    f"**{core_hours:.0f} core-hours** of processor time for 100 million objects; the table divides them by the number of cores and by the "
    f"efficiency measured above. The light curves fill {terabytes:.1f} TB, the answers {gigabytes:.0f} GB. In partitions of "
    f"{per_partition} objects these are {objects / per_partition:.0f} tasks of {per_partition * one['ms'] / 1e3:.0f} s each: long beside the "
    f"millisecond that the scheduler needs for a task, short enough that a lost one costs little. 1000 cores would read "
    f"{1e3 * one['kb_in'] / one['ms'] / 1e3:.1f} GB/s, which only a parallel file system delivers."
)

# %% [markdown]
# :::{warning}
# These curves are simulated, 500 to 1,000 visits with all six bands at each. LSST observes one band at a time, about 800 visits
# in all bands together. Bring its data by averaging over nights or weeks in which all six bands were observed; fewer
# visits make it cheaper. A band without data, or with gaps of its own, needs another model, not only another reader.
# Efficiency was measured on two cores and assumed for more.
# :::
#
# What would make it cheaper:
#
# - **Fewer draws.** Half as many would nearly halve the stage that comes second; medians and intervals would be a little coarser.
# - **A shorter fit.** For an amortised network the summaries need not be the maximum: one Newton step less, and a network trained on that.
# - **Fewer visits.** Averaging nearby visits loses little for a walk with a time-scale of a hundred days and more.
# - **A graphics processor** would speed up the network, which is the smaller part, and not the fit.

# %%
saved = {"no network": "network and draws", "no fit": "Kalman fit and moments", "no reading": "read and check"}
print("; ".join(f"{name}: {1 / (1 - share[label]):.2f} times faster" for name, label in saved.items()))

# %% tags=["remove-cell"]
import shutil

shutil.rmtree(folder)

# %% [markdown]
# No stage is worth removing beyond these factors (Amdahl's law).
#
# ## Recap
#
# - One task is one file; its result appears whole or not at all, and says itself what it was made from.
# - A worker may die, the command may die: the same command goes on and computes only what is missing or has changed.
# - An object's answer does not depend on its neighbours in a file.
# - The cost of a survey follows from one measured number; most of it is the Kalman fit.
#
# ## Exercises
#
# 1. How large should a partition be? Work out the share of time lost if the scheduler needs 1 ms a task, and the time lost if
#    a worker is killed, for 100, 10,000 and 1,000,000 objects.
#
#    :::{admonition} Solution
#    :class: dropdown
#    With `t = one["ms"] / 1e3` seconds an object and `n` objects, the overhead is `1e-3 / (n * t)`, and a kill loses `n * t / 2` seconds
#    on average. Hundred objects lose under one percent to the scheduler already; a million lose twenty minutes to a kill. Ten
#    thousand are a good choice.
#    :::
# 2. Damage a file in the middle, run again and read the message. Which objects are lost?
#
#    :::{admonition} Solution
#    :class: dropdown
#    `data = path.read_bytes(); path.write_bytes(data[:5000] + bytes(100) + data[5100:])`. The files carry a checksum for each page, so that the
#    damage is noticed; the other partitions are computed, and the error names the file. Only its objects are missing, and
#    the run has failed as a whole, so that nobody takes the folder for complete.
#    :::
# 3. Halve the draws and compare with the full answer, in units of the interval's half width.
#
#    :::{admonition} Solution
#    :class: dropdown
#    `features = bulk_curves.summary.features(bulk_curves.from_batch(batch)[0])`, then `np.median(bulk_curves.draw_targets(model, features, n), axis=1)`
#    for n = 64, 128 and 4096. Against 4096 draws, medians move by some percent of the half width; halving the draws doubles that at most.
#    :::

# %% tags=["hide-input"]
measured = f"simulated dc2_like curves, {one['hardware']}"
error = 1.96 * one["ms_error"]
claims.publish(
    [
        claims.Claim(
            "scale.objects_per_second", "Light curves inferred a second of one core's processor time, from file to file", 1e3 / one["ms"],
            interval=(1e3 / (one["ms"] + error), 1e3 / max(one["ms"] - error, 1e-3)), n=int(one["objects"]), unit="1/s", how=measured,
        ),
        claims.Claim(
            "scale.efficiency", "Scaling efficiency from one worker to two, time on the clock", efficiency, n=int(one["objects"]),
            how=f"{measured}, one run each, {speed['others'].max():.1f} cores busy with other things",
        ),
        claims.Claim("scale.memory_mb", "Peak memory of a worker", speed["peak_memory_mb"].max(), n=int(speed["partitions"].sum()), unit="MB", how=measured),
        claims.Claim(
            "scale.lsst_core_hours", "Core-hours for the light curves of 100 million active galaxies", core_hours,
            interval=(objects * (one["ms"] - error) / 3.6e6, objects * (one["ms"] + error) / 3.6e6), n=int(one["objects"]), unit="h", how=f"extrapolated from {measured}",
        ),
        claims.Claim("scale.lsst_terabytes", "Disk for these light curves", terabytes, n=int(one["objects"]), unit="TB", how="500 to 1,000 visits in six bands, float32, zstd"),
        *(
            claims.Claim(
                f"scale.batch.{key}", f"Processor time of {name} one by one over that in a batch", ratio[name],
                n=int(gain["rows"][name]), how="the same public function, one core",
            )
            for key, name in (("blazars", "blazar classes"), ("light_curves", "light curves"))
        ),
    ],
    settings, seed,
)  # fmt: skip
