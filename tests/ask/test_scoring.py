"""Scoring of users' tables: classes and redshifts, weighted or not; no row is dropped in silence."""

import io

import numpy as np
import pandas as pd
import pytest

from agnbook.ask import command_line, scoring, source_names
from agnbook.errors import FeatureError, SettingsError
from agnbook.judge import exams, later_redshifts


@pytest.fixture
def outcome(monkeypatch):
    """A small exam: A and B became active galaxies, C a pulsar, D has no answer yet."""
    table = pd.DataFrame({"answer": ["agn", "agn", "galactic", ""], "counterpart_after": ""}, index=list("ABCD"))
    monkeypatch.setattr(exams, "answers", lambda *arguments: table)
    return table


def write(tmp_path, text):
    path = tmp_path / "mine.csv"
    path.write_text(text)
    return path


def test_every_row_is_accounted_for(tmp_path, outcome):
    path = write(tmp_path, "Source_Name,agn\nA,0.9\nA,0.9\nC,0.2\nD,0.5\nZ,0.5\nY,\n")
    result = scoring.score(path, "agn-galactic", n_resamples=10)
    assert result.attrs == {
        "n": 2, "unanswered": 1, "no_answer": 1, "not_candidates": 1, "without_probabilities": 1, "twins": 1,
    }  # fmt: skip
    assert sum(result.attrs[key] for key in scoring.COUNTS if key != "unanswered") == 6  # the six rows of the file
    assert scoring.counts_text(result).startswith("2 sources scored; 1 answers that the table lacks")


def test_weights_count_and_are_checked(tmp_path, outcome):
    path = write(tmp_path, "Source_Name,agn,w\nA,0.9,1\nB,0.6,3\nC,0.2,1\n")
    weighted = scoring.score(path, "agn-galactic", weight="w", n_resamples=10)
    assert weighted.loc["logloss", "value"] == pytest.approx(-(np.log(0.9) + 3 * np.log(0.6) + np.log(0.8)) / 5)
    with pytest.raises(FeatureError, match="no column v of weights"):
        scoring.score(path, "agn-galactic", weight="v")
    with pytest.raises(FeatureError, match="1 weights are negative or missing"):
        scoring.score(write(tmp_path, "Source_Name,agn,w\nA,0.9,1\nB,0.6,-3\n"), "agn-galactic", weight="w")


@pytest.mark.parametrize(
    "text, message",
    [
        ("Source_Name,agn\nA,0.9\nA,0.8\n", "names 1 sources twice with different values, such as A"),
        ("Source_Name,agn\nA,90\nB,20\n", "outside 0 to 1|percentages"),
        ("Source_Name,agn,galactic\nA,90,10\nB,20,80\n", "percentages"),
        ("Source_Name,agn\nA,probable\nB,0.2\n", "texts where probabilities should be, such as 'probable' of A"),
        ("Source_Name,agn,galactic\nA,0.9,0.4\nB,0.2,0.8\n", "1 rows do not add up to 1"),
        ("Source_Name,psr\nA,0.9\n", "lacks probabilities of agn, galactic"),
        ("Source_Name,agn\n3FGL J0000,0.9\n", "No labelled source is in the table"),
    ],
)
def test_bad_tables_get_one_clear_message(tmp_path, outcome, text, message):
    with pytest.raises(FeatureError, match=message):
        scoring.score(write(tmp_path, text), "agn-galactic")


@pytest.fixture
def redshifts(monkeypatch):
    found = pd.DataFrame({"z": [0.5, 1.0, np.nan]}, index=pd.Index(list("ABC"), name="Source_Name"))
    monkeypatch.setattr(scoring, "_later_redshifts", lambda older, newer: found)


def test_redshifts_are_scored_from_means_or_quantiles(tmp_path, redshifts):
    path = write(tmp_path, "Source_Name,z_mean,z_sd\nA,0.6,0.2\nB,0.7,0.2\nC,0.3,0.1\nZ,0.3,0.1\nY,,\n")
    result = scoring.score(path, "redshift", n_resamples=10)
    assert result.loc["rmse", "value"] == pytest.approx(np.sqrt((0.01 + 0.09) / 2))
    assert result.attrs == {
        "n": 2, "unanswered": 0, "no_answer": 1, "not_candidates": 1, "without_probabilities": 1, "twins": 0,
    }  # fmt: skip
    header = ",".join(["Source_Name", *later_redshifts.QUANTILES])
    path = write(tmp_path, header + "\nA,0.1,0.3,0.6,0.9,1.2\nB,0.1,0.3,0.7,0.9,1.2\n")
    result = scoring.score(path, "redshift", n_resamples=10)
    assert result.loc["coverage68", "value"] == 0.5 and result.loc["coverage95", "value"] == 1


@pytest.mark.parametrize(
    "text, message",
    [
        ("Source_Name,z\nA,0.5\n", "needs a redshift"),
        ("Source_Name,z,sd\nA,far,0.1\n", "such as 'far' of A"),
        ("Source_Name,z,sd\nA,-0.5,0.1\n", "1 rows have no finite redshift"),
    ],
)
def test_bad_redshifts_say_why(tmp_path, redshifts, text, message):
    with pytest.raises(FeatureError, match=message):
        scoring.score(write(tmp_path, text), "redshift")
    with pytest.raises(SettingsError, match="without weights"):
        scoring.score(write(tmp_path, text), "redshift", weight="w")


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_a_table_of_new_redshifts_gives_the_answers(tmp_path, capsys):
    newer = write(tmp_path, "Source_Name,z\n4FGL J0003.1-5248,0.37\n4FGL J0009.3+5030,0.6\n")
    mine = tmp_path / "forecast.csv"
    mine.write_text("Source_Name,z,sd\n4FGL J0003.1-5248,0.3,0.1\n4FGL J0009.3+5030,0.6,0.1\n")
    assert command_line.main(["score", str(mine), "--exam", "redshift", "--newer", str(newer), "--csv"]) == 0
    captured = capsys.readouterr()
    assert pd.read_csv(io.StringIO(captured.out), index_col=0).loc["rmse", "value"] == pytest.approx(0.07 / np.sqrt(2))
    assert "2 sources scored" in captured.err


@pytest.mark.needs("4fgl-dr3", "4fgl-dr4", "fl16y")
def test_sources_may_be_called_by_any_of_their_names(tmp_path):
    """Names with another dash, without a letter or of another list do not leave their sources out of the score."""
    answer = exams.answers(exams.get_exam("agn-galactic"))["answer"]
    labelled = answer[answer != ""]
    rng = np.random.default_rng(0)
    plain = pd.DataFrame({"Source_Name": labelled.index, "agn": rng.uniform(0.1, 0.9, len(labelled))})
    names = source_names._table().set_index("source")["names"]
    later = names.reindex(labelled.index).str.extract(r"(FL16Y [^|]+?)(?: \||$)")[0]
    changed = {"dash": plain["Source_Name"].str.replace("-", "\N{MINUS SIGN}"), "letter": plain["Source_Name"].str.rstrip("c")}
    expected = scoring.score(write(tmp_path, plain.to_csv(index=False)), "agn-galactic", n_resamples=10)
    assert expected.attrs["unanswered"] == 0
    for how, given in (changed | {"FL16Y": later.fillna(pd.Series(labelled.index, labelled.index)).to_numpy()}).items():
        result = scoring.score(
            write(tmp_path, plain.assign(Source_Name=given).to_csv(index=False)), "agn-galactic", n_resamples=10
        )
        assert result.attrs == expected.attrs and result.loc["logloss", "value"] == expected.loc["logloss", "value"], how


@pytest.mark.parametrize("text", ["Source_Name,agn,AGN\nA,0.1,0.2\n", "Source_Name,agn,p_agn\nA,0.1,0.2\n"])
def test_two_columns_for_one_class_are_refused(tmp_path, outcome, text):
    with pytest.raises(FeatureError, match="two columns for agn"):
        scoring.score(write(tmp_path, text), "agn-galactic")


def test_one_source_under_two_names_and_one_column_for_two_classes_are_refused(tmp_path, monkeypatch):
    table = pd.DataFrame({"answer": ["agn"], "counterpart_after": ""}, index=["4FGL J1104.4+3812"])
    monkeypatch.setattr(exams, "answers", lambda *arguments: table)
    with pytest.raises(FeatureError, match=r"Mkn 421 and 4FGL J1104.4\+3812 are one source"):
        scoring.score(write(tmp_path, "Source_Name,agn\nMkn 421,0.1\n4FGL J1104.4+3812,0.2\n"), "agn-galactic")
    with pytest.raises(FeatureError, match="One column is named for two classes"):
        scoring.score(write(tmp_path, "Source_Name,x\nA,0.1\n"), "agn-galactic", columns={"agn": "x", "galactic": "x"})


def test_predictions_in_per_cent_are_fractions_and_in_other_units_are_refused(tmp_path):
    path = write(tmp_path, "Source_Name,agn [%],galactic\nA,50,0.5\nB,1,0.99\n")
    found = scoring.read_predictions(path, {"agn": "agn [%]"})
    assert found["agn"].tolist() == [0.5, 0.01] and found["galactic"].tolist() == [0.5, 0.99]
    with pytest.raises(FeatureError, match=r"agn \[km\] is in km; give predictions as numbers without a unit, or in %"):
        scoring.read_predictions(write(tmp_path, "Source_Name,agn [km]\nA,0.5\n"), {"agn": "agn [km]"})


@pytest.mark.parametrize("which", ["older", "newer"])
@pytest.mark.parametrize("exam", ["agn-galactic", "redshift"])
def test_a_release_that_never_ends_is_not_waited_for(which, exam, tmp_path):
    path = write(tmp_path, "Source_Name,agn,mean,sd\nA,0.5,1,1\n")
    with pytest.raises(FeatureError, match="is a pipe or a device"):
        scoring.score(path, exam, **{which: "/dev/zero"})
