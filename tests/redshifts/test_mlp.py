"""The batched redshift networks against the same networks built from Keras and TFP layers."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import ndtri

from agnbook import members, storage
from agnbook.chapter.tensorflow import import_tensorflow
from agnbook.errors import FeatureError, SettingsError
from agnbook.judge import cross_validation
from agnbook.redshifts import mlp
from agnbook.redshifts.mlp import Network
from agnbook.sky import features

pytestmark = pytest.mark.slow  # the twins in Keras and TensorFlow Probability

BAYESIAN = [
    Network("flipout"), Network("reparameterization"), Network("flipout", bayesian="all"),
    Network("reparameterization", "relu", "all"),
]  # fmt: skip
N_TRAIN = 40


@pytest.fixture(scope="module")
def tf():
    return import_tensorflow()[0]


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.fixture
def sample(rng):
    """120 sources, 5 features of different scales, and a redshift that depends on two of them."""
    X = rng.normal(size=(120, 5)) * [1, 10, 0.1, 1, 1] + [0, 100, 0, 0, 3]
    y = np.log1p(np.exp(X[:, 0] + X[:, 3])) + 0.05 * rng.uniform(size=120)
    return pd.DataFrame(X, index=[f"S{i}" for i in range(120)]), y


def keras_pair(network, rng, n=7, spread=None):
    """A Keras network with posteriors wide enough to matter, its weights as arrays, and inputs."""
    model = mlp.build(network, 5, N_TRAIN, seed=3)
    for variable in model.trainable_variables:
        if "untransformed_scale" in variable.name:
            variable.assign(variable * 0 + (spread if spread is not None else -0.5))
        else:
            variable.assign_add(rng.normal(0, 0.3, variable.shape))
    return model, mlp.from_keras(model), rng.normal(size=(n, 5)).astype(np.float32)


def as_tensors(weights, copies=1):
    """Weights of one member as tensors, `copies` members that share them."""
    return {name: torch.tensor(np.repeat(value, copies, axis=0)) for name, value in weights.items()}


def one_member(weights):
    return {name: value[0] for name, value in weights.items()}


# ---- the two implementations agree ----------------------------------------------------------


@pytest.mark.parametrize("network", [Network(), Network(output="relu"), *BAYESIAN], ids=lambda network: network.name)
def test_forward_pass_equals_keras_without_noise(tf, rng, network):
    model, weights, X = keras_pair(network, rng, spread=-40.0)
    ours = mlp.forward(network, as_tensors(weights), torch.tensor(X[None]), rng, training=False).numpy()[0]
    np.testing.assert_allclose(ours, model(X).numpy()[:, 0], rtol=1e-5, atol=1e-6)
    predicted = mlp.posterior_predictive(network, one_member(weights), X, 2, rng)
    np.testing.assert_allclose(predicted, [ours, ours], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("network", BAYESIAN, ids=lambda network: network.name)
def test_samples_agree_with_tfp_in_mean_and_sd(tf, rng, network):
    model, weights, X = keras_pair(network, rng)
    draws = 1500
    layers = tf.function(model).get_concrete_function(tf.TensorSpec([None, 5]))
    reference = np.stack([layers(tf.constant(X)).numpy()[:, 0] for _ in range(draws)])
    copies = torch.tensor(np.repeat(X[None], draws, axis=0))
    batched = mlp.forward(network, as_tensors(weights, draws), copies, rng, training=False).numpy()
    predicted = mlp.posterior_predictive(network, one_member(weights), X, draws, rng)
    error = reference.std(axis=0) * np.sqrt(2 / draws)
    for samples in (batched, predicted):
        assert (np.abs(samples.mean(axis=0) - reference.mean(axis=0)) < 4.5 * error).all()
        np.testing.assert_allclose(samples.std(axis=0), reference.std(axis=0), rtol=0.15)


@pytest.mark.parametrize("network", BAYESIAN, ids=lambda network: network.name)
def test_kl_equals_tfp(rng, network):
    model, weights, X = keras_pair(network, rng)
    model(X)  # Keras computes its losses in a call
    divergence = mlp.kl_divergence(as_tensors(weights)).numpy()[0]
    assert divergence / N_TRAIN == pytest.approx(float(sum(model.losses)), rel=1e-5)
    assert divergence > 0


def test_no_kl_without_a_posterior(rng):
    weights = mlp.initial_weights(Network(), 5, 3, rng)
    assert (mlp.kl_divergence(as_tensors(weights)).numpy() == 0).all()


@pytest.mark.parametrize("kind", ["flipout", "reparameterization"])
def test_gradient_estimator_equals_tfp_in_mean_and_variance(tf, rng, kind):
    network = Network(kind, dropout=0.0)
    model, weights, X = keras_pair(network, rng, n=30)
    y = tf.constant(rng.uniform(0, 2, 30), tf.float32)
    X, draws = tf.constant(X), 800
    kernel = next(v for v in model.trainable_variables if "kernel_posterior_loc" in v.name)

    @tf.function
    def reference():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.abs(model(X)[:, 0] - y)) + sum(model.losses)
        return tape.gradient(loss, kernel)[:, 0]

    theirs = np.stack([reference().numpy() for _ in range(draws)])
    stacked = {name: value.requires_grad_() for name, value in as_tensors(weights, draws).items()}
    copies = torch.tensor(np.repeat(X.numpy()[None], draws, axis=0))
    prediction = mlp.forward(network, stacked, copies, rng, training=True)
    loss = torch.abs(prediction - torch.tensor(y.numpy())).mean(dim=1) + mlp.kl_divergence(stacked) / N_TRAIN
    loss.sum().backward()
    ours = stacked["output/kernel"].grad.numpy()[..., 0]
    error = np.sqrt((ours.var(axis=0) + theirs.var(axis=0)) / draws) + 1e-6
    assert (np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 5 * error).all()
    assert ours.var(axis=0).sum() == pytest.approx(theirs.var(axis=0).sum(), rel=0.1)


def test_flipout_decorrelates_the_rows_of_a_batch(rng):
    correlation = {}
    for kind in ("flipout", "reparameterization"):
        weights = mlp.initial_weights(Network(kind), 5, 1, rng)
        weights["output/kernel_rho"][:] = 0.0
        weights["output/bias_rho"][:] = -10.0
        rows = torch.tensor(
            np.broadcast_to(rng.normal(size=5).astype(np.float32), (2000, 2, 5))
        )  # one source, twice in the batch
        draws = mlp.forward(Network(kind), as_tensors(weights, 2000), rows, rng, training=False).numpy()
        correlation[kind] = np.corrcoef(draws.T)[0, 1]
    assert correlation["reparameterization"] > 0.999
    assert abs(correlation["flipout"]) < 0.3


def test_dropout_drops_a_quarter_and_keeps_the_mean(rng):
    network = Network(hidden=4000)
    weights = {
        "hidden/kernel": torch.zeros((1, 5, 4000)), "hidden/bias": torch.ones((1, 4000)),
        "output/kernel": torch.full((1, 4000, 1), 1 / 4000), "output/bias": torch.zeros((1, 1)),
    }  # fmt: skip
    softplus = mlp.forward(network, weights, torch.zeros((1, 3, 5)), rng, training=True).numpy()
    mean = np.log(np.expm1(softplus))  # of hidden units that are 0 or 4/3
    assert (np.abs(mean - 1) < 0.04).all() and len(np.unique(mean)) == 3
    unchanged = mlp.forward(network, weights, torch.zeros((1, 3, 5)), rng, training=False).numpy()
    np.testing.assert_allclose(unchanged, np.log1p(np.e), rtol=1e-5)


@pytest.mark.parametrize("kind", mlp.KINDS)
def test_training_takes_the_same_steps_as_keras(kind, sample):
    """Hardly any noise and one batch an epoch: both trainers must end at the same weights.

    The posteriors are as good as points, but their means still pay mean^2 / (2 N) of divergence: its sign and its share count.
    """
    tf, *_ = import_tensorflow()
    network, (X, y) = Network(kind, dropout=0.0), sample
    train, validation = np.arange(30), np.arange(30, 120)
    scaled = features.standardise(X.to_numpy()[train], X.to_numpy()[validation])
    model = mlp.build(network, 5, 30, seed=4)
    for variable in model.trainable_variables:
        if "untransformed_scale" in variable.name:
            variable.assign(variable * 0 - 40.0)
    start = mlp.from_keras(model)

    def loss(truth, prediction, model):
        return tf.reduce_mean(tf.abs(truth - prediction)) + sum(model.losses)

    history = mlp.fit(model, loss, (scaled[0], y[train]), (scaled[1], y[validation]), epochs=30)
    trained = mlp.fit_members(network, X.to_numpy(), y, train[None], [validation], epochs=30, start=start)
    assert trained.best_epoch[0] == history["validation_rmse"].argmin()
    assert trained.validation_rmse[0] == pytest.approx(history["validation_rmse"].min(), rel=1e-3)
    for name, value in mlp.from_keras(model).items():
        np.testing.assert_allclose(trained.weights[name], value, atol=2e-4)


@pytest.mark.parametrize("kind", ["flipout", "reparameterization"])
def test_validation_scores_are_keras_rmse_and_loss(monkeypatch, rng, sample, kind):
    """What chooses the epoch and what stops: root mean square error, and mean absolute error + KL / N."""
    network, (X, y) = Network(kind), sample
    scaled = features.standardise(X.to_numpy()[:30], X.to_numpy()[30:])[1]
    model, start, _ = keras_pair(network, rng, spread=-40.0)
    train, seen = members.train, {}
    monkeypatch.setattr(members, "train", lambda *arguments, **options: seen.update(options) or train(*arguments, **options))
    mlp.fit_members(network, X.to_numpy(), y, np.arange(30)[None], [np.arange(30, 120)], epochs=1, start=start)
    found = seen["score"](as_tensors(start), *(torch.tensor(np.asarray(array), dtype=torch.float32) for array in seen["held"]))
    error = model(scaled.astype(np.float32)).numpy()[:, 0] - y[30:]
    loss = np.abs(error).mean() + float(sum(model.losses)) * N_TRAIN / 30
    np.testing.assert_allclose(found.numpy()[:, 0], [np.sqrt((error**2).mean()), loss], rtol=1e-4)


def test_parameter_counts():
    assert mlp.build(Network("flipout"), 24, 1101).get_layer("output").count_params() == 130
    assert mlp.build(Network("mlp"), 24, 1101).count_params() == 24 * 64 + 64 + 65
    assert mlp.build(Network("reparameterization", bayesian="all"), 24, 1101).count_params() == 2 * (24 * 64 + 64 + 65)


@pytest.mark.parametrize("network", [Network("flipout"), Network("flipout", bayesian="all"), Network()], ids=str)
def test_starting_weights_have_keras_distributions(rng, network):
    model = mlp.build(network, 24, 100)
    ours, theirs = mlp.initial_weights(network, 24, 2, rng), mlp.from_keras(model)
    assert {name: value.shape[1:] for name, value in ours.items()} == {name: value.shape[1:] for name, value in theirs.items()}
    kernel, reference = ours["hidden/kernel"], theirs["hidden/kernel"]
    assert kernel.std() == pytest.approx(reference.std(), rel=0.1)
    assert np.abs(kernel).max() == pytest.approx(np.abs(reference).max(), rel=0.3)


# ---- training many at once ------------------------------------------------------------------


def test_members_learn_stop_and_keep_their_best_checkpoint(sample):
    X, y = sample
    train = np.stack([np.arange(0, 80), np.arange(40, 120)])
    validation = [np.arange(80, 120), np.arange(0, 39)]
    trained = mlp.fit_members(Network(), X.to_numpy(), y, train, validation, epochs=400, patience=15, seed=0)
    assert len(trained) == 2 and (trained.best_epoch < trained.epochs).all()
    assert (trained.epochs < 400).all() and trained.epochs[0] != trained.epochs[1]
    mean, sd = trained.predict(X, 3, np.random.default_rng(0))
    assert (sd < 1e-6).all()
    for number, rows in enumerate(validation):
        rmse = np.sqrt(np.mean((mean[number, rows] - y[rows]) ** 2))
        assert rmse == pytest.approx(trained.validation_rmse[number], rel=1e-4)
        assert rmse < 0.6 * y.std()


def test_a_member_does_not_depend_on_the_others_rows(sample):
    """Changing what only the second member sees leaves the first as it was."""
    X, y = sample
    train, validation = np.stack([np.arange(0, 50), np.arange(60, 110)]), [np.arange(50, 60), np.arange(110, 120)]
    changed = np.where(np.arange(120) >= 60, y[::-1], y)
    first, second = (
        mlp.fit_members(Network("flipout"), X.to_numpy(), target, train, validation, epochs=6, seed=2) for target in (y, changed)
    )
    for name in first.weights:
        np.testing.assert_array_equal(first.weights[name][0], second.weights[name][0])
    assert not np.array_equal(first.weights["hidden/kernel"][1], second.weights["hidden/kernel"][1])


def test_out_of_fold_predictions_do_not_see_their_own_redshift(sample):
    X, y = sample
    folds = cross_validation.repeated_folds(len(y), 3, 2, seed=0)
    networks = (Network("flipout"), Network("reparameterization", "relu", "all"))
    options = {"n_samples": 50, "seed": 1, "epochs": 4}
    table = mlp.out_of_fold(networks, X, y, folds, **options)
    assert list(table) == [
        "Source_Name", "repeat", "flipout_mean", "flipout_sd", "flipout_loc", "flipout_scale",
        "reparameterization_relu_all_mean", "reparameterization_relu_all_sd",
    ]  # fmt: skip
    assert len(table) == 2 * len(y) and table.notna().all().all()
    # The same seed gives the same predictions, unless redshifts that were trained on change: spoil one fold's.
    spoiled = y.copy()
    spoiled[folds[0] == 1] += 3
    again = mlp.out_of_fold(networks[:1], X, spoiled, folds, **options)
    held_out = np.concatenate([folds[0] == 1, np.zeros(len(y), bool)])
    same = (again["flipout_mean"] == table["flipout_mean"]).to_numpy()
    assert same[held_out].all() and not same[~held_out].any()


def test_fold_rows_partition_the_sources():
    folds = cross_validation.repeated_folds(1224, 10, 3, seed=0)
    train, validation, held_out = mlp.fold_rows(folds)
    assert train.shape == (30, 1043)
    for parts in zip(train, validation, held_out, strict=True):
        assert sorted(np.concatenate(parts)) == list(range(1224))
    assert {len(rows) for rows in validation} == {58, 59}
    assert (np.bincount(np.concatenate(held_out)) == 3).all()


# ---- prediction -----------------------------------------------------------------------------


@pytest.mark.parametrize("output", mlp.OUTPUTS)
def test_gaussian_head_gives_the_samples_quantiles(rng, output):
    network = Network("flipout", output)
    weights = {name: value[0] for name, value in mlp.initial_weights(network, 5, 1, rng).items()}
    weights["output/kernel_rho"] += 1.5
    X, levels = rng.normal(size=(6, 5)), [0.1587, 0.5, 0.8413, 0.9772]
    samples = mlp.posterior_predictive(network, weights, X, 40000, rng)
    location, scale = mlp.gaussian_head(weights, X)
    normal = location[:, None] + scale[:, None] * ndtri(levels)
    exact = np.logaddexp(normal, 0) if output == "softplus" else np.maximum(normal, 0)
    np.testing.assert_allclose(np.quantile(samples, levels, axis=0).T, exact, atol=0.03)


def test_readings_have_distinct_names():
    names = [network.name for network in mlp.READINGS]
    assert names[:3] == ["mlp", "flipout", "reparameterization"] and len(set(names)) == len(names) == 10
    assert "flipout_relu_all" in names and not any("mlp" in name and "all" in name for name in names)


# ---- the committed folds --------------------------------------------------------------------


def test_committed_folds_regenerate_from_their_seed():
    table = pd.read_csv(storage.DATA / "folds" / "redshift_10x3.csv")
    folds = cross_validation.load_folds("redshift_10x3", table["Source_Name"])
    np.testing.assert_array_equal(folds, cross_validation.repeated_folds(1224, 10, 3, seed=0))


@pytest.mark.needs("4lac-dr3-h")
def test_committed_folds_belong_to_the_paper_sources(high_latitude):
    names = features.redshift_features(high_latitude).X.index
    assert cross_validation.load_folds("redshift_10x3", names).shape == (3, 1224)
    assert list(pd.read_csv(storage.DATA / "folds" / "redshift_10x3.csv")["Source_Name"]) == list(names)


# ---- bad input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "dropout"}, "Unknown kind 'dropout'.*mlp, flipout, reparameterization"),
        ({"output": "sigmoid"}, "Unknown output 'sigmoid'.*softplus, relu"),
        ({"bayesian": "first"}, "Unknown bayesian 'first'.*last, all"),
        ({"dropout": 1.0}, "0 <= dropout < 1"),
    ],
)
def test_unknown_networks_are_refused(arguments, message):
    with pytest.raises(SettingsError, match=message):
        Network(**arguments)


def fit_two(X, y, train=None, validation=None):
    train = np.stack([np.arange(80)] * 2) if train is None else train
    return mlp.fit_members(Network(), X, y, train, [np.arange(80, 120)] * 2 if validation is None else validation, epochs=1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(sample, bad):
    X, y = sample[0].to_numpy(), sample[1]
    broken = X.copy()
    broken[4, 2] = bad
    with pytest.raises(FeatureError, match="1 of 120 rows of the design matrix hold NaN or infinite"):
        fit_two(broken, y)
    with pytest.raises(FeatureError, match="1 of 120 redshifts are NaN, infinite or negative"):
        fit_two(X, np.where(np.arange(120) == 3, bad, y))
    weights = {name: value[0] for name, value in mlp.initial_weights(Network(), 5, 1, np.random.default_rng(0)).items()}
    with pytest.raises(FeatureError, match="NaN or infinite"):
        mlp.posterior_predictive(Network(), weights, broken, 2)


def test_shapes_that_do_not_fit_are_refused(sample):
    X, y = sample[0].to_numpy(), sample[1]
    with pytest.raises(FeatureError, match=r"120 sources but redshifts of shape \(119,\)"):
        fit_two(X, y[:-1])
    with pytest.raises(FeatureError, match=r"shape \(5,\), expected \(sources, features\)"):
        fit_two(X[0], y)
    with pytest.raises(FeatureError, match="1 sets of validation rows"):
        fit_two(X, y, validation=[np.arange(80, 120)])
    with pytest.raises(FeatureError, match="same number of training rows"):
        fit_two(X, y, train=np.arange(80))
    members = fit_two(X, y)
    with pytest.raises(FeatureError, match=r"shape \(120, 4\), expected \(sources, 5\)"):
        members.predict(X[:, :4], 2, np.random.default_rng(0))
