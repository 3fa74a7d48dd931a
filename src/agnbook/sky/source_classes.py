"""The one vocabulary of source classes: physical classes of the catalogues, and the groups of paper 2."""

import numpy as np
import pandas as pd

from agnbook.errors import FeatureError
from agnbook.sky.feature_table import require_columns

#: CLASS values of a source whose nature is not known.
UNASSOCIATED = ("", "unk")


def source_class(table: pd.DataFrame) -> np.ndarray:
    """Return CLASS1 (4FGL) or CLASS (4LAC) in lower case with "" for unassociated, shape (n,)."""
    name = "CLASS1" if "CLASS1" in table else "CLASS"
    require_columns(table, [name])
    values = table[name].str.strip().str.lower()
    return values.where(~values.isin(UNASSOCIATED), "").to_numpy(object)


def physical_class(table: pd.DataFrame) -> pd.Series:
    """Return CLASS in lower case (the catalogue's upper case marks identified counterparts)."""
    return table["CLASS"].str.strip().str.lower()


def gamma_class(table: pd.DataFrame) -> pd.Series:
    """Return 4FGL's CLASS1 in lower case, with "" for unassociated sources (blank or ``unk``)."""
    require_columns(table, ["CLASS1"])
    return table["CLASS1"].astype(str).str.strip().str.lower().replace("unk", "")


#: Physical classes with their number of associated sources in the paper (file v32, Table 1) and a description.
PAPER_CLASSES = {
    "gc": (1, "Galactic centre"), "psr": (141, "young pulsar"), "msp": (179, "millisecond pulsar"),
    "pwn": (21, "pulsar wind nebula"), "snr": (45, "supernova remnant"),
    "spp": (124, "supernova remnant or pulsar wind nebula"), "glc": (34, "globular cluster"),
    "sfr": (6, "star-forming region"), "hmb": (11, "high-mass binary"), "lmb": (9, "low-mass binary"),
    "bin": (10, "binary"), "nov": (6, "nova"), "bll": (1490, "BL Lac type of blazar"), "fsrq": (819, "FSRQ type of blazar"),
    "rdg": (53, "radio galaxy"), "agn": (8, "non-blazar active galaxy"), "ssrq": (2, "steep-spectrum radio quasar"),
    "css": (6, "compact steep-spectrum radio source"), "bcu": (1624, "blazar candidate of uncertain type"),
    "nlsy1": (8, "narrow-line Seyfert 1 galaxy"), "sey": (3, "Seyfert galaxy"), "sbg": (8, "starburst galaxy"),
    "gal": (6, "normal galaxy (or part)"),
}  # fmt: skip


#: The six groups of Table 2, in its order.
GROUPS = {
    "spp+": ("glc", "lmb", "spp", "nov"),
    "msp+": ("msp",),
    "psr+": ("hmb", "psr", "bin", "snr", "gc", "sfr", "gal", "pwn"),
    "fsrq+": ("nlsy1", "fsrq"),
    "bcu+": ("ssrq", "bcu", "sey", "agn"),
    "bll+": ("bll", "css", "rdg", "sbg"),
}


NAMES = tuple(GROUPS)


#: Section 4.1: active galactic nuclei; all other classes count as Galactic (with normal and starburst galaxies).
AGN_CLASSES = ("bll", "fsrq", "rdg", "agn", "ssrq", "css", "bcu", "nlsy1", "sey")


def group_index(physical, groups: dict = GROUPS) -> np.ndarray:
    """Return the position of each source's group in `groups`; -1 for unassociated ("").

    Parameters
    ----------
    physical : array of str, shape (n,)
        Physical classes in lower case, as `features.gamma_class` gives them.

    Raises
    ------
    FeatureError
        For classes that belong to no group, all named with their counts.
    """
    lookup = {name: number for number, members in enumerate(groups.values()) for name in members}
    physical = pd.Series(np.asarray(physical, dtype=object))
    unknown = physical[~physical.isin([*lookup, ""])]
    if len(unknown):
        counts = ", ".join(f"{name} ({count})" for name, count in unknown.value_counts().items())
        raise FeatureError(f"Physical classes without a group: {counts}. Add them to a group or leave these sources out.")
    return physical.map({**lookup, "": -1}).to_numpy(int)


def two_class(physical) -> np.ndarray:
    """Return 1 for active galactic nuclei, 0 for Galactic sources (section 4.1), -1 for unassociated."""
    galactic = [name for name in PAPER_CLASSES if name not in AGN_CLASSES]
    return group_index(physical, {"galactic": galactic, "agn": AGN_CLASSES})
