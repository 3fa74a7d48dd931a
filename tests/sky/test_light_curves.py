"""Archives of real light curves: their quirks on small tables that imitate them, and the archives where they are."""

import tarfile

import numpy as np
import pandas as pd
import pytest
from astropy import units

from agnbook.errors import CatalogError
from agnbook.sky import bands, curve_tables, light_curves, registry

HEADER = "#  quasars\n#   dbID ra dec SDR5ID M_i M_i_corr redshift mass_BH Lbol u g r i z Au\n"


def a_curve(rng, n=12):
    """Rows of 17 columns: each band minutes after the other, magnitudes about 20."""
    start = np.sort(rng.uniform(51000, 54500, n))
    rows = np.empty((n, 17))
    for band in range(5):
        rows[:, 3 * band] = start + 0.0008 * band
        rows[:, 3 * band + 1] = 20 + 0.1 * rng.standard_normal(n)
        rows[:, 3 * band + 2] = 0.02
    rows[:, 15:] = 10.0, 0.5
    return rows


@pytest.fixture
def archive(tmp_path):
    """Two objects with the archive's quirks; the second line of the table has neither mass nor luminosity."""
    rng = np.random.default_rng(1)
    folder = tmp_path / "QSO_S82"
    folder.mkdir()
    first, second = a_curve(rng), a_curve(rng)
    first[0, 1:3] = -99.99, -99.99  # u missing
    first[1, 4] = -80.354  # g missing, the rare way
    first[2, 6] = 3.0  # r at a nonsense time
    first[3, 11] = 0.0  # i without an error
    second = second[::-1]  # latest first
    np.savetxt(folder / "77", first)
    np.savetxt(folder / "9", second)
    (folder / "DB_QSO_S82").write_text(
        HEADER
        + "77 10.0 0.5 144 -23.4 -23.6 0.7867 8.9 46.1 20.8 20.2 19.8 19.8 19.4 0.2\n"
        + "9 350.0 -0.5 -1 -25.8 -1.0 3.1 0.000 -1.000 24.2 -9.0 20.4 20.2 20.2 0.0\n"
    )
    return folder


def test_quirks_of_stripe_82_are_left_out_and_counted(archive):
    curves, objects = light_curves.read_stripe82(archive)
    reasons = {"no value": 2, "impossible error": 1, "impossible time": 1, "flagged by the survey": 0}
    assert curves.attrs == {"unit": "mag", "survey": "sdss", "left_out": reasons}
    assert len(curves) == 2 * 12 * 5 - 4
    counts = curves.groupby(["object", "band"], observed=True).size().unstack()
    assert counts.loc[77].tolist() == [11, 11, 11, 11, 12] and counts.loc[9].tolist() == [12] * 5
    assert curves.groupby(["object", "band"], observed=True)["time"].is_monotonic_increasing.all()
    first = curves[curves["object"] == 9].groupby("band", observed=True)["time"].first()
    assert np.allclose(np.diff(first.loc[list("ugriz")]), 0.0008, atol=1e-6)  # each band at its own time
    assert objects.loc[77, "log_mass"] == 8.9
    assert objects.loc[9, ["log_mass", "log_luminosity", "M_i_corrected", "mag_g"]].isna().all()
    assert np.allclose(objects.loc[77, [f"A_{band}" for band in "ugriz"]].astype(float), 0.2 * light_curves.SDSS_EXTINCTION)


def test_the_archive_reads_like_its_folder(archive, tmp_path):
    packed = tmp_path / "packed.tar.xz"
    with tarfile.open(packed, "w:xz") as file:
        file.add(archive, "QSO_S82")
    for one, other in zip(light_curves.read_stripe82(packed), light_curves.read_stripe82(archive), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_an_unreadable_object_costs_only_itself(archive):
    (archive / "123").write_text("51000.0 20.0 zz\n")
    (archive / "124").write_text("1 2 3\n")
    curves, _ = light_curves.read_stripe82(archive)
    assert curves.attrs["left_out"]["unreadable objects"] == 2 and set(curves["object"]) == {9, 77}


@pytest.mark.parametrize("content", [b"", b"no archive\n" * 100])
def test_another_format_is_refused(tmp_path, content):
    path = tmp_path / "QSO_S82.tar.xz"
    path.write_bytes(content)
    with pytest.raises(CatalogError, match=r"Cannot read .*QSO_S82.tar.xz"):
        light_curves.read_stripe82(path)
    with pytest.raises(CatalogError, match="is not laid out as"):
        light_curves.read_stripe82(tmp_path)


def test_parsed_once_then_cached(archive, tmp_path, monkeypatch):
    packed = tmp_path / "data" / "stripe82" / "QSO_S82.tar.xz"
    packed.parent.mkdir(parents=True)
    with tarfile.open(packed, "w:xz") as file:
        file.add(archive, "QSO_S82")
    monkeypatch.setenv("AGNBOOK_CATALOGS", str(tmp_path / "data"))
    monkeypatch.setenv("AGNBOOK_CACHE", str(tmp_path / "cache"))
    light_curves._stripe82_cached.cache_clear()
    with pytest.raises(CatalogError, match="its sha256 is"):  # not the registered archive
        light_curves.stripe82()
    monkeypatch.setattr(registry, "find", lambda name: packed)
    whole = light_curves.stripe82()
    monkeypatch.setattr(light_curves, "read_stripe82", None)  # not called again
    light_curves._stripe82_cached.cache_clear()
    pd.testing.assert_frame_equal(light_curves.stripe82(), whole)
    assert light_curves.stripe82().attrs == whole.attrs
    one = light_curves.stripe82([77])
    assert set(one["object"]) == {77} and len(one) == (whole["object"] == 77).sum()
    with pytest.raises(CatalogError, match="No light curve of 5 "):
        light_curves.stripe82([77, 5])
    light_curves._stripe82_cached.cache_clear()


def test_missing_archive_says_what_where_and_for_what(tmp_path, monkeypatch):
    monkeypatch.delenv("AGNBOOK_CATALOGS", raising=False)
    monkeypatch.setenv("AGNBOOK_CACHE", str(tmp_path))
    light_curves._stripe82_cached.cache_clear()
    with pytest.raises(CatalogError) as caught:
        light_curves.stripe82()
    entry = registry.entries()["stripe82"]
    for part in (entry.file, entry.sha256, "faculty.washington.edu", str(tmp_path), "AGNBOOK_CATALOGS", "chapters 35 and 36"):
        assert part in str(caught.value)


def test_a_folder_has_a_checksum_that_sees_every_file(tmp_path, monkeypatch):
    from agnbook import storage

    folder = tmp_path / "macho"
    (folder / "below").mkdir(parents=True)
    (folder / "a").write_text("1")
    (folder / "below" / "b").write_text("2")
    before = storage.sha256(folder)
    (folder / "README.md").write_text("not counted")
    assert storage.sha256(folder) == before
    (folder / "below" / "b").write_text("3")
    assert storage.sha256(folder) != before
    monkeypatch.setenv("AGNBOOK_CATALOGS", str(tmp_path))
    with pytest.raises(CatalogError, match="macho is not Quasars behind the Magellanic Clouds"):
        registry.find("macho")


@pytest.mark.parametrize("depth", ["", "stripe82", "quasars/stripe82"])
def test_files_are_found_one_level_below(tmp_path, monkeypatch, depth):
    monkeypatch.setattr(registry, "verify", lambda path, name: path)
    path = tmp_path / depth / "s82drw_g.dat"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    monkeypatch.setenv("AGNBOOK_CATALOGS", str(tmp_path))
    assert registry.find("stripe82-drw-g") == str(path)


def test_unknown_names_say_what_is_known():
    with pytest.raises(CatalogError, match="there are NGC5548, NGC4151"):
        light_curves.nearby("3C 273")
    with pytest.raises(CatalogError, match="not 'y'"):
        light_curves.macleod_fits("y")


# --- the archives themselves -----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.needs("stripe82")
def test_stripe_82_has_its_objects_and_none_of_its_traps():
    curves, objects = light_curves.stripe82(), light_curves.stripe82_objects()
    assert objects["has_light_curve"].sum() == registry.entries()["stripe82"].rows
    assert curves["magnitude"].between(0, 40).all() and curves["error"].between(0, 1).all()
    assert curves["time"].between(51000, 54600).all()
    visits = curves.groupby(["object", "band"], observed=True).size().unstack().median()
    assert visits.between(55, 61).all()
    assert curves.attrs["left_out"]["impossible time"] == 20


@pytest.mark.needs("stripe82", "stripe82-drw-r")
def test_macleods_fits_are_joined_row_for_row(tmp_path):
    fits, objects = light_curves.macleod_fits("r"), light_curves.stripe82_objects()
    difference = (fits["mean_magnitude"] - objects["mag_r"])[fits["clean"]]
    assert abs(difference.median()) < 0.03 and difference.std() < 0.3
    # sigma_hat is in mag / sqrt(year): SF_inf = sigma_hat sqrt(tau)
    years = (10 ** fits["log_tau"].to_numpy() * units.day).to_value(units.year)
    np.testing.assert_allclose(10 ** fits["log_sf"], 10 ** fits["log_sigma_hat"] * np.sqrt(years), rtol=1e-6)
    # SF_inf of their figure 3: about .2 mag
    assert abs(10 ** fits.loc[fits["clean"], "log_sf"].median() - 0.2) < 0.05
    lines = registry.find("stripe82-drw-r").read_text().splitlines()
    (tmp_path / "shifted.dat").write_text("\n".join([*lines[:3], lines[4], lines[3], *lines[5:]]) + "\n")
    with pytest.raises(CatalogError, match="row for row"):
        light_curves.macleod_fits("r", tmp_path / "shifted.dat")


@pytest.mark.needs("burke2021", "burke2021-curves")
def test_burkes_light_curves_belong_to_their_rows():
    table = light_curves.burke2021()
    assert len(table) == registry.entries()["burke2021"].rows
    for row in table.sample(12, random_state=0).itertuples():
        curve = light_curves.burke2021_light_curve(row.lc_file)
        assert len(curve) > 5 and set(curve["object"]) == {row.name}
        assert abs(curve["time"].max() - curve["time"].min() - row.baseline) < 0.02 * row.baseline + 1


@pytest.mark.slow
@pytest.mark.needs("macho", "des-y4a1", "nearby-agn")
def test_every_other_archive_reads_and_its_bands_are_known():
    frames = [light_curves.macho(), light_curves.des(), *(light_curves.nearby(name) for name in light_curves.NEARBY)]
    for frame in frames:
        assert len(frame) > 100 and (frame["error"] > 0).all() and frame.attrs["unit"]
        for band in frame["band"].unique():
            assert bands.get(band, None if band.endswith("A") else frame.attrs["survey"]).wavelength > 1900
    assert frames[0]["object"].nunique() == registry.entries()["macho"].rows
    assert set(light_curves.macho_objects().index) == set(frames[0]["object"])
    assert set(frames[1]["object"]) == set(light_curves.des_objects().index)
    # c lag velocity^2 / G, in solar masses: no factor of 4 or 5 is in it
    table = light_curves.virial_products()
    product = 299792458.0 * 86400 * table["lag"] * (1000 * table["velocity"]) ** 2 / 6.674e-11 / 1.989e30
    assert (np.abs(np.log10(product) - table["log_virial_product"]) < 0.15).all()


def test_visits_gather_the_bands_of_one_night(archive):
    curves, _ = light_curves.read_stripe82(archive)
    found = curve_tables.visits(curves, light_curves.SDSS)
    assert set(found) == {9, 77}
    one = found[9]
    assert one.values.shape == (12, 5) and np.isfinite(one.values).all() and (np.diff(one.times) > 0).all()
    assert np.isnan(found[77].values).sum() == 4 and found[77].values.shape == (12, 5)
