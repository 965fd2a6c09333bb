"""What the parts of the MathML reader share: a node whose children are done, and what TeX takes for one thing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from corpusforge.extract.plain import names

# Operators that carry what stands under and over them as limits.
LIMITS = names(
    r"\sum \prod \coprod \int \iint \iiint \oint \oiint \bigcap \bigcup \bigwedge \bigvee \bigoplus \bigotimes \lim \liminf "
    r"\limsup \max \min \sup \inf \det \gcd \Pr"
)
BRACES = (r"\overbrace{", r"\underbrace{")
ATOM = re.compile(
    r"[^\\{}^_\s]|[0-9]+|\\[A-Za-z]+|\\[^A-Za-z]|\\(?:math[a-z]+|boldsymbol|text|hat|bar|vec|tilde|dot|ddot)\{[^{}]*\}"
)
_PRIMES = re.compile(r"'+")


@dataclass(frozen=True, slots=True)
class Node:
    """An element with its local name, attributes, children, the text of a token ("" for others), and its TeX."""

    name: str
    tex: str
    text: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: tuple["Node", ...] = ()

    def child(self, number: int) -> "Node":
        """A child, or an empty one where the document lacks it."""
        return self.children[number] if number < len(self.children) else Node("none", "")


def argument(text: str) -> str:
    """What follows ^ or _: as it is where TeX takes it for one thing, else in braces."""
    is_one = ATOM.fullmatch(text) and not (text.isdigit() and len(text) > 1)
    return text if is_one else f"{{{text}}}"


def base(text: str) -> str:
    """What scripts are put on: one thing, or something in fences or braces of its own."""
    is_whole = not text or text in LIMITS or text.startswith((r"\left", *BRACES)) or ATOM.fullmatch(text)
    return text if is_whole else f"{{{text}}}"


def scripted(text: str, below: str, above: str) -> str:
    """A base with scripts, "" for none; scripts of nothing hang on an empty group."""
    under = f"_{argument(below)}" if below else ""
    if _PRIMES.fullmatch(above):
        return text + above + under
    return (text or "{}") + under + (f"^{argument(above)}" if above else "")


def spread(keys: Sequence[str], value: str) -> dict[str, str]:
    """The same value for several keys."""
    return dict.fromkeys(keys, value)
