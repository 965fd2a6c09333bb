"""Cutting spans out of texts."""

from collections.abc import Iterable


def cut_spans(text: str, spans: Iterable[tuple[int, int]]) -> tuple[str, int]:
    """The text without the given spans of its UTF-8 bytes (begin <= x < end, in any order, may overlap), and the bytes cut.

    Raises ValueError on a span beyond the text, UnicodeDecodeError on one that cuts through a character.
    cut_spans("a bad b", [(2, 6)]) -> ("a b", 4)
    """
    data = text.encode()
    kept: list[bytes] = []
    position = 0
    for begin, end in sorted(spans):
        if not 0 <= begin <= end <= len(data):
            raise ValueError(f"span {begin} to {end} does not lie in a text of {len(data)} bytes")
        kept.append(data[position:begin])
        position = max(position, end)
    kept.append(data[position:])
    left = b"".join(kept)
    return left.decode(), len(data) - len(left)
