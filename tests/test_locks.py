"""The lock files."""

import re
import tomllib

import pytest

from agnbook import storage


def _names(lines):
    return {re.split(r"[=<>\[; ]", line, maxsplit=1)[0].lower().replace("_", "-") for line in lines}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-book.lock"])
def test_lock_files_hold_exact_versions(lock):
    """Without a local part ("+cpu"), so that torch's build is the platform's choice, and without an index's address."""
    lines = (storage.ROOT / lock).read_text().splitlines()
    assert len(lines) > 50 and all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)


def test_lock_files_are_current():
    project = tomllib.loads((storage.ROOT / "pyproject.toml").read_text())
    groups, extras = project["dependency-groups"], project["project"].get("optional-dependencies", {})
    full = (storage.ROOT / "requirements.lock").read_text().splitlines()
    light = (storage.ROOT / "requirements-book.lock").read_text().splitlines()
    wanted = [
        *project["project"]["dependencies"],
        *groups["notebooks"],
        *groups["test"],
        *(name for extra, names in extras.items() if extra != "hats" for name in names),  # LSDB is for those who have HATS
    ]
    assert _names(name for name in wanted if not name.startswith("agnbook")) <= _names(full)
    assert _names(groups["book"]) <= _names(light)
    assert set(light) <= set(full), "the light environment has the full one's versions"


def test_lock_file_is_what_is_tested():
    """The environment the tests run in has the lock's versions."""
    from importlib.metadata import version

    for line in (storage.ROOT / "requirements.lock").read_text().splitlines():
        name, locked = line.split("==")
        assert version(name).partition("+")[0] == locked, name
