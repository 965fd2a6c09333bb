"""Is a shard what its manifest says, and is it sound in itself?

Digests notice every changed byte but not a writer's mistake, so the content is checked as well, from what the files hold and
never from what the writer knew: pointers, marks, ids, and the lineage that must account for every token once. A problem is
one line: file, place, what is wrong with the value, cure. Everything is numpy over a whole shard, tokens in blocks.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from corpusforge.errors import InputError
from corpusforge.index.facts import FileFacts, ShardFacts, shard_digests
from corpusforge.index.format import BIN, DOCS, IDX, SUFFIXES, shard_file
from corpusforge.index.reader import ShardReader, read_lineage
from corpusforge.index.segments import broken_tiles
from corpusforge.tokens import TokenFacts

__all__ = ["FileFacts", "ShardFacts", "documents", "shard_digests", "verify_shard"]

_BLOCK = 2**22
_CHANGED = "restore the file from a copy, or run the build again: it makes what is damaged anew"
_DEFECT = "the shard contradicts itself: build again, and report it if it stays"

_SPANS = ["sequence", "start", "length", "document", "piece", "text_begin", "text_end"]

Ints = npt.NDArray[np.int64]


def verify_shard(prefix: Path, facts: ShardFacts, tokenizer: TokenFacts) -> list[str]:
    """Problems of the shard at `prefix`, [] when it is sound.

    A changed .docs.parquet is reported by its digest and not parsed; a .bin or .idx that cannot be read ends the check of
    this shard. Memory: 40 bytes for each sequence and 80 for each segment, beside one block of tokens.
    """
    changed = _changed_files(prefix, facts)
    problems = list(changed.values())
    try:
        reader = ShardReader(prefix)
    except InputError as error:
        return [*problems, str(error)]
    problems += [*_index_problems(reader, facts, tokenizer), *_token_problems(reader, facts, tokenizer)]
    if DOCS not in changed:
        problems += _lineage_problems(reader)
    return problems


def documents(prefix: Path, tokenizer: TokenFacts) -> Iterator[tuple[bytes, npt.NDArray[np.integer]]]:
    """(document id, its ids without BOS and EOD) for each document in shard order; of a shard without problems.

    The ids are a view of the shard where the document is one segment, else its segments put together.
    """
    reader, lineage = ShardReader(prefix), read_lineage(prefix, ["sequence", "start", "length", "document"])
    starts = reader.offsets[lineage["sequence"].to_numpy()] // reader.dtype.itemsize + lineage["start"].to_numpy()
    begins = (starts + tokenizer.num_marks - 1).tolist()
    ends = (starts + lineage["length"].to_numpy() - 1).tolist()
    ids = lineage["document"].combine_chunks()
    first = np.flatnonzero(_is_first(_id_words(ids)))
    for begin, end in zip(first.tolist(), [*first[1:].tolist(), len(ids)], strict=True):
        runs = [reader.tokens(begins[segment], ends[segment]) for segment in range(begin, end)]
        yield ids[begin].as_py(), runs[0] if len(runs) == 1 else np.concatenate(runs)


def _changed_files(prefix: Path, facts: ShardFacts) -> dict[str, str]:
    found = shard_digests(prefix)
    problems = {}
    for suffix in SUFFIXES:
        path = shard_file(prefix, suffix)
        if suffix not in facts.files:
            problems[suffix] = f"{path}: the manifest has no digest of it; the manifest is damaged: build again"
        elif suffix not in found:
            problems[suffix] = f"{path}: no such file; {_CHANGED}"
        elif FileFacts.model_validate(found[suffix]) != facts.files[suffix]:
            now, then = FileFacts.model_validate(found[suffix]), facts.files[suffix]
            problems[suffix] = (
                f"{path}: {now.size_bytes} bytes with sha256 {now.sha256}, the manifest says {then.size_bytes} bytes with "
                f"{then.sha256}; {_CHANGED}"
            )
    return problems


def _index_problems(reader: ShardReader, facts: ShardFacts, tokenizer: TokenFacts) -> Iterator[str]:
    path = shard_file(reader.prefix, IDX)
    marks = len(reader) * tokenizer.num_marks
    counts = {
        "num_documents": (reader.num_documents, facts.num_documents),
        "num_sequences": (len(reader), facts.num_sequences),
        "num_tokens": (reader.num_tokens, facts.num_tokens),
        "num_text_tokens": (reader.num_tokens - marks, facts.num_text_tokens),
        "dtype": (reader.dtype.name, facts.dtype),
    }
    for name, (found, expected) in counts.items():
        if found != expected:
            yield f"{path}: {name} is {found}, the manifest says {expected}; {_CHANGED}"
    if reader.dtype.name != tokenizer.dtype:
        yield f"{path}: ids are {reader.dtype.name}, {tokenizer.vocab_size} ids need {tokenizer.dtype}; {_CHANGED}"
    yield from _document_index_problems(path, reader, facts)


def _document_index_problems(path: Path, reader: ShardReader, facts: ShardFacts) -> Iterator[str]:
    indices = reader.document_indices
    if int(indices[0]) != 0 or int(indices[-1]) != len(reader):
        span = f"{int(indices[0])} to {int(indices[-1])}"
        yield f"{path}: document indices run from {span}, not from 0 to {len(reader)}; {_DEFECT}"
    for which in np.flatnonzero(np.diff(indices) < 1)[:1].tolist():
        values = f"{int(indices[which])} is followed by {int(indices[which + 1])}"
        yield f"{path}: document index {which}: {values}, so the document has no sequence; {_DEFECT}"
    if facts.layout == "documents" and reader.num_documents != len(reader):
        yield f"{path}: {len(reader)} sequences for {reader.num_documents} documents in layout documents; {_DEFECT}"


def _token_problems(reader: ShardReader, facts: ShardFacts, tokenizer: TokenFacts) -> Iterator[str]:
    path = shard_file(reader.prefix, BIN)
    ends = np.cumsum(reader.lengths, dtype=np.int64)
    short = np.flatnonzero(reader.lengths < tokenizer.num_marks)
    if len(short):
        which, length = int(short[0]), int(reader.lengths[short[0]])
        yield f"{path}: sequence {which} has {length} tokens, no room for EOD and BOS; {_DEFECT}"
        return
    ids = reader.tokens(0, reader.num_tokens)
    yield from _id_problems(path, ids, ends, facts, tokenizer)
    yield from _wrong_marks(path, "ends with", "EOD", ids[ends - 1], tokenizer.eod_id)
    if tokenizer.bos_id is not None:
        yield from _wrong_marks(path, "starts with", "BOS", ids[ends - reader.lengths], tokenizer.bos_id)
    allowed = [ends - 1] if tokenizer.bos_id != tokenizer.eod_id else [ends - 1, ends - reader.lengths]
    inside = np.setdiff1d(_positions(ids, tokenizer.eod_id), np.concatenate(allowed))
    if len(inside):
        place = f"sequence {np.searchsorted(ends, inside[0], 'right')}, token {inside[0]} of the shard"
        yield f"{path}: {place}: EOD inside a text, {len(inside)} in all; encode special tokens in documents as plain text"


def _id_problems(
    path: Path, ids: npt.NDArray[np.integer], ends: Ints, facts: ShardFacts, tokenizer: TokenFacts
) -> Iterator[str]:
    max_id = 0
    for begin in range(0, len(ids), _BLOCK):
        block = ids[begin : begin + _BLOCK]
        max_id = max(max_id, int(block.max()))
        if max_id < tokenizer.vocab_size and int(block.min()) >= 0:
            continue
        position = begin + int(np.flatnonzero((block < 0) | (block >= tokenizer.vocab_size))[0])
        place = f"sequence {np.searchsorted(ends, position, 'right')}, token {position} of the shard"
        yield f"{path}: {place}: id {ids[position]}, but the tokenizer has {tokenizer.vocab_size} ids; {_CHANGED}"
        return
    if max_id != facts.max_id:
        yield f"{path}: the largest id is {max_id}, the manifest says {facts.max_id}; {_CHANGED}"


def _wrong_marks(path: Path, verb: str, mark: str, found: npt.NDArray[np.integer], expected: int) -> Iterator[str]:
    wrong = np.flatnonzero(found != expected)
    if len(wrong):
        what = f"{verb} {found[wrong[0]]}, not with {mark} {expected}, and so do {len(wrong) - 1} others"
        yield f"{path}: sequence {wrong[0]} {what}; {_CHANGED}"


def _positions(ids: npt.NDArray[np.integer], which: int) -> Ints:
    blocks = (np.flatnonzero(ids[begin : begin + _BLOCK] == which) + begin for begin in range(0, len(ids), _BLOCK))
    return np.concatenate(list(blocks))


def _lineage_problems(reader: ShardReader) -> list[str]:
    try:
        lineage = read_lineage(reader.prefix, _SPANS)
    except InputError as error:
        return [str(error)]
    path = shard_file(reader.prefix, DOCS)
    if not lineage.num_rows:
        return [f"{path}: it has no rows; {_DEFECT}"]
    columns = {name: lineage[name].to_numpy().astype(np.int64) for name in _SPANS if name != "document"}
    words = _id_words(lineage["document"].combine_chunks())
    return [*_sequence_problems(path, reader, columns), *_piece_problems(path, reader, columns, words)]


def _sequence_problems(path: Path, reader: ShardReader, columns: dict[str, Ints]) -> Iterator[str]:
    sequence, start, length = columns["sequence"], columns["start"], columns["length"]
    is_first = np.diff(sequence, prepend=-1) != 0
    named = sequence[is_first]
    if not np.array_equal(named, np.arange(len(reader))):
        yield f"{path}: its rows do not name sequences 0 to {len(reader) - 1} once each, in order; {_DEFECT}"
        return
    gaps = broken_tiles(start, start + length, is_first)
    is_last = np.diff(sequence, append=len(reader)) != 0
    short = np.flatnonzero((start + length)[is_last] != reader.lengths)
    for which in [*sequence[gaps].tolist(), *short.tolist()][:1]:
        yield f"{path}: sequence {which}: its segments do not cover its {reader.lengths[which]} tokens once; {_DEFECT}"


def _piece_problems(path: Path, reader: ShardReader, columns: dict[str, Ints], words: npt.NDArray[np.uint64]) -> Iterator[str]:
    is_first = _is_first(words)
    first = np.flatnonzero(is_first)
    if not np.array_equal(columns["sequence"][first], reader.document_indices[:-1]):
        yield f"{path}: documents do not start at the sequences that the document indices of .idx name; {_DEFECT}"
    if len(np.unique(words[first], axis=0)) != len(first):
        yield f"{path}: the segments of a document do not follow each other: its id comes back later; {_DEFECT}"
    ordinal = np.arange(len(words)) - np.repeat(first, np.diff(first, append=len(words)))
    numbered = np.flatnonzero(columns["piece"] != ordinal)
    for row in numbered[:1].tolist():
        what = (
            f"piece {columns['piece'][row]} of document {words[row].tobytes().hex()} stands where piece {ordinal[row]} should"
        )
        yield f"{path}: row {row}: {what}; {_DEFECT}"
    for row in broken_tiles(columns["text_begin"], columns["text_end"], is_first)[:1].tolist():
        span = f"{columns['text_begin'][row]} to {columns['text_end'][row]}"
        what = f"bytes {span} of document {words[row].tobytes().hex()} do not continue the piece before"
        yield f"{path}: row {row}: {what}; {_DEFECT}"


def _id_words(ids: pa.FixedSizeBinaryArray) -> npt.NDArray[np.uint64]:
    """Ids of 16 bytes as two words each, uint64 [num_segments, 2]: numpy compares and sorts words, not bytes."""
    return np.frombuffer(ids.buffers()[1], np.uint64, 2 * len(ids), 16 * ids.offset).reshape(-1, 2)


def _is_first(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    return np.concatenate([np.ones(1, np.bool_), (words[1:] != words[:-1]).any(axis=1)])
