"""Published numbers and figures against their data: ``python -m agnbook.press.integrity check|seal``.

``data/SHA256SUMS`` lists every file that a reader's numbers come from: folds, tables, weights, claims, records and sealed
predictions under ``data``, the executed notebooks with their figures, and what the pages look up. ``tests/files.txt`` names
the files of tests. A run that publishes seals what it changed; every other change is named by `problems`.
That links to other sites still answer is not checked: it needs the network.
"""

import argparse
import json
import sys
import tomllib
from pathlib import Path

from agnbook import storage
from agnbook.chapter import claims, declared
from agnbook.errors import BookError

LIST, TESTS = "data/SHA256SUMS", "tests/files.txt"
HEADER = "# Written by `python -m agnbook.press.integrity seal`; `sha256sum --check` reads it too.\n"
#: Stands between two entries, so that neighbours changed on two branches can be merged.
BETWEEN = "#\n"
PUBLISHED = ("data/**/*", "notebooks/*.ipynb", "notebooks/sizes.yml", "book/_static/examples/*")


def published() -> list[str]:
    """Return the files that the list must hold, sorted."""
    found = {path for pattern in PUBLISHED for path in storage.ROOT.glob(pattern)}
    names = {path.relative_to(storage.ROOT).as_posix() for path in found if path.is_file() and not path.name.startswith(".")}
    return sorted(names - {LIST})


def tests() -> list[str]:
    """Return the files of tests, sorted."""
    return sorted(path.relative_to(storage.ROOT).as_posix() for path in (storage.ROOT / "tests").rglob("test_*.py"))


def hashes() -> dict[str, str]:
    """Return the sha256 of each published file as it is now."""
    return {name: storage.sha256(storage.ROOT / name) for name in published()}


def seal(before: dict[str, str] | None = None) -> None:
    """Write both lists as the files are now; with the `hashes` before a run, only what that run changed is sealed."""
    now = hashes()
    if before is None:
        listed = now
    else:
        changed = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
        listed = {name: digest for digest, name in _listed() if name not in changed}
        listed |= {name: now[name] for name in changed if name in now}
    storage.write_text(storage.ROOT / LIST, HEADER + "".join(f"{listed[name]}  {name}\n{BETWEEN}" for name in sorted(listed)))
    storage.write_text(storage.ROOT / TESTS, "".join(f"{name}\n" for name in tests()))


def _lines(name: str) -> list[str]:
    path = storage.ROOT / name
    if not path.exists():
        raise BookError(f"{path} is missing. Restore it with `git checkout {name}`.")
    return [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def _listed() -> list[tuple[str, str]]:
    """Return the list's entries, ``(sha256, name)``."""
    return [tuple(line.split("  ", 1)) for line in _lines(LIST)]


def _list_problems() -> list[str]:
    """Files against the list, both ways."""
    listed, here = _listed(), published()
    names = [name for _, name in listed]
    found = [f"{name}: not listed in {LIST}" for name in here if name not in names]
    found += [f"{name}: listed twice in {LIST}" for name in sorted({name for name in names if names.count(name) > 1})]
    for digest, name in listed:
        if name not in here:
            found.append(f"{name}: listed in {LIST}, but missing")
        elif storage.sha256(storage.ROOT / name) != digest:
            found.append(f"{name}: differs from its sha256 in {LIST}")
    return found


def _test_problems() -> list[str]:
    """Files of tests against their names, both ways."""
    named, here = set(_lines(TESTS)), set(tests())
    found = [f"{name}: named in {TESTS}, but missing" for name in sorted(named - here)]
    return found + [f"{name}: not named in {TESTS}" for name in sorted(here - named)]


def _record_problems() -> list[str]:
    """Tables and weights against their records in ``artifacts.json``, both ways."""
    records = json.loads((storage.DATA / "results" / "artifacts.json").read_text(encoding="utf-8"))
    made = [
        f"{folder}/{path.name}" for folder in ("results", "weights") for path in sorted((storage.DATA / folder).glob("[!.]*"))
    ]
    made = [name for name in made if name.startswith("weights/") or not name.endswith(".json")]
    found = [f"data/{name}: no record of how it was made in data/results/artifacts.json" for name in made if name not in records]
    for name, record in records.items():
        if not (storage.DATA / name).exists():
            found.append(f"data/{name}: on record in data/results/artifacts.json, but missing")
        elif storage.sha256(storage.DATA / name) != record["sha256"]:
            found.append(f"data/{name}: differs from its record in data/results/artifacts.json")
    return found


def in_notebook(path: Path) -> str | None:
    """Return the claims that an executed notebook holds, or None; see `agnbook.chapter.claims.compact`."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if claims.OUTPUT_KIND in output.get("data", {}):
                return "".join(output["data"][claims.OUTPUT_KIND])
    return None


def _declared(chapter: str) -> dict[str, tuple]:
    """Return what is fixed about a chapter's claims, ``{id: (what, paper)}``."""
    groups = tomllib.loads(declared.path(chapter).read_text(encoding="utf-8"))["group"]
    return {
        name: (claim["what"], claim.get("paper"))
        for group in groups
        for name, claim in ((name, {**group, **own}) for name, own in group["claims"].items())
    }


def _claim_problems() -> list[str]:
    """Published claims against what is declared and against what the executed notebook measured."""
    found = []
    for notebook in sorted((storage.ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        chapter, shown = notebook.stem, in_notebook(notebook)
        if not declared.path(chapter).exists() and shown is None:
            continue  # a chapter without claims
        where, declarations = f"data/results/{chapter}.json", _declared(chapter)
        entries = claims.load(chapter)
        if shown is None:
            found.append(f"notebooks/{chapter}.ipynb: holds no claims; run the chapter again")
        else:
            different = set(claims.compact(entries).splitlines()) ^ set(shown.splitlines())
            names = sorted({line.split(" ")[0] for line in different})
            found += [f"{name}: {where} and the executed notebook disagree" for name in names]
        for entry in entries:
            if declarations.get(entry["id"]) != (entry["what"], entry["paper"]):
                found.append(f"{entry['id']}: {where} is not what data/claims/{chapter}.toml declares")
            if entry["verdict"] != claims.verdict(entry["ours"], entry["paper"], entry["tolerance"]):
                found.append(f"{entry['id']}: its verdict in {where} is not what its numbers say")
    return found


def problems() -> list[str]:
    """Return one line for each published file, record, claim or test that is not as it was sealed."""
    return _list_problems() + _test_problems() + _record_problems() + _claim_problems()


def main(arguments: list[str] | None = None) -> int:
    """Command line: returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m agnbook.press.integrity", description=__doc__)
    parser.add_argument("action", choices=["check", "seal"])
    try:
        if parser.parse_args(arguments).action == "seal":
            seal()
        found = problems()
    except BookError as error:
        print(error, file=sys.stderr)
        return 2
    print(
        "\n".join(found)
        or f"{len(published())} published files, their records and claims, and {len(tests())} files of tests agree"
    )
    if found:
        print("Meant? Then run `python -m agnbook.press.integrity seal` and commit the lists. Else restore with `git checkout`.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
