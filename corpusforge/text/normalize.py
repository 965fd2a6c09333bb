"""The normal form under which two texts count as the same."""

import unicodedata


def normalize(text: str) -> str:
    """NFC, every run of whitespace as one space, none at the ends.

    Case, punctuation and compatibility forms stay: documents that differ in them are for near-duplicate stages to judge.
    normalize("a \\n b ") -> "a b"
    """
    return " ".join(unicodedata.normalize("NFC", text).split())
