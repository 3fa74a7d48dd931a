"""The generated pages, the lock files and the command line that builds the book."""

import json
import re
import tomllib

import numpy as np
import pytest

from agnbook import storage
from agnbook.blazars.networks import BlazarNetwork
from agnbook.chapter import claims
from agnbook.errors import BookError
from agnbook.press import build
from agnbook.sky import features, registry

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
    page = build.scorecard([ENTRY, other])
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
    page = build.cover([ENTRY | {"id": "redshift.best.rmse"}, ENTRY | {"verdict": "differs"}])
    assert "| I Gamma-ray blazars | 1 | 1 | 0 |" in page
    assert "| something | 0.400 | 0.410 | 0.390\N{NO-BREAK SPACE}–\N{NO-BREAK SPACE}0.430 | 62 |" in page


def test_pages_are_written(tmp_path, monkeypatch):
    entries = claims.load()
    monkeypatch.setattr(storage, "ROOT", tmp_path)
    build.write_pages()
    scorecard = (tmp_path / "book" / "scorecard.md").read_text()
    assert all(f"`{entry['id']}`" in scorecard for entry in entries)
    assert "table-4LAC-DR3-h.fits" in (tmp_path / "book" / "generated" / "catalogs.md").read_text()
    assert (tmp_path / "book" / "_static" / "classifier_weights.js").read_text() == build.classifier_script()


def test_classifier_script_holds_the_committed_network():
    script = build.classifier_script()
    comment, constant = script.splitlines()
    assert comment.startswith("//") and constant.startswith("const AGNBOOK_CLASSIFIER = {") and constant.endswith("};")
    network, python = json.loads(constant.split(" = ", 1)[1].removesuffix(";")), BlazarNetwork.load()
    for name in ("mean", "scale", "low", "high", "hidden_weights", "hidden_bias", "output_weights", "output_bias"):
        np.testing.assert_array_equal(network[name], getattr(python, name))
    assert network["features"] == features.BLAZAR_FEATURES == list(network["transform"])


@pytest.mark.parametrize("text", [None, '{"mean": [1,'])
def test_a_missing_or_broken_network_is_one_clear_error(tmp_path, monkeypatch, text):
    monkeypatch.setattr(storage, "DATA", tmp_path)
    if text:
        storage.write_text(tmp_path / "weights" / "blazars_bias_init.json", text)
    with pytest.raises(BookError, match=r"blazars_bias_init\.json.*git checkout data"):
        build.classifier_script()


def test_missing_catalogue_is_explained_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AGNBOOK_CACHE", str(tmp_path))
    monkeypatch.delenv("AGNBOOK_CATALOGS", raising=False)
    assert build.main(["catalogs"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("is missing: table-4LAC-DR3-h.fits") == 1
    assert registry.entries()["4lac-dr3-h"].sha256 in printed


def test_an_error_is_one_line_and_a_status(monkeypatch, capsys):
    def fail():
        raise BookError("what, where, what to do")

    monkeypatch.setattr(build, "write_pages", fail)
    assert build.main(["pages"]) == 2
    assert capsys.readouterr().err == "what, where, what to do\n"


def test_a_failed_build_is_reported(monkeypatch, capsys):
    monkeypatch.setattr(build.subprocess, "run", lambda *arguments, **options: type("Run", (), {"returncode": 1}))
    assert build.main(["html"]) == 1
    assert "The build failed" in capsys.readouterr().err


def test_test_run_goes_on_after_a_failure_and_says_which(monkeypatch, capsys):
    def run(command, **options):
        return type("Run", (), {"returncode": int("ruff" in command)})

    monkeypatch.setattr(build.subprocess, "run", run)
    assert build.main(["test"]) == 1
    printed = capsys.readouterr().out
    assert "FAILED  style" in printed and "passed  browser" in printed and "8 passed, 2 failed" in printed


def _names(lines):
    return {
        re.split(r"[=<>\[; ]", line, maxsplit=1)[0].lower().replace("_", "-") for line in lines if line and line[0] not in "#-"
    }


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-book.lock"])
def test_lock_files_hold_exact_versions(lock):
    lines = (storage.ROOT / lock).read_text().splitlines()[1:]
    assert len(lines) > 50 and all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)


def test_lock_files_are_current():
    project = tomllib.loads((storage.ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    full = (storage.ROOT / "requirements.lock").read_text().splitlines()
    light = (storage.ROOT / "requirements-book.lock").read_text().splitlines()
    assert _names(project["dependencies"] + extras["notebooks"] + extras["test"]) <= _names(full)
    assert _names(extras["book"]) <= _names(light)
    assert set(light[1:]) <= set(full), "the light environment has the full one's versions"
