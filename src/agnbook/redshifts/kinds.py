"""Is a redshift tested where it is predicted? Sources by class and by the paper's cuts, and coverage in each kind."""

import numpy as np
import pandas as pd

from agnbook.sky import features, source_classes

#: A kind with fewer known redshifts than this tests nothing.
SMALLEST = 50
#: How far a coverage may be from the promise, beside two standard errors.
TOLERANCE = 0.03
PROMISED = {"68": 0.683, "95": 0.954}


def of(table: pd.DataFrame, inside_cuts) -> pd.DataFrame:
    """Return each source's kind and known redshift.

    Parameters
    ----------
    table : rows of 4LAC-DR3; inside_cuts : names of the sources that pass the paper's cuts.

    Returns
    -------
    pandas.DataFrame, indexed by ``Source_Name``
        ``class`` ("bll", "bcu", "fsrq" or "other"), ``cuts`` (bool) and ``z``, NaN where unknown.
    """
    group = source_classes.physical_class(table).to_numpy()
    group = np.where(np.isin(group, ["bll", "bcu", "fsrq"]), group, "other")
    columns = {"class": group, "cuts": table["Source_Name"].isin(inside_cuts), "z": features.known_redshift(table)}
    return pd.DataFrame(columns).set_index(pd.Index(table["Source_Name"], name="Source_Name"))


def coverage(out_of_fold: pd.DataFrame, kinds: pd.DataFrame) -> pd.DataFrame:
    """Coverage of held-out intervals by kind, and whether it validates the kind.

    Parameters
    ----------
    out_of_fold : ``Source_Name``, ``low_68``, ``high_68``, ``low_95``, ``high_95``; a row a source and repeat.
    kinds : of `of`.

    Returns
    -------
    pandas.DataFrame, indexed by (class, cuts)
        ``known`` and ``unknown`` (sources), ``covered68``, ``covered95`` (mean over the repeats of a source, then over
        sources) and ``validated``: at least `SMALLEST` known redshifts, and both coverages within `TOLERANCE` and two
        standard errors of the promise.
    """
    rows = out_of_fold.join(kinds, on="Source_Name")
    for level in PROMISED:
        rows[f"covered{level}"] = rows["z"].between(rows[f"low_{level}"], rows[f"high_{level}"])
    names = [f"covered{level}" for level in PROMISED]
    sources = rows.groupby(["class", "cuts", "Source_Name"])[names].mean().groupby(["class", "cuts"])
    table = sources.mean()
    table.insert(0, "known", sources.size())
    asked = kinds[kinds["z"].isna()].groupby(["class", "cuts"]).size()
    table.insert(1, "unknown", asked.reindex(table.index, fill_value=0))
    table["validated"] = table["known"] >= SMALLEST
    for level, promised in PROMISED.items():
        error = np.sqrt(promised * (1 - promised) / table["known"])
        table["validated"] &= (table[f"covered{level}"] - promised).abs() <= TOLERANCE + 2 * error
    return table
