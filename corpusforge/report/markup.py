"""HTML that cannot forget to escape: whatever is not Markup already is text, and is escaped.

A page is built from plain strings, which keeps templates and their language out; the type tells what was escaped.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape

_NO_CONTENT = ("br", "meta", "wbr")

# What HTML does not allow as text: control characters but tab and line feed, and code points that are no characters.
_NO_CHARACTERS = "\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
_NOT_TEXT = re.compile(f"[{_NO_CHARACTERS}]")

# Most strings of a page have none of these, and nothing is to be done for them.
_SPECIAL = re.compile(f"[&<>\"'{_NO_CHARACTERS}]")


class Markup(str):
    """A string of HTML in which everything that came from outside is escaped."""

    __slots__ = ()


def text(value: str) -> Markup:
    """The string as HTML text, fit for attributes too; what cannot stand in a page becomes U+FFFD."""
    if isinstance(value, Markup):
        return value
    return Markup(escape(_NOT_TEXT.sub("\ufffd", value)) if _SPECIAL.search(value) else value)


def element(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """An element. Children that are not Markup are escaped, and so are attributes; those that are None are left out.

    In names of attributes a trailing underscore is dropped, others are hyphens: class_="x", aria_label="y".
    """
    written = "".join([f' {_attribute(key)}="{text(str(value))}"' for key, value in attributes.items() if value is not None])
    return Markup(f"<{name}{written}>") if name in _NO_CONTENT else Markup(f"<{name}{written}>{joined(children)}</{name}>")


@lru_cache
def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Parts one after another, those that are not Markup escaped."""
    return Markup(text(between).join([text(part) for part in parts]))


def dotted(value: str) -> Markup:
    """A stage's name as code that may be broken behind its dots, and nowhere else."""
    return element("code", joined(value.split("."), joined([".", element("wbr")])))


def link(url: str) -> Markup:
    """A link where the address is one of the web, else its text: other schemes could run code."""
    if not re.match(r"https?://", url, re.IGNORECASE):
        return text(url)
    return element("a", url, href=url, rel="noopener noreferrer nofollow")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], class_: str | None = None) -> Markup:
    """A table in a box that scrolls when it is too wide; columns whose header begins with # hold numbers."""
    kinds = ["number" if name.startswith("#") else None for name in head]
    header = [element("th", name.removeprefix("#"), class_=kind, scope="col") for name, kind in zip(head, kinds, strict=True)]
    body = [element("tr", *(element("td", cell, class_=kind) for cell, kind in zip(row, kinds, strict=True))) for row in rows]
    parts = [element("thead", element("tr", *header)), element("tbody", joined(body, "\n"))]
    return element("div", element("table", *parts, class_=class_), class_="scroll", tabindex="0")


def folded(summary: str, *children: str, is_open: bool = False) -> Markup:
    """Something that opens at a click, without a script."""
    return element("details", element("summary", summary), *children, open="" if is_open else None)
