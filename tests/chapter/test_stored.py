"""Tables of a paper run: written once, loaded afterwards."""

import json

import pandas as pd
import pytest
from simulated import SETTINGS

from agnbook import committed, storage
from agnbook.chapter import sizes, stored


def test_table_is_computed_written_and_loaded(data):
    table = pd.DataFrame({"Source_Name": ["a", "b"], "z": [0.123456789, 2.0]})
    assert stored.table("results/t.csv", lambda: table, settings=SETTINGS, seed=4) is table
    loaded = stored.table("results/t.csv", lambda: 1 / 0, settings=sizes.Settings("99_test", "book", {}), seed=4)
    pd.testing.assert_frame_equal(loaded, table, rtol=1e-5)
    entry = json.loads((data / "results" / "artifacts.json").read_text())["results/t.csv"]
    assert entry["seed"] == 4 and entry["profile"] == "paper" and entry["sha256"] == storage.sha256(data / "results" / "t.csv")


def test_tables_that_one_computation_makes_cost_it_once(data):
    calls, paths = [], ["results/a.csv", "results/b.csv"]

    def compute():
        calls.append(1)
        return [pd.DataFrame({"x": [k]}) for k in (1.5, 2.5)]

    first, second = stored.tables(paths, compute, settings=SETTINGS, seed=4)
    assert (first["x"][0], second["x"][0], len(calls)) == (1.5, 2.5, 1)
    again = stored.tables(paths, lambda: 1 / 0, settings=sizes.Settings("99_test", "book", {}), seed=4)
    assert [table["x"][0] for table in again] == [1.5, 2.5]


@pytest.mark.parametrize("profile, publish", [("smoke", "1"), ("paper", "0")])
def test_smoke_and_reading_never_write(data, monkeypatch, profile, publish):
    monkeypatch.setenv("AGNBOOK_PUBLISH", publish)
    settings = sizes.Settings("99_test", profile, {})
    stored.table("results/t.csv", lambda: pd.DataFrame({"a": [1]}), settings=settings, seed=0)
    assert not list((data / "results").iterdir())


class Number:
    """A model of one number that knows how to save itself."""

    def __init__(self, value):
        self.value = value

    def save(self, path):
        path.write_text(str(self.value))


def test_model_is_computed_published_and_loaded(data):
    smoke, book = (sizes.Settings("99_test", profile, {}) for profile in ("smoke", "book"))
    assert stored.model("results/m.txt", lambda: Number(2.5), lambda: 1 / 0, settings=smoke, seed=4).value == 2.5
    assert not (data / "results" / "m.txt").exists()
    stored.model("results/m.txt", lambda: Number(1.5), lambda: 1 / 0, settings=SETTINGS, seed=4)
    assert committed.verify("results/m.txt").read_text() == "1.5" and committed.notes("results/m.txt")["seed"] == 4
    assert stored.model("results/m.txt", lambda: 1 / 0, lambda: Number(3.5), settings=book, seed=4).value == 3.5
