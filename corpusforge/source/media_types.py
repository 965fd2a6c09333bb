"""Media types as servers and crawlers write them, and what the first bytes say where they say nothing."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

OCTETS = "application/octet-stream"

_TYPE = re.compile(r"\s*([a-z0-9!#$&^_.+*-]+/[a-z0-9!#$&^_.+-]+)", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([a-z0-9][\w.:+-]*)", re.IGNORECASE)

_XHTML = re.compile(rb"<\?xml[^>]*>\s*(?:<!--.{0,500}?-->\s*)*(?:<!doctype html|<html)", re.IGNORECASE | re.DOTALL)
_HTML = re.compile(
    rb"<(?:!doctype html|!--|html|head|body|title|meta|script|style|table|div|h1|p|br|a)(?![a-z0-9])", re.IGNORECASE
)  # fmt: skip

# First bytes, but for white space and a byte order mark, and the type that they stand for.
_BEGINNINGS = (
    (re.compile(rb"%PDF-"), "application/pdf"),
    (_XHTML, "application/xhtml+xml"),
    (re.compile(rb"<\?xml"), "application/xml"),
    (_HTML, "text/html"),
)
_NOT_IN_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_LEADING = re.compile(rb"(?:\xef\xbb\xbf)?\s*")
_LOOKED_AT_BYTES = 1024


def media_type(header: str) -> str:
    """'Text/HTML;Charset="UTF-8"; x' -> 'text/html; charset=UTF-8'; "" where no type can be read."""
    found = _TYPE.match(header)
    if found is None:
        return ""
    charset = _CHARSET.search(header)
    return found[1].lower() + (f"; charset={charset[1]}" if charset else "")


def without_parameters(mime: str) -> str:
    """'text/html; charset=UTF-8' -> 'text/html'."""
    return mime.partition(";")[0]


def sniffed(content: bytes) -> str:
    """Media type by the first bytes, as browsers judge: PDF, XML, HTML, text without control characters, octets."""
    head = content[:_LOOKED_AT_BYTES]
    leading = _LEADING.match(head)
    begin = leading.end() if leading else 0
    for pattern, mime in _BEGINNINGS:
        if pattern.match(head, begin):
            return mime
    return OCTETS if _NOT_IN_TEXT.search(head) else "text/plain"


def is_any_of(mime: str, patterns: Sequence[str]) -> bool:
    """Whether a type without its parameters matches one of the patterns, such as text/*."""
    plain = without_parameters(mime)
    return any(fnmatchcase(plain, pattern.lower()) for pattern in patterns)
