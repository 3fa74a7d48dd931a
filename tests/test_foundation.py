"""Profiles, folds, artifacts, claims, calibration, plots and the quiet import."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from agnbook import committed, storage
from agnbook.chapter import claims, figures, run_box, sizes, stored
from agnbook.errors import ResultsError, SettingsError
from agnbook.judge import calibration, cross_validation, scores

SETTINGS = sizes.Settings("99_test", "paper", {"epochs": 3})


@pytest.fixture
def data(tmp_path, monkeypatch):
    """An empty `data/` folder to publish into."""
    monkeypatch.setattr(storage, "DATA", tmp_path)
    monkeypatch.setenv("AGNBOOK_PUBLISH", "1")
    (tmp_path / "results").mkdir()
    return tmp_path


# Profiles


def test_settings_by_key_and_attribute():
    assert SETTINGS["epochs"] == SETTINGS.epochs == 3
    assert SETTINGS.recompute and not sizes.Settings("x", "book", {}).recompute


def test_unknown_setting_profile_and_chapter_are_named():
    with pytest.raises(SettingsError, match=r"no setting 'epoch'.*paper.yml; it has epochs"):
        SETTINGS["epoch"]
    with pytest.raises(SettingsError, match="Unknown profile 'big'; choose one of smoke, book, paper"):
        sizes.load("11_prepare_features", "big")
    with pytest.raises(SettingsError, match=r"no chapter '00_nothing'; it has 11_prepare_features"):
        sizes.load("00_nothing")


def test_profiles_name_the_same_chapters_and_settings():
    settings = {name: sizes._read(name) for name in sizes.NAMES}
    assert settings["smoke"].keys() == settings["book"].keys() == settings["paper"].keys()
    for chapter, values in settings["book"].items():
        assert (values or {}).keys() == (settings["smoke"][chapter] or {}).keys() == (settings["paper"][chapter] or {}).keys()


def test_run_box_shows_profile_data_and_last_run(data):
    storage.update_json(
        data / "results" / "runs.json", {"99_test": {"wall_seconds": 12.3, "peak_memory_gb": 1.5, "hardware": "2 cores"}}
    )
    box = run_box.RunBox(SETTINGS, loaded="<b>weights</b>")
    assert "12 s wall, 1.5 GB peak, 2 cores" in repr(box) and "epochs = 3" in repr(box)
    assert "&lt;b&gt;weights&lt;/b&gt;" in box._repr_html_()


# Folds


def test_each_source_is_held_out_once_a_repeat():
    folds = cross_validation.repeated_folds(53, n_splits=5, n_repeats=2, seed=1)
    held_out = np.zeros((2, 53), int)
    for repeat, _, train, test in cross_validation.splits(folds):
        held_out[repeat, test] += 1
        assert not set(train) & set(test) and len(train) + len(test) == 53
    assert (held_out == 1).all()
    assert (folds == cross_validation.repeated_folds(53, 5, 2, seed=1)).all()


def test_stratified_folds_keep_the_class_mix():
    labels = np.repeat([0, 1], [80, 20])
    folds = cross_validation.repeated_folds(100, 10, 1, labels=labels)
    assert all(labels[folds[0] == fold].sum() == 2 for fold in range(10))


def test_folds_survive_writing_and_refuse_other_sources(data):
    names = [f"source {i}" for i in range(20)]
    folds = cross_validation.repeated_folds(20, 4, 3)
    cross_validation.save_folds("mine", names, folds)
    assert (cross_validation.load_folds("mine", names[::-1]) == folds[:, ::-1]).all()
    with pytest.raises(ResultsError, match="1 differ, such as"):
        cross_validation.load_folds("mine", names[1:])
    with pytest.raises(ResultsError, match="git checkout"):
        cross_validation.load_folds("absent", names)


# Artifacts


def test_table_is_computed_written_and_loaded(data):
    table = pd.DataFrame({"Source_Name": ["a", "b"], "z": [0.123456789, 2.0]})
    assert stored.table("results/t.csv", lambda: table, settings=SETTINGS, seed=4) is table
    loaded = stored.table("results/t.csv", lambda: 1 / 0, settings=sizes.Settings("99_test", "book", {}), seed=4)
    pd.testing.assert_frame_equal(loaded, table, rtol=1e-5)
    entry = json.loads((data / "results" / "artifacts.json").read_text())["results/t.csv"]
    assert entry["seed"] == 4 and entry["profile"] == "paper" and entry["sha256"] == storage.sha256(data / "results" / "t.csv")


@pytest.mark.parametrize("profile, publish", [("smoke", "1"), ("paper", "0")])
def test_smoke_and_reading_never_write(data, monkeypatch, profile, publish):
    monkeypatch.setenv("AGNBOOK_PUBLISH", publish)
    settings = sizes.Settings("99_test", profile, {})
    stored.table("results/t.csv", lambda: pd.DataFrame({"a": [1]}), settings=settings, seed=0)
    claims.publish([claims.Claim("a.b", "what", 1.0)], settings, 0)
    assert not list((data / "results").iterdir())


def test_damaged_and_missing_artifacts_are_refused(data):
    stored.save_table("results/t.csv", pd.DataFrame({"a": [1]}), settings=SETTINGS, seed=0, wall_seconds=1.0)
    (data / "results" / "t.csv").write_text("a\n2\n")
    with pytest.raises(ResultsError, match="differs from its recorded sha256"):
        committed.load_table("results/t.csv")
    with pytest.raises(ResultsError, match="make paper"):
        committed.verify("weights/none.json")


# Claims


def claim(**changes):
    return claims.Claim(**{"id": "a.b", "what": "what", "ours": 0.41, "paper": 0.4, "tolerance": 0.02, "n": 62} | changes)


@pytest.mark.parametrize(
    "changes, verdict",
    [
        ({}, "reproduced"),
        ({"ours": 0.5}, "differs"),
        ({"paper": None, "tolerance": None}, "beyond"),
        ({"ours": None}, "not tested"),
        ({"ours": 1224, "paper": 1224, "tolerance": 0}, "reproduced"),
    ],
)
def test_verdicts(changes, verdict):
    assert claim(**changes).verdict == verdict


def test_published_claims_come_back(data):
    shown = claims.publish([claim(interval=(0.39, 0.43)), claim(id="a.c", ours=0.5, why="because")], SETTINGS, 0)
    assert list(shown["verdict"]) == ["reproduced", "differs"] and shown.loc["a.b", "interval"] == "0.390 – 0.430"
    (data / "results" / "99_test.json").rename(data / "results" / "12_test.json")
    assert [entry["chapter"] for entry in claims.load()] == ["12_test", "12_test"]
    assert claims.get("a.c")["why"] == "because"
    with pytest.raises(ResultsError, match=r"No claim 'a.d'; near: a.c, a.b"):
        claims.get("a.d")
    with pytest.raises(ResultsError, match="No claims of 13_none"):
        claims.load("13_none")


@pytest.mark.parametrize(
    "bad, message",
    [
        ([claim(), claim()], "given twice: a.b"),
        ([claim(ours=float("nan"))], "must be a finite number"),
        ([claim(tolerance=None)], "gives no tolerance"),
        ([claim(ours=0.9)], "say why"),
        ([claim(ours=None)], "say why"),
    ],
)
def test_bad_claims_are_refused(bad, message):
    with pytest.raises((ResultsError, TypeError), match=message):
        claims.publish(bad, SETTINGS, 0)


@pytest.mark.parametrize(
    "value, text", [(0.40612, "0.406"), (1224, "1224"), (None, "–"), (12.345, "12.3"), (0.0, "0.00"), (1e-5, "0.0000")]
)
def test_numbers_are_shown_at_three_digits(value, text):
    assert claims.number(value) == text


# Scores and calibration


def test_correlation_of_a_constant_is_nan():
    assert np.isnan(scores.correlation([1.0, 2.0], [3.0, 3.0]))
    assert scores.correlation([1.0, 2.0, 4.0], [2.0, 4.0, 8.0]) == pytest.approx(1.0)
    assert scores.rmse([1.0, 2.0], [1.0, 4.0]) == pytest.approx(np.sqrt(2))


def test_crps_estimators_agree_with_the_gaussian_formula():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=200)
    exact = truth * (2 * stats.norm.cdf(truth) - 1) + 2 * stats.norm.pdf(truth) - 1 / np.sqrt(np.pi)
    samples = rng.normal(size=(200, 4000))
    levels = (np.arange(999) + 1) / 1000
    quantiles = np.broadcast_to(stats.norm.ppf(levels), (200, 999))
    np.testing.assert_allclose(scores.crps_samples(truth, samples), exact, atol=0.08)
    assert scores.crps_samples(truth, samples).mean() == pytest.approx(exact.mean(), abs=0.004)
    np.testing.assert_allclose(scores.crps_quantiles(truth, quantiles, levels), exact, atol=0.005)


def test_bootstrap_interval_covers_and_pairs():
    rng = np.random.default_rng(1)
    values = rng.normal(2.0, 1.0, 400)
    low, high = scores.bootstrap(lambda x: float(x.mean()), values, n_resamples=500)
    assert low < values.mean() < high and high - low == pytest.approx(4 * values.std() / 20, rel=0.2)
    assert scores.bootstrap(lambda x, y: float((x - y).mean()), values, values) == (0.0, 0.0)


def test_coverage_and_wilson():
    assert calibration.coverage([1, 2, 3, 4], [0, 0, 3, 5], [1, 1, 3, 6]) == 0.5
    low, high = calibration.wilson_interval(0, 20)
    assert low == pytest.approx(0.0, abs=1e-12) and high == pytest.approx(0.161, abs=0.001)
    assert calibration.SIGMA_LEVELS == pytest.approx((0.6827, 0.9545, 0.9973), abs=1e-4)


def test_pit_is_uniform_for_the_true_distribution_and_not_for_a_narrow_one():
    rng = np.random.default_rng(2)
    truth = rng.normal(size=2000)
    right = calibration.pit_samples(truth, rng.normal(size=(2000, 200)), rng)
    narrow = calibration.pit_samples(truth, rng.normal(0, 0.5, size=(2000, 200)), rng)
    assert stats.kstest(right, "uniform").pvalue > 0.01
    assert stats.kstest(narrow, "uniform").pvalue < 1e-6


def test_reliability_bins_hold_every_source():
    rng = np.random.default_rng(3)
    probability = rng.uniform(size=5000)
    bins = calibration.reliability(rng.uniform(size=5000) < probability, probability)
    assert bins["n"].sum() == 5000
    assert (np.abs(bins["predicted"] - bins["observed"]) < 0.06).all()
    assert (bins["low"] < bins["observed"]).all() and (bins["observed"] < bins["high"]).all()


# Figures and start-up noise


def test_sky_map_puts_growing_longitude_to_the_left():
    import matplotlib.pyplot as plt

    figures.use_book_style()
    fig, ax = plt.subplots(subplot_kw={"projection": "aitoff"})
    figures.sky_map(ax, [30.0, 330.0], [0.0, 0.0])
    x = ax.collections[0].get_offsets()[:, 0]
    assert x[0] == pytest.approx(np.deg2rad(-30)) and x[1] == pytest.approx(np.deg2rad(30))
    plt.close(fig)


def test_importing_tensorflow_is_silent():
    code = (
        "from agnbook.chapter.tensorflow import import_tensorflow; tf, keras, tfp = import_tensorflow(); "
        "print(keras.__version__[0], tf.add(1, 1).numpy())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert (run.stdout.strip(), run.stderr, run.returncode) == ("2 2", "", 0)
