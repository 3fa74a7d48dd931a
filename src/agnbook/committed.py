"""What is committed under `data/`: tables and weights, each with its sha256, its making and its maker on record."""

import json
import os
import platform
from pathlib import Path

import pandas as pd

from agnbook import storage
from agnbook.errors import ResultsError


def publishing() -> bool:
    """Whether this run may write under `data/`."""
    return os.environ.get("AGNBOOK_PUBLISH") == "1"


def hardware() -> str:
    """Return cores and processor kind, such as ``"2 cores, x86_64"``; no host names."""
    return f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores, {platform.machine()}"


def _records() -> dict:
    path = storage.DATA / "results" / "artifacts.json"
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
    target = storage.DATA / key
    record = _records().get(key)
    if record is None or not target.exists():
        raise ResultsError(f"{target} is not there. Restore it with `git checkout data`, or make it with `make paper`.")
    if storage.sha256(target) != record["sha256"]:
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
        "hardware": hardware(), "sha256": storage.sha256(storage.DATA / key), **notes,
    }  # fmt: skip
    storage.update_json(storage.DATA / "results" / "artifacts.json", {key: entry})


def load_table(path: Path | str) -> pd.DataFrame:
    """Read a committed CSV table after checking it; see `verify`."""
    return pd.read_csv(verify(path))


def publish_model(path: str, model, *, chapter: str, profile: str, seed: int, wall_seconds: float, **notes) -> None:
    """Save a model's weights (by its own `save`) at `path` under ``data/`` with their record.

    Nothing happens unless a `paper` run publishes.
    """
    if publishing() and profile == "paper":
        model.save(storage.DATA / path)
        record(path, chapter=chapter, profile=profile, seed=seed, wall_seconds=wall_seconds, **notes)
