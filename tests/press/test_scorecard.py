"""The scorecard: every claim with its reason, its size and the cell that made it."""

import re

import pytest

from agnbook.chapter import claims
from agnbook.press import scorecard

ENTRY = {
    "id": "a.b", "what": "something <b>", "ours": 0.41, "paper": 0.4, "interval": [0.39, 0.43], "n": 62, "unit": "redshift",
    "how": "10-fold.", "tolerance": 0.02, "where": "gharat2023, Table 1", "because": "one start",
    "why": "", "verdict": "reproduced", "chapter": "12_estimate_redshifts",
}  # fmt: skip
DIFFERS = ENTRY | {
    "id": "a.c", "verdict": "differs", "why": "Another split", "interval": None, "n": None, "ours": 0.3,
    "chapter": "21_define_classes",
}  # fmt: skip


def test_every_claim_has_its_row():
    page = scorecard.page([ENTRY, DIFFERS])
    assert "of 2 figures that could be compared, **1 are reproduced**" in page
    for part in (
        'id="claim-a.b" data-part="I Gamma-ray blazars" data-verdict="reproduced" data-size="0.5"',
        'id="claim-a.c" data-part="II Covariate shift" data-verdict="differs" data-size="5"',
        "0.390 to 0.430",
        "something &lt;b&gt;",
        ">Gharat et al. 2023</a>, Table 1. 10-fold. Tolerance 0.0200: one start. Another split",
        "../notebooks/21_define_classes.html",
    ):
        assert part in page
    assert "<b>" not in page.split("<tbody>")[1]


@pytest.mark.parametrize(
    ("ours", "tolerance", "expected"),
    [(0.42, 0.02, 1.0), (0.35, 0.02, -2.5), (0.4, 0.0, 0.0), (0.41, 0.0, 8.0), (0.39, 0.0, -8.0)],
)
def test_a_difference_is_counted_in_tolerances(ours, tolerance, expected):
    assert scorecard.in_tolerances(ENTRY | {"ours": ours, "tolerance": tolerance}) == pytest.approx(expected)


def test_a_count_is_whole():
    row = scorecard.page([ENTRY | {"paper": 7.0, "ours": 7.0, "tolerance": 0.0}])
    assert row.count('<td class="number">7<') == 2


def test_what_the_paper_does_not_say_has_no_size():
    entry = ENTRY | {"paper": None, "tolerance": None, "verdict": "beyond"}
    assert scorecard.in_tolerances(entry) is None
    assert "data-size" not in scorecard.page([entry]) and "data-claim" not in scorecard.picture([entry])


def test_the_picture_has_one_mark_a_compared_claim_at_its_place():
    picture = scorecard.picture([ENTRY, DIFFERS])
    assert sorted(re.findall(r'data-claim="([^"]+)"', picture)) == ["a.b", "a.c"]
    left, right = float(re.search(r'<path d="M([\d.]+)', picture)[1]), float(re.search(r'<circle cx="([\d.]+)', picture)[1])
    assert left < 30 and 360 < right < 450  # beyond the left end; half a tolerance right of the middle
    assert "1 numbers lie within one tolerance" in picture


def test_each_published_claim_of_a_chapter_knows_its_cell():
    missing = [
        entry["id"]
        for entry in claims.load()
        if entry["chapter"][0].isdigit() and entry["id"] not in scorecard.making_cells(entry["chapter"])
    ]
    assert not missing
