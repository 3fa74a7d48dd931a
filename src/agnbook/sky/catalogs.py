"""Read catalogues as pandas tables."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from agnbook.errors import CatalogError
from agnbook.sky import registry


def read_fits(path: Path | str, columns: list[str] | None = None, hdu: int = 1) -> pd.DataFrame:
    """Read a FITS table into a tidy frame: native byte order, stripped strings, units in `attrs`.

    Parameters
    ----------
    path : path of the FITS file.
    columns : columns to keep; by default all with one value a row. A vector column that is named
        here is spread over columns ``NAME_0``, ``NAME_1``, ...
    hdu : number of the table extension.

    Returns
    -------
    pandas.DataFrame
        One row a source; ``frame.attrs["units"]`` maps columns to unit strings.

    Raises
    ------
    CatalogError
        For an unreadable, truncated, non-FITS or empty file, and for missing columns (all named).
    """
    from astropy.io import fits

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", fits.verify.VerifyWarning)  # a truncated file only warns
            warnings.filterwarnings("error", message="File may have been truncated")
            with open(path, "rb") as file, fits.open(file, memmap=False) as hdus:  # a name might be read as an address
                table, definitions = hdus[hdu].data, hdus[hdu].columns
                table = {column.name: np.asarray(table[column.name]) for column in definitions}
                units = {column.name: column.unit for column in definitions if column.unit}
    except (OSError, IndexError, TypeError, ValueError, KeyError, Warning) as error:
        detail = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        raise CatalogError(
            f"Cannot read {path} as a FITS table ({detail}). It is damaged or of another format; get the file again."
        ) from error
    if missing := [name for name in columns or () if name not in table]:
        raise CatalogError(f"{path} lacks the columns {', '.join(missing)}. Is it the right catalogue?")
    frame = {}
    for name in columns or [name for name, values in table.items() if values.ndim == 1]:
        values = table[name]
        if values.dtype.kind in "SU":
            values = np.char.strip(values.astype(str)).astype(object)
        else:
            values = values.astype(values.dtype.newbyteorder("="))
        if values.ndim == 1:
            frame[name] = values
        else:
            frame.update({f"{name}_{index}": column for index, column in enumerate(values.T)})
    frame = pd.DataFrame(frame)
    if frame.empty:
        raise CatalogError(f"{path} holds no sources. Get the file again.")
    frame.attrs["units"] = {name: unit for name, unit in units.items() if name in frame}
    return frame


def read(name: str, columns: list[str] | None = None) -> pd.DataFrame:
    """Find, verify and read a registered catalogue; see `find` and `read_fits`."""
    return read_fits(registry.find(name), columns)


def read_4lac() -> pd.DataFrame:
    """Read both 4LAC-DR3 files, high-latitude rows first; the column ``file`` says "h" or "l"."""
    parts = {letter: read(f"4lac-dr3-{letter}") for letter in "hl"}
    frame = pd.concat([part.assign(file=letter) for letter, part in parts.items()], ignore_index=True)
    frame.attrs["units"] = parts["h"].attrs["units"]
    return frame
