"""The paper's conclusions, on tables whose verdict is known."""

import pandas as pd

from agnbook.shift import conclusions
from agnbook.shift.spread_studies import CHANCE
from agnbook.sky.source_classes import NAMES


def single(largest):
    """One row a class and set; `largest` relative standard deviation of each set."""
    rows = [(CHANCE, name, 0.3, 0.02) for name in NAMES]
    rows += [(f"gmm {k}", name, value * (1 if name == "bcu+" else 0.5), 0.1) for k, value in enumerate(largest) for name in NAMES]
    return pd.DataFrame(rows, columns=["set", "class", "relative_std", "changed"])


def scores(training, falls):
    """Mean-area differences of each set as (value, low, high), and the precision that each class loses in every set."""
    rows = []
    for k, (value, low, high) in enumerate(training):
        rows.append((f"gmm {k}", "mean", "auc", 0.0, value, low, high, 1.0))
        for name in NAMES:
            rows.append((f"gmm {k}", name, "precision", -falls.get(name, 0.0), 0.0, 0.0, 0.0, 1.5 if k else 0.9))
            rows.append((f"gmm {k}", name, "recall", -2 * falls.get(name, 0.0), 0.0, 0.0, 0.0, 1.0))
    names = ["set", "class", "score", "shift", "training", "training_low", "training_high", "training_scatter"]
    return pd.DataFrame(rows, columns=names)


def test_each_conclusion_is_judged_in_each_set():
    zero, lower = (0.0, -0.01, 0.01), (-0.02, -0.03, -0.01)
    found = conclusions.table(
        {
            ("RF", "single"): single([0.8, 1.0, 1.2]), ("NN", "single"): single([1.0, 2.5, 3.0]),
            ("RF", "scores"): scores([zero, zero, zero], {"fsrq+": 0.15, "psr+": 0.2}),
            ("NN", "scores"): scores([zero, lower, lower], {}),
        }
    ).set_index("key")  # fmt: skip
    assert (found["n"] == 3).all()
    held = found["holds"].to_dict()
    assert held["conclusion1.forest"] == "3 of 3" and held["conclusion1.network"] == "1 of 3"
    assert held["conclusion2.forest"] == "3 of 3" and held["conclusion2.network"] == "1 of 3"
    assert held["conclusion2.scatter"] == "2 of 3"
    assert held["conclusion3.precision"] == "3 of 3" and held["conclusion3.recall"] == "0 of 3"
    assert held["conclusion3.extragalactic"] == "0 of 3", "psr+ loses most"
    network = found.loc["conclusion2.network"]
    assert (network["ours"], network["lowest"], network["highest"]) == (-0.02, -0.03, 0.01)
    assert found.loc["conclusion1.changed.forest", "paper"] == "chance: 0.020", "beside what another seed changes"
    assert found["statement"].str.len().max() < 50, "a longer one is cut in a table"
