"""Repeated splits that are drawn once, committed, and shared by every model of a chapter."""

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold

from agnbook import storage
from agnbook.errors import ResultsError


def repeated_folds(n: int, n_splits: int = 10, n_repeats: int = 3, seed: int = 0, labels=None) -> np.ndarray:
    """Draw fold numbers for repeated k-fold cross-validation.

    Parameters
    ----------
    n : number of sources.
    labels : array, shape (n,), optional
        Classes to stratify by.

    Returns
    -------
    numpy.ndarray of int, shape (n_repeats, n)
        ``folds[r, i]`` is the fold in which source `i` is held out in repeat `r`.
    """
    folds = np.empty((n_repeats, n), dtype=int)
    for repeat in range(n_repeats):
        kind = KFold if labels is None else StratifiedKFold
        splitter = kind(n_splits, shuffle=True, random_state=seed + repeat)
        for fold, (_, test) in enumerate(splitter.split(np.zeros(n), labels)):
            folds[repeat, test] = fold
    return folds


def load_folds(name: str, sources) -> np.ndarray:
    """Read committed folds for exactly these sources, in their order, shape (n_repeats, n).

    Raises
    ------
    ResultsError
        When the file is missing or the sources differ from those the folds were drawn for.
    """
    path = storage.DATA / "folds" / f"{name}.csv"
    if not path.exists():
        raise ResultsError(f"No folds in {path}. It belongs to the repository: restore it with `git checkout data/folds`.")
    table = pd.read_csv(path).set_index("Source_Name")
    sources = pd.Index(sources)
    if len(unknown := sources.symmetric_difference(table.index)):
        raise ResultsError(f"{path} was drawn for other sources: {len(unknown)} differ, such as {unknown[0]}.")
    return table.loc[sources].to_numpy().T


def splits(folds: np.ndarray):
    """Yield (repeat, fold, train rows, test rows) for every fold of every repeat."""
    for repeat, row in enumerate(folds):
        for fold in np.unique(row):
            yield repeat, int(fold), np.flatnonzero(row != fold), np.flatnonzero(row == fold)


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
