"""Finding, verifying and reading catalogues, and everything that can be wrong with a file."""

import os
import shutil

import numpy as np
import pooch
import pytest
from astropy.table import Table

from agnbook.errors import CatalogError
from agnbook.sky import catalogs, registry


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No catalogue folder, an empty cache, and no network."""
    monkeypatch.delenv("AGNBOOK_CATALOGS", raising=False)
    monkeypatch.setenv("AGNBOOK_CACHE", str(tmp_path / "cache"))

    def no_network(self, url, output_file, pooch):
        raise ConnectionError(f"no route to {url}")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", no_network)
    return tmp_path


@pytest.fixture
def table(tmp_path):
    """A small FITS table with a vector column, strings with blanks, and units."""
    path = tmp_path / "small.fits"
    rows = Table({"Name": ["a ", "b "], "Flux": np.array([1.0, -np.inf], ">f4"), "Bands": np.arange(6.0).reshape(2, 3)})
    rows["Flux"].unit = "erg s-1"
    rows.write(path)
    return path


def test_source_catalogues_have_their_registered_rows():
    assert len(catalogs.read("4fgl-dr4", columns=["Source_Name"])) == registry.entries()["4fgl-dr4"].rows


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_4lac_has_its_registered_rows(both_latitudes):
    counts = both_latitudes["file"].value_counts()
    assert (counts["h"], counts["l"]) == (3407, 407)
    assert both_latitudes.attrs["units"]["nu_syn"] == "Hz"


def test_reading_is_tidy(table):
    frame = catalogs.read_fits(table)
    assert list(frame) == ["Name", "Flux"]
    assert list(frame["Name"]) == ["a", "b"]
    assert frame["Flux"].dtype.isnative and frame["Flux"][1] == -np.inf
    assert frame.attrs["units"] == {"Flux": "erg s-1"}


def test_vector_columns_are_spread_when_named(table):
    frame = catalogs.read_fits(table, columns=["Name", "Bands"])
    assert list(frame) == ["Name", "Bands_0", "Bands_1", "Bands_2"]
    assert list(frame["Bands_2"]) == [2.0, 5.0]


def test_missing_file_says_what_where_and_how(nowhere):
    with pytest.raises(CatalogError) as caught:
        registry.find("4lac-dr3-h")
    entry = registry.entries()["4lac-dr3-h"]
    for part in (entry.file, entry.sha256, entry.urls[0], str(nowhere / "cache"), "AGNBOOK_CATALOGS", entry.needed_by):
        assert part in str(caught.value)
    assert "ConnectionError" in str(caught.value)
    assert not list((nowhere / "cache").glob("*"))


def test_offline_asks_nobody(nowhere, monkeypatch):
    monkeypatch.setenv("AGNBOOK_OFFLINE", "1")
    with pytest.raises(CatalogError, match="switched off"):
        registry.find("4lac-dr3-h")


def test_download_of_wrong_bytes_is_refused_and_leaves_nothing(nowhere, monkeypatch):
    def wrong(self, url, output_file, pooch):
        with open(output_file, "wb") as file:
            file.write(b"<html>moved</html>")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", wrong)
    with pytest.raises(CatalogError, match="no download worked"):
        registry.find("4lac-dr3-h")
    assert not list((nowhere / "cache").glob("*"))


def test_full_disk_while_caching_is_reported(nowhere, monkeypatch):
    def full(self, url, output_file, pooch):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", full)
    with pytest.raises(CatalogError, match=r"Cannot save .*No space left.*AGNBOOK_CACHE"):
        registry.find("4lac-dr3-h")
    assert not list((nowhere / "cache").glob("*"))


def test_interrupted_download_leaves_no_half_file(nowhere, monkeypatch):
    def interrupted(self, url, output_file, pooch):
        with open(output_file, "wb") as file:
            file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        registry.find("4lac-dr3-h")
    assert not (nowhere / "cache" / "table-4LAC-DR3-h.fits").exists()


@pytest.mark.needs("4lac-dr3-l")
def test_second_address_is_tried_and_cached(low_latitude_path, nowhere, monkeypatch):
    asked = []

    def second_works(self, url, output_file, pooch):
        asked.append(url)
        if len(asked) == 1:
            raise ConnectionError
        shutil.copy(low_latitude_path, output_file)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", second_works)
    path = registry.find("4lac-dr3-l")
    assert path == nowhere / "cache" / "table-4LAC-DR3-l.fits"
    assert registry.find("4lac-dr3-l") == path and len(asked) == 2


def test_wrong_checksum_names_both_sums(nowhere, monkeypatch):
    folder = nowhere / "mine"
    folder.mkdir()
    (folder / "table-4LAC-DR3-h.fits").write_bytes(b"damaged")
    monkeypatch.setenv("AGNBOOK_CATALOGS", str(folder))
    with pytest.raises(CatalogError, match=r"(?s)its sha256 is.*expected.*01ea9654.*remove it"):
        registry.find("4lac-dr3-h")
    assert dict(registry.status()[["name", "status"]].values)["4lac-dr3-h"] == "damaged"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_folder_is_reported(nowhere, monkeypatch):
    folder = nowhere / "locked"
    folder.mkdir()
    folder.chmod(0)
    monkeypatch.setenv("AGNBOOK_CATALOGS", str(folder))
    with pytest.raises(CatalogError, match="permissions"):
        registry.find("4lac-dr3-h")


def test_permission_error_is_reported(nowhere, monkeypatch):
    folder = nowhere / "locked"
    folder.mkdir()
    monkeypatch.setenv("AGNBOOK_CATALOGS", str(folder))
    real = registry.Path.stat

    def stat(path, **options):
        if path.parent == folder:
            raise PermissionError(13, "Permission denied")
        return real(path, **options)

    monkeypatch.setattr(registry.Path, "stat", stat)
    with pytest.raises(CatalogError, match=r"Permission denied.*permissions of the folder"):
        registry.find("4lac-dr3-h")


def test_unreadable_file_is_reported(tmp_path):
    with pytest.raises(CatalogError, match="Cannot read"):
        registry.verify(tmp_path / "absent.fits", "4lac-dr3-h")


def test_truncated_file_is_refused(table):
    whole = table.read_bytes()
    table.write_bytes(whole[: len(whole) - 2900])
    with pytest.raises(CatalogError, match="damaged or of another format"):
        catalogs.read_fits(table)


@pytest.mark.parametrize("content", [b"", b"not a FITS file at all\n" * 200])
def test_other_formats_are_refused(tmp_path, content):
    path = tmp_path / "x.fits"
    path.write_bytes(content)
    with pytest.raises(CatalogError, match=r"Cannot read .*x.fits"):
        catalogs.read_fits(path)


def test_missing_columns_are_all_named(table):
    with pytest.raises(CatalogError, match="lacks the columns Redshift, CLASS"):
        catalogs.read_fits(table, columns=["Name", "Redshift", "CLASS"])


def test_empty_table_is_refused(tmp_path):
    path = tmp_path / "empty.fits"
    Table({"Name": np.array([], "S3")}).write(path)
    with pytest.raises(CatalogError, match="no sources"):
        catalogs.read_fits(path)


def test_unknown_catalogue_lists_the_known():
    with pytest.raises(CatalogError, match=r"Unknown catalogue '3fgl'; known are 4lac-dr3-h"):
        registry.find("3fgl")


def test_missing_package_says_pip(nowhere, monkeypatch):
    monkeypatch.setattr(registry.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CatalogError, match="pip install fermipy"):
        registry.find("4fgl-dr4")


def test_a_file_among_the_folders_is_passed_over(nowhere, monkeypatch):
    (nowhere / "a.csv").write_text("mine")
    monkeypatch.setenv("AGNBOOK_CATALOGS", str(nowhere / "a.csv"))
    with pytest.raises(CatalogError, match="is missing"):
        registry.find("4lac-dr3-h", download=False)
