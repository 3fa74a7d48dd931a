"""The 7 features of paper 1 that tell BL Lacs from FSRQs, and the book's own extended set, from 4LAC-DR3."""

import pandas as pd

from agnbook.sky import source_classes
from agnbook.sky.feature_table import FeatureTable, _finished, logarithm, require_columns
from agnbook.sky.features.redshifts import EXTENDED_GROUPS, SED_OFFSET, _sed_logarithms, extended_redshift_features

BLAZAR_RAW = ["PL_Index", "LP_Index", "Frac_Variability"]


BLAZAR_LOG = ["Pivot_Energy", "Variability_Index"]


#: The 7 features of the BL Lac / FSRQ classifiers.
BLAZAR_FEATURES = [*BLAZAR_RAW, *BLAZAR_LOG, *SED_OFFSET]


def blazar_features(table: pd.DataFrame, classes: tuple[str, ...] = ("bll", "fsrq", "bcu"), clean: bool = True) -> FeatureTable:
    """Build the 7 features of the BL Lac / FSRQ classifiers.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of 4LAC-DR3 (both files for the paper's 3120 sources).
    classes : classes to keep, in lower case.
    clean : bool
        Keep only sources without analysis flags (``Flags`` == 0), as the paper does.

    Returns
    -------
    FeatureTable
        ``X`` has the columns `BLAZAR_FEATURES`; ``y`` is 1 for FSRQ, 0 for BL Lac, NaN for BCU.

    Raises
    ------
    FeatureError
        For missing or empty columns, and for values without a logarithm.
    """
    require_columns(table, ["Source_Name", "CLASS", "Flags", *BLAZAR_FEATURES])
    klass = source_classes.physical_class(table)
    kept = klass.isin(classes) & ((table["Flags"] == 0) | (not clean))
    rows = table[kept]
    y = klass[kept].map({"bll": 0.0, "fsrq": 1.0}).to_numpy(float)
    return _finished(blazar_matrix(rows), y, rows)


def blazar_matrix(table: pd.DataFrame) -> pd.DataFrame:
    """Transform the seven catalogue columns of the blazar classifiers, row by row; see `blazar_features`."""
    X = table[BLAZAR_RAW].astype(float)
    return X.assign(**{name: logarithm(table[name], name) for name in BLAZAR_LOG}, **_sed_logarithms(table))[BLAZAR_FEATURES]


#: The columns of `extended_blazar_features`, by what they tell. `EXTENDED_GROUPS` has more, which the
#: classifier must not see: CLASS, the counterpart's catalogue (one is called ``bllac``) and its name.
EXTENDED_BLAZAR_GROUPS = {
    "gamma rays": [name for name in EXTENDED_GROUPS["gamma rays"] if name != "Flags"],
    "synchrotron peak": [name for name in EXTENDED_GROUPS["synchrotron peak"] if name != "SED_class"],
    "sky position": ["abs_GLAT"],
    "counterpart": ["ASSOC_PROB_BAY", "ASSOC_PROB_LR", "Unc_Counterpart", "separation", "has_VLBI"],
}


#: What the source itself does: gamma rays and the synchrotron peak, nothing about the counterpart.
SOURCE_FEATURES = [*EXTENDED_BLAZAR_GROUPS["gamma rays"], *EXTENDED_BLAZAR_GROUPS["synchrotron peak"]]


EXTENDED_BLAZAR_FEATURES = [name for group in EXTENDED_BLAZAR_GROUPS.values() for name in group]


def extended_blazar_features(
    table: pd.DataFrame, classes: tuple[str, ...] = ("bll", "fsrq", "bcu"), clean: bool = True
) -> FeatureTable:
    """Build the wider feature set of the book's best classifiers, for the rows of `blazar_features`.

    Parameters
    ----------
    table, classes, clean : as in `blazar_features`.

    Returns
    -------
    FeatureTable
        ``X`` has the columns `EXTENDED_BLAZAR_FEATURES`, NaN where a quantity was not measured;
        ``y`` is 1 for FSRQ, 0 for BL Lac, NaN for BCU.

    Notes
    -----
    Redshift is left out as well: no FSRQ of 4LAC lacks one, so that even "unknown" tells the class.
    """
    require_columns(table, ["Source_Name", "CLASS", "Flags"])
    klass = source_classes.physical_class(table)
    kept = (klass.isin(classes) & ((table["Flags"] == 0) | (not clean))).to_numpy()
    wide = extended_redshift_features(table[kept])
    y = klass[kept].map({"bll": 0.0, "fsrq": 1.0}).to_numpy(float)
    return FeatureTable(wide.X[EXTENDED_BLAZAR_FEATURES], y, wide.info)
