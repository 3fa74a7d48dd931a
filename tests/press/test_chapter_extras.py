"""On Colab, a chapter's first cell installs what the chapter needs and nothing else."""

import importlib.metadata
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

from agnbook import extras, storage
from agnbook.press import chapter_extras, chapters

PROJECT = tomllib.loads((storage.ROOT / "pyproject.toml").read_text())["project"]
#: What every notebook's kernel brings.
KERNEL = {"IPython", "psutil"}


def _name(text: str) -> str:
    return Requirement(text).name.lower().replace("_", "-")


@pytest.fixture(scope="module")
def comes_with():
    """Library -> the distributions that hold it."""
    found = importlib.metadata.packages_distributions()
    return {library: {_name(each) for each in distributions} for library, distributions in found.items()}


@pytest.mark.parametrize("name", chapters.names())
def test_the_first_cell_names_the_extras_that_the_code_needs(name):
    path = chapters.NOTEBOOKS / f"{name}.py"
    assert chapter_extras.written(path) == chapter_extras.command(chapter_extras.code_of(path))


@pytest.mark.parametrize("name", chapters.names())
def test_every_library_comes_with_the_package_or_an_extra(name, comes_with):
    core = {_name(text) for text in PROJECT["dependencies"]}
    found = chapter_extras.libraries(chapter_extras.code_of(chapters.NOTEBOOKS / f"{name}.py"))
    for library in found - set(sys.stdlib_module_names) - set(extras.EXTRAS) - KERNEL - {"agnbook"}:
        assert comes_with.get(library, set()) & core, f"{library} comes with no requirement"


def test_the_extras_bring_the_libraries_that_they_are_known_for(comes_with):
    for library, extra in extras.EXTRAS.items():
        if library not in comes_with:
            assert extra == "hats", f"{library} is not in the environment"
            continue
        brought = {_name(text) for text in PROJECT["optional-dependencies"][extra]}
        needs = {_name(text) for name in brought for text in importlib.metadata.requires(name) or ()}
        assert comes_with[library] & (brought | needs), f"{library} does not come with [{extra}]"


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("from agnbook.chapter import sizes", []),
        ("from agnbook.banp import anp", ["networks"]),
        ("def solve():\n    import torch", ["networks"]),
        ("from agnbook.chapter.tensorflow import import_tensorflow", []),  # imported, but not called
        ("from agnbook.chapter import tensorflow as t\nt.import_tensorflow()", ["tensorflow"]),
        ("from agnbook.ask import bulk\nbulk.run('in', 'out', model='lightcurve')", ["learning", "networks"]),
        ("from agnbook.ask import bulk\nbulk.run('in', 'out', scheduler='tcp://a:1')", ["bulk", "learning", "networks"]),
    ],
)
def test_code_is_looked_through(code, needed):
    assert chapter_extras.needed(code) == needed


def test_the_command_is_written_once_and_then_left(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    text = (
        '# %%\nimport os\n\nif True:\n    system("pip install -q old")\n\n# %%\nimport torch\n\nprint("pip install -q other")\n'
    )
    (folder / "11_tiny.py").write_text(text)
    monkeypatch.setattr(storage, "ROOT", tmp_path)
    assert chapter_extras.main([]) == 1 and "11_tiny: pip install -q 'agnbook[networks] @ git+" in capsys.readouterr().out
    assert chapter_extras.main(["write"]) == 0
    assert chapter_extras.main([]) == 0 and capsys.readouterr().out.count("\n") == 1
    after = (folder / "11_tiny.py").read_text()
    assert after == text.replace(
        "pip install -q old", "pip install -q 'agnbook[networks] @ git+https://github.com/agnbook/agnbook'"
    )
