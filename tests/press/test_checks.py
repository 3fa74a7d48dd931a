"""The runner of checks."""

import pytest

from agnbook.press import checks


@pytest.mark.parametrize("which", ["quick", "test"])
def test_a_run_goes_on_after_a_failure_and_says_which(monkeypatch, capsys, which):
    def run(command, **options):
        return type("Run", (), {"returncode": int("ruff" in command)})

    monkeypatch.setattr(checks.subprocess, "run", run)
    assert checks.main([which]) == 1
    printed = capsys.readouterr().out
    last = list(checks.quick() if which == "quick" else checks.everything([]))[-1]
    assert "FAILED  style" in printed and f"passed  {last}" in printed and "passed, 2 failed" in printed


def test_test_holds_every_step_of_quick():
    assert checks.quick().keys() - {"unit tests"} <= checks.everything([]).keys()
