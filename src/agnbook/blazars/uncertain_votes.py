"""Votes for blazars of uncertain class, by models trained many times on resamples of the labelled sources.

The spread of the answers is the part of the uncertainty that one training hides (chapter 17).
"""

import numpy as np
import pandas as pd

from agnbook.blazars import networks, voting

#: Arguments of `of_all_models` that say how large a run is.
SIZES = ("resamples", "voter_epochs", "trees", "rounds", "epochs", "pretext_epochs")


def resample(rows, n: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return all rows as they are, then `n` bootstrap draws of them."""
    return [rows, *(rng.choice(rows, len(rows)) for _ in range(n))]


def of_paper_networks(
    X, y, trainings, uncertain, *, epochs: int | None = None, pretext_epochs: int | None = None, seed: int = 0
) -> dict[str, np.ndarray]:
    """Votes of the paper's five networks, network -> array (trainings, uncertain sources).

    Parameters
    ----------
    X : the seven features (n, 7); y : labels 0 / 1, NaN for the uncertain sources.
    trainings : list of index arrays; uncertain : rows of X to answer for.
    epochs, pretext_epochs : for small runs; None stands for the authors' numbers of epochs.
    """
    rows = networks.gather(X, y, networks.validated_splits(trainings, y, seed=seed))
    votes = {}
    for name, recipe in networks.MODELS.items():
        options = {"epochs": epochs} if epochs else {}
        if pretext_epochs and name != "bias_init":
            options["pretext_epochs"] = pretext_epochs
        votes[name] = recipe(rows, np.random.default_rng(seed), **options).predict(X[uncertain])
    return votes


def of_five_voters(X: pd.DataFrame, y, trainings, uncertain, column_sets: dict, **sizes) -> dict[str, np.ndarray]:
    """Votes of the five voters' mean logit on each set of columns, set -> array (trainings, uncertain sources).

    `sizes` are those of `voting.five_votes`.
    """
    targets = [uncertain] * len(trainings)
    votes = {}
    for name, columns in column_sets.items():
        answers = voting.five_votes(X[columns], y, trainings, targets, **sizes)
        votes[name] = np.array([voting.mean_logit(five) for five in zip(*answers.values(), strict=True)])
    return votes


def of_all_models(
    seven, wide, clean, column_sets: dict, *, resamples: int, voter_epochs: int, trees: int, rounds: int,
    epochs: int | None = None, pretext_epochs: int | None = None, seed: int = 0,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Votes of the paper's networks, trained on clean labelled sources, and of the five voters, trained on all of them.

    Parameters
    ----------
    seven, wide : feature tables of the same sources, with ``X`` and ``y`` (NaN for uncertain sources).
    clean : bool array (n,), sources without analysis flags.
    column_sets : name -> columns of ``wide.X``.
    resamples : bootstrap draws of the labelled sources beside all of them.

    Returns
    -------
    dict of model -> array (1 + resamples, uncertain sources)
    """
    rng, labelled = np.random.default_rng(seed), np.isfinite(seven.y)
    uncertain = np.flatnonzero(~labelled)
    draws = resample(np.flatnonzero(labelled & clean), resamples, rng)
    small = {"epochs": epochs, "pretext_epochs": pretext_epochs}
    votes = of_paper_networks(seven.X.to_numpy(), seven.y, draws, uncertain, seed=seed, **small)
    draws = resample(np.flatnonzero(labelled), resamples, rng)
    sizes = {"trees": trees, "rounds": rounds, "epochs": voter_epochs, "seed": seed}
    return votes | of_five_voters(wide.X, wide.y, draws, uncertain, column_sets, **sizes)


def callable_sources(probabilities: dict, groups: dict, precisions) -> pd.DataFrame:
    """How many sources can be called at an expected precision, by model and group of sources.

    Parameters
    ----------
    probabilities : model -> FSRQ probabilities (n,)
    groups : name -> bool array (n,)
        One threshold holds for all sources, so that a group keeps its own share.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``expected precision``, ``sources`` (the group), ``n``, ``called``, ``FSRQ``, ``BL Lac``.
    """
    rows = []
    for model, probability in probabilities.items():
        fsrq = probability > 0.5
        for precision in precisions:
            called, _ = voting.reject_option(probability, precision)
            for name, group in groups.items():
                inside = called & group
                counts = group.sum(), inside.sum(), (inside & fsrq).sum(), (inside & ~fsrq).sum()
                rows.append((model, precision, name, *counts))
    return pd.DataFrame(rows, columns=["model", "expected precision", "sources", "n", "called", "FSRQ", "BL Lac"])


def summary(votes: dict[str, np.ndarray], sources) -> pd.DataFrame:
    """Answers of every model for every source, and how far resampling the training sources moves them.

    Parameters
    ----------
    votes : model -> array (1 + resamples, sources), from all training sources and then from resamples of them.

    Returns
    -------
    pandas.DataFrame
        ``Source_Name`` and, for each model, ``model.answer`` (from all training sources), ``model.mean`` (over the
        resamples), ``model.logit_sd``, and ``model.low`` and ``model.high``: the 95 % interval, the answer shifted
        in logit by the 2.5 and 97.5 % quantiles of the resamples' distance from their median.
    """
    columns = {"Source_Name": list(sources)}
    for name, table in votes.items():
        answer, drawn = table[0], voting.logit(table[1:])
        low, high = np.quantile(drawn, [0.025, 0.975], axis=0) - np.median(drawn, axis=0) + voting.logit(answer)
        columns |= {
            f"{name}.answer": answer, f"{name}.mean": table[1:].mean(axis=0), f"{name}.logit_sd": drawn.std(axis=0, ddof=1),
            f"{name}.low": networks.sigmoid(low), f"{name}.high": networks.sigmoid(high),
        }  # fmt: skip
    return pd.DataFrame(columns).round(4)


def counts(votes: dict[str, np.ndarray], rows, train_fraction: float) -> pd.DataFrame:
    """FSRQs among some of the sources, by every model and training.

    Parameters
    ----------
    votes : as in `summary`; rows : bool array (sources,), those to count.
    train_fraction : FSRQ fraction of the training sources.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``training`` (0: all training sources), ``called`` (above one half), ``expected`` (sum of the
        probabilities) and ``free``: expected if the class fraction may differ from that of training (`voting.prior_shift`).
    """
    lines = [
        (name, training, int((p > 0.5).sum()), p.sum(), len(p) * voting.prior_shift(p, train_fraction)[0])
        for name, table in votes.items()
        for training, p in enumerate(table[:, rows])
    ]
    return pd.DataFrame(lines, columns=["model", "training", "called", "expected", "free"]).round(2)


def count(counted: pd.DataFrame, mean_probability) -> dict[str, float]:
    """FSRQs called and expected by one model, with 95 % intervals.

    Parameters
    ----------
    counted : rows of `counts` of that model.
    mean_probability : array (sources,), its mean over resamples.

    Returns
    -------
    dict
        ``called``, ``called_low``, ``called_high``: by the model of all training sources, and 95 % of the resamples;
        ``expected``, ``low``, ``high``: resamples and the scatter of that many coin flips in quadrature.
    """
    p, drawn = np.asarray(mean_probability), counted[counted["training"] > 0]
    whole = counted[counted["training"] == 0].iloc[0]
    called = np.quantile(drawn["called"], [0.025, 0.975])
    half = 1.96 * np.hypot(drawn["expected"].std(), np.sqrt((p * (1 - p)).sum()))
    return {
        "called": whole["called"], "called_low": called[0], "called_high": called[1],
        "expected": whole["expected"], "low": whole["expected"] - half, "high": whole["expected"] + half,
    }  # fmt: skip


def call(probability, groups, precision: float) -> np.ndarray:
    """Call "FSRQ" or "BL Lac" where `voting.reject_option` allows it, each group of sources by itself; else "none".

    Parameters
    ----------
    probability : array (n,); groups : list of bool arrays (n,) that do not overlap.
    """
    called = np.zeros(len(probability), bool)
    for rows in groups:
        called[rows] = voting.reject_option(probability[rows], precision)[0]
    return np.where(called, np.where(probability > 0.5, "FSRQ", "BL Lac"), "none")
