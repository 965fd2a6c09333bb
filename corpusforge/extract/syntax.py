"""The Markdown dialects as parsers: CommonMark with tables, footnotes, TeX, MyST roles and directives, knitr chunks.

The rules added here are those that markdown-it-py and its plugins do not have, and one guard: text nested deeper than
MAX_LEVEL becomes a paragraph, where the library would silently leave it out.
"""

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.attrs import attrs_plugin
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_blocks.index import line_comment
from mdit_py_plugins.myst_role import myst_role_plugin
from mdit_py_plugins.subscript import sub_plugin
from mdit_py_plugins.superscript import superscript_plugin

from corpusforge.extract.plain import is_cjk

MAX_LEVEL = 60
MAX_FORMULA = 4000  # characters; a longer \( ... \) is not looked for, so that unclosed ones stay cheap
MAX_FORMULA_LINES = 100
MAX_BRACKET_STEPS = 50_000_000  # unclosed brackets times characters; about a quarter of a second

_CHUNK = re.compile(r"(`{3,}|~{3,})\s*\{\s*([A-Za-z]\w*)\b(.*)\}\s*$")

_NOT_TEX = re.compile(r"\*\*|`|\]\(|\*[^*]+\*")  # then \( and \[ are escaped brackets in prose
_TEX = re.compile(r"\\[A-Za-z]|[\^=]|[A-Za-z]_[A-Za-z0-9{]|^\s*[A-Za-z]'?\s*$")
_LOOSE_HEADING = re.compile(r"(#{1,6})(?=[^\s#])")
_INTERRUPTS: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list", "footnote_def"]}


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _paragraph_below_everything(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.level < MAX_LEVEL or silent:
        return False
    state.push("paragraph_open", "p", 1)
    token = state.push("inline", "", 0)
    token.content = state.getLines(start, end, state.blkIndent, False).strip()
    token.children = []
    token.map = [start, end]
    state.push("paragraph_close", "p", -1)
    state.line = end
    return True


def _chunk(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A knitr chunk; unlike a fence its header may hold back-quotes."""
    match = _CHUNK.match(_line(state, start))
    if not match or state.is_code_block(start):
        return False
    if silent:
        return True
    closing = re.compile(re.escape(match[1]) + r"+\s*$")
    last = start + 1
    while last < end and not closing.match(_line(state, last)):
        last += 1
    token = state.push("chunk", "code", 0)
    token.info, token.meta = match[2] + match[3], {"engine": match[2]}
    token.content = state.getLines(start + 1, last, state.sCount[start], False)
    token.map = [start, last]
    state.line = min(last + 1, end)
    return True


def _is_tex(text: str) -> bool:
    return _TEX.search(text) is not None and _NOT_TEX.search(text) is None


def _bracket_math_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""A formula between \[ at the beginning of a line and \] at the end of one."""
    if not _line(state, start).startswith("\\[") or state.is_code_block(start):
        return False
    for last in range(start, min(end, start + MAX_FORMULA_LINES)):
        line = _line(state, last).rstrip()
        if not line:
            return False
        if line.endswith("\\]") and not line.endswith("\\\\]"):
            break
    else:
        return False
    tex = state.getLines(start, last + 1, state.blkIndent, False).strip()[2:-2]
    if not _is_tex(tex):
        return False
    if not silent:
        token = state.push("math_block", "math", 0)
        token.content, token.map = tex, [start, last + 1]
        state.line = last + 1
    return True


def _bracket_math(state: StateInline, silent: bool) -> bool:
    r"""A formula between \( and \) or \[ and \] inside a paragraph."""
    opening = state.src[state.pos : state.pos + 2]
    if opening not in ("\\(", "\\["):
        return False
    closing = "\\)" if opening == "\\(" else "\\]"
    end = state.src.find(closing, state.pos + 2, state.pos + MAX_FORMULA)
    tex = state.src[state.pos + 2 : end]
    if end < 0 or not _is_tex(tex):
        return False
    if not silent:
        kind = "math_inline" if opening == "\\(" else "math_inline_double"
        state.push(kind, "math", 0).content = tex.strip()
    state.pos = end + 2
    return True


def _loose_heading(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A heading without the space behind its marks, as much Chinese Markdown has it; one # needs Chinese to follow."""
    line = _line(state, start)
    match = _LOOSE_HEADING.match(line)
    if not match or state.is_code_block(start) or (len(match[1]) == 1 and not is_cjk(line[1])):
        return False
    if not silent:
        state.push("heading_open", f"h{len(match[1])}", 1)
        token = state.push("inline", "", 0)
        token.content, token.children = line[match.end() :].strip().rstrip("#").rstrip(), []
        token.map = [start, start + 1]
        state.push("heading_close", f"h{len(match[1])}", -1)
        state.line = start + 1
    return True


def _grid_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table drawn with +---+ rules."""
    if not re.match(r"\+[-=:+]{3,}\+\s*$", _line(state, start)) or state.is_code_block(start):
        return False
    last = start
    while last < end and _line(state, last)[:1] in ("+", "|") and _line(state, last):
        last += 1
    if last - start < 3:
        return False
    if not silent:
        token = state.push("grid_table", "table", 0)
        token.content, token.map = state.getLines(start, last, state.sCount[start], False), [start, last]
        state.line = last
    return True


def _leave_unparsed(state: StateCore) -> None:
    """Keep a paragraph as it is written where its unclosed brackets would take the library quadratic time."""
    for token in state.tokens:
        num_open = token.content.count("[") - token.content.count("]")
        if token.type == "inline" and num_open * len(token.content) > MAX_BRACKET_STEPS:
            token.type = "unparsed"


@cache
def markdown_parser(is_knitr: bool, is_myst: bool) -> MarkdownIt:
    """The parser for R Markdown or Markdown; a line beginning with % is a comment, in MyST also right below a paragraph.

    Parsers hold no state between documents: what a document defines lives in the `env` of its parse.
    """
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_LEVEL + 40}).enable(["table", "strikethrough"])
    parser.use(dollarmath_plugin, allow_digits=False, double_inline=True)
    parser.use(amsmath_plugin).use(footnote_plugin, move_to_end=False).use(deflist_plugin)
    parser.use(colon_fence_plugin).use(myst_role_plugin).use(attrs_plugin, spans=True)
    parser.use(myst_block_plugin)
    if not is_myst:
        parser.block.ruler.at("myst_line_comment", line_comment, {"alt": []})
    if is_knitr:
        parser.use(sub_plugin).use(superscript_plugin)
        parser.block.ruler.before("fence", "chunk", _chunk, _INTERRUPTS)
    parser.block.ruler.before("fence", "bracket_math_block", _bracket_math_block, _INTERRUPTS)
    parser.block.ruler.after("heading", "loose_heading", _loose_heading, _INTERRUPTS)
    parser.block.ruler.before("table", "grid_table", _grid_table, _INTERRUPTS)
    parser.block.ruler.before("table", "below_everything", _paragraph_below_everything)
    parser.inline.ruler.before("escape", "bracket_math", _bracket_math)
    parser.core.ruler.before("inline", "leave_unparsed", _leave_unparsed)
    return parser
