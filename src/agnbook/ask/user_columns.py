"""What a user's table holds: names, numbers in the catalogues' units, words; each row that cannot be used says why.

A value that its column cannot have (a mark for "nothing", another scale, a word that no model knows) is never used: it
becomes "not given", with the reason in words. What concerns the whole table, such as a missing column, is one refusal.
"""

import itertools
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from agnbook.ask import memory_size, terminal
from agnbook.errors import FeatureError
from agnbook.sky import features, source_classes

NAME_COLUMNS = ("Source_Name", "Name", "Source")
#: Frame -> columns of positions in it.
PLACES = {"icrs": ("RAJ2000", "DEJ2000"), "galactic": ("GLON", "GLAT")}
NAME_TEXTS = tuple(name.lower() for name in NAME_COLUMNS)
#: Units of 4FGL and 4LAC; a table that states others is converted.
UNITS = {
    **dict.fromkeys(("RAJ2000", "DEJ2000", "GLON", "GLAT", "RA_Counterpart", "DEC_Counterpart", "Unc_Counterpart"), "deg"),
    **dict.fromkeys(("Flux1000", "Unc_Flux1000"), "cm-2 s-1"),
    **dict.fromkeys(("Energy_Flux100", "Unc_Energy_Flux100", "nuFnu_syn"), "erg cm-2 s-1"),
    "Pivot_Energy": "MeV", "Highest_energy": "GeV", "HE_EPeak": "MeV", "HE_nuFnuPeak": "MeV cm-2 s-1", "nu_syn": "Hz",
}  # fmt: skip
#: What files write where they state no unit.
NO_UNIT = ("", "-", "--", "---", "none", "null", "unknown", "unitless", "dimensionless")
#: What a quantity can be at all, far beyond what any catalogue holds: lowest, highest.
BOUNDS = {
    **dict.fromkeys(("GLON", "RAJ2000", "RA_Counterpart"), (-180.0, 360.0)),
    **dict.fromkeys(("GLAT", "DEJ2000", "DEC_Counterpart"), (-90.0, 90.0)),
    **dict.fromkeys(("PL_Index", "LP_Index"), (-10.0, 20.0)), "LP_beta": (-10.0, 10.0), "LP_SigCurv": (-1.0, 1e4),
    **dict.fromkeys(("ASSOC_PROB_BAY", "ASSOC_PROB_LR"), (0.0, 1.0)), "Unc_Counterpart": (0.0, 10.0), "Flags": (0.0, 65536.0),
    **dict.fromkeys(("Unc_PL_Index", "Unc_LP_Index", "Unc_LP_beta"), (0.0, 50.0)), "Frac_Variability": (0.0, 50.0),
    **dict.fromkeys(("Flux1000", "Unc_Flux1000", "Energy_Flux100", "Unc_Energy_Flux100", "nuFnu_syn"), (0.0, 1e-3)),
    "Unc_Frac_Variability": (0.0, 90.0), "Signif_Avg": (0.0, 1e5), "Variability_Index": (0.0, 1e10), "nu_syn": (0.0, 1e24),
    "Pivot_Energy": (0.0, 1e8), "Highest_energy": (0.0, 1e6), "HE_EPeak": (0.0, 1e10), "HE_nuFnuPeak": (0.0, 1.0),
}  # fmt: skip
#: Quantities above 0.
_POSITIVE = {*features.BLAZAR_LOG, *features.POSITIVE, "Unc_Flux1000", "HE_EPeak", "HE_nuFnuPeak"} - {"Highest_energy"}
#: Frequencies below this are logarithms, in Hz.
_LOGARITHM = 100.0
#: Positive values below these are none of a synchrotron peak's, but in another unit. No flag would tell: the models add far
#: more to both before they take a logarithm, so that a source without a peak has one.
_LOWEST_PEAK = {"nu_syn": 1e9, "nuFnu_syn": 1e-18}
#: Numbers that people write for "nothing"; where one stands in several rows of a measured quantity, it is none.
_MARKS = (99.0, 999.0, 9999.0, 99999.0)
#: Words that the models know, in any capitals; the empty word is always one.
WORDS = {
    "CLASS": tuple(source_classes.PAPER_CLASSES), "SED_class": ("LSP", "ISP", "HSP"),
    "SpectrumType": ("PowerLaw", "LogParabola", "PLSuperExpCutoff", "PLSuperExpCutoff2", "PLSuperExpCutoff4"),
    "Counterpart_Catalog": (
        *features.COUNTERPART_CATALOGS, "identified", "rass", "nvss", "sumss", "qso", "magn", "dwarfs", "hmxb", "seyrl_b", "sey",
    ),
}  # fmt: skip
#: Texts that say "nothing"; where a column says whether there is something, also those that say "no".
_NOTHING = ("", "nan", "none", "null", "n/a", "na", "unk", "-", "--", "---")
_NO = {"VLBI_Counterpart": ("no", "n", "false", "0", "0.0")}
#: Characters of a cell that a reason quotes.
_QUOTED = 80
#: What VizieR calls columns that its rules (dashes for underscores, ``e_`` for an uncertainty) do not lead to.
_VIZIER = {"4fgl": "sourcename", "ef100": "energyflux100", "uncef100": "uncenergyflux100"}


def key(name: str) -> str:
    """Return what is left of a column's name where people and VizieR differ: capitals, dashes, underscores, ``e_``."""
    plain = str(name).strip().lower()
    plain = f"unc{plain[2:]}" if plain.startswith("e_") else plain
    plain = re.sub(r"[^a-z0-9]", "", plain)
    return _VIZIER.get(plain, plain)


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
        table.rename_column(own, wanted)
    return table


def require(table, columns, advice: str = "") -> tuple[str, dict[str, str]]:
    """Find the column of names and the wanted ones, in the catalogues' spelling or another; see `key`.

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
    lower = {}
    for column in table.colnames:
        lower.setdefault(key(column), []).append(column)
    found = [lower[key(column)][0] for column in NAME_COLUMNS if key(column) in lower]
    missing = [column for column in columns if key(column) not in lower]
    if absent := ([] if found else ["Source_Name"]) + missing:
        hint = " 4FGL has no synchrotron fits: take them from 4LAC, or set both columns to 0." if "nu_syn" in missing else ""
        seen = terminal.listed(table.colnames)
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


def names(table, column: str) -> pd.Series:
    """Return the names as they are written, stripped; identifiers keep all their digits.

    Raises
    ------
    FeatureError
        For fractions, and for numbers so long that the file has lost their last digits.
    """
    kind = getattr(getattr(table[column], "dtype", None), "kind", None)
    if kind is None or kind in "Mm":
        raise FeatureError(f"{column} must hold names, and holds times or positions. Give one text a row.")
    if kind == "f":
        values = np.ma.filled(np.ma.asarray(table[column]).astype(float), np.nan)
        given = values[np.isfinite(values)]
        if (given != np.round(given)).any() or (np.abs(given) > 2**53).any():
            raise FeatureError(f"{column} holds floating-point numbers, which lose digits of a name; give texts or integers.")
        return pd.Series([f"{value:.0f}" if np.isfinite(value) else "" for value in values], dtype=object)
    return texts(table, column)


def texts(table, column: str) -> pd.Series:
    """Return one column as stripped texts, "" where it is masked or empty."""
    if getattr(table[column], "ndim", 1) > 1:
        raise FeatureError(f"{column} has several texts a row; give one.")
    found = pd.Series(np.ma.filled(np.ma.asarray(table[column], dtype=object), ""), dtype=object)
    if found.map(lambda value: isinstance(value, (list, tuple, dict, set, np.ndarray))).any():
        raise FeatureError(f"{column} holds lists; give one text a row.")
    found = found.fillna("")
    try:
        return found.map(lambda value: value.decode() if isinstance(value, bytes) else str(value)).str.strip()
    except UnicodeDecodeError as error:
        raise FeatureError(f"{column} holds bytes that are no UTF-8 text ({error.object!r}). Give texts.") from error


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
    cells = cells.map(lambda value: value.decode() if isinstance(value, bytes) else value)
    blank = cells.isna() | cells.map(lambda value: isinstance(value, str) and not value.strip())
    values = pd.to_numeric(cells.where(~blank, np.nan), errors="coerce").to_numpy(float)
    wrong = np.flatnonzero(np.isnan(values) & ~blank.to_numpy() & (cells.astype(str).str.lower().str.strip() != "nan").to_numpy())
    return values, {int(row): str(cells[row])[:_QUOTED] for row in wrong}


def parse_unit(text: str):
    """Return the unit that a file means; photons and counts are no physical unit, and the slash may stand several times."""
    import warnings

    from astropy.units import Unit

    plain = re.sub(r"\b(ph|photons?|counts?|ct)\b\s*", "", text).strip()
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
    unit = unit or UNITS.get(name)
    stated = str(getattr(given, "unit", None) or "").strip()
    if unit and stated != unit and stated.lower() not in NO_UNIT:
        try:
            values = Quantity(values, parse_unit(str(given.unit))).to_value(unit)
        except (UnitConversionError, TypeError, ValueError) as error:
            raise FeatureError(f"{name} is in {given.unit}; give it in {unit}.") from error
    return values


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
    sources = names(table, name)
    memory_size.check_texts(sources.rename(name).to_frame())
    reasons: list[tuple[np.ndarray, str, str]] = []  # rows, kind of problem, reason with a place for the value
    unread = pd.Series(table.meta.get("unread", {}), dtype=object)
    reasons += [(rows.index.to_numpy(), "rows have more cells than the header", text) for text, rows in unread.groupby(unread)]
    values = pd.DataFrame(index=range(len(table)))
    for column in columns:
        wrong: dict[int, str] = {}
        found = numbers(table, spelt[column], column, wrong=wrong)
        for row, text in wrong.items():
            reasons.append((np.array([row]), f"{column} must hold numbers", f"{column} must hold numbers, and is {text!r}"))
        values[column], problems = _possible(column, found)
        reasons += problems
    reasons += _half_a_peak(values)
    for column in words:
        values[column], problems = _known_words(column, texts(table, spelt[column]))
        reasons += problems
    reasons += [
        (np.flatnonzero(sources == ""), f"rows have no {name}", f"it has no {name}"),
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
    values.loc[(sources == "").to_numpy(), list(columns)] = np.nan
    return Rows(name, sources, values, problem.astype(str))


def _possible(column: str, found: np.ndarray) -> tuple[np.ndarray, list]:
    """Return the numbers that a quantity can be, NaN for the others, and what is wrong with these.

    Minus infinity, by which 4LAC says that there is none, is left for its model to understand.
    """
    low, high = BOUNDS.get(column, (-np.inf, np.inf))
    given, values, told = np.isfinite(found), found.copy(), []
    unit = f" {UNITS[column]}" if column in UNITS else ""

    def refuse(rows, text):
        rows = np.flatnonzero(rows)
        for value in np.unique(found[rows]):
            told.append((rows[found[rows] == value], column, f"{column} is {value:g}{unit}, {text}"))
        values[rows] = np.nan

    if column in _POSITIVE:
        refuse(given & (found <= 0), "and must be positive")
    else:
        refuse(given & (found < low), f"below {low:g}" if low else "and must be 0 or positive")
    refuse(given & (found > high), f"above {high:g}")
    if column == "nu_syn":
        refuse(given & (found > 0) & (found < _LOGARITHM), "a logarithm: give the frequency itself")
    if column in _LOWEST_PEAK:
        refuse(
            np.isfinite(values) & (values > 0) & (values < _LOWEST_PEAK[column]), "too little for a peak: is the unit another?"
        )
    if column == "Flags":
        refuse(np.isfinite(values) & (values != np.floor(values)), "and must be whole")
    else:
        for mark in _MARKS:
            if (rows := np.isfinite(values) & (values == mark)).sum() > 1:
                refuse(rows, "in several rows: taken for a mark of nothing")
    return values, told


def _half_a_peak(values: pd.DataFrame) -> list:
    """Empty a synchrotron peak that has a frequency without a flux, or the other way round."""
    if not set(features.SED_OFFSET) <= set(values):
        return []
    both = values[list(features.SED_OFFSET)]
    half = ((values["nu_syn"] > 0) != (values["nuFnu_syn"] > 0)) & both.notna().all(axis=1)
    values.loc[half, list(features.SED_OFFSET)] = np.nan
    rows = np.flatnonzero(half)
    return [(rows, "nu_syn, nuFnu_syn", "nu_syn, nuFnu_syn must both be 0 or both positive")] if len(rows) else []


def _known_words(column: str, found: pd.Series) -> tuple[pd.Series, list]:
    """Return the words that the models know, "" for the others, and what is wrong with these."""
    plain, told = found.str.lower(), []
    empty = plain.isin((*_NOTHING, *_NO.get(column, ())))
    if column not in WORDS:
        return found.where(~empty, ""), []
    spelt = {word.lower(): word for word in WORDS[column]}
    foreign = ~empty & ~plain.isin(spelt)
    for word in found[foreign].unique():
        text = f"{column} {word[:_QUOTED]!r} is none of {', '.join(WORDS[column])}"
        told.append((np.flatnonzero(found == word), column, text))
    galactic = plain.isin(set(source_classes.PAPER_CLASSES) - set(source_classes.AGN_CLASSES)) & (column == "CLASS")
    for word in found[galactic].unique():
        told.append((np.flatnonzero(found == word), column, f"CLASS {word!r} is no active galaxy"))
    return plain.map(spelt).where(~(empty | foreign | galactic), ""), told


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
