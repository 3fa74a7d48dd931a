"""The app, ``make app``: a source by name or a table of your own, and what the book says of it.

It only shows what `agnbook.ask.report` computes. What a user typed or uploaded appears through ``st.text``, ``st.code`` and
``st.dataframe`` alone, which show text as text; everything that renders Markdown gets the book's own words.
"""

import io
from functools import partial
from urllib.parse import quote

import streamlit as st
from astropy.table import Table
from matplotlib.figure import Figure

from agnbook.ask import app_figures, app_light_curve, report, tables, uploads
from agnbook.chapter import figures
from agnbook.errors import BookError
from agnbook.sky import features

#: Where a neighbour's name leads, when somebody clicks it.
_SIMBAD = "https://simbad.cds.unistra.fr/simbad/sim-id?Ident="
EXAMPLES = ["4FGL J0001.2+4741", "PKS 2155-304", "Mkn 421", "4FGL J0003.3-1928"]


@st.cache_data(max_entries=200, show_spinner="Looking it up ...")
def _source(name: str) -> report.Report:
    return report.of_source(name)


@st.cache_data(max_entries=20, show_spinner=False)
def _find(name: str) -> list[str]:
    from agnbook.ask import source_names

    return source_names.find_sources(name)


@st.cache_data(max_entries=3, show_spinner="Classifying your table ...")
def _answer(name: str, content: bytes) -> uploads.Answers:
    return uploads.answer(uploads.read_upload(name, content))


def _explain(error: BookError, heading: str) -> None:
    """Show an error; its message may quote a name or a file, hence as plain text."""
    st.error(heading)
    st.code(str(error), language=None, wrap_lines=True)


def _plot(figure: Figure) -> None:
    figure.savefig(picture := io.BytesIO(), format="png", dpi=140)
    st.image(picture, width="stretch")


def _link(name: str) -> str:
    return _SIMBAD + quote(name, safe="")


def _show_class(shown: report.Report) -> None:
    st.subheader("Class", anchor=False)
    if shown.fsrq is not None:
        st.metric("P(FSRQ), if it is a blazar", f"{shown.fsrq:.3f}", help="One minus it is the probability of a BL Lac.")
        st.caption(shown.fsrq_meaning)
        _plot(app_figures.draw_class(shown))
    if shown.groups is not None:
        _plot(app_figures.draw_groups(shown))
        both = " Plain bars: forest; hatched: networks." if "forest" in shown.groups else ""
        st.caption(f"Six groups of gamma-ray sources, named by their largest member. {shown.groups_meaning}{both}")
    if shown.fsrq is None and shown.groups is None:
        st.caption("The book has no class prediction for it.")


def _show_redshift(shown: report.Report) -> None:
    st.subheader("Redshift", anchor=False)
    if not shown.redshift:
        st.caption(shown.no_redshift)
        return
    z = shown.redshift
    st.metric("median redshift", f"{z['median']:.2f}")
    st.caption(f"68.3 %: {z['low68']:.2f} to {z['high68']:.2f}; 95.4 %: {z['low95']:.2f} to {z['high95']:.2f}, calibrated.")
    _plot(app_figures.draw_redshift(shown))
    if shown.redshift_meaning:
        st.text(shown.redshift_meaning)
    st.caption(
        "Steps: predictive distribution between its quantiles. Bars: 68.3 % and 95.4 % intervals. Gamma rays tell redshifts only "
        "roughly: quote the interval, not the median."
    )


def _show(shown: report.Report, offer_download: bool) -> None:
    """One source: facts, warnings, class, redshift, models, spectrum and light curve, neighbours, sky."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.text("\n".join([shown.name, *(f"{name}: {value}" for name, value in shown.facts.items())]))
    with right:
        for text in shown.warnings:
            st.warning(text)
        if not shown.warnings:
            st.success("No warning: nothing is known to be wrong with the answer.")
    left, right = st.columns(2, gap="large")
    with left:
        _show_class(shown)
    with right:
        _show_redshift(shown)
    if shown.models is not None and len(shown.models):
        st.subheader("All models side by side", anchor=False)
        st.table(shown.models.set_index("model"))
        st.caption("A source that a model learned from is answered by the part of it that has not seen the source.")
    if shown.spectrum is not None:
        left, right = st.columns(2, gap="large")
        with left:
            st.subheader("Spectrum", anchor=False)
            _plot(app_figures.draw_spectrum(shown))
            st.caption("4FGL-DR4, eight bands, fourteen years: one standard deviation; limits at two.")
        with right:
            st.subheader("Yearly flux", anchor=False)
            _plot(app_figures.draw_history(shown))
            st.caption("4FGL-DR4, one point a year: one standard deviation; limits at two.")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Neighbours in feature space", anchor=False)
        if shown.neighbours is None:
            st.caption("Without all five gamma-ray features it has no place in feature space.")
        else:
            _plot(app_figures.draw_features(shown))
    with right:
        st.subheader("Place on the sky", anchor=False)
        if shown.position is None:
            st.caption("Give GLON and GLAT, or RAJ2000 and DEJ2000, in degrees to see it on the map.")
        else:
            _plot(app_figures.draw_sky(shown))
            st.caption(
                f"Galactic l {shown.position[0]:.2f}, b {shown.position[1]:+.2f} deg, among the associated sources of 4FGL-DR4."
            )
    if shown.neighbours is not None:
        table = shown.neighbours.rename(columns={"predicted_redshift": "redshift, predicted"}).dropna(axis=1, how="all")
        table["SIMBAD"] = [
            _SIMBAD + quote(name or source, safe="") for name, source in zip(table["counterpart"], table["source"], strict=True)
        ]
        link = st.column_config.LinkColumn(display_text="look it up")
        st.dataframe(table.round(3), hide_index=True, column_config={"SIMBAD": link})
        st.caption(
            "The nearest associated sources of 4FGL-DR4 in five gamma-ray features: photon indices (two), variability (two), "
            "pivot energy. A distance of 1 is one standard deviation of the catalogue in one feature."
            + ("" if "redshift" in table else " Measured redshifts need 4LAC-DR3.")
        )
    if offer_download:
        _offer(Table([shown.row()]), shown.name.replace(" ", "_"))


def _offer(table, stem: str) -> None:
    """Buttons that download a table."""
    reason = tables.what_it_cannot_hold(table, "fits")
    kinds = (("CSV", ".csv", "text/csv"), ("FITS", ".fits", "application/fits"), ("ECSV", ".ecsv", "text/plain"))
    with st.container(horizontal=True):
        for kind, ending, mime in kinds:
            make = partial(uploads.download, table, ending)  # written only when somebody asks for it
            st.download_button(
                f"Download {kind}", make, f"{stem}{ending}", mime, key=f"{stem}{ending}", on_click="ignore",
                disabled=kind == "FITS" and bool(reason),
            )  # fmt: skip
    if reason:
        st.text(f"No FITS: {reason}.")


def by_name() -> None:
    """Look a source of the catalogues up."""
    name = st.text_input(
        "Name of a source",
        EXAMPLES[0],
        max_chars=60,
        help="A 4FGL or 4LAC name, or a counterpart's; capitals and spaces are free.",
    )
    st.caption("Try " + ", ".join(f"`{example}`" for example in EXAMPLES[1:]) + ".")
    if not name.strip():
        st.info("Type the name of a source.")
        return
    try:
        found = _find(name)
    except BookError as error:
        _explain(error, "No such source.")
        return
    source = found[0] if len(found) == 1 else st.selectbox("Several sources bear this name", found)
    _show(_source(source), offer_download=True)


def own_table() -> None:
    """Classify an uploaded table."""
    upload = st.file_uploader("A table of sources with 4FGL or 4LAC columns", type=tables.ENDINGS, max_upload_size=20)

    def columns(names):
        return ", ".join(f"`{name}`" for name in names)

    with st.expander("Which columns?"):
        st.markdown(
            "A column of names, `Source_Name`, and for\n\n"
            "- **BL Lac or FSRQ**: " + columns(features.BLAZAR_FEATURES) + ", from 4LAC; 0 in the last two where there is no "
            "synchrotron fit;\n"
            "- **six groups**: " + columns(features.GAMMA_COLUMNS) + ", from 4FGL;\n"
            "- **redshift**: " + columns([*features.EXTENDED_NUMBERS, *features.EXTENDED_TEXTS]) + ", from 4LAC.\n\n"
            "`GLON` and `GLAT`, or `RAJ2000` and `DEJ2000`, put a source on the map. Units as in the catalogues; others are "
            "converted where the file states them. FITS, CSV, ECSV, VOTable or Parquet, at most "
            "20 MB. The file stays on this machine."
        )
    if upload is None:
        return
    try:
        answers = _answer(upload.name, upload.getvalue())
    except BookError as error:
        _explain(error, "This table cannot be used.")
        return
    st.subheader(f"{len(answers.table)} sources", anchor=False)
    for part, reason in answers.notes.items():
        with st.expander(f"Not answered: {part}"):
            st.code(reason, language=None, wrap_lines=True)
    frame = answers.table.to_pandas()
    st.dataframe(frame.drop(columns=[name for name in frame if name.endswith("sha256")]), hide_index=True)
    _offer(answers.table, "answers")
    names = frame.iloc[:, 0].tolist()
    number = st.selectbox("Look at one source", range(len(names)), format_func=lambda row: f"{row + 1}: {names[row]}")
    _show(report.of_row(answers, number), offer_download=False)


def main() -> None:
    """Draw the page."""
    st.set_page_config("Ask the book about a gamma-ray source", layout="wide")
    figures.use_book_style()
    st.title("Ask about a gamma-ray source", anchor=False)
    st.caption("Class, redshift, neighbours and doubts, from the models of *Active galactic nuclei, rebuilt*.")
    choices = {"A source by name": by_name, "A table of your own": own_table, "A light curve": app_light_curve.page}
    choice = st.radio("Ask about", list(choices), horizontal=True, label_visibility="collapsed")
    try:
        choices[choice]()
    except BookError as error:
        _explain(error, "This cannot be answered.")


if __name__ == "__main__":
    main()
