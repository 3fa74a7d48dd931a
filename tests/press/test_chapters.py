"""The chapters: pairs in step, every line executed at `smoke` profile, and the runner's own errors."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import jupytext
import nbformat
import pytest

from agnbook import extras, storage
from agnbook.chapter import sizes
from agnbook.errors import SettingsError
from agnbook.press import chapter_extras, chapters, integrity


def test_pairs_agree_and_are_executed():
    assert chapters.check_pairs() == []


def test_sizes_know_every_chapter():
    assert sizes.chapters() == chapters.names()


@pytest.mark.parametrize("name", chapters.names())
def test_chapter_is_well_formed(name):
    notebook = nbformat.read(chapters.NOTEBOOKS / f"{name}.ipynb", as_version=4)
    path = chapters.NOTEBOOKS / f"{name}.ipynb"
    assert path.stat().st_size < 1_000_000
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in notebook.cells) == 1
    labels = [cell.metadata["mystnb"] for cell in notebook.cells if "mystnb" in cell.metadata]
    for label in labels:
        if "figure" in label:
            assert label["image"]["alt"] and label["figure"]["caption"]
    published = [cell for cell in notebook.cells if cell.cell_type == "code" and "claims.publish(" in cell.source]
    for cell in published:
        assert not {"hide-cell", "hide-output"} & set(cell.metadata.get("tags", [])), "the table of claims must be seen unfolded"
        before = "\n".join(each.source for each in notebook.cells[: notebook.cells.index(cell)] if each.cell_type == "markdown")
        heading = re.findall(r"^## (.+)$", before, re.MULTILINE)[-1]
        assert heading == "What this chapter claims", f"claims stand under the heading {heading!r}"
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        assert not any(output.output_type == "error" for output in outputs)
        if any("image/png" in output.get("data", {}) for output in outputs):
            assert "figure" in cell.metadata.get("mystnb", {}), f"a figure without caption: {cell.source[:80]}"
            assert len(outputs) == 1, f"a figure cell prints something else too: {cell.source[:80]}"


def test_figures_say_what_is_seen():
    """A caption and an alternative text for each, which are not the same words, and no two figures alike."""
    seen = {}
    for name in chapters.names():
        for cell in jupytext.read(chapters.NOTEBOOKS / f"{name}.py").cells:
            if "figure" in (told := cell.metadata.get("mystnb", {})):
                figure = f"{name}, {told['figure']['name']}"
                alt, caption = told["image"]["alt"], told["figure"]["caption"]
                assert alt.rstrip(".") not in caption, f"{figure}: the alternative text repeats the caption"
                assert len(alt.split()) >= 9, f"{figure}: say in the alternative text what is to be seen, not {alt!r}"
                assert len(caption.split()) >= 5, f"{figure}: a caption of {len(caption.split())} words"
                assert alt not in seen, f"{figure} has the alternative text of {seen[alt]}"
                seen[alt] = figure
    assert len(seen) > 50


def test_heads_of_tables_are_words():
    """What the code calls a column is not what a reader calls it; chapter 17 shows columns of a file as they are called there.

    (`col_0` is pandas's, and the page leaves it out.)
    """
    raw = []
    for name in chapters.names():
        for cell in nbformat.read(chapters.NOTEBOOKS / f"{name}.ipynb", as_version=4).cells:
            shown = "".join(output.get("data", {}).get("text/html", "") for output in cell.get("outputs", []))
            heads = " ".join(re.findall(r"<thead>.*?</thead>", shown, re.DOTALL))
            raw += [f"{name}: {head}" for head in re.findall(r"<th[^>]*>\s*(?!col_\d)([a-z]+[a-z0-9]*(?:_[a-z0-9]+)+)", heads)]
    assert [head for head in raw if not head.startswith("17")] == [] and len(raw) > 2


#: Makes the libraries of a list look as if they were not installed, in the kernel and in the processes that it starts.
HIDE = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name in {hidden} else super().find_spec(name, path, target)

sys.meta_path = [Without if finder is PathFinder else finder for finder in sys.meta_path]
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", chapters.names())
def test_smoke_run(name, tmp_path, monkeypatch):
    """With the libraries of those extras alone that the chapter's first cell installs."""
    if missing := chapters.missing_catalogs(name):
        pytest.skip(f"{name} needs {', '.join(missing)}")
    here = chapter_extras.needed(chapter_extras.code_of(chapters.NOTEBOOKS / f"{name}.py"))
    hidden = {library for library, extra in extras.EXTRAS.items() if extra not in here}
    (tmp_path / "sitecustomize.py").write_text(HIDE.format(hidden=hidden))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]))
    record = chapters.execute(name, "smoke")
    assert record["peak_memory_gb"] < 4


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one tiny chapter."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setattr(chapters, "NOTEBOOKS", folder)
    monkeypatch.setattr(chapters, "SCRATCH", tmp_path / "_build")
    monkeypatch.setattr(storage, "ROOT", tmp_path)
    monkeypatch.setattr(storage, "DATA", tmp_path / "data")
    (tmp_path / "data" / "results").mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    header = (
        "# ---\n# jupyter:\n#   kernelspec:\n#     display_name: Python 3\n#     language: python\n#     name: python3\n# ---\n\n"
    )
    source = header + '# %% tags=["parameters"]\nprofile = "book"\n\n# %%\nprint(profile)\n'
    (folder / "11_tiny.py").write_text(source)
    return folder


def test_run_writes_the_pair_and_the_record(book, monkeypatch, capsys):
    monkeypatch.setenv("AGNBOOK_PUBLISH", "1")
    integrity.seal()
    assert chapters.main(["run", "11"]) == 0
    assert chapters.check_pairs() == []
    assert "notebooks/11_tiny.ipynb\n" in (book.parent / integrity.LIST).read_text(), "what a run publishes is sealed"
    assert integrity._list_problems() == []
    first = (book / "11_tiny.ipynb").read_bytes()
    assert chapters.run([], "book") == 0
    assert (book / "11_tiny.ipynb").read_bytes() == first, "running again changes nothing"
    record = json.loads((storage.DATA / "results" / "runs.json").read_text())["11_tiny"]
    assert 0 < record["processor_seconds"] < 60 and record["wall_seconds"] > 0
    assert "[1/1] 11_tiny (book)" in capsys.readouterr().out


def test_parameters_reach_the_chapter(book):
    chapters.execute("11_tiny", "smoke")
    notebook = nbformat.read(chapters.SCRATCH / "smoke" / "11_tiny.ipynb", as_version=4)
    assert notebook.cells[-1].outputs[0].text.strip() == "smoke"
    assert not (book / "11_tiny.ipynb").exists()


def test_a_chapter_without_the_parameter_is_refused(book, capsys):
    (book / "11_tiny.py").write_text('# %% tags=["parameters"]\nprofil = "book"\n')
    assert chapters.main(["smoke"]) == 1
    assert "has no parameter `profile`" in capsys.readouterr().out


@pytest.mark.slow
def test_a_failing_cell_fails_the_run_and_keeps_the_old_notebook(book, capsys):
    chapters.execute("11_tiny", "book")
    before = (book / "11_tiny.ipynb").read_bytes()
    source = (book / "11_tiny.py").read_text()
    (book / "11_tiny.py").write_text(source + '\n# %%\nfrom agnbook.sky import registry\n\nregistry.find("3fgl")\n')
    assert chapters.main(["run"]) == 1
    output = capsys.readouterr().out
    assert "Unknown catalogue '3fgl'" in output and "Traceback" not in output
    assert (book / "11_tiny.ipynb").read_bytes() == before
    assert "differs from the .py" in chapters.check_pairs()[0]


def test_pair_problems_are_named(book, capsys):
    assert chapters.main(["pairs"]) == 1
    assert "11_tiny: no .ipynb" in capsys.readouterr().out
    nbformat.write(chapters.from_source("11_tiny"), book / "11_tiny.ipynb")
    assert "not all executed, once and in order" in chapters.check_pairs()[0]
    nbformat.write(chapters.from_source("11_tiny"), book / "12_alone.ipynb")
    assert "12_alone: .ipynb without .py" in chapters.check_pairs()


def test_unknown_chapter_is_an_error(capsys):
    assert chapters.main(["smoke", "99"]) == 2
    assert "Unknown chapters: 99; the book has 10_read_the_paper" in capsys.readouterr().err
    with pytest.raises(SettingsError):
        chapters._selected(["nothing"])


def test_cell_ids_stay_and_equal_counts_are_noticed(book):
    chapters.execute("11_tiny", "book")
    before = nbformat.read(book / "11_tiny.ipynb", as_version=4)
    source = (book / "11_tiny.py").read_text()
    (book / "11_tiny.py").write_text(source + "\n# %%\nprint(1)\n\n# %%\nprint(2)\n")
    chapters.execute("11_tiny", "book")
    after = nbformat.read(book / "11_tiny.ipynb", as_version=4)
    assert [cell.id for cell in after.cells[:2]] == [cell.id for cell in before.cells]
    assert chapters.check_pairs() == []
    after.cells[-1].execution_count = after.cells[-2].execution_count
    nbformat.write(after, book / "11_tiny.ipynb")
    assert "not all executed, once and in order" in chapters.check_pairs()[0]


INTERRUPTED = """
import sys
from pathlib import Path
from agnbook import storage
from agnbook.press import chapter_extras, chapters, integrity

folder = Path(sys.argv[1])
chapters.NOTEBOOKS, chapters.SCRATCH = folder / "notebooks", folder / "_build"
sys.exit(chapters.main(["run"]))
"""


@pytest.mark.slow
def test_an_interrupt_keeps_what_is_finished(book):
    """Control-C while a cell runs, as a user would press it."""
    chapters.execute("11_tiny", "book")
    before, source, started = (book / "11_tiny.ipynb").read_bytes(), (book / "11_tiny.py").read_text(), book / "started"
    waiting = "for _ in range(600):\n    time.sleep(0.1)\n"  # an interrupt just before a sleep begins does not end it
    (book / "11_tiny.py").write_text(f'{source}\n# %%\nimport time\n\nopen({str(started)!r}, "w").close()\n{waiting}')
    command = [sys.executable, "-c", INTERRUPTED, str(book.parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not started.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Finished chapters are kept; run the same command to go on." in errors
    assert (book / "11_tiny.ipynb").read_bytes() == before
