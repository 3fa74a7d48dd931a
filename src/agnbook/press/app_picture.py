"""The picture of the app in chapter 46: ``python -m agnbook.press.app_picture`` takes it again.

Needs the full environment and Chromium; the app is served for it on a free port of this machine and asks no other.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from agnbook import storage
from agnbook.errors import BookError
from agnbook.press.pdf import OPTIONS, chromium

PICTURE = storage.ROOT / "book" / "_static" / "app.png"
#: A blazar candidate about whose class the models are open; the picture shows its page from the title to its six groups.
SOURCE, FIRST, LAST = "4FGL J0003.3-1928", "Ask about a gamma-ray source", "Six groups of gamma-ray sources"
#: Pixels.
WIDTH, HEIGHT, MARGIN = 1080, 1600, 30
#: How long the app may take to begin, and to answer.
SECONDS = 60


@contextmanager
def served() -> Iterator[str]:
    """Serve the app as ``make app`` does; yields its address.

    Raises
    ------
    BookError
        If it does not answer.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "src/agnbook/ask/app.py", "--server.port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=storage.ROOT, env=os.environ | {"AGNBOOK_OFFLINE": "1"}, **quiet) as server:
        try:
            for _ in range(5 * SECONDS):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.2)
            else:
                raise BookError(f"The app did not begin within {SECONDS} s; run `make app` to see what it says.")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def take(browser, address: str, path: Path) -> None:
    """Ask the app at `address` about `SOURCE` and write what it shows, as a PNG of 256 colours, to `path`.

    `browser` is one of Playwright's.
    """
    from playwright.sync_api import expect

    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
    page.goto(address)
    field = page.get_by_role("textbox", name="Name of a source")
    field.fill(SOURCE, timeout=1000 * SECONDS)
    field.press("Enter")
    page.get_by_text("Download CSV").first.wait_for(timeout=1000 * SECONDS)
    expect(page.locator("[data-stale=true], [data-testid=stStatusWidget]")).to_have_count(0, timeout=1000 * SECONDS)
    field.blur()
    first, last = (page.get_by_text(text).first.bounding_box() for text in (FIRST, LAST))
    top, bottom = first["y"] - MARGIN, last["y"] + last["height"] + MARGIN
    shown = {"x": 0, "y": top, "width": WIDTH, "height": bottom - top}
    page.screenshot(path=path, clip=shown, animations="disabled")
    page.close()
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(256)
    small.save(path, optimize=True)


if __name__ == "__main__":
    from playwright.sync_api import sync_playwright

    with served() as app, sync_playwright() as playwright:
        take(playwright.chromium.launch(executable_path=chromium(), args=OPTIONS), app, PICTURE)
