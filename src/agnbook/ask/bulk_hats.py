"""HATS catalogues in bulk, as Rubin's users have them: read through LSDB pixel by pixel, and a catalogue of answers written.

A pixel is a partition; its answer has the same place in the catalogue of answers, with each object's position, so that LSDB opens
it and matches it with others. LSDB is an extra: ``pip install 'agnbook[hats]'``.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd

from agnbook import extras
from agnbook.errors import BookError

#: Files of which a HATS catalogue, or a collection of them, has one.
_PROPERTIES = ("hats.properties", "collection.properties")
_PIXEL = re.compile(r"Norder=(\d+)/.*Npix=(\d+)")


def is_hats(folder: Path | str) -> bool:
    """Whether a folder is a HATS catalogue or collection."""
    return any((Path(folder) / name).is_file() for name in _PROPERTIES)


@cache
def _open(folder: Path):
    extras.require("lsdb")
    import lsdb

    try:
        return lsdb.open_catalog(str(folder))
    except Exception as error:  # LSDB and HATS have errors of many kinds for a folder that may hold anything
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise BookError(f"{folder} cannot be opened as a HATS catalogue ({reason}).") from error


def partitions(folder: Path | str) -> tuple[Path, list[Path]]:
    """Return the folder of a catalogue (of a collection, its main one) and its pixels as names of files in it, in order."""
    catalog = _open(Path(folder).resolve())
    from hats.io.paths import pixel_catalog_file  # comes with LSDB

    base = Path(str(catalog.hc_structure.catalog_base_dir))
    names = [Path(str(pixel_catalog_file(base, pixel))).relative_to(base) for pixel in catalog.get_healpix_pixels()]
    if not names:
        raise BookError(f"{folder} is a HATS catalogue without pixels.")
    return base, sorted(names)


def input_of(base: Path, name: Path) -> Path:
    """Return a pixel's file, or the folder of its files."""
    return base / name if (base / name).exists() else (base / name).with_suffix("")


def read(base: Path, source: Path, rows: int | None = None) -> Iterator[pd.DataFrame]:
    """Yield a pixel's objects as data frames of at most `rows` rows, with nested columns; the index is their HEALPix number."""
    import dask

    order, pixel = map(int, _PIXEL.search(source.as_posix()).groups())
    with dask.config.set(scheduler="synchronous"):  # this process is one of many workers already
        frame = _open(base).get_partition(order, pixel).compute(progress_bar=False)
    for first in range(0, len(frame), rows or max(len(frame), 1)):
        yield frame.iloc[first : first + (rows or len(frame))]


def placed(answer: pd.DataFrame, frame: pd.DataFrame, rows, base: Path) -> pd.DataFrame:
    """Return answers with the position and HEALPix number of the objects that they are of: `rows` of a pixel's frame."""
    info = _open(base).hc_structure.catalog_info
    here = frame.iloc[list(rows)]
    position = {name: here[name].to_numpy(float) for name in (info.ra_column, info.dec_column)}
    number = info.healpix_column or "_healpix_29"
    numbers = here.index if here.index.name == number else here[number]
    return answer.drop(columns=[*position, number], errors="ignore").assign(**position, **{number: numbers.to_numpy("int64")})


def finish(base: Path, target: Path, names: list[Path], rows: int) -> None:
    """Make the folder of answers a HATS catalogue: its properties, its pixels and the common metadata of its files."""
    from hats.catalog import PartitionInfo, TableProperties
    from hats.io import write_parquet_metadata
    from hats.pixel_math import HealpixPixel

    info = _open(base).hc_structure.catalog_info
    pixels = [HealpixPixel(*map(int, _PIXEL.search(name.as_posix()).groups())) for name in names]
    PartitionInfo.from_healpix(pixels).write_to_file(partition_info_file=target / "partition_info.csv")
    write_parquet_metadata(target)
    TableProperties(
        catalog_name=f"{info.catalog_name}_agnbook", catalog_type="object", total_rows=rows, ra_column=info.ra_column,
        dec_column=info.dec_column, healpix_column=info.healpix_column or "_healpix_29",
        healpix_order=info.healpix_order or 29, npix_suffix=".parquet",
    ).to_properties_file(target)  # fmt: skip
