"""Trials of the neural process: what is tried, how it is scored, and that a stopped run goes on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from agnbook import storage
from agnbook.banp import trials

SIZES = {
    "curves": 20, "validation_curves": 20, "trial_steps": 5, "trial_context": 8, "trial_extra": 4, "trial_every": 5,
    "trial_passes": 2, "trial_seeds": 2, "trial_alphas": [1, 10],
}  # fmt: skip


def test_trials_differ_in_one_thing_and_are_named_apart():
    weights, rest = trials.of_the_weight(SIZES, 0), trials.of_the_rest(SIZES, 0, best=100.0)
    assert len({trial.name for trial in weights + rest}) == len(weights + rest)
    assert {trial.alpha for trial in rest if trial.question == "weight"} == {trials.PAPER, 100.0}
    assert {trial.steps for trial in weights + rest} == {5, 20}, "steps differ only where they are the question"
    at_best = [trial for trial in rest if trial.question == "effort"]
    plain = trials.Trial("effort", "", 100.0, 5, 8)
    for trial in at_best:
        differing = [key for key in ("changes", "context", "steps", "alpha") if getattr(trial, key) != getattr(plain, key)]
        assert len(differing) == 1, trial.label
    same = trials.of_the_rest(SIZES, 0, best=trials.PAPER)
    assert sum(trial.question == "weight" for trial in same) == 1, "the paper's weight is not trained twice"


def test_errors_belong_to_held_out_times_and_visits_and_the_line_meets_every_visit():
    times = np.array([[0.0, 1.0, 2.0]])
    truth = np.repeat(np.array([[[10.0], [12.0], [12.0]]]), 6, axis=2)

    class Process:
        def answer(self, curves, **_):
            return {
                "times": times, "truth": truth, "held": np.array([[False, True, False]]),
                "mean": truth + np.array([[[0.1], [0.5], [0.3]]]),
                "samples": np.zeros((1, 16, 21)),
            }  # fmt: skip

    found = trials.errors(Process(), None, 2, 1, 2)
    assert found["network_heldout"] == pytest.approx(np.full((1, 6), 0.5))
    assert found["network_context"] == pytest.approx(np.full((1, 6), 0.2))
    assert found["line_heldout"] == pytest.approx(np.full((1, 6), 1.0)), "halfway between 10 and 12"


def test_the_best_weight_is_that_with_the_smallest_held_out_error_in_the_i_band():
    found = [{"network_heldout": np.full((3, 6), value)} for value in (0.3, 0.2)]
    found[0]["network_heldout"][:, 0] = 0.0  # another band does not decide
    assert trials.best_weight(trials.of_the_weight(SIZES, 0), found) == 10


def test_a_row_states_paired_differences_over_curves():
    rng = np.random.default_rng(0)
    error = {name: rng.random((200, 6)) for name in ("network_heldout", "network_context", "line_heldout")}
    better = error | {"network_heldout": error["network_heldout"] - 0.1}
    scored = dict.fromkeys(("mae", "mae_low", "mae_high", "logm_rms", "logm_rms_low", "logm_rms_high", "calibration", "kl"), 1.0)
    scored |= {"n": 200, "network_size": 1, "seconds": 2.0}
    trial = trials.of_the_weight(SIZES, 0)[0]
    row = trials.summarise(trial, scored, better, error)
    assert row["over_paper"] == pytest.approx(-0.1) and row["over_paper_high"] - row["over_paper_low"] < 1e-9
    assert row["network_heldout_i_high"] - row["network_heldout_i_low"] > 0.02
    assert row["over_line"] == pytest.approx((better["network_heldout"] - error["line_heldout"])[:, 3].mean())


@pytest.mark.slow
def test_a_finished_trial_is_loaded_and_not_trained_again(tmp_path, monkeypatch):
    trial = replace(trials.of_the_weight(SIZES, 0)[0], steps=2)
    training, validation = trials.curve_sets(SIZES)
    first = trials.run(trial, SIZES, training, validation, tmp_path)
    monkeypatch.setattr(trials.train, "neural_process", None)
    again = trials.run(trial, SIZES, training, validation, tmp_path)
    assert again[0] == first[0] and first[1]["network_heldout"].shape == (20, 6)
    pd.testing.assert_frame_equal(again[2], first[2])


@pytest.mark.slow
def test_all_trials_are_scored_beside_the_papers_weight_of_their_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "ROOT", tmp_path)
    scored, curves = trials.tables(SIZES, "smoke", 0)
    paper = scored[(scored.question == "weight") & (scored.alpha == trials.PAPER)]
    assert (paper.over_paper == 0).all() and sorted(paper.seed) == [0, 1]
    assert set(scored.question) == {"weight", "competitor", "reading", "effort"}
    alone = scored[scored.question == "competitor"]
    assert sorted(alone.seed) == [0, 1] and (alone.parameters == 0).all()
    assert scored.groupby("context").line_heldout_i.nunique().eq(1).all(), "all see the same visits of the same curves"
    assert set(curves.label) == set(scored.label) and curves.kl.ge(0).all()
