"""Votes on resamples, counts and calls for blazars of uncertain class."""

import numpy as np
import pandas as pd
import pytest

from agnbook.blazars import networks, uncertain_votes, voting


@pytest.fixture(scope="module")
def toy():
    """Eighty labelled and twenty uncertain sources with seven features."""
    rng = np.random.default_rng(2)
    y = np.where(np.arange(100) < 80, rng.random(100) < 0.4, np.nan)
    shift = np.where(np.isnan(y), 1.0, y)
    return rng.normal(size=(100, 7)) + 2 * shift[:, None], y


def test_resamples_start_with_the_rows_themselves():
    rows = np.array([3, 5, 9, 11])
    draws = uncertain_votes.resample(rows, 3, np.random.default_rng(0))
    assert len(draws) == 4 and draws[0].tolist() == rows.tolist()
    assert all(set(draw) <= set(rows) and len(draw) == 4 for draw in draws[1:])
    assert len({tuple(draw) for draw in draws[1:]}) == 3


def test_networks_answer_once_a_training(toy):
    X, y = toy
    trainings = uncertain_votes.resample(np.arange(80), 1, np.random.default_rng(0))
    votes = uncertain_votes.of_paper_networks(X, y, trainings, np.arange(80, 100), epochs=150, pretext_epochs=5)
    assert list(votes) == list(networks.MODELS)
    for name, table in votes.items():
        assert table.shape == (2, 20) and not np.allclose(*table), name
    assert (votes["bias_init"] > 0.5).mean() > 0.7, "the uncertain sources lie on the FSRQs' side"


def test_voters_are_joined_by_their_mean_logit(toy, monkeypatch):
    X, y = pd.DataFrame(toy[0]), toy[1]

    def five_votes(table, labels, trainings, targets, **sizes):
        assert sizes == {"trees": 3, "seed": 1} and all(target.tolist() == [80, 90] for target in targets)
        return {"a": [np.array([0.2, 0.8])] * len(trainings), "b": [np.array([0.4, table.shape[1] / 10])] * len(trainings)}

    monkeypatch.setattr(voting, "five_votes", five_votes)
    trainings = [np.arange(80)] * 3
    votes = uncertain_votes.of_five_voters(X, y, trainings, np.array([80, 90]), {"few": [0, 1], "all": list(X)}, trees=3, seed=1)
    assert votes["few"].shape == (3, 2)
    np.testing.assert_allclose(votes["all"][0], voting.mean_logit([[0.2, 0.8], [0.4, 0.7]]))


def test_summary_shifts_the_answer_by_the_spread_of_the_resamples():
    rng = np.random.default_rng(4)
    drawn = networks.sigmoid(rng.normal(0.7, 0.5, (4000, 2)))  # resamples may sit off the answer
    table = uncertain_votes.summary({"net": np.vstack([[0.2, 0.5], drawn])}, ["x", "y"]).set_index("Source_Name")
    assert table["net.answer"].tolist() == [0.2, 0.5]
    assert (table["net.low"] < table["net.answer"]).all() and (table["net.answer"] < table["net.high"]).all()
    half = 1.96 * 0.5
    expected = networks.sigmoid(voting.logit(np.array([0.2, 0.5])) + half)
    np.testing.assert_allclose(table["net.high"], expected, atol=0.01)
    np.testing.assert_allclose(table["net.logit_sd"], 0.5, rtol=0.05)


def test_the_spread_is_taken_from_the_median_of_the_resamples():
    """Of 100 resamples 90 agree with the answer and 10 say 99 %: the interval begins at the answer, not below it."""
    drawn = np.where(np.arange(100) < 90, 0.5, 0.99)[:, None]
    row = uncertain_votes.summary({"net": np.vstack([[[0.5]], drawn])}, ["x"]).iloc[0]
    assert (row["net.low"], row["net.high"]) == (0.5, 0.99)


def test_counts_hold_every_training_and_count_joins_both_uncertainties():
    votes = np.array([[0.9, 0.4999, 0.1, 0.9], [0.9, 0.9, 0.1, 0.9], [0.6, 0.6, 0.6, 0.9], [0.9, 0.2, 0.1, 0.9]])
    counted = uncertain_votes.counts({"m": votes}, np.array([True, True, True, False]), 0.5)
    assert counted["called"].tolist() == [1, 2, 3, 1] and counted["training"].tolist() == [0, 1, 2, 3]
    assert counted["expected"].tolist() == pytest.approx([1.5, 1.9, 1.8, 1.2])
    mean = votes[1:, :3].mean(axis=0)
    found = uncertain_votes.count(counted, mean)
    assert found["called"] == 1 and 1 <= found["called_low"] < found["called_high"] <= 3
    models, sources = np.std([1.9, 1.8, 1.2], ddof=1), np.sqrt((mean * (1 - mean)).sum())
    assert found["high"] - found["expected"] == pytest.approx(1.96 * np.hypot(models, sources), rel=0.01)
    assert found["expected"] - found["low"] == pytest.approx(found["high"] - found["expected"])


def test_a_free_class_fraction_moves_the_count():
    votes = np.tile(np.repeat([0.9, 0.1], [10, 90]), (2, 1))
    few, many = (uncertain_votes.counts({"m": votes}, np.ones(100, bool), fraction)["free"][0] for fraction in (0.5, 0.1))
    assert few < votes[0].sum() < many


def test_groups_are_called_apart():
    probability = np.array([0.99, 0.02, 0.5, 0.6, 0.6, 0.6])
    sure, unsure = np.arange(6) < 3, np.arange(6) >= 3
    assert uncertain_votes.call(probability, [sure, unsure], 0.9).tolist() == ["FSRQ", "BL Lac", "none", "none", "none", "none"]


def test_all_models_train_on_the_sources_they_should(toy, monkeypatch):
    X, y = toy
    clean = np.arange(100) % 4 > 0
    seen = {}

    def paper(X, y, trainings, uncertain, **options):
        seen["paper"] = trainings
        return {"net": np.zeros((len(trainings), len(uncertain)))}

    def voters(X, y, trainings, uncertain, column_sets, **sizes):
        seen["voters"] = trainings
        return {name: np.ones((len(trainings), len(uncertain))) for name in column_sets}

    monkeypatch.setattr(uncertain_votes, "of_paper_networks", paper)
    monkeypatch.setattr(uncertain_votes, "of_five_voters", voters)
    table = type("Table", (), {"X": pd.DataFrame(X), "y": y})
    sizes = {"resamples": 2, "voter_epochs": 1, "trees": 1, "rounds": 1}
    votes = uncertain_votes.of_all_models(table, table, clean, {"few": [0]}, **sizes)
    assert {name: rows.shape for name, rows in votes.items()} == {"net": (3, 20), "few": (3, 20)}
    assert seen["paper"][0].tolist() == [row for row in range(80) if clean[row]] and seen["voters"][0].tolist() == list(range(80))


def test_callable_sources_share_one_threshold():
    probability = np.array([0.99, 0.97, 0.02, 0.6, 0.4])
    groups = {"all": np.ones(5, bool), "last": np.arange(5) > 1}
    table = uncertain_votes.callable_sources({"m": probability}, groups, [0.95])
    assert table.to_numpy().tolist() == [["m", 0.95, "all", 5, 3, 2, 1], ["m", 0.95, "last", 3, 1, 0, 1]]
