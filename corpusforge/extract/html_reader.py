"""From the parsed page to the tree of blocks, in one pass.

The pass is a loop over the begins and ends of elements, so that a page which nests a hundred thousand deep is no deeper a
call than any other; blocks deeper than any real page has them only end paragraphs.
"""

import re

from lxml import etree

from corpusforge.extract.html_code import code_text, in_backticks, language_of
from corpusforge.extract.html_formulas import Formula, formula_of, is_display_tex
from corpusforge.extract.html_names import (
    BESIDE,
    BODY,
    FORMULA,
    HEADER,
    JUNK,
    NOT_MAIN,
    QUOTATION,
    TABLE,
    is_hidden,
    mark_of,
)
from corpusforge.extract.html_tables import CELLS, settle_table
from corpusforge.extract.html_tree import HEADINGS, Node, add_up, leaf_of, num_words, paragraph
from corpusforge.extract.plain import HARD, gloss, names, subscript, superscript

# Depth of the tree of blocks: of 421 real news pages the deepest has 40.
_MAX_DEPTH = 120
_MANY_WORDS = 200
# On a page with unclosed links, a line with more linked words is text.
_LONGEST_LINK = 25
# A heading with more words is one that was never closed.
_MAX_HEADING_WORDS = 60

_SKIPPED = names(
    """head style noscript template svg iframe frame frameset object embed applet audio video canvas map area select
    option optgroup datalist button input textarea label progress meter nav aside footer menu dialog rp param source track link
    meta base title"""
)
_BLOCKS = names(
    """html body address article blockquote caption center dd details dir div dl dt fieldset figcaption figure form h1 h2 h3
    h4 h5 h6 header hgroup hr legend li main ol p section summary table tbody td tfoot th thead tr ul"""
)
_RAISED = names("sub sup rt")
_CODE = names("code kbd samp tt")
_WRAPPED = _RAISED | _CODE
_FORMULAS = names("math script mjx-container img")
# What is done at the begin and end of an element, by its tag; 0 for those inside sentences that change nothing.
_SKIP, _BLOCK, _FORMULA, _WRAP, _LINK, _BREAK, _CODE_BLOCK = range(1, 8)
_KINDS = {
    **dict.fromkeys(_SKIPPED, _SKIP),
    **dict.fromkeys(_BLOCKS, _BLOCK),
    **dict.fromkeys(_FORMULAS, _FORMULA),
    **dict.fromkeys(_WRAPPED, _WRAP),
    "a": _LINK,
    "br": _BREAK,
    "pre": _CODE_BLOCK,
}
_ONLY_CLASS = ["class"]
# Beside the class.
_NAMES = ("id", "role")
_KEPT = {"td": ("colspan", "rowspan"), "th": ("colspan", "rowspan"), "ol": ("start",)}
# What the names of these say of the whole page or text is no reason to leave it out.
_NAMELESS = names("html body article main blockquote")
_INVISIBLE = re.compile("[\ufdd0-\ufdd2\u00ad\u200b-\u200d\u2060\ufeff\x00-\x08\x0b\x0c\x0e-\x1f]")


def read_tree(page: etree._Element, *, keeps_formulas: bool = True) -> Node:
    """The blocks of a parsed page; where nearly all is in a link that was never closed, long lines are no links."""
    root = _Reader(keeps_formulas).read(page)
    if root.words > _MANY_WORDS and root.linked > 0.9 * root.words:
        return _Reader(keeps_formulas, trusts_links=False).read(page)
    return root


class _Reader:
    """Collects blocks while the page goes by; `parts` is the inline text of the leaf that is being read."""

    def __init__(self, keeps_formulas: bool, *, trusts_links: bool = True) -> None:
        self.keeps_formulas = keeps_formulas
        self.trusts_links = trusts_links
        self.stack = [Node("")]
        self.parts: list[str] = []
        self.wrapped: list[tuple[int, int]] = []  # of open sub, sup, code: number of the leaf, where their parts begin
        self.num_leaves = 0
        self.links: list[bool] = []  # of open <a>: whether it is a link
        self.num_links = 0  # how many of them are
        self.linked: list[str] = []  # of the texts and formulas of the leaf: the text if it is in a link, else ""
        self.too_deep = 0  # how many blocks are open beyond the deepest that is kept

    def read(self, page: etree._Element) -> Node:
        """The tree of a page; the loop adds texts by itself, as a call for each would take longer than all else of it."""
        parts, linked, kind_of = self.parts, self.linked, _KINDS.get
        walker = etree.iterwalk(page, events=("start", "end"))
        kinds: list[int] = []  # of the elements that are open
        is_skipped = False  # what ends next
        for event, element in walker:
            if event == "start":
                kind = kind_of(element.tag, 0)
                if kind == _SKIP or (self.open(element) if kind == _BLOCK else self.begin(element, kind)):
                    is_skipped = True
                    walker.skip_subtree()
                    continue
                kinds.append(kind)
                text = element.text
            else:
                if is_skipped:
                    is_skipped = False
                elif kind := kinds.pop():
                    self.close() if kind == _BLOCK else self.end(element.tag, kind)
                text = element.tail
            if text:
                if not text.isspace():
                    parts.append(text if text.isprintable() else _INVISIBLE.sub("", text))
                    linked.append(text if self.num_links else "")
                elif parts and not parts[-1].isspace():
                    parts.append(text)
        return self.tree()

    def tree(self) -> Node:
        """What was read."""
        while len(self.stack) > 1:
            self.close()
        if self.parts:
            self.flush()
        add_up(self.stack[0])
        return self.stack[0]

    def begin(self, element: etree._Element, kind: int) -> bool:
        """Take in the begin of what stands in a sentence; True: leave out what is inside."""
        given = element.keys()
        if not given and not kind:
            return False
        found = mark_of(element.get("class", "")) if "class" in given else 0
        if found & FORMULA or kind == _FORMULA:
            formula = formula_of(element, element.tag)
            if formula is not None:
                self.formula(formula)
                return True
            if element.tag == "script":
                return True
        if kind == _CODE_BLOCK:
            self.code(element)
            return True
        if found & BESIDE or (("style" in given or "hidden" in given) and is_hidden(element, given)):
            return True
        if kind == _LINK:
            is_link = "href" in given
            self.links.append(is_link)
            self.num_links += is_link
        elif kind == _BREAK:
            self.line_break()
        elif kind == _WRAP:
            self.wrapped.append((self.num_leaves, len(self.parts)))
        return False

    def end(self, tag: str, kind: int) -> None:
        """Take in the end of an element inside a sentence that was not left out."""
        if kind == _LINK:
            self.num_links -= self.links.pop()
        elif kind == _WRAP:
            self.wrap(tag)

    def wrap(self, tag: str) -> None:
        """Change the text of a sub, sup, rt or code that ends, unless a block inside ended its leaf."""
        leaf, begin = self.wrapped.pop()
        if leaf != self.num_leaves:
            return
        text = "".join(self.parts[begin:])
        del self.parts[begin:]
        if tag in _CODE:
            text = in_backticks(text.replace(HARD, " "))
        elif tag == "rt":
            text = gloss(text, "".join(self.parts[-1:]))
        else:
            text = subscript(text) if tag == "sub" else superscript(text)
        if text:
            self.parts.append(text)

    def formula(self, formula: Formula) -> None:
        """Add a formula to the sentence, or as a leaf of its own."""
        if not formula.tex or not self.keeps_formulas:
            return
        if formula.is_display:
            self.flush()
            text = formula.text()
            self.stack[-1].children.append(leaf_of("math", text, num_words(text)))
        else:
            self.parts.append(formula.text())
            self.linked.append("")

    def code(self, pre: etree._Element) -> None:
        """Add code as a leaf."""
        self.flush()
        text = code_text(pre)
        if text:
            leaf = leaf_of("pre", text, num_words(text))
            leaf.attributes = {"language": language_of(pre)}
            self.stack[-1].children.append(leaf)

    def line_break(self) -> None:
        """One ends a line, two in a row a paragraph."""
        for part in reversed(self.parts):
            if part == HARD:
                self.flush()
                return
            if not part.isspace():
                break
        self.parts.append(HARD)

    def flush(self) -> None:
        """End the leaf that is being read."""
        text, words = paragraph("".join(self.parts))
        self.parts.clear()
        self.num_leaves += 1
        if text:
            tag = "math" if text[0] in "\\$" and is_display_tex(text) else ""
            self.stack[-1].children.append(leaf_of(tag, text, words, self.num_linked(words)))
        self.linked.clear()

    def num_linked(self, words: int) -> int:
        """How many of the words of the leaf are in links."""
        if not any(self.linked):
            return 0
        linked = words if self.trusts_links and all(self.linked) else num_words(" ".join(self.linked))
        return linked if self.trusts_links or linked <= _LONGEST_LINK else 0

    def open(self, element: etree._Element) -> bool:
        """Begin a block; True: leave out what is inside, which is a formula."""
        found, tag, given = 0, element.tag, element.keys()
        if given:
            if "class" in given:
                found = mark_of(element.get("class", ""))
                if found & FORMULA:
                    formula = formula_of(element, tag)
                    if formula is not None:
                        self.formula(formula)
                        return True
            if given != _ONLY_CLASS:
                found |= _said(element, given)
        if self.parts:
            self.flush()
        if len(self.stack) > _MAX_DEPTH:
            self.too_deep += 1
            return False
        node = Node(tag)
        if tag in _KEPT:
            node.attributes = {name: element.get(name, "") for name in _KEPT[tag] if name in given}
        if found:
            node.mark = found & ~NOT_MAIN if tag in _NAMELESS else found
        self.stack.append(node)
        return False

    def close(self) -> None:
        """End the innermost block and hang it into the one around, unless it is empty."""
        if self.parts:
            self.flush()
        if self.too_deep:
            self.too_deep -= 1
            return
        node = self.stack.pop()
        tag = node.tag
        if node.children:
            add_up(node)
            if tag in HEADINGS and node.words > _MAX_HEADING_WORDS:
                node.tag = "div"
                add_up(node)
            if node.mark & JUNK and _is_quoted(node):
                node.mark = node.mark & ~JUNK | QUOTATION
        if not node.words and tag not in CELLS:
            return
        around = self.stack[-1]
        around.children.append(node)
        if tag == "table":
            settle_table(node)
            around.mark |= TABLE
            return
        if node.mark:
            around.mark |= node.mark & (HEADER | TABLE)
        if tag in ("th", "caption"):
            around.mark |= HEADER


def _said(element: etree._Element, given: list[str]) -> int:
    """What attributes beside the class say of a block."""
    found = 0
    for name in _NAMES:
        if name in given:
            found |= mark_of(element.get(name, ""))
    if "itemprop" in given and element.get("itemprop") == "articleBody":
        found |= BODY
    return found | JUNK if is_hidden(element, given) else found


def _is_quoted(node: Node) -> bool:
    """Whether a quotation is nearly all that a block holds."""
    for child in node.children:
        if (child.tag == "blockquote" or child.mark & QUOTATION) and child.words * 5 > node.words * 4:
            return True
    return False
