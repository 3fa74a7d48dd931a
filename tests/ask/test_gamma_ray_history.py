"""Spectrum and yearly flux of a source, against the catalogue's own columns."""

import numpy as np
import pytest
from astropy.io import fits

from agnbook.ask import gamma_ray_history
from agnbook.sky import registry

pytestmark = pytest.mark.needs("4fgl-dr4")


@pytest.fixture(scope="module")
def rows():
    with fits.open(registry.find("4fgl-dr4"), memmap=False) as hdus:
        return {str(row["Source_Name"]).strip(): row for row in hdus[1].data[:60]}


def test_the_spectrum_is_the_catalogue_s(rows):
    limits = 0
    for name, row in rows.items():
        found = gamma_ray_history.spectrum(name)
        assert list(found["energy_low"]) == [50, 100, 300, 1000, 3000, 10_000, 30_000, 100_000]
        sound = ~found["upper_limit"].to_numpy()
        np.testing.assert_allclose(found["value"][sound], row["nuFnu_Band"][sound], rtol=1e-5)
        relative = (found["high"] / found["value"] - 1)[sound]
        np.testing.assert_allclose(relative, (row["Unc_Flux_Band"][:, 1] / row["Flux_Band"])[sound], rtol=1e-4)
        np.testing.assert_array_equal(~sound, np.isnan(row["Unc_Flux_Band"][:, 0]))
        limits += (~sound).sum()
        assert (found["low"] <= found["value"]).all() and (found["value"] <= found["high"]).all()
    assert limits > 20


def test_the_history_is_the_catalogue_s(rows):
    for name, row in rows.items():
        found = gamma_ray_history.history(name)
        assert len(found) == 14 and np.allclose(found["start"][1:], found["end"][:-1])
        assert 2008.58 < found["start"][0] < 2008.6 and 2022.57 < found["end"].iloc[-1] < 2022.6
        sound = ~found["upper_limit"].to_numpy()
        np.testing.assert_allclose(found["value"][sound], row["Flux_History"][sound], rtol=1e-6)
        limit = row["Flux_History"] + 2 * row["Unc_Flux_History"][:, 1]
        np.testing.assert_allclose(found["value"][~sound], limit[~sound], rtol=1e-6)


def test_a_source_of_no_catalogue_has_neither():
    assert gamma_ray_history.spectrum("mine") is None and gamma_ray_history.history("mine") is None
