"""The Kalman likelihood and reconstruction against dense Gaussian algebra and against celerite2."""

from dataclasses import replace

import celerite2
import numpy as np
import pytest
from celerite2 import terms

from agnbook.lightcurves import cadence, dataset, kalman

THETA = np.array([2.3, 0.17, -0.4, -0.479])


def band_scales(theta):
    tau = 10 ** (theta[0] + theta[1] * kalman.BAND_X)
    sigma = 10 ** (theta[2] + theta[3] * kalman.BAND_X)
    return tau, sigma


def dense_shared(theta, times):
    """Covariance of six walks with one Wiener process, (6 n, 6 n), band by band."""
    tau, sigma = band_scales(theta)
    lag = times[:, None] - times[None, :]
    blocks = []
    for b in range(6):
        row = []
        for c in range(6):
            scale = sigma[b] * sigma[c] * 2 * np.sqrt(tau[b] * tau[c]) / (tau[b] + tau[c])
            row.append(scale * np.where(lag > 0, np.exp(-np.abs(lag) / tau[b]), np.exp(-np.abs(lag) / tau[c])))
        blocks.append(row)
    return np.block(blocks)


def gaussian(y, covariance):
    _, logdet = np.linalg.slogdet(covariance)
    return -0.5 * (y @ np.linalg.solve(covariance, y) + logdet + len(y) * np.log(2 * np.pi))


@pytest.fixture(scope="module")
def curve():
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(0, 2000, 40))
    errors = rng.uniform(0.02, 0.06, (40, 6))
    return times, 20 + rng.standard_normal((40, 6)), errors


def test_independent_bands_agree_with_celerite2(curve):
    times, magnitudes, errors = curve
    expected = 0.0
    for b, (tau, sigma) in enumerate(zip(*band_scales(THETA), strict=True)):
        kernel = terms.RealTerm(a=sigma**2, c=1 / tau) + terms.RealTerm(a=1000.0, c=1e-12)  # the second: an unknown mean
        gp = celerite2.GaussianProcess(kernel, mean=magnitudes[:, b].mean())
        gp.compute(times, yerr=errors[:, b])
        expected += gp.log_likelihood(magnitudes[:, b])
    assert kalman.log_likelihood(THETA, times, magnitudes, errors, shared=False) == pytest.approx(expected, rel=1e-5)


def test_joint_likelihood_agrees_with_dense_algebra(curve):
    times, _, errors = curve
    errors = np.broadcast_to(errors[:, :1], errors.shape).copy()
    difference = []
    for theta in (THETA, THETA + np.array([0.2, 0, 0.1, 0])):
        rng = np.random.default_rng(1)
        covariance = dense_shared(theta, times) + np.diag(errors.T.ravel() ** 2)
        y = np.linalg.cholesky(covariance) @ rng.standard_normal(len(covariance))
        y = y.reshape(6, -1).T + 20
        _, sigma = band_scales(theta)
        d = theta[1] * np.log(10) * kalman.BAND_X
        directions = np.stack([np.repeat(sigma * (1 - d / 2), 40), np.repeat(sigma * d, 40)], axis=1)
        centred = (y - y.mean(axis=0)).T.ravel()
        expected = gaussian(centred, covariance + 1000 * directions @ directions.T)
        difference.append(kalman.log_likelihood(theta, times, y, errors) - expected)
    assert difference == pytest.approx([0, 0], abs=0.1)  # two states describe six bands to second order


def test_fit_recovers_the_parameters_with_honest_errors():
    rng = np.random.default_rng(3)
    for setting in ("dc2_like", "lsst_bright", "independent"):
        shared = dataset.SETTINGS[setting][2]
        curves = dataset.simulate(200, rng, cadence.pool(20, rng), setting)
        fit = kalman.fit(curves, shared)
        assert fit.shape == (200, len(kalman.FIT_COLUMNS)) and np.isfinite(fit).all()
        pull = (fit[:, :4] - kalman.parameters(curves.latents)) / fit[:, 4:8]
        assert np.all(np.abs(np.median(pull, axis=0)) < 0.8)
        spread = 1.48 * np.median(np.abs(pull - np.median(pull, axis=0)), axis=0)
        assert np.all((0.75 < spread) & (spread < 1.75)), "errors half or twice as large would fail in one parameter at least"
        assert np.median(fit[:, 16]) == pytest.approx(1, abs=0.03)


def test_chi_square_flags_the_wrong_driver():
    rng = np.random.default_rng(4)
    curves = dataset.simulate(10, rng, cadence.pool(5, rng), "independent")
    assert np.all(kalman.fit(curves, shared=True)[:, 16] > 1.5)


@pytest.mark.parametrize("shared", [True, False])
def test_reconstruction_is_the_conditional_gaussian(shared):
    rng = np.random.default_rng(5)
    setting = "dc2_like" if shared else "independent"
    curves = dataset.simulate(1, rng, cadence.pool(1, rng, n=30), setting)
    keep = np.sort(np.concatenate([np.flatnonzero(curves.is_visit[0]), np.flatnonzero(~curves.is_visit[0])[::20]]))
    arrays = {name: getattr(curves, name)[:, keep] for name in ("times", "is_visit", "truth", "observed", "error")}
    small = replace(curves, **arrays, length=np.array([len(keep)]))
    theta = kalman.parameters(curves.latents)
    mean, sd = kalman.reconstruct(small, theta, curves.targets[:, 15:], shared)
    times, seen = small.times[0], small.is_visit[0]
    n = len(times)
    covariance = dense_shared(theta[0], times)
    if not shared:
        covariance = covariance * np.kron(np.eye(6), np.ones((n, n)))
    where = np.tile(seen, 6)
    data = (small.observed[0] - curves.targets[0, 15:]).T.ravel()[where]
    gain = covariance[:, where] @ np.linalg.inv(covariance[np.ix_(where, where)] + 1e-4 * np.eye(where.sum()))
    expected = (gain @ data).reshape(6, n).T + curves.targets[0, 15:]
    variance = (np.diag(covariance) - np.einsum("ij,ij->i", gain, covariance[:, where])).reshape(6, n).T
    assert mean[0] == pytest.approx(expected, abs=0.04 if shared else 1e-4)
    assert sd[0][~seen] == pytest.approx(np.sqrt(variance[~seen]), rel=0.05 if shared else 1e-3)
