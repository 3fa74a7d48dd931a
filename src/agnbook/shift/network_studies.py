"""What chapter 24 asks of the paper's network: how fast, how long, how good, and which training explains its counts.

`X` (n, 10) and `group` (n,) are the associated sources and their groups; `rows` (splits, n_train) and `tested`
(splits, n) are random splits of `catalogue.random_splits`. Paper 2, appendix C and Table 3.
"""

import time

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from agnbook.chapter.tensorflow import import_tensorflow
from agnbook.shift import catalogue, curves, ensemble
from agnbook.sky import features
from agnbook.sky.source_classes import NAMES

#: Epochs of the short training from which the cost of 51 networks at once is scaled up, and their number.
TIMED_EPOCHS, TIMED_NETWORKS = 20, 51
#: The combinations of training and testing: label -> (weighted training, weighted testing).
LABELS = {"NN": (False, False), "wNN": (True, True), "wtNN": (False, True)}


def macro_auc(group, probability, tested) -> float:
    """Mean one-vs-rest area over the six groups on one split's test sources.

    Parameters
    ----------
    group : int array (n,); probability : array (n, 6); tested : bool array (n,)
    """
    return float(np.mean([roc_auc_score(group[tested] == k, probability[tested, k]) for k in range(len(NAMES))]))


def compare_trainers(X, group, rows, tested, *, starts: int, keras_runs: int, epochs: int, seed: int) -> pd.DataFrame:
    """Train the network on the first split by Keras one at a time, and many at once, and time both.

    Returns
    -------
    pandas.DataFrame
        One row a training: ``trainer`` ("batched", "keras" or "batched, 51 at once"), ``run``, ``auc`` (macro
        average, NaN where only time was taken) and ``cpu_seconds`` a network.
    """
    begin = time.process_time()
    found = catalogue.predict_networks(X, group, np.repeat(rows[:1], starts, axis=0), X, seed=seed, epochs=epochs)
    seconds = (time.process_time() - begin) / starts
    records = [("batched", number, macro_auc(group, p, tested[0]), seconds) for number, p in enumerate(found)]
    _, keras, _ = import_tensorflow()
    inputs, everything = features.standardise(X[rows[0]], X)
    for number in range(keras_runs):
        keras.utils.set_random_seed(seed + number)
        model = ensemble.keras_network(X.shape[1], len(NAMES))
        begin = time.process_time()
        model.fit(inputs, group[rows[0]], batch_size=ensemble.BATCH, epochs=epochs, verbose=0)
        auc = macro_auc(group, model.predict(everything, verbose=0), tested[0])
        records.append(("keras", number, auc, time.process_time() - begin))
    short = min(TIMED_EPOCHS, epochs)
    begin = time.process_time()
    catalogue.predict_networks(X, group, rows[np.arange(TIMED_NETWORKS) % len(rows)], X[:6], seed=seed, epochs=short)
    seconds = (time.process_time() - begin) / TIMED_NETWORKS * epochs / short
    records.append((f"batched, {TIMED_NETWORKS} at once", 0, np.nan, seconds))
    return pd.DataFrame(records, columns=["trainer", "run", "auc", "cpu_seconds"])


def areas_by_epoch(X, group, weight, rows, tested, *, epochs: int, every: int, seed: int) -> pd.DataFrame:
    """Follow the areas of the test sources through training, unweighted and weighted (Fig. C1).

    Returns
    -------
    pandas.DataFrame
        ``weighted``, ``epoch`` (20 and every `every`), ``split``, ``class``, ``auc``.
    """
    records = []
    for weighted in (False, True):
        score_weight = weight if weighted else np.ones(len(X))

        def watch(epoch, networks, weighted=weighted, score_weight=score_weight):
            if epoch % every and epoch != 20:
                return
            for split, probability in enumerate(networks.predict_proba(X)):
                part = tested[split]
                for k, name in enumerate(NAMES):
                    auc = roc_auc_score(group[part] == k, probability[part, k], sample_weight=score_weight[part])
                    records.append((weighted, epoch, split, name, auc))

        rng = np.random.default_rng(seed)
        ensemble.train_networks(X, group, rows, weight if weighted else None, rng=rng, epochs=epochs, watch=watch)
    return pd.DataFrame(records, columns=["weighted", "epoch", "split", "class", "auc"])


def performance(X, group, weight, rows, tested, *, epochs: int, seed: int) -> dict[str, pd.DataFrame]:
    """Score the network under the combinations of `LABELS` (Figs C2 and C3).

    Returns
    -------
    dict of pandas.DataFrame
        ``curves``, ``reliability`` and ``auc`` of `curves.evaluate`, with the columns ``problem`` and ``label``.
    """
    tables = {"curves": [], "reliability": [], "auc": []}
    for weighted_training in (False, True):
        train_weight = weight if weighted_training else None
        probability = catalogue.predict_networks(X, group, rows, X, train_weight, seed=seed, epochs=epochs)
        for label, (trained, weighted_testing) in LABELS.items():
            if trained != weighted_training:
                continue
            found = curves.evaluate(group, probability, tested, weight if weighted_testing else None, NAMES)
            for kind, table in zip(tables, found, strict=True):
                tables[kind].append(table.assign(problem="depth 4", label=label))
    return {kind: pd.concat(parts, ignore_index=True) for kind, parts in tables.items()}


def variants(weight, forest_weight, epochs: int) -> dict[str, dict]:
    """Trainings of the weighted network that differ from the book's in one or two things, name -> what is changed."""
    short = max(1, epochs // 5)
    return {
        "as in this book": {},
        "inputs not standardised": {"standardise": False},
        "weights scaled to mean 1": {"weight": weight / weight.mean()},
        "penalty ten times larger": {"l2": 10 * ensemble.L2},
        "100 epochs": {"epochs": short},
        "not standardised, 100 epochs": {"standardise": False, "epochs": short},
        "weights of the random forest": {"weight": forest_weight},
        "weights squared": {"weight": weight**2},
    }


def search_variants(X, group, weight, rows, tested, changes: dict[str, dict], *, epochs: int, seed: int) -> pd.DataFrame:
    """Expected counts of associated sources after each of the `variants` (paper, Table 3, column "NN assoc").

    Returns
    -------
    pandas.DataFrame
        ``variant``, mean over splits of each class's sum, and its standard deviation, ``<class>_std``.
    """
    records = []
    for name, changed in changes.items():
        options = {"weight": weight, "epochs": epochs, **changed}
        probability = catalogue.predict_networks(X, group, rows, X, seed=seed, **options)
        expected = catalogue.Run({"nn": probability}, tested).class_sums("nn", associated=True)
        records.append((name, *expected.mean(axis=0), *expected.std(axis=0)))
    return pd.DataFrame(records, columns=["variant", *NAMES, *(f"{name}_std" for name in NAMES)])
