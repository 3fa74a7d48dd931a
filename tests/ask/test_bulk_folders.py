"""What lies in the folders of `bulk`: nothing that is called like a partition is passed over, and nothing old passes for new."""

import os
import socket

import pandas as pd
import pytest
from simulated import blazars

from agnbook.ask import bulk, bulk_task, command_line, last_guard
from agnbook.errors import BookError


@pytest.fixture
def run(catalogue, tmp_path, one_process, capsys):
    """Run ``bulk`` on the catalogue; return exit status, message and the names of the results that readers see."""

    def _run(*more):
        status = command_line.main(["bulk", str(catalogue), str(tmp_path / "out"), "--model", "blazars", *more])
        error = capsys.readouterr().err
        assert "Traceback" not in error and "should not have happened" not in error, error
        out = tmp_path / "out"
        seen = [path for path in out.rglob("*.parquet") if path.is_file() and not path.name.startswith(("_", "."))]
        return status, error, {path.relative_to(out).as_posix() for path in seen}

    return _run


ALL = {"a.parquet", "b.parquet", "north/c.parquet"}


# --- what is no file


def _pipe(path):
    os.mkfifo(path)


def _socket(path):
    here = os.getcwd()
    os.chdir(path.parent)  # the path of a socket may be 100 characters long
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(here)


def _loop(path):
    path.symlink_to(path)


NO_FILES = {
    "a pipe": (_pipe, "is a pipe, a socket or a device"), "a socket": (_socket, "is a pipe, a socket or a device"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "is a pipe, a socket or a device"),
    "a folder": (lambda path: path.mkdir(), "is a folder without a Parquet file"),
    "a link in a circle": (_loop, "is a link that leads nowhere"),
    "a link to nothing": (lambda path: path.symlink_to("gone"), "is a link that leads nowhere"),
}  # fmt: skip


@pytest.mark.parametrize("what", NO_FILES)
def test_what_is_called_like_a_partition_and_is_none_is_told(what, run, catalogue):
    make, words = NO_FILES[what]
    make(catalogue / "x.PARQUET")
    status, error, results = run()
    assert status == last_guard.PARTLY and results == ALL
    assert [line for line in error.splitlines() if "x.PARQUET" in line and words in line], error


def test_it_is_told_too_when_there_was_a_file(run, catalogue):
    assert run()[0] == 0
    (catalogue / "b.parquet").unlink()
    os.mkfifo(catalogue / "b.parquet")
    status, error, results = run()
    assert status == last_guard.PARTLY and "b.parquet: is a pipe" in error and results == ALL - {"b.parquet"}


def test_a_folder_that_may_not_be_looked_into_is_told(run, catalogue, monkeypatch):
    real = os.scandir

    def guarded(path):
        if str(path).endswith("north"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", guarded)
    status, error, results = run()
    assert status == last_guard.PARTLY and results == ALL - {"north/c.parquet"}
    assert "north: is a folder" in error and "may not be looked into" in error


def test_folders_called_like_files_hold_partitions(run, catalogue):
    """As other programs write a table: a folder of parts."""
    (catalogue / "table.parquet").mkdir()
    blazars(3, 5).to_parquet(catalogue / "table.parquet" / "part-0.parquet")
    status, _, results = run()
    assert status == 0 and results == ALL | {"table.parquet/part-0.parquet"}


def test_links_to_folders_are_followed_once(run, catalogue, tmp_path):
    (tmp_path / "scratch").mkdir()
    blazars(3, 6).to_parquet(tmp_path / "scratch" / "d.parquet")
    (catalogue / "disk").symlink_to(tmp_path / "scratch")
    (catalogue / "aaa").symlink_to(catalogue / "north")  # which is there already, under a later name
    (catalogue / "north" / "up").symlink_to(catalogue)
    (tmp_path / "scratch" / "back").symlink_to(catalogue)
    status, _, results = run()
    assert status == 0 and results == ALL | {"disk/d.parquet"}


def test_a_link_into_the_output_is_refused(run, catalogue, tmp_path):
    assert run()[0] == 0
    (catalogue / "old").symlink_to(tmp_path / "out")
    with pytest.raises(BookError, match="leads into the output folder"):
        bulk.run(catalogue, tmp_path / "out", "blazars")


def test_an_input_that_vanishes_meanwhile_is_a_failed_partition(run, catalogue, monkeypatch):
    assert run()[0] == 0
    real = bulk_task._size

    def vanishing(path):
        if path.name == "b.parquet":
            path.unlink(missing_ok=True)
        return real(path)

    monkeypatch.setattr(bulk_task, "_size", vanishing)
    status, error, results = run()
    assert status == last_guard.PARTLY and "b.parquet: " in error and results == ALL - {"b.parquet"}


# --- what is of an earlier run


def _spoilt(catalogue) -> bytes:
    whole = (catalogue / "b.parquet").read_bytes()
    (catalogue / "b.parquet").write_bytes(whole[: len(whole) // 2])
    return whole


def test_the_result_of_an_earlier_run_does_not_pass_for_current(run, catalogue, tmp_path):
    out = tmp_path / "out"
    assert run()[0] == 0
    before = (out / "b.parquet").read_bytes()
    whole = _spoilt(catalogue)
    for _ in range(2):  # the second run finds it set aside
        status, _, results = run()
        assert status == last_guard.PARTLY and results == ALL - {"b.parquet"}
        assert list(pd.read_csv(out / "_manifest.csv")["partition"]) == ["a.parquet", "north/c.parquet"]
        assert (out / "_stale_b.parquet").read_bytes() == before, "nothing is lost"
        assert len(pd.read_parquet(out)) == 40, "readers of the folder pass over it"
    (catalogue / "b.parquet").write_bytes(whole)
    status, _, results = run()
    assert status == 0 and results == ALL and not (out / "_stale_b.parquet").exists()


def test_that_it_was_set_aside_is_told(run, catalogue):
    run()
    _spoilt(catalogue)
    assert "its result of an earlier run is not current, and now called _stale_b.parquet" in run()[1]


def test_so_when_every_partition_fails(run, catalogue, tmp_path):
    run()
    for path in catalogue.rglob("*.parquet"):
        path.write_bytes(b"PAR1")
    status, error, results = run()
    assert status == 2 and results == set() and "0 of 3 partitions are done, 3 failed" in error
    assert len(pd.read_csv(tmp_path / "out" / "_manifest.csv")) == 0
    assert len(list((tmp_path / "out").rglob("_stale_*.parquet"))) == 3


def test_a_file_of_others_is_not_replaced_by_what_is_set_aside(run, catalogue, tmp_path):
    run()
    (tmp_path / "out" / "_stale_b.parquet").write_text("mine")
    whole = _spoilt(catalogue)
    status, error, _ = run()
    assert status == last_guard.PARTLY and "b.parquet is of an earlier run and not current" in error
    (catalogue / "b.parquet").write_bytes(whole)
    assert run()[0] == 0
    assert (tmp_path / "out" / "_stale_b.parquet").read_text() == "mine"


@pytest.mark.parametrize(
    "arguments",
    [
        ["bulk", "loop", "out", "--model", "six"], ["bulk", "in", "loop", "--model", "six"], ["classify", "loop"],
        ["bulk", "in", "out", "--model", "lightcurve", "--visits", "loop"], ["lightcurve", "in/a.parquet", "--plot", "loop"],
    ],
)  # fmt: skip
def test_links_in_a_circle_are_one_message(arguments, catalogue, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    assert command_line.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "loop" in error and "should not have happened" not in error, error
