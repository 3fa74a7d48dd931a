"""Reconstructions of light curves: scores by hand, and the order in which methods must stand."""

import numpy as np
import pytest

from agnbook import committed
from agnbook.banp import process_seeds, reconstruction
from agnbook.lightcurves import noise, population

SIZES = {
    "reconstructed": 30, "sparse": 30, "passes": 3, "curves": 40, "validation_curves": 20, "rates": [0.003], "seeds": 2,
    "search_steps": 5, "process_steps": 10, "process_every": 5, "short_context": 8, "short_extra": 4, "context": 12, "extra": 6,
}  # fmt: skip


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


def test_several_reconstructions_are_scored_apart():
    rng = np.random.default_rng(0)
    truth, seen = rng.normal(size=(2, 3, 6)), np.array([[True, False, False], [True, False, True]])
    centre, sd = rng.normal(size=(4, 2, 3, 6)), np.ones((4, 2, 3, 6))
    together = reconstruction.errors(centre, sd, truth, seen, ~seen)
    for k in range(4):
        for key, values in reconstruction.errors(centre[k], sd[k], truth, seen, ~seen).items():
            assert together[key][k] == pytest.approx(values), key


def test_straight_lines_pass_through_what_is_known():
    times = np.array([[0.0, 1.0, 3.0, 4.0]])
    values = np.arange(24, dtype=float).reshape(1, 4, 6)
    known = np.array([[True, False, True, False]])
    line = reconstruction.straight_lines(times, values, known)
    assert line[0, 1] == pytest.approx(values[0, 0] + 12 / 3) and line[0, 3] == pytest.approx(values[0, 2])


@pytest.mark.slow
def test_reconstructions_stand_in_their_order_in_every_band(tmp_path, monkeypatch):
    """With true parameters the bridge covers 68 %, and six bands beat one; a straight line passes through the noise."""
    monkeypatch.setattr(process_seeds.storage, "ROOT", tmp_path)
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
        assert few["joint bridge, fitted"] < few["straight line"] < few[reconstruction.LONG] < few["constant"]
        for visits in ("all", "few"):
            assert by.loc[(visits, "joint bridge, true parameters", band), "covered"] == pytest.approx(0.683, abs=0.06)
    pair = gaps.set_index(["visits", "row", "less", "band"]).loc[("few", reconstruction.LONG, "straight line", "all")]
    assert pair["difference"] == pytest.approx(few[reconstruction.LONG] - few["straight line"])
    assert 0 < pair["low"] < pair["difference"] < pair["high"]
    # thirty curves agree with those of the published table
    published = committed.load_table("results/light_curve_reconstruction.csv").set_index(["visits", "method", "band"])
    assert list(published.index) == list(by.index)
    error = np.hypot(by["held_out_error"], published["held_out_error"])
    strays = (held - published["held_out"]).abs() > 4 * error
    assert set(held.index[strays].get_level_values("method")) <= {"neural process"}, "ten steps here, many there"
