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

ENTRY = {
    "id": "a.b", "what": "something", "ours": 0.41, "paper": 0.4, "interval": [0.39, 0.43], "n": 62, "unit": "redshift",
    "how": "10-fold.", "tolerance": 0.02, "where": "gharat2023, Table 1", "because": "one start",
    "why": "", "verdict": "reproduced", "chapter": "12_estimate_redshifts",
}  # fmt: skip


def test_scorecard_shows_every_claim():
    other = ENTRY | {
        "id": "a.c",
        "verdict": "differs",
        "why": "Another split",
        "interval": None,
        "n": None,
        "chapter": "21_define_classes",
    }
    page = pages.scorecard([ENTRY, other])
    assert "of 2 figures that could be compared, **1 are reproduced**" in page
    for part in (
        "`a.b`",
        "`a.c`",
        "0.390\N{NO-BREAK SPACE}–\N{NO-BREAK SPACE}0.430",
        "1 claims: 1 reproduced",
        "{cite:t}`gharat2023`, Table 1. 10-fold. Tolerance 0.0200: one start. Another split",
        "../notebooks/21_define_classes",
        "0.410 redshift",
    ):
        assert part in page


def test_cover_counts_verdicts_by_part():
    page = pages.cover([ENTRY | {"id": "redshift.best.rmse"}, ENTRY | {"verdict": "differs"}])
    assert "| I Gamma-ray blazars | 1 | 1 | 0 |" in page
    assert "| something | 0.400 | 0.410 | 0.390\N{NO-BREAK SPACE}–\N{NO-BREAK SPACE}0.430 | 62 |" in page


def test_pages_are_written(tmp_path, monkeypatch):
    entries = claims.load()
    monkeypatch.setattr(storage, "ROOT", tmp_path)
    pages.write()
    scorecard = (tmp_path / "book" / "scorecard.md").read_text()
    assert all(f"`{entry['id']}`" in scorecard for entry in entries)
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
