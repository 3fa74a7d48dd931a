"""The trainings of chapter 32 on small sizes: what is trained once, resumed, compared and committed."""

import itertools

import numpy as np
import pytest

from agnbook import committed, storage
from agnbook.banp import training_runs
from agnbook.banp.neural_process import NeuralProcess
from agnbook.banp.posterior import Posterior
from agnbook.lightcurves import dataset

SIZES = {
    "own": dict.fromkeys(dataset.SETTINGS, 60), "seeds": 2, "width": 8, "layers": 1, "own_epochs": 1, "chunk": 60, "test": 40,
    "curves": 20, "validation_curves": 10, "seconds": 60, "context": 12, "extra": 6, "every": 1, "patience": 8, "cooldown": 0,
    "max_steps": 2, "seed_steps": 1, "demonstration_curves": 20, "demonstration_steps": 20, "ladder": 60, "ladder_epochs": 1,
}  # fmt: skip


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


@pytest.mark.slow
def test_a_few_steps_on_a_few_curves_lower_the_loss(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "ROOT", tmp_path)
    before, after = training_runs.demonstration(SIZES, 0)
    assert after["loss"] < before["loss"] and after["step"] == 20
    again = training_runs.demonstration(SIZES, 0)
    assert again[1]["loss"] == after["loss"], "it begins anew"


@pytest.mark.slow
def test_a_paper_run_goes_on_and_commits_what_it_trained(data, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "ROOT", tmp_path)
    first = training_runs.neural_process(SIZES, "paper", 0)
    assert first["step"].tolist() == [1, 2]
    more = training_runs.neural_process(SIZES | {"max_steps": 3}, "paper", 0)
    assert more["step"].tolist() == [1, 2, 3] and more["loss"].tolist()[:2] == first["loss"].tolist()
    found = NeuralProcess.load()
    assert found.notes == {"steps": 3, "context": 12, "extra": 6}
    record = committed.notes(NeuralProcess.WEIGHTS)
    assert record["steps"] == 3 and record["profile"] == "paper" and record["curves"] == 20
    others = training_runs.other_seeds(SIZES, more.iloc[0].to_dict(), "paper", 0)
    assert others["seed"].tolist() == [0, 1, 2] and others["step"].tolist() == [1, 1, 1] and others["loss"].nunique() == 3


@pytest.mark.slow
def test_the_kept_posterior_is_committed_and_answers_alike(data, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "ROOT", tmp_path)
    own = training_runs.OwnPosteriors(SIZES, "paper", 4, chapter="99_test")
    losses, models, best = own.train("dc2_like")
    assert best == int(np.argmin(losses.groupby("seed").validation.min()))
    path = committed.verify("weights/light_curves_dc2_like.safetensors")
    record = committed.notes("weights/light_curves_dc2_like.safetensors")
    assert record["seed"] == 4 + best and record["chapter"] == "99_test" and record["simulations"] == 60
    features, _ = training_runs.summary.simulate_features("dc2_like", 10, 5, 10)
    np.testing.assert_array_equal(Posterior.load(path).sample_targets(features, 3), models[best].sample_targets(features, 3))
    assert list((tmp_path / "_build" / "sims").iterdir()), "the simulations are kept for other chapters"


def test_each_rung_of_the_ladder_adds_summaries_and_keeps_the_rest(monkeypatch):
    seen = []

    def target_network(features, targets, scaler, *, seed, epochs):
        seen.append((features, type(scaler).__name__))
        return (lambda new, n: np.broadcast_to(targets[:1, None], (len(new), n, 21)) + np.zeros((1, n, 1))), []

    monkeypatch.setattr(training_runs.train, "target_network", target_network)
    monkeypatch.setattr(training_runs, "quality", lambda truth, samples, scale, nugget: {"n": len(truth), "nugget": nugget})
    table = training_runs.ladder(SIZES, "smoke", 0)
    assert table["n"].tolist() == [40] * 5 and table["nugget"].tolist() == [0.0, *[0.02] * 4]
    assert [name for _, name in seen] == ["Standard", *["Whitened"] * 4]
    widths = [features.shape[1] for features, _ in seen]
    assert widths[:2] == [12, 12] and widths == sorted(widths) and widths[-1] == training_runs.summary.WIDTH
    for (small, _), (large, _) in itertools.pairwise(seen):
        np.testing.assert_array_equal(small, large[:, : small.shape[1]])


def test_only_a_paper_run_keeps_its_simulations():
    assert training_runs.simulations("book") is training_runs.simulations("smoke") is None
    assert training_runs.simulations("paper").parts[-2:] == ("_build", "sims")
