"""Votes for blazars of uncertain class, by models trained many times on resamples of the labelled sources.

The spread of the answers is the part of the uncertainty that one training hides (chapter 17).
"""

import numpy as np
import pandas as pd

from agnbook.blazars import networks, voting


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


def count(votes) -> dict[str, float]:
    """FSRQs called and expected among sources: median and range of the trainings' calls, and `voting.expected_count`.

    Parameters
    ----------
    votes : array (trainings, sources)
    """
    called, expected = (votes > 0.5).sum(axis=1), voting.expected_count(votes)
    return {
        "called": np.quantile(called, 0.5, method="higher"), "called, lowest": called.min(), "called, highest": called.max(),
        "expected": expected["expected"], "sd of models": expected["sd_models"], "sd of sources": expected["sd_sources"],
        "low": expected["low"], "high": expected["high"],
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
