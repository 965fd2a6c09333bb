"""Web pages to Markdown: the main text with headings, lists, tables, formulas and code, and what the page says of itself.

Many times the speed of trafilatura, with formulas and tables kept. A page goes through the modules in this order:
html_parse    bytes to lxml's tree
html_elements the tree, written out again, to elements and what their attributes say
html_said     what they say of the page, html_facts what is taken of it: title, authors, date, licence
html_alone    formulas and code, and what inside of sentences is no part of them
html_reader   blocks, their text and words, by the kernels markup_blocks, markup_text and markup_sums
html_main     the part with the running text
html_prune    what inside of it is not main text
html_blocks   Markdown
"""

from dataclasses import replace
from typing import ClassVar

from corpusforge.extract.base import Extracted
from corpusforge.extract.decoding import TextExtractor
from corpusforge.extract.html_blocks import markdown
from corpusforge.extract.html_elements import page_elements
from corpusforge.extract.html_facts import facts_of
from corpusforge.extract.html_main import comment_parts, main_part
from corpusforge.extract.html_parse import TooDeep, parsed
from corpusforge.extract.html_prune import prune
from corpusforge.extract.html_reader import read_tree
from corpusforge.extract.html_tree import Node
from corpusforge.extract.plain import join_blocks
from corpusforge.text.charsets import Decoded
from corpusforge.text.declarations import charset_parameter, declared_in_html, declared_in_xml

_MIMES = ("text/html", "application/xhtml+xml")
# Running text of a page that has a main text; fewer words are a menu, a login or an error.
_MIN_WORDS = 10


class Html(TextExtractor):
    """The main text of web pages as Markdown.

    Drops are unsupported_mime, undecodable, empty_text, too_deep and no_main_text (value: words of running text).
    """

    revision: ClassVar[int] = 3

    title: bool = True
    """Begin the text with the title of the page as "# Title"."""
    tables: bool = True
    """Keep tables of data; tables that only lay out the page are text in any case."""
    formulas: bool = True
    """Keep formulas, as TeX between dollars."""
    comments: bool = False
    """Keep comments of readers."""

    def refusal(self, mime: str) -> str:
        """That a media type is no web page's."""
        return "" if mime.partition(";")[0].strip().lower() in _MIMES else f"media type {mime!r} is not a web page"

    def declared(self, raw: bytes, mime: str) -> tuple[str, ...]:
        """What the server says, then the page."""
        return (charset_parameter(mime), declared_in_html(raw), declared_in_xml(raw))

    def read(self, decoded: Decoded, mime: str, url: str) -> Extracted:
        """Text and facts of one page."""
        try:
            page = parsed(decoded.utf_8)
        except TooDeep:
            return Extracted(drop="too_deep", message="tags nest deeper than 2,048; what is behind cannot be read")
        if page is None:
            return Extracted(drop="empty_text", value=0, threshold=1, message="the page is empty")
        read = page_elements(page)
        facts = facts_of(read, url)
        root = read_tree(page, read, keeps_formulas=self.formulas)
        main = main_part(root)
        body, running = self._text(root, main, facts.title)
        if running < _MIN_WORDS or not body:
            message = f"{running} words of running text, among {root.words} in all"
            found = Extracted(drop="no_main_text", value=running, threshold=_MIN_WORDS, message=message)
        else:
            found = Extracted(text=f"# {facts.title}\n\n{body}" if self.title and facts.title else body)
        return replace(found, url=facts.url, license=facts.license, date=facts.date, meta=facts.meta())

    def _text(self, root: Node, main: Node, title: str) -> tuple[str, int]:
        """The text, and the words of running text in its main part."""
        comments = [node for node in comment_parts(root) if node is not main] if self.comments else []
        running = prune(main, title, keeps_comments=self.comments)
        for part in comments:
            part.mark = 0
            prune(part, "", keeps_comments=True)
        return join_blocks(markdown(part, keeps_tables=self.tables) for part in (main, *comments)), running
