"""Licences of Creative Commons by their one address, however a paper names them.

commons_address("http://creativecommons.org/licenses/by/4.0/legalcode") -> "https://creativecommons.org/licenses/by/4.0/"
commons_licence("the Creative Commons Attribution License 4.0") -> the same
"""

import re

_ADDRESS = re.compile(
    r"(?i)creativecommons\.org/(licenses|publicdomain)/([a-z+-]{2,20})(?:/(\d\.\d))?(?:/([a-z]{2})(?=/|\W|$))?"
)
_SHORT = re.compile(r"\bCC[ -]?(BY(?:[ -](?:NC|ND|SA))*)(?:[ -]?(\d\.\d))?(?![\w])")
_ZERO = re.compile(r"(?i)\bCC[ -]?0\b|creative commons (?:zero|cc0|public domain dedication)|public domain dedication")
_NAME = re.compile(r"(?i)(?:creative commons|知识共享|創用CC|创作共用)(.{0,90}?)(?:[,;，；。]|\.\s|\bwhich\b|\bthat\b|$)")
_TERMS = (
    ("nc", re.compile(r"(?i)non-?\s?commercial|非商业|非商業")),
    ("nd", re.compile(r"(?i)no-?\s?deriv|禁止演绎|禁止改作")),
    ("sa", re.compile(r"(?i)share-?\s?alike|相同方式共享|相同方式分享")),
)
_ATTRIBUTION = re.compile(r"(?i)attribution|署名|姓名标示")
_VERSION = re.compile(r"\b([1-4]\.[05])\b|(?<=[^\d.])([1-4]\.[05])(?!\d)")


def _address(kind: str, name: str, version: str, country: str = "") -> str:
    ported = f"{country}/" if country and version and version < "4.0" else ""
    return f"https://creativecommons.org/{kind}/{name}/" + (f"{version}/{ported}" if version else "")


def commons_address(text: str) -> str:
    """The address of the licence that a text links to, without deed and language; "" where it links to none."""
    match = _ADDRESS.search(text)
    return _address(match[1].lower(), match[2].lower(), match[3] or "", (match[4] or "").lower()) if match else ""


def commons_licence(statement: str) -> str:
    """The address of the licence that a statement clearly names; "" where it names none, or only the organisation."""
    short = _SHORT.search(statement)
    if short:
        return _address("licenses", short[1].lower().replace(" ", "-"), short[2] or "")
    if _ZERO.search(statement):
        return _address("publicdomain", "zero", "1.0")
    named = next((match[1] for match in _NAME.finditer(statement) if _ATTRIBUTION.search(match[1])), "")
    if not named:
        return ""
    terms = "".join(f"-{term}" for term, pattern in _TERMS if pattern.search(named))
    version = _VERSION.search(named)
    return _address("licenses", f"by{terms}", (version[1] or version[2]) if version else "")
