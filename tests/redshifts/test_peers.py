"""Redshift models from the shelf, out of fold."""

import numpy as np
import pandas as pd

from agnbook.judge import cross_validation
from agnbook.redshifts import baselines, peers


def test_every_peer_answers_for_sources_it_has_not_seen():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 4)), index=[f"S{i}" for i in range(60)])
    z = np.exp(0.5 * X[0].to_numpy())
    folds = cross_validation.repeated_folds(60, 3, 2)
    sizes = {"trees": 20, "head_members": 1, "head_epochs": 3}
    table = peers.out_of_fold(X, z, folds, **sizes)
    assert len(table) == 120 and table[["ridge", "forest", "histgb", "location", "scale"]].notna().all(axis=None)
    assert table.groupby("repeat")["Source_Name"].nunique().tolist() == [60, 60]
    for repeat, _, seen, held_out in cross_validation.splits(folds):
        ours = table["ridge"].to_numpy()[repeat * 60 + held_out]
        np.testing.assert_allclose(ours, baselines.ridge(X.to_numpy(), z, seen, held_out))
    assert np.corrcoef(np.tile(z, 2), table["forest"])[0, 1] > 0.5


def test_a_source_does_not_predict_itself():
    rng = np.random.default_rng(1)
    X, z = pd.DataFrame(rng.normal(size=(40, 3)), index=[f"S{i}" for i in range(40)]), rng.uniform(0, 2, 40)
    folds = cross_validation.repeated_folds(40, 4, 1)
    changed = z.copy()
    changed[5] = 30.0
    first, again = (peers.out_of_fold(X, each, folds, trees=5, head_members=1, head_epochs=2) for each in (z, changed))
    for name in ("ridge", "forest", "histgb"):
        assert first[name][5] == again[name][5] and (first[name] != again[name]).any()
