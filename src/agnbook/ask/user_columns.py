"""What a user's table holds: names, numbers in the catalogues' units, words; each row that cannot be used says why.

A value that its column cannot have (a mark for "nothing", another scale, a word that no model knows) is never used: it
becomes "not given", with the reason in words. What concerns the whole table, such as a missing column, is one refusal.
"""

import datetime
import itertools
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from agnbook.ask import memory_size, possible_values, terminal, vizier_names
from agnbook.errors import FeatureError

NAME_COLUMNS = ("Source_Name", "Name", "Source")
#: Frame -> columns of positions in it.
PLACES = {"icrs": ("RAJ2000", "DEJ2000"), "galactic": ("GLON", "GLAT")}
NAME_TEXTS = tuple(name.lower() for name in NAME_COLUMNS)
#: What files write where they state no unit.
NO_UNIT = ("", "-", "--", "---", "none", "null", "unknown", "unitless", "dimensionless")
#: Values that are no names, whatever column they stand in.
TIMES = (datetime.date, datetime.time, datetime.timedelta)
#: A unit in brackets at the end of a name: "Time(days)", "flux [mJy]".
UNIT_IN_NAME = re.compile(r"\s*[(\[]((?:[^()\[\]]|\([^()]*\))*)[)\]]\s*$")


@cache
def unit_in_name(name: str) -> str | None:
    """Return the unit in brackets after a column's name, such as "MeV" of "Pivot_Energy (MeV)"; None where there is none."""
    found = UNIT_IN_NAME.search(name)
    if found is None or found[1].strip().lower() in NO_UNIT:
        return None if found is None else ""
    try:
        parse_unit(found[1])
    except ValueError:
        return None
    return found[1].strip()


def key(name: str) -> str:
    """Return what is left of a column's name where people and VizieR differ: capitals, dashes, ``e_``, a unit in brackets."""
    plain = str(name).strip()
    plain = (plain if unit_in_name(plain) is None else UNIT_IN_NAME.sub("", plain)).lower()
    plain = f"unc{plain[2:]}" if plain.startswith("e_") else plain
    return re.sub(r"[^a-z0-9]", "", plain)


def spelt(table) -> dict[str, list[str]]:
    """Return the `key` of what a table's columns are -> its own names of them; VizieR's names are known, see `vizier_names`."""
    catalogue, found = vizier_names.catalogue_names(table), {}
    for column in table.colnames:
        found.setdefault(key(catalogue.get(column, column)), []).append(column)
    return found


def renamed(table, columns: dict[str, str], known):
    """Return the table with columns called as the catalogues call them: `columns` is catalogue's name -> the table's own.

    Raises
    ------
    FeatureError
        For a name that is neither of the `known` columns nor one of names or positions, as it would be ignored, for a column
        that is not there, and for a name that another column has already.
    """
    if not columns:
        return table
    table, known = table.copy(copy_data=False), (*NAME_COLUMNS, *known, *itertools.chain(*PLACES.values()))
    for wanted, own in columns.items():
        if key(wanted) not in map(key, known):
            raise FeatureError(
                f"--column {wanted}={own}: nothing asks for {wanted}. Take one of {', '.join(dict.fromkeys(known))}."
            )
        if own not in table.colnames:
            raise FeatureError(f"The table has no column {own!r} for {wanted}; it has {terminal.listed(table.colnames)}.")
        if wanted in table.colnames and wanted != own:
            raise FeatureError(f"The table has a column {wanted} already, beside {own}; keep the one that is meant.")
        if (unit := unit_in_name(own)) and not getattr(table[own], "unit", None):
            table[own].unit = parse_unit(unit)
        table.rename_column(own, wanted)
    return table


def require(table, columns, advice: str = "") -> tuple[str, dict[str, str]]:
    """Find the column of names and the wanted ones, in the catalogues' spelling or another; see `key`, `spelt`.

    Returns
    -------
    (str, dict)
        Name of the column of names; wanted column -> the table's own spelling.

    Raises
    ------
    FeatureError
        For missing columns (all named, then `advice`), for two columns that answer one question, and for a table without
        rows.
    """
    lower = spelt(table)
    found = [lower[key(column)][0] for column in NAME_COLUMNS if key(column) in lower]
    missing = [column for column in columns if key(column) not in lower]
    if absent := ([] if found else ["Source_Name"]) + missing:
        hint = " 4FGL has no synchrotron fits: take them from 4LAC, or set both columns to 0." if "nu_syn" in missing else ""
        seen = terminal.listed(table.colnames)
        if (count := table.meta.get("tables", 1)) > 1:
            seen += f"; it is the first of {count} tables in its file, and no other is read"
        raise FeatureError(
            f"The table lacks the columns {', '.join(absent)}; use 4LAC / 4FGL column names, or say "
            f"--column {absent[0]}=NAME.{hint}{advice} It has {seen}."
        )
    for column in (*columns, *NAME_COLUMNS):
        if len(same := lower.get(key(column), [])) > 1:
            raise FeatureError(f"The columns {' and '.join(same)} both stand for {column}; keep the one that is meant.")
    if len(found) > 1 and len(table):
        first, second = (texts(table, column) for column in found[:2])
        if not first.equals(second):
            raise FeatureError(f"{found[0]} and {found[1]} both name the sources, and differently; keep the one that is meant.")
    if not len(table):
        raise FeatureError("The table has no rows; give it at least one source.")
    return found[0], {column: lower[key(column)][0] for column in columns}


def names(table, column: str, wrong: dict | None = None) -> pd.Series:
    """Return the names as they are written, stripped; identifiers keep all their digits.

    Parameters
    ----------
    wrong : row -> why its name is none, filled in: a fraction, a number so long that the file has lost its last digits, bytes
        that are no UTF-8. Such a name is returned in a form that can be told from others.

    Raises
    ------
    FeatureError
        For a column that holds none but such names, and for times, lists, true and false.
    """
    given = table[column]
    kind = getattr(getattr(given, "dtype", None), "kind", None)
    found = texts(table, column) if kind not in (None, *"Mmf") else pd.Series(dtype=object)
    cells = np.ma.filled(np.ma.asarray(given, dtype=object), "") if kind in [*"OSb"] else []
    if kind in (None, "M", "m") or any(isinstance(cell, TIMES) for cell in cells):
        raise FeatureError(f"{column} must hold names, and holds times or positions. Give one text a row.")
    if kind == "b":
        raise FeatureError(f"{column} must hold names, and holds true and false. Give one text a row.")
    if kind == "f":
        values = np.ma.filled(np.ma.asarray(given).astype(float), np.nan)
        found = pd.Series(
            [f"{v:.0f}" if v == np.round(v) else "" if np.isnan(v) else repr(float(v)) for v in values], dtype=object
        )
        lost = np.isfinite(values) & ((values != np.round(values)) | (np.abs(values) >= 2**53)) | np.isinf(values)
        reason = f"its {column} is a floating-point number, which loses digits of a name"
    else:
        lost = np.array([isinstance(cell, bytes) and not is_utf8(cell) for cell in cells], bool)
        reason = f"its {column} holds bytes that are no UTF-8 text"
    if lost.any() and (lost | (found == "").to_numpy()).all():
        raise FeatureError(f"{column}: every row says that {reason} ({found[lost][0]}). Give texts or integers.")
    if wrong is not None:
        wrong |= {int(row): reason for row in np.flatnonzero(lost)}
    return found


def is_utf8(cell: bytes) -> bool:
    """Whether bytes are UTF-8 text."""
    try:
        cell.decode()
    except UnicodeDecodeError:
        return False
    return True


def decoded(cell) -> str:
    """Return a cell as text: bytes that are no UTF-8 are written out, so that different ones stay different."""
    return (cell.decode(errors="backslashreplace") if isinstance(cell, bytes) else str(cell)).strip().rstrip("\0")


def look_alike(names) -> np.ndarray:
    """Mark the names that differ from another of them only in what nobody sees: accents as letters of their own, zero widths."""
    names = pd.Series(np.asarray(names, dtype=object))
    if all(map(str.isascii, names)):
        return np.zeros(len(names), bool)
    seen = names.map(lambda name: "".join(c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c) != "Cf"))
    return (names.groupby(seen).transform("nunique") > 1).to_numpy(bool)


def texts(table, column: str) -> pd.Series:
    """Return one column as stripped texts, "" where it is masked or empty."""
    if getattr(table[column], "ndim", 1) > 1:
        raise FeatureError(f"{column} has several texts a row; give one.")
    found = pd.Series(np.ma.filled(np.ma.asarray(table[column], dtype=object), ""), dtype=object)
    if found.map(lambda value: isinstance(value, (list, tuple, dict, set, np.ndarray))).any():
        raise FeatureError(f"{column} holds lists; give one text a row.")
    return found.fillna("").map(decoded)


def _as_numbers(given, name: str) -> tuple[np.ndarray, dict[int, str]]:
    """Return a column as floats, NaN where it is masked or empty, and the rows whose cells are no numbers."""
    kind = getattr(getattr(given, "dtype", None), "kind", None)
    if kind is None or kind in "Mm":
        raise FeatureError(f"{name} must hold numbers, and holds times or positions. Give the quantity that its name says.")
    if kind == "c" or (kind == "b" and name != "Flags"):
        what = "complex numbers" if kind == "c" else "true and false"
        raise FeatureError(f"{name} must hold numbers, and holds {what}. Give the quantity that its name says.")
    if given.ndim > 1:
        if given.size != len(given):
            raise FeatureError(f"{name} has several values a row; give one.")
        given = np.ma.asarray(given).reshape(len(given))
    if kind in "fiub":
        return np.ma.filled(np.ma.asarray(given).astype(float), np.nan), {}
    cells = pd.Series(np.ma.filled(np.ma.asarray(given, dtype=object), ""), dtype=object)
    cells = cells.map(lambda value: decoded(value) if isinstance(value, bytes) else value)
    blank = cells.isna() | cells.map(lambda value: isinstance(value, str) and not value.strip())
    values = pd.to_numeric(cells.where(~blank, np.nan), errors="coerce").to_numpy(float)
    wrong = np.flatnonzero(np.isnan(values) & ~blank.to_numpy() & (cells.astype(str).str.lower().str.strip() != "nan").to_numpy())
    return values, {int(row): str(cells[row])[: possible_values.QUOTED] for row in wrong}


def parse_unit(text: str):
    """Return the unit that a file means; photons and counts are no physical unit, and the slash may stand several times."""
    import warnings

    from astropy.units import Unit

    plain = re.sub(r"\b(ph|photons?|counts?|ct)\b\s*(\.|\*(?!\*))?", "", text).strip()  # ph.cm**-2.s**-1 is VizieR's
    plain = f"1 {plain}" if plain.startswith("/") else plain
    if plain.count("/") > 1:
        first, *below = plain.split("/")
        plain = f"{first}/({' '.join(below)})"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for style in (None, "fits", "vounit", "cds"):
            try:
                return Unit(plain, format=style)
            except (ValueError, TypeError):
                continue
    raise ValueError(f"{text} is no unit")


def numbers(table, column: str, name: str | None = None, unit: str | None = None, wrong: dict | None = None) -> np.ndarray:
    """Return one column as floats in `unit` (by default that of the catalogue's `name`); NaN where it is masked.

    Parameters
    ----------
    wrong : row -> text of a cell that is no number, filled in; without it such a cell is an error.

    Raises
    ------
    FeatureError
        For times, complex and logical values, for a column without any number but texts, and for units that cannot be
        converted.
    """
    from astropy.units import Quantity, UnitConversionError

    given, name = table[column], name or column
    values, words = _as_numbers(given, name)
    if words and (wrong is None or not np.isfinite(values).any()):
        row, text = next(iter(words.items()))
        raise FeatureError(f"{name} must hold numbers, and row {row + 1} holds {text!r}. Correct or empty that cell.")
    if wrong is not None:
        wrong |= words
    unit = unit or possible_values.UNITS.get(name)
    stated, named = str(getattr(given, "unit", None) or "").strip(), unit_in_name(column) or ""
    if named and stated.lower() not in NO_UNIT and parse_unit(named) != given.unit:
        raise FeatureError(f"{column} is in {stated} by the table, and in {named} by its name; keep the one that is meant.")
    if stated.lower() in NO_UNIT:
        stated = named
    if not stated or stated == unit:
        return values
    try:
        parsed = parse_unit(stated)
    except ValueError:
        if unit is None:  # such as "sigma"
            return values
        raise FeatureError(f"{name} is in {stated}; give it in {unit}.") from None
    try:
        return Quantity(values, parsed).to_value(unit or "")
    except (UnitConversionError, TypeError, ValueError) as error:
        raise FeatureError(f"{name} is in {stated}; give it {f'in {unit}' if unit else 'as a number without a unit'}.") from error


@dataclass
class Rows:
    """The rows of a table, as far as they can be used.

    Attributes
    ----------
    name : the table's own name for its column of names.
    names : pandas.Series of str (n,)
    values : pandas.DataFrame (n, columns), numbers (NaN: not given) and words ("" : not given).
    problem : array of str (n,), why values of a row are not used; empty where nothing is wrong.
    """

    name: str
    names: pd.Series
    values: pd.DataFrame
    problem: np.ndarray


def read_rows(table, columns, words=(), *, advice: str = "", strict: bool = False) -> Rows:
    """Read names, numbers and words of a table; one bad row costs only itself.

    Parameters
    ----------
    table : astropy.table.Table
    columns, words : wanted columns of numbers and of texts, by their names in the catalogues.
    advice : see `require`.
    strict : refuse the table instead, with every kind of problem and its first source.

    Raises
    ------
    FeatureError
        For what concerns the whole table; see `require` and `numbers`.
    """
    name, spelt = require(table, [*columns, *words], advice)
    no_names: dict[int, str] = {}
    sources = names(table, name, no_names)
    memory_size.check_texts(sources.rename(name).to_frame())
    reasons: list[tuple[np.ndarray, str, str]] = []  # rows, kind of problem, reason with a place for the value
    unread = pd.Series(table.meta.get("unread", {}), dtype=object)
    reasons += [(rows.index.to_numpy(), "rows have more cells than the header", text) for text, rows in unread.groupby(unread)]
    reasons += [(np.array([row]), f"{name} is no name", text) for row, text in no_names.items()]
    values = pd.DataFrame(index=range(len(table)))
    for column in columns:
        wrong: dict[int, str] = {}
        found = numbers(table, spelt[column], column, wrong=wrong)
        for row, text in wrong.items():
            reasons.append((np.array([row]), f"{column} must hold numbers", f"{column} must hold numbers, and is {text!r}"))
        values[column], problems = possible_values.possible(column, found)
        reasons += problems
    reasons += possible_values.half_a_peak(values)
    for column in words:
        values[column], problems = possible_values.known_words(column, texts(table, spelt[column]))
        reasons += problems
    reasons += [
        (np.flatnonzero(sources == ""), f"rows have no {name}", f"it has no {name}"),
        (
            np.flatnonzero(look_alike(sources)),
            f"{name} looks like another",
            f"its {name} looks like that of another row, and differs",
        ),
        (
            np.flatnonzero((sources != "") & sources.duplicated(keep=False)),
            f"{name} repeats",
            f"its {name} stands in several rows",
        ),
    ]
    reasons = [reason for reason in reasons if len(reason[0])]
    if strict and reasons:
        told = [
            f"{text} ({len(rows)} row{'s' if len(rows) > 1 else ''}, the first {sources[rows[0]] or f'row {rows[0] + 1}'})"
            for rows, _, text in reasons
        ]
        raise FeatureError("; ".join(told[:8]) + ("; ..." if len(told) > 8 else "") + ". Correct these, or empty the cells.")
    problem = np.full(len(table), "", dtype=object)
    for rows, _, text in reasons:
        problem[rows] = [f"{old}; {text}" if old else text for old in problem[rows]]
    values.loc[(sources == "").to_numpy() | values.index.isin(no_names), list(columns)] = np.nan
    return Rows(name, sources, values, problem.astype(str))


def positions(table) -> np.ndarray | None:
    """Return right ascension and declination in degrees (J2000), shape (n, 2), from either pair of columns.

    None without a pair of numbers; NaN for rows without a position.
    """
    from astropy import units
    from astropy.coordinates import SkyCoord

    lower = {column.lower(): column for column in table.colnames}
    for frame, pair in PLACES.items():
        if not all(name.lower() in lower for name in pair):
            continue
        try:
            longitude, latitude = (numbers(table, lower[name.lower()], name) for name in pair)
        except FeatureError:  # texts such as 11h04m27s: the name must do
            continue
        given = np.isfinite(longitude) & (np.abs(latitude) <= 90)
        longitude, latitude = np.where(given, longitude, np.nan), np.where(given, latitude, np.nan)
        place = SkyCoord(longitude * units.deg, latitude * units.deg, frame=frame).icrs
        return np.stack([place.ra.deg, place.dec.deg], axis=1)
    return None


def join_names(columns, marked: np.ndarray) -> np.ndarray:
    """Return the names of the marked columns of every row, shape (n,), from marks of shape (n, columns)."""
    columns, found = np.asarray(columns), np.full(len(marked), "", dtype=object)
    for row in np.flatnonzero(marked.any(axis=1)):
        found[row] = ", ".join(columns[marked[row]])
    return found.astype(str)
