"""The exam of redshifts: its rule, its scores, its treatment of lower limits."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from agnbook.errors import FeatureError
from agnbook.judge import later_redshifts as exam


def published(rows):
    table = pd.DataFrame(rows, columns=["Source_Name", "z", "kind", "file"])
    return table.assign(origin="somewhere", counterpart="")


def test_the_rule_gives_every_candidate_one_status():
    found = exam.answers(
        published(
            [
                ("A", 0.5, "secure", "1CGH"), ("A", 0.505, "secure", "Goldoni"),
                ("B", 0.5, "secure", "1CGH"), ("B", 0.6, "secure", "Goldoni"),
                ("C", 0.3, "secure", "1CGH"), ("C", 0.4, "limit", "Goldoni"),
                ("D", 0.3, "limit", "1CGH"), ("D", 0.4, "limit", "Goldoni"),
                ("E", 0.3, "uncertain", "1CGH"), ("F", np.nan, "withdrawn", "Goldoni"), ("Z", 0.1, "secure", "1CGH"),
            ]
        ),
        list("ABCDEFG"),
    )  # fmt: skip
    expected = ["secure", "contradictory", "contradictory", "limit", "uncertain", "", ""]
    assert found["status"].tolist() == expected
    assert found.loc["A", "z"] == 0.5 and found.loc["A", "file"] == "1CGH" and found.loc["D", "limit"] == 0.4
    assert found["z"].notna().sum() == 1 and found["limit"].notna().sum() == 1  # Z is no candidate


def test_scores_by_hand():
    table = exam.gaussian([0.5, 1.0, 0.2], [0.1, 0.1, 0.1], ["A", "B", "C"])
    truth = pd.Series({"A": 0.5, "B": 1.5, "C": 0.36, "U": 9.0, "V": np.nan})
    result = exam.score(table, truth, n_resamples=20)
    assert result.attrs == {"n": 3, "unanswered": 1, "extra": 0}
    assert result.value["rmse"] == pytest.approx(np.sqrt((0.25 + 0.0256) / 3))
    assert result.value["bias"] == pytest.approx((0 - 0.5 - 0.16) / 3)
    assert result.value["outliers"] == pytest.approx(1 / 3)  # |-.5| / 2.5 = .2; .16 / 1.36 = .118, though .16 itself is beyond
    # about their median, -.118, the relative errors 0, -.2 and -.118 deviate by .118, .082 and 0
    assert result.value["nmad"] == pytest.approx((0.2 - 0.16 / 1.36) / stats.norm.ppf(0.75), rel=1e-4)
    assert result.value["coverage68"] == pytest.approx(1 / 3) and result.value["coverage95"] == pytest.approx(2 / 3)
    with pytest.raises(FeatureError, match="No source with an answer"):
        exam.score(table, pd.Series({"Q": 1.0}))


def test_five_quantiles_give_nearly_the_exact_crps():
    rng = np.random.default_rng(0)
    truth = rng.normal(0.6, 0.2, 4000)
    table = exam.gaussian(np.full(4000, 0.6), np.full(4000, 0.2), [str(i) for i in range(4000)])
    u = (truth - 0.6) / 0.2
    exact = 0.2 * (u * (2 * stats.norm.cdf(u) - 1) + 2 * stats.norm.pdf(u) - 1 / np.sqrt(np.pi))
    assert exam.each(table, truth)["crps"].mean() == pytest.approx(exact.mean(), rel=0.03)


def test_crps_of_a_point_is_its_distance():
    table = exam.gaussian([0.5, 0.5], [0.0, 0.0], ["A", "B"])
    np.testing.assert_allclose(exam.crps(table, [0.3, 0.9]), [0.2, 0.4], atol=0.01)  # 2.5 % of the probability reach down to 0


def test_paired_differences_see_through_common_difficulty():
    rng = np.random.default_rng(1)
    names = [str(i) for i in range(120)]
    truth = pd.Series(rng.uniform(0.1, 1.5, 120), names)
    noise = rng.normal(0, 0.3, 120)
    first, second = (exam.gaussian(truth + shift + noise, np.full(120, 0.3), names) for shift in (0.1, 0.0))
    gain = exam.paired(first, second, truth, n_resamples=200)
    assert gain.attrs["n"] == 120 and gain.value["bias"] == pytest.approx(-0.1) and gain.high["bias"] < -0.099
    alone = exam.score(second, truth, n_resamples=200)
    assert gain.high["bias"] - gain.low["bias"] < 0.1 * (alone.high["bias"] - alone.low["bias"])


def test_limits_are_censored_data():
    table = exam.gaussian([0.5, 0.5, 2.0], [0.1, 0.1, 0.1], ["A", "B", "C"])
    result = exam.limit_scores(table, pd.Series({"A": 0.45, "B": 0.9, "C": 0.5}))
    assert result["median_below"].tolist() == [False, True, False]
    assert result["interval_below"].tolist() == [False, True, False]
    assert result.loc["A", "above"] == pytest.approx(0.67, abs=0.03) and result.loc["B", "above"] < 0.01
    assert result.loc["C", "crps"] == pytest.approx(0, abs=1e-3)
    assert result.loc["B", "crps"] == pytest.approx(0.4 - 0.1 / np.sqrt(np.pi), abs=0.02)  # integral of Phi^2 to the limit


def test_cumulative_passes_through_the_quantiles():
    table = exam.gaussian([0.6], [0.1], ["A"])
    for level, name in zip(exam.LEVELS, exam.QUANTILES, strict=True):
        assert exam.cumulative(table, table[name])[0] == pytest.approx(level)


def test_together_counts_each_source_once_and_pairs():
    names = list("ABCD")
    near, far = (exam.gaussian([m] * 4, [0.1] * 4, names) for m in (0.5, 2.0))
    truth, limit = pd.Series({"A": 0.5, "B": 0.6}), pd.Series({"C": 1.0, "D": 1.2})
    table = exam.together({"near": near, "far": far}, truth, limit, "near", n_resamples=50)
    assert (table["n"] == 4).all() and table.loc["near", ["value", "low", "high"]].abs().max() == 0
    by_hand = (exam.each(far.loc[["A", "B"]], truth)["crps"].sum() + exam.limit_scores(far, limit)["crps"].sum()) / 4
    assert table.loc["far", "crps"] == pytest.approx(by_hand)
    assert table.loc["far", "value"] == pytest.approx(table.loc["far", "crps"] - table.loc["near", "crps"])


def test_audit_names_what_revised_lists_doubt():
    rows = [("A", 0.5, "secure", "1CGH"), ("B", 0.9, "secure", "1CGH"), ("C", 0.4, "uncertain", "1CGH"),
            ("D", 0.4, "limit", "1CGH"), ("E", np.nan, "withdrawn", "Goldoni"), ("Z", 1.0, "secure", "1CGH")]  # fmt: skip
    found = exam.audit(published(rows), pd.Series(0.5, list("ABCDE"))).set_index("Source_Name")["finding"]
    assert found.to_dict() == {
        "A": "secure, same value", "B": "secure, other value", "C": "photometric or uncertain", "D": "only a limit",
        "E": "no value",
    }  # fmt: skip


def test_median_gap_covers_a_known_shift():
    rng = np.random.default_rng(0)
    value, low, high = exam.median_gap(rng.normal(0, 1, 300), rng.normal(0.5, 1, 300), n_resamples=200)
    assert low < value < high and low < 0.5 < high and low > 0
