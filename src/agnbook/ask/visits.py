"""A survey's table of magnitudes, one row a measurement, as visits that have all six bands."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from agnbook.ask import user_columns
from agnbook.errors import BookError, FeatureError
from agnbook.lightcurves import dataset, population

#: What the columns may be called; capitals do not matter. The last of each are Rubin's.
COLUMNS = {
    "object": ("object", "name", "source_name", "object_id", "objectid", "diaobjectid"),
    "time": ("time", "mjd", "expmidptmjd", "midpointmjdtai"),
    "band": ("band", "filter"),
    "magnitude": ("magnitude", "mag", "psfmag"),
    "error": ("error", "magnitude_error", "mag_error", "magerr", "psfmagerr"),
}


@dataclass(frozen=True)
class Object:
    """One object's visits.

    Attributes
    ----------
    name : str
    times : array (n,), days
    magnitudes, errors : arrays (n, 6), in the order of `population.BANDS`
    left_out : int
        Rows of the table that are in no visit: without numbers, or without the other bands.
    problem : str
        Why the visits are no light curve for the models; "" if they are one.
    """

    name: str
    times: np.ndarray
    magnitudes: np.ndarray
    errors: np.ndarray
    left_out: int
    problem: str


def _column(lower: dict, wanted: str) -> str | None:
    return next((lower[name] for name in COLUMNS[wanted] if name in lower), None)


def _numbers(table, column: str, unit: str) -> np.ndarray:
    values = user_columns.numbers(table, column, unit=unit)
    return np.where(np.isfinite(values), values, np.nan)


def _long(table) -> pd.DataFrame:
    """Return the measurements: object, time, band (its position), magnitude, error."""
    lower = {name.lower(): name for name in table.colnames}
    wide = {f"{kind}_{band}": lower.get(f"{kind}_{band}".lower()) for kind in ("mag", "error") for band in population.BANDS}
    is_wide = any(wide.values())
    wanted = ("object", "time") if is_wide else tuple(COLUMNS)
    found = {name: _column(lower, name) for name in wanted} | (wide if is_wide else {})
    if missing := [name for name, column in found.items() if column is None]:
        raise FeatureError(
            f"The table lacks the columns {', '.join(missing)}. Give one row a measurement (object, time, band, magnitude, "
            "error), or one row a visit (object, time, mag_u ... mag_Y, error_u ... error_Y)."
        )
    if not len(table):
        raise FeatureError("The table has no rows; give it at least one object.")
    frame = pd.DataFrame({"object": user_columns.texts(table, found["object"]), "time": _numbers(table, found["time"], "d")})
    if (blank := frame["object"] == "").any():
        raise FeatureError(f"{blank.sum()} rows name no object (the first is row {np.flatnonzero(blank)[0] + 1}); name it.")
    if is_wide:
        parts = [
            frame.assign(
                band=position, magnitude=_numbers(table, found[f"mag_{band}"], "mag"),
                error=_numbers(table, found[f"error_{band}"], "mag"),
            )
            for position, band in enumerate(population.BANDS)
        ]  # fmt: skip
        return pd.concat(parts, ignore_index=True)
    bands = user_columns.texts(table, found["band"])
    # Rubin writes y
    position = bands.map({name: number for number, band in enumerate(population.BANDS) for name in {band, band.lower()}})
    if (unknown := position.isna()).any():
        names = ", ".join(repr(name) for name in bands[unknown].unique()[:8])
        raise FeatureError(f"{unknown.sum()} rows have the band {names}; the models know {', '.join(population.BANDS)}.")
    if absent := [band for number, band in enumerate(population.BANDS) if not (position == number).any()]:
        raise FeatureError(f"No row has the band {', '.join(absent)}; the models need all six of {', '.join(population.BANDS)}.")
    return frame.assign(
        band=position.astype(int), magnitude=_numbers(table, found["magnitude"], "mag"),
        error=_numbers(table, found["error"], "mag"),
    )  # fmt: skip


def read(table, tolerance: float = 0.5) -> list[Object]:
    """Group measurements into visits that have all six bands.

    Measurements of an object that follow each other within `tolerance` are one visit; several of one band in it are
    averaged with their inverse variances; visits without all bands are left out, as are rows without a time,
    magnitude or positive error.

    Parameters
    ----------
    table : astropy.table.Table
        One row a measurement: object, time (days), band, magnitude, error (mag), under the names in `COLUMNS`; or one
        row a visit: object, time, ``mag_u`` ... ``mag_Y``, ``error_u`` ... ``error_Y``.
    tolerance : days

    Raises
    ------
    FeatureError
        For missing columns (all named), no rows, rows without an object, unknown bands and bands that no row has.
    """
    if not tolerance >= 0:
        raise FeatureError(f"The tolerance must be 0 days or more, not {tolerance}.")
    rows = _long(table)
    order = {name: number for number, name in enumerate(rows["object"].unique())}  # as in the table
    total = rows["object"].value_counts()
    good = rows[["time", "magnitude", "error"]].notna().all(axis=1) & (rows["error"] > 0)
    rows = rows[good].assign(number=rows.loc[good, "object"].map(order)).sort_values(["number", "time"], kind="stable")
    apart = (rows["time"].diff().to_numpy() > tolerance) | (rows["number"].diff().to_numpy() != 0)
    rows["visit"] = np.cumsum(apart)
    rows["weight"] = rows["error"] ** -2.0
    rows["product"] = rows["weight"] * rows["magnitude"]
    cells = rows.groupby(["visit", "band"]).agg(
        weight=("weight", "sum"), product=("product", "sum"), rows=("weight", "size")
    ).reset_index()  # fmt: skip
    times = rows.groupby("visit").agg(time=("time", "mean"), number=("number", "first"))
    weight, product, size = (np.zeros((len(times), 6)) for _ in range(3))
    at = cells["visit"].to_numpy() - 1, cells["band"].to_numpy()
    for array, name in ((weight, "weight"), (product, "product"), (size, "rows")):
        array[at] = cells[name]
    complete = (size > 0).all(axis=1)
    objects = []
    for name, number in order.items():
        mine = np.flatnonzero(times["number"].to_numpy() == number)
        kept = mine[complete[mine]]
        magnitudes, errors = product[kept] / weight[kept], weight[kept] ** -0.5
        problem = ""
        if len(mine) and not len(kept):
            seen = ", ".join(f"{band} {count:.0f}" for band, count in zip(population.BANDS, size[mine].sum(axis=0), strict=True))
            problem = f"No visit has all six bands within {tolerance:g} d (measurements: {seen})."
        else:
            try:
                dataset.check(times["time"].to_numpy()[kept], magnitudes, errors)
            except BookError as error:
                problem = str(error)
        left_out = int(total[name] - size[kept].sum())
        objects.append(Object(name, times["time"].to_numpy()[kept], magnitudes, errors, left_out, problem))
    return objects
