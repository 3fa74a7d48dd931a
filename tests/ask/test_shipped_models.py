"""Weights that answer without training: the same numbers as the models they were packed from, and nothing unpickled."""

import subprocess
import sys
from dataclasses import replace

import lightgbm
import numpy as np
import pandas as pd
import pytest
from simulated import TINY, synthetic_sample
from sklearn.ensemble import ExtraTreesRegressor

from agnbook import committed, storage
from agnbook import weights as stored_weights
from agnbook.blazars.shipped_blazars import BLAZARS, BlazarNetwork
from agnbook.errors import ResultsError
from agnbook.redshifts import boosted, shipped_redshift, trees
from agnbook.shift import catalogue, density_ratios, ensemble, shipped_groups


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
    every = trees.Trees.from_arrays(arrays)
    with pytest.raises(ResultsError, match="more than the 1 features"):
        every.leaves(X[:, :1])


def test_the_packed_redshift_model_answers_like_the_fitted_one(tmp_path):
    sample = synthetic_sample()
    sample.X.iloc[::9, 1] = np.nan
    model = boosted.fit_best(sample, **TINY)
    path = tmp_path / "redshift.safetensors"
    shipped_redshift.ShippedRedshift.from_fitted(model, sample).save(path)
    loaded = shipped_redshift.ShippedRedshift.load(path)
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
    assert loaded.sha256 == storage.sha256(path)
    first = path.read_bytes()
    loaded.save(path)
    assert path.read_bytes() == first
    # a training source is answered by the one part that did not see it; others by all
    seen = [set(part.seen) for part in model.parts]
    both = pd.concat([new.iloc[:3], sample.X.iloc[:9], new.iloc[3:6]])
    answered, known = loaded.answer(both, [*["new"] * 3, *sample.X.index[:9], *["new"] * 3])
    assert list(known) == [False] * 3 + [True] * 9 + [False] * 3
    np.testing.assert_allclose(answered.mean[~known], expected.mean[:6], atol=1e-6)
    alone = [replace(model, parts=[part]).predict(sample.X.iloc[:9]).mean for part in model.parts]
    honest = [alone[1 if row in seen[0] else 0][row] for row in range(9)]
    np.testing.assert_allclose(answered.mean[known], honest, atol=1e-6)


def test_the_packed_groups_answer_like_the_networks(tmp_path):
    rng = np.random.default_rng(0)
    X, group = rng.normal(size=(240, 10)), np.arange(240) % 6
    X[:, 0] += group
    unassociated, names = rng.normal(1.0, 1.5, (150, 10)), [f"4FGL J{i:04d}.0+0000" for i in range(240)]
    rows, tested = catalogue.random_splits(240, 12, rng, 0.5, at_least=1)
    networks = ensemble.train_networks(X, group, rows, rng=rng, n_classes=6, epochs=3)
    path = tmp_path / "groups.safetensors"
    shipped_groups.ShippedGroups.from_networks(networks, tested, names, X, unassociated, group, seed=0).save(path)
    loaded = shipped_groups.ShippedGroups.load(path)
    every = networks.predict_proba(unassociated)
    mean, sd, number = loaded.answer(unassociated, [""] * 150)
    np.testing.assert_allclose(mean, every.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(sd, every.std(axis=0), atol=1e-6)
    assert (number == 12).all()
    # a training source, known by its name, is answered by the networks that did not see it
    mean, _, number = loaded.answer(X, names)
    run = catalogue.Run({"nn": networks.predict_proba(X)}, tested)
    np.testing.assert_allclose(mean, run.mean("nn"), atol=1e-6)
    np.testing.assert_array_equal(number, tested.sum(axis=0))
    scaler, *mixtures = density_ratios.fit_mixtures(X, unassociated, seed=0)
    for sample, mixture in zip(("associated", "unassociated"), mixtures, strict=True):
        np.testing.assert_allclose(loaded.log_density(X, sample), mixture.score_samples(scaler.transform(X)), rtol=1e-9)
    # four times as far from everything, associated sources are rare
    near, far = (loaded.extrapolated(points, loaded.density_ratio(points)).mean() for points in (X, 4 * X + 8))
    assert near < 0.2 and far > 0.9
    # ... and so they are where more than ten unassociated ones stand for each, at which the book clips its weights
    middle = np.repeat(X[np.argmax(loaded.log_density(X, "associated"))][None], 3, axis=0)
    assert loaded.extrapolated(middle, np.array([1.0, 10.0, 10.1])).tolist() == [False, False, True]
    first, held_out = path.read_bytes(), loaded.notes["held_out"]
    loaded.save(path)
    assert path.read_bytes() == first
    assert held_out["n"] == 240 and held_out["logloss"][1] < held_out["logloss"][0] < held_out["logloss"][2]


def _redshift_arrays(path):
    sample = synthetic_sample()
    shipped_redshift.ShippedRedshift.from_fitted(boosted.fit_best(sample, **TINY), sample).save(path)
    stored = stored_weights.load(path)
    return dict(stored.arrays), stored.config


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("part_0.forest.feature", lambda a: np.where(a < 0, a, 100).astype(a.dtype), "feature that is not there"),
        ("part_0.forest.feature", lambda a: np.r_[a[:-1], 0].astype(a.dtype), "do not describe trees"),
        ("part_1.sqrt.feature", lambda a: a[1:], "do not describe trees"),
        ("part_1.gamma.threshold", lambda a: a[1:], "do not describe trees"),
        ("part_0.scale.value", lambda a: np.r_[a, a], "do not describe trees"),
        ("part_0.leaves", lambda a: (a + 60_000).astype(a.dtype), "leaf that is not there"),
        ("part_0.leaves", lambda a: a[1:], "leaf that is not there"),
        ("part_1.seen", lambda a: a + 1000, "training row that is not there"),
        ("part_1.seen", lambda a: -a - 1, "training row that is not there"),
        ("residuals", lambda a: a[1:], "shape"),
        ("part_0.sqrt.value", lambda a: a * np.nan, "not finite"),
    ],
)
def test_numbers_that_lead_out_of_their_arrays_are_refused(tmp_path, name, change, message):
    """A file that fits its checksum but not its model must not be walked: it would end in a crash or a silent answer."""
    path = tmp_path / "redshift.safetensors"
    arrays, config = _redshift_arrays(path)
    stored_weights.save(path, arrays | {name: change(arrays[name])}, config)
    with pytest.raises(ResultsError, match=message):
        shipped_redshift.ShippedRedshift.load(path)


def test_a_model_that_does_not_fit_its_names_is_refused(tmp_path):
    path = tmp_path / "redshift.safetensors"
    arrays, config = _redshift_arrays(path)
    for changed in (config | {"names": config["names"][1:]}, config | {"columns": ["a"]}, config | {"parts": 3}, {}):
        stored_weights.save(path, arrays, changed)
        with pytest.raises(ResultsError, match=r"redshift\.safetensors|describe trees"):
            shipped_redshift.ShippedRedshift.load(path)


@pytest.mark.parametrize("load", [BlazarNetwork.load, shipped_groups.ShippedGroups.load, shipped_redshift.ShippedRedshift.load])
def test_a_committed_file_must_be_as_recorded(load, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "DATA", tmp_path)
    with pytest.raises(ResultsError, match="is not there"):
        load()
    for path in (shipped_redshift.REDSHIFT, shipped_groups.GROUPS, BLAZARS):
        stored_weights.save(tmp_path / path, {"a": np.zeros(2)}, {})
    with pytest.raises(ResultsError, match="is not there"):
        load()
    (tmp_path / "results").mkdir()
    for path in (shipped_redshift.REDSHIFT, shipped_groups.GROUPS, BLAZARS):
        committed.record(path, chapter="x", profile="paper", seed=0, wall_seconds=0)
        stored_weights.save(tmp_path / path, {"a": np.ones(2)}, {})
    with pytest.raises(ResultsError, match="differs from its recorded sha256"):
        load()
    for path in (shipped_redshift.REDSHIFT, shipped_groups.GROUPS, BLAZARS):
        committed.record(path, chapter="x", profile="paper", seed=0, wall_seconds=0)
    with pytest.raises(ResultsError, match="does not hold the weights of this model"):
        load()


class _Model:
    def save(self, path):
        stored_weights.save(path, {"a": np.zeros(2)}, {})


def test_a_model_is_published_by_a_paper_run_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "DATA", tmp_path)
    (tmp_path / "results").mkdir()
    for profile, publish in (("smoke", "1"), ("book", "1"), ("paper", "0")):
        monkeypatch.setenv("AGNBOOK_PUBLISH", publish)
        committed.publish_model("weights/a.safetensors", _Model(), chapter="x", profile=profile, seed=0, wall_seconds=1)
        assert not (tmp_path / "weights").exists()
    monkeypatch.setenv("AGNBOOK_PUBLISH", "1")
    committed.publish_model("weights/a.safetensors", _Model(), chapter="x", profile="paper", seed=3, wall_seconds=1, note="n")
    found = committed.notes("weights/a.safetensors")
    assert found["seed"] == 3 and found["note"] == "n" and found["chapter"] == "x"


@pytest.mark.slow
def test_answering_needs_neither_training_library_nor_framework():
    code = (
        "import sys\n"
        "from agnbook.ask import classify, redshift\n"
        "from agnbook.redshifts.shipped_redshift import ShippedRedshift\n"
        "from agnbook.shift.shipped_groups import ShippedGroups\n"
        "import numpy as np, pandas as pd\n"
        "model, groups = ShippedRedshift.load(), ShippedGroups.load()\n"
        "middle = ((model.lowest + model.highest) / 2).to_frame().T\n"
        "assert np.isfinite(model.answer(middle, [model.names[0]])[0].mean).all()\n"
        "assert np.isfinite(groups.answer((groups.lowest + groups.highest)[None] / 2, [''])[0]).all()\n"
        "heavy = {'lightgbm', 'sklearn', 'torch', 'tensorflow', 'streamlit', 'dask'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
