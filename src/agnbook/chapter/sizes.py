"""The three sizes of a chapter's run, all from ``notebooks/sizes.yml``: smoke, book and paper."""

from dataclasses import dataclass
from functools import cache

import yaml

from agnbook import storage
from agnbook.errors import SettingsError

NAMES = ("smoke", "book", "paper")


@dataclass(frozen=True)
class Settings:
    """One chapter's sizes under one profile; `settings["epochs"]` or `settings.epochs`."""

    chapter: str
    profile: str
    values: dict

    def __getitem__(self, name: str):
        try:
            return self.values[name]
        except KeyError:
            raise SettingsError(
                f"Chapter {self.chapter} has no setting {name!r} in notebooks/sizes.yml; "
                f"it has {', '.join(sorted(self.values)) or 'none'}."
            ) from None

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    @property
    def recompute(self) -> bool:
        """Whether stored results are computed afresh (smoke and paper) or loaded (book)."""
        return self.profile != "book"


@cache
def _read() -> dict:
    path = storage.ROOT / "notebooks" / "sizes.yml"
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"Cannot read {path}: {error.strerror}. Run the chapters from a clone of the book.") from error


def chapters() -> list[str]:
    """Return the chapters that ``notebooks/sizes.yml`` knows, in its order."""
    return list(_read())


def load(chapter: str, profile: str = "book") -> Settings:
    """Return a chapter's settings: those of `book`, with what the profile changes.

    Parameters
    ----------
    chapter : str
        The notebook's name without ending, such as ``"12_estimate_redshifts"``.
    profile : {"smoke", "book", "paper"}

    Raises
    ------
    SettingsError
        For an unknown profile or chapter, with the names that exist; for a profile that changes
        what `book` does not have.
    """
    if profile not in NAMES:
        raise SettingsError(f"Unknown profile {profile!r}; choose one of {', '.join(NAMES)}.")
    if chapter not in _read():
        raise SettingsError(f"notebooks/sizes.yml has no chapter {chapter!r}; it has {', '.join(chapters())}.")
    sizes = _read()[chapter] or {}
    book, changed = sizes.get("book") or {}, sizes.get(profile) or {}
    if unknown := sorted(sizes.keys() - set(NAMES)):
        raise SettingsError(f"notebooks/sizes.yml, {chapter}: unknown profile {', '.join(unknown)}.")
    if stray := sorted(changed.keys() - book.keys()):
        raise SettingsError(
            f"notebooks/sizes.yml, {chapter}: `{profile}` changes {', '.join(stray)}, which `book` does not have."
        )
    return Settings(chapter, profile, {**book, **changed})
