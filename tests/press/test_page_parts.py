"""What pages have beside their text: head, foot, links of claims, meanings of terms."""

import json

import pytest
import yaml

from agnbook import storage
from agnbook.press import chapters, page_parts, reading

CHAPTER = f"notebooks/{chapters.names()[0]}"


def test_the_head_says_what_the_records_say():
    record = json.loads((storage.DATA / "results" / "runs.json").read_text())[chapters.names()[0]]
    head = page_parts.strip(CHAPTER, "../")
    assert f"{record['processor_seconds']:.0f} s of processor, {record['wall_seconds']:.0f} s on the clock" in head
    assert f", {record['peak_memory_gb']:.1f} GB on" in head
    for part in (
        f"../_sources/{CHAPTER}.ipynb",
        "colab.research.google.com",
        "mybinder.org",
        "JupyterLab",
        "<b>Time</b>",
        "<b>Level</b>",
    ):
        assert part in head
    assert "<b>Notebook</b>" not in page_parts.strip("book/how_to_run", "../")


def test_outputs_are_verified_only_where_they_are_the_sealed_ones(monkeypatch):
    assert reading.facts(CHAPTER).verified
    monkeypatch.setattr(reading, "_sealed", lambda: {f"{CHAPTER}.ipynb": "0" * 64})
    assert not reading.facts(CHAPTER).verified
    assert "outputs verified" not in page_parts.strip(CHAPTER, "../")


def test_a_page_is_dressed():
    body = (
        '<div class="cell docutils container"></div><div class="cell tag_hide-input docutils container"></div>'
        "<table><tr><th></th><td>0.41</td></tr></table>"
        "<p>Show code cell source</p>"
    )
    dressed = page_parts.dress(body, "notebooks/x", {"a.b"})
    assert '<div class="cell docutils container" id="cell-1">' in dressed
    assert '<div class="cell tag_hide-input docutils container" id="cell-2">' in dressed
    assert dressed.endswith('<table><tr><td></td><td class="number">0.41</td></tr></table><p>Show the code</p>')


def test_a_minus_in_the_text_is_one_and_code_keeps_its_hyphen():
    text = '<p data-x=" -0.1">falls by -0.035 (-.04 to +0.01), 2-0.5</p><pre><span>-0.5</span> -0.5</pre>'
    text += '<svg><path d="M0 -0.5"/></svg>'
    shown = page_parts.dress(text, "notebooks/x", set())
    assert shown == text.replace("-0.035 (-.04", "−0.035 (−.04")


def test_the_box_is_short():
    def box(files):
        rows = "".join(f"<tr><th>Data</th><td>{name}</td></tr>" for name in files)
        run = "<tr><th>Last published run</th><td>9 s</td></tr><tr><th>Loaded</th><td>nothing</td></tr>"
        return f'<table class="run-box"><caption>This run</caption>{rows}{run}</table>'

    short = page_parts.dress(box("ab"), "notebooks/x", set())
    assert "<td>a<br>b</td>" in short and "9 s" not in short and "<td>nothing</td>" in short
    assert "<details><summary>3 files</summary>a<br>b<br>c</details>" in page_parts.dress(box("abc"), "notebooks/x", set())


def test_many_settings_are_folded_and_code_in_the_box_is_code():
    many = ", ".join(f"s{k} = {k}" for k in range(9))
    for settings, shown in (("a = 1, b = 2", "<td>a = 1, b = 2</td>"), (many, f"<summary>9 numbers</summary>{many}</details>")):
        box = f"<tr><th>Settings</th><td>{settings}</td></tr><tr><th>Loaded</th><td>by `make x`</td></tr>"
        dressed = page_parts.dress(f'<table class="run-box"><caption>This run</caption>{box}</table>', "notebooks/x", set())
        assert shown in dressed and "by <code>make x</code>" in dressed


def test_numbers_in_prose_have_a_true_minus_and_keep_their_per_cent():
    dressed = page_parts.dress('<p id="a -1">by -0.5 (-1 to 2), 95% and 68 % of x-1</p><pre>-1 5%</pre>', "notebooks/x", set())
    assert dressed == '<p id="a -1">by −0.5 (−1 to 2), 95&nbsp;% and 68&nbsp;% of x-1</p><pre>-1 5%</pre>'
    formula = '<span class="math notranslate">\\(x < -1 %\\)</span>'
    assert page_parts.dress(formula, "notebooks/x", set()) == formula


def test_what_a_command_prints_is_set_smaller_only_where_that_makes_it_fit():
    for length, small in ((80, False), (101, True), (130, False)):
        block = f'<div class="highlight-console notranslate"><div class="highlight"><pre><b>$ x</b>\n{"&lt;" * length}\n</pre>'
        assert ('<pre class="wide">' in page_parts.dress(block, "book/x", set())) is small


def test_printed_rows_of_csv_break_behind_a_comma():
    typed, printed = '<span class="gp">$ </span>cut -f 1,2 x.csv', '<span class="go">{}</span>'
    block = '<div class="highlight-console notranslate"><div class="highlight"><pre>{}\n{}</pre></div></div>'
    shown = page_parts.dress(block.format(typed, printed.format("a,1.5,,2")), "book/x", set())
    assert shown == block.format(typed, printed.format("a,<wbr>1.5,<wbr>,<wbr>2"))


def test_short_code_is_marked_so_that_it_is_not_broken():
    def code(text):
        words = " ".join(f'<span class="pre">{word}</span>' for word in text.split())
        return f'<code class="docutils literal notranslate">{words}</code>'

    def is_short(html):
        return 'notranslate short"' in page_parts.dress(html, "notebooks/x", set())

    assert is_short(code("3FGL J1104.4+3812")) and not is_short(code("a name that is too long"))
    assert is_short(f"<table><td>{code('make smoke')}</td></table>")
    assert not is_short(f"<table><td>{code('3FGL J1104.4+3812')}</td></table>")
    long = page_parts.dress(code("data/results/4FGL_sealed.csv"), "notebooks/x", set())
    assert '<span class="pre">data/<wbr>results/<wbr>4FGL_<wbr>sealed.<wbr>csv</span>' in long


def test_an_option_is_marked_so_that_it_is_not_broken_behind_its_hyphens():
    code = '<code class="docutils literal notranslate"><span class="pre">a</span> <span class="pre">--new-option</span></code>'
    assert '<span class="pre option">--new-option</span>' in page_parts.dress(code, "book/x", set())
    head = '<div class="highlight-bash notranslate"><div class="highlight">'
    typed = f'{head}<pre><i title="--a">x</i>--new-option a--b --</pre></div></div>'
    shown = page_parts.dress(typed, "book/x", set())
    assert shown == typed.replace("--new-option", '<span class="option">--new-option</span>')
    python = typed.replace("bash", "python")
    assert page_parts.dress(python, "book/x", set()) == python


def test_claims_that_no_table_shows_stand_behind_the_cell_that_made_them(monkeypatch):
    monkeypatch.setattr(page_parts.scorecard, "making_cells", lambda chapter: {"a.b": 1, "a.c": 1})
    entries = [
        {"id": name, "paper": 0.5, "ours": -0.25, "interval": [-0.5, 0.1], "n": None, "verdict": "differs", "tolerance": 0.1}
        for name in ("a.b", "a.c")
    ]
    link = "../book/scorecard.html#claim-"
    shown = f'<div class="cell" id="cell-1"><div><a href="{link}a.b">a.b</a></div></div><p>after</p>'
    body = page_parts.add_claims(shown, "notebooks/x", entries)
    assert body.startswith(shown.removesuffix("<p>after</p>") + "<details") and body.endswith("</details><p>after</p>")
    assert "1 more claim of" in body and f'href="{link}a.c"' in body and "−0.500 to 0.100" in body
    assert page_parts.add_claims(body, "notebooks/x", entries) == body, "nothing twice"
    assert page_parts.add_claims("<p></p>", "notebooks/x", entries) == "<p></p>"


def test_a_chapter_s_claims_lead_to_the_scorecard():
    head, row = "<thead><tr><th></th><th>n</th></tr></thead>", "<tr><th>a.b</th><td>1</td></tr>"
    table = f'<table border="1" class="dataframe">{head}<tbody>{row}</tbody></table>'
    dressed = page_parts.dress(table, "notebooks/x", {"a.b"})
    assert '<th scope="row"><a href="../book/scorecard.html#claim-a.b">a.<wbr/>b</a></th>' in dressed


def test_a_hidden_solution_says_so():
    toggle = "<details><p>Show code cell content</p><p>Hide code cell content</p></details>"
    for tags, words in (("tag_hide-cell tag_solution", "the solution"), ("tag_hide-cell", "code cell content")):
        dressed = page_parts.dress(f'<div class="cell {tags} docutils container">{toggle}</div>', "notebooks/x", set())
        assert f"<p>Show {words}</p><p>Hide {words}</p>" in dressed


def test_folded_code_and_output_are_named_plainly():
    folded = "<p>Show code cell source</p><p>Hide code cell output</p>"
    assert "<p>Show the code</p><p>Hide the output</p>" in page_parts.dress(folded, "notebooks/x", set())


def test_folded_cells_in_a_row_have_one_switch():
    def cell(number, code, shown="", tag="tag_hide-input"):
        fold = f'<details class="admonition hide above-input">\n<summary>Show the code</summary>\n<pre>{code}</pre>\n</details>'
        return f'<div class="cell {tag} docutils container" id="cell-{number}">\n{fold}\n{shown}</div>\n'

    shown = cell(0, "0", "<img>") + "<p>text</p>"
    page = cell(1, "a") + cell(2, "b") + cell(3, "c", "<table></table>") + cell(4, "d") + "<p>text</p>" + cell(5, "e")
    joined = page_parts.join_folds(shown + page)
    assert joined.startswith(shown)
    joined = joined.removeprefix(shown)
    assert joined.count("<summary") == 3 and [joined.count(f'id="cell-{k}"') for k in range(1, 6)] == [1] * 5
    first = joined.split("</details>")[0]
    assert [first.index(f"<pre>{code}") for code in "abc"] == sorted(first.index(f"<pre>{code}") for code in "abc")
    assert joined.endswith(cell(4, "d") + "<p>text</p>" + cell(5, "e")), "what shows something, or stands alone, stays"
    solution = cell(1, "a") + cell(2, "b", tag="tag_hide-cell")
    assert page_parts.join_folds(solution) == solution


def test_the_foot_cites_the_book_as_its_citation_file_does():
    told = yaml.safe_load((storage.ROOT / "CITATION.cff").read_text())
    words, bibtex = page_parts.citation()
    assert told["title"] in words and told["version"] in bibtex and bibtex.startswith("@software{agnbook,")
    meta = json.loads((storage.ROOT / "codemeta.json").read_text())
    assert (meta["version"], meta["codeRepository"]) == (told["version"], told["repository-code"])
    foot = page_parts.foot("book/x", "<T>", "book/x.md")
    assert "/edit/main/book/x.md" in foot and "/issues/new?title=" in foot and "“&lt;T&gt;”" in foot


def test_meanings_are_read_from_the_built_glossary():
    html = '<dl class="simple glossary"><dt id="term-AGN">AGN</dt><dd><p>Bright\n <em>centre</em>.</p></dd></dl>'
    assert page_parts.meanings(html) == {"term-AGN": "Bright centre ."}


@pytest.mark.parametrize("path", reading.settings()["paths"], ids=lambda path: path["title"])
def test_paths_lead_to_pages_that_are_there(path):
    listed = path.get("sessions") or {"": path["pages"]}
    assert all(reading.find(page) for pages in listed.values() for page in pages)
    assert {title: len(pages) for title, pages in reading.sessions(path).items()} == {t: len(p) for t, p in listed.items()}
    assert f"## {path['title']}" in reading.paths() and all(f"### {title}: " in reading.paths() for title in listed if title)


def test_every_chapter_has_one_level():
    for name in chapters.names():
        levels = [level for level, pages in reading.settings()["levels"].items() if name[:2] in pages]
        assert len(levels) == 1, name
