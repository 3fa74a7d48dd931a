"""The 7-42-1 network that answers without training, and the twins that have not seen what they are asked about."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from agnbook import weights
from agnbook.blazars import networks, shipped_blazars
from agnbook.blazars.shipped_blazars import BlazarNetwork
from agnbook.errors import FeatureError, ResultsError
from agnbook.judge import cross_validation, scores
from agnbook.sky import features


@pytest.fixture(scope="module")
def catalogue_rows():
    """Three plausible sources in catalogue units, the last without an SED fit."""
    return pd.DataFrame(
        {
            "PL_Index": [2.3, 1.8, 2.2], "LP_Index": [2.2, 1.7, 2.1], "Frac_Variability": [0.8, 0.2, 0.4],
            "Pivot_Energy": [700.0, 3000.0, 1500.0], "Variability_Index": [900.0, 20.0, 30.0],
            "nu_syn": [3e12, 1e16, 0.0], "nuFnu_syn": [2e-12, 3e-12, 0.0],
        },
        index=["soft", "hard", "blind"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def toy(catalogue_rows):
    """Two overlapping clouds around the plausible sources; X with names, y, and three folds."""
    rng = np.random.default_rng(3)
    centre = features.blazar_matrix(catalogue_rows).to_numpy()
    y = (rng.random(240) < 0.35).astype(float)
    X = centre[rng.integers(0, 3, 240)] + 0.2 * rng.normal(size=(240, 7)) + 0.3 * y[:, None]
    X = np.concatenate([centre - 0.1, centre + 0.1, X[6:]])
    return pd.DataFrame(X, [f"s{i}" for i in range(240)], features.BLAZAR_FEATURES), y, np.arange(240) % 3


@pytest.fixture(scope="module")
def network(toy):
    return shipped_blazars.train(*toy, epochs=3, seed=0, notes={"version": "test"})


def test_a_network_survives_its_file(network, toy, tmp_path):
    path = tmp_path / "network.safetensors"
    network.save(path)
    loaded = BlazarNetwork.load(path)
    np.testing.assert_array_equal(loaded.predict(toy[0]), network.predict(toy[0]))
    assert loaded.notes == {"version": "test"} and list(loaded.names) == list(toy[0].index) and len(loaded.sha256) == 64
    assert sum(getattr(loaded, n)[0].size for n in ("hidden_weights", "hidden_bias", "output_weights", "output_bias")) == 379
    first = path.read_bytes()
    loaded.save(path)
    assert path.read_bytes() == first


def test_the_network_and_its_twins_are_those_that_were_trained(network, toy):
    X, y, fold = toy
    every = np.arange(240)
    rows = networks.gather(X, y, [(np.flatnonzero(fold != k), every[:0], every[:0]) for k in range(3)])
    head = networks.train_stage(
        rows.x, rows.y, rows.w, networks.BIAS_INIT, epochs=3, rng=np.random.default_rng([0, 1]),
        output_bias=networks.class_bias(rows),
    )  # fmt: skip
    expected = networks.Trained(networks.BIAS_INIT, head.parameters, {"classifier": head}, rows).predict(X)
    for twin in range(3):
        np.testing.assert_allclose(network.predict(X, twin + 1), expected[twin], atol=1e-6)


def test_a_training_source_is_answered_by_the_twin_that_never_saw_it(network, toy, catalogue_rows):
    X, _, fold = toy
    answer = network.answer(catalogue_rows, ["s4", "nobody", "s5"])
    assert list(answer["in_training"]) == [True, False, True]
    x = features.blazar_matrix(catalogue_rows)
    expected = [network.predict(x, twin)[row] for row, twin in enumerate((fold[4] + 1, 0, fold[5] + 1))]
    np.testing.assert_allclose(answer["probability_fsrq"], expected, rtol=1e-12)
    # a source that changes its label changes every network but its twin
    other = shipped_blazars.train(X, np.where(np.arange(240) == 4, 1 - toy[1], toy[1]), fold, epochs=3, seed=0)
    same = [np.array_equal(network.hidden_weights[k], other.hidden_weights[k]) for k in range(4)]
    assert same == [k == fold[4] + 1 for k in range(4)]


@pytest.mark.parametrize("damage", ["text", "missing", "shape", "nan", "features", "twin", "names"])
def test_damaged_files_are_named(network, tmp_path, damage):
    path = tmp_path / "network.safetensors"
    network.save(path)
    stored = weights.load(path)
    arrays, config = dict(stored.arrays), dict(stored.config)
    if damage == "missing":
        del arrays["scale"]
    elif damage == "shape":
        arrays["hidden_bias"] = arrays["hidden_bias"][:, :-1]
    elif damage == "nan":
        arrays["mean"] = arrays["mean"] * np.nan
    elif damage == "features":
        config["features"] = config["features"][::-1]
    elif damage == "twin":
        arrays["twin"] = arrays["twin"] + 1
    elif damage == "names":
        config["names"] = config["names"][1:]
    weights.save(path, arrays, config)
    if damage == "text":
        path.write_text("no weights")
    with pytest.raises(ResultsError, match=r"network\.safetensors"):
        BlazarNetwork.load(path)
    with pytest.raises(ResultsError, match="cannot be read"):
        BlazarNetwork.load(tmp_path / "nowhere.safetensors")


def test_answers_flag_what_a_reader_must_know(network, catalogue_rows):
    answer = network.answer(catalogue_rows)
    assert list(answer["no_sed"]) == [False, False, True] and not answer["in_training"].any()
    assert (answer["out_of_range"] == "").all()
    assert answer["probability_fsrq"].between(0, 1).all() and list(answer.index) == ["soft", "hard", "blind"]
    np.testing.assert_allclose(networks.sigmoid(answer["logit"]), answer["probability_fsrq"])
    far = network.answer(catalogue_rows.assign(PL_Index=[9.0, 1.8, 2.2], Pivot_Energy=[700.0, 3000.0, 1e9]))
    assert list(far["out_of_range"]) == ["PL_Index", "", "Pivot_Energy"]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("Pivot_Energy", 0.0, "Pivot_Energy must be positive"),
        ("Variability_Index", -3.0, "Variability_Index must be positive"),
        ("nuFnu_syn", -1e-12, "0 .no SED fit. or positive"),
        ("nu_syn", 0.0, "one of nu_syn, nuFnu_syn"),
        ("PL_Index", np.nan, "NaN or infinite values in PL_Index"),
        ("Frac_Variability", -0.1, "Frac_Variability is negative"),
    ],
)
def test_impossible_values_are_refused(network, catalogue_rows, column, value, message):
    bad = catalogue_rows.copy()
    bad.loc["soft", column] = value
    with pytest.raises(FeatureError, match=message):
        network.answer(bad)


def test_values_that_overflow_are_refused(catalogue_rows):
    absurd = catalogue_rows.assign(PL_Index=1.7e308, LP_Index=-1.7e308)
    with pytest.raises(FeatureError, match="too large for the network"):
        BlazarNetwork.load().answer(absurd)


def test_predict_wants_seven_features(network):
    for bad in (np.zeros((3, 6)), np.zeros(7), np.full((1, 7), np.inf)):
        with pytest.raises(FeatureError, match="shape"):
            network.predict(bad)
    with pytest.raises(FeatureError, match="lacks the columns"):
        network.answer(pd.DataFrame({"PL_Index": [2.0]}))


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_the_committed_network_knows_its_sources(both_latitudes):
    """Its own answers are about as good as in cross-validation; those of the twins exactly of that kind."""
    network = BlazarNetwork.load()
    table = features.blazar_features(both_latitudes, classes=("bll", "fsrq"))
    assert list(network.names) == list(table.X.index)
    np.testing.assert_array_equal(network.twin - 1, cross_validation.load_folds("blazars_10x3", table.X.index)[0])
    answer, honest = network.answer(table.info), network.answer(table.info, table.X.index)
    assert honest["in_training"].all() and (answer["out_of_range"] == "").all()
    assert network.notes["trained_on"] == len(table)
    logloss = [scores.binary_scores(table.y, each["probability_fsrq"].to_numpy())["logloss"] for each in (answer, honest)]
    assert logloss[0] < logloss[1] < 0.26
    assert 0.90 < ((honest["probability_fsrq"] > 0.5) == table.y).mean() < 0.94


def test_a_committed_network_answers_as_the_first_one_did():
    """Other trainers and formats have come since; random starts differ by far more than this."""
    row = pd.DataFrame([[1.9, 1.85, 0.35, 2100.0, 45.2, 4.1e-12, 2e15]], columns=features.BLAZAR_FEATURES)
    assert BlazarNetwork.load().answer(row)["probability_fsrq"][0] == pytest.approx(0.00303, abs=5e-4)


def test_the_committed_network_needs_no_training_library():
    code = (
        "import sys; from agnbook.blazars.shipped_blazars import BlazarNetwork; BlazarNetwork.load(); "
        "assert not {'torch', 'tensorflow', 'sklearn', 'lightgbm'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
