"""Rivals of the neural process: the same curves, the same care, and what they make of simple summaries."""

import numpy as np
import pytest
import torch

from agnbook.banp import equal_terms, posterior, summary, train, transforms
from agnbook.lightcurves import kalman


@pytest.fixture(scope="module")
def curves():
    return equal_terms.Summarised.of(120, 5)


def test_summaries_are_those_of_the_process_s_own_curves(curves):
    """`CurveSet` with the same number and seed holds the same objects, in the same order."""
    same = train.CurveSet(120, 5)
    assert curves.features.shape == (120, summary.WIDTH)
    assert curves.targets == pytest.approx(same.targets)
    means = np.array([truth.mean(axis=0) for truth in same.truth])
    assert equal_terms.plain(curves.features)[:, :6] == pytest.approx(means, abs=0.005)  # noise of .01 mag, 500 visits or more
    deviations = np.array([truth.std(axis=0) for truth in same.truth])
    assert equal_terms.plain(curves.features)[:, 6:] == pytest.approx(deviations, abs=0.005)
    assert equal_terms.colours(curves.features).shape == (120, 12)


def test_fewer_visits_are_a_random_part_of_each_curve_s_own():
    rng = np.random.default_rng(0)
    seen = rng.random((50, 40)) < 0.5
    kept = equal_terms._some(seen, 8, rng)
    assert (kept.sum(axis=1) == 8).all() and not (kept & ~seen).any()
    share = kept.sum(axis=0) / seen.sum(axis=0)
    assert share[:20].mean() == pytest.approx(share[20:].mean(), abs=0.1), "early and late visits alike"
    assert (equal_terms._some(seen, 40, rng) == seen).all(), "no more than there are"
    sparse, all_visits = (equal_terms.Summarised.of(30, 5, visits) for visits in (64, None))
    assert (sparse.latents == all_visits.latents).all()
    visits = summary.GROUPS["kalman"].start + kalman.FIT_COLUMNS.index("log_visits")
    assert 10 ** sparse.features[:, visits] == pytest.approx(64, rel=1e-3)
    assert (10 ** all_visits.features[:, visits] > 400).all()


def test_the_baseline_has_the_authors_parameters_and_order(curves):
    network = equal_terms.METHODS["paper's baseline"](curves).network()
    assert sum(value.numel() for value in network.parameters()) == 118_012
    one = posterior.ResidualMLP(2, 3, width=4, layers=2, norm_last=True)
    x = torch.randn(5, 2)
    first = torch.relu(one.first(x))
    expected = one.last(first + one.norms[0](torch.relu(one.hidden[0](first))))
    assert torch.allclose(one(x), expected)


@pytest.mark.parametrize("name", equal_terms.METHODS)
def test_training_lowers_the_loss_and_draws_have_the_targets_units(curves, name):
    method = equal_terms.METHODS[name](curves)
    _, before, _ = equal_terms.fit(method, curves, curves, rate=1e-6, seeds=2, epochs=1)
    networks, after, best = equal_terms.fit(method, curves, curves, rate=3e-3, seeds=2, epochs=12, batch=32)
    assert (after < before).all() and best.shape == (2,) and len(networks) == 2
    # the kept epoch's loss is the network's own
    with torch.no_grad():
        own = -equal_terms.heads.log_prob(networks[1](method.x(curves)), method.y(curves)).mean()
    assert float(own) == pytest.approx(after[1], rel=1e-4)
    draws = method.sample(networks[0], curves, 30, 0)
    assert draws.shape == (120, 30, 21)
    assert np.abs(np.median(draws, axis=(0, 1)) - curves.targets.mean(axis=0)).max() < 3


def test_only_whitened_targets_are_trained_with_noise(curves):
    noisy = {name: make(curves).noise() is not None for name, make in equal_terms.METHODS.items()}
    assert noisy == {
        "paper's baseline": False, "baseline, whitened targets": True, "baseline, whitened, colours": True,
        "own summaries and network": False,
    }  # fmt: skip
    method = equal_terms.METHODS["baseline, whitened targets"](curves)
    assert isinstance(method.scale_out, transforms.Whitened)
    assert method.noise().numpy() == pytest.approx(0.02 / method.scale_out.scale)


def test_the_rate_is_chosen_by_the_mean_over_seeds(curves, monkeypatch):
    """Of two rates one has the single best seed and the other the best mean; the mean decides."""
    losses = {0.1: [1.0, 5.0], 0.2: [2.0, 2.0]}

    def fit(method, training, validation, *, rate, seeds, epochs):
        assert len(training.latents) == 30 and len(validation.latents) == 20
        return [rate] * seeds, np.array(losses[rate]), np.ones(seeds, int)

    monkeypatch.setattr(equal_terms, "fit", fit)
    sizes = {"curves": 30, "validation_curves": 20, "rates": [0.1, 0.2], "seeds": 2, "epochs": 1}
    trials, chosen = equal_terms.tune(sizes)
    assert len(trials) == 4 * len(equal_terms.METHODS) and all(networks == [0.2, 0.2] for _, networks in chosen.values())
    assert (trials.loc[trials["chosen"], "rate"] == 0.2).all() and trials["chosen"].sum() == 2 * len(equal_terms.METHODS)
