"""The catalogue's cost and that of other ways, on made-up sources."""

import time

import numpy as np
import pytest

from agnbook.shift import speed


def test_work_in_this_process_and_in_a_child_is_counted():
    def work():
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
        time.sleep(0.1)
        return 3

    result, cost = speed.timed(work)
    assert result == 3 and 0.1 <= cost["cpu_seconds"] < cost["wall_seconds"] and cost["wall_seconds"] >= 0.2
    assert 0.01 < cost["peak_memory_gb"] < 100


@pytest.mark.slow
def test_every_way_trains_the_same_number_of_epochs_and_is_timed():
    rng = np.random.default_rng(0)
    group = np.arange(600) % 6
    X, target, weight = rng.normal(size=(600, 10)) + group[:, None], rng.normal(size=(50, 10)), rng.uniform(0.1, 3, 600)
    sizes = {"n_splits": 20, "n_trees": 3, "epochs": 30, "at_least": 0, "repeats": 2, "seed": 0}
    table = speed.measure(X, group, target, weight, **sizes)
    assert table["way"].is_unique and (table["cpu_seconds"] >= 0).all() and (table["wall_seconds"] > 0).all()
    ways = table.set_index("way")
    assert ways.loc[speed.CATALOGUE, "trainings"] == 80 and ways.loc[speed.KERAS, "trainings"] == 2
    one = speed.each(table)
    assert one.loc[speed.AT_ONCE, "cpu_seconds"] == pytest.approx(ways.loc[speed.AT_ONCE, "cpu_seconds"] / 20)
    assert one.loc[speed.AT_ONCE, "cpu_seconds"] < one.loc[speed.KERAS, "cpu_seconds"]
    loop = 40 * (one.loc[speed.KERAS, "wall_seconds"] + one.loc[speed.SCIKIT, "wall_seconds"])
    assert speed.loop_over_catalogue(table) == pytest.approx(loop / ways.loc[speed.CATALOGUE, "wall_seconds"])
