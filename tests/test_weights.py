"""One format for all weights: what is saved comes back, and nothing else is believed."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from agnbook import storage, weights
from agnbook.errors import ResultsError

ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "b": np.arange(3, dtype=np.int16), "part.c": np.array(True)}


@pytest.fixture
def path(tmp_path):
    weights.save(tmp_path / "w.safetensors", ARRAYS, {"names": ["é", "x"]}, {"seed": 1})
    return tmp_path / "w.safetensors"


def test_weights_come_back(path):
    found = weights.load(path, {"a": (2, "columns"), "b": ("columns",), "part.c": ()})
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].dtype == array.dtype and found.arrays[name].shape == array.shape
    assert found.config == {"names": ["é", "x"]} and found.notes == {"seed": 1} and found.sha256 == storage.sha256(path)
    assert list(found.group("part")) == ["c"]
    first = path.read_bytes()
    weights.save(path, dict(reversed(ARRAYS.items())), found.config, found.notes)
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"z": (1,)}, "lacks z"),
        ({"a": (3, 2)}, r"a has the shape \(2, 3\)"),
        ({"a": (2,)}, r"a has the shape"),
        ({"a": ("n", "n")}, "a has the shape"),
        ({"a": ("n", 3), "b": ("n",)}, r"b has the shape \(3,\)"),
    ],
)
def test_other_shapes_are_refused(path, shapes, message):
    with pytest.raises(ResultsError, match=message):
        weights.load(path, shapes)


def test_what_is_not_finite_is_refused(path):
    for value in (np.nan, np.inf):
        weights.save(path, {"a": np.array([1.0, value])}, {})
        with pytest.raises(ResultsError, match="a has values that are not finite"):
            weights.load(path)


def test_damaged_files_are_refused(path, tmp_path):
    whole = path.read_bytes()
    for damaged in (b"", whole[:40], whole[:-1], b"\xff" * 200, b"{}", whole[:8] + b"[" + whole[9:]):
        path.write_bytes(damaged)
        with pytest.raises(ResultsError, match=r"w\.safetensors.*cannot be read"):
            weights.load(path)
    for metadata in (None, {"config": "{"}, {"notes": json.dumps({})}, {"config": "3"}):
        save_file(ARRAYS, path, metadata)
        with pytest.raises(ResultsError, match="cannot be read"):
            weights.load(path)
    with pytest.raises(ResultsError, match="cannot be read"):
        weights.load(tmp_path)
