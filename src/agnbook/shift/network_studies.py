"""What chapter 24 asks of the paper's network: how long, how good, and which training explains its counts.

`X` (n, 10) and `group` (n,) are the associated sources and their groups; `rows` (splits, n_train) and `tested`
(splits, n) are random splits of `catalogue.random_splits`. Paper 2, appendix C and Table 3.
"""

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from agnbook.chapter.tensorflow import import_tensorflow
from agnbook.shift import catalogue, curves, ensemble
from agnbook.sky import features
from agnbook.sky.source_classes import NAMES

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
    """Train the network on the first split from random starts, by Keras one at a time and by ours all at once.

    Returns
    -------
    pandas.DataFrame
        One row a training: ``trainer`` ("batched" or "keras"), ``run`` and ``auc`` (macro average).
    """
    found = catalogue.predict_networks(X, group, np.repeat(rows[:1], starts, axis=0), X, seed=seed, epochs=epochs)
    records = [("batched", number, macro_auc(group, p, tested[0])) for number, p in enumerate(found)]
    _, keras, _ = import_tensorflow()
    inputs, everything = features.standardise(X[rows[0]], X)
    for number in range(keras_runs):
        keras.utils.set_random_seed(seed + number)
        model = ensemble.keras_network(X.shape[1], len(NAMES))
        model.fit(inputs, group[rows[0]], batch_size=ensemble.BATCH, epochs=epochs, verbose=0)
        records.append(("keras", number, macro_auc(group, model.predict(everything, verbose=0), tested[0])))
    return pd.DataFrame(records, columns=["trainer", "run", "auc"])


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
                tables[kind].append(table.assign(problem="six", label=label))
    return {kind: pd.concat(parts, ignore_index=True) for kind, parts in tables.items()}


def variants(X, weight, mixtures: dict[str, np.ndarray], others: dict[str, np.ndarray], epochs: int) -> pd.DataFrame:
    """Trainings of the weighted network: as printed, with what the paper leaves open, and against what it states.

    Parameters
    ----------
    mixtures : weights from other random starts of the paper's mixtures, whose seed the paper leaves open
    others : weights of other estimators

    Returns
    -------
    pandas.DataFrame
        Indexed by name: ``kind`` ("as printed", "left open" or "stated otherwise") and ``change``, the options that differ.
    """
    short, low = max(1, epochs // 5), X.min(axis=0)
    scaled = (X - low) / (X.max(axis=0) - low)
    left_open = {
        "inputs not standardised": {"standardise": False},
        "inputs scaled to 0 - 1": {"X": scaled, "standardise": False},
        "weights scaled to mean 1": {"weight": weight / weight.mean()},
        **{f"mixtures: {name}": {"weight": other} for name, other in mixtures.items()},
    }
    otherwise = {
        "penalty ten times larger": {"l2": 10 * ensemble.L2},
        "100 epochs": {"epochs": short},
        "not standardised, 100 epochs": {"standardise": False, "epochs": short},
        **{f"weights: {name}": {"weight": other} for name, other in others.items()},
        "weights squared": {"weight": weight**2},
    }
    kinds = {"as printed": {"as in this book": {}}, "left open": left_open, "stated otherwise": otherwise}
    rows = [(name, kind, change) for kind, changes in kinds.items() for name, change in changes.items()]
    return pd.DataFrame(rows, columns=["variant", "kind", "change"]).set_index("variant")


def search_variants(X, group, weight, rows, tested, changes: pd.DataFrame, *, epochs: int, seed: int) -> pd.DataFrame:
    """Expected counts of associated sources after each of the `variants` (paper, Table 3, column "NN assoc").

    Returns
    -------
    pandas.DataFrame
        ``variant``, ``kind``, mean over splits of each class's sum, and its standard deviation, ``<class>_std``.
    """
    records = []
    for name, row in changes.iterrows():
        options = {"X": X, "weight": weight, "epochs": epochs, **row["change"]}
        inputs = options.pop("X")
        probability = catalogue.predict_networks(inputs, group, rows, inputs, seed=seed, **options)
        expected = catalogue.Run({"nn": probability}, tested).class_sums("nn", associated=True)
        records.append((name, row["kind"], *expected.mean(axis=0), *expected.std(axis=0)))
    return pd.DataFrame(records, columns=["variant", "kind", *NAMES, *(f"{name}_std" for name in NAMES)])
