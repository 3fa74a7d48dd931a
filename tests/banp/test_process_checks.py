"""The neural process examined, on few curves."""

import numpy as np
import pandas as pd
import pytest
import torch

from agnbook.banp import diagnostics, process_checks

SIZES = {
    "neural": 40, "passes": 30, "passes_curves": 40, "pass_counts": [8, 24], "validation_objects": 12, "drawn": 60,
    "dropout_curves": 30, "rates": [0.0, 0.3], "times_curves": 30, "few_passes": 16,
}  # fmt: skip


def test_the_jackknife_by_hand():
    # one object, one parameter, three samples: distances to the mean in units of the sd decide
    truth, samples = np.array([[1.2]]), np.array([[[0.0], [1.0], [3.0]]])
    fraction, error = process_checks.jackknife_over_samples(truth, samples, np.array([0.5]))
    # all: mean 4/3, the truth is nearest, rank 0. Without 0: mean 2, truth .8 off, samples 1 off: 0. Without 1: mean 1.5: 0.
    # Without 3: mean .5, truth .7 off, samples .5 off: rank 1, out.
    assert fraction == [1.0]
    assert error[0] == pytest.approx(np.sqrt(2 / 3 * (1 / 9 + 1 / 9 + 4 / 9)))


def test_sets_of_query_times_are_what_their_names_say():
    rng = np.random.default_rng(0)
    cx = torch.linspace(-1, 1, 20)[None, :, None].expand(3, -1, -1)
    tx = torch.cat([cx, torch.zeros(3, 6, 1)], dim=1).sort(dim=1).values
    asked = process_checks._asked(cx, tx, rng)
    assert {name: times.shape[1] for name, times in asked.items() if "year" not in name} == {
        "as trained": 26, "as trained, again": 26, "visits, other 32 grid times": 26, "visits, 200 grid times": 220,
        "visits only": 20, "200 grid times": 200,
    }  # fmt: skip
    assert all(len(times) == 3 and (times.diff(dim=1) >= 0).all() for times in asked.values())
    assert asked["first year"].max() < -0.8 and asked["last year"].min() > 0.8


@pytest.mark.slow
def test_the_posterior_moves_with_the_times_that_are_asked_for():
    table = process_checks.query_times(SIZES, "book", 0).set_index("times")
    assert (table.loc["as trained", ["q05", "q95", "mae_change"]] == 0).all()
    noise = table.loc["as trained, again", "q50"]
    assert noise < 0.5 and (table.loc[["first year", "last year"], "q50"] > 1.5 * noise).all()
    assert (table["n"] == 30).all() and (table["mae_low"] <= table["mae_high"]).all()


@pytest.mark.slow
def test_dropout_widens_what_is_predicted():
    table = process_checks.dropout(SIZES, "book", 0).set_index("dropout")
    assert table.index.tolist() == [0.0, 0.05, 0.3]
    assert (table.loc[0.05, ["mae_change", "sigma_change", "calibration_change"]] == 0).all()
    assert table.loc[0.3, "sigma_low"] > 0 > table.loc[0.0, "sigma_high"], "paired differences"


@pytest.mark.slow
def test_few_draws_deviate_from_the_diagonal_and_not_from_their_staircase():
    table = process_checks.passes(SIZES, "book", 0)
    found = table.set_index(["recipe", "passes"])
    assert len(found) == 6 and (table["n"] == 40).all()
    # eight draws: one truth in nine has the rank 0, and the diagonal says that none has
    assert found.loc[("by formula", 8), "from_diagonal"] > 0.08 and 0.1 > found.loc[("by formula", 24), "from_staircase"]


@pytest.mark.slow
def test_figure_4_of_few_objects_has_an_erratic_error():
    table = process_checks.figure4(SIZES, "book", 0)
    assert len(table) == len(diagnostics.LEVELS) and (table["n"] == 12).all()
    assert (table["over_samples"] >= 0).all() and table["over_samples"].max() > 0
    assert table["fraction"].iloc[0] == 0 and table["fraction"].is_monotonic_increasing


def test_paired_differences_read_as_text():
    table = pd.DataFrame({"mae_change": [0.0114], "mae_low": [-0.0021], "mae_high": [0.02]}, index=[7])
    assert process_checks.changes(table, ["mae"]).loc[7, "mae"] == "+0.011 (-0.002 to +0.020)"
