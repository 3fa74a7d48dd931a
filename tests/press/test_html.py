"""Building the HTML: what is missing is explained, a failure keeps the old book, an interruption costs only itself."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from agnbook import storage
from agnbook.errors import BookError
from agnbook.press import html
from agnbook.sky import registry


def test_missing_catalogue_is_explained_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AGNBOOK_CACHE", str(tmp_path))
    monkeypatch.delenv("AGNBOOK_CATALOGS", raising=False)
    html.list_catalogs()
    printed = capsys.readouterr().out
    assert printed.count("is missing: table-4LAC-DR3-h.fits") == 1
    assert registry.entries()["4lac-dr3-h"].sha256 in printed


PAGES = 40


@pytest.fixture
def small_book(tmp_path):
    """A book with this one's settings, forty short pages and a figure on each."""
    return write_book(tmp_path, PAGES)


def write_book(tmp_path: Path, pages: int) -> Path:
    """Write a book of some pages with this one's settings."""
    settings = yaml.safe_load((storage.ROOT / "_config.yml").read_text())
    settings["sphinx"]["config"] |= {"html_static_path": [], "html_css_files": []}
    settings |= {"bibtex_bibfiles": ["book/references.bib"]}
    del settings["logo"], settings["html"]["favicon"]
    book = tmp_path / "book"
    book.mkdir()
    (book / "references.bib").write_text("@article{malyshev2023, author={Malyshev}, title={A}, journal={B}, year={2023}}\n")
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(settings))
    names = [f"page{number:02d}" for number in range(pages)]
    for name in names:
        (book / f"{name}.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg"><title>{name}</title></svg>')
        (book / f"{name}.md").write_text(f"# The {name}\n\n```{{image}} {name}.svg\n:alt: a drawing\n```\n\n" + f"{name} " * 2000)
    chapters = [{"file": f"book/{name}"} for name in names[1:]]
    (tmp_path / "_toc.yml").write_text(
        yaml.safe_dump({"format": "jb-book", "root": "book/page00", "parts": [{"caption": "All", "chapters": chapters}]})
    )
    return tmp_path


def start(root: Path) -> subprocess.Popen:
    code = "import sys; from pathlib import Path; from agnbook.press import html; sys.exit(html.build(Path(sys.argv[1])))"
    return subprocess.Popen(
        [sys.executable, "-c", code, str(root)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def assert_whole(root: Path):
    built = root / "_build" / "html"
    index = (built / "searchindex.js").read_text()
    documents = json.loads(re.search(r'"?docnames"?:\s*(\[.*?\])', index)[1])
    assert len([name for name in documents if "page" in name]) == PAGES
    for name in (f"page{number:02d}" for number in range(PAGES)):
        assert f"The {name}" in (built / "book" / f"{name}.html").read_text()
        assert (built / "_images" / f"{name}.svg").exists()


def contents(root: Path) -> dict[str, str]:
    built = root / "_build" / "html"
    return {path.relative_to(built).as_posix(): storage.sha256(path) for path in built.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_fifty_builds_interrupted_at_random_lose_nothing_and_run_again_give_the_bytes_of_an_undisturbed_one(tmp_path):
    """By any signal, at any moment, one after the other in one folder; twenty of them are then run again."""
    rng, root = np.random.default_rng(20), write_book(tmp_path, 4)
    start_time = time.monotonic()
    first = start(root)
    assert first.communicate(timeout=300) and first.returncode == 0
    whole, took = contents(root), time.monotonic() - start_time
    numbers = rng.permutation(np.resize([signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], 50))
    for k, number in enumerate(numbers):
        interrupted = start(root)
        time.sleep(rng.uniform(0, 1.1 * took))
        try:
            os.killpg(interrupted.pid, number)
        except ProcessLookupError:
            pass  # it was done already
        interrupted.communicate(timeout=300)
        kept = contents(root)
        assert kept in (whole, {}), "an interrupted build leaves the old book"
        if k % 5 in (2, 4):
            again = start(root)
            errors = again.communicate(timeout=300)[1]
            assert again.returncode == 0, errors
            assert contents(root) == whole
    assert sorted(path.name for path in (root / "_build").iterdir()) == [".lock", "html"]


@pytest.mark.slow
def test_a_build_interrupted_while_it_writes_succeeds_when_run_again(small_book):
    """Killed when 1, then 30 of 40 pages are written, without a book and with an older one."""
    fresh = small_book / "_build" / "fresh" / "_build" / "html" / "book"
    for pages in (1, 30):
        interrupted, deadline = start(small_book), time.monotonic() + 120
        while len(list(fresh.glob("*.html"))) < pages and time.monotonic() < deadline:
            time.sleep(0.005)
        os.killpg(interrupted.pid, signal.SIGKILL)
        interrupted.communicate()
        assert pages <= len(list(fresh.glob("*.html"))), "killed while it wrote"
        if pages > 1:
            assert_whole(small_book)
        again = start(small_book)
        output, errors = again.communicate(timeout=300)
        assert again.returncode == 0 and "Built" in output, errors
        assert_whole(small_book)
        assert sorted(path.name for path in (small_book / "_build").iterdir()) == [".lock", "html"]


@pytest.mark.slow
def test_a_failed_build_is_reported_and_keeps_the_old_book(small_book, capfd):
    assert html.build(small_book) == 0
    (small_book / "book" / "page07.md").write_text("# Seven\n\n{ref}`nowhere`\n")
    assert html.build(small_book) != 0
    errors = capfd.readouterr().err
    assert "The build failed" in errors and "nowhere" in errors and "page07" in errors
    assert_whole(small_book)


def test_a_package_that_is_missing_is_not_a_file_to_be_fetched(monkeypatch, capsys):
    """The light environment has no fermipy: its catalogues come with the full one, which is no reason to explain downloads."""
    packaged = next(name for name, entry in registry.entries().items() if entry.package)
    loose = next(name for name, entry in registry.entries().items() if not entry.package)
    rows = [{"name": packaged, "status": "missing", "path": ""}, {"name": loose, "status": "damaged", "path": "/x"}]
    monkeypatch.setattr(registry, "status", lambda: pd.DataFrame(rows))
    html.list_catalogs()
    printed = capsys.readouterr().out
    assert f"comes with {registry.entries()[packaged].package} in the full environment" in printed
    assert printed.count(" is damaged: ") == 1 and " is missing: " not in printed and registry.entries()[loose].help in printed


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [(BookError("No figure for the cover."), 2, "No figure for the cover."), (KeyboardInterrupt(), 130, "Interrupted; run the")],
)
def test_the_command_says_in_one_line_what_stopped_it(monkeypatch, capsys, error, status, words):
    def write():
        raise error

    monkeypatch.setattr(html, "list_catalogs", lambda: None)
    monkeypatch.setattr(html.pages, "write", write)
    monkeypatch.setattr(html, "build", lambda: pytest.fail("built all the same"))
    assert html.main() == status
    printed = capsys.readouterr().err.strip()
    assert printed.startswith(words) and "\n" not in printed


def test_the_command_lists_writes_and_builds_in_this_order(monkeypatch):
    done = []
    monkeypatch.setattr(html, "list_catalogs", lambda: done.append("list"))
    monkeypatch.setattr(html.pages, "write", lambda: done.append("write"))
    monkeypatch.setattr(html, "build", lambda: done.append("build") or 7)
    assert html.main() == 7 and done == ["list", "write", "build"]


def test_a_new_book_takes_the_place_of_the_old_one(tmp_path):
    new, current, old = tmp_path / "new", tmp_path / "html", tmp_path / "old"
    for folder in (new, current):
        folder.mkdir()
        (folder / f"{folder.name}.html").touch()
    html._take_the_place(new, current, old)
    assert [path.name for path in tmp_path.iterdir()] == ["html"] and (current / "new.html").exists()
    current.rename(new)
    html._take_the_place(new, current, old)
    assert [path.name for path in tmp_path.iterdir()] == ["html"], "nothing was there"


LIGHT = """
import importlib.metadata, re, sys
from importlib.abc import MetaPathFinder

locked = {re.sub("[-_.]+", "-", line.split("==")[0]).lower() for line in open("requirements-book.lock")} | {"agnbook", "pip"}
owners = importlib.metadata.packages_distributions()
absent = {m for m, d in owners.items() if not any(re.sub("[-_.]+", "-", name).lower() in locked for name in d)}


class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"{name} is not in requirements-book.lock", name=name)


sys.meta_path.insert(0, Absent())
for name in [name for name in sys.modules if name.partition(".")[0] in absent]:
    del sys.modules[name]
from agnbook.press import content_policy, html, page_parts, pages
assert {"torch", "jupytext", "matplotlib"} <= absent and pages.files()
"""


def test_the_light_environment_is_enough_to_write_the_pages():
    """Whatever its lock file lacks is not there for this process, though it is for the tests."""
    done = subprocess.run([sys.executable, "-c", LIGHT], cwd=storage.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1500:]
