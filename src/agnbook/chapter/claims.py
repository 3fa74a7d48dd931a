"""Claims: what a paper states beside what this book measured.

Every number in the book's prose and on its scorecard is a claim in ``data/results/<chapter>.json``.
A chapter publishes its claims at the end; prose reads them. A mismatch stays, with its reason.
"""

import json
import math
from dataclasses import asdict, dataclass

import pandas as pd

from agnbook import committed, storage
from agnbook.chapter.sizes import Settings
from agnbook.errors import ResultsError

VERDICTS = ("reproduced", "differs", "beyond", "not tested")


@dataclass(frozen=True)
class Claim:
    """One figure.

    Attributes
    ----------
    id : dotted name, such as ``"redshift.flipout.rmse"``.
    what : a sentence a reader understands without the chapter.
    ours : the measured value.
    paper : the paper's value; None for a result of the book's own.
    interval : (low, high) at 95 % unless `how` says otherwise.
    n : number of sources, curves or runs behind `ours`.
    unit : "redshift", "dex", "" for a pure number.
    how : data, split, number of repeats.
    tolerance : how far `ours` may be from `paper` and still count as reproduced.
    why : the reason for a difference.
    """

    id: str
    what: str
    ours: float | None
    paper: float | None = None
    interval: tuple[float, float] | None = None
    n: int | None = None
    unit: str = ""
    how: str = ""
    tolerance: float | None = None
    why: str = ""

    @property
    def verdict(self) -> str:
        """`beyond` without a paper value; else `reproduced` within the tolerance, or `differs`."""
        if self.ours is None:
            return "not tested"
        if self.paper is None:
            return "beyond"
        return "reproduced" if abs(self.ours - self.paper) <= self.tolerance + 1e-12 else "differs"


def _entry(claim: Claim, settings: Settings, seed: int) -> dict:
    if claim.ours is not None and not math.isfinite(claim.ours):
        raise ResultsError(f"Claim {claim.id} is {claim.ours}; a result must be a finite number.")
    if claim.paper is not None and claim.ours is not None and claim.tolerance is None:
        raise ResultsError(f"Claim {claim.id} compares with the paper but gives no tolerance.")
    if claim.verdict in ("differs", "not tested") and not claim.why:
        raise ResultsError(f"Claim {claim.id} {claim.verdict}: say why.")
    entry = asdict(claim) | {"verdict": claim.verdict, "profile": settings.profile, "seed": seed}
    for name in ("ours", "paper"):
        entry[name] = None if entry[name] is None else float(f"{float(entry[name]):.6g}")
    entry["n"] = None if claim.n is None else int(claim.n)
    entry["interval"] = None if claim.interval is None else [float(f"{float(value):.6g}") for value in claim.interval]
    return entry


def publish(claims: list[Claim], settings: Settings, seed: int) -> pd.DataFrame:
    """Check a chapter's claims, write them if this run publishes, and return them as a table.

    Raises
    ------
    ResultsError
        For repeated ids, non-finite values, a comparison without tolerance, or a difference
        without a reason.
    """
    entries = [_entry(claim, settings, seed) for claim in claims]
    ids = [entry["id"] for entry in entries]
    if repeated := sorted({name for name in ids if ids.count(name) > 1}):
        raise ResultsError(f"Claims given twice: {', '.join(repeated)}.")
    if committed.publishing() and settings.profile != "smoke":
        text = json.dumps(entries, indent=1, ensure_ascii=False) + "\n"
        storage.write_text(storage.DATA / "results" / f"{settings.chapter}.json", text)
    return show(entries)


def load(chapter: str | None = None) -> list[dict]:
    """Return the published claims of one chapter, or of all in the order of chapters."""
    pattern = f"{chapter}.json" if chapter else "[0-9][0-9]_*.json"
    entries = []
    for path in sorted((storage.DATA / "results").glob(pattern)):
        entries += [entry | {"chapter": path.stem} for entry in json.loads(path.read_text(encoding="utf-8"))]
    if chapter and not entries:
        raise ResultsError(f"No claims of {chapter} in {storage.DATA / 'results'}; run `make run`.")
    return entries


def get(claim_id: str) -> dict:
    """Return one published claim by id; a `ResultsError` names similar ids if there is none."""
    import difflib

    entries = {entry["id"]: entry for entry in load()}
    if claim_id not in entries:
        raise ResultsError(f"No claim {claim_id!r}; near: {', '.join(difflib.get_close_matches(claim_id, entries)) or 'none'}.")
    return entries[claim_id]


def number(value: float | None) -> str:
    """Format a value at three significant digits (integers in full); an en dash for None."""
    if value is None:
        return "–"
    if float(value).is_integer() and abs(value) >= 10:
        return f"{int(value)}"
    magnitude = math.floor(math.log10(abs(value))) if value else 0
    return f"{value:.{min(max(2 - magnitude, 0), 4)}f}"


def interval_text(interval) -> str:
    """Format an interval as ``low – high``."""
    return "–" if interval is None else f"{number(interval[0])} – {number(interval[1])}"


def show(entries: list[dict]) -> pd.DataFrame:
    """Return entries as a table for a chapter's last cell."""
    return pd.DataFrame(
        {
            "paper": [number(entry["paper"]) for entry in entries],
            "ours": [number(entry["ours"]) for entry in entries],
            "interval": [interval_text(entry["interval"]) for entry in entries],
            "n": ["–" if entry["n"] is None else str(entry["n"]) for entry in entries],
            "verdict": [entry["verdict"] for entry in entries],
        },
        index=pd.Index([entry["id"] for entry in entries], name="claim"),
    )
