"""The PDF of the whole book: small enough to send, with links and an outline inside it."""

import pypdf
import pytest

from agnbook.errors import BookError
from agnbook.press import pdf

pytestmark = pytest.mark.xdist_group("pdf")  # printed once


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    try:
        pdf.chromium()
        pdf.document()
    except BookError as error:
        pytest.skip(str(error))
    target = tmp_path_factory.mktemp("pdf") / "book.pdf"
    pdf.make(target)
    return target


def flat(outline):
    """Return the entries of all levels."""
    return [one for entry in outline for one in (flat(entry) if isinstance(entry, list) else [entry])]


def test_the_whole_book_is_below_30_mb(book):
    assert 1e6 < book.stat().st_size < 30e6
    reader = pypdf.PdfReader(book)
    assert len(reader.pages) > 100
    titles = [entry.title for entry in flat(reader.outline)]
    for page in ("Scorecard", "Glossary", "Bibliography"):  # Chromium writes a heading that opens a page twice
        assert any(title.startswith(page) for title in titles), page


def test_references_lead_to_places_inside(book):
    reader = pypdf.PdfReader(book)
    inside = [
        annotation.get_object()
        for page in reader.pages
        for annotation in page.get("/Annots", [])
        if "/Dest" in annotation.get_object()
    ]
    names = {name.lstrip("/") for name in reader.named_destinations}
    assert len(inside) > 500
    assert not [link["/Dest"] for link in inside if isinstance(link["/Dest"], str) and link["/Dest"].lstrip("/") not in names]
    assert len(reader.outline) > 20
