"""Which published numbers changed between versions, and why: the page *What changed*.

``python -m agnbook.press.changes VERSION`` freezes the claims of a release in ``data/versions/VERSION.csv``; the page compares
each release with the next and the last one with today. The reasons are kept in ``data/versions/reasons.toml``: a pattern of ids,
and what moved their numbers.
"""

import sys
import tomllib
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path

import pandas as pd

from agnbook import storage
from agnbook.chapter import claims
from agnbook.errors import BookError

COLUMNS = ["id", "ours", "verdict"]


def _folder() -> Path:
    return storage.DATA / "versions"


def frozen() -> dict[str, pd.DataFrame]:
    """Return version -> its claims, indexed by id, oldest first."""
    paths = sorted(_folder().glob("*.csv"), key=lambda path: [int(part) for part in path.stem.split(".")])
    return {path.stem: pd.read_csv(path).set_index("id") for path in paths}


def reasons() -> dict[str, str]:
    """Return pattern of ids -> why their numbers changed; the first that fits counts."""
    return tomllib.loads((_folder() / "reasons.toml").read_text(encoding="utf-8"))


def reason(name: str, known: dict[str, str]) -> str:
    """Return why a claim changed, "" where no reason is kept."""
    return next((text for pattern, text in known.items() if fnmatchcase(name, pattern)), "")


def table(entries: list[dict]) -> pd.DataFrame:
    """Return published claims as they are frozen."""
    return pd.DataFrame([{name: entry[name] for name in COLUMNS} for entry in entries], columns=COLUMNS).set_index("id")


def compare(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the claims of both versions whose number, as the book prints it, or verdict is another one."""
    both = before.add_suffix("_before").join(after.add_suffix("_after"), how="inner")
    for when in ("before", "after"):
        both[when] = [claims.number(None if pd.isna(value) else value) for value in both[f"ours_{when}"]]
    return both[(both["before"] != both["after"]) | (both["verdict_before"] != both["verdict_after"])]


def _section(title: str, before: pd.DataFrame, after: pd.DataFrame, known: dict[str, str]) -> list[str]:
    changed = compare(before, after)
    turned = (changed["verdict_before"] != changed["verdict_after"]).sum()
    lines = [
        f"## {title}", "",
        f"Of {len(before.index.intersection(after.index))} claims of both, {len(changed)} have another number or verdict "
        f"({turned} another verdict); {len(after.index.difference(before.index))} are new and "
        f"{len(before.index.difference(after.index))} were given up or have another name.", "",
    ]  # fmt: skip
    why = {name: reason(name, known) or "No reason is on record." for name in changed.index}
    for text in dict.fromkeys(why.values()):
        rows = changed.loc[[name for name in changed.index if why[name] == text]]
        lines += [
            f":::{{dropdown}} {len(rows)} {'number' if len(rows) == 1 else 'numbers'}. {text}",
            "",
            "| claim | before | now | verdict |",
            "|---|---|---|---|",
        ]
        for row in rows.itertuples():
            verdict = (
                row.verdict_after if row.verdict_before == row.verdict_after else f"{row.verdict_before} → {row.verdict_after}"
            )
            lines.append(
                f'| <a href="scorecard.html#claim-{row.Index}">{row.Index}</a> | {row.before} | {row.after} | {verdict} |'
            )
        lines.append(":::")
        lines.append("")
    return lines


def page(entries: list[dict]) -> str:
    """Return the generated part of the page: today against the last release, then each release against the one before."""
    versions = frozen() | {"today": table(entries)}
    names, known = list(versions), reasons()
    lines = []
    for before, after in reversed(list(pairwise(names))):
        lines += _section(f"{before} to {after}", versions[before], versions[after], known)
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Freeze the published claims as those of a release; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        if len(given) != 1 or not all(part.isdigit() for part in given[0].split(".")):
            raise BookError(f"Seen {' '.join(given) or 'nothing'}; give one version, such as 0.2.0.")
        path = _folder() / f"{given[0]}.csv"
        if path.exists():
            raise BookError(f"{path} is there; what a release said is never written again.")
        storage.write_text(path, table(claims.load()).to_csv(lineterminator="\n"))
    except BookError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
