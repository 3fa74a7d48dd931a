"""Tables of a paper run: written once, loaded afterwards."""

import json

import pandas as pd
import pytest
from simulated import SETTINGS

from agnbook import storage
from agnbook.chapter import sizes, stored


def test_table_is_computed_written_and_loaded(data):
    table = pd.DataFrame({"Source_Name": ["a", "b"], "z": [0.123456789, 2.0]})
    assert stored.table("results/t.csv", lambda: table, settings=SETTINGS, seed=4) is table
    loaded = stored.table("results/t.csv", lambda: 1 / 0, settings=sizes.Settings("99_test", "book", {}), seed=4)
    pd.testing.assert_frame_equal(loaded, table, rtol=1e-5)
    entry = json.loads((data / "results" / "artifacts.json").read_text())["results/t.csv"]
    assert entry["seed"] == 4 and entry["profile"] == "paper" and entry["sha256"] == storage.sha256(data / "results" / "t.csv")


@pytest.mark.parametrize("profile, publish", [("smoke", "1"), ("paper", "0")])
def test_smoke_and_reading_never_write(data, monkeypatch, profile, publish):
    monkeypatch.setenv("AGNBOOK_PUBLISH", publish)
    settings = sizes.Settings("99_test", profile, {})
    stored.table("results/t.csv", lambda: pd.DataFrame({"a": [1]}), settings=settings, seed=0)
    assert not list((data / "results").iterdir())
