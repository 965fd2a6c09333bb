"""Bytes of a page to text: what the server, then the page says of the charset, unless the bytes are plainly UTF-8."""

import codecs
import re

from resiliparse.parse.encoding import detect_encoding

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_DECLARED = re.compile(rb"<(?:meta|\?xml)\s[^>]{0,300}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{2,30})", re.I)
# Where a page says which charset it has, by the rules of HTML; some say it late.
_HEAD_BYTES = 8192
# Names on the web stand for the larger charset that browsers read them as.
_READ_AS = {
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "iso-8859-1": "windows-1252", "latin1": "windows-1252",
    "us-ascii": "windows-1252", "ascii": "windows-1252", "big5": "big5hkscs", "shift_jis": "cp932", "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949", "tis-620": "cp874", "iso-8859-9": "cp1254",
}  # fmt: skip


def declared_charsets(raw: bytes, mime: str) -> tuple[str, ...]:
    """Charsets that a page is said to have: by the media type it was sent with, then by itself."""
    said = _CHARSET.search(mime)
    found = _DECLARED.search(raw, 0, _HEAD_BYTES)
    return tuple(name for name in (said and said[1], found and found[1].decode("ascii")) if name)


def page_text(raw: bytes, mime: str) -> str:
    """Text of a page; bad bytes are replaced by U+FFFD."""
    for mark, charset in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if raw.startswith(mark):
            return raw[len(mark) :].decode(charset, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    names = [name.lower() for name in (*declared_charsets(raw, mime), detect_encoding(raw) or "")]
    known = [_READ_AS.get(name, name) for name in names]
    charset = next((name for name in known if name != "utf-8" and _is_known(name)), "utf-8")
    return raw.decode(charset, "replace")


def _is_known(charset: str) -> bool:
    try:
        return codecs.lookup(charset)._is_text_encoding  # not "rot13"
    except (LookupError, ValueError):
        return False
