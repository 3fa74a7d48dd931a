"""The book's models on more objects than one machine holds: partitioned Parquet in, the same partitions out.

One task (`bulk_task`) computes one partition and renames its result into place when it is complete; a later run computes only
what is missing or changed. This machine's processes do the work, or the workers of a Dask scheduler (`bulk_workers`).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pandas as pd

from agnbook import storage
from agnbook.ask import bulk_task, bulk_workers
from agnbook.errors import BookError


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
    model : one of `bulk_task.MODELS`.
    setting : for the simulator's models, one of `dataset.SETTINGS`.
    scheduler : address of a Dask scheduler such as ``tcp://10.0.0.1:8786``; by default processes of this machine compute.
    workers : processes of one thread each on this machine; one a core by default. Not used with `scheduler`.
    progress : called with the number of finished partitions and of all, at the start and after each.
    options : for light curves, `curve_options.Options`.

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
    source, target, todo = Path(source), Path(target), bulk_task.plan(model, setting, options)
    names = partitions(source)
    _check_folders(source, target)
    with _alone(target):
        there = []
        for name in names:
            if not (target / name).resolve().is_relative_to(target.resolve()):
                raise BookError(f"{target / name} leads out of the output folder through a link. Remove the link.")
            old = bulk_task.read_record(target / name)
            if old is not None and (old["model"], old["setting"]) != (todo.model, todo.setting):
                raise BookError(
                    f"{target / name} was made by the model {old['model']} {old['setting']}".rstrip()
                    + f", not by {todo.model} {todo.setting}".rstrip() + ". Choose another output folder."
                )  # fmt: skip
            if old is not None:
                there.append(name)
        with ThreadPoolExecutor() as threads:  # hashing releases Python's lock
            found = threads.map(lambda name: bulk_task.current(source / name, target / name, todo), there)
            records = {name: record for name, record in zip(there, found, strict=True) if record is not None}
        missing = set(names) - set(records)
        progress(len(records), len(names))
        if missing:
            mine = partial(bulk_task.task, source.resolve(), target.resolve(), todo)

            def tick():
                progress(len(records), len(names))

            if scheduler is None:
                bulk_workers.gather_here(workers, mine, missing, records, tick)
            else:
                with bulk_workers.client_of(scheduler) as client:
                    bulk_workers.gather_on_cluster(client, mine, missing, records, tick)
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
