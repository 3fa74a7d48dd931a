"""Small files that stand for much memory are refused before they get it."""

import io
import tracemalloc

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile import BLAZARS, as_file

from agnbook.ask import memory_size, tables, uploads
from agnbook.errors import FeatureError

ROWS = 3000


def _one_text_for_many(stored: bool, length: int = 1_000_000) -> bytes:
    """A Parquet file whose rows all have the same long text, told to be a dictionary to its reader or not."""
    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(ROWS, np.int32)), pa.array(["x" * length]))
    table = pa.table({"Source_Name": [f"s{k}" for k in range(ROWS)], "note": text})
    pq.write_table(table, buffer := io.BytesIO(), dictionary_pagesize_limit=10_000_000, store_schema=stored)
    return buffer.getvalue()


_FIELD = as_file(BLAZARS, "votable").replace(b'<FIELD ID="PL_Index"', b'<FIELD arraysize="%s" ID="PL_Index"')
_SUBTYPE = '# %%ECSV 1.0\n# ---\n# datatype:\n# - {name: PL_Index, datatype: string, subtype: "float64[%s]"}\nPL_Index\n"[1]"\n'
#: What is claimed -> (ending, content).
CLAIMS = {
    "one text for many": ("parquet", _one_text_for_many(False)), "a dictionary of one": ("parquet", _one_text_for_many(True)),
    "long cells": ("vot", _FIELD % b"100000000"), "cells of two dimensions": ("vot", _FIELD % b"10000x10000"),
    "long arrays": ("ecsv", (_SUBTYPE % "100000000").encode()), "deep arrays": ("ecsv", (_SUBTYPE % "1000, 1000, null").encode()),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("what", CLAIMS)
def test_a_small_file_for_much_memory_is_refused(what):
    ending, content = CLAIMS[what]
    tracemalloc.start()
    with pytest.raises(FeatureError, match=r"larger than 500 MB|claims to have"):
        uploads.read_upload(f"a.{ending}", content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(content) < 200_000 and peak < 100_000_000


def test_what_is_within_bounds_is_read():
    assert len(uploads.read_upload("a.parquet", _one_text_for_many(True, 1000))) == ROWS
    assert len(uploads.read_upload("a.vot", _FIELD % b"1")) == len(BLAZARS)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_one_long_text_among_many_rows_is_named(ending, tmp_path, monkeypatch):
    table = pd.DataFrame({"Source_Name": ["a", "b" * 400_000, "c"], "x": 1.0})
    tables_of = {"csv": lambda path: table.to_csv(path, index=False), "parquet": table.to_parquet}
    tables_of[ending](tmp_path / f"a.{ending}")
    assert len(tables.read(tmp_path / f"a.{ending}")) == 3
    monkeypatch.setattr(memory_size, "_MOST_CHARACTERS", 1_000_000)
    with pytest.raises(FeatureError, match="Source_Name has a text of 400000 characters, too long in a table of 3 rows"):
        tables.read(tmp_path / f"a.{ending}")


@pytest.mark.slow
def test_a_line_wider_than_a_cell_of_csv_may_be(tmp_path):
    names = [f"column_{number}_of_many" for number in range(8000)]
    (tmp_path / "a.csv").write_text(",".join(names) + "\n" + ",".join(["1"] * len(names)) + "\n")
    assert tables.read(tmp_path / "a.csv").colnames == names
