"""What a user's table holds: names, numbers in the catalogues' units, texts; or one message on everything that is wrong."""

import numpy as np
import pandas as pd

from agnbook.errors import FeatureError
from agnbook.sky import features

NAME_COLUMNS = ("Source_Name", "Name", "Source")
#: Units of 4FGL and 4LAC; a table that states others is converted.
UNITS = {
    **dict.fromkeys(("RAJ2000", "DEJ2000", "GLON", "GLAT", "RA_Counterpart", "DEC_Counterpart", "Unc_Counterpart"), "deg"),
    **dict.fromkeys(("Flux1000", "Unc_Flux1000"), "cm-2 s-1"),
    **dict.fromkeys(("Energy_Flux100", "Unc_Energy_Flux100", "nuFnu_syn"), "erg cm-2 s-1"),
    "Pivot_Energy": "MeV", "Highest_energy": "GeV", "HE_EPeak": "MeV", "HE_nuFnuPeak": "MeV cm-2 s-1", "nu_syn": "Hz",
}  # fmt: skip


def require(table, columns, advice: str = "") -> tuple[str, dict[str, str]]:
    """Find the column of names and the wanted ones, whatever their capitals.

    Returns
    -------
    (str, dict)
        Name of the column of names; wanted column -> the table's own spelling.

    Raises
    ------
    FeatureError
        For missing columns (all named, then `advice`), and for a table without rows.
    """
    lower = {column.lower(): column for column in table.colnames}
    name = next((lower[column.lower()] for column in NAME_COLUMNS if column.lower() in lower), None)
    missing = [column for column in columns if column.lower() not in lower]
    if absent := (["Source_Name"] if name is None else []) + missing:
        hint = " 4FGL has no synchrotron fits: take them from 4LAC, or set both columns to 0." if "nu_syn" in missing else ""
        raise FeatureError(f"The table lacks the columns {', '.join(absent)}; use 4LAC / 4FGL column names.{hint}{advice}")
    if not len(table):
        raise FeatureError("The table has no rows; give it at least one source.")
    return name, {column: lower[column.lower()] for column in columns}


def names(table, column: str) -> pd.Series:
    """Return the names, stripped; a `FeatureError` says which are blank or given twice."""
    found = texts(table, column)
    if (blank := found == "").any():
        raise FeatureError(f"{blank.sum()} rows have no {column} (the first is row {np.flatnonzero(blank)[0] + 1}); name them.")
    if (repeated := found.duplicated()).any():
        raise FeatureError(
            f"{column} names {repeated.sum()} sources twice, such as {found[repeated].iloc[0]}; give one row a source."
        )
    return found


def texts(table, column: str) -> pd.Series:
    """Return one column as stripped texts, "" where it is masked or empty."""
    found = pd.Series(np.ma.filled(np.ma.asarray(table[column], dtype=object), ""), dtype=object).fillna("")
    return found.map(lambda value: value.decode() if isinstance(value, bytes) else str(value)).str.strip()


def numbers(table, column: str, name: str | None = None, unit: str | None = None) -> np.ndarray:
    """Return one column as floats in `unit` (by default that of the catalogue's `name`); NaN where it is masked.

    Raises
    ------
    FeatureError
        For text, and for units that cannot be converted.
    """
    from astropy.units import Quantity, UnitConversionError

    given, name = table[column], name or column
    if given.dtype.kind in "fiub":
        values = np.ma.filled(np.ma.asarray(given).astype(float), np.nan)
    else:
        try:
            values = pd.to_numeric(pd.Series(np.ma.filled(np.ma.asarray(given, dtype=object), np.nan))).to_numpy(float)
        except (ValueError, TypeError) as error:
            raise FeatureError(f"{name} must hold numbers ({error}). Correct or empty that cell.") from error
    unit = unit or UNITS.get(name)
    if unit and getattr(given, "unit", None) is not None and str(given.unit) != unit:
        try:  # some files count photons: "ph" is no physical unit
            values = Quantity(values, str(given.unit).replace("ph ", "").replace("ph /", "1 /")).to_value(unit)
        except (UnitConversionError, TypeError, ValueError) as error:
            raise FeatureError(f"{name} is in {given.unit}; give it in {unit}.") from error
    return values


def positions(table) -> np.ndarray | None:
    """Return right ascension and declination in degrees (J2000), shape (n, 2), from either pair of columns.

    None without a pair of numbers; NaN for rows without a position.
    """
    from astropy import units
    from astropy.coordinates import SkyCoord

    lower = {column.lower(): column for column in table.colnames}
    for frame, pair in {"icrs": ("RAJ2000", "DEJ2000"), "galactic": ("GLON", "GLAT")}.items():
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


def refuse_impossible(values: pd.DataFrame, sources: pd.Series) -> None:
    """Raise a `FeatureError` for values that a quantity cannot have, every column with its first source.

    Positive quantities must be above 0, the synchrotron peak and fractions not below it, and a synchrotron peak has
    both columns or none; NaN and infinite values are "not given" and pass.
    """
    wrong = []
    for column in values:
        given = values[column].where(np.isfinite(values[column]))
        positive = column in {*features.BLAZAR_LOG, *features.POSITIVE, "Unc_Flux1000", "HE_EPeak", "HE_nuFnuPeak"}
        if not positive and column not in (*features.SED_OFFSET, "Frac_Variability"):
            continue
        if column == "Highest_energy":  # 0 in the low-latitude file: no photon above 10 GeV
            positive = False
        if (bad := (given <= 0) if positive else (given < 0)).any():
            floor = "positive" if positive else "0 or positive"
            wrong.append(f"{column} must be {floor}, but is not in {bad.sum()} rows, such as {sources[bad].iloc[0]}")
    if set(features.SED_OFFSET) <= set(values) and (half := (values["nu_syn"] > 0) != (values["nuFnu_syn"] > 0)).any():
        half &= values[list(features.SED_OFFSET)].notna().all(axis=1)
        if half.any():
            first = sources[half].iloc[0]
            wrong.append(f"nu_syn, nuFnu_syn must both be 0 or both positive, but are not in {half.sum()} rows, such as {first}")
    if wrong:
        raise FeatureError("; ".join(wrong) + ". Correct these values, or leave the cells empty.")


def join_names(columns, marked: np.ndarray) -> np.ndarray:
    """Return the names of the marked columns of every row, shape (n,), from marks of shape (n, columns)."""
    columns, found = np.asarray(columns), np.full(len(marked), "", dtype=object)
    for row in np.flatnonzero(marked.any(axis=1)):
        found[row] = ", ".join(columns[marked[row]])
    return found.astype(str)
