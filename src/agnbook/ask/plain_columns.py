"""Any kind of table as plain columns, one value a row: astropy, pandas or Arrow; lists and nested columns are unfolded."""

import numpy as np
import pandas as pd

from agnbook.ask import terminal, user_columns
from agnbook.errors import FeatureError

#: Nested columns of Rubin's files, best first: the forced photometry at an object's place, then its detections.
_NESTED = ("objectforcedsource", "diaobjectforcedsource", "forcedsource", "diasource")
_MJD_ZERO = pd.Timestamp("1858-11-17", tz="UTC")


class Columns:
    """Columns of a table.

    Attributes
    ----------
    data : name -> array (n,)
    units : name -> unit, of the columns that state one: in the file, or in brackets after the name.
    plain : name -> name without a unit in brackets.
    lower : `plain` in lower case -> name.
    length : n
    nested : name of the nested column that was unfolded, "" without one.
    lengths : name -> int array, how long each object's list was, of the columns of lists.
    used : names of the columns that were asked for.
    row : int array (n,), the row of the table that each row comes from; several come from one row with lists.
    """

    def __init__(self, table):
        self.units: dict[str, str] = {}
        self.nested = ""
        if isinstance(table, pd.DataFrame) and any(str(kind).startswith("nested<") for kind in table.dtypes):
            table = _arrow(table)  # as LSDB has them
        if not isinstance(table, pd.DataFrame) and hasattr(table, "schema"):
            self.nested = _chosen(table) or ""
        self.used: set[str] = set()
        self.data, self.lengths, row = _unfolded(_arrays(table, self.units))
        self.length = len(next(iter(self.data.values()))) if self.data else 0
        self.row = np.arange(self.length) if row is None else row
        self.plain = {
            name: name if name.lower() == "e(b-v)" else user_columns.UNIT_IN_NAME.sub("", name).strip() for name in self.data
        }
        self.lower: dict[str, str] = {}
        for name, plain in sorted(self.plain.items(), key=lambda item: item[0] != item[1]):  # exact names first
            self.lower.setdefault(plain.lower(), name)
            if plain != name and name not in self.units and (unit := user_columns.UNIT_IN_NAME.search(name)):
                self.units[name] = unit[1]

    def first(self, names) -> str | None:
        """Return the first of some lower-case names that the table has, in its own spelling.

        Raises
        ------
        FeatureError
            Where another column differs from it in capitals alone.
        """
        found = next((self.lower[name] for name in names if name in self.lower), None)
        alike = [name for name in self.data if found is not None and name.lower() == found.lower()]
        if len(alike) > 1:
            raise FeatureError(f"The columns {' and '.join(alike)} differ in capitals alone; keep the one that is meant.")
        return found

    def named(self, column: str, what: str) -> str:
        """Return a column that the user named, in its own capitals or any; a `FeatureError` where there is none."""
        found = column if column in self.data else self.lower.get(column.lower())
        if found is None:
            raise FeatureError(f"The table has no column {column!r} ({what}); it has {terminal.listed(self.data)}.")
        return found

    def unequal(self) -> np.ndarray:
        """Return for each row "" or, in words, that its object's lists differ in length; only lists that were asked for."""
        lists = {name: lengths for name, lengths in self.lengths.items() if name in self.used}
        if not lists:
            return np.full(self.length, "", object)
        lengths = np.array(list(lists.values()))
        problem = np.full(lengths.shape[1], "", object)
        for row in np.flatnonzero((lengths != lengths[0]).any(axis=0)):
            shown = ", ".join(f"{name} {length}" for name, length in zip(lists, lengths[:, row], strict=True))
            problem[row] = f"Lists of unequal lengths: {shown}."
        return problem[self.row]

    def _asked(self, name: str) -> np.ndarray:
        self.used.add(name)
        return self.data[name]

    def texts(self, name: str) -> np.ndarray:
        """Return a column as stripped texts, "" where it is empty; whole numbers keep all their digits.

        Raises
        ------
        FeatureError
            For floating-point numbers that have lost digits.
        """
        values = self._asked(name)
        if (lost := _has_lost_digits(values)).any():
            raise _digits_are_lost(name, values[lost])
        return _texts(values)

    def names(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return a column as `texts`, and for each row "" or, in words, why that is no name.

        Raises
        ------
        FeatureError
            For a column of times, of true and false, or of none but such names.
        """
        values = self._asked(name)
        cells = values if values.dtype.kind in "OS" else ()
        if values.dtype.kind in "bMm" or any(isinstance(cell, user_columns.TIMES) for cell in cells):
            what = "true and false" if values.dtype.kind == "b" else "times"
            raise FeatureError(f"{name} must hold names, and holds {what}. Give one text a row.")
        lost = _has_lost_digits(values)
        if lost.any() and (lost | pd.isna(values)).all():
            raise _digits_are_lost(name, values[lost])
        wrong = np.where(lost, f"{name} is a number that has lost digits: give identifiers as integers or texts.", "").astype(
            object
        )
        no_text = [row for row, cell in enumerate(cells) if isinstance(cell, bytes) and not user_columns.is_utf8(cell)]
        wrong[no_text] = f"{name} holds bytes that are no UTF-8 text."
        return _texts(values), wrong

    def merged(self, name: str) -> set[str]:
        """Return the texts of a column that are written in several ways, with and without spaces at their ends."""
        raw = pd.Series([cell for cell in self.data[name] if isinstance(cell, str)], dtype=object)
        ways = raw.groupby(raw.str.strip()).nunique() if len(raw) else raw
        return set(ways.index[ways > 1]) if len(raw) else set()

    def numbers(self, name: str) -> np.ndarray:
        """Return a column as floats; NaN for what is no number: true and false are none."""
        values = self._asked(name)
        if values.dtype.kind in "fiu":
            return values.astype(float)
        if values.dtype.kind == "b":
            return np.full(len(values), np.nan)
        return pd.to_numeric(pd.Series(values, dtype=object).map(_text), errors="coerce").to_numpy(float)

    def not_numbers(self, name: str) -> np.ndarray:
        """Return the texts of a column that are no numbers, "" in the rows of the others and of empty cells."""
        values = self._asked(name)
        if values.dtype.kind in "fiu":
            return np.full(len(values), "", object)
        found = pd.Series(values, dtype=object).map(_text)
        return found.where(np.isnan(self.numbers(name)) & (found.str.lower() != "nan"), "").to_numpy(object)

    def days(self, name: str, unit: str | None) -> np.ndarray:
        """Return times in days: numbers in their unit, dates as MJD."""
        values = self._asked(name)
        own = "d" if values.dtype.kind == "M" else self.units.get(name, "")
        if own and unit and _in_days(own, name) != _in_days(unit, name):
            raise FeatureError(
                f"{name} is in {own} by the table itself, and in {unit} by --time-unit; keep the one that is meant."
            )
        if values.dtype.kind == "M":
            return _mjd(pd.Series(values))
        numbers = self.numbers(name) * _in_days(own or unit or "d", name)
        if values.dtype.kind in "OUS" and np.isnan(numbers).any():
            texts = pd.Series(values, dtype=object).where(np.isnan(numbers))
            dates = pd.to_datetime(texts.map(lambda v: v if not isinstance(v, str) else v.strip()), errors="coerce", utc=True,
                                   format="ISO8601" if texts.map(type).isin([str, float]).all() else None)  # fmt: skip
            numbers = np.where(np.isnan(numbers), _mjd(dates), numbers)
        return numbers


def _in_days(unit: str, name: str) -> float:
    """Days in a unit of time, of a column that a refusal names."""
    if unit.lower() in ("d", "day", "days", "mjd", "jd", "hjd", "bjd"):
        return 1.0
    from astropy import units

    try:
        return float(units.Unit(unit).to(units.day))
    except (ValueError, TypeError, units.UnitConversionError) as error:
        raise FeatureError(f"{name} is in {unit}; give it in d.") from error


def _digits_are_lost(name: str, values: np.ndarray) -> FeatureError:
    return FeatureError(
        f"{name} holds floating-point numbers that have lost digits (such as {values.max():.0f}); "
        "give identifiers as integers or texts."
    )


def _has_lost_digits(values: np.ndarray) -> np.ndarray:
    """Mark whole numbers of a column that are larger than a floating-point number can count."""
    if values.dtype.kind != "f":
        return np.zeros(len(values), bool)
    values = values.astype(float)
    return np.isfinite(values) & (np.abs(values) >= 2**53)


def _texts(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "f":
        values = values.astype(float)
        whole = np.isfinite(values) & (values == np.floor(values))
        return np.array(
            [str(int(v)) if w else "" if np.isnan(v) else repr(float(v)) for v, w in zip(values, whole, strict=True)], object
        )
    if values.dtype.kind in "iub":
        return values.astype(str).astype(object)
    return np.array([_text(value) for value in values], object)


def _text(value) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    return user_columns.decoded(value)


def _mjd(dates: pd.Series) -> np.ndarray:
    dates = pd.to_datetime(dates, utc=True)
    return ((dates - _MJD_ZERO) / pd.Timedelta(days=1)).to_numpy(float)


def _arrays(table, units: dict[str, str]) -> dict[str, np.ndarray]:
    """Return columns by name; fill `units`."""
    import pyarrow as pa

    if isinstance(table, (pa.Table, pa.RecordBatch)):
        columns = _from_arrow(table)
    elif isinstance(table, pd.DataFrame):
        frame = table if isinstance(table.index, pd.RangeIndex) else table.reset_index()
        columns = {str(name): _plain(frame[name]) for name in frame}
    else:
        columns = {}
        for name in table.colnames:
            column = table[name]
            if hasattr(column, "mjd"):
                columns[name], units[name] = np.ma.filled(np.ma.asarray(column.mjd, float), np.nan), "d"
                continue
            if getattr(column, "unit", None) is not None:
                units[name] = str(column.unit)
            mask = getattr(column, "mask", None)
            if mask is not None and np.any(mask):
                array = np.ma.getdata(np.ma.asarray(column))
                array = array.astype(float if array.dtype.kind == "f" else object)
                array[mask] = np.nan if array.dtype.kind == "f" else None
                columns[name] = array
            else:
                columns[name] = np.asarray(getattr(column, "value", column))
    return columns


def _plain(series: pd.Series) -> np.ndarray:
    """A pandas column as a numpy array that keeps integers whole where some are missing."""
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        return series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    if pd.api.types.is_extension_array_dtype(series.dtype):
        if series.dtype.name == "category":
            return series.astype(object).to_numpy()
        return series.to_numpy(object, na_value=None) if series.isna().any() else series.to_numpy()
    return series.to_numpy()


def _arrow(frame: pd.DataFrame):
    """A data frame with nested columns as an Arrow table, its index among the columns if it has a name."""
    import pyarrow as pa

    return pa.Table.from_pandas(frame.reset_index(drop=frame.index.name is None), preserve_index=False)


def _is_nested(kind) -> bool:
    import pyarrow as pa

    listed = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return pa.types.is_struct(kind) or (listed and pa.types.is_struct(kind.value_type))


def _chosen(table) -> str | None:
    """Of an Arrow table's nested columns the best of `_NESTED`, or the first."""
    nested = [field.name for field in table.schema if _is_nested(field.type)]
    rank = {name: number for number, name in enumerate(_NESTED)}
    return min(nested, key=lambda name: rank.get(name.lower(), len(rank)), default=None)


def _from_arrow(table) -> dict[str, np.ndarray]:
    """Columns of an Arrow table; of nested ones that which is `_chosen`, its fields as columns of lists."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    nested = [field.name for field in table.schema if _is_nested(field.type)]
    chosen = _chosen(table)
    plain = [field.name for field in table.schema if field.name not in nested and not pa.types.is_map(field.type)]
    columns: dict[str, pa.Array] = {name: table[name].combine_chunks() for name in plain}
    columns = {name: c.combine_chunks() if isinstance(c, pa.ChunkedArray) else c for name, c in columns.items()}
    if chosen is not None:
        column = pa.chunked_array(table[chosen].chunks, table[chosen].type).combine_chunks()
        column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if pa.types.is_struct(column.type):
            columns |= {field.name: pc.struct_field(column, field.name) for field in column.type}
        else:
            values = column.flatten()
            offsets = pa.array(
                np.concatenate([[0], np.cumsum(pc.fill_null(pc.list_value_length(column), 0).to_numpy())]), pa.int64()
            )
            for inner in column.type.value_type:
                columns[inner.name] = pa.LargeListArray.from_arrays(offsets, pc.struct_field(values, inner.name))
    return {name: _from_arrow_array(column) for name, column in columns.items()}


def _from_arrow_array(column) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if isinstance(column.type, pa.BaseExtensionType):
        if column.type.extension_name == "arrow.uuid":
            return np.array([None if value is None else str(value) for value in column.to_pylist()], object)
        column = column.storage
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type) or pa.types.is_fixed_size_list(column.type):
        flat = _from_arrow_array(pc.list_flatten(column))
        edges = np.cumsum(pc.fill_null(pc.list_value_length(column), 0).to_numpy())[:-1]
        out = np.empty(len(column), object)
        out[:] = np.split(flat, edges) if len(column) else []
        return out
    if pa.types.is_decimal(column.type):
        if column.type.scale <= 0:  # whole numbers, of more digits than a float has
            return np.array([None if value is None else int(value) for value in column.to_pylist()], object)
        column = column.cast(pa.float64())
    if column.null_count and (pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)):
        return np.array(column.to_pylist(), object)
    return column.to_numpy(zero_copy_only=False)


def _is_list(values: np.ndarray) -> bool:
    if values.dtype.kind != "O":
        return values.ndim > 1
    first = next((value for value in values if value is not None and not (isinstance(value, float) and np.isnan(value))), None)
    return isinstance(first, (list, tuple, np.ndarray))


def _unfolded(columns: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray | None]:
    """Turn one row an object with lists into one row a measurement.

    Returns the columns, the length of each list, and the object's row of each measurement (None without lists). A list that
    is not as long as its object's times is left out there: it costs the object only if it is needed, see `Columns.unequal`.
    Where time, value and error have one number a row, a row is a measurement, whatever its lists hold: they are left out.
    """
    from agnbook.ask.curve_options import NAMES  # which needs this module

    lists = [name for name, values in columns.items() if _is_list(values)]
    plain = {name.lower() for name in columns if name not in lists}
    values, errors = NAMES["magnitude"] + NAMES["flux"], NAMES["magnitude_error"] + NAMES["flux_error"]
    if all(plain & set(names) for names in (NAMES["time"], values, errors)):
        return {name: values for name, values in columns.items() if name not in lists}, {}, None
    if not lists:
        return columns, {}, None
    sizes = {name: np.array([np.size(value) if value is not None else 0 for value in columns[name]], int) for name in lists}
    times = next((sizes[name] for name in lists if name.lower() in NAMES["time"]), None)
    if times is None:  # then most lists are of the measurements
        times = np.array([np.bincount(row).argmax() for row in np.array(list(sizes.values())).T], int)
    times = np.maximum(times, 1)  # an object keeps one empty row, so that it is answered, if only in words
    out = {name: np.repeat(values, times) for name, values in columns.items() if name not in lists}
    for name in lists:
        fits = sizes[name] == times
        parts = [
            np.asarray(value).ravel() if good else [np.nan] * count
            for value, good, count in zip(columns[name], fits, times, strict=True)
        ]
        kinds = {part.dtype.kind for part in parts if isinstance(part, np.ndarray)}
        if kinds - {*"fiub"} and not fits.all():
            parts = [np.full(len(part), None) if isinstance(part, list) else part.astype(object) for part in parts]
        out[name] = np.concatenate(parts) if parts else np.empty(0)
    return out, sizes, np.repeat(np.arange(len(times)), times)
