"""Rows of a table of light curves in one layout, whatever columns and units they came in: one row a measurement."""

import re

import numpy as np
import pandas as pd

from agnbook.ask import terminal, visits
from agnbook.ask.curve_options import NAMES, Options, column_of
from agnbook.ask.flux_units import flux_unit, magnitude_unit
from agnbook.ask.plain_columns import Columns
from agnbook.errors import FeatureError

#: Of a pair of columns in a wide table, with the band before or after: what says which is which.
_VALUE, _ERROR = "mag|magnitude|psfmag|flux|psfflux", "e|err|error|sigma|magerr|mag_err|psfmagerr|fluxerr|flux_err|psffluxerr"
_WIDE = re.compile(
    rf"(?:(?P<error>{_ERROR})_(?P<eafter>\w+?)|(?P<ebefore>\w+?)_?(?P<error2>{_ERROR})"
    rf"|(?P<value>{_VALUE})_(?P<after>\w+?)|(?P<before>\w+?)_?(?P<value2>{_VALUE}))",
    re.IGNORECASE,
)
#: Columns that say which measurements the survey itself advises not to use.
_FLAGS = (
    "pixelflags_bad", "pixelflags_nodata", "pixelflags_offimage", "pixelflags_edge", "pixelflags_saturatedcenter",
    "pixelflags_crcenter", "pixelflags_suspectcenter", "invalidpsfflag", "psfflux_flag", "flagged",
)  # fmt: skip
#: Columns that name objects and nothing else; an "id" or a "target" may be an exposure's.
_IDENTITIES = ("diaobjectid", "objectid", "object_id", "dbid", "object", "source_name", "name")
#: Rubin's names of fluxes that are differences from a template, whatever table they stand in.
_DIFFERENCES = ("psfdiffflux", "forced_psfdiffflux", "differenceflux")


def measured_rows(columns: Columns, options: Options) -> dict:
    """Return arrays object, time, band, mag, mag_error, flux, flux_error (one row a measurement) and the flux's unit."""
    name, time = column_of(columns, "object", options), column_of(columns, "time", options)
    if options.visits and time is not None:
        raise FeatureError(f"--visits means nothing here: the measurements have times of their own, in {time}. Leave one out.")
    joined = visits.times(columns, options.visits) if options.visits else None
    value_unit = {}
    band = None if options.band else column_of(columns, "band", options)
    pair = {kind: _pair(columns, kind, options) for kind in ("magnitude", "flux")}
    long = band is not None and any(pair.values())
    wide = {} if band or options.band else _wide_pairs(columns)  # with a column of bands a row is one measurement
    own_time = {b: columns.first([f"{word}_{b}".lower() for word in ("time", "mjd")]) for b in wide}
    if wide and all(own_time.values()):
        time = next(iter(own_time.values()))
    has_time = True if joined is not None else time
    missing = [role for role, found in (("object", name or options.object), ("time", has_time)) if found is None]
    if not long and not wide:
        missing += [] if band or options.band else ["band"]
        missing += [] if any(pair.values()) else ["magnitude or flux", "error"]
    if missing:
        hint = ""
        if has_time is None and columns.first(visits.NAMES):
            hint = " Rubin keeps times in Visit: give that table (visit, expMidptMJD) with --visits, or join it."
        if not any(pair.values()) and (difference := columns.first(_DIFFERENCES)):
            hint += f" {columns.plain[difference]} is the difference from a template; take psfFlux, the flux itself."
        raise FeatureError(
            f"The table lacks the columns {', '.join(missing)}; it has {terminal.listed(columns.data)}."
            f"{hint} Give one row a measurement (object, time, band, magnitude or flux, error), or one row a visit "
            "(object, time, mag_g, error_g, ...); or say which column is which (--column ROLE=NAME)."
        )
    if name is not None and not options.object and "object" not in options.columns:
        _refuse_two_identities(columns, name)
    who, no_name = np.full(columns.length, options.object, object), np.full(columns.length, "", object)
    merged: set[str] = set()
    if name is not None and not options.object:
        (who, no_name), merged = columns.names(name), columns.merged(name)
    rows = {"object": who, "no_name": no_name, "time": joined if joined is not None else columns.days(time, options.time_unit)}
    rows["flagged"] = _flagged(columns)
    if wide:
        parts = [_values(columns, {kind: (value, error)}, options, value_unit) for kind, value, error in wide.values()]
        stacked = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        times = [columns.days(own_time[b] or time, options.time_unit) if joined is None else joined for b in wide]
        rows = {key: np.tile(values, len(wide)) for key, values in rows.items()} | {"time": np.concatenate(times)}
        rows["band"] = np.repeat(np.array(list(wide), object), columns.length)
    else:
        kinds = {kind: found for kind, found in pair.items() if found}
        stacked = _values(columns, kinds, options, value_unit)
        rows["band"] = np.full(columns.length, options.band, object) if options.band else columns.texts(band)
        if "flux" in kinds and _is_difference(columns, kinds["flux"][0]):
            rows["difference"] = True
    unequal, no_name = np.resize(columns.unequal(), len(rows["object"])), rows.pop("no_name")
    return (
        rows
        | stacked
        | {"hopeless": np.where(no_name != "", no_name, unequal), "merged": merged, "unit": value_unit.get("flux", "")}
    )


def _groups(columns: Columns, name: str) -> np.ndarray:
    return pd.factorize(pd.Series(columns.data[name], dtype=object).map(str))[0]


def _refuse_two_identities(columns: Columns, name: str) -> None:
    """Refuse a table with two columns of objects where neither only splits what the other holds together, as a filter's would."""
    mine = _groups(columns, name)
    for other in [columns.lower[role] for role in _IDENTITIES if columns.lower.get(role, name) != name]:
        theirs = _groups(columns, other)
        pairs = len(np.unique(mine * len(mine) + theirs))
        if pairs > max(mine.max(), theirs.max(), 0) + 1:
            raise FeatureError(
                f"{name} and {other} both name the objects, and group the rows differently; keep the one that is meant, or say "
                f"--column object={name}."
            )


def _is_dia_source(columns: Columns) -> bool:
    """Whether rows are detections on difference images, where psfFlux is the difference and scienceFlux the flux."""
    return "diasourceid" in columns.lower or columns.nested.lower() == "diasource"


def _is_difference(columns: Columns, value: str) -> bool:
    plain = columns.plain[value].lower()
    return plain in _DIFFERENCES or (plain == "psfflux" and _is_dia_source(columns))


def _pair(columns: Columns, kind: str, options: Options) -> tuple[str, str] | None:
    value = column_of(columns, kind, options)
    if value is not None and value.lower() == "psfflux" and _is_dia_source(columns) and "scienceflux" in columns.lower:
        value, error = columns.lower["scienceflux"], columns.lower.get("sciencefluxerr")  # psfFlux is a difference there
    else:
        error = column_of(columns, f"{kind}_error", options)
    if value and value == error:
        raise FeatureError(f"{value} is named for the {kind} and for its error; name a column for each.")
    return (value, error) if value and error else None


def _values(columns: Columns, kinds: dict, options: Options, value_unit: dict) -> dict[str, np.ndarray]:
    """Return mag, mag_error, flux, flux_error; NaN for the kind that a table does not have."""
    out = {key: np.full(columns.length, np.nan) for key in ("mag", "mag_error", "flux", "flux_error")}
    for kind, (value, error) in kinds.items():
        unit, own = columns.units.get(value), "flux" if kind == "flux" else "mag"
        if options.unit is not None and (options.unit == "mag") == (own == "mag"):
            if unit and not _are_one(unit, options.unit, own):
                raise FeatureError(f"{value} is in {unit} by the table itself, and in {options.unit} by --unit; keep one.")
            unit = unit or options.unit
        if own == "flux" and options.unit == "mag" and "magnitude" not in kinds:
            raise FeatureError(f"{value} holds fluxes by its name, but the unit given is mag; name it a magnitude.")
        if own == "mag" and options.unit not in (None, "mag") and "flux" not in kinds:
            raise FeatureError(f"{value} holds magnitudes by its name, but the unit given is {options.unit}; name it flux.")
        unit = unit or ("nJy" if value.lower().startswith(("psfflux", "scienceflux", "psfdiffflux")) else "")
        factor = 1.0
        if own == "mag" and not _is_magnitude(unit):
            raise FeatureError(f"{value} is in {unit}; give it in mag.")
        if own == "flux" and unit:
            if unit == "mag":
                raise FeatureError(f"{value} is in mag; call it a magnitude.")
            flux_unit(unit)
            factor = _factor(columns.units.get(error, unit), unit, error, flux_unit)
        elif own == "mag" and columns.units.get(error):
            factor = _factor(columns.units[error], "mag", error, magnitude_unit)
        if own == "flux" and value_unit.setdefault("flux", unit) != unit:
            raise FeatureError(f"Fluxes come in {value_unit['flux']} and in {unit}; give them in one unit.")
        out[own], out[f"{own}_error"] = columns.numbers(value), columns.numbers(error) * factor
    return out


def _are_one(first: str, second: str, kind: str) -> bool:
    """Whether two texts are one unit, of "flux" or "mag"; what is no unit at all has its own message."""
    if kind == "mag" or first == second:
        return True
    try:
        return bool(flux_unit(first) == flux_unit(second))
    except FeatureError:
        return True


def _is_magnitude(unit: str) -> bool:
    """Whether a text says magnitudes, of whatever system, and not a part of them."""
    try:
        return float(magnitude_unit(unit).to("mag")) == 1
    except (FeatureError, ValueError, TypeError):
        return False


def _factor(given: str, wanted: str, name: str, unit) -> float:
    """Return what turns an error's unit into that of its flux or magnitude; `unit` makes units of texts."""
    if given == wanted:
        return 1.0
    try:
        return float(unit(given).to(unit(wanted)))
    except (FeatureError, ValueError, TypeError) as error:
        raise FeatureError(f"{name} is in {given}; give it in {wanted}, as what it is the error of.") from error


def _flagged(columns: Columns) -> np.ndarray:
    """Mark what the survey advises not to use: Rubin's bad pixels and failed fits, ZTF's clouds and moonlight."""
    marked = np.zeros(columns.length, bool)
    for name in _FLAGS:
        if name in columns.lower:
            values = columns.data[columns.lower[name]]
            marked |= np.isin(columns.texts(columns.lower[name]), ["True", "true", "1", "T"]) if values.dtype.kind == "O" else (
                np.nan_to_num(values.astype(float)) != 0
            )  # fmt: skip
    if "catflags" in columns.lower:
        marked |= np.nan_to_num(columns.numbers(columns.lower["catflags"])) >= 32768
    return marked


def _wide_pairs(columns: Columns) -> dict[str, tuple[str, str, str]]:
    """Return band -> (kind, value column, error column) of a wide table; kind is "magnitude" or "flux"."""
    values, errors, reserved = {}, {}, {name for names in NAMES.values() for name in names}
    for name in columns.data:
        if name.lower() in reserved or (found := _WIDE.fullmatch(columns.plain[name])) is None:
            continue
        if word := found["value"] or found["value2"]:
            values.setdefault(found["after"] or found["before"], ("flux" if "flux" in word.lower() else "magnitude", name))
        else:
            band = found["eafter"] or found["ebefore"]
            errors.setdefault(re.sub(r"(?<=.)_?(mag|flux)$", "", band, flags=re.IGNORECASE), name)
    for band in errors:  # bare names of bands: V with Verr
        if band not in values and band in columns.data and band.lower() not in reserved:
            values[band] = ("magnitude", band)
    fold = {band.lower(): name for band, name in errors.items()}  # mag_y with error_Y
    pairs = {band: (kind, name, errors.get(band) or fold.get(band.lower())) for band, (kind, name) in values.items()}
    return {band: pair for band, pair in pairs.items() if pair[2]}
