"""The HTML book: ``python -m agnbook.press.html`` says which catalogues are there, writes the pages and builds them strictly.

It needs only the light environment. The book is built in a fresh folder that takes the place of the
old one when it is complete: an interrupted build leaves the old book, and the next one starts anew.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from filelock import FileLock

from agnbook import storage
from agnbook.errors import BookError
from agnbook.press import content_policy, pages
from agnbook.sky import registry

#: How long an interrupted build may take to end.
SECONDS_TO_END = 20


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


def _take_the_place(new: Path, current: Path, old: Path) -> None:
    """Rename `new` to `current`; what was there is put aside first and deleted last."""
    if current.exists():
        current.rename(old)
    new.rename(current)
    shutil.rmtree(old, ignore_errors=True)


def _run(command: list[str], folder: Path) -> tuple[int, str]:
    """Run a command; returns its exit status and what it printed. Interrupted, it is given time to end what it began itself.

    Killed, as `subprocess.run` would do after a quarter of a second, it would leave a helper process behind that no Ctrl-C ends.
    """
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            output = process.communicate()[0]
        except KeyboardInterrupt:
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    return process.returncode, output


def build(root: Path = storage.ROOT) -> int:
    """Build the book in `root` strictly: every warning, a missing reference included, is an error. Returns the exit status."""
    folder = root / "_build"
    html, fresh, old = folder / "html", folder / "fresh", folder / "old"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / ".lock"):  # a second build waits for the first
        for left in (fresh, old):
            shutil.rmtree(left, ignore_errors=True)  # of an interrupted build
        jupyter_book = Path(sys.executable).with_name("jupyter-book")
        command = [jupyter_book, "build", ".", "--path-output", fresh, "-W", "-n", "--keep-going", "-q"]
        start = time.perf_counter()
        print("Building the pages ...", flush=True)
        status, output = _run([*map(str, command)], root)
        if status:
            print(f"{output}\nThe build failed; the messages above say where.", file=sys.stderr)
            return status
        content_policy.write(fresh / "_build" / "html")
        _take_the_place(fresh / "_build" / "html", html, old)
        shutil.rmtree(fresh, ignore_errors=True)
    print(f"Built {len(list(html.rglob('*.html')))} pages in {time.perf_counter() - start:.0f} s: open {html / 'index.html'}")
    return 0


def main() -> int:
    """Make the book; returns the exit status."""
    try:
        list_catalogs()
        pages.write()
        return build()
    except BookError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted; run the same command to begin again.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
