"""Folds of all known redshifts, groups, and coverage in each."""

import numpy as np
import pandas as pd
import pytest
from simulated import TINY, synthetic_sample

from agnbook.judge import cross_validation
from agnbook.judge.calibration import SIGMA_LEVELS, wilson_interval
from agnbook.redshifts import boosted, validation
from agnbook.sky import catalogs, features

DESCRIBED = pd.DataFrame(
    {"group": ["bll", "fsrq", "other", "bll"], "photon": [1, 0, 1, 0], "sed": [1, 1, 0, 0], "kept": [1, 0, 1, 0]}
)


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_committed_folds_are_the_drawn_ones_and_keep_the_papers():
    sample = boosted.redshift_sample(catalogs.read("4lac-dr3-h"), catalogs.read("4lac-dr3-l"))
    folds = cross_validation.load_folds(validation.FOLDS, sample.X.index)
    np.testing.assert_array_equal(folds, validation.draw_folds(sample))
    paper = sample.X.index[sample.kept]
    np.testing.assert_array_equal(folds[:, sample.kept], cross_validation.load_folds("redshift_10x3", paper))


def test_sources_are_described_by_class_photon_and_sed():
    energy = np.log([features.HIGHEST_ENERGY_CENSORED, 10.07, 50.0])
    X = pd.DataFrame({"Highest_energy": energy, "nu_syn": [30, np.nan, 33], "CLASS_fsrq": [1, 0, 0], "CLASS_bll": [0, 1, 0]})
    found = validation.describe(X)
    assert found["photon"].tolist() == [0, 1, 1] and found["sed"].tolist() == [1, 0, 1]
    assert found["group"].tolist() == ["fsrq", "bll", "other"]


def test_groups_are_complementary():
    masks = validation.groups(DESCRIBED)
    assert masks["all"].all()
    for one, other in (("inside the paper's cuts", "outside them"), ("SED fitted", "no SED")):
        assert (masks[one] ^ masks[other]).all()
    assert masks["BL Lac"].tolist() == [True, False, False, True]


def test_coverage_by_hand():
    hit = np.zeros((2, 4, 3), bool)
    hit[:, 0] = hit[0, 3] = True
    found = validation.coverage(hit, validation.groups(DESCRIBED))
    assert found.loc[("all", "68.3 %"), "value"] == pytest.approx(3 / 8)
    assert found.loc[("BL Lac", "95.4 %"), ["n", "value"]].tolist() == [2, 0.75]
    none = found.loc[("FSRQ", "99.7 %")]
    assert none[["value", "low", "high"]].tolist() == [0, *wilson_interval(0, int(none["n"]))] and none["high"] > 0.5
    assert found.loc[("all", "99.7 %"), "promised"] == pytest.approx(SIGMA_LEVELS[2])


def test_recalibration_repairs_a_group_that_was_too_sure():
    rng = np.random.default_rng(0)
    n = 2000
    group = np.where(np.arange(n) < n // 2, "bll", "fsrq")
    pit = rng.uniform(size=(2, n))
    sure = group == "bll"
    pit[:, sure] = rng.beta(0.4, 0.4, (2, sure.sum()))  # too many redshifts in the tails
    folds = cross_validation.repeated_folds(n, 10, 2)
    hit = validation.recalibrated(pit, folds, group)
    raw = np.abs(pit - 0.5)[..., None] <= np.array(SIGMA_LEVELS) / 2
    assert raw[:, sure, 0].mean() < 0.55
    for mask in (sure, ~sure):
        np.testing.assert_allclose(hit[:, mask].mean(axis=(0, 1)), SIGMA_LEVELS, atol=0.01)


def test_recalibration_does_not_see_the_fold_it_judges():
    folds = np.tile(np.arange(20) % 2, (1, 1))
    pit = np.where(folds == 0, 0.5, 0.99)  # what fold 0 teaches does not hold in fold 1
    hit = validation.recalibrated(pit, folds, np.full(20, "bll"))
    assert hit[0, folds[0] == 0].all() and not hit[0, folds[0] == 1, 0].any()


def test_every_row_is_predicted_and_judged_once_a_repeat(monkeypatch):
    sample = synthetic_sample()
    monkeypatch.setattr(validation, "describe", lambda X: pd.DataFrame({"group": "bll", "photon": 1, "sed": 1}, X.index))
    folds = cross_validation.repeated_folds(len(sample), 2, 2)
    table = validation.out_of_fold(sample, folds, n_jobs=1, **TINY)
    assert table.groupby("repeat")["Source_Name"].nunique().tolist() == [len(sample)] * 2
    z = pd.Series(sample.z, sample.X.index)[table["Source_Name"]].to_numpy()
    inside = (z >= table["low_95"]) & (z <= table["high_95"])
    assert (inside == table["hit_95"]).all() and 0 < table["hit_68"].mean() < table["hit_997"].mean()
    assert table.groupby("Source_Name")["kept"].first().sum() == sample.kept.sum() and "z" not in table
