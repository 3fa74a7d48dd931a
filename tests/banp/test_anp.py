"""The three readings of the neural process: counted layer by layer, and each switch does what it says."""

from dataclasses import replace

import pytest
import torch

from agnbook.banp import anp, train
from agnbook.banp.neural_process import NeuralProcess


def linear(inputs, outputs, bias=True):
    return inputs * outputs + bias * outputs


def lstm(inputs, hidden, layers=1):
    """Four gates, each with weights for the input and for the last output and two biases."""
    return sum(4 * hidden * ((hidden if layer else inputs) + hidden + 2) for layer in range(layers))


def block(inputs, outputs, batch_norm=False):
    return linear(inputs, outputs, bias=False) + linear(outputs, outputs) + batch_norm * 2 * outputs


def expected(h, x, y, beside, z=32, batch_norm=False):
    """Parameters of every layer that all readings have: width h, inputs x + y a point, `beside` numbers beside the latent."""
    wide = 2 * h + z
    encoder, attention = block(x + y, h, batch_norm), 4 * linear(h, h, bias=False)
    return {
        "encode_latent": encoder, "encode_points": encoder, "penultimate": linear(h, h), "latent_mean": linear(h, z),
        "latent_spread": linear(h, z), "keys": block(x, h, batch_norm), "queries": block(x, h, batch_norm), "cross": attention,
        "target_time": linear(x, h), "decode": block(wide, wide, batch_norm), "magnitude_mean": linear(wide, 6),
        "magnitude_spread": linear(wide, 6), "head": linear(z + beside, h) + linear(h, h) + linear(h, 21 + 231),
    }  # fmt: skip


def with_attention(layers, h):
    attention = 4 * linear(h, h, bias=False)
    return layers | {"attend_latent": attention, "attend_points": attention, "aggregate": lstm(h, h)}


LAYERS = {
    "paper": with_attention(expected(32, x=1, y=6, beside=32), 32),
    "june-2021": with_attention(expected(64, x=1, y=6, beside=64, batch_norm=True), 64),
    # one time a band; two embedding LSTMs make 32 + 32 numbers of a point; the head sees the means of six times and magnitudes
    "newest": expected(32, x=32, y=32, beside=12) | {"embed_x": lstm(6, 32, 2), "embed_y": lstm(6, 32, 2)},
}


@pytest.mark.parametrize("reading", anp.CONFIGURATIONS)
def test_every_layer_of_a_reading_has_the_parameters_that_its_sizes_ask_for(reading):
    network = anp.AttentiveNeuralProcess(anp.CONFIGURATIONS[reading])
    assert {name: anp.count_parameters(layer) for name, layer in network.named_children()} == LAYERS[reading]


def test_the_newest_code_has_its_authors_count_for_the_right_reason():
    network = anp.AttentiveNeuralProcess(anp.CONFIGURATIONS["newest"])
    assert anp.count_parameters(network.embed_x) == 13_568, "the time enters six wide"
    assert network.head[0].in_features == 44, "a latent of 32, six times, six magnitudes"
    assert anp.count_parameters(network) == 76_328


def points(batch=3, visits=7, times=9):
    torch.manual_seed(1)
    return torch.rand(batch, visits, 1), torch.randn(batch, visits, 6), torch.rand(batch, times, 1)


def outputs(network, *inputs):
    torch.manual_seed(2)
    with torch.no_grad():
        return network(*inputs)


def still(**changes):
    """A network without dropout, so that its outputs depend on the drawn latent alone."""
    torch.manual_seed(0)
    return anp.AttentiveNeuralProcess(anp.Config(hidden=8, latent=4, dropout=0.0, **changes)).eval()


def test_the_head_sees_the_query_times_unless_it_reads_raw_points():
    cx, cy, tx = points()
    for reads, alike in (("attended", False), ("raw", True)):
        network = still(head_reads=reads)
        first, second = (outputs(network, cx, cy, times)["raw"] for times in (tx, tx[:, :4]))
        assert torch.allclose(first, second) is alike


def test_a_time_scale_is_a_factor_on_every_time():
    cx, cy, tx = points()
    plain, scaled = still(), still(time_scale=4.0)
    scaled.load_state_dict(plain.state_dict())
    assert torch.allclose(outputs(scaled, cx, cy, tx)["mean"], outputs(plain, 4 * cx, cy, 4 * tx)["mean"], atol=1e-6)


def test_batch_normalisation_predicts_a_curve_alike_in_any_company():
    cx, cy, tx = points()
    network = still(batch_norm=True)
    network.train()
    for _ in range(5):
        outputs(network, cx + 1, 3 * cy, tx)  # its running means move
    network.eval()
    whole, alone = (network._latent(cx[:n], cy[:n])[0] for n in (3, 1))
    assert torch.allclose(whole[:1], alone, atol=1e-6)
    network.train()
    assert not torch.allclose(network._latent(cx, cy)[0][:1], alone, atol=1e-3)


def test_the_kernel_of_the_cross_attention_is_where_it_looks():
    cx, _, tx = points()
    network = still()
    where = network.kernel(cx, tx)
    assert where.shape == (3, 9, 7) and torch.allclose(where.sum(-1), torch.ones(3, 9))
    with torch.no_grad():
        network.queries[3].weight.zero_()
        network.queries[3].bias.zero_()
    assert torch.allclose(network.kernel(cx, tx), torch.full((3, 9, 7), 1 / 7)), "a query of zeros looks everywhere alike"


def test_a_sum_over_times_is_an_average_that_weighs_more():
    cx, cy, tx = points()
    out, y, s = outputs(still(), cx, cy, tx), torch.randn(3, 9, 6), torch.randn(3, 21)
    summed, _ = anp.loss(out, y, s, 1.5, over_times="summed")
    averaged, parts = anp.loss(out, y, s, 9 * 1.5)
    assert summed.item() == pytest.approx(averaged.item(), rel=1e-6)
    alone, _ = anp.loss(out, y, s, 13.5, parameters=0.0)
    assert (alone - averaged).item() == pytest.approx(parts["parameters"].item(), rel=1e-4)


def test_validation_draws_its_latent_from_the_context_alone():
    class Telling(anp.AttentiveNeuralProcess):
        """Ruins its magnitudes wherever it was shown the answers."""

        def forward(self, context_x, context_y, target_x, target_y=None):
            out = super().forward(context_x, context_y, target_x, target_y)
            return out if target_y is None else out | {"mean": out["mean"] + 1e3}

    curves = train.CurveSet(12, seed=0)
    torch.manual_seed(0)
    found = train.evaluate(Telling(anp.Config(hidden=8, latent=4)), curves, 6, 3)
    assert found["magnitudes"] > -100 and found["kl"] > 0
    assert found["loss"] == pytest.approx(-10 * found["magnitudes"] - found["parameters"], rel=1e-5), "no divergence in it"


def test_weights_saved_before_a_switch_existed_are_the_papers_reading(tmp_path):
    old = {"bands": 6, "targets": 21, "hidden": 32, "latent": 32, "attention_heads": 4, "aggregate": "lstm"}
    old |= {"self_attention": True, "embed": False, "dropout": 0.05}
    assert anp.Config(**old) == anp.CONFIGURATIONS["paper"]
    curves = train.CurveSet(12, seed=0)
    config = replace(anp.CONFIGURATIONS["june-2021"], hidden=8, latent=4)
    network = anp.AttentiveNeuralProcess(config).eval()
    NeuralProcess(network, curves).save(tmp_path / "june.safetensors")
    loaded = NeuralProcess.load(tmp_path / "june.safetensors").network
    assert loaded.config == config
    again, first = (outputs(each, *points()) for each in (loaded, network))
    assert torch.equal(again["mean"], first["mean"]), "running means of the batch normalisation travel with it"
