"""What a Parquet file would take in memory, found out without giving it that memory: compression may hide a thousandfold."""

from pathlib import Path

from agnbook.errors import FeatureError

#: Rows that are unpacked at a time.
_BATCH = 256


def check(path: Path | str, most_rows: int, most_bytes: int) -> None:
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
            for batch in file.iter_batches(_BATCH, use_threads=False) if not size else ():
                if (size := size + batch.nbytes) > most_bytes:
                    break
    except (pa.ArrowException, OSError):
        return
    if size > most_bytes:
        raise FeatureError(f"Unpacked the file is larger than {most_bytes / 1e6:.0f} MB; the app takes no more. Use the command.")
