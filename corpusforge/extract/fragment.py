"""HTML inside Markdown: tags go, entities are decoded, blocks, lists and tables keep their lines.

Whole pages are the business of an HTML extractor; here the HTML is a fragment, often one tag without its end, so the
forgiving parser of the standard library does and no tree is built.
"""

import re
from html.parser import HTMLParser

from corpusforge.extract.plain import (
    HARD,
    KEPT,
    gloss,
    image_text,
    names,
    subscript,
    superscript,
    table_rows,
    tidy,
    unwrap,
)

_BLOCKS = names(
    """address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4
    h5 h6 header hr html li main nav ol p pre section summary table caption tr ul"""
)
_INLINE = names(
    """a abbr acronym area audio b base bdi bdo big br button canvas caption cite code col colgroup data datalist del dfn
    dialog em embed font frame i img input ins kbd label legend link map mark marquee meta meter noframes object optgroup
    option output param picture progress q rb rbc rp rt rtc ruby s samp search select slot small source span strike strong
    sub sup summary tbody td textarea tfoot th thead time title track tt u var video wbr"""
)
HIDDEN = names("script style rp template noscript svg iframe head")
RAISED = names("sub sup rt")
_SPACE = re.compile(r"[ \t\n\r\f]+")
_LONE_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)")


def tag_of(html: str) -> tuple[str, bool]:
    """Name in lower case of the one tag in `html`, and whether it is an end tag; ("", False) for a comment."""
    match = _TAG.match(html)
    return (match[2].lower(), match[1] == "/") if match else ("", False)


def raised(tag: str, text: str, before: str) -> str:
    """Text of a <sub>, <sup> or <rt>; `before` is the text in front of it."""
    if tag == "rt":
        return gloss(text, before)
    return subscript(text) if tag == "sub" else superscript(text)


def is_html(tag: str) -> bool:
    """Whether a name is an HTML element; <username> is not, but text that stands for a value."""
    return tag in _BLOCKS or tag in _INLINE or tag in HIDDEN or "-" in tag


def inline_tag_text(html: str) -> str:
    """What a single inline tag leaves in the sentence: a line break for <br>, the alternative text of <img>."""
    tag, _ = tag_of(html)
    if tag == "br":
        return HARD
    if tag == "img":
        return fragment_text(html)
    return "" if not tag or is_html(tag) or "=" in html else html


class _Reader(HTMLParser):
    """Collects text; every open buffer but the first belongs to a tag whose text is changed when the tag ends."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.buffers: list[tuple[str, list[str]]] = [("", [])]
        self.row: list[str] | None = None
        self.hidden: list[str] = []
        self.num_pre = 0
        self.depth = 0

    def put(self, text: str) -> None:
        self.buffers[-1][1].append(text)

    def close_buffer(self, tag: str) -> None:
        """End the innermost buffer of `tag`, and what was left open inside it."""
        if all(tag != name for name, _ in self.buffers[1:]):
            return
        name = ""
        while name != tag:
            name, parts = self.buffers.pop()
            text = "".join(parts)
            if name in RAISED:
                self.put(raised(name, text, "".join(self.buffers[-1][1])))
            elif self.row is not None:
                self.row.append(text)

    def close_row(self) -> None:
        self.close_buffer("td")
        if self.row is not None:
            row, self.row = self.row, None
            self.put(HARD + table_rows([row]))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in HIDDEN:
            self.hidden.append(tag)
        elif tag == "br":
            self.put(HARD)
        elif tag == "img":
            self.put(image_text(dict(attrs).get("alt") or ""))
        elif tag == "tr":
            self.close_row()
            self.row = []
        elif tag in ("td", "th"):
            self.close_buffer("td")
            self.row = [] if self.row is None else self.row
            self.buffers.append(("td", []))
        elif tag in RAISED:
            self.buffers.append((tag, []))
        elif tag in _BLOCKS:
            self.open_block(tag)
        elif not is_html(tag) and not attrs and not self.hidden:
            self.put(self.get_starttag_text() or "")

    def open_block(self, tag: str) -> None:
        self.num_pre += tag == "pre"
        self.depth += tag in ("ul", "ol")
        if tag == "li":
            self.put(HARD + KEPT * 2 * max(self.depth - 1, 0) + "- ")
        else:
            self.put(HARD * 2)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in HIDDEN:
            self.handle_starttag(tag, attrs)
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.hidden:
            del self.hidden[self.hidden.index(tag) :]
        elif tag in ("td", "th"):
            self.close_buffer("td")
        elif tag in ("tr", "table"):
            self.close_row()
            self.put(HARD * 2 if tag == "table" else "")
        elif tag in RAISED:
            self.close_buffer(tag)
        elif tag in _BLOCKS and tag != "li":
            self.num_pre = max(self.num_pre - (tag == "pre"), 0)
            self.depth = max(self.depth - (tag in ("ul", "ol")), 0)
            self.put(HARD * 2)

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.put(data.replace("\n", HARD).replace(" ", KEPT) if self.num_pre else _SPACE.sub(" ", data))

    def text(self) -> str:
        self.close_row()
        while len(self.buffers) > 1:
            self.close_buffer(self.buffers[-1][0])
        return "".join(self.buffers[0][1])


def fragment_text(html: str) -> str:
    """Text of an HTML fragment, tidy; "" where it has none, such as a comment or a lone <div>."""
    if html.count('"') % 2 and _LONE_TAG.fullmatch(html.strip()):
        return ""  # a tag with an unclosed quote, which the parser would take for text
    reader = _Reader()
    reader.feed(html)
    reader.close()
    blocks = re.split(f"(?:[ \t\n]*{HARD}[ \t\n]*){{2,}}", reader.text())
    return tidy("\n\n".join(unwrap(block) for block in blocks))
