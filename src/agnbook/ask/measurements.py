"""Users' tables of light curves: any survey's columns, bands and units, one `Measured` an object.

A table is *long* (one row a measurement), *wide* (one row a visit, a pair of columns a band), or has one row an object whose
cells hold lists (Parquet, nested or not; vector columns of FITS). What is wrong with one row or one object costs only that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from agnbook.ask import object_facts, user_columns
from agnbook.ask.curve_options import Options, column_of
from agnbook.ask.flux_units import in_nanojansky
from agnbook.ask.measured_rows import measured_rows
from agnbook.ask.plain_columns import Columns
from agnbook.errors import BookError, FeatureError
from agnbook.sky import bands

#: What times may be that all lie between two numbers, where the days of no archive lie.
_NO_DAYS = {"years": (1900.0, 2100.0), "dates written as numbers": (19000101.0, 21001231.0)}


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
    position : right ascension and declination (degrees, J2000), NaN where not given.
    dust : band -> Galactic extinction (mag), for the bands whose extinction is given or follows from A_V.
    left_out : reason -> number of rows.
    notes : what had to be assumed, in words.
    problem : why there is no light curve, or "".
    row : the first row of the table, counted from 0, that is of this object; of lists, that of the object itself.
    """

    name: str
    times: np.ndarray
    bands: np.ndarray
    values: np.ndarray
    errors: np.ndarray
    unit: str = "mag"
    redshift: float = np.nan
    absolute_magnitude: float = np.nan
    position: tuple[float, float] = (np.nan, np.nan)
    dust: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    problem: str = ""
    row: int = 0


def read(table, options: Options | None = None, objects=None) -> list[Measured]:
    """Read a table of light curves.

    Parameters
    ----------
    table : astropy Table, pandas DataFrame or Arrow table; see the module and `curve_options.NAMES`.
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
    rows = measured_rows(columns, options)
    known, places = object_facts.known(columns, options, rows["object"]), object_facts.places(columns, rows["object"])
    if objects is not None:
        about = Columns(objects)
        known = object_facts.join(known, about, options)
        places = object_facts.places(about, about.texts(column_of(about, "object", Options()))).combine_first(places)
    first = np.unique(rows["object"].astype(str), return_index=True)
    row_of = {name: int(columns.row[at % columns.length]) for name, at in zip(*first, strict=True)}
    return [replace(each, row=row_of[each.name]) for each in _objects(rows, known, places, options)]


def _objects(rows: dict, known: dict, places: pd.DataFrame, options: Options) -> list[Measured]:
    codes, names = pd.factorize(rows["object"], use_na_sentinel=False)
    names = [str(name) for name in names]
    facts, notes = object_facts.of_objects(known, names)
    for name in rows["merged"]:
        notes.setdefault(name, []).append("its name is written with and without spaces at the ends: taken for one object")
    for name in np.array(names, object)[user_columns.look_alike(names)]:
        notes.setdefault(name, []).append("its name looks like that of another object, and differs")
    ra, dec = places.reindex(names).to_numpy(float).T
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
    kind = object_facts.kind_of_extinction(facts["extinction"][0]) if "extinction" in facts else None
    out = []
    for number, name in enumerate(names):
        mine = order[edges[number] : edges[number + 1]]
        given = {
            key: rows[key][mine] for key in ("time", "band", "mag", "mag_error", "flux", "flux_error", "flagged", "hopeless")
        }
        said = list(notes.get(name, []))
        about = {}
        for role in ("redshift", "absolute_magnitude"):
            value = facts[role][1][number] if role in facts else np.nan
            lowest, highest = (0, 20) if role == "redshift" else (-40, 0)
            if np.isfinite(value) and not lowest < value < highest:
                said.append(f"{role.replace('_', ' ')} {value:g} is none: not used")
                value = np.nan
            about[role] = value
        about["position"] = (ra[number], dec[number])
        dust = object_facts.dust(kind, facts["extinction"][1][number], set(given["band"]), options, said) if kind else {}
        out.append(_one(name, given, rows["unit"], rows.get("difference", False), about | {"dust": dust}, said, options))
    return out


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
    if why := next((text for text in given["hopeless"] if text), ""):
        return failed(why)
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
    first, last = (given["time"][kept].min(), given["time"][kept].max()) if kept.any() else (np.nan, np.nan)
    for what, (low, high) in _NO_DAYS.items():
        if low < first and last < high:
            said.append(f"times from {first:.8g} to {last:.8g} taken for days: are they {what}?")
    kind = "flux" if has_flux[kept].any() else "mag"
    return Measured(
        name, given["time"][kept], given["band"][kept].astype(str), given[kind][kept], given[f"{kind}_error"][kept],
        unit if kind == "flux" else "mag", **about, left_out=left_out, notes=tuple(said),
    )  # fmt: skip


def light_curve(each: Measured, options: Options | None = None):
    """Clean one object's measurements for the models: an `agnbook.quasars.LightCurve`; its `problem` says what is wrong."""
    from agnbook import quasars

    options = options or Options()
    curve = quasars.light_curve(
        each.name, each.times, each.bands, each.values, each.errors, survey=options.survey, wavelengths=options.wavelengths,
        unit="mag" if each.unit == "mag" else "flux", redshift=each.redshift, absolute_magnitude=each.absolute_magnitude,
        # mean magnitudes of fluxes are those of unit flux 1: the caller turns them back
        extinction=each.dust, zero_point=0.0,
    )  # fmt: skip
    left_out = dict(each.left_out)
    for reason, count in curve.left_out.items():
        left_out[reason] = left_out.get(reason, 0) + count
    problem = each.problem or curve.problem
    if curve.problem and each.left_out and not each.problem:
        problem += f"; not read: {'; '.join(f'{count} x {reason}' for reason, count in each.left_out.items())}"
    return replace(curve, left_out=left_out, problem=problem)
