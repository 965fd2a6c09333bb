"""Tokenizers side by side on the same text: how each cuts examples, its figures, and what vocabularies share."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import xxhash

from corpusforge.vocab.audit.loaders import Loader
from corpusforge.vocab.audit.measures import Measure, Texts, measure
from corpusforge.vocab.audit.pieces import unknown_ids
from corpusforge.vocab.audit.subject import Subject
from corpusforge.vocab.convert import SPACE

# Characters of a line that serves as an example.
_MIN_CHARS, _MAX_CHARS = 30, 140

_BYTE = re.compile("<0x([0-9A-F]{2})>")


@dataclass(frozen=True)
class Example:
    """A line of text, and for each tokenizer the pieces that it becomes."""

    text: str
    source: str
    pieces: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Overlap:
    """Pieces that two vocabularies share, spaces and bytes written alike."""

    one: int
    other: int
    num_shared: int


@dataclass(frozen=True)
class Compared:
    """One tokenizer of several; `num_pieces` are entries that spell something, each once."""

    name: str
    kind: str
    num_ids: int
    num_pieces: int
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class Comparison:
    """Tokenizers in the order given."""

    tokenizers: tuple[Compared, ...]
    overlaps: tuple[Overlap, ...]
    examples: tuple[Example, ...]


def compare(subjects: Sequence[Subject], texts: Sequence[Texts], num_examples: int, seed: int) -> Comparison:
    """Load each, measure each on all texts and cut the same examples with each."""
    names = [subject.name for subject in subjects]
    shown = names if len(set(names)) == len(names) else [str(subject.origin) for subject in subjects]
    loaders = [subject.loader for subject in subjects]
    pieces = [frozenset(piece_text(loader, number) for number in range(len(loader.spellings))) - {""} for loader in loaders]
    compared = tuple(
        Compared(name, subject.kind, subject.size, len(spelled), tuple(measure(loader, texts, unknown_ids(subject))[0]))
        for name, subject, loader, spelled in zip(shown, subjects, loaders, pieces, strict=True)
    )
    overlaps = tuple(
        Overlap(one, other, len(pieces[one] & pieces[other]))
        for one in range(len(pieces))
        for other in range(one + 1, len(pieces))
    )
    return Comparison(compared, overlaps, tuple(_examples(loaders, texts, num_examples, seed)))


def piece_text(loader: Loader, number: int) -> str:
    """What an id stands for, alike for all programs: a space as a space, a byte as <E4>."""
    return _BYTE.sub(r"<\1>", loader.text_of(number)).replace(SPACE, " ")


def _examples(loaders: Sequence[Loader], texts: Sequence[Texts], count: int, seed: int) -> Iterator[Example]:
    for source, line in _lines(texts, count, seed):
        array = pa.array([line], pa.large_string())
        ids = [loader.tokens(array).ids.tolist() for loader in loaders]
        cut = [tuple(piece_text(loader, number) for number in each) for loader, each in zip(loaders, ids, strict=True)]
        yield Example(line, source, tuple(cut))


def _lines(texts: Sequence[Texts], count: int, seed: int) -> list[tuple[str, str]]:
    """Lines by a seeded hash, in turn of each text and language: those with running text in them."""
    chosen: list[list[tuple[str, str]]] = []
    for each in texts:
        for language, is_taken in each.groups().items():
            if language == "all":
                continue
            places = np.flatnonzero(is_taken)[:_MAX_DOCUMENTS].tolist()
            lines = {line.strip() for place in places for line in each.documents[place].as_py().split("\n")}
            fit = [line[:_MAX_CHARS] for line in lines if len(line) >= _MIN_CHARS and _is_prose(line)]
            ordered = sorted(fit, key=lambda line: xxhash.xxh3_64_intdigest(f"{seed} {line}".encode()))
            chosen.append([(f"{each.name} {language}", line) for line in ordered[:count]])
    turns = [group[turn] for turn in range(count) for group in chosen if turn < len(group)]
    return turns[:count]


# Documents of a language in which examples are looked for.
_MAX_DOCUMENTS = 500


def _is_prose(line: str) -> bool:
    return sum(character.isalpha() or character == " " for character in line) > 0.85 * len(line)
