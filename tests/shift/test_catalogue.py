"""Splits, sums with their covariance, curves, and the catalogue's files."""

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from agnbook import storage
from agnbook.errors import FeatureError, ResultsError
from agnbook.shift import catalogue, curves
from agnbook.sky import catalogs
from agnbook.sky.source_classes import NAMES


@pytest.fixture(scope="module")
def small():
    """A catalogue of 240 associated and 60 unassociated sources in six classes."""
    rng = np.random.default_rng(0)
    group = np.arange(240) % 6
    X = rng.normal(size=(240, 4)) + np.eye(6)[group][:, :4] * 3
    weight = rng.uniform(0.1, 10, 240)
    target = rng.normal(size=(60, 4)) + 1
    run = catalogue.build(X, group, target, weight, n_splits=16, n_trees=3, epochs=3, at_least=1, seed=0, workers=1)
    return X, group, target, weight, run


@pytest.fixture(scope="module")
def frames(small):
    weight, run = small[3], small[4]
    names = [f"4FGL J{number:04d}.0+0000" for number in range(300)]
    every = [*names[:100], "4FGL J9999.9-9999", *names[100:]]
    return {w: catalogue.table(run, names, every, weight, w) for w in (False, True)}


def test_random_splits():
    rows, tested = catalogue.random_splits(4628, 51, np.random.default_rng(0), at_least=5)
    assert rows.shape == (51, 3239) and tested.sum(axis=0).min() >= 5
    for part, mask in zip(rows, tested, strict=True):
        assert not mask[part].any() and mask.sum() + len(part) == 4628
    with pytest.raises(ResultsError, match="rarely test"):
        catalogue.random_splits(100, 3, np.random.default_rng(0), at_least=3)


@pytest.mark.slow
def test_two_processes_give_the_same(small):
    X, group, target, weight, run = small
    other = catalogue.build(X, group, target, weight, n_splits=16, n_trees=3, epochs=3, at_least=1, seed=0, workers=2)
    for training in catalogue.TRAININGS:
        assert np.allclose(run.probability[training], other.probability[training], atol=1e-6)


def test_mean_and_std_use_only_splits_that_test_a_source(small):
    run = small[4]
    source = 7
    tested = run.tested[:, source]
    assert 0 < tested.sum() < 16
    assert np.allclose(run.mean("nn")[source], run.probability["nn"][tested, source].mean(axis=0), atol=1e-6)
    assert np.allclose(run.std("nn")[source], run.probability["nn"][tested, source].std(axis=0), atol=1e-6)
    assert np.allclose(run.mean("rf")[250], run.probability["rf"][:, 250].mean(axis=0), atol=1e-6)
    assert np.allclose(run.mean("rf").sum(axis=1), 1)


def test_sources_that_move_together_have_a_larger_sum():
    common = 0.5 + 0.1 * np.random.default_rng(0).normal(size=40)
    probability = np.zeros((40, 101, 6))
    probability[:, :, 0], probability[:, :, 1] = common[:, None], 1 - common[:, None]
    sums = catalogue.Run({"rf": probability}, np.ones((40, 1), bool)).class_sums("rf", associated=False)
    assert sums[:, 0].std() == pytest.approx(100 * common.std())
    assert sums.sum(axis=1) == pytest.approx(100)


def test_sums_of_associated_sources_scatter_by_training_and_not_by_which_are_tested(small):
    rng = np.random.default_rng(1)
    _, tested = catalogue.random_splits(400, 51, rng)
    easy = np.where(np.arange(400) < 200, 0.9, 0.1)  # which sources a split tests would move a plain sum
    common = 0.02 * rng.normal(size=51)
    first = easy + common[:, None]
    probability = np.stack([first, 1 - first, *np.zeros((4, 51, 400))], axis=2)
    run = catalogue.Run({"rf": probability}, tested)
    sums = run.class_sums("rf", associated=True)[:, 0]
    assert sums.mean() == pytest.approx(np.nanmean(run.mean("rf")[:, 0]) * 400)
    assert sums.std() == pytest.approx(400 * common.std(), rel=0.1)
    plain = np.array([p[t].mean() * 400 for p, t in zip(first, tested, strict=True)])
    assert plain.std() > 1.3 * sums.std()
    assert small[4].class_sums("nn", associated=True).sum(axis=1) == pytest.approx(240)


def test_empty_class_in_a_split():
    X, group = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 5
    with pytest.raises(FeatureError, match="class 5"):
        catalogue.build(X, group, X, np.ones(60), n_splits=2, n_trees=2, epochs=1, workers=1)


def test_table_keeps_every_source_in_order(frames):
    frame = frames[False]
    assert len(frame) == 301 and list(frame.columns) == catalogue.columns()["name"].tolist()
    assert frame.filter(regex="^(RF|NN)_").shape[1] == 24
    gap = frame.iloc[100]
    assert gap["Source_Name"] == "4FGL J9999.9-9999" and gap["N_Splits"] == 0 and np.isnan(gap["RF_bll"])
    assert (frame["Sample_Weight"].iloc[-50:] == 1).all()
    assert frame["Training_Sample"].tolist() == [True] * 100 + [False] + [True] * 140 + [False] * 60


def test_fits_and_csv_round_trip(frames, tmp_path):
    from astropy.io import fits

    path = tmp_path / "catalogue.fits"
    catalogue.write_fits(path, frames[True], "a title")
    back = catalogue.read_fits(path)
    numbers = back.columns[1:]
    assert back["Training_Sample"].dtype == bool and back["Training_Sample"].sum() == 240
    assert back["Source_Name"].tolist() == frames[True]["Source_Name"].tolist()
    assert np.allclose(back[numbers].astype(float), frames[True][numbers].astype(float), atol=1e-6, equal_nan=True)
    header = fits.getheader(path, 1)
    assert header["TITLE"] == "a title" and "random forest" in header["TCOMM5"]
    shown = Table.read(path)
    assert len(shown) == 301 and shown["RF_spp"].description == header["TCOMM5"]
    (tmp_path / "catalogue.csv").write_text(catalogue.csv_text(frames[True]))
    text = pd.read_csv(tmp_path / "catalogue.csv")
    assert np.allclose(text[numbers].astype(float), frames[True][numbers].astype(float), atol=6e-5, equal_nan=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"RF_bll": 1.5}, "RF probabilities outside"),
        ({"NN_bll": 0.0, "NN_bcu": 0.0}, "NN probabilities do not add up"),
        ({"Sample_Weight": 11.0}, "weights outside"),
        ({"Source_Name": "one"}, "names repeat"),
        ({"N_Splits": 0}, "without splits"),
    ],
)
def test_schema(frames, change, message):
    with pytest.raises(ResultsError, match=message):
        catalogue.validate(frames[False].assign(**change))


def test_schema_columns(frames):
    with pytest.raises(ResultsError, match="columns"):
        catalogue.validate(frames[False].drop(columns="RF_bll"))


def test_published_catalogue():
    """The committed files obey the schema, hold every source once and agree with each other."""
    for weighted in ("unweighted", "weighted"):
        path = storage.DATA / f"results/shift_catalogue_{weighted}.fits"
        frame = catalogue.read_fits(path)
        assert sorted(frame["Source_Name"]) == sorted(catalogs.read("4fgl-dr4", ["Source_Name"])["Source_Name"])
        shown = Table.read(path)
        assert [shown[name].description for name in shown.colnames] == catalogue.columns()["description"].tolist()
        assert (frame["N_Splits"] == 0).sum() == 4 and frame["N_Splits"].replace(0, 99).min() >= 5
        text = pd.read_csv(path.with_suffix(".csv"))
        assert np.allclose(text["RF_bll"], frame["RF_bll"], atol=6e-5, equal_nan=True)


def test_curves_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    truth, weight = rng.random(400) < 0.3, rng.exponential(size=400)
    score = np.round(np.clip(0.3 * truth + 0.6 * rng.random(400), 0, 1), 2)
    tpr, precision, recall, auc = curves.one_split(truth, score, weight)
    assert auc == pytest.approx(roc_auc_score(truth, score, sample_weight=weight))
    assert np.all(np.diff(tpr) >= 0) and np.all(np.diff(recall) <= 0)
    middle = 25
    assert precision[middle] == pytest.approx(precision_score(truth, score >= 0.5, sample_weight=weight))
    assert recall[middle] == pytest.approx(recall_score(truth, score >= 0.5, sample_weight=weight))
    assert np.isnan(precision[-1])


def test_evaluate_and_confusion(small):
    _, group, _, weight, run = small
    lines, bins, areas = curves.evaluate(group, run.probability["rf"][:, :240], run.tested, weight, NAMES)
    assert len(lines) == 6 * len(curves.GRID) and len(areas) == 6 * 16
    assert areas["auc"].mean() > 0.7 and bins["predicted"].between(0, 1).all()
    table = pd.DataFrame({"predicted": [0.2, 0.6, 0.9], "observed": [0.0, 0.5, 0.7], "label": "RF"})
    assert curves.surplus(table).to_dict() == {"RF": pytest.approx(0.15)}
    matrix = curves.confusion(group, run.mean("rf")[:240], weight)
    assert np.allclose(matrix.sum(axis=0), 1)
    assert np.allclose(curves.confusion([0, 1, 1], np.eye(6)[[0, 1, 0]])[:2, :2], [[0.5, 0], [0.5, 1]])
