"""Likelihoods of many sets of parameters at once against those one by one."""

import numpy as np
import pytest

from agnbook.quasars import lanes, optimise
from agnbook.quasars import model as models
from agnbook.quasars.simulate import simulate

from .conftest import cadence, parameters


def arguments(curve, model, weight):
    plan = models.layout(model, curve)
    return plan, (plan.x, plan.slots, curve.times, curve.band, models.centred(curve), curve.errors, weight)


@pytest.mark.parametrize("bands", ["r", "gri", "ugrizy"])
def test_many_at_once_are_the_same_as_one_by_one(bands, rng):
    """Values, means and factors of 40 sets (not a multiple of the lanes), drawn wide, with weights, gaps and equal times."""
    curve = cadence(rng, seasons=3, visits=5, bands=bands)
    curve = simulate(curve, parameters(curve), rng)
    plan, data = arguments(curve, models.DEFAULT, rng.uniform(0.2, 1.2, len(curve)))
    points = plan.mean + plan.sd * rng.standard_normal((40, len(plan.mean)))
    points[:, models.LAG] = 0.0
    points[0, models.TAU] = -1.0  # forgotten between any two nights
    value, mean, factor = lanes.loglikes(points, *data)
    for k, point in enumerate(points):
        one, one_mean, one_factor = models.loglike(point, plan.process, *data)
        assert value[k] == pytest.approx(one, abs=1e-7, rel=1e-9)
        np.testing.assert_allclose(mean[k], one_mean, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(np.tril(factor[k]), np.tril(one_factor), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("exponent", "relative"), [(1e-6, 1e-15), (9.9e-4, 1e-12), (2e-3, 1e-12), (0.7, 1e-12), (30.0, 1e-11)])
def test_decay_is_the_exponential(exponent, relative):
    """A third-order series below 1e-3 leaves a 24th of its fourth power; ten squarings multiply the rounding by 1024."""
    decay = np.empty(1)
    lanes.decays(exponent, np.ones(1), 1.0, decay)
    assert decay[0] == pytest.approx(np.exp(-exponent), rel=relative)


@pytest.mark.parametrize("model", [models.Model(lag=True), models.Model(process="dho")])
def test_lags_and_oscillators_are_computed_one_by_one(model, rng):
    curve = cadence(rng, seasons=2, visits=5, bands="gr")
    curve = simulate(curve, parameters(curve, model), rng, model)
    plan, data = arguments(curve, model, np.ones(len(curve)))
    points = plan.mean[plan.active] + 0.3 * plan.sd[plan.active] * rng.standard_normal((3, len(plan.active)))
    found = optimise.densities(points, plan.mean, plan.active, plan.mean, plan.sd, plan.process, *data)
    for k, point in enumerate(points):
        theta = plan.mean.copy()
        theta[plan.active] = point
        prior = models.log_prior(theta[None], plan.active, plan.mean, plan.sd)[0]
        assert found[k] == pytest.approx(models.loglike(theta, plan.process, *data)[0] + prior)
