"""One source looked up under its many names; tables classified, or refused with all that is wrong."""

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from astropy.table import MaskedColumn, Table
from simulated import catalogue

from agnbook import committed, storage
from agnbook.ask import classify, command_line, join_4lac, lookup, redshift, skill, source_names
from agnbook.blazars.shipped_blazars import BLAZARS, BlazarNetwork
from agnbook.errors import FeatureError
from agnbook.judge import scores
from agnbook.redshifts import fewer_columns, shipped_redshift
from agnbook.shift import catalogue as shift_catalogue
from agnbook.sky import catalogs, features, source_classes


@pytest.fixture
def table():
    return Table(
        {
            "Source_Name": ["one", "two", "three", "four"],
            "PL_Index": [1.9, 2.45, 2.1, 2.2],
            "LP_Index": [1.85, 2.38, 2.02, 2.1],
            "Frac_Variability": [0.35, 0.81, 0.4, 0.3],
            "Pivot_Energy": [2100.0, 640, 1800, 1500],
            "Variability_Index": [45.2, 310.5, 20.1, 18],
            "nu_syn": [2e15, 1.2e13, 0, 1e14],
            "nuFnu_syn": [4.1e-12, 2.5e-12, 0, 1e-12],
        }
    )


def test_classify_is_the_network(table):
    answer = classify.classify(table)
    expected = BlazarNetwork.load().answer(table.to_pandas())
    np.testing.assert_allclose(answer["probability_fsrq"], expected["probability_fsrq"], atol=5e-6)
    assert answer["probability_fsrq"][0] < 0.1 and answer["probability_fsrq"][1] > 0.9
    assert list(answer["Source_Name"]) == list(table["Source_Name"])
    assert list(answer["no_sed"]) == [False, False, True, False]
    assert set(answer["model_sha256"]) == {storage.sha256(storage.DATA / BLAZARS)}


def test_rows_without_numbers_are_kept_and_flagged(table):
    whole = classify.classify(table)
    table["LP_Index"][1] = np.nan
    table["PL_Index"][1] = -np.inf
    table["Pivot_Energy"] = MaskedColumn(table["Pivot_Energy"], mask=[0, 0, 0, 1])
    answer = classify.classify(table)
    assert list(answer["not_given"]) == ["", "PL_Index, LP_Index", "", "Pivot_Energy"]
    assert list(np.isnan(answer["probability_fsrq"])) == [False, True, False, True]
    assert (answer["probability_fsrq"][[0, 2]] == whole["probability_fsrq"][[0, 2]]).all()
    table["LP_Index"] = np.nan
    assert np.isnan(classify.classify(table)["probability_fsrq"]).all()


def test_values_outside_the_training_range_are_flagged(table):
    table["PL_Index"][2] = 9.0
    table["Variability_Index"][2] = 1e9
    assert list(classify.classify(table)["out_of_range"]) == ["", "", "PL_Index, Variability_Index", ""]


def test_units_are_converted_or_refused(table):
    expected = classify.classify(table)["probability_fsrq"]
    table["Pivot_Energy"] = table["Pivot_Energy"] / 1000
    table["Pivot_Energy"].unit = "GeV"
    np.testing.assert_array_equal(classify.classify(table)["probability_fsrq"], expected)
    table["Pivot_Energy"].unit = "m"
    with pytest.raises(FeatureError, match="Pivot_Energy is in m; give it in MeV"):
        classify.classify(table)


def test_column_names_in_other_capitals(table):
    expected = classify.classify(table)["probability_fsrq"]
    table.rename_columns(table.colnames, [name.upper() for name in table.colnames])
    np.testing.assert_array_equal(classify.classify(table)["probability_fsrq"], expected)


def test_all_missing_columns_are_named(table):
    with pytest.raises(FeatureError, match=r"Source_Name, LP_Index, nu_syn.*4FGL has no synchrotron"):
        classify.classify(table[["PL_Index", "Frac_Variability", "Pivot_Energy", "Variability_Index", "nuFnu_syn"]])


def _changed(table, column, row, value):
    values = list(table[column])
    values[row] = value
    table[column] = values
    return table


@pytest.mark.parametrize(
    "column, row, value, message",
    [
        ("Source_Name", 1, "one ", r"Source_Name stands in several rows \(2 rows, the first one\)"),
        ("Source_Name", 1, " ", r"it has no Source_Name \(1 row, the first row 2\)"),
        ("Pivot_Energy", 0, 0.0, r"Pivot_Energy is 0 MeV, and must be positive \(1 row, the first one\)"),
        ("Variability_Index", 1, -3.0, "Variability_Index is -3, and must be positive.*first two"),
        ("nu_syn", 2, -1.0, "nu_syn is -1 Hz, and must be 0 or positive.*first three"),
        ("nu_syn", 1, 13.1, "nu_syn is 13.1 Hz, a logarithm: give the frequency itself.*first two"),
        ("nuFnu_syn", 1, -11.6, "nuFnu_syn is -11.6 erg cm-2 s-1, and must be 0 or positive.*first two"),
        ("Frac_Variability", 3, -1.0, "Frac_Variability is -1, and must be 0 or positive.*first four"),
        ("nu_syn", 3, 0.0, "nu_syn, nuFnu_syn must both be 0 or both positive"),
        ("PL_Index", 1, "soft", "PL_Index must hold numbers, and is 'soft'.*first two"),
        ("LP_Index", 2, -999.0, "LP_Index is -999, below -10.*first three"),
        ("PL_Index", 2, 99.0, "PL_Index is 99, above 20.*first three"),
    ],
)
def test_one_bad_row_costs_only_itself(table, column, row, value, message):
    """It is kept and says why; with `strict`, the table is refused."""
    whole, changed = classify.classify(table), _changed(table, column, row, value)
    answer = classify.classify(changed)
    others = [k for k in range(4) if not answer["problem"][k]]
    assert row not in others and len(others) >= 2
    np.testing.assert_array_equal(answer["probability_fsrq"][others], whole["probability_fsrq"][others])
    assert np.isnan(answer["probability_fsrq"][row]) or column == "Source_Name"
    with pytest.raises(FeatureError, match=message):
        classify.classify(changed, strict=True)


def test_whole_columns_that_cannot_be_meant_are_refused(table):
    for values, message in (
        ([True] * 4, "PL_Index must hold numbers, and holds true and false"),
        ([1j] * 4, "complex"),
        (np.array(["2020-01-01"] * 4, "datetime64[D]"), "holds times"),
        (["soft"] * 4, "PL_Index must hold numbers, and row 1 holds 'soft'"),
    ):
        table["PL_Index"] = values
        with pytest.raises(FeatureError, match=message):
            classify.classify(table)


def test_no_rows(table):
    with pytest.raises(FeatureError, match="no rows"):
        classify.classify(table[:0])


@pytest.mark.needs("4lac-dr3-h")
def test_a_real_catalogue(high_latitude):
    blazars = features.blazar_features(high_latitude, ("bll", "fsrq"))
    answer = classify.classify(Table.from_pandas(blazars.info.reset_index(drop=True)))
    assert (answer["not_given"] == "").all() and not (answer["out_of_range"] != "").any()
    assert ((answer["probability_fsrq"] > 0.5) == (blazars.y == 1)).mean() > 0.85


@pytest.mark.needs("4fgl-dr4")
def test_predictions_are_those_of_the_committed_tables():
    facts, predictions = lookup.describe("4FGL J0001.2+4741")
    assert "B3 2358+474" in facts["counterpart"] and facts["class"].startswith("bcu (4FGL-DR4)")
    assert facts["position"].startswith("RA 0.31")
    rows = predictions.set_index("prediction")
    table = pd.read_csv(storage.DATA / "results/shift_catalogue_unweighted.csv").set_index("Source_Name").loc["4FGL J0001.2+4741"]
    assert rows.loc["P(bll+), random forest", "value"] == table["RF_bll"]
    assert rows.loc["P(bll+), network", "high"] == pytest.approx(table["NN_bll"] + table["NN_bll_std"])
    published = pd.read_csv(storage.DATA / "results/blazar_classes.csv", comment="#").set_index("Source_Name")
    assert rows.loc["P(FSRQ), five voters", "low"] == pytest.approx(published.loc["4FGL J0001.2+4741", "probability_low"])
    assert list(predictions.loc[predictions["prediction"] == "redshift, median", "interval"]) == [
        "68.3 %, calibrated", "95.4 %, calibrated",
    ]  # fmt: skip
    assert (predictions["low"] <= predictions["value"]).all() and (predictions["value"] <= predictions["high"]).all()


@pytest.mark.needs("4fgl-dr4")
def test_a_source_without_predictions():
    table = pd.read_csv(storage.DATA / "results/shift_catalogue_unweighted.csv").set_index("Source_Name")
    source = table.index[table["RF_bll"].isna()][0]
    assert lookup.describe(source)[1].empty


@pytest.mark.slow
@pytest.mark.needs("4fgl-dr4")
def test_neither_4lac_nor_a_framework_is_needed(tmp_path, table):
    """A source known to 4LAC alone is then found by its name in the published tables."""
    table.write(tmp_path / "t.csv", format="ascii.csv")
    code = (
        "import sys\n"
        "from agnbook.ask import command_line\n"
        f"status = command_line.main(['lookup', '4FGL J2239.4+5130'])"
        f" or command_line.main(['classify', {str(tmp_path / 't.csv')!r}])\n"
        "sys.exit(status or bool({'torch', 'tensorflow', 'sklearn', 'lightgbm', 'streamlit', 'dask'} & set(sys.modules)))"
    )
    clean = {"AGNBOOK_CACHE": str(tmp_path), "AGNBOOK_OFFLINE": "1", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    clean |= {"PYTHONPATH": str(storage.ROOT / "src")}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=clean, timeout=120)
    assert run.returncode == 0, run.stderr
    assert "redshift, median" in run.stdout and "4FGL J2240.4+5133" in run.stdout and "one,0.0030" in run.stdout
    # redshifts and groups: numpy, scipy and scikit-learn are enough
    example = storage.ROOT / "book/_static/examples/my_agn.csv"
    pd.read_csv(example).assign(LP_SigCurv=1.0).to_csv(tmp_path / "six.csv", index=False)
    code = (
        f"import sys\nfrom agnbook.ask import command_line\nstatus = command_line.main(['redshift', {str(example)!r}])"
        f" | command_line.main(['classify', '--groups', 'six', {str(tmp_path / 'six.csv')!r}])\n"
        "sys.exit(status != 3 or bool({'torch', 'tensorflow', 'sklearn', 'lightgbm'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=clean, timeout=120)
    assert run.returncode == 0, run.stderr
    assert "near,0.25893" in run.stdout and "5 sources classified" in run.stderr


@pytest.fixture(scope="module")
def unknown():
    """Sources of 4LAC without a redshift."""
    table = catalogs.read_4lac()
    return table[np.isnan(features.known_redshift(table))].reset_index(drop=True)


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_redshifts_are_those_of_the_published_table(unknown):
    rows = unknown.iloc[::20]
    answer = redshift.redshift(Table.from_pandas(rows))
    published = pd.read_csv(storage.DATA / "results/redshift_posteriors.csv").set_index("Source_Name").loc[rows["Source_Name"]]
    for column in ("z_q500", "z_low68", "z_high68", "z_low95", "z_high95"):
        # the table has five decimals, the shipped leaves single precision
        np.testing.assert_allclose(answer[column], published[column], atol=1.5e-5)
    assert list(answer["no_sed"]) == list(rows["nu_syn"] == 0)
    assert set(answer["not_given"]) == {""} and set(answer["model_sha256"]) == {
        storage.sha256(storage.DATA / "weights/redshift.safetensors")
    }
    assert 0 < (answer["out_of_range"] != "").sum() < len(rows) / 10


@pytest.mark.needs("4lac-dr3-h")
def test_redshifts_of_training_sources_are_honest(high_latitude):
    """A measured redshift does not come back through the memory of the model: its own out-of-fold error does."""
    rows = high_latitude[np.isfinite(features.known_redshift(high_latitude))].iloc[::4]
    z, named = features.known_redshift(rows), Table.from_pandas(rows)
    answer = redshift.redshift(named)
    assert answer["in_training"].all()
    named["Source_Name"] = [f"other {number}" for number in range(len(rows))]
    np.testing.assert_array_equal(redshift.redshift(named)["z_q500"], answer["z_q500"])  # its position gives it away
    named["RAJ2000"] = (named["RAJ2000"] + 3) % 360
    unnamed = redshift.redshift(named)
    honest, flattering = (scores.rmse(z, table["z_q500"]) for table in (answer, unnamed))
    assert flattering < 0.8 * honest and honest > 0.35 and unnamed["in_training"].mean() < 0.05
    assert 0.6 < ((answer["z_low68"] <= z) & (z <= answer["z_high68"])).mean() < 0.76


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_the_redshift_posterior_is_the_one_behind_the_interval(unknown):
    rows = Table.from_pandas(unknown.iloc[:12])
    levels, quantiles = redshift.redshift_posterior(rows)
    assert quantiles.shape == (12, len(levels)) and (np.diff(quantiles, axis=1) >= 0).all()
    np.testing.assert_allclose(quantiles[:, levels == 0.5][:, 0], redshift.redshift(rows)["z_q500"], atol=6e-6)


@pytest.mark.slow
def test_redshifts_of_invented_rows_kept_and_flagged():
    """Without 4LAC: an answer where the model has what it needs, a flag where not."""
    rows = catalogue(6).drop(columns="Redshift")
    rows[["GLON", "PL_Index", "LP_Index"]], rows["RAJ2000"] = [30.0, 2.1, 2.0], rows["RA_Counterpart"]
    rows.loc[0, ["HE_EPeak", "HE_nuFnuPeak", "Highest_energy", "nu_syn", "nuFnu_syn"]] = [np.nan, -np.inf, -np.inf, 0, 0]
    rows.loc[1, ["Flux1000", "GLON"]] = np.nan
    rows["CLASS"] = ["bll", "bll", "", "BCU", "fsrq", "bcu"]
    rows.loc[4, "PL_Index"] = 19.0
    answer = redshift.redshift(Table.from_pandas(rows))
    assert list(answer["not_given"]) == ["", "GLON, Flux1000", "CLASS", "", "", ""]
    assert list(np.isfinite(answer["z_q500"])) == [True, False, False, True, True, True]
    assert list(answer["no_sed"]) == [True, *[False] * 5]
    flagged = [set(text.split(", ")) for text in answer["out_of_range"]]
    assert "PL_Index" in flagged[4] and "PL_Index" not in flagged[3]
    given = answer[np.isfinite(answer["z_q500"])]
    for low, high in (("z_low95", "z_low68"), ("z_low68", "z_q500"), ("z_q500", "z_high68"), ("z_high68", "z_high95")):
        assert (given[low] <= given[high]).all()
    levels, quantiles = redshift.redshift_posterior(Table.from_pandas(rows))
    assert list(np.isnan(quantiles[:, 0])) == [False, True, True, False, False, False] and len(levels) == quantiles.shape[1]
    # one row alone, with columns that are empty throughout, is answered the same
    assert redshift.redshift(Table.from_pandas(rows.iloc[:1]))["z_q500"] == answer["z_q500"][0]


def test_redshift_refuses_with_everything_that_is_wrong():
    rows = catalogue(4)
    with pytest.raises(FeatureError, match=r"lacks the columns GLAT, ASSOC1; use"):  # what 4FGL lacks, too, is not missed
        redshift.redshift(Table.from_pandas(rows.drop(columns=["VLBI_Counterpart", "GLAT", "ASSOC1"])))
    rows.loc[1, "Flux1000"], rows.loc[2, "nu_syn"], rows.loc[3, "CLASS"] = -1.0, 0.0, "psr"
    told = (
        r"Flux1000 is -1 cm-2 s-1, and must be positive.*0001.*nu_syn, nuFnu_syn must both.*0002.*CLASS 'psr' is no active galaxy"
    )
    with pytest.raises(FeatureError, match=told):
        redshift.redshift(Table.from_pandas(rows), strict=True)
    assert list(redshift.redshift(Table.from_pandas(rows))["not_given"]) == ["", "Flux1000", "", "CLASS"]
    with pytest.raises(FeatureError, match="no rows"):
        redshift.redshift(Table.from_pandas(rows)[:0])


@pytest.fixture(scope="module")
def dr4_as_it_is():
    return catalogs.read("4fgl-dr4")


@pytest.fixture(scope="module")
def dr4():
    return catalogs.read("4fgl-dr4", ["Source_Name", "CLASS1", *features.GAMMA_COLUMNS])


@pytest.mark.needs("4fgl-dr4")
def test_six_groups_are_those_of_the_published_catalogue(dr4):
    rows = dr4.iloc[::9]
    answer = classify.classify(Table.from_pandas(rows), "six").to_pandas().set_index("Source_Name")
    published = committed.load_table("results/shift_catalogue_unweighted.csv").set_index("Source_Name").loc[answer.index]
    # associated sources too: only networks that did not train on them answer
    for name, short in zip(source_classes.NAMES, shift_catalogue.SHORT, strict=True):
        np.testing.assert_allclose(answer[name], published[f"NN_{short}"], atol=6e-5)
        np.testing.assert_allclose(answer[f"{name}_sd"], published[f"NN_{short}_std"], atol=6e-5)
    np.testing.assert_array_equal(answer["networks"], published["N_Splits"])
    associated = source_classes.gamma_class(rows).to_numpy() != ""
    assert answer["extrapolated"][associated].mean() < 0.2 < 0.5 < answer["extrapolated"][~associated].mean()
    assert (answer["out_of_range"][associated] == "").all()


@pytest.mark.needs("4fgl-dr4")
def test_six_groups_of_odd_rows(dr4):
    rows = dr4.iloc[:6].reset_index(drop=True)
    whole = classify.classify(Table.from_pandas(rows), "six")
    rows.loc[0, "Source_Name"] = rows.loc[0, "Source_Name"].removeprefix("4FGL ").lower()  # still known by its name
    rows.loc[1, ["Signif_Avg", "GLON"]] = np.nan, -np.inf
    rows.loc[2, "LP_beta"] = 9.0
    answer = classify.classify(Table.from_pandas(rows), "six")
    assert list(answer["not_given"][:3]) == ["", "GLON, Signif_Avg", ""] and np.isnan(answer["bll+"][1])
    assert answer["networks"][0] == whole["networks"][0] and answer["networks"][1] == 0
    assert "LP_beta" in answer["out_of_range"][2] and answer["extrapolated"][2]
    np.testing.assert_array_equal(answer["bll+"][3:], whole["bll+"][3:])
    assert sum(answer[name][3] for name in source_classes.NAMES) == pytest.approx(1, abs=1e-4)
    rows.loc[4, "Energy_Flux100"] = -1e-12
    assert (
        "Energy_Flux100 is -1e-12 erg cm-2 s-1, and must be positive"
        in classify.classify(Table.from_pandas(rows), "six")["problem"][4]
    )
    with pytest.raises(FeatureError, match="LP_SigCurv"):
        classify.classify(Table.from_pandas(rows.drop(columns="LP_SigCurv")), "six")
    with pytest.raises(FeatureError, match="choose one of blazars, six"):
        classify.classify(Table.from_pandas(rows), "seven")


@pytest.mark.parametrize("question", ["six", skill.FROM_4FGL, *skill.EXAMINED])
def test_every_model_says_how_good_it_is(question):
    how, scores = skill.skill(question)
    assert " (n " in how
    for value, low, high in re.findall(r"([\d.]+) \(([\d.]+) to ([\d.]+)\)", scores):
        assert float(low) <= float(value) <= float(high)
    assert scores.count(" to ") >= 1


@pytest.mark.needs("4fgl-dr4", "4lac-dr3-h", "4lac-dr3-l")
def test_a_table_of_4fgl_is_joined_with_4lac_by_name(unknown):
    """What 4FGL lacks comes from 4LAC-DR3; sources that it does not know keep their row."""
    lac = unknown.head(3)
    dr4 = catalogs.read("4fgl-dr4")
    names = source_names.todays_names(lac["Source_Name"])
    mine = dr4[dr4["Source_Name"].isin([*names, "4FGL J0534.5+2201i"])].rename(columns={"Source_Name": "Name"})
    found = redshift.redshift(Table.from_pandas(mine)).to_pandas().set_index("Name")
    assert found.loc[names, "model"].str.contains("joined from 4LAC-DR3").all() and (found.loc[names, "without"] == "").all()
    crab = found.loc["4FGL J0534.5+2201i"]
    assert found.loc[names, "z_q500"].notna().all() and "CLASS" in crab["not_given"] and "no active galaxy" in crab["problem"]
    # two more years of gamma rays move the answer, but not out of the published interval
    published = source_names.published("agn_redshifts").loc[names]
    assert found.loc[names, "z_q500"].between(published["z_low95"], published["z_high95"]).all()
    strangers = Table.from_pandas(mine.assign(Name=["a", "b", "c", "d"][: len(mine)]).drop(columns=["RAJ2000", "GLON"]))
    with pytest.raises(FeatureError, match="taken from 4LAC-DR3"):
        redshift.redshift(strangers)


@pytest.mark.needs("4fgl-dr4")
def test_columns_of_4fgl_suffice_and_say_what_they_cost(dr4_as_it_is, monkeypatch):
    """Sources that 4LAC does not know, or all where it is not there: a second model answers, and says so."""
    monkeypatch.setattr(join_4lac, "_lac", lambda: None)
    rows = dr4_as_it_is[dr4_as_it_is["CLASS1"].str.strip().str.lower().isin(["bll", "fsrq", "bcu", "psr"])].iloc[::300]
    table = Table.from_pandas(rows)
    found = redshift.redshift(table).to_pandas()
    agn = (rows["CLASS1"].str.strip().str.lower() != "psr").to_numpy()
    assert 5 < agn.sum() and found["z_q500"].notna().tolist() == agn.tolist()
    assert set(found.loc[agn, "without"]) == {", ".join(features.ONLY_IN_4LAC)} and set(found.loc[~agn, "without"]) <= {""}
    assert found["model"].str.endswith(f"{len(features.FEATURES_FROM_4FGL)} features of 4FGL").all()
    few = storage.sha256(storage.DATA / shipped_redshift.REDSHIFT_4FGL)
    assert set(found["model_sha256"]) == {few} and found["no_sed"].all()
    cost = redshift.cost()
    assert set(found.loc[agn, "expected_rmse"]) == {round(cost.loc[fewer_columns.FITTED, "rmse"], 3)}
    assert cost.loc[fewer_columns.ALL, "rmse"] < cost.loc[fewer_columns.FITTED, "rmse"] < cost.loc[fewer_columns.EMPTY, "rmse"]
    # a column that is there and empty says no more than one that is not
    nothing = {name: "" if name in features.EXTENDED_TEXTS else np.nan for name in features.ONLY_IN_4LAC}
    again = redshift.redshift(Table.from_pandas(rows.assign(**nothing))).to_pandas()
    np.testing.assert_array_equal(again["z_q500"], found["z_q500"])
    posterior = redshift.redshift_posterior(table)[1]
    np.testing.assert_allclose(posterior[agn][:, 51], found.loc[agn, "z_q500"], rtol=0.2)


@pytest.mark.needs("4fgl-dr4")
def test_the_skill_that_is_told_is_that_of_the_model_that_answered(dr4_as_it_is, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(join_4lac, "_lac", lambda: None)
    rows = dr4_as_it_is[dr4_as_it_is["CLASS1"].str.strip().str.lower().isin(["bll", "fsrq", "bcu"])].iloc[::300]
    rows.to_csv(tmp_path / "in.csv", index=False)
    assert command_line.main(["redshift", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv")]) == 0
    told = capsys.readouterr().err
    mine, other = skill.skill(skill.FROM_4FGL)[1], skill.skill("redshift")[1]
    assert mine in told and other not in told and mine != other
    assert f"rmse {redshift.cost().loc[fewer_columns.FITTED, 'rmse']:.3g} (" in mine


@pytest.mark.needs("4lac-dr3-h")
def test_one_row_without_4lacs_columns_costs_only_itself(high_latitude, monkeypatch):
    rows = high_latitude.iloc[:4].copy()
    whole = redshift.redshift(Table.from_pandas(rows))
    rows.loc[rows.index[2], "Highest_energy"] = np.nan
    found = redshift.redshift(Table.from_pandas(rows))
    assert [bool(text) for text in found["without"]] == [False, False, True, False] and not any(found["not_given"])
    assert [len(set(pair)) for pair in zip(found["z_q500"], whole["z_q500"], strict=True)] == [1, 1, 2, 1]
    assert [len(set(pair)) for pair in zip(found["model_sha256"], whole["model_sha256"], strict=True)] == [1, 1, 2, 1]


def test_what_4fgl_calls_the_class_is_one_where_nothing_else_is():
    rows = catalogue(4).drop(columns=features.ONLY_IN_4LAC)
    mine = Table.from_pandas(rows.drop(columns="CLASS").assign(CLASS1=["bll", "FSRQ", "", "unk"]))
    answer = redshift.redshift(mine)
    assert list(answer["not_given"]) == ["", "", "CLASS", "CLASS"] and (answer["expected_rmse"][:2] > 0.3).all()
    mine["CLASS"] = ["bcu", "", "bcu", "bcu"]  # the table's own word stands, also where it is empty
    assert list(redshift.redshift(mine)["not_given"]) == ["", "CLASS", "", ""]
    merged = redshift._with_classes(mine, joined=True)  # what 4LAC does not know, 4FGL may
    assert list(merged["CLASS"]) == ["bcu", "FSRQ", "bcu", "bcu"] and list(mine["CLASS"])[1] == ""
