"""A content-security policy for each page: nothing is loaded from elsewhere, and no script runs that the build did not write.

The inline scripts and handlers that Sphinx and its theme write are allowed by their hashes, page by page.
"""

import html
import re
from pathlib import Path

from agnbook.ask.app_guard import hash_of, script_hashes

_HANDLER = re.compile(r"<[^>]*?\son[a-z]+=\"([^\"]*)\"")
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
_MARK = '<meta http-equiv="Content-Security-Policy"'


def handlers(page: str) -> set[str]:
    """Return the hashes of the event handlers that are written into a page."""
    return {hash_of(html.unescape(text)) for text in _HANDLER.findall(page)}


def policy(page: str, allowed: set[str] = frozenset()) -> str:
    """Return the policy for a page of HTML; `allowed` are hashes of handlers. ``file:`` is for pages opened from a disk."""
    scripts = ["'self' file:", *(["'unsafe-hashes'"] if allowed else []), *sorted({*script_hashes(page), *allowed})]
    rules = {
        "default-src": "'self' file:", "script-src": " ".join(scripts), "style-src": "'self' file: 'unsafe-inline'",
        "img-src": "'self' file: data:", "font-src": "'self' file: data:", "object-src": "'none'", "base-uri": "'self'",
        "form-action": "'self' file:",
    }  # fmt: skip
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def add(page: str, allowed: set[str] = frozenset()) -> str:
    """Return a page with its policy at the head's start; a page that has one, or no head, as it is."""
    if _MARK in page or not (head := _HEAD.search(page)):
        return page
    return f'{page[: head.end()]}\n    {_MARK} content="{policy(page, allowed)}">{page[head.end() :]}'


def write(folder: Path) -> None:
    """Give every page in a folder its policy, with the handlers of all: the search shows parts of other pages."""
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.html"))}
    allowed = set().union(*map(handlers, pages.values()))
    for path, page in pages.items():
        path.write_text(add(page, allowed), encoding="utf-8")
