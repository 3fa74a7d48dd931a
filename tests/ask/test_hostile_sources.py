"""Tables of sources: what a format marks as nothing, names that are none or another's, numbers in a unit that nobody states."""

import numpy as np
import pandas as pd
import pytest
from astropy.table import MaskedColumn, Table
from hostile import BLAZARS, GAMMA, NO_NAMES, OTHER_UNITS, SPELLINGS
from simulated import catalogue

from agnbook.ask import command_line, last_guard, tables


def _answer(arguments, path, capsys):
    status = command_line.main([*arguments, str(path), "-o", str(path.with_name("out.csv"))])
    error = capsys.readouterr().err
    assert "Traceback" not in error and "should not have happened" not in error and "Warning" not in error
    return status, error, tables.read(path.with_name("out.csv")).to_pandas() if status != 2 else None


@pytest.mark.parametrize("form", ["fits", "ascii.ecsv", "votable tabledata", "votable binary", "votable binary2"])
def test_what_a_format_masks_is_not_given(form, tmp_path, capsys):
    table = Table.from_pandas(BLAZARS)
    table["Pivot_Energy"] = MaskedColumn(table["Pivot_Energy"], mask=[True, False, False])
    table["nu_syn"] = MaskedColumn(table["nu_syn"], mask=[False, True, False])
    kind, _, layout = form.partition(" ")
    path = tmp_path / f"in.{ {'ascii.ecsv': 'ecsv', 'votable': 'vot'}.get(kind, kind) }"
    table.write(path, format=kind, **({"tabledata_format": layout} if layout else {}))
    status, _, answer = _answer(["classify"], path, capsys)
    assert status == last_guard.PARTLY and answer["probability_fsrq"].isna().tolist() == [True, True, False]
    assert list(answer["not_given"][:2]) == ["Pivot_Energy", "nu_syn"]


@pytest.mark.parametrize(("column", "value"), OTHER_UNITS)
@pytest.mark.parametrize("command", ["classify", "redshift"])
def test_a_peak_in_another_unit_is_not_used(column, value, command, tmp_path, capsys):
    table = (BLAZARS if command == "classify" else catalogue(3)).astype({column: float})
    table.loc[0, column] = value
    table.to_csv(tmp_path / "in.csv", index=False)
    status, _, answer = _answer([command], tmp_path / "in.csv", capsys)
    assert f"{column} is {value:g}" in answer["problem"][0] and answer["problem"].isna()[1:].all()
    assert status == (last_guard.PARTLY if command == "classify" else last_guard.DONE)


@pytest.mark.parametrize("value", [-1, 0.5, 1e6, np.inf])
def test_flags_that_are_none_are_not_used(value, tmp_path, capsys):
    table = catalogue(3).astype({"Flags": float})
    table.loc[0, "Flags"] = value
    table.to_csv(tmp_path / "in.csv", index=False)
    status, _, answer = _answer(["redshift"], tmp_path / "in.csv", capsys)
    assert status == last_guard.PARTLY and answer["z_q500"].isna().tolist() == [True, False, False]
    assert "Flags" in f"{answer['problem'][0]} {answer['not_given'][0]}"


@pytest.mark.parametrize("what", NO_NAMES)
def test_names_that_are_none_are_refused(what, tmp_path, capsys):
    BLAZARS.assign(Source_Name=NO_NAMES[what]).to_parquet(tmp_path / "in.parquet")
    status, error, _ = _answer(["classify"], tmp_path / "in.parquet", capsys)
    assert status == 2 and error.count("\n") == 1 and "Source_Name" in error


@pytest.mark.slow
@pytest.mark.parametrize("name", SPELLINGS)
def test_a_source_that_taught_is_known_under_any_name(name, tmp_path, capsys):
    """By its name alone: the made-up rows lie elsewhere in the sky. The answer is the one held out for it, whatever the name."""
    for command, table, held_out in (("redshift", catalogue(2), "z_q500"), ("six", GAMMA.head(2), "bll+")):
        arguments = ["redshift"] if command == "redshift" else ["classify", "--groups", "six"]
        found = []
        for number, each in enumerate((name, SPELLINGS[0])):
            path = tmp_path / f"{command}{number}" / "in.csv"
            path.parent.mkdir()
            table.assign(Source_Name=[each, "a stranger"]).to_csv(path, index=False)
            _, _, answer = _answer(arguments, path, capsys)
            assert answer["in_training"].astype(str).tolist() == ["True", "False"]
            found.append(answer[held_out][0])
        assert found[0] == found[1]


@pytest.mark.parametrize("column", ["PL_Index", "nu_syn", "Pivot_Energy"])
@pytest.mark.parametrize("kind", [bool, complex])
def test_columns_of_no_numbers_are_refused(column, kind, tmp_path, capsys):
    table = Table.from_pandas(BLAZARS)
    table[column] = np.ones(3, kind)
    table.write(tmp_path / "in.fits")
    status, error, _ = _answer(["classify"], tmp_path / "in.fits", capsys)
    assert status == 2 and f"{column} must hold numbers" in error


@pytest.mark.parametrize("other", ["pl_index", "PL-Index", "PL INDEX", "pl index"])
def test_two_spellings_of_one_column_are_refused(other, tmp_path, capsys):
    BLAZARS.assign(**{other: 1.0}).to_csv(tmp_path / "in.csv", index=False)
    status, error, _ = _answer(["classify"], tmp_path / "in.csv", capsys)
    assert status == 2 and "PL_Index" in error and other in error and "keep the one that is meant" in error


def test_a_table_of_nothing_but_doubt_is_kept(tmp_path, capsys):
    """Every row wrong in another way: as many rows come back, none answered."""
    table = pd.concat([BLAZARS, BLAZARS], ignore_index=True).astype({"PL_Index": object, "nu_syn": float, "Source_Name": object})
    table.loc[:, "PL_Index"] = ["", "abc", "-999", "inf", "1+2j", "2.1 GeV"]
    table["Source_Name"] = ["000", "1e5", "nan", "Ω", "a b", "=1"]
    table.to_csv(tmp_path / "in.csv", index=False)
    status, _, answer = _answer(["classify"], tmp_path / "in.csv", capsys)
    assert status == last_guard.PARTLY and len(answer) == 6 and answer["probability_fsrq"].isna().all()
    assert (tmp_path / "out.csv").read_text().splitlines()[1].startswith("000,")


def test_a_row_without_a_name_is_told_as_such(tmp_path, capsys):
    (tmp_path / "in.csv").write_text(BLAZARS.to_csv(index=False) + "," * (len(BLAZARS.columns) - 1) + "\n")
    status, error, answer = _answer(["classify"], tmp_path / "in.csv", capsys)
    assert status == last_guard.PARTLY and len(answer) == 4
    assert "for example one without a name: it has no Source_Name" in error
