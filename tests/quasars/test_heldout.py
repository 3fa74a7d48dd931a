"""Held-out visits: what is hidden stays hidden, every method sees the same, and right predictions are called right."""

import numpy as np
import pandas as pd
import pytest
from tests.quasars.conftest import cadence, parameters

from agnbook import quasars
from agnbook.errors import BookError
from agnbook.quasars import heldout, simulate
from agnbook.quasars.model import DEFAULT


@pytest.fixture
def curve(rng):
    """A quasar of Stripe 82's cadence, rho = .95."""
    plain = cadence(rng)
    theta = parameters(plain, log_tau=2.5, log_sigma=-0.8, logit_rho=np.log(19), log_scale=0.0)
    return simulate.simulate(plain, theta, rng)


def test_a_visit_is_one_night_and_two_nights_are_two():
    """Half an hour apart is one visit, as SDSS takes its five bands; the next night is another, three hours later too."""
    times = np.array([100.0, 100.02, 100.04, 100.17, 101.0, 101.02, 103.0, 110.0, 110.05, 120.0])
    curve = quasars.light_curve("q", times, ["g", "r"] * 5, np.full(10, 19.0), np.full(10, 0.02), survey="sdss")
    assert heldout.visit_numbers(curve).tolist() == [0, 0, 0, 1, 2, 2, 3, 4, 4, 5]


def test_a_hidden_visit_hides_every_band_and_a_hidden_band_itself_alone(curve):
    hidden = heldout.hide(curve)
    r = curve.band == curve.bands.index("r")
    visits = len(np.unique(np.round(curve.times[r] * 10)))
    assert hidden.asked.sum() == len(hidden.truth) == round(0.2 * visits) and hidden.band == "r"
    nights = curve.times[hidden.asked]
    for kind, expected in (("visit", 0), ("band", 4 * 0.8)):
        known = hidden.known(kind)
        same = (np.abs(known.times[:, None] - nights) < 0.1).sum(axis=0)
        assert (same == 0).all() if expected == 0 else abs(same.mean() - expected) < 1  # a tenth is missing anyhow
        assert not np.isin(nights, known.times[known.band == known.bands.index("r")]).any()
    assert not hidden.asked[[np.flatnonzero(r)[0], np.flatnonzero(r)[-1]]].any()
    with pytest.raises(BookError, match="not 'epoch'"):
        hidden.known("epoch")


def test_what_is_hidden_depends_on_name_and_seed_alone(curve, rng):
    again = heldout.hide(curve)
    assert (heldout.hide(curve).visit == again.visit).all()
    assert (heldout.hide(curve, seed=1).visit != again.visit).any()


def test_hidden_values_reach_no_prediction(curve):
    hidden = heldout.hide(curve)
    values = curve.values.copy()
    values[hidden.visit] += 0.7
    moved = heldout.Hidden(curve.__class__(**{**curve.__dict__, "values": values}), hidden.visit, hidden.asked)
    one, other = heldout.predictions(hidden, "visit"), heldout.predictions(moved, "visit")
    assert set(one) == {"constant", "linear", "one band", *heldout.MODELS}
    for name in one:
        assert np.array_equal(one[name].mean, other[name].mean) and np.array_equal(one[name].sd, other[name].sd), name


def test_linear_is_the_line_between_neighbours(curve):
    hidden = heldout.hide(curve)
    known = heldout.one_band(hidden.known("visit"), "r")
    time = hidden.truth.times[3]
    after = np.searchsorted(known.times, time)
    t, y = known.times[after - 1 : after + 1], known.values[after - 1 : after + 1]
    expected = y[0] + (time - t[0]) / (t[1] - t[0]) * (y[1] - y[0])
    assert np.isclose(heldout.linear(hidden).mean[3], expected)


def test_scores_tell_right_from_wrong(rng):
    errors = np.full(4000, 0.03)
    right = heldout.with_errors(np.zeros(4000), np.full(4000, 0.05), errors, 0.012)
    truth = 0.05 * rng.standard_normal(4000) + np.hypot(0.03, 0.012) * rng.standard_t(heldout.TAILS, 4000)
    tables = []
    for name, factor in (("right", 1.0), ("narrow", 0.5), ("wide", 2.0)):
        one = heldout.Prediction(right.mean, factor * right.sd)
        tables.append(
            pd.DataFrame({
                "object": np.arange(4000) // 10, "kind": "visit", "method": name, "number": np.arange(4000) % 10,
                "residual": truth, "log_density": one.log_density(truth), "probability": one.cumulative(truth),
            })
        )  # fmt: skip
    table = pd.concat(tables)
    scores = heldout.scores(table).loc["visit"]
    error = np.sqrt(0.68 * 0.32 / 4000)
    assert abs(scores.loc["right", "coverage68"] - 0.683) < 4 * error
    assert scores.loc["narrow", "coverage68"] < 0.5 and scores.loc["wide", "coverage68"] > 0.9
    assert scores["log_density"].idxmax() == "right" and (scores["n"] == 4000).all()
    row = heldout.paired(table, "right", "wide", "visit", rng)
    assert row["mae"] == 0 and 0 < row["log_density_low"] < row["log_density"] < row["log_density_high"]


def test_the_interval_draws_whole_objects(rng):
    # 20 objects of 50 equal values each: the mean is known to sd / sqrt(20), not to sd / sqrt(1000)
    levels = rng.standard_normal(20)
    low, high = heldout.interval(pd.Series(np.repeat(levels, 50)), np.repeat(np.arange(20), 50), rng)
    assert abs((high - low) / (2 * 1.96 * levels.std() / np.sqrt(20)) - 1) < 0.15


@pytest.mark.slow
def test_the_model_that_made_the_curves_predicts_them_best():
    rng, tables = np.random.default_rng(3), []
    for k in range(12):
        plain = cadence(rng, name=f"curve {k}")
        theta = parameters(plain, log_tau=2.5, log_sigma=-0.6, logit_rho=np.log(9), log_scale=0.0)
        hidden = heldout.hide(simulate.simulate(plain, theta, rng))
        tables.append(heldout.points(hidden, heldout.predictions(hidden, "band"), "band"))
    table = pd.concat(tables)
    scores = heldout.scores(table).loc["band"]
    # rho is .9: one driver trusts the other bands too much, a driver a band not at all
    assert scores["log_density"].idxmax().endswith("free rho") and scores["mae"].idxmax() == "constant"
    assert scores.loc["free rho", "mae"] < 0.9 * scores.loc["one band", "mae"]
    assert abs(scores.loc["free rho", "coverage68"] - 0.683) < 4 * np.sqrt(0.22 / scores.loc["free rho", "n"])
    assert heldout.paired(table, "free rho", "one driver", "band", rng)["log_density_low"] > 0


def test_few_visits_and_foreign_bands_are_refused(curve):
    with pytest.raises(BookError, match="has no band 'y', but u, g, r, i, z"):
        heldout.hide(curve, "y")
    with pytest.raises(BookError, match="leaves no test"):
        heldout.hide(curve.take(curve.times < curve.times[0] + 20))


def test_well_observed_counts_every_band(curve):
    frame = pd.DataFrame({"object": [1] * 3 + [2] * 4 + [3] * 4, "band": list("grr") + list("grgr") + list("gggg")})
    assert set(heldout.well_observed(frame, 2)) == {2}
    assert set(heldout.well_observed(frame, 1)) == {1, 2}
    assert DEFAULT.tails == heldout.TAILS
