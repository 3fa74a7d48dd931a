"""Ranks that lean: found with their side, judged against the luckiest of many, straightened."""

import numpy as np
import pytest

from agnbook.judge import calibration, rank_shapes


def posterior(rng, n=3000, m=100, d=3):
    """Truths (n, d) and samples (n, m, d) of a right posterior about a datum (n, 1, d)."""
    datum = rng.standard_normal((n, 1, d))
    return (datum + rng.standard_normal((n, 1, d)))[:, 0], datum + rng.standard_normal((n, m, d)), datum


def test_mid_ranks_by_hand():
    assert rank_shapes.mid_ranks([[0.5], [9.0]], [[[0.0], [1.0], [2.0]], [[1.0], [2.0], [3.0]]]).tolist() == [[0.375], [0.875]]


def test_each_fault_leans_to_its_own_side():
    truth, samples, datum = posterior(np.random.default_rng(0))
    changed = samples.copy()
    changed[..., 0] -= 0.2  # the truth lies above
    changed[..., 1] = datum[..., 1] + 0.8 * (samples[..., 1] - datum[..., 1])
    shift, width = rank_shapes.leanings(rank_shapes.mid_ranks(truth, changed))
    assert shift[0] > 5 and abs(width[0]) < 3.5 and abs(shift[1]) < 3.5 and width[1] > 5
    wide = datum + 1.3 * (samples - datum)
    assert (rank_shapes.leanings(rank_shapes.mid_ranks(truth, wide))[1] < -5).all()


def test_innocent_leanings_scatter_like_a_right_posteriors():
    rng = np.random.default_rng(1)
    samples = rng.standard_normal((500, 200, 2))
    samples = np.concatenate([samples, samples[..., :1]], axis=2)  # the third parameter is the first once more
    innocent = rank_shapes.innocent_leanings(samples)
    assert innocent.shape == (200, 2, 3)
    assert innocent.std(axis=0) == pytest.approx(1, abs=0.2), "200 draws: sd of a sd .05, four of them"
    assert np.array_equal(innocent[..., 0], innocent[..., 2]), "parameters stay as correlated as they are"
    # one limit for all: larger than for one parameter, no larger for a copy of one
    one, two, copied = (rank_shapes.largest_of_all([innocent[..., k]]) for k in ([0], [0, 1], [0, 1, 2]))
    assert one <= two == copied
    assert rank_shapes.largest_of_all([innocent, innocent]) == copied
    # a sample in the truth's place has the rank that it has among the others
    first = rank_shapes.leanings(rank_shapes.mid_ranks(samples[:, 0], samples[:, 1:]))
    assert innocent[0] == pytest.approx(first)


def test_one_in_twenty_innocents_exceeds_the_limit():
    rng = np.random.default_rng(2)
    limits = [rank_shapes.largest_of_all([rng.standard_normal((20_000, 2, 21)) for _ in range(4)]) for _ in range(3)]
    # 168 independent leanings: (1 - 2 Q(limit))^168 = .95
    assert np.mean(limits) == pytest.approx(3.61, abs=0.03)


def test_holm_names_what_stands_out_of_many():
    limit = calibration.noise95(100)
    assert rank_shapes.holm_of_deviations([limit], [100]) == pytest.approx([0.05])
    found = rank_shapes.holm_of_deviations([limit, 0.3, limit], [100, 100, 100])
    assert found[1] < 0.001 and found[[0, 2]] == pytest.approx([0.1, 0.1]), "each of the last two is one of two"
    rng = np.random.default_rng(8)
    ranks = rng.uniform(size=(300, 40, 10))
    named = [
        (rank_shapes.holm_of_deviations([calibration.largest_deviation(r) for r in one.T], 40) < 0.05).any() for one in ranks
    ]
    assert np.mean(named) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


@pytest.mark.slow
def test_straightened_samples_pass_on_objects_that_taught_nothing():
    rng = np.random.default_rng(3)
    truth, samples, datum = posterior(rng, 6000, 60)
    wrong = datum + 0.85 * (samples - datum) + np.array([0.1, 0.0, -0.1])
    beta = rank_shapes.beta_of(rank_shapes.mid_ranks(truth[:3000], wrong[:3000]))
    before = rank_shapes.leanings(rank_shapes.mid_ranks(truth[3000:], wrong[3000:]))
    straight = rank_shapes.straighten(wrong[3000:], beta)
    after = rank_shapes.leanings(rank_shapes.mid_ranks(truth[3000:], straight))
    assert np.abs(before).max() > 6 and np.abs(after).max() < 3.2 * np.sqrt(2), "learnt from as many as it is judged on"
    assert np.array_equal(np.argsort(straight, axis=1), np.argsort(wrong[3000:], axis=1)), "the order of samples stays"
    same = rank_shapes.straighten(samples, np.ones((2, 3)))
    assert same == pytest.approx(samples), "uniform ranks move nothing"
    assert rank_shapes.beta_of(rng.uniform(size=(200_000, 1))) == pytest.approx(np.ones((2, 1)), abs=0.02)


def test_a_perfect_posterior_looks_overconfident_to_its_own_samples_only():
    rng = np.random.default_rng(4)
    samples, truth = rng.standard_normal((600, 200, 21)), rng.standard_normal((600, 21))
    same = calibration.distance_ranks(truth, samples, *calibration.moments(samples))
    assert calibration.largest_deviation(same) > 2 * calibration.noise95(600)
    assert calibration.largest_deviation(calibration.mahalanobis_ranks(truth, samples)) < calibration.noise95(600)
    mean, covariance = calibration.moments(samples[:1])
    assert covariance[0] == pytest.approx(np.cov(samples[0], rowvar=False)) and mean[0] == pytest.approx(samples[0].mean(axis=0))


def test_noise95_is_the_kolmogorov_limit():
    assert calibration.noise95(5000) == pytest.approx(1.358 / np.sqrt(5000), rel=0.01)
    rng = np.random.default_rng(5)
    limit = calibration.noise95(50)
    beyond = np.mean([calibration.largest_deviation(rng.uniform(size=50)) > limit for _ in range(4000)])
    assert beyond == pytest.approx(0.05, abs=0.0145), "four standard errors"


def test_tarp_lets_the_prior_pass_unless_its_references_know_the_data():
    rng = np.random.default_rng(6)
    truth = rng.standard_normal((1500, 2))
    data = truth + 0.5 * rng.standard_normal(truth.shape)
    prior = rng.standard_normal((1500, 100, 2))
    right = 0.8 * data[:, None] + np.sqrt(0.2) * rng.standard_normal((1500, 100, 2))
    shuffled, limit = truth[rng.permutation(1500)], 1.63 / np.sqrt(1500)  # the 1 % limit
    for samples, reference, passes in (
        (prior, shuffled, True), (prior, data, False), (right, shuffled, True), (right, data, True),
    ):  # fmt: skip
        deviation = calibration.largest_deviation(calibration.tarp_ranks(truth, samples, reference))
        assert deviation < limit if passes else deviation > 3 * limit


def test_ranks_among_few_draws_climb_a_staircase():
    levels = np.array([0.0, 0.24, 0.25, 0.5, 1.0])
    assert calibration.staircase(levels, 4).tolist() == pytest.approx([0.2, 0.2, 0.4, 0.6, 1.0])
    rng = np.random.default_rng(7)
    ranks = (rng.standard_normal((4000, 12)) < rng.standard_normal((4000, 1))).mean(axis=1)
    levels, fraction = calibration.curve(ranks)
    assert np.abs(fraction - calibration.staircase(levels, 12)).max() < 1.63 / np.sqrt(4000) < 1 / 13 - 0.03
    assert np.abs(fraction - levels).max() > 1 / 13 - 1.63 / np.sqrt(4000)
