"""Dates as pages write them in their metadata, as ISO 8601; no clock is asked, so a date in the future stays."""

import re
from datetime import date

_NUMERIC = re.compile(r"(?<!\d)((?:19|20)\d\d)\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?:T?\d{4,6})?(?!\d)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY_FIRST = re.compile(rf"(?i)(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?\s{{0,3}}{_NAME},?\s{{0,3}}((?:19|20)\d\d)(?!\d)")
_MONTH_FIRST = re.compile(rf"(?i)\b{_NAME}\s{{0,3}}(\d{{1,2}})(?:st|nd|rd|th)?,?\s{{0,3}}((?:19|20)\d\d)(?!\d)")
_PARTIAL = re.compile(r"\s*((?:19|20)\d\d)(?:[-/](\d{1,2}))?\s*")


def iso_date(text: str) -> str:
    """The first day named in a short text: iso_date("Nov 18, 2019 5 pm") -> "2019-11-18"; "" where there is none.

    A year alone, or with a month, stays so: "2012/5" -> "2012-05".
    """
    text = text[:100]
    partial = _PARTIAL.fullmatch(text)
    if partial:
        month = int(partial[2] or 1)
        return "" if not 1 <= month <= 12 else f"{partial[1]}-{month:02}" if partial[2] else partial[1]
    for year, month, day in _days(text):
        try:
            return date(year, month, day).isoformat()
        except ValueError:
            continue
    return ""


def _days(text: str) -> list[tuple[int, int, int]]:
    found = [(int(m[1]), int(m[2]), int(m[3])) for m in (*_NUMERIC.finditer(text), *_COMPACT.finditer(text))]
    found += [(int(m[3]), _MONTHS.index(m[2].lower()) + 1, int(m[1])) for m in _DAY_FIRST.finditer(text)]
    return found + [(int(m[3]), _MONTHS.index(m[1].lower()) + 1, int(m[2])) for m in _MONTH_FIRST.finditer(text)]
