"""The diagnostics of chapter 34 on few curves: what must pass passes, what is broken is noticed and located."""

import numpy as np
import pytest

from agnbook.banp import diagnostics, models
from agnbook.judge import rank_shapes
from agnbook.lightcurves import noise

SIZES = {"neural": 60, "passes": 40, "validation": 300, "test": 300, "chunk": 300, "samples": 120, "stress": 40}


def perfect(rng, n=800):
    """Answers of a perfect posterior, and ranks that a repair learns nothing from."""
    datum = rng.standard_normal((n, 21))
    truth, samples = (datum + 0.5 * rng.standard_normal((n, 21)), datum[:, None] + 0.5 * rng.standard_normal((n, 160, 21)))
    return diagnostics.Answers(truth, samples, datum), rng.uniform(size=(4 * n, 21))


@pytest.mark.slow
def test_a_perfect_posterior_passes_every_diagnostic_and_a_narrow_one_fails():
    answers, learnt = perfect(np.random.default_rng(0))
    curves, targets, innocent = diagnostics.judge("perfect", answers, learnt, 0)
    assert (curves.groupby(["test", "repaired"]).largest.first() < 1.63 / np.sqrt(800)).all()  # the 1 % limit
    limit = rank_shapes.largest_of_all([innocent], 0.99)
    assert (targets[["shift", "width"]].abs() < limit * targets[["widen"]].to_numpy()).all(axis=None)
    assert targets[targets.repaired].widen.unique() == pytest.approx([np.sqrt(1.25)])
    assert targets.filter(like="bin_").sum(axis=1).to_numpy() == pytest.approx(np.ones(42))
    centre = answers.estimate[:, None]
    narrow = diagnostics.Answers(answers.truth, centre + 0.7 * (answers.samples - centre), answers.estimate)
    learnt = rank_shapes.mid_ranks(answers.truth, narrow.samples)
    curves, targets, _ = diagnostics.judge("narrow", narrow, learnt, 0)
    largest = curves.groupby(["repaired", "test"]).largest.first()
    assert largest[False, "mahalanobis"] > 0.3 and largest[False, "self_test"] < 1.63 / np.sqrt(800)
    assert largest[False, "tarp_dependent"] > 0.3
    plain, repaired = (targets[targets.repaired == state] for state in (False, True))
    assert (plain.width > limit).all() and (plain.coverage68 < 0.6).all() and repaired.coverage68.between(0.62, 0.74).all()


def test_noised_truths_have_the_noise_of_the_training():
    process = models.neural_process("smoke")
    whiten, truth = process.scales.whiten, np.zeros((4000, 21))
    found = diagnostics.noised(process, truth, 0)
    assert found.std(axis=0) / whiten.standard.scale == pytest.approx(np.full(21, whiten.nugget), rel=0.06)
    assert np.array_equal(found, diagnostics.noised(process, truth, 0)) and not truth.any()


def test_given_moments_are_used_with_the_last_samples():
    rng = np.random.default_rng(1)
    samples = rng.standard_normal((5, 90, 2))
    given = np.zeros((5, 2)), np.tile(np.eye(2), (5, 1, 1))
    answers = diagnostics.Answers(samples[:, 0], samples, samples[:, 0], given, 40)
    distance = (samples**2).sum(axis=2)
    assert answers.distance_ranks(samples[:, 0]).tolist() == (distance[:, -40:] < distance[:, :1]).mean(axis=1).tolist()


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
    curves, targets = diagnostics.ranks(SIZES, "book", 0)
    assert tuple(curves["model"].unique()) == (*diagnostics.MODELS, "prior")
    assert (targets.groupby(["model", "repaired"]).size() == 21).all() and len(targets) == 8 * 21
    assert (curves.loc[curves["level"] == 1, "fraction"] == 1).all()
    largest = curves.groupby(["model", "repaired", "test"]).largest.first()
    for setting in diagnostics.SETTINGS:
        for test in ("mahalanobis", "self_test", "tarp_independent", "tarp_dependent"):
            assert largest[f"own, {setting}", False, test] < 1.63 / np.sqrt(300), "the 1 % limit"
    assert largest["prior", False, "tarp_dependent"] > 0.3 > largest["prior", False, "tarp_independent"]
    assert largest["neural process", False, "mahalanobis_noised"] < largest["neural process", False, "mahalanobis"]
    own = targets[targets["model"].str.startswith("own") & ~targets["repaired"]]
    assert own["coverage68"].between(0.55, 0.81).all(), "five standard deviations of 300 curves"


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
