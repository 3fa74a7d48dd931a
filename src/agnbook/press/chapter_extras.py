"""Which extras of the package a chapter needs: ``python -m agnbook.press.chapter_extras [write]``.

On Colab a chapter's first cell installs the package. It names the extras whose libraries the chapter's code can come to
import, directly or through any function of the package that it can come to call, and no other: what is not asked for is
not installed, and what Colab has already stays where it fits. ``write`` puts the command into the first cells.
"""

import ast
import re
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jupytext

from agnbook import extras, storage

SOURCE = storage.ROOT / "src"
WHERE = "git+https://github.com/agnbook/agnbook"
#: Extras that one option or one kind of input needs, and the word of the code that asks for it.
ON_REQUEST = {"bulk": "scheduler", "hats": "hats"}
COMMAND = re.compile(r"pip install -q [^\"]*(?=\"\s*\))")


class Mentions(NamedTuple):
    """What a piece of code imports (full names of modules, or of things in them), and the names that it uses."""

    imports: set[str]
    names: set[str]


def _mentions(code: list[ast.AST]) -> Mentions:
    imports, names = set(), set()
    for node in (inner for outer in code for inner in ast.walk(outer)):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imports |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
    return Mentions(imports, names)


def _split(code: list[ast.stmt]) -> tuple[list[ast.AST], list[tuple[str, list[ast.stmt]]]]:
    """Return what runs at import, and the functions: under which name each is called, and its body.

    A method is called by its own name; one with underscores (``__init__``, ``__call__``) by its class's.
    """
    runs, functions = [], []
    for node in code:
        if isinstance(node, ast.FunctionDef):
            defaults = [*node.args.defaults, *(each for each in node.args.kw_defaults if each)]
            runs += [*node.decorator_list, *defaults]
            functions.append((node.name, node.body))
        elif isinstance(node, ast.ClassDef):
            inner, methods = _split(node.body)
            runs += [*node.decorator_list, *node.bases, *inner]
            functions += [(node.name if name.startswith("__") else name, body) for name, body in methods]
        else:
            runs.append(node)
    return runs, functions


@cache
def _module(name: str) -> tuple[Mentions, list[tuple[str, Mentions]]] | None:
    """Return what a module of the package mentions at import and in each function; None where there is no such module."""
    path = SOURCE / name.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if not path.exists():
        return None
    runs, functions = _split(ast.parse(path.read_text(encoding="utf-8")).body)
    return _mentions(runs), [(called, _mentions(body)) for called, body in functions]


def _modules(imports: set[str]) -> set[str]:
    """Return the package's modules among these, and the packages that hold them."""
    parts = [name.split(".") for name in imports if name.partition(".")[0] == "agnbook"]
    ends = {".".join(each[:end]) for each in parts for end in range(1, len(each) + 1)}
    return {name for name in ends if _module(name)}


@cache
def libraries(code: str) -> frozenset[str]:
    """Return the libraries that the code of a chapter can come to import, the package's own modules looked through.

    A function counts as called when anything that can run mentions its name; so none is missed, and one may be too many.
    """
    imports, names = _mentions(ast.parse(code).body)
    modules, waiting, size = set(), [], None
    while size != (size := (len(imports), len(names))):
        new = _modules(imports) - modules
        modules |= new
        runs = [_module(module)[0] for module in new]
        waiting += [function for module in new for function in _module(module)[1]]
        runs += [body for called, body in waiting if called in names]
        waiting = [function for function in waiting if function[0] not in names]
        imports = imports.union(*(each.imports for each in runs))
        names = names.union(*(each.names for each in runs))
    return frozenset(name.partition(".")[0] for name in imports)


def needed(code: str) -> list[str]:
    """Return the extras that a chapter's code needs, sorted."""
    found = {extras.EXTRAS[name] for name in libraries(code) if name in extras.EXTRAS}
    return sorted(name for name in found if ON_REQUEST.get(name, "") in code)


def command(code: str) -> str:
    """Return the command that installs the package with the extras that a chapter's code needs."""
    wanted = needed(code)
    return f"pip install -q {WHERE}" if not wanted else f"pip install -q 'agnbook[{','.join(wanted)}] @ {WHERE}'"


def written(path: Path) -> str:
    """Return the command that a chapter's first code cell has; '' where it has none."""
    found = COMMAND.search(path.read_text(encoding="utf-8"))
    return found[0] if found else ""


def code_of(path: Path) -> str:
    """Return the code of a chapter, without its text."""
    return "\n".join(cell.source for cell in jupytext.read(path).cells if cell.cell_type == "code")


def main(arguments: list[str] | None = None) -> int:
    """Print each chapter's command, or write it into the chapters; returns the number of those that differ."""
    write, different = (sys.argv[1:] if arguments is None else arguments) == ["write"], 0
    for path in sorted((storage.ROOT / "notebooks").glob("[0-9][0-9]_*.py")):
        wanted = command(code_of(path))
        if wanted != written(path):
            different += 1
            print(f"{path.stem}: {wanted}")
        if write:
            text = path.read_text(encoding="utf-8")
            storage.write_text(path, COMMAND.sub(lambda _, wanted=wanted: wanted, text, count=1))
    return 0 if write else different


if __name__ == "__main__":
    sys.exit(main())
