"""How chapters are built, measured: ``python -m agnbook.press.chapter_style [publish]``.

Short cells and lines that a page does not cut are what a reader notices first (about 15 lines a cell, 84 characters a
line, 30 cells a chapter). Three claims of the book hold where it stands, and a test fails when a chapter makes one of
them worse. A run that publishes renews them when they have become better; ``publish`` renews them in any case.
"""

import ast
import re
import sys
from dataclasses import dataclass

import jupytext

from agnbook import committed, storage
from agnbook.chapter import claims
from agnbook.chapter.sizes import Settings
from agnbook.errors import BookError

LINES_A_CELL, CELLS_A_CHAPTER = 15, 30
#: Exercises a chapter whose hidden solutions say what they compute; those with fewer are listed.
EXERCISES = 2
#: Cells with these tags do not show their code on the page.
UNSEEN = {"remove-cell", "remove-input"}
#: Levels of intervals are no results.
LEVELS = re.compile(r"\b(68|95|99\.7) ?%")
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
    """Return chapter -> its hidden solutions (cells tagged `solution`), and how many of them say something that they compute."""
    found = dict.fromkeys((cell.chapter for cell in cells()), (0, 0))
    for cell in cells():
        if cell.solution:
            solutions, complete = found[cell.chapter]
            says = bool(re.search(r"\b(print\(|assert\b|Markdown\()", cell.source))
            found[cell.chapter] = solutions + 1, complete + says
    return found


def typed_results() -> list[str]:
    """Return one line for each solution whose result is typed by hand: nothing would notice when it is no longer true.

    That is a solution in a box of text, which never runs, and a sentence in a solution's cell that holds a decimal number or a
    percentage outside of its fields.
    """
    found = [
        f"{path.stem}: a solution is text; make it a cell tagged `solution` that computes what it says"
        for path in sorted((storage.ROOT / "notebooks").glob("[0-9][0-9]_*.py"))
        if "{admonition} Solution" in path.read_text(encoding="utf-8")
    ]
    for cell in cells():
        words = [node.value for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Constant)] * cell.solution
        sentences = [text for text in words if isinstance(text, str) and " " in text]
        typed = [text for text in sentences if re.search(r"\d\.\d|\d ?%", LEVELS.sub("", text))]
        found += [f"{cell}: compute the number in {text.strip()!r}" for text in typed]
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
            print(f"{chapter}: {solutions} solutions of exercises, {complete} that say what they compute; {EXERCISES} are asked")
    for name, found in measured.items():
        print(f"{name} = {found.ours:.0f} (n = {found.n})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
