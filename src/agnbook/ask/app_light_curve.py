"""The app's page of light curves: upload one, see its reconstruction, posterior and doubts, take everything along.

As everywhere in the app, what a user typed or uploaded appears through ``st.text``, ``st.code`` and ``st.dataframe`` alone.
"""

import io
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from agnbook.ask import curve_figures, curve_files, light_curves, memory_size, tables
from agnbook.ask.curve_options import Options
from agnbook.ask.light_curves import Question
from agnbook.ask.measurements import Measured
from agnbook.ask.uploads import LARGEST_FILE, MOST_TEXT, MOST_UNPACKED
from agnbook.errors import BookError, FeatureError
from agnbook.sky import bands

#: What the names of files end in that can be chosen; text and FITS may be packed.
ENDINGS = [*tables.ENDINGS, *(ending.removeprefix(".") for ending in curve_files.TEXT)]
_NO_SURVEY = "as the bands' names say"
#: Quantity -> what it is called on the page, and its unit.
SHOWN = {
    "log_tau_rest": "log time-scale, rest frame at 4000 Å (d)", "log_tau_6000": "log time-scale, observed at 6000 Å (d)",
    "log_sf_rest": "log SF∞, rest frame at 4000 Å (mag)", "log_sf_6000": "log SF∞, observed at 6000 Å (mag)",
    "tau_slope": "slope of log time-scale in log wavelength", "sf_slope": "slope of log SF∞ in log wavelength",
    "rho": "correlation ρ between bands", "excess": "scatter beyond the errors (mag)",
    "log_mass": "log black-hole mass, from variability alone (M☉)",
    "log_mass_with_luminosity": "log black-hole mass, with redshift and luminosity (M☉)",
}  # fmt: skip
#: Most objects of a table whose names are listed, and most measurements of one object.
MOST_OBJECTS, MOST_MEASUREMENTS = 5000, 20_000
#: Most rows of an upload.
MOST_ROWS = 1_000_000


@st.cache_data(max_entries=4, show_spinner="Reading ...")
def _read(files: tuple[tuple[str, bytes], ...], reading: dict) -> tuple[list[Measured], Options]:
    """Read uploads as `curve_files.read` does; messages speak of the files by the names that the user gave."""
    names = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, content) in enumerate(files):
            if len(content) > LARGEST_FILE:
                raise FeatureError(
                    f"{name} has {len(content) / 1e6:.0f} MB; the app takes {LARGEST_FILE / 1e6:.0f}. Use the command."
                )
            packed = ".gz" if name.lower().endswith(".gz") else ""
            path = Path(folder) / f"upload{number}{Path(name.lower().removesuffix(packed)).suffix}{packed}"
            path.write_bytes(content)
            tables.check_packed(path, MOST_TEXT)
            if tables.FORMATS.get(path.suffix) == "parquet":
                memory_size.check_parquet(path, MOST_ROWS, MOST_UNPACKED)
            names[str(path)] = name
        try:
            return curve_files.read(list(names), Options(**reading))
        except BookError as error:
            text = str(error)
            for path, name in names.items():
                text = text.replace(path, name)
            raise type(error)(text) from error


@st.cache_data(max_entries=20, show_spinner="Fitting ...")
def _answer(each: Measured, options: Options) -> light_curves.Answer:
    if len(each.times) > MOST_MEASUREMENTS:
        raise FeatureError(f"{len(each.times)} measurements; the app takes {MOST_MEASUREMENTS} of an object. Use the command.")
    return light_curves.answer(each, Question(options, step=5.0))


@st.cache_data(max_entries=1)
def example() -> bytes:
    """A simulated quasar of redshift 1.2 as a table: three bands, each at its own nights, two outliers."""
    from agnbook import quasars
    from agnbook.quasars import simulate

    rng = np.random.default_rng(12)
    season = rng.integers(0, 6, 330)
    times, band = 53500 + 365 * season + rng.uniform(0, 150, 330), rng.choice(list("gri"), 330)
    errors = np.array([{"g": 0.02, "r": 0.02, "i": 0.03}[name] for name in band]) * rng.uniform(0.8, 1.4, 330)
    curve = quasars.light_curve("example", times, band, np.full(330, 19.0), errors, survey="sdss")
    theta = quasars.model.layout(quasars.Model(), curve).mean.copy()
    drawn = simulate.simulate(curve, theta, rng, means=np.array([19.4, 19.1, 19.0]))
    table = pd.DataFrame(
        {
            "object": "simulated quasar", "mjd": drawn.times.round(4), "band": np.array(drawn.bands)[drawn.band],
            "mag": drawn.values.round(4), "magerr": drawn.errors.round(4), "redshift": 1.2,
        }
    )  # fmt: skip
    table.loc[[40, 200], "mag"] += 0.8
    return table.to_csv(index=False).encode()


def page() -> None:
    """Draw the page."""
    uploads = st.file_uploader(
        "A table of light curves, or several files of one object", type=ENDINGS, accept_multiple_files=True, max_upload_size=20
    )
    shown = st.checkbox("Show a simulated example", value=False, disabled=bool(uploads))
    reading = _ask_how_to_read(example=shown and not uploads)
    if uploads:
        files = tuple((upload.name, upload.getvalue()) for upload in uploads)
    elif shown:
        files = (("example.csv", example()),)
    else:
        return
    try:
        objects, options = _read(files, reading)
        names = [each.name for each in objects[:MOST_OBJECTS]]
        number = 0
        if len(objects) > 1:
            st.caption(f"{len(objects)} objects; for all at once take the command `agnbook lightcurve`.")
            number = st.selectbox("Look at one object", range(len(names)), format_func=lambda row: f"{row + 1}: {names[row]}")
        found = _answer(objects[number], options)
    except BookError as error:
        st.error("These light curves cannot be read.")
        st.code(str(error), language=None, wrap_lines=True)
        return
    _show(found)


def _ask_how_to_read(example: bool) -> dict:
    """Ask for what a table does not say itself; returns what `Options` takes."""
    with st.expander("How to read it", expanded=not example):
        st.markdown(
            "One row a measurement (object, time, band, magnitude or flux, error) or one row a night (`mag_g`, `error_g`, ...); "
            "the usual names of columns are understood, Rubin's and ZTF's among them. Negative fluxes are welcome. The file "
            "stays on this machine."
        )
        left, right = st.columns(2)
        surveys = [_NO_SURVEY, *bands.SURVEYS]
        survey = left.selectbox("Survey whose bands these are", surveys, index=surveys.index("sdss") if example else 0)
        unit = right.text_input("Unit of fluxes, if the file states none", placeholder="nJy")
        name = left.text_input("Name of the object, if all rows are of one")
        redshift = right.text_input("Redshift: a column or a number", value="redshift" if example else "")
        extinction = left.text_input("Galactic extinction: a column (A_V, EBV, A_u) or A_V in mag")
        absolute = right.text_input("Absolute magnitude in i: a column or a number (for the mass)")
        band = right.text_input("Band, if all rows are of one")
    texts = {"unit": unit, "object": name, "redshift": redshift, "extinction": extinction, "band": band}
    texts["absolute_magnitude"] = absolute
    given = {key: value.strip() for key, value in texts.items() if value.strip()}
    return given if survey == _NO_SURVEY else given | {"survey": survey}


def _plot(figure, dpi: int) -> None:
    figure.savefig(picture := io.BytesIO(), format="png", dpi=dpi)
    st.image(picture, width="stretch")


def _show(found: light_curves.Answer) -> None:
    row = found.row
    st.text(f"{row['object']}\n{row.get('measurements', 0)} measurements in {row.get('bands') or 'no band'}"
            + (f", {row['baseline_days']:.0f} days" if row.get("baseline_days") else ""))  # fmt: skip
    if row["problem"]:
        st.error("It has no answer.")
        st.code(row["problem"], language=None, wrap_lines=True)
        return
    _show_doubts(row)
    quantities = _table(row)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("The curve", anchor=False)
        figure = curve_figures.draw(found)
        _plot(figure, 130)
        st.caption(
            "Measurements with their errors and the curve between them with its 68 % band; an outlier may lie outside a panel. "
            "Below: what each measurement differs from all the others, in standard deviations."
        )
    with right:
        st.subheader("What it tells", anchor=False)
        st.table(quantities.set_index("quantity"))
        if row.get("heldout"):
            st.caption(
                f"Predicting {row['heldout']} hidden measurements (whole nights): mean error {row['heldout_mae']:.3f} mag, a "
                f"constant {row['heldout_mae_constant']:.3f} mag; {100 * row['heldout_coverage68']:.0f} % of them within the "
                "68 % interval."
            )
        st.subheader("Posterior", anchor=False)
        _plot(curve_figures.draw_corner(found), 110)
        st.caption("Observed frame at 6000 Å. Contours hold 68 % and 95 % of the draws.")
    _offer(found, figure)


def _show_doubts(row: dict) -> None:
    flags = [flag for flag in row["flags"].split("; ") if flag]
    if flags:
        st.warning("To be wary of:")
        for flag in flags:
            st.code(flag, language=None, wrap_lines=True)
    else:
        st.success("No flag: nothing is known to be wrong with the answer.")
    if row["left_out"]:
        with st.expander(f"{row['rows_left_out']} rows left out"):
            st.code(row["left_out"].replace("; ", "\n"), language=None, wrap_lines=True)


def _table(row: dict) -> pd.DataFrame:
    rows = []
    for name, text in SHOWN.items():
        q = {level: row.get(f"{name}_{level}", np.nan) for level in light_curves.QUANTILES}
        if np.isfinite(q["q500"]):
            rows.append(
                (text, f"{q['q500']:.3g}", f"{q['low68']:.3g} to {q['high68']:.3g}", f"{q['low95']:.3g} to {q['high95']:.3g}")
            )
    return pd.DataFrame(rows, columns=["quantity", "median", "68 %", "95 %"])


def _as_csv(table) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        tables.write(table, path)
        return path.read_bytes()


def _offer(found: light_curves.Answer, figure) -> None:
    """Buttons that download the three tables and the figure."""
    parameters, per_band, curve = light_curves.gathered([found], Question(step=5.0))

    def picture() -> bytes:
        out = io.BytesIO()
        figure.savefig(out, dpi=150, format="png")
        return out.getvalue()

    with st.container(horizontal=True):
        for label, table, stem in (
            ("Parameters", parameters, "parameters"), ("Bands", per_band, "bands"), ("Curve every 5 days", curve, "curve"),
        ):  # fmt: skip
            make = partial(_as_csv, table)
            st.download_button(f"{label} (CSV)", make, f"{stem}.csv", "text/csv", key=stem, on_click="ignore")
        st.download_button("Figure (PNG)", picture, "light_curve.png", "image/png", key="figure", on_click="ignore")
