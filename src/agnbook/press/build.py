"""Build the book and run its tests: ``python -m agnbook.press.build catalogs|pages|html|test|lock``.

The Makefile calls it. Building needs only the light environment; tests and lock need the full one.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from agnbook import storage
from agnbook.chapter import claims
from agnbook.errors import BookError
from agnbook.press import reference
from agnbook.sky import registry

HTML = storage.ROOT / "_build" / "html"


def list_catalogs() -> None:
    """Print where each catalogue is; explain once how to get what is missing."""
    table = registry.status()
    for row in table.itertuples():
        package = registry.entries()[row.name].package
        note = f"comes with {package} in the full environment" if package and row.status == "missing" else row.path
        print(f"  {row.name:<16} {row.status:<9} {note}")
    for row in table[table["status"] != "verified"].itertuples():
        entry = registry.entries()[row.name]
        if entry.package and row.status == "missing":
            continue
        print(f"{entry.title} is {row.status}: {entry.file} (needed to rerun {entry.needed_by}).\n  {entry.help}")


def _unbroken(text: str) -> str:
    """Keep an interval on one line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _title(chapter: str) -> str:
    """Return a chapter's title, or its file name where there is no source."""
    path = storage.ROOT / "notebooks" / f"{chapter}.py"
    found = re.search(r"^# # (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE) if path.exists() else None
    return found[1] if found else chapter


def _row(entry: dict) -> str:
    """Return one claim as a row of the scorecard."""
    key, comma, place = entry["where"].partition(",")
    parts = [f"{{cite:t}}`{key}`{comma}{place}" if key else "", entry["how"]]
    parts += [f"Tolerance {claims.number(entry['tolerance'])}: {entry['because']}" if entry["because"] else "", entry["why"]]
    reason = ". ".join(part.rstrip(".") for part in parts if part)
    cells = [
        f"{entry['what']}<br>`{entry['id']}`" + (f"<br>[{reason}.]{{.how}}" if reason else ""),
        claims.number(entry["paper"]),
        claims.number(entry["ours"]) + (f" {entry['unit']}" if entry["unit"] else ""),
        _unbroken(claims.interval_text(entry["interval"])),
        "–" if entry["n"] is None else str(entry["n"]),
        f"[{entry['verdict']}]{{.verdict-{entry['verdict'].replace(' ', '-')}}}",
    ]
    return "* - " + "\n  - ".join(cell.replace("\n", " ") for cell in cells)


def scorecard(entries: list[dict]) -> str:
    """Return the scorecard page: every claim of the book, by chapter."""
    counts = {verdict: sum(entry["verdict"] == verdict for entry in entries) for verdict in claims.VERDICTS}
    compared = counts["reproduced"] + counts["differs"]
    lines = [
        "(scorecard)=", "# Scorecard", "",
        f"The papers' numbers beside ours: of {compared} figures that could be compared, **{counts['reproduced']} are "
        f"reproduced** and **{counts['differs']} differ**, each with its reason. {counts['beyond']} results go beyond the papers"
        + (f"; {counts['not tested']} were not tested." if counts["not tested"] else "."),
        "", "This page is generated from `data/results/*.json`, which the chapters write. Intervals are 95 % unless the line "
        "below a claim says otherwise. *Reproduced* means within the stated tolerance of the paper's value.", "",
    ]  # fmt: skip
    for chapter in dict.fromkeys(entry["chapter"] for entry in entries):
        here = [entry for entry in entries if entry["chapter"] == chapter]
        verdicts = [f"{sum(entry['verdict'] == kind for entry in here)} {kind}" for kind in claims.VERDICTS]
        verdicts = ", ".join(text for text in verdicts if not text.startswith("0 "))
        lines += [
            f"## [{_title(chapter)}](../notebooks/{chapter}.ipynb)",
            "",
            f"````{{dropdown}} {len(here)} claims: {verdicts}",
            "",
        ]
        lines += ["```{list-table}", ":header-rows: 1", ":class: scorecard", ":widths: 38 10 12 16 8 16", ""]
        lines += ["* - claim\n  - paper\n  - ours\n  - interval\n  - n\n  - verdict", *map(_row, here), "```", "````", ""]
    return "\n".join(lines)


#: The figures the cover page leads with, where they have been published.
HEADLINES = [
    "redshift.flipout.rmse", "redshift.flipout.cv.rmse", "redshift.flipout.coverage997", "redshift.best.rmse",
    "redshift.best.coverage997", "classes.bias_init.accuracy", "classes.bias_init.cv.accuracy", "classes.best.auc",
    "shift.n_eff", "shift.auc_two_class_weighted", "lightcurves.best.mae", "later.new_associations",
    "later.two_class.auc.observed", "later.bcu.accuracy",
]  # fmt: skip


def cover(entries: list[dict]) -> str:
    """Return the cover page's tables: verdicts by part of the book, and the headline figures."""
    parts = {"1": "I Gamma-ray blazars", "2": "II Covariate shift", "3": "III Light curves", "4": "IV After the papers"}
    lines = ["| Part | reproduced | differs | beyond the paper |", "|---|---|---|---|"]
    for digit, title in parts.items():
        verdicts = [entry["verdict"] for entry in entries if entry["chapter"].startswith(digit)]
        if verdicts:
            lines.append(f"| {title} | " + " | ".join(str(verdicts.count(kind)) for kind in claims.VERDICTS[:3]) + " |")
    lines += ["", "Some of them:", "", "| | paper | ours | 95 % interval | n |", "|---|---|---|---|---|"]
    found = {entry["id"]: entry for entry in entries}
    for entry in (found[name] for name in HEADLINES if name in found):
        cells = [
            entry["what"],
            claims.number(entry["paper"]),
            claims.number(entry["ours"]),
            _unbroken(claims.interval_text(entry["interval"])),
        ]
        lines.append("| " + " | ".join([*cells, "–" if entry["n"] is None else str(entry["n"])]) + " |")
    return "\n".join(lines) + "\n"


def catalogue_table() -> str:
    """Return the table of catalogues for the data page."""
    lines = ["| file | what | sources | comes from | SHA-256 | reference |", "|---|---|---|---|---|---|"]
    for entry in registry.entries().values():
        origin = f"package `{entry.package}`" if entry.package else f"[download]({entry.urls[0]})" if entry.urls else entry.origin
        lines.append(f"| `{entry.file}` | {entry.title} | {entry.rows} | {origin} | `{entry.sha256[:16]}…` | {entry.reference} |")
    return "\n".join(lines) + "\n"


def classifier_script() -> str:
    """Return the script that hands the committed 7-42-1 network to the page *Try the classifier*.

    A script, not JSON, because a page opened from a disk may not fetch files.
    """
    path = storage.DATA / "weights" / "blazars_bias_init.json"
    try:
        network = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BookError(f"Cannot read the network in {path}: {error}. Restore it with `git checkout data`.") from error
    return f"// Written by agnbook.press.build from {path.name}.\nconst AGNBOOK_CLASSIFIER = {json.dumps(network)};\n"


def write_pages() -> None:
    """Write the generated pages, snippets and the classifier's script under ``book``."""
    entries = claims.load()
    storage.write_text(storage.ROOT / "book" / "scorecard.md", scorecard(entries))
    storage.write_text(storage.ROOT / "book" / "generated" / "cover.md", cover(entries))
    storage.write_text(storage.ROOT / "book" / "generated" / "catalogs.md", catalogue_table())
    storage.write_text(storage.ROOT / "book" / "_static" / "classifier_weights.js", classifier_script())
    reference.write()


def build_html() -> int:
    """Build the HTML strictly: every warning, a missing reference included, is an error."""
    jupyter_book = str(Path(sys.executable).with_name("jupyter-book"))
    command = [jupyter_book, "build", ".", "-W", "-n", "--keep-going", "-q"]
    start = time.perf_counter()
    print("Building the pages ...", flush=True)
    status = subprocess.run(command, cwd=storage.ROOT).returncode
    if status:
        print("The build failed; the messages above say where.", file=sys.stderr)
    else:
        print(f"Built {len(list(HTML.rglob('*.html')))} pages in {time.perf_counter() - start:.0f} s.")
    return status


def _notebooks_to_check() -> tuple[list[str], list[str]]:
    from agnbook.press import chapters

    missing = {name: chapters.missing_catalogs(name) for name in chapters.names()}
    return [f"notebooks/{name}.ipynb" for name, gone in missing.items() if not gone], [
        f"{name} (needs {', '.join(gone)})" for name, gone in missing.items() if gone
    ]


def test() -> int:
    """Run every test, one step after the other; go on after a failure and say at the end which failed."""
    from agnbook.press.chapters import KERNEL_ENVIRONMENT

    os.environ.update(KERNEL_ENVIRONMENT)
    python = [sys.executable, "-m"]
    notebooks, skipped = _notebooks_to_check()
    pytest = [*python, "pytest", "-q", "-rs", "-p", "no:cacheprovider"]
    coverage = ["--cov", "--cov-report=term:skip-covered", "--cov-fail-under=90"]
    nbval = [
        "--nbval",
        "--nbval-current-env",
        "--nbval-sanitize-with",
        "tests/nbval.cfg",
        "--nbval-cell-timeout=900",
        "-p",
        "no:cov",
    ]
    steps = {
        "style": [*python, "ruff", "check", "."],
        "format": [*python, "ruff", "format", "--check", "-q", "."],
        "floors": [str(Path(sys.executable).with_name("lint-imports"))],
        "spelling": [*python, "codespell_lib", "book", "notebooks", "src", "tests", "README.md"],
        "unit tests and smoke runs": [*pytest, "tests", "-n", "2", *coverage],
        "notebook outputs": [*pytest, *nbval, "-n", "2", "--dist", "loadscope", *notebooks],
        "pages": [*python, "agnbook.press.build", "pages"],
        "book": [*python, "agnbook.press.build", "html"],
        "browser": [*pytest, "tests/browser"],
        "benchmarks": [*pytest, "tests/benchmarks", "--benchmark-columns=min,median,rounds", "-s"],
    }
    print(f"{len(steps)} steps, about 15 minutes on 2 cores.")
    results = {}
    for number, (name, command) in enumerate(steps.items(), 1):
        print(f"\n=== [{number}/{len(steps)}] {name} ===", flush=True)
        start = time.perf_counter()
        results[name] = (subprocess.run(command, cwd=storage.ROOT).returncode, time.perf_counter() - start)
    print("\n=== summary ===")
    for name, (status, seconds) in results.items():
        print(f"{'passed' if not status else 'FAILED':<7} {name} ({seconds:.0f} s)")
    for name in skipped:
        print(f"skipped notebook outputs of {name}")
    failed = sum(bool(status) for status, _ in results.values())
    print(
        f"{len(results) - failed} passed, {failed} failed, in {sum(seconds for _, seconds in results.values()) / 60:.0f} minutes"
    )
    return bool(failed)


def write_locks() -> None:
    """Write the exact versions of this environment, and of the light one, to the lock files.

    Versions carry no local part ("+cpu"), so that torch's build is the platform's choice.
    """
    frozen = subprocess.run(
        [sys.executable, "-m", "pip", "freeze", "--exclude-editable"], check=True, capture_output=True, text=True
    )
    versions = [re.sub(r"\+\w+$", "", line) for line in frozen.stdout.splitlines() if "==" in line]
    full = storage.ROOT / "requirements.lock"
    storage.write_text(full, "# Exact versions for Python 3.11; written by `make lock`.\n" + "\n".join(versions) + "\n")
    report = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-", "-c", str(full),
         *_book_requirements()], check=True, capture_output=True, text=True,
    )  # fmt: skip
    light = sorted(f"{item['metadata']['name']}=={item['metadata']['version']}" for item in json.loads(report.stdout)["install"])
    light = [line for line in light if line in versions]  # pip's own helpers are in no lock
    text = "# The part of requirements.lock that building the pages needs; written by `make lock`.\n" + "\n".join(light) + "\n"
    storage.write_text(storage.ROOT / "requirements-book.lock", text)


def _book_requirements() -> list[str]:
    import tomllib

    return tomllib.loads((storage.ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["book"]


def main(arguments: list[str] | None = None) -> int:
    """Command line: returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m agnbook.press.build", description=__doc__)
    actions = {"catalogs": list_catalogs, "pages": write_pages, "html": build_html, "test": test, "lock": write_locks}
    parser.add_argument("action", choices=actions)
    try:
        return actions[parser.parse_args(arguments).action]() or 0
    except BookError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted; run the same command to begin again.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
