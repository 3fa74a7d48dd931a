"""The studies of the models that answer: agreement with the published tables, and speed."""

import numpy as np
import pandas as pd
import pytest

from agnbook.ask import examined


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_answers_agree_with_the_published_tables(both_latitudes):
    table = examined.agreement(both_latitudes, every=60).set_index("model")
    assert table.loc["redshift", "sources"] > 20
    assert table.loc["redshift", "largest difference"] < 1e-3  # the model is stored in single precision
    # one network against the mean over resamples of its training: noise of a training, no more
    assert 0 < table.loc["BL Lac or FSRQ", "median difference"] < 0.1


def test_speed_counts_what_was_asked_without_the_warming_up():
    asked = []

    def question(table):
        asked.append(len(table))
        assert len(set(table["Source_Name"])) == len(table)
        return table

    frame = pd.DataFrame({"Source_Name": ["a", "b", "c"], "x": np.arange(3.0)})
    table = examined.speed({"nothing": (question, frame)}, 8)
    assert asked == [2, 8]
    assert table.loc[0, "question"] == "nothing" and table.loc[0, "rows"] == 8
    assert 0 <= table.loc[0, "processor_seconds_per_100000"] < 1e5
