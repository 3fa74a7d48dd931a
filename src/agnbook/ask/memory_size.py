"""What a file would take in memory, found out without giving it that memory: a few bytes may stand for a thousandfold.

Packing is one way; others are a header that claims huge cells, a dictionary of one long text, and one long text among many, as
columns of texts are as wide as their longest.
"""

import itertools
import math
import re
from pathlib import Path

from agnbook.errors import FeatureError

#: Rows of Parquet that are unpacked at a time.
_BATCH = 256
#: Values that a cell may claim to hold, at most: readers give them memory before they look.
_MOST_IN_A_CELL = 100_000
#: Characters of a column of texts, if all were as long as the longest, at most.
_MOST_CHARACTERS = 500_000_000


def check_texts(frame) -> None:
    """Refuse a data frame with a text so long that a column of that width would not fit in memory."""
    for name in frame:
        if frame[name].dtype.kind not in "OUT" or not len(frame):
            continue
        longest = max((len(text) for text in frame[name] if isinstance(text, str)), default=0)
        if longest * len(frame) > _MOST_CHARACTERS:
            raise FeatureError(
                f"{name} has a text of {longest} characters, too long in a table of {len(frame)} rows; shorten it."
            )


def check_cell(name: str, shape: str) -> None:
    """Refuse a column whose cells claim to hold more values than `_MOST_IN_A_CELL`, by the numbers in a text such as 2x3."""
    if math.prod(map(int, re.findall(r"\d+", shape))) > _MOST_IN_A_CELL:
        raise FeatureError(f"Its column {name} claims to have {shape} values a row; at most {_MOST_IN_A_CELL} are read.")


def check_ecsv(text: str) -> None:
    """Refuse huge claims in the header of an ECSV file; one that cannot be read is left to its reader."""
    from astropy.table import meta

    lines = itertools.takewhile(lambda line: line.startswith("#"), text.splitlines())
    try:
        columns = meta.get_header_from_yaml([line[2:] for line in lines])["datatype"]
        claims = [(column["name"], re.sub(r"^.*?\[|\]", "", str(column.get("subtype") or "[1]"))) for column in columns]
    except Exception:  # YAML may hold anything
        return
    for name, shape in claims:
        check_cell(name, shape)


def _decoded(column) -> int:
    """Bytes of a column when each of its rows has a value of its own: a dictionary of one long text may stand for many."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if not pa.types.is_dictionary(kind):
        return column.nbytes
    if pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type) or pa.types.is_binary(kind.value_type):
        return pc.sum(pc.take(pc.binary_length(column.dictionary), column.indices)).as_py() or 0
    return column.nbytes + len(column) * 8


def check_parquet(path: Path | str, most_rows: int, most_bytes: int) -> None:
    """Unpack a file bit by bit, and refuse it where it grows too large.

    Raises
    ------
    FeatureError
        For more than `most_rows` rows or `most_bytes` bytes; files that are damaged are left to their reader.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows > most_rows:
                raise FeatureError(f"The file has {file.metadata.num_rows} rows; the app takes {most_rows}. Use the command.")
            groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
            values = sum(group.column(number).num_values for group in groups for number in range(group.num_columns))
            size = values if values > most_bytes else 0  # a value takes a byte at least
            longest = max(
                (group.column(k).total_uncompressed_size for group in groups for k in range(group.num_columns)), default=0
            )
            rows = min(_BATCH, max(1, most_bytes // max(longest, 1)))  # each may be as long as its whole column is packed
            for batch in file.iter_batches(rows, use_threads=False) if not size else ():
                if (size := size + sum(map(_decoded, batch.columns))) > most_bytes:
                    break
    except (pa.ArrowException, OSError):
        return
    if size > most_bytes:
        raise FeatureError(f"Unpacked the file is larger than {most_bytes / 1e6:.0f} MB; the app takes no more. Use the command.")
