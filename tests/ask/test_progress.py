"""What a terminal is told while it waits."""

import sys

import numba
import pytest

from agnbook.ask import progress


@pytest.mark.parametrize(("terminal", "lines"), [(True, 1), (False, 0)])
def test_a_terminal_is_told_once_of_compiling(terminal, lines, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with progress.told_of_compiling():
        assert numba.njit(lambda x: x + 1)(1) == 2 and numba.njit(lambda x: x + 2)(1) == 3
    assert numba.njit(lambda x: x + 3)(1) == 4, "afterwards nobody listens"
    said = capsys.readouterr().err
    assert len(said.splitlines()) == lines and ("compiling the model" in said) == terminal


def test_what_is_compiled_already_is_no_news(monkeypatch, capsys):
    ready = numba.njit(lambda x: x + 1)
    ready(1)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress.told_of_compiling():
        ready(1)
    assert capsys.readouterr().err == ""
