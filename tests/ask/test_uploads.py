"""Uploads that are packed: what they unpack to is bounded before it is unpacked."""

import gzip
import io
import tracemalloc

import pytest
from astropy.table import Table
from hostile import BLAZARS, CURVE, PACKERS, as_file, bomb

from agnbook.ask import app_light_curve, curve_files, tables, uploads
from agnbook.errors import BookError


@pytest.mark.parametrize(
    "name", ["a.csv.gz", "a.csv", "a.fits.gz", "a.fits", "a.vot", "a.xml", "a.ecsv", "a.ecsv.gz", "a.vot.gz"]
)
def test_a_packed_upload_is_bounded_whatever_it_is_called(name, monkeypatch):
    """Readers of FITS and VOTable unpack what looks packed: a thousandth of its size gets in, and not more than the bound out."""
    monkeypatch.setattr(uploads, "MOST_TEXT", 3_000_000)
    tracemalloc.start()
    with pytest.raises(BookError, match="unpacked it is larger than 3 MB"):
        uploads.read_upload(name, bomb(40))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 15_000_000


@pytest.mark.parametrize("how", PACKERS)
@pytest.mark.parametrize("name", ["a.csv", "a.fits", "a.vot", "a.ecsv"])
def test_an_upload_that_is_packed_otherwise_is_refused_unread(name, how):
    with pytest.raises(BookError, match=f"it is packed with {how}"):
        uploads.read_upload(name, PACKERS[how](bytes(30_000_000)))


def test_packed_uploads_that_are_small_are_read():
    assert list(uploads.read_upload("a.csv.gz", gzip.compress(BLAZARS.to_csv(index=False).encode()))["Source_Name"]) == list(
        BLAZARS["Source_Name"]
    )
    for name in ("a.fits", "a.fits.gz"):
        content = gzip.compress(uploads.download(Table.from_pandas(BLAZARS), ".fits"))
        assert len(uploads.read_upload(name, content)) == len(BLAZARS)


def test_a_packed_light_curve_is_bounded_too(monkeypatch):
    monkeypatch.setattr(app_light_curve, "MOST_TEXT", 3_000_000)
    with pytest.raises(BookError, match="unpacked it is larger than 3 MB"):
        app_light_curve._read.__wrapped__((("a.fits", bomb(40)),), {})


@pytest.mark.parametrize("ending", tables.FORMATS)
def test_what_can_be_read_can_be_chosen(ending):
    """The choosers of both pages offer the last part of every ending that is read, and of packed files."""
    for offered in (tables.ENDINGS, app_light_curve.ENDINGS):
        assert {ending.rpartition(".")[2], "gz"} <= set(offered)


def _curve_as(ending: str) -> bytes:
    if ending in ("dat", "txt"):
        return CURVE.to_csv(index=False, sep=" ").encode()
    kind = tables.FORMATS[f".{ending}"]
    if kind == "parquet":
        CURVE.to_parquet(buffer := io.BytesIO())
        return buffer.getvalue()
    return CURVE.to_csv(index=False).encode() if kind == "csv" else as_file(CURVE, {"ecsv": "ascii.ecsv"}.get(kind, kind))


@pytest.mark.parametrize("ending", [each for each in app_light_curve.ENDINGS if each != "gz"])
def test_a_light_curve_is_read_under_every_ending_that_is_offered(ending):
    """Text and FITS also packed; of the others the message says that they must be unpacked."""
    content, text = _curve_as(ending), ending in (*(e.strip(".") for e in curve_files.TEXT), "csv", "tsv", "ecsv")
    read = app_light_curve._read.__wrapped__
    (found,), _ = read(((f"Mine.{ending.upper()}", content),), {})
    assert (
        found.name == "q"
        and found.times.tolist() == CURVE["time"].tolist()
        and found.values.tolist() == CURVE["magnitude"].tolist()
    )
    packed = ((f"mine.{ending}.gz", gzip.compress(content)),)
    if text or ending.startswith("f"):
        (again,), _ = read(packed, {})
        assert again.values.tolist() == found.values.tolist()
    else:
        with pytest.raises(BookError, match=f"mine.{ending}.gz.*unpack it"):
            read(packed, {})


def test_packed_sources_are_read():
    content = gzip.compress(b"Source_Name,PL_Index\na,2.1\n")
    assert len(uploads.read_upload("t.csv.gz", content)) == 1
