"""How chapters are built, measured: ``python -m agnbook.press.chapter_style [publish]``.

Short cells and lines that a page does not cut are what a reader notices first (about 15 lines a cell, 84 characters a
line, 30 cells a chapter). Three claims of the book hold where it stands, and a test fails when a chapter makes one of
them worse. A run that publishes renews them when they have become better; ``publish`` renews them in any case.
"""

import re
import sys
from dataclasses import dataclass

import jupytext

from agnbook import committed, storage
from agnbook.chapter import claims
from agnbook.chapter.sizes import Settings
from agnbook.errors import BookError

LINES_A_CELL, CELLS_A_CHAPTER = 15, 30
#: Exercises a chapter whose hidden solutions have code and say a number; those with fewer are listed.
EXERCISES = 2
#: Cells with these tags do not show their code on the page.
UNSEEN = {"remove-cell", "remove-input"}
SETTINGS = Settings("book", "book", {})


@dataclass(frozen=True)
class Cell:
    """A code cell whose code the page shows, folded or not; a solution is opened by those who have tried."""

    chapter: str
    number: int
    source: str
    solution: bool = False

    @property
    def lines(self) -> list[str]:
        """The lines of code."""
        return self.source.splitlines()

    def __str__(self) -> str:
        return f"{self.chapter}, code cell {self.number}: {self.lines[0].strip()}"


def cells() -> list[Cell]:
    """Return the code cells that the pages show, in the order of chapters; numbers count all code cells of a chapter."""
    found = []
    for path in sorted((storage.ROOT / "notebooks").glob("[0-9][0-9]_*.py")):
        code = [cell for cell in jupytext.read(path).cells if cell.cell_type == "code" and cell.source.strip()]
        found += [
            Cell(path.stem, number, cell.source, "solution" in cell.metadata.get("tags", []))
            for number, cell in enumerate(code, 1)
            if not UNSEEN & set(cell.metadata.get("tags", []))
        ]
    return found


def exercises() -> dict[str, tuple[int, int]]:
    """Return chapter -> its hidden solutions, and how many of them are complete.

    A solution is a dropdown whose words after its code hold a number, or a hidden cell below the heading of the exercises that
    prints, asserts or words something from what it computes.
    """
    found = {}
    for path in sorted((storage.ROOT / "notebooks").glob("[0-9][0-9]_*.py")):
        cells_ = jupytext.read(path).cells
        text = "\n".join(cell.source for cell in cells_ if cell.cell_type == "markdown")
        boxes = [part.split("\n:::", 1)[0] for part in text.split(":::{admonition} Solution")[1:]]
        complete = [bool(re.search(r"\d", box.rpartition("```")[2])) for box in boxes if "```python" in box]
        heading = next((number for number, cell in enumerate(cells_) if "## Exercises" in cell.source), len(cells_))
        hidden = [cell for cell in cells_[heading:] if "hide-cell" in cell.metadata.get("tags", [])]
        complete += [bool(re.search(r"\b(print\(|assert\b|Markdown\()", cell.source)) for cell in hidden]
        found[path.stem] = len(boxes) + len(hidden), sum(complete)
    return found


def measure(shown: list[Cell]) -> dict[str, claims.Measured]:
    """Return the three measured claims; cells are those that one reads through, lines are those of solutions too."""
    read = [cell for cell in shown if not cell.solution]
    chapters = {cell.chapter for cell in read}
    long_chapters = [name for name in chapters if sum(cell.chapter == name for cell in read) > CELLS_A_CHAPTER]
    longest = max((line for cell in shown for line in cell.lines), key=len)
    return {
        "book.cells_over_15_lines": claims.Measured(sum(len(cell.lines) > LINES_A_CELL for cell in read), n=len(read)),
        "book.longest_line": claims.Measured(len(longest), n=sum(len(cell.lines) for cell in shown)),
        "book.chapters_over_30_cells": claims.Measured(len(long_chapters), n=len(chapters)),
    }


def worse(measured: dict[str, claims.Measured]) -> list[str]:
    """Return one line for each measure that is above what was published."""
    published = {entry["id"]: entry for entry in claims.load(SETTINGS.chapter)}
    return [
        f"{name} is {found.ours:.0f}, published {published[name]['ours']:.0f}: {published[name]['what']}"
        for name, found in measured.items()
        if found.ours > published[name]["ours"]
    ]


def renew() -> None:
    """Publish the measures again if none has become worse; else say which, and leave them.

    A book that has not published any is left alone.
    """
    if not (storage.DATA / "results" / f"{SETTINGS.chapter}.json").exists():
        return
    measured = measure(cells())
    if problems := worse(measured):
        print(
            "\n".join(["Chapters became longer; shorten them or run `python -m agnbook.press.chapter_style publish`:", *problems])
        )
    elif committed.publishing():
        claims.publish(measured, SETTINGS, seed=0)


def main(arguments: list[str] | None = None) -> int:
    """Print the measures and the cells behind them; returns the exit status."""
    shown = cells()
    measured = measure(shown)
    try:
        if (sys.argv[1:] if arguments is None else arguments) == ["publish"]:
            if not committed.publishing():
                raise BookError("Publishing needs AGNBOOK_PUBLISH=1, as `make run` sets it.")
            claims.publish(measured, SETTINGS, seed=0)
    except BookError as error:
        print(error, file=sys.stderr)
        return 2
    for cell in sorted(shown, key=lambda cell: -len(cell.lines)):
        if len(cell.lines) > LINES_A_CELL and not cell.solution:
            print(f"{len(cell.lines):4d} lines  {cell}")
    for chapter, (solutions, complete) in exercises().items():
        if complete < EXERCISES:
            print(f"{chapter}: {solutions} solutions of exercises, {complete} with code and a number; {EXERCISES} are asked")
    for name, found in measured.items():
        print(f"{name} = {found.ours:.0f} (n = {found.n})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
