"""Units of flux as users write them, and their size in nanojansky."""

import re

import numpy as np

from agnbook.ask import user_columns
from agnbook.errors import FeatureError

#: What people write for units of flux, as a pattern -> what astropy writes.
_SPELLINGS = {
    r"(?i)\bnanomagg(y|ies)\b": "nmgy", r"(?i)\bmaggies\b": "mgy", r"(?<![A-Za-z])(A|AA|Å|\u212b)(?![A-Za-z])": "Angstrom",
    "[µμ]": "u", r"\b(?i:milli)(?=Jy)": "m", r"\b(?i:micro)(?=Jy)": "u", r"\b(?i:nano)(?=Jy)": "n",
    r"^(?i:(n|u)jy)$": r"\1Jy",
}  # fmt: skip
_NJY_PER_AB_ZERO = 3.630780547701e12  # flux (nJy) of AB magnitude 0: 10**(31.4 / 2.5)


def flux_unit(text: str):
    """Return a flux unit of astropy; a `FeatureError` for what is none. "A" is the angstrom, and "maggy" is known."""
    from astropy import units

    spelled = str(text).strip()
    for pattern, plain in _SPELLINGS.items():
        spelled = re.sub(pattern, plain, spelled)
    try:
        unit = user_columns.parse_unit(spelled)
        known = isinstance(unit, units.UnitBase) and any(
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


def magnitude_unit(text: str):
    """Return what a text says of magnitudes, astropy's "mag" or a part of it; a `FeatureError` for anything else."""
    from astropy import units

    plain = str(text).strip()
    if plain.lower() in user_columns.NO_UNIT or re.fullmatch(r"(?i)(mag(nitudes?)?)?(\s*\(?(ab|vega|st)\)?)?", plain):
        return units.mag
    unit = user_columns.parse_unit(plain)
    if not (isinstance(unit, units.UnitBase) and unit.is_equivalent(units.mag)):
        raise FeatureError(f"{text!r} is no unit of magnitudes.")
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
