"""Folds."""

import numpy as np
import pandas as pd
import pytest

from agnbook.errors import ResultsError
from agnbook.judge import cross_validation


def test_each_source_is_held_out_once_a_repeat():
    folds = cross_validation.repeated_folds(53, n_splits=5, n_repeats=2, seed=1)
    held_out = np.zeros((2, 53), int)
    for repeat, _, train, test in cross_validation.splits(folds):
        held_out[repeat, test] += 1
        assert not set(train) & set(test) and len(train) + len(test) == 53
    assert (held_out == 1).all()
    assert (folds == cross_validation.repeated_folds(53, 5, 2, seed=1)).all()


def test_stratified_folds_keep_the_class_mix():
    labels = np.repeat([0, 1], [80, 20])
    folds = cross_validation.repeated_folds(100, 10, 1, labels=labels)
    assert all(labels[folds[0] == fold].sum() == 2 for fold in range(10))


def test_folds_come_in_the_order_of_the_sources_and_refuse_others(data):
    names = [f"source {i}" for i in range(20)]
    folds = cross_validation.repeated_folds(20, 4, 3)
    (data / "folds").mkdir()
    table = pd.DataFrame(folds.T, pd.Index(names, name="Source_Name"), [f"repeat_{r}" for r in range(3)])
    table.to_csv(data / "folds" / "mine.csv")
    assert (cross_validation.load_folds("mine", names[::-1]) == folds[:, ::-1]).all()
    with pytest.raises(ResultsError, match="1 differ, such as"):
        cross_validation.load_folds("mine", names[1:])
    with pytest.raises(ResultsError, match="git checkout"):
        cross_validation.load_folds("absent", names)
