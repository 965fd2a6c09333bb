"""What a PDF says of itself: title, author and date of its own table of facts, the DOI on its first page."""

import re
from collections.abc import Mapping

_DATE = re.compile(r"(?:D:)?((?:19[89]|20\d)\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_DOI = re.compile(r"(?i)\bdoi(?:\.org/|\s*[:.]?\s*(?:https?://(?:dx\.)?doi\.org/)?)\s*(10\.\d{4,9}/[^\s\"<>|]+)")
_NO_TITLE = re.compile(
    r"(?i)untitled|microsoft \w+ - .*|\S+\.(docx?|tex|dvi|pdf|indd|qxd|fm|ps|rtf|odt|pptx?|xlsx?|wpd)|.{0,3}"
)
_MAX_LENGTH = 300


def date_of(about: Mapping[str, str]) -> str:
    """The day on which the file was made, YYYY-MM-DD, or "".

    date_of({"CreationDate": "D:20240131120000Z"}) -> "2024-01-31"
    """
    found = _DATE.match(about.get("CreationDate", ""))
    return "-".join(found.groups()) if found else ""


def doi_address(first_page: str) -> str:
    """The address of the DOI that the first page names, or "".

    doi_address("doi: 10.1000/xyz.1.") -> "https://doi.org/10.1000/xyz.1"
    """
    found = _DOI.search(first_page)
    return f"https://doi.org/{found[1].rstrip('.,;:)]}')}" if found else ""


def named_facts(about: Mapping[str, str]) -> dict[str, str]:
    """title and author, where they are more than the name of a file or of a program."""
    words = {name: _clean(about.get(name.capitalize(), "")) for name in ("title", "author")}
    return {name: value for name, value in words.items() if value and not _NO_TITLE.fullmatch(value)}


def _clean(value: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\ufffd\ud800-\udfff]", " ", value).split())[:_MAX_LENGTH]
