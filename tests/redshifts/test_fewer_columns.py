"""What 4FGL's columns alone cost: which features they give, and the scores of each way against hand-made answers."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from simulated import catalogue

from agnbook.redshifts import fewer_columns
from agnbook.redshifts.boosted import RedshiftSample
from agnbook.redshifts.intervals import LEVELS, Predictive
from agnbook.sky import catalogs, features


def test_features_from_4fgl_are_those_that_do_not_move_with_what_4lac_alone_has():
    """Each column of 4LAC changed in turn: exactly the other features stay as they are."""
    rows = catalogue(6)
    before = features.extended_redshift_matrix(rows)
    changed = set()
    for name in features.ONLY_IN_4LAC:
        other = {
            "SED_class": "ISP",
            "Counterpart_Catalog": "rfc",
            "VLBI_Counterpart": "",
        }.get(name, 3.0)
        for value in (other, "HSP" if name == "SED_class" else other):
            for catalog in features.COUNTERPART_CATALOGS if name == "Counterpart_Catalog" else (value,):
                after = features.extended_redshift_matrix(rows.assign(**{name: catalog}))
                changed |= {column for column in before if not np.array_equal(before[column], after[column], equal_nan=True)}
    given_anyway = changed & set(features.FEATURES_FROM_4FGL)
    assert not given_anyway and set(features.FEATURES_FROM_4FGL) | changed | {"has_VLBI"} >= set(before)


@pytest.mark.needs("4fgl-dr3")
def test_4fgl_has_every_other_column():
    wanted = {*features.EXTENDED_NUMBERS, *features.EXTENDED_TEXTS} - set(features.ONLY_IN_4LAC)
    own = set(catalogs.read("4fgl-dr3").columns)
    assert wanted - own == {"CLASS"} and "CLASS1" in own and not own & set(features.ONLY_IN_4LAC)


def test_emptied_features_know_nothing_of_4lac():
    X = features.extended_redshift_matrix(catalogue(5))
    few = fewer_columns.emptied(X)
    pd.testing.assert_frame_equal(few[features.FEATURES_FROM_4FGL], X[features.FEATURES_FROM_4FGL])
    gone = few.drop(columns=features.FEATURES_FROM_4FGL)
    assert np.exp(gone.pop("Highest_energy")).tolist() == pytest.approx([features.HIGHEST_ENERGY_CENSORED] * 5)
    flags = [name for name in gone if name.startswith(("catalog_", "has_"))]
    assert (gone[flags] == 0).all(axis=None) and gone.drop(columns=flags).isna().all(axis=None) and len(flags) == 9


def _answers(shift):
    """A model that answers the true redshift plus `shift`, with intervals of one width."""

    def answer(X, names):
        centre = X["GLAT"].to_numpy() + shift
        return Predictive(centre[:, None] + 1e-6 * (LEVELS - 0.5), centre, np.full(len(X), 0.1)), None

    def limits(forecast, X):
        half = np.array([0.5, 2.0, 4.0])
        return forecast.mean[:, None, None] + half[None, :, None] * np.array([-1, 1])

    return SimpleNamespace(answer=answer, model=SimpleNamespace(intervals=limits))


def test_cost_is_each_ways_error_and_its_difference_from_all_columns():
    z = np.linspace(0.1, 1.0, 40)
    X = features.extended_redshift_matrix(catalogue(40)).assign(GLAT=z)
    sample = RedshiftSample(X, z, np.ones(40, bool))
    table = fewer_columns.cost(_answers(0.3), _answers(-0.7), sample).set_index("columns")
    assert list(table.index) == [fewer_columns.ALL, fewer_columns.EMPTY, fewer_columns.FITTED] and (table["n"] == 40).all()
    assert table["rmse"].tolist() == pytest.approx([0.3, 0.3, 0.7]) and table["crps"].tolist() == pytest.approx([0.3, 0.3, 0.7])
    for score in ("rmse", "crps"):
        assert table[f"{score}_more"].tolist() == pytest.approx([0, 0, 0.4])
        assert table[f"{score}_more_low"].tolist() == pytest.approx([0, 0, 0.4])  # every source alike: no interval
        assert table[f"{score}_high"].tolist() == pytest.approx([0.3, 0.3, 0.7])
    assert table["coverage68"].tolist() == [1, 1, 0] and table["coverage95"].tolist() == [1, 1, 1]
    assert table["width68"].tolist() == pytest.approx([1, 1, 1])
    assert list(fewer_columns.from_4fgl(sample).X) == features.FEATURES_FROM_4FGL
