"""What a tokenizer is trained on: whole documents up to a number of bytes, given to SentencePiece line by line."""

import re
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from corpusforge.errors import UserError

# A line is at most this many characters, so at most 4,000 bytes: SentencePiece skips lines above 4,192 without a word.
_MAX_LINE_CHARS = 1000

# Control characters end a line, since SentencePiece gives some of them a meaning of its own and stops at others, and so
# does its mark for unknown characters (U+2585): it skips every line that holds one. All of them are spelled in bytes.
_BREAKS = re.compile("[\x00-\x1f\u2585]+")


_NOTHING = pa.table(
    {"id": pa.array([], pa.binary()), "source": pa.array([], pa.string()), "text": pa.array([], pa.large_string())}
)


def sampled_texts(records: Iterable[pa.Table], sample_bytes: int) -> list[pa.Array]:
    """Text columns of the first records that hold `sample_bytes` bytes together; the last document is taken whole."""
    taken: list[pa.Array] = []
    room = sample_bytes
    for table in records:
        for texts in table["text"].chunks:
            ends = np.cumsum(pc.binary_length(texts).to_numpy(zero_copy_only=False).astype(np.int64))
            count = min(int(np.searchsorted(ends, room)) + 1, len(texts))
            if count:
                taken.append(texts.slice(0, count))
                room -= int(ends[count - 1])
            if room <= 0:
                return taken
    return taken


def weighted_sample(
    records: Iterable[pa.Table], sample_bytes: int, weights: Mapping[str, float]
) -> tuple[pa.Table, NDArray[np.int64]]:
    """(id, source, text) of the first records of each source up to its share of `sample_bytes`, and a weight per document.

    A source that has less than its share weighs more, in hundredths of what others do. Raises UserError where `weights` names
    a source without documents, or leaves one out.
    """
    budgets = {source: sample_bytes * weight / sum(weights.values()) for source, weight in weights.items()}
    taken: list[pa.Table] = []
    sizes = dict.fromkeys(weights, 0)
    for table in records:
        for source in pc.unique(table["source"]).to_pylist():
            if source not in weights:
                raise UserError(f"weights: no weight for source {source!r}; add one (0 leaves it out)")
            own = table.filter(pc.equal(table["source"], source))
            ends = np.cumsum(pc.binary_length(own["text"]).to_numpy().astype(np.int64)) + sizes[source]
            count = min(int(np.searchsorted(ends, budgets[source])) + 1, len(own)) if sizes[source] < budgets[source] else 0
            if count:
                taken.append(own.slice(0, count))
                sizes[source] = int(ends[count - 1])
    missing = [source for source, weight in weights.items() if source and weight and not sizes[source]]
    if missing:
        raise UserError(f"weights: source {missing[0]!r} has no text here; correct the name or leave it out")
    sample = pa.concat_tables(taken) if taken else _NOTHING
    factors = {source: round(100 * max(budgets[source] / max(size, 1), 1)) for source, size in sizes.items()}
    return sample, np.array([factors[source] for source in sample["source"].to_pylist()], np.int64)


def training_lines(texts: Iterable[str]) -> Iterator[str]:
    """Lines of the texts, none empty or too long; a long one is cut at a space, which the next line gets back as prefix.

    list(training_lines(["a b\\nc"])) -> ["a b", "c"]
    """
    for text in texts:
        for line in _BREAKS.split(text):
            yield from _short_lines(line)


def _short_lines(line: str) -> Iterator[str]:
    begin = 0
    while len(line) - begin > _MAX_LINE_CHARS:
        space = line.rfind(" ", begin + 1, begin + _MAX_LINE_CHARS)
        end = space if space > 0 else begin + _MAX_LINE_CHARS
        yield line[begin:end]
        begin = end + (space > 0)
    if begin < len(line):
        yield line[begin:]
