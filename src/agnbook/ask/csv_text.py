"""Text tables as people write them and VizieR does: any separator, decimal commas, a commented header, an index, units."""

import csv
import io
import re
import warnings
from collections import Counter
from itertools import islice

import pandas as pd

from agnbook.ask import memory_size, user_columns
from agnbook.errors import FeatureError

#: A line without the separator that is tried is one cell, and may be as long as a table is wide.
csv.field_size_limit(2**31 - 1)

SEPARATORS = (",", ";", "\t", "|")
#: Rows that are looked at before the text is read.
_LOOKED_AT = 50
#: Line ends within the header, at most.
_MOST_WRAPPED = 500
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
#: What follows the release in a source's name.
_SECOND_HALF = re.compile(r"J\d{4}")
#: A first line that tells spreadsheets of the separator.
_SPREADSHEET = re.compile(r"\Asep=.\n", re.IGNORECASE)
#: What VizieR's text tables say of a column above them: its name, its format, its description.
_OF_A_COLUMN = re.compile(r"#Column\t(?P<name>[^\t]+)\t[^\t]*\t(?P<description>[^\t]*).*")
_EMPTY = ("", "nan", "null", "na", "n/a", "none", "--", "-")


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell) or _DECIMAL_COMMA.fullmatch(cell)) or cell.lower() in ("inf", "-inf", "nan")


def _separator(line: str) -> str:
    """The separator that cuts a line into most cells; a comma where none does."""
    return max(SEPARATORS, key=lambda mark: len(next(csv.reader([line], delimiter=mark))))


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True))]


def _set_apart_by_spaces(lines: list[str]) -> list[list[str]]:
    """The cells of lines whose columns are set apart by spaces; a name such as ``4FGL J0001.2+4741`` may stand unquoted.

    Raises
    ------
    ValueError
        For lines of different numbers of cells.
    """
    rows = [[cell for cell in next(csv.reader([line.strip()], delimiter=" ")) if cell] for line in lines]
    head, *body = rows
    if body and all(len(row) == len(head) + 1 and _SECOND_HALF.match(row[1]) for row in body):
        body = [[" ".join(row[:2]), *row[2:]] for row in body]
    if len({len(row) for row in [head, *body]}) > 1:
        raise ValueError("its lines have different numbers of columns, and no comma, semicolon, tab or | between them")
    return [head, *body]


def _header_on_one_line(text: str) -> str:
    """Return the text with spaces for the line ends in the header's quoted cells, as spreadsheets wrap long titles."""
    mended, end = text, text.find("\n")
    for _ in range(_MOST_WRAPPED):
        if end < 0:
            break
        if mended.count('"', 0, end) % 2 == 0:
            return mended
        mended, end = f"{mended[:end]} {mended[end + 1 :]}", mended.find("\n", end + 1)
    return text


def twins(names) -> list[str]:
    """Return the names that stand several times, in order; columns without a name are none."""
    return sorted(name for name, count in Counter(names).items() if name and count > 1)


def _units(row: list[str], below: list[list[str]]) -> dict[int, str] | None:
    """Column -> unit, if a row has words where numbers stand below it and nothing but units in them; None otherwise."""
    numeric = [k for k in range(len(row)) if any(_is_number(cells[k]) for cells in below if k < len(cells))]
    told = {k: row[k].strip("[]()") for k in numeric if row[k].lower() not in _EMPTY}
    if not below or not told or any(_is_number(row[k]) for k in numeric):
        return None
    try:
        for text in told.values():
            user_columns.parse_unit(text)
    except ValueError:
        return None
    return told


def _unit(text: str):
    """The unit that a text says; one that is unknown may stand by what nobody asks for."""
    from astropy.units import Unit

    try:
        return user_columns.parse_unit(text)
    except ValueError:
        return Unit(text, parse_strict="silent")


def _is_rule(row: list[str]) -> bool:
    """Whether a row is the line of dashes that VizieR draws under names and units."""
    return bool(row) and all(cell and not cell.strip("-") for cell in row) and max(map(len, row)) > 2


def _one_table(text: str) -> str:
    """Return the rows of a table from VizieR without the comments below it.

    Raises
    ------
    ValueError
        For a second table below the first.
    """
    rows, _, below = f"\n{text}".partition("\n#")
    if any(line.strip() and not line.startswith("#") for line in below.split("\n")[1:]):
        raise ValueError("it holds several tables: keep the one that is meant")
    return rows.strip("\n") + "\n"


def _mended(text: str, separator: str, width: int) -> tuple[str, dict[int, str]]:
    """Text whose rows have no more than `width` cells, and which rows had: row -> what is wrong with it, in words.

    Of such a row nobody can say which cell belongs to which column: its first one, a name, is kept. Empty cells at the end
    are none.

    Raises
    ------
    ValueError
        Where half of the rows are too long: then the table is another one than it seems.
    """
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True, strict=True)  # an open quote is an error
    rows = [row for row in reader if row]
    for row in rows:
        while len(row) > width and not row[-1].strip():
            row.pop()
    torn = {
        k: f"it has {len(row)} cells, the header {width}: only its name is used" for k, row in enumerate(rows) if len(row) > width
    }
    if 2 * len(torn) >= len(rows):
        raise ValueError(f"{len(torn)} of its {len(rows)} rows have more cells than the header, which has {width}")
    written = io.StringIO()
    csv.writer(written, delimiter=separator, lineterminator="\n").writerows(
        [row[0], *[""] * (width - 1)] if k in torn else row for k, row in enumerate(rows)
    )
    return written.getvalue(), torn


def parse(text: str, texts=()):
    """Read a text table.

    Parameters
    ----------
    text : of the file; leading lines that begin with ``#`` are comments, the last of them may be the header. VizieR's say what
        the columns are, and a line of dashes stands between its units and its rows.
    texts : lower-case names of columns to be read as texts: identifiers would lose digits, and ``NA`` is a name.

    Returns
    -------
    astropy.table.Table
        With units where the text has a row of them, and VizieR's descriptions. ``meta["unread"]``, if any: row -> why its
        values are not used.

    Raises
    ------
    FeatureError
        For a column that stands twice.
    ValueError
        For what is no table, or several.
    """
    from astropy.table import Table

    text = _SPREADSHEET.sub("", text)
    comment, descriptions = "", {}
    while (below := text.lstrip("\n")).startswith("#"):
        comment, _, text = below.partition("\n")
        if told := _OF_A_COLUMN.fullmatch(comment):
            descriptions[told["name"]] = told["description"]
    text = _header_on_one_line(text.lstrip("\n"))
    lines = [line for line in islice(io.StringIO(text), _LOOKED_AT) if line.strip()]
    if not lines:
        raise ValueError("it is empty")
    separator = _separator(lines[0])
    if len(_cells(lines[0], separator)) == 1 and len(lines[0].split()) > 1:
        cells = _set_apart_by_spaces([line for line in text.splitlines() if line.strip()])
        text, separator = "\n".join("\t".join(row) for row in cells), "\t"
        lines = [line for line in islice(io.StringIO(text), _LOOKED_AT)]
    header = _cells(lines[0], separator)
    title = _cells(comment.lstrip("#"), separator)
    commented = len(title) == len(header) > 1 and any(map(_is_number, header)) and not any(map(_is_number, title))
    if commented:
        header = title
    else:
        text, lines = text.split("\n", 1)[1] if "\n" in text else "", lines[1:]
        while text[:1] in ("\n", "\r"):
            text = text[1:]
    if repeated := twins(header):
        raise FeatureError(f"The column {', '.join(repeated)} stands twice in the header; keep the one that is meant.")
    rows = [_cells(line, separator) for line in lines]
    ruled = len(rows) > 1 and _is_rule(rows[1])
    if ruled:  # VizieR's: the row above holds units, whatever it says, and what follows the last one is told apart by a #
        units = {k: unit for k, unit in enumerate(rows[0]) if unit.lower() not in _EMPTY}
        text, rows = _one_table("\n".join(text.split("\n")[2:])), rows[2:]
    elif units := _units(rows[0], rows[1:]) if rows else None:
        text, rows = text.split("\n", 1)[1], rows[1:]
    cells = [cell for row in rows for cell in row]
    comma = separator != "," and any(map(_DECIMAL_COMMA.fullmatch, cells)) and not any("." in c for c in cells if _is_number(c))
    names = [name or f"column {number + 1}" for number, name in enumerate(header)]
    style = {"sep": separator, "names": names, "header": None, "index_col": False, "skipinitialspace": True}
    unread = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # pandas only warns of rows that are too long
        try:
            frame = pd.read_csv(io.StringIO(text), decimal="," if comma else ".", **style)
        except (pd.errors.ParserError, pd.errors.ParserWarning):
            text, unread = _mended(text, separator, len(names))
            frame = pd.read_csv(io.StringIO(text), decimal="," if comma else ".", **style)
        if plain := [name for name in names if name.lower() in texts]:
            cells = pd.read_csv(io.StringIO(text), usecols=plain, dtype=str, keep_default_na=False, **style)
            frame[plain] = cells.apply(lambda column: column.str.strip())
    if not header[0] and len(header) > 1 and list(frame.iloc[:, 0]) == list(range(len(frame))):  # an index written by pandas
        frame = frame.iloc[:, 1:]
    memory_size.check_texts(frame)
    table = Table.from_pandas(frame)
    if unread:
        table.meta["unread"] = unread
    for column, unit in (units or {}).items():
        if names[column] in table.colnames:
            table[names[column]].unit = _unit(unit)
    for name in descriptions.keys() & set(table.colnames):
        table[name].info.description = descriptions[name]
    return table
