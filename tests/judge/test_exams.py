"""Exams, tables of predictions, and their scores."""

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table
from scipy import stats

from agnbook import storage
from agnbook.ask import scoring, tables
from agnbook.chapter import seals
from agnbook.chapter.sizes import Settings
from agnbook.errors import FeatureError, SettingsError
from agnbook.judge import exams, scores


def release(names, kinds, **columns):
    n = len(names)
    base = {"Source_Name": names, "RAJ2000": 10.0 * np.arange(1, n + 1), "DEJ2000": 0.0, "CLASS1": kinds, "ASSOC_FGL": [""] * n}
    return pd.DataFrame(base | columns)


@pytest.fixture
def releases():
    older = release(["A", "B", "C", "D", "E"], ["", "unk", "", "", "bll"])
    newer = release(["V", "W", "X", "Y"], ["bll", "PSR", "unk", "fsrq"], ASSOC_FGL=["A", "B", "C", "E"])
    return older, newer


def test_answers_are_what_became_of_the_candidates(releases):
    table = exams.answers(exams.get_exam("agn-galactic"), *releases)
    assert table["answer"].to_dict() == {"A": "agn", "B": "galactic", "C": "", "D": ""}  # E was known before
    assert table.loc["D", "outcome"] == "vanished"
    assert exams.answers(exams.get_exam("six-groups"), *releases)["answer"].to_dict()["B"] == "psr+"


def test_unknown_exam_lists_the_known_ones():
    with pytest.raises(SettingsError, match="agn-galactic"):
        exams.get_exam("nothing")


def test_every_exam_covers_a_class_once():
    for exam in exams.EXAMS.values():
        members = [name for group in exam.classes.values() for name in group]
        assert len(members) == len(set(members))


@pytest.mark.parametrize("kind", ["csv", "fits", "vot", "parquet"])
def test_tables_of_all_kinds_read_alike(tmp_path, kind):
    path = tmp_path / f"peer.{kind}"
    table = pd.DataFrame({"Source_Name": ["4FGL J0001.2+4741 ", "4FGL J0002.1+6721c"], "P_AGN": [0.25, 0.9]})
    if kind == "csv":
        path.write_text("# a comment\n" + table.to_csv(index=False))
    else:
        tables.write(Table.from_pandas(table), path)
    read = exams.class_columns(scoring.read_predictions(path), ("agn", "galactic"))
    assert read.loc["4FGL J0001.2+4741"].to_dict() == {"agn": 0.25, "galactic": 0.75}


def test_other_column_names_can_be_given(tmp_path):
    path = tmp_path / "peer.csv"
    pd.DataFrame({"name": ["A"], "RF_agn": [0.3], "RF_psr": [0.5]}).to_csv(path, index=False)
    table = scoring.read_predictions(path, {"agn": "RF_agn", "psr": "RF_psr"})
    with pytest.raises(FeatureError, match=r"1 rows do not add up to 1 \(such as A: 0.8\)"):
        exams.class_columns(table, ("agn", "psr"))
    assert exams.class_columns(table, ("agn", "psr"), normalise=True).loc["A", "psr"] == pytest.approx(0.625)
    with pytest.raises(FeatureError, match="lacks the columns nope"):
        scoring.read_predictions(path, {"agn": "nope"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n", "no column Source_Name"),
        ("name,agn\nA,0.2\nA,0.3\n", "names 1 sources twice with different values, such as A"),
        ("", "Cannot read"),
    ],
)
def test_unusable_files_say_why(tmp_path, content, message):
    path = tmp_path / "peer.csv"
    path.write_text(content)
    with pytest.raises(FeatureError, match=message):
        scoring.read_predictions(path)


def test_unusable_probabilities_say_which():
    table = pd.DataFrame({"agn": [0.2, 1.3, np.nan]}, index=["A", "B", "C"])
    with pytest.raises(FeatureError, match="1 rows have probabilities outside 0 to 1 or none, such as B"):
        exams.class_columns(table, ("agn", "galactic"))
    with pytest.raises(FeatureError, match=r"lacks probabilities of msp\+, psr\+"):
        exams.class_columns(table.rename(columns={"agn": "bll+"}), ("bll+", "msp+", "psr+"))


def test_unanswered_rows_are_left_out_and_half_answered_ones_are_not():
    table = pd.DataFrame({"bll": [0.2, np.nan, np.nan], "fsrq": [0.8, np.nan, 0.5]}, index=["A", "B", "C"])
    assert list(exams.class_columns(table.loc[["A", "B"]], ("bll", "fsrq")).index) == ["A"]
    with pytest.raises(FeatureError, match=r"1 rows have .* such as C"):
        exams.class_columns(table, ("bll", "fsrq"))


def test_scores_of_a_small_table_by_hand():
    table = pd.DataFrame({"agn": [0.9, 0.8, 0.3], "galactic": [0.1, 0.2, 0.7]}, index=["A", "B", "C"])
    labels = pd.Series({"A": "agn", "B": "galactic", "C": "galactic", "Z": "agn", "U": ""})
    result = exams.score_predictions(table, labels, n_resamples=200)
    assert result.attrs == {"n": 3, "unanswered": 1, "no_answer": 0, "not_candidates": 0}
    assert result.loc["logloss", "value"] == pytest.approx(-np.log([0.9, 0.2, 0.7]).mean())
    assert result.loc["brier", "value"] == pytest.approx(np.mean([0.01, 0.64, 0.09]))
    assert result.loc["auc", "value"] == 1.0 and result.loc["accuracy", "value"] == pytest.approx(2 / 3)
    assert result.loc["count agn", "value"] == pytest.approx(2.0 - 1)
    half = stats.norm.ppf(0.975) * np.std([-0.1, 0.8, 0.3]) * np.sqrt(3)
    assert result.loc["count agn", ["low", "high"]].tolist() == pytest.approx([1 - half, 1 + half], abs=1e-4)
    entropy = -(1 / 3 * np.log(1 / 3) + 2 / 3 * np.log(2 / 3))
    assert result.loc["logloss", "constant"] == pytest.approx(entropy) and result.loc["auc", "constant"] == 0.5


def test_weights_stand_for_repeated_sources():
    table = pd.DataFrame({"agn": [0.9, 0.8, 0.3]}, index=["A", "B", "C"])
    table = exams.class_columns(table, ("agn", "galactic"))
    labels = pd.Series({"A": "agn", "B": "galactic", "C": "galactic"})
    weighted = exams.score_predictions(table, labels, pd.Series({"A": 1, "B": 3, "C": 1}))
    repeated = table.loc[["A", "B", "B", "B", "C"]].set_axis(list("ABDEC"))
    plain = exams.score_predictions(repeated, pd.Series(dict(zip("ABDEC", labels[["A", "B", "B", "B", "C"]], strict=True))))
    np.testing.assert_allclose(weighted[["value", "constant"]], plain[["value", "constant"]])


@pytest.mark.slow
def test_count_interval_covers_a_calibrated_forecast():
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(100):
        p = rng.uniform(size=150)
        table = exams.class_columns(pd.DataFrame({"agn": p}, index=[str(i) for i in range(150)]), ("agn", "galactic"))
        labels = pd.Series(np.where(rng.uniform(size=150) < p, "agn", "galactic"), index=table.index)
        row = exams.score_predictions(table, labels, n_resamples=2).loc["count agn"]
        inside += row["low"] <= 0 <= row["high"]
    assert 88 <= inside <= 99


def test_no_common_name_is_an_error():
    table = pd.DataFrame({"agn": [0.5], "galactic": [0.5]}, index=["3FGL J0001"])
    with pytest.raises(FeatureError, match="No labelled source is in the table"):
        exams.score_predictions(table, pd.Series({"4FGL J0001": "agn"}))


@pytest.mark.slow
@pytest.mark.needs("4fgl-dr4", "fl16y")
def test_a_peers_file_is_scored_in_one_call(tmp_path):
    labels = exams.answers(exams.get_exam("agn-pulsar"))["answer"]
    known = labels[labels != ""]
    assert set(known) == {"agn", "psr"} and len(known) > 250
    path = tmp_path / "oracle.csv"
    pd.DataFrame({"Source_Name": known.index, "agn": np.where(known == "agn", 0.99, 0.01)}).to_csv(path, index=False)
    result = scoring.score(path, "agn-pulsar", newer="fl16y", n_resamples=20)
    assert result.loc["accuracy", "value"] == 1 and result.attrs["n"] == len(known)


def test_paired_gain_sees_through_common_difficulty():
    rng = np.random.default_rng(0)
    names = [f"S{i}" for i in range(300)]
    hard = rng.uniform(0.05, 0.95, 300)
    labels = pd.Series("agn", names)
    first = pd.DataFrame({"agn": hard, "galactic": 1 - hard}, names)
    better = pd.DataFrame({"agn": hard**0.9}, names).assign(galactic=lambda t: 1 - t["agn"])
    row = exams.paired_scores(first, better, labels, n_resamples=200).loc["logloss"]
    assert row["difference"] == pytest.approx(0.1 * -np.log(hard).mean()) and 0 < row["low"] < row["difference"] < row["high"]
    assert exams.paired_scores(better, first, labels, n_resamples=20).loc["logloss", "difference"] == pytest.approx(
        -row["difference"]
    )
    assert row["high"] - row["low"] < np.log(hard).std() / np.sqrt(300)  # unpaired, the interval would be wider than this


def test_clusters_are_drawn_whole():
    groups = np.repeat(np.arange(30), 10)
    counts = scores.resample_counts(300, 50, np.random.default_rng(0), groups)
    assert (counts.reshape(50, 30, 10) == counts.reshape(50, 30, 10)[:, :, :1]).all() and (counts.sum(axis=1) == 300).all()
    rng = np.random.default_rng(1)
    p = np.repeat(rng.uniform(0.1, 0.9, 30), 10)  # ten copies of thirty sources
    names = [f"S{i}" for i in range(300)]
    table = pd.DataFrame({"agn": p, "galactic": 1 - p}, names)
    labels = pd.Series("agn", names)
    alone = exams.score_predictions(table, labels, n_resamples=400)
    together = exams.score_predictions(table, labels, clusters=pd.Series(groups, names), n_resamples=400)
    width = [(t.loc["logloss", "high"] - t.loc["logloss", "low"]) for t in (alone, together)]
    assert 2.2 < width[1] / width[0] < 4.5  # the square root of ten


def test_sources_of_one_counterpart_are_one_cluster():
    outcome = pd.DataFrame({"counterpart_after": ["SNR G189.6+03.3", "snr g189.6+03.3", "", ""]}, index=list("ABCD"))
    groups = exams.clusters(outcome)
    assert groups["A"] == groups["B"] and groups["C"] != groups["D"]


def test_bad_cells_are_named():
    table = pd.DataFrame({"agn": ["0.2", "likely", ""], "galactic": ["0.8", "0.1", ""]}, index=["A", "B", "C"])
    with pytest.raises(FeatureError, match=r"1 cells are texts .* such as 'likely' of B in 'agn'"):
        exams.class_columns(table, ("agn", "galactic"))
    read = exams.class_columns(table.loc[["A", "C"]], ("agn", "galactic"))
    assert read.attrs["without_probabilities"] == 1 and list(read.index) == ["A"]
    percent = pd.DataFrame({"agn": [20.0, 99.0], "galactic": [80.0, 1.0]}, index=["A", "B"])
    with pytest.raises(FeatureError, match="look like percentages"):
        exams.class_columns(percent, ("agn", "galactic"))


def test_every_row_of_a_table_is_counted():
    table = pd.DataFrame({"agn": [0.9, 0.8, 0.3, 0.5]}, index=["A", "U", "X", "Y"])
    table = exams.class_columns(table, ("agn", "galactic"))
    labels = pd.Series({"A": "agn", "B": "galactic", "U": ""})
    attrs = exams.score_predictions(table, labels, n_resamples=5).attrs
    assert attrs == {"n": 1, "unanswered": 1, "no_answer": 1, "not_candidates": 2}


def test_sealed_tables_are_written_once(tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    monkeypatch.setattr(storage, "DATA", tmp_path)
    monkeypatch.setenv("AGNBOOK_PUBLISH", "1")
    paper, smoke = (Settings("45_seal_predictions", name, {}) for name in ("paper", "smoke"))
    table = pd.DataFrame({"agn": [0.25, 0.5]}, index=pd.Index(["A", "B"], name="Source_Name"))
    options = {"seed": 0, "model": "m" * 64, "date": "2026-01-01"}
    assert seals.seal("x", table, settings=smoke, **options) is None and not list((tmp_path / "results").glob("*.csv"))
    assert seals.seal("x", table, settings=paper, **options) is None
    assert seals.seal("x", table + 0.125, settings=paper, **options) == pytest.approx(0.125)
    kept, record = seals.sealed("x")
    pd.testing.assert_frame_equal(kept, table)
    assert record["model"] == "m" * 64 and record["sealed"] == "2026-01-01" and len(record["sha256"]) == 64


def test_any_fits_file_is_a_release(tmp_path):
    from astropy.table import Table

    Table.from_pandas(release(["A", "B"], ["bll", ""])).write(tmp_path / "next.fits")
    assert exams.read_release(tmp_path / "next.fits")["Source_Name"].tolist() == ["A", "B"]
    assert exams.read_release(str(tmp_path / "next.fits"))["CLASS1"].tolist() == ["bll", ""]


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_4lac_is_a_release_too():
    assert set(exams.read_release("4lac-dr3")["file"]) == {"h", "l"}


def test_a_comparison_is_pair_by_pair_on_the_names_that_two_share():
    names = list("ABCDEF")
    labels = pd.Series(["agn", "galactic"] * 3, names)
    sure = pd.DataFrame({"agn": np.where(labels == "agn", 0.9, 0.1)}, names).assign(galactic=lambda t: 1 - t["agn"])
    shy = pd.DataFrame({"agn": 0.5, "galactic": 0.5}, names).loc[["F", "A", "C", "D"]]
    result = exams.compare(sure, {"shy": shy, "itself": sure}, labels, n_resamples=50)
    row = result["logloss"].loc["shy"]
    assert row["n"] == 4 and row["ours"] == pytest.approx(-np.log(0.9)) and row["theirs"] == pytest.approx(np.log(2))
    assert row["value"] == pytest.approx(-np.log(0.9) - np.log(2)) and row["low"] <= row["value"] <= row["high"]
    assert (result["brier"].loc["itself", ["value", "low", "high"]] == 0).all()
    assert result["auc"].loc["shy", ["ours", "theirs"]].tolist() == [1.0, 0.5]
    assert result["count"].loc["shy"].to_dict() == {"agn": 2, "galactic": 2}
    with pytest.raises(FeatureError, match="No labelled source is in both tables"):
        exams.paired_scores(sure, shy.rename(index=str.lower), labels)
    losses = exams.one_score({"a": exams.score_predictions(sure, labels, n_resamples=20)}, "logloss")
    assert list(losses.columns) == ["value", "low", "high"] and losses.loc["a", "value"] == pytest.approx(-np.log(0.9))


def test_of_one_class_there_is_no_area_and_the_rest_is_scored():
    table = pd.DataFrame({"agn": [0.9, 0.8], "galactic": [0.1, 0.2]}, index=["A", "B"])
    result = exams.paired_scores(table, table.assign(agn=0.5, galactic=0.5), pd.Series({"A": "agn", "B": "agn"}), n_resamples=20)
    assert np.isnan(result.loc["auc", ["low", "high"]]).all() and np.isfinite(result.loc["logloss"]).all()


def test_estimated_weights_are_estimated_in_every_resample():
    names = [f"S{i}" for i in range(60)]
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=60)}, names)
    p = rng.uniform(0.05, 0.95, 60)
    table = pd.DataFrame({"agn": p, "galactic": 1 - p}, names)
    labels = pd.Series(np.where(rng.uniform(size=60) < p, "agn", "galactic"), names)
    calls = []

    def ratio(source, target):
        calls.append((source.copy(), target.copy()))
        return 1.0 + (source[:, 0] > 0)

    result = exams.reestimated_scores(table, labels, X, X + 1, ratio, n_resamples=8)
    right = np.where(labels == "agn", p, 1 - p)
    weight = 1.0 + (X["x"] > 0)
    assert result.loc["logloss", "value"] == pytest.approx(np.average(-np.log(right), weights=weight))
    assert result.attrs == {"n": 60, "n_eff": pytest.approx(weight.sum() ** 2 / (weight**2).sum())}
    assert len(calls) == 9 and len({call[0].tobytes() for call in calls}) == len({call[1].tobytes() for call in calls}) == 9
    assert all(np.isin(source, X).all() and np.isin(target, X + 1).all() for source, target in calls)
    assert (result["low"] <= result["high"]).all() and result.loc["logloss", "low"] < result.loc["logloss", "value"]


def test_lists_of_classes_are_compared_where_both_name_a_labelled_source():
    labels = pd.Series({"A": "agn", "B": "psr", "C": "psr", "D": "agn", "E": "", "F": "psr"})
    theirs = pd.Series({"A": "agn", "B": "agn", "C": "psr", "E": "psr", "F": "psr"})
    ours = pd.Series({"A": "psr", "B": "psr", "C": "psr", "D": "agn", "E": "agn"})
    found = exams.compare_labels(theirs, ours, labels, rare="psr")  # A, B and C
    assert found == {"n": 3, "theirs": 2 / 3, "ours": 2 / 3, "psr": 2, "found": 1, "found by ours": 2}
