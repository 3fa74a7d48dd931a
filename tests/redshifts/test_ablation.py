"""Sets of columns, the study's rows, and the extrapolation of a learning curve."""

import numpy as np
import pytest

from agnbook.redshifts import ablation, boosted
from agnbook.sky import features


def test_column_sets_leave_out_one_group_each():
    columns = [name for group in features.EXTENDED_GROUPS.values() for name in group]
    sets = ablation.column_sets(columns)
    assert sets["all columns"] == columns
    for name, group in features.EXTENDED_GROUPS.items():
        assert set(columns) - set(sets[f"without {name}"]) == set(group)
    source = features.EXTENDED_GROUPS["gamma rays"] + features.EXTENDED_GROUPS["synchrotron peak"]
    assert sets["gamma rays and synchrotron peak only"] == source


def test_study_scores_what_each_booster_answers(monkeypatch):
    z, folds = np.linspace(0.1, 2, 20), np.zeros((2, 20), int)
    columns = [name for group in features.EXTENDED_GROUPS.values() for name in group]
    asked = []

    class Sample:
        X = type("Table", (), {"columns": columns})

    def booster(sample, folds, chosen, extra, fraction, seed, rounds):
        asked.append((len(chosen), extra, fraction))
        return np.stack([z, z + 0.2 * fraction])

    monkeypatch.setattr(boosted, "booster_out_of_fold", booster)
    table = ablation.study(Sample, z, folds, curve_points=3, rounds=1.0)
    assert (table["kind"] == "curve").sum() == 3 and len(table) == len(asked)
    assert table.query("kind == 'curve'")["fraction"].tolist() == pytest.approx([0.1, np.sqrt(0.1), 1.0])
    np.testing.assert_allclose(table["rmse"], 0.2 * table["fraction"] / np.sqrt(2))
    assert (table["low"] <= table["rmse"] + 1e-12).all() and (table["rmse"] <= table["high"] + 1e-12).all()
    np.testing.assert_allclose(
        table["minus_all"], table["rmse"] - table["rmse"][asked.index((len(columns), True, 1.0))], atol=1e-12
    )
    assert (table["minus_low"] <= table["minus_all"] + 1e-12).all()
    rows_only = table["name"].tolist().index("all columns, the paper's rows only")
    assert asked[rows_only] == (len(columns), False, 1.0)


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_extrapolation_finds_the_floor_it_was_made_with(power):
    rows = np.geomspace(100, 2000, 6)
    floor, line = ablation.extrapolate(rows, np.sqrt(0.3**2 + 4 * rows**-power), power)
    assert floor == pytest.approx(0.3) and line(1e4) == pytest.approx(np.sqrt(0.09 + 4 * 1e4**-power))


def test_floors_of_several_exponents_fit_only_the_one_that_made_the_points():
    rows = np.geomspace(100, 2000, 6)
    table = ablation.floors(rows, np.sqrt(0.3**2 + 4 * rows**-0.5), [0.25, 0.5, 1.0], at=10_000)
    assert table.loc[0.5].tolist() == pytest.approx([0.3, np.sqrt(0.09 + 0.04), 0.0], abs=1e-6)
    assert table["largest misfit"].idxmin() == 0.5 and table["floor"].is_monotonic_increasing
    assert list(table) == ["floor", "RMSE at 10,000 rows", "largest misfit"]
