"""The scorecard: a picture of every compared number, then all claims in one table that `scorecard.js` filters and sorts.

The table is plain HTML in which everything stands, so that it reads and prints without a script.
"""

import json
import re
from collections import Counter
from functools import cache
from html import escape

from pybtex.database import parse_file
from pybtex.richtext import Text

from agnbook import storage
from agnbook.chapter import claims, paper_page
from agnbook.press import tables

PARTS = {
    "1": "I Gamma-ray blazars",
    "2": "II Covariate shift",
    "3": "III Light curves",
    "4": "IV After the papers",
    "5": "Reference",
}
_HEADS = {"claim": "text", "paper": "number", "ours": "number", "tolerances off": "number", "n": "number", "verdict": "text"}
#: Beyond this many tolerances a point of the picture lies at its edge.
ENDS = 4.0


def part(chapter: str) -> str:
    """Return the title of the part a chapter belongs to; the book's own claims count as reference."""
    return PARTS.get(chapter[0], PARTS["5"])


def in_tolerances(entry: dict) -> float | None:
    """Return ours minus the paper's value in tolerances; None without a comparison.

    With a tolerance of 0 an equal number is 0 and another one is beyond the picture.
    """
    if entry["verdict"] not in ("reproduced", "differs"):
        return None
    difference = entry["ours"] - entry["paper"]
    if not entry["tolerance"]:
        return 0.0 if difference == 0 else (2 * ENDS if difference > 0 else -2 * ENDS)
    return difference / entry["tolerance"]


@cache
def making_cells(chapter: str) -> dict[str, int]:
    """Return claim -> number, among the code cells that the page shows, of the cell whose run published it."""
    path = storage.ROOT / "notebooks" / f"{chapter}.ipynb"
    if not path.exists():
        return {}
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    shown = [cell for cell in cells if cell["cell_type"] == "code" and "remove-cell" not in cell["metadata"].get("tags", [])]
    found = {}
    for number, cell in enumerate(shown, 1):
        for output in cell["outputs"]:
            text = output.get("data", {}).get(claims.OUTPUT_KIND, "")
            lines = text if isinstance(text, list) else text.splitlines()
            found |= {line.split(" ", 1)[0]: number for line in lines if line.strip()}
    return found


def _chapter_link(entry: dict) -> str:
    """Return a link to the cell that published a claim, or the chapter's name for one that no chapter makes."""
    chapter = entry["chapter"]
    if not (storage.ROOT / "notebooks" / f"{chapter}.ipynb").exists():
        return "measured over all chapters"
    cell = making_cells(chapter).get(entry["id"])
    return f'<a href="../notebooks/{chapter}.html{f"#cell-{cell}" if cell else ""}">{escape(paper_page.title(chapter))}</a>'


@cache
def _papers() -> dict[str, str]:
    """Return key -> author and year of every entry of the bibliography, such as "Gharat et al. 2023"."""
    named = {}
    for key, entry in parse_file(str(storage.ROOT / "book" / "references.bib")).entries.items():
        authors = [" ".join(person.prelast_names + person.last_names) for person in entry.persons.get("author", [])]
        authors = [str(Text.from_latex(name)) for name in authors] or [key]
        who = f"{authors[0]} et al." if len(authors) > 2 or "others" in authors else " and ".join(authors)
        named[key] = f"{who} {entry.fields.get('year', '')}".strip()
    return named


def _source(where: str) -> str:
    """Return the place of a paper's value, with a link to the paper; `page_parts` knows where the bibliography has it."""
    key, comma, place = where.partition(",")
    name = escape(_papers().get(key, key))
    return f'<a class="paper" href="bibliography.html#{escape(key)}">{name}</a>{comma}{escape(place)}' if key else ""


def _text(text: str) -> str:
    """Return a sentence as HTML; words between backticks are code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _size(off: float | None) -> str:
    """Return a difference in tolerances as text."""
    if off is None:
        return "–"
    return tables.typeset(f"{off:+.2f}") if abs(off) <= ENDS else f"&gt; {ENDS:.0f}" if off > 0 else f"&lt; −{ENDS:.0f}"


def _number(value: float | None, entry: dict) -> str:
    """Return a value as text; a count, which has no tolerance, is whole."""
    counted = value is not None and entry["tolerance"] == 0 and float(value).is_integer()
    return f"{value:.0f}" if counted else tables.typeset(claims.number(value))


def _row(entry: dict) -> str:
    reason = [_source(entry["where"]), _text(entry["how"])]
    if entry["because"]:
        reason.append(f"Tolerance {claims.number(entry['tolerance'])}: {_text(entry['because'])}")
    reason = ". ".join(part[0].upper() + part[1:].rstrip(".") for part in [*reason, _text(entry["why"])] if part)
    how = f'<details class="how"><summary>How it was judged</summary>{reason}.</details>' if reason else ""
    unit = f'<span class="unit">{escape(entry["unit"])}</span>' if entry["unit"] else ""
    interval = (
        ""
        if entry["interval"] is None
        else f'<span class="interval">{tables.typeset(claims.interval_text(entry["interval"]))}</span>'
    )
    off, name = in_tolerances(entry), escape(entry["id"])
    size = "" if off is None else f' data-size="{abs(off):.4g}"'
    return (
        f'<tr id="claim-{name}" data-part="{part(entry["chapter"])}" data-verdict="{entry["verdict"]}"{size}>'
        f'<th scope="row">{_text(entry["what"])}<br><a class="claim" href="#claim-{name}"><code>{name}</code></a>'
        f'<p class="how">Made in {_chapter_link(entry)}.</p>{how}</th>'
        f'<td class="number">{_number(entry["paper"], entry)}</td>'
        f'<td class="number">{_number(entry["ours"], entry)}{unit}{interval}</td>'
        f'<td class="number">{_size(off)}</td>'
        f'<td class="number">{"–" if entry["n"] is None else entry["n"]}</td>'
        f'<td><span class="verdict-{entry["verdict"].replace(" ", "-")}">{entry["verdict"]}</span></td></tr>'
    )


def _mark(x: float, y: float, entry: dict) -> str:
    """Return one mark: a dot where a number is reproduced, a triangle where it differs."""
    text = f"{entry['what']}: paper {claims.number(entry['paper'])}, ours {claims.number(entry['ours'])} ({entry['verdict']})"
    attributes = f'class="{entry["verdict"]}" data-claim="{escape(entry["id"])}"'
    if entry["verdict"] == "reproduced":
        return f'<circle cx="{x}" cy="{y - 1}" r="3" {attributes}><title>{escape(text)}</title></circle>'
    return f'<path d="M{x - 3.5} {y + 2}h7l-3.5 -7z" {attributes}><title>{escape(text)}</title></path>'


def picture(entries: list[dict]) -> str:
    """Return the picture as SVG: one mark a compared number, (ours − paper) / tolerance, a lane a part of the book.

    Marks of one lane are stacked where they would cover each other.
    """
    width, step, top = 720, 7, 8
    columns: dict[str, dict[int, list[dict]]] = {}
    x = lambda value: width / 2 + min(max(value, -ENDS), ENDS) * (width / 2 - 20) / ENDS  # noqa: E731
    for entry in sorted((entry for entry in entries if in_tolerances(entry) is not None), key=in_tolerances):
        columns.setdefault(part(entry["chapter"]), {}).setdefault(round(x(in_tolerances(entry)) / step), []).append(entry)
    marks, base = [], top
    for name in (name for name in PARTS.values() if name in columns):
        marks.append(f'<text x="4" y="{base + 34}" class="lane">{name}</text>')
        base += 58 + step * max(map(len, columns[name].values()))
        marks.append(f'<line x1="0" x2="{width}" y1="{base + 4}" y2="{base + 4}" class="grid"/>')
        for place, stacked in columns[name].items():
            marks += [_mark(step * place, base - step * level, entry) for level, entry in enumerate(stacked)]
    height = base + 68
    marks.insert(0, f'<rect class="band" x="{x(-1):.0f}" y="{top}" width="{x(1) - x(-1):.0f}" height="{base + 4 - top}"/>')
    ticks = range(-int(ENDS), int(ENDS) + 1, 2)
    marks += [
        f'<text x="{x(tick):.0f}" y="{height - 38}" text-anchor="middle">{tick:+d}</text>'.replace(">+0<", ">0<")
        for tick in ticks
    ]
    marks.append(f'<text x="{width / 2:.0f}" y="{height - 8}" text-anchor="middle">(ours − paper) / tolerance</text>')
    compared = Counter(entry["verdict"] for entry in entries)
    label = (
        f"Differences from the papers in tolerances: {compared['reproduced']} numbers lie within one tolerance of the paper's "
        f"value, {compared['differs']} outside; each part of the book has a lane."
    )
    head = f'class="drawing scorecard-picture" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}"'
    return f"<svg {head}>{''.join(marks)}</svg>"


_FORM = """<form id="scorecard-form" role="search" aria-label="Filter the claims" hidden onsubmit="return false">
<label>Part <select id="scorecard-part"><option value="">all</option>{parts}</select></label>
<label>Verdict <select id="scorecard-verdict"><option value="">all</option>{verdicts}</select></label>
<label>Order <select id="scorecard-order"><option value="">of the book</option>
<option value="size">largest difference first</option>
<option value="-size">smallest difference first</option></select></label>
<label>Words <input id="scorecard-words" type="search" autocomplete="off"></label>
<span id="scorecard-count" role="status" aria-live="polite"></span></form>"""


def page(entries: list[dict]) -> str:
    """Return the scorecard page as Markdown: verdicts in words, the picture, the table of every claim of the book."""
    # What was measured comes first; what only counts verdicts, on the pages that open a part, and what was not tested, last.
    entries = sorted(entries, key=lambda entry: (entry["verdict"] == "not tested", entry["chapter"][1:2] == "0"))
    counts = Counter(entry["verdict"] for entry in entries)
    compared = counts["reproduced"] + counts["differs"]
    parts = "".join(f"<option>{name}</option>" for name in dict.fromkeys(part(entry["chapter"]) for entry in entries))
    verdicts = "".join(f"<option>{name}</option>" for name in claims.VERDICTS if counts[name])
    head = "".join(f'<th scope="col" class="{kind}">{name}</th>' for name, kind in _HEADS.items())
    return "\n".join(
        [
            "(scorecard)=", "# Scorecard", "",
            f"The papers' numbers beside ours: of {compared} figures that could be compared, **{counts['reproduced']} are "
            f"reproduced** and **{counts['differs']} differ**, each with its reason. {counts['beyond']} results go beyond them"
            + (f"; {counts['not tested']} were not tested." if counts["not tested"] else "."),
            "", "```{raw} html", '<figure class="figure-block">', picture(entries),
            "<figcaption>One mark a compared number: a dot where it is reproduced, a triangle where it differs. The grey band "
            "is one tolerance; marks beyond four lie at the edge. Point at a mark to read it, click it to go to its row."
            "</figcaption>",
            "</figure>", "```", "",
            "## Every claim", "",
            "Written from `data/results/*.json`, which the chapters publish. Intervals are 95 % unless the line below a claim "
            "says otherwise. *Reproduced* means within the stated tolerance of the paper's value; *beyond* has no value in the "
            "papers.", "",
            "```{raw} html", _FORM.format(parts=parts, verdicts=verdicts),
            '<div class="pst-scrollable-table-container"><table class="table scorecard" id="scorecard-table">',
            f"<thead><tr>{head}</tr></thead><tbody>", *map(_row, entries), "</tbody></table></div>",
            '<script src="../_static/scorecard.js" defer></script>', "```", "",
        ]
    )  # fmt: skip
