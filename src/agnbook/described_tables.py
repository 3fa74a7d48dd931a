"""Tables whose columns say what they are: written as FITS or ECSV so that astropy and TOPCAT show units and descriptions.

FITS has a keyword for a unit (``TUNITn``) but none for a description. TOPCAT reads and writes ``TCOMMn``; astropy writes a
block of comments of its own. Both are written; either is read.
"""

import io
from pathlib import Path

import numpy as np
import pandas as pd

from agnbook import storage


def describe(table, columns: dict[str, tuple[str, str]]):
    """Give the columns of an astropy table their (unit, description), in place, and return it; others stay as they are."""
    for name in table.colnames:
        if name in columns:
            unit, table[name].description = columns[name]
            table[name].unit = unit or None
    return table


def described(frame: pd.DataFrame, columns: dict[str, tuple[str, str]], meta: dict | None = None):
    """Return a data frame as an astropy table with units and descriptions.

    Parameters
    ----------
    columns : name -> (unit, description)
    meta : what the header says of the whole table: names of at most 8 capitals -> values.
    """
    from astropy.table import Table

    texts = [
        name for name in frame if not (pd.api.types.is_numeric_dtype(frame[name]) or pd.api.types.is_bool_dtype(frame[name]))
    ]
    table = Table({name: np.asarray(frame[name], dtype=str if name in texts else None) for name in frame})
    table.meta = dict(meta or {})
    return describe(table, columns)


def write_fits(path: Path | str, table, replace: bool = True) -> None:
    """Write an astropy table as the first extension of a FITS file, atomically; ``EXTNAME`` in its meta names the extension."""
    from astropy.io import fits

    with storage.atomic_write(path, replace) as temporary:
        table.write(buffer := io.BytesIO(), format="fits")
        with fits.open(io.BytesIO(buffer.getvalue())) as hdus:
            for number, name in enumerate(table.colnames, 1):
                if text := table[name].description:
                    hdus[1].header.set(f"TCOMM{number}", text, after=f"TFORM{number}")
            hdus.writeto(temporary, overwrite=True)


def write_ecsv(path: Path | str, table) -> None:
    """Write an astropy table as ECSV, atomically: its comment lines hold units and descriptions."""
    with storage.atomic_write(path) as temporary:
        table.write(temporary, format="ascii.ecsv", delimiter=",", overwrite=True)


def read_fits(path: Path | str):
    """Read a FITS table as an astropy table with its descriptions, astropy's own or those of TOPCAT's ``TCOMMn``."""
    from astropy.table import Table

    table = Table.read(path)
    table.convert_bytestring_to_unicode()  # FITS holds bytes
    for number, name in enumerate(table.colnames, 1):
        text = table.meta.pop(f"TCOMM{number}", None)
        table[name].description = table[name].description or text
    return table
