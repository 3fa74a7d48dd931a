"""The common form of light curves: what is no measurement is left out and counted, and visits gather the bands of a night."""

import numpy as np
import pandas as pd

from agnbook.sky import curve_tables


def test_fluxes_of_either_sign_are_measurements():
    rows = {"object": "a", "band": "g", "time": [1.0, 2, 3, 4], "flux": [-2.0, 0.5, np.nan, 1], "error": [1, 1, 1, -1]}
    frame = curve_tables.measurements(pd.DataFrame(rows), unit="nanomaggy", survey="des")
    assert frame["flux"].tolist() == [-2.0, 0.5]
    assert (frame.attrs["left_out"]["no value"], frame.attrs["left_out"]["impossible error"]) == (1, 1)


def test_magnitudes_that_are_none_are_counted_by_their_first_reason():
    rows = {
        "object": "a", "band": "g", "time": [5.0, 4, 3, 2, np.nan, 1, 0.1], "magnitude": [19.0, -99.99, 20, 45, 20, 20, 20],
        "error": [0.1, 0.1, 1.5, 0.1, 0.1, 0.2, 0.1], "flagged": [False, True, False, False, False, True, False],
    }  # fmt: skip
    frame = curve_tables.measurements(pd.DataFrame(rows), unit="mag", first_time=0.5)
    assert frame["time"].tolist() == [5.0]
    expected = {"no value": 3, "impossible error": 1, "impossible time": 1, "flagged by the survey": 1}
    assert frame.attrs == {"unit": "mag", "survey": "", "left_out": expected}


def test_visits_average_a_band_with_its_inverse_variances():
    twice = pd.DataFrame({
        "object": "a", "time": [1.0, 1.01, 5.0], "band": list("ggr"), "magnitude": [20.0, 21.0, 19.0], "error": [0.1, 0.2, 0.1]
    })  # fmt: skip
    one = curve_tables.visits(twice, ("g", "r"))["a"]
    assert np.allclose(one.values[0, 0], (20 * 100 + 21 * 25) / 125) and np.isclose(one.errors[0, 0], 125**-0.5)
    assert np.isnan(one.values[0, 1]) and one.values[1, 1] == 19.0
