"""A pytest plugin beside nbval, which compares texts only: figures by perceptual hash, claims by their numbers.

Used as ``pytest --nbval -p agnbook.press.nbval_extras``.
"""

import base64
import io
import json

import imagehash
import pytest
from PIL import Image

from agnbook.chapter import claims

PNG = "image/png"
#: Bits of 256 in which two drawings of one figure may differ. Fonts and the reduction to 128 colours change a few; the two
#: most alike of the book's different figures differ in 30.
SAME_FIGURE = 12
#: A claim may move, on another machine, by this part of its interval's width; without interval, of its value.
PART_OF_INTERVAL, PART_OF_VALUE = 0.01, 1e-3


def figure_hash(encoded: str) -> imagehash.ImageHash:
    """Return the 256-bit perceptual hash of a PNG given in base64."""
    return imagehash.phash(Image.open(io.BytesIO(base64.b64decode(encoded))), hash_size=16)


def figure_problems(old: list[str], new: list[str]) -> list[str]:
    """Compare the figures of a cell, PNG in base64, with those of its re-execution."""
    if len(old) != len(new):
        return [f"the notebook holds {len(old)} figures here, its re-execution drew {len(new)}"]
    distances = [int(figure_hash(a) - figure_hash(b)) for a, b in zip(old, new, strict=True)]
    return [f"figure {i} differs from its re-execution in {d} of 256 bits" for i, d in enumerate(distances, 1) if d > SAME_FIGURE]


def _numbers(text: str) -> dict[str, tuple]:
    return {name: tuple(json.loads(rest)) for name, _, rest in (line.partition(" ") for line in text.splitlines())}


def claim_problems(old: str, new: str) -> list[str]:
    """Compare claims, as `agnbook.chapter.claims.compact` writes them, with those of a re-execution."""
    old, new, found = _numbers(old), _numbers(new), []
    for name in sorted(old.keys() ^ new.keys()):
        found.append(f"{name} is claimed in only one of the notebook and its re-execution")
    for name in old.keys() & new.keys():
        (value, interval, n), (again, interval_again, n_again) = old[name], new[name]
        before, after = [value, *(interval or [])], [again, *(interval_again or [])]
        width = PART_OF_INTERVAL * (interval[1] - interval[0]) if interval else 0.0
        same = n == n_again and len(before) == len(after) and (None in before or None in after or all(
            abs(a - b) <= max(width, PART_OF_VALUE * abs(a)) for a, b in zip(before, after, strict=True)
        ))  # fmt: skip
        if not same or (value is None) != (again is None):
            found.append(f"{name} is {old[name]} in the notebook and {new[name]} in its re-execution")
    return found


def _of_kind(outputs: list, kind: str) -> list[str]:
    return ["".join(output["data"][kind]) for output in outputs if kind in output.get("data", {})]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """After nbval has compared a cell's texts, compare its figures and claims; nothing for other tests."""
    if not hasattr(item, "cell_num"):  # not a cell
        yield
        return
    item.parent.skip_compare += (claims.OUTPUT_KIND,)
    outcome = yield
    if outcome.excinfo is not None or not item.options["check"] or item.cell.execution_count is None:
        return
    found = figure_problems(_of_kind(item.cell.outputs, PNG), _of_kind(item.test_outputs, PNG))
    found += claim_problems(
        *("".join(_of_kind(outputs, claims.OUTPUT_KIND)) for outputs in (item.cell.outputs, item.test_outputs))
    )
    if found:
        outcome.force_exception(AssertionError(f"Cell {item.cell_num}: " + "; ".join(found)))
