"""Bulk inference: which partitions are computed, and what is refused."""

import errno
import os
import re
import shlex

import filelock
import pandas as pd
import pyarrow.parquet as pq
import pytest
from simulated import blazars

from agnbook import storage
from agnbook.ask import bulk, bulk_task, command_line, last_guard
from agnbook.ask.curve_options import Options
from agnbook.errors import BookError

pytestmark = pytest.mark.slow

SDSS = Options(survey="sdss", redshift="z")


def test_unknown_names_are_refused():
    with pytest.raises(BookError, match="Unknown model 'quasars'; choose one of blazars"):
        bulk_task.plan("quasars")
    with pytest.raises(BookError, match="Unknown setting 'desi'; choose one of dc2_like"):
        bulk_task.plan("simulator", "desi")
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
    monkeypatch.setattr(bulk_task, "plan", lambda model, setting="", options=None: bulk_task.Job("blazars", "", "1" * 64))
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
    (catalogue / "e.parquet").write_bytes(b"")
    blazars(5, 8).assign(PL_Index="steep").to_parquet(catalogue / "f.parquet")
    assert command_line.main(["bulk", str(catalogue), str(tmp_path / "out"), "--model", "blazars"]) == last_guard.PARTLY
    error = capsys.readouterr().err
    assert "2 partitions with 40 rows are complete" in error
    assert "agnbook: 2 of 6 partitions are done, 4 failed:" in error and "Traceback" not in error
    for name, words in (
        ("a", "Cannot read"),
        ("d", "PL_Index, nu_syn"),
        ("e", "Cannot read"),
        ("f", "PL_Index must hold numbers"),
    ):
        line = next(line for line in error.splitlines() if line.startswith(f"  {catalogue / name}.parquet: "))
        assert words in line
    assert sorted(p.name for p in (tmp_path / "out").rglob("*.parquet")) == ["b.parquet", "c.parquet"]
    assert list(pd.read_csv(tmp_path / "out" / "_manifest.csv")["partition"]) == ["b.parquet", "north/c.parquet"]
    assert command_line.main(["bulk", str(catalogue), str(tmp_path / "out"), "--model", "blazars", "--strict"]) == 2
    assert "2 of 6 partitions are done" in capsys.readouterr().err
    (catalogue / "a.parquet").write_bytes(whole)
    for name in "def":
        (catalogue / f"{name}.parquet").unlink()
    one_process.clear()
    assert command_line.main(["bulk", str(catalogue), str(tmp_path / "out"), "--model", "blazars"]) == 0
    assert one_process == ["a.parquet"] and "3 partitions with 60 rows are complete; 1 computed now" in capsys.readouterr().err


def test_nothing_done_is_a_mistake_and_no_answer_in_part(tmp_path, one_process, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.parquet").write_bytes(b"PAR1")
    assert command_line.main(["bulk", str(tmp_path / "in"), str(tmp_path / "out"), "--model", "blazars"]) == 2
    assert "0 of 1 partitions are done, 1 failed" in capsys.readouterr().err
    assert not (tmp_path / "out" / "_manifest.csv").exists()


def test_a_partition_without_rows_is_told_and_has_a_result_without_rows(catalogue, tmp_path, one_process, capsys):
    blazars(0).to_parquet(catalogue / "a.parquet")
    given = ["bulk", str(catalogue), str(tmp_path / "out"), "--model", "blazars"]
    assert command_line.main(given) == 0
    assert "1 partitions hold no rows, and so do their results" in capsys.readouterr().err
    assert len(pd.read_parquet(tmp_path / "out" / "a.parquet")) == 0
    one_process.clear()
    assert command_line.main(given) == 0 and one_process == []


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
    others = tmp_path / "out" / ".tmp-mine.parquet"  # no file of ours
    others.touch()
    (half := storage._half(tmp_path / "out" / "a.parquet")).touch()
    half.rename(dead := half.with_name(half.name.replace(f"-{os.getpid()}-", "-4194305-")))  # above the largest process number
    bulk.run(catalogue, tmp_path / "out", "blazars")
    assert others.exists() and not dead.exists()


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
        expected = last_guard.PARTLY if "have a problem" in text else last_guard.DONE
        assert command_line.main(shlex.split(command.removeprefix("$ agnbook "))) == expected
        assert capsys.readouterr().err.splitlines() == output
        ran += 1
    assert ran == 3 and len(scope["answers"]) == 40 and (scope["answers"]["problem"] == "").all()
    assert (pd.read_parquet("simulated")["problem"] != "").all()


# --- what happens to the folders


def test_endings_in_any_capitals_and_what_holds_no_rows_of_its_own(tmp_path):
    for name in ("a.PARQUET", "b.parq", "c.pq", "d.Parquet", "e.parquet.bak", "f.csv", "data_thumbnail.parquet", "_metadata"):
        blazars(1).to_parquet(tmp_path / name)
    assert [path.name for path in bulk.partitions(tmp_path)] == ["a.PARQUET", "b.parq", "c.pq", "d.Parquet"]


@pytest.mark.parametrize("at", [0.02, 0.1, 0.3, 0.5, 0.7, 0.995])
def test_a_result_that_was_damaged_is_computed_again(catalogue, tmp_path, one_process, at):
    bulk.run(catalogue, tmp_path / "out", "blazars")
    path = tmp_path / "out" / "b.parquet"
    content = path.read_bytes()
    where = int(at * len(content))
    path.write_bytes(content[:where] + bytes(40) + content[where + 40 :])
    one_process.clear()
    bulk.run(catalogue, tmp_path / "out", "blazars")
    assert one_process == ["b.parquet"]
    again = pd.read_parquet(path)
    path.write_bytes(content)
    pd.testing.assert_frame_equal(again, pd.read_parquet(path))


def test_a_result_that_lost_rows_is_computed_again(catalogue, tmp_path, one_process):
    """Written again by another program, its record with it: every page is sound, and rows are missing."""
    bulk.run(catalogue, tmp_path / "out", "blazars")
    path, before = tmp_path / "out" / "a.parquet", pd.read_parquet(tmp_path / "out" / "a.parquet")
    table = pq.read_table(path).replace_schema_metadata(pq.read_metadata(path).metadata)
    pq.write_table(table.slice(0, 5), path, write_page_checksum=True)
    one_process.clear()
    bulk.run(catalogue, tmp_path / "out", "blazars")
    assert one_process == ["a.parquet"]
    pd.testing.assert_frame_equal(pd.read_parquet(path), before)


@pytest.mark.parametrize("content", [b"\xff\xfe\0", b"", b"one,two\n", b'"'])
def test_a_manifest_that_cannot_be_read_lists_nothing(content, catalogue, tmp_path, one_process):
    bulk.run(catalogue, tmp_path / "out", "blazars")
    (tmp_path / "out" / "_manifest.csv").write_bytes(content)
    (tmp_path / "out" / "a.parquet").write_bytes(b"mine")
    with pytest.raises(BookError, match="was not written by `agnbook bulk`"):
        bulk.run(catalogue, tmp_path / "out", "blazars")
    assert (tmp_path / "out" / "a.parquet").read_bytes() == b"mine"


def test_orphans_and_objects_in_several_partitions_are_told(catalogue, tmp_path, one_process, capsys):
    blazars(20, 0).to_parquet(catalogue / "north" / "c.parquet")  # the objects of a.parquet
    arguments = ["bulk", str(catalogue), str(tmp_path / "out"), "--model", "blazars"]
    assert command_line.main(arguments) == 0
    assert "20 objects stand in more than one partition" in capsys.readouterr().err
    (catalogue / "a.parquet").unlink()
    assert command_line.main(arguments) == 0
    told = capsys.readouterr().err
    assert "1 results have no partition in the input any more, for example a.parquet" in told and "more than one" not in told
    assert (tmp_path / "out" / "a.parquet").exists()


def test_strict_fails_the_partition_and_keeps_no_result_of_it(catalogue, tmp_path, one_process, capsys):
    blazars(5, 3).assign(PL_Index=[-999.0, 2, 2, 2, 2]).to_parquet(catalogue / "b.parquet")
    arguments = ["bulk", str(catalogue), str(tmp_path / "out"), "--model", "blazars"]
    assert command_line.main([*arguments, "--strict"]) == 2
    assert "b.parquet: has a row that cannot be used: 3-0: PL_Index is -999" in capsys.readouterr().err
    assert finished(tmp_path / "out") == {"a.parquet", "c.parquet"}
    assert command_line.main(arguments) == last_guard.PARTLY
    assert "1 rows have a problem" in capsys.readouterr().err
    assert command_line.main([*arguments, "--strict"]) == 2, "a result with problems does not count"


def finished(folder) -> set[str]:
    return {path.name for path in folder.rglob("*.parquet") if not path.name.startswith(".")}


def test_a_lock_that_is_a_link_is_refused_and_its_end_untouched(catalogue, tmp_path, one_process):
    (tmp_path / "out").mkdir()
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "out" / ".lock").symlink_to(tmp_path / "precious")
    with pytest.raises(BookError, match="is a link"):
        bulk.run(catalogue, tmp_path / "out", "blazars")
    assert (tmp_path / "precious").read_text() == "mine"


def test_names_of_files_that_are_no_text(catalogue, tmp_path, one_process):
    try:
        (catalogue / "a.parquet").rename(catalogue / os.fsdecode(b"\xff\xfe.parquet"))
    except OSError:
        pytest.skip("this file system takes only texts")
    with pytest.raises(BookError, match="2 of 3 partitions are done, 1 failed") as caught:
        bulk.run(catalogue, tmp_path / "out", "blazars")
    assert "its name is no UTF-8 text" in str(caught.value) and "\ufffd" in str(caught.value)
    assert finished(tmp_path / "out") == {"b.parquet", "c.parquet"}
