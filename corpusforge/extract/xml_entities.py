"""Named characters (&alpha; &nbsp;) as numbers, so that papers whose DTD is not at hand lose no letter.

HTML's names hold all ISO sets that journals use but the Greek of ISOgrk1 (&agr;) and the bold of ISOgrk4 (&b.alpha;). Names
that nobody knows stay, and the parser decides.
"""

import re
from html.entities import html5

_REFERENCE = re.compile(rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&([A-Za-z][A-Za-z0-9.]*);", re.DOTALL)
_OF_XML = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
_GREEK = (
    "agr α bgr β ggr γ dgr δ egr ε zgr ζ eegr η thgr θ igr ι kgr κ lgr λ mgr μ ngr ν xgr ξ ogr ο pgr π rgr ρ sgr σ sfgr ς "
    "tgr τ ugr υ phgr φ khgr χ psgr ψ ohgr ω"
)


def _known() -> dict[str, str]:
    names = {name[:-1]: value for name, value in html5.items() if name.endswith(";")}
    pairs = dict(zip(_GREEK.split()[::2], _GREEK.split()[1::2], strict=True))
    capitals = {
        name.capitalize() if len(name) < 4 else name[:2].upper() + name[2:]: value.upper() for name, value in pairs.items()
    }
    return capitals | pairs | names


_CHARACTERS = _known()


def _number(match: re.Match[bytes]) -> bytes:
    name = match[1]
    if name is None or name in _OF_XML:
        return match[0]
    characters = _CHARACTERS.get(name.decode().removeprefix("b."), "")
    return b"".join(b"&#%d;" % ord(character) for character in characters) or match[0]


def numbered(raw: bytes) -> bytes:
    """XML in UTF-8, with named characters as numbers outside CDATA and comments."""
    return _REFERENCE.sub(_number, raw)
