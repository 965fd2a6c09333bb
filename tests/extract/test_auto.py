import pytest

from corpusforge.extract.auto import Auto
from corpusforge.extract.formats import format_of

PAGE = (
    "<html><head><title>Loess</title></head><body><nav><a href=/>Home</a></nav><article><h1>Loess</h1><p>Loess is silt that"
    " wind carried from dry plains, and it covers a tenth of the land. It holds steep walls; people live in caves."
    "</p></article></body></html>"
)
JATS = "<article><front><article-meta><title-group><article-title>Silt</article-title></title-group></article-meta></front>" \
    "<body><p>Wind sorts silt by size.</p></body></article>"  # fmt: skip
TEI = '<TEI xmlns="http://www.tei-c.org/ns/1.0"><text><body><p>Ice grinds rock to flour.</p></body></text></TEI>'


@pytest.mark.parametrize(
    ("raw", "mime", "expected"),
    [
        (b"%PDF-1.7", "text/html", "pdf"),
        (b"", "application/pdf", "pdf"),
        (b"on the header %PDF-1.7", "text/plain", "other"),
        (b"x", "text/html; charset=gbk", "html"),
        (b"x", "application/xhtml+xml", "html"),
        (b"\xef\xbb\xbf <!-- a --><!DOCTYPE html>", "", "html"),
        (b"<?xml version='1.0'?>\n<!DOCTYPE HTML><html>", "application/xml", "html"),
        (b"<html>", "text/plain", "html"),
        (b"<html> is a tag", "text/markdown", "other"),
        (b"<htmlish>", "text/plain", "other"),
        (b"<article>", "text/xml; charset=utf-8", "xml"),
        (b"<article>", "application/jats+xml", "xml"),
        (b"<?xml version='1.0'?><article>", "application/octet-stream", "xml"),
        (b"x", "text/x-rst", "other"),
        (b"x", "image/svg", "other"),
    ],
)
def test_the_first_bytes_say_what_a_document_is_else_its_media_type(raw: bytes, mime: str, expected: str) -> None:
    assert format_of(raw, mime) == expected


@pytest.mark.parametrize(
    ("document", "mime", "line"),
    [
        (PAGE, "text/plain", "Loess is silt that wind carried from dry plains, and it covers a tenth of the land."),
        (JATS, "application/xml", "Wind sorts silt by size."),
        (TEI, "text/xml", "Ice grinds rock to flour."),
        (f'<?xml version="1.0"?>{TEI}', "", "Ice grinds rock to flour."),
        ("# Gneiss\n\nBanded *rock*.", "text/markdown", "Banded rock."),
        ("黄土", "text/plain; charset=utf-8", "黄土"),
    ],
)
def test_each_format_goes_to_its_stage(document: str, mime: str, line: str) -> None:
    assert line in Auto().extract(document.encode(), mime, "").text


def test_parameters_of_the_media_type_go_with_the_document() -> None:
    page = PAGE.replace("Loess is", "Löss is").encode("iso-8859-2")
    assert "Löss is" in Auto().extract(page, "text/plain; charset=iso-8859-2", "").text


def test_settings_are_those_of_the_stages() -> None:
    assert Auto(html={"title": False}).extract(PAGE.encode(), "text/html", "").text.startswith("Loess is silt")


@pytest.mark.parametrize(
    ("document", "mime", "drop"),
    [
        ("<stations/>", "application/xml", "unknown_xml"),
        ("<article><body>", "application/xml", "invalid_xml"),
        ("GIF89a", "image/gif", "unsupported_mime"),
        ("%PDF-1.7", "text/plain", "invalid_pdf"),
    ],
)
def test_what_no_stage_reads_is_rejected(document: str, mime: str, drop: str) -> None:
    assert Auto().extract(document.encode(), mime, "").drop == drop
