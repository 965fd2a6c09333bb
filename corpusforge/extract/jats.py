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
from corpusforge.extract.xml_tree import attribute, bare_name, name_of

_ROOTS = frozenset({"article", "book", "book-part", "book-part-wrapper", "pmc-articleset"})
_PARTS = frozenset({"front", "front-stub", "body", "back", "article", "book-meta", "book-part-meta", "book-body", "book-part"})


def is_jats(root: etree._Element) -> bool:
    """Whether a root element is one of JATS: its name, and a part that other formats with such a name do not have."""
    return bare_name(root.tag) in _ROOTS and any(name_of(each) in _PARTS for each in root)


class Jats(PaperExtractor):
    """Reads JATS of any version and namespace, with its DTD or without: title, abstracts, sections, captions, tables,
    formulas, lists, boxes, footnotes, acknowledgements and supplements, in the order of the document.

    Left out are contributions, competing interests and funding, alternative texts, pictures, and the references unless they are
    listed. Facts: url (DOI), license, date; meta: title, journal, doi, year, authors, keywords, language.
    """

    other_root: ClassVar[str] = "not_jats"

    @staticmethod
    def is_root(root: etree._Element) -> bool:
        """Whether a document with this root element is JATS."""
        return is_jats(root)

    def blocks(self, root: etree._Element) -> tuple[Block, ...]:
        """The paper in reading order."""
        is_listed = self.references == "list"
        citations = Citations(self.citations, self.tags == "sciparser", titles(root), labels(root))
        table = rules(citations, language=attribute(root, "lang").lower(), is_listed=is_listed)
        return blocks_of(read(root, table, skipped=SKIPPED if is_listed else SKIPPED | {"ref-list"}))

    def facts(self, root: etree._Element) -> Facts:
        """What the first article says of itself."""
        return facts(root)
