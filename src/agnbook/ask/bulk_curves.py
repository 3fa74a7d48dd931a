"""Simulated light curves in Parquet, one row an object, for trying and measuring `bulk`.

Columns: ``object``, ``redshift``, lists ``time`` (days), ``band``, ``magnitude``, ``error``; the truth as ``true_<quantity>``.
"""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from agnbook import committed, storage

#: Visits in ten years of the LSST, and the magnitude that one of them measures to 20 % (Ivezic et al. 2019, ApJ 873, 111,
#: table 1).
VISITS = {"u": 56, "g": 80, "r": 184, "i": 184, "z": 160, "y": 160}
DEPTH = {"u": 23.78, "g": 24.81, "r": 24.35, "i": 23.92, "z": 23.34, "y": 22.45}
#: What an object is drawn from, mean and standard deviation: log tau (days) and log sigma (mag) at 6000 A, ln rho / (1 - rho).
POPULATION = {"log_tau": (2.6, 0.35), "log_sigma": (-0.8, 0.15), "logit_rho": (3.5, 0.7)}

#: Share of `VISITS` that a band has after the first of ten years.
FIRST_YEAR = 0.1


def simulate(folder: Path | str, objects: int, per_partition: int, seed: int = 0, share: float = 1.0) -> list[Path]:
    """Write simulated quasars as partitions ``part-00000.parquet`` ...; partition k depends on `seed`, `share` and k alone.

    `share` is the part of `VISITS` that each band gets.
    """
    paths = []
    for k in range(-(-objects // per_partition)):
        rng = np.random.default_rng([seed, k])
        size = min(per_partition, objects - k * per_partition)
        rows = [_quasar(f"sim-{k * per_partition + i:09d}", rng, share) for i in range(size)]
        paths.append(Path(folder) / f"part-{k:05d}.parquet")
        with storage.atomic_write(paths[-1]) as temporary:
            pq.write_table(pa.Table.from_pylist(rows), temporary, compression="zstd", write_page_checksum=True)
    return paths


def _quasar(name: str, rng: np.random.Generator, share: float) -> dict:
    """One object: ten seasons of half a year, each band at its own nights."""
    from agnbook import quasars
    from agnbook.quasars import model, simulate

    bands = np.repeat(list(VISITS), [max(4, round(share * n)) for n in VISITS.values()])
    times = 61000 + 365.25 * rng.integers(0, 10, len(bands)) + rng.uniform(0, 180, len(bands))
    magnitude = rng.uniform(19.5, 22.0)
    errors = np.hypot(0.005, 0.2 * 10 ** (0.4 * (magnitude - np.array([DEPTH[band] for band in bands]))))
    curve = quasars.light_curve(name, times, bands, np.full(len(bands), magnitude), errors, survey="lsst")
    theta = model.layout(model.DEFAULT, curve).mean.copy()
    place = {"log_tau": model.TAU, "log_sigma": model.SIGMA, "logit_rho": model.RHO}
    for parameter, (mean, sd) in POPULATION.items():
        theta[place[parameter]] = rng.normal(mean, sd)
    drawn = simulate.simulate(curve, theta, rng)
    return {
        "object": name, "redshift": round(float(rng.uniform(0.3, 3.0)), 3), "time": drawn.times.round(5),
        "band": np.array(drawn.bands)[drawn.band], "magnitude": drawn.values.astype(np.float32),
        "error": drawn.errors.astype(np.float32), "true_log_tau_6000": float(theta[model.TAU]),
        "true_log_sf_6000": float(theta[model.SIGMA] + 0.5 * np.log10(2)), "true_rho": float(1 / (1 + np.exp(-theta[model.RHO]))),
    }  # fmt: skip


def measure_speed(folder: Path | str, objects: int, per_partition: int, seed: int = 0, workers=(2, 1)) -> pd.DataFrame:
    """Answer the same simulated light curves with several numbers of processes.

    Returns
    -------
    pandas.DataFrame
        A row a number of workers: ``wall_seconds``; ``ms``, processor time an object with its standard error over partitions,
        and that of each stage; ``peak_memory_mb`` of a worker; kilobytes an object of input and output; ``load``, how many
        processes wanted the machine before the run; hardware.
    """
    from agnbook.ask import bulk
    from agnbook.ask.curve_options import Options

    folder, rows = Path(folder), []
    size = sum(path.stat().st_size for path in simulate(folder / "measured", objects, per_partition, seed))
    for count in workers:
        answers, load, start = folder / f"answers_{count}", os.getloadavg()[0], time.perf_counter()
        done = bulk.run(folder / "measured", answers, "lightcurve", workers=count, options=Options("lsst", redshift="redshift"))
        wall, ms = time.perf_counter() - start, 1e3 * done["cpu"] / done["rows"]
        output = sum(path.stat().st_size for path in answers.glob("part-*.parquet"))
        row = {
            "workers": count, "objects": objects, "partitions": len(done), "wall_seconds": wall,
            "ms": 1e3 * done["cpu"].sum() / objects, "ms_error": ms.std() / np.sqrt(len(ms)),
            "peak_memory_mb": done["peak_memory_mb"].max(), "load": load, "kb_in": size / objects / 1e3,
            "kb_out": output / objects / 1e3, "hardware": committed.hardware(),
        }  # fmt: skip
        stages = {name: done[f"cpu_{name}"].sum() for name in ("start", "read", "model", "write")}
        rows.append(row | {f"ms_{name}": 1e3 * value / objects for name, value in stages.items()})
    return pd.DataFrame(rows).sort_values("workers", ignore_index=True)


def measure_many(folder: Path | str, objects: int, per_partition: int, seed: int = 0) -> pd.DataFrame:
    """Answer many light curves of LSST's `FIRST_YEAR` with two processes, of which one is killed half-way.

    Returns
    -------
    pandas.DataFrame
        One row: ``objects``, ``partitions``; ``killed`` workers; ``answered`` objects, ``lost`` and ``repeated`` ones;
        ``again``, partitions that the same call computes when it is made a second time; ``measurements`` an object;
        ``wall_seconds``, ``ms`` of processor time an object with its standard error over partitions, ``peak_memory_mb`` of
        a worker, ``load`` before the run, hardware.
    """
    from agnbook.ask import bulk
    from agnbook.ask.curve_options import Options

    folder, killed = Path(folder), []
    paths = simulate(folder / "many", objects, per_partition, seed, share=FIRST_YEAR)

    def kill_one(done, total):
        if not killed and total > done >= total / 2:
            killed.append(_kill_a_worker())

    where, options = (folder / "many", folder / "answers_many", "lightcurve"), Options("lsst", redshift="redshift")
    load, start = os.getloadavg()[0], time.perf_counter()
    done = bulk.run(*where, workers=2, options=options, progress=kill_one)
    wall, ms = time.perf_counter() - start, 1e3 * done["cpu"] / done["rows"]
    again = bulk.run(*where, workers=2, options=options)["computed"].sum()
    answers = pd.read_parquet(where[1], columns=["object", "measurements", "log_tau_6000_q500"])
    asked = pd.concat([pd.read_parquet(path, columns=["object"]) for path in paths])["object"]
    return pd.DataFrame([{
        "objects": objects, "partitions": len(done), "killed": len(killed),
        "answered": answers["log_tau_6000_q500"].notna().sum(),
        "lost": len(set(asked) - set(answers["object"])), "repeated": answers["object"].duplicated().sum(), "again": again,
        "measurements": answers["measurements"].mean(), "wall_seconds": wall, "ms": 1e3 * done["cpu"].sum() / objects,
        "ms_error": ms.std() / np.sqrt(len(ms)), "peak_memory_mb": done["peak_memory_mb"].max(), "load": load,
        "hardware": committed.hardware(),
    }])  # fmt: skip


def _kill_a_worker() -> int:
    """Kill one of this process's workers without warning, and return its number."""
    import psutil

    family = psutil.Process().children(recursive=True)
    worker = next(process for process in family if "spawn_main" in " ".join(process.cmdline()))
    worker.kill()
    return worker.pid
