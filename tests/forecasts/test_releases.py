"""Forecasts are honest for the sources they were trained on, and say what they were trained on."""

import numpy as np
import pandas as pd
import pytest

from agnbook import forecasts
from agnbook.sky import source_classes
from agnbook.sky.features import GAMMA_COLUMNS


@pytest.fixture(scope="module")
def release():
    """A made-up catalogue: pulsars curved and steady, blazars not, a third unassociated."""
    rng = np.random.default_rng(0)
    n = 360
    pulsar = rng.uniform(size=n) < 0.3
    table = pd.DataFrame({name: rng.lognormal(size=n) for name in GAMMA_COLUMNS})
    table["Pivot_Energy"] *= 1000
    table["GLON"], table["GLAT"] = rng.uniform(0, 360, n), rng.normal(0, np.where(pulsar, 5, 40), n).clip(-90, 90)
    table["LP_SigCurv"] = np.where(pulsar, rng.normal(6, 1, n), rng.normal(1, 1, n))
    names = np.where(pulsar, rng.choice(["psr", "msp", "spp"], n), rng.choice(["bll", "fsrq", "BCU"], n))
    table["CLASS1"] = np.where(rng.uniform(size=n) < 0.33, rng.choice(["", "unk"], n), names)
    return table.assign(Source_Name=[f"S{i}" for i in range(n)], pulsar=pulsar).set_index("Source_Name", drop=False)


def test_forecast_separates_what_it_has_not_seen(release):
    own, ahead = forecasts.forecast_release(release.reset_index(drop=True), n_trees=30, n_folds=3, n_rounds=40)
    known = ~release["CLASS1"].isin(["", "unk"])
    assert set(own.index) == set(release.index[known]) and set(ahead.index) == set(release.index[~known])
    for model in forecasts.MODELS:
        for frame in (own, ahead):
            p = forecasts.probabilities(frame, model)
            assert list(p) == ["agn", "galactic"] and np.allclose(p.sum(axis=1), 1) and p.min().min() >= 0
            right = (p["galactic"] > 0.5) == release.loc[frame.index, "pulsar"]
            assert right.mean() > 0.85
    groups = forecasts.probabilities(ahead, "ensemble", source_classes.NAMES)
    assert list(groups) == list(source_classes.NAMES) and np.allclose(groups.sum(axis=1), 1)
    assert own["weight: gmm"].between(0, 10).all()


def test_own_forecasts_do_not_know_their_answer():
    """Labels without any signal: a model that saw them would be right; an honest one is not."""
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(300, 4)), rng.integers(0, 2, 300)
    for own, _ in (
        forecasts.forest(X, y, X[:5], n_trees=60),
        forecasts.cross_fitted(forecasts.boosted, X, y, X[:5], n_folds=3),
        forecasts.cross_fitted(forecasts.quadratic, X, y, X[:5], n_folds=3),
    ):
        assert 0.4 < np.mean(own.argmax(axis=1) == y) < 0.6


def test_pool_is_the_mean_logit_for_two_classes():
    p = np.array([[0.2, 0.8], [0.6, 0.4]])[:, None, :]
    logits = np.log(p[..., 1] / p[..., 0]).mean()
    assert forecasts.pool(p)[0, 1] == pytest.approx(1 / (1 + np.exp(-logits)))
    assert forecasts.pool([[[0.0, 1.0]]])[0, 0] > 0


def test_recalibration_undoes_a_known_distortion():
    rng = np.random.default_rng(2)
    truth_p = rng.uniform(0.02, 0.98, 20000)
    y = rng.uniform(size=20000) < truth_p
    sharpened = 1 / (1 + np.exp(-(1 + 2 * np.log(truth_p / (1 - truth_p)))))
    back = forecasts.recalibrate(sharpened, y, np.ones(20000), sharpened)
    assert np.abs(back - truth_p).max() < 0.03


def test_fingerprint_depends_on_values_shape_and_settings():
    a = np.arange(6.0)
    assert forecasts.fingerprint(a, {"seed": 0}) == forecasts.fingerprint(a.copy(), {"seed": 0})
    different = {forecasts.fingerprint(*parts) for parts in ((a,), (a.reshape(2, 3),), (a + 1,), (a, 1), (a.astype("f4"),))}
    assert len(different) == 5


@pytest.mark.slow
@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_every_blazar_model_answers_for_every_candidate(both_latitudes):
    part = both_latitudes.iloc[::8]
    table = forecasts.forecast_blazars(part, members=1, trees=5, rounds=5, epochs=3)
    clean = part[(part["CLASS"].str.lower() == "bcu") & (part["Flags"] == 0)]
    assert set(table.index) == set(clean["Source_Name"]) and len(table.columns) == 14
    assert table.notna().all().all() and table.min().min() >= 0 and table.max().max() <= 1
    assert table["always BL Lac"].nunique() == 1 and table["five voters"].nunique() > 20
