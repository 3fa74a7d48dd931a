"""Which gamma-ray sources of 4FGL-DR4 resemble a given one, in the columns that every 4FGL table has."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from agnbook.errors import FeatureError
from agnbook.sky import catalogs, features, source_classes

#: The gamma-ray features of the blazar classifier; its other two come from radio to X-ray data, which 4FGL does not have.
COLUMNS = [*features.BLAZAR_RAW, *features.BLAZAR_LOG]


def design(table: pd.DataFrame) -> np.ndarray:
    """Return the coordinates of feature space before scaling, shape (n, 5): logarithms of energy and variability."""
    X = table[COLUMNS].astype(float).where(np.isfinite(table[COLUMNS].astype(float)))
    for name in features.BLAZAR_LOG:
        X[name] = np.log(X[name].where(X[name] > 0))
    return X.to_numpy()


@dataclass(frozen=True)
class Space:
    """The associated sources of 4FGL-DR4 in standardised feature space.

    Attributes
    ----------
    table : pandas.DataFrame, shape (n, any)
        Catalogue rows of the complete sources with a class, indexed by ``Source_Name``.
    mean, scale : arrays (5,)
    tree : scipy.spatial.KDTree of the standardised coordinates, in the table's order.
    gaps : array (n,), each source's distance to its nearest neighbour, sorted.
    """

    table: pd.DataFrame
    mean: np.ndarray
    scale: np.ndarray
    tree: object
    gaps: np.ndarray


@cache
def space() -> Space:
    """Return the space that `nearest` searches; read from 4FGL-DR4 once."""
    from scipy.spatial import KDTree

    columns = ["Source_Name", "ASSOC1", "CLASS1", "GLON", "GLAT", *COLUMNS]
    table = catalogs.read("4fgl-dr4", columns).set_index("Source_Name")
    X = design(table)
    kept = np.isfinite(X).all(axis=1) & (source_classes.gamma_class(table) != "").to_numpy()
    X = X[kept]
    mean, scale = X.mean(axis=0), X.std(axis=0)
    tree = KDTree((X - mean) / scale)
    gaps = np.sort(tree.query(tree.data, k=2)[0][:, 1])
    return Space(table[kept], mean, scale, tree, gaps)


def nearest(values, n: int = 10, leave_out: str = "") -> tuple[pd.DataFrame, float]:
    """Find the associated sources nearest to one source.

    Parameters
    ----------
    values : pandas.Series or dict with the five `COLUMNS`, in catalogue units.
    n : number of neighbours.
    leave_out : a name that is no neighbour: the source itself.

    Returns
    -------
    neighbours : pandas.DataFrame
        ``source``, ``counterpart``, ``class`` (4FGL-DR4) and ``distance``, nearest first. A distance of 1 is one standard
        deviation of the catalogue in one feature.
    isolation : float
        Fraction of 4FGL-DR4's own sources whose nearest neighbour is closer than this source's.

    Raises
    ------
    FeatureError
        For a value that is missing, infinite, or not positive where a logarithm is taken.
    """
    where = space()
    x = (design(pd.DataFrame([dict(values)]))[0] - where.mean) / where.scale
    if not np.isfinite(x).all():
        bad = ", ".join(np.array(COLUMNS)[~np.isfinite(x)])
        raise FeatureError(f"No place in feature space without {bad}; give a number (positive for energy and variability).")
    distance, row = where.tree.query(x, k=n + 1)
    found = where.table.iloc[row]
    table = pd.DataFrame(
        {
            "source": found.index,
            "counterpart": found["ASSOC1"].to_numpy(),
            "class": source_classes.gamma_class(found).to_numpy(),
            "distance": distance,
        }
    )
    table = table[table["source"] != leave_out].head(n).reset_index(drop=True)
    return table, float(np.searchsorted(where.gaps, table["distance"][0]) / len(where.gaps))
