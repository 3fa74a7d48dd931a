"""A real JupyterLab, as `make lab` starts it, in a real browser: it shows the book's markup and saving changes no source."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import nbformat
import pytest

from agnbook import storage

CHAPTER = "11_prepare_features"  # the shortest
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("lab"),  # one server for all
]


def git(root, *arguments):
    command = ["git", "-c", "user.name=reader", "-c", "user.email=reader@localhost", *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """The chapter's pair in a repository of its own."""
    root = tmp_path_factory.mktemp("clone")
    (root / "notebooks").mkdir()
    shutil.copy(storage.ROOT / "jupytext.toml", root)
    for ending in ("py", "ipynb"):
        shutil.copy(storage.ROOT / "notebooks" / f"{CHAPTER}.{ending}", root / "notebooks")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "as published")
    return root


def lab_options():
    """What `make lab` hands to JupyterLab."""
    line = next(line for line in (storage.ROOT / "Makefile").read_text().splitlines() if "-m jupyterlab" in line)
    return [part for part in shlex.split(line.partition("-m jupyterlab")[2]) if "default_url" not in part]


@pytest.fixture(scope="module")
def lab(clone, tmp_path_factory):
    """JupyterLab on a free port of this machine, with none of the user's own settings."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tmp_path_factory.mktemp("home")
    folders = {f"JUPYTER_{name}_DIR": str(home / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    command = [sys.executable, "-m", "jupyterlab", *lab_options(), "--no-browser", "--ip=127.0.0.1", f"--port={port}",
               "--IdentityProvider.token=", "--ServerApp.port_retries=0", "--allow-root"]  # fmt: skip
    environment = os.environ | folders | {"PYTHONPATH": str(storage.ROOT / "src")}
    with open(home / "log", "w") as log, subprocess.Popen(command, cwd=clone, env=environment, stdout=log, stderr=log) as server:
        address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{address}/api").close()
                break
            except urllib.error.URLError:
                time.sleep(0.5)
        yield address
        server.terminate()


@pytest.fixture
def notebook(clone, lab, browser):
    """The chapter, open, with a kernel that waits."""
    git(clone, "checkout", "-q", ".")
    page = browser.new_page(viewport={"width": 1300, "height": 4000})
    page.goto(f"{lab}/lab/tree/notebooks/{CHAPTER}.ipynb")
    page.wait_for_selector(IDLE)
    cells = len(nbformat.read(clone / "notebooks" / f"{CHAPTER}.ipynb", as_version=4).cells)
    page.wait_for_function("n => document.querySelectorAll('.jp-Notebook .jp-Cell').length === n", arg=cells)  # one by one
    page.wait_for_selector(".jp-Notebook .admonition, .jp-Notebook aside")
    yield page
    page.close()


def choose(page, menu, entry):
    page.get_by_role("menuitem", name=menu, exact=True).click()
    page.get_by_text(entry, exact=True).click()


def save(page, path):
    before = path.stat().st_mtime_ns
    page.keyboard.press("Control+s")
    deadline = time.monotonic() + 60
    while path.stat().st_mtime_ns == before and time.monotonic() < deadline:
        page.wait_for_timeout(200)
    page.wait_for_timeout(1000)  # the other file of the pair
    assert path.stat().st_mtime_ns > before, "nothing was saved"


def test_markup_is_shown_as_in_the_book(notebook):
    shown = "!document.querySelector('.jp-Notebook').innerText.includes('{cite')"
    notebook.wait_for_function(shown)  # text is set cell after cell
    text = notebook.locator(".jp-Notebook").inner_text()
    assert "In this chapter" in text and "You will learn" in text
    for raw in (":::", "{admonition}", "{ref}", "{cite", ":class: dropdown"):
        assert raw not in text, f"{raw} stands as text"
    assert "gharat2023" in text, "a citation shows its key"


def test_a_solution_is_hidden_until_it_is_opened(notebook):
    hidden = notebook.locator(".jp-Cell:has(.jp-InputPlaceholder)")
    hidden.first.scroll_into_view_if_needed()
    solutions = hidden.count()
    assert solutions and not hidden.first.locator(".cm-content").is_visible()
    hidden.first.locator(".jp-InputPlaceholder").click()
    notebook.wait_for_function("n => document.querySelectorAll('.jp-InputPlaceholder').length < n", arg=solutions)


def test_saving_an_untouched_notebook_changes_neither_file(clone, notebook):
    save(notebook, clone / "notebooks" / f"{CHAPTER}.ipynb")
    assert git(clone, "diff") == ""


def counts(text):
    """The number under which each cell of code ran; none for one that has not."""
    return [cell.execution_count for cell in nbformat.reads(text, as_version=4).cells if cell.cell_type == "code"]


def without_outputs(text):
    notebook = nbformat.reads(text, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_running_all_and_saving_changes_only_outputs(clone, notebook):
    choose(notebook, "Edit", "Clear Outputs of All Cells")
    choose(notebook, "Run", "Run All Cells")
    path, deadline = clone / "notebooks" / f"{CHAPTER}.ipynb", time.monotonic() + 300
    save(notebook, path)
    while None in counts(path.read_text()) and time.monotonic() < deadline:  # between two cells, too, the kernel is idle
        save(notebook, path)
    assert git(clone, "diff", "--name-only").split() == [f"notebooks/{CHAPTER}.ipynb"], "the source is as it was"
    before, after = git(clone, "show", f"HEAD:notebooks/{CHAPTER}.ipynb"), path.read_text()
    assert without_outputs(after) == without_outputs(before)
    assert counts(after) == list(range(1, len(counts(after)) + 1)), "every cell ran"
    assert not any(
        output.output_type == "error"
        for cell in nbformat.reads(after, as_version=4).cells
        for output in cell.get("outputs", [])
    )  # fmt: skip
