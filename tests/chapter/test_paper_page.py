"""What a paper states, as one tidy table."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pytest

from agnbook import storage
from agnbook.chapter import declared, paper_page
from agnbook.errors import ResultsError

CLAIMS = """
[[group]]
tolerance = 0.02
because = "rounding"
why = "another split"
[group.claims]
"a.sigma" = { what = "sigma", paper = 0.3, where = "smith2020, Fig. 2" }
"a.second" = { what = "accuracy", paper = 0.8, where = "smith2020, Table 2 (lower half), Network, Accuracy" }
"a.rmse" = { what = "RMSE", paper = 0.4, where = "smith2020, Table 1, Network, RMSE", baseline = "a.trivial" }
"a.other" = { what = "not his", paper = 7, where = "jones2021, Table 1, n" }

[[group]]
[group.claims]
"a.trivial" = { what = "RMSE of the mean" }
"""
OURS = {"a.sigma": 0.31, "a.second": None, "a.rmse": 0.5, "a.other": 7, "a.trivial": 0.6}
VERDICTS = {
    "a.sigma": "reproduced",
    "a.second": "not tested",
    "a.rmse": "differs",
    "a.other": "reproduced",
    "a.trivial": "beyond",
}


@pytest.fixture
def book(data):
    (data / "claims").mkdir(exist_ok=True)
    (data / "results").mkdir(exist_ok=True)
    (data / "claims" / "11_measure.toml").write_text(CLAIMS)
    entries = [
        vars(claim) | {"ours": OURS[name], "interval": [0.45, 0.55] if name == "a.rmse" else None, "n": 62}
        | {"verdict": VERDICTS.get(name, "beyond")}
        for name, claim in declared.read("11_measure").items()
    ]  # fmt: skip
    (data / "results" / "11_measure.json").write_text(json.dumps(entries))


def test_one_row_a_number_in_the_papers_order(book):
    rows = paper_page.numbers("smith2020")
    assert list(rows.index) == ["a.rmse", "a.second", "a.sigma"], "Table 1, Table 2, figures; no other paper, no own result"
    assert list(rows["element"]) == ["Table 1", "Table 2", "Fig. 2"]
    assert list(rows["what"]) == ["Network, RMSE", "Network, Accuracy", "sigma"]
    row = rows.loc["a.rmse"]
    assert (row["paper"], row["ours"], row["low"], row["high"], row["baseline"]) == (0.4, 0.5, 0.45, 0.55, 0.6)
    assert (row["verdict"], row["chapter"], row["n"]) == ("differs", "11_measure", 62)
    assert np.isnan(rows.loc["a.second", "ours"]) and np.isnan(rows.loc["a.sigma", "baseline"])


def test_shown_in_six_columns_with_the_interval_behind_ours(book):
    shown = paper_page.show(paper_page.numbers("smith2020"))
    assert shown.shape[1] + 1 == 6
    assert list(shown.loc["Network, RMSE"]) == ["0.400", "0.500 (0.450 – 0.550)", "0.600", "differs", "11"]
    assert list(shown.loc["Network, Accuracy"]) == ["0.800", "–", "–", "not tested", "11"]
    assert "trivial" not in paper_page.show(paper_page.numbers("jones2021"))


def test_laid_out_as_the_paper_does(book):
    shown = paper_page.grid(paper_page.numbers("smith2020").loc[["a.second", "a.rmse"]])
    assert list(shown) == ["Network", "trivial"] and list(shown.index) == ["Accuracy", "RMSE"], "in the order of the rows"
    assert list(shown["Network"]) == ["0.800", "0.400 / 0.500 *"] and list(shown["trivial"]) == ["–", "0.600"]


def test_a_count_is_shown_whole(book):
    assert list(paper_page.show(paper_page.numbers("jones2021"))["paper"]) == ["7"]


def test_verdicts_are_counted_by_element(book):
    counts = paper_page.count(paper_page.numbers("smith2020"))
    assert list(counts.index) == ["Table 1", "Table 2", "Fig. 2"]
    assert counts.to_numpy().sum(axis=1).tolist() == [1, 1, 1] and counts.loc["Table 1", "differs"] == 1


def test_drawn_in_tolerances_and_held_inside_the_ends(book):
    fig, ax = plt.subplots()
    paper_page.draw(ax, paper_page.numbers("smith2020"), ends=3)
    points = {line.get_label(): line.get_xdata() for line in ax.lines}
    np.testing.assert_allclose(points["reproduced"], [0.5])
    np.testing.assert_allclose(points["differs"], [3.0])  # five tolerances away
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Table 1", "Fig. 2"]
    plt.close(fig)


def test_an_unknown_paper_is_named(book):
    with pytest.raises(ResultsError, match=r"nobody1900.*where"):
        paper_page.numbers("nobody1900")


def test_a_chapter_without_source_keeps_its_name():
    assert paper_page.title("99_nothing") == "99_nothing"
    chapter = next((storage.ROOT / "notebooks").glob("41_*.py"))
    assert "41" not in paper_page.title(chapter.stem)


def test_every_baseline_is_a_claim():
    known = {name: claim for chapter in declared.chapters() for name, claim in declared.read(chapter).items()}
    for claim in known.values():
        assert not claim.baseline or claim.baseline in known, claim.id
