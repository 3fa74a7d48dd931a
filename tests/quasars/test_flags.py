"""Flags of a fit: each begins where the page says it does, a little below and a little above."""

from dataclasses import replace

import numpy as np
import pytest

from agnbook import quasars
from agnbook.quasars import posterior
from agnbook.quasars.model import SCALE

N = 80


@pytest.fixture(scope="module")
def fit():
    """Two bands, 80 measurements of stated errors of .02 mag over 3000 days, without any flag but those that a test makes."""
    rng = np.random.default_rng(3)
    times = np.linspace(0, 3000, N)
    values = 19 + 0.2 * np.sin(times / 300) + rng.normal(0, 0.02, N)
    curve = quasars.light_curve("a", times, np.array(list("gr") * (N // 2)), values, np.full(N, 0.02), survey="sdss")
    return quasars.fit(curve)


def flags(fit, monkeypatch, *, evidence=100.0, log_tau=2.3, spread=1.0, outliers=0, parameters=()) -> str:
    """The flags of the fit with other draws and residuals; `parameters` are pairs of (index, value) at the maximum."""
    monkeypatch.setattr(posterior, "_evidence_of_variability", lambda result: evidence)
    draws, theta, residual = fit.draws.copy(), fit.theta.copy(), np.zeros(N)
    draws[:, fit.plan.names.index("log_tau")], draws[:, fit.plan.names.index("tau_slope")] = log_tau, 0.0
    residual[:outliers], theta[SCALE] = 6.0, 0.0
    for index, value in ((slot, -2.0) for slot in fit.plan.slots[0]):
        theta[index] = value
    for index, value in parameters:
        theta[index] = value
    changed = {"theta": theta, "residual": residual, "normal_residual": np.full(N, spread), "weight": np.ones(N)}
    return "; ".join(posterior.find_flags(replace(fit, draws=draws, **changed)))


def test_nothing_odd_has_no_flag_but_that_of_rho(fit, monkeypatch):
    assert all(flag.startswith("rho from") for flag in flags(fit, monkeypatch).split("; ") if flag)


@pytest.mark.parametrize(
    ("words", "below", "above"),
    [
        # a third of the baseline is 1000 days, the median gap 38 days
        ("under three time-scales", {"log_tau": 2.99}, {"log_tau": 3.01}),
        ("shorter than the sampling", {"log_tau": 1.59}, {"log_tau": 1.57}),
        ("variability not detected", {"evidence": 5.1}, {"evidence": 4.9}),
        # four standard errors of a mean square of 80 measurements are .632
        ("errors look too small", {"spread": np.sqrt(1.62)}, {"spread": np.sqrt(1.64)}),
        ("errors look too large", {"spread": np.sqrt(0.38)}, {"spread": np.sqrt(0.36)}),
        ("errors look too small", {"parameters": [(SCALE, 0.09)]}, {"parameters": [(SCALE, 0.11)]}),
        ("errors look too large", {"parameters": [(SCALE, -0.09)]}, {"parameters": [(SCALE, -0.11)]}),
        # three in a hundred of 80 are 2.4
        ("of 80 measurements are more than 5 sigma off", {"outliers": 2}, {"outliers": 3}),
    ],
)  # fmt: skip
def test_where_a_flag_begins(words, below, above, fit, monkeypatch):
    assert words not in flags(fit, monkeypatch, **below) and words in flags(fit, monkeypatch, **above)


def test_scatter_beyond_a_tenth_of_a_magnitude_is_flagged(fit, monkeypatch):
    slot = fit.plan.slots[0, 0]
    assert "scatters by" not in flags(fit, monkeypatch, parameters=[(slot, np.log10(0.099))])
    assert "band g scatters by 0.10 mag beyond" in flags(fit, monkeypatch, parameters=[(slot, np.log10(0.101))])


@pytest.mark.parametrize(("number", "flagged"), [(29, True), (30, False)])
def test_fewer_than_thirty_measurements_are_few(number, flagged):
    rng = np.random.default_rng(4)
    times = np.sort(rng.uniform(0, 3000, number))
    values = 19 + 0.2 * np.sin(times / 200) + rng.normal(0, 0.02, number)
    found = quasars.fit(quasars.light_curve("few", times, ["r"] * number, values, np.full(number, 0.02), survey="sdss"))
    assert (f"only {number} measurements" in "; ".join(found.flags)) == flagged


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"time": 40 * 365.25 - 1}, 12), ({"time": 41 * 365.25}, 11), ({"error": 0.99}, 12), ({"error": 1.0}, 11),
        ({"magnitude": 39.9}, 12), ({"magnitude": 40.0}, 11), ({"magnitude": -4.9}, 12), ({"magnitude": -5.0}, 11),
        ({"magnitude": 0.0}, 11), ({"error": 0.0}, 11),
    ],
)  # fmt: skip
def test_what_is_left_out_of_a_curve(changes, kept):
    """One of twelve measurements is odd; the times are about 0."""
    columns = {"time": np.arange(12.0) - 5, "magnitude": np.full(12, 19.0), "error": np.full(12, 0.02)}
    for name, value in changes.items():
        columns[name][-1] = value
    curve = quasars.light_curve("q", columns["time"], ["r"] * 12, columns["magnitude"], columns["error"], survey="sdss")
    assert (len(curve), sum(curve.left_out.values())) == (kept, 12 - kept)
