"""The three sizes of a chapter's run: smoke, book and paper."""

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
                f"Chapter {self.chapter} has no setting {name!r} in notebooks/profiles/{self.profile}.yml; "
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
def _read(profile: str) -> dict:
    if profile not in NAMES:
        raise SettingsError(f"Unknown profile {profile!r}; choose one of {', '.join(NAMES)}.")
    path = storage.ROOT / "notebooks" / "profiles" / f"{profile}.yml"
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise SettingsError(f"Cannot read {path}: {error.strerror}. Run the chapters from a clone of the book.") from error


def load(chapter: str, profile: str = "book") -> Settings:
    """Return a chapter's settings.

    Parameters
    ----------
    chapter : str
        The notebook's name without ending, such as ``"12_estimate_redshifts"``.
    profile : {"smoke", "book", "paper"}

    Raises
    ------
    SettingsError
        For an unknown profile or chapter, with the names that exist.
    """
    chapters = _read(profile)
    if chapter not in chapters:
        raise SettingsError(f"Profile {profile!r} has no chapter {chapter!r}; it has {', '.join(sorted(chapters))}.")
    return Settings(chapter, profile, dict(chapters[chapter] or {}))
