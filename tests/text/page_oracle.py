"""Second writings of what corpusforge.text.page_lines finds in lines, on str."""

import re

from corpusforge.text.page_lines import CURLY_BRACKET, JAVASCRIPT, LOREM_IPSUM, POLICY

_POLICIES = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")
CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def cleaned(line: str) -> str:
    return CITATION.sub("", line)


def facts(line: str, ends: str) -> tuple[int, int, bool, int]:
    """Words, characters of the longest, whether it ends as a sentence does, phrases in it."""
    words, clean = line.split(), cleaned(line)
    is_ended = clean.endswith(tuple(ends)) and not clean.endswith("...")
    return len(words), max(map(len, words), default=0), is_ended, _phrases(clean)


def _phrases(line: str) -> int:
    folded = line.lower()
    found = LOREM_IPSUM * ("lorem ipsum" in folded) | JAVASCRIPT * ("javascript" in folded) | CURLY_BRACKET * ("{" in folded)
    return found | POLICY * any(phrase in folded for phrase in _POLICIES)
