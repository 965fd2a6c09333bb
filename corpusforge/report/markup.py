"""HTML that cannot forget to escape: whatever is not Markup already is text, and is escaped.

A page is built from plain strings, which keeps templates and their language out; the type tells what was escaped.
"""

import re
from collections.abc import Iterable, Sequence
from html import escape

_NO_CONTENT = ("br", "meta", "wbr")

# What HTML does not allow as text: control characters but tab and line feed, and code points that are no characters.
_NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class Markup(str):
    """A string of HTML in which everything that came from outside is escaped."""

    __slots__ = ()


def text(value: str) -> Markup:
    """The string as HTML text, fit for attributes too; what cannot stand in a page becomes U+FFFD."""
    return value if isinstance(value, Markup) else Markup(escape(_NOT_TEXT.sub("\ufffd", value)))


def element(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """An element. Children that are not Markup are escaped, and so are attributes; those that are None are left out.

    In names of attributes a trailing underscore is dropped, others are hyphens: class_="x", aria_label="y".
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(str(value))}"' for key, value in attributes.items() if value is not None
    )
    return Markup(f"<{name}{written}>") if name in _NO_CONTENT else Markup(f"<{name}{written}>{joined(children)}</{name}>")


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Parts one after another, those that are not Markup escaped."""
    return Markup(text(between).join(text(part) for part in parts))


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
