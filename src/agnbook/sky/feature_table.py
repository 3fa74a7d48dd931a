"""A design matrix with its target, and the checks that every feature set shares."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from agnbook.errors import FeatureError


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
