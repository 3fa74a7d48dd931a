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

#: Photons were counted above 10 GeV; a source without one is censored there (GeV, just below the smallest listed value).
HIGHEST_ENERGY_CENSORED = 8.0
ERG_PER_MEV = 1.602176634e-6
#: Counterpart catalogues with enough sources to matter, and what the counterpart's name says about how it was found.
COUNTERPART_CATALOGS = ["bzcat", "rfc", "bllac", "cgrabs", "crates", "whsp2", "at20g", "wise"]
NAME_PREFIXES = {
    "name_bright_radio": ("PKS", "3C", "4C", "S3", "S4", "S5", "B2", "NRAO", "MRC", "CTA", "OI", "OJ", "OK", "OL", "OM", "ON",
                          "OP", "OQ", "OS", "OT", "OV", "OX"),
    "name_faint_radio": ("NVSS", "SUMSS", "FIRST", "CRATES", "WN", "CLASS"),
    "name_radio": ("PMN", "TXS", "GB6", "MG1", "MG2", "MG3", "MG4", "B3", "7C", "6C", "GB1"),
    "name_xray": ("1RXS", "RX", "RBS", "1ES", "MS", "RGB", "1H", "1E", "EXO", "1REX", "H"),
    "name_optical": ("SDSS", "SBS", "PG", "Ton", "FBQS", "LQAC", "2MASS", "2MASX", "WISE", "WISEA", "GALEXASC", "AT2"),
    "name_galaxy": ("NGC", "LEDA", "IC", "UGC", "Mkn", "Mrk", "Cen", "Fornax", "ESO", "VCC"),
}  # fmt: skip
#: The columns of `extended_redshift_features`, by what they tell.
EXTENDED_GROUPS = {
    "gamma rays": [
        "PL_Index", "LP_Index", "LP_beta", "Unc_PL_Index", "Unc_LP_Index", "Unc_LP_beta", "SpectrumType", "Pivot_Energy",
        "Highest_energy", "HE_EPeak", "HE_nuFnuPeak", "Flux1000", "Unc_Flux1000", "Energy_Flux100", "Unc_Energy_Flux100",
        "Signif_Avg", "Variability_Index", "Frac_Variability", "Unc_Frac_Variability", "Flags",
    ],
    "synchrotron peak": ["nu_syn", "nuFnu_syn", "SED_class", "Compton_dominance"],
    "class": ["CLASS_bll", "CLASS_fsrq", "CLASS_bcu", "CLASS_rdg"],
    "sky position": ["GLON", "GLAT", "abs_GLAT", "declination"],
    "counterpart": [
        "ASSOC_PROB_BAY", "ASSOC_PROB_LR", "Unc_Counterpart", "separation", "has_VLBI",
        *(f"catalog_{name}" for name in COUNTERPART_CATALOGS), *NAME_PREFIXES,
    ],
}  # fmt: skip
EXTENDED_REDSHIFT_FEATURES = [name for group in EXTENDED_GROUPS.values() for name in group]

#: Quantities that cannot be zero or negative.
POSITIVE = [
    "Pivot_Energy", "Unc_Frac_Variability", "Unc_Energy_Flux100", "Variability_Index", "Flux1000", "Unc_LP_Index",
    "Energy_Flux100", "Signif_Avg", "Unc_LP_beta", "Highest_energy",
]  # fmt: skip
#: The catalogue columns that `extended_redshift_features` reads.
EXTENDED_NUMBERS = [
    "Flags", "ASSOC_PROB_BAY", "ASSOC_PROB_LR", *REDSHIFT_RAW, *POSITIVE, *SED_OFFSET, "HE_EPeak", "HE_nuFnuPeak",
    "RAJ2000", "DEJ2000", "RA_Counterpart", "DEC_Counterpart", "Unc_Counterpart",
]  # fmt: skip
EXTENDED_TEXTS = ["SpectrumType", "CLASS", "SED_class", "Counterpart_Catalog", "VLBI_Counterpart", "ASSOC1"]


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


def extended_redshift_features(table: pd.DataFrame) -> FeatureTable:
    """Build the wider feature set of the book's best redshift model, for every row of `table`.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of 4LAC-DR3 from either file, with or without a redshift.

    Returns
    -------
    FeatureTable
        ``X`` has the columns `EXTENDED_REDSHIFT_FEATURES` (natural logarithms of positive
        quantities, indicators as 0 / 1) and, unlike the networks' table, NaN where a quantity
        was not measured; ``y`` is the redshift, NaN where unknown. No row is dropped.

    Raises
    ------
    FeatureError
        For missing or empty columns, and for zero or negative values of positive quantities.

    Notes
    -----
    The group ``counterpart`` describes how the counterpart was found (catalogue, survey prefix of
    its name, radio position), not what the source does: it carries selection, see chapter 13.
    """
    require_columns(table, ["Source_Name", "Redshift", *EXTENDED_NUMBERS, *EXTENDED_TEXTS])
    names = pd.Index(table["Source_Name"], name="Source_Name")
    return FeatureTable(extended_redshift_matrix(table).set_axis(names), known_redshift(table), table.set_axis(names))


def extended_redshift_matrix(table: pd.DataFrame) -> pd.DataFrame:
    """Transform the columns `EXTENDED_NUMBERS` and `EXTENDED_TEXTS`, row by row; see `extended_redshift_features`."""
    from astropy.coordinates import angular_separation

    def measured(name):  # the file marks "not given" by -inf or NaN, a missing SED fit by 0
        values = table[name].to_numpy(float)
        return np.where(np.isneginf(values) | ((values == 0) & (name in SED_OFFSET)), np.nan, values)

    highest = table["Highest_energy"].to_numpy(float)  # -inf, or 0 in the low-latitude file: no photon above 10 GeV
    positive = [
        *(name for name in REDSHIFT_LOG if name != "Highest_energy"),
        *SED_OFFSET,
        "Unc_Flux1000",
        "HE_EPeak",
        "HE_nuFnuPeak",
    ]
    columns = {name: table[name].to_numpy(float) for name in REDSHIFT_RAW if name != "Unc_Flux1000"}
    columns |= {name: logarithm(measured(name), name) for name in positive}
    columns["Highest_energy"] = logarithm(np.where(highest <= 0, HIGHEST_ENERGY_CENSORED, highest), "Highest_energy")
    columns["Compton_dominance"] = columns["HE_nuFnuPeak"] + np.log(ERG_PER_MEV) - columns["nuFnu_syn"]
    columns["SpectrumType"] = (table["SpectrumType"] != "PowerLaw").to_numpy(float)
    columns["Flags"] = (table["Flags"] != 0).to_numpy(float)
    columns["SED_class"] = table["SED_class"].map({"LSP": 0.0, "ISP": 1.0, "HSP": 2.0}).to_numpy(float)
    columns["abs_GLAT"] = np.abs(columns["GLAT"])
    columns["declination"] = table["DEJ2000"].to_numpy(float)
    columns |= {name: measured(name) for name in ("ASSOC_PROB_BAY", "ASSOC_PROB_LR")}
    columns["Unc_Counterpart"] = logarithm(measured("Unc_Counterpart"), "Unc_Counterpart")
    radians = [np.deg2rad(table[name].to_numpy(float)) for name in ("RAJ2000", "DEJ2000", "RA_Counterpart", "DEC_Counterpart")]
    columns["separation"] = np.log(np.rad2deg(angular_separation(*radians)) + 1e-4)
    columns["has_VLBI"] = (table["VLBI_Counterpart"].str.strip() != "").to_numpy(float)
    klass = physical_class(table)
    columns |= {f"CLASS_{name}": (klass == name).to_numpy(float) for name in ("bll", "fsrq", "bcu", "rdg")}
    catalog = table["Counterpart_Catalog"].str.strip()
    columns |= {f"catalog_{name}": (catalog == name).to_numpy(float) for name in COUNTERPART_CATALOGS}
    prefix = table["ASSOC1"].str.extract(r"^(\d?[A-Za-z]+\d?[A-Za-z]*)", expand=False)
    columns |= {name: prefix.isin(known).to_numpy(float) for name, known in NAME_PREFIXES.items()}
    return pd.DataFrame(columns, index=table.index)[EXTENDED_REDSHIFT_FEATURES]


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
    y = klass[kept].map({"bll": 0.0, "fsrq": 1.0}).to_numpy(float)
    return _finished(blazar_matrix(rows), y, rows)


def blazar_matrix(table: pd.DataFrame) -> pd.DataFrame:
    """Transform the seven catalogue columns of the blazar classifiers, row by row; see `blazar_features`."""
    X = table[BLAZAR_RAW].astype(float)
    return X.assign(**{name: logarithm(table[name], name) for name in BLAZAR_LOG}, **_sed_logarithms(table))[BLAZAR_FEATURES]


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


def gamma_class(table: pd.DataFrame) -> pd.Series:
    """Return 4FGL's CLASS1 in lower case, with "" for unassociated sources (blank or ``unk``)."""
    require_columns(table, ["CLASS1"])
    return table["CLASS1"].astype(str).str.strip().str.lower().replace("unk", "")


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
    design, klass = _gamma_design(table), gamma_class(table)
    kept = design.notna().all(axis=1).to_numpy()
    if not kept.any():
        raise FeatureError("No source has all ten features; `gamma_missing` lists what each row lacks.")
    rows = table[kept].assign(physical_class=klass[kept])
    return _finished(design[kept], (klass[kept] != "").to_numpy(float), rows)


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
    klass = physical_class(table)
    kept = (klass.isin(classes) & ((table["Flags"] == 0) | (not clean))).to_numpy()
    wide = extended_redshift_features(table[kept])
    y = klass[kept].map({"bll": 0.0, "fsrq": 1.0}).to_numpy(float)
    return FeatureTable(wide.X[EXTENDED_BLAZAR_FEATURES], y, wide.info)
