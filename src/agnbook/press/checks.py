"""What is checked: ``python -m agnbook.press.checks quick|test``; the Makefile calls it.

`quick` holds what needs under two minutes; `test` holds everything.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from agnbook import storage
from agnbook.press import chapters

PYTHON = [sys.executable, "-m"]
PYTEST = [*PYTHON, "pytest", "-q", "-rfEs", "-p", "no:cacheprovider"]
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/nbval.cfg", "--nbval-cell-timeout=900", "-p", "no:cov",
         "-p", "agnbook.press.nbval_extras"]  # fmt: skip
#: How pytest begins a line that says what failed (`E` comes after a traceback) and how many such lines of a step are said again.
FAULTS, FAULT_LINES = ("FAILED ", "ERROR ", "E  "), 40
COVERAGE = ["--cov", "--cov-report=term:skip-covered", "--cov-fail-under=95"]
#: Steps that both share.
CHEAP = {
    "style": [*PYTHON, "ruff", "check", "."],
    "format": [*PYTHON, "ruff", "format", "--check", "-q", "."],
    "floors": [str(Path(sys.executable).with_name("lint-imports"))],
    "spelling": [*PYTHON, "codespell_lib", "book", "notebooks", "src", "tests", "README.md"],
    "pairs": [*PYTHON, "agnbook.press.chapters", "pairs"],
    "published numbers": [*PYTHON, "agnbook.press.integrity", "check"],
}


def _notebooks() -> tuple[list[str], list[str]]:
    """Return the notebooks that can be executed here, and a line for each that lacks a catalogue."""
    missing = {name: chapters.missing_catalogs(name) for name in chapters.names()}
    return [f"notebooks/{name}.ipynb" for name, gone in missing.items() if not gone], [
        f"{name} (needs {', '.join(gone)})" for name, gone in missing.items() if gone
    ]


def quick() -> dict[str, list[str]]:
    """Return the steps of `make quick`."""
    return {**CHEAP, "unit tests": [*PYTEST, "tests", "-n", "2", "-m", "not slow"]}


def everything(notebooks: list[str]) -> dict[str, list[str]]:
    """Return the steps of `make test`; `notebooks` are executed again and compared cell by cell."""
    return {
        **CHEAP,
        "unit tests and smoke runs": [*PYTEST, "tests", "-n", "2", *COVERAGE],
        "notebook outputs": [*PYTEST, *NBVAL, "-n", "2", "--dist", "loadscope", *notebooks],
        "book": [*PYTHON, "agnbook.press.html"],
        "browser": [*PYTEST, "tests/browser", "-n", "2", "--dist", "loadgroup"],
        "benchmarks": [*PYTEST, "tests/benchmarks", "--benchmark-columns=min,median,rounds", "-s"],
    }


def _step(command: list[str]) -> tuple[int, list[str]]:
    """Run a step, pass on what it prints as it comes; return its exit status and the last lines that say what failed."""
    printed = bytearray()
    with subprocess.Popen(command, cwd=storage.ROOT, stdout=subprocess.PIPE) as process:
        while some := os.read(process.stdout.fileno(), 65536):
            printed += some
            sys.stdout.buffer.write(some)
            sys.stdout.flush()
    faults = [line for line in printed.decode(errors="replace").splitlines() if line.startswith(FAULTS)]
    return process.returncode, faults[-FAULT_LINES:]


def run(steps: dict[str, list[str]], skipped: list[str] = ()) -> int:
    """Run steps one after the other; go on after a failure and say at the end what failed. Returns the exit status."""
    os.environ.update(chapters.KERNEL_ENVIRONMENT)
    results, faults = {}, {}
    for number, (name, command) in enumerate(steps.items(), 1):
        print(f"\n=== [{number}/{len(steps)}] {name} ===", flush=True)
        start = time.perf_counter()
        status, faults[name] = _step(command)
        results[name] = (status, time.perf_counter() - start)
    print("\n=== summary ===")
    for name, (status, seconds) in results.items():
        print(f"{'passed' if not status else 'FAILED':<7} {name} ({seconds:.0f} s)")
        for line in faults[name] if status else ():
            print(f"        {line}")
    for name in skipped:
        print(f"skipped notebook outputs of {name}")
    failed, total = sum(bool(status) for status, _ in results.values()), sum(seconds for _, seconds in results.values())
    print(f"{len(results) - failed} passed, {failed} failed, in {total / 60:.1f} minutes")
    return bool(failed)


def main(arguments: list[str] | None = None) -> int:
    """Command line: returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m agnbook.press.checks", description=__doc__)
    parser.add_argument("which", choices=["quick", "test"])
    try:
        if parser.parse_args(arguments).which == "quick":
            return run(quick())
        notebooks, skipped = _notebooks()
        return run(everything(notebooks), skipped)
    except KeyboardInterrupt:
        print("\nInterrupted; run the same command to begin again.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
