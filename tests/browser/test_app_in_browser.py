"""The app as a person meets it: a real server on a free port, a real browser.

Needs Chromium; says so and skips where it is missing.
"""

import io
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table
from playwright.sync_api import expect

from agnbook import storage
from agnbook.ask import classify, source_names, tables

pytestmark = pytest.mark.xdist_group("app")  # one server for all

MARKUP = "<img src=x onerror=alert(1)> ![x](http://example.org/x.png) **bold** [l](javascript:alert(1)) $\\frac{ :red[x]"
FORMULA = "=HYPERLINK(A1)"
COLUMNS = "Source_Name,PL_Index,LP_Index,Frac_Variability,Pivot_Energy,Variability_Index,nu_syn,nuFnu_syn,GLON,GLAT"
GOOD = f"""{COLUMNS}
{MARKUP},1.90,1.85,0.35,2100,45.2,2.0e15,4.1e-12,120,50
{FORMULA},2.45,2.38,0.81,640,310.5,1.2e13,2.5e-12,10,-5
no SED,2.10,2.02,0.40,1800,20.1,0,0,200,12
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Serve the app as `make app` does, from a folder that is not the book's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("app")
    log = open(folder / "log", "w+")
    script = storage.ROOT / "src" / "agnbook" / "ask" / "app.py"
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    server = subprocess.Popen(command, cwd=folder, env=os.environ | {"AGNBOOK_OFFLINE": "1"}, stdout=log, stderr=log)
    try:
        for _ in range(150):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                assert server.poll() is None, f"the app ended: {log.seek(0) or log.read()}"
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
        log.seek(0)
        said = log.read()
        assert "Traceback" not in said and "deprecated" not in said
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()


@pytest.fixture
def page(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    page = context.new_page()
    page.outside, page.problems, page.dialogs = [], [], []
    page.on("request", lambda request: request.url.startswith(("http", "ws")) and "127.0.0.1" not in request.url
            and page.outside.append(request.url))  # fmt: skip
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda message: "Content Security Policy" in message.text and page.problems.append(message.text))
    page.on("dialog", lambda dialog: (page.dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(address)
    settled(page)
    yield page
    assert page.outside == [] and page.problems == [] and page.dialogs == []
    context.close()


def settled(page):
    """Wait until the app has drawn everything: until then a button may still belong to the source before."""
    page.get_by_text("Download CSV").first.wait_for()
    expect(page.locator("[data-stale=true], [data-testid=stStatusWidget]")).to_have_count(0)


def ask(page, name):
    field = page.get_by_role("textbox", name="Name of a source")
    field.fill(name)
    field.press("Enter")


def upload(page, name, content):
    page.get_by_text("A table of your own").click()
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/plain", "buffer": content.encode()})


def downloaded(page, label) -> bytes:
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=label).first.click()
    return download.value.path().read_bytes()


def test_look_up_and_download(page):
    ask(page, " pks2155-304 ")
    expect(page.get_by_text("4FGL J2158.8-3013").first).to_be_visible()
    ask(page, "j0003.3-1928")
    expect(page.get_by_text("The 95 % interval includes one half")).to_be_visible()
    published = source_names.published("blazar_classes").loc["4FGL J0003.3-1928"]
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(f"{published['probability_fsrq']:.3f}")
    expect(page.locator("[data-testid=stImage] img, [data-testid=stImageContainer] img")).to_have_count(7)
    frame = pd.read_csv(io.BytesIO(downloaded(page, "Download CSV")))
    assert frame["Source_Name"][0] == "4FGL J0003.3-1928"
    assert frame["probability_fsrq"][0] == published["probability_fsrq"] and "one half" in frame["warnings"][0]
    table = Table.read(io.BytesIO(downloaded(page, "Download FITS")), format="fits")
    assert table["probability_fsrq"][0] == published["probability_fsrq"]


def test_a_near_miss_and_markup_in_a_name(page):
    ask(page, "PKS 2155-305")
    expect(page.get_by_text("Did you mean PKS 2155-304")).to_be_visible()
    ask(page, MARKUP[:60])
    expect(page.get_by_text(MARKUP[:28]).first).to_be_visible()
    assert page.locator("img[src='x'], img[src*='example.org'], a[href^=javascript]").count() == 0


def test_upload_shows_text_as_text_and_downloads_the_answers(page, tmp_path):
    upload(page, "mine.csv", GOOD)
    expect(page.get_by_text("3 sources")).to_be_visible()
    expect(page.get_by_test_id("stText").filter(has_text="<img src=x onerror=alert(1)>")).to_have_text(MARKUP)
    frame = pd.read_csv(io.BytesIO(downloaded(page, "Download CSV")))
    assert list(frame["Source_Name"]) == [MARKUP, f"'{FORMULA}", "no SED"]
    (tmp_path / "mine.csv").write_text(GOOD)
    expected = classify.classify(tables.read(tmp_path / "mine.csv"))
    np.testing.assert_allclose(frame["probability_fsrq"], expected["probability_fsrq"])
    page.get_by_role("combobox", name="Look at one source").click()
    page.get_by_role("option", name="3: no SED").click()
    expect(page.get_by_text("No synchrotron fit (SED)")).to_be_visible()
    assert page.locator("img[src='x'], img[src*='example.org'], a[href^=javascript], .katex").count() == 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bad.csv", "Name,PL_Index\n<b>x</b>,1\n", "lacks the columns LP_Index"),
        ("bad.fits", "no FITS at all", "Cannot read the file as a FITS table"),
    ],
)
def test_a_bad_file_is_one_message(page, name, content, message):
    upload(page, name, content)
    expect(page.get_by_text("This table cannot be used.")).to_be_visible()
    expect(page.get_by_text(message)).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)


def test_a_cell_that_is_no_number_costs_its_row_alone(page):
    upload(page, "mine.csv", GOOD.replace("2100", "<script>alert(1)</script>"))
    expect(page.get_by_text("3 sources")).to_be_visible()
    frame = pd.read_csv(io.BytesIO(downloaded(page, "Download CSV")))
    assert np.isfinite(frame["probability_fsrq"]).tolist() == [False, True, True]
    assert "Pivot_Energy" in frame["problem"][0] and frame["problem"].isna().tolist() == [False, True, True]


def test_strangers_are_refused_and_every_answer_has_a_policy(address):
    port = int(address.rpartition(":")[2])
    with urllib.request.urlopen(address) as answer:
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"] and answer.headers["X-Frame-Options"] == "DENY"
    for host in ("evil.example", f"evil.example:{port}", "0.0.0.0"):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(urllib.request.Request(address, headers={"Host": host}))
    with socket.socket() as outside:
        outside.settimeout(2)
        try:
            outside.connect((socket.gethostbyname(socket.gethostname()), port))
        except OSError:
            return
        assert outside.getpeername()[0].startswith("127."), "the app listens to others"


def test_it_refuses_to_listen_to_others(tmp_path):
    script = storage.ROOT / "src" / "agnbook" / "ask" / "app.py"
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.address", "0.0.0.0", "--server.port", "8599"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert run.returncode and "lets others in" in run.stdout + run.stderr and "Traceback" not in run.stderr


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_what_a_person_looks_for(page):
    ask(page, "Mkn 421")
    expect(page.get_by_text("later class: BLL, Mkn 421 (FL16Y)")).to_be_visible()
    for heading in ("All models side by side", "Spectrum", "Yearly flux", "Place on the sky", "Redshift"):
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    expect(page.get_by_text("associated sources of 4FGL-DR4, 10 columns").first).to_be_visible()
    frame = pd.read_csv(io.BytesIO(downloaded(page, "Download CSV")))
    assert {"later class", "z_low95", "models", "redshift_sha256", "groups_sha256", "network_sd_bll"} <= set(frame)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_window_does_not_scroll_sideways(browser, address, scheme):
    page = browser.new_page(viewport={"width": 400, "height": 800}, color_scheme=scheme)
    page.goto(address)
    page.get_by_text("Download CSV").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    ground = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
    brightness = sum(int(part) for part in ground.strip("rgba()").split(",")[:3])
    assert (brightness < 150) == (scheme == "dark"), ground
    page.close()


@pytest.mark.parametrize("width", [1400, 400])
def test_a_light_curve_is_drawn_and_taken_along(browser, address, width):
    context = browser.new_context(viewport={"width": width, "height": 1000}, accept_downloads=True)
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(address)
    page.get_by_text("A light curve").click()
    page.get_by_text("Show a simulated example").click()
    figure = page.get_by_role("button", name="Figure (PNG)")
    figure.wait_for(timeout=120_000)
    expect(page.locator("[data-testid=stImage] img, [data-testid=stImageContainer] img")).to_have_count(2)
    expect(page.get_by_text("correlation ρ between bands")).to_be_visible()
    main = page.get_by_test_id("stMain")
    assert main.evaluate("e => e.scrollWidth <= e.clientWidth"), "the page scrolls sideways"
    with page.expect_download() as download:
        figure.click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as download:
        page.get_by_role("button", name="Parameters (CSV)").click()
    (row,) = pd.read_csv(download.value.path()).to_dict("records")
    assert row["object"] == "simulated quasar" and row["measurements"] == 330 and 0 < row["rho_q500"] < 1
    assert problems == []
    context.close()


@pytest.mark.slow
@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_the_picture_of_the_app_can_be_taken_again(browser, tmp_path):
    from PIL import Image

    from agnbook.press import app_picture

    with app_picture.served() as address:
        app_picture.take(browser, address, tmp_path / "app.png")
    with Image.open(tmp_path / "app.png") as taken, Image.open(app_picture.PICTURE) as shown:
        assert taken.size == shown.size and (tmp_path / "app.png").stat().st_size < 200_000
        tones = [np.asarray(picture.convert("L"), float) for picture in (taken, shown)]
    assert np.abs(tones[0] - tones[1]).mean() < 2, "the book shows another app: python -m agnbook.press.app_picture"
