"""What of a page is no running text but has one: formulas and code; and what inside of sentences is no part of them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from corpusforge.extract.html_code import code_text, language_of
from corpusforge.extract.html_elements import TAGS, PageElements
from corpusforge.extract.html_formulas import formula_of
from corpusforge.extract.html_names import BESIDE, HIDDEN
from corpusforge.text.markup_blocks import ALONE, BLOCK, INSERTED, PASSED_OVER

_SCRIPT = TAGS.index("script")


class Leaf(NamedTuple):
    """A text that stands by itself; `tag` is math or pre, `language` that of code."""

    tag: str
    text: str
    language: str = ""


class Fates(NamedTuple):
    """What becomes of each element (uint8, as blocks_of takes it), and the texts instead of elements."""

    fates: NDArray[np.uint8]
    inserted: Mapping[int, str]
    alone: Mapping[int, Leaf]


def fates_of(page: etree._Element, read: PageElements, *, keeps_formulas: bool) -> Fates:
    """What becomes of the elements of a page."""
    is_left_out = (read.kinds != BLOCK) & (read.marks & (BESIDE | HIDDEN) != 0) | (read.elements.tag == _SCRIPT)
    fates = np.where(is_left_out, PASSED_OVER, 0).astype(np.uint8)
    inserted: dict[int, str] = {}
    alone: dict[int, Leaf] = {}
    asked = np.flatnonzero(read.needs_lxml).tolist()
    elements = list(page.iter()) if asked else []
    end = -1  # of what is taken as a whole
    for index in asked:
        last = int(read.elements.last[index])
        if last <= end:
            continue
        element = elements[read.elements.place[index]]
        formula = formula_of(element, element.tag)
        if formula is not None:
            fates[index] = ALONE if formula.is_display else INSERTED
            if not (formula.tex and keeps_formulas):
                fates[index] = PASSED_OVER
            elif formula.is_display:
                alone[index] = Leaf("math", formula.text())
            else:
                inserted[index] = formula.text()
        elif element.tag == "pre":
            fates[index], alone[index] = ALONE, Leaf("pre", code_text(element), language_of(element))
        end = last if fates[index] else end
    return Fates(fates, inserted, alone)
