"""English as datatrove sees it: words by spaCy's blank tokenizer, sentences by its sentencizer, punctuation by two lists.

For the presets that have to give datatrove's verdicts and signatures (0.10.0). spaCy cuts at blanks first and then looks at
each chunk alone, so the words of a chunk are remembered: 27 times faster than asking again, and the same.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from corpusforge.errors import MissingExtra
from corpusforge.text.spans import Spans, Words, view_words, words_at
from corpusforge.text.view import TextView

if TYPE_CHECKING:
    from spacy.language import Language

WordKind = Literal["view", "spacy"]

_CHUNK = re.compile(r"\S+")

# Kinds of tokens, as far as sentences care.
_OTHER, _PUNCTUATION, _MARK = 0, 1, 2

# datatrove leaves this token out: it is also the name of a flag of spaCy's, which fails on it there.
_UNREADABLE = "IS_ALPHA"
_MAX_REMEMBERED = 500_000

# Code points, first and last, at which a sentence may end: Unicode's Sentence_Terminal and a few beside it.
_TERMINAL = (
    (0x21, 0x21), (0x2E, 0x2E), (0x3F, 0x3F), (0x589, 0x589), (0x61D, 0x61F), (0x6D4, 0x6D4), (0x700, 0x702), (0x7F9, 0x7F9),
    (0x837, 0x837), (0x839, 0x839), (0x83D, 0x83E), (0x964, 0x965), (0x104A, 0x104B), (0x1362, 0x1362), (0x1367, 0x1368),
    (0x166E, 0x166E), (0x1735, 0x1736), (0x17D4, 0x17D6), (0x17D9, 0x17DA), (0x1803, 0x1803), (0x1809, 0x1809),
    (0x1944, 0x1945), (0x1AA8, 0x1AAB), (0x1B5A, 0x1B5B), (0x1B5E, 0x1B5F), (0x1B7D, 0x1B7E), (0x1C3B, 0x1C3C),
    (0x1C7E, 0x1C7F), (0x203C, 0x203D), (0x2047, 0x2049), (0x2E2E, 0x2E2E), (0x2E3C, 0x2E3C), (0x2E53, 0x2E54),
    (0x3002, 0x3002), (0xA4FF, 0xA4FF), (0xA60E, 0xA60F), (0xA6F3, 0xA6F3), (0xA6F7, 0xA6F7), (0xA876, 0xA877),
    (0xA8CE, 0xA8CF), (0xA92F, 0xA92F), (0xA9C8, 0xA9C9), (0xAA5D, 0xAA5F), (0xAAF0, 0xAAF1), (0xABEB, 0xABEB),
    (0xFE52, 0xFE52), (0xFE56, 0xFE57), (0xFF01, 0xFF01), (0xFF0E, 0xFF0E), (0xFF1F, 0xFF1F), (0xFF61, 0xFF61),
    (0x10A56, 0x10A57), (0x10F55, 0x10F59), (0x10F86, 0x10F89), (0x11047, 0x11048), (0x110BE, 0x110C1), (0x11141, 0x11143),
    (0x111C5, 0x111C6), (0x111CD, 0x111CD), (0x111DE, 0x111DF), (0x11238, 0x11239), (0x1123B, 0x1123C), (0x112A9, 0x112A9),
    (0x1144B, 0x1144C), (0x115C2, 0x115C3), (0x115C9, 0x115D7), (0x11641, 0x11642), (0x1173C, 0x1173E), (0x11944, 0x11944),
    (0x11946, 0x11946), (0x11A42, 0x11A43), (0x11A9B, 0x11A9C), (0x11C41, 0x11C42), (0x11EF7, 0x11EF8), (0x11F43, 0x11F44),
    (0x16A6E, 0x16A6F), (0x16AF5, 0x16AF5), (0x16B37, 0x16B38), (0x16B44, 0x16B44), (0x16E98, 0x16E98), (0x1BC9F, 0x1BC9F),
    (0x1DA88, 0x1DA88),
)  # fmt: skip
_CONTROL = ((0x0, 0x8), (0xB, 0xC), (0xD, 0x1F), (0x7F, 0x9F))
_ASCII_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_WIDE_PUNCTUATION = "«´»–—’“”„…∶━►、。〈〉《》「」【】！％（），．１：；？～"


class Chunk(NamedTuple):
    """Text between blanks: its size and where its tokens begin and end, in bytes of UTF-8; the kind of each."""

    size: int
    begins: tuple[int, ...]
    ends: tuple[int, ...]
    kinds: tuple[int, ...]


def _characters(ranges: Sequence[tuple[int, int]]) -> str:
    return "".join(chr(point) for first, last in ranges for point in range(first, last + 1))


TERMINAL_PUNCTUATION = _characters(_TERMINAL)
"""159 characters at which a line counts as ended."""

PUNCTUATION = _ASCII_PUNCTUATION + _WIDE_PUNCTUATION + _characters(_CONTROL)
"""129 characters that separate words where texts are compared."""

SYMBOLS = "".join(dict.fromkeys(PUNCTUATION + TERMINAL_PUNCTUATION))
"""281 characters: a word of nothing but these is a symbol."""


def words_of(view: TextView, kind: WordKind) -> Words:
    """The words that ratios are taken of: the text view's, or spaCy's tokens without blanks, punctuation marks included."""
    return view.once(view_words) if kind == "view" else view.once(spacy_words)


def spacy_words(view: TextView) -> Words:
    """spaCy's tokens; raises MissingExtra without spaCy."""
    first, begins, ends = [0], [], []
    for text, start in zip(view.texts.to_pylist(), view.offsets.tolist(), strict=False):
        for place, chunk in _chunks(text):
            begins += [start + place + begin for begin in chunk.begins]
            ends += [start + place + end for end in chunk.ends]
        first.append(len(begins))
    return words_at(view, Spans(np.array(first, np.int64), np.array(begins, np.int64), np.array(ends, np.int64)))


def spacy_tokens(text: str) -> list[str]:
    """spaCy's tokens of one text, without blanks; raises MissingExtra without spaCy."""
    found = []
    for chunk_text in text.split():
        chunk = _chunk(chunk_text)
        if chunk.begins == (0,) and chunk.ends == (chunk.size,):
            found.append(chunk_text)
        else:
            encoded = chunk_text.encode()
            found += [encoded[begin:end].decode() for begin, end in zip(chunk.begins, chunk.ends, strict=True)]
    return found


def num_sentences(line: str) -> int:
    """Sentences of a line by spaCy's sentencizer, one at least; raises MissingExtra without spaCy.

    A sentence begins at the first token after a mark that is no punctuation; other gaps than one blank are tokens of their own.
    """
    count, is_ended, position = 1, False, 0
    for match in _CHUNK.finditer(line):
        gap = line[position : match.start()] != " "
        for kind in (_OTHER, *_chunk(match[0]).kinds) if gap else _chunk(match[0]).kinds:
            count += is_ended and kind == _OTHER
            is_ended = kind == _MARK or (is_ended and kind == _PUNCTUATION)
        position = match.end()
    return count + (is_ended and line[position:] not in ("", " "))


def _chunks(text: str) -> Iterator[tuple[int, Chunk]]:
    """What blanks part, with the byte of UTF-8 at which it begins."""
    position = place = 0
    for match in _CHUNK.finditer(text):
        place += match.start() - position if text.isascii() else len(text[position : match.start()].encode())
        chunk = _chunk(match[0])
        yield place, chunk
        place += chunk.size
        position = match.end()


def _chunk(text: str) -> Chunk:
    known = _remembered()
    found = known.get(text)
    if found is None:
        if len(known) >= _MAX_REMEMBERED:
            known.clear()
            _english.cache_clear()  # its vocabulary grows with every new word
        found = known[text] = _looked_at(text)
    return found


def _looked_at(text: str) -> Chunk:
    """Tokens of a chunk as spaCy finds them; they lie side by side."""
    english, ends = _english()
    english.max_length = len(text) + 10
    tokens = english.tokenizer(text)
    stops = list(accumulate(len(token.text.encode()) for token in tokens))
    wanted = [place for place, token in enumerate(tokens) if token.text != _UNREADABLE]
    kinds = [_MARK if token.text in ends else _PUNCTUATION if token.is_punct else _OTHER for token in tokens]
    return Chunk(
        stops[-1],
        tuple(([0, *stops])[place] for place in wanted),
        tuple(stops[place] for place in wanted),
        tuple(kinds[place] for place in wanted),
    )


@lru_cache(maxsize=1)
def _remembered() -> dict[str, Chunk]:
    return {}


@lru_cache(maxsize=1)
def _english() -> "tuple[Language, frozenset[str]]":
    """spaCy's English without a model, and the marks at which its sentencizer ends a sentence."""
    try:
        import spacy
        from spacy.pipeline import Sentencizer
    except ImportError as error:
        raise MissingExtra("words: spacy", "spacy", "spacy") from error
    return spacy.blank("en"), frozenset(Sentencizer.default_punct_chars)
