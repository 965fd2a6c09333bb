"""A docutils tree to plain text: what each kind of node leaves in the text."""

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from docutils import nodes

from corpusforge.extract import plain
from corpusforge.extract.directives import code_text, role_text

_ERROR = 3  # from this level on docutils keeps the source of what it could not read only in its message
_ROLE = re.compile(r":([a-z][a-z:+-]*):`([^`]*)`")
_LISTS = (nodes.bullet_list, nodes.enumerated_list)
_ROMAN_VALUES = (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1)
_ROMAN_LETTERS = ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i")
_RULE_CHARACTERS = "=-`:.'\"~^_*+#<>!$%&(),/;?@[\\]{|} "


@dataclass(frozen=True)
class DoctreeText:
    """Text of the nodes of one document; `labels` holds the titles of its labelled sections."""

    labels: Mapping[str, str]

    def blocks(self, children: Sequence[nodes.Node]) -> str:
        """Text of block nodes, a blank line between them."""
        return plain.join_blocks(self.block(child) for child in children)

    def block(self, node: nodes.Node) -> str:
        """Text of one block; a kind of block that is not known gives the text of its children."""
        if isinstance(node, (nodes.Text, nodes.Inline)):
            return plain.unwrap(self.span(node))
        render = _BLOCKS.get(type(node).__name__)
        return render(self, node) if render else self.blocks(node.children)

    def inline(self, node: nodes.Node) -> str:
        """Text of the inline nodes inside `node`, soft breaks still as line feeds."""
        return "".join(self.span(child) for child in node.children)

    def span(self, node: nodes.Node) -> str:
        """Text of one inline node."""
        if isinstance(node, nodes.Text):
            return node.astext()
        render = _SPANS.get(type(node).__name__)
        return render(self, node) if render else self.inline(node)

    def role(self, node: nodes.Element) -> str:
        """Text of a role; of a label, the title of its section."""
        return role_text(node["role"], node.astext(), self.labels) if "role" in node else self.inline(node)

    def strong(self, node: nodes.Element) -> str:
        """Emphasised text; roles inside it, which reStructuredText does not allow, are read all the same."""
        return _ROLE.sub(lambda match: role_text(match[1], match[2], self.labels), self.inline(node))

    def paragraph(self, node: nodes.Element) -> str:
        """A paragraph or title on one line."""
        return plain.unwrap(self.inline(node))

    def heading(self, node: nodes.Node) -> str:
        """A title on one line."""
        return plain.one_line(self.inline(node))

    def list_items(self, node: nodes.Element) -> str:
        """A list, numbered from where the source begins."""
        items = []
        for number, item in enumerate(node.children, node.get("start", 1)):
            marker = "- " if isinstance(node, nodes.bullet_list) else _enumerator(node, number)
            items.append(plain.list_item(marker, [(isinstance(child, _LISTS), self.block(child)) for child in item.children]))
        return plain.join_items(items)

    def definition_item(self, node: nodes.Element) -> str:
        """A term, and its definition indented below it."""
        lines = [self.heading(child) for child in node.children if not isinstance(child, nodes.definition)]
        term = " : ".join(line for line in lines if line)
        body = self.blocks([child for child in node.children if isinstance(child, nodes.definition)])
        return f"{term}\n{plain.indent(body, '  ')}".strip()

    def joined_items(self, node: nodes.Element) -> str:
        """Items under one another."""
        return plain.join_items([self.block(child) for child in node.children])

    def field(self, node: nodes.Element) -> str:
        """A field: its name and its text."""
        name, body = self.heading(node.children[0]), self.blocks(node.children[1:])
        return f"{name}: {body}".rstrip()

    def option_item(self, node: nodes.Element) -> str:
        """A command-line option and its description."""
        group, description = node.children[0], self.blocks(node.children[1:])
        return f"{', '.join(option.astext() for option in group.children)}  {description}"

    def line_block(self, node: nodes.Element) -> str:
        """Lines that keep their breaks."""
        return "\n".join(self.block(child) for child in node.children)

    def table(self, node: nodes.Element) -> str:
        """A table, one line a row, below its title."""
        titles = [self.heading(child) for child in node.children if isinstance(child, nodes.title)]
        rows = [[self.blocks(entry.children) for entry in row.children] for row in node.findall(nodes.row)]
        return plain.join_blocks([*titles, plain.table_rows(rows)])

    def footnote(self, node: nodes.Element) -> str:
        """A footnote or citation behind its mark."""
        label = next((child.astext() for child in node.children if isinstance(child, nodes.label)), "")
        body = self.blocks([child for child in node.children if not isinstance(child, nodes.label)])
        return f"[{label}] {body}" if label else body

    def message(self, node: nodes.Element) -> str:
        """Source that docutils could not read, without its rules; "" for a mere warning."""
        if node["level"] < _ERROR:
            return ""
        literals = [child.astext() for child in node.children if isinstance(child, nodes.literal_block)]
        lines = [line.strip("| ") for literal in literals for line in literal.split("\n")]
        return "\n".join(line for line in lines if line.strip(_RULE_CHARACTERS))


def _enumerator(node: nodes.Element, number: int) -> str:
    """The mark of an item as the source writes it, such as "1. " or "(b) ": the text may refer to it."""
    kind = node.get("enumtype", "arabic")
    if kind.endswith("alpha"):
        mark = string.ascii_lowercase[(number - 1) % 26]
    else:
        mark = _roman(number) if kind.endswith("roman") else str(number)
    mark = mark.upper() if kind.startswith("upper") else mark
    return f"{node.get('prefix', '')}{mark}{node.get('suffix', '.')} "


def _roman(number: int) -> str:
    values = zip(_ROMAN_VALUES, _ROMAN_LETTERS, strict=True)
    mark = ""
    for value, letters in values:
        mark += letters * (number // value)
        number %= value
    return mark


def _nothing(text: DoctreeText, node: nodes.Element) -> str:
    return ""


_BLOCKS: Mapping[str, Callable[[DoctreeText, Any], str]] = {
    "paragraph": DoctreeText.paragraph,
    "attribution": DoctreeText.paragraph,
    "line": DoctreeText.paragraph,
    "title": DoctreeText.heading,
    "rubric": DoctreeText.heading,
    "bullet_list": DoctreeText.list_items,
    "enumerated_list": DoctreeText.list_items,
    "definition_list": DoctreeText.joined_items,
    "definition_list_item": DoctreeText.definition_item,
    "field_list": DoctreeText.joined_items,
    "field": DoctreeText.field,
    "option_list": DoctreeText.joined_items,
    "option_list_item": DoctreeText.option_item,
    "line_block": DoctreeText.line_block,
    "literal_block": lambda self, node: node.astext().strip("\n"),
    "doctest_block": lambda self, node: node.astext(),
    "math_block": lambda self, node: plain.display_math(node.astext()),
    "table": DoctreeText.table,
    "footnote": DoctreeText.footnote,
    "citation": DoctreeText.footnote,
    "system_message": DoctreeText.message,
    **dict.fromkeys(("comment", "substitution_definition", "target", "transition", "pending", "raw"), _nothing),
}
_SPANS: Mapping[str, Callable[[DoctreeText, Any], str]] = {
    "inline": DoctreeText.role,
    "strong": DoctreeText.strong,
    "emphasis": DoctreeText.strong,
    "math": lambda self, node: plain.inline_math(node.astext()),
    "literal": lambda self, node: code_text(node.astext()),
    "footnote_reference": lambda self, node: f"[{node.astext()}]",
    "citation_reference": lambda self, node: f"[{node.astext()}]",
    "image": lambda self, node: plain.image_text(str(node.get("alt", ""))),
    "system_message": _nothing,
    "raw": _nothing,
}


def _section_labels(document: nodes.document) -> dict[str, str]:
    """Title of each labelled section, by label."""
    labels: dict[str, str] = {}
    for target in document.findall(nodes.target):
        following = target.next_node(descend=False, siblings=True)
        while isinstance(following, nodes.target):
            following = following.next_node(descend=False, siblings=True)
        if isinstance(following, nodes.section):
            labels |= dict.fromkeys(target["names"], plain.one_line(following.children[0].astext()))
    return labels


def doctree_text(document: nodes.document) -> str:
    """Plain, tidy text of a parsed document; a field list in front of everything is metadata and left out."""
    children = [child for child in document.children if not isinstance(child, (nodes.comment, nodes.target))]
    start = 1 if children and isinstance(children[0], nodes.field_list) else 0
    return plain.tidy(DoctreeText(_section_labels(document)).blocks(children[start:]))
