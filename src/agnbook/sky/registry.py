"""Which catalogues, light-curve archives and peers' tables the book reads, where each is, and whether it is what it claims to be.

A catalogue is looked for in the folders of ``AGNBOOK_CATALOGS`` (separated like ``PATH``), in the package data of fermipy,
and in the user's cache; 4LAC-DR3 is then downloaded. Whatever is found must have the registered sha256.
"""

import importlib.util
import os
import stat
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import pandas as pd

from agnbook import storage
from agnbook.errors import CatalogError

TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class Catalog:
    """One entry of ``data/catalogs.toml``, ``light_curves.toml`` or ``peers.toml``; `file` may name a folder."""

    name: str
    file: str
    title: str
    rows: int
    sha256: str
    reference: str
    licence: str
    needed_by: str
    urls: tuple[str, ...] = ()
    package: str | None = None
    origin: str = ""

    @property
    def help(self) -> str:
        """What to do when the file is not to be had."""
        if self.package:
            return f"It comes with the Python package {self.package}: run `pip install {self.package}`."
        return (
            f"Get it from {self.urls[0] if self.urls else self.origin}\n  sha256 {self.sha256}\n"
            f"  put it into {cache_folder()} or into any folder named in AGNBOOK_CATALOGS."
        )


@lru_cache(maxsize=1)
def entries() -> dict[str, Catalog]:
    """Return the registered catalogues, light-curve archives and peers' tables by name."""
    texts = [(storage.DATA / f"{kind}.toml").read_text(encoding="utf-8") for kind in ("catalogs", "light_curves", "peers")]
    entries = {name: entry for text in texts for name, entry in tomllib.loads(text).items()}
    return {name: Catalog(name=name, **{**entry, "urls": tuple(entry.get("urls", ()))}) for name, entry in entries.items()}


def _entry(name: str) -> Catalog:
    try:
        return entries()[name]
    except KeyError:
        raise CatalogError(f"Unknown catalogue {name!r}; known are {', '.join(entries())}.") from None


def cache_folder() -> Path:
    """Return the user's cache folder for catalogues (``AGNBOOK_CACHE`` overrides the default)."""
    import platformdirs

    return Path(os.environ.get("AGNBOOK_CACHE") or platformdirs.user_cache_dir("agnbook"))


def _folders(entry: Catalog) -> list[Path]:
    folders = [Path(folder).expanduser() for folder in os.environ.get("AGNBOOK_CATALOGS", "").split(os.pathsep) if folder]
    if entry.package and (spec := importlib.util.find_spec(entry.package)):
        folders.append(Path(spec.origin).parent / "data" / "catalogs")
    return [*folders, cache_folder()]


def _candidates(entry: Catalog) -> list[Path]:
    """Where the file may lie: under its registered path or its bare name, in a folder or one level below it."""
    names = dict.fromkeys((entry.file, Path(entry.file).name))
    found = []
    for folder in _folders(entry):
        found += [folder / name for name in names]
        if "/" in entry.file:
            found += sorted(folder.glob(f"*/{entry.file}"))
    return found


def verify(path: Path | str, name: str) -> Path:
    """Check a file (or a folder's files) against the registered sha256 and return its path.

    Raises
    ------
    CatalogError
        When the file cannot be read or its checksum differs.
    """
    entry, path = _entry(name), Path(path)
    try:
        found = storage.sha256(path)
    except OSError as error:
        raise CatalogError(f"Cannot read {path}: {error.strerror}. Check the permissions of the file and its folder.") from error
    if found != entry.sha256:
        raise CatalogError(
            f"{path} is not {entry.title}: its sha256 is\n  {found}, expected\n  {entry.sha256}.\n"
            f"  It is damaged or another version; remove it. {entry.help}"
        )
    return path


@cache
def _verified(path: str, name: str, size: int, modified: int) -> Path:
    """`verify`, once for each state of a file."""
    return verify(path, name)


def _exists(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CatalogError(f"Cannot read {path}: {error.strerror}. Check the permissions of the folder.") from error


def find(name: str, download: bool = True) -> Path:
    """Return the path of a verified catalogue.

    Parameters
    ----------
    name : str
        A name in ``data/catalogs.toml``, such as ``"4lac-dr3-h"``.
    download : bool
        Whether to try the registered addresses when no folder has the file. Setting the
        environment variable ``AGNBOOK_OFFLINE`` forbids it.

    Raises
    ------
    CatalogError
        When the file is nowhere, or one that was found has the wrong checksum.
    """
    entry = _entry(name)
    for path in _candidates(entry):
        if status := _exists(path):
            if stat.S_ISDIR(status.st_mode):  # its files may change without changing it
                return verify(path, name)
            return _verified(str(path), name, status.st_size, status.st_mtime_ns)
    reason = "downloads are switched off"
    if download and entry.urls and not os.environ.get("AGNBOOK_OFFLINE"):
        path, reason = _download(entry)
        if path:
            return path
    looked = ", ".join(str(folder) for folder in _folders(entry))
    raise CatalogError(
        f"{entry.title} is missing: {entry.file} (needed by {entry.needed_by}).\n"
        f"  Looked in {looked}" + (f"; {reason}" if entry.urls else "") + f".\n  {entry.help}"
    )


def _download(entry: Catalog) -> tuple[Path | None, str]:
    """Try each address; return the cached path, or None and the reasons. Pooch checks the sha256
    of a temporary file and only then renames it."""
    import pooch

    pooch.get_logger().setLevel("ERROR")
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS, progressbar=False)
    reasons = []
    for url in entry.urls:
        try:
            name = Path(entry.file).name
            return Path(pooch.retrieve(url, f"sha256:{entry.sha256}", name, cache_folder(), downloader=downloader)), ""
        except (OSError, ValueError) as error:  # requests' errors are OSErrors; a wrong checksum is a ValueError
            if error.__class__.__module__ == "builtins" and isinstance(error, OSError) and error.errno:
                raise CatalogError(
                    f"Cannot save {entry.file} in {cache_folder()}: {error.strerror}. "
                    "Free some space there, or name another folder in AGNBOOK_CACHE."
                ) from error
            reasons.append(f"{url}: {type(error).__name__}")
    return None, "no download worked (" + "; ".join(reasons) + ")"


def status() -> pd.DataFrame:
    """Return one row a catalogue: where it is, or that it is missing; nothing is downloaded."""
    rows = []
    for name, entry in entries().items():
        try:
            rows.append((name, entry.title, "verified", str(find(name, download=False))))
        except CatalogError as error:
            rows.append((name, entry.title, "missing" if "is missing" in str(error) else "damaged", ""))
    return pd.DataFrame(rows, columns=["name", "title", "status", "path"])
