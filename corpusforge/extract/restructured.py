"""reStructuredText to plain text: docutils reads it, with directives and roles of any name.

docutils turns a directive or role that it does not know into an error and loses its text, and keeps what documents define in
module globals. So its parser states get their own `directive` and its inliner its own `interpreted`: every name is accepted,
nothing is registered, no file is read, and what a document defines (roles, substitutions, labels) ends with the document.
"""

import copy
import re
from functools import cache
from typing import Any

from docutils import frontend, nodes, utils
from docutils.parsers.rst import Parser, states
from docutils.transforms import references

from corpusforge.extract.directives import Kind, kind_of, role_text
from corpusforge.extract.doctree import doctree_text
from corpusforge.extract.plain import newlines
from corpusforge.extract.reader import DirectiveReader

MAX_MARK_STEPS = 30_000_000  # inline marks times characters of a paragraph; about a second
_SILENT = 5

Nodes = list[nodes.Node]


class LenientInliner(states.Inliner):
    """Gives every role its text; `bases` are the roles that the document defines, `default` the role without a name."""

    def __init__(self) -> None:
        super().__init__()
        self.bases: dict[str, str] = {}
        self.default = ""

    def parse(self, text: str, lineno: int, memo: Any, parent: nodes.Element) -> tuple[Nodes, list[nodes.system_message]]:
        """Inline nodes of a paragraph; one with too many marks to look for their ends stays as it is written."""
        if sum(text.count(mark) for mark in "*`|_") * len(text) > MAX_MARK_STEPS:
            return [nodes.Text(utils.unescape(utils.escape2null(text)))], []
        return super().parse(text, lineno, memo, parent)

    def implicit_inline(self, text: str, lineno: int) -> list[nodes.Text]:
        """Text between marks; docutils looks for bare addresses here, one level of recursion for each."""
        return [nodes.Text(text)] if text else []

    def interpreted(self, rawsource: str, text: str, role: str, lineno: int) -> tuple[Nodes, list[nodes.system_message]]:
        """Node of a role; a label stays a node of its own until the titles of the document are known."""
        name = (role or self.default).lower()
        for _ in range(5):  # a role may be defined from another
            name = self.bases.get(name, name)
        plain = utils.unescape(text)
        if name == "math":
            return [nodes.math(rawsource, utils.unescape(text, True))], []
        if name == "raw":
            return [], []
        if name in ("ref", "numref"):
            return [nodes.inline(rawsource, plain, role=name)], []
        if name in ("code", "literal"):
            return [nodes.literal(rawsource, utils.unescape(text, True))], []
        return [nodes.inline(rawsource, role_text(name, plain, {}))], []


# docutils looks the parts of its patterns up in the class of the inliner itself, not in what that inherits.
for _name, _part in vars(states.Inliner).items():
    if isinstance(_part, str) and not _name.startswith("__"):
        setattr(LenientInliner, _name, _part)


class LenientState(states.RSTState):
    """A parser state that reads directives of every name; mixed into all the states of docutils."""

    nested_sm_cache: list[Any] = []  # noqa: RUF012 - docutils keeps idle parsers here; ours must not meet its own

    def __init__(self, state_machine: states.RSTStateMachine, debug: bool = False) -> None:
        super().__init__(state_machine, debug)
        self.nested_sm_kwargs = {"state_classes": lenient_classes(), "initial_state": "Body"}

    def directive(self, match: re.Match[str], **presets: Any) -> tuple[Nodes, bool]:
        """Nodes of a directive, and whether a blank line follows it."""
        state: Any = self  # a Body too, since only those meet directives; so is what `super` finds
        parent: Any = super()
        if kind_of(match.group(1)) is Kind.SUBSTITUTE:
            found, blank_finish = parent.directive(match, **presets)
            return found, blank_finish
        block, _, offset, blank_finish = state.state_machine.get_first_known_indented(match.end(), strip_top=False)
        found = DirectiveReader(state, match.group(1), list(block), offset).read(is_inline=bool(presets))
        return found, blank_finish or state.state_machine.is_next_line_blank()


@cache
def lenient_classes() -> tuple[type[states.RSTState], ...]:
    """The states of docutils with `LenientState` in front; the names stay, since docutils looks states up by name."""
    explicit = copy.copy(states.Body.explicit)
    explicit.constructs = [
        (LenientState.directive if method is states.Body.directive else method, pattern)
        for method, pattern in states.Body.explicit.constructs
    ]
    return tuple(
        type(state.__name__, (LenientState, state), {"explicit": explicit})
        for state in states.state_classes
        if "RFC2822" not in state.__name__
    )


@cache
def _settings() -> Any:
    """Settings of docutils: silent, closed to files and raw text, no configuration read from disk."""
    settings = frontend.get_default_settings(Parser)
    settings.file_insertion_enabled = False
    settings.raw_enabled = False
    settings._disable_config = True
    settings.report_level = _SILENT
    settings.halt_level = _SILENT + 1
    settings.warning_stream = False
    settings.syntax_highlight = "none"
    settings.language_code = "en"
    return settings


def restructured_text(source: str) -> str:
    """Plain text of a reStructuredText document."""
    settings = copy.copy(_settings())
    settings.line_length_limit = len(source) + 1  # lines of any length: paragraphs are often one line
    document = utils.new_document("document", settings)
    parser = Parser(inliner=LenientInliner())
    parser.state_classes = lenient_classes()
    parser.parse(newlines(source), document)
    settings.line_length_limit = 10_000  # of a substitution, so that definitions inside definitions cannot explode
    _name_unknown_substitutions(document)
    references.Substitutions(document).apply()
    references.Footnotes(document).apply()
    return doctree_text(document)


def _name_unknown_substitutions(document: nodes.document) -> None:
    """A |name| that another file defines stays as its name."""
    known = {name.lower() for name in document.substitution_defs}
    for reference in list(document.findall(nodes.substitution_reference)):
        if reference["refname"].lower() not in known:
            reference.replace_self(nodes.Text(reference.astext()))
