"""The 24 features for redshifts of paper 1, and the book's own extended set, from 4LAC-DR3."""

import numpy as np
import pandas as pd

from agnbook.errors import FeatureError
from agnbook.sky import source_classes
from agnbook.sky.feature_table import FeatureTable, _finished, logarithm, require_columns

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


#: Those of them that 4LAC has and 4FGL lacks. (4FGL's ``CLASS1`` is 4LAC's ``CLASS``.)
ONLY_IN_4LAC = [
    "Highest_energy", "HE_EPeak", "HE_nuFnuPeak", *reversed(SED_OFFSET), "SED_class", "Counterpart_Catalog", "VLBI_Counterpart",
]  # fmt: skip


#: The features of `EXTENDED_REDSHIFT_FEATURES` that 4FGL alone gives.
FEATURES_FROM_4FGL = [
    name for name in EXTENDED_REDSHIFT_FEATURES
    if name not in (*ONLY_IN_4LAC, "Compton_dominance", "has_VLBI") and not name.startswith("catalog_")
]  # fmt: skip


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
    z, klass = known_redshift(table), source_classes.physical_class(table)
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
        values = source_classes.physical_class(table) if name == "CLASS" else values
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
    its name, radio position), not what the source does: it carries selection, see chapter 14.
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
    klass = source_classes.physical_class(table)
    columns |= {f"CLASS_{name}": (klass == name).to_numpy(float) for name in ("bll", "fsrq", "bcu", "rdg")}
    catalog = table["Counterpart_Catalog"].str.strip()
    columns |= {f"catalog_{name}": (catalog == name).to_numpy(float) for name in COUNTERPART_CATALOGS}
    prefix = table["ASSOC1"].str.extract(r"^(\d?[A-Za-z]+\d?[A-Za-z]*)", expand=False)
    columns |= {name: prefix.isin(known).to_numpy(float) for name, known in NAME_PREFIXES.items()}
    return pd.DataFrame(columns, index=table.index)[EXTENDED_REDSHIFT_FEATURES]
