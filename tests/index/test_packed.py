"""Packed rows: every piece whole, once, with its lineage; fill behind it; and what verification says of rows gone wrong."""

import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shard_samples import EOD, FILES, PLAIN, ROW, SMALL, WITH_BOS, Corpus, corpora, document_id, sink, table, write

from corpusforge.index import packed
from corpusforge.index.facts import ShardFacts, shard_digests
from corpusforge.index.format import ShardWriter, shard_file
from corpusforge.index.reader import ShardReader, read_lineage, segment_lengths
from corpusforge.index.verify import verify_shard
from corpusforge.tokens import TokenFacts


@pytest.fixture
def shard(tmp_path: Path) -> tuple[Path, ShardFacts]:
    """Row [5 6 0 7 0 8 0] of three pieces and two tokens of fill."""
    return write(tmp_path, [table(SMALL)], "packed")


def rewrite(prefix: Path, tokens: list[int], dtype: str, lengths: list[int]) -> None:
    with ShardWriter(prefix, "int32" if dtype == "int32" else "uint16") as writer:
        writer.append(np.array(tokens), np.array(lengths), np.ones(len(lengths), np.int64))


def digested(prefix: Path, facts: ShardFacts, **changes: object) -> ShardFacts:
    return ShardFacts.from_json({**facts.to_json(), "files": shard_digests(prefix), **changes})


def test_pieces_stand_one_behind_the_other_and_fill_behind_them(shard: tuple[Path, ShardFacts]) -> None:
    prefix, facts = shard
    rows = ShardReader(prefix)
    assert [row.tolist() for row in rows] == [[5, 6, 0, 7, 0, 8, 0, 0, 0]]
    assert [lengths.tolist() for lengths in segment_lengths(prefix, rows)] == [[3, 2, 2]]
    assert (facts.num_sequences, facts.num_segments, facts.num_tokens, facts.num_fill_tokens) == (1, 3, 7, 2)


def test_lineage_names_each_piece_and_leaves_the_fill_out(shard: tuple[Path, ShardFacts]) -> None:
    columns = ("sequence", "start", "length", "document", "piece", "text_begin", "text_end")
    rows = [tuple(row[name] for name in columns) for row in read_lineage(shard[0]).to_pylist()]
    assert rows == [
        (0, 0, 3, document_id(0), 0, 0, 4), (0, 3, 2, document_id(0), 1, 4, 6), (0, 5, 2, document_id(1), 0, 0, 2)
    ]  # fmt: skip


@FILES
@given(corpora, st.sampled_from([PLAIN, WITH_BOS]), st.sampled_from([1, 2**22]))
def test_every_piece_is_in_one_row_whole(corpus: Corpus, tokenizer: TokenFacts, block: int) -> None:
    begin = [] if tokenizer.bos_id is None else [tokenizer.bos_id]
    expected = [[*begin, *piece, EOD] for document in corpus for piece in document or [[]]]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "_BLOCK_TOKENS", block)
        prefix, facts = write(Path(folder), [table(corpus)], "packed", tokenizer)
        rows = ShardReader(prefix)
        found = [
            rows[row["sequence"]][row["start"] : row["start"] + row["length"]].tolist()
            for row in sorted(read_lineage(prefix).to_pylist(), key=lambda row: (row["document"], row["piece"]))
        ]
        assert found == expected
        assert set(rows.lengths.tolist()) == {ROW}
        lengths = [each.tolist() for each in segment_lengths(prefix, rows)]
        assert all(set(row[sum(each) :].tolist()) <= {EOD} for row, each in zip(rows, lengths, strict=True))
    assert facts.num_tokens == sum(map(sum, lengths)) == len(rows) * ROW - facts.num_fill_tokens


def test_a_piece_longer_than_a_row_stops_the_sink(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"pieces have 2 to {ROW + 1} tokens, rows hold 1 to {ROW}"):
        write(tmp_path, [table([[[5] * ROW], [[5]]])], "packed")


def test_a_split_that_allows_longer_pieces_is_no_fit() -> None:
    from corpusforge.split.greedy import Greedy

    assert list(sink("packed").misfits([Greedy(max_tokens=ROW)])) == []
    (line,) = sink("packed").misfits([Greedy(max_tokens=ROW + 1)])
    assert line.startswith(f"seq_length: rows of {ROW} tokens cannot hold pieces of up to {ROW + 1}; set max_tokens")


# ids of the row, lengths of its segments, what is said
ROWS = {
    "id in the fill": ([5, 6, 0, 7, 0, 8, 0, 0, 7], [3, 2, 2], r"\.bin: sequence 0, token 8 of the shard: id 7 in the fill"),
    "ends moved": ([5, 6, 0, 7, 0, 8, 0, 0, 0], [2, 3, 2], r"\.bin: sequence 0 ends with 6, not with EOD 0"),
    "fill in a segment": ([5, 6, 0, 7, 0, 8, 0, 0, 0], [3, 2, 3], r"\.bin: sequence 0, token 6 of the shard: EOD inside"),
    "segment lost": ([5, 6, 0, 7, 0, 8, 0, 0, 0], [3, 2], r"\.idx: num_segments is 2, the manifest says 3"),
    "too long": ([5, 6, 0, 7, 0, 8, 0, 0, 0], [3, 2, 5], r"segments\.bin: row 0: its segments have 10 tokens, the row 9"),
    "other segments": ([5, 0, 6, 7, 0, 8, 0, 0, 0], [2, 3, 2], r"\.docs\.parquet: sequence 0: its segments do not cover"),
}  # fmt: skip


@pytest.mark.parametrize(("ids", "segments", "message"), ROWS.values(), ids=ROWS)
def test_a_wrong_row_is_found_although_its_digests_agree(
    shard: tuple[Path, ShardFacts], ids: list[int], segments: list[int], message: str
) -> None:
    prefix, facts = shard
    rewrite(prefix, ids, "uint16", [ROW])
    rewrite(shard_file(prefix, ".segments"), segments, "int32", [len(segments)])
    assert re.search(message, "\n".join(verify_shard(prefix, digested(prefix, facts), PLAIN)))


def test_rows_of_other_lengths_are_found(shard: tuple[Path, ShardFacts]) -> None:
    prefix, facts = shard
    rewrite(prefix, [5, 6, 0, 7, 0, 8, 0, 0, 0], "uint16", [5, 4])
    rewrite(shard_file(prefix, ".segments"), [3, 2, 2], "int32", [2, 1])
    problems = verify_shard(prefix, digested(prefix, facts), PLAIN)
    assert any(".idx: rows have 4 to 5 tokens, in layout packed all have the same number" in each for each in problems)


def test_segments_of_another_number_of_rows_are_found(shard: tuple[Path, ShardFacts]) -> None:
    prefix, facts = shard
    rewrite(shard_file(prefix, ".segments"), [3, 2, 2], "int32", [2, 1])
    problems = verify_shard(prefix, digested(prefix, facts), PLAIN)
    assert any("segments.idx at 18: it has 2 sequences, one for each of 1 rows" in each for each in problems)


def test_a_document_that_the_lineage_lost_is_found(shard: tuple[Path, ShardFacts]) -> None:
    prefix, facts = shard
    (problem,) = verify_shard(prefix, digested(prefix, facts, num_documents=3), PLAIN)
    assert "it names 2 documents, the manifest says 3" in problem
