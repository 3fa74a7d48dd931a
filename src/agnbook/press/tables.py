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
#: The style that pandas writes before a table, and that would hold for every table of the page.
_PANDAS_STYLE = re.compile(r"<style scoped>.*?</style>\s*", re.DOTALL)
#: What may stand around the name of an interval's end: its level before, its unit after.
_END = re.compile(r"(?:\d\d\s%\s)?(low|high|from|to)(?: \(.+\))?")
#: A value and, behind it, its interval.
_VALUE_AND_INTERVAL = re.compile(r"(.*\S) (\(.+ to .+\))")
#: A long word in a table and the link of a claim, which may break, but not anywhere.
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
_LONG_WORD = re.compile(r"(?<=[>\s])[^\s<>&]{13,}(?=[^<>]*<)")
_CLAIM = re.compile(r'(<a href="[^"]*#claim-([^"]+)">)\2(?=</a>)')
#: A cell of any other table that holds a number, or the dash of a missing one.
_CELL = re.compile(r"(<td)(?: class=\"([^\"]*)\")?(>(?:<p>|<strong>)?)(\s*[<>≈~−+–-]?\s?\d[\d\s.,eE±()–−+%×^-]*\s*|–)(?=<)")
#: A table's empty corner is no header.
_EMPTY_HEAD = re.compile(r"<th((?: [^>]*)?)>(?:<p></p>|\s*)</th>")
#: Longer lists of claims are folded.
LONG = 12
#: Words of so many characters together, and the names of sources, are not broken.
SHORT = 12
_NAME = re.compile(r"\S+ J\d{4}")
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
    ends = [found[1] if (found := _END.fullmatch(name)) else "" for name in names]
    for place in range(len(names) - 1, _depth(table) + 1, -1):
        if ends[place - 1 : place + 1] not in (["low", "high"], ["from", "to"]):
            continue
        from_end = place - len(names)  # a row whose index cell belongs to a group above has fewer cells
        found = [[row[from_end + k] for k in (-2, -1, 0)] for row in rows]
        words = [[cell.get_text(strip=True) for cell in cells] for cells in found]
        if not all(_holds(*each) for each in words):
            continue
        for (value, _, _), (middle, low, high) in zip(found, words, strict=True):
            if low not in _MISSING:
                middle, low, high = _same_digits(middle, low, high)
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


def _same_digits(*texts: str) -> list[str]:
    """Return numbers with as many decimals as the longest of them has."""
    decimals = max(len(text.partition(".")[2]) for text in texts)
    if not decimals or not all(re.fullmatch(r"[−+-]?\d+(?:\.\d+)?", text) for text in texts):
        return list(texts)
    return [(text if "." in text else f"{text}.").ljust(len(text.partition(".")[0]) + 1 + decimals, "0") for text in texts]


def _write(cell, text: str) -> None:
    """Put a number into its cell; its interval may stand below it on a phone, and is never broken."""
    cell.string = text
    if found := _VALUE_AND_INTERVAL.fullmatch(text):
        ends = BeautifulSoup("", "html.parser").new_tag("span", attrs={"class": "ends"})
        cell.string, ends.string = f"{found[1]} ", found[2]
        cell.append(ends)


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
                _write(cell.strong or cell, typeset(word))
            cell["class"] = kind
        for row in head[-1:]:
            row[-column]["class"] = kind
    for row in table.thead.find_all("tr"):
        del row["style"]


def _counts(paper: str, ours: str) -> tuple[str, str]:
    """Return a claim's two numbers; where both are whole they count something, and have no decimals. Nor has nothing."""
    whole = _WHOLE.fullmatch(paper), _WHOLE.fullmatch(ours)
    return (whole[0][1], whole[1][1]) if all(whole) else (paper, "0" if ours == "0.00" else ours)


def claims_list(entries: list[dict], link: str) -> str:
    """Return claims that a page's own tables leave out as one more, folded table."""
    head = "".join(
        f'<th scope="col" class="{"text" if name in ("claim", "verdict") else "number"}">{name}</th>' for name in _HEADS
    )
    rows = []
    for entry in entries:
        pair = claims.number(entry["paper"]), claims.number(entry["ours"])
        if entry["tolerance"] == 0:
            pair = _counts(*pair)
        cells = [*pair, claims.interval_text(entry["interval"])]
        cells.append("–" if entry["n"] is None else str(entry["n"]))
        numbers = "".join(f'<td class="number">{typeset(cell)}</td>' for cell in cells)
        rows.append(f'<tr><th scope="row">{_link(entry["id"], link)}</th>{numbers}<td class="text">{entry["verdict"]}</td></tr>')
    table = f'<table class="table claims"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    told = "1 more claim" if len(entries) == 1 else f"{len(entries)} more claims"
    return f'<details class="claims"><summary>{told} of this chapter</summary>{table}</details>'


def breakable(name: str) -> str:
    """Return a long name as HTML that may break after its dots, underscores and slashes, and nowhere else; no number breaks."""
    return re.sub(r"(?<=\w)([_/](?=\w)|[.=-](?=[^\W\d]))", r"\1<wbr>", name)


def _link(name: str, link: str) -> str:
    """Return the link to a claim; its id may break."""
    return f'<a href="{link}{name}">{breakable(name)}</a>'


def _claims(table, link: str, known: set[str]) -> str:
    """Link the claims of a table to the scorecard; return its HTML, folded if it is long."""
    rows = [row for row in table.tbody.find_all("tr") if row.th and row.th.get_text() in known]
    heads = [cell.get_text() for cell in table.thead.find_all("th")][_depth(table) :]
    for row in rows:
        cells = {name: cell for name, cell in zip(heads, row.find_all("td"), strict=False) if name in ("paper", "ours")}
        shown = _counts(*(cells[name].get_text() if name in cells else "" for name in ("paper", "ours")))
        for name, text in zip(("paper", "ours"), shown, strict=True):
            if name in cells:
                cells[name].string = text
        name = row.th.get_text()
        row.th.clear()
        row.th["scope"] = "row"
        row.th.append(BeautifulSoup(_link(name, link), "html.parser"))
    if rows:
        table["class"] = "dataframe claims"
    if len(rows) <= LONG:
        return str(table)
    verdicts = [row.find_all("td")[-1].get_text() for row in rows] if heads[-1:] == ["verdict"] else []
    counts = [f"{verdicts.count(name)} {name}" for name in dict.fromkeys(verdicts)]
    told = f": {', '.join(counts)}".replace("beyond", "beyond the paper") if counts else ""
    return f'<details class="claims"><summary>All {len(rows)} claims{told}</summary>{table}</details>'


def _dataframe(html: str, link: str, known: set[str]) -> str:
    table = BeautifulSoup(html, "html.parser").table
    if table.thead is None or table.tbody is None:
        return html
    _join_heads(table)
    _drop_counting_index(table)
    _join_intervals(table)
    _align(table)
    for cell in table.tbody.find_all(["td", "th"]):
        words = cell.get_text(strip=True)
        if " " in words and cell.get("class") != "number" and (len(words) <= SHORT or _NAME.match(words)):
            cell["class"] = f"{cell.get('class', '')} whole".strip()
    return _claims(table, link, known)


def dress(body: str, link: str, known: set[str]) -> str:
    """Return a page's HTML with its tables dressed.

    Parameters
    ----------
    link : address of a claim on the scorecard, to which its id is added.
    known : ids of the published claims.
    """
    body = _DATAFRAME.sub(lambda found: _dataframe(found[0], link, known), _PANDAS_STYLE.sub("", body))
    body = _EMPTY_HEAD.sub(r"<td\1></td>", body)
    body = _CLAIM.sub(lambda claim: claim[1] + breakable(claim[2]), body)
    body = _TABLE.sub(lambda table: _LONG_WORD.sub(lambda word: breakable(word[0]), table[0]), body)
    return _CELL.sub(lambda found: f'{found[1]} class="{_marked(found[2])}"{found[3]}{found[4]}', body)


def _marked(classes: str | None) -> str:
    """Return the classes of a cell with a number, which a column of text keeps."""
    return classes if classes in ("text", "number") else f"{classes} number" if classes else "number"
