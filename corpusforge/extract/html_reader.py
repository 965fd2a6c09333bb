"""From the parsed page to the tree of blocks, in one pass.

The pass is a loop over the begins and ends of elements, so that a page which nests a hundred thousand deep is no deeper a
call than any other; blocks deeper than any real page has them only end paragraphs.
"""

import re

from lxml import etree

from corpusforge.extract.html_code import code_text, in_backticks, language_of
from corpusforge.extract.html_formulas import Formula, formula_of, is_display_tex, may_be_formula
from corpusforge.extract.html_names import BODY, COMMENTS, HEADER, JUNK, QUOTATION, TABLE, is_hidden, mark_of
from corpusforge.extract.html_tables import CELLS, settle_table
from corpusforge.extract.html_tree import HEADINGS, Node, add_up, leaf_of, num_words, one_paragraph
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
# Spans and links inside a sentence that are no part of it: footnote marks, links to edit or to the heading itself.
_JUNK_SPANS = names(
    """mw-editsection reference noprint sr-only visually-hidden visuallyhidden screen-reader-text headerlink anchorjs-link
    permalink header-anchor footnote-ref footnote-backref mw-cite-backlink rollover-block"""
)
_KEPT = {"td": ("colspan", "rowspan"), "th": ("colspan", "rowspan"), "ol": ("start",)}
# What the names of these say of the whole page or text is no reason to leave it out.
_NAMELESS = names("html body article main blockquote")
_NAMELESS_MARKS = ~(JUNK | COMMENTS)
_INVISIBLE = re.compile("[\ufdd0-\ufdd2\u00ad\u200b-\u200d\u2060\ufeff\x00-\x08\x0b\x0c\x0e-\x1f]")


def read_tree(page: etree._Element, *, keeps_formulas: bool = True) -> Node:
    """The blocks of a parsed page; where nearly all is in a link that was never closed, long lines are no links."""
    root = _read(page, _Reader(keeps_formulas))
    if root.words > _MANY_WORDS and root.linked > 0.9 * root.words:
        return _read(page, _Reader(keeps_formulas, trusts_links=False))
    return root


def _read(page: etree._Element, reader: "_Reader") -> Node:
    walker = etree.iterwalk(page, events=("start", "end"))
    skipped: etree._Element | None = None
    for event, element in walker:
        tag = element.tag
        if event == "start":
            if reader.begin(element, tag):
                skipped = element
                walker.skip_subtree()
        elif skipped is not None and element is skipped:
            skipped = None
            if element.tail:
                reader.put(element.tail)
        else:
            reader.end(element, tag)
    return reader.tree()


class _Reader:
    """Collects blocks while the page goes by; `parts` is the inline text of the leaf that is being read."""

    def __init__(self, keeps_formulas: bool, *, trusts_links: bool = True) -> None:
        self.keeps_formulas = keeps_formulas
        self.trusts_links = trusts_links
        self.stack = [Node("")]
        self.parts: list[str] = []
        self.wrapped: list[tuple[int, int]] = []  # of open sub, sup, code: number of the leaf, where their parts begin
        self.num_leaves = 0
        self.num_links = 0  # how many links are open
        self.linked = 0
        self.too_deep = 0  # how many blocks are open beyond the deepest that is kept
        self.marks: dict[str, int] = {}

    def tree(self) -> Node:
        """What was read."""
        while len(self.stack) > 1:
            self.close()
        if self.parts:
            self.flush()
        add_up(self.stack[0])
        return self.stack[0]

    def begin(self, element: etree._Element, tag: str) -> bool:
        """Take in the begin of an element and the text before its first child; True: leave out what is inside."""
        if tag in _SKIPPED:
            return True
        name = element.get("class")
        if tag in _FORMULAS or (name is not None and may_be_formula(name)):
            formula = formula_of(element, tag)
            if formula is not None:
                self.formula(formula)
                return True
        if tag in _BLOCKS:
            self.open(element, tag)
        elif self.inline(element, tag, name):
            return True
        text = element.text
        if text:
            self.put(text)
        return False

    def inline(self, element: etree._Element, tag: str, name: str | None) -> bool:
        """Take in the begin of an element that is no block; True: leave out what is inside."""
        if tag == "pre":
            self.code(element)
            return True
        if tag == "script" or _is_left_out(element, name):
            return True
        if tag == "br":
            self.line_break()
        elif tag == "a":
            self.num_links += element.get("href") is not None
        elif tag in _WRAPPED:
            self.wrapped.append((self.num_leaves, len(self.parts)))
        return False

    def end(self, element: etree._Element, tag: str) -> None:
        """Take in the end of an element that was not left out, and the text behind it."""
        if tag in _BLOCKS:
            self.close()
        elif tag == "a":
            self.num_links -= element.get("href") is not None
        elif tag in _WRAPPED:
            self.wrap(tag)
        text = element.tail
        if text:
            self.put(text)

    def put(self, text: str) -> None:
        """Add inline text."""
        if text.isspace():
            if self.parts and not self.parts[-1].isspace():
                self.parts.append(text)
            return
        self.parts.append(text if text.isascii() and text.isprintable() else _INVISIBLE.sub("", text))
        if self.num_links:
            self.linked += num_words(text)

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
            self.stack[-1].children.append(leaf_of("math", formula.text()))
        else:
            self.parts.append(formula.text())

    def code(self, pre: etree._Element) -> None:
        """Add code as a leaf."""
        self.flush()
        text = code_text(pre)
        if text:
            leaf = leaf_of("pre", text)
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
        text = one_paragraph("".join(self.parts))
        self.parts.clear()
        self.num_leaves += 1
        if text:
            is_link = self.trusts_links or self.linked <= _LONGEST_LINK
            tag = "math" if is_display_tex(text) else ""
            self.stack[-1].children.append(leaf_of(tag, text, self.linked if is_link else 0))
        self.linked = 0

    def open(self, element: etree._Element, tag: str) -> None:
        """Begin a block."""
        if self.parts:
            self.flush()
        if len(self.stack) > _MAX_DEPTH:
            self.too_deep += 1
            return
        node = Node(tag)
        attributes = element.keys()
        if attributes:
            node.mark = self.mark(element) & (_NAMELESS_MARKS if tag in _NAMELESS else -1)
            if tag in _KEPT:
                node.attributes = {name: element.get(name) for name in _KEPT[tag] if name in attributes}
        self.stack.append(node)

    def mark(self, element: etree._Element) -> int:
        """What the names of an element say; asked once for each name of a page."""
        found = BODY if element.get("itemprop") == "articleBody" else 0
        for name in (element.get("class"), element.get("id"), element.get("role")):
            if name:
                known = self.marks.get(name)
                if known is None:
                    known = self.marks[name] = mark_of(name)
                found |= known
        return found | JUNK if is_hidden(element) else found

    def close(self) -> None:
        """End the innermost block and hang it into the one around, unless it is empty."""
        if self.parts:
            self.flush()
        if self.too_deep:
            self.too_deep -= 1
            return
        node = self.stack.pop()
        add_up(node)
        if node.tag in HEADINGS and node.words > _MAX_HEADING_WORDS:
            node.tag = "div"
            add_up(node)
        if node.mark & JUNK and any(_is_quotation(child) and child.words * 5 > node.words * 4 for child in node.children):
            node.mark = node.mark & ~JUNK | QUOTATION
        if not node.words and node.tag not in CELLS:
            return
        around = self.stack[-1]
        around.children.append(node)
        if node.tag == "table":
            settle_table(node)
            around.mark |= TABLE
            return
        around.mark |= node.mark & (HEADER | TABLE)
        if node.tag in ("th", "caption"):
            around.mark |= HEADER


def _is_quotation(node: Node) -> bool:
    return node.tag == "blockquote" or bool(node.mark & QUOTATION)


def _is_left_out(element: etree._Element, name: str | None) -> bool:
    return (name is not None and not _JUNK_SPANS.isdisjoint(name.split())) or is_hidden(element)
