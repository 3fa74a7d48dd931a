"""The comparisons of chapter 33 on few curves: against values known otherwise, and against each other."""

import numpy as np
import pytest

from agnbook import committed
from agnbook.banp import comparisons
from agnbook.lightcurves import dataset, noise

SIZES = {
    "reconstructed": 30, "neural": 30, "passes": 2, "ladder": 300, "ladder_epochs": 3, "test": 80, "chunk": 100, "exact": 12,
    "draws": 60, "proposals": 300,
}  # fmt: skip


def test_error_row_averages_objects_and_keeps_visits_apart():
    truth = np.zeros((2, 3))
    centre = np.array([[9.0, 1.0, 3.0], [9.0, 2.0, 5.0]])
    seen = np.array([[True, False, False], [True, False, True]])
    row = comparisons._error_row("x", centre, np.full((2, 3), 2.5), truth, seen, ~seen)
    assert row["context"] == pytest.approx((9 + 9 + 5) / 3)
    assert row["held_out"] == pytest.approx(2.0)  # (1 + 3) / 2 for the first object, 2 for the second
    assert row["coverage68"] == pytest.approx(2 / 3) and row["n"] == 2
    assert np.isnan(comparisons._error_row("x", centre, None, truth, seen, ~seen)["coverage68"])


def test_mass_from_true_values_improves_with_what_is_known():
    rms = comparisons.mass_from_truth(20_000, 0)
    assert rms["nothing (prior)"] > 0.5 > rms["z, M_i"] > rms["z, M_i, SF"]
    assert rms["z, M_i, SF, tau"] == pytest.approx(rms["z, M_i, SF"], abs=0.01)


@pytest.mark.slow
def test_reconstructions_stand_in_their_order():
    """With true parameters the bridge covers 68 %, and six bands beat one; a straight line passes through the noise."""
    rows = comparisons.reconstruction(SIZES, "book", 0).set_index("method")
    assert len(rows) == 9 and (rows["n"] == 30).all()
    # |noise| of a normal error of one standard deviation has the mean sqrt(2 / pi)
    assert rows.loc["linear interpolation", "context"] == pytest.approx(noise.CONSTANT * np.sqrt(2 / np.pi), rel=0.03)
    for name in ("one-band bridge, true parameters", "joint bridge, true parameters"):
        assert rows.loc[name, "coverage68"] == pytest.approx(0.683, abs=0.06)
    held = rows["held_out"]
    assert held["joint bridge, true parameters"] < held["one-band bridge, true parameters"] < held["linear interpolation"]
    assert held["joint bridge, true parameters"] < held["joint bridge, fitted"] * 1.02 < held["constant"]
    assert np.isnan(rows.loc[["constant", "linear interpolation"], "coverage68"]).all()
    neural = rows.filter(like="visits", axis=0)
    assert list(neural.index) == ["linear interpolation, 128 visits", "neural process, 128 visits"]
    # thirty curves agree with those of the published table
    published = committed.load_table("results/light_curve_reconstruction.csv").set_index("method")
    assert list(published.index) == list(rows.index)
    error = np.hypot(rows["standard_error"], published["standard_error"])
    assert ((held - published["held_out"]).abs() < 4 * error).all()


@pytest.mark.slow
def test_every_model_beats_the_prior_mean_in_its_setting():
    table = comparisons.parameters(SIZES, "book", 0)
    assert table.groupby("model").size().to_dict() == {
        "neural process": 1, "own": 3, "prior mean": 3, "baseline, seed 0": 1, "baseline, seed 1": 1, "baseline, seed 2": 1,
    }  # fmt: skip
    by = table.set_index(["setting", "model"])
    for setting in dataset.SETTINGS:
        own, prior = by.loc[(setting, "own")], by.loc[(setting, "prior mean")]
        assert own["mae"] < 0.6 * prior["mae"] and own["logm_rms"] < prior["logm_rms"]
        # |x| of a standard normal has the mean .80, and what is nearly normal is near it
        assert prior["sigma"] == 1 and prior["mae"] == pytest.approx(0.8, abs=0.1)
    assert by.loc[("dc2_like", "own"), "mae"] < by.loc[("dc2_like", "baseline, seed 0"), "mae"]


@pytest.mark.slow
def test_the_exact_posterior_is_worth_some_of_its_proposals():
    table = comparisons.against_exact(SIZES, "book", 0).set_index(["part", "posterior"])
    assert set(table.index) == {(part, name) for part in ("validation", "test") for name in ("network", "exact")}
    assert (table["n"] == 12).all() and table["mae_median"].between(table["mae_median_low"], table["mae_median_high"]).all()
    exact = table.xs("exact", level="posterior")
    assert ((exact["effective_1"] > 1) & (exact["effective_1"] <= exact["effective"]) & (exact["effective"] <= 300)).all()
    assert table.xs("network", level="posterior")[["effective", "effective_1"]].isna().all(axis=None)
    assert (table["sigma"] < 0.8).all(), "both have learned something"
