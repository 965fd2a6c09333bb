"""Plain text: the form in which every extractor hands over its text, and the pieces that form is put together from.

Blocks are strings joined by one blank line. Inside a block a soft line break of the source is "\\n" until `unwrap` turns it
into a space or, between Chinese characters, into nothing; a break that has to stay is HARD until then, a space that has to
stay is KEPT. These marks are Unicode noncharacters, which `newlines` takes out of every document first, so that no input can
be mistaken for them.
"""

import re
from collections.abc import Iterable, Sequence

HARD = "\ufdd0"
DROPPED = "\ufdd1"  # stands for something removed inside a sentence; the white space before it goes too
KEPT = "\ufdd2"
RESERVED = {ord(character): None for character in (HARD, DROPPED, KEPT)}

_IDEOGRAPH = "\u2e80-\u2fff\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u3100-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_IDEOGRAPH += "\U00020000-\U0003ffff"
_WIDE_PUNCTUATION = "\u3000-\u3004\u3008-\u3020\ufe30-\ufe4f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_SHARED_PUNCTUATION = "\u2018\u2019\u201c\u201d\u2014\u2026\u00b7"  # Chinese text and Latin text both use these
CJK = _IDEOGRAPH + _WIDE_PUNCTUATION
"""Han characters, kana and full-width punctuation, as inside the brackets of a pattern."""
_CJK = re.compile(f"[{CJK}]")

_NEWLINES = re.compile("\r\n?|[\u2028\u2029\x85]")
_SOFT_BREAK = re.compile(r" ?\n[ \n]*")
# A soft break that leaves no space: beside full-width punctuation or a hard break, and inside Chinese.
_WIDE_BREAK = re.compile(
    f"\n(?:(?=[{_WIDE_PUNCTUATION}{HARD}])|(?<=[{_WIDE_PUNCTUATION}{HARD}]\n)"
    f"|(?<=[{_IDEOGRAPH}]\n)(?=[{_IDEOGRAPH}{_SHARED_PUNCTUATION}])|(?<=[{_SHARED_PUNCTUATION}]\n)(?=[{_IDEOGRAPH}]))"
)
_HARD_BREAK = re.compile(f" ?{HARD} ?")
_SPACES = re.compile(r"[ \t]{2,}|\t")
_DROPPED = re.compile(f" ?{DROPPED}+")
_IMAGE_NAME = re.compile(r"(?i)image|img|figure|\S*\.(png|jpe?g|gif|svg|webp|pdf|eps|mp4)")

_SUPERSCRIPTS = str.maketrans("0123456789+-−=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾")
_SUBSCRIPTS = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_RAISABLE = re.compile(r"[-0-9+−=()]+")


def names(text: str) -> frozenset[str]:
    """The set of names in a list written with spaces."""
    return frozenset(text.split())


def newlines(text: str) -> str:
    """The same text with every kind of line end as a line feed, and without the reserved noncharacters."""
    return without_marks(_NEWLINES.sub("\n", text))


def without_marks(text: str) -> str:
    """The same text without the reserved noncharacters."""
    return text.translate(RESERVED) if HARD in text or DROPPED in text or KEPT in text else text


def tidy(text: str) -> str:
    """Text without trailing white space, with at most one blank line in a row and none at either end."""
    lines = "\n".join(line.rstrip() for line in newlines(text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")


def is_cjk(character: str) -> bool:
    """Whether a character is a CJK ideograph, kana or full-width punctuation."""
    return bool(_CJK.match(character))


def has_cjk(text: str) -> bool:
    """Whether a text has such a character, so that not every soft break in it is a space."""
    return bool(_CJK.search(text))


def unwrap(text: str) -> str:
    """One paragraph on one line: a soft break becomes a space, or nothing beside Chinese; HARD becomes a line feed.

    unwrap("red\\nclay") -> "red clay"; unwrap("黄\\n土") -> "黄土"
    """
    # spaces first: patterns that begin with a run of spaces take quadratic time on a long one
    text = _SPACES.sub(" ", text).strip()
    if "\n" in text:
        text = _WIDE_BREAK.sub("", _SOFT_BREAK.sub("\n", text)).replace("\n", " ")
    if DROPPED in text:
        text = _DROPPED.sub("", text)
    if HARD in text:
        text = _HARD_BREAK.sub("\n", text)
    return text.strip().replace(KEPT, " ")


def one_line(text: str) -> str:
    """Text with every line break taken out, as for a table cell."""
    return unwrap(text.replace(HARD, "\n"))


def join_blocks(blocks: Iterable[str]) -> str:
    """Blocks one after another with a blank line between them; empty ones are left out."""
    return "\n\n".join(block for block in blocks if block.strip())


def indent(text: str, prefix: str) -> str:
    """Text with `prefix` before every line that is not empty."""
    return "\n".join(prefix + line if line else line for line in text.split("\n"))


def list_item(marker: str, blocks: Sequence[tuple[bool, str]]) -> str:
    """One item: its marker, and blocks (is it a list?, text) indented below it; a list joins the one line above it."""
    body = ""
    for is_list, block in blocks:
        if block:
            gap = "\n" if is_list and "\n" not in body else "\n\n"
            body += gap + block if body else block
    return (marker + indent(body, " " * len(marker))[len(marker) :]).rstrip() if body else ""


def join_items(items: Sequence[str]) -> str:
    """A list of items, with blank lines between them where one of them has blank lines inside."""
    kept = [item for item in items if item]
    return ("\n\n" if any("\n\n" in item for item in kept) else "\n").join(kept)


def table_rows(rows: Iterable[Sequence[str]]) -> str:
    """A table: one line a row, cells joined by " | "; rows without any text are left out."""
    lines = (" | ".join(one_line(cell) for cell in row).strip() for row in rows)
    return "\n".join(line for line in lines if line.strip("| "))


def inline_math(tex: str) -> str:
    """TeX between single dollars."""
    return f"${tex}$"


def display_math(tex: str) -> str:
    """TeX between double dollars, on lines of their own where it has several lines."""
    tex = tex.strip()
    if not tex:
        return ""
    return f"$$\n{tex}\n$$" if "\n" in tex else f"$${tex}$$"


def superscript(text: str) -> str:
    """Raised text in Unicode where it has the characters: 10 and -3 -> 10⁻³; else ^x for one letter, else the text."""
    text = text.strip()
    if _RAISABLE.fullmatch(text):
        return text.translate(_SUPERSCRIPTS)
    return f"^{text}" if len(text) == 1 and text.isalnum() else text


def subscript(text: str) -> str:
    """Lowered text in Unicode where it has the characters: SiO and 2 -> SiO₂; else _x for short names, else the text."""
    text = text.strip()
    if _RAISABLE.fullmatch(text):
        return text.translate(_SUBSCRIPTS)
    return f"_{text}" if len(text) <= 3 and text.isalnum() else text


def gloss(text: str, before: str) -> str:
    """The reading or translation set above a word (HTML ruby), in brackets behind it."""
    text = text.strip()
    if not text:
        return ""
    return f"（{text}）" if is_cjk(before[-1:]) else f" ({text})"


def image_text(alternative: str) -> str:
    """What an image leaves in the text: its alternative text, unless that is only a file name."""
    return "" if _IMAGE_NAME.fullmatch(alternative.strip()) else alternative.strip()
