"""Floors: what is left out is counted, and a difference is one of the same curves."""

import numpy as np
import pytest

from agnbook.banp import exact, floors


def test_poor_curves_are_asked_again_and_left_out_if_they_stay_poor():
    asked = []

    def draw(rows, proposals):
        asked.append((rows.tolist(), proposals))
        worth = np.where(rows == 2, 5.0, proposals * np.where(rows == 1, 0.05, 0.5))
        return np.full((len(rows), 4, 21), float(proposals)), worth

    samples, effective = floors.patiently(draw, 4, 1000)
    assert asked == [([0, 1, 2, 3], 1000), ([1, 2], floors.MORE * 1000)]
    assert (effective >= exact.FEW_DRAWS).tolist() == [True, True, False, True]
    assert samples[:, 0, 0].tolist() == [1000, 4000, 4000, 1000]


def test_the_difference_is_paired():
    rng = np.random.default_rng(0)
    truth, noise = rng.standard_normal((400, 21)), rng.standard_normal((400, 1, 21))
    samples = truth[:, None] + 0.3 * noise + np.zeros((1, 5, 1))
    effective = np.where(np.arange(400) < 40, 1.0, 500.0)
    table = floors.compare(truth, samples + 0.02 * np.sign(noise), samples, effective, np.full(21, 2.0)).set_index("quantity")
    row = table.loc["mae"]
    assert row["n"] == 360 and row["left_out"] == 40 and row["effective"] == 500
    assert row["difference"] == pytest.approx(0.01) and row["low"] == pytest.approx(row["high"])  # of the same curves
    assert table.loc["logm_rms", "network"] > table.loc["logm_rms", "exact"] == pytest.approx(0.3, abs=0.05)


@pytest.mark.slow
def test_every_setting_has_a_floor():
    table = floors.floors({"floor_curves": 3, "floor_draws": 50, "floor_proposals": 1000}, 0)
    assert (table.groupby("setting").size() == 3).all() and table["setting"].nunique() == 3
    assert (table["n"] + table["left_out"] == 3).all()
