"""Pass bands: what they are called, what they are not, and how much the Milky Way dims them."""

import numpy as np
import pytest

from agnbook.errors import BookError
from agnbook.sky import bands


def test_every_survey_lists_its_bands_from_blue_to_red():
    for survey in bands.SURVEYS:
        known = bands.known(survey)
        if survey == "panstarrs":  # w, the wide one, stands last
            known = known[:-1]
        assert (np.diff([band.wavelength for band in known]) > 0).all(), survey


@pytest.mark.parametrize(
    "name, survey, expected",
    [
        ("Y", "lsst", "lsst y"), ("y", "rubin", "lsst y"), (1, "ztf", "ztf zg"), ("r", "ztf", "ztf zr"), ("zi", None, "ztf zi"),
        ("W2", "swift", "swift UVW2"), ("sdss g", None, "sdss g"), ("g", "PS1", "panstarrs g"),
    ],
)  # fmt: skip
def test_names_and_aliases(name, survey, expected):
    assert str(bands.get(name, survey)) == expected


def test_a_name_that_surveys_share_needs_the_survey():
    with pytest.raises(BookError, match="known in sdss, lsst, panstarrs, des; name the survey"):
        bands.get("g")


def test_unknown_names_say_what_is_known():
    with pytest.raises(BookError, match=r"Unknown band 'q'; known are sdss u g r i z\. Or give its effective wavelength"):
        bands.get("q", "sdss")
    with pytest.raises(BookError, match="Unknown survey 'gaia'; known are sdss, lsst"):
        bands.get("g", "gaia")


def test_a_wavelength_stands_for_a_band():
    assert bands.get("5100A").wavelength == bands.get(5100).wavelength == 5100
    own = bands.get("clear", wavelength=6000, extinction=0.85)
    assert (own.survey, own.name, own.wavelength, own.extinction) == ("", "clear", 6000, 0.85)
    assert bands.get("g", "sdss", wavelength=4800).wavelength == 4800
    for impossible in (0, -1, np.nan, 1e9):
        with pytest.raises(BookError, match="give angstrom"):
            bands.get("clear", wavelength=impossible)


def test_extinction_is_that_of_the_stripe_82_table():
    # its README: A(g, r, i, z) = (.736, .534, .405, .287) A_u, from the coefficients of Schlegel et al. (1998); those of
    # Schlafly & Finkbeiner (2011) differ by up to .05
    ratio = bands.extinction("ugriz", "sdss", visual=1.0)
    assert np.allclose(ratio[1:] / ratio[0], [0.736, 0.534, 0.405, 0.287], atol=0.05)
    assert np.allclose(bands.extinction(["V"], "johnson", reddening=[0.1, 0.2]), [[0.31], [0.62]])
    with pytest.raises(BookError, match="either"):
        bands.extinction("ugriz", "sdss", visual=1.0, reddening=1.0)


def test_extinction_at_a_wavelength_lies_between_its_neighbours():
    # Fitzpatrick (1999), R_V = 3.1, table 3: A / E(B - V) = 3.806 at 4670 A, 2.688 at 6000 A, .829 at 12200 A
    for wavelength, value in ((4670, 3.806), (6000, 2.688), (12200, 0.829)):
        assert abs(bands.mean_extinction(wavelength) - value / 3.1) < 0.05
    with pytest.raises(BookError, match="A_band / A_V"):
        bands.get(1500)
