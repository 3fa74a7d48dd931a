"""Whole curves: what a batch holds, that its points are those of the curves, and that a short run goes through."""

import numpy as np
import pytest

from agnbook import committed, storage
from agnbook.banp import train, whole_curves
from agnbook.banp.neural_process import NeuralProcess
from agnbook.lightcurves import cadence, noise


@pytest.fixture(scope="module")
def curves():
    return train.CurveSet(40, 0)


def test_a_batch_holds_all_visits_but_a_few_and_the_whole_grid(curves):
    whole, rng = whole_curves.WholeCurves(curves), np.random.default_rng(1)
    assert (np.diff(whole.visits) >= 0).all() and sorted(whole.order) == list(range(40))
    rows = np.arange(10, 14)
    cx, cy, tx, ty, white, held = whole.batch(rows, 0, 0, rng)
    n = whole.visits[10]
    assert cx.shape == (4, n, 1) and ty.shape == (4, n + len(cadence.GRID), 6) and (np.diff(tx[..., 0]) >= 0).all()
    np.testing.assert_array_equal((~held).sum(axis=1), n)
    days = (tx[..., 0].numpy() + 1) * cadence.DURATION / 2
    for k, row in enumerate(whole.order[rows]):
        np.testing.assert_allclose(days[k][held[k]], cadence.GRID, atol=1e-2)
        grid = curves.magnitudes.inverse(ty[k].numpy()[held[k]])
        np.testing.assert_allclose(grid, curves.grid[row], atol=1e-4)
        np.testing.assert_array_equal(cy[k], ty[k][~held[k]])
        seen = np.abs(curves.times[row] - days[k][~held[k]][:, None]).argmin(axis=1)
        assert (np.diff(seen) == 1).all(), "neighbouring visits, none twice"
        off = curves.magnitudes.inverse(cy[k].numpy()) - curves.truth[row][seen]
        assert off.std() == pytest.approx(noise.CONSTANT, rel=0.1)
    np.testing.assert_allclose(white, curves.whiten.forward(curves.targets[whole.order[rows]]), rtol=1e-4, atol=1e-4)


def test_rows_of_a_step_have_about_as_many_visits(curves):
    whole, rng = whole_curves.WholeCurves(curves), np.random.default_rng(2)
    drawn = [whole.draw(4, rng) for _ in range(300)]
    assert max(np.ptp(rows) for rows in drawn) < 16 and {len(set(rows)) for rows in drawn} == {4}
    assert set(np.concatenate(drawn)) == set(range(40))
    assert len(whole.draw(1000, rng)) == 40


@pytest.mark.slow
def test_a_run_commits_its_weights_and_scores_both_processes(tmp_path, monkeypatch):
    sizes = {
        "curves": 40, "validation_curves": 20, "whole_seconds": 60, "whole_cooldown": 1, "whole_batch": 4, "whole_every": 2,
        "whole_steps": 4, "whole_test": 8, "whole_passes": 2,
    }  # fmt: skip
    monkeypatch.setenv("AGNBOOK_PUBLISH", "1")
    long_run = NeuralProcess.load()
    monkeypatch.setattr(whole_curves.models, "neural_process", lambda profile: long_run)
    monkeypatch.setattr(storage, "DATA", tmp_path)
    monkeypatch.setattr(storage, "ROOT", tmp_path)
    (tmp_path / "weights").mkdir()
    (tmp_path / "results").mkdir()
    scored, history = whole_curves.run(sizes, "paper", 0)
    assert scored["model"].tolist() == ["whole curves", "long run"] and history["step"].tolist() == [2, 4]
    change = scored["mae"][0] - scored["mae"][1]
    assert (
        scored["mae_change"][0] == pytest.approx(change) and scored["mae_change_low"][0] < change < scored["mae_change_high"][0]
    )
    heldout = scored["network_heldout_i"][0] - scored["network_heldout_i"][1]
    assert scored["heldout_change"][0] == pytest.approx(heldout)
    assert committed.notes(NeuralProcess.WHOLE)["epochs"] == 0.4
    loaded = NeuralProcess.load(tmp_path / NeuralProcess.WHOLE)
    assert loaded.network.config == whole_curves.anp.CONFIGURATIONS[whole_curves.READING] and loaded.notes["steps"] == 4


def test_the_committed_weights_answer(curves):
    process = NeuralProcess.load(committed.verify(NeuralProcess.WHOLE))
    test = whole_curves.WholeCurves(train.CurveSet(10, 5, scales=process.scales))
    samples = process.answer(test, passes=4)["samples"]
    error = np.abs(samples.mean(axis=1) - test.targets) / curves.whiten.standard.scale
    assert error.mean() < 0.5 and process.notes["reading"] == whole_curves.READING


def test_the_reading_is_the_best_on_validation():
    table = committed.load_table("results/banp_trials.csv")
    readings = table[(table["question"] == "reading") | ((table["label"] == "weight 10") & (table["seed"] == 0))]
    for score in ("mae", "network_heldout_i"):
        assert readings.loc[readings[score].idxmin(), "reading"] == whole_curves.READING


def test_errors_come_in_the_order_of_the_curves(curves):
    process, whole = NeuralProcess(whole_curves.anp.AttentiveNeuralProcess().eval(), curves), whole_curves.WholeCurves(curves)
    found = whole_curves._errors(process, whole, 2)
    about = curves.magnitudes.mean[3]  # an untrained network answers with about the mean
    level = np.array([np.abs(truth[:, 3] - about).mean() for truth in curves.truth])
    assert np.corrcoef(found["network_context"][:, 3], level)[0, 1] > 0.9
    assert np.corrcoef(found["network_context"][whole.order, 3], level)[0, 1] < 0.6
