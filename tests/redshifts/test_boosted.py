"""The extended features, the best redshift model and the Gaussian head."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from simulated import TINY, catalogue, synthetic_sample

from agnbook.errors import FeatureError
from agnbook.judge import cross_validation, scores
from agnbook.redshifts import boosted, gaussian_head
from agnbook.sky import catalogs, features


@pytest.mark.slow
def test_extended_features_keep_what_is_missing_and_censor_what_is_not():
    table = catalogue()
    table.loc[0, ["Highest_energy", "HE_nuFnuPeak", "HE_EPeak", "ASSOC_PROB_BAY"]] = [-np.inf, -np.inf, np.nan, -np.inf]
    table.loc[1, ["nu_syn", "nuFnu_syn", "SED_class"]] = [0.0, 0.0, ""]
    table.loc[2, "Redshift"] = -np.inf
    extended = features.extended_redshift_features(table)
    assert list(extended.X.columns) == features.EXTENDED_REDSHIFT_FEATURES and len(extended) == len(table)
    first, second = extended.X.iloc[0], extended.X.iloc[1]
    assert first["Highest_energy"] == pytest.approx(np.log(features.HIGHEST_ENERGY_CENSORED))
    assert first[["HE_nuFnuPeak", "HE_EPeak", "Compton_dominance", "ASSOC_PROB_BAY"]].isna().all()
    assert second[["nu_syn", "nuFnu_syn", "SED_class", "Compton_dominance"]].isna().all()
    assert np.isnan(extended.y[2]) and np.isfinite(extended.y[3])
    assert extended.X.drop(index=extended.X.index[:2]).notna().all(axis=None)


def test_extended_features_describe_the_counterpart():
    X = features.extended_redshift_features(catalogue()).X.iloc[:4]
    assert X["name_bright_radio"].tolist() == [1, 0, 0, 1]
    assert X["name_xray"].tolist() == [0, 1, 0, 0]
    assert X["name_optical"].tolist() == [0, 0, 1, 0]
    assert X["CLASS_fsrq"].tolist() == [0, 1, 0, 0]
    assert X["catalog_bzcat"].eq(1).all() and X["abs_GLAT"].eq(40).all()
    assert X["separation"].to_numpy() == pytest.approx(np.log(0.5 + 1e-4))


def test_extended_features_refuse_bad_tables():
    with pytest.raises(FeatureError, match="HE_EPeak"):
        features.extended_redshift_features(catalogue().drop(columns="HE_EPeak"))
    table = catalogue()
    table.loc[5, "Flux1000"] = -1.0
    with pytest.raises(FeatureError, match="Flux1000 must be positive"):
        features.extended_redshift_features(table)


def test_sample_puts_the_papers_sources_first():
    table = catalogue()
    table.loc[3, "Highest_energy"] = -np.inf
    table.loc[4, "Redshift"] = -np.inf
    low = catalogue(5, seed=2).assign(Source_Name=[f"low {i}" for i in range(5)])
    sample = boosted.redshift_sample(table, low)
    paper = features.redshift_features(table)
    assert list(sample.X.index[sample.kept]) == list(paper.X.index)
    assert sample.z[sample.kept] == pytest.approx(paper.y)
    assert set(sample.X.index[~sample.kept]) == {table["Source_Name"][3], *low["Source_Name"]}
    assert len(boosted.redshift_sample(table)) == len(sample) - 5


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_sample_of_the_catalogue_and_its_folds():
    high = catalogs.read("4lac-dr3-h")
    sample = boosted.redshift_sample(high, catalogs.read("4lac-dr3-l"))
    assert (sample.kept.sum(), len(sample) - sample.kept.sum()) == (1224, 650)
    assert list(sample.X.index[:1224]) == list(features.redshift_features(high).X.index)
    assert cross_validation.load_folds("redshift_10x3", sample.X.index[:1224]).shape == (3, 1224)


def test_shared_leaves_match_the_definition():
    rng = np.random.default_rng(0)
    query, training = rng.integers(0, 4, (5, 3)), rng.integers(0, 4, (40, 3))
    expected = np.zeros((5, 40))
    for i in range(5):
        for tree in range(3):
            together = training[:, tree] == query[i, tree]
            expected[i] += together / together.sum() / 3
    found = boosted.shared_leaves(query, training)
    assert found == pytest.approx(expected, abs=1e-6)
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-6)


def test_best_model_predicts_and_its_intervals_hold():
    sample = synthetic_sample(600)
    train, test = boosted.split_sample(sample, np.arange(150))
    model = boosted.fit_best(train, n_parts=4, n_forest=20, rounds=0.4)
    forecast = model.predict(test.X)
    assert scores.correlation(test.z, forecast.mean) > 0.75
    limits = model.intervals(forecast, test.X)
    covered = (test.z[:, None] >= limits[..., 0]) & (test.z[:, None] <= limits[..., 1])
    assert covered.mean(axis=0) == pytest.approx([0.683, 0.954, 0.997], abs=0.1)
    sets = model.two_part_sets(forecast, test.X)
    assert sets[0].contains(test.z).mean() == pytest.approx(0.683, abs=0.12)
    assert np.all(np.diff(forecast.quantiles, axis=1) >= 0)


def test_predictions_are_deterministic_and_do_not_see_the_held_out_redshifts():
    sample = synthetic_sample()
    changed = boosted.RedshiftSample(sample.X, np.where(np.arange(len(sample)) < 40, 9.0, sample.z), sample.kept)
    first, second = (
        boosted.fit_best(boosted.split_sample(each, np.arange(40))[0], **TINY).predict(sample.X.iloc[:40])
        for each in (sample, changed)
    )
    assert np.array_equal(first.quantiles, second.quantiles)


def test_predict_names_missing_features():
    model = boosted.fit_best(synthetic_sample(), **TINY)
    with pytest.raises(FeatureError, match="lacks the features b, c"):
        model.predict(synthetic_sample().X.drop(columns=["b", "c"]))
    with pytest.raises(FeatureError, match="6 features"):
        model.predict(np.zeros((3, 4)))


def test_out_of_fold_scores_every_kept_source_once_a_repeat():
    sample = synthetic_sample()
    folds = cross_validation.repeated_folds(int(sample.kept.sum()), 2, 2)
    table = boosted.out_of_fold(sample, folds, n_jobs=1, **TINY)
    assert table.groupby("repeat")["Source_Name"].nunique().tolist() == [160, 160]
    assert (table["low_68"] <= table["high_68"]).all() and table["pit"].between(0, 1).all()
    assert np.isfinite(table.drop(columns="Source_Name")).all(axis=None)


def test_booster_out_of_fold_learns_more_from_more_rows():
    sample = synthetic_sample(600)
    folds = cross_validation.repeated_folds(400, 3, 1)
    error = [
        scores.rmse(sample.z[:400], boosted.booster_out_of_fold(sample, folds, fraction=f, rounds=0.3)[0]) for f in (0.08, 1)
    ]
    assert error[1] < error[0] < sample.z.std() * 1.2
    blind = boosted.booster_out_of_fold(sample, folds, columns=["d"], extra=False, rounds=0.3)[0]
    assert scores.rmse(sample.z[:400], blind) > 1.2 * error[1]


def test_fit_booster_predicts_in_its_own_scale():
    sample = synthetic_sample()
    assert boosted.fit_booster(sample.X, sample.z, "gamma").predict(sample.X).mean() == pytest.approx(sample.z.mean(), rel=0.05)
    assert boosted.fit_booster(sample.X, sample.z).predict(sample.X).mean() == pytest.approx(np.sqrt(sample.z).mean(), rel=0.05)


def test_noise_floor_finds_the_noise():
    rng = np.random.default_rng(4)
    X = rng.uniform(-1, 1, (3000, 2))
    z = np.sin(2 * X[:, 0]) + X[:, 1] ** 2 + rng.normal(0, 0.3, 3000)
    assert boosted.noise_floor(X, z) == pytest.approx(0.3, abs=0.03)


@pytest.mark.slow
def test_gaussian_head_learns_location_and_scale():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(800, 2))
    spread = np.where(X[:, 1] > 0, 0.3, 0.05)
    z = np.expm1(1.0 + 0.2 * X[:, 0] + rng.normal(0, spread))
    location, scale = gaussian_head.fit_predict(X, z, [np.arange(600)], epochs=150, hidden=16)
    assert location.shape == scale.shape == (1, 800)
    assert np.corrcoef(location[0, 600:], X[600:, 0])[0, 1] > 0.8
    noisy = X[600:, 1] > 0.3
    assert np.median(scale[0, 600:][noisy]) > 2 * np.median(scale[0, 600:][X[600:, 1] < -0.3])


def test_gaussian_head_members_see_only_their_own_training_rows():
    rng = np.random.default_rng(6)
    X, z = rng.normal(size=(60, 3)), rng.uniform(0, 2, 60)
    other = np.where(np.arange(60) < 20, 5.0, z)
    options = {"epochs": 6, "hidden": 4}
    first = gaussian_head.fit_predict(X, z, [np.arange(20, 60)], **options)
    second = gaussian_head.fit_predict(X, other, [np.arange(20, 60)], **options)
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])


def test_gaussian_head_out_of_fold_fills_every_row():
    rng = np.random.default_rng(7)
    X, z = rng.normal(size=(50, 3)), rng.uniform(0, 2, 50)
    table = gaussian_head.out_of_fold(X, z, [f"s{i}" for i in range(50)], cross_validation.repeated_folds(50, 5, 2), 2, epochs=3)
    assert len(table) == 100 and table[["location", "scale"]].notna().all(axis=None) and (table["scale"] > 0).all()


def test_the_back_transform_adds_what_the_other_folds_scatter(monkeypatch):
    """A booster that always says sqrt(z) = 1: the mean is 1 plus the mean square of the others' residuals, by hand."""
    constant = SimpleNamespace(predict=lambda X: np.ones(len(X)))
    monkeypatch.setattr(boosted, "_booster", lambda *arguments: constant)
    root = np.array([1.0, 1.2, 0.7, 1.5])
    sample = boosted.RedshiftSample(pd.DataFrame({"a": np.zeros(4)}), root**2, np.ones(4, bool))
    found = boosted.booster_out_of_fold(sample, np.array([[0, 0, 1, 1]]))
    squares = (root - 1) ** 2
    expected = 1 + np.repeat([squares[2:].mean(), squares[:2].mean()], 2)
    np.testing.assert_allclose(found, [expected])
