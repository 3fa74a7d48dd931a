"""What a table says of the objects themselves: redshift, absolute magnitude, Galactic extinction."""

import re

import numpy as np
import pandas as pd

from agnbook.ask import flux_units, terminal, user_columns
from agnbook.ask.curve_options import Options, column_of
from agnbook.ask.plain_columns import Columns
from agnbook.errors import BookError, FeatureError
from agnbook.sky import bands

#: What right ascension and declination in degrees (J2000) are called.
_PLACE = ("ra", "ra_deg", "raj2000", "coord_ra"), ("dec", "dec_deg", "decl", "dej2000", "coord_dec")


def places(columns: Columns, names) -> pd.DataFrame:
    """Return ra and dec (degrees) by name: the first of each object, none where the table has lists of them or another unit."""
    found = {}
    for axis, words in zip(("ra", "dec"), _PLACE, strict=True):
        column = next((columns.lower[word] for word in words if word in columns.lower), None)
        if column is None or column in columns.lengths or columns.units.get(column, "deg") not in ("deg", "degree", "degrees"):
            return pd.DataFrame(columns=["ra", "dec"], dtype=float)
        found[axis] = columns.numbers(column)
    return pd.DataFrame(found, index=names[: columns.length]).groupby(level=0).first()


def known(columns: Columns, options: Options, names) -> dict:
    """Return role -> what a table says of the objects themselves.

    That is a column, with names, numbers and the texts that are none, or one number for all, or a column that is wanted still.
    """
    out = {}
    for role in ("redshift", "absolute_magnitude", "extinction"):
        given = getattr(options, role)
        column = column_of(columns, role, options) if given is None else None
        if isinstance(given, str):
            try:
                given = float(given)
            except ValueError:
                # may stand in the table of objects instead
                column = given if given in columns.data else columns.lower.get(given.lower())
                if column is None:
                    out[role] = ("wanted", given)
                    continue
        if column is not None:
            names = names[: columns.length]
            numbers = columns.numbers(column) * _factor(columns.units.get(column, ""), column, role)
            out[role] = ("column", columns.plain[column], names, numbers, columns.not_numbers(column))
        elif given is not None:
            out[role] = ("number", "A_V" if role == "extinction" else role, float(given))
    return out


def _factor(stated: str, column: str, role: str) -> float:
    """Return what turns a column into redshifts, or into magnitudes."""
    wanted = "" if role == "redshift" else "mag"
    if stated.lower() in user_columns.NO_UNIT:
        return 1.0
    try:
        unit = user_columns.parse_unit(stated) if role == "redshift" else flux_units.magnitude_unit(stated)
        return float(unit.to(wanted))
    except (FeatureError, ValueError, TypeError) as error:  # astropy's are of the latter two
        raise FeatureError(f"{column} is in {stated}; give it {'in mag' if wanted else 'as a number without a unit'}.") from error


def join(said: dict, columns: Columns, options: Options) -> dict:
    """Add what the table of objects says; it wins over the light curves' own table."""
    name = column_of(columns, "object", Options())
    if name is None:
        raise FeatureError(f"The table of objects has no column of names; it has {terminal.listed(columns.data)}.")
    found = known(columns, options, columns.texts(name))
    return said | {role: value for role, value in found.items() if value[0] == "column"}


def of_objects(said: dict, names: list[str]) -> dict:
    """Return role -> (kind or column, array over `names`) and the notes on objects that say two things."""
    out, notes = {}, {}
    for role, value in said.items():
        if value[0] == "wanted":
            raise FeatureError(
                f"No table has a column {value[1]!r} for the {role.replace('_', ' ')}; name one, or give a number."
            )
        if value[0] == "number":
            out[role] = (value[1], np.full(len(names), value[2]))
            continue
        _, column, owners, numbers, words = value
        wrong = pd.Series(words, owners, dtype=object)
        for name, word in wrong[wrong != ""].groupby(level=0).first().items():
            notes.setdefault(name, []).append(f"{column} {word!r} is no number: not used")
        frame = pd.DataFrame({"owner": owners, "number": numbers}).dropna()
        grouped = frame.groupby("owner")["number"].agg(["first", "min", "max"]).reindex(names)
        for name in grouped.index[(grouped["max"] - grouped["min"]) > 1e-6 * grouped["max"].abs()]:
            notes.setdefault(name, []).append(f"several values of {column}: the first is taken")
        out[role] = (column, grouped["first"].to_numpy(float))
    return out, notes


def kind_of_extinction(name: str) -> tuple[str, str]:
    """Tell A_V, E(B - V) and a survey's A_<band> apart by the column's name: (kind, band)."""
    plain = re.sub(r"[^a-z]", "", name.lower())
    if plain in ("ebv", "reddening"):
        return "reddening", ""
    if plain in ("av", "visualextinction"):
        return "visual", ""
    if found := re.fullmatch(r"[Aa]_?(\w+)", name):
        return "band", found[1]
    raise FeatureError(
        f"The column {name!r} of extinctions is neither A_V nor E(B-V) by its name; rename it A_V, EBV or A_<band>."
    )


def dust(kind: tuple[str, str], value: float, names: set, options: Options, said: list) -> dict[str, float]:
    """Return band -> extinction (mag) of one object; what cannot be used is added to the notes `said`."""
    if not np.isfinite(value):
        return {}
    if not -0.5 < value < 100:
        said.append(f"extinction {value:g} is none: not used")
        return {}
    found = {}
    for name in names:
        try:
            found[name] = bands.get(name, options.survey, options.wavelengths.get(name)).extinction
        except BookError:  # the light curve will say so
            continue
    which, band = kind
    if which == "band":
        try:
            visual = value / bands.get(band, options.survey, options.wavelengths.get(band)).extinction
        except BookError:
            said.append(f"extinction in the unknown band {band}: not used")
            return {}
    else:
        visual = value if which == "visual" else 3.1 * value
    return {name: ratio * visual for name, ratio in found.items()}
