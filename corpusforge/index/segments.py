"""Segments: the runs of a document's tokens that become sequences, for a whole table at once.

Documents' ids lie back to back in an Arrow list column, and pieces tile them, so the text tokens of a shard are that column's
values in their order. Only the marks are new: `with_marks` makes room for them with one mask, where a loop over documents
would cost more than everything else in the sink.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from corpusforge.tokens import TokenFacts


@dataclass(frozen=True)
class Segments:
    """Segments of a table of documents in order; all arrays are int64 [num_segments].

    `row` is the document's row in the table, `piece` counts from 0 in each document, `num_tokens` are text tokens, and
    `text_begin` and `text_end` are UTF-8 byte positions in the document's text.
    """

    row: npt.NDArray[np.int64]
    piece: npt.NDArray[np.int64]
    num_tokens: npt.NDArray[np.int64]
    text_begin: npt.NDArray[np.int64]
    text_end: npt.NDArray[np.int64]

    def per_document(self, num_documents: int) -> npt.NDArray[np.int64]:
        """Segments of each document, int64 [num_documents]."""
        return np.bincount(self.row, minlength=num_documents)


def document_segments(table: pa.Table) -> Segments:
    """Each document as one segment."""
    zeros = np.zeros(table.num_rows, np.int64)
    return Segments(np.arange(table.num_rows), zeros, np.diff(_bounds(table, "ids")), zeros, _num_bytes(table))


def piece_segments(table: pa.Table) -> Segments:
    """Each piece as one segment; a document without tokens, which has no piece, is one empty segment, so none is lost.

    Raises ValueError when the pieces of a document do not tile its tokens and its text: the splitter is at fault then.
    """
    bounds = _bounds(table, "pieces")
    num_pieces = np.diff(bounds)
    bare = np.flatnonzero(num_pieces == 0)
    pieces = table.column("pieces").combine_chunks().flatten()
    text_ends = _num_bytes(table)
    begin, end, text_begin, text_end = (
        np.insert(pieces.field(name).to_numpy().astype(np.int64), bounds[bare], values)
        for name, values in (("token_begin", 0), ("token_end", 0), ("text_begin", 0), ("text_end", text_ends[bare]))
    )
    counts = np.maximum(num_pieces, 1)
    row, first = np.repeat(np.arange(table.num_rows), counts), np.cumsum(counts) - counts
    _check_tiles(table, "tokens", row, (begin, end), np.diff(_bounds(table, "ids")))
    _check_tiles(table, "text", row, (text_begin, text_end), text_ends)
    return Segments(row, np.arange(len(row)) - first[row], end - begin, text_begin, text_end)


def checked_ids(table: pa.Table, tokenizer: TokenFacts) -> npt.NDArray[np.int32]:
    """Ids of all documents of a table back to back, int32; raises ValueError where one is none of the tokenizer's."""
    ids: npt.NDArray[np.int32] = table.column("ids").combine_chunks().flatten().to_numpy()
    marks = [tokenizer.eod_id, tokenizer.eod_id if tokenizer.bos_id is None else tokenizer.bos_id]
    smallest, largest = min([*marks, *_extremes(ids)]), max([*marks, *_extremes(ids)])
    if smallest < 0 or largest >= tokenizer.vocab_size:
        raise ValueError(f"token ids run from {smallest} to {largest}, but the tokenizer has {tokenizer.vocab_size} ids")
    return ids


def _extremes(ids: npt.NDArray[np.int32]) -> tuple[int, ...]:
    return (int(ids.min()), int(ids.max())) if len(ids) else ()


def ranges(starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """starts[i] .. starts[i] + lengths[i] - 1, for one i after the other.

    [5 0], [2 3] -> [5 6 0 1 2].
    """
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    found: npt.NDArray[np.int64] = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
    return found


def with_marks(
    ids: npt.NDArray[np.int32], num_tokens: npt.NDArray[np.int64], tokenizer: TokenFacts
) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.int64]]:
    """Ids with EOD behind each segment, and BOS before it where asked for, in the shard's dtype; and the new lengths.

    ids [1 2 3] as segments of 2 and 1 with EOD = 0 -> [1 2 0 3 0], [3 2].
    """
    lengths = num_tokens + tokenizer.num_marks
    ends = np.cumsum(lengths)
    tokens = np.empty(int(ends[-1]) if len(ends) else 0, tokenizer.dtype)
    is_text = np.ones(len(tokens), np.bool_)
    is_text[ends - 1] = False
    tokens[ends - 1] = tokenizer.eod_id
    if tokenizer.bos_id is not None:
        is_text[ends - lengths] = False
        tokens[ends - lengths] = tokenizer.bos_id
    tokens[is_text] = ids
    return tokens, lengths


def broken_tiles(
    begin: npt.NDArray[np.int64], end: npt.NDArray[np.int64], is_first: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Where spans do not continue the span before them, or start at 0 where a new run starts, or end before they begin."""
    expected = np.zeros_like(begin)
    expected[1:] = np.where(is_first[1:], 0, end[:-1])
    return np.flatnonzero((begin != expected) | (end < begin))


def _bounds(table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    offsets: npt.NDArray[np.int64] = table.column(name).combine_chunks().offsets.to_numpy()
    return offsets - offsets[:1]  # a slice may keep the offsets of the whole


def _num_bytes(table: pa.Table) -> npt.NDArray[np.int64]:
    num_bytes: npt.NDArray[np.int64] = table.column("num_bytes").combine_chunks().to_numpy()
    return num_bytes


def _check_tiles(
    table: pa.Table,
    what: str,
    row: npt.NDArray[np.int64],
    spans: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    totals: npt.NDArray[np.int64],
) -> None:
    is_first = np.diff(row, prepend=-1) > 0
    is_last = np.diff(row, append=table.num_rows) > 0
    bad_rows = np.concatenate([row[broken_tiles(*spans, is_first)], np.flatnonzero(spans[1][is_last] != totals)])
    if len(bad_rows):
        document = table.column("id")[int(bad_rows.min())].as_py().hex()
        raise ValueError(f"document {document}: its pieces do not tile its {what}; the split step has a defect")
