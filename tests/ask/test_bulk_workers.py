"""Workers that are killed, stopped or far away: the same answers, nothing computed twice, no port open."""

import functools
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest
from hostile import CURVE

from agnbook.ask import bulk, bulk_task, bulk_workers, command_line
from agnbook.ask.curve_options import Options
from agnbook.errors import BookError

pytestmark = pytest.mark.slow  # most start processes of their own

SDSS = Options(survey="sdss", redshift="z")


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
        bulk_task.compute(curves / name, target / name, bulk_task.plan("lightcurve", options=SDSS))
    return pd.read_parquet(target)


def check(target: Path, expected: pd.DataFrame) -> None:
    """Compare a folder of results with the answers expected."""
    found = pd.read_parquet(target)
    assert list(found["object"]) == list(expected["object"])
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert not list(target.rglob(".*.agnbook-*"))


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
        "import os\nfrom agnbook.ask import bulk_task\nreal = bulk_task.task\n\n"
        "def task(source, target, todo, name, strict=False):\n    os._exit(1) if name.name == 'b.parquet' else None\n"
        "    return real(source, target, todo, name)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import deadly

    monkeypatch.setattr(bulk_task, "task", deadly.task)
    with pytest.raises(BookError, match=r"2 of 3 partitions are done, 1 failed:\n.*b\.parquet: its worker was killed again"):
        bulk.run(catalogue, tmp_path / "out", "blazars", workers=2)
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.parquet")) == ["a.parquet", "c.parquet"]


def test_a_partition_that_kills_the_workers_of_a_cluster_is_named(catalogue, tmp_path, monkeypatch):
    import dask
    from dask.distributed import LocalCluster

    monkeypatch.setattr(bulk_task, "task", lambda source, target, todo, name, strict=False: os._exit(1))
    for name in ("b.parquet", "north/c.parquet"):
        (catalogue / name).unlink()
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
            with pytest.raises(BookError, match=r"a\.parquet: its worker was killed again and again"):
                bulk.run(catalogue, tmp_path / "out", "blazars", scheduler=cluster.scheduler_address)


#: As a user writes it: no ``if __name__ == "__main__":``.
_SCRIPT = """
import sys
import pandas as pd
import agnbook
from agnbook.ask import bulk
from agnbook.ask.curve_options import Options
print("begun")
print(bulk.run(sys.argv[1], sys.argv[2], "blazars", workers=2)["rows"].sum())
options = Options(survey="lsst")
print(len(agnbook.light_curves(pd.read_csv(sys.argv[3]), options, workers=2)[0]))
"""


def test_a_script_without_a_guard_runs_once(catalogue, tmp_path):
    CURVE.to_csv(tmp_path / "curve.csv", index=False)
    (tmp_path / "script.py").write_text(_SCRIPT)
    command = [sys.executable, "script.py", catalogue, "out", "curve.csv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["begun", "60", "1"] and done.stderr == ""


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

    monkeypatch.setattr(bulk_workers, "PATIENCE", 2)
    with socket.socket() as silent:  # accepts the connection and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        for address in ("tcp://127.0.0.1:9", "nonsense", f"tcp://127.0.0.1:{silent.getsockname()[1]}"):
            command = ["bulk", str(catalogue), str(tmp_path / "out"), "--model", "blazars", "--scheduler", address]
            start_time = time.monotonic()
            assert command_line.main(command) == 2
            assert time.monotonic() - start_time < 12
            assert capsys.readouterr().err.splitlines()[-1].startswith(f"agnbook: No Dask scheduler answers at {address}")
    monkeypatch.setattr(bulk_workers, "PATIENCE", 6)
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
    assert bulk_workers.PATIENCE <= time.monotonic() - begun < bulk_workers.PATIENCE + 20  # start and end of Python are in it
