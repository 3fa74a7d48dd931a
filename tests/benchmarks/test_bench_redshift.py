"""Batched redshift networks against the obvious loops, in one run; both must give the same results."""

import time

import numpy as np
import pytest
from scipy import stats

from agnbook.chapter.tensorflow import import_tensorflow
from agnbook.judge import cross_validation
from agnbook.redshifts import mlp

N_SOURCES, N_FEATURES, DRAWS = 1224, 24, 1000
LOOPED = 200  # draws that the loops make; their time is scaled to DRAWS


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_SOURCES, N_FEATURES)).astype(np.float32)
    return X, np.abs(X[:, 0] + 0.3 * rng.normal(size=N_SOURCES))


def test_posterior_samples_in_one_batch(benchmark, sample):
    """1000 draws of the weights for all sources against a loop over the Keras model."""
    tf, *_ = import_tensorflow()
    tf.keras.utils.set_random_seed(0)  # the loop's draws
    network, (X, _) = mlp.Network("flipout"), sample
    model = mlp.build(network, N_FEATURES, N_SOURCES, seed=0)
    model.get_layer("output").kernel_posterior.distribution.loc.assign(tf.ones((64, 1)) / 64)
    weights = {name: value[0] for name, value in mlp.from_keras(model).items()}

    inputs, start = tf.constant(X), time.perf_counter()
    looped = np.stack([model(inputs).numpy()[:, 0] for _ in range(LOOPED)])
    call_seconds, start = (time.perf_counter() - start) * DRAWS / LOOPED, time.perf_counter()
    for _ in range(LOOPED // 10):
        model.predict(X, verbose=0)
    predict_seconds = (time.perf_counter() - start) * DRAWS / (LOOPED // 10)

    batched = benchmark(mlp.posterior_predictive, network, weights, X, DRAWS, np.random.default_rng(0))
    seconds = benchmark.stats.stats.median
    print(
        f"\n1000 weight samples of {N_SOURCES} sources: {seconds:.3f} s batched, {call_seconds:.1f} s looping over model(X) "
        f"({call_seconds / seconds:.0f} x), {predict_seconds:.0f} s over predict ({predict_seconds / seconds:.0f} x)"
    )
    error = looped.std(axis=0) * np.sqrt(1 / DRAWS + 1 / LOOPED)
    # The draws of one call are shared by all sources, so the differences are strongly correlated.
    assert (np.abs(batched.mean(axis=0) - looped.mean(axis=0)) < 4.5 * error).all()
    # The deviation of n draws errs by sqrt((kurtosis - 1) / 4 n) of itself; near zero a softplus makes the kurtosis large.
    error = np.sqrt((stats.kurtosis(batched, fisher=False) - 1) / 4 * (1 / DRAWS + 1 / LOOPED))
    assert (np.abs(np.log(batched.std(axis=0) / looped.std(axis=0))) < 4.5 * error).all()
    assert predict_seconds > 50 * seconds


def test_folds_together(benchmark, sample):
    """Twenty epochs of ten folds together against one fold after another."""
    network, (X, y) = mlp.Network("flipout"), sample
    train, validation, _ = mlp.fold_rows(cross_validation.repeated_folds(N_SOURCES, 10, 1, seed=0))
    options = {"epochs": 20, "seed": 0}

    start = time.perf_counter()
    alone = [mlp.fit_members(network, X, y, train[i : i + 1], validation[i : i + 1], **options) for i in range(len(train))]
    loop_seconds = time.perf_counter() - start
    together = benchmark.pedantic(mlp.fit_members, (network, X, y, train, validation), options, rounds=1, iterations=1)
    seconds = benchmark.stats.stats.median
    print(f"\n20 epochs of 10 folds: {seconds:.1f} s together, {loop_seconds:.1f} s one by one ({loop_seconds / seconds:.1f} x)")
    # Other random numbers, the same training: validation errors agree on average.
    reference = np.concatenate([member.validation_rmse for member in alone])
    error = np.hypot(reference.std(), together.validation_rmse.std()) / np.sqrt(len(reference))
    assert abs(together.validation_rmse.mean() - reference.mean()) < 4 * error
    assert loop_seconds > seconds
