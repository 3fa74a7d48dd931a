"""The cover's picture and answers come from claims."""

import re

from agnbook.chapter import claims
from agnbook.press import cover

ENTRIES = claims.load()
KNOWN = {entry["id"]: entry for entry in ENTRIES}


def test_every_claim_the_cover_leads_with_is_published():
    named = {line.ours for line in cover.LINES} | {line.later for line in cover.LINES if line.later}
    for _, answer in cover.ANSWERS.values():
        named |= {name.partition("|")[0] for name in re.findall(r"\{([^}]+)\}", answer)}
    assert named <= KNOWN.keys()


def test_a_line_shows_paper_ours_and_later_at_their_places():
    line = next(line for line in cover.LINES if line.ours == "redshift.flipout.rmse")
    picture = cover.picture(
        [KNOWN[line.ours] | {"paper": 0.4, "ours": 0.5, "interval": [0.3, 0.7]}, KNOWN[line.later] | {"ours": 0.2}]
    )
    assert 'class="mark paper" style="left:50.0%"' in picture
    assert 'class="mark ours" style="left:75.0%"' in picture
    assert 'class="bar ours" style="left:25.0%;width:75.0%"' in picture, "an interval ends with the axis"
    assert 'class="mark later" style="left:0.0%"' in picture
    assert "paper: 0.400" in picture and "0.500 (0.300 to 0.700)" in picture and "← better" in picture


def test_a_measure_without_claims_is_left_out():
    assert cover.picture([]) == '<div class="promise"></div>'
    alone = cover.answers([])
    assert all(question in alone for question in cover.ANSWERS) and "scorecard.html" not in alone
    assert alone.count(".ipynb)") == 4, "each part has its way in"


def test_answers_hold_the_numbers_of_the_claims():
    text = cover.answers([entry | {"ours": 0.123} if entry["id"] == "banp.logm_mae" else entry for entry in ENTRIES])
    assert '<a href="scorecard.html#claim-banp.logm_mae">0.123</a> dex' in text
    assert text.count("#claim-") > 12 and "|%" not in text


def test_verdicts_are_counted():
    entries = [KNOWN["redshift.flipout.rmse"] | {"verdict": verdict} for verdict in ("reproduced", "reproduced", "differs")]
    text = cover.verdicts(entries)
    assert "**2 are reproduced** and **1 differ**" in text and "; 0 results" in text
