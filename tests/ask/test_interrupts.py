"""Fifty interruptions at random moments, by any signal: nothing is lost, nothing half done stays, nobody sees a traceback."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from simulated import blazars

pytestmark = pytest.mark.slow

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]
TIMES = 50


def _python_starts() -> float:
    """Seconds after which Python itself has started and a command can answer a signal: longer on a busy machine."""
    begin = time.monotonic()
    for _ in range(3):
        subprocess.run([sys.executable, "-c", "import agnbook"], check=True)
    return max(0.25, time.monotonic() - begin)


def _start(arguments) -> subprocess.Popen:
    """Start a command in a group of its own, with the terminal's usual answers to signals."""

    def listen():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)

    command = [sys.executable, "-m", "agnbook.ask.command_line", *map(str, arguments)]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, start_new_session=True, preexec_fn=listen, **pipes)


def _undisturbed(arguments) -> None:
    process = _start(arguments)
    error = process.communicate(timeout=300)[1]
    assert process.returncode == 0, error


def _interrupted(arguments, number: int, seconds: float) -> int:
    """Interrupt a command, the whole group as a terminal does, after some seconds; return its exit status."""
    process = _start(arguments)
    time.sleep(seconds)
    alive = process.poll() is None
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        alive = False
    _, error = process.communicate(timeout=120)
    assert "Traceback" not in error, error
    if alive and number != signal.SIGKILL and process.returncode:
        last = error.rstrip().rpartition("\n")[2]
        assert process.returncode in (128 + number, -number) and last in ("agnbook: interrupted", "agnbook: stopped"), error
    return process.returncode


def _moments(command, rng):
    """Time one undisturbed run; yield signals and moments, from when Python has started to just after the end."""
    begin = time.monotonic()
    _undisturbed(command)
    took = time.monotonic() - begin
    for number in rng.permutation(np.resize(SIGNALS, TIMES)):
        start = _python_starts()
        yield number, rng.uniform(start, max(1.05 * took, 2 * start))


def _files(folder) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_classify_interrupted_fifty_times(tmp_path):
    rng = np.random.default_rng(50)
    blazars(8000).to_csv(tmp_path / "in.csv", index=False)
    (tmp_path / "whole").mkdir()
    command = ["classify", tmp_path / "in.csv", "--overwrite", "-o"]
    given, out = (tmp_path / "in.csv").read_bytes(), tmp_path / "out.csv"
    moments = _moments([*command, tmp_path / "whole" / "out.csv"], rng)
    statuses = []
    out.write_text("old")
    for number, seconds in moments:
        statuses.append(_interrupted([*command, out], number, seconds))
        whole = (tmp_path / "whole" / "out.csv").read_bytes()
        assert out.read_bytes() in (b"old", whole), "the old output or the new one, never half"
        assert (tmp_path / "in.csv").read_bytes() == given
        halves = _files(tmp_path) - {"in.csv", "out.csv", "whole/out.csv"}
        assert not halves or number == signal.SIGKILL, halves
    _undisturbed([*command, out])
    assert out.read_bytes() == whole and _files(tmp_path) == {"in.csv", "out.csv", "whole/out.csv"}
    assert sum(status != 0 for status in statuses) > TIMES / 3, "most were stopped before the end"


def test_bulk_interrupted_fifty_times(tmp_path):
    rng = np.random.default_rng(51)
    (tmp_path / "in").mkdir()
    for k in range(12):
        blazars(500, k).to_parquet(tmp_path / "in" / f"part-{k:02d}.parquet")
    command = ["bulk", tmp_path / "in", "--model", "blazars", "--workers", "1"]
    out, whole, statuses, seen = tmp_path / "out", tmp_path / "whole", [], {}
    for number, seconds in _moments([*command[:2], whole, *command[2:]], rng):
        statuses.append(_interrupted([*command[:2], out, *command[2:]], number, seconds))
        now = {name: (out / name).stat().st_mtime_ns for name in _files(out) if name.startswith("part-")}
        assert seen.items() <= now.items(), "what is done is neither lost nor done again"
        for name in now.keys() - seen.keys():
            pd.testing.assert_frame_equal(pd.read_parquet(out / name), pd.read_parquet(whole / name))
        seen = now
        if len(seen) == 12:  # begin anew, so that every interruption finds work
            for name in seen:
                (out / name).unlink()
            seen = {}
    _undisturbed([*command[:2], out, *command[2:]])
    assert _files(out) == _files(whole)
    assert sum(status != 0 for status in statuses) > TIMES / 3
