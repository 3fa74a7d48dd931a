"""The contenders of the redshift exam: baselines by hand, limits that never answer for themselves."""

import numpy as np
import pandas as pd
import pytest
from simulated import synthetic_sample

from agnbook.forecasts import redshifts
from agnbook.judge import later_redshifts
from agnbook.redshifts import intervals


@pytest.fixture(scope="module")
def sample():
    return synthetic_sample(200)


@pytest.fixture(scope="module")
def target():
    return synthetic_sample(60, seed=5).X.add_prefix("").rename(index=lambda name: f"t{name}")


def test_a_quantile_table_holds_the_forecasts_own_quantiles():
    table = redshifts._quantile_table("x", intervals.empirical(np.arange(1, 1002) / 1000, 2), ["A", "B"])
    assert table.loc["A", "mean"] == pytest.approx(0.501) and (table["model"] == "x").all()
    for column, level in zip(later_redshifts.QUANTILES, later_redshifts.LEVELS, strict=True):
        assert table.loc["B", column] == pytest.approx(level, abs=0.003)
    assert (table["low68"] == table["q160"]).all() and (table["high95"] == table["q975"]).all()


def test_the_class_mean_is_that_of_the_source_s_class_and_ridge_follows_the_features(sample, target):
    table = redshifts.redshift_baselines(sample.X, sample.z, target)
    mean = table[table["model"] == "class mean"].loc[target.index, "mean"]
    fsrq = sample.X["CLASS_fsrq"] == 1
    expected = np.where(target["CLASS_fsrq"] == 1, sample.z[fsrq].mean(), sample.z[~fsrq].mean())
    np.testing.assert_allclose(mean, expected)
    ridge = table[table["model"] == "ridge"].loc[target.index]
    assert np.corrcoef(ridge["mean"], np.tanh(target["a"]))[0, 1] > 0.85
    assert (np.diff(ridge[list(later_redshifts.QUANTILES)].to_numpy(), axis=1) >= 0).all()
    # honest residuals: of new sources of the same kind 68 % lie within
    truth = synthetic_sample(60, seed=5).z
    assert np.mean((truth > ridge["low68"]) & (truth < ridge["high68"])) == pytest.approx(0.68, abs=0.2)


@pytest.fixture
def found(target):
    """Of sixty sources twenty have a limit, ten a secure redshift."""
    table = pd.DataFrame({"status": "", "z": np.nan, "limit": np.nan}, target.index)
    table.iloc[:20, 0], table.iloc[:20, 2] = "limit", 0.5
    table.iloc[20:30, 0], table.iloc[20:30, 1] = "secure", 0.9
    return table


def test_no_source_learns_from_its_own_limit_and_none_from_a_secure_redshift(sample, target, found, monkeypatch):
    calls = []

    def fit_predict(X, z, weight, limited, limit, limit_weight, ask, groups, *, rng, rounds):
        calls.append((set(limited.index), limit, limit_weight, list(ask.index), weight))
        return intervals.empirical(z, len(ask))

    monkeypatch.setattr(redshifts.censored, "fit_predict", fit_predict)
    table = redshifts.censored_redshifts(sample.X, sample.z, target, found, n_folds=4)
    assert table.groupby("model").size().to_dict() == dict.fromkeys(redshifts.CENSORED_RECIPES, 60)
    limited = set(found.index[:20])
    assert calls[0][0] == set() and calls[0][3] == list(target.index), "without limits all are asked at once"
    for recipe in (calls[1:6], calls[6:11]):
        assert sorted(name for call in recipe for name in call[3]) == sorted(target.index)
        for learned, limit, _, asked, _ in recipe:
            assert learned <= limited and not learned & set(asked) and (limit == 0.5).all()
            assert learned == limited - set(asked)
    assert all((call[2] == 1).all() for call in calls[:6])
    # at their share: in each class the limits weigh what 20 limits to 10 redshifts say, or as that class's odds say
    learned, _, weight, _, training = calls[6]
    rows = target.loc[[name for name in target.index if name in learned]]
    for kind in (0.0, 1.0):
        mine = (rows["CLASS_fsrq"] == kind).to_numpy()
        looked = found["status"][target["CLASS_fsrq"] == kind]
        odds = (looked == "limit").sum() / max((looked == "secure").sum(), 1)
        assert weight[mine].sum() == pytest.approx(odds * training[sample.X["CLASS_fsrq"] == kind].sum())


@pytest.mark.slow
def test_limits_raise_what_is_forecast(sample, target, found):
    far = found.assign(limit=found["limit"].where(found["limit"].isna(), 3.0))
    table = redshifts.censored_redshifts(sample.X, sample.z, target, far, rounds=0.05, n_folds=2)
    mean = table.groupby("model")["mean"].mean()
    assert mean[redshifts.CENSORED_RECIPES[2]] > mean[redshifts.CENSORED_RECIPES[1]] > mean[redshifts.CENSORED_RECIPES[0]]


def test_the_published_table_is_a_forecast_of_the_same_form():
    table = redshifts.published_redshifts()
    assert table.index.is_unique and (table["model"] == "published").all() and len(table) > 1000
    assert list(table)[:6] == ["mean", *later_redshifts.QUANTILES]
    assert (np.diff(table[list(later_redshifts.QUANTILES)].to_numpy(), axis=1) >= 0).all()
    assert (table["low68"] < table["high68"]).all()


@pytest.mark.slow
@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_every_contender_answers_for_every_source_without_a_redshift(both_latitudes):
    part = both_latitudes.iloc[::12]
    published = pd.DataFrame({"Source_Name": ["nobody"], "kind": ["secure"], "z": [1.0], "file": "x", "origin": "y"})
    table = redshifts.forecast_redshifts(part, published, rounds=0.02)
    unknown = part.loc[~(pd.to_numeric(part["Redshift"]) > 0), "Source_Name"]
    for name in ("class mean", "ridge", *redshifts.CENSORED_RECIPES):
        assert set(table.index[table["model"] == name]) == set(unknown)
    assert table.notna().all(axis=None)
