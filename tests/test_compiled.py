"""Compiled functions that several processes keep on disk at once."""

import os
import subprocess
import sys

import pytest

from agnbook import storage

MODULE = """
import sys, time
from numba.core import caching
from agnbook.compiled import compiled

@compiled
def twice(x):
    return x + x

if __name__ == "__main__":
    value = {"int": 2, "float": 2.5, "complex": 2j}[sys.argv[1]]
    if len(sys.argv) > 2:  # widen the gap in which another process can come between
        read = caching.IndexDataCacheFile._load_index
        def slow(self):
            found = read(self)
            time.sleep(0.5)
            return found
        caching.IndexDataCacheFile._load_index = slow
    print(twice(value), sum(twice.stats.cache_hits.values()))
"""
KINDS = {"int": "4", "float": "5.0", "complex": "4j"}


@pytest.mark.slow
def test_processes_that_compile_at_once_do_not_take_each_others_files(tmp_path):
    (tmp_path / "script.py").write_text(MODULE)
    environment = os.environ | {"PYTHONPATH": str(storage.ROOT / "src"), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}

    def start(kind, *more):
        command = [sys.executable, tmp_path / "script.py", kind, *more]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    first = {kind: start(kind, "slow") for kind in KINDS}
    assert {kind: one.communicate()[0].split()[0] for kind, one in first.items()} == KINDS
    assert len(list((tmp_path / "cache").rglob("*.nbc"))) == len(KINDS), "each signature has a file of its own"
    for kind, expected in KINDS.items():
        assert start(kind).communicate()[0].split() == [expected, "1"]
