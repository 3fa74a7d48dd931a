"""Atomic writing and checksums."""

import hashlib
import json
import os

import pytest

from agnbook import storage
from agnbook.errors import BookError


def test_sha256_matches_hashlib(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"redshift" * 100_000)
    assert storage.sha256(path) == hashlib.sha256(b"redshift" * 100_000).hexdigest()


def test_write_replaces_and_leaves_no_temporary_file(tmp_path):
    path = tmp_path / "new" / "a.txt"
    storage.write_text(path, "one")
    storage.write_text(path, "two")
    assert path.read_text() == "two"
    assert os.listdir(path.parent) == ["a.txt"]


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt])
def test_interrupted_write_keeps_the_old_file(tmp_path, interruption):
    path = tmp_path / "a.txt"
    storage.write_text(path, "old")
    with pytest.raises(interruption), storage.atomic_write(path) as temporary:
        temporary.write_text("half")
        raise interruption
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_full_disk_is_one_clear_error_and_loses_nothing(tmp_path):
    path = tmp_path / "a.txt"
    storage.write_text(path, "old")
    with pytest.raises(BookError, match=r"Cannot write .*No space left.*Free some space"), storage.atomic_write(path):
        raise OSError(28, "No space left on device")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_really_full_device_is_reported():
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    with pytest.raises(BookError, match="No space left"), storage.atomic_write("/dev/shm/agnbook-test.txt"):
        with open("/dev/full", "w") as full:
            full.write("x" * 10)


def test_update_json_merges_and_sorts(tmp_path):
    path = tmp_path / "records.json"
    storage.update_json(path, {"b": 1})
    storage.update_json(path, {"a": 2})
    assert json.loads(path.read_text()) == {"a": 2, "b": 1}
    assert path.read_text().index('"a"') < path.read_text().index('"b"')
