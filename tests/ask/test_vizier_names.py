"""A table from VizieR is answered like the catalogue's own, and nothing is taken for VizieR's that is not."""

import warnings

import numpy as np
import pandas as pd
import pytest
from astropy.table import MaskedColumn, Table
from astropy.units import Unit
from simulated import catalogue

from agnbook.ask import classify, command_line, csv_text, redshift, tables, user_columns
from agnbook.errors import FeatureError
from agnbook.sky import catalogs, features, source_classes

QUESTIONS = {
    "classify": (classify.classify, features.BLAZAR_FEATURES, "probability_fsrq"),
    "six groups": (lambda table: classify.classify(table, groups="six"), features.GAMMA_COLUMNS, source_classes.NAMES[0]),
    "redshift": (redshift.redshift, [*features.EXTENDED_NUMBERS, *features.EXTENDED_TEXTS], "z_q500"),
}
#: Units as VizieR states them: in its text tables, in its VOTables.
UNITS = {
    "Energy_Flux100": ("mW/m2", "mW.m**-2"), "Flux1000": ("ph/cm2/s", "ph.cm**-2.s**-1"), "Pivot_Energy": ("MeV", "MeV"),
    **dict.fromkeys(("GLON", "GLAT", "RAJ2000", "DEJ2000", "RA_Counterpart", "DEC_Counterpart"), ("deg", "deg")),
}  # fmt: skip
#: The columns of VizieR's table J/ApJS/247/33/4fgl that the models use, in its order, each with 4FGL's name as VizieR says it.
DESCRIBED = """
    4FGL Source_Name, RAJ2000 RAJ2000, DEJ2000 DEJ2000, GLON GLON, GLAT GLAT, Name Extended_Source_Name, Sig Signif_Avg,
    E0 Pivot_Energy, F1000i Flux1000, e_F1000i Unc_Flux1000, EF100 Energy_Flux100, e_EF100 Unc_Energy_Flux100, Mod SpectrumType,
    PLGam PL_Index, e_PLGam Unc_PL_Index, LPalpha LP_Index, e_LPalpha Unc_LP_Index, LPbeta LP_beta, e_LPbeta Unc_LP_beta,
    SigCurv1 LP_SigCurv, VarInd Variability_Index, fVar Frac_Variability, e_fVar Unc_Frac_Variability, Cl1 CLASS1, Assoc1 ASSOC1,
    ProbBY ASSOC_PROB_BAY, ProbLR ASSOC_PROB_LR, RACdeg RA_Counterpart, DECdeg DEC_Counterpart, errPos Unc_Counterpart,
    Flags Flags
"""
SHORT = {own: name for name, own in (pair.split() for pair in DESCRIBED.split(","))}
SHORT["CLASS"] = SHORT.pop("CLASS1")  # 4FGL's CLASS1 is 4LAC's CLASS


def as_vizier_spells_it(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows under VizieR's names, with its record number and the column of extended sources that it calls Name."""
    names = rows["Source_Name"].str.removeprefix("4FGL ")
    table = rows.assign(Source_Name=names).rename(columns=SHORT)
    return table.assign(recno=range(1, len(rows) + 1), Name="", _RAJ2000="00 00 40.0", _DEJ2000="+20 00 00")


def write_as_vizier_does(rows: pd.DataFrame, path) -> None:
    table, units = as_vizier_spells_it(rows), {SHORT.get(name, name): unit for name, unit in UNITS.items()}
    if path.suffix == ".vot":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the standard has no identifier that begins with a digit
            Table.from_pandas(table).write(path, format="votable")
        text = path.read_text()
        for name in table:
            if unit := units.get(name.removeprefix("e_")):
                text = text.replace(f' name="{name}"', f' name="{name}" unit="{unit[1]}"')
        path.write_text(text)
        return
    columns = "\n".join(f"#Column\t{name}\t(F9.6)\t? As the catalogue has it\t[ucd=x]" for name in table)
    above = f"#\n#   VizieR Astronomical Server\n#INFO\t-out.max=50\t\n#\n\n#RESOURCE=yCat_22470033\n{columns}\n"
    body = table.map(lambda cell: f" {cell!r}" if isinstance(cell, float) else str(cell))
    lines = [list(table), [units.get(name.removeprefix("e_"), (" ", ""))[0] for name in table], ["-" * 8] * table.shape[1]]
    lines += body.to_numpy().tolist()
    path.write_text(above + "\n".join("\t".join(line) for line in lines) + "\n\n#END#\n")


@pytest.fixture
def made_up():
    extra = pd.DataFrame({"LP_SigCurv": np.linspace(0, 5, 6)})
    return pd.concat([catalogue(6).drop(columns="Redshift"), extra], axis=1)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("ending", ["tsv", "vot"])
def test_the_same_answer_under_vizier_s_names(made_up, tmp_path, question, ending):
    ask, columns, answer = QUESTIONS[question]
    rows = made_up[["Source_Name", *columns]]
    write_as_vizier_does(rows, tmp_path / f"a.{ending}")
    found, expected = ask(tables.read(tmp_path / f"a.{ending}")), ask(Table.from_pandas(rows))
    assert np.isfinite(expected[answer]).sum() >= 4
    np.testing.assert_array_equal(found[answer], expected[answer])
    for column in ("problem", "not_given"):
        np.testing.assert_array_equal(found[column], expected[column])
    assert found.colnames[0] == "4FGL"


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l", "4fgl-dr4")
@pytest.mark.parametrize("ending", ["tsv", "vot"])
def test_real_sources_are_themselves_under_vizier_s_names(high_latitude, tmp_path, ending):
    for question, (ask, columns, answer) in QUESTIONS.items():
        source = catalogs.read("4fgl-dr4") if question == "six groups" else high_latitude
        rows = source[["Source_Name", *columns]].iloc[:12].reset_index(drop=True)
        write_as_vizier_does(rows, path := tmp_path / f"{question}.{ending}")
        found, expected = ask(tables.read(path)), ask(Table.from_pandas(rows))
        assert np.isfinite(expected[answer]).sum() >= 6 and np.any(expected["in_training"])
        for column in (answer, "problem", "not_given", "in_training"):
            np.testing.assert_array_equal(found[column], expected[column], err_msg=f"{question}, {column}")


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l", "4fgl-dr4")
def test_the_command_line_joins_4lac_to_a_table_from_vizier(high_latitude, tmp_path, capsys):
    lacking = {*features.ONLY_IN_4LAC, "CLASS"}
    columns = [name for name in (*features.EXTENDED_NUMBERS, *features.EXTENDED_TEXTS) if name not in lacking]
    rows = high_latitude[["Source_Name", *columns, "CLASS"]].iloc[:8].reset_index(drop=True)
    write_as_vizier_does(rows, tmp_path / "a.tsv")
    rows.rename(columns={"CLASS": "CLASS1"}).to_csv(tmp_path / "b.csv", index=False)
    for name in ("a.tsv", "b.csv"):
        assert command_line.main(["redshift", str(tmp_path / name), "-o", str(tmp_path / f"out {name}")]) == 0
    capsys.readouterr()
    found, expected = (tables.read(tmp_path / f"out {name}") for name in ("a.tsv", "b.csv"))
    np.testing.assert_array_equal(found["z_q500"], expected["z_q500"])
    np.testing.assert_array_equal(found["model"], expected["model"])
    assert "joined from 4LAC-DR3" in found["model"][0]


def test_without_vizier_s_name_column_its_short_names_mean_nothing():
    columns = {"Signif_Avg": [9.0], "Sig": [1.0], "E0": [2.0], "Mod": ["x"], "Name": ["a"]}
    spelt = user_columns.spelt(Table({"Source_Name": ["a"], **columns}))
    assert spelt["signifavg"] == ["Signif_Avg"] and spelt["e0"] == ["E0"] and spelt["name"] == ["Name"]
    assert user_columns.spelt(Table({"4FGL": ["a"], **columns}))["signifavg"] == ["Signif_Avg", "Sig"]


def test_two_columns_for_one_question_are_refused_by_name(made_up):
    table = Table.from_pandas(as_vizier_spells_it(made_up))
    table["PL_Index"] = 2.0
    with pytest.raises(FeatureError, match="PLGam and PL_Index both stand for PL_Index"):
        classify.classify(table)
    table["Source_Name"] = table["4FGL"]
    with pytest.raises(FeatureError, match="4FGL and Source_Name both stand for Source_Name"):
        user_columns.require(table, [])


def test_what_vizier_calls_otherwise_is_told_by_its_description_or_refused(made_up):
    table = Table.from_pandas(as_vizier_spells_it(made_up))
    table.rename_columns(["PLGam", "SigCurv1"], ["Gamma", "SigCurv2"])
    with pytest.raises(FeatureError, match=r"lacks the columns PL_Index.*--column PL_Index=NAME"):
        classify.classify(table)
    table["Gamma"].description = "[0.9/3.9]? Photon index when fitting with PowerLaw (PL_Index) (2)"
    table["SigCurv2"].description = "Improvement between PowerLaw and LogParabola (LP_SigCurv) (3)"
    table["SigCurv1"] = MaskedColumn(np.ones(len(table)), description="Improvement by a cutoff (PLEC_SigCurv, not LP_SigCurv)")
    np.testing.assert_array_equal(
        classify.classify(table)["probability_fsrq"], classify.classify(Table.from_pandas(made_up))["probability_fsrq"]
    )
    with pytest.raises(FeatureError, match="SigCurv2 and SigCurv1 both stand for LP_SigCurv"):
        classify.classify(table, groups="six")


def test_a_flux_of_one_band_is_not_the_flux_above_a_gev():
    """In VizieR's table F1000 is the flux from 1 to 3 GeV, F1000i that from 1 to 100 GeV."""
    spelt = user_columns.spelt(Table({"4FGL": ["a"], "F1000": [1e-10], "F1000i": [2e-10], "e_F1000": [1e-11]}))
    assert spelt["flux1000"] == ["F1000i"] and "uncflux1000" not in spelt


def test_units_of_vizier_are_converted_or_refused():
    text = "4FGL\tE0\tnu_syn\n \tGeV\t[Hz]\n----\t---\t----\nJ0001.2-0747\t1.5\t14\nJ0002.1-0001\t \t13\n"
    table = csv_text.parse(text)
    np.testing.assert_allclose(user_columns.numbers(table, "E0", "Pivot_Energy"), [1500, np.nan])
    with pytest.raises(FeatureError, match=r"nu_syn is in dex\(Hz\); give it in Hz"):
        user_columns.numbers(table, "nu_syn")
    assert user_columns.parse_unit("ph.cm**-2.s**-1") == user_columns.parse_unit("ct*cm**-2*s**-1") == 1 / Unit("cm2 s")
    with pytest.raises(FeatureError, match="Pivot_Energy is in h:m:s; give it in MeV"):
        user_columns.numbers(csv_text.parse(text.replace("GeV", "h:m:s")), "E0", "Pivot_Energy")


def test_text_tables_of_vizier_without_rows_or_with_a_second_table_below():
    head = "4FGL|z\n | \n----|---\n"
    assert len(csv_text.parse(head)) == len(csv_text.parse(f"{head}#END#\n")) == 0
    assert len(csv_text.parse(f"{head}J0001.2-0747|1\n\n#END#\n")) == 1
    with pytest.raises(ValueError, match="holds several tables"):
        csv_text.parse(f"{head}J0001.2-0747|1\n\n#RESOURCE=yCat\nz\n\n---\n1\n")
