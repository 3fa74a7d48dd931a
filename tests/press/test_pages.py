"""The generated pages."""

import json

import numpy as np
import pytest

from agnbook import storage
from agnbook.blazars.shipped_blazars import BlazarNetwork
from agnbook.chapter import claims
from agnbook.errors import BookError
from agnbook.press import pages
from agnbook.sky import features


def keep_under(folder, write=storage.write_text):
    """Return what writes the files of the book under another folder."""
    return lambda path, text: write(folder / path.relative_to(storage.ROOT), text)


def test_pages_are_written(tmp_path, monkeypatch):
    entries = claims.load()
    monkeypatch.setattr(storage, "write_text", keep_under(tmp_path))
    pages.write()
    scorecard = (tmp_path / "book" / "scorecard.md").read_text()
    assert all(f'id="claim-{entry["id"]}"' in scorecard for entry in entries)
    assert "table-4LAC-DR3-h.fits" in (tmp_path / "book" / "generated" / "catalogs.md").read_text()
    assert (tmp_path / "book" / "_static" / "classifier_weights.js").read_text() == pages.classifier_script()


def test_classifier_script_holds_the_committed_network():
    script = pages.classifier_script()
    comment, constant = script.splitlines()
    assert comment.startswith("//") and constant.startswith("const AGNBOOK_CLASSIFIER = {") and constant.endswith("};")
    network, python = json.loads(constant.split(" = ", 1)[1].removesuffix(";")), BlazarNetwork.load()
    for name in ("mean", "scale", "hidden_weights", "hidden_bias", "output_weights", "output_bias"):
        np.testing.assert_array_equal(network[name], getattr(python, name)[0])
    for name in ("low", "high"):
        np.testing.assert_array_equal(network[name], getattr(python, name))
    assert network["features"] == features.BLAZAR_FEATURES == list(network["transform"])


@pytest.mark.parametrize("text", [None, "no weights"])
def test_a_missing_or_broken_network_is_one_clear_error(tmp_path, monkeypatch, text):
    monkeypatch.setattr(storage, "DATA", tmp_path)
    if text:
        storage.write_text(tmp_path / "weights" / "blazars.safetensors", text)
    with pytest.raises(BookError, match=r"blazars\.safetensors.*git checkout data"):
        pages.classifier_script()


def test_an_error_is_one_line_and_a_status(monkeypatch, capsys):
    def fail():
        raise BookError("what, where, what to do")

    monkeypatch.setattr(pages, "write", fail)
    assert pages.main() == 2
    assert capsys.readouterr().err == "what, where, what to do\n"
