"""The book's models on more objects than one machine holds: partitioned Parquet in, the same partitions out.

One task computes one partition and renames its result into place when it is complete. What it was computed from (the hash of the
input's content, the model) stands in the result's own footer, so that file and record cannot disagree, and a later run
computes only what is missing or changed. This machine's processes do the work, or the workers of a Dask scheduler.
"""

import json
import logging
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from agnbook import committed, storage
from agnbook.errors import BookError

MODELS = ("blazars", "six", "redshift", "lightcurve", "simulator")
#: Key of the record in a result's Parquet footer.
RECORD = b"agnbook"
#: Seconds to wait for a scheduler's answer and for its first worker, together.
PATIENCE = 30
#: Light curves of a nested file that are held in memory at once.
BATCH = 200
KILLED = "its worker was killed again and again, perhaps for want of memory; split it, or start fewer workers"


@dataclass(frozen=True)
class Job:
    """What to compute: a model of `MODELS`, for the simulator one of `dataset.SETTINGS`, the hash of its weights or code,
    and for light curves the options with which they are read, as text."""

    model: str
    setting: str
    sha256: str
    options: str = ""

    @property
    def question(self):
        """The `light_curves.Question` of this job."""
        from agnbook.ask.light_curves import Question
        from agnbook.ask.measurements import Options

        options = Options(**json.loads(self.options))
        return Question(options) if self.model == "lightcurve" else Question(options, "simulator", self.setting)


def plan(model: str, setting: str = "dc2_like", options=None) -> Job:
    """Return the job of a model, with the hash of the weights on this machine; a `BookError` for an unknown name.

    `options` are those of `measurements.Options`, for light curves alone.
    """
    if model not in MODELS:
        raise BookError(f"Unknown model {model!r}; choose one of {', '.join(MODELS)}.")
    if model in ("lightcurve", "simulator"):
        from agnbook.ask import measurements, simulator

        text = json.dumps(asdict(options or measurements.Options()), sort_keys=True)
        if model == "lightcurve":
            return Job(model, "", engine_sha256(), text)
        simulator.check(setting, exact=False)
        return Job(model, setting, storage.sha256(committed.verify(f"weights/light_curves_{setting}.safetensors")), text)
    from agnbook.blazars import shipped_blazars
    from agnbook.redshifts import shipped_redshift
    from agnbook.shift import shipped_groups

    weights = {"blazars": shipped_blazars.BLAZARS, "six": shipped_groups.GROUPS, "redshift": shipped_redshift.REDSHIFT}[model]
    return Job(model, "", storage.sha256(committed.verify(weights)))


def engine_sha256() -> str:
    """Hash of the code that answers light curves: it has no weights, so its text is what a result depends on."""
    import hashlib

    from agnbook import quasars
    from agnbook.ask import light_curves, measurements

    digest = hashlib.sha256()
    for path in (*sorted(Path(quasars.__file__).parent.glob("*.py")), light_curves.__file__, measurements.__file__):
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()


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
    return asdict(todo) | {"bytes": source.stat().st_size, "input_sha256": storage.sha256(source)}


def _current(source: Path, target: Path, todo: Job) -> dict | None:
    """Return the record of a result that is there and made from just this input and model."""
    record = read_record(target)
    if record is None or record.get("bytes") != source.stat().st_size:  # the size is quicker to compare than the content
        return None
    return record if all(record.get(name) == value for name, value in _wanted(source, todo).items()) else None


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
    if todo.model not in ("lightcurve", "simulator"):
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

    from agnbook.ask import light_curves, measurements

    if todo.model == "simulator":
        import torch

        torch.set_num_threads(1)
    question = todo.question
    clock("start")
    try:
        with pq.ParquetFile(source, page_checksum_verification=True) as file:
            nested = any(pa.types.is_nested(field.type) for field in file.schema_arrow)
            # an object's rows of a long table may lie anywhere in it
            for batch in file.iter_batches(BATCH, use_threads=False) if nested else [file.read(use_threads=False)]:
                if batch.num_rows:
                    objects = measurements.read(batch, question.options)
                    clock("read")
                    rows = [light_curves.answer(each, question).row for each in objects]
                    clock("model")
                    yield light_curves.frame(rows, question)
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

    if (record := _current(source, target, todo)) is not None:
        return record
    if (here := plan(todo.model, todo.setting or "dc2_like").sha256) != todo.sha256:
        raise BookError(f"the weights or the code here differ from those of the command ({here[:12]}, {todo.sha256[:12]})")
    before, wanted = source.stat(), _wanted(source, todo)
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
        if (now := source.stat()).st_mtime_ns != before.st_mtime_ns or now.st_size != before.st_size:
            raise BookError("was changed while it was read; run the command again")
        # kilobytes on Linux, bytes on macOS
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if os.uname().sysname == "Darwin" else 1e3)
        record = wanted | {"rows": rows, "peak_memory_mb": round(peak), **clock.record()}
        writer.add_key_value_metadata({RECORD: json.dumps(record)})
        writer.close()
    return record


def _task(source: Path, target: Path, todo: Job, name: Path) -> dict:
    """Run `compute` and return an error as text: one bad file must not stop the others."""
    try:
        return compute(source / name, target / name, todo)
    except Exception as error:  # whatever is in a file that may hold anything
        return {"error": str(error) if isinstance(error, BookError) else f"{type(error).__name__}: {error}"}


def _begin_worker() -> None:
    """Leave the terminal to the command (Ctrl-C and the bar are its own), and end when it ends, however it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stderr = open(os.devnull, "w")

    def watch():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _pool(workers: int):
    """Yield a pool of processes that nobody outside can reach; on an error or Ctrl-C they end at once."""
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin_worker)
    try:
        yield pool
    except BaseException:
        for child in set(multiprocessing.active_children()) - others:
            child.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _gather_here(workers: int | None, task, missing, records, tick) -> None:
    """Compute the partitions `missing` in processes of this machine and put their records into `records` as they come.

    Where a worker is killed, nobody knows which partition it had: those that may have been running are computed again, each
    in a process of its own, and one that kills this too, twice, is named.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers, waiting = workers or cores, sorted(missing)
    while waiting:
        with _pool(workers) as pool:
            try:
                futures = {pool.submit(task, name): name for name in waiting}
                for future in as_completed(futures):
                    records[futures[future]] = future.result()
                    tick()
            except BrokenProcessPool:
                pass
        waiting = [name for name in waiting if name not in records]
        for name in waiting[:workers]:  # tasks are begun in order
            records[name] = _alone_in_a_process(task, name)
            tick()
        waiting = waiting[workers:]


def _alone_in_a_process(task, name) -> dict:
    for _ in range(2):
        with _pool(1) as pool:
            try:
                return pool.submit(task, name).result()
            except BrokenProcessPool:
                continue
    return {"error": KILLED}


@contextmanager
def _client(scheduler: str):
    """Yield a Dask client of the scheduler at an address; it and its first worker must answer within `PATIENCE`."""
    from dask.distributed import Client

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    answered, deadline = queue.Queue(), time.monotonic() + PATIENCE

    def connect():
        try:
            answered.put(Client(scheduler, timeout=PATIENCE))
        except Exception as error:  # whatever answers at that address need not be a scheduler
            answered.put(error)

    # in a thread of its own: something that accepts the connection and is silent would hold it for ever
    threading.Thread(target=connect, daemon=True).start()
    try:
        client = answered.get(timeout=PATIENCE)
    except queue.Empty:
        client = None
    if client is None or isinstance(client, Exception):
        raise BookError(f"No Dask scheduler answers at {scheduler}. Start one with `dask scheduler`, or leave the option out.")
    with client:
        try:
            client.wait_for_workers(1, timeout=max(deadline - time.monotonic(), 0.1))
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
    import filelock

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".lock").touch()
    except OSError as error:
        raise BookError(f"Cannot write in {folder}: {error.strerror}.") from error
    lock = filelock.FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise BookError(f"Another run is writing to {folder}. Wait for it, or choose another folder.") from error
    except (OSError, NotImplementedError):
        pass  # a file system without locks: results are whole all the same, at worst one is computed twice
    try:
        _remove_halves(folder)
        yield
    finally:
        _remove_halves(folder)
        lock.release()


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
    options=None,
) -> pd.DataFrame:
    """Compute every partition of a folder that has no current result yet.

    Parameters
    ----------
    source : folder of Parquet partitions, see `partitions`; on a cluster, in a file system that all workers see.
    target : folder for the results, one a partition, of the same name.
    model : one of `MODELS`.
    setting : for the simulator's models, one of `dataset.SETTINGS`.
    scheduler : address of a Dask scheduler such as ``tcp://10.0.0.1:8786``; by default processes of this machine compute.
    workers : processes of one thread each on this machine; one a core by default. Not used with `scheduler`.
    progress : called with the number of finished partitions and of all, at the start and after each.
    options : for light curves, `measurements.Options`.

    Returns
    -------
    pandas.DataFrame
        A row a partition, indexed by its name: the record in its footer (input's size and sha256, model, rows, wall and processor
        seconds, the worker's peak memory) and ``computed``, False where the result was there already. The same is
        written to ``_manifest.csv`` in `target`.

    Raises
    ------
    BookError
        Before the work, for folders and results that do not fit; after it, naming every partition that failed.
    """
    if workers is not None and workers < 1:
        raise BookError(f"{workers} workers; give 1 or more.")
    source, target, todo = Path(source), Path(target), plan(model, setting, options)
    names = partitions(source)
    _check_folders(source, target)
    with _alone(target):
        there = []
        for name in names:
            if not (target / name).resolve().is_relative_to(target.resolve()):
                raise BookError(f"{target / name} leads out of the output folder through a link. Remove the link.")
            old = read_record(target / name)
            if old is not None and (old["model"], old["setting"]) != (todo.model, todo.setting):
                raise BookError(
                    f"{target / name} was made by the model {old['model']} {old['setting']}".rstrip()
                    + f", not by {todo.model} {todo.setting}".rstrip() + ". Choose another output folder."
                )  # fmt: skip
            if old is not None:
                there.append(name)
        with ThreadPoolExecutor() as threads:  # hashing releases Python's lock
            found = threads.map(lambda name: _current(source / name, target / name, todo), there)
            records = {name: record for name, record in zip(there, found, strict=True) if record is not None}
        missing = set(names) - set(records)
        progress(len(records), len(names))
        if missing:
            task = partial(_task, source.resolve(), target.resolve(), todo)

            def tick():
                progress(len(records), len(names))

            if scheduler is None:
                _gather_here(workers, task, missing, records, tick)
            else:
                with _client(scheduler) as client:
                    _gather(client, task, missing, records, tick)
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


def _gather(client, task, missing, records, tick) -> None:
    """Compute the partitions `missing` on a Dask cluster and put their records into `records` as they come."""
    from dask.distributed import KilledWorker, as_completed

    futures = {client.submit(task, name, pure=False): name for name in sorted(missing)}
    try:
        for future in as_completed(list(futures)):
            try:
                records[futures[future]] = future.result()
            except KilledWorker:
                records[futures[future]] = {"error": KILLED}
            future.release()
            tick()
    finally:
        client.cancel(list(futures))
