"""Ten networks at once against the obvious loop: build, fit and predict one Keras model after the other."""

import time

import numpy as np

from agnbook import members
from agnbook.blazars import networks
from agnbook.chapter.tensorflow import import_tensorflow

MEMBERS, N, EPOCHS = 10, 1604, 30


def _problem():
    rng = np.random.default_rng(0)
    y = (rng.random(N + 200) < 0.33).astype(float)
    X = rng.normal(size=(N + 200, 7)) + y[:, None] * np.array([1, -1, 0.5, 0, 0, 0, 0])
    orders = [rng.permutation(N + 200) for _ in range(MEMBERS)]
    return networks.gather(X, y, [(order[:N], order[N:], []) for order in orders])


def _one_by_one(rows, start):
    """The authors' way, from the same weights: one full batch an epoch, Adam, cross-entropy; dropout off to compare."""
    _, keras, _ = import_tensorflow()
    answers = []
    for member in range(MEMBERS):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Input((7,)), keras.layers.Dense(42, "relu"), keras.layers.Dense(1)])
        model.set_weights([array[member].reshape(shape) for pair, shapes in zip(start, [((7, 42), 42), ((42, 1), 1)], strict=True)
                           for array, shape in zip(pair, shapes, strict=True)])  # fmt: skip
        model.compile(keras.optimizers.Adam(members.LEARNING_RATE), keras.losses.BinaryCrossentropy(from_logits=True))
        model.fit(
            rows.x[member], rows.y[member], batch_size=2048, epochs=EPOCHS, shuffle=False, verbose=0,
            validation_data=(rows.held_x[member], rows.held_y[member]),
        )  # fmt: skip
        answers.append(model.predict(rows.held_x[member], verbose=0)[:, 0])
    return np.array(answers)


def test_all_members_at_once(benchmark):
    rows = _problem()
    layers = (networks.Layer(42), networks.Layer(1, "linear"))
    start = networks.glorot(MEMBERS, 7, layers, np.random.default_rng(1))

    def at_once():
        return networks.train_stage(
            rows.x, rows.y, rows.w, layers, epochs=EPOCHS, rng=np.random.default_rng(0), start=start,
            held=(rows.held_x, rows.held_y, rows.validation_w),
        )  # fmt: skip

    import_tensorflow()  # not part of the comparison
    begin = time.perf_counter()
    slow = _one_by_one(rows, start)
    loop_seconds = time.perf_counter() - begin
    fast = benchmark.pedantic(at_once, rounds=3, warmup_rounds=1)
    # Adam divides by the gradient's size: where a hidden unit is dead, rounding decides the sign of a full step
    difference = np.abs(fast.held_logits[-1] - slow)
    assert np.median(difference) < 2e-4 and difference.max() < 0.05, (np.median(difference), difference.max())
    quick_seconds = benchmark.stats.stats.min
    ratio = loop_seconds / quick_seconds
    print(f"\n{MEMBERS} networks, {EPOCHS} epochs: one by one {loop_seconds:.1f} s, at once {quick_seconds:.2f} s")
    assert ratio > 3
