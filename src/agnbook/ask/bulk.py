"""The book's models on more objects than one machine holds: partitioned Parquet in, the same partitions out.

One Dask task computes one partition and renames its result into place when it is complete. What it was computed from stands
in the result's own footer, so that file and record cannot disagree, and a later run computes only what is missing or changed.
"""

import fcntl
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from agnbook import committed, storage
from agnbook.errors import BookError

MODELS = ("blazars", "six", "redshift", "lightcurve")
#: Key of the record in a result's Parquet footer.
RECORD = b"agnbook"
#: Seconds to wait for a scheduler's answer and for its first worker.
PATIENCE = 30


@dataclass(frozen=True)
class Job:
    """What to compute: a model of `MODELS`, for light curves one of `dataset.SETTINGS`, and the hash of its weights."""

    model: str
    setting: str
    sha256: str


def plan(model: str, setting: str = "dc2_like") -> Job:
    """Return the job of a model, with the hash of the weights on this machine; a `BookError` for an unknown name."""
    if model not in MODELS:
        raise BookError(f"Unknown model {model!r}; choose one of {', '.join(MODELS)}.")
    if model != "lightcurve":
        from agnbook.blazars import shipped_blazars
        from agnbook.redshifts import shipped_redshift
        from agnbook.shift import shipped_groups

        setting, weights = (
            "",
            {"blazars": shipped_blazars.BLAZARS, "six": shipped_groups.GROUPS, "redshift": shipped_redshift.REDSHIFT}[model],
        )
    else:
        from agnbook.lightcurves.dataset import SETTINGS

        if setting not in SETTINGS:
            raise BookError(f"Unknown setting {setting!r}; choose one of {', '.join(SETTINGS)}.")
        weights = f"weights/light_curves_{setting}.safetensors"
    return Job(model, setting, storage.sha256(committed.verify(weights)))


def partitions(folder: Path | str) -> list[Path]:
    """Return the Parquet files of a folder and its subfolders, relative to it, in order; not those of ``_`` or ``.`` names."""
    folder = Path(folder)
    if not folder.is_dir():
        raise BookError(f"{folder} is not a folder. Give the folder that holds the Parquet partitions.")
    found = sorted(path.relative_to(folder) for path in folder.rglob("*.parquet") if path.is_file())
    found = [path for path in found if not any(part.startswith(("_", ".")) for part in path.parts)]
    if not found:
        raise BookError(f"{folder} holds no .parquet files.")
    return found


def read_record(path: Path | str) -> dict | None:
    """Return what a result says it was computed from and how fast; None if there is no such file.

    Raises
    ------
    BookError
        For a file that `run` did not write.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not Path(path).exists():
        return None
    try:
        return json.loads(pq.read_metadata(path).metadata[RECORD])
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError):
        raise BookError(f"{path} was not written by `agnbook bulk`. Move it away, or choose another output folder.") from None


def _wanted(source: Path, todo: Job) -> dict:
    """The part of the record that decides whether a result still holds."""
    status = source.stat()
    return asdict(todo) | {"bytes": status.st_size, "modified_ns": status.st_mtime_ns}


def _current(target: Path, wanted: dict) -> dict | None:
    """Return the record of a result that is there and made from just this input and model."""
    record = read_record(target)
    return record if record is not None and all(record.get(name) == value for name, value in wanted.items()) else None


class _Clock:
    """Processor seconds of this thread in each stage."""

    def __init__(self):
        self.wall, self.last, self.stages = time.perf_counter(), time.thread_time(), {}

    def __call__(self, stage: str) -> None:
        now = time.thread_time()
        self.stages[stage] = self.stages.get(stage, 0.0) + now - self.last
        self.last = now

    def record(self) -> dict:
        stages = {f"cpu_{name}": round(value, 4) for name, value in self.stages.items()}
        return {"seconds": round(time.perf_counter() - self.wall, 3), "cpu": round(sum(self.stages.values()), 3), **stages}


def _answers(source: Path, todo: Job, clock: _Clock):
    """Yield the answers for a partition as data frames: light curves in batches, tables of features at once."""
    if todo.model != "lightcurve":
        from agnbook.ask import classify, redshift, tables

        clock("start")
        table = tables.read(source)
        clock("read")
        answer = redshift.redshift(table) if todo.model == "redshift" else classify.classify(table, todo.model)
        answer = answer.to_pandas()
        clock("model")
        yield answer
        return
    import pyarrow as pa
    import pyarrow.parquet as pq
    import torch

    from agnbook.ask import bulk_curves
    from agnbook.banp import posterior

    torch.set_num_threads(1)
    model = posterior.shipped(todo.setting)
    clock("start")
    try:
        with pq.ParquetFile(source, page_checksum_verification=True) as file:
            for batch in file.iter_batches(bulk_curves.BATCH, use_threads=False):
                yield bulk_curves.score(batch, model, clock).assign(model_sha256=todo.sha256)
    except (pa.ArrowException, OSError) as error:
        raise BookError(f"cannot be read as Parquet ({str(error).splitlines()[0]})") from error


def compute(source: Path, target: Path, todo: Job) -> dict:
    """Compute one partition unless it is there already; return its record.

    This is the task that workers run. A partition whose record was lost with its worker is found again, not computed again.

    Raises
    ------
    BookError
        For a partition that cannot be read, a column that does not fit, other weights on this machine, a full disk.
    """
    import resource

    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = _wanted(source, todo)
    if (record := _current(target, wanted)) is not None:
        return record
    if (here := plan(todo.model, todo.setting or "dc2_like")) != todo:
        raise BookError(f"the weights here differ from those of the command ({here.sha256[:12]}, {todo.sha256[:12]})")
    clock, rows, writer = _Clock(), 0, None
    with storage.atomic_write(target) as temporary:
        for answer in _answers(source, todo, clock):
            part = pa.Table.from_pandas(answer, preserve_index=False).replace_schema_metadata(None)
            writer = writer or pq.ParquetWriter(temporary, part.schema, compression="zstd", write_page_checksum=True)
            writer.write_table(part)
            rows += len(answer)
            clock("write")
        if writer is None:
            raise BookError("has no rows; remove it")
        # kilobytes on Linux, bytes on macOS
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if os.uname().sysname == "Darwin" else 1e3)
        record = wanted | {"rows": rows, "peak_memory_mb": round(peak), **clock.record()}
        writer.add_key_value_metadata({RECORD: json.dumps(record)})
        writer.close()
    return record


def _task(source: Path, target: Path, todo: Job) -> dict:
    """Run `compute` and return an error as text: Dask would log a traceback, and one bad file must not stop the others."""
    try:
        return compute(source, target, todo)
    except Exception as error:  # whatever is in a file that may hold anything
        return {"error": str(error) if isinstance(error, BookError) else f"{type(error).__name__}: {error}"}


def _quiet(dask_worker) -> None:
    """Leave the terminal to the command: Ctrl-C is its to handle, and its bar is the only one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stderr = open(os.devnull, "w")


@contextmanager
def _client(scheduler: str | None, workers: int | None):
    """Yield a Dask client: of a cluster at an address, or of one that lives on this machine as long as the run."""
    from dask.distributed import Client, LocalCluster

    if scheduler is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        with (
            LocalCluster(
                n_workers=workers or cores, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
            ) as cluster,
            Client(cluster) as client,
        ):
            client.register_worker_callbacks(_quiet)
            yield client
        return
    try:
        client = Client(scheduler, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise BookError(
            f"No Dask scheduler answers at {scheduler}. Start one with `dask scheduler`, or leave the option out."
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise BookError(f"The scheduler at {scheduler} has no workers. Start some with `dask worker {scheduler}`.") from error
        yield client


def _check_folders(source: Path, target: Path) -> None:
    inside = target.resolve()
    for folder, what in ((source.resolve(), "the input"), (storage.DATA.resolve(), "the book's own data")):
        if inside.is_relative_to(folder):
            raise BookError(f"The output folder {target} lies in {what}, {folder}. Choose another.")
    if source.resolve().is_relative_to(inside):
        raise BookError(f"The input {source} lies in the output folder {target}. Choose another.")
    if target.exists() and not target.is_dir():
        raise BookError(f"{target} is a file; the output is a folder.")


@contextmanager
def _alone(folder: Path):
    """Hold the output folder against a second run, and remove what a killed run or worker left half written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / ".lock", "w")
    except OSError as error:
        raise BookError(f"Cannot write in {folder}: {error.strerror}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BookError(f"Another run is writing to {folder}. Wait for it, or choose another folder.") from error
        except OSError:
            pass  # a file system without locks: results are whole all the same, at worst one is computed twice
        try:
            _remove_halves(folder)
            yield
        finally:
            _remove_halves(folder)


def _remove_halves(folder: Path) -> None:
    for left in folder.rglob(".tmp-*.parquet"):
        left.unlink(missing_ok=True)


def run(
    source: Path | str,
    target: Path | str,
    model: str,
    setting: str = "dc2_like",
    scheduler: str | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> pd.DataFrame:
    """Compute every partition of a folder that has no current result yet.

    Parameters
    ----------
    source : folder of Parquet partitions, see `partitions`; on a cluster, in a file system that all workers see.
    target : folder for the results, one a partition, of the same name.
    model : one of `MODELS`.
    setting : for light curves, one of `dataset.SETTINGS`.
    scheduler : address such as ``tcp://10.0.0.1:8786``; by default a cluster is started on this machine.
    workers : processes of one thread each on this machine; one a core by default. Not used with `scheduler`.
    progress : called with the number of finished partitions and of all, at the start and after each.

    Returns
    -------
    pandas.DataFrame
        A row a partition, indexed by its name: the record in its footer (input's size and time, model, rows, wall and processor
        seconds, the worker's peak memory) and ``computed``, False where the result was there already. The same is
        written to ``_manifest.csv`` in `target`.

    Raises
    ------
    BookError
        Before the work, for folders and results that do not fit; after it, naming every partition that failed.
    """
    if workers is not None and workers < 1:
        raise BookError(f"{workers} workers; give 1 or more.")
    source, target, todo = Path(source), Path(target), plan(model, setting)
    names = partitions(source)
    _check_folders(source, target)
    with _alone(target):
        records, missing = {}, set()
        for name in names:
            if not (target / name).resolve().is_relative_to(target.resolve()):
                raise BookError(f"{target / name} leads out of the output folder through a link. Remove the link.")
            old = read_record(target / name)
            if old is not None and (old["model"], old["setting"]) != (todo.model, todo.setting):
                raise BookError(
                    f"{target / name} was made by the model {old['model']} {old['setting']}".rstrip()
                    + f", not by {todo.model} {todo.setting}".rstrip() + ". Choose another output folder."
                )  # fmt: skip
            if (record := _current(target / name, _wanted(source / name, todo))) is not None:
                records[name] = record
            else:
                missing.add(name)
        progress(len(records), len(names))
        if missing:
            with _client(scheduler, workers) as client:
                _gather(
                    client, source.resolve(), target.resolve(), missing, todo, records, lambda: progress(len(records), len(names))
                )
        table = pd.DataFrame([records[name] | {"computed": name in missing} for name in names])
        table.index = pd.Index([name.as_posix() for name in names], name="partition")
        failed = table["error"].dropna() if "error" in table else pd.Series(dtype=str)
        if len(failed):
            listed = "\n".join(f"  {source / name}: {text}" for name, text in failed.items())
            raise BookError(
                f"{len(names) - len(failed)} of {len(names)} partitions are done, {len(failed)} failed:\n{listed}\n"
                "Correct these and run the same command again; what is done will not be computed again."
            )
        storage.write_text(target / "_manifest.csv", table.drop(columns="computed").to_csv(lineterminator="\n"))
    return table


def _gather(client, source, target, missing, todo, records, tick) -> None:
    """Compute the partitions `missing` on a cluster and put their records into `records` as they come."""
    from dask.distributed import KilledWorker, as_completed

    futures = {client.submit(_task, source / name, target / name, todo, pure=False): name for name in sorted(missing)}
    try:
        for future in as_completed(list(futures)):
            try:
                records[futures[future]] = future.result()
            except KilledWorker:
                text = "its worker was killed again and again, perhaps for want of memory; split it, or start fewer workers"
                records[futures[future]] = {"error": text}
            future.release()
            tick()
    finally:
        client.cancel(list(futures))
