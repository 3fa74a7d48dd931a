"""The tables of the pages as a reader wants them: one head row, numbers aligned, one style of interval, long lists folded.

Chapters show what pandas prints; what is only typography is done here, for every page at once.
"""

import re

from bs4 import BeautifulSoup

from agnbook.chapter import claims

#: A number with its sign, unit, interval or percent, alone in a cell.
_NUMBER = re.compile(r"\s*[<>≈~*]?\s*[−+-]?\s?\.?\d(?:[\d\s.,/%×^()±eE*+−–-]|to)*")
_MISSING = {"", "–", "-", "NaN", "nan", "None", "<NA>", "NaT"}
_DATAFRAME = re.compile(r'<table border="1" class="dataframe">.*?</table>', re.DOTALL)
#: A cell of any other table that holds a number.
_CELL = re.compile(r"(<td)(?: class=\"([^\"]*)\")?(>(?:<p>|<strong>)?)(\s*[<>≈~−+–-]?\s?\d[\d\s.,eE±()–−+%×^-]*\s*)(?=<)")
#: A table's empty corner is no header.
_EMPTY_HEAD = re.compile(r"<th((?: [^>]*)?)>(?:<p></p>|\s*)</th>")
#: Longer lists of claims are folded.
LONG = 12
_HEADS = ("claim", "paper", "ours", "interval", "n", "verdict")
#: A whole number at three significant digits.
_WHOLE = re.compile(r"(\d)\.00")


def typeset(text: str) -> str:
    """Return numbers in the book's one style: a true minus, none before a zero, and intervals as ``low to high``."""
    text = re.sub(r"(?<=\d)(?: – |-(?=\d[\d.]*\)))(?=[−+-]?\d)", " to ", text)
    text = re.sub(r"(?<![\w.])-(?=\.?\d)", "−", text)
    return re.sub(r"−(?=0?\.?0+(?![\d.]))", "", text)  # what rounds to zero has no sign


def _join_heads(table) -> None:
    """Move the names of the index, which pandas puts on a row of their own, to the row of the columns' names."""
    rows = table.thead.find_all("tr")
    if len(rows) < 2 or any(cell.get_text(strip=True) for cell in rows[-1].find_all(["th", "td"])[_depth(table) :]):
        return
    names, above = rows[-1].find_all(["th", "td"])[: _depth(table)], rows[-2].find_all(["th", "td"])
    for name, place in zip(names, above, strict=False):
        columns, text = place.get_text(strip=True), name.get_text(strip=True)
        if text:  # the corner may hold the name of the columns: say which is which, unless pandas made it up
            place.string = f"{text} ↓ {columns} →" if columns and not columns.startswith("col_") else text
    rows[-1].decompose()


def _depth(table) -> int:
    """Return how many columns of the table are its index."""
    first = table.tbody.find("tr")
    return len(first.find_all("th")) if first else 0


def _drop_counting_index(table) -> None:
    """Remove an index without a name that only counts the rows."""
    rows = table.tbody.find_all("tr")
    heads = [row.find_all("th") for row in rows]
    corner = table.thead.find("th")
    named = corner is None or corner.get_text(strip=True)
    if named or [[cell.get_text() for cell in each] for each in heads] != [[str(number)] for number in range(len(rows))]:
        return
    for row in table.find_all("tr"):
        row.find(["th", "td"]).decompose()


def _join_intervals(table) -> None:
    """Put the ends of an interval, two columns behind a value, into the value's cell: ``0.41 (0.39 to 0.43)``.

    Only where each interval holds the value before it: the ends may be those of another number, such as a difference.
    """
    rows = [row.find_all(["th", "td"]) for row in table.tbody.find_all("tr")]
    (*above, head) = [row.find_all(["th", "td"]) for row in table.thead.find_all("tr")]
    names = [cell.get_text(strip=True) for cell in head]
    if above:
        return  # heads of several levels span their columns
    for place in range(len(names) - 1, _depth(table) + 1, -1):
        if names[place - 1 : place + 1] not in (["low", "high"], ["from", "to"]):
            continue
        from_end = place - len(names)  # a row whose index cell belongs to a group above has fewer cells
        found = [[row[from_end + k] for k in (-2, -1, 0)] for row in rows]
        words = [[cell.get_text(strip=True) for cell in cells] for cells in found]
        if not all(_holds(*each) for each in words):
            continue
        for (value, _, _), (middle, low, high) in zip(found, words, strict=True):
            if low not in _MISSING:
                (value.strong or value).string = f"{middle} ({low} to {high})"
        for cells in (*found, head[place - 2 : place + 1]):
            cells[1].decompose()
            cells[2].decompose()
        rows = [row.find_all(["th", "td"]) for row in table.tbody.find_all("tr")]


def _holds(value: str, low: str, high: str) -> bool:
    """Whether an interval, as text, holds the value; one that is missing does."""
    if low in _MISSING and high in _MISSING:
        return True
    try:
        low, value, high = (float(text.replace("−", "-").rstrip("% ")) for text in (low, value, high))
    except ValueError:
        return False
    return low <= value <= high


def _align(table) -> None:
    """Mark the columns of numbers, so that heads, numbers and gaps stand in one line; other columns are text."""
    body = [row.find_all("td") for row in table.tbody.find_all("tr")]
    head = [row.find_all(["th", "td"]) for row in table.thead.find_all("tr")]
    width = min((len(row) for row in body), default=0)
    for column in range(1, width + 1):  # from the right, where no cell spans several rows
        cells = [row[-column] for row in body]
        words = [cell.get_text(strip=True) for cell in cells]
        told = [word for word in words if word not in _MISSING]
        numbers = sum(_NUMBER.fullmatch(word) is not None for word in told)
        kind = "number" if numbers > len(told) / 2 or (not told and any(words)) else "text"
        for cell, word in zip(cells, words, strict=True):
            if word in _MISSING:
                cell.string = "–" if kind == "number" else ""
            elif kind == "number":
                (cell.strong or cell).string = typeset(word)
            cell["class"] = kind
        for row in head[-1:]:
            row[-column]["class"] = kind
    for row in table.thead.find_all("tr"):
        del row["style"]


def _counts(paper: str, ours: str) -> tuple[str, str]:
    """Return a claim's two numbers; where both are whole they count something, and have no decimals."""
    whole = _WHOLE.fullmatch(paper), _WHOLE.fullmatch(ours)
    return (whole[0][1], whole[1][1]) if all(whole) else (paper, ours)


def claims_list(entries: list[dict], link: str) -> str:
    """Return claims that a page's own tables leave out as one more, folded table."""
    head = "".join(
        f'<th scope="col" class="{"text" if name in ("claim", "verdict") else "number"}">{name}</th>' for name in _HEADS
    )
    rows = []
    for entry in entries:
        cells = [*_counts(claims.number(entry["paper"]), claims.number(entry["ours"])), claims.interval_text(entry["interval"])]
        cells.append("–" if entry["n"] is None else str(entry["n"]))
        numbers = "".join(f'<td class="number">{typeset(cell)}</td>' for cell in cells)
        rows.append(f'<tr><th scope="row">{_link(entry["id"], link)}</th>{numbers}<td class="text">{entry["verdict"]}</td></tr>')
    table = f'<table class="table claims"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    told = "1 more claim" if len(entries) == 1 else f"{len(entries)} more claims"
    return f'<details class="claims"><summary>{told} of this chapter</summary>{table}</details>'


def _link(name: str, link: str) -> str:
    """Return the link to a claim; its id may break after a dot."""
    return f'<a href="{link}{name}">{name.replace(".", ".<wbr>")}</a>'


def _claims(table, link: str, known: set[str]) -> str:
    """Link the claims of a table to the scorecard; return its HTML, folded if it is long."""
    rows = [row for row in table.tbody.find_all("tr") if row.th and row.th.get_text() in known]
    heads = [cell.get_text() for cell in table.thead.find_all("th")][_depth(table) :]
    for row in rows:
        if {"paper", "ours"} <= set(heads):
            pair = [row.find_all("td")[heads.index(name)] for name in ("paper", "ours")]
            for cell, text in zip(pair, _counts(*(cell.get_text() for cell in pair)), strict=True):
                cell.string = text
        name = row.th.get_text()
        row.th.clear()
        row.th["scope"] = "row"
        row.th.append(BeautifulSoup(_link(name, link), "html.parser"))
    if rows:
        table["class"] = "dataframe claims"
    if len(rows) <= LONG:
        return str(table)
    verdicts = [row.find_all("td")[-1].get_text() for row in rows]
    counts = [f"{verdicts.count(name)} {name}" for name in dict.fromkeys(verdicts) if not name[:1].isdigit()]
    told = f": {', '.join(counts)}" if 0 < len(counts) <= 4 else ""
    return f'<details class="claims"><summary>All {len(rows)} claims{told}</summary>{table}</details>'


def _dataframe(html: str, link: str, known: set[str]) -> str:
    table = BeautifulSoup(html, "html.parser").table
    if table.thead is None or table.tbody is None:
        return html
    _join_heads(table)
    _drop_counting_index(table)
    _join_intervals(table)
    _align(table)
    return _claims(table, link, known)


def dress(body: str, link: str, known: set[str]) -> str:
    """Return a page's HTML with its tables dressed.

    Parameters
    ----------
    link : address of a claim on the scorecard, to which its id is added.
    known : ids of the published claims.
    """
    body = _DATAFRAME.sub(lambda found: _dataframe(found[0], link, known), body)
    body = _EMPTY_HEAD.sub(r"<td\1></td>", body)
    return _CELL.sub(lambda found: f'{found[1]} class="{_marked(found[2])}"{found[3]}{found[4]}', body)


def _marked(classes: str | None) -> str:
    """Return the classes of a cell with a number, which a column of text keeps."""
    return classes if classes in ("text", "number") else f"{classes} number" if classes else "number"
