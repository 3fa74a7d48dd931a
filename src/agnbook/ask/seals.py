"""Committed files that answers come from, against the list of their sha256, ``data/SHA256SUMS``, that the book was sealed with.

Weights and tables of results are also compared with their own records, see `agnbook.committed`; this covers what has none:
names of sources, registries, claims, and those records themselves.
"""

from functools import cache

from agnbook import committed, storage
from agnbook.errors import ResultsError

LIST = "SHA256SUMS"
REGISTRIES = ("catalogs.toml", "light_curves.toml", "peers.toml")
RECORDS = "results/artifacts.json"


@cache
def _listed(folder) -> dict[str, str]:
    """Path relative to the repository -> sha256."""
    try:
        lines = (folder / LIST).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ResultsError(f"Cannot read {folder / LIST}: {error.strerror}. Restore it with `git checkout data`.") from None
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines) if name and not digest.startswith("#")}


def check(*names: str) -> None:
    """Compare files under ``data/`` with the list; a run that publishes, which is about to change them, does not.

    Raises
    ------
    ResultsError
        For a file that is missing, not listed or not as it was sealed, and for a missing list.
    """
    if committed.publishing():
        return
    listed = _listed(storage.DATA)
    for name in names:
        path = storage.DATA / name
        if not path.exists():
            raise ResultsError(f"{path} is not there. Restore it with `git checkout data`.")
        if storage.sha256(path) != listed.get(f"data/{name}"):
            raise ResultsError(
                f"{path} is not as it was sealed in {storage.DATA / LIST}. Restore it with `git checkout data`; who changed it "
                "on purpose runs `python -m agnbook.press.integrity seal`."
            )


def check_claims() -> None:
    """`check` all published claims."""
    chapters = sorted((storage.DATA / "results").glob("[0-9][0-9]_*.json"))
    check(*(f"results/{path.name}" for path in chapters), "results/book.json")
