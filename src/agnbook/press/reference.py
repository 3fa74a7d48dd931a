"""The reference pages: every public function and class of the package, from its docstring.

The source is parsed, not imported, so that the pages build without torch or TensorFlow.

By hand, because sphinx-autoapi 3.9 was tried and does not fit a strict build: it takes our plain docstrings for
reStructuredText, makes a cross-reference of every word of a type ("array, shape (n,)") and cannot resolve 1,970 of them nor 33
imports of constants, and doubles the time of the light build. Autosummary imports what it documents.
"""

import ast
import re
from inspect import cleandoc
from pathlib import Path
from textwrap import dedent

SOURCE = "https://github.com/agnbook/agnbook/blob/main/src/agnbook"
#: Page -> title and modules; a subpackage stands for its modules, and a module named nowhere is on the last page.
PAGES = {
    "sky": ("Catalogues, classes and features", ["errors", "storage", "committed", "sky"]),
    "judge": ("Splits, scores, exams", ["judge"]),
    "chapter": ("What a chapter needs", ["chapter"]),
    "members": ("Many small networks at once", ["members"]),
    "redshifts": ("Redshifts", ["redshifts"]),
    "blazars": ("Blazar classes", ["blazars"]),
    "shift": ("Covariate shift", ["shift"]),
    "lightcurves": ("Simulated light curves", ["lightcurves"]),
    "banp": ("Neural processes and posteriors", ["banp"]),
    "quasars": ("Real light curves", ["quasars"]),
    "forecasts": ("Forecasts before the answers", ["forecasts"]),
    "ask": ("The tool for your own sources", ["ask"]),
    "press": ("The making of the book", []),
}
#: What is longer behind the colon of a parameter describes it.
LONGEST_TYPE = 50
SECTIONS = ("Parameters", "Returns", "Yields", "Raises", "Attributes", "Notes")


def modules() -> dict[str, Path]:
    """Return the package's modules, such as ``"banp.heads"``, with their files."""
    package = Path(__file__).parents[1]
    paths = sorted(path for path in package.rglob("*.py") if path.name != "__init__.py")
    return {".".join(path.relative_to(package).with_suffix("").parts): path for path in paths}


def public(tree: ast.Module | ast.ClassDef) -> list[ast.FunctionDef | ast.ClassDef]:
    """Return the public functions and classes of a module, or the methods of a class."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]


#: What keeps its markup: code, emphasis, names of files (as code, or they would become links).
_MARKED = re.compile(
    r"(``.+?``|`.+?`|(?<![\w*])\*{1,2}\w(?:[^*\n]*\w)?\*{1,2}(?![\w*])|\b[\w/]+\.(?:py|md|json|csv|yml|html)\b)", re.DOTALL
)


def _escape(text: str) -> str:
    """Keep what is neither code nor emphasis from being taken for markup."""
    parts = _MARKED.split(re.sub(r"\{(?:ref|doc|term)\}(?=`)", "", text))
    for number, part in enumerate(parts):
        if number % 2 == 0:
            parts[number] = re.sub(r"([\\*_<>\[\]$#{}|~])", r"\\\1", part)
        elif not part.startswith("*"):
            parts[number] = f"`{part.strip('`')}`"
    return "".join(parts)


def _prose(text: str, indent: str = "") -> str:
    """Return paragraphs and lists, each on one line, after `indent`; what is indented behind a ``::`` is code."""
    blocks, code = [], False
    for block in re.split(r"\n\s*\n", text.strip()):
        if code and block.startswith("    "):
            if blocks[-1].endswith("\n```"):
                blocks[-1] = f"{blocks[-1].removesuffix('```')}\n{dedent(block)}\n```"
            else:
                blocks.append(f"```python\n{dedent(block)}\n```")
            continue
        code = block.rstrip().endswith("::")
        block = block.rstrip().removesuffix("::") + ":" if code else block
        blocks.append(_escape(re.sub(r"\n(?!- )\s*", " ", block.strip())))
    return f"\n\n{indent}".join(block.replace("\n", f"\n{indent}") for block in blocks)


def _entries(text: str) -> list[str]:
    """Return a section's entries, ``name : type`` and an indented description, as definitions."""
    lines = []
    for entry in re.split(r"\n(?=\S)", text.strip("\n")):
        head, _, body = entry.partition("\n")
        name, colon, kind = head.partition(" : ")
        if colon:
            name = ", ".join(f"`{part.strip()}`" for part in name.split(","))
        else:
            name = _escape(name)
        if colon and (not body.strip() or len(kind) > LONGEST_TYPE):  # words and no type
            kind, body = "", f"{kind} {dedent(body)}".strip()
        title = f"{name} ({_escape(kind)})" if kind else name
        lines += [title, f": {_prose(dedent(body), '  ')}" if body.strip() else ":  \N{NO-BREAK SPACE}", ""]
    return lines


def _docstring(text: str | None) -> list[str]:
    """Return a numpy-style docstring as Markdown lines."""
    parts = re.split(rf"^({'|'.join(SECTIONS)})\n-+\n", cleandoc(text or ""), flags=re.MULTILINE)
    lines = [_prose(parts[0]), ""]
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        lines += [f"**{title}**", "", *([_prose(dedent(body)), ""] if title == "Notes" else _entries(body))]
    return lines


def _arguments(given: ast.arguments) -> list[str]:
    """Return each argument as it stands in the source."""
    positional = given.posonlyargs + given.args
    defaults = [None] * (len(positional) - len(given.defaults)) + given.defaults
    star = [f"*{ast.unparse(given.vararg)}"] if given.vararg else ["*"] if given.kwonlyargs else []
    parts = [*zip(positional, defaults, strict=True), *star, *zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    texts = [part if isinstance(part, str) else "=".join(ast.unparse(node) for node in part if node) for part in parts]
    return texts + ([f"**{ast.unparse(given.kwarg)}"] if given.kwarg else [])


def _signature(node: ast.FunctionDef, owner: str = "") -> str:
    """Return how to call a function, or a method of `owner`; one argument a line where one line is too short."""
    name, arguments = f"{owner}.{node.name}" if owner else node.name, _arguments(node.args)
    if owner and arguments[:1] in (["self"], ["cls"]):
        arguments = arguments[1:]
    if "property" in {ast.unparse(decorator) for decorator in node.decorator_list}:
        return name
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    line = f"{name}({', '.join(arguments)}){returns}"
    if len(line) <= 80 or not arguments:
        return line
    return ",\n    ".join([f"{name}(\n    {arguments[0]}", *arguments[1:]]) + f",\n){returns}"


def label(module: str, node: ast.FunctionDef | ast.ClassDef) -> str:
    """Return the label of a function or class; labels know no capitals, and `Pool` must not meet `pool`."""
    kind = "class" if isinstance(node, ast.ClassDef) else "function"
    return f"{kind}-{module}.{node.name}".replace("_", "-").lower()


def _node(node: ast.FunctionDef | ast.ClassDef, module: str, path: str) -> list[str]:
    """Return the part of a page about one function, or a class with its methods."""
    link = f"[source]({SOURCE}/{path}#L{node.lineno})"
    lines = [f"({label(module, node)})=", f"### {node.name}".replace("_", r"\_"), ""]
    if isinstance(node, ast.FunctionDef):
        return [*lines, "```python", _signature(node), "```", link, "", *_docstring(ast.get_docstring(node))]
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    lines += ["```python", f"class {node.name}" + (f"({bases})" if bases else ""), "```", link, ""]
    lines += _docstring(ast.get_docstring(node))
    for method in public(node):
        if isinstance(method, ast.FunctionDef):
            lines += ["```python", _signature(method, node.name), "```", "", *_docstring(ast.get_docstring(method))]
    return lines


def _module(name: str, path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lines = [f"## agnbook.{name}".replace("_", r"\_"), "", *_docstring(ast.get_docstring(tree))]
    for node in public(tree):
        lines += _node(node, name, path.relative_to(Path(__file__).parents[1]).as_posix())
    return lines


def pages() -> dict[str, str]:
    """Return the reference as ``{page: Markdown}``, with a page ``index`` that leads to the others."""
    found, left = {}, modules()
    index = ["(reference)=", "# Reference", "", "Every public function and class, from its docstring."]
    index += ["The way of the data through the modules is on {ref}`package`.", ""]
    for page, (title, wanted) in PAGES.items():
        here = {name: path for name, path in left.items() if not wanted or name.split(".")[0] in wanted}
        left = {name: path for name, path in left.items() if name not in here}
        order = sorted(here, key=lambda name: wanted.index(name.split(".")[0]) if wanted else 0)
        index.append(f"- [{title}]({page}.md): " + ", ".join(f"`{name}`" for name in order))
        found[page] = "\n".join([f"# {title}", "", *(line for name in order for line in _module(name, here[name]))]) + "\n"
    return {"index": "\n".join(index) + "\n"} | found
