"""Every page of the built book in a real browser.

Needs `make book` (or the `book` step of `make test`) first, and Chromium; says so and skips where one is missing. `make test`
runs it with ``-n 2 --dist loadgroup``: two browsers share the pages, and each page is a group, loaded once.
"""

import functools
import http.server
import itertools
import re
import threading
from pathlib import Path

import axe_playwright_python
import numpy as np
import pandas as pd
import pytest

from agnbook import storage
from agnbook.blazars.shipped_blazars import BlazarNetwork
from agnbook.chapter import claims
from agnbook.press import lookup_data
from agnbook.sky import features

HTML = storage.ROOT / "_build" / "html"
PAGES = sorted(
    path.relative_to(HTML).as_posix()
    for path in HTML.rglob("*.html")
    if "_static" not in path.parts and path != HTML / "index.html"  # which only sends the reader on to the cover
)

pytestmark = pytest.mark.skipif(not PAGES, reason="the book is not built; run `make book`")


@pytest.fixture(scope="module")
def site():
    """Serve the built book on a free local port."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=str(HTML))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def opened(context, site):
    """A new page that may ask no other host, and remembers what went wrong on it."""
    page = context.new_page()
    # Badges and launch buttons may point elsewhere, but nothing on a page may need another host.
    page.route(lambda url: not url.startswith(site), lambda route: route.abort())
    page.problems = []
    page.on("console", lambda message: message.type == "error" and page.problems.append(message.text))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(  # what a page still asked for when the test left it is no fault of the page
        "requestfailed",
        lambda request: request.failure != "net::ERR_ABORTED" and page.problems.append(f"failed: {request.url}"),
    )
    page.on("response", lambda response: response.status >= 400 and page.problems.append(f"{response.status}: {response.url}"))
    return page


@pytest.fixture
def page(browser, site):
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    yield opened(context, site)
    context.close()


@pytest.fixture(scope="module")
def reader(browser, site):
    """One context for all pages: what they share is fetched once."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    yield context
    context.close()


@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in PAGES])
def visited(request, reader, site):
    """Each page of the book, loaded once for all tests that look at every page."""
    page = opened(reader, site)
    page.name = request.param
    page.goto(f"{site}/{page.name}", wait_until="load")
    page.wait_for_function(FITTED)
    yield page
    page.close()


def test_a_page_is_whole(visited):
    assert (HTML / visited.name).stat().st_size < 1_500_000
    assert visited.problems == []
    images = visited.eval_on_selector_all(
        ".bd-article img",
        "items => Promise.all(items.map(async i => [i.src, i.alt, await i.decode().then(() => i.naturalWidth, () => 0)]))",
    )
    for source, alt, width in images:
        assert width > 0, f"broken image {source}"
        assert len(alt) > 15 and not alt.startswith(("..", "_images", "/")), f"no alt text: {source}"


def test_headings_are_in_order_and_can_be_linked(visited):
    levels = visited.eval_on_selector_all(
        ".bd-article section h1, .bd-article section h2, .bd-article section h3, .bd-article section h4",
        "items => items.map(item => [+item.tagName[1], item.querySelector('a.headerlink') !== null])",
    )
    assert [level for level, _ in levels].count(1) <= 1
    assert all(after <= before + 1 for (before, _), (after, _) in itertools.pairwise(levels)), levels
    assert all(linked for _, linked in levels)
    assert visited.evaluate("document.documentElement.lang") == "en"


def test_links_lead_somewhere(visited, site):
    """Every link and anchor into the book exists (a static check of the built files)."""
    links = visited.eval_on_selector_all("a[href]", "items => items.map(item => item.href)")
    for link in sorted({link for link in links if link.startswith(site)}):
        target, _, anchor = link.removeprefix(site).partition("#")
        path = HTML / (target.partition("?")[0].lstrip("/") or "index.html")
        assert path.exists(), f"{visited.name} links to {link}"
        if anchor and path.suffix == ".html":
            assert anchor in anchors(path), f"{visited.name} links to {link}"


@functools.cache
def anchors(path: Path) -> frozenset[str]:
    """What a link into a built page may name."""
    return frozenset(re.findall(r'\b(?:id|name)="([^"]+)"', path.read_text(encoding="utf-8")))


def test_nothing_moves_sideways(visited):
    for width in (1400, 1300, 1000, 400):
        resize(visited, width)
        if width > 1000 and "/api/" not in visited.url:
            assert visited.locator(".pst-scrollable-table-container.scrolls").count() == 0, f"a table does not fit at {width} px"
        scrolls = visited.evaluate("document.documentElement.scrollWidth")
        assert scrolls <= width, f"the page scrolls sideways at {width}: {scrolls} px"
        assert visited.evaluate(SIDEWAYS) == [], f"cut or scrolling at {width} px"


def test_formulas_can_be_read_on_a_phone(visited):
    resize(visited, 400)
    visited.evaluate("window.MathJax?.startup.promise")
    assert visited.evaluate(SHRUNK) == [], "break the formula over lines in its source"


#: Formulas set smaller than is easily read, cut by the page's edge, or scrolling.
SHRUNK = """() => [...document.querySelectorAll(".bd-article mjx-container")].filter((node) => {
  if (!node.checkVisibility()) return false;
  const inner = node.firstElementChild, size = parseFloat(node.style.fontSize || "100");
  return size <= 85 || node.closest(".scrolls.math") || inner.getBoundingClientRect().right > innerWidth;
}).map((node) => node.textContent.slice(0, 60))"""


def test_a_formula_too_wide_for_the_window_scrolls_and_says_so(page, site):
    page.goto(f"{site}/book/theory_redshifts.html")
    page.evaluate("MathJax.startup.promise")
    assert page.locator("div.math.scrolls").count() == 0
    resize(page, 240)
    box = page.locator("div.math.scrolls").first
    assert box.get_attribute("tabindex") == "0" and "Formula" in box.get_attribute("aria-label")
    assert "scrolls sideways" in box.evaluate("node => getComputedStyle(node, '::before').content")
    assert box.evaluate("node => parseFloat(node.querySelector('mjx-container').style.fontSize)") == 85


def test_a_page_is_accessible(visited, axe):
    """No violation of axe-core's rules on a phone in light mode, none on a desk in dark mode."""
    visited.evaluate(ALIKE)
    visited.evaluate(axe)
    for theme, width in (("light", 400), ("dark", 1400)):
        resize(visited, width)
        visited.evaluate("window.dispatchEvent(new Event('resize'))")  # rows have gone, and the width may be as before
        visited.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        visited.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        visited.evaluate(SETTLED)  # a colour half-way between two themes has no contrast to speak of
        visited.wait_for_function(FITTED)
        found = visited.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        assert not found, [f"{theme}: {each['id']}, {node['html'][:120]}" for each in found for node in each["nodes"][:3]]


#: Whether the tables fit the article as it is now.
FITTED = """() => document.documentElement.dataset.fitted
  === `${innerWidth} ${(document.querySelector(".bd-article") ?? {clientWidth: 0}).clientWidth}`"""

#: Ends what still moves; on a busy machine a change of colours takes its time.
SETTLED = "() => document.getAnimations().forEach((one) => one.effect.getComputedTiming().endTime < Infinity && one.finish())"

#: axe asks every node, and the thousandth keyword looks like the first: of a table's rows of the same build and style four are
#: kept, of the marks in code that share a class one. (Last on its page, for it changes the page.)
ALIKE = """() => {
  const seen = {};
  for (const row of document.querySelectorAll("tbody tr")) {
    const key = [...row.querySelectorAll("*")].map((node) => `${node.tagName}.${node.className}`).join() + row.className;
    seen[key] = (seen[key] ?? 0) + 1;
    if (seen[key] > 4) row.remove();
  }
  for (const mark of document.querySelectorAll(".highlight pre span")) {
    const key = `mark ${mark.className}`;
    if (seen[key]) mark.replaceWith(...mark.childNodes);
    seen[key] = 1;
  }
}"""

#: What is wider than its box and neither breaks nor says that it scrolls.
SIDEWAYS = """() => [...document.querySelectorAll(".bd-article, .bd-article *")].filter((node) => {
  if (node.closest("svg, select, input, mjx-assistive-mml, mjx-math, .toggle-hidden, .visually-hidden")) return false;
  const says = node.closest(".pst-scrollable-table-container.scrolls");
  if (says) return !(says.tabIndex === 0 && says.getAttribute("aria-label"));
  const style = getComputedStyle(node);
  const wide = node.clientWidth > 1 && node.scrollWidth > node.clientWidth + 1;
  return wide && style.display !== "inline" && style.overflowX !== "visible";
}).map((node) => `${node.tagName} ${node.className}: ${node.textContent.trim().slice(0, 60)}`)"""


def resize(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    # The new size comes a little later, the sidebars slide after it, and `book.js` fits the tables when they stand.
    page.wait_for_function("width => innerWidth <= width && innerWidth > width - 40", arg=width)
    page.evaluate(SETTLED)
    page.wait_for_function(FITTED)


@pytest.mark.parametrize("width", [1400, 1000])
def test_84_characters_of_code_fit_a_line(page, site, width):
    page.goto(f"{site}/{chapter('11')}")
    resize(page, width)
    room = page.evaluate(
        """() => {
          const pre = document.querySelector(".bd-article .cell_input pre"), style = getComputedStyle(pre);
          const line = document.createElement("span");
          line.textContent = "x".repeat(84);
          line.style.whiteSpace = "pre";
          pre.append(line);
          const width = line.getBoundingClientRect().width;
          line.remove();
          return pre.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - width;
        }"""
    )
    assert room >= 0, f"a line of 84 characters is {-room:.0f} px too long"


def chapter(number):
    return next(name for name in PAGES if name.startswith(f"notebooks/{number}_"))


@pytest.fixture(scope="session")
def axe():
    """The script of axe-core, as the package brings it."""
    return next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")


def test_the_first_page_leads_to_the_cover(page, site):
    page.goto(site)
    page.wait_for_url("**/book/index.html")


def test_search_finds_flipout(page, site):
    page.goto(f"{site}/search.html?q=flipout")
    page.wait_for_selector("ul.search li a")
    titles = page.eval_on_selector_all("ul.search li a", "items => items.map(item => item.textContent)")
    assert any("redshift" in title.lower() or "Glossary" in title for title in titles), titles


def test_dark_mode_keeps_figures_on_an_opaque_light_ground(page, site):
    name = chapter("11")
    page.goto(f"{site}/{name}")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    styles = page.eval_on_selector_all(
        ".bd-article .cell_output img, .bd-article figure img",
        "items => items.map(i => [getComputedStyle(i).filter, getComputedStyle(i).backgroundColor])",
    )
    assert styles and all(style == ["none", "rgb(255, 255, 255)"] for style in styles), styles
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(int(part) for part in ground.strip("rgba()").split(",")[:3]) < 150, f"dark mode is not dark: {ground}"


def test_a_solution_that_ran_is_hidden_and_fits_when_it_is_opened(page, site):
    page.goto(f"{site}/{chapter('22')}")
    cell = page.locator(".tag_solution").first
    assert not cell.locator(".cell_output").is_visible()
    cell.locator("summary", has_text="Show the solution").click()
    cell.locator(".cell_output").wait_for(state="visible")
    resize(page, 1400)
    assert page.evaluate(SIDEWAYS) == []


def test_a_figure_opens_alone_on_a_phone_and_stays_in_the_page_elsewhere(page, site):
    name = chapter("11")
    page.goto(f"{site}/{name}")
    assert page.locator(".cell_output a > img").count() == 0
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(f"{site}/{name}?phone")
    page.locator(".cell_output a > img").first.click()
    page.wait_for_url("**/*.png")
    assert page.problems == []


def test_chapters_offer_edit_download_and_colab(page, site):
    name = chapter("11")
    page.goto(f"{site}/{name}")
    links = page.eval_on_selector_all("a[href]", "items => items.map(item => item.getAttribute('href'))")
    assert any(link.startswith("https://colab.research.google.com") for link in links)
    assert any(link.endswith("11_prepare_features.ipynb") for link in links)
    assert any("/edit/" in link for link in links)


def look_up(page, site, text):
    page.goto(f"{site}/book/lookup.html")
    page.locator("#lookup-name").fill(text)
    return page.locator("#lookup-result")


@pytest.mark.parametrize(
    "text",
    [
        "4FGL J1104.4+3812",
        "j1104.4+3812",
        "Mkn 421",
        "mrk421",
        "FL16Y J1104.4+3812",
        "3FGL J1104.4+3812",
        "166.114 38.209",
        "11:04:27 +38:12:31",
    ],
)
def test_lookup_finds_a_source_by_any_name_and_by_its_place(page, site, text):
    result = look_up(page, site, text)
    page.wait_for_selector("#lookup-result[data-source]")
    assert result.get_attribute("data-source") == "J1104.4+3812"
    assert page.url.endswith("#4FGL-J1104.4+3812")
    told = page.inner_text("#lookup-result")
    assert "Mkn 421" in told and "FL16Y says" in told and "Sources alike" in told
    assert page.problems == []


def test_lookup_says_what_the_tables_say_and_can_be_shared(page, site):
    catalogue = pd.read_csv(storage.DATA / "results" / "shift_catalogue_weighted.csv").set_index("Source_Name")
    redshifts = pd.read_csv(storage.DATA / "results" / "agn_redshifts.csv", comment="#").set_index("Source_Name")
    name = next(source for source in redshifts.index[700:] if source in catalogue.index)
    page.goto(f"{site}/book/lookup.html#{name.replace(' ', '-')}")
    page.wait_for_selector("#lookup-result[data-source]")
    cells = page.locator("#lookup-result table.groups tbody tr td:nth-of-type(2)").all_inner_texts()
    shown = np.array([[float(part) for part in text.split("±")] for text in cells])
    groups = ["bll", "fsrq", "bcu", "psr", "msp", "spp"]
    np.testing.assert_allclose(shown[:, 0], catalogue.loc[name, [f"RF_{group}" for group in groups]].to_numpy(float), atol=6e-3)
    np.testing.assert_allclose(
        shown[:, 1], catalogue.loc[name, [f"RF_{group}_std" for group in groups]].to_numpy(float), atol=6e-3
    )
    low, high = redshifts.loc[name, ["z_low68", "z_high68"]]
    drawn = page.locator("#lookup-result svg[aria-label^='Redshift']").get_attribute("aria-label")
    assert f"68.3 % between {low:.2f} and {high:.2f}" in drawn
    page.locator("#lookup-result section:last-child a").first.click()  # a source alike
    page.wait_for_function(
        "before => document.getElementById('lookup-result').dataset.source !== before", arg=name.removeprefix("4FGL ")
    )
    assert page.problems == []


def test_lookup_says_of_each_model_whether_it_was_trained_on_the_source(page, site):
    catalogue = pd.read_csv(storage.DATA / "results" / "shift_catalogue_unweighted.csv").set_index("Source_Name")
    taught = catalogue["Training_Sample"].eq(True)
    unassociated = ~taught & catalogue["RF_bll"].notna()
    for rows, answer in ((taught, "yes, in other splits"), (unassociated, "no, it was unassociated")):
        name = catalogue.index[rows][0]
        look_up(page, site, name)
        page.wait_for_selector(f"#lookup-result[data-source='{name.removeprefix('4FGL ')}']")
        told = page.locator("#lookup-result dl.trained dd").all_inner_texts()
        assert [text.startswith(answer) for text in told[:4]] == [True] * 4
        assert page.locator("#lookup-result dl.trained dt").all_inner_texts()[:4] == list(lookup_data.MODELS)
    assert page.problems == []


def test_lookup_from_the_cover_and_from_a_disk(page, site, browser):
    page.goto(f"{site}/book/index.html")
    page.locator("#cover-name").fill("PKS 1510-089")
    page.locator(".cover-field button").click()
    page.wait_for_selector("#lookup-result[data-source='J1512.8-0906']")
    disk = browser.new_page()
    disk.goto((HTML / "book" / "lookup.html").as_uri() + "#4FGL-J1512.8-0906")
    disk.wait_for_selector("#lookup-result[data-source='J1512.8-0906']")
    disk.close()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<img src=x onerror=boom()>", "No source of 4FGL-DR4"),
        ("J9999.9+9999", "No source of 4FGL-DR4"),
        ("J0001", "sources have a name that starts like this"),
        ("192.859 27.128", "No source lies there; the nearest are"),
        ("", "7195 sources. Type a name"),
    ],
)
def test_lookup_treats_input_as_text_and_says_what_it_found(page, site, text, answer):
    look_up(page, site, text)
    page.wait_for_function("text => document.getElementById('lookup-status').textContent.includes(text)", arg=answer)
    assert page.locator("#lookup-matches img, #lookup-result img").count() == 0
    assert page.problems == []


def test_lookup_never_makes_html_of_its_data(page, site):
    script = (HTML / "_static" / "lookup_data.js").read_text(encoding="utf-8")
    evil = script.replace("Mkn 421\\n", "<img src=x onerror=boom()>\\n", 1)
    assert evil != script
    page.route("**/lookup_data.js*", lambda route: route.fulfill(body=evil, content_type="text/javascript"))
    look_up(page, site, "J1104.4+3812")
    page.wait_for_selector("#lookup-result[data-source]")
    assert "<img" in page.inner_text("#lookup-result") and page.locator("#lookup-result img").count() == 0
    assert page.problems == []


def test_scorecard_filters_sorts_and_leads_to_the_cell(page, site):
    page.goto(f"{site}/book/scorecard.html")
    rows = page.locator("#scorecard-table tbody tr:visible")
    everything = rows.count()
    page.locator("#scorecard-part").select_option("II Covariate shift")
    page.locator("#scorecard-verdict").select_option("differs")
    expected = [e["id"] for e in claims.load() if e["chapter"].startswith("2") and e["verdict"] == "differs"]
    assert rows.count() == len(expected) < everything
    assert page.inner_text("#scorecard-count") == f"{len(expected)} of {everything} claims"
    page.locator("#scorecard-order").select_option("size")
    sizes = [float(row.get_attribute("data-size")) for row in rows.all()]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > 1
    page.locator("#scorecard-words").fill("no such words")
    assert rows.count() == 0
    page.evaluate(f"location.hash = 'claim-{expected[0]}'")  # a link to a claim shows it whatever the filter says
    page.wait_for_selector(f"[id='claim-{expected[0]}'].asked")
    link = page.locator(f"[id='claim-{expected[0]}'] p.how a").get_attribute("href")
    page.goto(f"{site}/book/{link}")
    cell = page.evaluate("document.querySelector(decodeURIComponent(location.hash)).textContent")
    assert "claims" in cell
    assert page.problems == []


def test_thirty_claims_lead_to_their_cells_and_back(page, site):
    """Of thirty claims drawn by chance, each row leads to the cell that made it, and the chapter back to the row."""
    page.goto(f"{site}/book/scorecard.html")
    made = page.eval_on_selector_all(
        "#scorecard-table tbody tr", "rows => rows.map(row => [row.id, row.querySelector('p.how a')?.getAttribute('href')])"
    )
    made = sorted((link, name.removeprefix("claim-")) for name, link in made if link)
    drawn = sorted(made[k] for k in np.random.default_rng(3).choice(len(made), 30, replace=False))
    for address, group in itertools.groupby(drawn, key=lambda pair: pair[0].partition("#")[0]):
        page.goto(f"{site}/book/{address}")
        for link, name in group:
            cell = page.locator(f"#{link.partition('#')[2]}")
            assert "claims" in cell.text_content(), f"{name} was made elsewhere than in {link}"
            back = page.locator(f"th a[href='../book/scorecard.html#claim-{name}']")
            assert back.count() == 1, f"{name} has no link on {address}"
    for folded in page.locator("details.claims:not([open])").all():
        folded.locator("summary").click()
    back.click()
    page.wait_for_url(f"**/scorecard.html#claim-{name}")
    assert page.locator(f"[id='claim-{name}'].asked").is_visible() and page.problems == []


def test_the_cover_leads_to_the_papers(page, site):
    page.goto(f"{site}/book/index.html")
    for number in ("10", "20", "30", "41"):
        assert page.locator(f".bd-article a[href$='{chapter(number).removeprefix('notebooks/')}']").count() == 1
    page.locator(f".bd-article a[href$='{chapter('10').removeprefix('notebooks/')}']").click()
    page.wait_for_url(f"**/{chapter('10')}")
    assert "paper / ours" in page.inner_text(".bd-article").lower() and page.locator("td", has_text=" / ").count() > 30


def test_a_term_and_a_citation_show_their_meaning(page, site):
    page.goto(f"{site}/{chapter('41')}")
    tip = page.locator("#meaning")
    term = page.locator("a[href*='glossary.html#term-']").first
    term.hover()
    assert tip.is_visible() and len(tip.inner_text()) > 20
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    term.focus()
    assert tip.is_visible()
    page.goto(f"{site}/book/index.html")
    page.locator("a[href*='bibliography.html#']").first.hover()
    assert "Gharat" in tip.inner_text()


def test_pages_say_how_to_edit_ask_and_cite(page, site):
    page.goto(f"{site}/{chapter('11')}")
    head, foot = page.inner_text(".page-facts"), page.locator(".page-foot")
    assert all(word in head for word in ("Time", "Level", "Needs", "Last run", "Notebook", "Colab", "Binder", "JupyterLab"))
    assert foot.locator("a", has_text="Edit this page").count() == foot.locator("a", has_text="Ask about it").count() == 1
    foot.locator("summary").click()
    assert "@software{agnbook" in foot.inner_text()
    card = page.locator("meta[property='og:image']").get_attribute("content")
    assert (HTML / "_static" / Path(card).name).exists()
    assert page.locator("link[rel~='icon']").count() >= 1
    sitemap = (HTML / "sitemap.xml").read_text()
    assert chapter("11") in sitemap and sitemap.count("<loc>") >= len(PAGES) - 5


def test_print_shows_the_article_alone(page, site):
    page.goto(f"{site}/{chapter('11')}")
    page.emulate_media(media="print")
    assert not page.locator(".bd-sidebar-primary").is_visible() and not page.locator(".page-facts").is_visible()
    assert page.locator("h1:visible").count() == 1
    assert page.pdf()[:4] == b"%PDF"


def fill_in(page, values):
    """Type seven values into the classifier; both SED columns 0 means no SED fit."""
    no_sed = values["nu_syn"] == 0 and values["nuFnu_syn"] == 0
    page.locator("#classifier-no-sed").set_checked(no_sed)
    for name, value in values.items():
        if not (no_sed and name in features.SED_OFFSET):
            page.locator(f"#classifier-{name}").fill(value if isinstance(value, str) else repr(float(value)))


def blazars_to_try():
    """Twenty random sources within the training range and beyond it, and edge cases."""
    network, rng = BlazarNetwork.load(), np.random.default_rng(7)
    X = network.low + (network.high - network.low) * rng.uniform(-0.1, 1.1, (20, 7))
    table = pd.DataFrame(X, columns=features.BLAZAR_FEATURES)
    table["Frac_Variability"] = table["Frac_Variability"].clip(lower=0)
    for name in features.BLAZAR_LOG:
        table[name] = np.exp(table[name])
    for name, offset in features.SED_OFFSET.items():
        table[name] = np.maximum(np.exp(table[name]) - offset, 1e-3 * offset)
    table.loc[::5, list(features.SED_OFFSET)] = 0.0
    edges = [
        [2.0, -0.5, 0.0, 5e-324, 1e-300, 1e-300, 1e-300],
        [2.0, 2.0, 0.0, 2000.0, 20.0, 0.0, 0.0],
        [-40.0, 90.0, 1e3, 1e300, 1e300, 1e300, 1e300],
        [1e9, 1e9, 0.3, 2000.0, 20.0, 1e-12, 1e14],
    ]
    return pd.concat([table, pd.DataFrame(edges, columns=table.columns)], ignore_index=True)


def test_classifier_has_the_numbers_of_python(page, site):
    table = blazars_to_try()
    expected = BlazarNetwork.load().answer(table)
    assert expected["no_sed"].sum() == 5 and expected["probability_fsrq"].between(0.1, 0.9).sum() >= 2
    assert 5 <= (expected["out_of_range"] != "").sum() < len(table)
    page.goto(f"{site}/book/try_the_classifier.html")
    result = page.locator("#classifier-result")
    for (_, values), answer in zip(table.iterrows(), expected.itertuples(), strict=True):
        fill_in(page, values)
        assert float(result.get_attribute("data-probability")) == pytest.approx(answer.probability_fsrq, abs=1e-6)
        assert float(result.get_attribute("data-logit")) == pytest.approx(answer.logit, rel=1e-9, abs=1e-6)
        assert result.get_attribute("data-out-of-range") == answer.out_of_range
        text = result.inner_text()
        assert ("Without an SED fit" in text) == answer.no_sed
        assert text.count("extrapolates") == len([name for name in answer.out_of_range.split(", ") if name])
        assert ("FSRQ" if answer.logit >= 0 else "BL Lac") in text.splitlines()[0]
    assert page.problems == []


def test_classifier_examples_are_typical_of_their_class(page, site):
    page.goto(f"{site}/book/try_the_classifier.html")
    result = page.locator("#classifier-result")
    for label, verdict in {"FSRQ": "Probably an FSRQ", "BL Lac": "Probably a BL Lac"}.items():
        page.get_by_role("button", name=f"Example: {label}").click()
        assert verdict in result.inner_text() and "Warning" not in result.inner_text()
    fields = page.locator("#classifier-form input[type=text]").all()
    assert len(fields) == 7
    network = BlazarNetwork.load()
    for name, low, high in zip(features.BLAZAR_RAW, network.low, network.high, strict=False):
        assert f"in training: {low:.3g} to {high:.3g}".replace("-", "−") == page.locator(f"#classifier-{name}-note").inner_text()
    for name, unit in {"Pivot_Energy": "MeV", "nu_syn": "Hz", "nuFnu_syn": "erg"}.items():
        assert unit in page.locator(f"label[for=classifier-{name}]").inner_text()
    page.locator("#classifier-no-sed").check()
    assert page.locator("#classifier-nu_syn").is_disabled()
    assert "Without an SED fit" in result.inner_text()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("Pivot_Energy", "-800", "greater than 0"),
        ("Variability_Index", "0", "greater than 0"),
        ("Frac_Variability", "-0.1", "0 or greater"),
        ("nu_syn", "0", "no SED fit"),
        ("nuFnu_syn", "-1e-12", "no SED fit"),
        ("nu_syn", "", "Type a number"),
        ("PL_Index", "   ", "Type a number"),
        ("PL_Index", "soft", "Not a number"),
        ("LP_Index", "NaN", "Not a number"),
        ("LP_Index", "2,4", "Not a number"),
        ("nu_syn", "Infinity", "Not a number"),
        ("Pivot_Energy", "0x10", "Not a number"),
        ("Pivot_Energy", "1e400", "too large"),
        ("Pivot_Energy", "1e-400", "greater than 0"),
        ("PL_Index", "<img src=x onerror=boom()>", "Not a number"),
    ],
)
def test_classifier_refuses_bad_input(page, site, name, text, message):
    page.goto(f"{site}/book/try_the_classifier.html")
    result, field = page.locator("#classifier-result"), page.locator(f"#classifier-{name}")
    assert result.get_attribute("data-probability")
    field.fill(text)
    assert message in page.locator(f"#classifier-{name}-note").inner_text()
    assert field.get_attribute("aria-invalid") == "true"
    assert "No result" in result.inner_text() and "P(FSRQ)" not in result.inner_text()
    assert result.get_attribute("data-probability") is None and result.get_attribute("data-logit") is None
    page.get_by_role("button", name="Example: FSRQ").click()
    assert "Probably an FSRQ" in result.inner_text() and page.locator("#classifier-form .bad").count() == 0
    assert page.problems == []


def test_classifier_too_large_to_compute_and_from_a_disk(browser):
    page = browser.new_page()
    page.goto((HTML / "book" / "try_the_classifier.html").as_uri())
    result = page.locator("#classifier-result")
    assert "Probably a BL Lac" in result.inner_text()
    page.locator("#classifier-PL_Index").fill("1e308")
    page.locator("#classifier-LP_Index").fill("-1e308")
    assert "too large to compute" in result.inner_text() and result.get_attribute("data-probability") is None
    page.close()
