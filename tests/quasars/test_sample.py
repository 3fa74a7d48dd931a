"""The table of fits of a sample: each row is the posterior of its curve, whatever else is in the sample."""

import numpy as np
import pandas as pd
import pytest
from simulated import light_curve_table

from agnbook import quasars
from agnbook.quasars import sample
from agnbook.quasars.posterior import fit


@pytest.fixture(scope="module")
def curves():
    """Two quasars in three bands, and one that has no light curve."""
    table = light_curve_table(("a", "b"), nights=30)
    whole = [
        quasars.light_curve(name, part["time"], part["band"], part["magnitude"], part["error"], survey="sdss")
        for name, part in table.groupby("object")
    ]
    return [*whole, quasars.light_curve("none", [1.0], ["g"], [20.0], [0.1], survey="sdss")]


def test_a_row_is_the_posterior_of_its_curve(curves):
    row, found = sample.row(curves[0]), fit(curves[0])
    draws = dict(zip(found.plan.names, found.draws.T, strict=True))
    for name in sample.SHAPE:
        assert row[name] == pytest.approx(draws[name].mean(), abs=1e-4)
        assert row[f"{name}_sd"] == pytest.approx(draws[name].std(), abs=1e-4)
    expected = np.corrcoef(draws["log_tau"], draws["log_sigma"])[0, 1]
    assert row["corr_02"] == pytest.approx(expected, abs=0.01) and row["measurements"] == 90 and row["bands"] == "gri"
    assert 0 < row["rho_low"] < row["rho"] < row["rho_high"] < 1 and row["problem"] == ""
    assert row["rho"] == pytest.approx(found.quantities()["rho"].median(), abs=0.01)
    assert {"excess_g", "excess_r", "excess_i"} <= set(row)


def test_a_table_has_a_row_an_object_and_names_what_is_wrong(curves):
    table = sample.table(iter(curves)).set_index("object")
    assert list(table.index) == ["a", "b", "none"]
    assert "usable measurements" in table.loc["none", "problem"] and np.isnan(table.loc["none", "log_tau"])
    pd.testing.assert_series_equal(table.loc["a"].dropna(), pd.Series(sample.row(curves[0])).drop("object").dropna(),
                                   check_names=False, check_dtype=False, check_index_type=False)  # fmt: skip


def test_the_sample_of_stripe_82_is_that_with_light_curves(monkeypatch):
    objects = pd.DataFrame({"has_light_curve": [True, False, True, True]}, index=[7, 8, 9, 10])
    monkeypatch.setattr(sample.light_curves, "stripe82_objects", lambda: objects)
    monkeypatch.setattr(sample.light_curves, "stripe82", lambda names: names)
    monkeypatch.setattr(sample, "light_curves_of", lambda names, objects: (names, list(objects.index)))
    monkeypatch.setattr(sample, "table", lambda curves, processes: (*curves, processes))
    names, known, processes = sample.stripe82(2, processes=3)
    assert list(names) == [7, 9] and known == [7, 9, 10] and processes == 3
    assert sample.stripe82()[0] is None, "all of them"
