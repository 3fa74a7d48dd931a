"""Which rows each member trains on, chooses its epoch by, and is tested on."""

from dataclasses import dataclass

import numpy as np

from agnbook.errors import FeatureError


@dataclass(frozen=True)
class Rows:
    """What every member trains on, chooses its epoch by, and is tested on.

    Attributes
    ----------
    x, y, w : float32 arrays (members, rows, 7), (members, rows), (members, rows)
        Training rows, standardised member by member; `w` is 0 in padding and sums to 1.
    held_x : float32 array (members, held rows, 7)
        Validation rows, then test rows.
    held_y, validation_w, test_w : float32 arrays (members, held rows)
        Labels; weights that sum to 1 over validation and test rows.
    test_rows : int array (members, held rows)
        Row of the source table for test rows, -1 elsewhere.
    mean, scale : arrays (members, 7)
        Each member's scaler.
    """

    x: np.ndarray
    y: np.ndarray
    w: np.ndarray
    held_x: np.ndarray
    held_y: np.ndarray
    validation_w: np.ndarray
    test_w: np.ndarray
    test_rows: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


def gather(X, y, splits) -> Rows:
    """Collect the rows of every member.

    Parameters
    ----------
    X : array, shape (n, n_features)
    y : array of 0 / 1, shape (n,)
    splits : sequence of (train, validation, test) index arrays
        One a member; a row may be repeated (bootstrap) and test may be empty.

    Raises
    ------
    FeatureError
        For values that are not finite, and for labels other than 0 and 1 among the rows used.
    """
    from agnbook.members import padded

    X, y = np.asarray(X, float), np.asarray(y, float)
    used = np.unique(np.concatenate([np.concatenate(split).astype(int) for split in splits]))
    if not np.isfinite(X[used]).all() or not np.isin(y[used], (0, 1)).all():
        raise FeatureError("Training needs finite features and labels 0 (BL Lac) or 1 (FSRQ); drop the other rows.")
    train, train_mask = padded([np.asarray(split[0], int) for split in splits])
    held, held_mask = padded([np.concatenate(split[1:]).astype(int) for split in splits])
    n_validation = np.array([len(split[1]) for split in splits])[:, None]
    is_validation = np.arange(held.shape[1]) < n_validation
    is_test = held_mask & ~is_validation
    # padding repeats row 0, so means and deviations are weighted
    weight = train_mask / train_mask.sum(axis=1, keepdims=True)
    mean = np.einsum("mr,mrf->mf", weight, X[train])
    scale = np.sqrt(np.einsum("mr,mrf->mf", weight, (X[train] - mean[:, None]) ** 2))
    scale = np.where(scale > 0, scale, 1.0)
    as32 = lambda values: np.ascontiguousarray(values, dtype=np.float32)  # noqa: E731
    return Rows(
        x=as32((X[train] - mean[:, None]) / scale[:, None]),
        y=as32(np.where(train_mask, y[train], 0)),
        w=as32(weight),
        held_x=as32((X[held] - mean[:, None]) / scale[:, None]),
        held_y=as32(np.where(held_mask, y[held], 0)),
        validation_w=as32(is_validation / np.maximum(is_validation.sum(axis=1, keepdims=True), 1)),
        test_w=as32(is_test / np.maximum(is_test.sum(axis=1, keepdims=True), 1)),
        test_rows=np.where(is_test, held, -1),
        mean=mean,
        scale=scale,
    )


def validated_splits(trainings, y, tests=None, seed: int = 0, fraction: float = 1 / 9):
    """Set a stratified validation part of every training set aside.

    Parameters
    ----------
    trainings : sequence of index arrays
        A bootstrap may repeat a row: all its copies go to one side.
    tests : sequence of index arrays, optional
    fraction : part of the distinct rows that validates; 1/9 of nine folds makes 80 / 10 / 10 %.

    Returns
    -------
    list of (train, validation, test) index arrays
    """
    splits = []
    for number, rows in enumerate(trainings):
        rng = np.random.default_rng((seed, number))
        distinct = np.unique(rows)
        chosen = [distinct[np.asarray(y)[distinct] == value] for value in (0, 1)]
        chosen = np.concatenate([rng.permutation(part)[: max(1, round(fraction * len(part)))] for part in chosen])
        validates = np.isin(rows, chosen)
        test = np.empty(0, int) if tests is None else tests[number]
        splits.append((np.asarray(rows)[~validates], np.sort(chosen), test))
    return splits
