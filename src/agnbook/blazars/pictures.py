"""Figures of the chapters on blazar classes that take more than a few lines."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from agnbook.chapter import figures
from agnbook.judge import calibration


def table_2(paper: pd.DataFrame, ours: dict[str, pd.DataFrame], always: dict):
    """Draw the paper's scores (crosses) beside the mean and range of our random starts, one panel a score.

    Parameters
    ----------
    paper : one row a network, one column a score.
    ours : network -> scores, one row a random start.
    always : scores of always answering BL Lac, drawn where FSRQs play no part.
    """
    fig, axes = plt.subplots(4, 2, figsize=(6.6, 8.6), sharey=True)
    for ax, column in zip(axes.flat, paper, strict=False):
        for row, (name, table) in enumerate(ours.items()):
            values = table[column]
            ax.plot([values.min(), values.max()], [row, row], color=figures.COLORS["blue"], lw=2, alpha=0.5)
            ax.plot(values.mean(), row, "o", color=figures.COLORS["blue"], label="ours" if row == 0 else None)
            label = "paper" if row == 0 else None
            ax.plot(paper.loc[name, column], row, "x", ms=8, mew=2, color=figures.COLORS["orange"], label=label)
        if "fsrq" not in column:
            ax.axvline(always[column], color="k", ls=":", lw=1)
        ax.set_title(column.replace("_", " ").replace("bll", "BL Lac").replace("fsrq", "FSRQ"), fontsize=10)
    axes[0, 0].set_yticks(range(len(ours)), [name.replace("_", " ") for name in ours])
    axes[0, 0].invert_yaxis()
    axes.flat[-1].axis("off")
    axes.flat[-1].legend(*axes[0, 0].get_legend_handles_labels(), loc="center")
    return fig


def differences(panels: dict[str, pd.DataFrame], colors: dict[str, str], what: str):
    """Draw paired differences with their intervals, one panel a score; `colors` as in `figures.intervals`."""
    fig, axes = plt.subplots(1, len(panels), figsize=(8.6, 3.6), sharey=True)
    for ax, (score, table) in zip(axes, panels.items(), strict=True):
        figures.intervals(ax, table, colors)
        ax.axvline(0, color="k", lw=0.8)
        ax.set_xlabel(f"{score} {what}")
        ax.locator_params(axis="x", nbins=5)
    return fig


def reliability(labels, models: dict[str, np.ndarray], groups: dict[str, tuple[np.ndarray, int]]):
    """Draw observed against stated FSRQ probability, one panel a model, one marker a group of sources.

    Parameters
    ----------
    labels : array (n,)
    models : name -> probabilities (repeats, n)
    groups : name -> (bool array (n,), number of equally filled bins)
    """
    fig, axes = plt.subplots(1, len(models), figsize=(9, 3.4), sharey=True)
    for ax, (name, votes) in zip(axes, models.items(), strict=True):
        ax.plot([0, 1], [0, 1], color="k", lw=0.8)
        for (group, (rows, bins)), marker in zip(groups.items(), "os", strict=True):
            curve = calibration.reliability(labels[rows], votes.mean(axis=0)[rows], bins)
            observed = curve["observed"]
            bars = np.maximum([observed - curve["low"], curve["high"] - observed], 0)
            ax.errorbar(curve["predicted"], observed, yerr=bars, fmt=marker, ms=4, label=group)
        ax.set(xlabel="stated FSRQ probability")
        ax.set_title(name.replace("_", " "), fontsize=10)
    axes[0].set_ylabel("observed FSRQ fraction")
    axes[0].legend()
    return fig


def learning_curve(scores_at: dict[int, tuple], walls: dict[float, tuple]):
    """Draw a score against the number of training sources, and the lines that lead to its `walls`.

    Parameters
    ----------
    scores_at : number of training sources -> (value, low, high)
    walls : exponent -> (value, low, high) at infinitely many; see `agnbook.blazars.learning_curve.limit`.
    """
    fig, ax = plt.subplots(figsize=(6.4, 3.8))
    count, (middle, low, high) = np.array(list(scores_at)), np.array(list(scores_at.values())).T
    ax.errorbar(count, middle, yerr=[middle - low, high - middle], fmt="o", color=figures.COLORS["blue"])
    more = np.geomspace(count.min(), 20 * count.max(), 100)
    for place, (exponent, (end, *limits)), style in zip((28, 40), walls.items(), ("-", "--"), strict=True):
        line = np.polyfit(count**-exponent, middle, 1)
        ax.plot(more, np.polyval(line, more**-exponent), style, lw=1, color=figures.COLORS["orange"])
        error = [[end - limits[0]], [limits[1] - end]]
        label = f"limit, falls as n to the power -{exponent:g}"
        ax.errorbar(
            place * count.max(), end, yerr=error, fmt="s", mfc="white", color=figures.COLORS["orange"], ls=style, label=label
        )
    ax.set(xscale="log", xlabel="training sources", ylabel="log-loss (nats)")
    ax.set_xticks([300, 1000, 3000, 10000, 30000], ["300", "1000", "3000", "10 000", "30 000"])
    ax.minorticks_off()
    ax.legend(fontsize=8)
    return fig


def counts(table: pd.DataFrame, paper: float, n: int):
    """Draw FSRQs called (95 % of trainings on resamples) and expected (with interval) among `n` sources, a row a model."""
    fig, ax = plt.subplots(figsize=(6.6, 3.6))
    for row, values in enumerate(table.itertuples()):
        ax.plot([values.called_low, values.called_high], [row, row], color=figures.COLORS["grey"], lw=8, alpha=0.35)
        error = [[values.expected - values.low], [values.high - values.expected]]
        ax.errorbar(values.expected, row, xerr=error, fmt="o", color=figures.COLORS["orange"])
    ax.axvline(paper, color="k", ls="--", lw=1)
    ax.set_yticks(range(len(table)), [name.replace("_", " ") for name in table.index])
    ax.invert_yaxis()
    ax.set(xlabel=f"FSRQs among {n} clean BCUs")
    return fig


def table_3(rows: pd.DataFrame):
    """Draw mean, standard deviation and largest value of predicted redshifts, the paper's and ours.

    Parameters
    ----------
    rows : columns ``network``, ``sample`` ("known" or "unknown"), ``column``, ``paper``, ``ours``.
    """
    kinds = list(dict.fromkeys(rows["network"]))
    fig, axes = plt.subplots(1, 3, figsize=(8.6, 3.0), sharey=True)
    for ax, column in zip(axes, ("mean", "sigma", "max"), strict=True):
        for sample, face, shift in (("known", figures.COLORS["blue"], -0.12), ("unknown", "white", 0.12)):
            part = rows[(rows["column"] == column) & (rows["sample"] == sample)]
            at = np.arange(len(kinds)) + shift
            ax.plot(part["ours"], at, "o", color=figures.COLORS["blue"], mfc=face, label=f"ours, {sample}")
            label = "paper" if sample == "known" else None
            ax.plot(part["paper"], at, "x", ms=8, mew=2, color=figures.COLORS["orange"], label=label)
        ax.set(title=column, xlabel="redshift")
    axes[0].set_yticks(range(len(kinds)), kinds)
    axes[0].invert_yaxis()
    figures.legend_above(axes[0])
    return fig


def redshifts(panels: dict[str, dict[str, np.ndarray]]):
    """Draw distributions of redshifts, one panel a class.

    Parameters
    ----------
    panels : title -> name -> redshifts; the first name is filled, then lines: solid, solid, dotted.
    """
    looks = [
        {"color": figures.COLORS["grey"], "alpha": 0.35},
        {"color": figures.COLORS["blue"]},
        {"color": figures.COLORS["orange"]},
        {"color": figures.COLORS["orange"], "ls": ":"},
    ]
    fig, axes = plt.subplots(1, len(panels), figsize=(8.5, 3.6))
    for ax, (title, drawn) in zip(axes, panels.items(), strict=True):
        for number, ((name, values), look) in enumerate(zip(drawn.items(), looks, strict=True)):
            line = {"histtype": "step", "lw": 1.8} if number else {}
            ax.hist(values, np.linspace(0, 3, 31), density=True, label=name, **look, **line)
        ax.set(title=title, xlabel="redshift", ylabel="density")
    axes[0].legend(fontsize=8)
    return fig
