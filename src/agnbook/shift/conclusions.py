"""The three conclusions of paper 2 (section 6), judged over every set of weights.

Works on the tables of `spread_studies.study` of a forest ("RF") and of a network ("NN").
"""

import pandas as pd

from agnbook.shift.spread_studies import CHANCE

#: Conclusion 1: the largest relative difference that the paper saw, in standard deviations over splits.
SIGMAS = 2.0
#: Conclusion 3: the largest fall of precision and recall that the paper states, and what its rounding leaves open.
FALL, ROUNDING = 0.20, 0.05


def table(spread: dict[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """Judge each conclusion under each set of weights.

    Parameters
    ----------
    spread : ("RF" or "NN", "scores" or "single") -> table of `spread_studies.study`

    Returns
    -------
    pandas.DataFrame
        ``key`` of the claim, ``statement``, ``paper`` (in words, or what another seed does by chance), ``ours`` (median
        over sets), ``lowest`` and ``highest`` (range over sets; for differences of areas from the lowest end of an interval
        to the highest), ``holds`` (in how many sets), and their number ``n``.
    """
    rows = [row for name in ("RF", "NN") for row in _single_sources(name, spread[name, "single"])]
    rows += [_training(name, spread[name, "scores"]) for name in ("RF", "NN")]
    rows += [_scatter(spread["NN", "scores"]), *_falls(spread["RF", "scores"])]
    return pd.DataFrame(rows)


def _row(key, statement, paper, values, holds, ends=None) -> dict:
    lowest, highest = (values.min(), values.max()) if ends is None else ends
    return {
        "key": f"conclusion{key}", "statement": f"{key[0]}. {statement}", "paper": paper, "ours": values.median(),
        "lowest": lowest, "highest": highest, "holds": "" if holds is None else f"{holds.sum()} of {len(values)}",
        "n": len(values),
    }  # fmt: skip


def _single_sources(name, single):
    """Weighted against unweighted training: how far single probabilities move."""
    sets = single[single["set"] != CHANCE].groupby("set")
    largest, changed = sets["relative_std"].max(), sets["changed"].first()
    chance = single.loc[single["set"] == CHANCE, "changed"].iloc[0]
    kind = {"RF": "forest", "NN": "network"}[name]
    yield _row(f"1.{kind}", f"{kind}: probabilities move, in sigma", "0.5 to 2", largest, largest <= SIGMAS)
    statement = f"{kind}: another class is likeliest"
    yield _row(f"1.changed.{kind}", statement, f"chance: {chance:.3f}", changed, None)


def _training(name, scores):
    """Weighted minus unweighted training, both tested with weights: area averaged over the classes."""
    macro = scores[(scores["class"] == "mean") & (scores["score"] == "auc")]
    kind, low, high = {"RF": "forest", "NN": "network"}[name], macro["training_low"], macro["training_high"]
    statement = f"{kind}: change of the mean area"
    return _row(f"2.{kind}", statement, "similar", macro["training"], (low <= 0) & (high >= 0), (low.min(), high.max()))


def _scatter(scores):
    """Scatter of the precision of fsrq+ over splits, weighted over unweighted training."""
    ratio = scores[(scores["class"] == "fsrq+") & (scores["score"] == "precision")]["training_scatter"]
    return _row("2.scatter", "network: scatter of fsrq+ precision", "above 1", ratio, ratio > 1)


def _falls(scores):
    """What weighted testing takes from precision and recall of the most probable class."""
    for score in ("precision", "recall"):
        fall = -scores[scores["score"] == score].groupby("set")["shift"].min()
        yield _row(f"3.{score}", f"forest: largest fall of {score}", "up to 0.2", fall, fall <= FALL + ROUNDING)
    fall = -scores[scores["score"] == "precision"].pivot(index="set", columns="class", values="shift")
    excess = fall[["fsrq+", "bll+"]].max(axis=1) - fall[["spp+", "msp+", "psr+"]].max(axis=1)
    yield _row("3.extragalactic", "forest: fsrq+ or bll+ beyond Galactic ones", "above 0", excess, excess > 0)
