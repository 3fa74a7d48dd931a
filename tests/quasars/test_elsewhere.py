"""What the choice of a sample does to a mean error, and what another recipe of prediction does."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from agnbook.quasars import elsewhere, predictors, simulate

from .conftest import cadence, parameters


@pytest.fixture
def each(rng):
    """Errors of 400 quasars, each proportional to how hard its measurements are."""
    hard = rng.lognormal(0, 0.5, 400)
    share = {"constant": 0.1, "linear": 0.04, "one band": 0.035, "free rho": 0.034, "r alone: one driver": 0.03}
    columns = {name: value * hard for name, value in share.items()} | {"r alone: free rho": 0.028 * hard}
    return pd.DataFrame({"object": np.arange(400), "hidden": rng.integers(8, 16, 400), **columns})


def test_samples_scatter_as_samples_of_their_size(each, rng):
    table = elsewhere.compare(each, rng, 4000)
    assert list(table.index[:6]) == list(elsewhere.ERRORS) and (table["low"] < table["all"]).all()
    linear = table.loc["linear"]
    assert linear["all"] == pytest.approx(np.average(each["linear"], weights=each["hidden"]))
    width = 2 * 1.96 * each["linear"].std() / np.sqrt(elsewhere.QUASARS)
    assert linear["high"] - linear["low"] == pytest.approx(width, rel=0.15)
    assert 0 <= table["below"].min() and table["below"].max() <= 1


def test_what_is_as_hard_for_the_line_does_not_move_the_ratio_to_it(each, rng):
    """Here every error is a fixed part of the line's: whoever is asked, the ratio stays, and the error does not."""
    drawn = elsewhere.draw(each, rng, 500)
    assert drawn["free rho, over linear"].to_numpy() == pytest.approx(0.034 / 0.04)
    assert drawn["free rho"].std() > 0.02 * drawn["free rho"].mean()
    table = elsewhere.compare(each, rng, 500)
    assert table.loc["free rho, over linear", "elsewhere"] == elsewhere.ERRORS["free rho"] / elsewhere.ERRORS["linear"]


@pytest.mark.slow
def test_recipes_and_errors_of_each_are_of_the_same_hidden_measurements(monkeypatch, rng):
    plain = cadence(rng, seasons=5, name="7")
    curve = simulate.simulate(plain, parameters(plain, log_sigma=-0.6), rng)
    for module in (elsewhere, predictors):
        monkeypatch.setattr(module, "curves", lambda names: [curve])
    monkeypatch.setattr(predictors, "RECIPES", {name: predictors.RECIPES[name] for name in ("as shipped", "one excess")})
    table = predictors.compare(["7"]).set_index(["kind", "method"])
    found = elsewhere.errors_of_each(["7"]).iloc[0]
    assert (table["n"] == found["hidden"]).all() and (table.loc[(slice(None), "as shipped"), "mae"] == 0).all()
    assert table.loc[("visit", "as shipped"), "error"] == pytest.approx(found["free rho"])
    assert table.loc[("band", "as shipped"), "error"] == pytest.approx(found["r alone: free rho"])
    shipped, other = table.loc[("visit", "as shipped")], table.loc[("visit", "one excess")]
    assert other["error"] == pytest.approx(shipped["error"] + other["mae"])
    assert found["r alone: free rho"] < found["free rho"] < found["constant"] and 0.01 < found["stated"] < 0.06
    assert not found["has_mass"]
    weighed = dataclasses.replace(curve, log_mass=8.5)
    monkeypatch.setattr(elsewhere, "curves", lambda names: [weighed])
    assert elsewhere.errors_of_each(["7"])["has_mass"].item()
