"""The weights of every model in one format: arrays in a safetensors file, and beside them what is no array, as JSON.

A file is read as data, never run, and checked before use: named arrays of the expected shapes, finite numbers. What a shape
cannot tell (an index that must stay inside another array) its model checks.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from agnbook import storage
from agnbook.errors import ResultsError


@dataclass(frozen=True)
class Weights:
    """What a file holds.

    Attributes
    ----------
    arrays : name -> array.
    config : what a model needs besides: names of sources, columns, sizes.
    notes : where the numbers come from.
    sha256 : of the file.
    """

    arrays: dict[str, np.ndarray]
    config: dict
    notes: dict = field(default_factory=dict)
    sha256: str = ""

    def group(self, prefix: str) -> dict[str, np.ndarray]:
        """Return the arrays whose names begin with `prefix` and a point, without it."""
        start = f"{prefix}."
        return {name.removeprefix(start): array for name, array in self.arrays.items() if name.startswith(start)}


def refuse(path, reason: str) -> ResultsError:
    """Return the error for a file that does not hold what its model needs; to be raised."""
    return ResultsError(f"{path} does not hold the weights of this model: {reason}. Restore it with `git checkout data`.")


def save(path: Path | str, arrays: dict[str, np.ndarray], config: dict, notes: dict | None = None) -> None:
    """Write weights atomically; the same weights give the same bytes."""
    from safetensors.numpy import save_file

    whole = {name: np.ascontiguousarray(array).reshape(np.shape(array)) for name, array in arrays.items()}
    with storage.atomic_write(path) as temporary:
        # one entry alone: safetensors would write several in any order
        save_file(whole, temporary, {"config": json.dumps(config | ({"notes": notes} if notes else {}))})


def load(path: Path | str, shapes: dict[str, tuple] | None = None) -> Weights:
    """Read weights and check them.

    Parameters
    ----------
    path : a file that `save` wrote; ``committed.verify`` gives that of a committed one, after comparing its sha256.
    shapes : name -> shape, for every array that must be there. A length may be a word: the same word is the same length.

    Raises
    ------
    ResultsError
        For a file that is missing, damaged or of another model, with what is wrong.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}
        config = dict(json.loads(metadata["config"]))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise refuse(path, f"it cannot be read ({str(error).splitlines()[0]})") from None
    lengths: dict[str, int] = {}
    for name, shape in (shapes or {}).items():
        if name not in arrays:
            raise refuse(path, f"it lacks {name}")
        found = arrays[name].shape
        expected = tuple(lengths.setdefault(n, m) if isinstance(n, str) else n for n, m in zip(shape, found, strict=False))
        if len(found) != len(shape) or found != expected:
            raise refuse(path, f"{name} has the shape {found}, not {shape}")
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise refuse(path, f"{name} has values that are not finite")
        if name.rpartition(".")[2] == "scale" and (array <= 0).any():
            raise refuse(path, f"{name} has values that are not positive, and something is divided by it")
    return Weights(arrays, config, config.pop("notes", {}), storage.sha256(path))
