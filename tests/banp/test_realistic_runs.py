"""The posterior of the realistic setting: its mixture, its coordinates, its training, its exact counterpart."""

import numpy as np
import pytest
import torch

from agnbook import committed, storage
from agnbook.banp import asynchronous, exact, mixtures, realistic_posterior, realistic_runs
from agnbook.banp.realistic_posterior import RealisticPosterior
from agnbook.errors import ResultsError
from agnbook.lightcurves import realistic

SIZES = {
    "realistic": 60, "realistic_epochs": 1, "realistic_seeds": 2, "chunk": 60, "test": 40, "trial_simulations": 60,
    "trial_epochs": 1, "floor_curves": 5, "floor_draws": 50, "floor_proposals": 2000,
}  # fmt: skip


def test_draws_of_a_mixture_have_its_density():
    generator = torch.Generator().manual_seed(0)
    raw = 0.5 * torch.randn((1, mixtures.width(2, 3)), generator=generator)
    uniform, noise = torch.rand(40_000, generator=generator), torch.randn((2, 40_000), generator=generator)
    drawn = mixtures.draws(raw, uniform, noise, 2, 3, 1.5)[0]
    weight = torch.exp(mixtures.log_prob(raw, drawn, 2, 3) - mixtures.log_prob(raw, drawn, 2, 3, 1.5))
    assert weight.mean() == pytest.approx(1, abs=5 * float(weight.std()) / 200) and weight.std() > 0.1
    plain = mixtures.draws(raw, uniform, noise, 2, 3)[0]
    np.testing.assert_allclose((weight[:, None] * drawn).mean(axis=0), plain.mean(axis=0), atol=0.05)


def test_coordinates_can_be_undone():
    curves = realistic.simulate(30, np.random.default_rng(0))
    latents, rho = realistic_posterior.from_coordinates(realistic_posterior.to_coordinates(curves.latents, curves.rho))
    np.testing.assert_allclose(latents, curves.latents, atol=1e-9)
    np.testing.assert_allclose(rho, curves.rho, atol=1e-9)


@pytest.mark.slow
def test_training_publishes_the_best_seed_in_a_paper_run(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "DATA", tmp_path)
    monkeypatch.setattr(storage, "ROOT", tmp_path)
    monkeypatch.setenv("AGNBOOK_PUBLISH", "1")
    (tmp_path / "weights").mkdir()
    (tmp_path / "results").mkdir()
    own = realistic_runs.trained(SIZES, "paper", 0, "31_simulate_light_curves")
    assert committed.notes(realistic_posterior.WEIGHTS)["simulations"] == 60
    assert len(list((tmp_path / "_build" / "sims").iterdir())) == 1
    again, features = RealisticPosterior.load(), realistic_runs.simulate_features(20, 5, 20)[0]
    np.testing.assert_array_equal(again.sample_targets(features, 8), own.sample_targets(features, 8))
    samples, warned = again.answer(features, 8)
    assert samples.shape == (20, 8, 21) and warned.shape == (20,)
    kept = realistic_runs.simulate_features(60, 100, 60, tmp_path / "_build" / "sims")
    np.testing.assert_array_equal(kept[1], realistic_runs.simulate_features(60, 100, 60)[1])
    scored = realistic_runs.scored(own, SIZES, "smoke", 0)
    assert scored["part"].tolist() == ["validation", "test"] and (scored["n"] == 40).all()
    (tmp_path / "bad.safetensors").write_bytes((tmp_path / realistic_posterior.WEIGHTS).read_bytes()[:-8])
    with pytest.raises(ResultsError):
        RealisticPosterior.load(tmp_path / "bad.safetensors")


@pytest.mark.slow
def test_trials_change_one_thing_at_a_time():
    table = realistic_runs.trials(SIZES, "smoke")
    changed = (table[list(realistic_runs.START)] != table.loc[0, list(realistic_runs.START)]).sum(axis=1)
    assert changed.tolist() == [0] + [1] * (len(table) - 1) and np.isfinite(table["validation"]).all()


def test_the_recipe_is_that_of_the_best_trial():
    table = committed.load_table("results/own_trials.csv")
    best = table.loc[table["validation"].idxmin()]
    assert {name: best[name] for name in realistic_runs.RECIPE} == realistic_runs.RECIPE


@pytest.mark.slow
def test_the_committed_model_is_near_the_exact_posterior():
    own, curves = RealisticPosterior.load(), realistic.simulate(12, np.random.default_rng(8))
    features = asynchronous.features(curves).astype(np.float32)
    latents, rho, effective = realistic_runs.exact_sample(own, curves, features, 100, 4000)
    relied = effective > exact.FEW_DRAWS
    assert relied.sum() >= 8 and ((0.9 <= rho[relied]) & (rho[relied] <= 0.99)).all()
    network = own.sample(features, 400)[0]
    spread = latents[relied].std(axis=1) + 1e-3
    assert np.median(np.abs(network[relied].mean(axis=1) - latents[relied].mean(axis=1)) / spread) < 0.5
    table = realistic_runs.floor(SIZES, 0)
    assert table["quantity"].tolist() == ["mae", "logm_rms", "log_tau_rms"] and (table["n"] + table["left_out"] == 5).all()
