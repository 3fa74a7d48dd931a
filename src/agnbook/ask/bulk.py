"""The book's models on more objects than one machine holds: partitioned Parquet in, the same partitions out.

One task (`bulk_task`) computes one partition and renames its result into place when it is complete; a later run computes only
what is missing or changed. This machine's processes do the work, or the workers of a Dask scheduler (`bulk_workers`).
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from agnbook import storage
from agnbook.ask import bulk_hats, bulk_task, bulk_workers
from agnbook.errors import BookError

#: Endings of Parquet files, in any capitals.
ENDINGS = (".parquet", ".parq", ".pq")


class Unfinished(BookError):
    """Some partitions have no result; `table` is that of `run` for the others."""

    def __init__(self, message: str, table: pd.DataFrame):
        super().__init__(message)
        self.table = table


def partitions(folder: Path | str) -> list[Path]:
    """Return the Parquet files of a folder and its subfolders, also those behind links, relative to it, in order.

    Not those of ``_`` or ``.`` names, which hold no rows of their own, nor thumbnails, which hold some rows again. What is
    called like a Parquet file and is none, and folders that cannot be looked into, are among them: see `bulk_task.no_file`.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BookError(f"{folder} is not a folder. Give the folder that holds the Parquet partitions.")
    found, seen, to_do = [], set(), [folder]
    closed: list[OSError] = []
    while to_do:  # links are followed when all that is reached without them is known, and none twice
        links = []
        for here, folders, files in os.walk(to_do.pop(0), onerror=closed.append):
            folders[:] = sorted(name for name in folders if not name.startswith(("_", ".")))
            if (real := os.path.realpath(here)) in seen:
                folders.clear()
                continue
            seen.add(real)
            links += [Path(here) / name for name in folders if os.path.islink(Path(here) / name)]
            parquet = [Path(here) / name for name in files if _is_partition(Path(name))]
            empty = _is_partition(Path(here)) and not (parquet or folders)
            found += [Path(here)] if empty and Path(here) != folder else parquet
        to_do += links
    found += [Path(error.filename) for error in closed]
    if not found:
        raise BookError(f"{folder} holds no {ENDINGS[0]} files.")
    return sorted(path.relative_to(folder) for path in found)


def _is_partition(path: Path) -> bool:
    hidden = path.name.startswith(("_", ".")) or path.stem.lower().endswith("thumbnail")
    return path.suffix.lower() in ENDINGS and not hidden


def _real(path: Path) -> Path:
    """Where a path leads; `Path.resolve` has an error for links in a circle."""
    return Path(os.path.realpath(path))


def _shown(path: Path) -> str:
    """A path as text, whatever bytes its name has."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")


def _check_folders(source: Path, target: Path) -> None:
    inside = _real(target)
    for folder, what in ((_real(source), "the input"), (_real(storage.DATA), "the book's own data")):
        if inside.is_relative_to(folder):
            raise BookError(f"The output folder {target} lies in {what}, {folder}. Choose another.")
    if _real(source).is_relative_to(inside):
        raise BookError(f"The input {source} lies in the output folder {target}. Choose another.")
    if target.exists() and not target.is_dir():
        raise BookError(f"{target} is a file; the output is a folder.")


@contextmanager
def _alone(folder: Path):
    """Hold the output folder against a second run, and remove what a killed run or worker left half written."""
    import filelock

    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / ".lock").is_symlink():
            raise BookError(f"{folder / '.lock'} is a link. Remove it, or choose another folder.")
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
        storage.remove_halves(folder, deep=True)
        yield
    finally:
        storage.remove_halves(folder, deep=True)
        lock.release()


def _orphans(target: Path, names: list[Path]) -> list[str]:
    """Results in the output folder whose partition is no longer in the input."""
    left = [path.relative_to(target) for path in target.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file()]
    left = sorted(set(left) - set(names))
    return [_shown(path) for path in left if not path.name.startswith((".", "_")) and _is_ours(target / path)]


def _record(target: Path, name: Path) -> dict | None:
    """The record of a result; one that is damaged beyond reading, but stands in this folder's manifest, is removed."""
    try:
        return bulk_task.read_record(target / name)
    except BookError:
        if _shown(name) not in _listed(target / "_manifest.csv"):
            raise
        storage.check_not_protected(target / name)
        (target / name).unlink()
        return None


def _listed(manifest: Path) -> set[str]:
    """Names of the partitions in a manifest; none where there is none, or none that can be read."""
    try:
        return set(pd.read_csv(manifest, usecols=[0], dtype=str).iloc[:, 0])
    except (OSError, ValueError, IndexError):
        return set()


def _stale(result: Path) -> Path:
    """Where a result of an earlier run lies that is not current and that nothing replaces: readers of a folder pass over it."""
    return result.with_name(f"_stale_{result.name}")


def _set_aside(result: Path) -> str:
    """Put the result of an earlier run, if there is one, where it cannot pass for a current one; return what to say of it."""
    if not result.exists():
        return ""
    if _stale(result).exists() and not _is_ours(_stale(result)):
        return f"; {_shown(result)} is of an earlier run and not current"
    result.replace(_stale(result))
    return f"; its result of an earlier run is not current, and now called {_stale(result).name}"


def _forget(result: Path) -> None:
    """Remove what was set aside of a partition that has a current result again."""
    if _stale(result).exists() and _is_ours(_stale(result)):
        _stale(result).unlink()


def _is_ours(path: Path) -> bool:
    try:
        return bulk_task.read_record(path) is not None
    except BookError:
        return False


def _repeated(target: Path, names: list[Path]) -> int:
    """How many objects stand in more than one partition, by the hashes of their names."""
    found = []
    for name in names:
        column = pq.ParquetFile(target / name).schema_arrow.names[0]
        values = pq.read_table(target / name, columns=[column])[column].to_pandas().astype(str)
        found.append(np.unique(pd.util.hash_array(values.to_numpy(object), categorize=False)))
    return int((np.unique(np.concatenate(found), return_counts=True)[1] > 1).sum())


def run(
    source: Path | str,
    target: Path | str,
    model: str,
    setting: str = "dc2_like",
    scheduler: str | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    options=None,
    strict: bool = False,
) -> pd.DataFrame:
    """Compute every partition of a folder that has no current result yet.

    Parameters
    ----------
    source : folder of Parquet partitions, see `partitions`, or a HATS catalogue, see `bulk_hats`; on a cluster, in a file system
        that all workers see.
    target : folder for the results, one a partition, of the same name; for a HATS catalogue it is one, too.
    model : one of `bulk_task.MODELS`.
    setting : for the simulator's models, one of `dataset.SETTINGS`.
    scheduler : address of a Dask scheduler such as ``tcp://10.0.0.1:8786``; by default processes of this machine compute.
    workers : processes of one thread each on this machine; one a core by default. Not used with `scheduler`.
    progress : called with the number of finished partitions and of all, at the start and after each.
    options : for light curves, `curve_options.Options`.
    strict : a partition with a row that cannot be used fails instead of answering the others.

    Returns
    -------
    pandas.DataFrame
        A row a partition, indexed by its name: the record in its footer (input's size and sha256, model, rows, wall and processor
        seconds, the worker's peak memory) and ``computed``, False where the result was there already. The same is
        written to ``_manifest.csv`` in `target`. A partition that fails has no row; a result of an earlier run is then called
        ``_stale_<name>``, which readers of folders pass over, until there is a current one. ``attrs`` tell of ``orphans``,
        results whose partition has vanished from the input, and ``repeated``, how many objects stand in more than one partition.

    Raises
    ------
    BookError
        Before the work, for folders and results that do not fit; after it `Unfinished`, naming every partition that failed.
    """
    if workers is not None and workers < 1:
        raise BookError(f"{workers} workers; give 1 or more.")
    source, target, todo = Path(source), Path(target), bulk_task.plan(model, setting, options)
    _check_folders(source, target)
    if bulk_hats.is_hats(source):
        todo = replace(todo, layout="hats")
        source, names = bulk_hats.partitions(source)
    else:
        names = partitions(source)
    with _alone(target):
        there = []
        for name in names:
            if not _real(target / name).is_relative_to(_real(target)):
                raise BookError(f"{target / name} leads out of the output folder through a link. Remove the link.")
            if _real(source / name).is_relative_to(_real(target)):
                raise BookError(f"{_shown(source / name)} leads into the output folder through a link. Remove the link.")
            old = _record(target, name)
            if old is not None and (old["model"], old["setting"]) != (todo.model, todo.setting):
                raise BookError(
                    f"{target / name} was made by the model {old['model']} {old['setting']}".rstrip()
                    + f", not by {todo.model} {todo.setting}".rstrip() + ". Choose another output folder."
                )  # fmt: skip
            if old is not None:
                there.append(name)
        with ThreadPoolExecutor() as threads:  # hashing releases Python's lock
            found = threads.map(
                lambda name: bulk_task.current(bulk_task.input_of(source, name, todo), target / name, todo, strict), there
            )
            records = {name: record for name, record in zip(there, found, strict=True) if record is not None}
        if todo.layout != "hats":
            none = {name: bulk_task.no_file(source / name) for name in set(names) - set(records)}
            records |= {name: {"error": reason} for name, reason in none.items() if reason}
        missing = set(names) - set(records)
        progress(len(records), len(names))
        if missing:
            mine = partial(bulk_task.task, _real(source), _real(target), todo, strict=strict)

            def tick():
                progress(len(records), len(names))

            if scheduler is None:
                bulk_workers.gather_here(workers, mine, missing, records, tick)
            else:
                with bulk_workers.client_of(scheduler) as client:
                    bulk_workers.gather_on_cluster(client, mine, missing, records, tick)
        done = [name for name in names if "error" not in records[name]]
        table = pd.DataFrame([records[name] | {"computed": name in missing} for name in done])
        table.index = pd.Index([_shown(name) for name in done], name="partition")
        aside = {name: _set_aside(target / name) for name in names if "error" in records[name]}
        for name in done:
            _forget(target / name)
        if done or (target / "_manifest.csv").exists():
            text = table.drop(columns="computed", errors="ignore").to_csv(lineterminator="\n")
            storage.write_text(target / "_manifest.csv", text)
        if done:
            if todo.layout == "hats":
                bulk_hats.finish(source, target, done, int(table["rows"].sum()))
            table.attrs |= {"orphans": _orphans(target, names), "repeated": _repeated(target, done)}
    if failed := [f"  {_shown(source / name)}: {records[name]['error']}{told}" for name, told in aside.items()]:
        raise Unfinished(
            f"{len(done)} of {len(names)} partitions are done, {len(failed)} failed:\n" + "\n".join(failed) + "\n"
            "Correct these and run the same command again; what is done will not be computed again.",
            table,
        )
    return table
