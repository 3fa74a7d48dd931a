"""The page of changed numbers."""

from itertools import pairwise

import pytest

from agnbook import storage
from agnbook.chapter import claims
from agnbook.press import changes


def entry(name, ours, verdict="beyond"):
    return {"id": name, "ours": ours, "verdict": verdict}


@pytest.fixture
def versions(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "DATA", tmp_path)
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "reasons.toml").write_text('"a.x*" = "Trained anew."\n"a.*" = "Another sample."\n')
    return tmp_path / "versions"


def test_a_number_counts_as_another_when_the_book_prints_another(versions):
    before = changes.table([entry("a.x", 0.41234), entry("a.y", 0.5), entry("a.z", 0.3, "differs"), entry("gone", 1.0)])
    after = changes.table([entry("a.x", 0.41239), entry("a.y", 0.51), entry("a.z", 0.3, "reproduced"), entry("new", 2.0)])
    assert list(changes.compare(before, after).index) == ["a.y", "a.z"]


def test_the_page_compares_each_version_with_the_next(versions):
    for version, value in (("0.2.0", 0.5), ("0.10.0", 0.6)):
        (versions / f"{version}.csv").write_text(changes.table([entry("a.x1", value)]).to_csv())
    page = changes.page([entry("a.x1", 0.6, "differs"), entry("b", 1.0)])
    latest, older = page.index("## 0.10.0 to today"), page.index("## 0.2.0 to 0.10.0")
    assert latest < older
    assert ">a.x1</a> | 0.600 | 0.600 | beyond → differs |" in page[latest:older]
    assert "1 are new" in page[latest:older] and ":::{dropdown} 1 number. Trained anew." in page
    assert ">a.x1</a> | 0.500 | 0.600 | beyond |" in page[older:]


def test_a_release_is_frozen_once(versions, monkeypatch, capsys):
    monkeypatch.setattr(claims, "load", lambda: [entry("a.x", 0.5)])
    assert changes.main(["1.0.0"]) == 0
    assert changes.frozen()["1.0.0"].loc["a.x", "ours"] == 0.5
    assert changes.main(["1.0.0"]) == 2 and "never written again" in capsys.readouterr().err
    assert changes.main(["latest"]) == 2 and "such as 0.2.0" in capsys.readouterr().err


def test_every_number_that_changed_between_releases_has_its_reason():
    known = changes.reasons()
    for before, after in pairwise(changes.frozen().values()):
        assert not [name for name in changes.compare(before, after).index if not changes.reason(name, known)]
