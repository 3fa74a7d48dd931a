"""Stress tests: each case breaks what its name says, and the unflagged are scored by themselves."""

import numpy as np
import pytest

from agnbook.banp import stress
from agnbook.lightcurves import dataset, noise


def test_the_unflagged_are_scored_alone():
    rng = np.random.default_rng(0)
    truth, samples = rng.standard_normal((2000, 21)), rng.standard_normal((2000, 200, 21))
    warned = np.arange(2000) < 500
    truth[warned] += 10
    found = stress.row(truth, samples, np.ones(21), warned)
    assert found["flagged"] == 0.25 and found["n_unflagged"] == 1500 and found["mae"] > 2 > found["mae_unflagged"]
    assert found["coverage68_unflagged"] == pytest.approx(0.68, abs=0.02)
    assert found["beyond3_unflagged"] == pytest.approx(0.0027, abs=0.002)
    assert np.isnan(stress.row(truth, samples, np.ones(21), np.ones(2000, bool))["coverage68_unflagged"])


@pytest.fixture(scope="module")
def cases():
    return dict(stress.simulator_cases("dc2_like", 60, np.random.default_rng(1)))


def test_correlations_are_those_of_the_names(cases):
    for rho in stress.RHOS:
        steps = np.diff(cases[f"correlation {rho:g}"].truth[:, :500], axis=1)
        found = np.median([np.corrcoef(x[:, 2], x[:, 3])[0, 1] for x in steps])
        assert found == pytest.approx(rho, abs=0.06)


def test_errors_outliers_visits_and_slopes(cases):
    scaled = {name: (c.observed - c.truth)[c.is_visit] / noise.CONSTANT for name, c in cases.items()}
    for name, sd in {"as trained": 1, "errors 5 % larger": 1.05, "errors 10 % larger": 1.1}.items():
        assert scaled[name].std() == pytest.approx(sd, abs=0.01)
    assert np.mean(np.abs(scaled["1 % outliers"]) > 6) == pytest.approx(0.009, abs=0.002)
    assert set(cases["100 visits"].is_visit.sum(axis=1)) == {100}
    assert cases["scattered slopes"].latents[:, 7].std() > 0.2 > 0 == cases["as trained"].latents[:, 7].std()


def test_each_realistic_case_differs_from_the_training_as_its_name_says():
    made = {case: simulate(30, np.random.default_rng(2)) for case, simulate in stress.realistic_cases().items()}

    def off(case):  # of the measurements that are no outliers, how large true errors are beside the stated ones
        curves = made[case]
        mine = (curves.band == 0) & ~curves.outlier
        return np.median(curves.noise[mine] / curves.error[mine])

    assert not made["no faults"].outlier.any() and off("no faults") == 1
    assert off("errors 10 % larger") / off("errors 10 % smaller") == pytest.approx(1.1 / 0.9, rel=0.05)
    for share in (1, 3, 6):
        curves = made[f"{share} % outliers"]
        assert curves.outlier[np.isfinite(curves.observed)].mean() == pytest.approx(share / 100, rel=0.2)
    assert set(made["correlation 0.99"].rho) == {0.99}
    assert made["half the visits"].length.mean() < 0.6 * made["as trained"].length.mean()


@pytest.mark.slow
def test_every_model_is_shown_every_case():
    table = stress.stress({"stress": 12, "stress_draws": 40}, 0)
    assert set(table["setting"]) == {*dataset.SETTINGS, "realistic"} and (table["n"] == 12).all()
    expected = dict.fromkeys(dataset.SETTINGS, 11) | {"realistic": len(stress.realistic_cases())}
    assert table.groupby("setting")["case"].nunique().to_dict() == expected
    trained = table[table["case"] == "as trained"]
    assert (trained["flagged"] <= 0.25).all() and (trained["mae"] < 0.5).all()
