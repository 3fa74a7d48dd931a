"""Tables and models that a `paper` run leaves under `data/` and that the chapters load at `book` profile."""

import io
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd

from agnbook import committed, storage
from agnbook.chapter.sizes import Settings


def save_table(
    path: Path | str, table: pd.DataFrame, *, settings: Settings, seed: int, wall_seconds: float, digits: int = 6
) -> None:
    """Write a table as CSV under ``data/`` with its record; nothing unless publishing."""
    if not committed.publishing() or settings.profile == "smoke":
        return
    buffer = io.StringIO()
    table.to_csv(buffer, index=False, float_format=f"%.{digits}g", lineterminator="\n")
    storage.write_text(storage.DATA / path, buffer.getvalue())
    committed.record(path, chapter=settings.chapter, profile=settings.profile, seed=seed, wall_seconds=wall_seconds)


def table(path: Path | str, compute: Callable[[], pd.DataFrame], *, settings: Settings, seed: int) -> pd.DataFrame:
    """Load a committed table at `book` profile; compute it (and publish it) at `smoke` and `paper`."""
    if not settings.recompute:
        return committed.load_table(path)
    start = time.perf_counter()
    result = compute()
    save_table(path, result, settings=settings, seed=seed, wall_seconds=time.perf_counter() - start)
    return result


def tables(paths, compute: Callable[[], list], *, settings: Settings, seed: int) -> list[pd.DataFrame]:
    """Return several tables that one computation makes, as `table` does; it is done once at most."""
    made = cache(compute)
    return [table(path, lambda k=k: made()[k], settings=settings, seed=seed) for k, path in enumerate(paths)]


def model(path: str, compute: Callable, load: Callable, *, settings: Settings, seed: int):
    """Load a shipped model at `book` profile; compute it (and publish it, at `paper`) at the others.

    Parameters
    ----------
    path : file of its weights under ``data/``, such as ``"weights/blazars.safetensors"``.
    compute, load : called without arguments; make the model anew, and read the committed one.
    """
    if not settings.recompute:
        return load()
    start = time.perf_counter()
    result = compute()
    committed.publish_model(
        path, result, chapter=settings.chapter, profile=settings.profile, seed=seed, wall_seconds=time.perf_counter() - start
    )
    return result
