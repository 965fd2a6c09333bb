"""R Markdown chunks (```{r name, fig.cap='...'}): the caption is text, code that only sets the stage is not.

Nothing is run. A chunk goes when its author hid it (include=FALSE, echo=FALSE) or when every statement in it loads a package,
sets an option or shows a picture; any other code stays, since it is often the table or the example that the text is about.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from corpusforge.extract.plain import names

ENGINES = names("r python julia bash sh sql stan rcpp js css octave perl ruby fortran c cat zsh awk node sas")

_STRING = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_OPTION = re.compile(rf"\b([\w.-]+)\s*=\s*({_STRING}|[\w.:]+\((?:{_STRING}|[^()'\"])*\)|[^,]*)", re.DOTALL)
_LITERAL = re.compile(_STRING, re.DOTALL)
_COMMENT_OPTION = re.compile(r"#\|\s*([\w.-]+):\s*(.*)")
_BOILERPLATE = re.compile(
    r"""(?x) (?:\w+ \s* (?:<-|=) \s*)? (?:suppress\w+\( \s*)? (?:\w+:::?)?
    (?: include_graphics | include_url | include_app | library | require | requireNamespace | opts_chunk\$set
      | opts_knit\$set | opts_chunk | options | source | setwd | set\.seed | theme_set | load | install\.packages
      | write_bib | knitr_options | use_condaenv | use_python ) \s* \( """
)
_TEXT_REFERENCE = re.compile(r"\(ref:[^)]*\)")


@dataclass(frozen=True)
class Chunk:
    """What a chunk leaves in the text: the source of its caption (Markdown) and its code; "" where there is none."""

    caption: str
    code: str


def _unquote(literal: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": " ", "t": " "}.get(match[1], match[1]), literal[1:-1], flags=re.DOTALL)


def _caption(value: str) -> str:
    """The string literals in the value of a caption option, which may be a call of paste()."""
    return " ".join(_unquote(literal) for literal in _LITERAL.findall(value))


def _options(header: str, code: str) -> dict[str, str]:
    options = {match[1].lower().replace("-", "."): match[2].strip() for match in _OPTION.finditer(header)}
    for line in code.split("\n"):
        match = _COMMENT_OPTION.match(line.strip())
        if match:
            value = match[2].strip()
            is_quoted = _LITERAL.fullmatch(value) is not None
            options[match[1].lower().replace("-", ".")] = value if is_quoted else '"' + value.replace('"', '\\"') + '"'
    return options


def _statements(code: str) -> Iterator[str]:
    """Top-level statements of R code, comments left out: lines joined until their brackets are closed."""
    statement, depth = "", 0
    for line in code.split("\n"):
        bare = re.sub(r"#.*", "", _LITERAL.sub("''", line))
        if not bare.strip():
            continue
        statement += ("\n" if statement else "") + line.strip()
        depth += sum(bare.count(bracket) for bracket in "([{") - sum(bare.count(bracket) for bracket in ")]}")
        if depth <= 0 and not bare.rstrip().endswith(("+", "%>%", "|>", "<-", ",")):
            yield statement
            statement, depth = "", 0
    if statement:
        yield statement


def _is_hidden(options: dict[str, str]) -> bool:
    return any(options.get(name, "").strip("\"'").lower() in ("false", "f") for name in ("include", "echo"))


def read_chunk(header: str, code: str) -> Chunk:
    """A chunk from what stands between its braces ("r figure-1, fig.cap='...'") and its body."""
    options = _options(header, code)
    caption = next((_caption(options[name]) for name in ("fig.cap", "tbl.cap", "fig.alt") if options.get(name)), "")
    if caption in ("NULL", "NA"):
        caption = ""
    kept = "\n".join(line for line in code.split("\n") if not line.lstrip().startswith("#|"))
    is_boilerplate = all(_BOILERPLATE.match(statement) for statement in _statements(kept))
    return Chunk(
        caption=_TEXT_REFERENCE.sub("", caption).strip(),
        code="" if is_boilerplate or _is_hidden(options) else kept.strip("\n"),
    )
