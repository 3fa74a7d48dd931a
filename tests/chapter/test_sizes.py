"""Sizes of a run: one file, three profiles."""

import pytest
from simulated import SETTINGS

from agnbook import storage
from agnbook.chapter import sizes
from agnbook.errors import SettingsError


def test_settings_by_key_and_attribute():
    assert SETTINGS["epochs"] == SETTINGS.epochs == 3
    assert SETTINGS.recompute and not sizes.Settings("x", "book", {}).recompute


def test_unknown_setting_profile_and_chapter_are_named():
    with pytest.raises(SettingsError, match=r"no setting 'epoch'.*sizes.yml; it has epochs"):
        SETTINGS["epoch"]
    with pytest.raises(SettingsError, match="Unknown profile 'big'; choose one of smoke, book, paper"):
        sizes.load("11_prepare_features", "big")
    with pytest.raises(SettingsError, match=r"no chapter '00_nothing'; it has 10_read_the_paper, 11_prepare_features"):
        sizes.load("00_nothing")


@pytest.mark.parametrize("profile", sizes.NAMES)
@pytest.mark.parametrize("chapter", sizes.chapters())
def test_every_profile_has_the_settings_of_book(chapter, profile):
    assert sizes.load(chapter, profile).values.keys() == sizes.load(chapter).values.keys()


@pytest.fixture
def one_chapter(tmp_path, monkeypatch):
    """A book of one chapter; write its sizes into the yielded path."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setattr(storage, "ROOT", tmp_path)
    sizes._read.cache_clear()
    yield tmp_path / "notebooks" / "sizes.yml"
    sizes._read.cache_clear()


def test_a_profile_changes_only_what_it_names(one_chapter):
    one_chapter.write_text("11_a:\n  book: {epochs: 500, depth: null}\n  smoke: {epochs: 4}\n12_b: {}\n")
    assert sizes.load("11_a").values == sizes.load("11_a", "paper").values == {"epochs": 500, "depth": None}
    assert sizes.load("11_a", "smoke").values == {"epochs": 4, "depth": None}
    assert sizes.load("12_b", "smoke").values == {}


def test_a_slip_in_the_file_is_named(one_chapter):
    one_chapter.write_text("11_a:\n  book: {epochs: 500}\n  smoke: {epoch: 4}\n12_b:\n  bok: {}\n")
    with pytest.raises(SettingsError, match=r"sizes.yml, 11_a: `smoke` changes epoch, which `book` does not have"):
        sizes.load("11_a", "smoke")
    with pytest.raises(SettingsError, match=r"sizes.yml, 12_b: unknown profile bok"):
        sizes.load("12_b")


def test_a_missing_file_is_one_clear_error(one_chapter):
    with pytest.raises(SettingsError, match=r"Cannot read .*sizes.yml: No such file.*clone of the book"):
        sizes.load("11_a")
