"""Tables and weights that a `paper` run leaves under `data/` for the chapters to load.

Each artifact has an entry in ``data/results/artifacts.json`` with its sha256, profile, seed, wall
time and hardware. Files are written only by a publishing run (``AGNBOOK_PUBLISH=1``, set by
``make run`` and ``make paper``), so opening a chapter never changes the repository.
"""

import io
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from agnbook import files
from agnbook.errors import ResultsError
from agnbook.profiles import Settings


def publishing() -> bool:
    """Whether this run may write under `data/`."""
    return os.environ.get("AGNBOOK_PUBLISH") == "1"


def hardware() -> str:
    """Return cores and processor kind, such as ``"2 cores, x86_64"``; no host names."""
    return f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores, {platform.machine()}"


def _records() -> dict:
    path = files.DATA / "results" / "artifacts.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def verify(path: Path | str) -> Path:
    """Return the path of a committed artifact after checking its sha256 against the record.

    Parameters
    ----------
    path : path relative to ``data/``, such as ``"weights/best.safetensors"``.

    Raises
    ------
    ResultsError
        When the file or its record is missing, or they disagree.
    """
    key = Path(path).as_posix()
    target = files.DATA / key
    record = _records().get(key)
    if record is None or not target.exists():
        raise ResultsError(f"{target} is not there. Restore it with `git checkout data`, or make it with `make paper`.")
    if files.sha256(target) != record["sha256"]:
        raise ResultsError(
            f"{target} differs from its recorded sha256. Restore it with `git checkout data`, or rerun `make paper`."
        )
    return target


def notes(path: Path | str) -> dict:
    """Return the record of a committed artifact after checking it; see `verify`."""
    verify(path)
    return _records()[Path(path).as_posix()]


def record(path: Path | str, *, chapter: str, profile: str, seed: int, wall_seconds: float, **notes) -> None:
    """Add the entry of an artifact that has just been written; `path` is relative to ``data/``."""
    key = Path(path).as_posix()
    entry = {
        "chapter": chapter, "profile": profile, "seed": seed, "wall_seconds": round(wall_seconds, 1),
        "hardware": hardware(), "sha256": files.sha256(files.DATA / key), **notes,
    }  # fmt: skip
    files.update_json(files.DATA / "results" / "artifacts.json", {key: entry})


def save_table(
    path: Path | str, table: pd.DataFrame, *, settings: Settings, seed: int, wall_seconds: float, digits: int = 6
) -> None:
    """Write a table as CSV under ``data/`` with its record; nothing unless publishing."""
    if not publishing() or settings.profile == "smoke":
        return
    buffer = io.StringIO()
    table.to_csv(buffer, index=False, float_format=f"%.{digits}g", lineterminator="\n")
    files.write_text(files.DATA / path, buffer.getvalue())
    record(path, chapter=settings.chapter, profile=settings.profile, seed=seed, wall_seconds=wall_seconds)


def load_table(path: Path | str) -> pd.DataFrame:
    """Read a committed CSV table after checking it; see `verify`."""
    return pd.read_csv(verify(path))


def table(path: Path | str, compute: Callable[[], pd.DataFrame], *, settings: Settings, seed: int) -> pd.DataFrame:
    """Load a committed table at `book` profile; compute it (and publish it) at `smoke` and `paper`."""
    if not settings.recompute:
        return load_table(path)
    start = time.perf_counter()
    result = compute()
    save_table(path, result, settings=settings, seed=seed, wall_seconds=time.perf_counter() - start)
    return result
