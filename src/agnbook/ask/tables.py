"""Read and write a user's table: FITS, CSV, ECSV, VOTable or Parquet, told apart by the file's ending; "-" is a CSV pipe."""

import io
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from agnbook import described_tables, storage
from agnbook.errors import FeatureError
from agnbook.sky import catalogs

#: Ending of a file's name -> format.
FORMATS = {
    ".fits": "fits", ".fit": "fits", ".fits.gz": "fits", ".csv": "csv", ".ecsv": "ecsv",
    ".vot": "votable", ".votable": "votable", ".xml": "votable", ".parquet": "parquet",
}  # fmt: skip
PIPE = "-"


def file_format(path: str | Path) -> str:
    """Return the format that a name's ending stands for.

    Raises
    ------
    FeatureError
        For any other ending.
    """
    name = Path(path).name.lower()
    for ending, kind in FORMATS.items():
        if str(path) == PIPE or name.endswith(ending):
            return "csv" if str(path) == PIPE else kind
    raise FeatureError(f"{path} has no known ending. Use one of {', '.join(FORMATS)}, or - for a CSV pipe.")


def read(path: str | Path, texts=()):
    """Read a table.

    Parameters
    ----------
    path : file, or ``"-"`` for CSV from standard input. Leading lines of a CSV that begin with ``#`` are comments; those
        of ECSV are understood under either ending.
    texts : lower-case names of CSV columns to be read as texts: identifiers would lose digits as numbers.

    Returns
    -------
    astropy.table.Table
        With units where the format has them. Of a FITS file, the columns of the first table with one value a row.

    Raises
    ------
    BookError
        For a file that is absent, damaged or of another format than its ending says.
    """
    from astropy.table import Table
    from astropy.units import Unit

    kind = file_format(path)
    where = "standard input" if str(path) == PIPE else str(path)
    if kind == "fits":
        frame = catalogs.read_fits(path)
        table = Table.from_pandas(frame)
        for name, unit in frame.attrs["units"].items():
            table[name].unit = Unit(unit, parse_strict="silent")
        return table
    try:
        if kind == "votable":
            table = Table.read(path, format="votable", table_id=0, use_names_over_ids=True)
            table.convert_bytestring_to_unicode()
            return table
        if kind == "parquet":
            return Table.from_pandas(pd.read_parquet(path))
        # -sig: spreadsheets begin their CSV files with a byte order mark
        text = sys.stdin.read() if str(path) == PIPE else Path(path).read_text(encoding="utf-8-sig")
        if text.startswith("# %ECSV"):
            return Table.read(text, format="ascii.ecsv")
        if kind == "ecsv":
            raise ValueError("it does not begin with '# %ECSV'")
        while text.startswith("#"):
            text = text.partition("\n")[2]
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # pandas only warns of rows that are too long
            header = pd.read_csv(io.StringIO(text), index_col=False, nrows=0).columns
            kinds = {name: str for name in header if name.strip().lower() in texts}
            return Table.from_pandas(pd.read_csv(io.StringIO(text), index_col=False, dtype=kinds))
    except Exception as error:  # each reader has its own errors, for a file that may hold anything
        detail = getattr(error, "strerror", None) or str(error).strip().partition("\n")[0] or type(error).__name__
        raise FeatureError(f"Cannot read {where} as a {kind} table ({detail}). Check the file and its ending.") from error


def without_formulas(values) -> np.ndarray:
    """Put an apostrophe before texts that a spreadsheet would run as a formula (they begin with = + - @, tab or return)."""
    values = np.asarray(values, dtype=object)
    return np.array([f"'{text}" if str(text).startswith(tuple("=+-@\t\r")) else str(text) for text in values], dtype=object)


def check_writable(path: str | Path, overwrite: bool = False) -> None:
    """Raise a `FeatureError` for an output of unknown format, one that exists, and one among the book's own data."""
    if str(path) == PIPE:
        return
    file_format(path)
    if Path(path).resolve().is_relative_to(storage.DATA.resolve()):
        raise FeatureError(f"{path} is among the book's own data, which only its chapters write. Choose another folder.")
    if Path(path).exists() and not overwrite:
        raise FeatureError(f"{path} exists. Choose another name, or ask for `overwrite`.")


def write(table, path: str | Path, overwrite: bool = False) -> None:
    """Write an astropy table of one value a cell, atomically; ``"-"`` writes CSV to standard output.

    Raises
    ------
    BookError
        See `check_writable`; and when the operating system refuses.
    """
    check_writable(path, overwrite)
    kind = file_format(path)
    if kind == "csv":
        frame = table.to_pandas()
        texts = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
        frame = frame.assign(**{name: without_formulas(frame[name]) for name in texts})
        text = frame.to_csv(index=False, lineterminator="\n")
        if str(path) == PIPE:
            sys.stdout.write(text)
        else:
            storage.write_text(path, text)
        return
    if kind == "fits":
        _refuse_foreign_letters(table, path)
        described_tables.write_fits(path, table)
        return
    with storage.atomic_write(path) as temporary:
        table.write(temporary, format="ascii.ecsv" if kind == "ecsv" else kind, overwrite=True)


def _refuse_foreign_letters(table, path) -> None:
    """Raise a `FeatureError` for texts that FITS cannot hold."""
    for name in table.colnames:
        if table[name].dtype.kind in "UO" and (
            foreign := [text for text in map(str, [name, *table[name]]) if not text.isascii()]
        ):
            raise FeatureError(
                f"FITS holds no letters beyond ASCII, and {name} has {foreign[0]!r}; nothing was written to {path}. "
                "Choose .ecsv, .csv, .vot or .parquet."
            )
