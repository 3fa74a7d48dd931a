"""Where the quasars of Stripe 82 lie, so that one that taught a model is known under any name or by its position.

``python -m agnbook.ask.stripe82_places`` makes ``data/quasars/stripe82_places.csv`` from the archive: its numbers, and for each
the cell of the sky, 2 arcsec wide, in which it lies. Two positions of one quasar lie in one cell or in neighbours.
"""

from functools import cache

import numpy as np
import pandas as pd

from agnbook import storage
from agnbook.ask import seals
from agnbook.errors import ResultsError

PATH = "quasars/stripe82_places.csv"
#: Cells a degree of right ascension or declination.
_CELLS = 1800


def cell(ra, dec, east=0, north=0) -> np.ndarray:
    """Return the numbers of the cells in which positions (degrees) lie, or of those so many cells to their east and north."""
    row = np.floor((np.asarray(dec, float) + 90) * _CELLS).astype(np.int64) + north
    column = (np.floor(np.asarray(ra, float) % 360 * _CELLS).astype(np.int64) + east) % (360 * _CELLS)
    return row * (360 * _CELLS) + column


def build() -> pd.DataFrame:
    """Return ``number`` (dbID) and ``cell`` of every quasar of the archive, by cell."""
    from agnbook.sky import light_curves

    objects = light_curves.stripe82_objects()
    return pd.DataFrame({"number": objects.index, "cell": cell(objects["ra"], objects["dec"])}).sort_values("cell")


@cache
def _table() -> pd.DataFrame:
    seals.check(PATH)
    try:
        return pd.read_csv(storage.DATA / PATH)[["number", "cell"]].astype(np.int64)
    except (OSError, ValueError, KeyError) as error:
        raise ResultsError(f"Cannot read {storage.DATA / PATH}: {error}. Restore it with `git checkout data`.") from None


def place_in(name: str) -> tuple[float, float]:
    """Return right ascension and declination (degrees) that a name such as SDSS J005006.37-005319.0 says, NaN where none."""
    from astropy.coordinates import jparser

    try:
        found = jparser.to_skycoord(name.replace(" ", "").replace("−", "-"))
    except ValueError:
        return np.nan, np.nan
    return float(found.ra.deg), float(found.dec.deg)


def numbers(name: str, position: tuple[float, float] = (np.nan, np.nan)) -> list[int]:
    """Return the numbers of the quasars that may lie where a position (degrees, J2000) or a name says."""
    around, step = [], np.array([-1, 0, 1])
    for ra, dec in (position, place_in(name)):
        if np.isfinite([ra, dec]).all() and abs(dec) <= 90:
            around += cell(ra, dec, step[:, None], step).ravel().tolist()
    return _table()["number"][_table()["cell"].isin(around)].tolist() if around else []


if __name__ == "__main__":
    storage.write_text(storage.DATA / PATH, build().to_csv(index=False, lineterminator="\n"))
