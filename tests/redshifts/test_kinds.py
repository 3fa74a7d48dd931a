"""Coverage by kind of source, and when a kind counts as validated."""

import numpy as np
import pandas as pd
import pytest

from agnbook.redshifts import kinds


@pytest.fixture
def sources():
    """Two hundred BL Lacs and sixty BCUs with a redshift, ten FSRQs, five BCUs without one."""
    names = [f"s{number}" for number in range(275)]
    group = np.repeat(["bll", "bcu", "fsrq", "bcu"], [200, 60, 10, 5])
    z = np.where(np.arange(275) < 270, 0.5, np.nan)
    return pd.DataFrame({"class": group, "cuts": True, "z": z}, index=pd.Index(names, name="Source_Name"))


def out_of_fold(sources, hit68, hit95):
    known = sources[sources["z"].notna()]
    rows = pd.DataFrame({"Source_Name": np.tile(known.index, 2)})  # two repeats
    for level, hit in (("68", hit68), ("95", hit95)):
        rows[f"low_{level}"] = 0.4
        rows[f"high_{level}"] = np.tile(np.where(hit, 0.6, 0.45), 2)
    return rows


def test_coverage_is_counted_by_source_and_small_kinds_validate_nothing(sources):
    number = 7 * np.arange(270)
    table = kinds.coverage(out_of_fold(sources, number % 100 < 68, number % 100 < 95), sources)
    assert table.loc[("bll", True), ["known", "unknown", "covered68", "covered95"]].tolist() == [200, 0, 0.68, 0.95]
    assert table.loc[("bcu", True), "unknown"] == 5
    assert table["validated"].to_dict() == {("bcu", True): True, ("bll", True): True, ("fsrq", True): False}


@pytest.mark.parametrize(("share68", "share95"), [(50, 95), (68, 80), (90, 95)])
def test_a_kind_whose_intervals_are_too_narrow_or_too_wide_fails(sources, share68, share95):
    number = 7 * np.arange(270)
    table = kinds.coverage(out_of_fold(sources, number % 100 < share68, number % 100 < share95), sources)
    assert not table.loc[("bll", True), "validated"]


@pytest.mark.parametrize(("known", "validated"), [(49, False), (50, True)])
def test_fifty_known_redshifts_are_enough(sources, known, validated):
    """With intervals of which 34 in 50 and 48 in 50 hold, as promised."""
    some = sources[sources["class"] == "bll"].head(known)
    number = np.arange(known)
    table = kinds.coverage(out_of_fold(some, number < 0.683 * known, number < 0.954 * known), some)
    assert table.loc[("bll", True), "validated"] == validated


@pytest.mark.parametrize(("held", "validated"), [(244, True), (240, False)])
def test_how_far_a_coverage_may_be_from_its_promise(held, validated):
    """Of 400 sources 273 should hold, and may be .03 and two standard errors of .023 fewer: at least 243."""
    names = pd.Index([f"s{number}" for number in range(400)], name="Source_Name")
    sources = pd.DataFrame({"class": "bll", "cuts": True, "z": 0.5}, index=names)
    number = np.arange(400)
    assert kinds.coverage(out_of_fold(sources, number < held, number < 381), sources)["validated"].tolist() == [validated]


def test_kinds_are_read_from_the_catalogue():
    table = pd.DataFrame({"Source_Name": ["a", "b", "c"], "CLASS": ["BLL", "fsrq", "rdg"], "Redshift": [0.3, -np.inf, 1.0]})
    found = kinds.of(table, {"a"})
    assert found["class"].tolist() == ["bll", "fsrq", "other"] and found["cuts"].tolist() == [True, False, False]
    assert found["z"].isna().tolist() == [False, True, False]
