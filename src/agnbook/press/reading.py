"""What a reader wants to know of a page before it is read, and the three ways through the book.

Nothing here is typed but levels and paths: time comes from the page's words and code, the rest from the records of the last
published run and from the list of sealed files.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from agnbook import storage
from agnbook.chapter import paper_page, run_box
from agnbook.sky import registry

#: Words of prose a minute, and lines of code.
WORDS, CODE_LINES = 200, 25
REPOSITORY = "https://github.com/agnbook/agnbook"
#: Pages that nobody reads through.
LISTS = {"index", "scorecard", "changes", "glossary", "bibliography", "reading_paths"}
PATHS = storage.ROOT / "book" / "reading_paths.yml"


@dataclass(frozen=True)
class Facts:
    """What stands at the head of a page.

    Attributes
    ----------
    minutes : to read prose and code.
    level : one of the levels of ``book/reading_paths.yml``.
    data : titles of the catalogues a chapter reads.
    run : record of the last published run, see `agnbook.chapter.run_box`; None for a page that does not run.
    verified : whether the notebook is the sealed one.
    """

    minutes: int
    level: str
    data: tuple[str, ...] = ()
    run: dict | None = None
    verified: bool = False


@cache
def settings() -> dict:
    """Return levels and paths."""
    return yaml.safe_load(PATHS.read_text(encoding="utf-8"))


@cache
def _sealed() -> dict[str, str]:
    """Return path -> sha256 of every sealed file."""
    lines = (storage.DATA / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines if not line.startswith("#"))}


def find(number_or_page: str) -> str | None:
    """Return the page that a path names: a chapter by its number, another page by its file; None where there is none yet."""
    if re.fullmatch(r"\d\d", number_or_page):
        found = sorted((storage.ROOT / "notebooks").glob(f"{number_or_page}_*.ipynb"))
        return f"notebooks/{found[0].stem}" if found else None
    return f"book/{number_or_page}" if (storage.ROOT / "book" / f"{number_or_page}.md").exists() else None


def is_text(page: str) -> bool:
    """Whether a page is to be read from its head to its end; lists, the cover and what is generated are not."""
    path = storage.ROOT / f"{page}.md"
    return page.startswith("notebooks/") or (page.count("/") == 1 and Path(page).name not in LISTS and path.exists())


def _text(page: str) -> tuple[str, str]:
    """Return a page's prose and its code."""
    path = storage.ROOT / f"{page}.ipynb"
    if not path.exists():
        return (storage.ROOT / f"{page}.md").read_text(encoding="utf-8"), ""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    seen = [cell for cell in cells if "remove-cell" not in cell["metadata"].get("tags", [])]
    prose, code = (["".join(cell["source"]) for cell in seen if cell["cell_type"] == kind] for kind in ("markdown", "code"))
    return "\n".join(prose), "\n".join(code)


def _title(page: str) -> str:
    if page.startswith("notebooks/"):
        return paper_page.title(Path(page).name)
    return re.search(r"^# (.+)$", _text(page)[0], re.MULTILINE)[1]


def facts(page: str) -> Facts:
    """Return what is known of a page, such as ``"notebooks/12_estimate_redshifts"`` or ``"book/lookup"``."""
    prose, code = _text(page)
    minutes = max(1, round(len(prose.split()) / WORDS + len(code.splitlines()) / CODE_LINES))
    name = Path(page).name
    levels = settings()["levels"]
    level = next((level for level, pages in levels.items() if name in pages or name[:2] in pages), "core")
    if not page.startswith("notebooks/"):
        return Facts(minutes, level)
    data = tuple(dict.fromkeys(entry.title for key, entry in registry.entries().items() if f'"{key}"' in code))
    path = storage.ROOT / f"{page}.ipynb"
    return Facts(minutes, level, data, run_box.run_record(name), _sealed().get(f"{page}.ipynb") == storage.sha256(path))


def launchers(page: str) -> dict[str, str]:
    """Return where a chapter's notebook opens: label -> address."""
    file = f"{page}.ipynb"
    return {
        "Colab": f"https://colab.research.google.com/github/{REPOSITORY.removeprefix('https://github.com/')}/blob/main/{file}",
        "Binder": f"https://mybinder.org/v2/gh/{REPOSITORY.removeprefix('https://github.com/')}/main?urlpath=lab/tree/{file}",
    }


def sessions(path: dict) -> dict[str, list[str]]:
    """Return title -> pages of a path's sessions; a path that is walked in one go is one session without a title."""
    listed = path.get("sessions") or {"": path["pages"]}
    return {title: [page for page in map(find, pages) if page] for title, pages in listed.items()}


def _hours(known: dict[str, Facts]) -> str:
    return f"{sum(each.minutes for each in known.values()) / 60:.1f} hours"


def _table(known: dict[str, Facts]) -> list[str]:
    """Return a row a page."""
    lines = ["| page | level | minutes | runs in (s) |", "|---|---|---|---|"]
    for page, each in known.items():
        link = page.removeprefix("book/") + ".md" if page.startswith("book/") else f"../{page}.ipynb"
        seconds = f"{each.run.get('processor_seconds', each.run['wall_seconds']):.0f}" if each.run else "–"
        lines.append(f"| [{_title(page)}]({link}) | {each.level} | {each.minutes} | {seconds} |")
    return [*lines, ""]


def paths() -> str:
    """Return the reading paths as Markdown: a section a path, a table a session."""
    lines = []
    for path in settings()["paths"]:
        known = {title: {page: facts(page) for page in pages} for title, pages in sessions(path).items()}
        whole = {page: each for part in known.values() for page, each in part.items()}
        lines += [f"## {path['title']}", "", path["for"].strip(), ""]
        if "prepare" in path:
            lines += [f"**Prepare.** {path['prepare'].strip()}", ""]
        lines += [f"About {_hours(whole)} of reading.", ""]
        for title, part in known.items():
            lines += ([f"### {title}: {_hours(part)}", ""] if title else []) + _table(part)
    return "\n".join(lines)
