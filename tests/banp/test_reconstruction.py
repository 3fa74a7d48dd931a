"""Reconstructions of light curves: scores by hand, and the order in which methods must stand."""

import numpy as np
import pytest

from agnbook import committed
from agnbook.banp import reconstruction
from agnbook.lightcurves import noise, population

SIZES = {"reconstructed": 30, "sparse": 30, "passes": 3}


def test_errors_average_times_within_an_object_and_keep_visits_apart():
    truth = np.zeros((2, 3, 6))
    centre = np.repeat(np.array([[9.0, 1.0, 3.0], [9.0, 2.0, 5.0]])[..., None], 6, axis=2)
    seen = np.array([[True, False, False], [True, False, True]])
    found = reconstruction.errors(centre, np.full_like(truth, 2.5), truth, seen, ~seen)
    for key, expected in {
        "context": [9, 7], "held_out": [2, 2], "all": [13 / 3, 16 / 3], "sigma": [2.5, 2.5], "covered": [0.5, 1],
    }.items():  # fmt: skip
        assert found[key] == pytest.approx(np.repeat(np.array(expected)[:, None], 6, axis=1)), key
    alone = reconstruction.errors(centre, None, truth, seen, ~seen)
    assert np.isnan(alone["sigma"]).all() and np.isnan(alone["covered"]).all()
    assert alone["held_out"] == pytest.approx(found["held_out"])


def test_straight_lines_pass_through_what_is_known():
    times = np.array([[0.0, 1.0, 3.0, 4.0]])
    values = np.arange(24, dtype=float).reshape(1, 4, 6)
    known = np.array([[True, False, True, False]])
    line = reconstruction.straight_lines(times, values, known)
    assert line[0, 1] == pytest.approx(values[0, 0] + 12 / 3) and line[0, 3] == pytest.approx(values[0, 2])


@pytest.mark.slow
def test_reconstructions_stand_in_their_order_in_every_band():
    """With true parameters the bridge covers 68 %, and six bands beat one; a straight line passes through the noise."""
    table, gaps = reconstruction.reconstruction(SIZES, "book", 0)
    by = table.set_index(["visits", "method", "band"])
    assert set(table["band"]) == {*population.BANDS, "all"} and (table["n"] == 30).all()
    # |noise| of a normal error of one standard deviation has the mean sqrt(2 / pi)
    lines = table[(table["method"] == "straight line") & (table["visits"] == "all")]
    assert lines["context"].to_numpy() == pytest.approx(noise.CONSTANT * np.sqrt(2 / np.pi), rel=0.1)
    assert lines["covered"].isna().all()
    held = by["held_out"]
    for band in (*population.BANDS, "all"):
        every = held.xs(("all", band), level=("visits", "band"))
        assert every["joint bridge, true parameters"] < every["one-band bridge, true parameters"] < every["straight line"]
        assert every["joint bridge, fitted"] * 1.02 > every["joint bridge, true parameters"]
        few = held.xs(("few", band), level=("visits", "band"))
        assert few["joint bridge, fitted"] < few["straight line"] < few["neural process"] < few["constant"]
        for visits in ("all", "few"):
            assert by.loc[(visits, "joint bridge, true parameters", band), "covered"] == pytest.approx(0.683, abs=0.06)
    pair = gaps.set_index(["visits", "row", "less", "band"]).loc[("few", "neural process", "straight line", "all")]
    assert pair["difference"] == pytest.approx(few["neural process"] - few["straight line"])
    assert 0 < pair["low"] < pair["difference"] < pair["high"]
    # thirty curves agree with those of the published table
    published = committed.load_table("results/light_curve_reconstruction.csv").set_index(["visits", "method", "band"])
    assert list(published.index) == list(by.index)
    error = np.hypot(by["held_out_error"], published["held_out_error"])
    assert ((held - published["held_out"]).abs() < 4 * error).all()
