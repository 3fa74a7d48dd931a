"""Simulated light curves for bulk: each partition is that of its seed, and varies as its truth says."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from agnbook.ask import bulk_curves, measurements
from agnbook.ask.curve_options import Options


def test_simulated_curves_are_those_of_their_truth(tmp_path):
    first, second = bulk_curves.simulate(tmp_path / "a", 3, 2, seed=1, share=0.1)
    again = bulk_curves.simulate(tmp_path / "b", 4, 2, seed=1, share=0.1)
    assert first.read_bytes() == again[0].read_bytes() and second.read_bytes() != again[1].read_bytes()
    table = pq.read_table(first).to_pandas()
    assert list(table["object"]) == ["sim-000000000", "sim-000000001"] and len(pq.read_table(second)) == 1
    for each, (_, row) in zip(measurements.read(pq.read_table(first), Options("lsst")), table.iterrows(), strict=True):
        counted = dict(zip(*np.unique(each.bands, return_counts=True), strict=True))
        assert counted == {band: max(4, round(0.1 * n)) for band, n in bulk_curves.VISITS.items()}
        assert 0.2 < np.std(each.values[each.bands == "r"]) / (10 ** row["true_log_sf_6000"] / np.sqrt(2)) < 3


@pytest.mark.slow
def test_speed_is_measured_over_the_same_curves_for_each_number_of_workers(tmp_path, monkeypatch):
    monkeypatch.setattr(bulk_curves, "VISITS", dict.fromkeys(bulk_curves.VISITS, 6))
    table = bulk_curves.measure_speed(tmp_path, 4, 2, seed=1, workers=(1,))
    (row,) = table.to_dict("records")
    assert row["workers"] == 1 and row["objects"] == 4 and row["partitions"] == 2
    assert 0 < row["ms_model"] < row["ms"] and row["wall_seconds"] > 0 and row["ms_error"] >= 0
    assert row["ms"] == pytest.approx(sum(row[f"ms_{stage}"] for stage in ("start", "read", "model", "write")), rel=0.05)
    answers = pq.read_table(tmp_path / "answers_1").to_pandas()
    assert list(answers["object"]) == [f"sim-{k:09d}" for k in range(4)] and (answers["problem"] == "").all()
    written = sum(path.stat().st_size for path in (tmp_path / "answers_1").glob("part-*"))
    assert row["kb_out"] == pytest.approx(written / 4 / 1e3)


@pytest.mark.slow
def test_many_objects_are_answered_once_though_a_worker_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(bulk_curves, "FIRST_YEAR", 0.01)
    (row,) = bulk_curves.measure_many(tmp_path, 6, 1, seed=1).to_dict("records")
    assert row["killed"] == 1 and row["objects"] == row["partitions"] == 6 and row["measurements"] == 4 * 6
    assert row["lost"] == row["repeated"] == row["again"] == 0 and row["ms"] > 0
    answers = pq.read_table(tmp_path / "answers_many").to_pandas()
    assert list(answers["object"]) == [f"sim-{k:09d}" for k in range(6)]
    assert row["answered"] == answers["log_tau_6000_q500"].notna().sum()
