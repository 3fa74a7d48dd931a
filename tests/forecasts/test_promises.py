"""Promises and what came of them: weights estimated anew, each estimate on the sources that it is about."""

import numpy as np
import pandas as pd
import pytest

from agnbook.forecasts import promises
from agnbook.shift import weights


def test_no_weights_are_ones_and_ratios_are_clipped():
    source, target = np.zeros((4, 2)), np.ones((3, 2))
    assert promises.flat(source, target).tolist() == [1, 1, 1, 1]
    rng = np.random.default_rng(0)
    source, target = rng.normal(0, 1, (300, 1)), rng.normal(2, 0.3, (300, 1))
    for method in ("gmm", "boosting"):
        found = promises.ratio(method)(source, target)
        assert found.shape == (300,) and found.max() <= weights.MAX_WEIGHT and (found >= 0).all()
        assert found[source[:, 0] > 1.5].mean() > 5 * found[source[:, 0] < 0].mean()


@pytest.fixture(scope="module")
def parts():
    """A forecaster that is good where x is small; the unassociated sources have larger x, those answered mostly the largest."""
    rng = np.random.default_rng(1)

    def sample(n, centre, start):
        x = rng.normal(centre, 1, n)
        agn = rng.uniform(size=n) < 0.6
        p = np.where(rng.uniform(size=n) < 1 / (1 + np.exp(x)), np.where(agn, 0.95, 0.05), 0.5)
        names = [f"S{start + i}" for i in range(n)]
        table = pd.DataFrame({"agn": p, "galactic": 1 - p}, names)
        return table, pd.Series(np.where(agn, "agn", "galactic"), names), pd.DataFrame({"x": x}, names)

    own, truth, known = sample(400, 0.0, 0)
    ahead, answer, unknown = sample(400, 1.0, 1000)
    answer[rng.uniform(size=400) > 1 / (1 + np.exp(-2 * (unknown["x"] - 1)))] = ""
    return own, truth, ahead, answer, pd.concat([known, unknown])


@pytest.mark.slow
def test_weights_lead_a_promise_towards_what_is_observed(parts):
    own, truth, ahead, answer, X = parts
    clusters = pd.Series(answer.index, answer.index)
    table = promises.promises(own, truth, ahead, answer, X, clusters, n_resamples=4).set_index(["score", "sample"])
    assert set(table.index.get_level_values("sample")) == set(promises.NAMES)
    loss = table.loc["logloss"]
    assert loss.loc["unweighted", "value"] == pytest.approx(
        -np.log(np.where(truth == "agn", own["agn"], own["galactic"])).mean()
    )  # fmt: skip
    # the forecaster is worse where x is large, and every weight says so
    for name in ("weighted", "ratio", "matched"):
        assert loss.loc[name, "value"] > loss.loc["unweighted", "value"]
    gap = (loss["value"] - loss.loc["observed", "value"]).abs()
    assert gap["matched"] < gap["unweighted"]
    assert loss.loc["observed_all", "value"] < loss.loc["observed", "value"], "all the others are easier"
    answered = int((answer != "").sum())
    assert loss["n"].to_dict() == dict.fromkeys(("unweighted", "weighted", "ratio", "matched"), 400) | dict.fromkeys(
        ("observed", "observed_all"), answered
    )
    assert loss.loc["unweighted", "n_eff"] == 400 and loss.loc["observed", "n_eff"] == answered
    assert (loss.loc[["weighted", "ratio", "matched"], "n_eff"] < 400).all()
    assert (loss["low"] < loss["high"]).all()


@pytest.mark.slow
def test_a_balance_says_whether_weights_repair_a_shift():
    rng = np.random.default_rng(2)
    source, target = (pd.DataFrame({"x": rng.normal(centre, 1, 1500)}) for centre in (0.0, 1.0))
    exact = np.exp(source["x"].to_numpy() - 0.5)  # the ratio of the two densities
    table = promises.balance({"none": (source, target, np.ones(1500)), "exact": (source, target, exact)})
    assert table.loc["none", "n_eff"] == 1500 and table.loc["none", "AUC after"] == table.loc["none", "AUC before"]
    # of two normals one standard deviation apart, one draw exceeds the other with the probability Phi(1 / sqrt(2)) = .76
    assert table.loc["exact", "AUC before"] == pytest.approx(0.76, abs=0.03)
    assert table.loc["exact", "AUC after"] == pytest.approx(0.5, abs=0.05)
    assert table.loc["exact", "mean weight"] == pytest.approx(1, abs=0.15)
    assert table.loc["exact", "largest KS after"] < 0.1 < table.loc["none", "largest KS after"]
    assert table.loc["exact", "n_eff"] == pytest.approx(1500 / np.e, rel=0.35)  # of a log-normal of variance 1
