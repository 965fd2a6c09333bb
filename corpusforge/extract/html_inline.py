"""Paragraphs that are not ready: with line ends, with Chinese over several lines, with text that is written otherwise."""

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from corpusforge.extract.html_code import in_backticks
from corpusforge.extract.html_elements import CODE, GLOSS, SUBSCRIPT
from corpusforge.extract.html_tree import IDEOGRAPHS, paragraph
from corpusforge.extract.plain import CJK, HARD, gloss, subscript, superscript
from corpusforge.text.characters import SPACE, character_flags
from corpusforge.text.markup_text import BLANK, CHANGE, CLOSER, END, IDEOGRAPH, INVISIBLE, LINE_END, MARK, WIDE

_BEGIN = chr(MARK + CHANGE - LINE_END)
_FIRST_WAY = ord(_BEGIN) + 1
_MARKS = re.compile(f"([{_BEGIN}-{chr(_FIRST_WAY + CODE)}])")
_ENDS, _CLOSERS = ".!?。！？…;；:：", "\"'”’」』）)\\]"
_SENTENCE_END = re.compile(f"[{_ENDS}][{_CLOSERS}]{{0,3}}\\Z")
_CLASSES = (
    (INVISIBLE, "\ufdd0-\ufdd7\u00ad\u200b-\u200d\u2060\ufeff\x00-\x08\x0b\x0c\x0e-\x1f"),
    (WIDE, CJK),
    (IDEOGRAPH, IDEOGRAPHS),
    (END, _ENDS),
    (CLOSER, _CLOSERS),
)


@lru_cache(maxsize=1)
def inline_classes() -> NDArray[np.uint8]:
    """The classes of code points that paragraphs_of takes: uint8[TABLE_SIZE]."""
    classes = np.where(character_flags() & SPACE, BLANK, 0).astype(np.uint8)
    for bit, listed in _CLASSES:
        for first, last in re.findall(r"\\?(.)(?:-(.))?", listed, re.S):
            classes[ord(first) : ord(last or first) + 1] |= bit
    classes.flags.writeable = False
    return classes


def finished(raw: str) -> tuple[str, int]:
    """The text of a paragraph that was read raw, and its words."""
    return paragraph(_changed(raw) if _MARKS.search(raw) else raw)


def ends_sentence(text: str) -> bool:
    """Whether a paragraph ends as a sentence."""
    return bool(_SENTENCE_END.search(text[-4:]))


def _changed(raw: str) -> str:
    """The text with what is between two marks written as it should be; a mark whose partner a block cut off is left out."""
    levels: list[list[str]] = [[]]
    for piece in _MARKS.split(raw):
        way = ord(piece) - _FIRST_WAY if _MARKS.fullmatch(piece) else None
        if piece == _BEGIN:
            levels.append([])
        elif way is None:
            levels[-1] += [piece] if piece else []
        elif len(levels) > 1:
            text = "".join(levels.pop())
            before = next((level[-1] for level in reversed(levels) if level), "")
            levels[-1] += [changed] if (changed := _written(text, way, before)) else []
    return "".join(piece for level in levels for piece in level)


def _written(text: str, way: int, before: str) -> str:
    if way == CODE:
        return in_backticks(text.replace(HARD, " "))
    if way == GLOSS:
        return gloss(text, before)
    return subscript(text) if way == SUBSCRIPT else superscript(text)
