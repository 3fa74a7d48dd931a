"""Bulk inference: the same answers however it is cut up, interrupted or killed, and one message for each mistake."""

import errno
import functools
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import filelock
import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from simulated import light_curve_table

from agnbook import storage
from agnbook.ask import bulk, bulk_curves, classify, command_line, measurements, redshift, tables
from agnbook.ask.measurements import Options
from agnbook.errors import BookError
from agnbook.lightcurves import cadence, dataset, population
from agnbook.sky import features

pytestmark = pytest.mark.slow  # most start processes of their own

SDSS = Options(survey="sdss", redshift="z")
VALUES = {
    "PL_Index": 2.1, "LP_Index": 2.0, "Frac_Variability": 0.4, "Pivot_Energy": 1500.0, "Variability_Index": 40.0,
    "nu_syn": 1e14, "nuFnu_syn": 2e-12,
}  # fmt: skip


def blazars(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return invented blazars with the seven columns of 4LAC."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({name: VALUES[name] * rng.uniform(0.8, 1.2, rows) for name in features.BLAZAR_FEATURES})
    table.insert(0, "Source_Name", [f"{seed}-{i}" for i in range(rows)])
    return table


def lists(table: pd.DataFrame) -> pa.Table:
    """One row an object, cells that hold lists."""
    grouped = table.groupby("object", sort=False)
    columns = {c: [list(g[c]) for _, g in grouped] for c in ("time", "band", "magnitude", "error")}
    return pa.table({"object": list(grouped.groups), "z": [1.0] * len(grouped)} | columns)


@pytest.fixture(scope="module")
def curves(tmp_path_factory):
    """Eight partitions of 6 light curves: seconds of work, so that a run can be stopped in the middle."""
    folder = tmp_path_factory.mktemp("curves")
    for k in range(8):
        names = [f"{k}-{i}" for i in range(6)]
        pq.write_table(lists(light_curve_table(names, seed=k)), folder / f"part-{k:05d}.parquet", write_page_checksum=True)
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

    monkeypatch.setattr(bulk, "_gather_here", gather)
    return counted


# --- light curves


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


def read_csv(path) -> pd.DataFrame:
    names = ("object", "problem", "flags", "bands", "left_out", "sampler", "model", "unlike_simulator", "setting", "model_sha256")
    texts = {name: str for name in names}
    table = pd.read_csv(path, dtype=texts)
    return table.fillna({name: "" for name in texts if name in table})


def test_the_same_object_gets_the_same_answer_from_the_command_and_in_bulk(tmp_path):
    """A long CSV file through the command; lists, and a long table, through bulk: every column is the same to the last bit."""
    table = light_curve_table(("a", "b", "c"))
    table.loc[table["object"] == "c", "magnitude"] = -99.99
    table.to_csv(tmp_path / "long.csv", index=False)
    (tmp_path / "in").mkdir()
    pq.write_table(lists(table), tmp_path / "in" / "lists.parquet")
    table.sample(frac=1, random_state=0).to_parquet(tmp_path / "in" / "long.parquet")
    options = ["--survey", "sdss", "--redshift", "z"]
    assert command_line.main(["lightcurve", str(tmp_path / "long.csv"), *options, "-o", str(tmp_path / "answer.csv")]) == 0
    expected = read_csv(tmp_path / "answer.csv")
    assert list(expected["problem"] != "") == [False, False, True]
    task = bulk.plan("lightcurve", options=SDSS)
    for name in ("lists", "long"):
        bulk.compute(tmp_path / "in" / f"{name}.parquet", tmp_path / "out" / f"{name}.parquet", task)
        found = pd.read_parquet(tmp_path / "out" / f"{name}.parquet").sort_values("object", ignore_index=True)
        pd.testing.assert_frame_equal(found, expected, check_exact=True, check_dtype=False)


def test_the_simulator_too_gives_the_same_answer_both_ways(tmp_path):
    rng = np.random.default_rng(0)
    made = dataset.simulate(2, rng, cadence.pool(2, rng, n=60), "lsst_bright")
    rows = []
    for i in range(2):
        seen = made.is_visit[i]
        row = {"object": f"q{i}", "time": made.times[i, seen]}
        for b, band in enumerate(population.BANDS):
            # as many digits as a CSV file has: single precision would be another number there
            row |= {f"mag_{band}": made.observed[i, seen, b].astype(float).round(4), f"error_{band}": np.full(seen.sum(), 0.02)}
        rows.append(row)
    (tmp_path / "in").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in" / "part-00000.parquet")
    table = pd.DataFrame(rows)
    table.explode(list(table.columns[1:])).to_csv(tmp_path / "wide.csv", index=False)
    arguments = ["--model", "simulator", "--setting", "lsst_bright", "-o", str(tmp_path / "answer.csv")]
    assert command_line.main(["lightcurve", str(tmp_path / "wide.csv"), *arguments]) == 0
    task = bulk.plan("simulator", "lsst_bright")
    bulk.compute(tmp_path / "in" / "part-00000.parquet", tmp_path / "out.parquet", task)
    found = pd.read_parquet(tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(found, read_csv(tmp_path / "answer.csv"), check_exact=True, check_dtype=False)
    assert set(found["model_sha256"]) == {task.sha256}


# --- one partition


def test_a_result_is_what_the_tool_says_and_knows_its_origin(catalogue, tmp_path):
    todo = bulk.plan("blazars")
    record = bulk.compute(catalogue / "a.parquet", tmp_path / "out" / "a.parquet", todo)
    expected = classify.classify(tables.read(catalogue / "a.parquet")).to_pandas()
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out" / "a.parquet"), expected, check_dtype=False)
    assert bulk.read_record(tmp_path / "out" / "a.parquet") == record
    assert record["rows"] == 20 and record["sha256"] == todo.sha256 and record["peak_memory_mb"] > 50
    assert record["cpu"] == pytest.approx(sum(v for name, v in record.items() if name.startswith("cpu_")), abs=0.01)
    written = (tmp_path / "out" / "a.parquet").stat().st_mtime_ns
    assert bulk.compute(catalogue / "a.parquet", tmp_path / "out" / "a.parquet", todo) == record
    assert (tmp_path / "out" / "a.parquet").stat().st_mtime_ns == written, "it was there already"


@pytest.mark.parametrize("model", ["six", "redshift"])
def test_every_model_of_tables_answers_as_its_tool(tmp_path, model):
    names = features.GAMMA_COLUMNS if model == "six" else features.EXTENDED_NUMBERS
    rng = np.random.default_rng(0)
    table = pd.DataFrame({name: VALUES.get(name, 0.5) * rng.uniform(0.8, 1.2, 12) for name in names})
    if model == "redshift":
        table = table.assign(**{name: "bll" if name == "CLASS" else "LogParabola" for name in features.EXTENDED_TEXTS})
    table.insert(0, "Source_Name", [f"source {i}" for i in range(12)])
    table.to_parquet(tmp_path / "in.parquet")
    todo = bulk.plan(model)
    bulk.compute(tmp_path / "in.parquet", tmp_path / "out.parquet", todo)
    found, source = pd.read_parquet(tmp_path / "out.parquet"), tables.read(tmp_path / "in.parquet")
    expected = redshift.redshift(source) if model == "redshift" else classify.classify(source, "six")
    pd.testing.assert_frame_equal(found, expected.to_pandas(), check_dtype=False)
    assert set(found["model_sha256"]) == {todo.sha256}


def test_partitions_do_not_matter(curves, tmp_path):
    """One file of 12 objects in batches, or two of 6: the same answers."""
    parts = [pq.read_table(curves / f"part-0000{k}.parquet") for k in (0, 1)]
    pq.write_table(pa.concat_tables(parts), tmp_path / "both.parquet", row_group_size=5)
    task = bulk.plan("lightcurve", options=SDSS)
    bulk.compute(tmp_path / "both.parquet", tmp_path / "out.parquet", task)
    for k in (0, 1):
        bulk.compute(curves / f"part-0000{k}.parquet", tmp_path / f"{k}.parquet", task)
    apart = pd.concat([pd.read_parquet(tmp_path / f"{k}.parquet") for k in (0, 1)], ignore_index=True)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out.parquet"), apart, check_exact=True)


def test_weights_that_differ_between_machines_are_noticed(catalogue, tmp_path):
    with pytest.raises(BookError, match="weights or the code here differ"):
        bulk.compute(catalogue / "a.parquet", tmp_path / "a.parquet", bulk.Job("blazars", "", "0" * 64))


def test_a_full_disk_leaves_nothing_behind(catalogue, tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    target = tmp_path / "out" / "a.parquet"
    assert "No space left on device" in bulk._task(catalogue, target.parent, bulk.plan("blazars"), Path("a.parquet"))["error"]
    assert list(target.parent.iterdir()) == []


def test_unknown_names_are_refused():
    with pytest.raises(BookError, match="Unknown model 'quasars'; choose one of blazars"):
        bulk.plan("quasars")
    with pytest.raises(BookError, match="Unknown setting 'desi'; choose one of dc2_like"):
        bulk.plan("simulator", "desi")
    with pytest.raises(BookError, match="0 workers; give 1 or more"):
        bulk.run("in", "out", "blazars", workers=0)


# --- which partitions are computed


def test_only_what_is_missing_or_changed_is_computed(catalogue, tmp_path, one_process):
    out, seen = tmp_path / "out", []
    table = bulk.run(catalogue, out, "blazars", progress=lambda done, total: seen.append((done, total)))
    assert one_process == ["a.parquet", "b.parquet", "north/c.parquet"] == list(table.index)
    assert table["computed"].all() and seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert list(pd.read_csv(out / "_manifest.csv")["rows"]) == [20, 20, 20]
    one_process.clear()
    assert not bulk.run(catalogue, out, "blazars")["computed"].any() and one_process == []
    (out / "a.parquet").unlink()
    blazars(21, 9).to_parquet(catalogue / "b.parquet")
    assert list(bulk.run(catalogue, out, "blazars")["computed"]) == [True, True, False]
    assert one_process == ["a.parquet", "b.parquet"]
    assert len(pd.read_parquet(out / "b.parquet")) == 21
    assert len(pd.read_parquet(out)) == 61, "readers of a folder pass over the manifest and the lock"


def test_new_weights_mean_new_results(catalogue, tmp_path, one_process, monkeypatch):
    bulk.run(catalogue, tmp_path / "out", "blazars")
    monkeypatch.setattr(bulk, "plan", lambda model, setting="", options=None: bulk.Job("blazars", "", "1" * 64))
    assert bulk.run(catalogue, tmp_path / "out", "blazars")["computed"].all()


def test_results_of_another_model_are_refused(catalogue, tmp_path, one_process):
    bulk.run(catalogue, tmp_path / "out", "blazars")
    with pytest.raises(BookError, match=r"a\.parquet was made by the model blazars, not by simulator dc2_like"):
        bulk.run(catalogue, tmp_path / "out", "simulator")


@pytest.mark.parametrize("content", [b"not parquet", None])
def test_files_of_others_are_never_replaced(catalogue, tmp_path, one_process, content):
    out = tmp_path / "out"
    out.mkdir()
    if content is None:
        blazars(2).to_parquet(out / "b.parquet")
    else:
        (out / "b.parquet").write_bytes(content)
    before = (out / "b.parquet").read_bytes()
    with pytest.raises(BookError, match=r"b\.parquet was not written by `agnbook bulk`"):
        bulk.run(catalogue, out, "blazars")
    assert (out / "b.parquet").read_bytes() == before and one_process == []


def test_bad_partitions_are_named_when_the_good_are_done(catalogue, tmp_path, one_process, capsys):
    whole = (catalogue / "a.parquet").read_bytes()
    (catalogue / "a.parquet").write_bytes(whole[: len(whole) // 2])
    blazars(5, 7).drop(columns=["nu_syn", "PL_Index"]).to_parquet(catalogue / "d.parquet")
    blazars(0).to_parquet(catalogue / "e.parquet")
    blazars(5, 8).assign(PL_Index="steep").to_parquet(catalogue / "f.parquet")
    assert command_line.main(["bulk", str(catalogue), str(tmp_path / "out"), "--model", "blazars"]) == 2
    error = capsys.readouterr().err
    assert "agnbook: 2 of 6 partitions are done, 4 failed:" in error and "Traceback" not in error
    for name, words in (("a", "Cannot read"), ("d", "PL_Index, nu_syn"), ("e", "no rows"), ("f", "PL_Index must hold numbers")):
        line = next(line for line in error.splitlines() if line.startswith(f"  {catalogue / name}.parquet: "))
        assert words in line
    assert sorted(p.name for p in (tmp_path / "out").rglob("*.parquet")) == ["b.parquet", "c.parquet"]
    (catalogue / "a.parquet").write_bytes(whole)
    for name in "def":
        (catalogue / f"{name}.parquet").unlink()
    one_process.clear()
    assert command_line.main(["bulk", str(catalogue), str(tmp_path / "out"), "--model", "blazars"]) == 0
    assert one_process == ["a.parquet"] and "3 partitions with 60 rows are complete; 1 computed now" in capsys.readouterr().err


def test_a_broken_file_of_light_curves_is_one_error(curves, tmp_path):
    whole = (curves / "part-00000.parquet").read_bytes()
    (tmp_path / "half.parquet").write_bytes(whole[:5000])
    middle = len(whole) // 3
    (tmp_path / "garbled.parquet").write_bytes(whole[:middle] + bytes(500) + whole[middle + 500 :])
    table = pq.read_table(curves / "part-00000.parquet")
    pq.write_table(table.slice(0, 0), tmp_path / "empty.parquet")
    pq.write_table(table.drop_columns(["time"]), tmp_path / "timeless.parquet")
    for name, words in (
        ("half", "as Parquet"),
        ("garbled", "as Parquet"),
        ("empty", "has no rows"),
        ("timeless", "lacks the columns time"),
    ):
        answer = bulk._task(tmp_path, tmp_path / "out", bulk.plan("lightcurve", options=SDSS), Path(f"{name}.parquet"))
        assert words in answer["error"], answer
    assert list((tmp_path / "out").iterdir()) == []


# --- folders


def test_folders_that_do_not_fit_are_refused(catalogue, tmp_path):
    empty, file = tmp_path / "empty", tmp_path / "file"
    empty.mkdir()
    file.touch()
    for source, target, words in (
        (tmp_path / "nowhere", tmp_path / "out", "is not a folder"),
        (empty, tmp_path / "out", "holds no .parquet files"),
        (catalogue, catalogue / "out", "lies in the input"),
        (catalogue, catalogue, "lies in the input"),
        (catalogue, catalogue.parent, "lies in the output folder"),
        (catalogue, storage.DATA / "results" / "bulk", "lies in the book's own data"),
        (catalogue, file, "is a file"),
    ):
        with pytest.raises(BookError, match=words):
            bulk.run(source, target, "blazars")


def test_results_stay_in_the_output_folder(catalogue, tmp_path, one_process):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "north").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BookError, match="leads out of the output folder"):
        bulk.run(catalogue, tmp_path / "out", "blazars")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_hidden_files_are_passed_over(catalogue):
    blazars(1).to_parquet(catalogue / "_common.parquet")
    blazars(1).to_parquet(catalogue / ".tmp-x.parquet")
    assert [path.name for path in bulk.partitions(catalogue)] == ["a.parquet", "b.parquet", "c.parquet"]


def test_two_runs_never_share_an_output_folder(catalogue, tmp_path, one_process):
    with bulk._alone(tmp_path / "out"), pytest.raises(BookError, match="Another run is writing"):
        bulk.run(catalogue, tmp_path / "out", "blazars")
    (tmp_path / "out" / ".tmp-left.parquet").touch()
    bulk.run(catalogue, tmp_path / "out", "blazars")
    assert not (tmp_path / "out" / ".tmp-left.parquet").exists()


def test_a_file_system_without_locks_will_do(catalogue, tmp_path, one_process, monkeypatch):
    def no_locks(*arguments, **options):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(filelock.FileLock, "acquire", no_locks)
    assert len(bulk.run(catalogue, tmp_path / "out", "blazars")) == 3


def test_what_is_done_is_known_by_content_not_by_time_or_size(catalogue, tmp_path, one_process):
    path = catalogue / "a.parquet"
    blazars(20).to_parquet(path, compression=None)
    bulk.run(catalogue, tmp_path / "out", "blazars")
    one_process.clear()
    content, stamp = path.read_bytes(), path.stat()
    path.touch()  # copied without its times
    assert not bulk.run(catalogue, tmp_path / "out", "blazars")["computed"].any() and one_process == []
    changed = bytearray(content)
    at = content.index(b"0-3")  # a source's name
    changed[at : at + 3] = b"9-9"
    path.write_bytes(changed)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert path.stat().st_size == stamp.st_size and path.stat().st_mtime_ns == stamp.st_mtime_ns
    bulk.run(catalogue, tmp_path / "out", "blazars")
    assert one_process == ["a.parquet"]


def test_other_options_mean_other_answers(curves, tmp_path, one_process):
    (tmp_path / "in").mkdir()
    pq.write_table(pq.read_table(curves / "part-00000.parquet").slice(0, 1), tmp_path / "in" / "a.parquet")
    first = bulk.run(tmp_path / "in", tmp_path / "out", "lightcurve", options=SDSS)
    assert not bulk.run(tmp_path / "in", tmp_path / "out", "lightcurve", options=SDSS)["computed"].any()
    again = bulk.run(tmp_path / "in", tmp_path / "out", "lightcurve", options=Options(survey="lsst"))
    assert again["computed"].all() and first["input_sha256"].iloc[0] == again["input_sha256"].iloc[0]


def test_an_input_that_changes_while_it_is_read_is_not_recorded(catalogue, tmp_path, monkeypatch):
    real = bulk._answers

    def changing(source, todo, clock):
        yield from real(source, todo, clock)
        blazars(3, 5).to_parquet(source)

    monkeypatch.setattr(bulk, "_answers", changing)
    answer = bulk._task(catalogue, tmp_path / "out", bulk.plan("blazars"), Path("a.parquet"))
    assert "was changed while it was read" in answer["error"] and not (tmp_path / "out" / "a.parquet").exists()


# --- real processes


def start(source: Path, target: Path, *options: str) -> subprocess.Popen:
    """Start the command on light curves, in a process group of its own."""
    command = [
        sys.executable,
        "-m",
        "agnbook.ask.command_line",
        "bulk",
        str(source),
        str(target),
        "--model",
        "lightcurve",
        "--survey",
        "sdss",
        "--redshift",
        "z",
        *options,
    ]
    # a shell that runs the tests in the background lets its children ignore Ctrl-C
    listen = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, start_new_session=True, preexec_fn=listen, **pipes)


def finished(target: Path) -> dict[str, int]:
    """Return the partitions that are there, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in target.glob("*.parquet") if not path.name.startswith(".")}


def wait_for(count: int, target: Path, process: subprocess.Popen) -> None:
    """Wait until `count` partitions are finished; fail if the command ends first."""
    deadline = time.monotonic() + 120
    while len(finished(target)) < count:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def workers_of(process: subprocess.Popen) -> list[psutil.Process]:
    """Return the processes of the command's workers."""
    return [child for child in psutil.Process(process.pid).children(recursive=True) if "spawn_main" in " ".join(child.cmdline())]


@pytest.fixture(scope="module")
def expected(curves, tmp_path_factory):
    """The answers, computed in this process."""
    target = tmp_path_factory.mktemp("expected")
    for name in bulk.partitions(curves):
        bulk.compute(curves / name, target / name, bulk.plan("lightcurve", options=SDSS))
    return pd.read_parquet(target)


def check(target: Path, expected: pd.DataFrame) -> None:
    """Compare a folder of results with the answers expected."""
    found = pd.read_parquet(target)
    assert list(found["object"]) == list(expected["object"])
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert not list(target.rglob(".tmp-*"))


def test_a_worker_killed_in_the_middle_is_survived(curves, expected, tmp_path):
    process = start(curves, tmp_path, "--workers", "2")
    wait_for(2, tmp_path, process)
    before = finished(tmp_path)
    workers = workers_of(process)
    assert len(workers) == 2 and len(before) < 8
    workers[0].send_signal(signal.SIGKILL)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    # before it, Python may warn of what the killed process left open
    assert error.strip().splitlines()[-1] == "agnbook: 8 partitions with 48 rows are complete; 8 computed now"
    after = finished(tmp_path)
    assert {name: after[name] for name in before} == before, "nothing is computed twice"
    check(tmp_path, expected)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_stopped_goes_on(curves, expected, tmp_path, how, one_process):
    process = start(curves, tmp_path, "--workers", "1")
    wait_for(2, tmp_path, process)
    workers = workers_of(process)
    if how == signal.SIGINT:
        os.killpg(process.pid, how)  # as Ctrl-C does
    else:
        process.send_signal(how)
    _, error = process.communicate(timeout=60)
    assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL)
    assert error == "agnbook: interrupted\n" if how == signal.SIGINT else "Traceback" not in error
    assert not psutil.wait_procs(workers, timeout=20)[1], "no worker outlives the command"
    before = finished(tmp_path)
    assert 2 <= len(before) < 8
    table = bulk.run(curves, tmp_path, "lightcurve", options=SDSS)
    assert table["computed"].sum() == len(one_process) == 8 - len(before)
    after = finished(tmp_path)
    assert {name: after[name] for name in before} == before
    check(tmp_path, expected)


def test_a_cluster_gives_the_same_answers(curves, expected, tmp_path):
    from dask.distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        table = bulk.run(curves, tmp_path, "lightcurve", scheduler=cluster.scheduler_address, options=SDSS)
    assert table["computed"].all()
    check(tmp_path, expected)


def test_a_partition_that_kills_its_workers_is_named_and_the_others_are_done(catalogue, tmp_path, monkeypatch):
    # a process that is spawned cannot import this file by its name
    (tmp_path / "deadly.py").write_text(
        "import os\nfrom agnbook.ask import bulk\nreal = bulk._task\n\n"
        "def task(source, target, todo, name):\n    os._exit(1) if name.name == 'b.parquet' else None\n"
        "    return real(source, target, todo, name)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import deadly

    monkeypatch.setattr(bulk, "_task", deadly.task)
    with pytest.raises(BookError, match=r"2 of 3 partitions are done, 1 failed:\n.*b\.parquet: its worker was killed again"):
        bulk.run(catalogue, tmp_path / "out", "blazars", workers=2)
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.parquet")) == ["a.parquet", "c.parquet"]


def test_a_partition_that_kills_the_workers_of_a_cluster_is_named(catalogue, tmp_path, monkeypatch):
    import dask
    from dask.distributed import LocalCluster

    monkeypatch.setattr(bulk, "_task", lambda source, target, todo, name: os._exit(1))
    for name in ("b.parquet", "north/c.parquet"):
        (catalogue / name).unlink()
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
            with pytest.raises(BookError, match=r"a\.parquet: its worker was killed again and again"):
                bulk.run(catalogue, tmp_path / "out", "blazars", scheduler=cluster.scheduler_address)


def test_nobody_outside_can_reach_the_workers(curves, tmp_path):
    """No port is opened: neither the command nor its workers listen."""
    process = start(curves, tmp_path, "--workers", "2")
    wait_for(1, tmp_path, process)
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    listening = [c for each in family for c in each.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    process.kill()
    process.communicate()
    assert len(family) >= 3 and listening == []


def test_a_cluster_that_is_not_there_is_one_message(catalogue, tmp_path, monkeypatch, capsys):
    from dask.distributed import LocalCluster

    monkeypatch.setattr(bulk, "PATIENCE", 2)
    with socket.socket() as silent:  # accepts the connection and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        for address in ("tcp://127.0.0.1:9", "nonsense", f"tcp://127.0.0.1:{silent.getsockname()[1]}"):
            command = ["bulk", str(catalogue), str(tmp_path / "out"), "--model", "blazars", "--scheduler", address]
            start_time = time.monotonic()
            assert command_line.main(command) == 2
            assert time.monotonic() - start_time < 12
            assert capsys.readouterr().err.splitlines()[-1].startswith(f"agnbook: No Dask scheduler answers at {address}")
    monkeypatch.setattr(bulk, "PATIENCE", 6)
    with LocalCluster(n_workers=0, dashboard_address=None) as cluster, pytest.raises(BookError, match="has no workers"):
        bulk.run(catalogue, tmp_path / "out", "blazars", scheduler=cluster.scheduler_address)


def test_a_silent_scheduler_is_given_up_in_half_a_minute_with_one_line(catalogue, tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        command = [sys.executable, "-m", "agnbook.ask.command_line", "bulk", str(catalogue), str(tmp_path / "out")]
        begun = time.monotonic()
        run = subprocess.run([*command, "--model", "blazars", "--scheduler", address], capture_output=True, text=True, timeout=90)
    assert run.returncode == 2 and run.stderr.startswith("agnbook: No Dask scheduler answers") and run.stderr.count("\n") == 1
    assert bulk.PATIENCE <= time.monotonic() - begun < bulk.PATIENCE + 20  # start and end of Python are in it


def test_examples_of_the_page(tmp_path, monkeypatch, one_process, capsys):
    """Run every example of ``book/commands/bulk.md``, in order, except those for a cluster."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```(python|console)\n(.*?)^```", (storage.ROOT / "book/commands/bulk.md").read_text(), re.M | re.S)
    scope, ran = {}, 0
    for kind, text in blocks:
        if kind == "python":
            exec(text, scope)
            continue
        command, *output = text.splitlines()
        assert command_line.main(shlex.split(command.removeprefix("$ agnbook "))) == 0
        assert capsys.readouterr().err.splitlines() == output
        ran += 1
    assert ran == 3 and len(scope["answers"]) == 40 and (scope["answers"]["problem"] == "").all()
    assert (pd.read_parquet("simulated")["problem"] != "").all()
