"""Posterior samplers against analytic covariances, network layouts, training, storage."""

import numpy as np
import pytest
import torch

from agnbook.banp import anp, heads, posterior, quality, summary, train, transforms
from agnbook.banp.neural_process import NeuralProcess
from agnbook.errors import ResultsError
from agnbook.judge import calibration
from agnbook.lightcurves import cadence, dataset, population


@pytest.fixture(scope="module")
def table():
    return summary.simulate_features("dc2_like", 300, seed=1, chunk=300)


def test_samples_have_the_analytic_mean_and_covariance():
    torch.manual_seed(0)
    raw = 0.4 * torch.randn(heads.width(4), dtype=torch.float64)
    draws = heads.sample(raw, 4, 200_000, torch.Generator().manual_seed(1)).numpy()
    assert draws.mean(axis=0) == pytest.approx(raw[:4].numpy(), abs=0.02)
    expected = heads.covariance(raw, 4).numpy()
    assert np.cov(draws, rowvar=False) == pytest.approx(expected, abs=0.02 * expected.max())
    assert abs(expected[0, 1]) > 0.03  # there is a correlation to lose


@pytest.mark.slow
def test_log_prob_is_the_gaussian_density():
    torch.manual_seed(0)
    raw, target = torch.randn(3, heads.width(5), dtype=torch.float64) * 0.3, torch.randn(3, 5, dtype=torch.float64)
    expected = torch.distributions.MultivariateNormal(raw[:, :5], heads.covariance(raw, 5)).log_prob(target)
    assert torch.allclose(heads.log_prob(raw, target), expected)


def test_redshifts_are_measured_from_the_locus_and_back():
    config = {"setting": "dc2_like", "columns": list(range(58)), "width": 4, "layers": 2, "dim": 7, "redshift_scale": 0.01}
    own = posterior.Posterior.build(config, transforms.Standard(np.zeros(58), np.ones(58)), None)
    coordinates = np.random.default_rng(0).uniform(0.2, 3.0, (5, 8))
    nearest = coordinates[:, 6] + np.array([0, 0.001, -0.01, 0.5, -2.0])
    there = own.to_locus(coordinates, nearest)
    assert there[0, 6] == 0
    assert np.abs(there[:, 6]).max() < 7
    np.testing.assert_allclose(own.from_locus(there, nearest), coordinates, atol=1e-9)


@pytest.mark.slow
def test_guard_warns_of_one_per_cent_as_trained_and_of_another_spectrum():
    features, latents = summary.simulate_features("dc2_like", 300, 5, 300)
    own, _ = train.own_posterior("dc2_like", features, latents, seed=0, width=8, layers=2, epochs=1)
    assert own.warn(features).any(axis=1).mean() < 0.03
    other = features.copy()
    other[:, summary.GROUPS["locus"].start + 1] = 0  # a magnitude from the locus
    assert own.warn(other)[:, posterior.Guard.SCORES.index("spectrum")].all()
    other = features.copy()
    other[:, summary.GROUPS["kalman"].start + 16] = 2  # chi-square
    assert own.warn(other)[:, posterior.Guard.SCORES.index("variability")].all()


@pytest.mark.parametrize("config", anp.CONFIGURATIONS.values(), ids=anp.CONFIGURATIONS)
def test_neural_process_shapes_and_monte_carlo_dropout(config):
    torch.manual_seed(0)
    network = anp.AttentiveNeuralProcess(config).eval()
    cx, cy, tx = torch.randn(2, 7, 1), torch.randn(2, 7, 6), torch.randn(2, 9, 1)
    with torch.no_grad():
        first, second = network(cx, cy, tx), network(cx, cy, tx)
    assert first["mean"].shape == (2, 9, 6) and first["raw"].shape == (2, 252) and (first["sd"] > 0).all()
    assert not torch.equal(first["mean"], second["mean"])  # latent and dropout are drawn in prediction too
    trained = network(cx, cy, tx, torch.randn(2, 9, 6))
    value, parts = anp.loss(trained, torch.randn(2, 9, 6), torch.randn(2, 21))
    assert (trained["kl"] > 0).all() and value.item() == pytest.approx(
        -(10 * parts["magnitudes"] + parts["parameters"] - parts["kl"]).item(), rel=1e-5
    )


def test_neural_process_trains_resumes_predicts_and_is_stored(tmp_path):
    torch.manual_seed(0)
    curves = train.CurveSet(40, seed=0)
    network = anp.AttentiveNeuralProcess(anp.Config(hidden=8, latent=4))
    run = dict(seconds=60, checkpoint=tmp_path / "run.pt", seed=0, batch=16, n_context=12, n_extra=6, every=10)
    before = train.evaluate(network, curves, 12, 6)
    history = train.neural_process(network, curves, curves, max_steps=30, **run)
    assert history[-1]["loss"] < before["loss"] - 1 and len(history) == 3
    again = anp.AttentiveNeuralProcess(anp.Config(hidden=8, latent=4))
    longer = train.neural_process(again, curves, curves, max_steps=40, **run)
    assert longer[:3] == history and longer[-1]["step"] == 40
    cooled = train.neural_process(anp.AttentiveNeuralProcess(again.config), curves, curves, max_steps=50, cooldown=1e4, **run)
    assert cooled[-1]["rate"] < 0.01 * cooled[-2]["rate"], "60 of 10,000 seconds are left"
    process = NeuralProcess(again, curves, {"steps": 40, "context": 12, "extra": 6})
    out = process.answer(curves, np.arange(5), passes=3, draws=2, dropout=0.1)
    assert out["samples"].shape == (5, 6, 21) and out["mean"].shape == (5, 18, 6) and out["held"].sum() == 30
    assert next(m.p for m in again.modules() if isinstance(m, anp.Dropout)) == 0.05
    path = tmp_path / "banp.safetensors"
    process.save(path)
    loaded = NeuralProcess.load(path)
    assert loaded.notes == process.notes and np.allclose(loaded.scales.whiten.rotation, curves.whiten.rotation)
    back = loaded.answer(curves, np.arange(5), passes=3, draws=2, dropout=0.1)
    assert all(np.array_equal(back[name], values) for name, values in out.items())
    path.write_bytes(b"not weights")
    with pytest.raises(ResultsError, match="does not hold the weights"):
        NeuralProcess.load(path)


def test_whitening_inverts_and_survives_degenerate_targets():
    targets = population.targets_from_latents(population.sample(3000, np.random.default_rng(0)))
    whiten = transforms.Whitened.fit(targets)
    white = whiten.forward(targets)
    assert np.allclose(whiten.inverse(white), targets)
    assert white.std(axis=0).max() < 1.01 and white.std(axis=0)[-3:] == pytest.approx(np.ones(3), abs=0.01)


def test_coordinates_invert():
    latents = population.sample(200, np.random.default_rng(0), slope_scatter=0.3)
    assert np.allclose(transforms.to_latents(transforms.to_coordinates(latents)), latents)


def test_summaries_are_reproducible_and_cached(table, tmp_path):
    features = table[0]
    assert features.shape == (300, summary.WIDTH) and np.isfinite(features).all()
    for _ in range(2):
        again = summary.simulate_features("dc2_like", 40, seed=1, chunk=20, cache=tmp_path)
    assert again[0].shape == (40, summary.WIDTH) and len(list(tmp_path.glob("*.npz"))) == 2
    mean, scale = summary.target_scale("dc2_like", np.random.default_rng(0), 2000)
    assert scale[population.LOG_MASS] == pytest.approx(0.55, abs=0.05) and mean.shape == (21,)


def test_own_posterior_learns_and_is_stored(table, tmp_path):
    features, latents = table
    own, history = train.own_posterior("dc2_like", features, latents, seed=0, width=16, layers=2, epochs=15, batch=32)
    assert history[-1][1] < history[0][1]
    samples = own.sample_targets(features[:20], 120)
    assert samples.shape == (20, 120, 21)
    path = tmp_path / "own.safetensors"
    own.save(path)
    again = posterior.Posterior.load(path)
    assert np.allclose(again.sample_targets(features[:3], 5), own.sample_targets(features[:3], 5))
    own.config = own.config | {"width": 17}
    own.save(path)
    with pytest.raises(ResultsError, match="does not hold the weights of this model"):
        posterior.Posterior.load(path)
    own.config = own.config | {"width": 16, "columns": list(range(57))}
    own.save(path)
    with pytest.raises(ResultsError, match="does not hold the weights of this model"):
        posterior.Posterior.load(path)
    _, scale = summary.target_scale("dc2_like", np.random.default_rng(0), 2000)
    row = quality.quality(population.targets_from_latents(latents[:20]), samples, scale)
    assert 0 < row["mae"] < 1 and row["mae_low"] <= row["mae"] <= row["mae_high"]


def test_paper_style_head_on_summaries(table):
    features, latents = table
    targets = population.targets_from_latents(latents)
    sample, history = train.target_network(
        features[:, :12], targets, transforms.Whitened.fit(targets), seed=0, width=16, layers=2, epochs=25, batch=32
    )
    assert history[-1][1] < history[0][1] and sample(features[:4, :12], 7).shape == (4, 7, 21)


def test_quality_of_a_posterior_that_is_known():
    """Draws of standard deviation .5 about the truth plus .3: errors in prior standard deviations, masses in dex."""
    rng = np.random.default_rng(0)
    truth, scale = rng.normal(size=(60, 21)), np.full(21, 2.0)
    samples = truth[:, None] + 0.3 + 0.5 * rng.normal(size=(60, 1000, 21))
    row = quality.quality(truth, samples, scale)
    assert row["mae"] == pytest.approx(0.15, abs=0.005) and row["sigma"] == pytest.approx(0.25, abs=0.005)
    assert row["logm_rms"] == pytest.approx(0.3, abs=0.02) and row["logm_mae"] == pytest.approx(0.3, abs=0.02)
    assert row["logm_sigma"] == pytest.approx(0.5, abs=0.01), "within each object, not over all"
    assert row["n"] == 60 and row["calibration"] > 0.5, "all truths lie to one side"


def test_mahalanobis_ranks_need_the_split():
    rng = np.random.default_rng(0)
    samples, truth = rng.standard_normal((600, 200, 21)), rng.standard_normal((600, 21))
    assert calibration.largest_deviation(calibration.mahalanobis_ranks(truth, samples)) < 0.06
    assert calibration.largest_deviation(calibration.mahalanobis_ranks(2 * truth, samples)) > 0.4
    levels, fractions = calibration.curve(calibration.mahalanobis_ranks(truth, samples))
    assert levels[0] == 0 and fractions[-1] == 1


def test_sbc_and_tarp_see_bias_and_width():
    rng = np.random.default_rng(0)
    centre = rng.standard_normal((800, 3))
    samples, truth = centre[:, None] + 0.5 * rng.standard_normal((800, 150, 3)), centre + 0.5 * rng.standard_normal((800, 3))
    assert max(map(calibration.largest_deviation, calibration.sbc_ranks(truth, samples).T)) < 0.06
    assert calibration.largest_deviation(calibration.tarp_ranks(truth, samples, centre)) < 0.06
    assert calibration.largest_deviation(calibration.sbc_ranks(truth + 0.5, samples)[:, 0]) > 0.2
    narrow = centre[:, None] + 0.1 * (samples - centre[:, None])
    assert calibration.largest_deviation(calibration.tarp_ranks(truth, narrow, centre)) > 0.1


def test_summaries_of_one_real_light_curve():
    rng = np.random.default_rng(0)
    curves = dataset.simulate(1, rng, cadence.pool(1, rng), "lsst_bright")
    seen = curves.is_visit[0]
    one = dataset.from_arrays(curves.times[0, seen], curves.observed[0, seen], curves.error[0, seen])
    assert summary.features(one) == pytest.approx(summary.features(curves), rel=1e-3, abs=1e-3)


def test_given_curves_are_scaled_like_the_training_curves():
    training = train.CurveSet(30, 0)
    rng = np.random.default_rng(3)
    curves = dataset.simulate(2, rng, cadence.pool(2, rng))
    some = train.CurveSet.of(curves, training)
    assert len(some) == 2 and some.magnitudes is training.magnitudes
    np.testing.assert_array_equal(some.truth[1], curves.truth[1][curves.is_visit[1]])
    assert [len(grid) for grid in some.grid] == [curves.length[k] - curves.is_visit[k].sum() for k in (0, 1)]
