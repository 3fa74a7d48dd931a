"""The three sizes of a chapter's run: smoke, book and paper.

`smoke` touches every line on small sizes, `book` makes what the committed notebooks show, `paper`
uses the paper's own sizes and stores its results under `data/` for the other two to load.
"""

import html
import json
from dataclasses import dataclass
from functools import cache

import yaml

from agnbook import files
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
    path = files.ROOT / "notebooks" / "profiles" / f"{profile}.yml"
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


def run_record(chapter: str) -> dict | None:
    """Return what the last published run of a chapter measured, or None."""
    path = files.DATA / "results" / "runs.json"
    return json.loads(path.read_text(encoding="utf-8")).get(chapter) if path.exists() else None


class RunBox:
    """The box at a chapter's head: profile, data, wall time, what is computed and what is loaded."""

    def __init__(self, settings: Settings, catalogs: tuple[str, ...] = (), computed: str = "", loaded: str = ""):
        from agnbook.catalogs import registry

        record = run_record(settings.chapter)
        self.rows = [("Profile", settings.profile)]
        if settings.values:
            self.rows.append(("Settings", ", ".join(f"{key} = {value}" for key, value in settings.values.items())))
        for name in catalogs:
            self.rows.append(("Data", f"{registry()[name].file}, sha256 {registry()[name].sha256[:12]}…"))
        if record:
            self.rows.append(
                (
                    "Last published run",
                    f"{record['wall_seconds']:.0f} s wall, {record['peak_memory_gb']:.1f} GB peak, {record['hardware']}",
                )
            )
        self.rows += [("Computed here", computed or "every number on this page")]
        self.rows += [("Loaded", loaded or "nothing but the catalogues")]

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{html.escape(key)}</th><td>{html.escape(value)}</td></tr>" for key, value in self.rows)
        return f'<table class="run-box"><caption>This run</caption>{rows}</table>'

    def __repr__(self) -> str:
        return "\n".join(f"{key}: {value}" for key, value in self.rows)
