"""The diagnostics of chapter 34 on few curves: what must pass passes, what is broken is noticed."""

import numpy as np
import pytest

from agnbook import storage
from agnbook.banp import diagnostics
from agnbook.lightcurves import dataset, noise

SIZES = {
    "neural": 30, "passes": 6, "test": 120, "chunk": 120, "samples": 60, "temperatures": 4, "stress": 40, "dropout_curves": 20,
    "retrained_curves": 20, "retrained_steps": 2, "rates": [0.0, 0.3],
}  # fmt: skip


@pytest.mark.slow
def test_a_perfect_posterior_passes_every_diagnostic_and_a_narrow_one_fails():
    rng = np.random.default_rng(0)
    samples, truth = rng.standard_normal((1500, 200, 21)), rng.standard_normal((1500, 21))
    curves, targets = diagnostics.diagnose("perfect", truth, samples, rng)
    assert (curves.groupby("test").largest.first() < 1.63 / np.sqrt(1500)).all()  # the 1 % limit
    assert targets.coverage68.between(0.63, 0.73).all() and targets.coverage95.between(0.925, 0.975).all()
    curves, targets = diagnostics.diagnose("narrow", truth, 0.7 * samples, rng)
    largest = curves.groupby("test").largest.first()
    assert largest["mahalanobis"] > 0.3 and largest["self_test"] < 1.63 / np.sqrt(1500)
    assert (targets.coverage68 < 0.6).all()


def test_each_case_of_the_stress_test_breaks_what_its_name_says():
    cases = diagnostics._broken_assumptions(60, np.random.default_rng(1))
    scaled = {name: ((c.observed - c.truth)[c.is_visit]) / noise.CONSTANT for name, c in cases.items()}
    assert scaled["as trained"].std() == pytest.approx(1, abs=0.02)
    assert scaled["errors twice those stated"].std() == pytest.approx(2, abs=0.04)
    assert scaled["plus a periodic signal"].std() * noise.CONSTANT == pytest.approx(0.3 / np.sqrt(2), abs=0.02)
    assert set(cases["100 visits"].is_visit.sum(axis=1)) == {100}
    shared, own = (cases[name].truth for name in ("as trained", "one driver a band"))
    correlation = [np.median([np.corrcoef(x[:400, 0], x[:400, 5])[0, 1] for x in some]) for some in (shared, own)]
    assert correlation[0] > 0.95 > 0.6 > abs(correlation[1])


@pytest.mark.slow
def test_the_committed_models_keep_to_the_diagonal():
    table = diagnostics.ranks(SIZES, "book", 0)
    curves, targets = table[table["kind"] == "curve"], table[table["kind"] == "target"]
    assert tuple(curves["model"].unique()) == tuple(targets["model"].unique()) == diagnostics.MODELS
    assert (targets.groupby("model").size() == 21).all()
    assert (curves.loc[curves["level"] == 1, "fraction"] == 1).all()
    own = curves[curves["model"].str.startswith("own") & (curves["test"] == "mahalanobis")]
    assert (own["n"] == 120).all() and (own.groupby("model")["largest"].first() < 1.63 / np.sqrt(120)).all()  # the 1 % limit
    assert targets.loc[targets["model"].str.startswith("own"), "coverage68"].between(0.45, 0.9).all()  # 5 sd of 120 curves


@pytest.mark.slow
def test_dropout_widens_what_is_predicted(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "ROOT", tmp_path)
    table = diagnostics.dropout(SIZES, "book", 0)
    assert table[["changed", "dropout"]].to_numpy().tolist() == [
        ["training", 0.0], ["training", 0.3], ["prediction", 0.0], ["prediction", 0.3],
    ]  # fmt: skip
    trained, predicted = table[table["changed"] == "training"], table[table["changed"] == "prediction"]
    assert (trained["steps"] == 2).all() and predicted["steps"].nunique() == 1 and predicted["steps"].iloc[0] > 1000
    assert predicted["sigma"].iloc[1] > predicted["sigma"].iloc[0]
    assert predicted["mae"].max() < trained["mae"].min(), "two steps teach nothing"
    assert sorted(path.name for path in (tmp_path / "_build").iterdir()) == ["dropout-book-0.0.pt", "dropout-book-0.3.pt"]


@pytest.mark.slow
def test_a_temperature_stretches_the_posterior_about_its_mean():
    table = diagnostics.temperatures(SIZES, "book", 0)
    for setting in dataset.SETTINGS:
        plain, fitted = table[table["setting"] == setting].to_dict("records")
        assert plain["temperature"] == 1 and fitted["temperature"] in np.linspace(0.9, 1.2, 4) and fitted["fitted"]
        assert fitted["sigma"] == pytest.approx(plain["sigma"] * fitted["temperature"], rel=1e-9)
        assert fitted["mae"] == pytest.approx(plain["mae"], rel=1e-9)


@pytest.mark.slow
def test_the_guard_flags_what_breaks_an_assumption_that_it_can_see():
    table = diagnostics.stress(SIZES, "book", 0).set_index("case")
    assert len(table) == 7 and (table["n"] == 40).all()
    # one in a hundred as trained: more than three of forty have a probability of .001
    assert table.loc["as trained", "flagged"] <= 3 / 40
    doubled = table.loc["errors twice those stated"]
    assert doubled["variability"] == doubled["flagged"] == 1, "a chi-square of four"
    assert table.loc["one driver a band", "flagged"] > 0.5
    assert table["mae"].idxmin() in ("as trained", "errors twice those stated")
