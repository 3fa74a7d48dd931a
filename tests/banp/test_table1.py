"""Table 1: intervals that cover curves and seeds, paired differences, and the rows themselves."""

import numpy as np
import pytest

from agnbook import committed
from agnbook.banp import process_seeds, table1


def test_an_interval_covers_curves_and_seeds():
    """Of values x + y[seed] the mean of all has the variance var(x) / n + var(y) / seeds; a paired difference loses x."""
    rng = np.random.default_rng(0)
    curves, seeds = rng.standard_normal(400), np.array([[-0.3], [0.0], [0.3]])
    mean, _, high = table1.over_seeds(np.mean, curves + seeds)
    assert mean == pytest.approx(curves.mean())
    of_seeds = 4.303 * 0.3 / np.sqrt(3)
    assert high - mean == pytest.approx(np.hypot(of_seeds, 1.96 * curves.std() / 20), rel=0.1)
    alone = table1.over_seeds(np.mean, curves[None])
    assert alone[2] - alone[1] == pytest.approx(3.92 * curves.std() / 20, rel=0.15)
    gap = table1.over_seeds(lambda a, b: np.mean(a) - np.mean(b), curves + seeds, curves[None])
    assert gap == pytest.approx((0, -of_seeds, of_seeds), abs=1e-3), "one seed is compared with each of three"


def test_nine_of_ten_intervals_hold_the_truth():
    """Fresh curves and fresh seeds, 200 times: 95 % of the intervals should hold 0."""
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(200):
        values = rng.standard_normal(60) + 0.2 * rng.standard_normal((3, 1))
        _, low, high = table1.over_seeds(np.mean, values, n_resamples=100)
        inside += low < 0 < high
    assert inside / 200 > 0.9


def test_values_are_errors_in_their_units():
    truth, prior = np.zeros((4, 21)), np.full(21, 2.0)
    mean = np.ones((1, 4, 21))
    mean[..., 12] = 3.0
    answers = table1.Answers(mean, np.full((1, 4, 21), 0.5), np.array([0.1]))
    found = {name: table1.score(name)(values[0]) for name, values in answers.values(truth, prior).items()}
    assert set(found) == set(table1.SCORES)
    assert found["mae"] == pytest.approx(23 / 21 / 2) and found["own_units_mae"] == pytest.approx(23 / 21)
    assert found["sigma"] == 0.25 and found["tau_mae"] == 1 and found["tau_sigma"] == 0.5
    assert found["logm_mae"] == found["logm_rms"] == 3 and found["logm_sigma"] == 0.5


@pytest.mark.slow
def test_the_table_has_every_row_and_the_published_one_its_order(tmp_path, monkeypatch):
    sizes = {
        "curves": 200, "validation_curves": 50, "rates": [0.001, 0.003], "seeds": 2, "epochs": 2, "neural": 60, "passes": 3,
        "search_steps": 5, "process_steps": 10, "process_every": 5, "short_context": 8, "short_extra": 4, "context": 12,
        "extra": 6,
    }  # fmt: skip
    monkeypatch.setattr(process_seeds.storage, "ROOT", tmp_path)
    trials, scores, differences, ratios = table1.table1(sizes, "book", 0)
    assert len(trials) == 4 * 2 * 2 + 2 and trials["chosen"].sum() == 4 * 2 + 1
    scores = scores.set_index("row")
    assert scores["seeds"].to_dict() == {
        "prior mean": 1, "paper's baseline": 2, "baseline, whitened targets": 2, "baseline, whitened, colours": 2,
        "own summaries and network": 2, "own, more simulations": 1, "neural process": 2,
        table1.LONG: 1,
    }  # fmt: skip
    assert (scores["mae_low"] <= scores["mae"]).all() and (scores["mae"] <= scores["mae_high"]).all()
    assert scores.loc["own, more simulations", "mae"] < scores.loc[table1.LONG, "mae"] < scores.loc["prior mean", "mae"]
    assert len(differences) == 2 * len(table1.QUESTIONS) and list(ratios["score"]) == list(table1.SCORES)
    published = committed.load_table("results/table1_scores.csv").set_index("row")
    assert list(published.index) == list(scores.index) and published.loc["paper's baseline", "seeds"] == 3
    # the shipped models answer for other curves of the same kind
    for name in ("own, more simulations", table1.LONG):
        assert scores.loc[name, "mae"] == pytest.approx(published.loc[name, "mae"], rel=0.25)
