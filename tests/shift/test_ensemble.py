"""Batched networks: the same arithmetic as Keras, network by network."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from agnbook.errors import FeatureError
from agnbook.shift import ensemble
from agnbook.sky import features


def problem(n=240, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4)) * [1, 5, 0.1, 2] + 3
    y = (X[:, 0] > 3).astype(int) + (X[:, 3] > 4)
    return X, y, rng.exponential(size=n)


def split_rows(n, count, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(n)[: int(0.7 * n)] for _ in range(count)])


@pytest.mark.slow
def test_equals_keras_step_by_step():
    X, y, weight = problem()
    rows = split_rows(len(X), 1)
    start = ensemble.glorot(1, (4, 20, 10, 3), np.random.default_rng(1))
    model = ensemble.keras_network(4, 3)
    model.set_weights([layer[0] if i % 2 == 0 else layer[0, 0] for i, layer in enumerate(start)])
    (inputs,) = features.standardise(X[rows[0]])
    model.fit(inputs, y[rows[0]], sample_weight=weight[rows[0]], batch_size=50, epochs=3, shuffle=False, verbose=0)
    ours = ensemble.train_networks(
        X, y, rows, weight, rng=np.random.default_rng(0), epochs=3, batch=50, start=start, shuffle=False
    )
    for number, layer in enumerate(model.get_weights()):
        assert np.allclose(np.squeeze(ours.layers[number]), layer, atol=2e-6)
    assert np.allclose(ours.predict_proba(X[rows[0]])[0], model.predict(inputs, verbose=0), atol=1e-5)


@pytest.mark.parametrize("hidden", [(20, 10), (7,), (5, 4, 3)])
def test_the_gradient_written_out_is_that_of_automatic_differentiation(hidden):
    rng = np.random.default_rng(0)
    x, weight = torch.tensor(rng.normal(size=(2, 50, 4))), torch.tensor(rng.exponential(size=(2, 50)))
    y, sizes = torch.tensor(rng.integers(0, 3, (2, 50))), (4, *hidden, 3)
    shapes = [shape for n_in, n_out in pairwise(sizes) for shape in ((2, n_in, n_out), (2, 1, n_out))]
    layers = [torch.tensor(rng.normal(size=shape), requires_grad=True) for shape in shapes]

    passed = x
    for kernel, bias in zip(layers[:-2:2], layers[1:-2:2], strict=True):
        passed = torch.tanh(passed @ kernel + bias)
    log_p = torch.log_softmax(passed @ layers[-2] + layers[-1], dim=2)
    surprise = -log_p.gather(2, y[:, :, None])[:, :, 0] * weight
    plain = surprise.mean(dim=1) + 0.01 * sum((kernel**2).sum(dim=(1, 2)) for kernel in layers[::2])
    ours, factor = ensemble._Loss.apply(x, y, weight, 0.01, *layers), torch.tensor([1.0, 3.0])
    torch.testing.assert_close(ours, plain)
    for found, expected in zip(
        torch.autograd.grad((factor * ours).sum(), layers), torch.autograd.grad((factor * plain).sum(), layers), strict=True
    ):
        torch.testing.assert_close(found, expected)


def test_networks_do_not_touch_each_other():
    X, y, weight = problem()
    rows = split_rows(len(X), 3)
    start = ensemble.glorot(3, (4, 20, 10, 3), np.random.default_rng(1))
    together = ensemble.train_networks(X, y, rows, weight, rng=np.random.default_rng(0), epochs=2, start=start, shuffle=False)
    for k in range(3):
        alone = ensemble.train_networks(
            X,
            y,
            rows[k : k + 1],
            weight,
            rng=np.random.default_rng(0),
            epochs=2,
            start=[s[k : k + 1] for s in start],
            shuffle=False,
        )
        assert np.allclose(alone.predict_proba(X)[0], together.predict_proba(X)[k], atol=1e-5)


def test_learns_and_watches():
    X, y, _ = problem()
    rows, seen = split_rows(len(X), 2), []

    def watch(epoch, networks):
        seen.append((epoch, (networks.predict_proba(X).argmax(axis=2) == y).mean()))

    trained = ensemble.train_networks(X, y, rows, rng=np.random.default_rng(0), epochs=60, batch=30, rate=0.01, watch=watch)
    assert [epoch for epoch, _ in seen] == list(range(1, 61))
    assert seen[-1][1] > 0.9 and seen[-1][1] > seen[0][1]
    assert np.allclose(trained.predict_proba(X).sum(axis=2), 1, atol=1e-5)


def test_raw_inputs_are_left_alone():
    X, y, _ = problem()
    trained = ensemble.train_networks(X, y, split_rows(len(X), 2), rng=np.random.default_rng(0), epochs=1, standardise=False)
    assert (trained.mean == 0).all() and (trained.scale == 1).all()


def test_errors():
    X, y, weight = problem()
    rng = np.random.default_rng(0)
    with pytest.raises(FeatureError, match="equally many"):
        ensemble.train_networks(X, y, np.arange(10), rng=rng)
    with pytest.raises(FeatureError, match=r"class 2 \(split 0\)"):
        ensemble.train_networks(X, y, np.flatnonzero(y < 2)[None], rng=rng)
    with pytest.raises(FeatureError, match="not finite"):
        ensemble.train_networks(X, y, split_rows(len(X), 1), np.where(weight > 2, np.inf, weight), rng=rng)
