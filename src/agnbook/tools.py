"""What the book says about one source or about a table of sources: the work behind ``agnbook lookup`` and ``classify``."""

import difflib
import re
from functools import cache

import numpy as np
import pandas as pd

from agnbook import artifacts, catalogs, features, files
from agnbook.blazars import catalogue
from agnbook.blazars.networks import BlazarNetwork
from agnbook.errors import CatalogError, FeatureError

WEIGHTS = "weights/blazars_bias_init.json"
#: Units of the seven features in 4LAC; a table with other units is converted.
UNITS = {"Pivot_Energy": "MeV", "nu_syn": "Hz", "nuFnu_syn": "erg cm-2 s-1"}
NAME_COLUMNS = ("Source_Name", "Name", "Source")


def numbers(table, name: str) -> np.ndarray:
    """One column as floats in the units of 4LAC; NaN where it is masked, not a number, or infinite (4LAC's "not given")."""
    from astropy.units import Quantity, UnitConversionError

    column = table[name]
    column = column.filled(np.nan) if np.ma.isMaskedArray(column) and column.dtype.kind == "f" else column
    values = pd.Series(np.ma.filled(np.ma.asarray(column, dtype=object), np.nan))
    try:
        values = pd.to_numeric(values).to_numpy(float)
    except (ValueError, TypeError) as error:
        raise FeatureError(f"{name} must hold numbers ({error}). Correct or empty that cell.") from error
    if name in UNITS and getattr(column, "unit", None) is not None:
        try:
            values = Quantity(values, column.unit).to_value(UNITS[name])
        except (UnitConversionError, TypeError) as error:
            raise FeatureError(f"{name} is in {column.unit}; give it in {UNITS[name]}.") from error
    return np.where(np.isfinite(values), values, np.nan)


def _names(table, column: str) -> pd.Series:
    names = pd.Series(np.ma.filled(np.ma.asarray(table[column], dtype=object), "")).fillna("").astype(str).str.strip()
    if (blank := names == "").any():
        raise FeatureError(f"{blank.sum()} rows have no {column} (the first is row {np.flatnonzero(blank)[0] + 1}); name them.")
    if (repeated := names.duplicated()).any():
        raise FeatureError(
            f"{column} names {repeated.sum()} sources twice, such as {names[repeated].iloc[0]}; give one row a source."
        )
    return names


def classify(table):
    """Tell FSRQs from BL Lacs with the committed 7-42-1 network of chapter 14.

    Parameters
    ----------
    table : astropy.table.Table
        A column of names (`NAME_COLUMNS`) and the seven columns `features.BLAZAR_FEATURES` of 4LAC; capitals do not
        matter. Both SED columns are 0 where there is no synchrotron fit.

    Returns
    -------
    astropy.table.Table
        One row for each of the input, in its order: the name; ``probability_fsrq`` (NaN where a feature is not given);
        ``not_given`` and ``out_of_range``, names of features without a number or outside the training range; ``no_sed``;
        ``model_sha256``.

    Raises
    ------
    FeatureError
        For missing columns (all named), no rows, blank or repeated names, text or units that do not fit, values that must
        be positive and are not, and one SED column without the other.
    """
    from astropy.table import Table

    lower = {column.lower(): column for column in table.colnames}
    name = next((lower[column.lower()] for column in NAME_COLUMNS if column.lower() in lower), None)
    missing = [column for column in features.BLAZAR_FEATURES if column.lower() not in lower]
    if absent := (["Source_Name"] if name is None else []) + missing:
        advice = " 4FGL has no synchrotron fits: take them from 4LAC, or set both columns to 0." if "nu_syn" in missing else ""
        raise FeatureError(f"The table lacks the columns {', '.join(absent)}; use 4LAC / 4FGL column names.{advice}")
    if not len(table):
        raise FeatureError("The table has no rows; give it at least one source.")
    names = _names(table, name)
    values = pd.DataFrame({column: numbers(table, lower[column.lower()]) for column in features.BLAZAR_FEATURES})
    wrong = []
    for column in features.BLAZAR_FEATURES:
        floor, bad = ("positive", values[column] <= 0) if column in features.BLAZAR_LOG else ("0 or positive", values[column] < 0)
        if column in (*features.BLAZAR_LOG, *features.SED_OFFSET, "Frac_Variability") and bad.any():
            wrong.append(f"{column} must be {floor}, but is not in {bad.sum()} rows, such as {names[bad].iloc[0]}")
    if wrong:
        raise FeatureError("; ".join(wrong) + ". Correct these values, or leave the cells empty.")
    weights = artifacts.verify(WEIGHTS)
    network = BlazarNetwork.load(weights)
    complete = values.notna().all(axis=1)
    answer = pd.DataFrame({"probability_fsrq": np.nan, "no_sed": False, "out_of_range": ""}, index=values.index)
    if complete.any():
        answer.loc[complete] = network.classify(values[complete])[list(answer)]
    columns = np.array(features.BLAZAR_FEATURES)
    return Table(
        {
            name: names.to_numpy(str),
            "probability_fsrq": answer["probability_fsrq"].to_numpy(float).round(5),
            "not_given": np.array([", ".join(columns[row]) for row in values.isna().to_numpy()], dtype=str),
            "no_sed": answer["no_sed"].to_numpy(bool),
            "out_of_range": answer["out_of_range"].to_numpy(str),
            "model_sha256": np.full(len(names), files.sha256(weights)),
        }
    )


def simplified(name: str) -> str:
    """Return a name without what people write differently: capitals, spaces, underscores, dashes, a leading 4FGL."""
    name = re.sub(r"[\s_]+", "", name).lower().translate(str.maketrans("−–—", "---")).removeprefix("4fgl")
    return re.sub(r"^(markarian|mrk)(?=\d)", "mkn", name)


@cache
def _dr4() -> pd.DataFrame:
    columns = ["Source_Name", "ASSOC1", "ASSOC2", "ASSOC_4FGL", "CLASS1", "RAJ2000", "DEJ2000", "GLON", "GLAT"]
    return catalogs.read("4fgl-dr4", columns).set_index("Source_Name")


@cache
def new_names() -> dict[str, str]:
    """Name in an earlier release -> name in 4FGL-DR4, where that changed, if only by the ``c`` of a confused region."""
    table = _dr4()
    pairs = [(name[:-1], name) for name in table.index if name.endswith("c")]
    pairs += [(old, new) for new, old in table.loc[~table["ASSOC_4FGL"].duplicated(keep=False), "ASSOC_4FGL"].items()]
    return {old: new for old, new in pairs if old and old not in table.index}


@cache
def source_table() -> pd.DataFrame:
    """Every source of 4FGL-DR4 and, where the file is there, of 4LAC-DR3, indexed by name."""
    try:
        parts = [catalogs.read_fits(catalogs.find(f"4lac-dr3-{letter}", download=False)) for letter in "hl"]
    except CatalogError:
        return _dr4()
    kept = ["ASSOC1", "CLASS", "Redshift", "RAJ2000", "DEJ2000", "GLON", "GLAT"]
    lac = pd.concat(parts).set_index("Source_Name")[kept].add_suffix("_4LAC").rename(index=new_names())
    return _dr4().join(lac, how="outer")


@cache
def _index() -> dict[str, tuple[str, dict[str, None]]]:
    """Simplified name -> the name as it is written, and the sources that bear it."""
    table, index = source_table(), {}
    columns = [column for column in ("ASSOC1", "ASSOC2", "ASSOC1_4LAC") if column in table]
    spelt = [(source, source) for source in table.index] + list(new_names().items())
    spelt += [pair for column in columns for pair in zip(table[column].fillna(""), table.index, strict=True)]
    spelt += [(source, source) for stem in ("blazar_classes", "agn_redshifts") for source in published(stem).index]
    for name, source in spelt:
        if key := simplified(name):
            index.setdefault(key, (name, {}))[1][source] = None
    return index


@cache
def published(stem: str) -> pd.DataFrame:
    """Return a committed table of predictions, indexed by the sources' names of today."""
    if stem.startswith("shift"):
        return artifacts.load_table(f"results/{stem}.csv").set_index("Source_Name")
    return catalogue.read(stem).set_index("Source_Name").rename(index=new_names())


def find_sources(name: str) -> list[str]:
    """Return the sources called `name`: a 4FGL name or a counterpart's, in any spelling that `simplified` forgives.

    Raises
    ------
    CatalogError
        When there is none, with the names that come closest.
    """
    index, key = _index(), simplified(name)
    if key in index:
        return list(index[key][1])
    starts = [other for other in index if len(key) > 3 and other.startswith(key)]
    near = [index[other][0] for other in (starts or difflib.get_close_matches(key, index, n=5, cutoff=0.75))[:5]]
    advice = f"Did you mean {', '.join(near)}?" if near else "Give a 4FGL name, such as '4FGL J1104.4+3812', or a counterpart."
    raise CatalogError(f"No source of 4FGL-DR4 or 4LAC-DR3 is called {name!r}. {advice}")


def describe(source: str) -> tuple[dict[str, str], pd.DataFrame]:
    """Return what is known of a source, and what the book predicts for it.

    Parameters
    ----------
    source : str
        A name that `find_sources` returns.

    Returns
    -------
    facts : dict of str
        Names, classes, position (degrees, J2000) and redshift; empty for a source of a 4LAC that is not there.
    predictions : pandas.DataFrame
        Columns ``prediction``, ``value``, ``low``, ``high``, ``interval`` (what low and high are), from the committed
        tables of chapters 15 and 25; no rows where the book predicts nothing.
    """
    facts, rows = {}, []
    if source in source_table().index:
        row = source_table().loc[source]
        given = {column: row[column] for column in row.index if pd.notna(row[column]) and row[column] != ""}
        suffix = "" if "RAJ2000" in given else "_4LAC"
        facts["counterpart"] = ", ".join(
            dict.fromkeys(str(given[column]) for column in ("ASSOC1", "ASSOC2", "ASSOC1_4LAC") if column in given)
        )
        classes = {"4FGL-DR4": given.get("CLASS1", "" if suffix else "none"), "4LAC-DR3": given.get("CLASS_4LAC", "")}
        facts["class"] = ", ".join(f"{str(value).strip()} ({release})" for release, value in classes.items() if value)
        ra, dec, lon, lat = (given[column + suffix] for column in ("RAJ2000", "DEJ2000", "GLON", "GLAT"))
        facts["position"] = f"RA {ra:.4f}, Dec {dec:+.4f} deg (J2000); l {lon:.4f}, b {lat:+.4f} deg"
        if given.get("Redshift_4LAC", 0) > 0:
            facts["redshift"] = f"{given['Redshift_4LAC']:.4g} (4LAC-DR3)"
        facts = {name: value for name, value in facts.items() if value}
    if source in (groups := published("shift_catalogue_unweighted")).index:
        row = groups.loc[source]
        for model, label in (("RF", "random forest"), ("NN", "network")):
            for group in ("bll", "fsrq", "bcu", "psr", "msp", "spp"):
                mean, sd = row[f"{model}_{group}"], row[f"{model}_{group}_std"]
                low, high = max(mean - sd, 0), min(mean + sd, 1)
                interval = f"mean, sd over {row['N_Splits']:.0f} splits"
                if np.isfinite(mean):
                    rows.append((f"P({group}+), {label}", mean, low, high, interval))
    if source in (classes := published("blazar_classes")).index:
        row = classes.loc[source]
        doubt = "; no SED" if row["no_sed"] else ""
        rows.append(("P(FSRQ) of a blazar", *row[[f"probability_{name}" for name in ("fsrq", "low", "high")]], f"95 %{doubt}"))
    if source in (redshifts := published("agn_redshifts")).index:
        row = redshifts.loc[source]
        rows += [("redshift, median", *row[["z_q500", f"z_low{level}", f"z_high{level}"]], f"{text} %, calibrated")
                 for level, text in ((68, "68.3"), (95, "95.4"))]  # fmt: skip
    return facts, pd.DataFrame(rows, columns=["prediction", "value", "low", "high", "interval"])
