"""Answers without a flag hold the truth as often as they say, also where the curve breaks the model's assumptions."""

import numpy as np
import pandas as pd
import pytest

from agnbook.quasars import stress

from .conftest import cadence

CURVES = 150
#: What an interval of 68.3 % may miss it by.
ALLOWED = 0.05


@pytest.fixture(scope="module")
def answers():
    """`CURVES` answers under each condition, at a cadence and a seed on which nothing was chosen."""
    rng = np.random.default_rng(1)
    templates = [cadence(rng, seasons=10, visits=6) for _ in range(4)]
    return {
        name: stress.run(templates, CURVES, np.random.default_rng([2, k]), condition=name)
        for k, name in enumerate(stress.CONDITIONS)
    }


@pytest.mark.slow
@pytest.mark.parametrize("condition", stress.CONDITIONS)
def test_coverage_of_unflagged_answers(answers, condition):
    """Each condition within the allowed points and three standard errors: an interval off by 15 points is found."""
    found = stress.coverage(answers[condition]).loc[condition]
    assert found["unflagged"] > CURVES / 4  # a guard that flags everything is no guard
    tolerance = ALLOWED + 3 * np.sqrt(0.683 * 0.317 / found["unflagged"])
    for name in stress.CHECKED:
        low, high = 0.683 - tolerance, 0.683 + tolerance
        if name == "rho" and condition.startswith("rho"):
            high = 1.0  # one true value: the prior, which is centred near it, adds what the curve does not know
        assert low < found[name] < high, f"{name}: {found[name]:.2f} of {found['unflagged']:.0f}"


@pytest.mark.slow
def test_coverage_of_unflagged_answers_over_all_conditions(answers):
    """A thousand answers and more have a standard error of 1.5 points: the five allowed points need no slack."""
    table = pd.concat(answers.values()).assign(condition="all")
    found = stress.coverage(table).loc["all"]
    assert found["unflagged"] > 800
    for name in stress.CHECKED:
        assert abs(found[name] - 0.683) < ALLOWED, f"{name}: {found[name]:.3f} of {found['unflagged']:.0f}"


def test_coverage_counts_unflagged_answers_alone():
    table = pd.DataFrame({
        "condition": ["a"] * 4, "flagged": [True, False, False, False], "log_tau": [0.5, 0.5, 0.99, 0.4],
        "log_sf": [0.5] * 4, "rho": [0.0] * 4,
    })  # fmt: skip
    found = stress.coverage(table).loc["a"]
    assert (found["n"], found["unflagged"], found["flagged"]) == (4, 3, 0.25)
    assert found["log_tau"] == pytest.approx(2 / 3) and found["log_sf"] == 1 and found["rho"] == 0


def test_conditions_are_pooled_by_their_answers():
    table = pd.DataFrame({
        "condition": ["a", "b", "c"], "n": [10, 10, 20], "flagged": [0.0, 1.0, 0.5], "unflagged": [10, 0, 10],
        "log_tau": [0.5, np.nan, 0.7], "log_sf": [1.0, np.nan, 1.0], "rho": [0.0, np.nan, 1.0],
    })  # fmt: skip
    found = stress.summary(table)
    share, (low, high), n = found["stress.log_tau"]
    assert (share, n) == (pytest.approx(0.6), 20) and high - low == pytest.approx(2 * 1.96 * np.sqrt(0.6 * 0.4 / 20))
    assert found["stress.rho"][0] == 0.5 and found["stress.flagged"][::2] == (0.5, 40)


@pytest.mark.slow
def test_every_condition_is_one_row_and_does_not_depend_on_the_processes():
    templates = [cadence(np.random.default_rng(1), seasons=3, visits=4, bands="gr")]
    alone, together = (stress.every_condition(templates, 2, processes=processes) for processes in (1, 2))
    assert list(alone["condition"]) == list(stress.CONDITIONS)
    pd.testing.assert_frame_equal(alone, together)
