"""Passes of a neural process, one by one: moments by formula, draws in order, other rates, other times."""

import numpy as np
import pytest
import torch

from agnbook.banp import anp, passes, train
from agnbook.banp.neural_process import NeuralProcess


@pytest.fixture(scope="module")
def process():
    torch.manual_seed(1)
    curves = train.CurveSet(12, 5)
    return NeuralProcess(anp.AttentiveNeuralProcess().eval(), curves, {"context": 20, "extra": 6}), curves


def test_moments_by_formula_are_those_of_many_draws(process):
    network, curves = process
    _, cx, cy, tx = next(passes.batches(network, curves, 0))
    mixture = passes.Mixture.ask(network, cx[:3], cy[:3], tx[:3], 4)
    mixture.raw = mixture.raw + torch.randn_like(mixture.raw)  # passes that disagree
    mean, covariance = mixture.moments()
    drawn = mixture.draws(20_000, torch.Generator().manual_seed(0))
    sd = np.sqrt(np.einsum("nii->ni", covariance))
    assert (np.abs(drawn.mean(axis=1) - mean) / sd).max() < 5 / np.sqrt(20_000)
    found = np.array([np.cov(one, rowvar=False) for one in drawn])
    assert (np.abs(found - covariance) / (sd[:, :, None] * sd[:, None])).max() < 0.06, "80,000 draws, four unlike parts"


def test_draws_come_pass_by_pass_and_parts_can_be_taken(process):
    network, curves = process
    _, cx, cy, tx = next(passes.batches(network, curves, 0))
    mixture = passes.Mixture.ask(network, cx[:2], cy[:2], tx[:2], 3)
    mixture.raw[..., :21] += torch.tensor([0.0, 1e4, 3e4])[:, None, None]  # each pass somewhere else
    drawn = network.scales.whiten.forward(mixture.draws(2, torch.Generator().manual_seed(0)))
    assert np.round(drawn[:, :, 0] / 1e4).tolist() == [[0, 0, 1, 1, 3, 3]] * 2
    assert np.round(network.scales.whiten.forward(mixture[1:].moments()[0]) / 1e4)[0, 0] == 2, "the last two's mean"
    assert len(mixture.raw) == 3, "taking a part leaves the whole"


def test_without_dropout_only_the_latent_differs_and_the_original_keeps_its_rate(process):
    network, curves = process
    _, cx, cy, tx = next(passes.batches(network, curves, 0))
    still = passes.at_rate(network, 0.0)
    spread = [passes.Mixture.ask(one, cx, cy, tx, 30).raw.std(axis=0).mean() for one in (network, still)]
    assert spread[1] < spread[0]
    rates = {module.p for module in network.network.modules() if isinstance(module, anp.Dropout)}
    assert rates == {network.network.config.dropout}


def test_times_in_days_are_scaled_as_in_training(process):
    rng = np.random.default_rng(3)
    tx = process[1].batch([0], 20, 6, rng)[2]
    days = (tx[0, :, 0].numpy() + 1) * passes.cadence.DURATION / 2
    assert passes.scaled(days)[0, :, 0].numpy() == pytest.approx(tx[0, :, 0].numpy(), abs=1e-5)
    assert passes.scaled(days).shape == (1, 26, 1)
