"""Simple opponents for blazar candidates: they follow the photon index, and answer for those who can be answered for."""

import numpy as np
import pandas as pd
import pytest
from simulated import catalogue

from agnbook.forecasts import candidates


def test_two_columns_add_up_to_one():
    table = candidates.two_columns(pd.Series([0.25, 1.0], ["A", "B"]))
    assert table.loc["A"].to_dict() == {"bll": 0.75, "fsrq": 0.25} and table.loc["B", "bll"] == 0


def test_the_photon_index_alone_is_a_rising_curve_of_it():
    """FSRQs are steeper: with the classes parted at an index of 2.2 the curve is one half there."""
    table = catalogue(300)
    rng = np.random.default_rng(0)
    table["PL_Index"] = rng.uniform(1.6, 2.8, 300)
    steep = rng.uniform(size=300) < 1 / (1 + np.exp(-12 * (table["PL_Index"] - 2.2)))
    table["CLASS"] = np.where(np.arange(300) % 3 == 2, "bcu", np.where(steep, "fsrq", "bll"))
    names = table.loc[table["CLASS"] == "bcu", "Source_Name"]
    found = candidates.photon_index_alone(table, names)
    assert list(found.index) == list(names) and found.index.name == "Source_Name"
    index = table.set_index("Source_Name")["PL_Index"][names]
    assert (np.diff(found.to_numpy()[np.argsort(index.to_numpy())]) >= 0).all()
    at_half = np.interp(0.5, np.sort(found), np.sort(index))
    assert at_half == pytest.approx(2.2, abs=0.1)


def test_a_release_is_answered_for_its_usable_candidates():
    rng = np.random.default_rng(1)
    n = 200
    kinds = np.resize(["bll", "fsrq", "bcu", "psr", ""], n)
    release = pd.DataFrame({
        "Source_Name": [f"S{i}" for i in range(n)], "CLASS1": kinds, "LP_Index": 2.0, "Frac_Variability": rng.uniform(size=n),
        "PL_Index": np.where(kinds == "fsrq", 2.5, 2.0) + 0.1 * rng.normal(size=n), "Pivot_Energy": rng.lognormal(7, 0.5, n),
        "Variability_Index": rng.lognormal(3, 1, n),
    })  # fmt: skip
    release.loc[2, "Variability_Index"] = -1.0  # a candidate that cannot be answered
    release.loc[[7, 12], "PL_Index"] = 2.6, 1.9
    found = candidates.gamma_logistic(release)
    assert list(found.index) == [f"S{i}" for i in range(7, n, 5)]
    assert found["S7"] > 0.9 and found["S12"] < 0.1
