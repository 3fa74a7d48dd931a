"""Every page of the built book in a real browser.

Needs `make book` (or the `book` step of `make test`) first, and Chromium; says so and skips where one is missing.
"""

import functools
import http.server
import shutil
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import sync_playwright

from agnbook import storage
from agnbook.blazars.shipped_blazars import BlazarNetwork
from agnbook.sky import features

HTML = storage.ROOT / "_build" / "html"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PAGES = sorted(
    path.relative_to(HTML).as_posix()
    for path in HTML.rglob("*.html")
    if "_static" not in path.parts and path != HTML / "index.html"  # which only sends the reader on to the cover
)
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"]  # fmt: skip

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed (Debian: apt-get install chromium)"),
    pytest.mark.skipif(not PAGES, reason="the book is not built; run `make book`"),
]


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


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)


@pytest.fixture
def page(browser, site):
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    # Badges and launch buttons may point elsewhere, but nothing on a page may need another host.
    page.route(lambda url: not url.startswith(site), lambda route: route.abort())
    page.problems = []
    page.on("console", lambda message: message.type == "error" and page.problems.append(message.text))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("requestfailed", lambda request: page.problems.append(f"failed: {request.url}"))
    page.on("response", lambda response: response.status >= 400 and page.problems.append(f"{response.status}: {response.url}"))
    yield page
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_page(page, site, name):
    assert (HTML / name).stat().st_size < 1_500_000
    page.goto(f"{site}/{name}", wait_until="load")
    page.wait_for_timeout(150)
    assert page.problems == []
    images = page.eval_on_selector_all(
        ".bd-article img",
        "items => Promise.all(items.map(async i => [i.src, i.alt, await i.decode().then(() => i.naturalWidth, () => 0)]))",
    )
    for source, alt, width in images:
        assert width > 0, f"broken image {source}"
        assert len(alt) > 15 and not alt.startswith(("..", "_images", "/")), f"no alt text: {source}"
    page.set_viewport_size({"width": 400, "height": 800})
    page.wait_for_function("window.innerWidth <= 400")  # the new size arrives a little later
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 400, f"scrolls sideways: {width} px"


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(page, site, name):
    """Every link and anchor into the book exists (a static check of the built files)."""
    page.goto(f"{site}/{name}", wait_until="domcontentloaded")
    links = page.eval_on_selector_all("a[href]", "items => items.map(item => item.href)")
    for link in sorted({link for link in links if link.startswith(site)}):
        target, _, anchor = link.removeprefix(site).partition("#")
        path = HTML / (target.partition("?")[0].lstrip("/") or "index.html")
        assert path.exists(), f"{name} links to {link}"
        if anchor and path.suffix == ".html":
            assert anchor_exists(path, anchor), f"{name} links to {link}"


@functools.cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def anchor_exists(path: Path, anchor: str) -> bool:
    return any(f'{kind}="{anchor}"' in _text(path) for kind in ("id", "name"))


def test_the_first_page_leads_to_the_cover(page, site):
    page.goto(site)
    page.wait_for_url("**/book/index.html")


def test_search_finds_flipout(page, site):
    page.goto(f"{site}/search.html?q=flipout")
    page.wait_for_selector("ul.search li a", timeout=15_000)
    titles = page.eval_on_selector_all("ul.search li a", "items => items.map(item => item.textContent)")
    assert any("redshift" in title.lower() or "Glossary" in title for title in titles), titles


def test_dark_mode_keeps_figures_on_an_opaque_light_ground(page, site):
    name = next(name for name in PAGES if "11_prepare_features" in name)
    page.goto(f"{site}/{name}")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    styles = page.eval_on_selector_all(
        ".bd-article .cell_output img, .bd-article figure img",
        "items => items.map(i => [getComputedStyle(i).filter, getComputedStyle(i).backgroundColor])",
    )
    assert styles and all(style == ["none", "rgb(255, 255, 255)"] for style in styles), styles
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(int(part) for part in ground.strip("rgba()").split(",")[:3]) < 150, f"dark mode is not dark: {ground}"


def test_hidden_solutions_open(page, site):
    name = next(name for name in PAGES if "11_prepare_features" in name)
    page.goto(f"{site}/{name}")
    solution = page.locator(".admonition.dropdown, details.sd-dropdown").first
    assert not solution.locator("pre").first.is_visible()
    solution.locator("button, summary").first.click()
    solution.locator("pre").first.wait_for(state="visible", timeout=5000)


def test_chapters_offer_edit_download_and_colab(page, site):
    name = next(name for name in PAGES if "11_prepare_features" in name)
    page.goto(f"{site}/{name}")
    links = page.eval_on_selector_all("a[href]", "items => items.map(item => item.getAttribute('href'))")
    assert any(link.startswith("https://colab.research.google.com") for link in links)
    assert any(link.endswith("11_prepare_features.ipynb") for link in links)
    assert any("/edit/" in link for link in links)


def test_lookup_shows_the_catalogue_and_treats_input_as_text(page, site):
    catalogue = pd.read_csv(storage.DATA / "results" / "shift_catalogue_unweighted.csv").set_index("Source_Name")
    name = catalogue.index[catalogue["RF_bll"].notna()][100]
    page.goto(f"{site}/book/lookup.html")
    field = page.locator("#lookup-name")
    field.fill(name.lower().replace("4fgl ", ""))
    cells = page.locator("#lookup-result tbody tr").first.locator("td")
    cells.first.wait_for(timeout=5000)
    shown = [float(text) for text in cells.all_inner_texts()]
    expected = catalogue.loc[name, ["RF_spp", "RF_msp", "RF_psr", "RF_fsrq", "RF_bcu", "RF_bll"]].to_numpy(float)
    assert shown == pytest.approx(expected, abs=6e-4)
    field.fill("<img src=x onerror=boom()>")
    assert "No source" in page.locator("#lookup-status").inner_text()
    assert page.locator("#lookup-matches img, #lookup-result img").count() == 0
    assert page.problems == []


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
        assert f"in training: {low:.3g} to {high:.3g}" == page.locator(f"#classifier-{name}-note").inner_text()
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
