"""The posterior of the realistic setting: its mixture, its coordinates, its training, its exact counterpart."""

import numpy as np
import pytest
import torch

from agnbook import committed, storage
from agnbook.banp import asynchronous, exact, mixtures, realistic_posterior, realistic_runs
from agnbook.banp.realistic_posterior import RealisticPosterior
from agnbook.errors import ResultsError
from agnbook.lightcurves import population, realistic

SIZES = {
    "realistic": 60, "realistic_epochs": 1, "realistic_seeds": 2, "chunk": 60, "test": 40, "trial_simulations": 60,
    "trial_epochs": 1, "floor_curves": 5, "floor_draws": 50, "floor_proposals": 2000,
}  # fmt: skip


def test_draws_of_a_mixture_have_its_density():
    generator = torch.Generator().manual_seed(0)
    raw = 0.5 * torch.randn((1, mixtures.width(2, 3)), generator=generator)
    uniform, noise = torch.rand((1, 40_000), generator=generator), torch.randn((1, 2, 40_000), generator=generator)
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


def test_objects_do_not_share_their_random_numbers():
    """Else the errors of their draws are alike, and no number of objects averages them away."""
    own = RealisticPosterior.load()
    drawn = own.sample(np.tile(own.inputs.mean, (2000, 1)), 20)[0]
    means = drawn[..., 1].mean(axis=1)
    assert means.std() == pytest.approx(drawn[..., 1].std() / np.sqrt(20), rel=0.1)
    assert len(np.unique(drawn[:, :, 1])) > 0.99 * drawn[..., 1].size


@pytest.mark.slow
def test_a_draw_that_no_quasar_could_be_is_drawn_anew():
    own = realistic_runs.fit(*realistic_runs.simulate_features(60, 5, 60), seeds=[0], epochs=1, recipe=realistic_runs.START)[0]

    class Wild(torch.nn.Module):
        """Two Gaussians at the same place, one of them absurdly wide."""

        def forward(self, x):
            narrow, wide = torch.zeros(54), torch.zeros(54)
            narrow[[9 + k * (k + 3) // 2 for k in range(9)]] = 2.0
            wide[[9 + k * (k + 3) // 2 for k in range(9)]] = -8.0
            return torch.cat([torch.tensor([0.0, -2.0, -99, -99]), narrow, wide, narrow, narrow]).expand(len(x), -1)

    own.network = Wild()
    latents, _ = own.sample(np.zeros((50, asynchronous.WIDTH)), 200)
    drawn = own.outputs.forward(realistic_posterior.to_coordinates(latents, np.full(latents.shape[:2], 0.95)))[..., :2]
    assert np.abs(drawn).max() < 1, "a tenth of the draws are from the wide one, and none of them is kept"


@pytest.mark.slow
def test_training_publishes_all_its_networks_in_a_paper_run(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "DATA", tmp_path)
    monkeypatch.setattr(storage, "ROOT", tmp_path)
    monkeypatch.setenv("AGNBOOK_PUBLISH", "1")
    monkeypatch.setattr(realistic_runs, "_jobs", lambda profile: 1)
    (tmp_path / "weights").mkdir()
    (tmp_path / "results").mkdir()
    own = realistic_runs.trained(SIZES, "paper", 0, "31_simulate_light_curves", realistic_runs.START)
    assert len(own.network.members) == 2
    assert committed.notes(realistic_posterior.WEIGHTS)["simulations"] == 60
    assert len(list((tmp_path / "_build" / "sims").iterdir())) == 1
    again, features = RealisticPosterior.load(), realistic_runs.simulate_features(20, 5, 20)[0]
    np.testing.assert_array_equal(again.sample_targets(features, 8), own.sample_targets(features, 8))
    samples, warned = again.answer(features, 8)
    assert samples.shape == (20, 8, 21) and warned.shape == (20,)
    kept = realistic_runs.simulate_features(60, 100, 60, tmp_path / "_build" / "sims")
    np.testing.assert_array_equal(kept[1], realistic_runs.simulate_features(60, 100, 60)[1])
    scored = realistic_runs.scored(own, SIZES, "smoke", 0)
    assert scored["part"].tolist() == ["validation"] * 3 + ["test"] and (scored["n"] == 40).all()
    assert scored["model"].tolist() == ["network 0", "network 1", "all", "all"]
    (tmp_path / "bad.safetensors").write_bytes((tmp_path / realistic_posterior.WEIGHTS).read_bytes()[:-8])
    with pytest.raises(ResultsError):
        RealisticPosterior.load(tmp_path / "bad.safetensors")


@pytest.mark.slow
def test_two_processes_simulate_and_train_what_one_does():
    one, two = (realistic_runs.simulate_features(120, 5, 60, jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(one[0], two[0])
    fits = [realistic_runs.fit(*one, seeds=[0, 1], epochs=1, recipe=realistic_runs.START, jobs=jobs)[0] for jobs in (1, 2)]
    np.testing.assert_allclose(*(own.raw(one[0][:5]).numpy() for own in fits), rtol=1e-4, atol=1e-5)


def test_no_quasar_is_as_far_off_as_the_draws_that_are_redrawn():
    rng = np.random.default_rng(6)
    latents = population.sample(50_000, rng, realistic.POPULATION, realistic.SLOPE_SCATTER)
    coordinates = realistic_posterior.to_coordinates(latents, rng.uniform(*realistic.RHO_RANGE, len(latents)))
    furthest = np.abs(RealisticPosterior.load().outputs.forward(coordinates)).max()
    assert 0.5 * realistic_posterior.FAR < furthest < realistic_posterior.FAR


@pytest.mark.slow
def test_trials_change_one_thing_at_a_time_and_then_all_that_helped():
    table = realistic_runs.trials(SIZES, "smoke")
    changed = (table[list(realistic_runs.START)] != table.loc[0, list(realistic_runs.START)]).sum(axis=1)
    assert changed.tolist()[:-1] == [0] + [1] * (len(table) - 2) and np.isfinite(table["validation"]).all()
    for name, start in realistic_runs.START.items():
        better = table.loc[: len(table) - 2].query("validation < @table.validation[0]")
        tried = better.loc[better[name] != start].sort_values("validation")[name]
        assert table[name].iloc[-1] == (tried.iloc[0] if len(tried) else start)


def test_the_committed_networks_were_trained_with_the_best_recipe():
    recipe, config = realistic_runs.recipe_of(committed.load_table("results/own_trials.csv")), RealisticPosterior.load().config
    assert {name: config[name] for name in recipe} == recipe and type(recipe["width"]) is int


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
    assert table["quantity"].tolist() == ["mae", "logm_rms", "log_tau_rms"] * 2 and (table["n"] + table["left_out"] == 5).all()
    assert table["setting"].unique().tolist() == ["realistic", "realistic_clean"]
