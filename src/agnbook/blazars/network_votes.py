"""Votes of the paper's five networks and of two ablations, under different rules for the epoch (chapter 15).

A vote is an FSRQ probability. All members of a network (folds, repeats or random starts) train together and keep
their answers of every epoch, so that "which epoch?" can be asked afterwards.
"""

import numpy as np
import pandas as pd

from agnbook.blazars import networks, voting

#: Bias initialization without its bias, and the contrastive pretext on pairs that no label made.
ABLATIONS = ("zero_bias", "contrastive_label_free")
NETWORKS = (*networks.MODELS, *ABLATIONS)
#: Epochs and weights of the paper's soft vote, as in the authors' notebooks.
PAPER_EPOCHS, PAPER_WEIGHTS = (40, 41), (0.1, 0.9)


def train(name: str, rows: networks.Rows, *, epochs: int, pretext_epochs: int | None = None, seed: int = 0) -> networks.Trained:
    """Train one of `NETWORKS` on every member's rows.

    Parameters
    ----------
    epochs : at most so many epochs of the bias-initialised network; of the others too if `pretext_epochs` is given.
    pretext_epochs : epochs of every pretext, for small runs; None stands for the authors' numbers of epochs.
    """
    options = {}
    if pretext_epochs or name in ("bias_init", "zero_bias"):
        options["epochs"] = epochs
    if name in ("bias_init", "zero_bias"):
        options["bias"] = name == "bias_init"
    elif pretext_epochs:
        options["pretext_epochs"] = pretext_epochs
    if name.startswith("contrastive"):
        options["labels"] = name == "contrastive"
    recipe = {"zero_bias": networks.bias_init, "contrastive_label_free": networks.contrastive}.get(name)
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


def training_curves(trained: dict[str, networks.Trained], points: int = 60) -> pd.DataFrame:
    """Losses of every stage of training, mean over members, at epochs that are even in the logarithm.

    Columns: ``model``, ``stage``, ``epoch`` (from 1), ``training_loss``, ``validation_loss`` (NaN for pretexts).
    """
    curves = []
    for name, network in trained.items():
        for stage, history in network.stages.items():
            for epoch in np.unique(np.geomspace(1, len(history.loss), points).astype(int)) - 1:
                watched = history.validation_loss[epoch].mean() if len(history.validation_loss) else np.nan
                curves.append((name, stage, epoch + 1, history.loss[epoch].mean(), watched))
    return pd.DataFrame(curves, columns=["model", "stage", "epoch", "training_loss", "validation_loss"])
