"""The three conclusions of paper 2 (section 6), judged over every set of weights.

Works on the tables of `spread_studies.study` of a forest ("RF") and of a network ("NN"). A set agrees with a statement when
its whole 95 % interval does, contradicts it when the whole interval lies outside, and is undecided otherwise.
"""

import numpy as np
import pandas as pd
from scipy import stats

from agnbook import committed
from agnbook.chapter import claims, sizes

#: Name of the second unweighted training in the tables of `spread_studies.study`.
CHANCE = "another seed"
#: Conclusion 1: the largest relative difference that the paper saw, in standard deviations over splits.
SIGMAS = 2.0
#: Conclusion 3: the largest fall of precision and recall that the paper states, and what its rounding leaves open.
FALL, ROUNDING = 0.20, 0.05
KINDS = {"RF": "forest", "NN": "network"}


def table(spread: dict[tuple[str, str], pd.DataFrame], splits: int) -> pd.DataFrame:
    """Judge each conclusion under each set of weights.

    Parameters
    ----------
    spread : ("RF" or "NN", "scores" or "single") -> table of `spread_studies.study`
    splits : random splits behind the tables

    Returns
    -------
    pandas.DataFrame
        ``key`` of the claim, ``statement``, ``paper`` (in words, or what another seed does by chance), ``ours`` (median
        over sets), ``low`` and ``high`` (from the lowest end of an interval of any set to the highest; range over sets where
        a set has no interval), ``agree`` and ``contradict`` (numbers of sets, NaN where the paper says nothing), and ``n``,
        the number of sets.
    """
    rows = [row for name in KINDS for row in _single_sources(name, spread[name, "single"])]
    rows += [_training(name, spread[name, "scores"]) for name in KINDS]
    rows += [_scatter(spread["NN", "scores"], splits), *_falls(spread["RF", "scores"])]
    return pd.DataFrame(rows)


def published() -> pd.DataFrame:
    """`table` of the committed runs of chapters 23 and 24."""
    spread = {
        (name, kind): committed.load_table(f"results/shift_{model}_{kind}.csv")
        for name, model in KINDS.items()
        for kind in ("scores", "single")
    }
    return table(spread, sizes.load("23_measure_its_effect", "book").splits)


def _row(key, statement, paper, values, ends=None, agree=None, contradict=None) -> dict:
    low, high = (values, values) if ends is None else ends
    return {
        "key": f"conclusion{key}", "statement": f"{key[0]}. {statement}", "paper": paper, "ours": values.median(),
        "low": low.min(), "high": high.max(), "agree": np.nan if agree is None else agree.sum(),
        "contradict": np.nan if contradict is None else contradict.sum(), "n": len(values),
    }  # fmt: skip


def _single_sources(name, single):
    """Weighted against unweighted training: how far single probabilities move."""
    sets, kind = single[single["set"] != CHANCE].groupby("set"), KINDS[name]
    largest, changed = sets["relative_std"].max(), sets["changed"].first()
    chance = single.loc[single["set"] == CHANCE, "changed"].iloc[0]
    moved = f"{kind}: probabilities move (spreads of splits)"
    yield _row(f"1.{kind}", moved, "0.5 to 2", largest, None, largest <= SIGMAS, largest > SIGMAS)
    yield _row(f"1.changed.{kind}", f"{kind}: another class is likeliest (fraction)", f"chance: {chance:.3f}", changed)


def _training(name, scores):
    """Weighted minus unweighted training, both tested with weights: area averaged over the classes."""
    macro, kind = scores[(scores["class"] == "mean") & (scores["score"] == "auc")], KINDS[name]
    low, high = macro["training_low"], macro["training_high"]
    differs = (low > 0) | (high < 0)
    return _row(f"2.{kind}", f"{kind}: change of the mean area", "similar", macro["training"], (low, high), ~differs, differs)


def _scatter(scores, splits):
    """Scatter of the precision of fsrq+ over splits, weighted over unweighted training."""
    ratio = scores[(scores["class"] == "fsrq+") & (scores["score"] == "precision")]["training_scatter"]
    # two standard deviations from so many splits: what the F distribution leaves open of their ratio
    factor = np.sqrt(stats.f.ppf(0.975, splits - 1, splits - 1))
    ends = ratio / factor, ratio * factor
    statement = "network: scatter of fsrq+ precision (ratio)"
    return _row("2.scatter", statement, "above 1", ratio, ends, ends[0] > 1, ends[1] < 1)


def _falls(scores):
    """What weighted testing takes from precision and recall of the most probable class."""
    for score in ("precision", "recall"):
        falls = -scores[scores["score"] == score].set_index("set")[["shift_high", "shift", "shift_low"]]
        low, largest, high = (falls[column].groupby(level=0).max() for column in falls)
        ends, most = (low, high), FALL + ROUNDING
        yield _row(f"3.{score}", f"forest: largest fall of {score}", "up to 0.2", largest, ends, high <= most, low > most)
        gap = -scores[scores["score"] == f"{score}_gap"].set_index("set")[["shift_high", "shift", "shift_low"]]
        low, excess, high = (gap[column] for column in gap)
        statement = f"forest: {score} of fsrq+, bll+ falls more than Galactic ones'"
        yield _row(f"3.extragalactic_{score}", statement, "above 0", excess, (low, high), low > 0, high < 0)


def readable(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return `table` for display, five columns of text indexed by statement."""
    count = {key: verdicts[key].map(lambda value: "–" if np.isnan(value) else f"{value:.0f}") for key in ("agree", "contradict")}
    columns = {
        "paper": verdicts["paper"], "ours (median)": verdicts["ours"].map(claims.number),
        "range": [claims.interval_text(ends) for ends in zip(verdicts["low"], verdicts["high"], strict=True)],
        "sets that agree": count["agree"], "that contradict": count["contradict"],
    }  # fmt: skip
    return pd.DataFrame(columns).set_axis(pd.Index(verdicts["statement"], name="statement"))
