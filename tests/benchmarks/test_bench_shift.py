"""The catalogue's networks: all splits at once against one Keras training after another."""

import time

import numpy as np

from agnbook.shift import catalogue, ensemble
from agnbook.sky import catalogs, features, source_classes

EPOCHS = 10


def sample():
    gamma = features.gamma_features(catalogs.read("4fgl-dr4"))
    known = gamma.y == 1
    X = gamma.X[known].to_numpy()
    group = source_classes.group_index(gamma.info.loc[known, "physical_class"])
    rows, _ = catalogue.random_splits(len(X), 51, np.random.default_rng(0))
    return X, group, rows


def test_51_networks_at_once_against_keras_one_by_one(benchmark):
    """Same start, same order of rows: equal predictions, many times faster."""
    X, group, rows = sample()
    start = ensemble.glorot(51, (10, 20, 10, 6), np.random.default_rng(0))

    def batched():
        return ensemble.train_networks(
            X, group, rows, rng=np.random.default_rng(0), epochs=EPOCHS, start=start, shuffle=False
        ).predict_proba(X[:200])

    fast = benchmark.pedantic(batched, rounds=1, warmup_rounds=0)
    begin = time.process_time()
    batched()
    fast_seconds = time.process_time() - begin
    slow, slow_seconds = [], 0.0
    for split in range(2):
        model = ensemble.keras_network(10, 6)
        model.set_weights([layer[split] if i % 2 == 0 else layer[split, 0] for i, layer in enumerate(start)])
        inputs, shown = features.standardise(X[rows[split]], X[:200])
        options = {"batch_size": 200, "epochs": EPOCHS, "shuffle": False, "verbose": 0}
        model.fit(inputs, group[rows[split]], **options)
        slow.append(model.predict(shown, verbose=0))
        begin = time.process_time()
        model.fit(inputs, group[rows[split]], **options)  # the graph is traced by now
        slow_seconds += time.process_time() - begin
    keras_seconds = slow_seconds / 2 * 51  # two splits, extrapolated
    ratio = keras_seconds / fast_seconds
    print(f"\n51 networks, {EPOCHS} epochs: batched {fast_seconds:.2f} s, Keras {keras_seconds:.1f} s, ratio {ratio:.0f}")
    assert np.allclose(np.stack(slow), fast[:2], atol=1e-4)
    assert ratio > 10


def test_batched_against_a_loop_over_the_same_trainer(benchmark):
    """The gain comes from the leading axis, not only from leaving Keras."""
    X, group, rows = sample()
    rows, start = rows[:12], ensemble.glorot(12, (10, 20, 10, 6), np.random.default_rng(0))

    def train(part):
        return ensemble.train_networks(
            X, group, rows[part], rng=np.random.default_rng(0), epochs=3, start=[layer[part] for layer in start], shuffle=False
        ).predict_proba(X[:50])

    fast = benchmark.pedantic(lambda: train(slice(None)), rounds=1, warmup_rounds=0)
    begin = time.process_time()
    train(slice(None))
    fast_seconds = time.process_time() - begin
    begin = time.process_time()
    slow = np.concatenate([train(slice(k, k + 1)) for k in range(12)])
    slow_seconds = time.process_time() - begin
    print(
        f"\n12 networks: batched {fast_seconds:.2f} s, one by one {slow_seconds:.2f} s, ratio {slow_seconds / fast_seconds:.1f}"
    )
    assert np.allclose(slow, fast, atol=1e-5)
    assert slow_seconds > fast_seconds
