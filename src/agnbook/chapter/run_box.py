"""The box at a chapter's head: profile, data, wall time, what is computed and what is loaded."""

import html
import json

from agnbook import storage
from agnbook.chapter import sizes


def run_record(chapter: str) -> dict | None:
    """Return what the last published run of a chapter measured, or None."""
    path = storage.DATA / "results" / "runs.json"
    return json.loads(path.read_text(encoding="utf-8")).get(chapter) if path.exists() else None


class RunBox:
    """The box at a chapter's head: profile, data, wall time, what is computed and what is loaded."""

    def __init__(self, settings: sizes.Settings, catalogs: tuple[str, ...] = (), computed: str = "", loaded: str = ""):
        from agnbook.sky.registry import entries

        record = run_record(settings.chapter)
        self.rows = [("Profile", settings.profile)]
        if settings.values:
            self.rows.append(("Settings", ", ".join(f"{key} = {value}" for key, value in settings.values.items())))
        for name in catalogs:
            self.rows.append(("Data", f"{entries()[name].file}, sha256 {entries()[name].sha256[:12]}…"))
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
