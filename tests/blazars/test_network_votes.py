"""Votes of the paper's networks under different rules for the epoch."""

import numpy as np
import pytest

from agnbook.blazars import network_votes, networks

SIZES = {"epochs": 60, "pretext_epochs": 3}


@pytest.fixture(scope="module")
def toy():
    """Two overlapping clouds with seven features, and two folds of a single repeat."""
    rng = np.random.default_rng(3)
    y = (rng.random(120) < 0.35).astype(float)
    X = rng.normal(size=(120, 7)) + 1.6 * y[:, None] * np.array([1, -1, 0, 0, 0.5, 0, 0])
    order = rng.permutation(120)
    splits = [(order[:50], order[50:60], order[60:]), (order[60:110], order[110:], order[:60])]
    return X, y, networks.gather(X, y, splits)


@pytest.fixture(scope="module")
def trained(toy):
    return {name: network_votes.train(name, toy[2], seed=1, **SIZES) for name in network_votes.NETWORKS}


def test_every_network_trains_for_the_epochs_it_is_given(trained):
    assert set(trained) == {*networks.MODELS, "zero_bias", "contrastive_label_free"}
    for name, network in trained.items():
        stages = [len(history.loss) for history in network.stages.values()]
        assert stages[-1] <= 60 and all(stage == 3 for stage in stages[:-1]), name


def test_ablations_leave_out_what_they_say(toy, trained):
    first = {name: trained[name].head.loss[0].mean() for name in ("bias_init", "zero_bias")}
    assert first["bias_init"] < first["zero_bias"], "the class ratio is a head start"
    labelled, free = (trained[name].stages["pairs"].loss for name in ("contrastive", "contrastive_label_free"))
    assert not np.allclose(labelled, free)


def test_rules_read_the_epochs_they_name(toy, trained):
    network, y = trained["bias_init"], toy[1]
    votes = network_votes.by_epoch_rule(network, len(y), [0, 0])
    for member in range(2):
        rows = network.rows.test_rows[member]
        held = rows >= 0
        answers = networks.sigmoid(network.head.held_logits[:, member, held])
        right = ((answers > 0.5) == (y[rows[held]] > 0.5)).mean(axis=1)
        np.testing.assert_allclose(votes["validation"][0, rows[held]], answers[network.head.best_epoch[member]])
        np.testing.assert_allclose(votes["test"][0, rows[held]], answers[right.argmax()])
        np.testing.assert_allclose(votes["vote of epochs 40 and 41"][0, rows[held]], 0.1 * answers[40] + 0.9 * answers[41])


def test_sources_can_be_selected_and_rules_kept(toy, trained):
    few = {name: trained[name] for name in ("bias_init", "autoencoder")}
    votes = network_votes.collect(few, len(toy[1]), [0, 0], sources=[5, 3])
    assert set(votes) == {
        *(f"bias_init|{rule}" for rule in network_votes.by_epoch_rule(few["bias_init"], 120, [0, 0])),
        "autoencoder|validation", "autoencoder|test",
    }  # fmt: skip
    every = network_votes.collect(few, len(toy[1]), [0, 0], rules=["validation"])
    assert set(every) == {"bias_init|validation", "autoencoder|validation"}
    np.testing.assert_array_equal(votes["autoencoder|validation"][0], every["autoencoder|validation"][0, [5, 3]])


def test_the_rival_is_larger_and_starts_without_a_bias(toy):
    rival = network_votes.train(network_votes.AGARWAL, toy[2], seed=1, epochs=3)
    assert [weights.shape[1:] for weights, _ in rival.parameters] == [(7, 64), (64, 32), (32, 1)]
    assert rival.layers == networks.GREEDY and len(rival.head.loss) == 3


def test_accuracy_of_starts_is_that_of_their_votes(toy):
    X, y, _ = toy
    rows = np.arange(120)
    split = rows[:70], rows[70:80], rows[80:]
    trained = network_votes.train("bias_init", networks.gather(X, y, [split] * 3), seed=2, epochs=45)
    table = network_votes.accuracy_of_starts({"bias_init": trained}, y, split[2])
    assert table["start"].tolist() == [0, 1, 2] and (table["test"] >= table["validation"]).all()
    votes = network_votes.by_epoch_rule(trained, 120, [0, 1, 2], split[2])["validation"]
    np.testing.assert_allclose(table["validation"], ((votes > 0.5) == (y[split[2]] > 0.5)).mean(axis=1))


def test_folds_give_every_source_a_vote_in_every_repeat_and_ablations_in_the_first(toy):
    X, y, _ = toy
    folds = np.array([np.arange(120) % 2, np.arange(120) // 60])
    trained = network_votes.train_folds(X, y, folds, seed=3, **SIZES)
    assert set(trained) == {*network_votes.NETWORKS, network_votes.AGARWAL}
    votes = network_votes.of_folds(trained, folds, ["bias_init", "zero_bias", network_votes.AGARWAL])
    shapes = {name: table.shape for name, table in votes.items()}
    assert shapes["bias_init|validation"] == shapes["agarwal|validation"] == (2, 120) and shapes["zero_bias|validation"] == (
        1,
        120,
    )
    assert "agarwal|test" not in votes and all(np.isfinite(table).all() for table in votes.values())


def test_starts_share_the_split_and_differ_in_their_start(toy):
    X, y, _ = toy
    rows = np.arange(120)
    trained = network_votes.train_starts(X, y, (rows[:70], rows[70:80], rows[80:]), {"bias_init": 3, "agarwal": 2}, epochs=3)
    assert [len(network.rows) for network in trained.values()] == [3, 2]
    first = trained["bias_init"].parameters[0][0]
    assert (
        not np.allclose(first[0], first[1])
        and (trained["bias_init"].rows.test_rows[0] == trained["bias_init"].rows.test_rows[1]).all()
    )
