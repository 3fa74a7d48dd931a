"""Measurements carry the numbers of their tables to the ids of their claims."""

import pandas as pd
import pytest

from agnbook.chapter import declared
from agnbook.shift import catalogue, effect_studies, measurements, network_studies
from agnbook.sky import features
from agnbook.sky.source_classes import NAMES


def test_areas_have_the_ids_that_chapters_declare():
    rows = [("six", label, name, value) for label in effect_studies.LABELS for name in NAMES for value in (0.8, 0.9, 1.0)]
    rows += [("two", label, "AGN", 0.9) for label in effect_studies.LABELS for _ in range(3)]
    table = pd.DataFrame(rows, columns=["problem", "label", "class", "auc"])
    found = measurements.areas(table, effect_studies.LABELS, 7) | measurements.two_class_areas(table, 7, "searched")
    ids = declared.read("23_measure_its_effect")
    assert set(found) == {name for name in ids if name.startswith(("shift.auc.", "shift.auc_two"))}
    one = found["shift.auc.wrf.bll"]
    assert (one.ours, one.n) == (pytest.approx(0.9), 7) and one.interval == pytest.approx((0.704, 1))
    assert [name for name, value in found.items() if value.note] == ["shift.auc_two_class_weighted"]
    networks = {f"shift.auc.{label.lower()}.{short}" for label in network_studies.LABELS for short in catalogue.SHORT}
    assert networks <= set(declared.read("24_train_networks"))


def test_importances_are_those_of_table_b1():
    names = list(features.GAMMA_FEATURES)
    table = pd.DataFrame(
        {"feature": names * 4, "depth": [1] * 10 + [2] * 10 + [3] * 10 + [4] * 10, "importance": 0.1, "std": 0.01}
    )
    ids = {name for name in declared.read("23_measure_its_effect") if "importance" in name}
    assert set(measurements.importances(table, 5)) == ids


def test_the_largest_fall_is_named():
    index = pd.MultiIndex.from_product([["precision", "recall", "precision_half", "recall_half", "break_even"], NAMES])
    table = pd.DataFrame({"shift": 0.1, "shift_low": 0.0, "shift_high": 0.2}, index=index)
    table.loc[("recall", "psr+")] = [-0.4, -0.5, -0.3]
    found = measurements.falls(table, 9)["shift.fall.recall.most_probable"]
    assert (found.ours, found.interval, found.note) == (0.4, (0.3, 0.5), "largest for psr+")


def test_counts_carry_their_total_error():
    counts = pd.DataFrame({"expected": [100.0], "independent_std": [2.0], "key": ["unassociated.rf.spp"]}, index=["spp+"])
    found = measurements.counts(
        {("rf", False): counts}, {("rf", False): pd.DataFrame({"total": [10.0]}, index=["spp+"])}, {False: 50}
    )
    assert found["shift.unassociated.rf.spp"].interval == pytest.approx((80.4, 119.6))
    assert found["shift.plus_minus.unassociated.rf.spp"].ours == 2
