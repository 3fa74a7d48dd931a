"""The pages that are written from data: scorecard, cover, catalogues, reading paths, change log, the reference, and scripts.

``python -m agnbook.press.pages``; it needs only the light environment.
"""

import json
import sys

from agnbook import storage
from agnbook.blazars import shipped_blazars
from agnbook.chapter import claims
from agnbook.errors import BookError
from agnbook.press import changes, cover, lookup_data, reading, reference, scorecard
from agnbook.sky import registry


def catalogue_table() -> str:
    """Return the table of catalogues for the data page."""
    lines = ["| what | sources | comes from, and its SHA-256 |", "|---|---|---|"]
    for entry in registry.entries().values():
        origin = f"package `{entry.package}`" if entry.package else f"[download]({entry.urls[0]})" if entry.urls else entry.origin
        origin += f"; {entry.reference}" if entry.reference else ""
        lines.append(f"| {entry.title}<br>`{entry.file}` | {entry.rows} | {origin}; `{entry.sha256[:12]}…` |")
    return "\n".join(lines) + "\n"


def classifier_script() -> str:
    """Return the script that hands the committed 7-42-1 network to the page *Try the classifier*.

    A script, not JSON, because a page opened from a disk may not fetch files.
    """
    network = shipped_blazars.BlazarNetwork.load().page_data()
    return f"// Written by agnbook.press.pages.\nconst AGNBOOK_CLASSIFIER = {json.dumps(network)};\n"


def files() -> dict[str, str]:
    """Return the generated pages, snippets and scripts: path under ``book`` -> text."""
    entries = claims.load()
    return {
        "scorecard.md": scorecard.page(entries),
        "generated/promise.html": cover.picture(entries),
        "generated/answers.md": cover.answers(entries),
        "generated/verdicts.md": cover.verdicts(entries),
        "generated/catalogs.md": catalogue_table(),
        "generated/paths.md": reading.paths(),
        "generated/changes.md": changes.page(entries),
        "_static/classifier_weights.js": classifier_script(),
        "_static/lookup_data.js": lookup_data.script(),
        **{f"api/{page}.md": text for page, text in reference.pages().items()},
    }


def write() -> None:
    """Write them under ``book``."""
    for name, text in files().items():
        storage.write_text(storage.ROOT / "book" / name, text)


def main() -> int:
    """Write the pages; returns the exit status."""
    try:
        write()
    except BookError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
