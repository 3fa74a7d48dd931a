"""The reference pages: complete, from the source alone, and free of accidental markup."""

import ast
import re
import subprocess
import sys

import pytest
import yaml

from agnbook import storage
from agnbook.press import reference


@pytest.fixture(scope="module")
def pages():
    return reference.pages()


def test_every_public_function_and_class_has_a_docstring_and_appears_once(pages):
    text, seen = "\n".join(pages.values()), 0
    for module, path in reference.modules().items():
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree), module
        assert text.count(f"## agnbook.{module}\n".replace("_", r"\_")) == 1, module
        for node in reference.public(tree):
            assert ast.get_docstring(node), f"{module}.{node.name} has no docstring"
            label = f"({reference.label(module, node)})=\n"
            assert text.count(label) == 1, label
            seen += 1
    assert seen > 250 and text.count("](https://github.com") == seen


def test_pages_are_those_of_the_table_of_contents(pages):
    listed = yaml.safe_load((storage.ROOT / "_toc.yml").read_text())
    part = next(part for part in listed["parts"] if part["caption"] == "Results and reference")
    entry = next(entry for entry in part["chapters"] if entry["file"] == "book/api/index")
    assert [child["file"] for child in entry["sections"]] == [f"book/api/{name}" for name in reference.PAGES]
    assert set(pages) == {"index", *reference.PAGES}


def test_docstrings_are_markdown_without_the_markup_of_restructured_text(pages):
    """Its tables, roles, directives and double backquotes would stand raw on a page, and a rule of signs widens it."""
    for page, text in pages.items():
        prose = re.sub(r"^```.*?^```$|`[^`\n]+`", "", text, flags=re.DOTALL | re.MULTILINE)
        found = re.findall(r"^.*(?:={5,}|-{5,}|^\.\. \w+::|:(?:math|func|class|mod):`|:param |\w_`).*$", prose, re.M)
        assert found == [], f"{page}: {found}"


def test_sections_become_definitions():
    lines = reference._docstring(
        """Return a *thing* of `x`.

        More, in <two>
        lines. See features.py.

        - one
        - two

        Parameters
        ----------
        x, y : array, shape (n,)
            Numbers
            in [0, 1].
        z : without a type

        Raises
        ------
        BookError
            When not.
        """
    )
    assert "\n".join(lines) == (
        "Return a *thing* of `x`.\n\nMore, in \\<two\\> lines. See `features.py`.\n\n- one\n- two\n\n"
        "**Parameters**\n\n`x`, `y` (array, shape (n,))\n: Numbers in \\[0, 1\\].\n\n`z`\n: without a type\n\n"
        "**Raises**\n\nBookError\n: When not.\n"
    )


def test_code_behind_a_double_colon_stays_code():
    lines = reference._docstring("Of a\nmember::\n\n    def f(x):\n        return x\n\n    f(1)\n\n*args and so on.")
    assert lines[0] == "Of a member:\n\n```python\ndef f(x):\n    return x\n\nf(1)\n```\n\n\\*args and so on."


def test_words_that_go_on_behind_a_parameter_s_colon_describe_it():
    words = "what the head sees beside the latent: the mean of the attended points, or"
    lines = reference._docstring(f"X.\n\nParameters\n----------\nreads : {words}\n    of the visits.\n")
    assert "\n".join(lines).endswith(f"`reads`\n: {words} of the visits.\n")


def test_signatures_are_those_of_the_source(pages):
    assert "```python\nsha256(path: Path | str) -> str\n```" in pages["sky"]
    assert "class Posterior\n" in pages["banp"] and "Posterior.load(path: Path | str) -> 'Posterior'" in pages["banp"]
    assert "CatalogError(BookError)" in pages["sky"]
    long = "\n    progress: Callable[[int, int], None]=lambda done, total: None,\n    options=None,"
    assert long in pages["ask"], "one argument a line where a line is too short"
    assert "_escape" not in pages["ask"], "private names stay out"


def test_signatures_are_valid_python():
    """Every function's signature parses, with the arguments of the source in their order."""
    for path in reference.modules().values():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and "property" not in map(ast.unparse, node.decorator_list):
                parsed = ast.parse(f"def {reference._signature(node)}: pass").body[0]
                assert ast.dump(parsed.args) == ast.dump(node.args), node.name


def test_heavy_packages_are_not_imported():
    code = (
        "import sys; from agnbook.press import pages; pages.reference.pages(); print({'torch', 'numba', 'dask'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
