"""Learning from lower limits."""

import numpy as np

from agnbook.redshifts import censored


def test_draws_stay_above_the_limit_and_follow_the_weights():
    rng = np.random.default_rng(0)
    residuals, weight = np.array([-0.2, 0.0, 0.1, 0.3]), np.array([1.0, 1.0, 3.0, 1.0])
    drawn = censored.draw_above(np.array([0.5, 0.5]), residuals, weight, np.array([0.55, 2.0]), 4000, rng)
    assert set(np.round(drawn[0], 6)) == {0.6, 0.8} and abs((drawn[0] < 0.7).mean() - 0.75) < 0.03
    assert (drawn[1] == 2.0).all()  # nothing reaches that far


def test_limits_repair_the_bias_of_a_sample_that_loses_its_distant_sources():
    rng = np.random.default_rng(0)
    n, m = 900, 300
    X, target = rng.normal(size=(n, 3)), rng.normal(size=(m, 3))

    def redshift(features):
        return np.maximum(0.6 + 0.15 * features[:, 0] + 0.12 * rng.normal(size=len(features)), 0.05) ** 2

    z, truth = redshift(X), redshift(target)
    lost = rng.uniform(size=n) < 1 / (1 + np.exp(-6 * (z - 0.5)))
    limit = z * rng.uniform(0.5, 1, n)

    def bias(limited):
        groups = [np.full(k, "a") for k in ((~lost).sum(), limited.sum(), m)]
        forecast = censored.fit_predict(
            X[~lost], z[~lost], np.ones((~lost).sum()), X[limited], limit[limited], np.ones(limited.sum()), target, groups,
            rng=np.random.default_rng(1),
        )  # fmt: skip
        return (forecast.mean - truth).mean()

    without, with_limits = bias(np.zeros(n, bool)), bias(lost)
    assert without < -0.04 and abs(with_limits) < 0.03
