"""The form in which real light curves come: one row a measurement, or one a visit.

A frame has one row a measurement: ``object``, ``time`` (days), ``band`` (see `agnbook.sky.bands`), then ``magnitude`` and
``error`` or ``flux`` and ``error``; sorted by object, band and time. What an archive writes for "missing" is left out and
counted: ``frame.attrs["left_out"]`` maps the reason to the number of measurements, ``frame.attrs["unit"]`` is the unit of
value and error, ``frame.attrs["survey"]`` the bands' survey ("" where they differ).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd


def measurements(frame: pd.DataFrame, *, unit: str, survey: str = "", first_time: float = -np.inf) -> pd.DataFrame:
    """Sort measurements and leave out what is none, counted by reason.

    Parameters
    ----------
    frame : columns object, time, band, error, and magnitude or flux; a column ``flagged`` marks what the survey itself
        advises not to use.
    first_time : earlier times are nonsense.

    Returns
    -------
    pandas.DataFrame
        A magnitude is kept within 0 and 40 with an error within 0 and 1; a flux, of either sign, with a positive error.
    """
    value = "magnitude" if "magnitude" in frame else "flux"
    given, error, time = (frame[name].to_numpy(float) for name in (value, "error", "time"))
    missing = ~(np.isfinite(given) & np.isfinite(error) & np.isfinite(time))
    sentinel = np.isin(given, (-99.0, -99.99, -80.354, 99.0, 99.99))
    if value == "magnitude":
        sentinel |= ~((given > 0) & (given < 40))
        bad_error = ~((error > 0) & (error < 1))
    else:
        bad_error = ~(error > 0)
    flagged = frame["flagged"].to_numpy(bool) if "flagged" in frame else np.zeros(len(frame), bool)
    kept, left_out = np.ones(len(frame), bool), {}
    for reason, wrong in (
        ("no value", missing | sentinel), ("impossible error", bad_error), ("impossible time", time < first_time),
        ("flagged by the survey", flagged),
    ):  # fmt: skip
        left_out[reason] = int((kept & wrong).sum())
        kept &= ~wrong
    frame = frame[kept].sort_values(["object", "band", "time"], kind="stable", ignore_index=True)
    frame = frame[["object", "time", "band", value, "error"]]
    frame.attrs |= {"unit": unit, "survey": survey, "left_out": left_out}
    return frame


@dataclass(frozen=True)
class Visits:
    """One object's measurements, one row a visit.

    Attributes
    ----------
    times : (n,) days, mean over the bands of a visit.
    values, errors : (n, bands), NaN where a band is missing; several measurements of a band in a visit are averaged
        with their inverse variances.
    """

    times: np.ndarray
    values: np.ndarray
    errors: np.ndarray


def visits(frame: pd.DataFrame, bands, tolerance: float = 0.1) -> dict:
    """Group measurements that follow each other within `tolerance` days into visits.

    Parameters
    ----------
    frame : as the readers return it.
    bands : the bands to keep, in the order of the columns of `Visits`.

    Returns
    -------
    dict
        Object -> `Visits`.
    """
    value = "magnitude" if "magnitude" in frame else "flux"
    column = pd.Index(bands).get_indexer(frame["band"].astype(str))
    rows = pd.DataFrame(
        {
            "object": pd.factorize(frame["object"])[0], "time": frame["time"], "column": column,
            "value": frame[value], "weight": frame["error"] ** -2.0,
        }
    )[column >= 0].sort_values(["object", "time"], kind="stable")  # fmt: skip
    names = frame["object"].unique()
    visit = np.cumsum((rows["time"].diff() > tolerance) | (rows["object"].diff() != 0)) - 1
    n = int(visit.iloc[-1]) + 1 if len(visit) else 0
    weight, product = np.zeros((n, len(bands))), np.zeros((n, len(bands)))
    np.add.at(weight, (visit, rows["column"]), rows["weight"])
    np.add.at(product, (visit, rows["column"]), rows["weight"] * rows["value"])
    with np.errstate(divide="ignore", invalid="ignore"):
        values, errors = product / weight, np.where(weight > 0, weight**-0.5, np.nan)
    times = rows["time"].groupby(visit.to_numpy()).mean().to_numpy()
    owner = rows["object"].groupby(visit.to_numpy()).first().to_numpy()
    start = np.searchsorted(owner, np.arange(len(names) + 1))
    return {name: Visits(times[a:b], values[a:b], errors[a:b]) for name, a, b in zip(names, start[:-1], start[1:], strict=True)}
