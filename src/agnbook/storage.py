"""Where the book's files are, their checksums, and writing that never leaves half a file."""

import hashlib
import json
import os
import platform
import re
import secrets
import time
import zlib
from contextlib import contextmanager, suppress
from glob import escape as glob_escape
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


#: Name of a file that is being written: that of the result, then the machine and the process that write it.
_HALF = re.compile(r"\..+\.agnbook-(?P<machine>[0-9a-f]{8})-(?P<process>\d+)-[0-9a-f]{8}(\.\w+)?")
_MACHINE = f"{zlib.crc32(platform.node().encode()):08x}"
#: Seconds after which a half of another machine, whose processes are not seen from here, is nobody's.
_ABANDONED = 86_400


def _half(path: Path) -> Path:
    return path.with_name(f".{path.name[:60]}.agnbook-{_MACHINE}-{os.getpid()}-{secrets.token_hex(4)}{path.suffix}")


def _is_abandoned(path: Path) -> bool:
    """Whether a file is a half of ours whose process has ended without tidying up, killed or with the machine."""
    if (found := _HALF.fullmatch(path.name)) is None:
        return False
    try:
        if found["machine"] != _MACHINE:
            return time.time() - path.stat().st_mtime > _ABANDONED
        os.kill(int(found["process"]), 0)
    except ProcessLookupError:
        return True
    except OSError:  # another user's process, or the file is gone
        return False
    return False


def remove_halves(folder: Path | str, name: str = "", deep: bool = False) -> None:
    """Remove what killed processes have left half written in a folder, `deep` in its subfolders too.

    Only files of `atomic_write` are touched, and none that a running process is writing; with `name`, those of that result.
    """
    pattern = f".{glob_escape(name[:60])}.agnbook-*" if name else ".*.agnbook-*"
    with suppress(OSError):
        for path in Path(folder).rglob(pattern) if deep else Path(folder).glob(pattern):
            if path.is_file() and not path.is_symlink() and _is_abandoned(path):
                path.unlink(missing_ok=True)


def check_not_protected(path: Path | str) -> None:
    """Raise a `BookError` for a file that its owner has made read-only; renaming another onto it would not ask.

    The mode itself is looked at: to the superuser every file is writable.
    """
    path = Path(os.path.realpath(path))
    with suppress(FileNotFoundError, NotADirectoryError):
        if path.is_file() and not path.stat().st_mode & 0o222:
            raise BookError(f"{path} is read-only. Make it writable (chmod u+w), or choose another name.")


def _take_a_free_name(temporary: Path, path: Path) -> None:
    """Give a written file its name, unless that is taken by now; a link is made or refused in one step, a look is not."""
    taken = BookError(f"{path} has appeared meanwhile, perhaps from another run. Choose another name.")
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise taken from None
    except OSError:  # a file system without links
        if path.exists():
            raise taken from None
        os.replace(temporary, path)


@contextmanager
def atomic_write(path: Path | str, replace: bool = True):
    """Yield a temporary path beside `path`; rename it to `path` if the block succeeds.

    A failure (a full disk, an interrupt) removes the temporary file and leaves an older `path` as it was; what a killed
    process left of the same file is removed, too. A link is followed: what it leads to is replaced, not the link.

    Parameters
    ----------
    replace : whether a file that is there by then may be replaced; without it, of two writers only the first wins.

    Raises
    ------
    BookError
        For a file that is read-only; when the operating system refuses to write. Says where and why.
    """
    path = Path(os.path.realpath(path))
    temporary = _half(path)
    check_not_protected(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_halves(path.parent, path.name)
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield temporary
        if replace:
            os.replace(temporary, path)
        else:
            _take_a_free_name(temporary, path)
    except OSError as error:
        raise BookError(
            f"Cannot write {path}: {error.strerror or error}. "
            "Free some space or choose a folder you may write to, then run the command again; nothing was lost."
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path | str, text: str, replace: bool = True) -> None:
    """Write `text` to `path` atomically, in UTF-8; see `atomic_write`."""
    with atomic_write(path, replace) as temporary:
        temporary.write_text(text, encoding="utf-8")


def update_json(path: Path | str, changes: dict) -> None:
    """Merge `changes` into a JSON object file, keys sorted; safe when two processes do it at once."""
    from filelock import FileLock  # only those who publish need it

    path = Path(path)
    with FileLock(path.with_name(f".{path.name}.lock")):
        old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        write_text(path, json.dumps(dict(sorted({**old, **changes}.items())), indent=1) + "\n")
