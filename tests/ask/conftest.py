"""Folders of partitions for bulk inference."""

import pyarrow.parquet as pq
import pytest
from simulated import blazars, light_curve_table, one_row_an_object

from agnbook.ask import bulk_workers


@pytest.fixture(scope="module")
def curves(tmp_path_factory):
    """Eight partitions of 6 light curves: seconds of work, so that a run can be stopped in the middle."""
    folder = tmp_path_factory.mktemp("curves")
    for k in range(8):
        names = [f"{k}-{i}" for i in range(6)]
        pq.write_table(
            one_row_an_object(light_curve_table(names, seed=k)), folder / f"part-{k:05d}.parquet", write_page_checksum=True
        )
    return folder


@pytest.fixture
def catalogue(tmp_path):
    """Three partitions of blazars, one in a subfolder."""
    folder = tmp_path / "in"
    for k, name in enumerate(["a.parquet", "b.parquet", "north/c.parquet"]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        blazars(20, k).to_parquet(folder / name)
    return folder


@pytest.fixture
def one_process(monkeypatch):
    """Run the tasks in this process, one after the other: what is tested is which partitions are computed."""
    counted = []

    def gather(workers, task, missing, records, tick):
        for name in sorted(missing):
            records[name] = task(name)
            counted.append(name.as_posix())
            tick()

    monkeypatch.setattr(bulk_workers, "gather_here", gather)
    return counted
