"""Files of light curves: tables of any format, files of several bands, and the folders of known archives."""

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from agnbook.ask import measurements, tables, terminal
from agnbook.ask.curve_options import NAMES, Options, column_of
from agnbook.ask.measurements import Measured
from agnbook.ask.plain_columns import Columns
from agnbook.errors import BookError, FeatureError
from agnbook.sky import light_curves

#: Endings of plain text whose columns are set apart by spaces.
TEXT = (".dat", ".txt")


def read(paths, options: Options | None = None, objects=None) -> tuple[list[Measured], Options]:
    """Read one or several files, or the folder of an archive.

    Parameters
    ----------
    paths : a path or several. Rows of one object in several files, such as a file a band, are put together. A folder (or,
        for Stripe 82, its archive) is understood where it is laid out as those of Stripe 82, DES Y4A1 or MACHO.
    options : see `curve_options.Options`.
    objects : path of a table, one row an object, with what is known of it.

    Returns
    -------
    objects, options
        The options with what the archive itself says: survey, extinction, absolute magnitude.

    Raises
    ------
    BookError
        For what cannot be read, and what `measurements.read` refuses; the file is named.
    """
    options = options or Options()
    paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
    about = None if objects is None else _table(objects)
    found = []
    for path in paths:
        try:
            if str(path) != tables.PIPE and (Path(path).is_dir() or ".tar" in Path(path).name):
                table, known, options = _archive(Path(path), options)
            else:
                table, known = _table(path), None
                if len(paths) > 1 and not len(table):  # archives give a header alone for a band without data
                    continue
            found += measurements.read(table, options, about if about is not None else known)
        except BookError as error:
            if len(paths) == 1:
                raise
            raise FeatureError(f"{path}: {error}") from error
    if about is not None:
        _check_joined(about, objects, found)
    if not found:
        raise FeatureError(f"None of the {len(paths)} files has rows; give at least one measurement.")
    return (_together(found) if len(paths) > 1 else found), options


def _check_joined(about, path, found: list[Measured]) -> None:
    """Refuse a table of objects that tells of none of those that have a light curve."""
    columns = Columns(about)
    if not columns.length:
        raise FeatureError(f"{path} holds no rows, so that nothing is known of the objects; leave it out, or fill it.")
    names = columns.texts(column_of(columns, "object", Options()))
    if found and not {each.name for each in found} & set(names):
        raise FeatureError(
            f"{path} tells of {names[0]!r} and others, of no object with a light curve, such as {found[0].name!r}."
        )


def times(path) -> np.ndarray:
    """Return the times in a file: the column of times of a table, or a number a line."""
    tables.refuse_address(path)
    tables.check_input(path)
    if str(path).lower().removesuffix(".gz").endswith(TEXT):
        try:
            return np.loadtxt(path, ndmin=1)
        except (OSError, ValueError) as error:
            raise FeatureError(f"Cannot read times from {path} ({error}). Give a number a line.") from error
    columns = Columns(_table(path))
    name = columns.first(NAMES["time"]) or (next(iter(columns.data)) if len(columns.data) == 1 else None)
    if name is None:
        raise FeatureError(f"{path} has no column of times; it has {terminal.listed(columns.data)}.")
    return columns.days(name, None)


def _table(path):
    """Return a file's table; identifiers of a CSV file are read as texts, so that they keep their digits."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables.refuse_address(path)
    tables.check_input(path)
    name = Path(path).name.lower()
    if str(path) != tables.PIPE and (name.removesuffix(".gz").endswith(TEXT) or name.isdigit()):
        return _text(Path(path))
    if tables.FORMATS.get(Path(name).suffix) == "parquet":
        try:
            with open(path, "rb") as file:  # a name could be taken for an address
                return pq.read_table(file)
        except (pa.ArrowException, OSError) as error:
            raise FeatureError(f"Cannot read {path} as Parquet ({str(error).splitlines()[0]}). Check the file.") from error
    return tables.read(path, texts=NAMES["object"])


def _text(path: Path) -> pd.DataFrame:
    """Read columns set apart by spaces: with a header, or one object of the Stripe 82 archive (17 columns, no header)."""
    try:
        text = tables.text_of(path, tables.check_packed(path, tables.MOST_UNPACKED))
    except (BookError, OSError, EOFError, ValueError, zlib.error) as error:
        raise FeatureError(f"Cannot read {path} as text ({getattr(error, 'strerror', None) or error}).") from error
    if "\0" in text:
        raise FeatureError(f"{path} is no text, but holds zero bytes. Check the file.")
    lines = [line for line in text.splitlines() if line.strip()]
    rows = [line.lstrip("#").split() for line in lines]
    while len(rows) > 1 and len(rows[0]) != len(rows[-1]):  # a title above the header
        rows = rows[1:]
    if not rows or len({len(row) for row in rows}) > 1:
        raise FeatureError(f"{path} has lines of different numbers of columns; give a header and one value a column.")
    if path.name.isdigit() and len(rows[0]) == 17:
        block = np.array(rows, object)
        columns = {"object": np.full(len(block), path.name, object)}
        for number, band in enumerate(light_curves.SDSS):
            columns |= {f"{word}_{band}": block[:, 3 * number + k] for k, word in enumerate(("time", "mag", "error"))}
        return pd.DataFrame(columns)
    return pd.DataFrame(rows[1:], columns=rows[0])


def _archive(path: Path, options: Options):
    """Return light curves, objects and options of a folder laid out as one of the known archives."""
    names = {file.name for file in path.iterdir()} if path.is_dir() else set()
    if ".tar" in path.name or "DB_QSO_S82" in names or "QSO_S82" in names:
        curves, objects = light_curves.read_stripe82(path)
        objects, default = objects.reset_index(), {"survey": "sdss", "extinction": "A_u", "absolute_magnitude": "M_i"}
    elif "quasar_catalog.csv" in names:
        curves, objects, default = light_curves.des(path), light_curves.des_objects(path).reset_index(), {"survey": "des"}
    elif "quasar_info.dat" in names:
        curves, objects, default = light_curves.macho(path), light_curves.macho_objects(path).reset_index(), {"survey": "macho"}
    else:
        raise FeatureError(f"{path} is not laid out as an archive of Stripe 82, DES or MACHO; give the tables in it one by one.")
    if curves.attrs["unit"] != "mag":
        default["unit"] = curves.attrs["unit"]
    told = {key: value for key, value in default.items() if getattr(options, key) is None and key not in options.columns}
    return curves, objects, replace(options, **told)


def _together(found: list[Measured]) -> list[Measured]:
    """Put objects of the same name together."""
    by_name: dict[str, list[Measured]] = {}
    for each in found:
        by_name.setdefault(each.name, []).append(each)
    return [parts[0] if len(parts) == 1 else _joined(parts) for parts in by_name.values()]


def _joined(parts: list[Measured]) -> Measured:
    sound = [each for each in parts if not each.problem]
    if not sound:
        return parts[0]
    first, left_out = sound[0], {}
    for each in parts:
        for reason, count in each.left_out.items():
            left_out[reason] = left_out.get(reason, 0) + count
    if len({each.unit for each in sound}) > 1:
        units = ", ".join(sorted({each.unit or "unknown" for each in sound}))
        return replace(first, problem=f"its files are in different units ({units}); give them in one.")
    known = {role: next((v for v in (getattr(each, role) for each in sound) if np.isfinite(v)), np.nan)
             for role in ("redshift", "absolute_magnitude")}  # fmt: skip
    known["position"] = next((each.position for each in sound if np.isfinite(each.position).all()), (np.nan, np.nan))
    arrays = {key: np.concatenate([getattr(each, key) for each in sound]) for key in ("times", "bands", "values", "errors")}
    dust = {band: value for each in sound for band, value in each.dust.items()}
    notes = tuple(dict.fromkeys(note for each in parts for note in [*each.notes, *([each.problem] if each.problem else [])]))
    return replace(first, **known, **arrays, dust=dust, left_out=left_out, notes=notes)
