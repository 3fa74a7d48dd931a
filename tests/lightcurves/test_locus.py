"""Redshifts from mean colours: recovered whatever the brightness and the walk's offset, and warned of other spectra."""

import numpy as np
import pytest

from agnbook.banp import models, summary, transforms
from agnbook.lightcurves import kalman, locus, population


@pytest.fixture(scope="module")
def quasars():
    rng = np.random.default_rng(0)
    latents = population.sample(400, rng)
    offset = 0.3 * rng.standard_normal((400, 1)) * 10 ** (population.SF_LAW[1, 0] * kalman.BAND_X)
    return latents, population.targets_from_latents(latents)[:, 15:], offset


def test_redshift_is_found_whatever_brightness_and_offset(quasars):
    latents, magnitudes, offset = quasars
    plain = locus.nearest(magnitudes)
    moved = locus.nearest(magnitudes + offset + 2.0)
    np.testing.assert_allclose(plain[:, 0], latents[:, 6], atol=2e-3)
    np.testing.assert_allclose(moved[:, 0], plain[:, 0], atol=1e-5)
    assert (np.quantile(10 ** plain[:, 1], [0.9, 1.0]) < [1e-3, 5e-3]).all()  # the curve bends sharply at a few redshifts
    assert (np.abs(plain[:, 3] - plain[:, 0]) > locus.APART - 2 * locus.STEP).all()
    assert (plain[:, 4] >= plain[:, 1]).all()


def test_the_grid_agrees_with_an_obvious_search(quasars):
    _, magnitudes, _ = quasars
    redshifts, curve, left = locus.locus()
    distance = np.linalg.norm((magnitudes[:20] @ left)[:, None] - curve[None], axis=-1)
    found = locus.nearest(magnitudes[:20])[:, 0]
    assert np.abs(found - redshifts[distance.argmin(axis=1)]).max() <= locus.STEP


def test_another_spectrum_lies_off_the_locus(quasars):
    latents, magnitudes, _ = quasars
    other = latents.copy()
    other[:, 7] = 0.3
    far = locus.nearest(population.targets_from_latents(other)[:, 15:])[:, 1]
    assert (far > locus.nearest(magnitudes)[:, 1]).mean() > 0.95


def test_summaries_end_with_the_locus_and_colours_invert():
    magnitudes = np.random.default_rng(1).normal(20, 1, (5, 6))
    np.testing.assert_allclose(summary.from_colours(summary.colours(magnitudes)), magnitudes)
    features, latents = summary.simulate_features("dc2_like", 100, 3, 100)
    assert features.shape == (100, summary.WIDTH)
    assert np.median(np.abs(features[:, summary.GROUPS["locus"]][:, 0] - latents[:, 6])) < 0.005


def test_chapters_get_toys_at_smoke_and_the_committed_models_else():
    features, _ = summary.simulate_features("dc2_like", 30, 3, 30)
    for profile in ("smoke", "book"):
        own = models.own("dc2_like", profile)
        assert own.sample_targets(features, 10).shape == (30, 10, 21)
        process = models.neural_process(profile)
        assert not process.network.training and {"steps", "context", "extra"} <= set(process.notes)
        assert process.scales.whiten.scale.shape == (21,)
    assert own.config["width"] > models.own("dc2_like", "smoke").config["width"]


def test_a_summary_that_never_changes_does_not_reach_the_network():
    values = np.column_stack([np.full(50, 0.17, np.float32), np.random.default_rng(0).normal(size=50)])
    scaled = transforms.Standard.fit(values).forward(np.array([[0.17, 0.5], [0.17 + 1e-8, 0.5]]))
    assert np.abs(scaled[:, 0]).max() < 1e-6 and np.abs(scaled[:, 1]).min() > 0.1
