"""The runner of checks."""

import subprocess
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


@pytest.mark.slow
def test_the_summary_says_again_what_failed(tmp_path, capfd):
    (tmp_path / "test_two.py").write_text("def test_good():\n    pass\n\n\ndef test_bad():\n    assert 6 * 7 == 43\n")
    pytest_here = [*checks.PYTEST, "--rootdir", str(tmp_path), "-c", "/dev/null", str(tmp_path / "test_two.py")]
    assert checks.run({"tests": pytest_here, "words": [sys.executable, "-c", "print('E  is no fault here')"]}) == 1
    _, summary = capfd.readouterr().out.split("=== summary ===")
    assert "test_two.py::test_bad" in summary and "assert (6 * 7) == 43" in summary
    assert "test_good" not in summary and "no fault" not in summary


def test_test_holds_every_step_of_quick():
    assert checks.quick().keys() - {"unit tests"} <= checks.everything([]).keys()


GROUPED = """
import pathlib
import pytest

@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("k", range(8))
def test_it(k, worker_id):
    pathlib.Path(__file__).with_name(f"{k}.worker").write_text(worker_id)
"""


@pytest.mark.slow
def test_tests_of_a_group_stay_with_one_worker(tmp_path):
    """Pages, servers and the PDF are made once for all tests that ask for them, as long as the runner keeps groups together."""
    (tmp_path / "test_group.py").write_text(GROUPED)
    browser = checks.everything([])["browser"]
    options = browser[browser.index("tests/browser") + 1 :]
    command = [*checks.PYTEST, *options, "--rootdir", str(tmp_path), "-c", "/dev/null", str(tmp_path / "test_group.py")]
    subprocess.run(command, check=True, capture_output=True)
    workers = [path.read_text() for path in tmp_path.glob("*.worker")]
    assert len(workers) == 8 and len(set(workers)) == 1
