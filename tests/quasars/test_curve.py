"""Cleaning: what is left out is counted, and bad input is a problem in words, never an exception."""

import numpy as np
import pytest

from agnbook import quasars
from agnbook.quasars import curve as curves


def good(n=40, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "times": np.sort(rng.uniform(52000, 54000, n)), "band": np.tile(list("gr"), n // 2),
        "values": 19 + 0.1 * rng.standard_normal(n), "errors": np.full(n, 0.03),
    }  # fmt: skip


def changed(survey="sdss", **columns):
    return quasars.light_curve("x", **(good() | columns), survey=survey)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("values", np.nan, "no number"), ("times", np.inf, "no number"), ("errors", np.nan, "no number"),
        ("values", -99.99, "no magnitude, but a sentinel"), ("values", 99.0, "no magnitude, but a sentinel"),
        ("values", 0.0, "no magnitude, but a sentinel"), ("errors", 0.0, "error zero or below"),
        ("errors", -0.1, "error zero or below"), ("errors", 9.0, "error of a magnitude or more"),
        ("times", 1.0, "time 40 years or more off the median"),
    ],
)  # fmt: skip
def test_a_bad_measurement_costs_itself_and_is_counted(column, value, reason):
    bad = good()[column].copy()
    bad[[3, 8]] = value
    found = changed(**{column: bad})
    assert found.problem == ""
    assert found.left_out == {reason: 2}
    assert len(found) == 38


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"times": np.array(["2020-01-01"] * 40, "datetime64[D]")}, "dates"),
        ({"times": np.array(["noon"] * 40)}, "not numbers"),
        ({"times": good()["times"] * 86400}, "days"),
        ({"times": good()["times"][:5]}, "differ in length"),
        ({"times": np.full(40, 53000.0)}, "same time"),
        ({"band": np.full(40, "q")}, "usable measurements"),
        ({"values": np.full(40, np.nan)}, "0 usable measurements, 10 needed (left out: 40 x no number)"),
        ({"errors": np.full(40, 0.0)}, "40 x error zero or below"),
    ],
)
def test_a_bad_object_has_a_problem_in_words(columns, words):
    found = changed(**columns)
    assert words in found.problem
    fit = quasars.fit(found)
    assert fit.problem == found.problem
    assert fit.summary()["problem"] == found.problem


def test_empty_and_tiny_objects():
    empty = np.empty(0)
    assert quasars.light_curve("x", empty, empty, empty, empty).problem.startswith("0 usable")
    three = {key: column[:3] for key, column in good().items()}
    assert quasars.light_curve("x", **three, survey="sdss").problem.startswith(("3 usable", "1 usable", "0 usable"))


def test_unsorted_rows_and_exact_repeats():
    order = np.random.default_rng(1).permutation(40)
    plain, shuffled = changed(), changed(**{key: column[order] for key, column in good().items()})
    twice = changed(**{key: np.concatenate([column, column]) for key, column in good().items()})
    for other in (shuffled, twice):
        np.testing.assert_array_equal(plain.times, other.times)
        np.testing.assert_array_equal(plain.values, other.values)
    assert twice.left_out == {"exact repeat": 40}


def test_a_band_of_one_point_and_an_unknown_band_cost_themselves():
    band = good()["band"].copy()
    band[0], band[1:5] = "z", "q"
    found = changed(band=band)
    assert found.bands == ("g", "r")
    assert found.left_out["fewer than 3 measurements in band z"] == 1
    assert sum(count for reason, count in found.left_out.items() if "Unknown band 'q'" in reason) == 4


def test_negative_fluxes_stay_and_a_faint_band_is_named():
    values = np.where(good()["band"] == "g", 50.0, 0.0) + 20 * np.random.default_rng(2).standard_normal(40)
    values[0] = -8.0
    found = changed(values=values, errors=np.full(40, 20.0), unit="flux")
    assert found.bands == ("g",)
    assert len(found) == 20
    assert any("reference flux" in reason for reason in found.left_out)
    np.testing.assert_allclose(found.to_unit(found.values, found.band)[0], -8.0)
    referred = changed(values=values, errors=np.full(40, 20.0), unit="flux", reference_flux={"g": 100.0, "r": 80.0})
    assert referred.bands == ("g", "r")
    np.testing.assert_allclose(referred.reference_flux, [100, 80])


def test_wavelengths_of_unregistered_bands_and_extinction():
    found = changed(survey=None, wavelengths={"g": 4700.0, "r": 6200.0}, extinction={"g": 0.3})
    np.testing.assert_allclose(found.wavelengths, [4700, 6200])
    np.testing.assert_allclose(found.extinction, [0.3, 0.0])
    dusty = changed(a_v=1.0)
    assert 1.0 < dusty.extinction[0] < 1.4 and dusty.extinction[1] < dusty.extinction[0]


def test_too_many_bands():
    n = 16 * 4
    wavelengths = {f"b{i}": 3000.0 + 100 * i for i in range(16)}
    found = quasars.light_curve(
        "x", np.arange(n), np.repeat(list(wavelengths), 4), np.full(n, 19.0), np.full(n, 0.1), wavelengths=wavelengths
    )
    assert f"at most {curves.MAX_BANDS}" in found.problem
