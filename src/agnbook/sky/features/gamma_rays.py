"""The ten features of a gamma-ray source of paper 2, from 4FGL."""

import numpy as np
import pandas as pd

from agnbook.errors import FeatureError
from agnbook.sky import source_classes
from agnbook.sky.feature_table import FeatureTable, _finished, logarithm, require_columns

#: Paper 2 (Malyshev 2023): ten features of a gamma-ray source, named as in its Table B1.
GAMMA_FEATURES = [
    "sin(GLAT)", "cos(GLON)", "sin(GLON)", "log10(Energy_Flux100)", "log10(Unc_Energy_Flux100)", "log10(Signif_Avg)",
    "LP_beta", "LP_SigCurv", "log10(Variability_Index)", "LP_index1000MeV",
]  # fmt: skip


GAMMA_COLUMNS = [
    "GLON", "GLAT", "Energy_Flux100", "Unc_Energy_Flux100", "Signif_Avg", "LP_Index", "LP_beta", "LP_SigCurv",
    "Variability_Index", "Pivot_Energy",
]  # fmt: skip


def log_parabola_index(index, beta, pivot_energy, energy=1000.0):
    """Return the local spectral index of a log-parabola at `energy`.

    For dN/dE = K (E / E0)^-(index + beta ln(E / E0)) it is -d ln(dN/dE) / d ln E =
    index + 2 beta ln(energy / E0); the paper's ``LP_index1000MeV`` has ``energy=1000``.

    Parameters
    ----------
    index, beta : arrays of one shape, as `LP_Index` and `LP_beta` of the catalogue.
    pivot_energy : array, E0 in MeV.
    energy : float, in MeV.
    """
    return np.asarray(index) + 2 * np.asarray(beta) * np.log(energy / np.asarray(pivot_energy))


def gamma_matrix(table: pd.DataFrame) -> pd.DataFrame:
    """Transform the columns `GAMMA_COLUMNS` into `GAMMA_FEATURES`, row by row; NaN where a quantity is missing."""
    value = table[GAMMA_COLUMNS].astype(float).where(np.isfinite(table[GAMMA_COLUMNS].astype(float)))
    longitude, latitude = np.deg2rad(value["GLON"]), np.deg2rad(value["GLAT"])

    def log10(name):
        return logarithm(value[name], name) / np.log(10)

    design = {
        "sin(GLAT)": np.sin(latitude), "cos(GLON)": np.cos(longitude), "sin(GLON)": np.sin(longitude),
        "log10(Energy_Flux100)": log10("Energy_Flux100"), "log10(Unc_Energy_Flux100)": log10("Unc_Energy_Flux100"),
        "log10(Signif_Avg)": log10("Signif_Avg"), "LP_beta": value["LP_beta"], "LP_SigCurv": value["LP_SigCurv"],
        "log10(Variability_Index)": log10("Variability_Index"),
        "LP_index1000MeV": log_parabola_index(value["LP_Index"], value["LP_beta"], value["Pivot_Energy"]),
    }  # fmt: skip
    return pd.DataFrame(design, columns=GAMMA_FEATURES)


def _gamma_design(table: pd.DataFrame) -> pd.DataFrame:
    """The ten features of every row by name, NaN where a quantity is missing (-inf or NaN in the file)."""
    require_columns(table, ["Source_Name", *GAMMA_COLUMNS])
    return gamma_matrix(table).set_axis(pd.Index(table["Source_Name"], name="Source_Name"))


def gamma_missing(table: pd.DataFrame) -> pd.Series:
    """Return the sources that lack a feature: names of the missing features by ``Source_Name``."""
    missing = _gamma_design(table).isna()
    missing = missing[missing.any(axis=1)]
    return pd.Series(
        [", ".join(missing.columns[row]) for row in missing.to_numpy()], index=missing.index, name="missing", dtype=object
    )


def gamma_features(table: pd.DataFrame) -> FeatureTable:
    """Build the ten features of the gamma-ray source classifiers (paper 2, section 2).

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of a 4FGL catalogue, or of any table with the columns `GAMMA_COLUMNS`, ``Source_Name``
        and ``CLASS1`` (empty where there is no association).

    Returns
    -------
    FeatureTable
        Only complete rows (`gamma_missing` lists the others). ``X`` has the columns
        `GAMMA_FEATURES`; ``y`` is 1 for associated and 0 for unassociated sources; ``info`` has the
        further column ``physical_class`` ("" for unassociated).

    Raises
    ------
    FeatureError
        For missing or empty columns, for values without a logarithm, and if no row is complete.
    """
    design, klass = _gamma_design(table), source_classes.gamma_class(table)
    kept = design.notna().all(axis=1).to_numpy()
    if not kept.any():
        raise FeatureError("No source has all ten features; `gamma_missing` lists what each row lacks.")
    rows = table[kept].assign(physical_class=klass[kept])
    return _finished(design[kept], (klass[kept] != "").to_numpy(float), rows)
