"""The own models beside prior, exact posterior and true values, on few curves."""

import pytest

from agnbook.banp import comparisons
from agnbook.lightcurves import dataset

SIZES = {"test": 80, "chunk": 100, "exact": 12, "draws": 60, "proposals": 300}


def test_mass_from_true_values_improves_with_what_is_known():
    rms = comparisons.mass_from_truth(20_000, 0)
    assert rms["nothing (prior)"] > 0.5 > rms["z, M_i"] > rms["z, M_i, SF"]
    assert rms["z, M_i, SF, tau"] == pytest.approx(rms["z, M_i, SF"], abs=0.01)


@pytest.mark.slow
def test_every_own_model_beats_the_prior_mean_in_its_setting():
    table = comparisons.own_models(SIZES, "book", 0).set_index(["setting", "model"])
    assert len(table) == 2 * len(dataset.SETTINGS)
    for setting in dataset.SETTINGS:
        own, prior = table.loc[(setting, "own")], table.loc[(setting, "prior mean")]
        assert own["mae"] < 0.6 * prior["mae"] and own["logm_rms"] < prior["logm_rms"]
        # |x| of a standard normal has the mean .80, and what is nearly normal is near it
        assert prior["sigma"] == 1 and prior["mae"] == pytest.approx(0.8, abs=0.1)


@pytest.mark.slow
def test_the_exact_posterior_is_worth_some_of_its_proposals():
    table = comparisons.against_exact(SIZES, "book", 0).set_index(["part", "posterior"])
    assert set(table.index) == {(part, name) for part in ("validation", "test") for name in ("network", "exact")}
    assert (table["n"] == 12).all() and table["mae_median"].between(table["mae_median_low"], table["mae_median_high"]).all()
    exact = table.xs("exact", level="posterior")
    assert ((exact["effective_1"] > 1) & (exact["effective_1"] <= exact["effective"]) & (exact["effective"] <= 300)).all()
    assert table.xs("network", level="posterior")[["effective", "effective_1"]].isna().all(axis=None)
    assert (table["sigma"] < 0.8).all(), "both have learned something"
