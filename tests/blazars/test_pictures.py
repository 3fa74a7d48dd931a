"""Figures show the numbers that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from agnbook.blazars import pictures


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def points(ax):
    """Every drawn value on the horizontal axis."""
    return np.concatenate([np.atleast_1d(line.get_xdata()).astype(float) for line in ax.lines])


def test_table_2_has_a_panel_a_score_and_the_baseline_where_it_is_defined():
    columns = ["accuracy", "precision_bll", "recall_bll", "f1_bll", "precision_fsrq", "recall_fsrq", "f1_fsrq"]
    paper = pd.DataFrame(0.9, ["a", "b"], columns)
    ours = {name: pd.DataFrame(np.tile([[0.7], [0.8]], 7), columns=columns) for name in ("a", "b")}
    axes = pictures.table_2(paper, ours, dict.fromkeys(columns, 0.6)).axes
    assert [ax.get_title() for ax in axes[:2]] == ["accuracy", "precision BL Lac"]
    assert {0.9, 0.75, 0.7, 0.8, 0.6} == set(points(axes[0]).round(3))
    assert 0.6 not in points(axes[4]).round(3)


def test_differences_stand_in_their_rows():
    table = pd.DataFrame({"value": [0.1, -0.2], "low": [0.0, -0.3], "high": [0.2, -0.1]}, ["a", "b"])
    axes = pictures.differences({"auc": table, "logloss": -table}, {}, "minus c").axes
    assert [ax.get_xlabel() for ax in axes] == ["auc minus c", "logloss minus c"]
    assert {0.1, -0.2} <= set(points(axes[0])) and {-0.1, 0.2} <= set(points(axes[1]))


def test_reliability_shows_each_group_in_its_bins():
    labels, votes = np.tile([0.0, 1.0], 20), np.tile([[0.2, 0.8]], (2, 20))
    groups = {"first": (np.arange(40) < 20, 2), "second": (np.arange(40) >= 20, 1)}
    axes = pictures.reliability(labels, {"one": votes, "two": votes}, groups).axes
    assert {0.2, 0.5, 0.8} <= set(points(axes[1]).round(3)) and axes[1].get_title() == "two"


def test_learning_curve_ends_at_the_walls():
    at = {100: (0.3, 0.2, 0.4), 400: (0.25, 0.2, 0.3), 1600: (0.225, 0.2, 0.25)}
    (ax,) = pictures.learning_curve(at, {0.5: (0.2, 0.1, 0.3), 1.0: (0.22, 0.2, 0.24)}).axes
    assert len(ax.get_legend_handles_labels()[1]) == 2
    line = ax.lines[-1] if len(ax.lines[-1].get_ydata()) > 1 else next(line for line in ax.lines if len(line.get_ydata()) == 100)
    assert line.get_ydata()[0] == pytest.approx(0.3, abs=0.02), "the line starts at the smallest size's score"


def test_counts_and_table_3_show_paper_and_ours():
    table = pd.DataFrame(
        {"called_low": [1.0], "called_high": [3.0], "expected": [4.0], "low": [2.0], "high": [6.0]}, ["some_net"]
    )
    (ax,) = pictures.counts(table, 5.0, 10).axes
    assert {1.0, 3.0, 4.0, 5.0} <= set(points(ax)) and ax.get_yticklabels()[0].get_text() == "some net"
    rows = [("mlp", sample, column, 0.1, 0.2) for sample in ("known", "unknown") for column in ("mean", "sigma", "max")]
    rows = pd.DataFrame(rows, columns=["network", "sample", "column", "paper", "ours"])
    axes = pictures.table_3(rows).axes
    assert [ax.get_title() for ax in axes] == ["mean", "sigma", "max"] and set(points(axes[2])) == {0.1, 0.2}


def test_redshifts_has_one_filled_histogram_and_three_lines():
    drawn = {name: np.linspace(0.1, 2, 30) for name in ("known", "points", "inside", "all")}
    axes = pictures.redshifts({"BL Lacs": drawn, "BCUs": drawn}).axes
    assert axes[0].get_legend_handles_labels()[1] == list(drawn) and axes[1].get_title() == "BCUs"
