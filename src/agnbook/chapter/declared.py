"""What is fixed about a chapter's claims, as ``data/claims/<chapter>.toml`` gives it.

A file holds groups; what the claims of a group share is written once, above them::

    [[group]]
    how = "paper's split, mean of {restarts} restarts"  # {restarts}: a setting of the chapter
    unit = "redshift"
    tolerance = 0.02
    because = "what a repeat of the paper's own training moves on 62 sources"
    why = "the reason, should ours differ"

    [group.claims]
    "redshift.mlp.rmse" = { what = "RMSE of the MLP", paper = 0.415, where = "gharat2023, Table 1, Frequentist, RMSE" }

One number of a paper has one verdict: the same value at the same place may not be judged twice, in one chapter or in two.
"""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from agnbook import storage
from agnbook.errors import ResultsError

#: The tolerance of a claim that is as wide as a scatter which the chapter measures; `because` names the scatter.
MEASURED = "measured"
_COMPARING = ("where", "tolerance", "because")


@dataclass(frozen=True)
class Declared:
    """What is fixed about one claim.

    Attributes
    ----------
    id : dotted name, such as ``"redshift.flipout.rmse"``.
    what : a sentence a reader understands without the chapter.
    paper : the paper's value; None for a result of the book's own.
    where : the place of that value: citation key, then table and cell, section or figure.
    tolerance : how far ours may be from `paper` and still count as reproduced; or ``"measured"``.
    because : the reason for the tolerance.
    unit : "redshift", "dex", "" for a pure number.
    baseline : id of the claim that gives a trivial method's score on the same sources; see `chapter.paper_page`.
    how : data, split, number of repeats; ``{name}`` stands for a setting of the chapter.
    why : the reason for a difference.
    """

    id: str
    what: str
    paper: float | None = None
    where: str = ""
    tolerance: float | str | None = None
    because: str = ""
    unit: str = ""
    baseline: str = ""
    how: str = ""
    why: str = ""


def path(chapter: str) -> Path:
    """Return the file that declares a chapter's claims."""
    return storage.DATA / "claims" / f"{chapter}.toml"


def chapters() -> list[str]:
    """Return the names of all files of claims, in order."""
    return sorted(file.stem for file in (storage.DATA / "claims").glob("*.toml"))


def read(chapter: str) -> dict[str, Declared]:
    """Return a chapter's claims by id, in the order of its file.

    Raises
    ------
    ResultsError
        If the file is missing or not TOML, an id stands twice, a claim has an unknown field or lacks a needed one,
        or a number of a paper is judged twice, here or in another chapter's file.
    """
    found = _parse(path(chapter))
    judged = {}
    for other in chapters():
        for claim in (found if other == chapter else _parse(path(other))).values():
            if claim.paper is None:
                continue
            place = (claim.where, claim.paper)
            if place in judged:
                raise ResultsError(
                    f"{claim.paper:g} ({claim.where}) is judged twice, by {judged[place]} and by {claim.id}. Keep one; "
                    "take `paper`, `where`, `tolerance` and `because` from the other and say in its `how` which claim judges."
                )
            judged[place] = claim.id
    return found


def _parse(file: Path) -> dict[str, Declared]:
    try:
        groups = tomllib.loads(file.read_text(encoding="utf-8")).get("group", [])
    except OSError as error:
        raise ResultsError(f"Cannot read {file}: {error.strerror}. A chapter's claims are declared there.") from error
    except tomllib.TOMLDecodeError as error:
        raise ResultsError(f"{file} is not TOML: {error}.") from error
    found = {}
    for group in groups:
        shared = {name: value for name, value in group.items() if name != "claims"}
        for identifier, own in group.get("claims", {}).items():
            if identifier in found:
                raise ResultsError(f"{file} declares {identifier} twice.")
            found[identifier] = _claim(f"{identifier} in {file}", identifier, shared | own)
    return found


def _claim(place: str, identifier: str, values: dict) -> Declared:
    known = [field.name for field in fields(Declared) if field.name != "id"]
    if unknown := sorted(set(values) - set(known)):
        raise ResultsError(f"{place} has unknown fields {', '.join(unknown)}; known are {', '.join(known)}.")
    if not values.get("what"):
        raise ResultsError(f"{place} has no `what`: the sentence that says what the number is.")
    if "paper" in values and (missing := [name for name in _COMPARING if values.get(name) in (None, "")]):
        raise ResultsError(
            f"{place} compares with a paper but lacks {', '.join(missing)}. Needed: the number's place (`where`), how far "
            "ours may be from it (`tolerance`), and the reason for that distance (`because`)."
        )
    if "paper" not in values and (idle := [name for name in (*_COMPARING, "baseline") if name in values]):
        raise ResultsError(f"{place} has {', '.join(idle)} but no `paper` value to compare with.")
    return Declared(id=identifier, **values)
