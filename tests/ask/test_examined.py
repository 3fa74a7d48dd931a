"""The studies of the models that answer: what is trained and committed, agreement with the published tables, speed."""

import numpy as np
import pandas as pd
import pytest

from agnbook import committed
from agnbook.ask import examined
from agnbook.chapter.sizes import Settings
from agnbook.errors import BookError
from agnbook.redshifts import shipped_redshift
from agnbook.shift import shipped_groups
from agnbook.sky import catalogs, features


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_answers_agree_with_the_published_tables(both_latitudes):
    table = examined.agreement(both_latitudes, every=60).set_index("model")
    assert table.loc["redshift", "sources"] > 20
    assert table.loc["redshift", "largest difference"] < 1e-3  # the model is stored in single precision
    # one network against the mean over resamples of its training: noise of a training, no more
    assert 0 < table.loc["BL Lac or FSRQ", "median difference"] < 0.1


def test_speed_counts_what_was_asked_without_the_warming_up():
    asked = []

    def question(table):
        asked.append(len(table))
        assert len(set(table["Source_Name"])) == len(table)
        return table

    frame = pd.DataFrame({"Source_Name": ["a", "b", "c"], "x": np.arange(3.0)})
    table = examined.speed({"nothing": (question, frame)}, 8)
    assert asked == [2, 8]
    assert table.loc[0, "question"] == "nothing" and table.loc[0, "rows"] == 8
    assert 0 <= table.loc[0, "processor_seconds_per_100000"] < 1e5


@pytest.mark.slow
@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_the_redshift_model_is_committed_by_a_paper_run(both_latitudes, data):
    sizes = Settings("46_test", "paper", {"parts": 2, "forest": 4, "forest_4fgl": 3, "rounds": 0.02})
    cost = examined.train_redshift(sizes, both_latitudes, seed=3)
    record = committed.notes(shipped_redshift.REDSHIFT)
    assert record["chapter"] == "46_test" and record["seed"] == 3 and record["wall_seconds"] > 0
    model = shipped_redshift.ShippedRedshift.load()
    few = shipped_redshift.ShippedRedshift.load(committed.verify(shipped_redshift.REDSHIFT_4FGL))
    assert len(model.model.parts) == 2 and len(model.names) > 1000 and list(few.names) == list(model.names)
    assert [len(each.model.parts[0].trees["forest"].roots) for each in (model, few)] == [4, 3]
    assert few.model.columns == features.FEATURES_FROM_4FGL and len(cost) == 3


@pytest.mark.slow
@pytest.mark.needs("4fgl-dr4")
def test_the_groups_are_committed_by_a_paper_run_and_by_no_other(data):
    release = catalogs.read("4fgl-dr4")
    sizes = {"every": 8, "splits": 30, "at_least": 1, "epochs": 1}
    examined.train_groups(Settings("46_test", "book", sizes), release, seed=0)
    assert not (data / "weights").exists()
    examined.train_groups(Settings("46_test", "paper", sizes), release, seed=0)
    model = shipped_groups.ShippedGroups.load()
    assert set(model.names) <= set(release["Source_Name"].iloc[::8].str.strip()) and model.tested.shape == (30, len(model.names))
    assert model.tested.any(axis=0).all() and model.notes["held_out"]["n"] == len(model.names)


def test_whether_4lac_is_here_is_asked_of_both_files(monkeypatch):
    table = pd.DataFrame({"name": ["4fgl-dr4", "4lac-dr3-h", "4lac-dr3-l"], "status": ["missing", "verified", "verified"]})
    monkeypatch.setattr(examined.registry, "status", lambda: table)
    assert examined.has_4lac()
    table.loc[2, "status"] = "missing"
    assert not examined.has_4lac()


def test_a_batch_is_timed_beside_single_rows_with_the_same_answers(monkeypatch):
    table = examined.batch_gain(60, 3, seed=0)
    assert table.loc[0, "rows"] == 60 and 0 < table.loc[0, "batch_ms"] < table.loc[0, "single_ms"]
    monkeypatch.setattr(examined.classify, "classify", lambda sources: {"probability_fsrq": np.full(len(sources), len(sources))})
    with pytest.raises(BookError, match="another answer alone"):
        examined.batch_gain(60, 3, seed=0)
