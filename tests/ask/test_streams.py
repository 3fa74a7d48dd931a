"""Standard streams that are closed, or in another encoding than the data: nothing is lost, nobody sees a traceback."""

import io
import subprocess
import sys

import pytest
from hostile import BLAZARS, LONG

from agnbook.ask import command_line, last_guard, tables, terminal

COMMAND = f"{sys.executable} -m agnbook.ask.command_line"


@pytest.fixture
def folder(tmp_path):
    BLAZARS.to_csv(tmp_path / "in.csv", index=False)
    (tmp_path / "in").mkdir()
    BLAZARS.to_parquet(tmp_path / "in" / "a.parquet")
    return tmp_path


def _shell(folder, command: str):
    """Run a shell's command line in which ``agnbook`` is the command; return its status and standard error."""
    done = subprocess.run(
        ["bash", "-c", command.replace("agnbook", COMMAND)], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert "Traceback" not in done.stderr and "should not have happened" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["classify in.csv -o out.csv", "bulk in out --model blazars --workers 1"])
def test_closed_streams_do_not_matter_to_an_output_in_a_file(command, closed, folder):
    assert _shell(folder, f"agnbook {command} {closed}")[0] == 0
    if command.startswith("classify"):
        assert len(tables.read(folder / "out.csv")) == 3
    else:
        assert len(tables.read(folder / "out" / "a.parquet")) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("agnbook classify in.csv >&-", "Standard output is closed"), ("agnbook lookup 3C273 >&-", "Standard output is closed"),
        ("agnbook classify - <&-", "it is closed"), ("gzip -c in.csv | agnbook classify -", "packed with gzip; unpack it"),
        (r"printf 'Source_Name\nh\xe4\n' | agnbook classify -", "no UTF-8: save it as UTF-8"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_or_shown_is_one_line(command, words, folder):
    status, error = _shell(folder, command)
    assert status == 2 and words in error and error.count("\n") == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_pipe_is_decoded_as_a_file_is(encoding, end, monkeypatch):
    content = "Source_Name,x\nΩ,2\n".replace("\n", end).encode(encoding)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="ascii"))
    assert list(tables.read("-")["Source_Name"]) == ["Ω"]


def test_a_name_cannot_begin_a_line_of_its_own(tmp_path, capsys):
    name = "a\nagnbook: all is well\u2028b"
    BLAZARS.assign(Source_Name=[name, "b", "c"], PL_Index=[-999, 2, 2]).to_csv(tmp_path / "in.csv", index=False)
    LONG.assign(object=name)[:5].to_csv(tmp_path / "curve.csv", index=False)
    for command in (["classify", "in.csv"], ["lightcurve", "curve.csv", "--survey", "lsst"]):
        arguments = [command[0], str(tmp_path / command[1]), *command[2:], "-o", str(tmp_path / f"{command[0]}.csv")]
        assert command_line.main(arguments) == last_guard.PARTLY
        error = capsys.readouterr().err
        assert "a?agnbook: all is well?b" in error and "\nagnbook: all" not in error


def test_without_standard_output_a_result_is_not_lost_in_silence(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(command_line.BookError, match="closed"):
        terminal.show("a result")
    assert last_guard.run(lambda: 0) == 0
