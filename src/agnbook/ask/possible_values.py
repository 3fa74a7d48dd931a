"""What the catalogues' quantities can be: their units, bounds and words; a value that its column cannot have is not used."""

import numpy as np
import pandas as pd

from agnbook.sky import features, source_classes

#: Units of 4FGL and 4LAC; a table that states others is converted.
UNITS = {
    **dict.fromkeys(("RAJ2000", "DEJ2000", "GLON", "GLAT", "RA_Counterpart", "DEC_Counterpart", "Unc_Counterpart"), "deg"),
    **dict.fromkeys(("Flux1000", "Unc_Flux1000"), "cm-2 s-1"),
    **dict.fromkeys(("Energy_Flux100", "Unc_Energy_Flux100", "nuFnu_syn"), "erg cm-2 s-1"),
    "Pivot_Energy": "MeV", "Highest_energy": "GeV", "HE_EPeak": "MeV", "HE_nuFnuPeak": "MeV cm-2 s-1", "nu_syn": "Hz",
}  # fmt: skip
#: What a quantity can be at all, far beyond what any catalogue holds: lowest, highest.
BOUNDS = {
    **dict.fromkeys(("GLON", "RAJ2000", "RA_Counterpart"), (-180.0, 360.0)),
    **dict.fromkeys(("GLAT", "DEJ2000", "DEC_Counterpart"), (-90.0, 90.0)),
    **dict.fromkeys(("PL_Index", "LP_Index"), (-10.0, 20.0)), "LP_beta": (-10.0, 10.0), "LP_SigCurv": (-1.0, 1e4),
    **dict.fromkeys(("ASSOC_PROB_BAY", "ASSOC_PROB_LR"), (0.0, 1.0)), "Unc_Counterpart": (0.0, 10.0), "Flags": (0.0, 65536.0),
    **dict.fromkeys(("Unc_PL_Index", "Unc_LP_Index", "Unc_LP_beta"), (0.0, 50.0)), "Frac_Variability": (0.0, 50.0),
    **dict.fromkeys(("Flux1000", "Unc_Flux1000", "Energy_Flux100", "Unc_Energy_Flux100", "nuFnu_syn"), (0.0, 1e-3)),
    "Unc_Frac_Variability": (0.0, 90.0), "Signif_Avg": (0.0, 1e5), "Variability_Index": (0.0, 1e10), "nu_syn": (0.0, 1e24),
    "Pivot_Energy": (0.0, 1e8), "Highest_energy": (0.0, 1e6), "HE_EPeak": (0.0, 1e10), "HE_nuFnuPeak": (0.0, 1.0),
}  # fmt: skip
#: Quantities above 0.
_POSITIVE = {*features.BLAZAR_LOG, *features.POSITIVE, "Unc_Flux1000", "HE_EPeak", "HE_nuFnuPeak"} - {"Highest_energy"}
#: Frequencies below this are logarithms, in Hz.
_LOGARITHM = 100.0
#: Positive values below these are none of a synchrotron peak's, but in another unit. No flag would tell: the models add far
#: more to both before they take a logarithm, so that a source without a peak has one.
_LOWEST_PEAK = {"nu_syn": 1e9, "nuFnu_syn": 1e-18}
#: Numbers that people write for "nothing"; where one stands in several rows of a measured quantity, it is none.
_MARKS = (99.0, 999.0, 9999.0, 99999.0)
#: Words that the models know, in any capitals; the empty word is always one.
WORDS = {
    "CLASS": tuple(source_classes.PAPER_CLASSES), "SED_class": ("LSP", "ISP", "HSP"),
    "SpectrumType": ("PowerLaw", "LogParabola", "PLSuperExpCutoff", "PLSuperExpCutoff2", "PLSuperExpCutoff4"),
    "Counterpart_Catalog": (
        *features.COUNTERPART_CATALOGS, "identified", "rass", "nvss", "sumss", "qso", "magn", "dwarfs", "hmxb", "seyrl_b", "sey",
    ),
}  # fmt: skip
#: Texts that say "nothing"; where a column says whether there is something, also those that say "no".
_NOTHING = ("", "nan", "none", "null", "n/a", "na", "unk", "-", "--", "---")
_NO = {"VLBI_Counterpart": ("no", "n", "false", "0", "0.0")}
#: Characters of a cell that a reason quotes.
QUOTED = 80


def possible(column: str, found: np.ndarray) -> tuple[np.ndarray, list]:
    """Return the numbers that a quantity can be, NaN for the others, and what is wrong with these.

    Minus infinity, by which 4LAC says that there is none, is left for its model to understand.
    """
    low, high = BOUNDS.get(column, (-np.inf, np.inf))
    given, values, told = np.isfinite(found), found.copy(), []
    unit = f" {UNITS[column]}" if column in UNITS else ""

    def refuse(rows, text):
        rows = np.flatnonzero(rows)
        for value in np.unique(found[rows]):
            told.append((rows[found[rows] == value], column, f"{column} is {value:g}{unit}, {text}"))
        values[rows] = np.nan

    refuse(np.isposinf(found), "and no number")
    if column in _POSITIVE:
        refuse(given & (found <= 0), "and must be positive")
    else:
        refuse(given & (found < low), f"below {low:g}" if low else "and must be 0 or positive")
    refuse(given & (found > high), f"above {high:g}")
    if column == "nu_syn":
        refuse(given & (found > 0) & (found < _LOGARITHM), "a logarithm: give the frequency itself")
    if column in _LOWEST_PEAK:
        refuse(
            np.isfinite(values) & (values > 0) & (values < _LOWEST_PEAK[column]), "too little for a peak: is the unit another?"
        )
    if column == "Flags":
        refuse(np.isfinite(values) & (values != np.floor(values)), "and must be whole")
    else:
        for mark in _MARKS:
            if (rows := np.isfinite(values) & (values == mark)).sum() > 1:
                refuse(rows, "in several rows: taken for a mark of nothing")
    return values, told


def half_a_peak(values: pd.DataFrame) -> list:
    """Empty a synchrotron peak that has a frequency without a flux, or the other way round."""
    if not set(features.SED_OFFSET) <= set(values):
        return []
    both = values[list(features.SED_OFFSET)]
    half = ((values["nu_syn"] > 0) != (values["nuFnu_syn"] > 0)) & both.notna().all(axis=1)
    values.loc[half, list(features.SED_OFFSET)] = np.nan
    rows = np.flatnonzero(half)
    return [(rows, "nu_syn, nuFnu_syn", "nu_syn, nuFnu_syn must both be 0 or both positive")] if len(rows) else []


def known_words(column: str, found: pd.Series) -> tuple[pd.Series, list]:
    """Return the words that the models know, "" for the others, and what is wrong with these."""
    plain, told = found.str.lower(), []
    empty = plain.isin((*_NOTHING, *_NO.get(column, ())))
    if column not in WORDS:
        return found.where(~empty, ""), []
    spelt = {word.lower(): word for word in WORDS[column]}
    foreign = ~empty & ~plain.isin(spelt)
    for word in found[foreign].unique():
        text = f"{column} {word[:QUOTED]!r} is none of {', '.join(WORDS[column])}"
        told.append((np.flatnonzero(found == word), column, text))
    galactic = plain.isin(set(source_classes.PAPER_CLASSES) - set(source_classes.AGN_CLASSES)) & (column == "CLASS")
    for word in found[galactic].unique():
        told.append((np.flatnonzero(found == word), column, f"CLASS {word!r} is no active galaxy"))
    return plain.map(spelt).where(~(empty | foreign | galactic), ""), told
