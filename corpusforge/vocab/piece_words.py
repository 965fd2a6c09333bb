"""Words of text as pieces of a SentencePiece vocabulary, with characters that it spells in bytes as symbols of their own."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusforge.vocab.borders import Rules, edges
from corpusforge.vocab.encode import Encoder
from corpusforge.vocab.growth import Counted, Sample, count_characters, num_bytes, num_chars, words_between

# Documents of each array that the fast engine and the reference both encode.
_NUM_PARITY = 8


def counted_pieces(
    sample: Sample, encoder: Encoder, pieces: Sequence[str | None], bytes_of: NDArray[np.int32], rules: Rules
) -> Counted:
    """The words of a sample between the borders of `rules`.

    `pieces` spells each id, None where it joins with none; `bytes_of` (int32 by id) is the byte that an id stands for, or -1.
    """
    size = len(pieces)
    encoded = [_symbols(texts, encoder, bytes_of) for texts in sample.texts]
    symbols = np.concatenate([np.zeros(0, np.int32), *(found for found, _ in encoded)])
    sizes = [np.diff(ends, prepend=0) for _, ends in encoded]
    ends = np.cumsum(np.concatenate([np.zeros(0, np.int64), *sizes]))
    is_character = symbols >= size
    codes = np.unique(symbols[is_character])
    characters = [chr(code) if chr(code).isprintable() else None for code in (codes - size).tolist()]
    # Places in the table of edges: those of base ids are the ids, characters follow in order of code point.
    places = np.where(is_character, size + np.searchsorted(codes, symbols), symbols)
    is_end = np.append(edges([*pieces, *characters], rules).are_apart(places), True)[: len(symbols)]
    is_end[ends[ends > 0] - 1] = True
    found = symbols[is_character].astype(np.int64) - size
    return Counted(
        words_between(symbols, is_end, ends),
        count_characters(found, np.searchsorted(ends, np.flatnonzero(is_character), side="right")),
        sample.weights,
        len(symbols) + int((num_utf8_bytes(found) - 1).sum()),
        num_chars(sample.texts),
        num_bytes(sample.texts),
        sum(map(len, sample.texts)),
    )


def _symbols(texts: pa.Array, encoder: Encoder, bytes_of: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Symbols of texts one after another, and where each text ends."""
    tokens, _ = encoder.encode(texts, _NUM_PARITY)
    symbols, is_kept = with_characters(tokens.ids, bytes_of)
    return symbols[is_kept], np.append(0, np.cumsum(is_kept))[tokens.offsets[1:]]


def with_characters(ids: NDArray[np.int32], bytes_of: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Ids with each character that is spelled in bytes as one symbol, len(bytes_of) + code point, in place of its first byte.

    Also which places stay: the other bytes of such characters do not. ASCII bytes, among them newlines, stay bytes.
    """
    values = bytes_of[ids]
    is_lead, is_more = values >= 0xC2, (values >= 0x80) & (values < 0xC0)
    sizes = np.where(values >= 0xF0, 4, np.where(values >= 0xE0, 3, 2))
    leads = np.flatnonzero(is_lead)
    codes = values[leads] & np.array([0, 0, 0x1F, 0x0F, 0x07], np.int32)[sizes[leads]]
    for place in (1, 2, 3):
        continues = sizes[leads] > place
        codes[continues] = codes[continues] << 6 | values[leads[continues] + place] & 0x3F
    symbols = ids.copy()
    symbols[leads] = len(bytes_of) + codes
    return symbols, ~is_more


def num_utf8_bytes(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bytes of UTF-8 of each code point."""
    return 1 + (codes >= 0x80).astype(np.int64) + (codes >= 0x800) + (codes >= 0x10000)
