"""What the catalogue costs, and what it would cost another way: all of it timed in one run on the same cores."""

import resource
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

from agnbook.chapter.tensorflow import import_tensorflow
from agnbook.shift import catalogue, ensemble, forest
from agnbook.sky import features
from agnbook.sky.source_classes import NAMES

#: Ways to train, as rows of `measure` call them; every one trains on the same splits and predicts the same sources.
CATALOGUE, AT_ONCE, ONE_BY_ONE = "whole catalogue", "networks, all at once", "networks, one by one"
KERAS, KERAS_EPOCHS, START_UP = "Keras, one by one", "Keras, an epoch a call", "TensorFlow's start-up"
FOREST, SCIKIT = "forests", "scikit-learn's forests"


def timed(work: Callable) -> tuple[object, dict[str, float]]:
    """Call `work` and return its result and ``wall_seconds``, ``cpu_seconds`` and ``peak_memory_gb``.

    Seconds of the processor and memory are those of this process and of the two that it starts at most.
    """
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    start, before = time.perf_counter(), _cpu_seconds(kinds)
    result = work()
    wall_seconds, cpu_seconds = time.perf_counter() - start, _cpu_seconds(kinds) - before
    own, child = (resource.getrusage(kind).ru_maxrss / 1e6 for kind in kinds)
    return result, {"wall_seconds": wall_seconds, "cpu_seconds": cpu_seconds, "peak_memory_gb": own + 2 * child}


def _cpu_seconds(kinds) -> float:
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def measure(
    X, group, target, weight, *, n_splits: int, n_trees: int, epochs: int, at_least: int, repeats: int, seed: int
) -> pd.DataFrame:
    """Time the whole catalogue, and each of its parts our way and the ways that a user would otherwise go.

    Parameters
    ----------
    X, group, target, weight : as `catalogue.build` takes them
    n_splits, n_trees, epochs, at_least, seed : of `catalogue.build`
    repeats : trainings of each way that trains one by one

    Returns
    -------
    pandas.DataFrame
        One row a way: ``way``, ``trainings``, ``wall_seconds`` and ``cpu_seconds`` of all of them, ``peak_memory_gb``.
        The catalogue runs in two processes, the others in one; TensorFlow takes as many threads as it wants.
    """
    sizes = {"n_splits": n_splits, "n_trees": n_trees, "epochs": epochs, "at_least": at_least, "seed": seed}
    rows, _ = catalogue.random_splits(len(X), n_splits, np.random.default_rng(seed), at_least=at_least)
    few, everything = rows[:repeats], np.vstack([X, target])

    def networks(parts):
        return catalogue.predict_networks(X, group, parts, everything, seed=seed, epochs=epochs)

    def by_keras(part, **how):
        inputs, shown = features.standardise(X[part], everything)
        model = ensemble.keras_network(X.shape[1], len(NAMES))
        model.compile(model.optimizer, model.loss, **how)
        model.fit(inputs, group[part], batch_size=ensemble.BATCH, epochs=epochs, verbose=0)
        return model.predict(shown, verbose=0)

    def by_scikit(part):
        return RandomForestClassifier(n_trees, max_depth=forest.MAX_DEPTH).fit(X[part], group[part]).predict_proba(everything)

    steps = -(-rows.shape[1] // ensemble.BATCH)
    ways = {
        CATALOGUE: (4 * n_splits, lambda: catalogue.build(X, group, target, weight, **sizes)),
        AT_ONCE: (n_splits, lambda: networks(rows)),
        ONE_BY_ONE: (len(few), lambda: [networks(part[None]) for part in few]),
        START_UP: (1, import_tensorflow),
        KERAS: (len(few), lambda: [by_keras(part) for part in few]),
        KERAS_EPOCHS: (len(few), lambda: [by_keras(part, steps_per_execution=steps) for part in few]),
        FOREST: (len(few), lambda: catalogue.predict_forests(X, group, few, everything, seed=seed, n_trees=n_trees)),
        SCIKIT: (len(few), lambda: [by_scikit(part) for part in few]),
    }
    return pd.DataFrame([{"way": way, "trainings": number} | timed(work)[1] for way, (number, work) in ways.items()])


def each(table: pd.DataFrame) -> pd.DataFrame:
    """Wall and processor seconds of one training, indexed by way, from the table of `measure`."""
    seconds = table.set_index("way")[["wall_seconds", "cpu_seconds"]]
    return seconds.div(table["trainings"].to_numpy(), axis=0)


def loop_over_catalogue(table: pd.DataFrame) -> float:
    """Wall time of the catalogue by Keras and scikit-learn, one training after another, over that of the catalogue."""
    one, whole = each(table)["wall_seconds"], table.set_index("way").loc[CATALOGUE]
    return float(whole["trainings"] / 2 * (one[KERAS] + one[SCIKIT]) / whole["wall_seconds"])
