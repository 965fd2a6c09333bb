"""What directives and roles of Sphinx, MyST and docutils mean for their text: which part of each is prose.

Directives of reStructuredText and of MyST Markdown are the same few hundred names, so both renderers ask this module. A
name that it does not know keeps its body: losing text is worse than keeping a stray line.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from corpusforge.extract.plain import DROPPED, inline_math, is_cjk, names, subscript, superscript


class Kind(StrEnum):
    """Which parts of a directive are text."""

    NOTHING = "nothing"  # no part
    CODE = "code"  # the body, verbatim
    MATH = "math"  # argument and body, as TeX
    IMAGE = "image"  # the alternative text
    FIGURE = "figure"  # the body is the caption, else the alternative text
    LIST_TABLE = "list_table"  # the argument is the title, the body a list of lists
    CSV_TABLE = "csv_table"  # the argument is the title, the body comma-separated
    PLOT = "plot"  # with an argument the body is a caption, without one it is code
    TITLED = "titled"  # the argument is a title above the body
    PROSE = "prose"  # the argument is the beginning of the body
    BODY = "body"  # the argument is a setting, the body is text
    OBJECT = "object"  # the argument is the signature of what the body describes
    VERSION = "version"  # the argument is a version number
    GLOSSARY = "glossary"  # terms at the margin, definitions indented below them
    SUBSTITUTE = "substitute"  # inline content of a substitution definition
    EMBEDDED = "embedded"  # the body is reStructuredText
    UNKNOWN = "unknown"


_NAMES: Mapping[Kind, str] = {
    Kind.NOTHING: """toctree tableofcontents contents index raw include bibliography footbibliography sectnum meta title
        header footer target-notes date program highlight currentmodule module sectionauthor codeauthor tabularcolumns
        default-domain datatemplate genindex video youtube vimeo iframe mdinclude""",
    Kind.CODE: """code code-block code-cell sourcecode literalinclude parsed-literal prompt ipython doctest testcode
        testsetup testoutput jupyter-execute productionlist graphviz digraph graph mermaid uml tikz command-output""",
    Kind.MATH: "math",
    Kind.IMAGE: "image",
    Kind.FIGURE: "figure figure-md subfigure",
    Kind.LIST_TABLE: "list-table flat-table",
    Kind.CSV_TABLE: "csv-table",
    Kind.PLOT: "plot gmtplot pyvista-plot",
    Kind.TITLED: """admonition dropdown toggle card grid-item-card tab-item tab details topic sidebar margin aside rubric
        centered table theorem proof lemma definition corollary proposition example exercise algorithm""",
    Kind.PROSE: """note warning tip important hint caution danger attention error seealso todo info epigraph highlights
        pull-quote""",
    Kind.BODY: """only ifconfig container class rst-class cssclass compound grid grid-item tab-set hlist div
        solution button-link button-ref tabs""",
    Kind.OBJECT: """option envvar function class method attribute data exception property describe object confval cmdoption
        type macro struct enum member var staticmethod classmethod decorator""",
    Kind.VERSION: "versionadded versionchanged versionremoved deprecated",
    Kind.GLOSSARY: "glossary",
    Kind.SUBSTITUTE: "replace unicode",
    Kind.EMBEDDED: "eval-rst",
}
_KINDS = {name: kind for kind, listed in _NAMES.items() for name in listed.split()}
_OBJECT_DOMAINS = names("py c cpp js rst std mat f r jl")

VERSION_WORDS = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "versionremoved": "Removed in version",
    "deprecated": "Deprecated since version",
}

_OPTION = re.compile(r":([A-Za-z0-9][\w.+ -]*):(?:\s+(.*)|)$")
_EXPLICIT_TITLE = re.compile(r"(.+?)\s*<([^<>]*)>", re.DOTALL)
_VERBATIM_ROLES = names("code kbd literal samp command guilabel menuselection program makevar mimetype")
_DROPPED_ROLES = names("raw footcite fa fas fab far octicon")
_OBJECT_LINK = re.compile(r"(.+?)\s+<~?[A-Za-z_]\w*(?:\.\w+)+(?:\(\))?>")
_OBJECT_NAME = re.compile(r"~(?:[A-Za-z_]\w*\.)+(\w+(?:\(\))?)")
_PATH_ROLES = names("doc download")
_LABEL_ROLES = names("ref numref")


_FORMATS: Mapping[str, Callable[[str], str]] = {
    "math": inline_math,
    "sub": subscript,
    "subscript": subscript,
    "sup": superscript,
    "superscript": superscript,
    "eq": lambda text: f"({text.strip()})",
    "pep": lambda text: f"PEP {text.strip()}",
    "rfc": lambda text: f"RFC {text.strip()}",
}


def kind_of(name: str) -> Kind:
    """The kind of a directive, by its name in lower or upper case and with or without a domain ("py:function")."""
    name = name.lower()
    domain, _, local = name.rpartition(":")
    if domain.split(":")[0] in _OBJECT_DOMAINS:
        return Kind.OBJECT
    if name.startswith("auto") and name not in _KINDS:
        return Kind.NOTHING  # autodoc describes code that is not here
    return _KINDS.get(name) or _KINDS.get(local if domain == "prf" else domain) or Kind.UNKNOWN


def is_prose(argument: str) -> bool:
    """Whether the argument of an unknown directive reads like words rather than like a file, a number or a label."""
    words = [word for word in argument.split() if word.isalpha()]
    return len(words) > 1 or any(is_cjk(character) for character in argument)


def is_option(line: str) -> bool:
    """Whether a line of a directive is an option (":width: 80%")."""
    return _OPTION.match(line) is not None


def take_options(lines: Sequence[str]) -> tuple[dict[str, str], int]:
    """The options (":width: 80%") at the beginning of a directive's lines, and the number of lines they take."""
    options: dict[str, str] = {}
    key = ""
    for number, line in enumerate(lines):
        match = _OPTION.match(line)
        if match:
            key = match[1].lower()
            options[key] = match[2] or ""
        elif key and line[:1] in (" ", "\t") and line.strip():
            options[key] += "\n" + line.strip()
        else:
            return options, number
    return options, len(lines)


def csv_rows(lines: Sequence[str], options: Mapping[str, str]) -> list[list[str]]:
    """Rows of a csv-table directive, its header first; lines that are not CSV become rows of one cell."""
    delimiter = options.get("delim", ",").strip()
    delimiter = {"tab": "\t", "space": " "}.get(delimiter, delimiter)
    delimiter = delimiter if len(delimiter) == 1 else ","
    header = options.get("header", "").split("\n") if options.get("header") else []
    try:
        return [
            *csv.reader(header, skipinitialspace=True),
            *csv.reader([line + "\n" for line in lines], delimiter=delimiter, skipinitialspace=True),
        ]
    except csv.Error:
        return [[line] for line in (*header, *lines)]


def code_text(text: str) -> str:
    """Inline code; where it is a Sphinx link to a Python object, only what the reader sees of it."""
    link = _OBJECT_LINK.fullmatch(text)
    name = _OBJECT_NAME.fullmatch(text)
    return link[1] if link else name[1] if name else text


def _last_part(path: str) -> str:
    parts = [part for part in re.split(r"[/:]", path.removesuffix("/").removesuffix("/index")) if part]
    return parts[-1] if parts else path


def _without_title(role: str, text: str, labels: Mapping[str, str]) -> str:
    if role in _PATH_ROLES:
        return _last_part(text)
    if role in _LABEL_ROLES:
        return labels.get(text.lower(), text)
    if text.startswith("~"):
        return text[1:].rpartition(".")[2]
    return text.removeprefix("!")


def role_text(name: str, text: str, labels: Mapping[str, str]) -> str:
    """What a role (:doc:`text <target>`, {doc}`...`) leaves in the sentence.

    `labels` gives the titles of sections labelled in the same document; a label of another document stays as it is written.
    """
    role = name.lower()
    if role.startswith("cite") or role in _DROPPED_ROLES:
        return DROPPED
    if role in _FORMATS:
        return _FORMATS[role](text)
    titled = None if role in _VERBATIM_ROLES else _EXPLICIT_TITLE.fullmatch(text.strip())
    if role in _VERBATIM_ROLES or titled:
        return titled[1] if titled else text
    return _without_title(role.rpartition(":")[2], text, labels)
