"""Tables answered at once against the loop over sources, in one run with equal results; a million rows in bounded memory."""

import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table

from agnbook import storage
from agnbook.ask import redshift, tables
from agnbook.ask.last_guard import PARTLY
from agnbook.redshifts import shipped_redshift
from agnbook.sky import features

SOURCES, LOOPED, MILLION = 2000, 40, 1_000_000


def _scattered(path, n: int, seed: int = 0) -> pd.DataFrame:
    """Rows of an example table, with numbers scattered by some per cent, under new names."""
    rng, rows = np.random.default_rng(seed), tables.read(path).to_pandas()
    table = rows.iloc[rng.integers(0, len(rows), n)].reset_index(drop=True)
    for name in table.select_dtypes("float"):
        table[name] *= rng.uniform(0.97, 1.03, n)
    return table.assign(Source_Name=[f"source {number}" for number in range(n)])


def test_redshifts_of_a_table_at_once(benchmark):
    """2000 redshifts in blocks against one call a source, which is what a reader would write first."""
    given = Table.from_pandas(_scattered(storage.ROOT / "book/_static/examples/my_agn.csv", SOURCES))
    redshift.redshift(given[:3])  # compile and read once
    start = time.perf_counter()
    looped = [redshift.redshift(given[row : row + 1])["z_q500"][0] for row in range(LOOPED)]
    loop_seconds = (time.perf_counter() - start) * SOURCES / LOOPED
    found = benchmark.pedantic(redshift.redshift, (given,), rounds=3, iterations=1)
    seconds = benchmark.stats.stats.median
    print(f"\n{SOURCES} redshifts: {seconds:.2f} s at once, {loop_seconds:.1f} s one by one ({loop_seconds / seconds:.0f} x)")
    np.testing.assert_allclose(found["z_q500"][:LOOPED], looped, atol=2e-5)
    assert loop_seconds > 5 * seconds


def test_trees_in_one_walk(benchmark):
    """All trees of one part of the redshift model on all sources, against one tree and one source after the other."""
    part = shipped_redshift.ShippedRedshift.load().model.parts[0]
    trees = part.trees["sqrt"]
    X = features.extended_redshift_matrix(redshift._Redshifts(_table()).values).to_numpy(float)
    X = np.repeat(X, -(-SOURCES // len(X)), axis=0)[:SOURCES]

    def walk(row):
        total = 0.0
        for root in trees.roots:
            node = root
            while trees.feature[node] >= 0:
                value = row[trees.feature[node]]
                left = trees.missing_left[node] if np.isnan(value) else value <= trees.threshold[node]
                node = node + 1 if left else trees.right[node]
            total += float(trees.value[trees.leaf[node]])
        return total

    start = time.perf_counter()
    looped = [walk(row) for row in X[:LOOPED]]
    loop_seconds = (time.perf_counter() - start) * SOURCES / LOOPED
    found = benchmark(trees.sum, X)
    seconds = benchmark.stats.stats.median
    print(
        f"\n{len(trees.roots)} trees on {SOURCES} sources: {seconds:.3f} s, loop {loop_seconds:.1f} s "
        f"({loop_seconds / seconds:.0f} x)"
    )
    np.testing.assert_allclose(found[:LOOPED], looped, rtol=1e-12)
    assert loop_seconds > 20 * seconds


def _table():
    return tables.read(storage.ROOT / "book/_static/examples/my_agn.csv")


@pytest.mark.needs("4fgl-dr4")
@pytest.mark.parametrize("groups", ["blazars", "six"])
def test_a_million_rows(benchmark, tmp_path, groups):
    """The command on 10^6 rows: every row answered or flagged, peak memory below 4 GB, in one process of its own."""
    if groups == "six":
        from agnbook.sky import catalogs

        rows = catalogs.read("4fgl-dr4", ["Source_Name", *features.GAMMA_COLUMNS])
    else:
        rows = _table().to_pandas()[["Source_Name", *features.BLAZAR_FEATURES]]
    table = rows.iloc[np.random.default_rng(0).integers(0, len(rows), MILLION)]
    table.assign(Source_Name=[f"source {number}" for number in range(MILLION)]).to_parquet(tmp_path / "in.parquet")
    command = [
        sys.executable,
        "-m",
        "agnbook.ask.command_line",
        "classify",
        str(tmp_path / "in.parquet"),
        "--groups",
        groups,
        "--overwrite",
    ]
    run = benchmark.pedantic(
        subprocess.run, ([*command, "-o", str(tmp_path / "out.parquet")],), {"capture_output": True, "text": True}, rounds=1
    )
    assert run.returncode == PARTLY, run.stderr  # some rows lack a value, and say so
    answer = pd.read_parquet(tmp_path / "out.parquet")
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1e6 if sys.platform == "linux" else 1e9)
    print(f"\n{MILLION} rows, {groups}: {benchmark.stats.stats.median:.0f} s, {memory:.2f} GB")
    first = {"six": "bll+", "blazars": "probability_fsrq"}[groups]
    assert len(answer) == MILLION and ((answer["not_given"] == "") == answer[first].notna()).all() and memory < 4
