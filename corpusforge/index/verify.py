"""Is a shard what its manifest says, and is it sound in itself?

Digests notice every changed byte but not a writer's mistake, so the content is checked as well, from what the files hold and
never from what the writer knew: pointers, marks, ids, and the lineage that must account for every token once. A problem is
one line: file, place, what is wrong with the value, cure. Everything is numpy over a whole shard, tokens in blocks.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from corpusforge.errors import InputError
from corpusforge.index.facts import FileFacts, ShardFacts, shard_digests
from corpusforge.index.format import BIN, DOCS, IDX, shard_file, suffixes
from corpusforge.index.reader import ShardReader
from corpusforge.index.segments import ranges
from corpusforge.index.verify_lineage import CHANGED, DEFECT, Ints, Runs, documents, lineage_problems, segment_runs
from corpusforge.tokens import TokenFacts

__all__ = ["FileFacts", "ShardFacts", "documents", "shard_digests", "verify_shard"]

_BLOCK = 2**22


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
    problems += _index_problems(reader, facts, tokenizer)
    try:
        runs = segment_runs(reader, facts)
    except InputError as error:
        return [*problems, str(error)]
    problems += [*_count_problems(reader, runs, facts, tokenizer), *_token_problems(reader, runs, facts, tokenizer)]
    if DOCS not in changed:
        problems += lineage_problems(reader, runs, facts)
    return problems


def _changed_files(prefix: Path, facts: ShardFacts) -> dict[str, str]:
    found = shard_digests(prefix)
    problems = {}
    for suffix in dict.fromkeys([*suffixes(facts.layout), *facts.files]):
        path = shard_file(prefix, suffix)
        if suffix not in facts.files:
            problems[suffix] = f"{path}: the manifest has no digest of it; the manifest is damaged: build again"
        elif suffix not in found:
            problems[suffix] = f"{path}: no such file; {CHANGED}"
        elif FileFacts.model_validate(found[suffix]) != facts.files[suffix]:
            now, then = FileFacts.model_validate(found[suffix]), facts.files[suffix]
            problems[suffix] = (
                f"{path}: {now.size_bytes} bytes with sha256 {now.sha256}, the manifest says {then.size_bytes} bytes with "
                f"{then.sha256}; {CHANGED}"
            )
    return problems


def _index_problems(reader: ShardReader, facts: ShardFacts, tokenizer: TokenFacts) -> Iterator[str]:
    path = shard_file(reader.prefix, IDX)
    num_ends = facts.num_sequences if facts.layout == "packed" else facts.num_documents
    counts = {
        "num_documents": (reader.num_documents, num_ends),
        "num_sequences": (len(reader), facts.num_sequences),
        "dtype": (reader.dtype.name, facts.dtype),
    }
    for name, (found, expected) in counts.items():
        if found != expected:
            yield f"{path}: {name} is {found}, the manifest says {expected}; {CHANGED}"
    if reader.dtype.name != tokenizer.dtype:
        yield f"{path}: ids are {reader.dtype.name}, {tokenizer.vocab_size} ids need {tokenizer.dtype}; {CHANGED}"
    yield from _document_index_problems(path, reader, facts)


def _document_index_problems(path: Path, reader: ShardReader, facts: ShardFacts) -> Iterator[str]:
    indices = reader.document_indices
    if int(indices[0]) != 0 or int(indices[-1]) != len(reader):
        span = f"{int(indices[0])} to {int(indices[-1])}"
        yield f"{path}: document indices run from {span}, not from 0 to {len(reader)}; {DEFECT}"
    for which in np.flatnonzero(np.diff(indices) < 1)[:1].tolist():
        values = f"{int(indices[which])} is followed by {int(indices[which + 1])}"
        yield f"{path}: document index {which}: {values}, so the document has no sequence; {DEFECT}"
    if facts.layout != "pieces" and reader.num_documents != len(reader):
        yield f"{path}: {len(reader)} sequences for {reader.num_documents} documents in layout {facts.layout}; {DEFECT}"
    if facts.layout == "packed" and len(np.unique(reader.lengths)) > 1:
        span = f"{int(reader.lengths.min())} to {int(reader.lengths.max())}"
        yield f"{path}: rows have {span} tokens, in layout packed all have the same number; {DEFECT}"


def _count_problems(reader: ShardReader, runs: Runs, facts: ShardFacts, tokenizer: TokenFacts) -> Iterator[str]:
    num_tokens = int(runs.lengths.sum())
    counts = {
        "num_segments": (len(runs.starts), facts.num_segments),
        "num_tokens": (num_tokens, facts.num_tokens),
        "num_fill_tokens": (reader.num_tokens - num_tokens, facts.num_fill_tokens),
        "num_text_tokens": (num_tokens - len(runs.starts) * tokenizer.num_marks, facts.num_text_tokens),
    }
    for name, (found, expected) in counts.items():
        if found != expected:
            yield f"{shard_file(reader.prefix, IDX)}: {name} is {found}, the manifest says {expected}; {CHANGED}"


def _token_problems(reader: ShardReader, runs: Runs, facts: ShardFacts, tokenizer: TokenFacts) -> Iterator[str]:
    path = shard_file(reader.prefix, BIN)
    short = np.flatnonzero(runs.lengths < tokenizer.num_marks)
    if len(short):
        which, length = runs.sequence(int(short[0])), int(runs.lengths[short[0]])
        yield f"{path}: sequence {which} has {length} tokens, no room for EOD and BOS; {DEFECT}"
        return
    ids = reader.tokens(0, reader.num_tokens)
    ends, last = runs.starts + runs.lengths, np.cumsum(reader.lengths, dtype=np.int64)
    yield from _id_problems(path, ids, last, facts, tokenizer)
    yield from _wrong_marks(path, "ends with", "EOD", ids[ends - 1], tokenizer.eod_id, runs)
    if tokenizer.bos_id is not None:
        yield from _wrong_marks(path, "starts with", "BOS", ids[runs.starts], tokenizer.bos_id, runs)
    fill = ranges(ends, np.append(runs.starts[1:], reader.num_tokens) - ends)
    wrong = fill[ids[fill] != tokenizer.eod_id]
    if len(wrong):
        place = f"sequence {np.searchsorted(last, wrong[0], 'right')}, token {wrong[0]} of the shard"
        yield f"{path}: {place}: id {ids[wrong[0]]} in the fill behind a row's segments, not EOD {tokenizer.eod_id}; {CHANGED}"
    allowed = [ends - 1, fill] if tokenizer.bos_id != tokenizer.eod_id else [ends - 1, fill, runs.starts]
    inside = np.setdiff1d(_positions(ids, tokenizer.eod_id), np.concatenate(allowed))
    if len(inside):
        place = f"sequence {np.searchsorted(last, inside[0], 'right')}, token {inside[0]} of the shard"
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
        yield f"{path}: {place}: id {ids[position]}, but the tokenizer has {tokenizer.vocab_size} ids; {CHANGED}"
        return
    if max_id != facts.max_id:
        yield f"{path}: the largest id is {max_id}, the manifest says {facts.max_id}; {CHANGED}"


def _wrong_marks(path: Path, verb: str, mark: str, found: npt.NDArray[np.integer], expected: int, runs: Runs) -> Iterator[str]:
    wrong = np.flatnonzero(found != expected)
    if len(wrong):
        what = f"{verb} {found[wrong[0]]}, not with {mark} {expected}, and so do {len(wrong) - 1} others"
        yield f"{path}: sequence {runs.sequence(int(wrong[0]))} {what}; {CHANGED}"


def _positions(ids: npt.NDArray[np.integer], which: int) -> Ints:
    blocks = (np.flatnonzero(ids[begin : begin + _BLOCK] == which) + begin for begin in range(0, len(ids), _BLOCK))
    return np.concatenate(list(blocks))
