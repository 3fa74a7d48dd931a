"""How chapters are built: the measures themselves, and that no chapter makes them worse."""

import pytest

from agnbook import storage
from agnbook.chapter import claims
from agnbook.press import chapter_style


@pytest.fixture
def chapters(data, monkeypatch):
    """An empty book; the returned function writes a chapter of cells, given as (tags, source)."""
    (data / "notebooks").mkdir()
    (data / "claims").mkdir()
    source = storage.ROOT / "data" / "claims" / "book.toml"
    (data / "claims" / "book.toml").write_text(source.read_text())
    monkeypatch.setattr(storage, "ROOT", data)

    def write(name, *cells):
        text = "\n\n".join(f"# %% tags={tags!r}\n{code}".replace("'", '"') for tags, code in cells)
        (data / "notebooks" / f"{name}.py").write_text(text + "\n")

    return write


def test_chapters_are_not_longer_than_published():
    worse = chapter_style.worse(chapter_style.measure(chapter_style.cells()))
    assert not worse, "\n".join(worse)


def test_only_code_that_the_page_shows_is_measured(chapters):
    chapters("11_a", ([], "a = 1"), (["remove-cell"], "b = 2\n" * 20), (["hide-input"], "c = 3\n" * 16), (["remove-input"], "d"))
    shown = chapter_style.cells()
    assert [(cell.number, len(cell.lines)) for cell in shown] == [(1, 1), (3, 16)]
    assert str(shown[1]) == "11_a, code cell 3: c = 3"


def test_measures_count_cells_lines_and_chapters(chapters):
    chapters("11_a", *[([], f"value = {number}") for number in range(31)])
    chapters("12_b", ([], "\n".join("x = 1" for _ in range(16))), ([], "y = '" + 90 * "a" + "'"))
    found = chapter_style.measure(chapter_style.cells())
    assert {name: (one.ours, one.n) for name, one in found.items()} == {
        "book.cells_over_15_lines": (1, 33), "book.longest_line": (96, 48), "book.chapters_over_30_cells": (1, 2),
    }  # fmt: skip


def test_a_solution_is_no_cell_to_read_through_but_its_lines_must_fit(chapters):
    chapters("11_a", ([], "a = 1"), (["hide-cell", "solution"], "b = 2\n" * 19 + "c = '" + 90 * "a" + "'"))
    found = chapter_style.measure(chapter_style.cells())
    assert (found["book.cells_over_15_lines"].ours, found["book.cells_over_15_lines"].n) == (0, 1)
    assert found["book.longest_line"].ours == 96


def test_chapters_short_of_exercises_are_listed(chapters, data, capsys):
    solution = ["hide-cell", "solution"]
    chapters("11_a", (solution, "print(2)"), (solution, 'Markdown("2")'))
    chapters("12_b", (solution, "print(2)"), (solution, "x = 2"), ([], "print(3)"))
    assert chapter_style.exercises() == {"11_a": (2, 2), "12_b": (2, 1)}
    assert chapter_style.main([]) == 0
    told = capsys.readouterr().out
    assert "12_b: 2 solutions of exercises, 1 that say" in told and "11_a:" not in told


def test_a_result_typed_into_a_solution_is_named(chapters, data):
    solution = ["hide-cell", "solution"]
    chapters("11_a", (solution, 'print(f"It is {x:.2f} of 21, 95 % inside.")'), ([], 'print("a profile of 0.5 is told")'))
    assert chapter_style.typed_results() == []
    chapters("12_b", (solution, 'print("It is 0.41.")'), (solution, 'Markdown(f"In {band}, 71 % lie inside.")'))
    (data / "notebooks" / "13_c.py").write_text("# %% [markdown]\n# :::{admonition} Solution\n# It is 2.\n# :::\n")
    named = chapter_style.typed_results()
    assert [line.partition(":")[0] for line in named] == ["13_c", "12_b, code cell 1", "12_b, code cell 2"]
    assert "'It is 0.41.'" in named[1]


def test_no_solution_of_the_book_has_a_typed_result():
    assert chapter_style.typed_results() == []


def test_better_measures_are_published_and_worse_ones_named(chapters, data, capsys):
    chapters("11_a", ([], "a = 1\n" * 16))
    chapter_style.renew()
    assert not (data / "results" / "book.json").exists(), "the first time must be meant"
    assert chapter_style.main(["publish"]) == 0
    assert claims.get("book.cells_over_15_lines")["ours"] == 1
    chapters("11_a", ([], "a = 1\n" * 3))
    chapter_style.renew()
    assert claims.get("book.cells_over_15_lines")["ours"] == 0
    chapters("11_a", ([], "a = 1\n" * 40))
    capsys.readouterr()
    chapter_style.renew()
    assert "book.cells_over_15_lines is 1, published 0" in capsys.readouterr().out
    assert claims.get("book.cells_over_15_lines")["ours"] == 0
    assert chapter_style.main([]) == 0
    assert "  40 lines  11_a, code cell 1: a = 1" in capsys.readouterr().out


def test_publishing_must_be_meant(chapters, monkeypatch, capsys):
    chapters("11_a", ([], "a = 1"))
    monkeypatch.setenv("AGNBOOK_PUBLISH", "0")
    assert chapter_style.main(["publish"]) == 2
    assert "needs AGNBOOK_PUBLISH=1" in capsys.readouterr().err
