"""The rules for all elements of JATS, given how citations are written, whether references are listed, and the language."""

from collections.abc import Mapping

from corpusforge.extract import jats_body as body
from corpusforge.extract import xml_tables
from corpusforge.extract.article import Heading, Items, Paragraph, Pieces, Section, blocks_of, line_of
from corpusforge.extract.citations import Citations
from corpusforge.extract.jats_references import reference_text
from corpusforge.extract.plain import superscript
from corpusforge.extract.section_names import section_names
from corpusforge.extract.xml_flow import Node, Rule, nothing
from corpusforge.extract.xml_tree import name_of


def _text(pieces: Pieces) -> str:
    return "".join(piece for piece in pieces if isinstance(piece, str)) if _is_inline(pieces) else line_of(pieces)


def _is_inline(pieces: Pieces) -> bool:
    return all(isinstance(piece, str) for piece in pieces)


def _is_raised(node: Node) -> bool:
    """Whether the mark of a note, which is printed raised, is also marked up so."""
    return any(node.children("sup")) or name_of(node.element.getparent()) == "sup"


def _cross_reference(citations: Citations) -> Rule:
    def rule(node: Node) -> Pieces:
        text, targets = _text(node.inside()), node.get("rid").split()
        if node.get("ref-type") == "bibr":
            return [citations.citation(text, targets)]
        if node.get("ref-type") in ("fn", "table-fn") and not _is_raised(node):
            return [superscript(text)]
        return [text if text.strip() else citations.pointer(targets)]

    return rule


def _reference_list(name: str) -> Rule:
    def rule(node: Node) -> Pieces:
        pieces = blocks_of(node.inside("title", "ref", "label"))
        title = next((line_of(child.inside()) for child in node.children("title")), "") or name
        items = []
        for number, reference in enumerate(node.children("ref"), start=1):
            label = " ".join(line_of(child.pieces) for child in reference.children("label")).strip("[]. ") or str(number)
            items.append((f"{label}. ", (Paragraph(reference_text(reference.element)),)))
        listed = [Items(tuple(items))] if items else []
        return [Section((Heading(title), *pieces, *listed))] if pieces or listed else []

    return rule


def _translated_abstract(node: Node) -> Pieces:
    return body.abstract(section_names(node.get("lang")).abstract)(node)


def rules(citations: Citations, *, language: str, is_listed: bool) -> Mapping[str, Rule]:
    """A rule for each element that needs one; `is_listed` keeps the list of references."""
    names = section_names(language)
    return {
        **body.RULES,
        **xml_tables.RULES,
        "xref": _cross_reference(citations),
        "abstract": body.abstract(names.abstract),
        "trans-abstract": _translated_abstract,
        "ack": body.named_section(names.acknowledgments),
        "ref-list": _reference_list(names.references) if is_listed else nothing,
    }
