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
    assert f"{record['wall_seconds']:.0f} s, {record['peak_memory_gb']:.1f} GB" in head
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
        "<tr><th></th><th>a.b</th><th>c.d</th><td>0.41 (0.39 – 0.43)</td><td>3C 273</td></tr>"
    )
    dressed = page_parts.dress(body, "notebooks/x", {"a.b"})
    assert '<div class="cell docutils container" id="cell-1">' in dressed
    assert '<div class="cell tag_hide-input docutils container" id="cell-2">' in dressed
    assert '<th scope="row"><a href="../book/scorecard.html#claim-a.b">a.b</a></th><th>c.d</th>' in dressed
    assert '<td class="number">0.41 (0.39 – 0.43)</td><td>3C 273</td>' in dressed
    assert "<tr><td></td>" in dressed


def test_a_hidden_solution_says_so():
    toggle = "<details><p>Show code cell content</p><p>Hide code cell content</p></details>"
    for tags, words in (("tag_hide-cell tag_solution", "the solution"), ("tag_hide-cell", "code cell content")):
        dressed = page_parts.dress(f'<div class="cell {tags} docutils container">{toggle}</div>', "notebooks/x", set())
        assert f"<p>Show {words}</p><p>Hide {words}</p>" in dressed


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
    missing = [page for page in path["pages"] if not reading.find(page)]
    assert all(page.isdigit() for page in missing) and len(missing) < len(path["pages"]) / 2
    assert f"## {path['title']}" in reading.paths()


def test_every_chapter_has_one_level():
    for name in chapters.names():
        levels = [level for level, pages in reading.settings()["levels"].items() if name[:2] in pages]
        assert len(levels) == 1, name
