"""The examples on the command line's pages are real:
``python -m agnbook.press.examples`` runs them and writes what they print.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from agnbook import storage
from agnbook.ask import command_line

PAGES = ("command_line", *(f"commands/{name}" for name in ("lookup", "classify", "redshift", "lightcurve", "score", "catalogs")))
#: Tables that the pages offer for download.
TABLES = storage.ROOT / "book" / "_static" / "examples"


def _run(command: str, shown: str) -> str:
    """Return what a command prints, errors last; ``cat FILE`` makes a file of what the page shows, others go to a shell."""
    name, *arguments = shlex.split(command)
    if name == "cat":
        Path(arguments[0]).write_text(shown, encoding="utf-8")
        return shown
    if name != "agnbook":  # such as `cut` or `head`
        return subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        command_line.main(arguments)
    return out.getvalue() + errors.getvalue()


def refreshed(page: str) -> str:
    """Return a page with the outputs of its ``console`` blocks as they are now; see `PAGES` for its name."""
    text, here = (storage.ROOT / "book" / f"{page}.md").read_text(encoding="utf-8"), Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        for path in (storage.DATA, *TABLES.iterdir()):
            (Path(folder) / path.name).symlink_to(path)
        os.chdir(folder)
        try:
            return re.sub(
                r"```console\n\$ (.*)\n([^`]*)```", lambda block: f"```console\n$ {block[1]}\n{_run(block[1], block[2])}```", text
            )
        finally:
            os.chdir(here)


if __name__ == "__main__":
    for name in sys.argv[1:] or PAGES:
        storage.write_text(storage.ROOT / "book" / f"{name}.md", refreshed(name))
