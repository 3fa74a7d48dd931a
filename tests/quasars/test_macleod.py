"""MacLeod et al.'s estimator against brute force and, where the archive is, against their own table."""

import numpy as np
import pytest
from tests.quasars.conftest import cadence, parameters

from agnbook.quasars import heldout, light_curves_of, macleod, simulate
from agnbook.sky import light_curves


def test_the_maximum_is_that_of_a_dense_gaussian_process(rng):
    plain = heldout.one_band(cadence(rng, bands="ugriz"), "r")
    theta = parameters(plain, macleod.BARE, log_tau=2.4, log_sigma=-0.7)
    curve = simulate.simulate(plain, theta, rng, macleod.BARE)
    log_tau, log_sf, value = macleod.maximum_likelihood(curve)

    def brute(log_tau, log_sigma):
        gaps = np.abs(curve.times[:, None] - curve.times)
        covariance = 10 ** (2 * log_sigma) * np.exp(-gaps / 10**log_tau) + np.diag(curve.errors**2) + 100.0
        y = curve.values - curve.centre[0]
        return -0.5 * (y @ np.linalg.solve(covariance, y) + np.linalg.slogdet(covariance)[1] + len(y) * np.log(2 * np.pi))

    best = brute(log_tau, log_sf - 0.5 * np.log10(2))
    assert np.isclose(best, value, atol=1e-3)
    around = [brute(log_tau + a, log_sf - 0.5 * np.log10(2) + b) for a in (-0.05, 0, 0.05) for b in (-0.02, 0, 0.02)]
    assert max(around) < best + 1e-3


@pytest.mark.needs("stripe82", "stripe82-drw-r")
def test_their_table_is_reproduced():
    fits = light_curves.macleod_fits("r")
    chosen = np.random.default_rng(1).choice(fits.index[fits["clean"]], 40, replace=False)
    frame = light_curves.stripe82(chosen)
    found = {int(c.name): macleod.maximum_likelihood(heldout.one_band(c, "r")) for c in light_curves_of(frame)}
    offset = np.array([found[name][:2] - fits.loc[name, ["log_tau", "log_sf"]].to_numpy(float) for name in chosen])
    # the same data and the same likelihood: most agree to the grid of their table; a few have another number of visits
    assert (np.abs(np.median(offset, axis=0)) < 0.01).all()
