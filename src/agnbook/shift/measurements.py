"""What chapters 23 to 25 measured, by the ids of their claims (``data/claims``)."""

import numpy as np
import pandas as pd

from agnbook.chapter.claims import Measured
from agnbook.shift import speed, spread_studies
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


def ratios(table: pd.DataFrame, n: int, n_associated: int) -> dict[str, Measured]:
    """Ratios of `count_studies.ratios`, indexed by claim, and the one of all classes together."""
    found = {row.Index: Measured(row.value, (row.low, row.high), n) for row in table.itertuples()}
    return found | {"shift.trivial.ratio": Measured(n / n_associated, n=n)}


def speeds(costs: pd.DataFrame, repeats: int) -> dict[str, Measured]:
    """What the catalogue costs and how many times as much other ways take, from `speed.measure`."""
    whole, one = costs.set_index("way").loc[speed.CATALOGUE], speed.each(costs)
    columns = {"wall_seconds": "wall_seconds", "cpu_seconds": "cpu_seconds", "memory": "peak_memory_gb"}
    found = {f"shift.catalogue.{key}": Measured(whole[column], n=int(whole["trainings"])) for key, column in columns.items()}
    times = {
        "networks.speedup": (speed.KERAS, "cpu_seconds"), "networks.speedup_wall": (speed.KERAS, "wall_seconds"),
        "networks.speedup_epoch_calls": (speed.KERAS_EPOCHS, "cpu_seconds"),
        "networks.speedup_one_by_one": (speed.ONE_BY_ONE, "cpu_seconds"),
    }  # fmt: skip
    ratio = one / one.loc[speed.AT_ONCE]
    found |= {f"shift.{key}": Measured(ratio.loc[place], n=repeats) for key, place in times.items()}
    forests = (one.loc[speed.SCIKIT] / one.loc[speed.FOREST])["cpu_seconds"]
    found["shift.forest.speedup"] = Measured(forests, n=repeats)
    return found | {"shift.catalogue.speedup": Measured(speed.loop_over_catalogue(costs), n=repeats)}


def conclusions(verdicts: pd.DataFrame) -> dict[str, Measured]:
    """The rows of `conclusions.table`; how many sets of weights agree and contradict stands in the note."""
    return {
        f"shift.{row.key}": Measured(
            row.ours, (row.low, row.high), row.n,
            "" if np.isnan(row.agree) else f"{row.agree:.0f} of {row.n} sets agree, {row.contradict:.0f} contradict",
        )
        for row in verdicts.itertuples()
    }  # fmt: skip
