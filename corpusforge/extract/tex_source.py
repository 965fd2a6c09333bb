"""TeX as publishers and sites store it: with a preamble, delimiters or a style around it, which are not the formula."""

import re

_DOCUMENT = re.compile(r"\\begin\s*\{document\}(.*?)(?:\\end\s*\{document\}|\Z)", re.DOTALL)
_PREAMBLE = re.compile(r"\s*\\(?:documentclass|usepackage|setlength)\b")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_DELIMITERS = (("$$", "$$"), (r"\[", r"\]"), (r"\(", r"\)"), ("$", "$"))
_STYLED = re.compile(r"\{?\s*\\(?:display|text)style\b\s*")


def _without(text: str, begin: str, end: str) -> str:
    """The text between a pair of delimiters around all of it, else the text."""
    inner = text[len(begin) : len(text) - len(end)]
    is_around = len(text) >= len(begin) + len(end) and text.startswith(begin) and text.endswith(end)
    return inner.strip() if is_around and begin not in inner else text


def _is_one_group(text: str) -> bool:
    """Whether the brace that opens a text is closed at its very end."""
    depth = 0
    for match in re.finditer(r"\\.|[{}]", text, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return match.end() == len(text)
    return False


def _without_style(text: str) -> str:
    match = _STYLED.match(text)
    if match is None:
        return text
    if not match[0].startswith("{"):
        return text[match.end() :]
    return text[match.end() : -1].strip() if _is_one_group(text) else text


def bare_tex(source: str) -> str:
    r"""The formula alone: bare_tex(r"\documentclass... \begin{document}$$x^2$$\end{document}") -> "x^2"."""
    document = _DOCUMENT.search(source)
    if document is None and _PREAMBLE.match(source):
        return ""
    text = _COMMENT.sub("", document[1] if document else source).strip()
    for begin, end in _DELIMITERS:
        text = _without(text, begin, end)
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in _without_style(text).splitlines())
    return "\n".join(line for line in lines if line)
