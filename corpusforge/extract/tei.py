"""Papers in GROBID's TEI, and plain TEI of texts, to Markdown, with what their headers say."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from lxml import etree

from corpusforge.extract.article import Block, Heading, Section, blocks_of, levelled
from corpusforge.extract.citations import Citations
from corpusforge.extract.section_names import section_names
from corpusforge.extract.tei_facts import facts, title_of
from corpusforge.extract.tei_references import labels, reference_list, titles
from corpusforge.extract.tei_rules import SKIPPED, rules
from corpusforge.extract.xml_flow import Rule, nothing, read
from corpusforge.extract.xml_paper import Facts, PaperExtractor
from corpusforge.extract.xml_tree import attribute, bare_name, child, elements

_NAMESPACE = "http://www.tei-c.org/ns/1.0"
_ROOTS = frozenset({"TEI", "TEI.2", "teiCorpus", "teiCorpus.2"})


def is_tei(root: etree._Element) -> bool:
    """Whether a root element is one of TEI: its name, in the namespace of TEI or, as before version 5, in none."""
    namespace = etree.QName(root).namespace
    return bare_name(root.tag) in _ROOTS and namespace in (_NAMESPACE, None)


class Tei(PaperExtractor):
    """Reads papers in GROBID's TEI, and editions of texts, as Markdown.

    Title, abstract, divisions, figures and tables with captions, formulas, lists, verse, notes, what stands at the back, in the
    order of the document; page and line ends go, words that they cut are joined.
    Left out are the rest of the header, running heads, deleted and variant readings, and the references unless they are listed.
    A formula that GROBID gives as characters stays characters. Facts: url (DOI), license, date; meta as extract.jats.
    """

    other_root: ClassVar[str] = "not_tei"

    @staticmethod
    def is_root(root: etree._Element) -> bool:
        """Whether a document with this root element is TEI."""
        return is_tei(root)

    def blocks(self, root: etree._Element) -> tuple[Block, ...]:
        """The text in reading order; those of a corpus one after another."""
        texts = [root, *(each for name in _ROOTS for each in elements(root, name))]
        return tuple(block for each in texts for block in self._blocks(each))

    def facts(self, root: etree._Element) -> Facts:
        """What the first header says."""
        return facts(root)

    def _blocks(self, text: etree._Element) -> Iterator[Block]:
        header, content = child(text, "teiHeader"), child(text, "text")
        language = next((found for each in (content, text) if each is not None and (found := attribute(each, "lang"))), "")
        names = section_names(language)
        is_listed = self.references == "list"
        known = titles(text) if self.citations == "title" else {}
        citations = Citations(self.citations, self.tags == "sciparser", known, labels(text))
        table = rules(citations, is_flat=_is_flat(text), references=reference_list(names.references) if is_listed else nothing)
        skipped = SKIPPED if is_listed else SKIPPED | {"listBibl"}
        if header is not None:
            yield from _header_blocks(header, table, names.abstract)
        if content is not None:
            pieces = read(content, table, skipped=skipped)
            yield Section(blocks_of(pieces))


def _is_flat(text: etree._Element) -> bool:
    """Whether no division with a heading is right inside another with one, as in all that GROBID writes."""
    inner = (each for each in text.iterfind(".//{*}div/{*}div") if child(each, "head") is not None)
    return all(child(each.getparent(), "head") is None for each in inner)


def _header_blocks(header: etree._Element, table: Mapping[str, Rule], abstract_name: str) -> Iterator[Block]:
    title, abstract = title_of(header), child(header, "profileDesc", "abstract")
    if title:
        yield Heading(title, 1)
    blocks = levelled(blocks_of(read(abstract, table, skipped=SKIPPED))) if abstract is not None else ()
    if not blocks:
        return
    if not isinstance(blocks[0], Heading):
        yield Heading(abstract_name, 2)
    yield Section(blocks)
