"""Does the lineage of a shard account for every token of it once, and for every document whole?

In layout packed the pieces of a document lie wherever there was room, so they are put in order first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from corpusforge.errors import InputError
from corpusforge.index.facts import ShardFacts
from corpusforge.index.format import BIN, DOCS, shard_file
from corpusforge.index.reader import ShardReader, read_lineage, segment_lengths
from corpusforge.index.segments import broken_tiles
from corpusforge.tokens import TokenFacts

CHANGED = "restore the file from a copy, or run the build again: it makes what is damaged anew"
DEFECT = "the shard contradicts itself: build again, and report it if it stays"

_SPANS = ["sequence", "start", "length", "document", "piece", "text_begin", "text_end"]

Ints = npt.NDArray[np.int64]


def documents(prefix: Path, tokenizer: TokenFacts) -> Iterator[tuple[bytes, npt.NDArray[np.integer]]]:
    """(document id, its ids without BOS and EOD) for each document; of a shard without problems.

    The ids are a view of the shard where the document is one segment, else its segments put together.
    """
    reader, lineage = ShardReader(prefix), read_lineage(prefix, ["sequence", "start", "length", "document", "piece"])
    words = _id_words(lineage["document"].combine_chunks())
    order = _by_document(words, lineage["piece"].to_numpy())
    lineage, words = lineage.take(pa.array(order)), words[order]
    starts = reader.offsets[lineage["sequence"].to_numpy()] // reader.dtype.itemsize + lineage["start"].to_numpy()
    begins = (starts + tokenizer.num_marks - 1).tolist()
    ends = (starts + lineage["length"].to_numpy() - 1).tolist()
    first = np.flatnonzero(_is_first(words))
    for begin, end in zip(first.tolist(), [*first[1:].tolist(), len(words)], strict=True):
        runs = [reader.tokens(begins[segment], ends[segment]) for segment in range(begin, end)]
        yield words[begin].tobytes(), runs[0] if len(runs) == 1 else np.concatenate(runs)


@dataclass(frozen=True)
class Runs:
    """Where the segments of a shard lie among its tokens: first ones and lengths, and how many each sequence has; int64."""

    starts: Ints
    lengths: Ints
    per_sequence: Ints

    def sequence(self, segment: int) -> int:
        """The sequence that a segment lies in."""
        return int(np.searchsorted(np.cumsum(self.per_sequence), segment, "right"))


def segment_runs(reader: ShardReader, facts: ShardFacts) -> Runs:
    """The segments, from what is beside the tokens; raises InputError where they do not fit into their rows."""
    starts = reader.offsets // reader.dtype.itemsize
    if facts.layout != "packed":
        return Runs(starts, reader.lengths.astype(np.int64), np.ones(len(reader), np.int64))
    segments = segment_lengths(reader.prefix, reader)
    lengths, counts = segments.tokens(0, segments.num_tokens).astype(np.int64), segments.lengths.astype(np.int64)
    ends = np.cumsum(lengths)
    of_row = ends[np.cumsum(counts) - 1]
    taken = np.diff(of_row, prepend=0)
    for which in np.flatnonzero(taken > reader.lengths)[:1].tolist():
        what = f"row {which}: its segments have {taken[which]} tokens, the row {reader.lengths[which]}"
        raise InputError(f"{shard_file(segments.prefix, BIN)}: {what}; {DEFECT}")
    row = np.repeat(np.arange(len(counts)), counts)
    return Runs(starts[row] + (ends - lengths) - (of_row - taken)[row], lengths, counts)


def lineage_problems(reader: ShardReader, runs: Runs, facts: ShardFacts) -> list[str]:
    """Problems of .docs.parquet, given where the segments lie."""
    try:
        lineage = read_lineage(reader.prefix, _SPANS)
    except InputError as error:
        return [str(error)]
    path = shard_file(reader.prefix, DOCS)
    if not lineage.num_rows:
        return [f"{path}: it has no rows; {DEFECT}"]
    columns = {name: lineage[name].to_numpy().astype(np.int64) for name in _SPANS if name != "document"}
    words = _id_words(lineage["document"].combine_chunks())
    problems = list(_sequence_problems(path, reader, runs, columns))
    if facts.layout == "packed":  # pieces lie wherever there was room
        order = _by_document(words, columns["piece"])
        columns, words = {name: column[order] for name, column in columns.items()}, words[order]
        problems += _packed_documents(path, words, facts)
    else:
        problems += _adjacent_documents(path, reader, columns, words)
    return [*problems, *_piece_problems(path, columns, words)]


def _sequence_problems(path: Path, reader: ShardReader, runs: Runs, columns: dict[str, Ints]) -> Iterator[str]:
    sequence, start, length = columns["sequence"], columns["start"], columns["length"]
    named, counts = np.unique(sequence, return_counts=True)
    if not np.array_equal(named, np.arange(len(reader))) or (np.diff(sequence) < 0).any():
        yield f"{path}: its rows do not name sequences 0 to {len(reader) - 1}, in order; {DEFECT}"
        return
    begins = reader.offsets[sequence] // reader.dtype.itemsize + start
    wrong = np.flatnonzero(counts != runs.per_sequence)
    if not len(wrong):
        wrong = sequence[(begins != runs.starts) | (length != runs.lengths)]
    for which in wrong[:1].tolist():
        yield f"{path}: sequence {which}: its segments do not cover its {reader.lengths[which]} tokens once; {DEFECT}"


def _adjacent_documents(
    path: Path, reader: ShardReader, columns: dict[str, Ints], words: npt.NDArray[np.uint64]
) -> Iterator[str]:
    first = np.flatnonzero(_is_first(words))
    if not np.array_equal(columns["sequence"][first], reader.document_indices[:-1]):
        yield f"{path}: documents do not start at the sequences that the document indices of .idx name; {DEFECT}"
    if len(np.unique(words[first], axis=0)) != len(first):
        yield f"{path}: the segments of a document do not follow each other: its id comes back later; {DEFECT}"


def _packed_documents(path: Path, words: npt.NDArray[np.uint64], facts: ShardFacts) -> Iterator[str]:
    found = int(_is_first(words).sum())
    if found != facts.num_documents:
        yield f"{path}: it names {found} documents, the manifest says {facts.num_documents}; {CHANGED}"


def _piece_problems(path: Path, columns: dict[str, Ints], words: npt.NDArray[np.uint64]) -> Iterator[str]:
    is_first = _is_first(words)
    first = np.flatnonzero(is_first)
    ordinal = np.arange(len(words)) - np.repeat(first, np.diff(first, append=len(words)))
    numbered = np.flatnonzero(columns["piece"] != ordinal)
    for row in numbered[:1].tolist():
        what = (
            f"piece {columns['piece'][row]} of document {words[row].tobytes().hex()} stands where piece {ordinal[row]} should"
        )
        yield f"{path}: row {row}: {what}; {DEFECT}"
    for row in broken_tiles(columns["text_begin"], columns["text_end"], is_first)[:1].tolist():
        span = f"{columns['text_begin'][row]} to {columns['text_end'][row]}"
        what = f"bytes {span} of document {words[row].tobytes().hex()} do not continue the piece before"
        yield f"{path}: row {row}: {what}; {DEFECT}"


def _id_words(ids: pa.FixedSizeBinaryArray) -> npt.NDArray[np.uint64]:
    """Ids of 16 bytes as two words each, uint64 [num_segments, 2]: numpy compares and sorts words, not bytes."""
    return np.frombuffer(ids.buffers()[1], np.uint64, 2 * len(ids), 16 * ids.offset).reshape(-1, 2)


def _by_document(words: npt.NDArray[np.uint64], piece: npt.NDArray[np.integer]) -> Ints:
    """The order in which the pieces of each document follow each other; what is in such an order stays in it."""
    is_first = _is_first(words)
    if (piece[is_first] == 0).all() and (np.diff(piece) == 1)[~is_first[1:]].all():
        return np.arange(len(words))
    return np.lexsort((piece, words[:, 1], words[:, 0]))


def _is_first(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    return np.concatenate([np.ones(1, np.bool_), (words[1:] != words[:-1]).any(axis=1)])
