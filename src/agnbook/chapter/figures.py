"""The book's figures: one style, colours for colour-blind readers, an opaque white background."""

import matplotlib.pyplot as plt
import numpy as np

#: Okabe & Ito (2008), safe for all common kinds of colour blindness; yellow left out (poor contrast on white).
COLORS = {
    "blue": "#0072B2", "orange": "#D55E00", "green": "#009E73", "purple": "#CC79A7", "sky": "#56B4E9",
    "amber": "#E69F00", "grey": "#666666", "black": "#000000",
}  # fmt: skip
#: One colour a source class, the same in every chapter.
CLASS_COLORS = {
    "bll": COLORS["blue"], "fsrq": COLORS["orange"], "bcu": COLORS["green"], "rdg": COLORS["purple"],
    "other": COLORS["grey"], "psr": COLORS["amber"], "msp": COLORS["sky"], "spp": COLORS["black"],
}  # fmt: skip
#: One colour a filter band, in the order of wavelength, the same in every chapter; LSST writes its last band Y.
BAND_COLORS = {
    "u": COLORS["purple"], "g": COLORS["blue"], "r": COLORS["green"], "i": COLORS["amber"], "z": COLORS["orange"],
    "y": COLORS["black"], "Y": COLORS["black"],
}  # fmt: skip


def use_book_style() -> None:
    """Set matplotlib's defaults for every figure of the book."""
    plt.rcParams.update(
        {
            "figure.figsize": (6.4, 4.0), "figure.dpi": 110, "savefig.dpi": 110, "figure.constrained_layout.use": True,
            "figure.constrained_layout.h_pad": 0.07,
            "figure.facecolor": "white", "axes.facecolor": "white", "savefig.facecolor": "white",
            "axes.prop_cycle": plt.cycler(color=[color for name, color in COLORS.items() if name != "black"]),
            "axes.grid": True, "grid.alpha": 0.25, "axes.spines.top": False, "axes.spines.right": False,
            "font.size": 10, "legend.frameon": False, "image.cmap": "viridis",
        }
    )  # fmt: skip


def legend_above(ax, ncols: int = 3) -> None:
    """Put the legend of an axis above the whole figure, where it covers no data."""
    ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=ncols)


def sky_map(ax, longitude, latitude, **style) -> None:
    """Scatter Galactic coordinates (degrees, any shape) on an Aitoff axis; longitude grows to the left."""
    longitude = (np.asarray(longitude, float) + 180.0) % 360.0 - 180.0
    ax.scatter(-np.deg2rad(longitude), np.deg2rad(np.asarray(latitude, float)), **style)
    ax.set_xticks(np.deg2rad([120, 60, 0, -60, -120]), ["240°", "300°", "0°", "60°", "120°"])
    for label in ax.get_xticklabels():  # they stand among the points
        label.set(bbox={"facecolor": "white", "alpha": 0.85, "lw": 0, "pad": 1.0}, zorder=3)
    ax.set_yticks(np.deg2rad([-60, -30, 0, 30, 60]))
    ax.set_xlabel("Galactic longitude")
    ax.set_ylabel("Galactic latitude")


def intervals(ax, table, colors=None) -> None:
    """Draw one point with its interval a row, names on the left, the first row on top.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``value``, ``low``, ``high``; the index gives the names.
    colors : name -> key of `COLORS`; blue by default.
    """
    for row, (name, value, low, high) in enumerate(table[["value", "low", "high"]].itertuples()):
        error = np.maximum([[value - low], [high - value]], 0)
        ax.errorbar(value, -row, xerr=error, fmt="o", ms=5, color=COLORS[(colors or {}).get(name, "blue")])
    ax.set_yticks(-np.arange(len(table)), table.index, fontsize=9 if len(table) < 12 else 8)


def dots(ax, table) -> None:
    """Draw a dot plot: one row of the page a row of `table`, from the top, and in it one marker a column, labelled by its name.

    Parameters
    ----------
    table : pandas.DataFrame of numbers; missing ones are not drawn.
    """
    for column, (name, values) in enumerate(table.items()):
        shift = 0.6 * ((column + 0.5) / table.shape[1] - 0.5)
        ax.plot(values, -np.arange(len(table)) - shift, "osD^vP"[column % 6], ms=5, label=name)
    ax.set_yticks(-np.arange(len(table)), table.index)


def flows(ax, table, colors: dict[str, str], gap: float = 0.03, labels: dict[str, str] | None = None) -> None:
    """Draw how things pass from state to state: one column of bars a stage, bands as wide as their number.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a thing, one column a stage (left to right), cells are states.
    colors : state -> colour, from top to bottom; a band has the colour of the state it leaves.
    gap : between the bars of a column, as a part of the whole.
    labels : state -> text at the left and right edge; its name by default.
    """
    states, stages, labels = list(colors), list(table), labels or {}
    gap *= len(table)
    sizes = [table[stage].value_counts().reindex(states, fill_value=0) for stage in stages]
    tops = [-np.r_[0, np.cumsum(size.to_numpy() + gap)[:-1]] for size in sizes]
    curve = 3 * np.linspace(0, 1, 40) ** 2 - 2 * np.linspace(0, 1, 40) ** 3
    for left in range(len(stages) - 1):
        start, end = tops[left].astype(float).copy(), tops[left + 1].astype(float).copy()
        pairs = table.groupby([stages[left], stages[left + 1]]).size()
        for i, before in enumerate(states):
            for j, after in enumerate(states):
                if n := pairs.get((before, after), 0):
                    top = start[i] + (end[j] - start[i]) * curve
                    x = np.linspace(left + 0.06, left + 0.94, 40)
                    ax.fill_between(x, top - n, top, color=colors[before], alpha=0.45, lw=0)
                    start[i] -= n
                    end[j] -= n
    for column, (size, top) in enumerate(zip(sizes, tops, strict=True)):
        for state, n, y in zip(states, size, top, strict=True):
            ax.bar(column, -n, 0.12, y, color=colors[state])
            if n and column in (0, len(stages) - 1):
                side = -1 if column == 0 else 1
                ax.text(column + 0.1 * side, y - n / 2, f"{labels.get(state, state)}\n{n}", va="center",
                        ha="right" if side < 0 else "left", fontsize=8)  # fmt: skip
    ax.set_xticks(range(len(stages)), stages)
    ax.set_xlim(-0.9, len(stages) - 0.1)
    ax.set_yticks([])
    ax.grid(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


def _meets(centres: np.ndarray, start: int, end: int) -> bool:
    """Whether the straight line between two centres runs through a third, as far as a box is high."""
    between = [x for x, _ in centres if min(centres[[start, end], 0]) < x < max(centres[[start, end], 0])]
    ends = sorted(centres[[start, end]].tolist())
    return any(abs(np.interp(x, *zip(*ends, strict=True)) - y) < 0.2 for x, y in centres if x in between)


def boxes(ax, places: dict[str, tuple[float, float]], steps: list[tuple[int, int]]) -> None:
    """Draw a chart of text boxes joined by arrows, such as what a paper does.

    Parameters
    ----------
    places : text of a box -> its centre (x, y); the axis reaches half a unit beyond the outermost. Boxes above the first are
        blue, those below it orange.
    steps : pairs of numbers in `places`, from and to. An arrow that would run behind a third box passes below it.
    """
    centres, drawn, below = np.array(list(places.values()), float), [], 0.5
    for text, (x, y) in places.items():
        branch = np.sign(y - centres[0, 1])
        frame = {"edgecolor": COLORS[{1: "blue", -1: "orange"}.get(branch, "grey")], "facecolor": "white", "lw": 1.5}
        drawn.append(ax.text(x, y, text, ha="center", va="center", fontsize=9, bbox={"boxstyle": "round,pad=0.5", **frame}))
    for start, end in steps:
        style = {"arrowstyle": "->", "color": COLORS["grey"], "patchA": drawn[start].get_bbox_patch()}
        style |= {"patchB": drawn[end].get_bbox_patch(), "shrinkA": 2, "shrinkB": 2}
        if _meets(centres, start, end):
            style["connectionstyle"], below = "arc3,rad=0.2", 0.9
        ax.annotate("", centres[end], centres[start], arrowprops=style, zorder=2)  # behind the boxes
    low, high = centres.min(axis=0), centres.max(axis=0)
    ax.set(xlim=(low[0] - 0.5, high[0] + 0.5), ylim=(low[1] - below, high[1] + 0.5))
    ax.axis("off")
