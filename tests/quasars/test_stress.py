"""Answers without a flag hold the truth as often as they say, also where the curve breaks the model's assumptions."""

import numpy as np
import pandas as pd
import pytest

from agnbook.quasars import stress

from .conftest import cadence

CURVES = 24


@pytest.fixture(scope="module")
def templates():
    rng = np.random.default_rng(1)
    return [cadence(rng, seasons=10, visits=6) for _ in range(4)]


@pytest.mark.slow
@pytest.mark.parametrize("condition", ["as assumed", "errors 10 % larger than stated", "2 % of outliers"])
def test_coverage_of_unflagged_answers(condition, templates):
    table = stress.run(templates, CURVES, np.random.default_rng(2), condition=condition)
    found = stress.coverage(table).loc[condition]
    assert found["unflagged"] > CURVES / 4  # a guard that flags everything is no guard
    tolerance = 3.3 * np.sqrt(0.683 * 0.317 / found["unflagged"]) + 0.05  # sampling error, and the five points allowed
    for name in ("log_tau", "log_sf"):
        assert abs(found[name] - 0.683) < tolerance, f"{name}: {found[name]:.2f} of {found['unflagged']:.0f}"


def test_coverage_counts_unflagged_answers_alone():
    table = pd.DataFrame({
        "condition": ["a"] * 4, "flagged": [True, False, False, False], "log_tau": [0.5, 0.5, 0.99, 0.4],
        "log_sf": [0.5] * 4, "rho": [0.0] * 4,
    })  # fmt: skip
    found = stress.coverage(table).loc["a"]
    assert (found["n"], found["unflagged"], found["flagged"]) == (4, 3, 0.25)
    assert found["log_tau"] == pytest.approx(2 / 3) and found["log_sf"] == 1 and found["rho"] == 0
