"""One headless Chromium a module; without Chromium its tests are skipped and say so."""

import pytest
from playwright.sync_api import expect, sync_playwright

from agnbook.errors import BookError
from agnbook.press import pdf

#: Nothing in the browser itself may talk to the world.
OPTIONS = [*pdf.OPTIONS, "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
           "--disable-sync"]  # fmt: skip

#: Milliseconds that a page has for anything: on a busy machine much takes long, and how long is no question of these tests.
PATIENCE = 120_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def browser():
    try:
        path = pdf.chromium()
    except BookError as error:
        pytest.skip(str(error))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        browser.on("context", lambda context: context.set_default_timeout(PATIENCE))
        yield browser
