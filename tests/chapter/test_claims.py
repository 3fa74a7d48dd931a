"""The published claims: consistent among themselves, with the design's ids, and recomputed where that is cheap."""

import json
import re

import pytest

from agnbook import committed, storage
from agnbook.chapter import claims, declared, sizes
from agnbook.judge import cross_validation
from agnbook.press import chapters
from agnbook.sky import features, registry

ENTRIES = claims.load()


def test_every_chapter_publishes_claims():
    assert {entry["chapter"] for entry in ENTRIES} == {*chapters.names(), "book"}


def test_ids_are_unique():
    ids = [entry["id"] for entry in ENTRIES]
    assert sorted(set(ids)) == sorted(ids)


DECLARED = {chapter: declared.read(chapter) for chapter in declared.chapters()}
CITATIONS = set(re.findall(r"^@\w+\{(\w+),", (storage.ROOT / "book" / "references.bib").read_text(), re.MULTILINE))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_entry_is_consistent(entry):
    claim = DECLARED[entry["chapter"]][entry["id"]]
    fixed = ["what", "paper", "where", "because", "unit"] + ["tolerance"] * (claim.tolerance != declared.MEASURED)
    assert {name: entry[name] for name in fixed} == {name: getattr(claim, name) for name in fixed}
    assert claims.verdict(entry["ours"], entry["paper"], entry["tolerance"]) == entry["verdict"]
    assert entry["why"] == (claim.why if entry["verdict"] in ("differs", "not tested") else "")
    values = {} if entry["chapter"] == "book" else sizes.load(entry["chapter"]).values
    assert entry["how"].startswith(claim.how.format_map(values))
    assert entry["profile"] in ("book", "paper"), "smoke results are never published"
    if entry["interval"] is not None and entry["ours"] is not None:
        low, high = entry["interval"]
        assert low < high, "an interval without width says nothing"
        assert low - 1e-6 <= entry["ours"] <= high + 1e-6, "an interval that leaves out its own estimate"


@pytest.mark.parametrize("chapter", DECLARED)
def test_declared_and_published_claims_are_the_same(chapter):
    assert list(DECLARED[chapter]) == [entry["id"] for entry in ENTRIES if entry["chapter"] == chapter]
    for claim in DECLARED[chapter].values():
        assert not claim.where or claim.where.partition(",")[0] in CITATIONS, "`where` begins with a citation key"


def test_every_artifact_matches_its_record():
    records = json.loads((storage.DATA / "results" / "artifacts.json").read_text())
    for path, record in records.items():
        assert committed.verify(path).exists()
        assert record["profile"] == "paper" and record["chapter"] in chapters.names(), path


def test_peak_memory_of_each_chapter_is_below_4_gb():
    runs = json.loads((storage.DATA / "results" / "runs.json").read_text())
    assert set(chapters.names()) <= set(runs)
    assert max(run["peak_memory_gb"] for run in runs.values()) < 4
    # A busy machine lengthens the time on the clock, two cores that of the processor: the smaller one is the chapter's own.
    seconds = [min(run["wall_seconds"], run.get("processor_seconds", run["wall_seconds"])) for run in runs.values()]
    assert max(seconds) < 180


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_sample_sizes_are_recomputed(high_latitude, both_latitudes):
    assert claims.get("data.redshift.rows")["ours"] == len(features.redshift_features(high_latitude))
    assert claims.get("data.blazars.rows")["ours"] == len(features.blazar_features(both_latitudes))


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_committed_folds_regenerate_from_their_seed(high_latitude, both_latitudes):
    redshift = features.redshift_features(high_latitude)
    assert (
        cross_validation.load_folds("redshift_10x3", redshift.X.index) == cross_validation.repeated_folds(1224, 10, 3, seed=0)
    ).all()


def test_registry_is_complete():
    for entry in registry.entries().values():
        assert len(entry.sha256) == 64 and entry.rows > 0 and entry.help
