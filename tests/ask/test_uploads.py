"""Uploads that are packed: what they unpack to is bounded before it is unpacked."""

import gzip
import tracemalloc

import pytest
from astropy.table import Table
from hostile import BLAZARS, PACKERS, bomb

from agnbook.ask import app_light_curve, uploads
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


def test_the_file_chooser_offers_packed_tables():
    """What `read_upload` unpacks can be chosen."""
    app_page = pytest.importorskip("agnbook.ask.app_page")
    content = gzip.compress(b"Source_Name,PL_Index\na,2.1\n")
    assert "gz" in app_page.ENDINGS and len(uploads.read_upload("t.csv.gz", content)) == 1
