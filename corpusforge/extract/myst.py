"""What MyST adds to Markdown: front matter, labels of sections, substitutions and directives."""

import re
from collections.abc import Callable, Mapping
from textwrap import dedent
from typing import Protocol

from corpusforge.extract import plain
from corpusforge.extract.directives import VERSION_WORDS, Kind, csv_rows, is_prose, kind_of, take_options

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_MYST = re.compile(r"^[ \t]*(?:`{3,}|:{3,})\{|\{[a-z]+\}`|^\([\w-]+\)=[ \t]*$", re.MULTILINE)
_LABELLED = re.compile(r"^\(([^()\n]+)\)=[ \t]*\n+(?:\([^()\n]+\)=[ \t]*\n+)*#+[ \t]+(.+)$", re.MULTILINE)
_SUBSTITUTION = re.compile(r"\{\{\s*([\w-]+)\s*\}\}")
_YAML_BLOCK = re.compile(r"---[ \t]*\n(?:(.*?)\n)?---[ \t]*(?:\n|\Z)", re.DOTALL)


class Body(Protocol):
    """What a directive needs of the renderer of its document."""

    def body(self, source: str) -> str:
        """Text of Markdown blocks."""

    def line(self, source: str) -> str:
        """Text of a title."""

    def rows(self, source: str) -> list[list[str]]:
        """Cells of a list of lists."""


def is_myst(source: str) -> bool:
    """Whether the document uses a directive, a role or a label of MyST."""
    return _MYST.search(source) is not None


def _settings(yaml_text: str) -> dict[str, str] | None:
    """Front matter as strings, substitutions as "substitutions.name"; None where the text is not a mapping."""
    import yaml

    try:
        loaded = yaml.load(yaml_text, Loader=yaml.BaseLoader)  # strings only: no dates, no objects
    except yaml.YAMLError:
        title = re.search(r"^title\s*:\s*[\"']?(.*?)[\"']?\s*$", yaml_text, re.MULTILINE)
        return {"title": title[1] if title else ""} if re.match(r"\s*[\w-]+\s*:", yaml_text) else None
    if loaded is None or loaded == "":
        return {}
    if not isinstance(loaded, dict):
        return None
    settings = {str(key): value for key, value in loaded.items() if isinstance(value, str)}
    inner = loaded.get("myst")
    for block in (loaded.get("substitutions"), inner.get("substitutions") if isinstance(inner, dict) else None):
        if isinstance(block, dict):
            settings |= {f"substitutions.{key}": value for key, value in block.items() if isinstance(value, str)}
    return settings


def front_matter(source: str) -> tuple[dict[str, str], str]:
    """Settings at the beginning of a document between --- lines, and the rest; lines that are not YAML stay text."""
    match = _FRONT_MATTER.match(source)
    settings = _settings(match[1]) if match else None
    return (settings, source[match.end() :]) if match and settings is not None else ({}, source)


def substitute(source: str, settings: Mapping[str, str]) -> str:
    """The source with each {{ name }} that the front matter defines replaced by its value."""
    return _SUBSTITUTION.sub(lambda match: settings.get(f"substitutions.{match[1]}", match[0]), source)


def section_labels(source: str) -> dict[str, str]:
    """Title of each labelled section, by label in lower case."""
    return {match[1].lower(): match[2].strip() for match in _LABELLED.finditer(source)}


def _split(body: str) -> tuple[dict[str, str], str]:
    """Options and text of a directive: options are ":key: value" lines or YAML between --- lines."""
    body = body.lstrip("\n")
    match = _YAML_BLOCK.match(body)
    if match:
        return _settings(match[1] or "") or {}, body[match.end() :].strip("\n")
    lines = body.split("\n")
    options, num_lines = take_options(lines)
    return options, "\n".join(lines[num_lines:]).strip("\n")


def _table(renderer: Body, kind: Kind, options: Mapping[str, str], text: str) -> str:
    if kind is Kind.CSV_TABLE:
        return plain.table_rows([[renderer.line(cell) for cell in row] for row in csv_rows(text.split("\n"), options)])
    rows = renderer.rows(text)
    return plain.table_rows(rows) if rows else renderer.body(text)


def _glossary(renderer: Body, text: str) -> str:
    """Terms at the margin with definitions indented below them, or whatever Markdown the body is otherwise."""
    lines = text.split("\n")
    if any(line.startswith(":") for line in lines) or not any(line.startswith("  ") for line in lines):
        return renderer.body(text)
    items: list[tuple[list[str], list[str]]] = []
    for line in lines:
        if line.strip() and not line[0].isspace():
            if not items or items[-1][1]:
                items.append(([], []))
            items[-1][0].append(renderer.line(line))
        elif items and (line.strip() or items[-1][1]):
            items[-1][1].append(line)
    definitions = (plain.indent(renderer.body(dedent("\n".join(body))), "  ") for _, body in items)
    return plain.join_items(["\n".join([*terms, body]) for (terms, _), body in zip(items, definitions, strict=True)])


def myst_text(renderer: Body, name: str, argument: str, body: str) -> str:
    """Text of a directive; see `Kind` for which parts of it are text."""
    kind, argument = kind_of(name), argument.strip()
    options, text = _split(body)
    caption = options.get("caption", "").strip("\"'")
    alternative = plain.image_text(options.get("alt", "").strip("\"'"))
    if kind is Kind.PLOT:
        kind = Kind.FIGURE if argument else Kind.CODE
    if kind is Kind.UNKNOWN:
        kind = Kind.TITLED if is_prose(argument) else Kind.BODY
    if kind is Kind.VERSION:
        argument = f"{VERSION_WORDS[name.lower()]} {argument}:"
    blocks: Mapping[Kind, Callable[[], tuple[str, ...]]] = {
        Kind.NOTHING: lambda: (),
        Kind.CODE: lambda: (text if name != "literalinclude" else "", renderer.line(caption)),
        Kind.MATH: lambda: (plain.display_math(f"{argument}\n{text}"),),
        Kind.IMAGE: lambda: (alternative,),
        Kind.FIGURE: lambda: (renderer.line(caption), renderer.body(text) or ("" if caption else alternative)),
        Kind.LIST_TABLE: lambda: (renderer.line(argument), _table(renderer, kind, options, text)),
        Kind.CSV_TABLE: lambda: (renderer.line(argument), _table(renderer, kind, options, text)),
        Kind.TITLED: lambda: (renderer.line(argument), renderer.body(text)),
        Kind.OBJECT: lambda: (argument if text else "", renderer.body(text)),
        Kind.BODY: lambda: (renderer.body(text),),
        Kind.GLOSSARY: lambda: (_glossary(renderer, text),),
        Kind.EMBEDDED: lambda: (_embedded(text),),
    }
    return plain.join_blocks(blocks.get(kind, lambda: (renderer.body(f"{argument}\n{text}"),))())


def _embedded(source: str) -> str:
    from corpusforge.extract.restructured import restructured_text

    return restructured_text(source)
