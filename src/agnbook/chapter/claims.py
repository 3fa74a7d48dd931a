"""Claims: what a paper states beside what this book measured.

Every number in the book's prose and on its scorecard is a claim in ``data/results/<chapter>.json``. What is fixed about
it is declared in ``data/claims`` (see `agnbook.chapter.declared`); a chapter measures, and publishes at its end::

    claims.publish({"redshift.mlp.rmse": claims.Measured(rmse, (low, high), n)}, settings, seed)

A mismatch stays, with its reason.
"""

import json
import math
import sys
from dataclasses import asdict, dataclass

import pandas as pd

from agnbook import committed, storage
from agnbook.chapter import declared
from agnbook.chapter.sizes import Settings
from agnbook.errors import ResultsError

VERDICTS = ("reproduced", "differs", "beyond", "not tested")
#: Kind of the unseen output in which an executed notebook holds its claims in full; see `compact`.
OUTPUT_KIND = "text/vnd.agnbook.claims"


@dataclass(frozen=True)
class Measured:
    """What a chapter measured for one claim.

    Attributes
    ----------
    ours : the value; None if it was not tested.
    interval : (low, high) at 95 % unless the claim's `how` says otherwise; one without width, of a number that cannot scatter, is
        none.
    n : number of sources, curves or runs behind `ours`.
    note : what only the run can tell (a speed's machine, a second figure); joined to the claim's `how`.
    tolerance : the measured scatter of a claim declared with ``tolerance = "measured"``.
    """

    ours: float | None
    interval: tuple[float, float] | None = None
    n: int | None = None
    note: str = ""
    tolerance: float | None = None


def from_scores(prefix: str, found: dict, names, n: int) -> dict[str, Measured]:
    """Return scores that come as (value, low, high) as measurements of the claims ``prefix.name``."""
    return {f"{prefix}.{name}": Measured(found[name][0], tuple(found[name][1:]), n) for name in names}


def verdict(ours: float | None, paper: float | None, tolerance: float | None) -> str:
    """`beyond` without a paper value; else `reproduced` within the tolerance, or `differs`."""
    if ours is None:
        return "not tested"
    if paper is None:
        return "beyond"
    return "reproduced" if abs(ours - paper) <= tolerance + 1e-12 else "differs"


def _entry(claim: declared.Declared, measured: Measured, settings: Settings, seed: int) -> dict:
    tolerance = measured.tolerance if claim.tolerance == declared.MEASURED else claim.tolerance
    if claim.tolerance == declared.MEASURED and tolerance is None:
        raise ResultsError(f"Claim {claim.id} is declared with a measured tolerance; give it: Measured(..., tolerance=...).")
    if claim.tolerance != declared.MEASURED and measured.tolerance is not None:
        raise ResultsError(f"Claim {claim.id} was measured with a tolerance, but its file declares {claim.tolerance!r}.")
    if measured.ours is not None and not math.isfinite(measured.ours):
        raise ResultsError(f"Claim {claim.id} is {measured.ours}; a result must be a finite number.")
    try:
        how = claim.how.format_map(settings.values)
    except KeyError as error:
        raise ResultsError(f"Claim {claim.id}: its `how` names the setting {error}, which {settings.chapter} lacks.") from error
    fixed = asdict(claim)
    del fixed["baseline"]  # a pointer to another claim, not a part of this one's result
    entry = fixed | {
        "how": "; ".join(part for part in (how, measured.note) if part),
        "tolerance": tolerance,
        "ours": _rounded(measured.ours),
        "paper": _rounded(claim.paper),
        "interval": _interval(measured.interval),
        "n": None if measured.n is None else int(measured.n),
        "verdict": verdict(measured.ours, claim.paper, tolerance),
        "profile": settings.profile,
        "seed": seed,
    }
    if entry["verdict"] not in ("differs", "not tested"):
        entry["why"] = ""
    elif not claim.why and settings.profile != "smoke":
        raise ResultsError(f"Claim {claim.id} {entry['verdict']}: say `why` in {declared.path(settings.chapter)}.")
    return entry


def _interval(ends: tuple[float, float] | None) -> list[float] | None:
    """Return an interval as a file keeps it; None for one without width."""
    rounded = None if ends is None else [_rounded(value) for value in ends]
    return None if rounded is None or rounded[0] == rounded[1] else rounded


def _rounded(value: float | None) -> float | None:
    """Six significant digits: what a file keeps of a measured number."""
    return None if value is None else float(f"{float(value):.6g}")


def paper(chapter: str) -> dict[str, float]:
    """Return the paper's values that a chapter's claims compare with, by id, so that no chapter types them again."""
    return {name: claim.paper for name, claim in declared.read(chapter).items() if claim.paper is not None}


def publish(measured: dict[str, Measured], settings: Settings, seed: int) -> pd.DataFrame:
    """Join a chapter's measurements with its declared claims, write them if this run publishes, and return a table.

    At `smoke` profile, whose sizes leave some claims without a value, a declared claim may stay unmeasured.

    Raises
    ------
    ResultsError
        For an id that is measured but not declared or declared but not measured, a value that is not finite, a
        difference without a reason, or a fault in the file (see `agnbook.chapter.declared.read`).
    """
    known = declared.read(settings.chapter)
    where = declared.path(settings.chapter)
    if unknown := [name for name in measured if name not in known]:
        raise ResultsError(f"Measured, but not declared in {where}: {', '.join(unknown)}.")
    if settings.profile == "smoke":
        known = {name: known[name] for name in known if name in measured and _finite(measured[name].ours)}
    elif unmeasured := [name for name in known if name not in measured]:
        raise ResultsError(f"Declared in {where}, but not measured: {', '.join(unmeasured)}.")
    entries = [_entry(claim, measured[name], settings, seed) for name, claim in known.items()]
    if committed.publishing() and settings.profile != "smoke":
        text = json.dumps(entries, indent=1, ensure_ascii=False) + "\n"
        storage.write_text(storage.DATA / "results" / f"{settings.chapter}.json", text)
    _leave_in_notebook(entries)
    return show(entries)


def compact(entries: list[dict]) -> str:
    """Return what was measured, one claim a line: ``id [ours, interval, n]``."""
    return "".join(f"{entry['id']} {json.dumps([entry['ours'], entry['interval'], entry['n']])}\n" for entry in entries)


def _leave_in_notebook(entries: list[dict]) -> None:
    """Give the notebook that runs this, if any, an unseen output by which its claims are compared with the published ones."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        shell.display_pub.publish({OUTPUT_KIND: compact(entries)})


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def load(chapter: str | None = None) -> list[dict]:
    """Return the published claims of one chapter, or of all chapters in their order and then of the book itself."""
    patterns = [f"{chapter}.json"] if chapter else ["[0-9][0-9]_*.json", "book.json"]
    entries = []
    for path in (path for pattern in patterns for path in sorted((storage.DATA / "results").glob(pattern))):
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
    """Format a value at three significant digits (integers in full) and up to four decimals, of a smaller one the first digit.

    An en dash stands for None.
    """
    if value is None:
        return "–"
    if float(value).is_integer() and abs(value) >= 10:
        return f"{int(value)}"
    magnitude = math.floor(math.log10(abs(value))) if value else 0
    return f"{value:.{min(max(2 - magnitude, 0), max(4, -magnitude))}f}"


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
