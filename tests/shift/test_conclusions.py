"""The paper's conclusions, on tables whose verdict is known."""

import pandas as pd
import pytest

from agnbook.chapter import declared
from agnbook.shift import conclusions, measurements
from agnbook.shift.spread_studies import CHANCE
from agnbook.sky.source_classes import NAMES


def single(largest):
    """One row a class and set; `largest` relative standard deviation of each set."""
    rows = [(CHANCE, name, 0.3, 0.02) for name in NAMES]
    rows += [(f"gmm {k}", name, value * (1 if name == "bcu+" else 0.5), 0.1) for k, value in enumerate(largest) for name in NAMES]
    return pd.DataFrame(rows, columns=["set", "class", "relative_std", "changed"])


def scores(training, falls, half=0.0):
    """Mean-area differences of each set as (value, low, high), and the precision that each class loses in every set, ± `half`."""
    rows = []
    for k, (value, low, high) in enumerate(training):
        rows.append((f"gmm {k}", "mean", "auc", 0.0, 0.0, 0.0, value, low, high, 1.0))
        lost = {name: falls.get(name, 0.0) for name in NAMES}
        lost["gap"] = falls.get("gap", 0.0)
        for name, fall in lost.items():
            for score, times in (("precision", 1), ("recall", 2)):
                kind, fallen = score if name != "gap" else f"{score}_gap", -times * fall
                scatter = (5.0 if k else 0.1) if score == "precision" else 1.0
                rows.append((f"gmm {k}", name, kind, fallen, fallen - half, fallen + half, 0.0, 0.0, 0.0, scatter))
    names = ["set", "class", "score", "shift", "shift_low", "shift_high", "training", "training_low", "training_high"]
    return pd.DataFrame(rows, columns=[*names, "training_scatter"])


@pytest.fixture(scope="module")
def found():
    zero, lower = (0.0, -0.01, 0.01), (-0.02, -0.03, -0.01)
    spread = {
        ("RF", "single"): single([0.8, 1.0, 1.2]), ("NN", "single"): single([1.0, 2.5, 3.0]),
        ("RF", "scores"): scores([zero, zero, zero], {"fsrq+": 0.15, "psr+": 0.2, "gap": 0.04}, half=0.05),
        ("NN", "scores"): scores([zero, lower, lower], {}),
    }  # fmt: skip
    return conclusions.table(spread, splits=10).set_index("key")


def test_a_set_agrees_or_contradicts_with_its_whole_interval(found):
    assert (found["n"] == 3).all()
    judged = {key.removeprefix("conclusion"): tuple(row) for key, row in found[["agree", "contradict"]].iterrows()}
    assert judged["1.forest"] == (3, 0) and judged["1.network"] == (1, 2)
    assert judged["2.forest"] == (3, 0) and judged["2.network"] == (1, 2)
    assert judged["2.scatter"] == (2, 1), "ten splits tell a factor of five from 1"
    assert judged["3.precision"] == (3, 0), "0.2 + 0.05 is what the rounding leaves"
    assert judged["3.recall"] == (0, 3)
    assert judged["3.extragalactic_precision"] == (0, 0), "0.04 +- 0.05 says nothing"
    assert judged["3.extragalactic_recall"] == (3, 0)


def test_the_range_goes_from_the_lowest_end_to_the_highest(found):
    network = found.loc["conclusion2.network"]
    assert (network["ours"], network["low"], network["high"]) == (-0.02, -0.03, 0.01)
    recall = found.loc["conclusion3.recall"]
    assert [recall["ours"], recall["low"], recall["high"]] == pytest.approx([0.4, 0.35, 0.45])
    assert (found.loc["conclusion1.network", "low"], found.loc["conclusion1.network", "high"]) == (1.0, 3.0)


def test_chance_stands_beside_what_the_paper_does_not_state(found):
    assert found.loc["conclusion1.changed.forest", "paper"] == "chance: 0.020", "beside what another seed changes"
    assert found.loc["conclusion1.changed.forest", ["agree", "contradict"]].isna().all()


def test_the_table_reads_and_the_claims_carry_the_count_of_sets(found):
    shown = conclusions.readable(found.reset_index())
    assert shown.shape == (len(found), 5) and shown.index.is_unique
    recall = shown.loc["3. forest: largest fall of recall"]
    assert recall.tolist() == ["up to 0.2", "0.400", "0.350 – 0.450", "0", "3"]
    assert (shown["sets that agree"] == "–").sum() == 2
    claimed = measurements.conclusions(found.reset_index())
    assert claimed["shift.conclusion3.recall"].note == "0 of 3 sets agree, 3 contradict"
    assert claimed["shift.conclusion1.changed.forest"].note == ""
    assert {name for name in declared.read("25_build_the_catalogue") if "conclusion" in name} == set(claimed)
