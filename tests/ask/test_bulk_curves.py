"""Simulated light curves for bulk: each partition is that of its seed, and varies as its truth says."""

import numpy as np
import pyarrow.parquet as pq

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
