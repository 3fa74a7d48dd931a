"""Figures show the numbers that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from agnbook.shift import curves, pictures
from agnbook.sky.source_classes import NAMES


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def test_a_line_is_the_curve_of_its_class_and_label():
    x = np.tile(curves.GRID, 2)
    table = pd.DataFrame({"problem": "six", "class": "bll+", "label": np.repeat(["RF", "wRF"], 51), "x": x, "recall": 1 - x})
    table.loc[table["label"] == "wRF", "recall"] /= 2
    panels = pictures.six_panels("threshold", "recall")
    pictures.line(panels["bll+"], table, "six", "bll+", "wRF", "recall")
    (drawn,) = panels["bll+"].get_lines()
    assert drawn.get_ydata()[0] == 0.5 and drawn.get_color() == pictures.LABEL_COLORS["wRF"]
    assert panels["spp+"].get_xlim() == (0, 1) and list(panels) == list(NAMES)


def test_moves_end_where_weighted_testing_leads():
    table = pd.DataFrame({"unweighted": [0.8], "shift": [-0.3], "shift_low": [-0.4], "shift_high": [-0.2]}, index=["psr+"])
    _, ax = plt.subplots()
    pictures.moves(ax, table, "recall")
    band, arrow, start, end = ax.get_lines()
    assert band.get_xdata() == pytest.approx([0.4, 0.6]) and arrow.get_xdata() == pytest.approx([0.8, 0.5])
    assert start.get_xdata()[0] == 0.8 and end.get_color() == pictures.COLORS["orange"]


def test_each_set_is_drawn_once_and_each_estimator_named_once():
    table = pd.DataFrame({"set": ["gmm 0", "gmm 1", "kernel 0"], "d": [0.1, 0.2, 0.3]})
    table = table.assign(d_low=table["d"] - 0.1, d_high=table["d"] + 0.1)
    _, ax = plt.subplots()
    pictures.sets(ax, table, "d", "difference")
    assert [line.get_label() for line in ax.get_lines() if not line.get_label().startswith("_")] == ["gmm", "kernel"]
    points = [line.get_xdata()[0] for line in ax.get_lines() if line.get_marker() == "o"]
    assert points == [0.1, 0.2, 0.3]


def test_gaps_are_open_where_the_tolerance_is_exceeded():
    counts = pd.DataFrame({"expected": [10.0, 20.0], "paper": [11.0, 30.0], "tolerance": [2.0, 2.0]}, index=["spp+", "msp+"])
    _, ax = plt.subplots()
    pictures.gaps(ax, counts, "RF", 0)
    points = [line for line in ax.get_lines() if line.get_marker() == "o" and len(line.get_xdata())]
    assert [line.get_markerfacecolor() == "white" for line in points] == [False, True]
    assert [line.get_ydata()[0] for line in points] == [-1, -10]


def test_parts_that_are_zero_are_not_drawn():
    errors = pd.DataFrame({"training": [3.0], "weights": [0.0], "draw": [4.0], "total": [5.0]}, index=["bll+"])
    _, ax = plt.subplots()
    pictures.error_parts(ax, errors, pd.DataFrame({"paper_std": [1.0]}, index=["bll+"]))
    assert [bar.get_height() for bar in ax.patches] == [3, 4, 5]


def test_matrices_hang_where_training_and_testing_say():
    found = {(tested, trained): np.eye(6) * (0.1 + 0.2 * tested + 0.4 * trained) for tested in (0, 1) for trained in (0, 1)}
    pictures.matrices(found)
    titles = {ax.get_title(): ax.texts[0].get_text() for ax in plt.gcf().axes}
    assert titles["trained unweighted, tested weighted"] == ".30" and titles["trained weighted, tested unweighted"] == ".50"
