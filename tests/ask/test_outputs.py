"""Outputs: none replaces its input or another output, two runs never share one, nothing half written stays."""

import os
import signal
import subprocess
import sys
import time

import filelock
import pytest
from hostile import BLAZARS, CURVE

from agnbook import storage
from agnbook.ask import command_line, outputs
from agnbook.errors import BookError, FeatureError


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "in.csv"
    BLAZARS.to_csv(path, index=False)
    return path


def _hard_link(path, folder):
    os.link(path, folder / "hard.csv")
    return folder / "hard.csv"


def _soft_link(path, folder):
    (folder / "soft.csv").symlink_to(path)
    return folder / "soft.csv"


def _folder_link(path, folder):
    (folder / "other").symlink_to(folder, target_is_directory=True)
    return folder / "other" / path.name


#: How an output may turn out to be the input.
SAME = {
    "by name": lambda path, folder: path, "with a dot": lambda path, folder: folder / "." / path.name,
    "by way of the folder above": lambda path, folder: folder / ".." / folder.name / path.name,
    "by a link": _soft_link, "by a hard link": _hard_link, "by a linked folder": _folder_link,
}  # fmt: skip


@pytest.mark.parametrize("how", SAME)
@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_the_input_is_never_replaced(how, overwrite, table, tmp_path, capsys):
    before = table.read_bytes()
    assert command_line.main(["classify", str(table), "-o", str(SAME[how](table, tmp_path)), *overwrite]) == 2
    assert "the input itself" in capsys.readouterr().err and table.read_bytes() == before


@pytest.mark.parametrize("option", ["--objects", "--times"])
def test_nor_are_the_other_inputs_of_light_curves(option, tmp_path, capsys):
    CURVE.to_csv(tmp_path / "curves.csv", index=False)
    (tmp_path / "more.csv").write_text("time\n1\n")
    given = ["lightcurve", str(tmp_path / "curves.csv"), "--survey", "lsst", option, str(tmp_path / "more.csv")]
    given += ["--reconstruction", str(tmp_path / "curve.csv")]
    assert command_line.main([*given, "-o", str(tmp_path / "more.csv"), "--overwrite"]) == 2
    assert "the input itself" in capsys.readouterr().err and (tmp_path / "more.csv").read_text() == "time\n1\n"


@pytest.mark.parametrize("second", ["out.csv", "./out.csv", "sub/../out.csv", "link/out.csv"])
@pytest.mark.parametrize("option", ["--reconstruction", "--per-band"])
def test_two_outputs_are_two_files(second, option, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    CURVE.to_csv("curves.csv", index=False)
    assert command_line.main(["lightcurve", "curves.csv", "--survey", "lsst", "-o", "out.csv", option, second]) == 2
    assert "must name different files" in capsys.readouterr().err and not (tmp_path / "out.csv").exists()


def test_a_file_in_an_input_folder_is_not_replaced(tmp_path):
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "a.csv").write_text("mine")
    with pytest.raises(FeatureError, match="is in the input"):
        outputs.check([tmp_path / "archive" / "a.csv"], [tmp_path / "archive"], overwrite=True)


def test_a_link_is_followed_and_stays(table, tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    assert command_line.main(["classify", str(table), "-o", str(tmp_path / "link.csv"), "--overwrite"]) == 0
    assert (tmp_path / "link.csv").is_symlink() and "probability_fsrq" in (tmp_path / "real.csv").read_text()


def test_plots_are_not_replaced_unless_asked(tmp_path, capsys):
    CURVE.to_csv(tmp_path / "curves.csv", index=False)
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "q.png").write_text("mine")
    given = ["lightcurve", str(tmp_path / "curves.csv"), "--survey", "lsst", "--plot", str(tmp_path / "plots")]
    assert command_line.main(given) == 2
    assert "q.png exists" in capsys.readouterr().err and (tmp_path / "plots" / "q.png").read_text() == "mine"


@pytest.mark.parametrize("name", ["out.csv", "out.fits", "out.parquet", "out.vot", "out.ecsv"])
def test_a_file_that_was_made_read_only_is_not_replaced(name, table, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text("mine")
    (tmp_path / "mine" / name).chmod(0o444)
    (tmp_path / name).symlink_to(tmp_path / "mine" / name)
    for path in (tmp_path / "mine" / name, tmp_path / name):
        assert command_line.main(["classify", str(table), "-o", str(path), "--overwrite"]) == 2
        error = capsys.readouterr().err
        assert f"{tmp_path / 'mine' / name} is read-only" in error and error.count("\n") == 1
    assert (tmp_path / "mine" / name).read_text() == "mine" and os.listdir(tmp_path / "mine") == [name]


@pytest.mark.parametrize("kind", ["--reconstruction", "--per-band", "--plot"])
def test_nor_is_one_of_light_curves(kind, tmp_path, capsys):
    CURVE.to_csv(tmp_path / "curves.csv", index=False)
    kept = tmp_path / "q.png" if kind == "--plot" else tmp_path / "kept.csv"
    kept.write_text("mine")
    kept.chmod(0o400)
    given = ["lightcurve", str(tmp_path / "curves.csv"), "--survey", "lsst", "-o", str(tmp_path / "out.csv"), "--overwrite"]
    assert command_line.main([*given, kind, str(tmp_path if kind == "--plot" else kept)]) == 2
    assert f"{kept} is read-only" in capsys.readouterr().err
    assert kept.read_text() == "mine" and not (tmp_path / "out.csv").exists()


def test_nor_one_that_was_made_so_meanwhile(tmp_path):
    (tmp_path / "out.json").write_text("mine")
    (tmp_path / "out.json").chmod(0o444)
    with pytest.raises(BookError, match="is read-only"):
        storage.write_text(tmp_path / "out.json", "new")
    assert (tmp_path / "out.json").read_text() == "mine" and os.listdir(tmp_path) == ["out.json"]


def test_two_runs_on_one_output_cannot_both_win(table, tmp_path, capsys):
    out = str(tmp_path / "out.csv")
    with outputs.reserved([out]):
        assert command_line.main(["classify", str(table), "-o", out]) == 2
        assert "Another run is about to write" in capsys.readouterr().err and not os.path.exists(out)
    assert command_line.main(["classify", str(table), "-o", out]) == 0


@pytest.mark.slow
def test_real_runs_at_once_leave_one_winner(table, tmp_path):
    command = [sys.executable, "-m", "agnbook.ask.command_line", "classify", str(table), "-o", str(tmp_path / "out.csv")]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [run.communicate(timeout=120)[1] for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 2, 2], said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_without_a_place_for_locks_a_name_that_was_taken_meanwhile_is_refused(table, tmp_path, monkeypatch):
    def nowhere(*arguments, **options):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(filelock.FileLock, "acquire", nowhere)
    with outputs.reserved([tmp_path / "out.csv"]):
        (tmp_path / "out.csv").write_text("theirs")
        with pytest.raises(BookError, match="has appeared meanwhile"):
            storage.write_text(tmp_path / "out.csv", "ours", replace=False)
    assert (tmp_path / "out.csv").read_text() == "theirs"


@pytest.mark.parametrize("links", [True, False])
def test_of_two_writers_without_replacing_the_first_wins(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError(1, "no links here")))
    with pytest.raises(BookError, match="has appeared meanwhile"):
        with storage.atomic_write(tmp_path / "a.txt", replace=False) as late:
            late.write_text("second")
            storage.write_text(tmp_path / "a.txt", "first", replace=False)
    assert (tmp_path / "a.txt").read_text() == "first" and os.listdir(tmp_path) == ["a.txt"]


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    mine = storage._half(tmp_path / "out.csv")
    killed = mine.with_name(mine.name.replace(f"-{os.getpid()}-", f"-{dead.pid}-"))
    elsewhere = mine.with_name(mine.name.replace(storage._MACHINE, "00000000"))
    others = [tmp_path / name for name in (".tmp-out.csv", ".out.csv.agnbook-notes.csv", "out.csv.bak", ".lock")]
    for path in (mine, killed, elsewhere, *others):
        path.write_text("x")
    storage.write_text(tmp_path / "out.csv", "new")
    assert not killed.exists() and all(path.exists() for path in (mine, elsewhere, *others))
    os.utime(elsewhere, (time.time() - 2e5,) * 2)
    storage.remove_halves(tmp_path)
    assert not elsewhere.exists() and mine.exists()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_one_line_and_leaves_no_litter(number, table, tmp_path):
    """The command is stopped while it writes: the file system is made slow."""
    code = (
        "import sys, time; from agnbook.ask import command_line, tables; from agnbook import storage; real = storage.write_text\n"
        "def slow(path, text, replace=True):\n"
        "    with storage.atomic_write(path, replace) as half:\n"
        "        half.write_text(text); print('writing', flush=True)\n"
        "        for _ in range(600): time.sleep(0.1)\n"  # a signal just before a sleep begins does not end it
        "storage.write_text = slow; sys.exit(command_line.main())"
    )
    command = [sys.executable, "-c", code, "classify", str(table), "-o", str(tmp_path / "out.csv")]
    listen = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)  # noqa: E731
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listen)
    assert run.stdout.readline() == "writing\n"
    run.send_signal(number)
    error = run.communicate(timeout=60)[1]
    assert run.returncode == 128 + number and error in ("agnbook: interrupted\n", "agnbook: stopped\n")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def _circle(folder):
    (folder / "circle.csv").symlink_to(folder / "circle.csv")
    return folder / "circle.csv"


def _pipe(folder):
    os.mkfifo(folder / "pipe.csv")
    return folder / "pipe.csv"


def _device(folder):
    (folder / "null.csv").symlink_to("/dev/null")
    return folder / "null.csv"


#: Paths at which there is no file to be had, and what is said of them.
NO_FILE = {
    "a circle of links": (_circle, "no path of a file"),
    "a name too long": (lambda folder: folder / f"{'x' * 300}.csv", "too long"),
    "a zero in the name": (lambda folder: folder / "a\0.csv", "no path of a file"),
    "a pipe with a name": (_pipe, "a pipe"), "a device": (_device, "a device"), "a folder": (lambda folder: folder, "ending"),
}  # fmt: skip


@pytest.mark.parametrize("what", NO_FILE)
@pytest.mark.parametrize("command", ["classify", "lightcurve"])
def test_an_output_that_cannot_be_a_file_is_refused(what, command, table, tmp_path, capsys):
    make, words = NO_FILE[what]
    path = make(tmp_path)
    before = sorted(each.name for each in tmp_path.iterdir())
    assert command_line.main([command, str(table), "-o", str(path), "--overwrite"]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1 and "should not have happened" not in error
    assert sorted(each.name for each in tmp_path.iterdir()) == before and (what != "a pipe with a name" or path.is_fifo())


@pytest.mark.parametrize("what", NO_FILE)
@pytest.mark.parametrize("command", ["classify", "lightcurve"])
def test_nor_can_it_be_read(what, command, tmp_path, capsys):
    path = NO_FILE[what][0](tmp_path)
    assert command_line.main([command, str(path), "-o", str(tmp_path / "out.csv")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "should not have happened" not in error and not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("other", ["link.csv", "hard.csv", "./out.csv", "here/out.csv"])
def test_a_second_run_is_refused_under_any_name_of_the_output(other, table, tmp_path, capsys):
    """One is about to write the file: whatever the other calls it, it is told so, and has not written."""
    (tmp_path / "out.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "out.csv")
    (tmp_path / "here").symlink_to(tmp_path)
    os.link(tmp_path / "out.csv", tmp_path / "hard.csv")
    with outputs.reserved([tmp_path / "out.csv"], overwrite=True):
        status = command_line.main(["classify", str(table), "-o", str(tmp_path / other), "--overwrite"])
        if other == "hard.csv":  # another name in the folder, which is replaced without touching the first
            assert status == 0 and (tmp_path / "out.csv").read_text() == "old"
        else:
            assert status == 2 and "Another run is about to write" in capsys.readouterr().err
            assert (tmp_path / "out.csv").read_text() == "old"


@pytest.mark.slow
def test_a_partition_that_leads_nowhere_is_told(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    BLAZARS.to_parquet(tmp_path / "in" / "a.parquet")
    (tmp_path / "in" / "b.parquet").symlink_to(tmp_path / "gone.parquet")
    assert command_line.main(["bulk", str(tmp_path / "in"), str(tmp_path / "out"), "--model", "blazars"]) == 3
    assert "b.parquet: is a link that leads nowhere" in capsys.readouterr().err
