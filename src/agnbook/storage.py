"""Where the book's files are, their checksums, and writing that never leaves half a file."""

import hashlib
import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from agnbook.errors import BookError

_PACKAGE = Path(__file__).resolve().parent
#: The repository's root, or the package's own folder when it was installed from a wheel.
ROOT = _PACKAGE.parents[1] if (_PACKAGE.parents[1] / "data").is_dir() else _PACKAGE
#: Registry of catalogues, folds, results and weights.
DATA = ROOT / "data" if (ROOT / "data").is_dir() else _PACKAGE / "_data"


def sha256(path: Path | str) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits.

    That of a folder is taken over the lines ``sha256  path`` of its files, sorted by path, without README.md.
    """
    path = Path(path)
    if path.is_dir():
        paths = sorted(file for file in path.rglob("*") if file.is_file() and file.name != "README.md")
        lines = "".join(f"{sha256(file)}  {file.relative_to(path).as_posix()}\n" for file in paths)
        return hashlib.sha256(lines.encode()).hexdigest()
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def atomic_write(path: Path | str):
    """Yield a temporary path beside `path`; rename it to `path` if the block succeeds.

    A failure (a full disk, an interrupt) removes the temporary file and leaves an older
    `path` as it was.

    Raises
    ------
    BookError
        When the operating system refuses to write; says where and why.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        raise BookError(
            f"Cannot write {path}: {error.strerror or error}. "
            "Free some space or choose a folder you may write to, then run the command again; nothing was lost."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(path: Path | str, text: str) -> None:
    """Write `text` to `path` atomically, in UTF-8."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def update_json(path: Path | str, changes: dict) -> None:
    """Merge `changes` into a JSON object file, keys sorted; safe when two processes do it at once."""
    from filelock import FileLock  # only those who publish need it

    path = Path(path)
    with FileLock(path.with_name(f".{path.name}.lock")):
        old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        write_text(path, json.dumps(dict(sorted({**old, **changes}.items())), indent=1) + "\n")
