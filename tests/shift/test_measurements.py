"""Measurements carry the numbers of their tables to the ids of their claims."""

import pandas as pd
import pytest

from agnbook.chapter import declared
from agnbook.shift import catalogue, effect_studies, measurements, network_studies, speed
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


def test_speeds_are_ratios_of_one_training_each():
    ways = {
        speed.CATALOGUE: (204, 30.0, 50.0), speed.AT_ONCE: (51, 10.2, 10.2), speed.ONE_BY_ONE: (5, 10.0, 10.0),
        speed.KERAS: (5, 20.0, 30.0), speed.KERAS_EPOCHS: (5, 5.0, 15.0), speed.FOREST: (5, 1.0, 1.0),
        speed.SCIKIT: (5, 1.1, 1.2),
    }  # fmt: skip
    rows = [(way, *numbers, 1.5) for way, numbers in ways.items()]
    costs = pd.DataFrame(rows, columns=["way", "trainings", "wall_seconds", "cpu_seconds", "peak_memory_gb"])
    found = {key: one.ours for key, one in measurements.speeds(costs, 5).items()}
    assert found["shift.networks.speedup"] == pytest.approx(30) and found["shift.networks.speedup_wall"] == pytest.approx(20)
    assert found["shift.networks.speedup_one_by_one"] == pytest.approx(10) and found["shift.forest.speedup"] == pytest.approx(1.2)
    assert found["shift.catalogue.wall_seconds"] == 30 and found["shift.catalogue.memory"] == 1.5
    assert found["shift.catalogue.speedup"] == pytest.approx(102 * (4 + 0.22) / 30)
    stated = {key for key in declared.read("25_build_the_catalogue") if "speedup" in key or "shift.catalogue" in key}
    assert stated == set(found)


def test_ratios_stand_beside_that_of_all_classes():
    found = measurements.ratios(pd.DataFrame({"value": [2.0], "low": [1.5], "high": [2.5]}, ["shift.ratio.spp"]), 50, 100)
    assert found["shift.ratio.spp"].interval == (1.5, 2.5) and found["shift.trivial.ratio"].ours == 0.5
