"""A reStructuredText directive to docutils nodes that hold its text, whatever its name.

Only the shape of the block is read here: argument, options, content. What each part means is said by `directives`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList

from corpusforge.extract.directives import VERSION_WORDS, Kind, csv_rows, is_option, is_prose, kind_of, take_options
from corpusforge.extract.plain import image_text

_ROLE_DEFINITION = re.compile(r"([\w.+:-]+)\s*(?:\(\s*([\w.+:-]+)\s*\))?")
_LONG_ARGUMENT = frozenset((Kind.FIGURE, Kind.IMAGE, Kind.TITLED, Kind.LIST_TABLE, Kind.CSV_TABLE, Kind.PROSE, Kind.MATH))

Nodes = list[nodes.Node]


@dataclass(frozen=True)
class DirectiveReader:
    """A directive `name` met by the parser state `state`; `block` is its indented text, `offset` its first line."""

    state: Any  # docutils has no type for what mixes RSTState and Body
    name: str
    block: Sequence[str]
    offset: int

    def read(self, *, is_inline: bool) -> Nodes:
        """Nodes with the directive's text; inline ones inside a substitution definition."""
        argument, options, content = self.parts()
        if is_inline:
            return [nodes.inline("", image_text(options.get("alt", "")))]
        if self.name in ("role", "default-role"):
            self.define_role(argument)
            return []
        caption, alternative = options.get("caption", ""), image_text(options.get("alt", ""))
        formula = "\n".join([argument, *content])
        readers: Mapping[Kind, Callable[[], Nodes]] = {
            Kind.NOTHING: list,
            Kind.CODE: lambda: [*self.code(content), *self.title(caption)],
            Kind.MATH: lambda: [nodes.math_block("", tex) for tex in re.split(r"\n\s*\n", formula)],
            Kind.IMAGE: lambda: [nodes.paragraph("", alternative)],
            Kind.FIGURE: lambda: [*self.title(caption), *self.parsed(content)] or [nodes.paragraph("", alternative)],
            Kind.LIST_TABLE: lambda: [*self.title(argument), *self.list_table(content)],
            Kind.CSV_TABLE: lambda: [*self.title(argument), self.csv_table(options, content)],
            Kind.TITLED: lambda: [*self.title(argument), *self.parsed(content)],
            Kind.PROSE: lambda: self.parsed([*argument.split("\n"), *content]),
            Kind.VERSION: lambda: self.parsed([f"{VERSION_WORDS[self.name.lower()]} {argument}:", *content]),
            Kind.OBJECT: lambda: self.signature(argument, content),
        }
        return readers.get(self.kind(argument), lambda: self.parsed(content))()

    def parts(self) -> tuple[str, dict[str, str], list[str]]:
        """Argument, options, and the lines of the content."""
        lines = list(self.block) or [""]
        end = 1
        while kind_of(self.name) in _LONG_ARGUMENT and end < len(lines) and lines[end].strip():
            if is_option(lines[end]):
                break
            end += 1
        options, num_lines = take_options(lines[end:])
        return "\n".join(lines[:end]).strip(), options, lines[end + num_lines :]

    def kind(self, argument: str) -> Kind:
        """The kind of the directive, now that its argument is known."""
        kind = kind_of(self.name)
        if kind is Kind.PLOT:
            return Kind.FIGURE if argument else Kind.CODE
        if kind is Kind.UNKNOWN:
            return Kind.TITLED if is_prose(argument) else Kind.BODY
        return kind

    def define_role(self, argument: str) -> None:
        """Note a role for the rest of this document."""
        match = _ROLE_DEFINITION.match(argument)
        if self.name == "default-role":
            self.state.inliner.default = argument
        elif match:
            self.state.inliner.bases[match[1].lower()] = (match[2] or "custom").lower()

    def parsed(self, lines: Sequence[str]) -> Nodes:
        """Nodes of reStructuredText blocks."""
        holder = nodes.container()
        self.state.nested_parse(StringList(list(lines), "directive"), self.offset, holder)
        return holder.children

    def inline(self, text: str) -> Nodes:
        """Nodes of reStructuredText inside a line."""
        found, messages = self.state.inline_text(text, self.offset)
        return [*found, *messages]

    def title(self, text: str) -> Nodes:
        """A line of its own, or nothing."""
        return [nodes.rubric("", "", *self.inline(text))] if text.strip() else []

    def code(self, content: Sequence[str]) -> Nodes:
        """The content, verbatim; of a parsed literal only its inline markup is read."""
        text = "\n".join(content)
        if not text.strip() or self.name == "literalinclude":
            return []
        return [nodes.literal_block("", "", *(self.inline(text) if self.name == "parsed-literal" else [nodes.Text(text)]))]

    def csv_table(self, options: dict[str, str], content: Sequence[str]) -> nodes.Node:
        """A table node from comma-separated lines."""
        lines = [line for line in content if line.strip()]
        return _table([[[nodes.paragraph("", "", *self.inline(cell))] for cell in row] for row in csv_rows(lines, options)])

    def list_table(self, content: Sequence[str]) -> Nodes:
        """A table node from a list of lists; what is not one stays as it is."""
        found = self.parsed(content)
        lists = [node for node in found if isinstance(node, nodes.bullet_list)]
        rows = [
            [cell.children for inner in item.children if isinstance(inner, nodes.bullet_list) for cell in inner.children]
            for item in (lists[0].children if lists else [])
        ]
        return [_table(rows)] if rows and all(rows) else found

    def signature(self, argument: str, content: Sequence[str]) -> Nodes:
        """What is described, and its description; without one it only marks a place to link to."""
        if not any(line.strip() for line in content):
            return []
        return [nodes.literal_block("", argument), *self.parsed(content)]


def _table(rows: Sequence[Sequence[Sequence[nodes.Node]]]) -> nodes.table:
    body = nodes.tbody()
    for cells in rows:
        row = nodes.row()
        for cell in cells:
            row += nodes.entry("", *cell)
        body += row
    return nodes.table("", nodes.tgroup("", body))
