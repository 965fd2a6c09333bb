"""What a document or its header says of its charset: labels as they are written, "" where nothing is said."""

import re

_HEAD_BYTES = 4096
"""Where a <meta> is looked for: browsers read 1,024 bytes, pages put it behind scripts and comments all the same."""

_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_META = re.compile(rb"<meta[\s/]([^<>]*)", re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"""([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_IN_CONTENT = re.compile(rb"""charset\s*=\s*["']?\s*([^\s"';,]+)""", re.IGNORECASE)
_PARAMETER = re.compile(r"""(?i);\s*charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,"']+))""")
_XML_DECLARATION = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']\s*([A-Za-z0-9._:-]+)\s*["']""")


def declared_in_html(raw: bytes) -> str:
    """The charset of the first <meta> that names one, in the first 4,096 bytes, comments left out.

    declared_in_html(b'<meta charset="gb2312">') -> "gb2312"
    """
    for tag in _META.finditer(_COMMENT.sub(b" ", raw[:_HEAD_BYTES])):
        found = {match[1].lower(): match[2] or match[3] or match[4] or b"" for match in _ATTRIBUTE.finditer(tag[1])}
        content = _IN_CONTENT.search(found.get(b"content", b""))
        is_header = found.get(b"http-equiv", b"").strip().lower() == b"content-type"
        label = found.get(b"charset") or (content[1] if content and is_header else b"")
        if label.strip():
            return _readable(label)
    return ""


def _readable(label: bytes) -> str:
    """A label in a <meta>; one of UTF-16 is wrong, since the <meta> could be read byte by byte: browsers take it for UTF-8."""
    text = label.decode("ascii", "replace").strip()
    return "utf-8" if text.lower().startswith("utf-16") else text


def declared_in_xml(raw: bytes) -> str:
    """The encoding in the XML declaration; "utf-16le" or "utf-16be" where it is written in these.

    declared_in_xml(b'<?xml version="1.0" encoding="big5"?>') -> "big5"
    """
    for start, charset in ((b"<\0?\0", "utf-16le"), (b"\0<\0?", "utf-16be")):
        if raw.startswith(start):
            return charset
    match = _XML_DECLARATION.match(raw[:1024])
    return match[1].decode() if match else ""


def charset_parameter(mime: str) -> str:
    """The charset parameter of a media type.

    charset_parameter('text/html; charset="GBK"') -> "GBK"
    """
    match = _PARAMETER.search(mime)
    return next((group.strip() for group in match.groups() if group), "") if match else ""
