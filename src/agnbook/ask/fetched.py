"""Tables from the web, where the user asks for it: fetched into a folder of their own, which is removed afterwards."""

import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from agnbook.errors import BookError

#: Bytes of a fetched file, at most, and seconds without an answer.
MOST_BYTES, PATIENCE = 500_000_000, 30


def is_address(path: str | Path) -> bool:
    """Whether a path is an address on the web."""
    return re.match(r"https?://", str(path), re.IGNORECASE) is not None


@contextmanager
def local(paths, fetch: bool):
    """Yield paths of files on this machine: those given, and with `fetch` what addresses lead to.

    Raises
    ------
    BookError
        For an address that does not answer, or answers with too much.
    """
    with tempfile.TemporaryDirectory(prefix="agnbook-") as folder:
        yield [
            _download(str(path), Path(folder) / str(number)) if fetch and is_address(path) else path
            for number, path in enumerate(paths)
        ]


def _download(address: str, folder: Path) -> Path:
    import shutil
    import urllib.request

    folder.mkdir()
    path = folder / (Path(unquote(urlsplit(address).path)).name or "table")
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer, open(path, "wb") as file:
            if int(answer.headers.get("Content-Length") or 0) <= MOST_BYTES:
                shutil.copyfileobj(_Bounded(answer), file)
                return path
    except _TooLarge:
        pass
    except (OSError, ValueError) as error:  # urllib's own errors are OSErrors
        raise BookError(f"Cannot fetch {address}: {getattr(error, 'reason', None) or error}.") from error
    raise BookError(f"{address} holds more than {MOST_BYTES / 1e6:.0f} MB. Download it and give its name.")


class _TooLarge(Exception):
    pass


class _Bounded:
    """What is read from an address, up to `MOST_BYTES`."""

    def __init__(self, answer):
        self.answer, self.left = answer, MOST_BYTES

    def read(self, size: int) -> bytes:
        block = self.answer.read(size)
        self.left -= len(block)
        if self.left < 0:
            raise _TooLarge
        return block
