"""Words that a line end parts: put together again, with or without their hyphen.

Typesetters break "sedimentary" and "well-known" alike. The document decides: what it writes elsewhere in one word or with a
hyphen is written so here; else a hyphen stays between digits and capitals and between two words of the document, and goes
where a part is none.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from corpusforge.extract.plain import names

BREAK = "\x02"  # pdfium's sign for a hyphen at the end of a line
SOFT = "\xad"
_HYPHENS = "-\u2010" + BREAK + SOFT
_TAIL = re.compile(rf"([^\W\d_]+)[{_HYPHENS}]$")
_HEAD = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"\w+")
_COMPOUND = re.compile(r"\b\w+(?:[-\u2010]\w+)+")
_LONGEST = 60  # letters of a word that is looked at
_ENDS = tuple(_HYPHENS)
_RANGE = re.compile(r"\d–$")
_CHINESE_NUMBER = re.compile(r"[\u4e00-\u9fff][^\u4e00-\u9fff]{0,8}\d\.?$")  # some programs break a line inside one
_SECOND_PARTS = names("based like rich free bearing scale dependent level type forming style wide derived")
# what many words written as one begin with: furthermore, however, outcome
_FIRST_PARTS = names("any back can down every for further her him how never our out over some then there through")
_FIRST_PARTS |= names("under when where with what who your")


class Words(NamedTuple):
    """Words of a document, in small letters, with and without hyphens inside."""

    plain: frozenset[str]
    compound: frozenset[str]


def words_of(lines: Sequence[str]) -> Words:
    """The words that stand within lines; those that a line end may have cut are left out."""
    if not any(line.endswith(_ENDS) for line in lines):
        return Words(frozenset(), frozenset())
    text = "\n".join(_uncut(lines)).lower()
    pairs = (pair for word in _COMPOUND.findall(text) for pair in _pairs(word))
    return Words(frozenset(_WORD.findall(text)), frozenset(pairs))


def _uncut(lines: Sequence[str]) -> Iterator[str]:
    """Each line, without its last word where that goes on, and without its first one where that began above."""
    was_cut = False
    for line in lines:
        rest = line.partition(" ")[2] if was_cut else line
        was_cut = line.endswith(_ENDS)
        yield rest.rpartition(" ")[0] if was_cut else rest


def _pairs(word: str) -> Iterator[str]:
    parts = re.split("[-\u2010]", word)
    return map("-".join, pairwise(parts))


def join_lines(lines: Sequence[str], words: Words) -> str:
    """Lines with line feeds between them, but none where a word goes on.

    join_lines(["sedi-", "ments"], words) -> "sediments"
    """
    text = lines[0]
    for line in lines[1:]:
        text = _joined(text, line, words)
    return text.replace(BREAK, "-").replace(SOFT, "")


def _joined(text: str, line: str, words: Words) -> str:
    if line[0].isdigit() and (_RANGE.search(text[-2:]) or _CHINESE_NUMBER.search(text[-12:])):
        return text + line
    if not text.endswith(_ENDS):
        return f"{text}\n{line}"
    if len(text) > 1 and text[-2].isspace():
        return f"{text}\n{line}"  # a dash
    tail, head = _TAIL.search(text[-_LONGEST:]), _HEAD.match(line)
    if tail is None or head is None:
        return text[:-1] + "-" + line
    return text[:-1] + ("-" if _keeps_hyphen(tail[1], head[0], text[-1], words) else "") + line


def _keeps_hyphen(before: str, behind: str, hyphen: str, words: Words) -> bool:
    first, second = before.lower(), behind.lower()
    if hyphen == SOFT or first + second in words.plain:
        return False
    if f"{first}-{second}" in words.compound or second in _SECOND_PARTS:
        return True
    if behind[0].isupper():
        return len(before) == 1 or not (before + behind).isupper()
    return first not in _FIRST_PARTS and len(first) > 2 and len(second) > 2 and first in words.plain and second in words.plain
