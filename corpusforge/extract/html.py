"""Web pages to Markdown: the main text with headings, lists, tables, formulas and code, and what the page says of itself.

The page is read once, with lxml, turned into blocks, the part with the running text chosen, and written: several times the
speed of trafilatura, with formulas and tables kept.
"""

from dataclasses import replace
from typing import ClassVar

from corpusforge.extract.base import Extracted, Extractor
from corpusforge.extract.html_blocks import markdown
from corpusforge.extract.html_charset import page_text
from corpusforge.extract.html_facts import facts_of
from corpusforge.extract.html_main import comment_parts, main_part
from corpusforge.extract.html_parse import TooDeep, parsed
from corpusforge.extract.html_prune import prune
from corpusforge.extract.html_reader import read_tree
from corpusforge.extract.html_tree import Node
from corpusforge.extract.plain import join_blocks

_MIMES = ("text/html", "application/xhtml+xml")
# Running text of a page that has a main text; fewer words are a menu, a login or an error.
_MIN_WORDS = 10


class Html(Extractor):
    """The main text of web pages as Markdown.

    Columns in: raw (large_binary), mime (string). Out: text, facts and the verdict, whose drop is unsupported_mime, empty_text,
    too_deep or no_main_text (value: words of running text).
    """

    revision: ClassVar[int] = 1

    title: bool = True
    """Begin the text with the title of the page as "# Title"."""
    tables: bool = True
    """Keep tables of data; tables that only lay out the page are text in any case."""
    formulas: bool = True
    """Keep formulas, as TeX between dollars."""
    comments: bool = False
    """Keep comments of readers."""

    def extract(self, raw: bytes, mime: str, url: str) -> Extracted:
        """Text and facts of one page."""
        if mime.partition(";")[0].strip().lower() not in _MIMES:
            return Extracted(drop="unsupported_mime", message=f"media type {mime!r} is not a web page")
        try:
            page = parsed(page_text(raw, mime))
        except TooDeep:
            return Extracted(drop="too_deep", message="tags nest deeper than 2,048; what is behind cannot be read")
        if page is None:
            return Extracted(drop="empty_text", value=0, threshold=1, message="the page is empty")
        facts = facts_of(page, url)
        root = read_tree(page, keeps_formulas=self.formulas)
        main = main_part(root)
        running = main.content
        text = self._text(root, main, facts.title)
        if running < _MIN_WORDS or not text:
            message = f"{running} words of running text, among {root.words} in all"
            found = Extracted(drop="no_main_text", value=running, threshold=_MIN_WORDS, message=message)
        else:
            found = Extracted(text=f"# {facts.title}\n\n{text}" if self.title and facts.title else text)
        return replace(found, url=facts.url, license=facts.license, date=facts.date, meta=facts.meta())

    def _text(self, root: Node, main: Node, title: str) -> str:
        comments = [node for node in comment_parts(root) if node is not main] if self.comments else []
        prune(main, title, keeps_comments=self.comments)
        for part in comments:
            part.mark = 0
            prune(part, "", keeps_comments=True)
        return join_blocks(markdown(part, keeps_tables=self.tables) for part in (main, *comments))
