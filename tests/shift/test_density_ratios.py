"""The least-squares density ratio against a search by brute force."""

import numpy as np
import pytest

from agnbook.shift import density_ratios

WIDTHS, PENALTIES = (0.3, 0.5, 0.8, 1.2), (1e-3, 1e-2, 1e-1)


def _by_hand(source, target, seed: int, half: float):
    """The ratio at the source points by the method's definition, one kernel value at a time.

    The squared error of a ratio r is half the mean of r^2 over the source less the mean of r over the target, up to a constant
    (Kanamori et al. 2009, eq. 4). `half` is that factor.
    """
    rng = np.random.default_rng(seed)
    both = np.vstack([source, target])
    source, target = ((X - both.mean(axis=0)) / both.std(axis=0) for X in (source, target))
    centres = target[rng.choice(len(target), len(target), replace=False)]
    distance = {name: ((X[:, None] - centres) ** 2).sum(axis=2) for name, X in (("s", source), ("t", target))}
    median = np.sqrt(np.median(distance["t"]))
    folds = [rng.integers(0, 5, len(X)) for X in (source, target)]

    def fitted(width, penalty, rows_s, rows_t):
        ks, kt = (np.exp(-distance[name] / (2 * width**2)) for name in "st")
        H = np.mean([np.outer(k, k) for k in ks[rows_s]], axis=0)
        alpha = np.maximum(np.linalg.solve(H + penalty * np.eye(len(H)), kt[rows_t].mean(axis=0)), 0)
        return ks @ alpha, kt @ alpha

    def error(width, penalty):
        total = 0
        for fold in range(5):
            on_source, on_target = fitted(width, penalty, folds[0] != fold, folds[1] != fold)
            total += half * np.mean(on_source[folds[0] == fold] ** 2) - np.mean(on_target[folds[1] == fold])
        return total

    chosen = min((error(factor * median, penalty), factor, penalty) for factor in WIDTHS for penalty in PENALTIES)
    return fitted(chosen[1] * median, chosen[2], np.ones(len(source), bool), np.ones(len(target), bool))[0]


@pytest.mark.parametrize("seed", [1, 2])
def test_width_and_penalty_minimise_the_squared_error(seed):
    rng = np.random.default_rng(seed)
    source, target = rng.normal(0, 1, (60, 1)), rng.normal(0.7, 0.6, (50, 1))
    found = density_ratios.fit_ulsif(source, target, seed=seed)(source)
    assert found == pytest.approx(_by_hand(source, target, seed, 0.5), rel=1e-6)
    for wrong in (0.25, 1.0):  # the example tells the factor: with another one the choice is another
        assert np.abs(found - _by_hand(source, target, seed, wrong)).max() > 0.01
