"""Times of predictions."""

import numpy as np
import pytest

from agnbook.blazars import networks, prediction_times


@pytest.mark.slow
def test_large_batches_take_longer_and_large_networks_too():
    rivals = {"small": (networks.Layer(8), networks.Layer(1, "linear")), "large": (networks.Layer(2000), networks.Layer(1))}
    table = prediction_times.measure(rivals, (1, 2000), np.random.default_rng(0), repeats=5)
    assert table[["network", "sources"]].to_numpy().tolist() == [["small", 1], ["large", 1], ["small", 2000], ["large", 2000]]
    times = table.set_index(["network", "sources"])["microseconds"]
    assert times["large", 2000] > 20 * times["small", 1] and times["large", 2000] > 5 * times["small", 2000]
