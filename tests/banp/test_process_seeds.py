"""The neural process on equal terms: a search that ignores what diverged, seeds that differ, and a run that goes on."""

import numpy as np
import pandas as pd
import pytest

from agnbook.banp import process_seeds, train

SIZES = {
    "curves": 20, "validation_curves": 20, "rates": [0.001, 0.003], "seeds": 2, "search_steps": 5, "process_steps": 10,
    "process_every": 5, "short_context": 8, "short_extra": 4, "context": 12, "extra": 6,
}  # fmt: skip


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(process_seeds.storage, "ROOT", tmp_path)


@pytest.mark.parametrize("losses, best", [([3.0, 2.0], 0.003), ([3.0, np.nan], 0.001)])
def test_the_rate_with_the_smallest_validation_loss_is_kept_and_one_that_diverged_never(losses, best, monkeypatch, tmp_path):
    found = iter(losses)

    def history(*_, **__):
        return None, [{"loss": next(found), "magnitudes": 0.0, "parameters": 0.0, "seconds": 1.0}]

    monkeypatch.setattr(process_seeds, "_train", history)
    table = process_seeds.search(SIZES, None, tmp_path, 0)
    assert table["rate"].tolist() == SIZES["rates"] and table.loc[table["chosen"], "rate"].tolist() == [best]


@pytest.mark.slow
def test_seeds_share_rate_and_steps_and_a_second_call_trains_nothing(monkeypatch):
    table, processes, histories = process_seeds.trained(SIZES, "book", 0)
    assert table["chosen"].sum() == 1 and len(processes) == 2
    assert {process.notes["steps"] for process in processes} == {10} and set(histories["seed"]) == {0, 1}
    last = histories.groupby("seed").last()
    assert (last["step"] == 10).all()
    assert last["loss"].nunique() == 2, "another seed is another network"
    monkeypatch.setattr(train.CurveSet, "batch", None)  # needed by every step
    again = process_seeds.trained(SIZES, "book", 0)
    pd.testing.assert_frame_equal(again[2], histories)
    for ours, theirs in zip(processes, again[1], strict=True):
        same = theirs.network.state_dict()
        assert all((value == same[name]).all() for name, value in ours.network.state_dict().items())


@pytest.mark.slow
def test_the_last_tenth_sees_as_many_visits_as_the_answers_will(monkeypatch):
    seen = []
    batch = train.CurveSet.batch

    def note(self, rows, n_context, n_extra, rng):
        if len(rows) == 40:
            seen.append((n_context, n_extra))
        return batch(self, rows, n_context, n_extra, rng)

    monkeypatch.setattr(train.CurveSet, "batch", note)
    process_seeds.trained(SIZES | {"rates": [0.001], "seeds": 1}, "book", 0)
    assert seen == [(8, 4)] * (5 + 9) + [(12, 6)]
