"""Markdown (CommonMark, GitHub, MyST) and R Markdown to plain text.

The library makes the tokens; here each kind of token says what it leaves in the text. Bodies of directives are parsed again,
with the definitions of the whole document, instead of being rendered by the library, which would give HTML.
"""

import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from corpusforge.extract import plain
from corpusforge.extract.chunks import ENGINES, read_chunk
from corpusforge.extract.directives import Kind, code_text, kind_of, role_text
from corpusforge.extract.fragment import HIDDEN, RAISED, fragment_text, inline_tag_text, raised, tag_of
from corpusforge.extract.myst import front_matter, is_myst, myst_text, section_labels, substitute
from corpusforge.extract.plain import DROPPED, HARD
from corpusforge.extract.syntax import markdown_parser

MAX_DEPTH = 12  # directives inside directives; what lies deeper is kept as it is written

_LISTS = frozenset(("bullet_list", "ordered_list"))
_FENCE_DIRECTIVE = re.compile(r"\{\s*([^\s{}=.#][^{}]*?)\s*\}\s*(.*)", re.DOTALL)
_HEADING_ATTRIBUTES = re.compile(r"\s*\{\s*(?:-|[#.][^{}]*|[\w-]+=[^{}]*)\}$")
_LONE_ATTRIBUTES = re.compile(r"^\{\s*[#.][\w#.: -]*\}\s*|\s*\{\s*[#.][\w-]+\}$")
_ALERT = re.compile(r"\[!\w+\]\s*")
_BOOKDOWN_REFERENCE = re.compile(r"\\?@ref\(([^()]*)\)")
_BOOKDOWN_LABEL = re.compile(r"\(\\?#(?:fig|tab|eq|thm|lem|exr|exm|def|cor|prp):[^()\s]*\)|^\(ref:[^()]*\)\s*")
_CITATION = re.compile(r"\[-?@[^\[\]]+\]")
_NUMBER = re.compile(r"\d+(?:[-.]\d+)*[a-z]?$")
_UNSEEN_STRONG = re.compile(r"(\*\*|__)(?=[\w“‘\"'(（《「【+-])([^*_\n]{1,120}?)( ?)\1")
_WIDE = r"\u3000-\u9fff\uff00-\uffef"
_CHINESE_STRONG = re.compile(rf"(?<=[{_WIDE}])\*\*([^*\n]{{1,200}}?)\*\*|\*\*([^*\n]{{1,200}}?)\*\*(?=[{_WIDE}])")
_UNSEEN_LINK = re.compile(r"\[([^\[\]\n]+)\]\(https?://[^()\s]+\)")
_RULE = re.compile(r"[=~_*-]{4,}")
_CONTENTS_MARK = frozenset(("[TOC]", "[toc]", "[[toc]]", "[[TOC]]", "[[_TOC_]]", "^^^"))

Node = SyntaxTreeNode


def _bookdown_number(match: re.Match[str]) -> str:
    number = _NUMBER.search(match[1])
    return number[0] if number else DROPPED


@dataclass(frozen=True)
class Renderer:
    """Text of the tokens of one document; `env` holds its link and footnote definitions, `labels` its section titles."""

    parser: MarkdownIt
    env: MutableMapping[str, Any]
    labels: Mapping[str, str]
    is_knitr: bool
    depth: int = 0

    def nested(self, source: str) -> Node:
        """Tree of a piece of Markdown inside this document."""
        return Node(self.parser.parse(source, self.env))

    def body(self, source: str) -> str:
        """Text of the body of a directive."""
        if self.depth >= MAX_DEPTH:
            return source
        inner = replace(self, depth=self.depth + 1)
        return inner.blocks(inner.nested(source).children)

    def line(self, source: str) -> str:
        """Text of a title or caption."""
        return plain.unwrap(self.inline(Node(self.parser.parseInline(source, self.env)).children))

    def rows(self, source: str) -> list[list[str]]:
        """Cells of a table that is written as a list of lists; [] when the source is not one."""
        lists = [node for node in self.nested(source).children if node.type == "bullet_list"]
        inner = (
            [[child for child in item.children if child.type == "bullet_list"] for item in lists[0].children] if lists else []
        )
        return [[self.blocks(cell.children) for cell in row[0].children] for row in inner] if all(inner) else []

    def blocks(self, nodes: Sequence[Node]) -> str:
        """Text of blocks, a blank line between them."""
        return plain.join_blocks(self.block(node) for node in nodes)

    def block(self, node: Node) -> str:
        """Text of one block; a kind of block that is not known gives the text of its children."""
        render = _BLOCKS.get(node.type)
        return render(self, node) if render else self.blocks(node.children)

    def inline(self, nodes: Sequence[Node]) -> str:
        """Text of inline tokens, soft breaks still as line feeds; <sub>, <sup> and <rt> change what they enclose."""
        tags, parts = [""], [[""]]
        for node in nodes:
            tag, is_end = tag_of(node.content) if node.type == "html_inline" else ("", False)
            if tag not in RAISED and tag not in HIDDEN:
                parts[-1].append(self.span(node))
            elif not is_end and not node.content.endswith("/>"):
                tags.append(tag)
                parts.append([""])
            elif tag in tags:
                closed = ""
                while closed != tag:
                    closed, text = tags.pop(), "".join(parts.pop())
                    parts[-1].append("" if closed in HIDDEN else raised(closed, text, parts[-1][-1]))
        return "".join(text for part in parts for text in part)

    def span(self, node: Node) -> str:
        """Text of one inline token."""
        render = _SPANS.get(node.type)
        return render(self, node) if render else self.inline(node.children)

    def words(self, node: Node) -> str:
        """Text of a text token, without marks that the author meant but Markdown does not see, such as **“中文”**的."""
        text = _UNSEEN_LINK.sub(r"\1", _UNSEEN_STRONG.sub(r"\2\3", node.content))
        return self.without_references(text)

    def without_references(self, text: str) -> str:
        """Text of R Markdown with the numbers of figures for references to them, and without labels and citations."""
        if not self.is_knitr:
            return text
        text = _BOOKDOWN_REFERENCE.sub(_bookdown_number, text)
        return _CITATION.sub(DROPPED, _BOOKDOWN_LABEL.sub("", text))

    def link(self, node: Node) -> str:
        """Text of a link; one without text names a label, whose section title stands for it."""
        return self.inline(node.children) or self.labels.get(str(node.attrs.get("href", "")).lstrip("#").lower(), "")

    def code_span(self, node: Node) -> str:
        """Inline code; a value that knitr would compute is left out."""
        if self.is_knitr and re.match(r"r\s", node.content):
            return DROPPED
        return code_text(node.content)

    def footnote_mark(self, node: Node) -> str:
        """[label] where the note is elsewhere, the note itself in brackets where it is written in place."""
        if "label" in node.meta:
            return f"[{node.meta['label']}]"
        note = self.env["footnotes"]["list"][node.meta["id"]]
        return f" ({plain.unwrap(self.inline([Node(note['tokens'])]))})"

    def paragraph(self, node: Node) -> str:
        """A paragraph on one line."""
        text = _LONE_ATTRIBUTES.sub("", plain.unwrap(self.inline(node.children)))
        text = _CHINESE_STRONG.sub(r"\1\2", text)
        return "" if text in _CONTENTS_MARK or _RULE.fullmatch(text) else text

    def heading(self, node: Node) -> str:
        """A heading without marks and attributes."""
        return _HEADING_ATTRIBUTES.sub("", plain.one_line(self.inline(node.children)))

    def list_items(self, node: Node) -> str:
        """A list, numbered as in the source."""
        first = int(node.attrs.get("start", 1))
        items = []
        for number, item in enumerate(node.children, first):
            marker = "- " if node.type == "bullet_list" else f"{number}. "
            items.append(plain.list_item(marker, [(child.type in _LISTS, self.block(child)) for child in item.children]))
        return plain.join_items(items)

    def quote(self, node: Node) -> str:
        """Quoted text, without the mark of a GitHub alert."""
        return _ALERT.sub("", self.blocks(node.children), count=1) if node.children else ""

    def definitions(self, node: Node) -> str:
        """Terms, each followed by its definitions, indented."""
        blocks: list[str] = []
        for child in node.children:
            text = self.block(child)
            if child.type == "dt" or not blocks:
                blocks.append(text)
            else:
                blocks[-1] += "\n" + plain.indent(text, "  ")
        return plain.join_items(blocks)

    def table(self, node: Node) -> str:
        """A table, one line a row."""
        rows = [row for part in node.children for row in part.children]
        return plain.table_rows([[self.inline(cell.children) for cell in row.children] for row in rows])

    def grid(self, node: Node) -> str:
        """A table drawn with rules; when its rules do not meet, its lines without them."""
        from corpusforge.extract.grid import grid_rows

        rows = grid_rows(node.content.split("\n"))
        return plain.table_rows([[self.body(cell) for cell in row] for row in rows])

    def footnote(self, node: Node) -> str:
        """A footnote behind its mark."""
        return f"[{node.meta['label']}] {self.blocks(node.children)}"

    def html(self, node: Node) -> str:
        """An HTML block; lines below its last tag are read as Markdown, as pandoc does."""
        lines = node.content.rstrip("\n").split("\n")
        num_html = max((number for number, line in enumerate(lines, 1) if "<" in line or ">" in line), default=len(lines))
        below = self.body("\n".join(lines[num_html:])) if num_html < len(lines) else ""
        return plain.join_blocks([fragment_text(self.without_references("\n".join(lines[:num_html]))), below])

    def fence(self, node: Node) -> str:
        """Code, or the directive or knitr chunk that its first line names."""
        info = node.info.strip()
        directive = _FENCE_DIRECTIVE.fullmatch(info)
        if directive and directive[1].split(",")[0].split()[0].lower() in ENGINES:
            return self.chunk_text(directive[1], node.content)
        if directive:
            return self.directive(directive[1], directive[2], node)
        if info.startswith("{="):
            return ""
        return plain.display_math(node.content) if info == "math" else node.content.strip("\n")

    def colon_fence(self, node: Node) -> str:
        """A directive, a pandoc division or a Docusaurus admonition."""
        info = node.info.strip()
        directive = _FENCE_DIRECTIVE.fullmatch(info)
        if directive:
            return self.directive(directive[1], directive[2], node)
        name, _, title = info.strip(":").strip().partition(" ")
        title = title if name.isalpha() and not title.lstrip().startswith("{") else ""
        return plain.join_blocks([self.line(title.strip("[] :")), self.body(node.content)])

    def directive(self, name: str, argument: str, node: Node) -> str:
        """A directive; one that leaves no text and is never closed takes only the lines up to a blank one with it."""
        num_lines = node.map[1] - node.map[0] if node.map else 0
        if kind_of(name) is Kind.NOTHING and num_lines < node.content.count("\n") + 2:
            return self.body(f"\n{node.content}".partition("\n\n")[2])
        return myst_text(self, name, argument, node.content)

    def chunk_text(self, header: str, code: str) -> str:
        """Caption and code of a knitr chunk."""
        chunk = read_chunk(header, code)
        return plain.join_blocks([chunk.code, self.line(chunk.caption)])


_BLOCKS: Mapping[str, Callable[[Renderer, Node], str]] = {
    "paragraph": Renderer.paragraph,
    "inline": Renderer.paragraph,
    "heading": Renderer.heading,
    "bullet_list": Renderer.list_items,
    "ordered_list": Renderer.list_items,
    "blockquote": Renderer.quote,
    "dl": Renderer.definitions,
    "table": Renderer.table,
    "grid_table": Renderer.grid,
    "footnote_reference": Renderer.footnote,
    "fence": Renderer.fence,
    "colon_fence": Renderer.colon_fence,
    "chunk": lambda self, node: self.chunk_text(node.info, node.content),
    "code_block": lambda self, node: node.content.strip("\n"),
    "math_block": lambda self, node: plain.display_math(node.content),
    "math_block_label": lambda self, node: plain.display_math(node.content),
    "amsmath": lambda self, node: node.content.strip(),
    "html_block": Renderer.html,
}
_SPANS: Mapping[str, Callable[[Renderer, Node], str]] = {
    "text": Renderer.words,
    "unparsed": lambda self, node: node.content,
    "softbreak": lambda self, node: "\n",
    "hardbreak": lambda self, node: HARD,
    "code_inline": Renderer.code_span,
    "image": lambda self, node: plain.image_text(self.inline(node.children)),
    "link": Renderer.link,
    "math_inline": lambda self, node: plain.inline_math(node.content),
    "math_inline_double": lambda self, node: plain.display_math(node.content),
    "myst_role": lambda self, node: role_text(node.meta["name"], node.content, self.labels),
    "footnote_ref": Renderer.footnote_mark,
    "html_inline": lambda self, node: inline_tag_text(node.content),
    "sub": lambda self, node: plain.subscript(self.inline(node.children)),
    "sup": lambda self, node: plain.superscript(self.inline(node.children)),
}


def markdown_text(source: str, *, is_knitr: bool) -> str:
    """Plain text of a Markdown document; `is_knitr` reads it as R Markdown. The title of the YAML front matter becomes
    the heading where the document does not begin with one.
    """
    settings, source = front_matter(plain.newlines(source))
    source = substitute(source, settings)
    renderer = Renderer(markdown_parser(is_knitr, is_myst(source)), {}, section_labels(source), is_knitr)
    nodes = renderer.nested(source + "\n").children
    texts = [(node.type, renderer.block(node)) for node in nodes]
    first = next((kind for kind, text in texts if text.strip()), "")
    title = "" if first == "heading" else renderer.line(settings.get("title", ""))
    return plain.tidy(plain.join_blocks([title, *(text for _, text in texts)]))
