"""Small light curves with the quirks of real ones: seasons, bands minutes apart or on other nights, missing bands."""

import numpy as np
import pytest

from agnbook import quasars
from agnbook.quasars import model as models


def cadence(rng, seasons=8, visits=8, bands="ugriz", name="simulated", **options):
    """A curve of the cadence of Stripe 82: an autumn a year, bands minutes apart, a tenth of the measurements missing."""
    nights = np.concatenate([365.25 * year + np.sort(rng.uniform(0, 90, visits)) for year in range(seasons)])
    times = (51000 + nights[:, None] + np.arange(len(bands)) * 8e-4).ravel()
    levels = {"u": 0.07, "g": 0.023, "r": 0.024, "i": 0.028, "z": 0.08, "y": 0.1}
    errors = np.tile([levels[b] for b in bands], len(nights)) * rng.lognormal(0, 0.2, len(times))
    band = np.tile(list(bands), len(nights))
    kept = rng.random(len(times)) > 0.1
    survey = "lsst" if "y" in bands else "sdss"
    return quasars.light_curve(
        name, times[kept], band[kept], 19.5 + 0 * times[kept], errors[kept], **({"survey": survey} | options)
    )


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def parameters(curve, model=models.DEFAULT, **values):
    """All parameters at the prior's mean, but for those given; `excess` and `deviation` set every band's."""
    plan = models.layout(model, curve)
    theta = plan.mean.copy()
    for name, value in values.items():
        theta[plan.names.index(name)] = value
    return theta
