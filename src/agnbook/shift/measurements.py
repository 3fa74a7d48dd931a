"""What chapters 23 to 25 measured, by the ids of their claims (``data/claims``)."""

import numpy as np
import pandas as pd

from agnbook.chapter.claims import Measured
from agnbook.shift import spread_studies
from agnbook.sky.source_classes import NAMES


def _mean(value: float, std: float, n: int, largest: float = np.inf, note: str = "") -> Measured:
    """A mean over splits with 1.96 standard deviations."""
    return Measured(value, (value - 1.96 * std, min(largest, value + 1.96 * std)), n, note=note)


def areas(table: pd.DataFrame, labels, n: int) -> dict[str, Measured]:
    """One-vs-rest areas of six classes, ``auc`` of `curves.evaluate`, for the given labels of training and testing."""
    grouped = table[table["problem"] == "six"].groupby(["label", "class"])["auc"].agg(["mean", "std"])
    return {
        f"shift.auc.{label.lower()}.{name[:-1]}": _mean(*grouped.loc[(label, name), ["mean", "std"]], n, 1)
        for label in labels
        for name in NAMES
    }


def two_class_areas(table: pd.DataFrame, n: int, note: str) -> dict[str, Measured]:
    """AGN against Galactic sources; `note` says how the paper's weighted area was looked for."""
    grouped = table[(table["problem"] == "two") & (table["class"] == "AGN")].groupby("label")["auc"].agg(["mean", "std"])
    labels = {"RF": "unweighted", "wRF": "weighted", "wtRF": "weighted_test"}
    return {
        f"shift.auc_two_class_{name}": _mean(*grouped.loc[label], n, 1, note if label == "wRF" else "")
        for label, name in labels.items()
    }


def importance_id(feature: str, depth: int) -> str:
    """Id of the claim that holds an entry of Table B1."""
    return f"shift.importance.{feature.replace('(', '_').rstrip(')')}.depth{depth}"


def importances(table: pd.DataFrame, n: int) -> dict[str, Measured]:
    """Table B1, from `effect_studies.importances`."""
    return {importance_id(row.feature, row.depth): _mean(row.importance, row.std, n) for row in table.itertuples()}


def falls(scores: pd.DataFrame, n: int) -> dict[str, Measured]:
    """Largest falls of precision and recall over classes by weighted testing.

    Parameters
    ----------
    scores : one set's rows of `spread_studies.study`, indexed by score and class
    """
    measured = {}
    for score, name in spread_studies.FALLS.items():
        worst = scores.loc[score].sort_values("shift").iloc[0]
        ends = -worst["shift_high"], -worst["shift_low"]
        measured[f"shift.fall.{name}"] = Measured(-worst["shift"], ends, n, note=f"largest for {worst.name}")
    return measured


def counts(found: dict, errors: dict, sizes: dict[bool, int]) -> dict[str, Measured]:
    """Expected counts with their total error, and the ± of single sources.

    Parameters
    ----------
    found, errors : (training, associated?) -> tables of `published_catalogue.Published.counts`, with ``key``, and of
        `count_studies.parts`
    sizes : associated? -> number of sources
    """
    measured = {}
    for (training, associated), table in found.items():
        for name, row in table.iterrows():
            half = 1.96 * errors[training, associated].loc[name, "total"]
            value, n = row["expected"], sizes[associated]
            measured[f"shift.{row['key']}"] = Measured(value, (value - half, value + half), n)
            measured[f"shift.plus_minus.{row['key']}"] = Measured(row["independent_std"], n=n)
    return measured


def conclusions(verdicts: pd.DataFrame) -> dict[str, Measured]:
    """The rows of `conclusions.table`."""
    return {f"shift.{row.key}": Measured(row.ours, (row.lowest, row.highest), row.n) for row in verdicts.itertuples()}
