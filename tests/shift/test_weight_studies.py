"""What chapter 22 asks of the weights, on samples whose shift is known."""

import numpy as np
import pytest

from agnbook.shift import weight_studies, weights
from agnbook.sky.source_classes import NAMES


@pytest.fixture(scope="module")
def samples():
    """Two Gaussian samples, the second shifted in one of ten features, and groups along that feature."""
    rng = np.random.default_rng(0)
    associated, unassociated = rng.normal(size=(360, 10)), rng.normal(size=(300, 10))
    unassociated[:, 0] += 1
    group = np.argsort(np.argsort(associated[:, 0])) * 6 // 360
    return associated, unassociated, group


def test_criteria_of_a_single_gaussian_prefer_one_kernel(samples):
    table = weight_studies.information_criteria(*samples[:2], [1, 2, 3])
    assert table.groupby("sample")["kernels"].apply(list).to_dict() == {"associated": [1, 2, 3], "unassociated": [1, 2, 3]}
    best = table.loc[table.groupby("sample")["bic"].idxmin(), "kernels"]
    assert best.tolist() == [1, 1]


def test_every_seed_has_its_sizes(samples):
    associated, unassociated, group = samples
    table = weight_studies.mixtures_by_seed(associated, unassociated, group, 2)
    weight = weights.clip(weights.density_ratio(associated, unassociated, "gmm", seed=1))
    row = table.loc[1]
    assert row["n_eff"] == pytest.approx(weights.effective_sample_size(weight)) and row["mean_weight"] == pytest.approx(
        weight.mean()
    )
    last = group == 5
    assert row["over_bll+"] == pytest.approx(weight[last].sum() / last.sum())
    assert row["lost_bll+"] == pytest.approx(last.sum() / weights.effective_sample_size(weight[last]))
    assert table["n_eff"].nunique() == 2


def test_weights_bring_the_samples_together(samples):
    associated, unassociated, group = samples
    two = (group > 2).astype(int)
    table = weight_studies.compare_estimators(associated, unassociated, group, two, ["logistic"], seeds=2)
    assert table["method"].tolist() == ["none", "logistic", "logistic"]
    plain, weighted = table.iloc[0], table.iloc[1]
    assert plain["mean_weight"] == 1 and plain["n_eff"] == 360
    assert plain["two_sample_auc"] > 0.65 and abs(weighted["two_sample_auc"] - 0.5) < plain["two_sample_auc"] - 0.5
    assert weighted["max_ks"] < plain["max_ks"] and weighted["n_eff"] < 360
    assert set(weight_studies.LABELS) >= set(table["method"]) and NAMES[3] == "fsrq+"
