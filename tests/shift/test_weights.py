"""Density ratios, weights and the forest under both meanings of sample_weight."""

import numpy as np
import pytest
from scipy import stats

from agnbook.errors import FeatureError
from agnbook.shift import density_ratios, forest, weights


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(0)
    return rng.normal(0, 1, (900, 2)), rng.normal([0.8, 0], 1, (700, 2))


def true_ratio(X):
    return stats.norm.pdf(X[:, 0], 0.8) / stats.norm.pdf(X[:, 0], 0)


@pytest.mark.parametrize("method", density_ratios.FITS)
def test_every_method_finds_the_ratio_of_two_gaussians(samples, method):
    source, target = samples
    ratio = weights.density_ratio(source, target, method, seed=1)
    assert ratio.shape == (900,) and (ratio >= 0).all()
    assert stats.spearmanr(ratio, true_ratio(source)).statistic > 0.65
    weight = weights.clip(ratio)
    before, after = (weights.ks_distances(source, target, w)[0] for w in (None, weight))
    assert after < 0.5 * before


def test_no_source_is_judged_by_a_fit_that_saw_it():
    """A memory of the sources would make each of them look far from the target: labels that say nothing give ratios near 1."""
    rng = np.random.default_rng(2)
    source, target = rng.normal(size=(300, 3)), rng.normal(size=(300, 3))
    for method in ("forest", "boosting"):
        remembered = density_ratios.FITS[method](source, target, seed=0)(source)
        honest = weights.density_ratio(source, target, method)
        assert np.median(remembered) < 0.8 * np.median(honest), method


def test_cross_fit_asks_only_other_folds():
    """A fit that returns how often it saw a source must return zero for each."""
    source, target = np.arange(60.0)[:, None], np.arange(100.0, 160.0)[:, None]

    def fit(known, unknown, seed):
        return lambda X: np.isin(X[:, 0], known[:, 0]).astype(float)

    assert not density_ratios.cross_fit(fit, source, target).any()


def test_wide_components_stay_wide(samples):
    mixtures = density_ratios.fit_mixtures(*samples, added_variance=density_ratios.WIDE)[1:]
    assert min(np.linalg.eigvalsh(mixture.covariances_).min() for mixture in mixtures) >= density_ratios.WIDE - 1e-9


def test_the_wide_mixtures_add_a_tenth_of_a_variance(samples):
    source, target = samples
    wide, by_hand = density_ratios.fit_wide_mixtures(source, target), density_ratios.fit_gmm(source, target, added_variance=0.1)
    np.testing.assert_allclose(wide(target), by_hand(target))


def test_estimate_is_the_clipped_ratio(samples):
    source, target = samples
    ratio = weights.density_ratio(source, target, "gmm", seed=3)
    assert weights.estimate("gmm", source, target, 3, maximum=1.5).tolist() == np.minimum(ratio, 1.5).tolist()
    assert weights.RECOMMENDED in density_ratios.FITS


@pytest.mark.parametrize("judge", weights.JUDGES)
def test_every_judge_sees_the_shift_and_its_repair(samples, judge):
    source, target = samples
    assert weights.two_sample_auc(source, target, judge=judge) > 0.65
    assert abs(weights.two_sample_auc(source, target, true_ratio(source), judge=judge) - 0.5) < 0.06


def test_normalised_methods_have_mean_one(samples):
    source, target = samples
    assert weights.density_ratio(source, target, "logistic").mean() == pytest.approx(1, abs=0.1)


def test_effective_sample_size():
    assert weights.effective_sample_size(np.ones(7)) == pytest.approx(7)
    assert weights.effective_sample_size([0, 0, 3.0]) == pytest.approx(1)
    w = np.random.default_rng(0).exponential(size=50)
    assert weights.effective_sample_size(w) == pytest.approx(weights.effective_sample_size(5 * w))


def test_effective_sample_size_by_hand():
    assert weights.effective_sample_size([1, 2, 3]) == pytest.approx(36 / 14)
    assert weights.effective_sample_size([10, 1, 1, 1, 1]) == pytest.approx(14**2 / 104)


def test_two_sample_auc_weighs_training_and_scoring():
    """Half of the source lies far from the target: without weights three quarters of a perfect area, with small ones none.

    Scored without the weights, or trained with weights of the source's and not the target's size, it would not be so.
    """
    rng = np.random.default_rng(0)
    near, far, target = rng.normal(size=(300, 2)), rng.normal((6, 0), 1, size=(300, 2)), rng.normal(size=(1500, 2))
    source, weight = np.vstack([near, far]), np.repeat([1.0, 0.02], 300)
    balanced = weights.two_sample_auc(source, target, weight)
    assert abs(balanced - 0.5) < 0.04
    assert weights.two_sample_auc(source, target, 1000 * weight) == pytest.approx(balanced, abs=1e-12)
    assert 0.70 < weights.two_sample_auc(source, target) < 0.80


def test_balance_measures(samples):
    source, target = samples
    assert weights.two_sample_auc(source, target) > 0.65
    assert abs(weights.two_sample_auc(source, target, true_ratio(source)) - 0.5) < 0.06
    assert weights.ks_distances(source, source) == pytest.approx(0)
    assert weights.ks_distances(source, target)[0] == pytest.approx(stats.ks_2samp(source[:, 0], target[:, 0]).statistic)


def test_bad_weights_and_samples(samples):
    source, target = samples
    assert weights.clip([np.inf, 2.0]).tolist() == [10.0, 2.0]
    for bad, message in (([np.nan, 1.0], "1 of 2"), ([-1.0, 1.0], "negative"), ([0.0, 0.0], "All sample weights are zero")):
        with pytest.raises(FeatureError, match=message):
            weights.clip(bad)
    with pytest.raises(FeatureError, match="shape"):
        forest.check_weights(np.ones(3), 4)
    with pytest.raises(FeatureError, match="Unknown density ratio"):
        weights.density_ratio(source, target, "magic")
    with pytest.raises(FeatureError, match="same features"):
        weights.density_ratio(source, target[:, :1])
    with pytest.raises(FeatureError, match="needs at least"):
        weights.density_ratio(source[:5], target)
    with pytest.raises(FeatureError, match="NaN"):
        weights.density_ratio(np.where(source > 3, np.nan, source), target)


def labelled(n=400, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return X, (X[:, 0] + 0.5 * rng.normal(size=n) > 0).astype(int) + (X[:, 1] > 1)


def test_counts_forest_equals_repeating_rows():
    """A weight of 3 in a tree must act like three copies of the source."""
    X, y = labelled(120)
    weight = np.random.default_rng(3).integers(1, 4, len(X))
    one = forest.fit_forest(X, y, weight, seed=5, n_trees=200, weighting="counts")
    copies = forest.fit_forest(np.repeat(X, weight, axis=0), np.repeat(y, weight), seed=5, n_trees=200)
    assert np.abs(one.predict_proba(X) - copies.predict_proba(X)).mean() < 0.06


def test_both_weightings_agree_without_weights_and_learn():
    X, y = labelled()
    ours, theirs = (forest.fit_forest(X, y, seed=0, weighting=kind, n_trees=100).predict_proba(X) for kind in forest.WEIGHTINGS)
    assert np.allclose(ours.sum(axis=1), 1) and np.abs(ours - theirs).mean() < 0.03
    assert (ours.argmax(axis=1) == y).mean() > 0.95


def test_the_two_meanings_differ_in_deep_trees():
    """A source of weight ~0 is never drawn, but as a count it still fills its own pure leaf."""
    X, y = labelled()
    weight = np.where(y == 0, 1e-9, 1.0)
    counts, bootstrap = (
        forest.fit_forest(X, y, weight, seed=0, weighting=kind).predict_proba(X)[:, 0].mean() for kind in forest.WEIGHTINGS
    )
    assert bootstrap < 0.001 and counts > 0.2


def test_unseen_class_gets_zero_and_importances_add_up():
    X, y = labelled()
    fitted = forest.fit_forest(X, y, seed=0, n_classes=5)
    assert fitted.predict_proba(X).shape == (400, 5) and (fitted.predict_proba(X)[:, 3:] == 0).all()
    assert fitted.importances.sum() == pytest.approx(1) and fitted.importances.argmax() == 0


def test_out_of_bag_is_honest():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 2)), rng.integers(0, 2, 300)  # nothing to learn
    fitted = forest.fit_forest(X, y, seed=0, n_trees=100, max_depth=None)
    assert ((fitted.predict_proba(X)[:, 1] > 0.5) == y).mean() > 0.95
    assert abs(((fitted.out_of_bag(X)[:, 1] > 0.5) == y).mean() - 0.5) < 0.1
    with pytest.raises(FeatureError, match="keeps no bags"):
        forest.fit_forest(X, y, seed=0, n_trees=3, weighting="bootstrap").out_of_bag(X)
    with pytest.raises(FeatureError, match="every tree"):
        forest.fit_forest(X, y, seed=0, n_trees=1).out_of_bag(X)


def test_forest_errors():
    X, y = labelled()
    with pytest.raises(FeatureError, match="same class"):
        forest.fit_forest(X, np.zeros(len(X), int), seed=0)
    with pytest.raises(FeatureError, match="Unknown weighting"):
        forest.fit_forest(X, y, seed=0, weighting="both")


def test_reassign_sums_probabilities():
    X, y = labelled()
    sums = forest.reassign(X, y, X[:10], np.array(["p"] * 4 + ["q"] * 6), n_groups=3, seed=0)
    assert {name: round(float(total.sum())) for name, total in sums.items()} == {"p": 4, "q": 6}
