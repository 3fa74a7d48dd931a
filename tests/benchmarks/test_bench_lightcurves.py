"""Compiled loops against the obvious ones, same results."""

import time

import numpy as np
import pytest

from agnbook.lightcurves import cadence, dataset, drw, kalman


def best_of(function, repeats=3):
    """Shortest processor time of a few calls, and the last result."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = function()
        times.append(time.process_time() - start)
    return min(times), result


def loop_walk(times, sigma, tau, rng):
    """One shared-driver walk, step by step."""
    x = np.empty((len(times), 6))
    for k, t in enumerate(times):
        shock = rng.standard_normal()
        a = np.exp(-(t - times[k - 1]) / tau) if k else np.zeros(6)
        x[k] = a * (x[k - 1] if k else 0) + sigma * np.sqrt(1 - a**2) * shock
    return x


def test_walks(benchmark):
    rng = np.random.default_rng(0)
    pool = cadence.pool(5, rng)
    which = rng.integers(0, 5, 200)
    sigma, tau = np.full((200, 6), 0.3), np.full((200, 6), 300.0)

    def fast():
        return drw.simulate(pool.times, pool.start, which, sigma, tau, np.random.default_rng(1))

    fast()
    quick, walks = best_of(fast)

    def obvious():
        rng = np.random.default_rng(1)
        return [loop_walk(pool.one(j)[0], sigma[0], tau[0], rng) for j in which]

    slow, expected = best_of(obvious, 1)
    for k in (0, 57, 199):
        assert walks[k, : len(expected[k])] == pytest.approx(expected[k], abs=1e-5)
    print(f"\nwalks: {200 / quick:.0f} a second, {slow / quick:.0f} times the plain loop")
    assert slow > 5 * quick
    benchmark(fast)


def test_joint_likelihood(benchmark):
    rng = np.random.default_rng(0)
    curves = dataset.simulate(1, rng, cadence.pool(1, rng, n=150))
    seen = curves.is_visit[0]
    times, magnitudes, errors = (np.asarray(a[0, seen], float) for a in (curves.times, curves.observed, curves.error))
    theta = np.array([2.5, 0.17, -0.1, -0.479])

    def fast():
        return kalman.log_likelihood(theta, times, magnitudes, errors, shared=False)

    def obvious():
        total, n = 0.0, len(times)
        tau, sigma = 10 ** (theta[0] + theta[1] * kalman.BAND_X), 10 ** (theta[2] + theta[3] * kalman.BAND_X)
        for b in range(6):
            lag = np.abs(times[:, None] - times)
            covariance = sigma[b] ** 2 * np.exp(-lag / tau[b]) + np.diag(errors[:, b] ** 2) + 1000.0
            y = magnitudes[:, b] - magnitudes[:, b].mean()
            total -= 0.5 * (y @ np.linalg.solve(covariance, y) + np.linalg.slogdet(covariance)[1] + n * np.log(2 * np.pi))
        return total

    fast()
    quick, value = best_of(lambda: sum(fast() for _ in range(20)) / 20)
    slow, expected = best_of(lambda: sum(obvious() for _ in range(20)) / 20)
    assert value == pytest.approx(expected, abs=0.05)
    print(f"\nlikelihood: {1e6 * quick / 20:.0f} us, {slow / quick:.0f} times faster than dense algebra")
    assert slow > 3 * quick
    benchmark(fast)


def test_many_parameters_for_one_curve(benchmark):
    rng = np.random.default_rng(0)
    curves = dataset.simulate(1, rng, cadence.pool(1, rng), "independent")
    seen = curves.is_visit[0]
    observed = [np.asarray(a[0, seen], float) for a in (curves.times, curves.observed, curves.error)]
    log_tau, log_sf = rng.uniform(2, 3, (2000, 6)), rng.uniform(-1, 0, (2000, 6))
    means = curves.targets[:, 15:] + 0.1 * rng.standard_normal((2000, 6))

    def fast():
        return kalman.separate_log_likelihood(log_tau, log_sf, means, *observed)

    fast()
    quick, together = best_of(fast)

    def obvious():
        rows = range(len(means))
        return [kalman.separate_log_likelihood(log_tau[j, None], log_sf[j, None], means[j, None], *observed)[0] for j in rows]

    slow, one_by_one = best_of(obvious, 1)
    assert together == pytest.approx(np.array(one_by_one), rel=1e-9)
    print(f"\nlikelihoods: {2000 / quick:.0f} a second, {slow / quick:.1f} times one draw at a time")
    assert slow > 2 * quick
    benchmark(fast)
