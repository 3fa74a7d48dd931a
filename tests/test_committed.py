"""Committed files against their records."""

import pandas as pd
import pytest
from simulated import SETTINGS

from agnbook import committed
from agnbook.chapter import stored
from agnbook.errors import ResultsError


def test_damaged_and_missing_artifacts_are_refused(data):
    stored.save_table("results/t.csv", pd.DataFrame({"a": [1]}), settings=SETTINGS, seed=0, wall_seconds=1.0)
    (data / "results" / "t.csv").write_text("a\n2\n")
    with pytest.raises(ResultsError, match="differs from its recorded sha256"):
        committed.load_table("results/t.csv")
    with pytest.raises(ResultsError, match="make paper"):
        committed.verify("weights/none.json")
