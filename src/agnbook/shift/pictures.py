"""Figures of chapters 23 to 25 that repeat one panel for each of the six groups, or one row for each set of weights."""

import matplotlib.pyplot as plt
import numpy as np

from agnbook.chapter.figures import COLORS
from agnbook.shift.count_studies import PARTS
from agnbook.shift.effect_studies import BOUNDS
from agnbook.sky.source_classes import NAMES

#: One colour a combination of training and testing: without weights, weighted testing only, weighted training too.
LABEL_COLORS = {
    "RF": COLORS["blue"], "wtRF": COLORS["green"], "wRF": COLORS["orange"],
    "NN": COLORS["sky"], "wtNN": COLORS["purple"], "wNN": COLORS["amber"],
}  # fmt: skip
#: Words for trainings and testings in titles.
WEIGHTED = {False: "unweighted", True: "weighted"}
#: One colour an estimator of the weights.
ESTIMATOR_COLORS = {"gmm": "orange", "boosting": "blue", "kernel": "purple"}


def six_panels(xlabel: str, ylabel: str) -> dict:
    """Make a figure of three rows with one panel a group, axes 0 to 1; return group -> axes."""
    fig, axes = plt.subplots(3, 2, figsize=(7.4, 8.4), sharex=True, sharey=True)
    fig.supxlabel(xlabel)
    fig.supylabel(ylabel)
    axes[0, 0].set(xlim=(0, 1), ylim=(0, 1))
    panels = dict(zip(NAMES, axes.flat, strict=True))
    for name, ax in panels.items():
        ax.set_title(name)
    return panels


def line(ax, curves, problem: str, name: str, label: str, quantity: str, style: str = "-", text: str | None = None) -> None:
    """Draw the mean over splits of one quantity of `curves.evaluate` ("tpr", "precision" or "recall") for one class."""
    rows = (curves["problem"] == problem) & (curves["label"] == label) & (curves["class"] == name)
    ax.plot(curves.loc[rows, "x"], curves.loc[rows, quantity], style, color=LABEL_COLORS[label], lw=1.6, label=text)


def moves(ax, table, label: str) -> None:
    """Draw an arrow from each class's value without weights to that under weighted testing, with its 95 % interval.

    Parameters
    ----------
    table : pandas.DataFrame
        Indexed by class: ``unweighted``, ``shift``, ``shift_low``, ``shift_high`` of `spread_studies.compare`.
    label : of the abscissa
    """
    for row, (_, one) in enumerate(table.iterrows()):
        end = one["unweighted"] + one["shift"]
        color = COLORS["orange"] if one["shift_high"] < 0 else COLORS["green"] if one["shift_low"] > 0 else COLORS["grey"]
        interval = np.clip(one["unweighted"] + one[["shift_low", "shift_high"]].to_numpy(float), 0, 1)
        ax.plot(interval, [row, row], color=color, alpha=0.3, lw=7, solid_capstyle="butt")
        ax.plot([one["unweighted"], end], [row, row], color=color, lw=1.6)
        ax.plot(one["unweighted"], row, "o", mfc="white", mec="k", ms=7)
        ax.plot(end, row, "o", color=color, ms=7)
    ax.set_yticks(range(len(table)), table.index)
    ax.set(xlim=(0, 1), ylim=(len(table) - 0.5, -0.5), xlabel=label)


def sets(ax, table, column: str, label: str) -> None:
    """Draw one paired difference and its interval for every set of weights, coloured by estimator.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a set: ``set`` (such as "gmm 3"), `column`, and `column` with ``_low`` and ``_high``.
    """
    for row, (name, value, low, high) in enumerate(
        table[["set", column, f"{column}_low", f"{column}_high"]].itertuples(index=False)
    ):
        estimator = name.split()[0]
        first = estimator not in [text.get_label() for text in ax.get_lines()]
        color = COLORS[ESTIMATOR_COLORS.get(estimator, "grey")]
        ax.plot([low, high], [row, row], color=color, lw=1.4, label=estimator if first else None)
        ax.plot(value, row, "o", color=color, ms=5)
    ax.axvline(0, color="k", lw=0.8)
    ax.set_yticks([])
    ax.set(ylim=(len(table) - 0.5, -0.5), xlabel=label)


def areas_by_bound(ax, search) -> None:
    """Draw the table of `effect_studies.search_weights`: area against the bound of the weights, range over seeds."""
    for method, part in search.groupby("method", sort=False):
        found = part.groupby("bound")["auc"].agg(["mean", "min", "max"])
        error = [found["mean"] - found["min"], found["max"] - found["mean"]]
        ax.errorbar(found.index, found["mean"], error, fmt="o-", color=COLORS[ESTIMATOR_COLORS[method]], label=method)
    ax.set(xscale="log", xlabel="largest weight", ylabel="area under ROC curve")
    ax.set_xticks(BOUNDS, BOUNDS)
    ax.minorticks_off()


def reliability(panels: dict, table, labels) -> None:
    """Draw reliability diagrams of `curves.evaluate`, one panel a class, with the standard deviation over splits."""
    for name, ax in panels.items():
        for label in labels:
            part = table[(table["problem"] == "six") & (table["class"] == name) & (table["label"] == label)]
            style = {"fmt": "o-", "ms": 4, "lw": 1.2, "color": LABEL_COLORS[label], "label": label}
            ax.errorbar(part["predicted"], part["observed"], part["std"], **style)
        ax.plot([0, 1], [0, 1], ":", color="k", lw=0.8)
    next(iter(panels.values())).legend(fontsize=8)


def importances(ax, table, depths: dict[int, str]) -> None:
    """Draw importances of the features, ours (``importance``, ``std``) and the ``paper``'s, at depths given with a colour."""
    order = table[table["depth"] == max(depths)].sort_values("paper")["feature"].tolist()
    for number, (depth, color) in enumerate(depths.items()):
        part = table[table["depth"] == depth].set_index("feature").loc[order]
        place = np.arange(len(order)) + 0.15 * (1 - 2 * number)
        ax.errorbar(part["importance"], place, xerr=part["std"], fmt="o", color=COLORS[color], label=f"depth {depth}")
        ax.plot(part["paper"], place, "k|", ms=11)
    ax.set_yticks(range(len(order)), order)
    ax.set_xlabel("importance")
    ax.legend()


def gaps(ax, counts, label: str, number: int) -> None:
    """Draw ours minus the paper's count of each class with its tolerance; filled where within.

    Parameters
    ----------
    counts : pandas.DataFrame
        Indexed by class: ``expected``, ``paper``, ``tolerance``.
    number : 0 or 1, the place beside the other classifier of the panel
    """
    difference = (counts["expected"] - counts["paper"]).to_numpy()
    place, color = np.arange(len(difference)) + 0.2 * (2 * number - 1), COLORS[("blue", "orange")[number]]
    ax.errorbar(place, difference, counts["tolerance"], fmt="none", color=color, lw=1.4)
    within = np.abs(difference) <= counts["tolerance"].to_numpy()
    ax.plot(place[within], difference[within], "o", color=color, ms=6)
    ax.plot(place[~within], difference[~within], "o", mfc="white", mec=color, ms=6)
    ax.plot([], [], "o", color=color, label=label)
    ax.axhline(0, color="k", lw=0.8)
    ax.set_xticks(range(len(difference)), counts.index, fontsize=8)


def histograms(found: dict, edges, xlabel: str) -> None:
    """Draw differences of probabilities, one panel a class and one line a pair of trainings, as fractions of the sources.

    Parameters
    ----------
    found : pair -> table of `published_catalogue.Published.differences`
    """
    panels = six_panels(xlabel, "fraction of sources")
    for pair, table in found.items():
        for name, ax in panels.items():
            ax.hist(table[name], edges, weights=np.full(len(table), 1 / len(table)), histtype="step", lw=1.4, label=pair)
    for ax in panels.values():
        ax.set(xlim=(edges[0], edges[-1]), ylim=(1e-4, 1), yscale="log")
    next(iter(panels.values())).legend(fontsize=7)


def error_parts(ax, errors, counts) -> None:
    """Draw the parts of each count's error (`count_studies.parts`), their total and the paper's own standard deviation."""
    place = np.arange(len(errors))
    for number, (part, color) in enumerate(zip([*PARTS, "total"], ("blue", "orange", "grey", "black"), strict=True)):
        if errors[part].any():
            ax.bar(place + 0.2 * (number - 1.5), errors[part], 0.2, color=COLORS[color], label=part)
    ax.plot(place, counts["paper_std"], "k_", ms=22, mew=2, label="paper's ±")
    ax.set_xticks(place, errors.index, fontsize=8)


def matrices(found) -> None:
    """Draw four confusion matrices: columns by training, rows by testing, without and with weights.

    Parameters
    ----------
    found : (tested with weights?, trained with weights?) -> matrix (6, 6), of `curves.confusion`
    """
    _, axes = plt.subplots(2, 2, figsize=(7.6, 7.4), sharex=True, sharey=True)
    for (tested, trained), matrix in found.items():
        ax = axes[int(tested), int(trained)]
        ax.imshow(np.nan_to_num(matrix), cmap="Blues", vmin=0, vmax=1)
        ax.grid(False)
        for (i, j), value in np.ndenumerate(matrix):
            color = "white" if value > 0.6 else "black"
            ax.text(j, i, f"{value:.2f}".lstrip("0"), color=color, ha="center", va="center", fontsize=9)
        ax.set_xticks(range(6), NAMES, fontsize=9)
        ax.set_yticks(range(6), NAMES, fontsize=9)
        ax.set_title(f"trained {WEIGHTED[trained]}, tested {WEIGHTED[tested]}", fontsize=9)
    axes[1, 0].set(xlabel="predicted", ylabel="true group")
