"""The runner of checks."""

import sys

import pytest

from agnbook.press import checks


@pytest.mark.parametrize("which", ["quick", "test"])
def test_a_run_goes_on_after_a_failure_and_says_which(monkeypatch, capsys, which):
    monkeypatch.setattr(checks, "_step", lambda command: (int("ruff" in command), ["FAILED here"]))
    assert checks.main([which]) == 1
    printed = capsys.readouterr().out
    last = list(checks.quick() if which == "quick" else checks.everything([]))[-1]
    assert "FAILED  style" in printed and f"passed  {last}" in printed and "passed, 2 failed" in printed
    assert printed.count("FAILED here") == 2


def test_the_summary_says_again_what_failed(tmp_path, capfd):
    (tmp_path / "test_two.py").write_text("def test_good():\n    pass\n\n\ndef test_bad():\n    assert 6 * 7 == 43\n")
    pytest_here = [*checks.PYTEST, "--rootdir", str(tmp_path), "-c", "/dev/null", str(tmp_path / "test_two.py")]
    assert checks.run({"tests": pytest_here, "words": [sys.executable, "-c", "print('E  is no fault here')"]}) == 1
    _, summary = capfd.readouterr().out.split("=== summary ===")
    assert "test_two.py::test_bad" in summary and "assert (6 * 7) == 43" in summary
    assert "test_good" not in summary and "no fault" not in summary


def test_test_holds_every_step_of_quick():
    assert checks.quick().keys() - {"unit tests"} <= checks.everything([]).keys()
