"""What chapter 45 freezes: clean candidates, a baseline beside each answer, a plan for each table."""

import numpy as np
import pandas as pd
import pytest

from agnbook import committed
from agnbook.chapter import seals
from agnbook.forecasts import sealing
from agnbook.judge import exams, later_redshifts
from agnbook.sky import catalogs, source_classes


def test_clean_sources_have_no_flag_and_five_sigma():
    table = pd.DataFrame(
        {"Source_Name": list("ABCD"), "CLASS1": ["", "unk", "", "bll"], "Flags": [0, 0, 8, 0], "Signif_Avg": [6.0, 4.9, 9.0, 9.0]}
    )
    assert sealing.clean(table).tolist() == ["A"]


@pytest.mark.parametrize("name", list(sealing.PLANS))
def test_sealed_tables_carry_their_plan(name):
    table, record = seals.sealed(name)
    assert {key: record[key] for key in sealing.PLANS[name]} == sealing.PLANS[name]
    assert table.index.is_unique and np.isfinite(table.to_numpy(float)).all() and len(record["model"]) == 64


def test_sealed_tables_can_be_scored_as_they_are():
    classes, _ = seals.sealed("clean_unassociated")
    assert len(exams.class_columns(classes, ("agn", "galactic"))) == len(classes)
    assert len(exams.class_columns(classes, source_classes.NAMES)) == len(classes)
    redshifts, _ = seals.sealed("clean_redshifts")
    quantiles = redshifts[list(later_redshifts.QUANTILES)].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all() and (redshifts["low95"] <= redshifts["high95"]).all()


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l", "fl16y")
def test_sealed_candidates_are_still_candidates():
    outcome = exams.answers(exams.get_exam("bll-fsrq"), catalogs.read_4lac(), catalogs.read("fl16y"))
    table, _ = seals.sealed("clean_bcu")
    assert (outcome.loc[table.index, "class_after"] == "bcu").all()
    votes = committed.load_table("results/later_forecasts_bcu.csv").set_index("Source_Name")
    np.testing.assert_allclose(table["fsrq"], votes.loc[table.index, "five voters"], atol=1e-4)


@pytest.mark.needs("fl16y")
def test_sealed_classes_are_of_clean_sources():
    table, _ = seals.sealed("clean_unassociated")
    assert table.index.isin(sealing.clean(catalogs.read("fl16y"))).all()
