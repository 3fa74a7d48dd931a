"""Redshifts of sources without one, and what they say about the classes."""

import numpy as np
import pandas as pd
import pytest

from agnbook.redshifts import boosted, class_mixture, unknown_redshifts
from agnbook.sky import features


@pytest.fixture(scope="module")
def sample():
    """Sources whose redshift depends on the class alone: 0.3 for BL Lacs, 1.2 for FSRQs, with scatter."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        rng.normal(size=(240, len(features.EXTENDED_REDSHIFT_FEATURES))), columns=features.EXTENDED_REDSHIFT_FEATURES
    )
    X[[name for name in X if name.startswith("CLASS_")]] = 0.0
    fsrq = np.arange(240) % 3 == 0
    X["CLASS_fsrq"], X["CLASS_bll"] = fsrq.astype(float), (~fsrq).astype(float)
    X.index = [f"S{i}" for i in range(240)]
    return boosted.RedshiftSample(X, np.where(fsrq, 1.2, 0.3) + rng.uniform(0, 0.1, 240), np.ones(240, bool))


def test_class_is_blanked_and_nothing_else(sample):
    blind = unknown_redshifts.without_class(sample.X)
    changed = [name for name in blind if not (blind[name] == sample.X[name]).all()]
    assert set(changed) == {"CLASS_bll", "CLASS_fsrq"} and (blind[changed] == 0).all(axis=None)
    assert sample.X["CLASS_fsrq"].sum() == 80, "the table itself stays"


def test_blocks_change_nothing_and_the_blind_model_cannot_see_the_class(sample):
    sizes = {"n_parts": 2, "n_forest": 5, "rounds": 0.2}
    X = sample.X.iloc[:12]
    table = unknown_redshifts.predict(sample, X, blocks=3, **sizes)
    assert table["Source_Name"].tolist() == X.index.tolist()
    quantiles = table[list(unknown_redshifts.QUANTILES)].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (table["z_low95"] <= table["z_low68"]).all() and (table["z_high68"] <= table["z_high95"]).all()
    pd.testing.assert_frame_equal(table, unknown_redshifts.predict(sample, X, blocks=1, **sizes))
    fsrq = X["CLASS_fsrq"].to_numpy() > 0
    gap = {name: table.loc[fsrq, name].mean() - table.loc[~fsrq, name].mean() for name in ("z_mean", "z_mean_no_class")}
    assert gap["z_mean"] > 0.3 > abs(gap["z_mean_no_class"])


def test_draws_follow_the_quantiles():
    row = [0.2, 0.4, 0.6, 0.9, 1.5]
    points = unknown_redshifts.draws([row, row], n=2001)
    assert len(points) == 4002
    inside = (points >= 0.4) & (points <= 0.9)
    assert inside.mean() == pytest.approx(0.68 / 0.98, abs=0.01)
    assert np.median(points) == pytest.approx(0.6, abs=1e-3)


def test_mixture_finds_the_fraction_it_was_made_of(sample):
    bcu = pd.concat([sample.X[sample.X["CLASS_fsrq"] > 0].iloc[:20], sample.X[sample.X["CLASS_bll"] > 0].iloc[:60]])
    table = class_mixture.predictions(sample, bcu, folds=3)
    assert set(table["class"]) == {"bll", "fsrq", "bcu"} and (table.groupby("blind").size() == 240 + 80).all()
    told = table[~table["blind"]]
    value, low, high = class_mixture.fraction_interval(told, n_resamples=100)
    assert value == class_mixture.fsrq_fraction(told) == pytest.approx(0.25, abs=0.03)
    assert low < value < high


def test_fraction_of_known_means():
    table = pd.DataFrame({"class": ["bll", "fsrq", "bcu", "bcu"], "z": [0.2, 1.0, 0.2, 0.6]})
    assert class_mixture.fsrq_fraction(table) == pytest.approx(0.25)
