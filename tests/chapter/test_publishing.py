"""Declaring claims in a file, publishing what was measured, and the messages of every way to get it wrong."""

import pytest

from agnbook.chapter import claims, declared, sizes
from agnbook.chapter.claims import Measured
from agnbook.errors import ResultsError

SETTINGS = sizes.Settings("12_test", "book", {"restarts": 5})
COMPARED = """
[[group]]
how = "mean of {restarts} restarts"
unit = "redshift"
tolerance = 0.02
because = "two standard deviations over restarts"
[group.claims]
"a.rmse" = { what = "RMSE", paper = 0.4, where = "gharat2023, Table 1, Flipout, RMSE" }
"""
OWN = """
[[group]]
[group.claims]
"a.own" = { what = "of our own" }
"""


@pytest.fixture
def declare(data):
    """Write a file of claims into an empty `data/` folder to publish into."""
    (data / "claims").mkdir()

    def write(text, chapter="12_test"):
        (data / "claims" / f"{chapter}.toml").write_text(text)

    return write


@pytest.mark.parametrize(
    "ours, paper, tolerance, verdict",
    [
        (0.41, 0.4, 0.02, "reproduced"),
        (0.42, 0.4, 0.02, "reproduced"),
        (0.421, 0.4, 0.02, "differs"),
        (0.41, None, None, "beyond"),
        (None, 0.4, 0.02, "not tested"),
        (1224, 1224, 0, "reproduced"),
        (1225, 1224, 0, "differs"),
    ],
)
def test_verdicts(ours, paper, tolerance, verdict):
    assert claims.verdict(ours, paper, tolerance) == verdict


def test_published_claims_come_back_complete(declare):
    declare(COMPARED + OWN)
    measured = {"a.own": Measured(2.0, note="on one core"), "a.rmse": Measured(0.4123456789, (0.39, 0.43), 62)}
    shown = claims.publish(measured, SETTINGS, 7)
    assert list(shown.index) == ["a.rmse", "a.own"], "in the order of the file"
    assert list(shown["verdict"]) == ["reproduced", "beyond"] and shown.loc["a.rmse", "interval"] == "0.390 – 0.430"
    assert claims.get("a.rmse") == {
        "id": "a.rmse", "what": "RMSE", "paper": 0.4, "where": "gharat2023, Table 1, Flipout, RMSE", "tolerance": 0.02,
        "because": "two standard deviations over restarts", "unit": "redshift", "how": "mean of 5 restarts", "why": "",
        "ours": 0.412346, "interval": [0.39, 0.43], "n": 62, "verdict": "reproduced", "profile": "book", "seed": 7,
        "chapter": "12_test",
    }  # fmt: skip
    assert claims.get("a.own")["how"] == "on one core"
    with pytest.raises(ResultsError, match=r"No claim 'a.rms'; near: a.rmse"):
        claims.get("a.rms")
    with pytest.raises(ResultsError, match="No claims of 13_none"):
        claims.load("13_none")


def test_scores_with_intervals_become_measurements():
    found = {"auc": (0.9, 0.8, 0.95), "brier": (0.1, 0.05, 0.2)}
    assert claims.from_scores("a.cv", found, ["auc"], 7) == {"a.cv.auc": Measured(0.9, (0.8, 0.95), 7)}


def test_paper_values_are_read_from_the_file(declare):
    declare(COMPARED + OWN)
    assert claims.paper("12_test") == {"a.rmse": 0.4}


def test_reason_is_shown_only_for_a_difference(declare):
    declare(COMPARED.replace("[group.claims]", 'why = "another split"\n[group.claims]'))
    claims.publish({"a.rmse": Measured(0.41)}, SETTINGS, 0)
    assert claims.get("a.rmse")["why"] == ""
    claims.publish({"a.rmse": Measured(0.5)}, SETTINGS, 0)
    assert claims.get("a.rmse")["why"] == "another split"


def test_measured_tolerance(declare):
    declare(COMPARED.replace("0.02", '"measured"'))
    claims.publish({"a.rmse": Measured(0.47, tolerance=0.08)}, SETTINGS, 0)
    assert claims.get("a.rmse")["tolerance"] == 0.08 and claims.get("a.rmse")["verdict"] == "reproduced"
    with pytest.raises(ResultsError, match=r"give it: Measured\(..., tolerance=...\)"):
        claims.publish({"a.rmse": Measured(0.47)}, SETTINGS, 0)


@pytest.mark.parametrize(
    "measured, message",
    [
        ({}, "Declared in .*12_test.toml, but not measured: a.rmse"),
        ({"a.rmse": Measured(0.4), "a.cc": Measured(0.7)}, "Measured, but not declared in .*12_test.toml: a.cc"),
        ({"a.rmse": Measured(float("nan"))}, "must be a finite number"),
        ({"a.rmse": Measured(0.9)}, "a.rmse differs: say `why` in .*12_test.toml"),
        ({"a.rmse": Measured(None)}, "a.rmse not tested: say `why`"),
        ({"a.rmse": Measured(0.4, tolerance=0.1)}, "its file declares 0.02"),
    ],
)
def test_wrong_measurements_are_refused(declare, measured, message):
    declare(COMPARED)
    with pytest.raises(ResultsError, match=message):
        claims.publish(measured, SETTINGS, 0)


def test_unknown_setting_is_named(declare):
    declare(COMPARED.replace("{restarts}", "{repeats}"))
    with pytest.raises(ResultsError, match="names the setting 'repeats', which 12_test lacks"):
        claims.publish({"a.rmse": Measured(0.4)}, SETTINGS, 0)


def test_smoke_may_leave_claims_out_and_never_writes(declare, data):
    declare(COMPARED + OWN)
    smoke = sizes.Settings("12_test", "smoke", {"restarts": 1})
    shown = claims.publish({"a.rmse": Measured(float("nan")), "a.own": Measured(1.0)}, smoke, 0)
    assert list(shown.index) == ["a.own"] and not list((data / "results").iterdir())
    with pytest.raises(ResultsError, match="not declared"):
        claims.publish({"a.other": Measured(1.0)}, smoke, 0)


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("tolerance = 0.02\n", "", "lacks tolerance"),
        ("because = ", "# ", "lacks because"),
        (', where = "gharat2023, Table 1, Flipout, RMSE"', "", "lacks where"),
        (", paper = 0.4", "", "has where, tolerance, because but no `paper` value"),
        ('what = "RMSE", ', "", "has no `what`"),
        ("because", "reason", "unknown fields reason; known are what, paper"),
        ("[group.claims]", "[group.claims", "is not TOML"),
    ],
)
def test_faults_of_a_file_are_named(declare, old, new, message):
    assert old in COMPARED
    declare(COMPARED.replace(old, new))
    with pytest.raises(ResultsError, match=message):
        declared.read("12_test")


def test_missing_file_and_repeated_id_are_named(declare):
    with pytest.raises(ResultsError, match=r"Cannot read .*12_test.toml.*A chapter's claims are declared there"):
        declared.read("12_test")
    declare(OWN + OWN)
    with pytest.raises(ResultsError, match=r"declares a\.own twice"):
        declared.read("12_test")


@pytest.mark.parametrize("chapter", ["12_test", "13_other"])
def test_one_number_of_a_paper_is_judged_once(declare, chapter):
    again = COMPARED.replace("a.rmse", "a.again")
    if chapter == "12_test":
        declare(COMPARED + again)
    else:
        declare(COMPARED)
        declare(again, chapter)
    with pytest.raises(ResultsError, match=r"0.4 \(gharat2023, Table 1, .*\) is judged twice, by a.rmse and by a.again"):
        declared.read("12_test")


@pytest.mark.parametrize(
    "value, text", [(0.40612, "0.406"), (1224, "1224"), (None, "–"), (12.345, "12.3"), (0.0, "0.00"), (-2.1e-5, "-0.00002")]
)
def test_numbers_are_shown_at_three_digits(value, text):
    assert claims.number(value) == text
