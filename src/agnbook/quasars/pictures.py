"""Figures of real light curves that the chapters share."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from agnbook.chapter import figures
from agnbook.quasars import heldout
from agnbook.quasars.posterior import Fit
from agnbook.quasars.predict import reconstruct

#: What lies between the medians of two bands that are drawn above each other (mag).
APART = 0.4


def light_curve(found: Fit, days) -> plt.Axes:
    """Measurements of a fit's curve, and mean and 68 % of the noiseless curve at times `days`, one colour a band.

    Bands are moved apart by whole tenths of a magnitude, which the legend tells.
    """
    curve, smooth = found.curve, reconstruct(found, days)
    _, ax = plt.subplots(figsize=(8, 5))
    medians = [np.median(curve.values[curve.band == b]) for b in range(len(curve.bands))]
    for b, band in enumerate(curve.bands):
        rows, line = curve.band == b, smooth[smooth["band"] == band]
        moved, color = round(medians[0] - medians[b] + APART * b, 1), figures.BAND_COLORS[band]
        label = f"{band} {'+' if moved > 0 else '−'} {abs(moved):.1f}" if moved else band
        style = {"fmt": ".", "ms": 4, "lw": 0.8, "color": color, "label": label}
        ax.errorbar(curve.times[rows], curve.values[rows] + moved, curve.errors[rows], **style)
        ax.fill_between(days, line.value - line.sd + moved, line.value + line.sd + moved, color=color, alpha=0.3, lw=0)
    ax.set(xlabel="time (MJD)", ylabel="magnitude")
    ax.invert_yaxis()
    figures.legend_above(ax, ncols=len(curve.bands))
    return ax


def hidden_visits(hidden: heldout.Hidden, shown: dict) -> plt.Axes:
    """Hidden measurements of one quasar beside predictions, `shown` from label to `heldout.Prediction`."""
    truth = hidden.truth
    place = np.arange(len(truth))
    _, ax = plt.subplots(figsize=(8, 3.8))
    ax.errorbar(place, truth.values, truth.errors, fmt="k.", label="measured")
    for k, ((label, guess), name) in enumerate(zip(shown.items(), ("grey", "orange", "blue"), strict=False), 1):
        half = np.sqrt((guess.sd**2).mean(axis=1))
        ax.errorbar(place + 0.15 * k, guess.mean, half, fmt="o", ms=3, lw=1, color=figures.COLORS[name], label=label)
    ax.set(xlabel="hidden visit", ylabel=f"{hidden.band} (mag)")
    ax.invert_yaxis()
    ax.legend()
    return ax


def paired_differences(pairs: pd.DataFrame) -> np.ndarray:
    """Rows of `heldout.paired`, indexed by kind and other method: differences of error (mmag) and of log-density."""
    _, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True)
    for number, (kind, rows) in enumerate(pairs.groupby("kind", sort=False)):
        place = np.arange(len(rows)) + (-0.12, 0.12)[number]
        style = {"fmt": "o", "ms": 4, "color": figures.COLORS[("blue", "orange")[number]], "label": kind}
        for ax, score, unit in zip(axes, ("mae", "log_density"), (1000, 1), strict=True):
            ends = [rows[score] - rows[f"{score}_low"], rows[f"{score}_high"] - rows[score]]
            ax.errorbar(unit * rows[score], place, xerr=unit * np.array(ends), **style)
            ax.axvline(0, color=figures.COLORS["grey"], lw=0.8)
    axes[0].set_yticks(np.arange(len(rows)), rows.index.get_level_values("other"))
    axes[0].set_xlabel("difference of error (mmag)")
    axes[1].set_xlabel("difference of log-density")
    axes[1].legend()
    return axes


def probabilities(points: pd.DataFrame, shown) -> np.ndarray:
    """Histograms of the probability of a smaller measurement, one panel a method, with what chance allows a right one."""
    rows = -(-len(shown) // 2)
    fig, axes = plt.subplots(rows, 2, figsize=(7, 2.4 * rows), sharex=True, sharey=True, squeeze=False)
    for ax, name in zip(axes.flat, shown, strict=False):
        values = points.loc[points["method"] == name, "probability"]
        ax.hist(values, np.linspace(0, 1, 21), density=True, color=figures.COLORS["sky"])
        half = 1.96 * np.sqrt(19 / len(values))  # 20 bins: variance of a density is (1 - 1/20) 20 / n
        ax.axhspan(1 - half, 1 + half, color=figures.COLORS["grey"], alpha=0.3)
        ax.set_title(name, fontsize=9)
    fig.supxlabel("probability", fontsize=10)
    fig.supylabel("density", fontsize=10)
    return axes
