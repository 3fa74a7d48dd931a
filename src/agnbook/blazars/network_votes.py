"""Votes of the paper's five networks, of two ablations and of a larger rival, under different rules for the epoch (chapter 15).

A vote is an FSRQ probability. All members of a network (folds, repeats or random starts) train together and keep
their answers of every epoch, so that "which epoch?" can be asked afterwards.
"""

import numpy as np
import pandas as pd

from agnbook.blazars import networks, voting
from agnbook.judge import cross_validation

#: Bias initialization without its bias, and the contrastive pretext on pairs that no label made.
ABLATIONS = ("zero_bias", "contrastive_label_free")
NETWORKS = (*networks.MODELS, *ABLATIONS)
#: The 7-64-32-1 network of Agarwal (2023), seven times as large: trained plainly, all layers at once, from a zero bias.
AGARWAL = "agarwal"
#: Networks without a pretext: they train in one stage.
_ONE_STAGE = ("bias_init", "zero_bias", AGARWAL)
#: Epochs and weights of the paper's soft vote, as in the authors' notebooks.
PAPER_EPOCHS, PAPER_WEIGHTS = (40, 41), (0.1, 0.9)


def train(name: str, rows: networks.Rows, *, epochs: int, pretext_epochs: int | None = None, seed: int = 0) -> networks.Trained:
    """Train one of `NETWORKS`, or `AGARWAL`, on every member's rows.

    Parameters
    ----------
    epochs : at most so many epochs of networks without a pretext; of the others too if `pretext_epochs` is given.
    pretext_epochs : epochs of every pretext, for small runs; None stands for the authors' numbers of epochs.
    """
    options = {}
    if pretext_epochs or name in _ONE_STAGE:
        options["epochs"] = epochs
    if name in _ONE_STAGE:
        options |= {"bias": name == "bias_init", "layers": networks.GREEDY if name == AGARWAL else networks.BIAS_INIT}
    elif pretext_epochs:
        options["pretext_epochs"] = pretext_epochs
    if name.startswith("contrastive"):
        options["labels"] = name == "contrastive"
    one_stage = dict.fromkeys(_ONE_STAGE, networks.bias_init)
    recipe = (one_stage | {"contrastive_label_free": networks.contrastive}).get(name)
    return (recipe or networks.MODELS[name])(rows, np.random.default_rng(seed), **options)


def by_epoch_rule(trained: networks.Trained, n: int, repeats, sources=slice(None)) -> dict[str, np.ndarray]:
    """Votes for the sources that were held out, read at the epochs of four rules.

    Parameters
    ----------
    n : number of sources in the table from which the members' rows were taken.
    repeats : int array (members,), the repeat that each member belongs to.
    sources : rows of that table to keep.

    Returns
    -------
    dict of rule -> array (repeats, sources)
        ``validation``: the epoch that is best on validation sources; ``test``: best on the test sources, which is
        not allowed; ``vote of epochs 40 and 41``: the paper's soft vote; ``vote of best and previous``.
    """
    head, rows = trained.head, trained.rows
    last = len(head.held_logits) - 1

    def votes_at(epochs):
        return trained.test_probability(n, repeats, np.clip(epochs, 0, last))[:, sources]

    right = ((head.held_logits > 0) == (rows.held_y > 0.5)) * rows.test_w
    fixed, best = np.ones(len(rows), int), head.best_epoch
    return {
        "validation": votes_at(best),
        "test": votes_at(right.sum(axis=2).argmax(axis=0)),
        "vote of epochs 40 and 41": voting.soft_vote([votes_at(epoch * fixed) for epoch in PAPER_EPOCHS], PAPER_WEIGHTS),
        "vote of best and previous": voting.soft_vote([votes_at(best - 1), votes_at(best)], PAPER_WEIGHTS),
    }


def collect(trained: dict[str, networks.Trained], n: int, repeats, sources=slice(None), rules=None) -> dict[str, np.ndarray]:
    """Votes of several networks, ``"network|rule"`` -> array (repeats, sources).

    By default all rules for ``bias_init``, whose soft vote the paper shows, and the first two for the others.
    """
    votes = {}
    for name, network in trained.items():
        kept = rules or (None if name == "bias_init" else ("validation", "test"))
        for rule, table in by_epoch_rule(network, n, repeats, sources).items():
            if kept is None or rule in kept:
                votes[f"{name}|{rule}"] = table
    return votes


def train_starts(X, y, split, starts: dict[str, int], *, seed: int = 0, **training) -> dict[str, networks.Trained]:
    """Train networks from several random starts on one split.

    Parameters
    ----------
    X, y : features (n, 7) and labels 0 / 1 of all sources.
    split : (train, validation, test) index arrays.
    starts : network -> number of random starts.
    training : of `train`.
    """
    return {name: train(name, networks.gather(X, y, [split] * count), seed=seed, **training) for name, count in starts.items()}


def train_folds(X, y, folds, *, seed: int = 0, **training) -> dict[str, networks.Trained]:
    """Train every network in every fold of every repeat; the `ABLATIONS` in the first repeat.

    Parameters
    ----------
    folds : int array (repeats, n); see `cross_validation.load_folds`. A ninth of the training sources chooses the epoch.
    training : of `train`.
    """
    _, _, trainings, tests = zip(*cross_validation.splits(folds), strict=True)
    members = networks.validated_splits(trainings, y, tests, seed=seed)
    first = len(np.unique(folds[0]))
    trained = {}
    for name in (*NETWORKS, AGARWAL):
        rows = members[:first] if name in ABLATIONS else members
        trained[name] = train(name, networks.gather(X, y, rows), seed=seed, **training)
    return trained


def of_folds(trained: dict[str, networks.Trained], folds, names) -> dict[str, np.ndarray]:
    """Out-of-fold votes of some networks of `train_folds`; the rival's and the ablations' at the validation epoch alone."""
    repeats, *_ = zip(*cross_validation.splits(folds), strict=True)
    votes = {}
    for name in names:
        rules = None if name in networks.MODELS else ["validation"]
        members = len(trained[name].rows)
        votes |= collect({name: trained[name]}, np.shape(folds)[1], repeats[:members], rules=rules)
    return votes


def accuracy_of_starts(trained: dict[str, networks.Trained], y, sources) -> pd.DataFrame:
    """Accuracy of every random start on one test set, by the rule for the epoch.

    Parameters
    ----------
    trained : networks whose members differ in their random start alone.
    y : labels 0 / 1 of all sources; sources : rows that every member tests.

    Returns
    -------
    pandas.DataFrame
        ``network``, ``start``, and the rules of `by_epoch_rule`.
    """
    tables = []
    for name, network in trained.items():
        votes = by_epoch_rule(network, len(y), np.arange(len(network.rows)), sources)
        right = {rule: ((table > 0.5) == (np.asarray(y)[sources] > 0.5)).mean(axis=1) for rule, table in votes.items()}
        tables.append(pd.DataFrame({"network": name, "start": np.arange(len(network.rows))} | right))
    return pd.concat(tables, ignore_index=True)
