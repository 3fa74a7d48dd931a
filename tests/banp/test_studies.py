"""The studies behind chapters 32 to 34: what each computes on small sizes, against values known otherwise."""

import numpy as np
import pandas as pd
import pytest

from agnbook.banp import comparisons, diagnostics, training_runs
from agnbook.banp.train import CurveSet
from agnbook.lightcurves import cadence, dataset, noise

SIZES = {
    "own": dict.fromkeys(dataset.SETTINGS, 60), "seeds": 2, "width": 8, "layers": 1, "own_epochs": 1, "chunk": 60, "test": 40,
}  # fmt: skip


def test_error_row_averages_objects_and_keeps_visits_apart():
    truth = np.zeros((2, 3))
    centre = np.array([[9.0, 1.0, 3.0], [9.0, 2.0, 5.0]])
    seen = np.array([[True, False, False], [True, False, True]])
    row = comparisons._error_row("x", centre, np.full((2, 3), 2.5), truth, seen, ~seen)
    assert row["context"] == pytest.approx((9 + 9 + 5) / 3)
    assert row["held_out"] == pytest.approx(2.0)  # (1 + 3) / 2 for the first object, 2 for the second
    assert row["coverage68"] == pytest.approx(2 / 3) and row["n"] == 2
    assert np.isnan(comparisons._error_row("x", centre, None, truth, seen, ~seen)["coverage68"])


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


def test_mass_from_true_values_improves_with_what_is_known():
    rms = comparisons.mass_from_truth(20_000, 0)
    assert rms["nothing (prior)"] > 0.5 > rms["z, M_i"] > rms["z, M_i, SF"]
    assert rms["z, M_i, SF, tau"] == pytest.approx(rms["z, M_i, SF"], abs=0.01)


@pytest.mark.slow
def test_the_mixture_and_every_seed_are_scored_and_training_happens_once(monkeypatch):
    own = training_runs.OwnPosteriors(SIZES, "smoke", 0)
    calls = []
    original = training_runs.train.own_posterior
    monkeypatch.setattr(training_runs.train, "own_posterior", lambda *a, **k: calls.append(a[0]) or original(*a, **k))
    losses, scores = own.losses(), own.scores()
    assert len(calls) == 2 * len(dataset.SETTINGS)
    assert losses.groupby(["setting", "seed"]).ngroups == 6
    assert list(scores.model.unique()) == ["seed 0", "seed 1", "mixture"]
    assert scores.groupby(["setting", "part"]).kept.sum().eq(1).all()
    best = losses.groupby(["setting", "seed"]).validation.min().unstack().idxmin(axis=1)
    kept = scores[scores.kept & (scores.part == "test")].set_index("setting").model
    assert (kept.str.removeprefix("seed ").astype(int) == best[kept.index]).all()


def test_given_curves_are_scaled_like_the_training_curves():
    training = CurveSet(30, 0)
    rng = np.random.default_rng(3)
    curves = dataset.simulate(2, rng, cadence.pool(2, rng))
    some = CurveSet.of(curves, training)
    assert len(some) == 2 and some.magnitudes is training.magnitudes
    np.testing.assert_array_equal(some.truth[1], curves.truth[1][curves.is_visit[1]])
    assert [len(grid) for grid in some.grid] == [curves.length[k] - curves.is_visit[k].sum() for k in (0, 1)]


def test_speed_is_a_rate():
    table = dataset.speed(20, 2)
    assert isinstance(table, pd.DataFrame) and table.curves_per_second[0] > 20
