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


def use_book_style() -> None:
    """Set matplotlib's defaults for every figure of the book."""
    plt.rcParams.update(
        {
            "figure.figsize": (6.4, 4.0), "figure.dpi": 110, "savefig.dpi": 110, "figure.constrained_layout.use": True,
            "figure.facecolor": "white", "axes.facecolor": "white", "savefig.facecolor": "white",
            "axes.prop_cycle": plt.cycler(color=[color for name, color in COLORS.items() if name != "black"]),
            "axes.grid": True, "grid.alpha": 0.25, "axes.spines.top": False, "axes.spines.right": False,
            "font.size": 10, "legend.frameon": False, "image.cmap": "viridis",
        }
    )  # fmt: skip


def sky_map(ax, longitude, latitude, **style) -> None:
    """Scatter Galactic coordinates (degrees, any shape) on an Aitoff axis; longitude grows to the left."""
    longitude = (np.asarray(longitude, float) + 180.0) % 360.0 - 180.0
    ax.scatter(-np.deg2rad(longitude), np.deg2rad(np.asarray(latitude, float)), **style)
    ax.set_xticks(np.deg2rad([120, 60, 0, -60, -120]), ["240°", "300°", "0°", "60°", "120°"])
    ax.set_yticks(np.deg2rad([-60, -30, 0, 30, 60]))
    ax.set_xlabel("Galactic longitude")
    ax.set_ylabel("Galactic latitude")
