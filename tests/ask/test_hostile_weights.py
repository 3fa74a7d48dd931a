"""Weights that fit their checksum but not their model: every array, changed in every way, is refused before it is used."""

import numpy as np
import pytest

from agnbook import committed, storage, weights
from agnbook.banp.posterior import Posterior
from agnbook.blazars.shipped_blazars import BLAZARS, BlazarNetwork
from agnbook.errors import ResultsError
from agnbook.shift.shipped_groups import GROUPS, ShippedGroups

MODELS = {
    BLAZARS: BlazarNetwork.load, GROUPS: ShippedGroups.load, "weights/light_curves_lsst_bright.safetensors": Posterior.load,
}  # fmt: skip
#: What is done to an array; None: the change does not apply to it.
CHANGES = {
    "absent": lambda array: ...,
    "a dimension more": lambda array: array[None],
    "cut short": lambda array: array[1:] if array.ndim and len(array) > 1 else None,
    "turned": lambda array: array.T.copy() if array.ndim > 1 and array.shape != array.T.shape else None,
    "not a number": lambda array: np.full_like(array, np.nan) if array.dtype.kind == "f" else None,
    "infinite": lambda array: np.where(np.arange(array.size).reshape(array.shape) == 0, np.inf, array).astype(array.dtype)
    if array.dtype.kind == "f" else None,
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("model", MODELS)
def test_a_changed_array_is_refused(model, what, tmp_path):
    stored = weights.load(storage.DATA / model)
    path, tried = tmp_path / "changed.safetensors", 0
    for name, array in stored.arrays.items():
        if (changed := CHANGES[what](array)) is None:
            continue
        arrays = dict(stored.arrays)
        if changed is ...:
            del arrays[name]
        else:
            arrays[name] = changed
        weights.save(path, arrays, stored.config)
        with pytest.raises(ResultsError, match="does not hold the weights"):
            MODELS[model](path)
            pytest.fail(f"{name}, {what}")
        tried += 1
    assert tried > 2


@pytest.mark.parametrize("model", MODELS)
def test_a_changed_configuration_is_refused(model, tmp_path):
    stored, path = weights.load(storage.DATA / model), tmp_path / "changed.safetensors"
    configs = [{}] + [{key: value for key, value in stored.config.items() if key != left} for left in stored.config]
    for key, value in stored.config.items():
        if isinstance(value, list) and value:
            configs += [stored.config | {key: value[1:]}]
            if isinstance(value[0], int):
                configs += [stored.config | {key: [-1, *value[1:]]}, stored.config | {key: [10_000, *value[1:]]}]
    for config in configs:
        weights.save(path, stored.arrays, config)
        try:
            MODELS[model](path)
        except ResultsError:
            continue
        optional = {"transform", "setting", "simulations", "epochs", "notes", "seed"}  # told, not used
        assert set(stored.config) - set(config) <= optional, sorted(set(stored.config) - set(config))
        assert all(config[key] == stored.config[key] for key in config), "an index out of bounds was taken"


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_scale_that_divides_by_nothing_is_refused(value, tmp_path):
    for model, load in MODELS.items():
        stored = weights.load(storage.DATA / model)
        for each in [key for key in stored.arrays if key.rpartition(".")[2] == "scale"]:
            changed = dict(stored.arrays) | {each: np.full_like(stored.arrays[each], value)}
            weights.save(tmp_path / "w.safetensors", changed, stored.config)
            with pytest.raises(ResultsError):
                load(tmp_path / "w.safetensors")
                pytest.fail(f"{model}, {each}")


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"\xff" * 8 + b"{}", (8).to_bytes(8, "little") + b"{}      ", b"pickle"])
@pytest.mark.parametrize("model", MODELS)
def test_what_is_no_file_of_weights_is_refused(model, content, tmp_path):
    (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(ResultsError, match="does not hold the weights"):
        MODELS[model](tmp_path / "w.safetensors")


def test_the_committed_files_are_taken():
    for model, load in MODELS.items():
        load(committed.verify(model))
