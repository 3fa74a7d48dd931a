"""Readers of peers' tables: every table as its authors published it, under the names of any release."""

import numpy as np
import pandas as pd
import pytest

from agnbook.errors import CatalogError
from agnbook.sky import catalogs, crossmatch, peers, registry

ALL = {**peers.PULSAR_PEERS, **peers.BLAZAR_PEERS}
FILES = sorted({peer.file for peer in [*ALL.values(), *peers.LABEL_PEERS.values()]} | {"gharat-redshifts", "1cgh", "goldoni"})


def test_every_peer_is_registered_with_address_or_origin():
    for name in FILES:
        entry = registry.entries()[name]
        assert len(entry.sha256) == 64 and (entry.urls or "commit" in entry.origin), name
        assert entry.reference and entry.licence and entry.needed_by


@pytest.mark.needs(*FILES)
def test_every_peer_has_its_registered_rows_and_probabilities():
    for name, peer in ALL.items():
        table = peers.probabilities(peer)
        assert len(table) == registry.entries()[peer.file].rows, name
        assert ((table >= 0) & (table <= 1)).all().all() and table.index.is_unique, name
        if len(table.columns) > 1 and "srcpop" not in name:
            np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-3)
    for name, peer in peers.LABEL_PEERS.items():
        assert set(peers.labels(peer)) <= {"agn", "psr", "psr+msp", "psr+yng"}, name


@pytest.mark.needs("bhat-malyshev-two")
def test_two_classes_of_bhat_and_malyshev_by_hand():
    table = peers.probabilities(peers.PULSAR_PEERS["Bhat & Malyshev, 2 classes, RF"])
    assert table.loc["4FGL J0001.2+4741", "agn"] == pytest.approx(0.997499, abs=1e-6)


@pytest.mark.needs("gharat-redshifts")
def test_paper_redshifts_carry_their_networks():
    tables = peers.paper_redshifts()
    assert set(tables) == {"frequentist", "flipout", "reparameterization"}
    row = tables["flipout"].loc["4FGL J0001.2+4741"]
    assert row["mean"] == pytest.approx(0.254517, abs=1e-6) and row["sd"] == pytest.approx(0.106475, abs=1e-6)
    assert (tables["frequentist"]["sd"] == 0).all()


@pytest.mark.needs("1cgh", "goldoni")
def test_published_redshifts_keep_their_kinds():
    table = peers.published_redshifts()
    counts = table.groupby(["file", "kind"]).size()
    assert counts["Goldoni", "secure"] == 264 and counts["Goldoni", "withdrawn"] == 222
    assert set(table["kind"]) == {"secure", "uncertain", "limit", "withdrawn"}
    assert table["z"].notna()[table["kind"] != "withdrawn"].all()
    row = table[(table["Source_Name"] == "4FGL J0021.5-2552") & (table["file"] == "Goldoni")].iloc[0]
    assert row["kind"] == "limit" and row["z"] == pytest.approx(0.564)


def _release(names, **columns):
    base = {"Source_Name": names, "RAJ2000": 10.0 * np.arange(1, len(names) + 1), "DEJ2000": 0.0, "CLASS1": [""] * len(names)}
    return pd.DataFrame(base | {"ASSOC_FGL": [""] * len(names)} | columns)


def test_names_are_led_and_every_row_is_counted():
    older = _release(["A", "B", "C"])
    newer = _release(["X", "Y"], ASSOC_FGL=["A", "B"], RAJ2000=[10.0, 20.0])
    table = pd.DataFrame({"agn": [0.1, 0.2, 0.3, 0.4]}, index=["A", "C", "B", "nobody"])
    led, counts = peers.lead_names(table, crossmatch.compare(older, newer))
    assert led["agn"].to_dict() == {"X": 0.1, "Y": 0.3}
    assert counts == {"rows": 4, "unknown": 1, "vanished": 1, "name": 2, "counterpart": 0, "position": 0}


@pytest.mark.needs("bhat-malyshev-two", "4fgl-dr2", "4fgl-dr4")
def test_nearly_all_dr2_names_are_found_in_dr4():
    table = peers.probabilities(peers.PULSAR_PEERS["Bhat & Malyshev, 2 classes, RF"])
    match = crossmatch.compare(catalogs.read("4fgl-dr2"), catalogs.read("4fgl-dr4"))
    led, counts = peers.lead_names(table, match)
    assert counts["unknown"] == 0 and counts["vanished"] < 60 and led.index.is_unique
    assert counts["name"] + counts["counterpart"] + counts["position"] + counts["vanished"] == len(table)


def test_a_table_with_twins_or_without_names_says_so(tmp_path, monkeypatch):
    path = tmp_path / "peer.csv"
    peers._read.cache_clear()
    monkeypatch.setattr(registry, "find", lambda name: path)
    path.write_text("name,p\nA,0.1\nA,0.2\n")
    with pytest.raises(CatalogError, match="no column 'Source_Name'"):
        peers.read_table("x")
    with pytest.raises(CatalogError, match="names 1 sources twice, such as A"):
        peers.read_table("x", "name")
