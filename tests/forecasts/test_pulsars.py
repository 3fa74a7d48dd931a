"""Active galaxy or pulsar: recipes, steps between releases, baselines."""

import numpy as np
import pandas as pd
import pytest

from agnbook.forecasts import pulsars
from agnbook.judge import exams
from agnbook.sky import catalogs


def test_kinds_follow_the_choices_of_a_recipe():
    physical = pd.Series(["bcu", "bll", "msp", "psr", "snr", ""])
    assert pulsars.kinds(physical).tolist() == ["agn", "agn", "psr", "psr", "", ""]
    assert pulsars.kinds(physical, "three", "no candidates").tolist() == ["", "agn", "psr", "psr", "other", ""]


def test_recipes_are_all_combinations_once():
    assert len(pulsars.RECIPES) == len(set(pulsars.RECIPES)) == 80


def test_ranking_prefers_the_recipe_that_is_right_and_sure():
    answer = ["agn"] * 20 + ["psr"] * 5
    good, shy = np.where(np.array(answer) == "agn", 0.95, 0.05), np.where(np.array(answer) == "agn", 0.6, 0.4)
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"step": "x", "answer": answer, "noise": rng.uniform(size=25), "shy": shy, "good": good})
    ranked = pulsars.ranking(table)
    assert ranked.index.tolist() == ["good", "shy", "noise"]
    assert ranked.loc["good", "auc"] == 1 and ranked.loc["good", "logloss"] == pytest.approx(-np.log(0.95))


@pytest.mark.needs("4fgl-dr2", "4fgl-dr3")
def test_a_step_asks_only_what_the_older_release_could_not_know():
    older, newer = catalogs.read("4fgl-dr2"), catalogs.read("4fgl-dr3")
    X, labels = pulsars.step(older, newer)
    assert X.index.equals(labels.index) and X.index.is_unique and np.isfinite(X.to_numpy()).all()
    assert set(labels) == {"agn", "psr"} and (labels == "psr").sum() == 19
    classes = older.set_index("Source_Name")["CLASS1"].str.strip().str.lower()
    before = classes.reindex(X.index)
    assert before.isin(["", "unk"])[before.notna()].all()  # never a source that DR2 had a class for


@pytest.mark.needs("4fgl-dr4")
def test_simple_forecasts_know_nothing_but_their_columns():
    release = catalogs.read("4fgl-dr4").iloc[::4]
    simple = pulsars.simple_forecasts(release, exams.get_exam("agn-galactic").classes)
    assert simple["class fractions"]["agn"].nunique() == 1
    p = simple["abs(b) alone"]["agn"]
    latitude = release.set_index("Source_Name").loc[p.index, "GLAT"].abs()
    assert p[latitude > 30].min() > p[latitude < 2].max()
    np.testing.assert_allclose(p.groupby(latitude.round(6)).nunique(), 1)


@pytest.mark.slow
@pytest.mark.needs("4fgl-dr4")
def test_a_recipe_answers_for_the_unassociated_sources():
    release = catalogs.read("4fgl-dr4").iloc[::4]
    table = pulsars.forecast(release, "two | no candidates | wide | logistic", n_trees=5, n_rounds=3)
    kinds = release.set_index("Source_Name")["CLASS1"].str.strip()
    assert kinds[table.index].str.lower().isin(["", "unk"]).all()
    np.testing.assert_allclose(table.sum(axis=1), 1)
    assert table["psr"].std() > 0.1
