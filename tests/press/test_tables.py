"""Tables of the pages: one head row, aligned numbers, one style of interval, links of claims, long lists folded."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from agnbook.press import tables


def dressed(frame, known=()):
    return BeautifulSoup(tables.dress(frame.to_html(), "../card.html#claim-", set(known)), "html.parser")


def texts(row, names=("th", "td")):
    return [cell.get_text() for cell in row.find_all(list(names))]


def test_the_name_of_the_index_stands_in_the_one_head_row():
    frame = pd.DataFrame({"mean": [0.5, 1.0], "word": ["a", "b"]}, pd.Index(["x", "y"], name="class"))
    (head,) = dressed(frame).thead.find_all("tr")
    assert texts(head) == ["class", "mean", "word"]
    two = pd.crosstab(pd.Series(list("aab"), name="row"), pd.Series([1, 2, 1], name="epoch"))
    assert texts(dressed(two).thead.find("tr"))[0] == "row ↓ epoch →"
    unnamed = pd.crosstab(pd.Series(list("aab"), name="row"), np.array([1, 2, 1]))
    assert texts(dressed(unnamed).thead.find("tr"))[0] == "row"


def test_all_levels_of_an_index_and_of_the_columns_stay():
    frame = pd.DataFrame({("a", "n"): [1, 2], ("a", "m"): [3, 4], ("b", "n"): [5, 6]})
    frame.index = pd.MultiIndex.from_tuples([("p", "q"), ("p", "r")], names=["first", "second"])
    rows = dressed(frame).thead.find_all("tr")
    assert len(rows) == 2 and texts(rows[-1]) == ["first", "second", "n", "m", "n"]
    assert [texts(row, ["td"]) for row in dressed(frame).tbody.find_all("tr")] == [["1", "3", "5"], ["2", "4", "6"]]


def test_a_column_is_of_numbers_or_of_words():
    frame = pd.DataFrame({"value": ["-0.12 (-0.30 – -0.01)", "–", "0.20 (0.1-0.3)"], "word": ["a", None, "4"]}, list("xyz"))
    table = dressed(frame)
    assert [cell.get("class") for cell in table.thead.find_all("th")[-2:]] == [["number"], ["text"]]
    rows = [row.find_all("td") for row in table.tbody.find_all("tr")]
    assert [row[0].get_text() for row in rows] == ["−0.12 (−0.30 to −0.01)", "–", "0.20 (0.1 to 0.3)"]
    assert all(row[0]["class"] == ["number"] and row[1]["class"] == ["text"] for row in rows)


def test_the_ends_of_an_interval_stand_behind_its_value():
    frame = pd.DataFrame({"n": [9, 9], "value": [-0.5, 0.25], "low": [-0.75, np.nan], "high": [-0.25, np.nan], "more": [1, 2]})
    frame.index = pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])
    table = dressed(frame)
    assert texts(table.thead.find("tr"))[-3:] == ["n", "value", "more"]
    assert [texts(row, ["td"]) for row in table.tbody.find_all("tr")] == [
        ["9", "−0.50 (−0.75 to −0.25)", "1"],
        ["9", "0.25", "2"],
    ]
    assert table.thead.find_all(class_="number")[1].get_text() == "value"
    other = pd.DataFrame({"error": [0.3, 0.4], "from": [0.01, 0.02], "to": [0.03, 0.5]}, ["a", "b"])
    assert texts(dressed(other).thead.find("tr")) == ["", "error", "from", "to"], "ends of something else stay columns"
    alone = dressed(pd.DataFrame({"low": [1], "high": [2]}, ["a"]))
    assert texts(alone.thead.find("tr")) == ["", "low", "high"], "ends without a value stay columns"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("-0.5", "−0.5"),
        ("1e-05", "1e-05"),
        ("0.1 – 0.2", "0.1 to 0.2"),
        ("3.5-4.5", "3.5-4.5"),  # a bin, not an interval
        ("0.6 (0.5-0.7)", "0.6 (0.5 to 0.7)"),
        ("2022-05-01", "2022-05-01"),
        ("-0.000", "0.000"),
        ("0.00 (-0.02 – -0.00)", "0.00 (−0.02 to 0.00)"),
        ("-0.05", "−0.05"),
    ],
)
def test_one_style_of_minus_and_interval(text, shown):
    assert tables.typeset(text) == shown


def test_an_index_that_only_counts_is_left_out():
    assert texts(dressed(pd.DataFrame({"a": [5, 6]})).thead.find("tr")) == ["a"]
    for meant in (pd.RangeIndex(1, 3), pd.RangeIndex(2, name="component")):
        assert len(texts(dressed(pd.DataFrame({"a": [5, 6]}, meant)).thead.find("tr"))) == 2


def test_claims_lead_to_the_scorecard_and_long_lists_are_folded():
    def listed(count):
        names = [f"a.b.c{number}" for number in range(count)]
        frame = pd.DataFrame({"ours": 0.5, "verdict": "beyond"}, pd.Index([*names, "a.else"], name="claim"))
        return dressed(frame, names)

    short, long = listed(3), listed(tables.LONG + 1)
    assert short.details is None and short.a["href"] == "../card.html#claim-a.b.c0"
    assert short.a.get_text() == "a.b.c0" and short.a.find_parent("th")["scope"] == "row"
    assert len(short.find_all("a")) == 3, "an id that is not published is no link"
    assert long.summary.get_text() == f"All {tables.LONG + 1} claims: {tables.LONG + 1} beyond the paper"
    assert long.details.find("table") is not None


def test_a_claim_of_a_count_has_no_decimals_and_a_gap_is_a_dash():
    frame = pd.DataFrame({"paper": ["7.00", "9.00", "–"], "ours": ["7.00", "9.71", "1.00"], "interval": "–"}, list("abc"))
    rows = dressed(frame, "abc").tbody.find_all("tr")
    assert [texts(row, ["td"]) for row in rows] == [["7", "7", "–"], ["9.00", "9.71", "–"], ["–", "1.00", "–"]]
    assert all(cell["class"] == ["number"] for cell in rows[0].find_all("td"))
    measured = {"paper": 2.0, "ours": 2.004, "interval": None, "n": None, "verdict": "reproduced", "tolerance": 0.1}
    both = [measured | {"id": "a"}, measured | {"id": "b", "ours": 2.0, "tolerance": 0}]
    listed = BeautifulSoup(tables.claims_list(both, ""), "html.parser").tbody.find_all("tr")
    assert [texts(row, ["td"])[:2] for row in listed] == [["2.00", "2.00"], ["2", "2"]], "only a count is whole"
    alone = dressed(pd.DataFrame({"ours": ["0.00", "4.00"]}, list("ab")), "ab")
    assert [cell.get_text() for cell in alone.find_all("td", class_="number")] == ["0", "4.00"]


def test_short_words_and_names_of_sources_are_not_broken():
    frame = pd.DataFrame({"name": ["3C 279", "a longer text than that"], "n": ["1 (0 to 2)", "2"]})
    table = dressed(frame.set_index(pd.Index(["4FGL J1256.1-0547", "4FGL J1104.4+3812"])))
    assert [cell.get_text() for cell in table.find_all(class_="whole")] == ["4FGL J1256.1-0547", "3C 279", "4FGL J1104.4+3812"]


def test_an_interval_with_units_or_a_level_is_joined_too_and_has_one_number_of_decimals():
    cells = {"gain (mag)": ["0.5", "-1"], "95\xa0% from (mag)": ["0.25", "-2"], "to (mag)": ["1.0", "2"]}
    frame = pd.DataFrame(cells, ["a", "b"])
    rows = dressed(frame).tbody.find_all("tr")
    assert [texts(row, ["td"]) for row in rows] == [["0.50 (0.25 to 1.00)"], ["−1 (−2 to 2)"]]
    ends = rows[0].find("span", class_="ends")
    assert ends.get_text() == "(0.25 to 1.00)", "on a phone it stands below the value"


def test_a_list_of_claims_without_verdicts_counts_none():
    frame = pd.DataFrame({"ours": "1", "n": "–"}, [f"a.b{k}" for k in range(13)])
    summary = dressed(frame, frame.index).summary
    assert summary.get_text() == "All 13 claims"


def test_long_names_in_a_table_break_at_their_joints_alone():
    cell = '<code>data/a_very_long_name.csv</code> and 0.123456789012345 <a href="x-a.b-c-d-e">words</a>'
    html = f"<table><tr><td>{cell}</td></tr></table>"
    shown = tables.dress(html, "", set())
    assert "data/<wbr>a_<wbr>very_<wbr>long_<wbr>name.<wbr>csv</code> and 0.123456789012345 <a href" in shown
    assert 'href="x-a.b-c-d-e"' in shown
    assert "a.<wbr>b_<wbr>c</a>" in tables.dress('<a href="s.html#claim-a.b_c">a.b_c</a>', "", set())


def test_the_style_that_pandas_writes_is_left_out():
    frame = pd.DataFrame({"a": [1]})
    assert "<style" in frame._repr_html_() and "<style" not in tables.dress(frame._repr_html_(), "", set())


def test_other_tables_keep_their_words_and_align_their_numbers():
    html = "<table><thead><tr><th></th><th>n</th></tr></thead><tr><td>12</td><td class='x'>3C 273</td></tr></table>"
    shown = tables.dress(html, "", set())
    assert '<td class="number">12</td>' in shown and "<td></td>" in shown and "3C 273" in shown
