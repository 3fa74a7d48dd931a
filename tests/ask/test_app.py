"""The app: what it says of a source, what it makes of an upload, and that nothing a user wrote becomes markup."""

import io
import re
import sys
import tomllib

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table
from scipy import stats
from streamlit.testing.v1 import AppTest

import agnbook
from agnbook import storage
from agnbook.ask import classify, command_line, join_4lac, neighbours, report, skill, source_names, uploads
from agnbook.errors import BookError, CatalogError, FeatureError
from agnbook.sky import catalogs, features

NASTY = "<img src=x onerror=boom()> ![x](http://example.org) $\\frac{ **bold** :red[x]"
GOOD = pd.DataFrame(
    {
        "Source_Name": ["hard", "=1+1", NASTY, "incomplete", "steep"],
        "PL_Index": [1.90, 2.45, 2.10, 2.20, 3.60],
        "LP_Index": [1.85, 2.38, 2.02, np.nan, 3.55],
        "Frac_Variability": [0.35, 0.81, 0.40, 0.30, 0.40],
        "Pivot_Energy": [2100.0, 640, 1800, 1500, 500],
        "Variability_Index": [45.2, 310.5, 20.1, 18.0, 25.0],
        "nu_syn": [2e15, 1.2e13, 0, 1e14, 5e12],
        "nuFnu_syn": [4.1e-12, 2.5e-12, 0, 1e-12, 3e-13],
        "GLON": [120.0, 10, 200, 50, 300],
        "GLAT": [50.0, -5, 12, 70, 30],
    }
)


def as_csv(frame) -> bytes:
    return frame.to_csv(index=False).encode()


@pytest.fixture(autouse=True)
def keep_main(monkeypatch):
    """Give back the main module, which the app's test runner replaces: new processes of later tests would import it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="module")
def answers():
    return uploads.answer(uploads.read_upload("good.csv", as_csv(GOOD)))


def test_nearest_is_the_plain_search():
    where = neighbours.space()
    values = where.table.iloc[100][neighbours.COLUMNS].to_dict()
    table, isolation = neighbours.nearest(values, n=7, leave_out=where.table.index[100])
    X = (neighbours.design(where.table) - where.mean) / where.scale
    distance = np.sqrt(((X - X[100]) ** 2).sum(axis=1))
    order = np.argsort(distance)[1:8]
    assert list(table["source"]) == list(where.table.index[order])
    np.testing.assert_allclose(table["distance"], distance[order])
    assert 0 <= isolation <= 1
    itself, isolation = neighbours.nearest(values, n=1)
    assert itself["source"][0] == where.table.index[100] and itself["distance"][0] == 0 and isolation == 0


def test_a_strange_source_is_isolated_and_an_impossible_one_refused():
    values = {"PL_Index": 5.0, "LP_Index": 0.5, "Frac_Variability": 5.0, "Pivot_Energy": 20.0, "Variability_Index": 1e6}
    assert neighbours.nearest(values)[1] == 1
    with pytest.raises(FeatureError, match="Pivot_Energy"):
        neighbours.nearest(values | {"Pivot_Energy": 0.0})


def test_report_has_the_published_numbers():
    shown = report.of_source("4FGL J0003.3-1928")
    row = source_names.published("blazar_classes").loc[shown.name]
    assert (shown.fsrq, *shown.interval) == tuple(row[["probability_fsrq", "probability_low", "probability_high"]])
    redshift = source_names.published("agn_redshifts").loc[shown.name]
    assert shown.redshift["median"] == redshift["z_q500"] and shown.redshift["high95"] == redshift["z_high95"]
    assert shown.groups["forest"].sum() == pytest.approx(1, abs=1e-3)
    assert shown.name not in set(shown.neighbours["source"]) and len(shown.neighbours) == 10
    said = " ".join(shown.warnings)
    assert "one half" in said and "uncertain type" in said
    row = shown.row()
    assert row["forest_bll"] == shown.groups.loc["bll+", "forest"]
    assert row["class"].startswith("bcu") and row["GLAT"] == shown.position[1] and len(row["class_sha256"]) == 64


def test_warnings_of_the_catalogue():
    classes = source_names.published("blazar_classes")
    known = catalogs.read("4fgl-dr4", ["Source_Name", "GLAT", "CLASS1", "Flags"]).set_index("Source_Name")
    no_sed = classes.index[classes["no_sed"] & classes.index.isin(known.index)][0]
    assert any("No synchrotron fit" in text for text in report.of_source(no_sed).warnings)
    plane = known.index[(known["GLAT"].abs() < 5) & (known["CLASS1"].str.strip() == "") & (known["Flags"] > 0)][0]
    said = " ".join(report.of_source(plane).warnings)
    assert "Galactic plane" in said and "No association" in said and "analysis flag" in said
    six = classify.classify(Table.from_pandas(catalogs.read("4fgl-dr4")[["Source_Name", *features.GAMMA_COLUMNS]]), groups="six")
    for rare in (True, False):
        source = six["Source_Name"][np.flatnonzero(np.asarray(six["extrapolated"]) == rare)[7]]
        assert any("rare among" in text for text in report.of_source(source).warnings) == rare
    redshifts = source_names.published("agn_redshifts")
    width = np.log1p(redshifts["z_high68"]) - np.log1p(redshifts["z_low68"])
    assert any("vague" in text for text in report.of_source(width.idxmax()).warnings)
    assert not any("vague" in text for text in report.of_source(width.idxmin()).warnings)
    assert not any("Galactic plane" in text for text in report.of_source("4FGL J1104.4+3812").warnings)


@pytest.mark.slow
@pytest.mark.needs("4fgl-dr4", "4lac-dr3-h", "4lac-dr3-l")
def test_a_source_warns_as_a_row_of_its_catalogue_at_least_as_by_its_name(high_latitude):
    some = high_latitude.iloc[:: len(high_latitude) // 12]
    answers = uploads.answer(Table.from_pandas(some))
    for number, name in enumerate(source_names.todays_names(some["Source_Name"])):
        by_name, by_row = report.of_source(name), report.of_row(answers, number)
        assert set(by_name.warnings) <= set(by_row.warnings), name
        assert by_row.spectrum.equals(by_name.spectrum) and by_row.history.equals(by_name.history)


@pytest.mark.needs("4fgl-dr4", "4lac-dr3-h", "4lac-dr3-l")
def test_all_models_stand_side_by_side_and_known_sources_are_answered_as_if_unknown():
    found = report.of_source("4FGL J1104.4+3812")  # Mkn 421, whose class and redshift are known
    assert list(found.models["model"].str.partition(",")[0]) == [
        "random forest", "networks", "7-42-1 network", "trees and forest",
    ]  # fmt: skip
    assert found.models["answer"][1].startswith("bll+ 0.9") and "is known" in found.redshift_meaning
    assert found.redshift["low95"] < 0.03 < found.redshift["high95"]
    row = found.row()
    assert row["later class"].startswith("BLL") and round(row["z_q500"], 5) == found.redshift["median"] and row["redshift_sha256"]
    assert "networks, six groups: bll+" in row["models"] and uploads.download(Table([row]), ".fits")
    unknown = report.of_source("4FGL J0001.2+4741")
    assert len(unknown.models) == 5 and unknown.redshift_meaning == ""


def test_observed_fraction_is_what_the_network_is_worth():
    fraction, low, high = skill.observed_fraction([0.0, 0.5, 1.0, np.nan])
    assert fraction[0] < 0.05 and 0.25 < fraction[1] < 0.75 and fraction[2] > 0.9 and np.isnan(fraction[3])
    assert (low[:3] <= fraction[:3] + 1e-12).all() and (fraction[:3] <= high[:3]).all()
    known, is_fsrq = skill._held_out()
    assert len(known) > 1900 and (np.diff(known) >= 0).all()
    middle = len(known) // 2
    expected = is_fsrq[middle - 100 : middle + 100].mean()
    assert skill.observed_fraction([(known[middle - 1] + known[middle]) / 2])[0][0] == pytest.approx(expected, abs=0.02)


def test_observed_fraction_counts_the_nearest_hundred_on_either_side(monkeypatch):
    """Known blazars at 0, 0.001, ..., FSRQs from 0.5 on: what a window of 200 holds can be counted by hand."""
    known = np.arange(1000) / 1000
    monkeypatch.setattr(skill, "_held_out", lambda: (known, known >= 0.5))
    fraction, low, high = skill.observed_fraction([0.0, 0.4, 0.4495, 0.5, 0.5495, 0.6, 1.0])
    np.testing.assert_allclose(fraction, [0, 0, 0.25, 0.5, 0.75, 1, 1], atol=1e-12)
    wilson = [stats.binomtest(round(200 * each), 200).proportion_ci(method="wilson") for each in fraction]
    np.testing.assert_allclose(np.transpose([low, high]), wilson, atol=1e-9)


def test_answers_keep_every_row_and_say_what_each_is_worth(answers):
    assert list(answers.table["Source_Name"]) == list(GOOD["Source_Name"])
    assert "six groups" in answers.notes and "redshift" in answers.notes
    np.testing.assert_array_equal(answers.table["probability_fsrq"], classify.classify(answers.given)["probability_fsrq"])
    shown = [report.of_row(answers, row) for row in range(5)]
    assert shown[0].fsrq < 0.1 < 0.9 < shown[1].fsrq
    assert any("Galactic plane" in text for text in shown[1].warnings)
    assert any("No synchrotron fit" in text for text in shown[2].warnings)
    assert shown[3].fsrq is None and any("LP_Index" in text for text in shown[3].warnings) and shown[3].neighbours is None
    assert any("PL_Index, LP_Index" in text for text in shown[4].warnings)
    assert shown[2].name == NASTY and not any("img" in text for row in shown for text in row.warnings)


def test_a_table_of_4fgl_gets_six_groups():
    rows = catalogs.read("4fgl-dr4").iloc[[5, 40, 300]]
    answers = uploads.answer(Table.from_pandas(rows[["Source_Name", *features.GAMMA_COLUMNS]]))
    # what a redshift needs is joined from 4LAC-DR3 by name, where that is there
    assert set(answers.notes) == {"BL Lac or FSRQ"} | (set() if join_4lac._lac() is not None else {"redshift"})
    shown = report.of_row(answers, 0)
    assert shown.groups["network"].sum() == pytest.approx(1, abs=1e-3) and shown.fsrq is None
    assert shown.neighbours is None and shown.position == pytest.approx(tuple(rows.iloc[0][["GLON", "GLAT"]]))
    strange = rows[["Source_Name", *features.GAMMA_COLUMNS]].assign(LP_Index=9.0, LP_beta=3.0)
    assert "Six groups: outside" in " ".join(report.of_row(uploads.answer(Table.from_pandas(strange)), 0).warnings)


@pytest.mark.needs("4lac-dr3-h")
def test_a_complete_table_gets_redshifts(high_latitude):
    rows = high_latitude.iloc[:6]
    answers = uploads.answer(Table.from_pandas(rows))
    shown = report.of_row(answers, 1)
    assert set(answers.notes) == {"six groups"}  # 4LAC has no LP_SigCurv
    assert shown.redshift["low68"] < shown.redshift["median"] < shown.redshift["high68"]
    assert shown.redshift["median"] == pytest.approx(np.interp(0.5, *shown.posterior), abs=1e-4)
    assert shown.row()["z_median"] == answers.table["z_q500"][1]


def test_a_short_table_says_what_redshifts_need(answers):
    assert "LP_beta" in answers.notes["redshift"] and report.of_row(answers, 0).redshift is None


def test_equatorial_positions_become_galactic():
    table = GOOD.drop(columns=["GLON", "GLAT"]).assign(RAJ2000=266.405, DEJ2000=-28.936)
    shown = report.of_row(uploads.answer(Table.from_pandas(table)), 0)
    assert abs(shown.position[1]) < 0.1 and min(shown.position[0], 360 - shown.position[0]) < 0.1
    assert report.of_row(uploads.answer(Table.from_pandas(table.drop(columns="RAJ2000"))), 0).position is None


@pytest.mark.parametrize("ending", [".csv", ".fits", ".ecsv", ".vot", ".parquet"])
def test_a_download_can_be_uploaded_again(answers, ending):
    table = uploads.read_upload(f"a{ending}", uploads.download(answers.given, ending))
    again = uploads.answer(table).table
    np.testing.assert_array_equal(again["probability_fsrq"], answers.table["probability_fsrq"])
    assert again["Source_Name"][1] == ("'=1+1" if ending == ".csv" else "=1+1")


def test_downloaded_formulas_are_harmless(answers):
    frame = pd.read_csv(io.BytesIO(uploads.download(answers.table, ".csv")))
    assert frame["Source_Name"][1] == "'=1+1" and frame["Source_Name"][2] == NASTY


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"\x00\xff\xfe binary", "Cannot read the file as a csv table"),
        ("a.fits", b"SIMPLE  = nonsense", "Cannot read the file as a fits table"),
        ("a.parquet", b"PAR1", "Cannot read the file"),
        ("a.pkl", b"cos\nsystem\n(S'true'\ntR.", "ending"),
        ("../../x.csv.zip", b"", "ending"),
        ("a.csv", b"a,b\n1,2\n", "lacks the columns Source_Name, PL_Index"),
        ("a.csv", b"x" * (uploads.LARGEST_FILE + 1), "MB"),
        ("a.csv", b"a\n" + b"1\n" * (uploads.MOST_ROWS + 1), "rows"),
        ("a.csv", as_csv(GOOD.assign(name="same")), "both name the sources"),
    ],
)
def test_bad_uploads_are_one_message(name, content, message):
    with pytest.raises(BookError, match=message) as caught:
        uploads.answer(uploads.read_upload(name, content))
    assert "/tmp" not in str(caught.value)


def test_a_value_that_cannot_be_is_told_and_not_used():
    answers = uploads.answer(uploads.read_upload("a.csv", as_csv(GOOD.assign(Pivot_Energy=[-1.0, *GOOD["Pivot_Energy"][1:]]))))
    assert answers.table["problem"][0] == "Pivot_Energy is -1 MeV, and must be positive" and not answers.table["problem"][1]
    shown = report.of_row(answers, 0)
    assert shown.fsrq is None and any("not used" in text for text in shown.warnings)
    assert report.of_row(answers, 1).fsrq is not None


def test_the_app_stays_on_this_machine():
    settings = tomllib.loads((storage.ROOT / "src" / "agnbook" / "ask" / ".streamlit" / "config.toml").read_text())
    assert settings["server"]["address"] == "127.0.0.1" and settings["browser"]["gatherUsageStats"] is False
    assert settings["server"]["maxUploadSize"] * 1_000_000 == uploads.LARGEST_FILE


def everything_rendered(app) -> str:
    """All texts that Streamlit renders as Markdown."""
    kinds = ("title", "header", "subheader", "caption", "markdown", "error", "warning", "info", "success")
    return " ".join(str(element.value) for kind in kinds for element in getattr(app, kind))


def page():
    from agnbook.ask import app_page

    app_page.main()


@pytest.fixture
def app():
    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    return app


@pytest.mark.slow
@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_app_looks_a_source_up(app):
    assert "4FGL J0001.2+4741" in app.text[0].value and "B3 2358+474" in app.text[0].value
    assert [metric.label for metric in app.metric] == ["P(FSRQ), if it is a blazar", "median redshift"]
    assert app.metric[0].value == f"{source_names.published('blazar_classes').loc['4FGL J0001.2+4741', 'probability_fsrq']:.3f}"
    assert any("uncertain type" in warning.value for warning in app.warning)
    app.text_input[0].set_value("  mkn421 ").run()
    assert "4FGL J1104.4+3812" in app.text[0].value and "later class: BLL" in app.text[0].value
    assert [metric.label for metric in app.metric] == ["median redshift"] and any("is known" in text.value for text in app.text)
    assert list(app.table[0].value.index)[2] == "7-42-1 network, BL Lac or FSRQ"
    assert "PKS 2155-304" in set(app.dataframe[0].value["counterpart"])
    app.text_input[0].set_value("crab nebula").run()
    assert app.selectbox[0].options == source_names.find_sources("Crab Nebula") and len(app.selectbox[0].options) > 1


@pytest.mark.slow
def test_app_suggests_names_and_shows_input_as_text(app):
    app.text_input[0].set_value("PKS 2155-305").run()
    assert app.error[0].value == "No such source." and "Did you mean PKS 2155-304" in app.code[0].value
    app.text_input[0].set_value(NASTY[:60]).run()
    assert NASTY[:20] in app.code[0].value and "img" not in everything_rendered(app) and not app.exception
    app.text_input[0].set_value(" ").run()
    assert "Type the name" in app.info[0].value and not app.error


@pytest.mark.slow
def test_app_without_the_catalogue_says_what_is_missing(monkeypatch):
    def missing(*_):
        raise CatalogError("gll_psc.fits is missing")

    monkeypatch.setattr(report, "of_source", missing)
    app = AppTest.from_function(page, default_timeout=60).run()
    app.text_input[0].set_value("4FGL J0009.8-6358").run()
    assert not app.exception and "missing" in app.code[0].value


@pytest.mark.slow
def test_app_answers_an_upload(app):
    app.radio[0].set_value("A table of your own").run()
    app.file_uploader[0].set_value(("good.csv", as_csv(GOOD), "text/csv")).run()
    assert not app.exception and list(app.dataframe[0].value["Source_Name"]) == list(GOOD["Source_Name"])
    for row in (1, 2, 3):
        app.selectbox[0].select_index(row).run()
        assert not app.exception and app.text[0].value == GOOD["Source_Name"][row]
        assert "img" not in everything_rendered(app)
    app.file_uploader[0].set_value(("bad.csv", b"Name,x\n<b>,1\n", "text/csv")).run()
    assert app.error[0].value == "This table cannot be used." and "lacks the columns" in app.code[0].value


@pytest.mark.slow
def test_letters_that_fits_cannot_hold_are_said_not_tried(app):
    app.radio[0].set_value("A table of your own").run()
    table = GOOD.assign(Source_Name=["Œil", *GOOD["Source_Name"][1:]])
    app.file_uploader[0].set_value(("good.csv", as_csv(table), "text/csv")).run()
    assert not app.exception and any("FITS holds no letters beyond ASCII" in text.value for text in app.text)


def test_the_page_of_tools_names_tools_that_exist():
    text = (storage.ROOT / "book" / "which_tool.md").read_text(encoding="utf-8")
    functions = re.findall(r"`agnbook\.(\w+)`", text)
    assert len(functions) > 5
    for name in functions:
        assert callable(getattr(agnbook, name))
    commands = set(re.findall(r"`agnbook (\w+)", text))
    assert commands == set(command_line.parser()._subparsers._group_actions[0].choices)
