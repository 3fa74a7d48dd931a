"""Bulk inference: the same answers however it is cut up, interrupted or killed, and one message for each mistake."""

import errno
import functools
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agnbook import storage
from agnbook.ask import bulk, bulk_curves, classify, command_line, redshift, tables
from agnbook.banp import posterior, summary
from agnbook.errors import BookError, FeatureError
from agnbook.lightcurves import cadence, dataset
from agnbook.sky import features

pytestmark = pytest.mark.slow  # most start processes of their own

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


@pytest.fixture(scope="module")
def curves(tmp_path_factory):
    """Eight partitions of 200 light curves: seconds of work, so that a run can be stopped in the middle."""
    folder = tmp_path_factory.mktemp("curves")
    bulk_curves.simulate(folder, 1600, 200)
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

    def gather(client, source, target, missing, todo, records, tick):
        for name in sorted(missing):
            records[name] = bulk._task(source / name, target / name, todo)
            counted.append(name.as_posix())
            tick()

    from contextlib import nullcontext

    monkeypatch.setattr(bulk, "_client", lambda scheduler, workers: nullcontext())
    monkeypatch.setattr(bulk, "_gather", gather)
    return counted


# --- the layout of light curves


def test_layout_keeps_curves():
    rng = np.random.default_rng(0)
    curves = dataset.simulate(12, rng, cadence.pool(4, rng))
    batch = bulk_curves.to_arrow(curves, map(str, range(12))).to_batches()[0]
    back, usable, problems = bulk_curves.from_batch(batch)
    assert usable.all() and problems == [""] * 12
    assert (back.length == curves.is_visit.sum(axis=1)).all() and (back.is_visit.sum(axis=1) == back.length).all()
    assert np.diff(back.times, axis=1).min() >= 0
    np.testing.assert_allclose(summary.features(back), summary.features(curves), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(batch.column("true_redshift"), curves.targets[:, 14], rtol=1e-6)


def broken_curves():
    """Return (what is wrong, one object's lists) pairs and a sound object."""
    n = 40
    sound = {name: np.full(n, 20.0) for name in bulk_curves.LISTS} | {"time": np.arange(n, dtype=float)}
    sound |= {name: np.full(n, 0.02) for name in sound if name.startswith("error")}
    sound |= {f"mag_{b}": 20 + np.random.default_rng(1).normal(0, 0.1, n) for b in "ugrizY"}
    at = np.arange(n) == 7
    return sound, [
        ("needs 20 to", {name: value[:19] for name, value in sound.items()}),
        ("needs 20 to", {name: value[:0] for name, value in sound.items()}),
        ("NaN", sound | {"mag_r": np.where(at, np.nan, sound["mag_r"])}),
        ("Band z is empty", sound | {"mag_z": np.full(n, np.nan)}),
        ("must be positive", sound | {"error_u": np.where(at, 0, sound["error_u"])}),
        ("must ascend", sound | {"time": np.where(at, 8.0, sound["time"])}),
        ("unequal lengths: time 40, mag_u 40, mag_g 39", sound | {"mag_g": sound["mag_g"][1:]}),
    ]


def test_unusable_curves_stay_with_their_reason():
    sound, broken = broken_curves()
    rows = [sound, *(row for _, row in broken), sound]
    table = pa.table({"object": [str(i) for i in range(len(rows))]} | {n: [list(r[n]) for r in rows] for n in bulk_curves.LISTS})
    model = posterior.shipped("independent")
    answer = bulk_curves.score(table.to_batches()[0], model)
    assert list(answer["object"]) == [str(i) for i in range(len(rows))]
    for (words, _), problem in zip(broken, answer["problem"][1:-1], strict=True):
        assert words in problem
    bad = answer["problem"] != ""
    assert list(bad) == [False] + [True] * len(broken) + [False]
    assert answer.loc[bad, bulk_curves.columns()].isna().all(axis=None)
    assert answer.loc[~bad, bulk_curves.columns()].notna().all(axis=None)
    assert (answer.iloc[0, 3:] == answer.iloc[-1, 3:]).all()
    only_bad = bulk_curves.score(table.to_batches()[0].slice(1, 3), model)
    assert only_bad.iloc[:, 3:].isna().all(axis=None)


def test_columns_of_light_curves_are_checked():
    sound, _ = broken_curves()
    batch = pa.table({"object": ["a"], **{n: [list(sound[n])] for n in bulk_curves.LISTS}}).to_batches()[0]
    with pytest.raises(FeatureError, match="Missing columns: mag_u, error_Y"):
        bulk_curves.from_batch(batch.drop_columns(["mag_u", "error_Y"]))
    with pytest.raises(FeatureError, match="Column time is double"):
        bulk_curves.from_batch(batch.set_column(1, "time", pa.array([1.0])))
    with pytest.raises(FeatureError, match="Column time is list<"):
        bulk_curves.from_batch(batch.set_column(1, "time", pa.array([["noon"] * 40])))


def test_draws_are_those_of_the_posterior_and_depend_on_the_object_alone():
    features = summary.simulate_features("dc2_like", 30, 1)[0]
    model = posterior.shipped("dc2_like")
    ours, reference = bulk_curves.draw_targets(model, features), model.sample_targets(features, 4000)
    # quantiles, since a redshift's posterior may have long tails
    low, middle, high = np.quantile(reference, [0.16, 0.5, 0.84], axis=1)
    ours_low, ours_middle, ours_high = np.quantile(ours, [0.16, 0.5, 0.84], axis=1)
    assert np.abs((ours_middle - middle) / (high - low)).max() < 0.15
    assert np.abs((ours_high - ours_low) / (high - low) - 1).max() < 0.2
    np.testing.assert_allclose(bulk_curves.draw_targets(model, features[7:8])[0], ours[7], atol=1e-4)


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
    """One file of 120 objects in batches, or two of 60: the same answers."""
    parts = [pq.read_table(curves / f"part-0000{k}.parquet") for k in (0, 1)]
    pq.write_table(pa.concat_tables(parts), tmp_path / "both.parquet", row_group_size=37)
    todo = bulk.plan("lightcurve")
    bulk.compute(tmp_path / "both.parquet", tmp_path / "out.parquet", todo)
    for k in (0, 1):
        bulk.compute(curves / f"part-0000{k}.parquet", tmp_path / f"{k}.parquet", todo)
    apart = pd.concat([pd.read_parquet(tmp_path / f"{k}.parquet") for k in (0, 1)], ignore_index=True)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out.parquet"), apart, rtol=1e-5, atol=1e-5)


def test_weights_that_differ_between_machines_are_noticed(catalogue, tmp_path):
    with pytest.raises(BookError, match="weights here differ"):
        bulk.compute(catalogue / "a.parquet", tmp_path / "a.parquet", bulk.Job("blazars", "", "0" * 64))


def test_a_full_disk_leaves_nothing_behind(catalogue, tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    target = tmp_path / "out" / "a.parquet"
    assert "No space left on device" in bulk._task(catalogue / "a.parquet", target, bulk.plan("blazars"))["error"]
    assert list(target.parent.iterdir()) == []


def test_unknown_names_are_refused():
    with pytest.raises(BookError, match="Unknown model 'quasars'; choose one of blazars"):
        bulk.plan("quasars")
    with pytest.raises(BookError, match="Unknown setting 'desi'; choose one of dc2_like"):
        bulk.plan("lightcurve", "desi")
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
    monkeypatch.setattr(bulk, "plan", lambda model, setting="": bulk.Job("blazars", "", "1" * 64))
    assert bulk.run(catalogue, tmp_path / "out", "blazars")["computed"].all()


def test_results_of_another_model_are_refused(catalogue, tmp_path, one_process):
    bulk.run(catalogue, tmp_path / "out", "blazars")
    with pytest.raises(BookError, match=r"a\.parquet was made by the model blazars, not by lightcurve dc2_like"):
        bulk.run(catalogue, tmp_path / "out", "lightcurve")


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
    (tmp_path / "garbled.parquet").write_bytes(whole[:5000] + bytes(3000) + whole[8000:])
    for name in ("half", "garbled"):
        answer = bulk._task(tmp_path / f"{name}.parquet", tmp_path / "out" / "x.parquet", bulk.plan("lightcurve"))
        assert "cannot be read as Parquet" in answer["error"]
    pq.write_table(pq.read_table(curves / "part-00000.parquet").slice(0, 0), tmp_path / "empty.parquet")
    assert "has no rows" in bulk._task(tmp_path / "empty.parquet", tmp_path / "out/x.parquet", bulk.plan("lightcurve"))["error"]
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
    def no_locks(*arguments):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(bulk.fcntl, "flock", no_locks)
    assert len(bulk.run(catalogue, tmp_path / "out", "blazars")) == 3


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
        bulk.compute(curves / name, target / name, bulk.plan("lightcurve"))
    return pd.read_parquet(target)


def check(target: Path, expected: pd.DataFrame) -> None:
    """Compare a folder of results with the answers expected."""
    found = pd.read_parquet(target)
    assert list(found["object"]) == list(expected["object"])
    pd.testing.assert_frame_equal(found, expected, rtol=1e-5, atol=1e-5)
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
    assert error.strip().splitlines()[-1] == "agnbook: 8 partitions with 1600 rows are complete; 8 computed now"
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
    table = bulk.run(curves, tmp_path, "lightcurve")
    assert table["computed"].sum() == len(one_process) == 8 - len(before)
    after = finished(tmp_path)
    assert {name: after[name] for name in before} == before
    check(tmp_path, expected)


def test_a_cluster_gives_the_same_answers(curves, expected, tmp_path):
    from dask.distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        table = bulk.run(curves, tmp_path, "lightcurve", scheduler=cluster.scheduler_address)
    assert table["computed"].all()
    check(tmp_path, expected)


def test_a_partition_that_kills_its_workers_is_named(catalogue, tmp_path, monkeypatch):
    import dask

    monkeypatch.setattr(bulk, "_task", lambda source, target, todo: os._exit(1))
    for name in ("b.parquet", "north/c.parquet"):
        (catalogue / name).unlink()
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        with pytest.raises(BookError, match=r"a\.parquet: its worker was killed again and again"):
            bulk.run(catalogue, tmp_path / "out", "blazars", workers=1)


def test_a_cluster_that_is_not_there_is_one_message(catalogue, tmp_path, monkeypatch, capsys):
    from dask.distributed import LocalCluster

    monkeypatch.setattr(bulk, "PATIENCE", 1)
    for address in ("tcp://127.0.0.1:9", "nonsense"):
        command = ["bulk", str(catalogue), str(tmp_path / "out"), "--model", "blazars", "--scheduler", address]
        assert command_line.main(command) == 2
        assert f"No Dask scheduler answers at {address}" in capsys.readouterr().err
    monkeypatch.setattr(bulk, "PATIENCE", 4)
    with LocalCluster(n_workers=0, dashboard_address=None) as cluster, pytest.raises(BookError, match="has no workers"):
        bulk.run(catalogue, tmp_path / "out", "blazars", scheduler=cluster.scheduler_address)


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
    assert ran == 3 and len(scope["answers"]) == 200
    assert (pd.read_parquet("my_posteriors")["problem"] == "").all()
