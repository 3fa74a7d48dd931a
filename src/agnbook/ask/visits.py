"""Times of Rubin's visits: forced photometry as it is served has the number of its visit, and not when that was."""

from functools import cache

import numpy as np
import pandas as pd

from agnbook.ask import terminal
from agnbook.ask.plain_columns import Columns
from agnbook.errors import FeatureError

#: What the visit's number is called, in a table of measurements or of visits.
NAMES = ("visit", "visitid", "visit_id", "ccdvisitid")
#: What a table of visits calls their middle (MJD), best first.
_TIMES = ("expmidptmjd", "midpointmjdtai", "expmidptmjdtai", "obsstartmjd", "mjd", "expmidpt")


@cache
def _read(path: str) -> pd.Series:
    """Times (MJD) by the visit's number, as text."""
    from agnbook.ask import tables

    columns = Columns(tables.read(path, texts=NAMES))
    number, time = columns.first(NAMES), columns.first(_TIMES)
    if number is None or time is None:
        raise FeatureError(
            f"{path} is no table of visits: it needs visit and expMidptMJD, and has {terminal.listed(columns.data)}."
        )
    times = pd.Series(columns.days(time, None), columns.texts(number)).dropna()
    times = times[~times.index.duplicated()]
    if times.empty:
        raise FeatureError(f"{path} holds no times of visits.")
    return times


def times(columns: Columns, path: str) -> np.ndarray:
    """Return when each measurement was made (MJD), NaN for a visit that the table of visits does not know.

    Raises
    ------
    FeatureError
        For measurements without the number of a visit, and for what is no table of visits.
    """
    number = columns.first(NAMES)
    if number is None:
        raise FeatureError(f"--visits needs a column visit among the measurements; there are {terminal.listed(columns.data)}.")
    return _read(str(path)).reindex(columns.texts(number)).to_numpy(float)
