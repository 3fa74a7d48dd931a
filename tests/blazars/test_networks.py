"""The five networks: sizes, batched training, pairs."""

import numpy as np
import pytest

from agnbook.blazars import networks
from agnbook.errors import FeatureError
from agnbook.judge import scores


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


@pytest.mark.slow
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
