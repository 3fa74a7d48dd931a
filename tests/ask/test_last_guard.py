"""Whatever goes wrong is one line, and what nobody thought of says where to report it."""

import errno
import io
import os
import re
import sys
from pathlib import Path

import pytest

from agnbook.ask import command_line, last_guard, source_names, terminal
from agnbook.errors import BookError

UNEXPECTED = [
    ValueError("too many\nlines\x1b[31m"), KeyError("x"), RecursionError("deep"), ZeroDivisionError(), AssertionError(),
    OSError(5, "Input/output error", "/dev/sr0"), RuntimeError("x" * 5000), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"),
    ImportError("broken"), ModuleNotFoundError("No module named 'agnbook.nothing'", name="agnbook.nothing"), StopIteration(),
    EOFError(), AttributeError("none"), IndexError("off"), SystemError("c"), TypeError("t"), NotImplementedError(),
]  # fmt: skip


@pytest.mark.parametrize("error", UNEXPECTED, ids=lambda error: type(error).__name__)
def test_the_unexpected_is_one_line_with_a_file_of_details(error, monkeypatch, capsys):
    def fail(*_):
        raise error

    monkeypatch.setattr(source_names, "find_sources", fail)
    assert command_line.main(["lookup", "Mkn 421"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "Traceback" not in told and "\x1b" not in told and len(told) < 600
    assert "should not have happened" in told and last_guard.REPORT in told
    details = Path(re.search(r"the file (\S+),", told)[1])
    text = details.read_text()
    details.unlink()
    assert "Traceback" in text and type(error).__name__ in text


def test_without_a_place_for_details_the_line_still_comes(monkeypatch):
    def nowhere(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(last_guard.tempfile, "NamedTemporaryFile", nowhere)
    assert "report it at" in last_guard.explain(ValueError("x")) and "file" not in last_guard.explain(ValueError("x"))


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (MemoryError(), 2, "not enough memory"), (BookError("told"), 2, "told"), (KeyboardInterrupt(), 130, "interrupted"),
        (last_guard.Stopped(15), 143, "stopped"), (OSError(28, "No space left on device"), 2, "No space left"),
        (ModuleNotFoundError("No module named 'torch'", name="torch"), 2, "pip install 'agnbook[networks]'"),
    ],
)  # fmt: skip
def test_the_expected_says_what_to_do(error, status, words, capsys, monkeypatch):
    monkeypatch.setattr(last_guard, "_quietly_closed", lambda: None)

    def fail():
        raise error

    assert last_guard.run(fail) == status
    told = capsys.readouterr().err
    assert told.startswith("agnbook: ") and words in told and told.count("\n") == 1 and "report" not in told


HOSTILE = ["\x1b[2Jgone", "a\x07b", "\x9b31m", "\u202eevil", "a\rb", "\x00", "\u200bhidden", "\ud800"]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_reaches_a_terminal_raw(text, monkeypatch):
    class Terminal(io.TextIOWrapper):
        def isatty(self):
            return True

    for stream, speak in (("stderr", terminal.say), ("stdout", terminal.show)):
        monkeypatch.setattr(sys, stream, Terminal(io.BytesIO(), encoding="utf-8"))
        speak(text)
        getattr(sys, stream).flush()
        shown = getattr(sys, stream).buffer.getvalue().decode()
        assert all(character.isprintable() or character == "\n" for character in shown) and "?" in shown


def test_an_encoding_without_the_letter_is_no_traceback(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stderr", out)
    terminal.say("Œil")
    out.flush()
    assert out.buffer.getvalue() == b"agnbook: ?il\n"


def test_an_option_that_quotes_an_escape_code_does_not_obey_it(capsys):
    with pytest.raises(SystemExit):
        command_line.main(["lookup", "--\x1b[2J"])
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM])
@pytest.mark.parametrize("name", [None, "some.csv"])
def test_what_the_operating_system_does_not_give_is_said_so(number, name, capsys):
    """It is neither a full disk nor an error of the program."""

    def command():
        raise OSError(number, os.strerror(number), name)

    assert last_guard.run(command) == last_guard.PROBLEM
    error = capsys.readouterr().err
    assert "The operating system gives no more" in error and os.strerror(number) in error and "report it" not in error
