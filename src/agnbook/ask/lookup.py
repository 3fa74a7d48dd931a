"""What is known of a source, and what the book predicts for it."""

import json

import numpy as np
import pandas as pd

from agnbook import committed
from agnbook.ask import source_names
from agnbook.errors import CatalogError, FeatureError
from agnbook.sky import features

#: What is known of a source, in order.
FACTS = ("counterpart", "class", "later class", "position", "redshift")
_GAMMA = f"4FGL-DR4, {len(features.GAMMA_COLUMNS)} columns"
_BLAZAR = f"4LAC-DR3, {len(features.EXTENDED_BLAZAR_FEATURES)} features"
_REDSHIFT = f"4LAC-DR3, {len(features.EXTENDED_REDSHIFT_FEATURES)} features"


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
        Columns ``prediction``, ``value``, ``low``, ``high``, ``interval`` (what low and high are), ``seen`` (what the model
        saw of the source) and ``in_training`` (whether the source taught the models; only those answer then that had not
        seen it), from the committed tables of chapters 17 and 25; no rows where the book predicts nothing.
    """
    facts, rows = {}, []
    if source in source_names.source_table().index:
        row = source_names.source_table().loc[source]
        given = {column: row[column] for column in row.index if pd.notna(row[column]) and row[column] != ""}
        suffix = "" if "RAJ2000" in given else "_4LAC"
        facts["counterpart"] = ", ".join(
            dict.fromkeys(str(given[column]) for column in ("ASSOC1", "ASSOC2", "ASSOC1_4LAC") if column in given)
        )
        classes = {"4FGL-DR4": given.get("CLASS1", "" if suffix else "none"), "4LAC-DR3": given.get("CLASS_4LAC", "")}
        facts["class"] = ", ".join(f"{str(value).strip()} ({release})" for release, value in classes.items() if value)
        facts["later class"] = f"{later} (FL16Y)" if (later := source_names.later_class(source)) else ""
        ra, dec, lon, lat = (given[column + suffix] for column in ("RAJ2000", "DEJ2000", "GLON", "GLAT"))
        facts["position"] = f"RA {ra:.4f}, Dec {dec:+.4f} deg (J2000); l {lon:.4f}, b {lat:+.4f} deg"
        if given.get("Redshift_4LAC", 0) > 0:
            facts["redshift"] = f"{given['Redshift_4LAC']:.4g} (4LAC-DR3)"
        facts = {name: value for name, value in facts.items() if value}
    if source in (groups := source_names.published("shift_catalogue_unweighted")).index:
        row = groups.loc[source]
        for model, label in (("RF", "random forest"), ("NN", "network")):
            for group in ("bll", "fsrq", "bcu", "psr", "msp", "spp"):
                mean, sd = row[f"{model}_{group}"], row[f"{model}_{group}_std"]
                low, high = max(mean - sd, 0), min(mean + sd, 1)
                interval = f"mean, sd of {row['N_Splits']:.0f} splits"
                if np.isfinite(mean):
                    rows.append((f"P({group}+), {label}", mean, low, high, interval, _GAMMA, bool(row["Training_Sample"])))
    if source in (classes := source_names.published("blazar_classes")).index:
        row = classes.loc[source]
        doubt = "; no SED" if row["no_sed"] else ""
        ends = row[[f"probability_{name}" for name in ("fsrq", "low", "high")]]
        rows.append(("P(FSRQ), five voters", *ends, f"95 %{doubt}", _BLAZAR, False))
    if source in (redshifts := source_names.published("agn_redshifts")).index:
        row = redshifts.loc[source]
        for level, text in ((68, "68.3"), (95, "95.4")):
            ends = row[["z_q500", f"z_low{level}", f"z_high{level}"]]
            rows.append(("redshift, median", *ends, f"{text} %, calibrated", _REDSHIFT, False))
    return facts, pd.DataFrame(rows, columns=["prediction", "value", "low", "high", "interval", "seen", "in_training"])


def lookup(*names: str) -> dict[str, tuple[dict[str, str], pd.DataFrame]]:
    """Look sources up by any of their names.

    Returns
    -------
    dict
        Source -> its facts and predictions, see `describe`; several for a name that fits several.

    Raises
    ------
    CatalogError
        Where no source is called so, with the names that come closest.
    """
    found = [source for name in names for source in source_names.find_sources(name)]
    return {source: describe(source) for source in dict.fromkeys(found)}


def known(names) -> tuple[dict[str, tuple[dict[str, str], pd.DataFrame]], dict[str, str]]:
    """Look up the names that are known, and say of the others why they are not; where none is, that is an error.

    Returns
    -------
    found : as `lookup`.
    unknown : name -> reason in words.
    """
    found, unknown = {}, {}
    for name in names:
        try:
            found |= lookup(name)
        except CatalogError as error:
            unknown[name] = str(error)
    if not found:
        raise CatalogError("\n".join(unknown.values()))
    return found, unknown


def near(position: str, radius: float | None = None) -> dict[str, tuple[dict[str, str], pd.DataFrame]]:
    """Look up the sources at a position.

    Parameters
    ----------
    position : right ascension and declination in degrees (J2000), set apart by a space or a comma
    radius : degrees; by default the one source in whose ellipse the position lies, see `source_names.nearest_sources`.

    Returns
    -------
    dict
        As `lookup`, nearest first.

    Raises
    ------
    FeatureError
        For what is no position.
    CatalogError
        Where there is no source.
    """
    try:
        longitude, latitude = (float(part) for part in position.replace(",", " ").split())
    except ValueError:
        longitude = latitude = np.nan
    if not (-180 <= longitude <= 360 and -90 <= latitude <= 90):
        raise FeatureError(
            f"{position!r} is no position; give right ascension and declination in degrees, such as '166.114 38.209'."
        )
    if radius is not None and not 0 < radius <= 180:
        raise FeatureError(f"A radius of {radius:g} degrees; give one above 0, at most 180.")
    if radius is None:
        found = [source for source in source_names.nearest_sources([[longitude, latitude]]) if source]
    else:
        found = source_names.sources_within((longitude, latitude), radius)
    if not found:
        raise CatalogError(
            f"No source of 4FGL-DR4 lies there{'' if radius is None else f' within {radius:g} degrees'}; try --radius."
        )
    return {source: describe(source) for source in found}


#: Kind of prediction -> the committed table that it comes from.
_TABLES = {
    _GAMMA: "results/shift_catalogue_unweighted.csv", _BLAZAR: "results/blazar_classes.fits",
    _REDSHIFT: "results/agn_redshifts.fits",
}  # fmt: skip


def _with_hashes(predictions: pd.DataFrame) -> pd.DataFrame:
    """Add ``table_sha256``, the hash of the published table that each prediction comes from."""
    return predictions.assign(table_sha256=[committed.notes(_TABLES[seen])["sha256"] for seen in predictions["seen"]])


def tables_of(found: dict) -> list[str]:
    """Say which published tables the predictions come from, with their hashes."""
    seen = dict.fromkeys(seen for _, predictions in found.values() for seen in predictions["seen"])
    return [f"{each}: {_TABLES[each].rpartition('/')[2]}, sha256 {committed.notes(_TABLES[each])['sha256']}" for each in seen]


def as_table(found: dict) -> pd.DataFrame:
    """Return what `lookup` found as one table: a row a prediction, facts beside it; a row without one where there is none."""
    parts = []
    for source, (facts, predictions) in found.items():
        rows = _with_hashes(predictions) if len(predictions) else predictions.reindex([0])
        rows.insert(0, "Source_Name", source)
        parts.append(rows.assign(**{name: facts.get(name, "") for name in FACTS}))
    return pd.concat(parts, ignore_index=True)


def as_json(found: dict) -> str:
    """Return what `lookup` found as JSON: source -> ``facts`` and ``predictions``."""
    told = {
        source: {"facts": facts, "predictions": json.loads(_with_hashes(predictions).to_json(orient="records"))}
        for source, (facts, predictions) in found.items()
    }
    return json.dumps(told, indent=1, ensure_ascii=False)
