"""Pass bands of the surveys whose light curves are read: effective wavelength and Galactic extinction.

A band belongs to a survey, because "g" of SDSS and "g" of DES differ by 200 A. `get` knows the survey's own
spellings (Rubin's y and Y, ZTF's zg or fid 1), and takes a wavelength in angstrom where a band has no entry.
"""

from dataclasses import dataclass

import numpy as np

from agnbook.errors import BookError


@dataclass(frozen=True)
class Band:
    """One pass band.

    Attributes
    ----------
    survey, name : str
        `survey` is "" for a band that was given by its wavelength alone.
    wavelength : float
        Effective wavelength, angstrom, in the observer's frame.
    extinction : float
        A_band / A_V of the Milky Way's mean curve (R_V = 3.1).
    """

    survey: str
    name: str
    wavelength: float
    extinction: float

    def __str__(self) -> str:
        return f"{self.survey} {self.name}".strip()


# Effective wavelength (A) and A_band / A_V. Extinction of SDSS, LSST, Pan-STARRS, DES and Johnson-Cousins: Schlafly &
# Finkbeiner (2011, ApJ 737, 103), table 6, R_V = 3.1, over Landolt V = 2.742; of the others: the curve of Fitzpatrick
# (1999, PASP 111, 63) at the effective wavelength.
_TABLE = {
    # Stoughton et al. (2002, AJ 123, 485)
    "sdss": {"u": (3551, 1.546), "g": (4686, 1.205), "r": (6166, 0.833), "i": (7480, 0.619), "z": (8932, 0.461)},
    # Rubin Observatory's total throughputs of 2023, as in speclite
    "lsst": {
        "u": (3746, 1.512), "g": (4846, 1.181), "r": (6249, 0.829), "i": (7579, 0.614), "z": (8691, 0.482), "y": (9767, 0.397),
    },
    # Filter Profile Service of the Spanish Virtual Observatory
    "ztf": {"zg": (4746, 1.203), "zr": (6366, 0.796), "zi": (7829, 0.574)},
    # Tonry et al. (2012, ApJ 750, 99), table 4
    "panstarrs": {
        "g": (4810, 1.157), "r": (6170, 0.828), "i": (7520, 0.613), "z": (8660, 0.482), "y": (9620, 0.396), "w": (6080, 0.854),
    },
    # DECam throughputs of 2014, as in speclite
    "des": {"g": (4890, 1.181), "r": (6470, 0.794), "i": (7848, 0.582), "z": (9196, 0.444), "Y": (9893, 0.386)},
    # Poole et al. (2008, MNRAS 383, 627), table 1
    "swift": {
        "UVW2": (1928, 2.614), "UVM2": (2246, 2.958), "UVW1": (2600, 2.126), "U": (3465, 1.591), "B": (4392, 1.312),
        "V": (5468, 0.986),
    },
    # Bessell (2005, ARA&A 43, 293), table 1, Johnson-Cousins
    "johnson": {"U": (3663, 1.581), "B": (4361, 1.322), "V": (5448, 1.0), "R": (6407, 0.791), "I": (7980, 0.549)},
    # middle of the wide bands of Alcock et al. (1999, PASP 111, 1539), 4370-5900 and 5900-7800 A
    "macho": {"V": (5135, 1.080), "R": (6850, 0.711)},
}  # fmt: skip

#: What else a survey's tables call its bands. Capitals matter: DES has no y, Rubin writes both.
_ALIASES = {
    "lsst": {"Y": "y"},
    "ztf": {"g": "zg", "r": "zr", "i": "zi", "1": "zg", "2": "zr", "3": "zi"},
    "des": {"y": "Y"},
    "swift": {"W2": "UVW2", "M2": "UVM2", "W1": "UVW1"},
}
_SURVEYS = {"rubin": "lsst", "ps1": "panstarrs", "pan-starrs": "panstarrs", "decam": "des", "uvot": "swift", "bessell": "johnson"}

SURVEYS = tuple(_TABLE)


def _survey(survey: str) -> str:
    name = str(survey).strip().lower()
    name = _SURVEYS.get(name, name)
    if name not in _TABLE:
        raise BookError(f"Unknown survey {survey!r}; known are {', '.join(SURVEYS)}.")
    return name


def known(survey: str | None = None) -> tuple[Band, ...]:
    """Return the bands of one survey, blue to red, or of all."""
    surveys = SURVEYS if survey is None else (_survey(survey),)
    return tuple(Band(name, band, *values) for name in surveys for band, values in _TABLE[name].items())


def get(band, survey: str | None = None, wavelength: float | None = None, extinction: float | None = None) -> Band:
    """Return a band by name, or by its effective wavelength.

    Parameters
    ----------
    band : str or float
        A survey's own name ("g", "zg", "UVW2", ZTF's fid 1), or a wavelength in angstrom: 5100, "5100A".
    survey : str, optional
        Needed where several surveys have a band of that name.
    wavelength : float, optional
        Effective wavelength, angstrom, of a band that the registry lacks, or to use instead of the registry's.
    extinction : float, optional
        A_band / A_V to use instead of the registry's.

    Raises
    ------
    BookError
        For an unknown survey or band, a name that several surveys share, and an impossible wavelength.
    """
    name = str(band).strip()
    survey = None if survey is None else _survey(survey)
    found = _find(name, survey)
    if found is None:
        wavelength = _number(name) if wavelength is None else wavelength
        if wavelength is None:
            names = "; ".join(f"{s} {' '.join(_TABLE[s])}" for s in ((survey,) if survey else SURVEYS))
            raise BookError(f"Unknown band {name!r}; known are {names}. Or give its effective wavelength in angstrom.")
    elif wavelength is None:
        if len(found) > 1:
            surveys = ", ".join(candidate.survey for candidate in found)
            raise BookError(f"The band {name!r} is known in {surveys}; name the survey.")
        only = found[0]
        return only if extinction is None else Band(only.survey, only.name, only.wavelength, float(extinction))
    if not 100 < wavelength < 1e6:
        raise BookError(f"Band {name!r} has a wavelength of {wavelength:g} A; give angstrom, between 100 and 10^6.")
    factor = mean_extinction(wavelength) if extinction is None else extinction
    return Band(survey or "", name, float(wavelength), float(factor))


def _find(name: str, survey: str | None) -> list[Band] | None:
    """Return the bands of that name, of one survey or of all; None if there is none."""
    if survey is None and " " in name:  # "sdss g", as a `Band` prints itself
        first, _, rest = name.partition(" ")
        if first.lower() in _TABLE or first.lower() in _SURVEYS:
            return _find(rest.strip(), _survey(first))
    found = []
    for candidate in SURVEYS if survey is None else (survey,):
        # aliases only with the survey: "1" alone is no band, and a plain g is rarely ZTF's
        own = name if name in _TABLE[candidate] else _ALIASES.get(candidate, {}).get(name) if survey else None
        if own:
            found.append(Band(candidate, own, *_TABLE[candidate][own]))
    return found or None


def _number(name: str) -> float | None:
    try:
        return float(name.removesuffix("A").removesuffix("Å").strip())
    except ValueError:
        return None


def wavelengths(names, survey: str | None = None) -> np.ndarray:
    """Return the effective wavelengths (angstrom) of several bands, shape (n,); see `get`."""
    return np.array([get(name, survey).wavelength for name in names])


def mean_extinction(wavelength: float) -> float:
    """Return A / A_V at a wavelength (angstrom), read off the registry's own bands.

    Linear in log A and log wavelength between neighbours, within .05 of the curve of Fitzpatrick (1999) from 1,928 A to
    9,893 A; beyond, a power law with the slope of the last two octaves of the optical (-1.6, near infrared).

    Raises
    ------
    BookError
        Blueward of 1,900 A, where the curve depends on the line of sight.
    """
    if wavelength < 1900:
        raise BookError(f"No mean extinction at {wavelength:g} A; give A_band / A_V with the band.")
    table = sorted((band.wavelength, band.extinction) for band in known())
    x, y = np.log(np.array(table)).T
    last = np.log(9893.0)
    if wavelength > 9893:
        return float(np.exp(np.interp(last, x, y) - 1.6 * (np.log(wavelength) - last)))
    return float(np.exp(np.interp(np.log(wavelength), x, y)))


def extinction(names, survey: str | None = None, *, visual=None, reddening=None) -> np.ndarray:
    """Return the Galactic extinction (mag) of several bands from A_V, or from E(B - V) with R_V = 3.1.

    Parameters
    ----------
    names : sequence of m bands
    visual, reddening : float or array (n,)
        A_V or E(B - V), mag; exactly one of them. Reddening is the colour excess itself; the maps of Schlegel et al.
        (1998) overstate it by 14 % (multiply by .86).

    Returns
    -------
    numpy.ndarray, shape (m,) or (n, m)
    """
    if (visual is None) == (reddening is None):
        raise BookError("Give either A_V (`visual`) or E(B - V) (`reddening`), in magnitudes.")
    total = np.asarray(visual if reddening is None else 3.1 * np.asarray(reddening, float), float)
    return total[..., None] * np.array([get(name, survey).extinction for name in names])
