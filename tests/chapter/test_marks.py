"""Tables to look at: rounding, the best value, heads with units, text that is never HTML."""

import numpy as np
import pandas as pd
import pytest

from agnbook.chapter import marks
from agnbook.errors import SettingsError
from agnbook.press import page_parts

SCORES = pd.DataFrame(
    {"n": [100, 20, 3], "logloss": [0.2041, 0.1996, 0.31], "auc": [0.9, np.nan, 0.95], "slope": [-0.8, 1.3, 1.1]},
    ["forest", "net <b>", "latitude"],
)


def test_the_best_value_of_each_column_is_marked():
    shown = marks.best(SCORES, {"logloss": "min", "auc": "max", "slope": 1.0}, digits={"logloss": 2, "slope": 1})
    assert shown.text["logloss"].tolist() == ["0.20", "0.20", "0.31"]
    assert shown.best["logloss"].tolist() == [True, True, False], "what reads the same is the same"
    assert shown.best["auc"].tolist() == [False, False, True] and shown.text["auc"].tolist() == ["0.900", "–", "0.950"]
    assert shown.best["slope"].tolist() == [False, False, True], "the nearest to the number given"
    assert shown.text["n"].tolist() == ["100", "20", "3"] and not shown.best["n"].any()
    assert "*0.950" in repr(shown) and "−0.8" in repr(shown)


def test_a_column_of_whole_numbers_may_have_a_best_one():
    assert marks.best(SCORES, {"n": "max"}, digits=2).text["n"].tolist() == ["100", "20", "3"]
    assert marks.best(SCORES, {"n": "max"}, digits=2).best["n"].tolist() == [True, False, False]


def test_heads_carry_units_and_names_stay_text():
    html = marks.best(SCORES, {"logloss": "min"}, names={"logloss": "log-loss (nats)"})._repr_html_()
    assert "<th>log-loss (nats)</th>" in html and "<strong>0.200</strong>" in html
    assert "net &lt;b&gt;" in html and "<b>" not in html
    dressed = page_parts.dress(html, "notebooks/11_a", set())
    assert '<td class="number"><strong>0.200</strong>' in dressed, "a best value is aligned like every other number"


@pytest.mark.parametrize(("aims", "message"), [({"AUC": "max"}, "No column 'AUC'"), ({"auc": "largest"}, "not 'largest'")])
def test_unknown_columns_and_rules_are_refused(aims, message):
    with pytest.raises(SettingsError, match=message):
        marks.best(SCORES, aims)
