"""Votes, peers, the reject option, the class-fraction estimate and the published tables."""

import json

import numpy as np
import pandas as pd
import pytest

from agnbook import committed, storage
from agnbook.blazars import boosted, catalogue, linear, voting
from agnbook.errors import FeatureError, ResultsError
from agnbook.judge import cross_validation, scores
from agnbook.sky import features


@pytest.fixture(scope="module")
def toy():
    rng = np.random.default_rng(0)
    y = (rng.random(200) < 0.4).astype(float)
    X = pd.DataFrame(rng.normal(size=(200, 3)) + 1.5 * y[:, None] * [1, -1, 0], columns=["a", "b", "c"])
    X.iloc[::9, 2] = np.nan
    return X, y


def test_soft_vote_and_mean_logit():
    votes = np.array([[0.2, 0.9], [0.4, 0.5]])
    np.testing.assert_allclose(voting.soft_vote(votes, [0.1, 0.9]), [0.38, 0.54])
    np.testing.assert_allclose(voting.mean_logit([[0.2], [0.8]]), [0.5])
    assert voting.mean_logit([[0.5], [0.999]])[0] > voting.soft_vote([[0.5], [0.999]])[0]
    # an impossible vote counts as one in ten thousand: odds of 1 : 9999 and 1 : 1 have a geometric mean of 1 : 100
    np.testing.assert_allclose(voting.mean_logit([[0.0, 1.0], [0.5, 0.5]]), [1 / 101, 100 / 101], rtol=1e-4)
    for bad in ([0.2, 1.1], [np.nan, 0.5]):
        with pytest.raises(FeatureError, match="between 0 and 1"):
            voting.soft_vote([bad, [0.1, 0.2]])


def test_reject_option_keeps_its_promise():
    rng = np.random.default_rng(1)
    probability = rng.beta(0.6, 0.9, 20_000)
    truth = rng.random(20_000) < probability
    for target in (0.9, 0.95, 0.99):
        called, threshold = voting.reject_option(probability, target)
        right = ((probability > 0.5) == truth)[called].mean()
        assert abs(right - target) < 0.006
        assert np.maximum(probability, 1 - probability)[called].min() == threshold
        assert np.maximum(probability, 1 - probability)[~called].max() <= threshold
    called, threshold = voting.reject_option([0.5, 0.6], 0.99)
    assert not called.any() and np.isnan(threshold)
    with pytest.raises(FeatureError, match="expected precision"):
        voting.reject_option([0.5], 1.0)


def test_prior_shift_finds_the_fraction():
    rng = np.random.default_rng(2)
    truth = rng.random(40_000) < 0.15  # trained at 0.4
    x = rng.normal(size=40_000) + 2.0 * truth
    logit_at_train = 2.0 * x - 2.0 + np.log(0.4 / 0.6)
    fraction, adjusted = voting.prior_shift(1 / (1 + np.exp(-logit_at_train)), 0.4)
    assert abs(fraction - 0.15) < 0.01
    np.testing.assert_allclose(adjusted.mean(), fraction, atol=1e-6)
    unchanged, same = voting.prior_shift(np.array([0.2, 0.6]), 0.4)
    assert abs(unchanged - same.mean()) < 1e-6
    with pytest.raises(FeatureError, match="training fraction"):
        voting.prior_shift([0.5], 0.0)


def test_stacking_mends_a_scale_and_never_sees_the_source_it_answers_for():
    rng = np.random.default_rng(12)
    true = rng.normal(0, 2, 900)
    y = (rng.random(900) < 1 / (1 + np.exp(-true))).astype(float)
    folds = cross_validation.repeated_folds(900, 3, 1)
    bold = 4 * true[None, None]
    mended = scores.binary_scores(y, voting.stacked(bold, y, folds)[0])["logloss"]
    assert mended < scores.binary_scores(y, 1 / (1 + np.exp(-bold[0, 0])))["logloss"]
    flipped = np.where(folds[0] == 0, 1 - y, y)  # labels of a fold leave its own answers alone
    np.testing.assert_array_equal(
        voting.stacked(bold, flipped, folds)[0][folds[0] == 0], voting.stacked(bold, y, folds)[0][folds[0] == 0]
    )


def test_tidy_tables_return_in_any_order():
    votes = {"a|b": np.array([[0.1, 0.2], [0.3, 0.4]]), "c": np.array([[0.5, 0.6]])}
    frame = voting.tidy(votes, ["x", "y"])
    back = voting.untidy(frame, ["y", "x"])
    assert list(back) == ["a|b", "c"]
    np.testing.assert_array_equal(back["a|b"], votes["a|b"][:, ::-1])


@pytest.mark.parametrize(
    "make",
    [linear.quadratic_logistic, lambda: boosted.Boosted(rounds=60), lambda: boosted.forest(30), lambda: boosted.extra_trees(30),
     boosted.support_vectors],
)  # fmt: skip
def test_peers_are_out_of_fold(toy, make):
    X, y = toy
    folds = cross_validation.repeated_folds(200, 4, 1, labels=y)
    honest = scores.binary_scores(y, voting.out_of_fold(make, X, y, folds)[0])
    assert honest["auc"] > 0.8
    shuffled = np.random.default_rng(0).permutation(y)
    chance = scores.binary_scores(shuffled, voting.out_of_fold(make, X, shuffled, folds)[0])
    assert chance["auc"] < 0.65  # a model that saw the held-out labels would find them again


def test_extra_rows_train_and_are_never_tested(toy):
    X, y = toy
    seen = []

    class Spy:
        def fit(self, X, y):
            seen.append(len(y))
            return self

        def predict_proba(self, X):
            return np.full((len(X), 2), 0.5)

    folds = cross_validation.repeated_folds(200, 4, 1, labels=y)
    table = voting.out_of_fold(Spy, X, y, folds, X.iloc[:7], y[:7])
    assert table.shape == (1, 200) and seen == [150 + 7] * 4


def test_logistic_has_eight_parameters():
    rng = np.random.default_rng(0)
    model = linear.logistic().fit(rng.normal(size=(50, 7)), rng.integers(0, 2, 50))
    assert model[-1].coef_.size + model[-1].intercept_.size == 8


def test_mark_missing_sed():
    X = pd.DataFrame({"nu_syn": np.log([1e12, 1e12 + 1e13]), "nuFnu_syn": np.log([1e-12, 3e-12]), "PL_Index": [2.0, 2.1]})
    marked = linear.mark_missing_sed(X)
    assert marked.loc[0, ["nu_syn", "nuFnu_syn"]].isna().all() and marked.loc[1].notna().all()
    assert X.notna().all().all()


def test_five_votes_learn_from_the_rows_they_are_given(toy):
    X, y = toy
    trainings, targets = [np.arange(150), np.arange(60, 200)], [np.arange(150, 200), np.arange(60)]
    votes = voting.five_votes(X, y, trainings, targets, trees=20, rounds=40, epochs=150)
    assert tuple(votes) == voting.VOTERS
    for answers in votes.values():
        assert [len(a) for a in answers] == [50, 60]
        assert scores.binary_scores(y[150:], answers[0])["auc"] > 0.75
    table = voting.collect(votes["boosting"], targets, [0, 1], 200)
    np.testing.assert_array_equal(table[0, 150:], votes["boosting"][0])
    assert np.isnan(table[0, :150]).all() and np.isfinite(table[1, :60]).all()


# ------------------------------------------------------------------ scores and columns


def test_binary_scores_agree_with_scikit_learn():
    from sklearn import metrics

    rng = np.random.default_rng(0)
    y, p, w = rng.integers(0, 2, 300), np.round(rng.random(300), 2), rng.integers(0, 4, 300)
    ours = scores.binary_scores(y, p, w)
    call = p > 0.5
    expected = {
        "accuracy": metrics.accuracy_score(y, call, sample_weight=w), "auc": metrics.roc_auc_score(y, p, sample_weight=w),
        "logloss": metrics.log_loss(y, np.clip(p, 1e-6, 1 - 1e-6), sample_weight=w),
        "brier": metrics.brier_score_loss(y, p, sample_weight=w), "f1_fsrq": metrics.f1_score(y, call, sample_weight=w),
        "f1_bll": metrics.f1_score(y, call, pos_label=0, sample_weight=w),
        "precision_fsrq": metrics.precision_score(y, call, sample_weight=w),
        "recall_bll": metrics.recall_score(y, call, pos_label=0, sample_weight=w),
    }  # fmt: skip
    for name, value in expected.items():
        np.testing.assert_allclose(ours[name], value, rtol=1e-9, err_msg=name)
    with pytest.raises(ValueError, match="finite probabilities"):
        scores.binary_scores(y, np.r_[np.nan, p[1:]])


def test_repeated_scores_average_repeats_and_bracket_them():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    tables = np.clip(0.5 + 0.3 * (2 * y - 1) + rng.normal(0, 0.25, (3, 400)), 0, 1)
    result = scores.repeated_binary_scores(y, tables, n_resamples=200)
    for name, (value, low, high) in result.items():
        np.testing.assert_allclose(value, np.mean([scores.binary_scores(y, row)[name] for row in tables]))
        assert low < value < high


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_extended_columns_do_not_name_the_class(both_latitudes):
    table = features.extended_blazar_features(both_latitudes)
    assert list(table.X.index) == list(features.blazar_features(both_latitudes).X.index)
    known = np.isfinite(table.y)
    assert not [n for n in table.X if n.startswith(("CLASS", "catalog", "name_"))] and "Redshift" not in table.X
    for name, values in table.X[known].items():
        # no single column may nearly decide the class
        filled = values.fillna(values.median()).to_numpy()
        assert 0.03 < scores.binary_scores(table.y[known], _unit(filled))["auc"] < 0.97, name
        missing = values.isna().to_numpy().astype(float)
        assert 0.3 < scores.binary_scores(table.y[known], missing)["auc"] < 0.7, name


def _unit(values):
    return (values - values.min()) / max(np.ptp(values), 1e-12)


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_committed_folds_are_stratified(both_latitudes):
    table = features.blazar_features(both_latitudes, classes=("bll", "fsrq"))
    folds = cross_validation.load_folds("blazars_10x3", table.X.index)
    np.testing.assert_array_equal(folds, cross_validation.repeated_folds(len(table), 10, 3, 0, table.y))
    for _, _, _, test in cross_validation.splits(folds):
        assert abs(table.y[test].mean() - table.y.mean()) < 0.006


# ------------------------------------------------------------------ published tables


@pytest.fixture
def small_table():
    table = {name: [0.25, 0.75] for name in catalogue.CLASS_COLUMNS}
    table |= {
        "Source_Name": ["4FGL J0001.2+4741", "4FGL J0002.1-6728c"],
        "called_95": ["none", "FSRQ"],
        "called_99": ["none", "none"],
    }
    return pd.DataFrame(table | {"flagged": [False, True], "no_sed": [True, False]})


def test_tables_open_with_units_and_meanings(small_table, tmp_path, monkeypatch):
    from astropy.io import fits
    from astropy.table import Table

    monkeypatch.setattr(storage, "DATA", tmp_path)
    monkeypatch.setenv("AGNBOOK_PUBLISH", "1")
    (tmp_path / "results").mkdir()
    made_by = {"chapter": "17_predict_unknowns", "profile": "paper", "seed": 0}
    shuffled = small_table[small_table.columns[::-1]]
    catalogue.write("small", shuffled, catalogue.CLASS_COLUMNS, **made_by, version="7", model="test")
    header = fits.getheader(tmp_path / "results" / "small.fits", 1)
    assert header["VERSION"] == "7" and header["MODEL"] == "test"
    meanings = [header[f"TCOMM{i}"] for i in range(1, len(catalogue.CLASS_COLUMNS) + 1)]
    assert meanings == [meaning for _, meaning in catalogue.CLASS_COLUMNS.values()]
    pd.testing.assert_frame_equal(
        catalogue.read("small").astype({"Source_Name": object, "called_95": object, "called_99": object}),
        small_table[list(catalogue.CLASS_COLUMNS)].astype({"Source_Name": object, "called_95": object, "called_99": object}),
    )
    shown = Table.read(tmp_path / "results" / "small.fits")  # as any user of astropy reads it
    assert [shown[name].description for name in catalogue.CLASS_COLUMNS] == meanings
    text = Table.read(tmp_path / "results" / "small.csv", format="ascii.ecsv")
    assert text["logit_sd"].description == catalogue.CLASS_COLUMNS["logit_sd"][1] and text.meta["VERSION"] == "7"
    plain = pd.read_csv(tmp_path / "results" / "small.csv", comment="#")
    assert list(plain) == list(catalogue.CLASS_COLUMNS) and list(plain["flagged"].astype(str)) == ["False", "True"]
    record = json.loads((tmp_path / "results" / "artifacts.json").read_text())
    assert record["results/small.fits"]["version"] == "7"
    (tmp_path / "results" / "small.fits").write_bytes(b"x")
    with pytest.raises(ResultsError, match="sha256"):
        catalogue.read("small")


def test_the_class_table_takes_its_columns_from_the_summary():
    names = ["answer", "low", "high", "logit_sd", "mean"]
    columns = {
        f"{model}.{name}": [0.1 * k] for model in ("five voters", "source alone", "bias_init") for k, name in enumerate(names)
    }
    table = catalogue.class_table(pd.DataFrame(columns, index=pd.Index(["4FGL J0001.2+4741"], name="Source_Name")))
    assert table["Source_Name"].tolist() == ["4FGL J0001.2+4741"]
    assert table.iloc[0, 1:].tolist() == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.0, 0.3, 0.4])
    rest = {"called_95", "called_99", "flagged", "no_sed", "probability_blind", "call_rests_on_gap"}
    assert set(table) | rest == set(catalogue.CLASS_COLUMNS) and not set(table) & rest


def test_nothing_is_written_unless_publishing(small_table, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "DATA", tmp_path)
    monkeypatch.delenv("AGNBOOK_PUBLISH", raising=False)
    made_by = {"chapter": "17_predict_unknowns", "profile": "paper", "seed": 0}
    catalogue.write("small", small_table, catalogue.CLASS_COLUMNS, **made_by, version="7", model="test")
    assert not list(tmp_path.iterdir()) and not committed.publishing()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="logit_sd"), "differ from the schema"),
        (lambda t: t.assign(Source_Name="4FGL J0001.2+4741"), "twice"),
        (lambda t: t.assign(probability_fsrq=[0.5, 1.2]), "no probabilities"),
        (lambda t: t.assign(logit_sd=[0.5, np.inf]), "infinite"),
        (lambda t: t.assign(logit_sd=[0.5, np.nan]), "missing values"),
        (lambda t: t.assign(called_95=["none", "=1+1"]), "formula"),
    ],
)
def test_tables_that_break_the_schema_are_refused(small_table, change, message):
    with pytest.raises(ResultsError, match=message):
        catalogue.checked(change(small_table), catalogue.CLASS_COLUMNS)


@pytest.mark.parametrize(
    ("stem", "columns"), [("blazar_classes", catalogue.CLASS_COLUMNS), ("agn_redshifts", catalogue.REDSHIFT_COLUMNS)]
)
def test_published_tables_keep_the_schema(stem, columns):
    from astropy.table import Table

    table, shown = catalogue.read(stem), Table.read(storage.DATA / f"results/{stem}.fits")
    assert {name: shown[name].description for name in shown.colnames} == {name: text for name, (_, text) in columns.items()}
    catalogue.checked(table, columns)
    assert table["Source_Name"].str.match(r"4FGL J\d{4}\.\d[+-]\d{4}").all()
    if stem == "blazar_classes":
        assert (~table["flagged"]).sum() == 1115
        assert (table["probability_low"] <= table["probability_fsrq"]).all()
        assert (table["probability_fsrq"] <= table["probability_high"]).all()
        assert (table["called_95"] != "none").sum() > (table["called_99"] != "none").sum() > 0
    else:
        order = ["z_q025", "z_q160", "z_q500", "z_q840", "z_q975"]
        assert (np.diff(table[order].to_numpy(), axis=1) >= 0).all() and (table["z_q025"] >= 0).all()
        assert (table["z_low68"] <= table["z_high68"]).all() and (table["z_sd"] > 0).all()
