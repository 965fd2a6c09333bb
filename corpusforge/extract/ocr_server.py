"""A server that reads PDFs: one that recognises text in scans, or GROBID.

The file is sent by POST and the answer is what the server makes of it today, so a build that asks one cannot be repeated
byte by byte; which server answered stands in each document's `meta`.
"""

import urllib.request
from hashlib import sha256
from http.client import HTTPException
from typing import Literal, NamedTuple

from pydantic import Field

from corpusforge.documented import Documented

_MAX_ANSWER_BYTES = 64 * 2**20


class OcrFailed(Exception):
    """The server gave no text; says why, with the address."""


class Answer(NamedTuple):
    """What a server said of a file, and what is to stand in the document's meta."""

    text: str
    about: dict[str, str]


class OcrServer(Documented):
    """Where PDFs are sent; `ocr` gets those without a usable text layer, `grobid` gets all."""

    url: str = Field(pattern=r"^https?://[^\s/]+")
    """The address that takes the file, such as http://localhost:8070/api/processFulltextDocument."""
    kind: Literal["ocr", "grobid"] = "ocr"
    """ocr: gets the file as the body, answers with plain text. grobid: gets a form with the file as `input`, answers in TEI."""
    timeout_seconds: float = Field(default=120, gt=0)
    """After so long without an answer the document is rejected as ocr_failed."""

    def ask(self, raw: bytes) -> Answer:
        """The text of a file; raises OcrFailed."""
        request = _form(self.url, raw) if self.kind == "grobid" else _body(self.url, raw)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_seconds) as answer:
                data, name = answer.read(_MAX_ANSWER_BYTES + 1), str(answer.headers.get("Server", "")).strip()
        except (OSError, ValueError, HTTPException) as error:
            raise OcrFailed(f"{self.url}: {error!r}; see that the server runs and takes PDFs") from error
        if len(data) > _MAX_ANSWER_BYTES:
            raise OcrFailed(f"{self.url}: an answer of more than {_MAX_ANSWER_BYTES} bytes")
        try:
            return Answer(data.decode("utf-8"), {"text_layer": self.kind, "ocr_url": self.url, "ocr_server": name})
        except UnicodeDecodeError as error:
            raise OcrFailed(f"{self.url}: the answer is not UTF-8 at byte {error.start}") from error


def _body(url: str, raw: bytes) -> urllib.request.Request:
    headers = {"Content-Type": "application/pdf", "Accept": "text/plain"}
    return urllib.request.Request(url, data=raw, headers=headers, method="POST")


def _form(url: str, raw: bytes) -> urllib.request.Request:
    edge = sha256(raw).hexdigest()  # ends the file in the form: what no file can hold
    head = f'--{edge}\r\nContent-Disposition: form-data; name="input"; filename="input.pdf"\r\n'
    data = f"{head}Content-Type: application/pdf\r\n\r\n".encode() + raw + f"\r\n--{edge}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={edge}", "Accept": "application/xml"}
    return urllib.request.Request(url, data=data, headers=headers, method="POST")
