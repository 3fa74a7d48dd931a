"""Figures of one answered light curve: measurements, reconstruction and residuals; the posterior's corner."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from agnbook import storage
from agnbook.ask.light_curves import Answer
from agnbook.chapter import figures
from agnbook.errors import FeatureError

#: Times at which a figure draws the reconstruction.
_TIMES = 500
#: Blue to red; more bands than colours begin again.
_ORDER = ("purple", "blue", "sky", "green", "amber", "orange", "black", "grey")
#: Quantities of the corner and what they are called there.
CORNER = {
    "log_tau": "log time-scale (d)", "log_sf": "log SF∞ (mag)", "tau_slope": "slope of log time-scale",
    "sf_slope": "slope of log SF∞", "rho": "correlation ρ",
}  # fmt: skip


def draw(found: Answer, width: float = 7.6) -> Figure:
    """Draw an answered object: a panel a band with its reconstruction (68 %), and all residuals below.

    Residuals are those of each measurement against what all others say, in standard deviations. Fluxes are drawn as they
    are, magnitudes bright above.
    """
    from agnbook import quasars

    curve, fit = found.curve, found.fit
    n = len(curve.bands)
    tall = min(1.25, 7.0 / n)
    figure = Figure(figsize=(width, tall * n + 1.9), layout="constrained")
    axes = figure.subplots(n + 1, 1, sharex=True, height_ratios=[*[tall] * n, 1.4])
    times = np.linspace(curve.times[0], curve.times[-1], _TIMES)
    shown = quasars.reconstruct(fit, times)
    values, errors = curve.to_unit(curve.values, curve.band), _own_errors(curve)
    for number, (band, ax) in enumerate(zip(curve.bands, axes, strict=False)):
        mine, line = curve.band == number, shown[shown["band"] == band]
        color = figures.COLORS[_ORDER[number % len(_ORDER)]]
        ax.fill_between(line["time"], line["value"] - line["sd"], line["value"] + line["sd"], color=color, alpha=0.3, linewidth=0)
        ax.plot(line["time"], line["value"], color=color, linewidth=1)
        ax.errorbar(curve.times[mine], values[mine], errors[mine], fmt=".", markersize=4, linewidth=0.7, color=color)
        _limits(ax, values[mine], errors[mine], curve.unit)
        ax.set_ylabel(band)
        axes[-1].plot(curve.times[mine], fit.residual[mine], ".", markersize=4, color=color)
    worst = float(np.clip(np.max(np.abs(fit.residual)) * 1.1, 3.5, 8))
    axes[-1].axhspan(-1, 1, color="#DDDDDD", linewidth=0, zorder=0)
    axes[-1].set(ylim=(-worst, worst), ylabel="residual (sd)", xlabel="time (days)")
    figure.align_ylabels(axes)
    unit = found.bands[0]["unit"] or "flux, unit not stated"
    figure.supylabel("magnitude" if unit == "mag" else f"flux ({unit})" if unit != "flux, unit not stated" else unit, fontsize=9)
    return figure


def _own_errors(curve) -> np.ndarray:
    if curve.unit == "mag":
        return curve.errors
    return curve.errors * np.abs(curve.reference_flux[curve.band]) * np.log(10) / 2.5


def _limits(ax, values, errors, unit: str) -> None:
    """Let an outlier leave the panel rather than flatten it."""
    low, high = np.quantile(values, [0.02, 0.98])
    margin = 0.35 * (high - low) + 2 * np.median(errors)
    ax.set_ylim(low - margin, high + margin)
    if unit == "mag":
        ax.invert_yaxis()


def draw_corner(found: Answer) -> Figure:
    """Draw the posterior of what the curve measures: contours of pairs (68 % and 95 %), histograms on the diagonal."""
    import corner

    fit = found.fit
    free = dict(zip(fit.plan.names, fit.draws.T, strict=True))
    columns = {"log_tau": free["log_tau"], "log_sf": free["log_sigma"] + 0.5 * np.log10(2)}
    columns |= {
        name: free[own] for name, own in (("tau_slope", "tau_slope"), ("sf_slope", "sigma_slope")) if own in fit.plan.free
    }
    if "logit_rho" in fit.plan.free:
        columns["rho"] = 1 / (1 + np.exp(-free["logit_rho"]))
    columns = {name: values for name, values in columns.items() if np.ptp(values) > 0}
    size = 1.5 * len(columns) + 0.8
    figure = Figure(figsize=(size, size), layout="none")
    figure.subplots(len(columns), len(columns))
    corner.corner(
        np.column_stack(list(columns.values())), labels=[CORNER[name] for name in columns], fig=figure, levels=(0.683, 0.954),
        plot_datapoints=False, smooth=1.5, smooth1d=1.0, color=figures.COLORS["blue"], label_kwargs={"fontsize": 8},
        max_n_ticks=4,
    )  # fmt: skip
    for ax in figure.axes:
        ax.tick_params(labelsize=7)
    return figure


def check_folder(folder: str | Path) -> None:
    """Make a folder for plots, or say why it cannot be."""
    folder = Path(folder)
    if Path(os.path.realpath(folder)).is_relative_to(storage.DATA.resolve()):
        raise FeatureError(f"{folder} is among the book's own data, which only its chapters write. Choose another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FeatureError(f"Cannot write plots in {folder}: {error.strerror}.") from error


def file_name(name: str, taken: set[str]) -> str:
    """Return a file name for an object's plot: letters, digits and . + - _ of its name, and a number where it is taken."""
    stem = re.sub(r"[^\w.+-]+", "_", name, flags=re.ASCII).strip("._")[:100] or "object"
    found, count = stem, 1
    while found.lower() in taken:
        count += 1
        found = f"{stem}_{count}"
    taken.add(found.lower())
    return f"{found}.png"


def check_names(names: Iterable[str], folder: str | Path, overwrite: bool = False) -> None:
    """Raise a `BookError` for plots that exist, unless they may be replaced and are not read-only."""
    taken: set[str] = set()
    there = [path for name in names if (path := Path(folder) / file_name(name, taken)).exists()]
    if there and not overwrite:
        raise FeatureError(f"{there[0]} exists. Choose another folder for the plots, or ask for `overwrite`.")
    for path in there:
        storage.check_not_protected(path)


def plotted(found: Iterator[Answer], folder: str | Path) -> Iterator[Answer]:
    """Pass answers on, each with its plot in `folder`; without its curve, so that memory does not grow."""
    taken: set[str] = set()
    for each in found:
        if each.fit is not None:
            with storage.atomic_write(Path(folder) / file_name(each.row["object"], taken)) as temporary:
                draw(each).savefig(temporary, dpi=130, format="png")
        yield Answer(each.row, each.bands, each.reconstruction)
