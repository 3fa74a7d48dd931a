"""The pages that are written from data: scorecard, cover, catalogues, the classifier's weights and the reference.

``python -m agnbook.press.pages``; it needs only the light environment.
"""

import json
import sys

from agnbook import storage
from agnbook.blazars import shipped_blazars
from agnbook.chapter import claims, paper_page
from agnbook.errors import BookError
from agnbook.press import chapter_style, reference
from agnbook.sky import registry


def _unbroken(text: str) -> str:
    """Keep an interval on one line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _title(chapter: str) -> str:
    """Return a chapter's title with a link to it, or its file name where there is no source."""
    if chapter == chapter_style.SETTINGS.chapter:
        return "How the chapters are built"
    return f"[{paper_page.title(chapter)}](../notebooks/{chapter}.ipynb)"


def _row(entry: dict) -> str:
    """Return one claim as a row of the scorecard."""
    key, comma, place = entry["where"].partition(",")
    parts = [f"{{cite:t}}`{key}`{comma}{place}" if key else "", entry["how"]]
    parts += [f"Tolerance {claims.number(entry['tolerance'])}: {entry['because']}" if entry["because"] else "", entry["why"]]
    reason = ". ".join(part.rstrip(".") for part in parts if part)
    cells = [
        f"{entry['what']}<br>`{entry['id']}`" + (f"<br>[{reason}.]{{.how}}" if reason else ""),
        claims.number(entry["paper"]),
        claims.number(entry["ours"]) + (f" {entry['unit']}" if entry["unit"] else ""),
        _unbroken(claims.interval_text(entry["interval"])),
        "–" if entry["n"] is None else str(entry["n"]),
        f"[{entry['verdict']}]{{.verdict-{entry['verdict'].replace(' ', '-')}}}",
    ]
    return "* - " + "\n  - ".join(cell.replace("\n", " ") for cell in cells)


def scorecard(entries: list[dict]) -> str:
    """Return the scorecard page: every claim of the book, by chapter."""
    counts = {verdict: sum(entry["verdict"] == verdict for entry in entries) for verdict in claims.VERDICTS}
    compared = counts["reproduced"] + counts["differs"]
    lines = [
        "(scorecard)=", "# Scorecard", "",
        f"The papers' numbers beside ours: of {compared} figures that could be compared, **{counts['reproduced']} are "
        f"reproduced** and **{counts['differs']} differ**, each with its reason. {counts['beyond']} results go beyond the papers"
        + (f"; {counts['not tested']} were not tested." if counts["not tested"] else "."),
        "", "This page is generated from `data/results/*.json`, which the chapters write. Intervals are 95 % unless the line "
        "below a claim says otherwise. *Reproduced* means within the stated tolerance of the paper's value.", "",
    ]  # fmt: skip
    for chapter in dict.fromkeys(entry["chapter"] for entry in entries):
        here = [entry for entry in entries if entry["chapter"] == chapter]
        verdicts = [f"{sum(entry['verdict'] == kind for entry in here)} {kind}" for kind in claims.VERDICTS]
        verdicts = ", ".join(text for text in verdicts if not text.startswith("0 "))
        lines += [
            f"## {_title(chapter)}",
            "",
            f"````{{dropdown}} {len(here)} claims: {verdicts}",
            "",
        ]
        lines += ["```{list-table}", ":header-rows: 1", ":class: scorecard", ":widths: 38 10 12 16 8 16", ""]
        lines += ["* - claim\n  - paper\n  - ours\n  - interval\n  - n\n  - verdict", *map(_row, here), "```", "````", ""]
    return "\n".join(lines)


#: The figures the cover page leads with, where they have been published.
HEADLINES = [
    "redshift.flipout.rmse", "redshift.flipout.cv.rmse", "redshift.coverage997.lowest",
    "redshift.coverage997.highest", "redshift.best.rmse",
    "redshift.best.coverage997", "classes.bias_init.accuracy", "classes.bias_init.cv.accuracy", "classes.best.auc",
    "shift.n_eff", "shift.auc_two_class_weighted", "lightcurves.best.mae", "later.new_associations",
    "later.two_class.auc.observed", "later.bcu.accuracy",
]  # fmt: skip


def cover(entries: list[dict]) -> str:
    """Return the cover page's tables: verdicts by part of the book, and the headline figures."""
    parts = {"1": "I Gamma-ray blazars", "2": "II Covariate shift", "3": "III Light curves", "4": "IV After the papers"}
    lines = ["| Part | reproduced | differs | beyond the paper |", "|---|---|---|---|"]
    for digit, title in parts.items():
        verdicts = [entry["verdict"] for entry in entries if entry["chapter"].startswith(digit)]
        if verdicts:
            lines.append(f"| {title} | " + " | ".join(str(verdicts.count(kind)) for kind in claims.VERDICTS[:3]) + " |")
    lines += ["", "Some of them:", "", "| | paper | ours | 95 % interval | n |", "|---|---|---|---|---|"]
    found = {entry["id"]: entry for entry in entries}
    for entry in (found[name] for name in HEADLINES if name in found):
        cells = [
            entry["what"],
            claims.number(entry["paper"]),
            claims.number(entry["ours"]),
            _unbroken(claims.interval_text(entry["interval"])),
        ]
        lines.append("| " + " | ".join([*cells, "–" if entry["n"] is None else str(entry["n"])]) + " |")
    return "\n".join(lines) + "\n"


def catalogue_table() -> str:
    """Return the table of catalogues for the data page."""
    lines = ["| file | what | sources | comes from | SHA-256 | reference |", "|---|---|---|---|---|---|"]
    for entry in registry.entries().values():
        origin = f"package `{entry.package}`" if entry.package else f"[download]({entry.urls[0]})" if entry.urls else entry.origin
        lines.append(f"| `{entry.file}` | {entry.title} | {entry.rows} | {origin} | `{entry.sha256[:16]}…` | {entry.reference} |")
    return "\n".join(lines) + "\n"


def classifier_script() -> str:
    """Return the script that hands the committed 7-42-1 network to the page *Try the classifier*.

    A script, not JSON, because a page opened from a disk may not fetch files.
    """
    network = shipped_blazars.BlazarNetwork.load().page_data()
    return f"// Written by agnbook.press.pages.\nconst AGNBOOK_CLASSIFIER = {json.dumps(network)};\n"


def write() -> None:
    """Write the generated pages, snippets and the classifier's script under ``book``."""
    entries = claims.load()
    storage.write_text(storage.ROOT / "book" / "scorecard.md", scorecard(entries))
    storage.write_text(storage.ROOT / "book" / "generated" / "cover.md", cover(entries))
    storage.write_text(storage.ROOT / "book" / "generated" / "catalogs.md", catalogue_table())
    storage.write_text(storage.ROOT / "book" / "_static" / "classifier_weights.js", classifier_script())
    reference.write()


def main() -> int:
    """Write the pages; returns the exit status."""
    try:
        write()
    except BookError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
