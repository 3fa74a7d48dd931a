"""Units of flux as users write them, and their size in nanojansky."""

import re

import numpy as np

from agnbook.errors import FeatureError

_NJY_PER_AB_ZERO = 3.630780547701e12  # flux (nJy) of AB magnitude 0: 10**(31.4 / 2.5)


def flux_unit(text: str):
    """Return a flux unit of astropy; a `FeatureError` for what is none. "A" is the angstrom, and "maggy" is known."""
    from astropy import units

    spelled = re.sub(r"\bnanomagg(y|ies)\b", "nmgy", str(text).strip(), flags=re.IGNORECASE)
    spelled = re.sub(r"(?<![A-Za-z])A(?![A-Za-z])", "Angstrom", spelled).replace("µ", "u")
    try:
        unit = units.Unit(spelled)
        known = any(
            unit.is_equivalent(like)
            for like in (units.Jy, units.mgy, units.erg / units.s / units.cm**2 / units.AA, units.erg / units.s / units.cm**2)
        )
    except (ValueError, TypeError):
        known = False
    if not known:
        raise FeatureError(
            f"{text!r} is no unit of flux; give mag, nJy, mJy, nanomaggy, 'erg s-1 cm-2 Hz-1' or '1e-14 erg s-1 cm-2 A-1'."
        )
    return unit


def in_nanojansky(text: str, wavelength: float) -> float:
    """Return one of `text`'s units in nJy at a wavelength (angstrom); NaN where no AB magnitude follows from it."""
    from astropy import units

    if not text or text == "mag":
        return np.nan
    unit = flux_unit(text)
    if unit.is_equivalent(units.mgy):  # the AB zero point is 3631 Jy
        return float(unit.to(units.mgy) * _NJY_PER_AB_ZERO)
    try:
        return float(unit.to(units.nJy, equivalencies=units.spectral_density(wavelength * units.AA)))
    except units.UnitConversionError:
        return np.nan
