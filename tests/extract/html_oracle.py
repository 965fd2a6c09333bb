"""The slow way to read a page, for comparison: lxml hands over one element after another."""

import re

from lxml import etree

from corpusforge.extract.creative_commons import commons_address
from corpusforge.extract.html_code import code_text, in_backticks, language_of
from corpusforge.extract.html_formulas import Formula, formula_of, is_display_tex
from corpusforge.extract.html_names import BESIDE, FORMULA, HIDDEN, OF_ELEMENTS, said_by
from corpusforge.extract.html_said import Said, short
from corpusforge.extract.html_tables import CELLS, settle_table
from corpusforge.extract.html_tree import HEADINGS, Node, add_up, num_words, paragraph
from corpusforge.extract.plain import HARD, gloss, names, subscript, superscript
from corpusforge.text.markup_sums import HEADER, JUNK, NOT_MAIN, QUOTATION, TABLE

SKIPPED = names(
    """head style noscript template svg iframe frame frameset noframes noembed object embed applet audio video canvas map
    area select option optgroup datalist button input textarea label progress meter nav aside footer menu dialog rp param
    source track link meta base title"""
)
BLOCKS = names(
    """html body address article blockquote caption center dd details dir div dl dt fieldset figcaption figure form h1 h2 h3
    h4 h5 h6 header hgroup hr legend li main ol p section summary table tbody td tfoot th thead tr ul"""
)
CODE = names("code kbd samp tt")
CHANGED = names("sub sup rt") | CODE
FORMULAS = names("math m:math mml:math script mjx-container img")
KEPT = {"td": ("colspan", "rowspan"), "th": ("colspan", "rowspan"), "ol": ("start",)}
NAMELESS = names("html body article main blockquote")
INVISIBLE = re.compile("[\ufdd0-\ufdd7\u00ad\u200b-\u200d\u2060\ufeff\x00-\x08\x0b\x0c\x0e-\x1f]")
SENTENCE_END = re.compile(r"[.!?。！？…;；:：][\"'”’」』）)\]]{0,3}\Z")


def slow_tree(page: etree._Element, *, keeps_formulas: bool = True) -> Node:
    """The tree of a page."""
    root = Reader(keeps_formulas, trusts_links=True).read(page)
    if root.words > 200 and root.linked > 0.9 * root.words:
        return Reader(keeps_formulas, trusts_links=False).read(page)
    return root


def dumped(node: Node) -> tuple[object, ...]:
    """All that a tree holds."""
    sums = (node.mark, node.words, node.linked, node.running, node.content)
    return (node.tag, node.text, sums, dict(node.attributes), [dumped(child) for child in node.children])


def said(element: etree._Element, *attributes: str) -> int:
    """What attributes say of an element, each value asked for."""
    found = 0
    for name in attributes:
        value = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "\ufffd", element.get(name, ""))
        found |= said_by(name, value.replace("&", "&amp;").encode())
    if "style" not in element.keys() and "hidden" in element.keys():  # noqa: SIM118 - lxml
        found |= HIDDEN
    return found


def leaf_of(tag: str, text: str, words: int, linked: int = 0) -> Node:
    """A leaf with its sums."""
    linked = min(linked, words)
    is_text = words >= 4 and linked * (2 if words >= 20 else 3) <= words
    running = words if is_text and (words >= 12 or SENTENCE_END.search(text[-4:])) else 0
    return Node(tag, text, 0, words, linked, running, running)


def slow_said(page: etree._Element) -> Said:
    """What the elements of a page say of it."""
    found, links = Said(), []
    for element in page.iter("a", "meta", "link", "h1", "title", "time", "script"):
        tag, text = element.tag, seen(element.text or "")
        if tag == "a":
            hear(found, element)
        elif tag == "meta":
            hear_meta(found, element)
        elif tag == "link":
            links.append(element)
        elif tag == "h1" and len(found.headings) < 20:
            found.headings.append(short(seen("".join(element.itertext()))).rstrip(" \u00b6#\uf0c1"))
        elif tag == "title" and not found.titles and not any(each.tag == "svg" for each in element.iterancestors()):
            found.titles.append(short(text))
        elif tag == "time":
            is_published = element.get("itemprop") == "datePublished" or element.get("pubdate") is not None
            found.times.append((is_published, element.get("datetime") or text))
        elif tag == "script" and element.get("type") == "application/ld+json":
            found.scripts.append(text)
    for element in links:
        hear(found, element)
    stated = [html.get("lang") or html.get("xml:lang") for html in page.iter("html")]
    found.language = next(filter(None, stated), "")
    return found


def hear_meta(found: Said, meta: etree._Element) -> None:
    """Take in metadata."""
    name = meta.get("property") or meta.get("name") or meta.get("itemprop") or meta.get("http-equiv")
    value = short(seen(meta.get("content", "")))
    if name and value:
        found.meta.setdefault(seen(name).strip().lower(), []).append(value)


def hear(found: Said, link: etree._Element) -> None:
    """Take in a link."""
    address, kinds = link.get("href", "").strip(), link.get("rel", "").lower().split()
    if not address:
        return
    found.licenses += [address] if "license" in kinds else []
    if "canonical" in kinds:
        found.links.setdefault("canonical", address)
    if "author" in kinds and link.tag == "a" and len(found.authors) < 20:
        found.authors.append(short(seen("".join(link.itertext()))))
    if (kinds or "creativecommons.org/" in address) and commons_address(address):
        found.commons.add(commons_address(address))


def seen(text: str) -> str:
    """A text without the control characters that XML cannot say."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)


class Reader:
    """Collects blocks while the page goes by; `parts` is the inline text of the leaf that is being read."""

    def __init__(self, keeps_formulas: bool, *, trusts_links: bool) -> None:
        self.keeps_formulas = keeps_formulas
        self.trusts_links = trusts_links
        self.stack = [Node("")]
        self.parts: list[str] = []
        self.changed: list[tuple[int, int]] = []
        self.num_leaves = 0
        self.links: list[bool] = []
        self.linked: list[str] = []
        self.too_deep = 0

    def read(self, page: etree._Element) -> Node:
        """The tree of a page."""
        walker = etree.iterwalk(page, events=("start", "end"))
        is_skipped = False
        for event, element in walker:
            if event == "start":
                if element.tag in SKIPPED or self.begin(element):
                    is_skipped = True
                    walker.skip_subtree()
                else:
                    self.text(element.text or "")
            else:
                if not is_skipped:
                    self.end(element)
                is_skipped = False
                self.text(element.tail or "")
        self.flush()
        add_up(self.stack[0])
        return self.stack[0]

    def begin(self, element: etree._Element) -> bool:
        """Take in the begin of an element; True: leave out what is inside."""
        tag = element.tag
        found = said(element, "class", "style") if tag not in FORMULAS or tag == "img" else 0
        if found & FORMULA or tag in FORMULAS:
            formula = formula_of(element, tag)
            if formula is not None:
                self.formula(formula)
                return True
        if tag in BLOCKS:
            self.open(element)
            return False
        if tag == "script":
            return True
        if tag == "pre":
            self.code(element)
            return True
        if found & (BESIDE | HIDDEN):
            return True
        if tag == "a":
            self.links.append("href" in element.keys())  # noqa: SIM118 - lxml
        elif tag == "br":
            self.line_break()
        elif tag in CHANGED:
            self.changed.append((self.num_leaves, len(self.parts)))
        return False

    def end(self, element: etree._Element) -> None:
        """Take in the end of an element that was not left out."""
        if element.tag in BLOCKS:
            self.close()
        elif element.tag == "a":
            self.links.pop()
        elif element.tag in CHANGED:
            self.change(element.tag)

    def text(self, text: str) -> None:
        """Take in text."""
        if text and not text.isspace():
            visible = INVISIBLE.sub("", text)
            self.parts.append(visible)
            self.linked += [visible if any(self.links) else ""] if visible else []
        elif text and self.parts and not self.parts[-1].isspace():
            self.parts.append(text)

    def change(self, tag: str) -> None:
        """Change the text of an element that ends, unless a block inside ended its leaf."""
        leaf, begin = self.changed.pop()
        if leaf != self.num_leaves:
            return
        text = "".join(self.parts[begin:])
        del self.parts[begin:]
        if tag in CODE:
            text = in_backticks(text.replace(HARD, " "))
        elif tag == "rt":
            text = gloss(text, "".join(self.parts[-1:]))
        else:
            text = subscript(text) if tag == "sub" else superscript(text)
        self.parts += [text] if text else []

    def formula(self, formula: Formula) -> None:
        """Add a formula to the sentence, or as a leaf of its own."""
        if not formula.tex or not self.keeps_formulas:
            return
        if formula.is_display:
            self.flush()
            self.leaf("math", formula.text())
        else:
            self.parts.append(INVISIBLE.sub("", formula.text()))
            self.linked.append("")

    def code(self, pre: etree._Element) -> None:
        """Add code as a leaf."""
        self.flush()
        self.leaf("pre", code_text(pre))
        if self.stack[-1].children and self.stack[-1].children[-1].tag == "pre":
            self.stack[-1].children[-1].attributes = {"language": language_of(pre)}

    def leaf(self, tag: str, text: str) -> None:
        """Add a leaf that says something."""
        if num_words(text):
            self.stack[-1].children.append(leaf_of(tag, text, num_words(text)))

    def line_break(self) -> None:
        """One ends a line, two in a row a paragraph."""
        before = next((part for part in reversed(self.parts) if part == HARD or not part.isspace()), "")
        if before == HARD:
            self.flush()
        else:
            self.parts.append(HARD)

    def flush(self) -> None:
        """End the leaf that is being read."""
        if self.parts:
            text, words = paragraph("".join(self.parts))
            self.num_leaves += 1
            if text:
                tag = "math" if text[0] in "\\$" and is_display_tex(text) else ""
                self.stack[-1].children.append(leaf_of(tag, text, words, self.num_linked(words)))
        self.parts.clear()
        self.linked.clear()

    def num_linked(self, words: int) -> int:
        """How many of the words of the leaf are in links."""
        linked = num_words(" ".join(self.linked))
        if self.trusts_links:
            return words if linked and all(self.linked) else linked
        return linked if linked <= 25 else 0

    def open(self, element: etree._Element) -> None:
        """Begin a block."""
        self.flush()
        if len(self.stack) > 120:
            self.too_deep += 1
            return
        node = Node(element.tag)
        given = KEPT.get(element.tag, ())
        node.attributes = {name: element.get(name, "") for name in given if name in element.keys()}  # noqa: SIM118 - lxml
        found = said(element, "class", "id", "role", "itemprop", "style")
        node.mark = found & ~OF_ELEMENTS | (JUNK if found & HIDDEN else 0)
        if element.tag in NAMELESS:
            node.mark &= ~NOT_MAIN
        self.stack.append(node)

    def close(self) -> None:
        """End the innermost block and hang it into the one around, unless it is empty."""
        self.flush()
        if self.too_deep:
            self.too_deep -= 1
            return
        node = self.stack.pop()
        tag = node.tag
        add_up(node)
        if tag in HEADINGS and node.words > 60:
            node.tag = "div"
            add_up(node)
        if node.mark & JUNK and any(is_quotation(child) and child.words * 5 > node.words * 4 for child in node.children):
            node.mark = node.mark & ~JUNK | QUOTATION
        if not node.words and tag not in CELLS:
            return
        around = self.stack[-1]
        around.children.append(node)
        if tag == "table":
            settle_table(node)
            around.mark |= TABLE
            return
        around.mark |= node.mark & (HEADER | TABLE)
        around.mark |= HEADER if tag in ("th", "caption") else 0


def is_quotation(node: Node) -> bool:
    """Whether a block holds a quotation and little else."""
    return node.tag == "blockquote" or bool(node.mark & QUOTATION)
