"""The five networks: sizes, batched training, pairs, and the network that is shipped."""

import json

import numpy as np
import pandas as pd
import pytest

from agnbook.blazars import networks
from agnbook.errors import FeatureError, ResultsError
from agnbook.judge import scores
from agnbook.sky import features


@pytest.fixture(scope="module")
def toy():
    """Two overlapping clouds with seven features; (X, y)."""
    rng = np.random.default_rng(3)
    y = (rng.random(240) < 0.35).astype(float)
    return rng.normal(size=(240, 7)) + 1.6 * y[:, None] * np.array([1, -1, 0, 0, 0.5, 0, 0]) + 5.0, y


@pytest.fixture(scope="module")
def toy_rows(toy):
    X, y = toy
    rng = np.random.default_rng(0)
    order = [rng.permutation(240) for _ in range(3)]
    # training sets of different sizes: padding must not count
    return networks.gather(X, y, [(o[: 150 - 7 * i], o[160:200], o[200:]) for i, o in enumerate(order)])


def test_counts_are_those_of_the_paper():
    assert networks.count_parameters(7, networks.BIAS_INIT) == 379
    assert networks.count_flops(7, networks.BIAS_INIT) == 672
    assert networks.count_flops(7, networks.GREEDY) == 5056
    assert networks.count_parameters(7, networks.GREEDY) == 2625


def test_gather_standardises_by_real_training_rows(toy, toy_rows):
    X, _ = toy
    assert toy_rows.x.shape == (3, 150, 7) and len(toy_rows) == 3
    np.testing.assert_allclose(toy_rows.w.sum(axis=1), 1, rtol=1e-5)
    weighted = (toy_rows.w[..., None] * toy_rows.x).sum(axis=1)
    np.testing.assert_allclose(weighted, 0, atol=1e-5)
    assert (toy_rows.w[2, 136:] == 0).all() and (toy_rows.w[2, :136] > 0).all()
    np.testing.assert_allclose(toy_rows.held_x[1, 0] * toy_rows.scale[1] + toy_rows.mean[1], X[_row(toy_rows, X, 1)], rtol=1e-4)


def _row(rows, X, member):
    value = rows.held_x[member, 0] * rows.scale[member] + rows.mean[member]
    return int(np.abs(X - value).sum(axis=1).argmin())


def test_padding_and_unused_rows_may_be_unlabelled(toy):
    X, y = toy
    y = y.copy()
    y[0] = np.nan  # padding points at row 0
    rows = networks.gather(X, y, [(np.arange(1, 100), np.arange(100, 120), []), (np.arange(1, 90), np.arange(100, 120), [])])
    trained = networks.bias_init(rows, np.random.default_rng(0), epochs=3)
    assert np.isfinite(rows.y).all() and np.isfinite(trained.head.loss).all()


@pytest.mark.parametrize("where", ["X", "y"])
def test_gather_refuses_what_cannot_be_learnt_from(toy, where):
    X, y = (array.copy() for array in toy)
    if where == "X":
        X[5, 2] = np.nan
    else:
        y[5] = 2
    with pytest.raises(FeatureError, match="finite features and labels"):
        networks.gather(X, y, [(np.arange(100), np.arange(100, 120), np.arange(120, 130))])


def test_bias_starts_at_the_class_ratio(toy_rows):
    fraction = (toy_rows.w * toy_rows.y).sum(axis=1)
    np.testing.assert_allclose(networks.sigmoid(networks.class_bias(toy_rows)), fraction, rtol=1e-5)
    zero_weights = [
        (np.zeros((3, 7, 42), "f4"), np.zeros((3, 1, 42), "f4")),
        (np.zeros((3, 42, 1), "f4"), np.zeros((3, 1, 1), "f4")),
    ]
    history = networks.train_stage(
        toy_rows.x, toy_rows.y, toy_rows.w, networks.BIAS_INIT, epochs=1, rng=np.random.default_rng(0), start=zero_weights,
        output_bias=networks.class_bias(toy_rows),
    )  # fmt: skip
    entropy = -(fraction * np.log(fraction) + (1 - fraction) * np.log(1 - fraction))
    np.testing.assert_allclose(history.loss[0], entropy, rtol=1e-5)


def test_members_train_as_if_alone(toy, toy_rows):
    """Batched training equals one-by-one training, padding included (dropout off: it is random)."""
    layers = (networks.Layer(9), networks.Layer(1, "linear"))
    start = networks.glorot(3, 7, layers, np.random.default_rng(5))
    held = (toy_rows.held_x, toy_rows.held_y, toy_rows.validation_w)
    options = {"epochs": 25, "rng": np.random.default_rng(0)}
    together = networks.train_stage(toy_rows.x, toy_rows.y, toy_rows.w, layers, start=start, held=held, **options)
    for member in range(3):
        one = slice(member, member + 1)
        real = toy_rows.w[member] > 0
        alone = networks.train_stage(
            toy_rows.x[one, real], toy_rows.y[one, real], toy_rows.w[one, real], layers,
            start=[(w[one], b[one]) for w, b in start], held=tuple(array[one] for array in held), **options,
        )  # fmt: skip
        np.testing.assert_allclose(alone.held_logits[:, 0], together.held_logits[:, member], atol=2e-4)
        assert alone.best_epoch[0] == together.best_epoch[member]


def test_the_best_epoch_has_the_lowest_validation_loss(toy, toy_rows):
    trained = networks.bias_init(toy_rows, np.random.default_rng(1), epochs=40)
    head = trained.head
    np.testing.assert_array_equal(head.best_epoch, head.validation_loss.argmin(axis=0))
    # the parameters that are kept are those of that epoch, in numpy as in torch
    X, _ = toy
    table = trained.test_probability(240, [0, 1, 2])
    for member, probability in enumerate(trained.predict(X)):
        tested = np.isfinite(table[member])
        assert tested.sum() == 40
        np.testing.assert_allclose(table[member, tested], probability[tested], atol=1e-5)
    np.testing.assert_allclose(trained.predict(X, slice(1, 2))[0], trained.predict(X)[1])


def test_patience_stops_early(toy_rows):
    trained = networks.bias_init(toy_rows, np.random.default_rng(1), epochs=900, patience=5)
    assert len(trained.head.loss) < 900
    assert len(trained.head.loss) - 1 - trained.head.best_epoch.max() == 5


@pytest.mark.parametrize("name", list(networks.MODELS))
def test_every_model_learns_and_repeats_itself(name, toy, toy_rows):
    sizes = {} if name == "bias_init" else {"pretext_epochs": 150}
    trained = networks.MODELS[name](toy_rows, np.random.default_rng(2), epochs=250, **sizes)
    again = networks.MODELS[name](toy_rows, np.random.default_rng(2), epochs=250, **sizes)
    np.testing.assert_array_equal(trained.head.held_logits, again.head.held_logits)
    table = trained.test_probability(len(toy[1]), [0, 1, 2])
    for row in table:
        tested = np.isfinite(row)
        assert scores.binary_scores(toy[1][tested], row[tested])["auc"] > 0.75
    assert networks.count_parameters(7, trained.layers) == sum(w[0].size + b[0].size for w, b in trained.parameters)
    for stage in trained.stages.values():
        assert stage.loss[-1].mean() < stage.loss[0].mean()


def test_frozen_layers_do_not_change(toy_rows):
    trained = networks.supervised_greedy(toy_rows, np.random.default_rng(2), pretext_epochs=5, epochs=5)
    for stage, (weights, _) in zip(trained.stages.values(), trained.parameters, strict=False):
        np.testing.assert_array_equal(stage.parameters[0][0] if stage is not trained.head else weights, weights)


@pytest.mark.parametrize("labels", [True, False])
def test_pairs_are_what_they_say(toy_rows, labels):
    first, second, alike, weight = networks.make_pairs(toy_rows, np.random.default_rng(0), labels=labels, jitter=0.1)
    np.testing.assert_allclose(weight.sum(axis=1), 1, rtol=1e-5)
    n = toy_rows.x.shape[1]
    assert alike[0, :n].all() and not alike[0, n:].any()
    if labels:
        lookup = {row.tobytes(): label for row, label in zip(toy_rows.x[0], toy_rows.y[0], strict=True)}
        same = np.array([lookup[a.tobytes()] == lookup[b.tobytes()] for a, b in zip(first[0], second[0], strict=True)])
        real = weight[0] > 0
        np.testing.assert_array_equal(same[real], alike[0, real] > 0)
    else:
        assert np.abs(first[0, :n] - second[0, :n]).mean() < 0.2 < np.abs(first[0, n:] - second[0, n:]).mean()


def test_validation_rows_never_train(toy):
    _, y = toy
    bootstrap = np.random.default_rng(1).integers(0, 240, 240)
    splits = networks.validated_splits([np.arange(200), bootstrap], y, [np.arange(200, 240), np.arange(3)])
    for train, validation, _ in splits:
        assert not set(train) & set(validation)
        assert 0.09 < len(validation) / len(np.unique(np.r_[train, validation])) < 0.13
    np.testing.assert_array_equal(splits[0][2], np.arange(200, 240))
    assert len(splits[1][0]) > len(np.unique(splits[1][0]))  # copies stay
    assert networks.validated_splits([np.arange(200)], y)[0][2].size == 0


# ------------------------------------------------------------------ the network to take away


@pytest.fixture(scope="module")
def catalogue_rows():
    return pd.DataFrame(
        {
            "PL_Index": [2.3, 1.8, 2.2], "LP_Index": [2.2, 1.7, 2.1], "Frac_Variability": [0.8, 0.2, 0.4],
            "Pivot_Energy": [700.0, 3000.0, 1500.0], "Variability_Index": [900.0, 20.0, 30.0],
            "nu_syn": [3e12, 1e16, 0.0], "nuFnu_syn": [2e-12, 3e-12, 0.0],
        },
        index=["soft", "hard", "blind"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def network(toy, toy_rows, catalogue_rows):
    X = features.blazar_matrix(catalogue_rows).to_numpy()
    trained = networks.bias_init(toy_rows, np.random.default_rng(0), epochs=2)
    return networks.BlazarNetwork.from_trained(trained, np.concatenate([X - 0.1, X + 0.1]), member=1, notes={"version": "test"})


def test_network_survives_its_file(network, toy, tmp_path):
    path = tmp_path / "network.json"
    network.save(path)
    stored = json.loads(path.read_text())
    assert stored["features"] == features.BLAZAR_FEATURES and stored["transform"]["nu_syn"] == "ln(value + 1e+12)"
    loaded = networks.BlazarNetwork.load(path)
    np.testing.assert_allclose(loaded.predict(toy[0]), network.predict(toy[0]), rtol=1e-6)
    assert loaded.notes == {"version": "test"}
    assert sum(np.size(getattr(loaded, n)) for n in ("hidden_weights", "hidden_bias", "output_weights", "output_bias")) == 379


def test_network_agrees_with_its_training_twin(toy, toy_rows):
    trained = networks.bias_init(toy_rows, np.random.default_rng(0), epochs=2)
    network = networks.BlazarNetwork.from_trained(trained, toy[0], member=2)
    np.testing.assert_allclose(network.predict(toy[0]), trained.predict(toy[0])[2], atol=1e-6)


@pytest.mark.parametrize("damage", ["text", "missing", "shape", "nan", "features"])
def test_damaged_files_are_named(network, tmp_path, damage):
    path = tmp_path / "network.json"
    network.save(path)
    stored = json.loads(path.read_text())
    if damage == "missing":
        del stored["scale"]
    elif damage == "shape":
        stored["hidden_bias"] = stored["hidden_bias"][:-1]
    elif damage == "nan":
        stored["mean"][0] = float("nan")
    elif damage == "features":
        stored["features"] = stored["features"][::-1]
    path.write_text("not JSON" if damage == "text" else json.dumps(stored))
    with pytest.raises(ResultsError, match=r"network\.json"):
        networks.BlazarNetwork.load(path)
    with pytest.raises(ResultsError, match="Cannot read"):
        networks.BlazarNetwork.load(tmp_path / "nowhere.json")


def test_classify_flags_what_a_reader_must_know(network, catalogue_rows):
    answer = network.classify(catalogue_rows)
    assert list(answer["no_sed"]) == [False, False, True]
    assert (answer["out_of_range"] == "").all()
    assert answer["probability_fsrq"].between(0, 1).all() and list(answer.index) == ["soft", "hard", "blind"]
    np.testing.assert_allclose(networks.sigmoid(answer["logit"]), answer["probability_fsrq"])
    far = network.classify(catalogue_rows.assign(PL_Index=[9.0, 1.8, 2.2], Pivot_Energy=[700.0, 3000.0, 1e9]))
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
def test_classify_refuses_impossible_values(network, catalogue_rows, column, value, message):
    bad = catalogue_rows.copy()
    bad.loc["soft", column] = value
    with pytest.raises(FeatureError, match=message):
        network.classify(bad)


def test_values_that_overflow_are_refused(catalogue_rows):
    absurd = catalogue_rows.assign(PL_Index=1.7e308, LP_Index=-1.7e308)
    with pytest.raises(FeatureError, match="too large for the network"):
        networks.BlazarNetwork.load().classify(absurd)


def test_predict_wants_seven_features(network):
    for bad in (np.zeros((3, 6)), np.zeros(7), np.full((1, 7), np.inf)):
        with pytest.raises(FeatureError, match="shape"):
            network.predict(bad)
    with pytest.raises(FeatureError, match="lacks the columns"):
        network.classify(pd.DataFrame({"PL_Index": [2.0]}))


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_shipped_network_knows_its_sources(both_latitudes):
    """The committed weights classify the sources they learnt from about as well as in cross-validation."""
    network = networks.BlazarNetwork.load()
    table = features.blazar_features(both_latitudes, classes=("bll", "fsrq"))
    answer = network.classify(table.info)
    assert 0.90 < ((answer["probability_fsrq"] > 0.5) == table.y).mean() < 0.94
    assert (answer["out_of_range"] == "").all()
    assert network.notes["trained_on"] == len(table)


def test_shipped_network_needs_no_training_library():
    import subprocess
    import sys

    code = (
        "import sys; from agnbook.blazars.networks import BlazarNetwork, count_flops, BIAS_INIT; "
        "assert count_flops(7, BIAS_INIT) == 672; assert not {'torch', 'tensorflow', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
