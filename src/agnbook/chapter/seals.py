"""Predictions frozen for a catalogue that does not exist yet."""

import json

import pandas as pd

from agnbook import committed, storage
from agnbook.chapter.sizes import Settings


def seal(
    name: str, table: pd.DataFrame, *, settings: Settings, seed: int, model: str, date: str, plan: dict | None = None
) -> float | None:
    """Freeze a table of predictions as ``data/results/sealed_<name>.csv`` for a catalogue that does not exist yet.

    Parameters
    ----------
    table : indexed by ``Source_Name``; written with four decimals.
    model : fingerprint of what the predictions were made with.
    date : day of sealing, ``YYYY-MM-DD``.
    plan : what is kept in the record beside the table, such as the metric, the baseline and the criterion of success.

    Returns
    -------
    float
        Largest difference from the table that is sealed; None where none is. A sealed file is never
        overwritten: nobody improves a prediction after the fact. Only a publishing `paper` run seals.
    """
    path = f"results/sealed_{name}.csv"
    target = storage.DATA / path
    if target.exists():
        old = committed.load_table(path).set_index("Source_Name")
        old, new = old.align(table, join="inner")
        return float((old - new).abs().max().max())
    if settings.profile == "paper" and committed.publishing():
        storage.write_text(target, table.round(4).reset_index().to_csv(index=False, lineterminator="\n"))
        committed.record(
            path, chapter=settings.chapter, profile="paper", seed=seed, wall_seconds=0.0, model=model, sealed=date, **(plan or {})
        )
    return None


def sealed(name: str) -> tuple[pd.DataFrame, dict]:
    """Return a sealed table, indexed by ``Source_Name``, and its record (``sha256``, ``model``, ``sealed``) after checking it."""
    path = f"results/sealed_{name}.csv"
    table = committed.load_table(path).set_index("Source_Name")
    return table, json.loads((storage.DATA / "results" / "artifacts.json").read_text(encoding="utf-8"))[path]
