"""What a claim says, what is refused, and how it is shown."""

import pytest
from simulated import SETTINGS

from agnbook.chapter import claims
from agnbook.errors import ResultsError


def claim(**changes):
    return claims.Claim(**{"id": "a.b", "what": "what", "ours": 0.41, "paper": 0.4, "tolerance": 0.02, "n": 62} | changes)


@pytest.mark.parametrize(
    "changes, verdict",
    [
        ({}, "reproduced"),
        ({"ours": 0.5}, "differs"),
        ({"paper": None, "tolerance": None}, "beyond"),
        ({"ours": None}, "not tested"),
        ({"ours": 1224, "paper": 1224, "tolerance": 0}, "reproduced"),
    ],
)
def test_verdicts(changes, verdict):
    assert claim(**changes).verdict == verdict


def test_published_claims_come_back(data):
    shown = claims.publish([claim(interval=(0.39, 0.43)), claim(id="a.c", ours=0.5, why="because")], SETTINGS, 0)
    assert list(shown["verdict"]) == ["reproduced", "differs"] and shown.loc["a.b", "interval"] == "0.390 – 0.430"
    (data / "results" / "99_test.json").rename(data / "results" / "12_test.json")
    assert [entry["chapter"] for entry in claims.load()] == ["12_test", "12_test"]
    assert claims.get("a.c")["why"] == "because"
    with pytest.raises(ResultsError, match=r"No claim 'a.d'; near: a.c, a.b"):
        claims.get("a.d")
    with pytest.raises(ResultsError, match="No claims of 13_none"):
        claims.load("13_none")


@pytest.mark.parametrize(
    "bad, message",
    [
        ([claim(), claim()], "given twice: a.b"),
        ([claim(ours=float("nan"))], "must be a finite number"),
        ([claim(tolerance=None)], "gives no tolerance"),
        ([claim(ours=0.9)], "say why"),
        ([claim(ours=None)], "say why"),
    ],
)
def test_bad_claims_are_refused(bad, message):
    with pytest.raises((ResultsError, TypeError), match=message):
        claims.publish(bad, SETTINGS, 0)


@pytest.mark.parametrize(
    "value, text", [(0.40612, "0.406"), (1224, "1224"), (None, "–"), (12.345, "12.3"), (0.0, "0.00"), (1e-5, "0.0000")]
)
def test_numbers_are_shown_at_three_digits(value, text):
    assert claims.number(value) == text
