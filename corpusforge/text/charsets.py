"""Bytes to text when no one is sure of the charset: marks, UTF-8, what is declared, what the bytes look like, in this order.

Text that is valid UTF-8 and not ASCII is UTF-8 whatever it is declared as; a declaration is wrong on some percent of pages, so
it holds only where the bytes do not contradict it. What is not declared is found by uchardet (resiliparse), corrected where it
errs: it takes English with a few quotes for a code page of DOS, and leaves a charset out at one bad byte. Over 29 pairs of
language and charset that names 99.5 % of texts of 60 bytes right and 99.8 % of those of 200, charset-normalizer 86 % and 92 %
at the same cost. Only lines with other bytes than ASCII are looked at, of which a page may have none in its first 100 KB. A bad
byte costs itself: the rest is decoded around it and the damage counted.
"""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from corpusforge.text.charset_labels import charset_named, codec_of, is_multibyte

# UTF-32 first: its mark begins with the one of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32le"),
    (codecs.BOM_UTF32_BE, "utf-32be"),
    (codecs.BOM_UTF16_LE, "utf-16le"),
    (codecs.BOM_UTF16_BE, "utf-16be"),
)

MARK_BAD = "corpusforge.mark_bad"
"""What to do about a bad byte, for Python's codecs: put half a character there, which bytes in UTF-8 with an error become."""

# Stands for a bad byte while decoding: half a character, which no charset can encode, so that it is never part of a document.
_BAD = "\udcff"
_REPLACEMENT = "\ufffd"

_MAX_SAMPLE_BYTES = 2**16
_MAX_LINE_BYTES = 2**12
_PIECE_BYTES = 2**9

# Up to this share of bad characters among those that are not ASCII, a charset is the right one, and the document damaged.
_MAX_DAMAGE = 0.1

# Fewer bytes that are not ASCII say nothing of a charset, or too little to overrule a declaration.
_FEW_BYTES = 4
_ENOUGH_BYTES = 16

# From this share of western letters and signs on text is western; above that one it is, if nothing else fits.
_SURELY_WESTERN = 0.9
_MAYBE_WESTERN = 0.5

# Charsets in which a single byte can be bad; of those with letters for every byte none can.
_OFTEN_DAMAGED = (
    *("gb18030", "big5", "shift_jis", "euc-jp", "euc-kr", "windows-874", "iso-8859-7", "windows-1253", "windows-1255"),
    "iso-8859-8",
)

_NOT_ASCII = re.compile(rb"[\x80-\xff]")
# No charset has these as a second byte, so text can be cut behind them.
_SAFE_CUT = re.compile(rb"[\x00-\x2f]")
_JAPANESE_ESCAPE = re.compile(rb"\x1b\$[@B]|\x1b\(J")
_UKRAINIAN_IN_KOI8 = re.compile(rb"[\xa4\xa6\xa7\xad\xb4\xb6\xb7\xbd](?=[\xc0-\xff])|(?<=[\xc0-\xff])[\xa4\xa6\xa7\xad]")
_LONE_BYTE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
# Windows-1252: letters that western languages write every day, two in a row at most, and signs where they stand in text. Left
# out are letters whose bytes are more often others in Windows-1250 and 1254, and signs amid a word, which are letters there.
_WESTERN = re.compile(
    r"(?<![^\W\x00-\x7f])(?:[àâäãåæçèéêëíîïñóôöøœßùúüáÀÂÄÅÆÇÈÉÊËÍÎÓÔÖØÚÜÁÑ]|õe|û[rtlmc]|dû){1,2}(?![^\W\x00-\x7f])"
    r"|[\u00ad\u00a0’“”‘–—…€•™®]|(?<![A-Za-z])[²³°±·»¹ªº½¼×«¿¡§£©µ]|[²³°±·»¹ªº½¼×](?![A-Za-z])"
)


@dataclass(frozen=True)
class Decoded:
    """Text of a document, in UTF-8, and how it was found.

    `num_replaced` is how many U+FFFD stand for bad bytes (those that the document itself has do not count), `first_bad` the
    offset of the first bad byte, -1 where there is none. `unknown` are declared labels that name no charset.
    """

    utf_8: bytes
    charset: str
    num_replaced: int = 0
    first_bad: int = -1
    unknown: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        """The text as characters; parsers of pages never ask for them."""
        return self.utf_8.decode()


def _mark_bad(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return _BAD, error.end


codecs.register_error(MARK_BAD, _mark_bad)


def decode(raw: bytes, *, declared: Sequence[str] = ()) -> Decoded:
    """The text of `raw`; `declared` are labels from a header or the document itself, the most trusted first; never raises.

    decode("黄土".encode("gbk"), declared=["gb2312"]) -> Decoded("黄土".encode(), "gb18030")
    """
    named = [(label, charset_named(label)) for label in declared if label.strip()]
    known = [charset for _, charset in named if charset]
    signed = _signed(raw, known)
    unknown = tuple(label for label, charset in named if not charset)
    if not signed and _is_utf_8(raw):
        return Decoded(raw, "utf-8", unknown=unknown)
    return replace(decode_as(raw, signed or _by_bytes(raw, known)), unknown=unknown)


def decode_as(raw: bytes, charset: str) -> Decoded:
    """The text of bytes in a charset, by its name; a byte order mark goes before the name and is left out."""
    mark, charset = _mark(raw) or (b"", charset)
    body, codec = raw[len(mark) :], codec_of(charset)
    if charset == "utf-8" and _is_utf_8(body):
        return Decoded(body, charset)
    try:
        return Decoded(body.decode(codec).encode(), charset)
    except UnicodeDecodeError as error:
        marked = body.decode(codec, MARK_BAD)
        text = marked.replace(_BAD, _REPLACEMENT).encode()
        return Decoded(text, charset, marked.count(_BAD), error.start + len(mark))


def _is_utf_8(raw: bytes) -> bool:
    """Whether bytes are UTF-8 throughout; Arrow knows in a quarter of the time that it takes to decode them."""
    ends = np.array([0, len(raw)], np.int64)
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, pa.py_buffer(ends), pa.py_buffer(raw)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _mark(raw: bytes) -> tuple[bytes, str] | None:
    return next(((mark, name) for mark, name in _MARKS if raw.startswith(mark)), None)


def charset_of(raw: bytes, *, declared: Sequence[str] = ()) -> str:
    """The charset that `raw` is most likely in; `declared` are names of charsets, the most trusted first."""
    return _signed(raw, declared) or ("utf-8" if _is_utf_8(raw) else _by_bytes(raw, declared))


def _signed(raw: bytes, declared: Sequence[str]) -> str:
    """The charset that a mark, NULs or escapes in the bytes give away, "" where none do."""
    mark = _mark(raw)
    if mark:
        return mark[1]
    wide = _wide(raw, declared)
    if wide:
        return wide
    if b"\x1b" in raw and _JAPANESE_ESCAPE.search(raw) and _damage(raw[:_MAX_SAMPLE_BYTES], "iso-2022-jp") <= _MAX_DAMAGE:
        return "iso-2022-jp"
    return "hz-gb-2312" if "hz-gb-2312" in declared and b"~{" in raw and _is_valid(raw, "hz-gb-2312") else ""


def _by_bytes(raw: bytes, declared: Sequence[str]) -> str:
    """The charset of bytes that are not UTF-8 throughout."""
    sample = _sample(raw)
    return "utf-8" if _is_damaged_utf_8(sample) else _by_sample(sample, declared)


def _is_damaged_utf_8(sample: bytes) -> bool:
    """Whether few characters are bad, or half as many as take three bytes, which other charsets hardly make by chance."""
    marked = sample.decode("utf-8", MARK_BAD)
    num_bad, num_wide = marked.count(_BAD), len(re.findall("[\u0800-\ud7ff\ue000-\U0010ffff]", marked))
    return num_bad <= max(2 * _MAX_DAMAGE * _num_others(marked), num_wide / 2)


def _wide(raw: bytes, declared: Sequence[str]) -> str:
    """UTF-16 without a mark: Latin text has a NUL in every second byte, other text is taken for it where it is declared."""
    head = raw[:4096]
    if b"\0" not in head or len(raw) % 2:
        return ""
    num_even, num_odd, num_pairs = head[0::2].count(0), head[1::2].count(0), len(head) // 2
    for charset, num_high, num_low in (("utf-16le", num_odd, num_even), ("utf-16be", num_even, num_odd)):
        is_latin = num_pairs >= 8 and num_high > num_pairs / 2 and not num_low
        if (is_latin or charset in declared) and num_high >= num_low and _is_valid(raw, charset):
            return charset
    return ""


def _by_sample(sample: bytes, declared: Sequence[str]) -> str:
    """The charset of text that is not UTF-8, nor ASCII."""
    detected = _detected(sample)
    for charset in declared:
        if _damage(sample, charset) <= _MAX_DAMAGE and not _is_contradicted(sample, charset, detected):
            return charset
    return detected or "utf-8"


def _is_contradicted(sample: bytes, declared: str, detected: str) -> bool:
    """Whether the bytes say clearly that they are in another charset than the declared one, which could read them too."""
    num_high = len(_NOT_ASCII.findall(sample))
    if detected == "windows-1252" and is_multibyte(declared):
        # "ü" and the letter behind it are a character of GB18030, too, but there such bytes come in rows
        return _is_western(sample) and 2 * len(_LONE_BYTE.findall(sample)) > num_high
    if detected in ("", declared) or num_high < _FEW_BYTES:
        return False
    if declared == "windows-1252":  # what servers and editors say that know nothing
        return not _is_western(sample) and _damage(sample, detected) <= _MAX_DAMAGE
    is_clear = num_high >= _ENOUGH_BYTES and (is_multibyte(detected) or is_multibyte(declared))
    return is_clear and _damage(sample, detected) <= _damage(sample, declared)


def _detected(sample: bytes) -> str:
    """The charset that the sample looks like, "" where that is unclear."""
    whole, western = _guess(sample), _western_share(sample)
    num_high = len(_NOT_ASCII.findall(sample))
    if whole and is_multibyte(whole) and not _damage(sample, whole):
        return whole
    is_doubtful = not whole or num_high < _ENOUGH_BYTES
    # code pages of DOS are all letters, so that much looks like them; the Russian one is told apart well
    is_of_dos = whole.startswith("ibm") and whole != "ibm866"
    if (western >= _SURELY_WESTERN and is_doubtful) or (western > _MAYBE_WESTERN and is_of_dos):
        return "windows-1252"
    if num_high < (_ENOUGH_BYTES if is_of_dos else _FEW_BYTES):
        return "windows-1252" if western > _MAYBE_WESTERN else ""
    if whole and not _damage(sample, whole) and (western >= _SURELY_WESTERN or whole != "windows-1252"):
        return whole
    # one bad byte and uchardet leaves a charset out: ask again without the bytes that are bad in it
    fitting = [(damage, charset) for charset in _OFTEN_DAMAGED if (damage := _damage(sample, charset)) <= _MAX_DAMAGE]
    found = next((charset for _, charset in sorted(fitting) if _guess(_repaired(sample, charset)) == charset), "")
    if not found and western > _MAYBE_WESTERN:
        return "windows-1252"
    return found or whole.replace("windows-1252", "")


def _repaired(sample: bytes, charset: str) -> bytes:
    """The sample without what is bad in a charset."""
    codec = codec_of(charset)
    return sample.decode(codec, "ignore").encode(codec, "ignore")


def _guess(sample: bytes) -> str:
    """What uchardet says, "" for nothing and for what is no charset of text that is not ASCII."""
    from resiliparse.parse.encoding import detect_encoding

    charset = charset_named(detect_encoding(sample, 0, html5_compatible=False) or "")
    if charset == "koi8-r" and len(_UKRAINIAN_IN_KOI8.findall(sample)) > 1:
        return "koi8-u"
    return "" if charset.startswith("utf-") else charset


def _is_western(sample: bytes) -> bool:
    return _western_share(sample) >= _SURELY_WESTERN


def _western_share(sample: bytes) -> float:
    """The share of letters and signs of western European languages, in Windows-1252, among what is not ASCII."""
    text = decode_as(sample, "windows-1252").text
    return _num_others("".join(_WESTERN.findall(text))) / max(_num_others(text), 1)


def _num_others(text: str) -> int:
    """How many characters are not ASCII."""
    return sum(map(len, re.findall(r"[^\x00-\x7f]+", text)))


def _sample(raw: bytes) -> bytes:
    """Lines, or pieces of long ones, that hold other bytes than ASCII: about _MAX_SAMPLE_BYTES of the first ones."""
    pieces, size, position = list[bytes](), 0, 0
    while size < _MAX_SAMPLE_BYTES and (match := _NOT_ASCII.search(raw, position)):
        # from `position` to the match all is ASCII, so it can be cut anywhere
        begin = max(raw.rfind(b"\n", position, match.start()) + 1, position, match.start() - _PIECE_BYTES)
        line_end = raw.find(b"\n", match.start(), match.start() + _MAX_LINE_BYTES)
        cut = _SAFE_CUT.search(raw, line_end if line_end >= 0 else min(match.start() + _MAX_LINE_BYTES, len(raw)))
        position = min(cut.end() if cut else len(raw), begin + _MAX_SAMPLE_BYTES)
        pieces.append(raw[begin:position])
        size += position - begin
    return b"".join(pieces)


def _damage(sample: bytes, charset: str) -> float:
    """The share of bad characters among those that are not ASCII, controls beside blanks taken as bad."""
    marked = sample.decode(codec_of(charset), MARK_BAD)
    num_bad = marked.count(_BAD) + len(re.findall("[\x80-\x84\x86-\x9f\ue000-\uf8ff]", marked))
    return num_bad / max(_num_others(marked), 1)


def _is_valid(raw: bytes, charset: str) -> bool:
    try:
        raw.decode(codec_of(charset))
    except UnicodeDecodeError:
        return False
    return True
