"""Cells that are no values, and names that are trouble: each costs its own row and nothing else."""

import numpy as np
import pandas as pd
import pytest
from hostile import BLAZARS, CELLS, GAMMA, NAME_OUTPUTS, NAMES, SIX_CELLS, WORDS
from simulated import catalogue

from agnbook.ask import command_line, last_guard, tables


def _run(tmp_path, capsys, arguments, text: str, output: str = "out.csv"):
    """Return exit status, message and path of the output of a command on a CSV text."""
    (tmp_path / "given.csv").write_text(text, encoding="utf-8")
    status = command_line.main([*arguments, str(tmp_path / "given.csv"), "-o", str(tmp_path / output)])
    error = capsys.readouterr().err
    assert "Traceback" not in error and "should not have happened" not in error
    assert "\x1b" not in error and "\u202e" not in error
    return status, error, tmp_path / output


def _with(table: pd.DataFrame, column: str, cell: str) -> str:
    """The table as CSV, with a cell in the first row as it is written here."""
    table = table.astype({column: object})
    table.loc[0, column] = "@@"
    return table.to_csv(index=False).replace("@@", cell)


def _costs_its_row(answer: pd.DataFrame, clean: pd.DataFrame, value: str, column: str) -> None:
    first = answer.iloc[0]
    assert np.isnan(first[value]) and column in str(first["problem"]) + str(first["not_given"])
    pd.testing.assert_frame_equal(answer.iloc[1:], clean.iloc[1:], check_dtype=False)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """Answers to the tables without anything wrong."""
    folder, found = tmp_path_factory.mktemp("clean"), {}
    for groups, table in {"blazars": BLAZARS, "six": GAMMA}.items():
        table.to_csv(folder / "in.csv", index=False)
        arguments = ["classify", "--groups", groups, str(folder / "in.csv"), "-o", str(folder / f"{groups}.csv")]
        assert command_line.main(arguments) == 0
        found[groups] = pd.read_csv(folder / f"{groups}.csv")
    return found


@pytest.mark.parametrize("column", BLAZARS.columns[1:])
@pytest.mark.parametrize("what", CELLS)
def test_a_cell_of_a_blazar_costs_its_row(what, column, clean, tmp_path, capsys):
    status, error, output = _run(tmp_path, capsys, ["classify"], _with(BLAZARS, column, CELLS[what]))
    assert status == last_guard.PARTLY and "2 of 3 sources" in error, error
    _costs_its_row(pd.read_csv(output), clean["blazars"], "probability_fsrq", column)


@pytest.mark.parametrize(("column", "cell"), SIX_CELLS)
def test_a_cell_of_a_gamma_ray_source_costs_its_row(column, cell, clean, tmp_path, capsys):
    status, error, output = _run(tmp_path, capsys, ["classify", "--groups", "six"], _with(GAMMA, column, cell))
    assert status == last_guard.PARTLY and "2 of 3 sources" in error, error
    _costs_its_row(pd.read_csv(output), clean["six"], "psr+", column)


@pytest.mark.parametrize("strict_column", ["PL_Index", "nu_syn"])
@pytest.mark.parametrize("what", ["a word", "a sentinel", "huge", "an escape code"])
def test_strict_refuses_the_table(what, strict_column, tmp_path, capsys):
    status, error, output = _run(tmp_path, capsys, ["classify", "--strict"], _with(BLAZARS, strict_column, CELLS[what]))
    assert status == 2 and error.count("\n") == 1 and strict_column in error and not output.exists()


@pytest.mark.parametrize(("column", "word"), WORDS)
def test_a_word_that_the_model_does_not_know_is_not_used(column, word, tmp_path, capsys):
    table = catalogue(3).assign(**{column: [word, *catalogue(3)[column][1:]]})
    status, _, output = _run(tmp_path, capsys, ["redshift"], table.to_csv(index=False))
    answer = pd.read_csv(output)
    can_do_without = column in ("SED_class", "Counterpart_Catalog")
    assert status == (last_guard.DONE if can_do_without else last_guard.PARTLY)
    assert column in answer["problem"][0] and answer["problem"][1:].isna().all()
    assert np.isfinite(answer["z_q500"]).tolist() == [can_do_without, True, True]


@pytest.mark.parametrize("text", ["-", "--", "None", "null", "n/a", "no", "FALSE", "0"])
def test_a_text_that_says_nothing_is_no_counterpart(text, tmp_path, capsys):
    names = ["4FGL J0001.0+0000", "4FGL J0002.0+0000"]
    table = pd.concat([catalogue(1)] * 2, ignore_index=True).assign(Source_Name=names, VLBI_Counterpart=["", text])
    answer = pd.read_csv(_run(tmp_path, capsys, ["redshift"], table.to_csv(index=False))[2])
    assert answer["z_q500"][0] == answer["z_q500"][1]


@pytest.mark.parametrize("ending", NAME_OUTPUTS)
@pytest.mark.parametrize("what", NAMES)
def test_a_name_is_kept_in_every_format(what, ending, tmp_path, capsys):
    name = NAMES[what]
    given = BLAZARS.assign(Source_Name=[name, *BLAZARS["Source_Name"][1:]])
    status, error, output = _run(tmp_path, capsys, ["classify"], given.to_csv(index=False), f"out.{ending}")
    if status == 2:  # a format that cannot hold it says so
        assert not output.exists() and error.count("\n") == 1
        assert "\0" in name or (ending == "fits" and not name.isascii()) or (ending == "vot" and not name.isprintable())
        return
    found = str(tables.read(output)["Source_Name"][0])
    assert status == 0 and found in (name, f"'{name}" if ending == "csv" else name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["given.csv", f"out.{ending}"]


@pytest.mark.parametrize("column", ["HE_EPeak", "HE_nuFnuPeak", "ASSOC_PROB_BAY", "Highest_energy", "Unc_LP_beta", "nu_syn"])
def test_an_infinite_value_is_told_where_the_model_can_do_without(column, tmp_path, capsys):
    """Minus infinity is 4LAC's own mark of nothing; infinity is no value."""
    for cell, told in (("inf", True), ("1e400", True), ("", False)):
        status, _, output = _run(tmp_path, capsys, ["redshift", "--overwrite"], _with(catalogue(3), column, cell))
        problem = pd.read_csv(output, keep_default_na=False)["problem"]
        assert status == last_guard.DONE and problem.str.contains(f"{column} is inf").tolist() == [told, False, False]
