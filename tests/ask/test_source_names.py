"""A source is itself under any name, and where it lies."""

import numpy as np
import pandas as pd
import pytest

from agnbook import storage
from agnbook.ask import lookup, name_table, source_names
from agnbook.errors import CatalogError, ResultsError
from agnbook.sky import catalogs


@pytest.mark.parametrize(
    "name",
    [
        "4FGL J1104.4+3812", "j1104.4+3812", "4fgl_J1104.4+3812", "4FGL-DR3 J1104.4+3812", "4FGL J1104.4+3812c",
        "FL16Y J1104.4+3812", "3FGL J1104.4+3812", "3FHL J1104.4+3812", "Mkn 421", "MKN421", " mrk 421", "Markarian  421",
        "B2 1101+38",
    ],
)  # fmt: skip
def test_a_source_is_found_in_any_spelling_and_catalogue(name):
    assert source_names.find_sources(name) == ["4FGL J1104.4+3812"]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("3C 84", "4FGL J0319.8+4130"), ("Centaurus A", "4FGL J1325.5-4300"), ("BL Lacertae", "4FGL J2202.7+4216"),
        ("Messier 87", "4FGL J1230.8+1223"), ("PKS 1222+216", "4FGL J1224.9+2122"), ("PKS 2155−304", "4FGL J2158.8-3013"),
        ("J0301.6-7155", "4FGL J0301.5-7156"), ("J0344.2+3203", "4FGL J0344.2+3203c"), ("J0028.4+2001", "4FGL J0028.5+2001"),
        ("FL16Y J0000.9+2531", "4FGL J0000.7+2530"),
    ],
)  # fmt: skip
def test_aliases_and_names_of_other_releases(name, source):
    assert source_names.find_sources(name) == [source]


def test_one_name_of_several_sources():
    assert len(source_names.find_sources("SNR G213.0-00.6")) > 1
    assert source_names.find_sources("Crab") == source_names.find_sources("Crab Nebula")
    assert source_names.todays_names(["Crab", "Mkn 421", "?"]) == ["Crab", "4FGL J1104.4+3812", "?"]


@pytest.mark.needs("4fgl-dr4")
def test_a_renamed_source_keeps_its_predictions():
    facts, predictions = lookup.describe("4FGL J0344.2+3203c")  # classified under the name in 4LAC-DR3
    assert "P(FSRQ), five voters" in set(predictions["prediction"]) and "(4FGL-DR4)" in facts["class"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("PKS 2155-305", "PKS 2155-304"), ("J1104.4", r"4FGL J1104.4\+3812"), ("", "Give a"), ("?!", "Give a"),
        ("4FGL J2326.5+8555c", "was in 4FGL-DR2 and is not in 4FGL-DR4"), ("NGC 99999", "Give a"), ("Sirius", "Give a"),
        ("4FGL J1104.4-3812", r"Did you mean 4FGL J1104.4\+3812\?$"), ("4FGL J1204.4-3812", "Give a"),
    ],
)  # fmt: skip
def test_near_misses_are_suggested_and_nothing_else(name, message):
    with pytest.raises(CatalogError, match=message):
        source_names.find_sources(name)


@pytest.mark.slow
@pytest.mark.needs("4fgl-dr2", "4fgl-dr3", "4fgl-dr4", "fl16y")
def test_the_committed_names_are_those_of_the_catalogues():
    committed = pd.read_csv(storage.DATA / "source_names.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(committed, name_table.build())
    assert committed["source"].is_unique
    known = {name for names in committed["names"] for name in names.split(name_table.SEPARATOR)}
    for release in ("4fgl-dr2", "4fgl-dr3", "4fgl-dr4"):
        assert set(catalogs.read(release, ["Source_Name"])["Source_Name"]) <= known
    assert {name for names in name_table.well_known().values() for name in names} <= known


def test_a_damaged_table_of_names_is_one_error(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "DATA", tmp_path)
    monkeypatch.setenv("AGNBOOK_PUBLISH", "1")  # no seal is asked for
    for text in (None, "", "a,b\n1,2\n"):
        if text is not None:
            (tmp_path / "source_names.csv").write_text(text)
        source_names._table.cache_clear()
        with pytest.raises(ResultsError, match=r"source_names\.csv.*git checkout data"):
            source_names._table()
    source_names._table.cache_clear()


@pytest.mark.parametrize(
    ("ellipse", "away", "expected"), [(0.1, 0.151, "one"), (0.1, 0.153, ""), (0.001, 0.029, "one"), (0.001, 0.031, "")]
)
def test_how_far_a_position_may_be(ellipse, away, expected, monkeypatch):
    """An ellipse that holds 95 % is widened to 99.9 %, by sqrt(6.908 / 2.996) = 1.5185, and to 0.03 degrees at least."""
    table = pd.DataFrame({"RAJ2000": [10.0], "DEJ2000": [0.0], "Conf_95_SemiMajor": [ellipse]}, index=["one"])
    monkeypatch.setattr(source_names, "source_table", lambda: table)
    assert source_names.nearest_sources([[10.0, away]]) == [expected]


@pytest.mark.needs("4fgl-dr4")
def test_a_position_means_the_source_whose_ellipse_it_is_in():
    table = source_names.source_table().dropna(subset=["RAJ2000"]).iloc[::50]
    places = table[["RAJ2000", "DEJ2000"]].to_numpy()
    assert np.mean([found == name for found, name in zip(source_names.nearest_sources(places), table.index, strict=True)]) > 0.99
    away = places + np.array([0, 1.0])
    found = source_names.nearest_sources(np.where(np.abs(away) <= 360, away, np.nan))
    assert np.mean([each == "" for each in found]) > 0.9
    assert source_names.nearest_sources([[np.nan, 0], [0, 95], [166.1138, 38.2088]]) == ["", "", "4FGL J1104.4+3812"]
    # a name that is known decides, a position only where it is not
    assert source_names.identify(["Mkn 501", "mine"], [[166.1138, 38.2088]] * 2) == [["4FGL J1653.8+3945"], ["4FGL J1104.4+3812"]]


def test_known_sources_are_recognised_by_any_name():
    names = ["Mkn 421", "FL16Y J1104.4+3812", "4FGL J1104.4+3812", "training 7", "TRAINING_7", "other", "Crab"]
    known = ["4FGL J1104.4+3812", "training 7", "4FGL J0534.5+2201i"]
    found = source_names.match(names, source_names.identify(names), known)
    assert found == [known[0]] * 3 + [known[1]] * 2 + ["", known[2]]
