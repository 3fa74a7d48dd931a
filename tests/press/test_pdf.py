"""The book as one document: ids of its own, links that stay inside it."""

import pytest

from agnbook.errors import BookError
from agnbook.press import pdf

PAGE = """<html><body><article class="bd-article"><h1 id="top">Title<a class="headerlink" href="#top">#</a></h1>
<p><a href="two.html#there">two</a> <a href="#top">up</a> <a href="two.html">all of it</a> <a href="lookup.html">tool</a>
<a href="https://example.org">away</a> <img src="../_images/a.png"></p><form><input></form><details><p>hidden</p></details>
<details class="claims"><summary>All 20 claims</summary><table></table></details>
<pre><span></span><span class="n">a</span> <span class="o">=</span> 1</pre>
<script>boom()</script></article></body></html>"""


@pytest.fixture
def built(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "HTML", tmp_path)
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "one.html").write_text(PAGE)
    return tmp_path


def test_links_stay_inside_and_ids_are_a_page_s_own(built):
    article = pdf._article("book/one", {"book/one", "book/two"})
    assert 'id="book-one--top"' in article and article.startswith('<section class="printed-page" id="book-one">')
    assert 'href="#book-two--there"' in article and 'href="#book-one--top"' in article and 'href="#book-two"' in article
    assert 'href="https://example.org"' in article and ">tool<" not in article and "tool" in article
    assert (built / "_images" / "a.png").as_uri() in article
    assert '<details open="">' in article and "<pre>a = 1</pre>" in article
    assert "All 20 claims: see the scorecard." in article and "<table" not in article
    assert not any(tag in article for tag in ("<script", "<form", "headerlink"))


def test_contents_follow_the_book_without_what_only_a_screen_can_use():
    pages = pdf.contents()
    assert pages[0] == "book/index" and pages.index("book/data") < pages.index("book/scorecard")
    assert "book/lookup" not in pages and not any(page.startswith("book/api/") for page in pages)


def test_what_is_missing_is_one_clear_error(built, monkeypatch):
    with pytest.raises(BookError, match=r"three\.html is not there; run `make book` first"):
        pdf._article("book/three", set())
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    with pytest.raises(BookError, match="No Chromium was found"):
        pdf.chromium()
