"""Papers in JATS (NLM, PLOS, PubMed Central ...) to Markdown, with what they say of themselves."""

from typing import ClassVar

from lxml import etree

from corpusforge.extract.article import Block, blocks_of
from corpusforge.extract.citations import Citations
from corpusforge.extract.jats_body import SKIPPED
from corpusforge.extract.jats_facts import facts
from corpusforge.extract.jats_references import labels, titles
from corpusforge.extract.jats_rules import rules
from corpusforge.extract.xml_flow import read
from corpusforge.extract.xml_paper import Facts, PaperExtractor
from corpusforge.extract.xml_tree import attribute, bare_name, elements, name_of

_ROOTS = frozenset({"article", "book", "book-part", "book-part-wrapper"})
_PARTS = frozenset({"front", "front-stub", "body", "back", "book-meta", "book-part-meta", "book-body", "book-part"})
# What PubMed Central's interfaces answer with; articles are somewhere inside.
_ENVELOPES = frozenset({"pmc-articleset", "OAI-PMH"})


def papers(root: etree._Element) -> list[etree._Element]:
    """The articles or the book in a document; none where it is not JATS.

    Other formats have elements of such names, too, but not with a front, body or back.
    """
    found = elements(root, "article") if bare_name(root.tag) in _ENVELOPES else [root]
    return [each for each in found if name_of(each) in _ROOTS and any(name_of(part) in _PARTS for part in each)]


def is_jats(root: etree._Element) -> bool:
    """Whether a document with this root element is JATS."""
    return bool(papers(root))


class Jats(PaperExtractor):
    """Reads papers in JATS of any version and namespace, with its DTD or without, as Markdown.

    Title, abstracts, sections, captions, tables, formulas, lists, boxes, footnotes, acknowledgements and supplements, in the
    order of the document.
    Left out are contributions, competing interests and funding, alternative texts, pictures, and the references unless they are
    listed. Facts: url (DOI), license, date; meta: title, journal, doi, year, authors, keywords, language, and formula_pictures,
    how many formulas the text lacks because the paper has them only as pictures.
    """

    other_root: ClassVar[str] = "not_jats"

    @staticmethod
    def is_root(root: etree._Element) -> bool:
        """Whether a document with this root element is JATS."""
        return is_jats(root)

    def blocks(self, root: etree._Element) -> tuple[Block, ...]:
        """The paper in reading order; of several, one after another."""
        return tuple(block for paper in papers(root) for block in self._blocks(paper))

    def facts(self, root: etree._Element) -> Facts:
        """What the first article says of itself."""
        return facts(papers(root)[0])

    def _blocks(self, paper: etree._Element) -> tuple[Block, ...]:
        is_listed = self.references == "list"
        known = titles(paper) if self.citations == "title" else {}
        citations = Citations(self.citations, self.tags == "sciparser", known, labels(paper))
        table = rules(citations, language=attribute(paper, "lang"), is_listed=is_listed)
        return blocks_of(read(paper, table, skipped=SKIPPED if is_listed else SKIPPED | {"ref-list"}))
