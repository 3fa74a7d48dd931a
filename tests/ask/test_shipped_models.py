"""Weights that answer without training: the same numbers as the models they were packed from, and nothing unpickled."""

import json
import pickle
from dataclasses import replace

import lightgbm
import numpy as np
import pandas as pd
import pytest
from simulated import TINY, synthetic_sample
from sklearn.ensemble import ExtraTreesRegressor

from agnbook import committed, storage
from agnbook.chapter.sizes import Settings
from agnbook.errors import ResultsError
from agnbook.redshifts import boosted, shipped_redshift, trees
from agnbook.shift import catalogue, ensemble, shipped_groups, weights

PAPER = Settings("46_use_it_on_your_sources", "paper", {})


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4))
    X[::7, 1] = np.nan
    return X, np.nan_to_num(X[:, 1]) + np.sin(X[:, 0]) + 0.1 * rng.normal(size=500)


@pytest.mark.parametrize("objective", ["l2", "gamma"])
def test_trees_are_lightgbms(rows, objective):
    X, y = rows
    settings = {"objective": objective, "num_leaves": 15, "max_bin": 63, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(X, np.exp(y)), 30)
    new = np.random.default_rng(1).normal(size=(300, 4)) * 2
    new[::5, 0] = np.nan  # never missing in training
    new[::3, 1] = np.nan
    found = trees.Trees.from_arrays(trees.from_lightgbm(booster).arrays()).sum(new)
    np.testing.assert_allclose(found, booster.predict(new, raw_score=True), atol=2e-6)


def test_trees_are_scikit_learns(rows):
    X, y = rows
    forest = ExtraTreesRegressor(20, min_samples_leaf=5, max_features=0.4, random_state=0).fit(X, y)
    found = trees.Trees.from_arrays(trees.from_sklearn(forest).arrays())
    new = np.random.default_rng(1).normal(size=(300, 4)).astype(np.float32)
    new[::3, 1] = np.nan
    np.testing.assert_allclose(found.sum(new) / 20, forest.predict(new), atol=2e-7)
    # the same leaves: two rows share one exactly where scikit-learn says so
    ours, theirs = found.leaves(new), forest.apply(new)
    np.testing.assert_array_equal(ours[:, None] == ours[None], theirs[:, None] == theirs[None])


def test_half_a_tree_is_refused(rows):
    X, y = rows
    arrays = trees.from_sklearn(ExtraTreesRegressor(2, max_depth=3, random_state=0).fit(X, y)).arrays()
    with pytest.raises(ResultsError, match="do not describe trees"):
        trees.Trees.from_arrays(arrays | {"value": arrays["value"][:-1]})


@pytest.fixture
def data(tmp_path, monkeypatch):
    """An empty ``data`` that may be written to."""
    monkeypatch.setattr(storage, "DATA", tmp_path)
    monkeypatch.setenv("AGNBOOK_PUBLISH", "1")
    (tmp_path / "results").mkdir()
    shipped_redshift.load_redshift.cache_clear()
    shipped_groups.load_groups.cache_clear()
    yield tmp_path
    shipped_redshift.load_redshift.cache_clear()
    shipped_groups.load_groups.cache_clear()


def test_the_packed_redshift_model_answers_like_the_fitted_one(data):
    sample = synthetic_sample()
    sample.X.iloc[::9, 1] = np.nan
    model = boosted.fit_best(sample, **TINY)
    written = shipped_redshift.pack_redshift(model, sample, settings=PAPER, seed=0, wall_seconds=1.0)
    assert written == ["weights/redshift.json", "weights/redshift_part_0.npz", "weights/redshift_part_1.npz"]
    assert all((data / name).exists() for name in written)
    loaded = shipped_redshift.load_redshift()
    assert "b" not in loaded.always and loaded.highest_redshift == sample.z.max()
    new = synthetic_sample(50, seed=2).X
    expected, found = model.predict(new), loaded.model.predict(new)
    # single precision moves a quantile that falls between two far atoms: few do
    assert (np.abs(found.quantiles - expected.quantiles) < 2e-5).mean() > 0.998
    np.testing.assert_allclose(found.mean, expected.mean, atol=1e-6)
    np.testing.assert_allclose(found.sd, expected.sd, atol=1e-6)
    assert {**loaded.model.half_widths}.keys() == model.half_widths.keys()
    for name in ("half_widths", "near_half_widths"):
        for group, widths in getattr(model, name).items():
            np.testing.assert_array_equal(getattr(loaded.model, name)[group], widths)
    np.testing.assert_array_equal(loaded.model.far_half_widths, model.far_half_widths)
    assert loaded.sha256 == storage.sha256(data / "weights/redshift.json")
    # a training source is answered by the one part that did not see it; others by all
    seen = [set(part.seen) for part in model.parts]
    both = pd.concat([new.iloc[:3], sample.X.iloc[:9], new.iloc[3:6]])
    answered, known = loaded.predict(both, [*["new"] * 3, *sample.X.index[:9], *["new"] * 3])
    assert list(known) == [False] * 3 + [True] * 9 + [False] * 3
    np.testing.assert_allclose(answered.mean[~known], expected.mean[:6], atol=1e-6)
    alone = [replace(model, parts=[part]).predict(sample.X.iloc[:9]).mean for part in model.parts]
    honest = [alone[1 if row in seen[0] else 0][row] for row in range(9)]
    np.testing.assert_allclose(answered.mean[known], honest, atol=1e-6)


def test_nothing_is_packed_unless_a_paper_run_publishes(data, monkeypatch):
    for profile, publish in (("smoke", "1"), ("book", "1"), ("paper", "0")):
        monkeypatch.setenv("AGNBOOK_PUBLISH", publish)
        settings = Settings("46_use_it_on_your_sources", profile, {})
        assert shipped_redshift.pack_redshift(None, None, settings=settings, seed=0, wall_seconds=0) == []
        assert shipped_groups.pack_groups(*[None] * 6, settings=settings, seed=0, wall_seconds=0) == []
    assert not (data / "weights").exists()


def test_the_packed_groups_answer_like_the_networks(data):
    rng = np.random.default_rng(0)
    X, group = rng.normal(size=(240, 10)), np.arange(240) % 6
    X[:, 0] += group
    unassociated, names = rng.normal(1.0, 1.5, (150, 10)), [f"4FGL J{i:04d}.0+0000" for i in range(240)]
    rows, tested = catalogue.random_splits(240, 12, rng, 0.5, at_least=1)
    networks = ensemble.train_networks(X, group, rows, rng=rng, n_classes=6, epochs=3)
    arguments = (networks, tested, names, X, unassociated, group)
    assert shipped_groups.pack_groups(*arguments, settings=PAPER, seed=0, wall_seconds=1.0) == ["weights/groups.npz"]
    loaded = shipped_groups.load_groups()
    every = networks.predict_proba(unassociated)
    mean, sd, number = loaded.probabilities(unassociated, [""] * 150)
    np.testing.assert_allclose(mean, every.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(sd, every.std(axis=0), atol=1e-6)
    assert (number == 12).all()
    # a training source, known by its name, is answered by the networks that did not see it
    mean, _, number = loaded.probabilities(X, names)
    run = catalogue.Run({"nn": networks.predict_proba(X)}, tested)
    np.testing.assert_allclose(mean, run.mean("nn"), atol=1e-6)
    np.testing.assert_array_equal(number, tested.sum(axis=0))
    scaler, *mixtures = weights.fit_mixtures(X, unassociated, seed=0)
    for sample, mixture in zip(("associated", "unassociated"), mixtures, strict=True):
        np.testing.assert_allclose(loaded.log_density(X, sample), mixture.score_samples(scaler.transform(X)), rtol=1e-9)
    # four times as far from everything, associated sources are rare
    near, far = (loaded.extrapolated(points, loaded.density_ratio(points)).mean() for points in (X, 4 * X + 8))
    assert near < 0.2 and far > 0.9
    first = (data / "weights/groups.npz").read_bytes()
    shipped_groups.pack_groups(*arguments, settings=PAPER, seed=0, wall_seconds=2.0)
    assert (data / "weights/groups.npz").read_bytes() == first
    held_out = json.loads((data / "results/artifacts.json").read_text())["weights/groups.npz"]["held_out"]
    assert held_out["n"] == 240 and held_out["logloss"][1] < held_out["logloss"][0] < held_out["logloss"][2]


class _Bomb:
    def __reduce__(self):
        return (open, ("/nonexistent/unpickled",))


def test_a_pickle_among_the_weights_is_refused_unopened(data):
    sample = synthetic_sample()
    shipped_redshift.pack_redshift(boosted.fit_best(sample, **TINY), sample, settings=PAPER, seed=0, wall_seconds=1.0)
    part = data / "weights/redshift_part_1.npz"
    part.write_bytes(pickle.dumps(_Bomb()))
    with pytest.raises(ResultsError, match="differs from its recorded sha256"):
        shipped_redshift.load_redshift()
    # even with a forged record and head, it is not unpickled
    committed.record("weights/redshift_part_1.npz", chapter="x", profile="paper", seed=0, wall_seconds=0)
    with pytest.raises(ResultsError, match="is of another model"):
        shipped_redshift.load_redshift()
    head = json.loads((data / "weights/redshift.json").read_text())
    head["parts"]["weights/redshift_part_1.npz"] = storage.sha256(part)
    (data / "weights/redshift.json").write_text(json.dumps(head))
    committed.record("weights/redshift.json", chapter="x", profile="paper", seed=0, wall_seconds=0)
    with pytest.raises(ResultsError, match="does not hold plain arrays"):
        shipped_redshift.load_redshift()
