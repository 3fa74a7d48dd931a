"""A Sphinx extension: what every page of the book has beside its text.

At its head what a reader wants to know before (time, level, data, last run, the notebook); at its foot how to edit, ask and
cite; links from a chapter's claims to the scorecard; and for `book.js` the meaning of every glossary term. By hand, because
sphinx-tippy and sphinx-hoverxref fetch their scripts from elsewhere, and the pages need no other host.
"""

import json
import re
from html import escape, unescape
from pathlib import Path

import yaml
from bs4 import BeautifulSoup

from agnbook import storage
from agnbook.chapter import claims
from agnbook.errors import BookError
from agnbook.press import reading, scorecard, tables

_CELL = re.compile(r'<div class="cell( [^"]*)? docutils container">')
#: The switch of a hidden cell that solves an exercise.
_SOLUTION = re.compile(r'(<div class="cell [^"]*tag_solution.*?)code cell content(.*?)code cell content', re.DOTALL)
#: A folded cell that shows nothing, and the head of the folded cell that follows it at once.
_FOLDED = (
    r'<div class="cell [^"]*tag_hide-input[^"]*" id="(cell-\d+)">\s*<details class="admonition hide above-input">\s*'
    r"<summary(?:(?!</summary>).)*</summary>"
)
_TWO_FOLDS = re.compile(rf"{_FOLDED}((?:(?!</details>).)*)</details>\s*</div>\s*({_FOLDED})", re.DOTALL)
#: What is no prose: tags, code, formulas.
_NO_PROSE = re.compile(
    r"<(pre|code|script|style|svg|textarea)\b.*?</\1>|<(span|div) class=\"math .*?</\2>|<!--.*?-->|<[^>]+>", re.DOTALL
)
#: A name in code that is short enough never to break, in the text and in the narrower cell of a table.
_SHORT_CODE = re.compile(r'<code class="docutils literal notranslate">((?:<span class="pre">[^<]*</span>| )*)</code>')
_SHORT, _SHORT_IN_TABLE = 20, 12
#: An option of a command in code, on its own or in what is typed; and where commands are typed.
_OPTION_WORD = re.compile(r'<span class="pre">(?=--?[a-zA-Z])')
_OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*(?![^<>]*>)")
_TYPED = re.compile(
    r'(<div class="highlight-(?:bash|console|text) [^>]*><div class="highlight"><pre[^>]*>)(.*?)(?=</pre>)', re.DOTALL
)
#: A word of code too long for that.
_LONG_CODE_WORD = re.compile(rf'(?<=<span class="pre">)[^<\s]{{{_SHORT + 1},}}')
_TABLE_OR_CODE = re.compile(rf"(<table\b.*?</table>)|{_SHORT_CODE.pattern}", re.DOTALL)
#: What a command prints; lines a little too long for the page are set smaller, longer ones are wrapped.
_CONSOLE = re.compile(r'(<div class="highlight-console notranslate"><div class="highlight"><pre)>(.*?)</pre>', re.DOTALL)
_FITS, _FITS_SMALLER = 90, 104
#: A line that a command printed.
_ROW = re.compile(r'(?<=<span class="go">)[^<]+')
_BOX = re.compile(r'(<table class="run-box"><caption>[^<]*</caption>)(.*?)</table>', re.DOTALL)


def strip(page: str, up: str) -> str:
    """Return the line under a page's title; `up` leads to the book's root."""
    known = reading.facts(page)
    parts = [f"<span><b>Time</b> {known.minutes} min</span>", f"<span><b>Level</b> {known.level}</span>"]
    if known.data:
        files = ", ".join(known.data) if len(known.data) <= 3 else f"{len(known.data)} catalogues"
        parts.append(f'<span><b>Needs</b> <a href="{up}book/data.html">{escape(files)}</a></span>')
    if known.run:
        day = f" {known.run['date']}" if "date" in known.run else ""
        clock = f"{known.run['wall_seconds']:.0f} s"
        if "processor_seconds" in known.run:
            clock = f"{known.run['processor_seconds']:.0f} s of processor, {clock} on the clock"
        run = f"{clock}, {known.run['peak_memory_gb']:.1f} GB on {known.run['hardware']}"
        parts.append(f"<span><b>Last run</b>{day}: {escape(run)}{', outputs verified' if known.verified else ''}</span>")
    if page.startswith("notebooks/"):
        links = [f'<a href="{up}_sources/{page}.ipynb" download>download</a>']
        links += [f'<a href="{address}">{label}</a>' for label, address in reading.launchers(page).items()]
        links.append(f'<a href="{up}book/how_to_run.html#work-with-a-chapter">JupyterLab</a>')
        parts.append(f"<span><b>Notebook</b> {' · '.join(links)}</span>")
    return f'<div class="page-facts">{"".join(parts)}</div>'


def citation() -> tuple[str, str]:
    """Return how to cite the book, in words and as BibTeX, from CITATION.cff."""
    told = yaml.safe_load((storage.ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    author = " and ".join(each["name"] for each in told["authors"])
    fields = {
        "title": f"{{{told['title']}}}",
        "author": f"{{{author}}}",
        "version": told["version"],
        "url": told["repository-code"],
    }
    entry = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"{author}: {told['title']}, version {told['version']}, {told['repository-code']}", f"@software{{agnbook,\n{entry}\n}}"


def foot(page: str, title: str, source: str) -> str:
    """Return the foot of a page: edit, ask, cite."""
    words, bibtex = citation()
    edit = f'<a href="{reading.REPOSITORY}/edit/main/{source}">Edit this page</a>'
    ask = f'<a href="{reading.REPOSITORY}/issues/new?title=Question%20about%20{page}">Ask about it</a>'
    cite = f"<p>{escape(words)}, page “{escape(title)}”.</p><pre>{escape(bibtex)}</pre>"
    return f'<div class="page-foot">{edit} · {ask}<details><summary>Cite this page</summary>{cite}</details></div>'


def _short_box(box: re.Match) -> str:
    """Return a chapter's box without the times, which the head of the page has of today, and with many files folded."""
    rows = re.findall(r"<tr><th>(.*?)</th><td>(.*?)</td></tr>", box[2])
    files = [value for name, value in rows if name == "Data"]
    text = "<br>".join(files)
    text = f"<details><summary>{len(files)} files</summary>{text}</details>" if len(files) > 2 else text
    kept = {name: text if name == "Data" else value for name, value in rows if name != "Last published run"}
    many = kept.get("Settings", "").count(" = ")
    if many > 6:
        kept["Settings"] = f"<details><summary>{many} numbers</summary>{kept['Settings']}</details>"
    kept = {name: re.sub(r"`([^`]+)`", r"<code>\1</code>", value) for name, value in kept.items()}
    return box[1] + "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in kept.items()) + "</table>"


def _fit_console(block: re.Match) -> str:
    """Return what a command prints, in smaller letters where these make a line fit; rows of CSV break behind a comma."""
    lengths = [len(unescape(re.sub(r"<[^>]+>", "", line))) for line in block[2].splitlines()]
    small = ' class="wide"' if any(_FITS < length <= _FITS_SMALLER for length in lengths) else ""
    shown = _ROW.sub(lambda row: row[0].replace(",", ",<wbr>"), block[2])
    return f"{block[1]}{small}>{shown}</pre>"


def _typeset_prose(body: str) -> str:
    """Return a page's HTML with a true minus before numbers in its prose, and per cent that stays with its number."""
    parts, end = [], 0
    for tag in [*_NO_PROSE.finditer(body), None]:
        text = body[end : tag.start() if tag else len(body)]
        text = re.sub(r"(^|[\s(])-(?=\.?\d)", r"\1−", text)
        parts += [re.sub(r"(?<=\d) ?%", "&nbsp;%", text), tag[0] if tag else ""]
        end = tag.end() if tag else end
    return "".join(parts)


def _keep_short_code(body: str) -> str:
    """Return a page's HTML with short names in code marked, which the style keeps on one line; long ones break between words."""

    def mark(code: re.Match, longest: int) -> str:
        short = len(unescape(re.sub(r"<[^>]+>", "", code[1]))) <= longest
        return code[0].replace('notranslate"', 'notranslate short"', 1) if short else code[0]

    def mark_part(part: re.Match) -> str:
        if part[1]:
            return _SHORT_CODE.sub(lambda code: mark(code, _SHORT_IN_TABLE), part[1])
        code = _SHORT_CODE.sub(lambda code: mark(code, _SHORT), part[0])
        return _LONG_CODE_WORD.sub(lambda word: tables.breakable(word[0]), code)

    return _TABLE_OR_CODE.sub(mark_part, body)


def _keep_options(body: str) -> str:
    """Return a page's HTML with the options of commands marked, which the style does not break behind their hyphens."""
    body = _OPTION_WORD.sub('<span class="pre option">', body)
    return _TYPED.sub(lambda typed: typed[1] + _OPTION.sub(r'<span class="option">\g<0></span>', typed[2]), body)


def dress(body: str, page: str, known_claims: set[str]) -> str:
    """Return a page's HTML with numbered cells, claims that link to the scorecard and numeric cells marked as such."""
    up = "../" * page.count("/")
    count = iter(range(1, 10_000))
    body = _CELL.sub(lambda found: f'<div class="cell{found[1] or ""} docutils container" id="cell-{next(count)}">', body)
    body = _SOLUTION.sub(r"\1the solution\2the solution", body)
    for part, name in (("source", "code"), ("output", "output")):
        body = re.sub(rf"\b(Show|Hide) code cell {part}\b", rf"\1 the {name}", body)
    body = _CONSOLE.sub(_fit_console, body)
    body = _typeset_prose(_keep_options(_keep_short_code(_BOX.sub(_short_box, body))))
    return tables.dress(body, f"{up}book/scorecard.html#claim-", known_claims)


def join_folds(body: str) -> str:
    """Return a page's HTML with folded cells in a row that show nothing behind one switch, that of the cell after them."""
    joined, count = body, 1
    while count:
        joined, count = _TWO_FOLDS.subn(lambda two: f'{two[3]}<span id="{two[1]}"></span>{two[2]}', joined)
    return joined


def add_claims(body: str, page: str, entries: list[dict]) -> str:
    """Return a chapter's HTML with its claims that no table of it shows, behind the cell that published them."""
    link = f"{'../' * page.count('/')}book/scorecard.html#claim-"
    missing = [entry for entry in entries if f'{link}{entry["id"]}"' not in body]
    cell = scorecard.making_cells(Path(page).name).get(missing[0]["id"]) if missing else None
    start = body.find(f'id="cell-{cell}"')
    if cell is None or start < 0:
        return body
    depth = 1
    for tag in re.compile(r"<(/?)div\b").finditer(body, start):
        depth += -1 if tag[1] else 1
        if depth == 0:
            end = tag.end() + 1
            return body[:end] + tables.claims_list(missing, link) + body[end:]
    return body


def _page(app, pagename, templatename, context, doctree):
    """Dress each page of the book when it is written."""
    body = context.get("body")
    if not body or doctree is None:
        return
    up = "../" * pagename.count("/")
    body = dress(body, pagename, {entry["id"] for entry in app.agnbook_claims})
    body = add_claims(body, pagename, [entry for entry in app.agnbook_claims if f"notebooks/{entry['chapter']}" == pagename])
    body = join_folds(body)
    body = re.sub(r' role="(?:doc-biblioentry|list)"', "", body)  # docutils gives citations roles that ARIA has given up
    if pagename == "book/scorecard":  # it names papers by their key; the bibliography numbers its anchors
        anchors = {each.key: each.citation_id for each in app.env.get_domain("cite").citations}
        body = re.sub(r'bibliography\.html#(\w+)"', lambda found: f'bibliography.html#{anchors.get(found[1], "")}"', body)
    source = Path(app.env.doc2path(pagename, base=False)).as_posix()
    head = strip(pagename, up) if reading.is_text(pagename) else ""
    context["body"] = body.replace("</h1>", f"</h1>\n{head}", 1) + foot(pagename, context.get("title", ""), source)


def meanings(html: str) -> dict[str, str]:
    """Return anchor -> meaning of every term of the built glossary."""
    terms = BeautifulSoup(html, "html.parser").select("dl.glossary dt[id]")
    return {term["id"]: " ".join(term.find_next_sibling("dd").get_text(" ").split()) for term in terms}


def _finish(app, exception):
    """Leave the glossary's meanings where `book.js` finds them on a page opened from a disk."""
    glossary, scripts = Path(app.outdir) / "book" / "glossary.html", Path(app.outdir) / "_static"
    if exception is None:
        found = meanings(glossary.read_text(encoding="utf-8")) if glossary.exists() else {}
        text = f"const AGNBOOK_TERMS = {json.dumps(found, ensure_ascii=True)};\n"
        (scripts / "terms.js").write_text(text, encoding="utf-8")


def setup(app):
    """Register with Sphinx."""
    try:
        app.agnbook_claims = claims.load()
    except BookError:
        app.agnbook_claims = []
    app.connect("html-page-context", _page, priority=900)
    app.connect("build-finished", _finish)
    app.add_js_file("terms.js", loading_method="defer")
    app.add_js_file("book.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
