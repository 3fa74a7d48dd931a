"""The PDF of the whole book: small enough to send, with links and an outline inside it."""

import pypdf
import pytest

from agnbook.errors import BookError
from agnbook.press import pdf


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


def test_the_whole_book_is_below_30_mb(book):
    assert 1e6 < book.stat().st_size < 30e6
    reader = pypdf.PdfReader(book)
    assert len(reader.pages) > 100
    text = " ".join(page.extract_text() for page in reader.pages[-40:])
    assert "Scorecard" in text and "Glossary" in text and "Bibliography" in text


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
