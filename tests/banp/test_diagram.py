"""The drawing of the neural process follows its configuration."""

from dataclasses import replace

import pytest

from agnbook.banp import anp, diagram


@pytest.mark.parametrize("config", [*anp.CONFIGURATIONS.values(), replace(anp.Config(), hidden=64, latent=16, inputs=7)])
def test_every_arrow_joins_two_boxes_and_every_box_is_reached(config):
    places, arrows = diagram.diagram(config)
    assert {text for pair in arrows for text in pair} == set(places)
    assert len(set(places.values())) == len(places), "no two boxes at one place"


def test_boxes_follow_the_switches_and_the_sizes():
    """What is drawn is what the network has: its modules by name, and sizes of its layers."""
    for config in (*anp.CONFIGURATIONS.values(), replace(anp.Config(), hidden=64)):
        network, text = anp.AttentiveNeuralProcess(config), " ".join(diagram.diagram(config)[0])
        assert ("self-attention" in text) == hasattr(network, "attend_points")
        assert ("2-layer LSTMs" in text) == hasattr(network, "embed_x")
        assert ("mean over visits" in text) != hasattr(network, "aggregate")
        assert f"decoder MLP, {network.decode[0].in_features}:" in text
        assert f"latent z, {network.latent_mean.out_features}" in text
        means = config.targets
        assert f"{means} means, {network.head[-1].out_features - means} of L" in text
    first = anp.AttentiveNeuralProcess(replace(anp.Config(), inputs=7)).encode_points[0].in_features
    assert first == 8 and "1 + 7 to 32" in " ".join(diagram.diagram(replace(anp.Config(), inputs=7))[0])
    newest = anp.CONFIGURATIONS["newest"]
    places, arrows = diagram.diagram(newest)
    assert "2 x 32 to 32" in " ".join(places) and "6 and 6 to 32 + 32" in " ".join(places)
    assert anp.AttentiveNeuralProcess(newest).encode_points[0].in_features == 64
    (head,) = (text for text in places if text.startswith("head MLP"))
    assert any(start.startswith("visits: 6 times") for start, end in arrows if end == head)
