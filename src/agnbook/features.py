"""The papers' feature tables and targets.

Paper 1 (Gharat, Borthakur & Bhatta): 24 features for redshifts, 7 for BL Lac / FSRQ, both from
4LAC-DR3. Which columns, logarithms and imputations these are is not in the paper; they follow the
authors' public notebooks, and chapter 11 shows each step.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from agnbook.errors import FeatureError

#: Offsets that keep a missing SED fit (both quantities 0) finite under the logarithm.
SED_OFFSET = {"nuFnu_syn": 1e-12, "nu_syn": 1e12}

REDSHIFT_RAW = [
    "GLON", "GLAT", "Frac_Variability", "PL_Index", "LP_Index", "LP_beta", "Unc_Flux1000", "Unc_PL_Index",
]  # fmt: skip
REDSHIFT_LOG = [
    "Pivot_Energy", "Highest_energy", "Unc_Frac_Variability", "Unc_Energy_Flux100", "Variability_Index", "Flux1000",
    "Unc_LP_Index", "Energy_Flux100", "Signif_Avg", "Unc_LP_beta",
]  # fmt: skip
REDSHIFT_CATEGORICAL = ["SpectrumType", "Flags", "CLASS", "SED_class"]
#: The 24 features in the order of the design matrix.
REDSHIFT_FEATURES = [*REDSHIFT_RAW, *REDSHIFT_LOG, *SED_OFFSET, *REDSHIFT_CATEGORICAL]

BLAZAR_RAW = ["PL_Index", "LP_Index", "Frac_Variability"]
BLAZAR_LOG = ["Pivot_Energy", "Variability_Index"]
#: The 7 features of the BL Lac / FSRQ classifiers.
BLAZAR_FEATURES = [*BLAZAR_RAW, *BLAZAR_LOG, *SED_OFFSET]

#: Quantities that cannot be zero or negative.
POSITIVE = [
    "Pivot_Energy", "Unc_Frac_Variability", "Unc_Energy_Flux100", "Variability_Index", "Flux1000", "Unc_LP_Index",
    "Energy_Flux100", "Signif_Avg", "Unc_LP_beta", "Highest_energy",
]  # fmt: skip


@dataclass(frozen=True)
class FeatureTable:
    """A design matrix with its target.

    Attributes
    ----------
    X : pandas.DataFrame, shape (n_sources, n_features)
        Finite numbers, not yet standardised; indexed by ``Source_Name``.
    y : numpy.ndarray, shape (n_sources,)
        Redshift, or 1 for FSRQ and 0 for BL Lac; NaN where unknown.
    info : pandas.DataFrame, shape (n_sources, any)
        The catalogue rows the features came from, same index.
    """

    X: pd.DataFrame
    y: np.ndarray
    info: pd.DataFrame

    def __len__(self) -> int:
        return len(self.X)


def require_columns(table: pd.DataFrame, columns) -> None:
    """Raise a `FeatureError` that names every column that is missing, all-NaN, or empty of rows."""
    if missing := [name for name in columns if name not in table.columns]:
        raise FeatureError(f"The table lacks the columns {', '.join(missing)}; use 4LAC / 4FGL column names.")
    if not len(table):
        raise FeatureError("The table has no rows; give it at least one source.")
    numeric = [name for name in columns if pd.api.types.is_numeric_dtype(table[name])]
    if empty := [name for name in numeric if not np.isfinite(table[name].to_numpy(float)).any()]:
        raise FeatureError(f"No row has a finite value in {', '.join(empty)}; get the file again or drop these features.")


def logarithm(values, name: str) -> np.ndarray:
    """Return the natural logarithm of a positive quantity; NaN stays NaN.

    Raises
    ------
    FeatureError
        For zero, negative or infinite values, with how many and the first row.
    """
    values = np.asarray(values, dtype=float)
    bad = ~np.isnan(values) & ~((values > 0) & np.isfinite(values))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise FeatureError(
            f"{name} must be positive and finite to take its logarithm; {bad.sum()} of {len(values)} rows are not "
            f"(row {row}: {values[row]:g}). Correct or drop them."
        )
    return np.log(values)


def physical_class(table: pd.DataFrame) -> pd.Series:
    """Return CLASS in lower case (the catalogue's upper case marks identified counterparts)."""
    return table["CLASS"].str.strip().str.lower()


def has_sed(table: pd.DataFrame) -> pd.Series:
    """Whether a synchrotron SED was fitted (``nu_syn`` > 0); without one both SED columns are 0."""
    return table["nu_syn"] > 0


def known_redshift(table: pd.DataFrame) -> np.ndarray:
    """Return redshifts as float with NaN for unknown (``-inf`` in the file), shape (n_sources,)."""
    redshift = table["Redshift"].to_numpy(float)
    return np.where(np.isfinite(redshift) & (redshift > 0), redshift, np.nan)


def _sed_logarithms(table: pd.DataFrame) -> pd.DataFrame:
    negative = [name for name in SED_OFFSET if (table[name] < 0).any()]
    if negative:
        raise FeatureError(f"{', '.join(negative)} must be 0 (no SED fit) or positive; correct or drop the negative rows.")
    return pd.DataFrame(
        {name: logarithm(table[name].to_numpy(float) + offset, name) for name, offset in SED_OFFSET.items()}, index=table.index
    )


def redshift_cuts(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many sources each of the paper's cuts leaves, in order.

    The columns ``step``, ``sources``, ``fsrq`` and ``median_redshift`` (of those with a redshift).
    """
    z, klass = known_redshift(table), physical_class(table)
    masks = {
        "4LAC-DR3, high latitude": np.ones(len(table), bool),
        "redshift known": np.isfinite(z),
        "Unc_LP_beta given": table["Unc_LP_beta"].notna().to_numpy(),
        "a photon above 10 GeV (Highest_energy given)": np.isfinite(table["Highest_energy"].to_numpy()),
    }
    kept, rows = np.ones(len(table), bool), []
    for step, mask in masks.items():
        kept = kept & mask
        rows.append((step, int(kept.sum()), int((klass[kept] == "fsrq").sum()), float(np.nanmedian(z[kept]))))
    return pd.DataFrame(rows, columns=["step", "sources", "fsrq", "median_redshift"])


def redshift_features(table: pd.DataFrame, known: bool = True) -> FeatureTable:
    """Build the 24 features of the redshift networks.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of 4LAC-DR3 (for the paper's 1224 sources: the high-latitude file).
    known : bool
        Keep the sources with a known redshift, or those without one.

    Returns
    -------
    FeatureTable
        ``X`` has the columns `REDSHIFT_FEATURES`; categories are codes in alphabetical order of
        the values found in the whole `table`; a missing SED class takes the most frequent value
        of the rows with a known redshift (LSP). ``y`` is the redshift.

    Raises
    ------
    FeatureError
        For missing or empty columns, and for values without a logarithm.

    Notes
    -----
    Sources without a photon above 10 GeV (``Highest_energy`` = -inf) or without ``Unc_LP_beta``
    are dropped, as in the paper's 1224. See chapter 11 for what that does to the sample.
    """
    require_columns(table, ["Source_Name", "Redshift", *REDSHIFT_FEATURES])
    z = known_redshift(table)
    complete = table["Unc_LP_beta"].notna() & np.isfinite(table["Highest_energy"])
    usable = complete & np.isfinite(z)
    kept = complete & (np.isfinite(z) == known)
    rows = table[kept]
    X = (
        rows[REDSHIFT_RAW]
        .astype(float)
        .assign(**{name: logarithm(rows[name], name) for name in REDSHIFT_LOG}, **_sed_logarithms(rows))
    )
    frequent = table.loc[usable & (table["SED_class"] != ""), "SED_class"].mode()
    frequent = frequent.iloc[0] if len(frequent) else ""
    for name in REDSHIFT_CATEGORICAL:
        values = table[name].replace("", frequent) if name == "SED_class" else table[name]
        values = physical_class(table) if name == "CLASS" else values
        X[name] = np.searchsorted(np.unique(values.to_numpy()), values[kept].to_numpy()).astype(float)
    return _finished(X[REDSHIFT_FEATURES], z[kept], rows)


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
    klass = physical_class(table)
    kept = klass.isin(classes) & ((table["Flags"] == 0) | (not clean))
    rows = table[kept]
    X = (
        rows[BLAZAR_RAW]
        .astype(float)
        .assign(**{name: logarithm(rows[name], name) for name in BLAZAR_LOG}, **_sed_logarithms(rows))
    )
    y = klass[kept].map({"bll": 0.0, "fsrq": 1.0}).to_numpy(float)
    return _finished(X[BLAZAR_FEATURES], y, rows)


def _finished(X: pd.DataFrame, y: np.ndarray, rows: pd.DataFrame) -> FeatureTable:
    bad = ~np.isfinite(X.to_numpy())
    if bad.any():
        columns = ", ".join(X.columns[bad.any(axis=0)])
        raise FeatureError(f"{bad.any(axis=1).sum()} rows have NaN or infinite values in {columns}; correct or drop them.")
    names = pd.Index(rows["Source_Name"], name="Source_Name")
    return FeatureTable(X.set_axis(names), np.asarray(y, float), rows.set_axis(names))


def standardise(train: np.ndarray, *others: np.ndarray) -> tuple[np.ndarray, ...]:
    """Shift and scale every array by the mean and standard deviation of `train`'s columns."""
    train = np.asarray(train, float)
    mean, scale = train.mean(axis=0), train.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    return tuple((np.asarray(array, float) - mean) / scale for array in (train, *others))


def paper_split(n: int, held_out: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the authors' row indices (train, validation, test).

    Two successive unstratified ``train_test_split`` calls with ``random_state=42``; half of the
    held-out rows validate. 1224 redshifts with ``held_out=0.1`` give 1101 / 61 / 62 rows, 2005
    blazars with ``held_out=0.2`` give 1604 / 200 / 201.
    """
    from sklearn.model_selection import train_test_split

    train, rest = train_test_split(np.arange(n), test_size=held_out, random_state=42)
    validation, test = train_test_split(rest, test_size=0.5, random_state=42)
    return train, validation, test
