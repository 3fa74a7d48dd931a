"""The trainer of many networks: each member as if alone, stopping, batches, Adam's settings, layers against formulas."""

import numpy as np
import pytest
import torch

from agnbook import members


def line(parameters, x, y, weight=None):
    """Mean squared error of y = a x + b, shape (members,)."""
    error = (parameters["slope"] * x + parameters["offset"] - y) ** 2
    return error.mean(dim=1) if weight is None else (weight * error).sum(dim=1)


@pytest.fixture
def problem():
    """Three members with lines of their own, noisy training and held rows, and starts at different distances."""
    rng = np.random.default_rng(0)
    slope, offset = np.array([[1.0], [-2.0], [0.5]]), np.array([[0.0], [1.0], [3.0]])
    x, held = rng.normal(size=(3, 40)), rng.normal(size=(3, 30))
    start = {"slope": slope + np.array([[0.05], [0.6], [0.2]]), "offset": offset + np.array([[0.05], [-0.4], [0.3]])}
    noisy = [slope * at + offset + 0.3 * rng.normal(size=at.shape) for at in (x, held)]
    return start, (x, noisy[0]), (held, noisy[1])


def test_members_stop_and_keep_their_best_epoch_as_if_alone(problem):
    start, rows, held = problem
    options = {"epochs": 3000, "score": line, "patience": 4, "rate": 0.01}
    together = members.train(start, line, rows, held=held, rng=np.random.default_rng(0), **options)
    assert len(set(together.epochs)) == 3 and together.epochs.max() == len(together.loss) < 3000
    np.testing.assert_array_equal(together.epochs, together.best_epoch + 1 + 4)
    for k in range(3):
        one = slice(k, k + 1)
        alone = members.train(
            {name: value[one] for name, value in start.items()}, line, [array[one] for array in rows],
            held=[array[one] for array in held], rng=np.random.default_rng(0), **options,
        )  # fmt: skip
        assert alone.epochs[0] == together.epochs[k]
        for name in start:
            np.testing.assert_allclose(alone.parameters[name][0], together.parameters[name][k], rtol=1e-6)
        np.testing.assert_allclose(alone.score[:, 0], together.score[: alone.epochs[0], k], rtol=1e-5)
        assert together.score[alone.epochs[0] - 1 :, k].std() == 0  # repeated after the stop
        best = {name: torch.tensor(value[one]) for name, value in together.parameters.items()}
        found = line(best, *(torch.tensor(array[one], dtype=torch.float32) for array in held))
        assert found.item() == pytest.approx(together.score[:, k].min(), rel=1e-5)


def test_one_score_chooses_and_another_stops(problem):
    start, rows, held = problem
    seen = []

    def two(parameters, x, y):
        seen.append(len(seen))
        falling = torch.full((len(x),), -float(len(seen)))  # the choice would go on for ever
        return torch.stack([falling, torch.full((len(x),), 1.0 if len(seen) > 1 else 0.5)])

    trained = members.train(start, line, rows, epochs=50, score=two, held=held, patience=3, rng=np.random.default_rng(0))
    assert (trained.epochs == 4).all() and (trained.best_epoch == 3).all()
    assert trained.score[:, 0].tolist() == [-1, -2, -3, -4]


def test_a_score_that_is_never_a_number_leaves_the_start(problem):
    start, rows, held = problem
    nothing = lambda parameters, x, y: torch.full((len(x),), float("nan"))  # noqa: E731
    trained = members.train(start, line, rows, epochs=5, score=nothing, held=held, rng=np.random.default_rng(0))
    np.testing.assert_allclose(trained.parameters["slope"], start["slope"])


def test_each_epoch_shows_every_row_once_in_an_order_of_each_members_own():
    number = np.arange(10.0)[None] + [[0], [100]]
    batches = []

    def loss(parameters, x, double):
        torch.testing.assert_close(2 * x, double)  # rows of several arrays stay together
        batches.append(x.numpy())
        return (parameters["weight"] * x).mean(dim=1)

    options = {"epochs": 2, "batch": 4}
    start = {"weight": np.ones((2, 1))}
    trained = members.train(start, loss, (number, 2 * number), rng=np.random.default_rng(1), rate=1e-12, **options)
    assert [batch.shape[1] for batch in batches] == [4, 4, 2, 4, 4, 2]
    epochs = [np.concatenate(batches[:3], axis=1), np.concatenate(batches[3:], axis=1)]
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch, axis=1), number)
    orders = [tuple(epoch[k] - 100 * k) for epoch in epochs for k in range(2)]
    assert len(set(orders)) == 4
    np.testing.assert_allclose(trained.loss, [[4.5, 104.5]] * 2, rtol=1e-6)
    batches.clear()
    members.train(start, loss, (number, 2 * number), rng=np.random.default_rng(1), shuffle=False, **options)
    np.testing.assert_array_equal(np.concatenate(batches[:3], axis=1), number)


def test_steps_are_those_of_adam_with_keras_epsilon():
    """Against the formula of Kingma & Ba (2015), written out: moments, bias, epsilon, schedule, decay, clipped gradient."""
    rng = np.random.default_rng(2)
    gradients = rng.normal(size=(5, 2, 3)) * [[[1.0], [1e-6]]]
    schedule = [1.0, 0.5, 0.5, 2.0, 0.1]
    step = iter(range(5))

    def loss(parameters, x):
        return (parameters["weight"] * torch.tensor(gradients[next(step)], dtype=torch.float32)).sum(dim=1)

    start = rng.normal(size=(2, 3))
    trained = members.train(
        {"weight": start}, loss, (np.zeros((2, 1)),), epochs=5, rng=rng, rate=0.01, schedule=schedule.__getitem__,
        weight_decay=0.1, clip=0.8,
    )  # fmt: skip
    weight, first, second = start.copy(), 0.0, 0.0
    for t, gradient in enumerate(gradients, 1):
        gradient = gradient * np.minimum(1, 0.8 / np.linalg.norm(gradient, axis=1, keepdims=True))
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        rate = 0.01 * schedule[t - 1]
        weight -= rate * 0.1 * weight
        weight -= rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * first / (np.sqrt(second) + 1e-7)
    np.testing.assert_allclose(trained.parameters["weight"], weight, atol=2e-6)
    assert np.abs(weight - start).min() > 1e-3


def test_watch_sees_those_that_still_train(problem):
    start, rows, held = problem
    seen = []
    trained = members.train(
        start, line, rows, epochs=3000, score=line, held=held, patience=4, rate=0.01, rng=np.random.default_rng(0),
        watch=lambda epoch, running, parameters: seen.append((epoch, running.tolist(), len(parameters["slope"]))),
    )  # fmt: skip
    assert [epoch for epoch, _, _ in seen] == list(range(trained.epochs.max()))
    for epoch, running, number in seen:
        assert running == np.flatnonzero(trained.epochs > epoch).tolist() and number == len(running)


def test_one_thread_is_given_back(problem):
    start, rows, _ = problem
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        inside = []
        watch = lambda *_: inside.append(torch.get_num_threads())  # noqa: E731
        members.train(start, line, rows, epochs=1, rng=np.random.default_rng(0), watch=watch)
        assert inside == [1] and torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_padding_is_marked():
    index, real = members.padded([np.array([4, 5, 6]), np.array([7])])
    assert index.tolist() == [[4, 5, 6], [7, 0, 0]] and real.tolist() == [[True] * 3, [True, False, False]]


# Layers


def test_divergence_is_that_of_torch_distributions():
    torch.manual_seed(0)
    mean, rho = torch.randn(2, 4, 3), torch.randn(2, 4, 3)
    posterior = torch.distributions.Normal(mean, torch.nn.functional.softplus(rho))
    expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum(dim=(1, 2))
    torch.testing.assert_close(members.divergence(mean, rho), expected, rtol=1e-4, atol=1e-4)
    assert (expected > 1).all()


@pytest.mark.parametrize("layer", [members.flipout, members.reparameterized])
def test_variational_layers_have_the_analytic_moments(layer):
    """Given x, the output is a sum of independent normals: mean x k + b, variance x^2 s_k^2 + s_b^2."""
    rng, draws = np.random.default_rng(3), 20_000
    x, kernel, bias = rng.normal(size=(1, 2, 4)), rng.normal(size=(1, 4, 3)), rng.normal(size=(1, 3))
    kernel_rho, bias_rho = rng.normal(size=(1, 4, 3)), rng.normal(size=(1, 3))
    copies = [torch.tensor(np.repeat(array, draws, axis=0)).float() for array in (x, kernel, kernel_rho, bias, bias_rho)]
    found = layer(*copies, rng).numpy()
    mean = x[0] @ kernel[0] + bias[0]
    sd = np.sqrt(x[0] ** 2 @ np.logaddexp(kernel_rho[0], 0) ** 2 + np.logaddexp(bias_rho[0], 0) ** 2)
    assert (np.abs(found.mean(axis=0) - mean) < 4.5 * sd / np.sqrt(draws)).all()
    assert (np.abs(found.std(axis=0) / sd - 1) < 4.5 / np.sqrt(2 * draws)).all()


def test_dropout_drops_its_part_and_keeps_the_mean():
    dropped = members.dropout(torch.ones(2, 100, 1000), 0.25, np.random.default_rng(4)).numpy()
    assert set(np.unique(dropped)) == {0.0, np.float32(4 / 3)}
    assert (dropped == 0).mean() == pytest.approx(0.25, abs=4.5 * np.sqrt(0.25 * 0.75 / dropped.size))
    assert np.corrcoef(dropped[0].ravel(), dropped[1].ravel())[0, 1] == pytest.approx(0, abs=0.02)


def test_glorot_has_keras_limits():
    kernel = members.glorot(3, 24, 64, np.random.default_rng(5))
    limit = np.sqrt(6 / 88)
    assert kernel.shape == (3, 24, 64) and kernel.dtype == np.float32
    assert 0.99 * limit < np.abs(kernel).max() <= limit and kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.03)
