"""Text tables in the dialects that people write."""

import csv
import time

import numpy as np
import pandas as pd
import pytest
from hostile import BLAZARS

from agnbook.ask import command_line, csv_text, tables, user_columns
from agnbook.errors import FeatureError

ROWS = [["4FGL A", "1.5", "-3"], ["b", "2.5e3", ""], ["c", "7", "4"]]
HEADER = ["Source_Name", "x", "y"]


def written(separator=",", header=HEADER, rows=ROWS, start="", decimal="."):
    lines = [separator.join(row) for row in [header, *rows]]
    if decimal == ",":
        lines = [lines[0], *(line.replace(".", ",") for line in lines[1:])]
    return start + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        written(), written(";"), written("\t"), written("|"), written(", "), written(";", decimal=","),
        written("\t", decimal=","),
        written(start="#"), written(start="# "), written(start="# made by hand\n#"), written(start="# a comment, of mine\n"),
        written(";", start="sep=;\n"), written(start="SEP=,\n"),
        written(rows=[["", "MeV", "deg"], *ROWS]), written(rows=[["", "[MeV]", ""], *ROWS]),
        written(header=["", *HEADER], rows=[[str(k), *row] for k, row in enumerate(ROWS)]),
        written(";", rows=[['"4FGL A"', "1.5", "-3"], *ROWS[1:]]), written() + "\n", "\n" + written(),
    ],
)  # fmt: skip
def test_every_dialect_is_the_same_table(text):
    table = csv_text.parse(text.lstrip("\n") if text.startswith("\n") else text, ("source_name",))
    assert table.colnames == HEADER and list(table["Source_Name"]) == ["4FGL A", "b", "c"]
    np.testing.assert_array_equal(table["x"], [1.5, 2500, 7])
    np.testing.assert_array_equal(np.ma.filled(table["y"], np.nan), [-3, np.nan, 4])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('Source_Name x y\n"4FGL A" 1.5 -3\n', "4FGL A"), ('  Source_Name x y\n  "4FGL A"  1.5 -3\n', "4FGL A"),
        ("Source_Name   x   y\n4FGL J0001.2+4741   1.5 -3\n4FGL J0002.0+0000 2 nan\n", "4FGL J0001.2+4741"),
        ("# made by hand\nSource_Name x y\nb 1.5 -3\n", "b"),
    ],
)  # fmt: skip
def test_columns_set_apart_by_spaces(text, name):
    table = csv_text.parse(text, ("source_name",))
    assert table.colnames == HEADER and tuple(table[0]) == (name, 1.5, -3)


def test_spaces_that_do_not_add_up_are_told():
    with pytest.raises(ValueError, match="different numbers of columns"):
        csv_text.parse("Source_Name x y\na 1\nb 1 2 3 4\n")


def test_a_row_of_units_gives_units_and_words_among_numbers_do_not():
    table = csv_text.parse(written(rows=[["", "MeV", "deg"], *ROWS]))
    assert str(table["x"].unit) == "MeV" and str(table["y"].unit) == "deg" and len(table) == 3
    assert len(csv_text.parse(written(rows=[["d", "soft", "4"], *ROWS]))) == 4
    assert len(csv_text.parse(written(rows=[["d", "bright", "faint"], *ROWS]))) == 4


def test_names_stay_texts():
    names = ["007", "1e5", "12345678901234567890", "NA", "null", "ε Eri", "1.0"]
    table = csv_text.parse("name,x\n" + "".join(f"{name},1\n" for name in names), ("name",))
    assert list(table["name"]) == names


@pytest.mark.parametrize("text", ["name,x,x\na,1,2\n", "name,name\na,b\n"])
def test_a_header_twice_is_refused_by_name(text):
    with pytest.raises(FeatureError, match=r"(x|name) stands twice"):
        csv_text.parse(text)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "a,b\n1,2,3\n"])
def test_what_is_no_table(text, tmp_path):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(FeatureError, match=r"Cannot read .*a\.csv"):
        tables.read(tmp_path / "a.csv")


def test_a_row_with_too_many_cells_costs_only_itself():
    text = 'Source_Name,PL_Index\none,1.5\ntwo, or so,2.5\n\n"three, quoted",3.5,,\nfour,4.5\nfive,5.5,'
    table = csv_text.parse(text, ("source_name",))
    assert list(table["Source_Name"]) == ["one", "two", "three, quoted", "four", "five"]
    assert np.array_equal(np.ma.filled(table["PL_Index"], np.nan), [1.5, np.nan, 3.5, 4.5, 5.5], equal_nan=True)
    assert list(table.meta["unread"]) == [1] and "3 cells, the header 2" in table.meta["unread"][1]
    rows = user_columns.read_rows(table, ["PL_Index"])
    assert list(rows.problem != "") == [False, True, False, False, False] and "only its name" in rows.problem[1]
    with pytest.raises(FeatureError, match=r"3 cells, the header 2: only its name is used .1 row, the first two"):
        user_columns.read_rows(table, ["PL_Index"], strict=True)


@pytest.mark.parametrize("text", ["a,b\n1,2,3\n4,5\n", 'a,b\n1,2\n3,4,5\n"6,7\n8,9\n'])
def test_a_table_that_is_another_one_than_it_seems_is_refused(text):
    with pytest.raises((ValueError, csv.Error), match=r"1 of its 2 rows have more cells|unexpected end"):
        csv_text.parse(text)


def test_a_header_of_very_many_columns_takes_moments():
    """Each name against each other would be 4e10 comparisons."""
    started = time.process_time()
    assert csv_text.twins([*(f"c{number}" for number in range(200_000)), "c7", "", ""]) == ["c7"]
    assert time.process_time() - started < 10


@pytest.mark.slow
@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")  # which `redshift` joins by name
def test_a_table_of_very_many_columns_is_answered_and_its_columns_are_not_all_told(tmp_path, capsys):
    wide = {f"c{number} " + "x" * 200: [1.0] * 3 for number in range(3000)}
    pd.concat([BLAZARS, pd.DataFrame(wide)], axis=1).to_csv(tmp_path / "in.csv", index=False)
    assert command_line.main(["classify", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv")]) == 0
    capsys.readouterr()
    for command in (["redshift"], ["lightcurve"], ["classify", "--column", "PL_Index=x"], ["score", "--exam", "redshift"]):
        assert command_line.main([*command, str(tmp_path / "in.csv")]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and len(error) < 3000, error


def test_titles_wrapped_by_a_spreadsheet_are_columns(tmp_path, capsys):
    table = csv_text.parse('Source_Name,"Pivot_Energy\n(MeV)","b\nc"\nA,1,2\nB,3,"4\n"\n')
    assert table.colnames == ["Source_Name", "Pivot_Energy (MeV)", "b c"] and len(table) == 2
    assert list(csv_text.parse('a,5" pipe\n1,2\n3,4\n')['5" pipe']) == [2, 4], "a quote that is no quote"
