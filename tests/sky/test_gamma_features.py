"""The ten gamma-ray features."""

import numpy as np
import pandas as pd
import pytest

from agnbook.errors import FeatureError
from agnbook.sky import catalogs, features, source_classes


@pytest.fixture(scope="module")
def table():
    return catalogs.read("4fgl-dr4")


def test_index_at_one_gev_is_the_slope_of_the_log_parabola():
    index, beta, pivot, energy = 2.1, 0.35, 2300.0, 1000.0

    def log_flux(log_energy):
        x = log_energy - np.log(pivot)
        return -(index + beta * x) * x

    step = 1e-4
    slope = (log_flux(np.log(energy) + step) - log_flux(np.log(energy) - step)) / (2 * step)
    assert features.log_parabola_index(index, beta, pivot, energy) == pytest.approx(-slope, abs=1e-8)
    assert features.log_parabola_index(index, 0.0, pivot) == index


def test_counts_and_missing_rows_of_the_fourth_data_release(table):
    gamma = features.gamma_features(table)
    assert (len(gamma), int(gamma.y.sum())) == (7191, 4628)
    assert list(gamma.X.columns) == features.GAMMA_FEATURES
    assert set(features.gamma_missing(table).index) == {
        "4FGL J0358.4-5446", "4FGL J0534.5+2201i", "4FGL J1820.8-2822", "4FGL J2010.2-2523",
    }  # fmt: skip
    assert "unk" not in set(gamma.info["physical_class"]) and (gamma.info["physical_class"] == "").sum() == 2563
    assert gamma.X["sin(GLAT)"].abs().max() <= 1
    assert np.allclose(gamma.X["cos(GLON)"] ** 2 + gamma.X["sin(GLON)"] ** 2, 1)


def test_upper_and_lower_case_classes_are_alike():
    klass = source_classes.gamma_class(pd.DataFrame({"CLASS1": ["PSR", "psr ", "UNK", "", "unk"]}))
    assert klass.tolist() == ["psr", "psr", "", "", ""]


def test_clear_errors(table):
    with pytest.raises(FeatureError, match="lacks the columns LP_beta"):
        features.gamma_features(table.drop(columns="LP_beta"))
    with pytest.raises(FeatureError, match="CLASS1"):
        features.gamma_features(table.drop(columns="CLASS1"))
    with pytest.raises(FeatureError, match="Energy_Flux100 must be positive"):
        features.gamma_features(table.assign(Energy_Flux100=0.0))
    half = table.head(2).copy()
    half.loc[half.index[0], "LP_beta"] = np.nan
    half.loc[half.index[1], "Pivot_Energy"] = np.inf
    with pytest.raises(FeatureError, match="No source has all ten"):
        features.gamma_features(half)
