"""What chapter 22 asks of the weights, on samples whose shift is known."""

import numpy as np
import pandas as pd
import pytest

from agnbook.shift import weight_studies, weights


@pytest.fixture(scope="module")
def samples():
    """Two Gaussian samples, the second shifted in one of ten features, and groups along that feature."""
    rng = np.random.default_rng(0)
    associated, unassociated = rng.normal(size=(360, 10)), rng.normal(size=(300, 10))
    unassociated[:, 0] += 1
    group = np.argsort(np.argsort(associated[:, 0])) * 6 // 360
    return associated, unassociated, group


def test_criteria_of_a_single_gaussian_prefer_one_kernel(samples):
    table = weight_studies.information_criteria(*samples[:2], [1, 2, 3], seeds=2)
    assert table.groupby(["sample", "seed"])["kernels"].apply(list).tolist() == 4 * [[1, 2, 3]]
    assert table.loc[table.groupby(["sample", "seed"])["bic"].idxmin(), "kernels"].tolist() == 4 * [1]


def test_every_set_has_its_sizes(samples):
    associated, unassociated, group = samples
    table = weight_studies.all_weights(associated, unassociated, ["gmm", "logistic"], 2, [f"source {i}" for i in range(360)])
    sets = weight_studies.by_estimator(table)
    assert {name: values.shape for name, values in sets.items()} == {"gmm": (2, 360), "logistic": (2, 360)}
    weight = weights.estimate("gmm", associated, unassociated, 1)
    np.testing.assert_array_equal(sets["gmm"][1], weight)
    found = weight_studies.sizes(table, group).loc[1]
    assert found["estimator"] == "gmm" and found["seed"] == 1
    assert found["n_eff"] == pytest.approx(weights.effective_sample_size(weight), rel=0.001)
    last = group == 5
    assert found["over_bll+"] == pytest.approx(weight[last].sum() / last.sum(), rel=0.001)
    assert found["lost_bll+"] == pytest.approx(last.sum() / weights.effective_sample_size(weight[last]), rel=0.001)


def test_gmm_does_not_answer_for_its_namesake():
    """``wide_gmm.0`` ends like ``gmm.0``: the sets must not mix."""
    table = pd.DataFrame({"Source_Name": ["a"], "gmm.0": [1.0], "wide_gmm.0": [2.0], "gmm.1": [3.0]})
    assert {name: values.tolist() for name, values in weight_studies.by_estimator(table).items()} == {
        "gmm": [[1.0], [3.0]], "wide_gmm": [[2.0]],
    }  # fmt: skip


@pytest.mark.slow
def test_held_out_half_ranks_a_good_ratio_above_none(samples):
    """The true divergence of the shift is one half of its square, and no estimate may exceed it by more than noise."""
    rng = np.random.default_rng(1)
    associated, unassociated = rng.normal(size=(1200, 3)), rng.normal(size=(1200, 3)) + np.array([1, 0, 0])
    table = weight_studies.held_out(associated, unassociated, ["logistic"], range(2))
    assert table["estimator"].tolist() == ["none", "logistic"] * 2
    mean = table.groupby("estimator").mean()
    assert mean.loc["none", "gain_nats"] == 0 and 0.35 < mean.loc["logistic", "gain_nats"] < 0.65
    for judge in weights.JUDGES:
        assert mean.loc["none", judge] > 0.7 and abs(mean.loc["logistic", judge] - 0.5) < 0.07
    assert mean.loc["logistic", "mean_ks"] < mean.loc["none", "mean_ks"] and mean.loc["logistic", "effective"] < 1
    assert set(weight_studies.LABELS) == {"none", *weight_studies.FAMILY}


def test_weight_goes_where_the_target_is(samples):
    associated, unassociated, group = samples
    share = weight_studies.weight_share(associated, unassociated, group == 5, 2, "logistic")
    assert share.shape == (2,) and (share > 2 / 6).all()
    everywhere = weight_studies.weight_share(associated, unassociated, group >= 0, 1, "logistic")
    assert everywhere == pytest.approx(1)


def test_mixtures_remember_the_half_they_saw(samples):
    table = weight_studies.mixture_overfit(*samples[:2], 2)
    assert table["half"].tolist() == [0, 0, 1, 1] and (table["fitted"] > table["held_out"] + 1).all()


def test_a_judge_of_the_own_family_does_not_count():
    table = pd.DataFrame({"estimator": ["none", "kernel", "gmm"], "trees": 0.6, "polynomials": 0.55, "kernels": [0.9, 0.9, 0.7]})
    assert weight_studies.judged_by_others(table)["auc"].tolist() == [0.9, 0.6, 0.7]


def test_a_v_makes_a_spike_and_a_sign_takes_it_away():
    """Curvature is negative for few sources of either sample, and the samples differ elsewhere."""
    rng = np.random.default_rng(3)

    def sample(n, brightness):
        beta = np.where(rng.random(n) < 0.08, -0.1, 0.3) * np.abs(rng.normal(1, 0.2, n))
        return pd.DataFrame({"LP_beta": beta, "LP_SigCurv": np.abs(beta) * 30, "bright": rng.normal(brightness, 1, n)})

    share = weight_studies.spike(sample(900, 0.5), sample(700, 0), 2)
    assert share.shape == (2, 3) and share.columns[0] == "the paper's mixtures"
    assert ((share > 0.02) & (share < 0.3)).all(axis=None) and abs(share["components kept wide"].mean() - 0.08) < 0.03


def test_likelihoods_of_a_fitted_mixture_match_its_draws(samples):
    for real, drawn in weight_studies.likelihoods(*samples[:2]).values():
        assert len(real) == len(drawn) and real.mean() > drawn.mean() - 1
