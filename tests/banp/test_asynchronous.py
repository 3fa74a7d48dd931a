"""Summaries of light curves whose bands have their own times: the fit finds what was put in, the colours find the redshift."""

from dataclasses import replace

import numpy as np
import pytest

from agnbook.banp import asynchronous
from agnbook.lightcurves import kalman, population, realistic

pytestmark = pytest.mark.slow  # compiles


@pytest.fixture(scope="module")
def curves():
    return realistic.simulate(150, np.random.default_rng(0))


@pytest.fixture(scope="module")
def features(curves):
    return asynchronous.features(curves)


def test_groups_cover_every_summary_once(features):
    assert features.shape == (150, asynchronous.WIDTH) and np.isfinite(features).all()
    columns = [c for group in asynchronous.GROUPS.values() for c in range(asynchronous.WIDTH)[group]]
    assert columns == list(range(asynchronous.WIDTH))


def test_fit_finds_time_scale_amplitude_and_correlation(curves, features):
    theta = kalman.parameters(curves.latents)
    truth = np.stack([theta[:, 0], theta[:, 2], np.log10(1 - curves.rho)], axis=1)
    pull = (features[:, :3] - truth) / features[:, 4:7]
    assert (np.abs(np.median(pull, axis=0)) < 0.7).all()
    spread = 1.48 * np.median(np.abs(pull - np.median(pull, axis=0)), axis=0)
    assert ((0.7 < spread) & (spread < 1.6)).all()
    assert np.std(features[:, 2] - truth[:, 2]) < 0.6 * np.std(truth[:, 2])
    assert np.median(features[:, asynchronous.CHI2]) == pytest.approx(1, abs=0.05)


def test_outliers_do_not_change_what_the_fit_finds(curves, features):
    """The same curves and noise with and without outliers: the difference is small beside the fit's own errors."""
    rng = np.random.default_rng(3)
    hit = (rng.random(curves.observed.shape) < 0.02) & (curves.band != kalman.UNSEEN)
    spoilt = replace(curves, observed=curves.observed + np.where(hit, 0.7 * rng.standard_normal(hit.shape), 0.0))
    found = asynchronous.features(spoilt)
    moved = (found[:, :3] - features[:, :3]) / features[:, 4:7]
    assert (np.median(np.abs(moved), axis=0) < 0.3).all()
    left_out = asynchronous.CHI2 + 2
    assert np.median(found[:, left_out] - features[:, left_out]) > 0.1, "more are left out"


def test_each_band_finds_how_far_its_errors_are_off(curves, features):
    """Stated errors halved in one band: its factor grows, that of no other does. A few looks do not reach the factor of two."""
    halved = replace(curves, error=np.where(curves.band == 0, curves.error / 2, curves.error))
    change = np.median(asynchronous.features(halved)[:, 17:23] - features[:, 17:23], axis=0) / np.log10(2)
    assert 0.2 < change[0] < 1.1 and change[1:].max() < 0.05


def test_colours_give_the_redshift_of_a_spectrum_without_noise():
    z, slope = np.array([0.5, 1.2, 2.5]), np.array([0.0, 0.2, -0.3])
    means = population.mean_magnitudes(np.full(3, -25.0), z, slope)
    said = asynchronous._colours_say(means, np.tile(np.eye(6) / 0.01**2, (3, 1, 1)))
    assert said[:, 3] == pytest.approx(z, abs=0.03) and said[:, 1] == pytest.approx(slope, abs=0.06)
    brighter = asynchronous._colours_say(means - 3, np.tile(np.eye(6) / 0.01**2, (3, 1, 1)))
    np.testing.assert_allclose(brighter, said, atol=1e-6)  # brightness does not matter
