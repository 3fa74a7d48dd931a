"""The drawings of the app's page on one source."""

import numpy as np
from matplotlib.figure import Figure

from agnbook.ask import neighbours
from agnbook.ask.report import Report
from agnbook.chapter import figures
from agnbook.sky import source_classes

CLASS_NAMES = {"bll": "BL Lac", "fsrq": "FSRQ"}


def _figure(width: float = 5.2, height: float = 2.9, **options):
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot(**options)


def draw_sky(shown: Report) -> Figure:
    """Where a source lies in Galactic coordinates, among the associated sources of 4FGL-DR4."""
    figure, ax = _figure(6.4, 4.2, projection="aitoff")
    table = neighbours.space().table
    klass = source_classes.gamma_class(table)
    ax.grid(alpha=0.3, linewidth=0.5)
    figures.sky_map(ax, table["GLON"], table["GLAT"], s=2, color="#AAAAAA", linewidths=0, rasterized=True, label="other classes")
    for name in CLASS_NAMES:
        rows = table[klass == name]
        figures.sky_map(
            ax, rows["GLON"], rows["GLAT"], s=4, color=figures.CLASS_COLORS[name], alpha=0.5, linewidths=0,
            label=CLASS_NAMES[name],
        )  # fmt: skip
    figures.sky_map(
        ax, *shown.position, s=220, marker="*", color="black", edgecolor="white", zorder=5, clip_on=False, label="this source"
    )
    ax.tick_params(labelsize=9)
    legend = figure.legend(*ax.get_legend_handles_labels(), fontsize=9, loc="outside lower center", ncols=4, frameon=False)
    for handle in legend.legend_handles[:3]:
        handle.set(sizes=[40], alpha=1)
    return figure


def _draw_measured(ax, x, table, width, color: str) -> None:
    """Points with their errors, and limits as arrows."""
    limit = table["upper_limit"].to_numpy()
    value, errors = table["value"], np.abs(table[["low", "high"]].sub(table["value"], axis=0)).T.to_numpy()
    style = {"fmt": "o", "markersize": 5, "linewidth": 1.2, "color": color}
    ax.errorbar(x[~limit], value[~limit], errors[:, ~limit], width[:, ~limit], **style)
    if limit.any():
        length = 0.35 * value[limit] if ax.get_yscale() == "log" else 0.08 * np.nanmax(table["high"])
        ax.errorbar(
            x[limit], value[limit], length, width[:, limit], uplims=True, fmt="none", linewidth=1.2, color="#777777",
            label="upper limit",
        )  # fmt: skip
        ax.legend(fontsize=9, frameon=False)


def draw_spectrum(shown: Report) -> Figure:
    """The spectral energy distribution of 4FGL-DR4 in eight bands."""
    figure, ax = _figure(5.6, 3.3)
    ax.set(xscale="log", yscale="log", xlabel="energy (MeV)", ylabel="ν F$_ν$ (erg cm$^{-2}$ s$^{-1}$)")
    table = shown.spectrum
    middle = np.sqrt(table["energy_low"] * table["energy_high"])
    width = np.array([middle - table["energy_low"], table["energy_high"] - middle])
    _draw_measured(ax, middle, table, width, figures.COLORS["blue"])
    return figure


def draw_history(shown: Report) -> Figure:
    """The flux of each year in 4FGL-DR4."""
    figure, ax = _figure(5.6, 3.3)
    table = shown.history
    middle = (table["start"] + table["end"]) / 2
    width = np.array([middle - table["start"], table["end"] - middle])
    _draw_measured(ax, middle, table, width, figures.COLORS["green"])
    ax.set(xlabel="year", ylabel="flux above 100 MeV (cm$^{-2}$ s$^{-1}$)", ylim=(0, None))
    return figure


def draw_features(shown: Report) -> Figure:
    """Where it lies in feature space, among BL Lacs and FSRQs and with its neighbours."""
    figure, ax = _figure(5.6, 3.3)
    table = neighbours.space().table
    klass = source_classes.gamma_class(table)
    ax.scatter(table["PL_Index"], table["Variability_Index"], s=2, color="#BBBBBB", linewidths=0)
    for name in CLASS_NAMES:
        rows = table[klass == name]
        ax.scatter(rows["PL_Index"], rows["Variability_Index"], s=4, alpha=0.5, linewidths=0, color=figures.CLASS_COLORS[name],
                   label=CLASS_NAMES[name])  # fmt: skip
    near = table.loc[shown.neighbours["source"]]
    ax.scatter(near["PL_Index"], near["Variability_Index"], s=45, facecolor="none", edgecolor="black", label="neighbours")
    at = shown.features["PL_Index"], shown.features["Variability_Index"]
    ax.plot(*at, "*", markersize=13, color="black", markeredgecolor="white", label="this source")
    ax.set(yscale="log", xlabel="photon index", ylabel="variability index")
    legend = ax.legend(fontsize=7, loc="upper right")
    for handle in legend.legend_handles[:2]:
        handle.set(sizes=[45], alpha=1)
    return figure


def draw_class(shown: Report) -> Figure:
    """P(FSRQ) with its interval, and that of what such answers were worth."""
    figure, ax = _figure(5.2, 1.25)
    ax.axvspan(0, 0.5, color=figures.CLASS_COLORS["bll"], alpha=0.12, linewidth=0)
    ax.axvspan(0.5, 1, color=figures.CLASS_COLORS["fsrq"], alpha=0.12, linewidth=0)
    rows = ((shown.interval, "black", 0.0), (shown.observed, figures.COLORS["grey"], -0.55))
    for ends, color, height in rows:
        if ends:
            ax.plot(ends, [height, height], color=color, linewidth=3, solid_capstyle="butt")
    ax.plot(shown.fsrq, 0, "o", color="black", markersize=9, clip_on=False, zorder=3)
    ax.set(xlim=(0, 1), ylim=(-1, 1), yticks=[], xlabel="P(FSRQ)")
    ax.text(0.01, 0.7, "BL Lac", fontsize=8, color=figures.CLASS_COLORS["bll"], va="center")
    ax.text(0.99, 0.7, "FSRQ", fontsize=8, color=figures.CLASS_COLORS["fsrq"], va="center", ha="right")
    ax.spines["left"].set_visible(False)
    return figure


def draw_groups(shown: Report) -> Figure:
    """Probabilities of the six groups by each model."""
    models = [name for name in ("forest", "network") if name in shown.groups]
    figure, ax = _figure(5.2, 1.3 + 0.8 * len(models))
    groups, width = shown.groups.iloc[::-1], 0.8 / len(models)
    colors = [figures.CLASS_COLORS[name.rstrip("+")] for name in groups.index]
    for number, model in enumerate(models):
        at = np.arange(len(groups)) + width * ((len(models) - 1) / 2 - number)
        bars = ax.barh(at, groups[model], width, xerr=groups[f"{model}_sd"], color=colors, error_kw={"linewidth": 1})
        if model == "network" and len(models) > 1:
            for bar in bars:
                bar.set(hatch="////", alpha=0.6)
    ax.set(xlim=(0, 1), xlabel="probability", yticks=np.arange(len(groups)), yticklabels=groups.index)
    return figure


def draw_redshift(shown: Report) -> Figure:
    """The predictive distribution, and the calibrated intervals below it."""
    levels, quantiles = shown.posterior
    if len(levels) > 20:  # steps of one percent would be ragged
        steps = np.r_[0.005, 0.025, np.linspace(0.05, 0.95, 19), 0.975, 0.995]
        levels, quantiles = steps, np.interp(steps, levels, quantiles)
    figure, ax = _figure(5.2, 2.4)
    width = np.diff(quantiles)
    density = np.diff(levels) / np.where(width > 0, width, np.inf)
    ax.stairs(density, quantiles, fill=True, color=figures.COLORS["sky"], alpha=0.6)
    top, z = density.max(), shown.redshift
    for level, height, line in (("95", -0.08, 1.5), ("68", -0.08, 5)):
        ax.plot([z[f"low{level}"], z[f"high{level}"]], [height * top] * 2, color=figures.COLORS["blue"], linewidth=line,
                solid_capstyle="butt")  # fmt: skip
    ax.plot(z["median"], -0.08 * top, "o", color="black", markersize=6)
    ax.set(xlim=(0, None), ylim=(-0.18 * top, None), xlabel="redshift", ylabel="probability density")
    return figure
