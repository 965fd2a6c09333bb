"""The hook for servers, against one on this machine."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from pdf_files import Words, pdf
from pydantic import ValidationError

from corpusforge.extract.base import Extracted
from corpusforge.extract.ocr_server import OcrServer
from corpusforge.extract.pdf import Pdf

SCAN = (Path(__file__).resolve().parents[1] / "data/pdf/scan.pdf").read_bytes()
TEI = """<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title level="a" type="main">Sand</title>
</titleStmt></fileDesc></teiHeader><text><body><div><head>Methods</head><p>We sieved it.</p></div></body></text></TEI>"""


class Reader(BaseHTTPRequestHandler):
    """Answers as it is told and keeps what it was sent."""

    server_version, sys_version = "Reader/1.0", ""
    status: ClassVar[int] = 200
    answer: ClassVar[bytes] = b"read by a machine"
    got: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        self.got.append((self.headers["Content-Type"], self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Reader, "got", [])
    server = HTTPServer(("127.0.0.1", 0), Reader)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/ocr"
    server.shutdown()
    server.server_close()


def read(url: str, raw: bytes = SCAN, kind: str = "ocr") -> Extracted:
    return Pdf.model_validate({"ocr": {"url": url, "kind": kind, "timeout_seconds": 5}}).extract(raw, "application/pdf", "")


def test_a_scan_is_sent_and_the_answer_is_its_text(url: str) -> None:
    found = read(url)
    assert (found.text, found.drop) == ("read by a machine", "")
    assert found.meta == {"num_pages": 2, "text_layer": "ocr", "ocr_url": url, "ocr_server": "Reader/1.0"}
    assert Reader.got == [("application/pdf", SCAN)]


def test_a_file_with_text_is_not_sent(url: str) -> None:
    assert read(url, pdf([Words("words", 50, 700)])).text == "words"
    assert Reader.got == []


def test_grobid_gets_a_form_and_its_tei_is_read(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("corpusforge.extract.tei")
    monkeypatch.setattr(Reader, "answer", TEI.encode())
    found = read(url, pdf([Words("words", 50, 700)]), "grobid")
    assert "We sieved it." in found.text
    assert found.meta["ocr_url"] == url
    [(kind, body)] = Reader.got
    assert kind.startswith("multipart/form-data; boundary=")
    assert b'name="input"' in body


def test_a_server_that_fails_is_a_rejection(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reader, "status", 500)
    found = read(url)
    assert (found.drop, found.text) == ("ocr_failed", "")
    assert found.message.startswith(f"{url}: ")
    assert "500" in found.message


@pytest.mark.parametrize("kind", ["ocr", "grobid"])
def test_no_server_is_a_rejection(kind: str) -> None:
    found = read("http://127.0.0.1:1/ocr", kind=kind)
    assert found.drop == "ocr_failed"
    assert "see that the server runs" in found.message


def test_an_answer_that_is_no_text_is_a_rejection(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reader, "answer", b"ab\xff")
    assert read(url).message == f"{url}: the answer is not UTF-8 at byte 2"


def test_an_empty_answer_is_empty_text(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reader, "answer", b" \n")
    found = read(url)
    assert (found.drop, found.message) == ("empty_text", f"{url} found no text")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "localhost:80", ""])
def test_only_http_is_an_address(url: str) -> None:
    with pytest.raises(ValidationError, match="url"):
        OcrServer(url=url)
