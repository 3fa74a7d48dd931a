"""What chapter 45 freezes: clean candidates, a baseline beside each answer, a plan for each table."""

import numpy as np
import pandas as pd
import pytest

from agnbook import committed
from agnbook.chapter import seals
from agnbook.chapter.sizes import Settings
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


def test_candidates_that_are_still_candidates_get_their_votes(monkeypatch):
    votes = pd.DataFrame(
        {"five voters": [0.2, 0.7, 0.9], "logistic": [0.1, 0.8, 0.9], "forest": [0.3, 0.6, 0.5], "always BL Lac": 0.01},
        index=["A", "B", "C"],
    )
    outcome = pd.DataFrame({"class_after": ["fsrq", "bcu", "bcu", "bcu"]}, index=["A", "C", "B", "X"])
    monkeypatch.setattr(sealing.candidates, "photon_index_alone", lambda catalogue, names: pd.Series(0.4, names))
    table = sealing.blazars(None, votes, outcome)
    assert list(table.index) == ["C", "B"], "A is answered, X has no forecast"
    assert table.loc["B"].to_dict() == pytest.approx(
        {"bll": 0.3, "fsrq": 0.7, "fsrq_low": 0.6, "fsrq_high": 0.8, "fsrq_index": 0.4}
    )


def test_sealed_redshifts_are_of_sources_that_nobody_has_answered():
    names = list("ABCDEF")
    catalogue = pd.DataFrame({"Source_Name": names, "Redshift": [np.nan] * 5 + [0.5], "Flags": [0, 0, 0, 0, 8, 0]})
    published = pd.DataFrame(
        {"Source_Name": ["B", "C", "D"], "kind": ["secure", "limit", "uncertain"], "z": 0.6, "file": "1CGH", "origin": "x"}
    )
    models = ("published", "class mean", sealing.redshifts.CENSORED_RECIPES[2])
    frozen = pd.concat(
        [
            pd.DataFrame({"model": model, "mean": k + np.arange(6.0)}, pd.Index(names, name="Source_Name")).assign(
                **{q: 10 * k + j for j, q in enumerate(later_redshifts.QUANTILES)}
            )
            for k, model in enumerate(models)
        ]
    )
    table = sealing.redshift_table(catalogue, published, frozen)
    assert list(table.index) == ["A", "D"], "B and C are answered, E is flagged, F is known"
    assert table.loc["D", ["mean", "class_mean", "far_mean"]].tolist() == [3, 4, 5]
    assert table.loc["A", ["q025", "class_q025", "class_q975"]].tolist() == [0, 10, 14]


def test_sealed_classes_come_with_their_members_range_and_a_baseline(monkeypatch):
    names = [f"S{i}" for i in range(6)]
    release = pd.DataFrame({
        "Source_Name": names, "CLASS1": ["", "", "", "", "bll", ""], "Flags": [0, 8, 0, 0, 0, 0],
        "Signif_Avg": [9.0, 9.0, 4.0, 9.0, 9.0, 9.0], "Variability_Index": [1.0, 1, 1, -1, 1, 1],
    })  # fmt: skip
    ahead = pd.DataFrame(index=names)
    for model, p in (("forest", 0.2), ("boosted", 0.6), ("quadratic", 0.4), ("ensemble", 0.5)):
        ahead[f"{model}: agn"] = p
    for group in source_classes.NAMES:
        ahead[f"ensemble: {group}"] = 1 / 6
    asked = {}

    def forecast_release(table, *, seed, **sizes):
        asked["release"] = table["Source_Name"].tolist()
        return None, ahead

    monkeypatch.setattr(sealing.releases, "forecast_release", forecast_release)
    latitude = pd.DataFrame({"agn": 0.3, "galactic": 0.7}, names)
    monkeypatch.setattr(sealing.pulsars, "forecast", lambda *a, **k: pd.DataFrame({"agn": 0.8, "psr": 0.2}, names))
    monkeypatch.setattr(sealing.pulsars, "simple_forecasts", lambda *a: {"abs(b) alone": latitude})
    table = sealing.unassociated(release, "a recipe")
    assert asked["release"] == [name for name in names if name != "S3"], "a negative variability index is left out"
    assert list(table.index) == ["S0", "S5"]
    row = table.loc["S5"]
    assert row[["agn", "galactic", "agn_low", "agn_high"]].tolist() == [0.5, 0.5, 0.2, 0.6]
    assert row[["agn_or_psr", "psr", "agn_latitude"]].tolist() == [0.8, 0.2, 0.3]
    assert row[list(source_classes.NAMES)].sum() == pytest.approx(1)


def test_the_recipe_is_chosen_by_time_travel_in_a_paper_run_alone(monkeypatch):
    asked = []
    monkeypatch.setattr(sealing, "unassociated", lambda release, recipe, **sizes: asked.append((len(release), recipe, sizes)))
    monkeypatch.setattr(sealing, "blazars", lambda catalogue, votes, outcome: votes.index.name)
    monkeypatch.setattr(sealing, "redshift_table", lambda catalogue, published, frozen: set(frozen["model"]))
    monkeypatch.setattr(sealing.exams, "answers", lambda exam, older, newer: exam.name)
    monkeypatch.setattr(sealing.peers, "published_redshifts", lambda: None)
    release, sizes = pd.DataFrame({"x": range(10)}), {"every": 2, "trees": 3, "folds": 4, "boosting": 5}
    for profile in ("paper", "smoke"):
        found = sealing.tables(None, release, Settings("45_test", profile, sizes), 7)
        assert list(found) == list(sealing.PLANS) and found["clean_bcu"] == "Source_Name"
        assert "published" in found["clean_redshifts"]
    travelled = committed.load_table("results/later_time_travel.csv").set_index("Source_Name")
    assert [recipe for _, recipe, _ in asked] == [
        sealing.pulsars.ranking(travelled).index[0], " | ".join(sealing.pulsars.RECIPES[0])
    ]  # fmt: skip
    assert asked[0][0] == 5 and asked[0][2] == {"seed": 7, "n_trees": 3, "n_folds": 4, "n_rounds": 5}
