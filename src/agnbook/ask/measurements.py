"""Users' tables of light curves: any survey's columns, bands and units, one `Measured` an object.

A table is *long* (one row a measurement), *wide* (one row a visit, a pair of columns a band), or has one row an object whose
cells hold lists (Parquet, nested or not; vector columns of FITS). What is wrong with one row or one object costs only that.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from agnbook.ask.plain_columns import UNEQUAL, Columns
from agnbook.errors import BookError, FeatureError
from agnbook.sky import bands

#: What a role's column may be called, best first; capitals do not matter, nor does a unit in brackets.
NAMES = {
    "object": ("diaobjectid", "objectid", "object_id", "dbid", "object", "source_name", "name", "target", "id"),
    "time": ("midpointmjdtai", "expmidptmjd", "expidmptmjd", "mjd", "mjd_obs", "time", "hjd", "bjd", "jd", "date", "day", "t"),
    "band": ("band", "filter", "filtercode", "filtername", "passband", "fid"),
    "flux": ("psfflux", "flux_psf", "flux"),
    "flux_error": ("psffluxerr", "flux_err_psf", "flux_error", "fluxerr", "flux_err", "e_flux", "error", "err"),
    "magnitude": ("magnitude", "mag", "psfmag", "mag_psf"),
    "magnitude_error": (
        "magnitude_error", "mag_error", "mag_err", "magerr", "psfmagerr", "mag_err_psf", "e_mag", "error", "err", "yerr",
    ),
    "redshift": ("redshift",),
    "absolute_magnitude": ("absolute_magnitude",),
    "extinction": ("a_v", "av", "ebv", "e_bv", "e(b-v)"),
}  # fmt: skip
#: Of a pair of columns in a wide table, with the band before or after: what says which is which.
_VALUE, _ERROR = "mag|magnitude|psfmag|flux|psfflux", "e|err|error|sigma|magerr|mag_err|psfmagerr|fluxerr|flux_err|psffluxerr"
_WIDE = re.compile(
    rf"(?:(?P<error>{_ERROR})_(?P<eafter>\w+?)|(?P<ebefore>\w+?)_?(?P<error2>{_ERROR})"
    rf"|(?P<value>{_VALUE})_(?P<after>\w+?)|(?P<before>\w+?)_?(?P<value2>{_VALUE}))",
    re.IGNORECASE,
)
#: Columns that say which measurements the survey itself advises not to use.
_FLAGS = ("pixelflags_bad", "psfflux_flag", "flagged")
_NJY_PER_AB_ZERO = 3.630780547701e12  # flux (nJy) of AB magnitude 0: 10**(31.4 / 2.5)


@dataclass(frozen=True)
class Options:
    """What a table does not say itself.

    Attributes
    ----------
    survey : whose pass bands these are, one of `bands.SURVEYS`.
    wavelengths : band -> effective wavelength (angstrom), of bands that the registry lacks.
    unit : of magnitudes ("mag") or fluxes ("nJy", "nanomaggy", "1e-14 erg s-1 cm-2 A-1"), where columns state none.
    time_unit : of times, where the column states none.
    columns : role (a key of `NAMES`, or "error") -> column.
    object, band : for tables without such a column: the name of all rows.
    redshift, extinction, absolute_magnitude : a column, or a number for every object. Extinction is A_V, E(B - V) or the
        survey's own A_<band>, told apart by the column's name; a number is A_V.
    tolerance : days within which six bands are one visit; for the simulator's models alone.
    """

    survey: str | None = None
    wavelengths: Mapping[str, float] = field(default_factory=dict)
    unit: str | None = None
    time_unit: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    object: str | None = None
    band: str | None = None
    redshift: str | float | None = None
    extinction: str | float | None = None
    absolute_magnitude: str | float | None = None
    tolerance: float = 0.5

    def __post_init__(self):
        if unknown := set(self.columns) - {*NAMES, "error"}:
            raise FeatureError(f"No such role: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}, error.")
        if self.survey is not None:
            bands.known(self.survey)
        for name, angstrom in self.wavelengths.items():
            bands.get(name, None, angstrom)
        if self.unit not in (None, "mag"):
            flux_unit(self.unit)
        if not self.tolerance >= 0:
            raise FeatureError(f"The tolerance must be 0 days or more, not {self.tolerance}.")


@dataclass(frozen=True)
class Measured:
    """One object's measurements as the table has them, in days and one unit, nothing left out but what has no number.

    Attributes
    ----------
    name : str
    times, values, errors : (n,) days; magnitudes or fluxes.
    bands : (n,) names.
    unit : "mag", or the flux's unit as a text ("" where nothing states it).
    redshift, absolute_magnitude : NaN where not given.
    dust : band -> Galactic extinction (mag), for the bands whose extinction is given or follows from A_V.
    left_out : reason -> number of rows.
    notes : what had to be assumed, in words.
    problem : why there is no light curve, or "".
    """

    name: str
    times: np.ndarray
    bands: np.ndarray
    values: np.ndarray
    errors: np.ndarray
    unit: str = "mag"
    redshift: float = np.nan
    absolute_magnitude: float = np.nan
    dust: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    problem: str = ""


# --- units -----------------------------------------------------------------------------------------------------------


def flux_unit(text: str):
    """Return a flux unit of astropy; a `FeatureError` for what is none. "A" is the angstrom, and "maggy" is known."""
    from astropy import units

    spelled = re.sub(r"\bnanomagg(y|ies)\b", "nmgy", str(text).strip(), flags=re.IGNORECASE)
    spelled = re.sub(r"(?<![A-Za-z])A(?![A-Za-z])", "Angstrom", spelled).replace("µ", "u")
    try:
        unit = units.Unit(spelled)
        known = any(
            unit.is_equivalent(like)
            for like in (units.Jy, units.mgy, units.erg / units.s / units.cm**2 / units.AA, units.erg / units.s / units.cm**2)
        )
    except (ValueError, TypeError):
        known = False
    if not known:
        raise FeatureError(
            f"{text!r} is no unit of flux; give mag, nJy, mJy, nanomaggy, 'erg s-1 cm-2 Hz-1' or '1e-14 erg s-1 cm-2 A-1'."
        )
    return unit


def in_nanojansky(text: str, wavelength: float) -> float:
    """Return one of `text`'s units in nJy at a wavelength (angstrom); NaN where no AB magnitude follows from it."""
    from astropy import units

    if not text or text == "mag":
        return np.nan
    unit = flux_unit(text)
    if unit.is_equivalent(units.mgy):  # the AB zero point is 3631 Jy
        return float(unit.to(units.mgy) * _NJY_PER_AB_ZERO)
    try:
        return float(unit.to(units.nJy, equivalencies=units.spectral_density(wavelength * units.AA)))
    except units.UnitConversionError:
        return np.nan


# --- from columns to measurements ------------------------------------------------------------------------------------


def _find(columns: Columns, role: str, options: Options) -> str | None:
    """Return the column of a role: the one that the options name, or the first of `NAMES` that is there."""
    named = options.columns.get(role) or (options.columns.get("error") if role.endswith("_error") else None)
    return columns.first(NAMES[role]) if named is None else columns.named(named, f"--column {role}=")


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


def _check_extinction(name: str) -> tuple[str, str]:
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


def read(table, options: Options | None = None, objects=None) -> list[Measured]:
    """Read a table of light curves.

    Parameters
    ----------
    table : astropy Table, pandas DataFrame or Arrow table; see the module and `NAMES`.
    options : see `Options`.
    objects : a second table, one row an object, with what is known of it: redshift, extinction, absolute magnitude.

    Returns
    -------
    list of `Measured`
        In the order in which the objects come in the table. Rows without a name are one object "" with a problem.

    Raises
    ------
    FeatureError
        For a table without rows, columns that are missing or that the options name in vain, and units that do not fit.
    """
    options = options or Options()
    columns = Columns(table)
    if not columns.length:
        raise FeatureError("The table has no rows; give it at least one measurement.")
    rows = _rows(columns, options)
    known = _known(columns, options, rows["object"])
    if objects is not None:
        known = _join(known, Columns(objects), options)
    return _objects(rows, known, options)


def _rows(columns: Columns, options: Options) -> dict:
    """Return arrays object, time, band, mag, mag_error, flux, flux_error (one row a measurement) and the flux's unit."""
    name, time = _find(columns, "object", options), _find(columns, "time", options)
    value_unit = {}
    band = None if options.band else _find(columns, "band", options)
    pair = {kind: _pair(columns, kind, options) for kind in ("magnitude", "flux")}
    long = band is not None and any(pair.values())
    wide = {} if long or options.band else _wide_pairs(columns)
    own_time = {b: columns.first([f"{word}_{b}".lower() for word in ("time", "mjd")]) for b in wide}
    if wide and all(own_time.values()):
        time = next(iter(own_time.values()))
    missing = [role for role, found in (("object", name or options.object), ("time", time)) if found is None]
    if not long and not wide:
        missing += [] if band or options.band else ["band"]
        missing += [] if any(pair.values()) else ["magnitude or flux", "error"]
    if missing:
        visit = " Join Visit on `visit` for the times (expMidptMJD)." if time is None and "visit" in columns.lower else ""
        raise FeatureError(
            f"The table lacks the columns {', '.join(missing)}; it has {', '.join(n for n in columns.data if n != UNEQUAL)}."
            f"{visit} Give one row a measurement (object, time, band, magnitude or flux, error), or one row a visit "
            "(object, time, mag_g, error_g, ...); or say which column is which (--column ROLE=NAME)."
        )
    who = np.full(columns.length, options.object, object) if name is None or options.object else columns.texts(name)
    rows = {"object": who, "time": columns.days(time, options.time_unit)}
    rows["unequal"] = columns.data.get(UNEQUAL, np.full(columns.length, "", object))
    rows["flagged"] = _flagged(columns)
    if wide:
        parts = [_values(columns, {kind: (value, error)}, options, value_unit) for kind, value, error in wide.values()]
        stacked = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        times = [columns.days(own_time[b] or time, options.time_unit) for b in wide]
        rows = {key: np.tile(values, len(wide)) for key, values in rows.items()} | {"time": np.concatenate(times)}
        rows["band"] = np.repeat(np.array(list(wide), object), columns.length)
    else:
        kinds = {kind: found for kind, found in pair.items() if found}
        stacked = _values(columns, kinds, options, value_unit)
        rows["band"] = np.full(columns.length, options.band, object) if options.band else columns.texts(band)
        if "flux" in kinds and "diasourceid" in columns.lower and kinds["flux"][0].lower() == "psfflux":
            rows["difference"] = True
    return rows | stacked | {"unit": value_unit.get("flux", "")}


def _pair(columns: Columns, kind: str, options: Options) -> tuple[str, str] | None:
    value = _find(columns, kind, options)
    if value is not None and value.lower() == "psfflux" and "diasourceid" in columns.lower and "scienceflux" in columns.lower:
        value, error = columns.lower["scienceflux"], columns.lower.get("sciencefluxerr")  # psfFlux is a difference there
    else:
        error = _find(columns, f"{kind}_error", options)
    return (value, error) if value and error else None


def _values(columns: Columns, kinds: dict, options: Options, value_unit: dict) -> dict[str, np.ndarray]:
    """Return mag, mag_error, flux, flux_error; NaN for the kind that a table does not have."""
    out = {key: np.full(columns.length, np.nan) for key in ("mag", "mag_error", "flux", "flux_error")}
    for kind, (value, error) in kinds.items():
        unit, own = columns.units.get(value), "flux" if kind == "flux" else "mag"
        if unit is None and options.unit is not None and (options.unit == "mag") == (own == "mag"):
            unit = options.unit
        if own == "mag" and options.unit not in (None, "mag") and "flux" not in kinds:
            raise FeatureError(f"{value} holds magnitudes by its name, but the unit given is {options.unit}; name it flux.")
        unit = unit or ("nJy" if value.lower().startswith(("psfflux", "scienceflux")) else "")
        factor = 1.0
        if own == "mag" and unit not in ("", "mag", "mag(AB)"):
            raise FeatureError(f"{value} is in {unit}; give it in mag.")
        if own == "flux" and unit:
            if unit == "mag":
                raise FeatureError(f"{value} is in mag; call it a magnitude.")
            flux_unit(unit)
            factor = _factor(columns.units.get(error, unit), unit, error)
        if own == "flux" and value_unit.setdefault("flux", unit) != unit:
            raise FeatureError(f"Fluxes come in {value_unit['flux']} and in {unit}; give them in one unit.")
        out[own], out[f"{own}_error"] = columns.numbers(value), columns.numbers(error) * factor
    return out


def _factor(given: str, wanted: str, name: str) -> float:
    """Return what turns an error's unit into that of its flux."""
    if given == wanted:
        return 1.0
    try:
        return float(flux_unit(given).to(flux_unit(wanted)))
    except (FeatureError, ValueError) as error:
        raise FeatureError(f"{name} is in {given}; give it in {wanted}, as its flux.") from error


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


def _known(columns: Columns, options: Options, names) -> dict:
    """Return role -> (names, numbers) of what a table says of the objects themselves, or one number for all."""
    out = {}
    for role in ("redshift", "absolute_magnitude", "extinction"):
        given = getattr(options, role)
        column = _find(columns, role, options) if given is None else None
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
            numbers = columns.numbers(column)
            names = names[: columns.length]
            out[role] = ("column", column, names, numbers)
        elif given is not None:
            out[role] = ("number", "A_V" if role == "extinction" else role, float(given))
    return out


def _join(known: dict, columns: Columns, options: Options) -> dict:
    """Add what the table of objects says; it wins over the light curves' own table."""
    name = _find(columns, "object", Options())
    if name is None:
        raise FeatureError(f"The table of objects has no column of names; it has {', '.join(columns.data)}.")
    found = _known(columns, options, columns.texts(name))
    return known | {role: value for role, value in found.items() if value[0] == "column"}


def _of_objects(known: dict, names: list[str]) -> dict:
    """Return role -> (kind or column, array over `names`) and the notes on objects that say two things."""
    out, notes = {}, {}
    for role, value in known.items():
        if value[0] == "wanted":
            raise FeatureError(
                f"No table has a column {value[1]!r} for the {role.replace('_', ' ')}; name one, or give a number."
            )
        if value[0] == "number":
            out[role] = (value[1], np.full(len(names), value[2]))
            continue
        _, column, owners, numbers = value
        frame = pd.DataFrame({"owner": owners, "number": numbers}).dropna()
        grouped = frame.groupby("owner")["number"].agg(["first", "min", "max"]).reindex(names)
        for name in grouped.index[(grouped["max"] - grouped["min"]) > 1e-6 * grouped["max"].abs()]:
            notes.setdefault(name, []).append(f"several values of {column}: the first is taken")
        out[role] = (column, grouped["first"].to_numpy(float))
    return out, notes


def _objects(rows: dict, known: dict, options: Options) -> list[Measured]:
    codes, names = pd.factorize(rows["object"], use_na_sentinel=False)
    names = [str(name) for name in names]
    facts, notes = _of_objects(known, names)
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
    kind = _check_extinction(facts["extinction"][0]) if "extinction" in facts else None
    out = []
    for number, name in enumerate(names):
        mine = order[edges[number] : edges[number + 1]]
        given = {key: rows[key][mine] for key in ("time", "band", "mag", "mag_error", "flux", "flux_error", "flagged", "unequal")}
        said = list(notes.get(name, []))
        about = {}
        for role in ("redshift", "absolute_magnitude"):
            value = facts[role][1][number] if role in facts else np.nan
            lowest, highest = (0, 20) if role == "redshift" else (-40, 0)
            if np.isfinite(value) and not lowest < value < highest:
                said.append(f"{role.replace('_', ' ')} {value:g} is none: not used")
                value = np.nan
            about[role] = value
        dust = _dust(kind, facts["extinction"][1][number], set(given["band"]), options, said) if kind else {}
        out.append(_one(name, given, rows["unit"], rows.get("difference", False), about | {"dust": dust}, said, options))
    return out


def _dust(kind, value: float, names: set, options: Options, said: list) -> dict[str, float]:
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


def _one(name: str, given: dict, unit: str, difference: bool, about: dict, said: list, options: Options) -> Measured:
    """Make one object of its rows: magnitudes or fluxes, mixed ones as fluxes."""
    left_out: dict[str, int] = {}
    empty = np.empty(0)

    def failed(problem: str) -> Measured:
        return Measured(
            name, empty, empty.astype(object), empty, empty, **about, left_out=left_out, notes=tuple(said), problem=problem
        )

    if name == "":
        return failed(f"{len(given['time'])} rows name no object; name it.")
    if unequal := next((text for text in given["unequal"] if text), ""):
        return failed(unequal)
    if difference:
        return failed(
            "psfFlux of a table of diaSources is the difference from a template, which says nothing of relative changes: give "
            "scienceFlux, or forced photometry on the direct images."
        )
    kept = np.ones(len(given["time"]), bool)

    def drop(bad, reason: str) -> None:
        if (bad := bad & kept).any():
            left_out[reason] = int(bad.sum())
            kept[bad] = False

    drop(given["flagged"], "flagged by the survey")
    has_flux = np.isfinite(given["flux"]) & np.isfinite(given["flux_error"])
    has_mag = np.isfinite(given["mag"]) & np.isfinite(given["mag_error"])
    drop(~np.isfinite(given["time"]), "no time")
    drop(~(has_flux | has_mag), "no number")
    drop(given["band"] == "", "no band")
    if has_flux[kept].any() and not has_flux[kept].all():  # magnitudes among fluxes
        sentinel = (given["mag"] == 0) | (given["mag"] <= -5) | (given["mag"] >= 40) | (given["mag_error"] >= 1)
        drop(~has_flux & sentinel, "no magnitude, but a sentinel")
        turned = kept & ~has_flux
        per_unit = np.full(len(turned), np.nan)
        for band in set(given["band"][turned]):
            try:
                wavelength = bands.get(band, options.survey, options.wavelengths.get(band)).wavelength
            except BookError:
                continue
            per_unit[given["band"] == band] = in_nanojansky(unit, wavelength)
        flux = 10 ** (0.4 * (31.4 - np.where(turned, given["mag"], 31.4))) / per_unit
        given["flux"] = np.where(turned, flux, given["flux"])
        given["flux_error"] = np.where(turned, flux * given["mag_error"] * np.log(10) / 2.5, given["flux_error"])
        drop(turned & ~np.isfinite(flux), "magnitude among fluxes of unknown unit")
        if (turned & kept).any():
            said.append(f"{(turned & kept).sum()} magnitudes among fluxes: turned into fluxes as AB magnitudes")
    kind = "flux" if has_flux[kept].any() else "mag"
    return Measured(
        name, given["time"][kept], given["band"][kept].astype(str), given[kind][kept], given[f"{kind}_error"][kept],
        unit if kind == "flux" else "mag", **about, left_out=left_out, notes=tuple(said),
    )  # fmt: skip


def light_curve(each: Measured, options: Options | None = None):
    """Clean one object's measurements for the models: an `agnbook.quasars.LightCurve`; its `problem` says what is wrong."""
    from dataclasses import replace

    from agnbook import quasars

    options = options or Options()
    curve = quasars.light_curve(
        each.name, each.times, each.bands, each.values, each.errors, survey=options.survey, wavelengths=options.wavelengths,
        unit="mag" if each.unit == "mag" else "flux", redshift=each.redshift, absolute_magnitude=each.absolute_magnitude,
        extinction=each.dust,
    )  # fmt: skip
    left_out = dict(each.left_out)
    for reason, count in curve.left_out.items():
        left_out[reason] = left_out.get(reason, 0) + count
    # where the engine gives mean magnitudes of fluxes, they are those of unit flux 1: the caller turns them back
    known = {"zero_point": 0.0} if hasattr(curve, "zero_point") else {}
    return replace(curve, left_out=left_out, problem=each.problem or curve.problem, **known)
