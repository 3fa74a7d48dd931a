"""Light curves with masses known otherwise: which curves count, and what is said of the neighbours."""

import numpy as np
import pandas as pd
import pytest

from agnbook.quasars import exams
from agnbook.quasars.shipped_mass import MassModel


def test_the_best_curve_of_each_galaxy_counts_and_doubtful_ones_do_not():
    fitted = pd.DataFrame({
        "name": ["a", "a", "b", "c"], "log_tau_rest": [1.0, 2.0, 3.0, 4.0], "log_tau_rest_sd": [0.3, 0.1, 0.2, 0.05],
        "doubtful": [False, False, False, True],
    })  # fmt: skip
    assert list(exams.best_of_each(fitted)["log_tau_rest"]) == [2.0, 3.0]
    fitted.loc[1, "doubtful"] = True
    assert list(exams.best_of_each(fitted)["log_tau_rest"]) == [3.0, 1.0]


@pytest.mark.needs("burke2021")
def test_masses_by_reverberation_and_their_curves():
    table = exams.reverberation()
    assert len(table) > 100 and table["log_M_BH"].between(3, 10).all()
    fitted = exams.fit_burke(table[table["name"] == "NGC 5548"].head(2))
    assert set(fitted["name"]) == {"NGC 5548"} and (fitted["problem"] == "").all()
    short = fitted["log_tau_rest"] + np.log10(1.017) > np.log10(fitted["baseline_days"] / 3)
    assert (fitted["doubtful"] >= short).all()


@pytest.mark.needs("burke2021")
def test_one_band_about_5000_angstrom_stands_for_all():
    """Burke et al. mix g (4770 A), V (5510 A) and the continuum at 5100 A: one wavelength among them serves every curve."""
    curves = list(exams.burke(exams.reverberation().drop_duplicates("name").head(3)))
    assert all(len(curve.bands) == 1 and 4770 < curve.wavelengths[0] < 5510 for curve in curves)


@pytest.mark.slow
@pytest.mark.needs("burke2021", "nearby-agn")
def test_neighbours_are_outside_what_the_masses_were_learnt_from():
    found = exams.neighbours(MassModel.load())
    assert list(found.index) == list(exams.NEIGHBOURS) and (found["bands"] >= 6).all()
    assert found["outside"].str.contains("redshift").all()
    assert found["short"].sum() >= 4  # campaigns of months
