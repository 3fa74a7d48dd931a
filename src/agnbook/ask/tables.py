"""Read and write a user's table: FITS, CSV, ECSV, VOTable or Parquet, told apart by the file's ending; "-" is a CSV pipe."""

import gzip
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from agnbook import described_tables, storage
from agnbook.ask import csv_text, memory_size, terminal, user_columns
from agnbook.errors import FeatureError

#: Ending of a file's name -> format.
FORMATS = {
    ".fits": "fits", ".fit": "fits", ".fts": "fits", ".fits.gz": "fits", ".csv": "csv", ".tsv": "csv", ".ecsv": "ecsv",
    ".vot": "votable", ".votable": "votable", ".xml": "votable",
    **dict.fromkeys((".parquet", ".parq", ".pq"), "parquet"),
}  # fmt: skip
#: What the names of files that `read` takes end in, as a file chooser wants it: text and FITS may be packed.
ENDINGS = sorted({"gz", *(ending.rpartition(".")[2] for ending in FORMATS)})
PIPE = "-"
#: What XML has no way to write.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: Bytes that a packed file may hold, at most.
MOST_UNPACKED = 2_000_000_000
#: First bytes of a packed file -> how it is packed. Readers unpack some of these whatever the file is called.
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd"}
#: Columns of a FITS table, at most (its standard).
_MOST_FITS_COLUMNS = 999


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


def read(path: str | Path, texts=user_columns.NAME_TEXTS, most_unpacked: int = MOST_UNPACKED):
    """Read a table.

    Parameters
    ----------
    path : file, or ``"-"`` for CSV from standard input; text and FITS may be packed (``.gz``). A CSV may have any
        common separator, see `csv_text`; ECSV is understood under its ending too.
    texts : lower-case names of CSV columns to be read as texts: identifiers would lose digits as numbers.
    most_unpacked : bytes that a packed file may hold.

    Returns
    -------
    astropy.table.Table
        With units where the format has them, and what the format marks as missing masked. Of a FITS file, the first table.

    Raises
    ------
    BookError
        For an address, and for a file that is absent, damaged or of another format than its ending says.
    """
    refuse_address(path)
    check_input(path)
    kind = file_format(Path(path).with_suffix("") if str(path).lower().endswith(".gz") else path)
    where = "standard input" if str(path) == PIPE else str(path)
    try:
        packed = str(path) != PIPE and check_packed(path, most_unpacked)
        return _READERS[kind](path, texts, packed)
    except FeatureError as error:
        raise FeatureError(f"{where}: {error}") from error
    except Exception as error:  # each reader has its own errors, for a file that may hold anything
        detail = getattr(error, "strerror", None) or str(error).strip().partition("\n")[0] or type(error).__name__
        raise FeatureError(f"Cannot read {where} as a {kind} table ({detail}). Check the file and its ending.") from error


def refuse_address(path: str | Path) -> None:
    """Raise a `FeatureError` for an address: some readers would open it."""
    if re.match(r"[a-z][a-z0-9+.-]*://", str(path), re.IGNORECASE):
        raise FeatureError(f"{path} is an address, and nothing is fetched from one unless you say so: --fetch.")


def check_path(path: str | Path) -> None:
    """Raise a `FeatureError` for a path that leads nowhere: too long, through links in a circle, where one may not look."""
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FeatureError(f"{str(path)[:300]} is no path of a file: {reason}. Choose another name.") from error


def check_input(path: str | Path) -> None:
    """Raise a `FeatureError` for what is there and no file: a folder, a pipe or a device, which may never end."""
    if str(path) == PIPE:
        return
    check_path(path)
    if Path(path).is_dir():
        raise FeatureError(f"{path} is a folder. Give a file in it.")
    if Path(path).exists() and not Path(path).is_file():
        raise FeatureError(f"{path} is a pipe or a device. Give a file, or send the table through standard input, named -.")


def check_packed(path, most: int) -> bool:
    """Return whether a file is packed with gzip, by its first bytes.

    Raises
    ------
    FeatureError
        For one that is packed otherwise, and for one that holds more than `most` bytes: it is unpacked bit by bit to see.
    """
    with open(path, "rb") as file:
        start = file.read(6)
    how = next((name for magic, name in _PACKED.items() if start.startswith(magic)), None)
    if how not in (None, "gzip"):
        raise FeatureError(f"it is packed with {how}. Unpack it.")
    if how is None:
        return False
    size = 0
    with gzip.open(path) as file:
        while block := file.read(1 << 20):
            if (size := size + len(block)) > most:
                raise FeatureError(f"unpacked it is larger than {most / 1e6:.0f} MB. Unpack it and give a part, or Parquet.")
    return True


def _decoded(content: bytes) -> str:
    """Return text from bytes: UTF-8, or UTF-16 as spreadsheets mark it; -sig: both may begin with a byte order mark."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is no UTF-8: save it as UTF-8") from None


def text_of(path, packed: bool) -> str:
    """Return what a text file says, every line ended by a line feed; `packed` is what `check_packed` says of it."""
    content = gzip.decompress(Path(path).read_bytes()) if packed else Path(path).read_bytes()
    return _line_feeds(_decoded(content))


def _line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _piped() -> str:
    """Return what standard input says, whatever encoding the terminal has: it is decoded as a file is."""
    if sys.stdin is None:
        raise ValueError("it is closed")
    if not hasattr(sys.stdin, "buffer"):  # a notebook's
        return sys.stdin.read()
    content = sys.stdin.buffer.read(MOST_UNPACKED + 1)
    if len(content) > MOST_UNPACKED:
        raise ValueError(f"it is larger than {MOST_UNPACKED / 1e6:.0f} MB; give a part, or a file in Parquet")
    if how := next((name for magic, name in _PACKED.items() if content.startswith(magic)), None):
        raise ValueError(f"it is packed with {how}; unpack it")
    return _line_feeds(_decoded(content))


def _read_text(path, texts, packed):
    """CSV, or ECSV under either ending."""
    from astropy.table import Table

    text = _piped() if str(path) == PIPE else text_of(path, packed)
    if "\0" in text:
        raise ValueError("it is no text, but holds zero bytes")
    if text.startswith("# %ECSV"):
        memory_size.check_ecsv(text)
        return Table.read(text, format="ascii.ecsv")
    if str(path).lower().removesuffix(".gz").endswith(".ecsv"):
        raise ValueError("it does not begin with '# %ECSV'")
    return csv_text.parse(text, texts)


def _refuse_twins(names) -> None:
    """Refuse two columns of one name: readers would take one of them, or say of neither which it was."""
    if twins := csv_text.twins(str(name).strip() for name in names):
        raise FeatureError(f"It has two columns {', '.join(twins)}; keep the one that is meant.")


def _refuse_votable(path) -> None:
    """Refuse a VOTable whose data lie at an address, which its reader would open (also this machine's files), and huge claims."""
    from astropy.utils.xml import iterparser

    with iterparser.get_xml_iterator(str(path)) as events:
        for start, tag, data, _ in events:
            if start and tag == "STREAM" and "href" in data:
                raise FeatureError(
                    "Its data are not in it, but at an address (STREAM), which is not opened. Save it with its data."
                )
            if start and tag == "FIELD":
                memory_size.check_cell(data.get("name", "without a name"), data.get("arraysize", ""))


def _decode(table) -> None:
    """Make texts of bytes, in place; columns with a cell that is no UTF-8 keep their bytes: whoever needs them tells which."""
    from astropy.table import Table

    for name in table.colnames:
        one = Table([table[name]], names=[name])
        try:
            one.convert_bytestring_to_unicode()
        except UnicodeDecodeError:
            continue
        table[name] = one[name]


def _read_votable(path, texts, packed):
    """VOTable: the first table in it."""
    from astropy.io import votable

    if packed:
        raise ValueError("it is packed; unpack it")
    _refuse_votable(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as on erg, which the standard has given up and every catalogue has
        tables = list(votable.parse(path).iter_tables())
        if not tables:
            raise FeatureError("It holds no table.")
        _refuse_twins(field.name or "" for field in tables[0].fields)
        table = tables[0].to_table(use_names_over_ids=True)
    table.meta["tables"] = len(tables)
    _decode(table)
    return table


def _read_parquet(path, texts, packed):
    """Parquet; an index that pandas stored is a column like others."""
    import pyarrow.parquet as pq
    from astropy.table import Table

    if packed:
        raise ValueError("it is packed; unpack it")
    with open(path, "rb") as file:  # a name could be taken for an address
        _refuse_twins(pq.read_schema(file).names)
        frame = pq.read_table(file).to_pandas(integer_object_nulls=True)  # as floats they would lose digits
    with_zone = [name for name in frame if isinstance(frame[name].dtype, pd.DatetimeTZDtype)]
    frame = frame.assign(**{name: frame[name].dt.tz_convert(None) for name in with_zone})  # astropy takes others for numbers
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    memory_size.check_texts(frame)
    return Table.from_pandas(frame)


def _null(column) -> float:
    """The number that a FITS column has for nothing, once it is scaled: astropy masks it in columns that are not."""
    return float(column.null) * (1 if column.bscale in (None, "") else column.bscale) + (
        0 if column.bzero in (None, "") else column.bzero
    )


def _fits_table(path, unsigned: bool):
    """Return the first table of a FITS file as it is, and what its columns say of themselves."""
    from astropy.io import fits
    from astropy.table import Table

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", fits.verify.VerifyWarning)  # a truncated file only warns
        warnings.filterwarnings("error", message="File may have been truncated")
        with fits.open(path, memmap=False, uint=unsigned) as hdus:
            tables = [hdu for hdu in hdus if isinstance(hdu, (fits.BinTableHDU, fits.TableHDU))]
            if not tables:
                raise FeatureError(f"It holds no table, only {len(hdus)} image{'s' if len(hdus) > 1 else ''}.")
            found = tables[0]
            if found.header.get("TFIELDS", 0) > _MOST_FITS_COLUMNS:
                raise ValueError("its header claims more columns than FITS allows")
            names = [found.header.get(f"TTYPE{number + 1}", "") for number in range(len(found.columns))]
            _refuse_twins(names)
            if "" in names:
                raise FeatureError(f"Its column {names.index('') + 1} has no name (TTYPE{names.index('') + 1}); give it one.")
            table = Table.read(found)
            table.meta["tables"] = len(tables)
            return table, list(found.columns)


def _read_fits(path, texts, packed):
    """FITS: the first extension that is a table; what its header marks as nothing (``TNULLn``) is masked."""
    from astropy.table import MaskedColumn
    from astropy.units import Unit

    try:
        table, columns = _fits_table(path, unsigned=True)
    except TypeError:  # astropy cannot read every unsigned column that has a number for nothing
        table, columns = _fits_table(path, unsigned=False)
    nulls = {column.name: _null(column) for column in columns if column.null not in (None, "")}
    units = {column.name: column.unit for column in columns if column.unit}
    _decode(table)
    for name in table.colnames:
        if not hasattr(table[name], "dtype"):
            continue
        if name in nulls and table[name].dtype.kind in "fiu":  # of floats beyond the standard, and common
            values = np.ma.asarray(table[name])
            nothing = np.ma.getdata(values) == nulls[name]
            table[name] = MaskedColumn(np.ma.getdata(values), mask=np.ma.getmaskarray(values) | nothing)
        if name in units:
            table[name].unit = Unit(units[name], parse_strict="silent")
    return table


_READERS = {"csv": _read_text, "ecsv": _read_text, "votable": _read_votable, "parquet": _read_parquet, "fits": _read_fits}


def without_formulas(values) -> np.ndarray:
    """Put an apostrophe before texts that a spreadsheet would run as a formula (they begin with = + - @, tab or return)."""
    values = np.asarray(values, dtype=object)
    return np.array([f"'{text}" if str(text).startswith(tuple("=+-@\t\r")) else str(text) for text in values], dtype=object)


def check_writable(path: str | Path, overwrite: bool = False) -> None:
    """Raise a `BookError` for an output of unknown format, one that exists or is read-only, and one among the book's data."""
    if str(path) == PIPE:
        return
    check_path(path)
    file_format(path)
    if Path(path).resolve().is_relative_to(storage.DATA.resolve()):
        raise FeatureError(f"{path} is among the book's own data, which only its chapters write. Choose another folder.")
    if Path(path).is_dir():
        raise FeatureError(f"{path} is a folder; the output is a file.")
    if Path(path).exists() and not Path(path).is_file():
        raise FeatureError(f"{path} is no file, but a pipe or a device. Choose another name; - is standard output.")
    if Path(path).exists() and not overwrite:
        raise FeatureError(f"{path} exists. Choose another name, or ask for `overwrite`.")
    storage.check_not_protected(path)


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
            terminal.show(text, end="")
        else:
            storage.write_text(path, text, replace=overwrite)
        return
    if reason := what_it_cannot_hold(table, kind):
        raise FeatureError(f"{reason}; nothing was written to {path}. Choose .ecsv, .csv or .parquet.")
    if kind == "fits":
        described_tables.write_fits(path, table, replace=overwrite)
        return
    with storage.atomic_write(path, replace=overwrite) as temporary:
        table.write(temporary, format="ascii.ecsv" if kind == "ecsv" else kind, overwrite=True)


#: Format -> (its name, what it cannot hold, whether a text has that).
_CANNOT = {
    "fits": ("FITS", "no letters beyond ASCII", lambda text: not text.isascii()),
    "votable": ("VOTable", "no control characters", _CONTROL.search),
}


def what_it_cannot_hold(table, kind: str) -> str:
    """Say which of a table's texts a format has no way to write, "" where there is none."""
    if kind not in _CANNOT:
        return ""
    form, what, is_foreign = _CANNOT[kind]
    for name in table.colnames:
        texts = [name, *(table[name] if table[name].dtype.kind in "UO" else ())]
        if (foreign := next((text for text in map(str, texts) if is_foreign(text)), None)) is not None:
            return f"{form} holds {what}, and {name} has {foreign!r}"
    return ""
