"""The whole book as one PDF: ``python -m agnbook.press.pdf``, after `make book`.

The articles of all pages become one document, so that a link from chapter to chapter is a link inside it, and headless Chromium
prints that. It needs the full environment and Chromium.
"""

import os
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote

import yaml
from bs4 import BeautifulSoup

from agnbook import storage
from agnbook.errors import BookError

HTML = storage.ROOT / "_build" / "html"
#: Pages that only a screen can use, the log of changed numbers, and the reference of every function.
LEFT_OUT = re.compile(r"book/(lookup|try_the_classifier|changes|api/.*)$")
STYLE = """<style>
@page { size: A4; margin: 16mm 16mm 18mm; }
body { background: #fff; }
.printed-page { break-before: page; max-width: 178mm; margin: 0 auto; font-size: 9.5pt; }
.printed-page:first-child { break-before: auto; }
.printed-page .toggle-hidden { visibility: visible !important; opacity: 1 !important; height: auto !important; }
</style>"""
OPTIONS = ["--no-sandbox", "--disable-gpu"]


def chromium() -> str:
    """Return the path of Chromium.

    Raises
    ------
    BookError
        If there is none.
    """
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise BookError("No Chromium was found; install it (Debian: apt-get install chromium) and run the command again.")
    return found


def contents() -> list[str]:
    """Return the pages of the book in its order, those left out of the print excepted."""
    toc = yaml.safe_load((storage.ROOT / "_toc.yml").read_text(encoding="utf-8"))

    def files(entries):
        for entry in entries:
            yield entry["file"]
            yield from files(entry.get("sections", []))

    pages = [toc["root"], *(name for part in toc["parts"] for name in files(part["chapters"]))]
    return [page for page in pages if not LEFT_OUT.match(page)]


def _place(page: str, anchor: str) -> str:
    """Return the id of an anchor in the one document."""
    return f"{page}--{anchor}".replace("/", "-") if anchor else page.replace("/", "-")


def _article(page: str, printed: set[str]) -> str:
    """Return a page's article with ids of its own, links inside the document and files by full address."""
    path = HTML / f"{page}.html"
    if not path.exists():
        raise BookError(f"{path} is not there; run `make book` first.")
    article = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select_one("article.bd-article")
    for node in article.select("script, .headerlink, .page-foot, .page-facts, form, button.copybtn"):
        node.decompose()
    for node in article.select("[id]"):
        node["id"] = _place(page, node["id"])
    for node in article.select("[aria-labelledby], [aria-describedby]"):
        del node["aria-labelledby"], node["aria-describedby"]
    for node in article.select("details.claims"):  # the scorecard of the same document has them all
        node.replace_with(f"{node.summary.get_text()}: see the scorecard.")
    for node in article.select("details"):
        node["open"] = ""
    for node in article.select("pre"):  # in one ink: an element of the outline's tree for each token doubles the file
        node.string = node.get_text()
    for node in article.select("[src]"):
        if not node["src"].startswith(("data:", "http")):
            node["src"] = (path.parent / unquote(node["src"])).resolve().as_uri()
    for link in article.select("a[href]"):
        target, _, anchor = link["href"].partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (path.parent / unquote(target)).resolve() if target else path.resolve()
        try:
            other = file.relative_to(HTML.resolve()).with_suffix("").as_posix()
        except ValueError:
            other = ""
        if other in printed and file.suffix == ".html":
            link["href"] = f"#{_place(other, anchor)}"
        else:
            link.unwrap()
    return f'<section class="printed-page" id="{_place(page, "")}">{article.decode_contents()}</section>'


def document() -> str:
    """Return the whole book as one HTML page with the styles of the built one."""
    pages = contents()
    cover = BeautifulSoup((HTML / f"{pages[0]}.html").read_text(encoding="utf-8"), "html.parser")
    styles = [
        f'<link rel="stylesheet" href="{(HTML / pages[0]).parent.joinpath(link["href"].partition("?")[0]).resolve().as_uri()}">'
        for link in cover.select('link[rel="stylesheet"]')
    ]
    mathjax = [node for node in cover.select("script") if "mathjax" in (str(node.get("src", "")) + node.text).lower()]
    for node in mathjax:
        if node.get("src"):
            node["src"] = (HTML / pages[0]).parent.joinpath(node["src"].partition("?")[0]).resolve().as_uri()
    articles = "\n".join(_article(page, set(pages)) for page in pages)
    head = f'<meta charset="utf-8"><title>{cover.title.text}</title>{"".join(styles)}{"".join(map(str, mathjax))}{STYLE}'
    body = f'<main class="bd-article">{articles}</main>'
    return f'<!doctype html><html lang="en" data-theme="light" data-mode="light"><head>{head}</head><body>{body}</body></html>'


def make(target: Path) -> None:
    """Print the book to `target`."""
    from playwright.sync_api import sync_playwright

    source = storage.ROOT / "_build" / f"print-{os.getpid()}.html"  # two prints at once do not share it
    source.write_text(document(), encoding="utf-8")
    foot = '<div style="width:100%;font-size:8px;text-align:center"><span class="pageNumber"></span></div>'
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=OPTIONS)
        page = browser.new_page()
        page.goto(source.as_uri(), wait_until="load", timeout=300_000)
        page.evaluate("window.MathJax && MathJax.startup ? MathJax.startup.promise.then(() => true) : true")
        page.pdf(path=target, format="A4", print_background=True, prefer_css_page_size=True, tagged=True, outline=True,
                 display_header_footer=True, header_template="<div></div>", footer_template=foot)  # fmt: skip
        browser.close()
    source.unlink()


def main() -> int:
    """Make the PDF; returns the exit status."""
    target = storage.ROOT / "_build" / "agnbook.pdf"
    try:
        make(target)
    except BookError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Printed the book: {target} ({target.stat().st_size / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
