"""Which format a document has: by its first bytes where they say it, else by its media type.

Servers and file names are wrong often enough: PDFs come as octets, pages as plain text, XHTML as XML.
"""

import re
from typing import Literal

Format = Literal["html", "pdf", "xml", "other"]

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_VAGUE = frozenset({"", "application/octet-stream", "binary/octet-stream", "text/plain"})
_PDF_TYPES = frozenset({"application/pdf", "application/x-pdf"})

_LEADING = rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml\b[^>]*>\s*)?(?:<!--.{0,500}?-->\s*)*"
_HTML = re.compile(_LEADING + rb"(?:<!doctype\s+html|<html)\b", re.IGNORECASE | re.DOTALL)
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml\s|\xff\xfe<\0\?\0|\xfe\xff\0<\0\?")
_PDF = re.compile(rb"\s*%PDF-")
_HEAD_BYTES = 1024


def format_of(raw: bytes, mime: str) -> Format:
    """The format of a document; "other" is what the media type alone can tell.

    format_of(b"%PDF-1.7 ...", "text/html") -> "pdf"
    """
    essence, head = mime.partition(";")[0].strip().lower(), raw[:_HEAD_BYTES]
    if _PDF.match(head) or essence in _PDF_TYPES:
        return "pdf"
    if essence in _HTML_TYPES:
        return "html"
    is_xml = essence in ("application/xml", "text/xml") or (essence.startswith("application/") and essence.endswith("+xml"))
    if (is_xml or essence in _VAGUE) and _HTML.match(head):
        return "html"
    return "xml" if is_xml or (essence in _VAGUE and _XML.match(head)) else "other"
