"""Verification: any changed byte is named, and a writer's mistake is found although the digests agree."""

import dataclasses
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shard_samples import FILES, PLAIN, SMALL, WITH_BOS, Corpus, Layout, corpora, document_id, table, write

from corpusforge.index import verify
from corpusforge.index.facts import ShardFacts, shard_digests
from corpusforge.index.format import ShardWriter, shard_file, suffixes
from corpusforge.index.lineage import LINEAGE, LineageWriter
from corpusforge.index.megatron import NUMBERS
from corpusforge.index.reader import read_lineage
from corpusforge.index.verify import documents, verify_shard
from corpusforge.tokens import TokenFacts


@pytest.fixture
def shard(tmp_path: Path) -> tuple[Path, ShardFacts]:
    """Sequences [5 6 0], [7 0] of one document and [8 0] of another."""
    return write(tmp_path, [table(SMALL)], "pieces")


def digested(prefix: Path, facts: ShardFacts, **changes: object) -> ShardFacts:
    """The facts with digests of the files as they are now, as if the writer had made them so."""
    return ShardFacts.from_json({**facts.to_json(), "files": shard_digests(prefix), **changes})


def rewrite(prefix: Path, tokens: list[int], lengths: list[int], documents: list[int]) -> None:
    with ShardWriter(prefix, "uint16") as writer:
        writer.append(np.array(tokens), np.array(lengths), np.array(documents))


def rewrite_lineage(prefix: Path, change: Callable[[dict[str, list[Any]]], None]) -> None:
    columns = read_lineage(prefix).to_pydict()
    change(columns)
    with LineageWriter(shard_file(prefix, ".docs.parquet")) as writer:
        writer.append(pa.table(columns, schema=LINEAGE))


@FILES
@given(corpora, st.sampled_from(["documents", "pieces", "packed"]), st.sampled_from([PLAIN, WITH_BOS]))
def test_what_the_sink_writes_is_sound(corpus: Corpus, layout: Layout, tokenizer: TokenFacts) -> None:
    with tempfile.TemporaryDirectory() as folder:
        prefix, facts = write(Path(folder), [table(corpus)], layout, tokenizer)
        assert verify_shard(prefix, facts, tokenizer) == []


@FILES
@given(corpora, st.sampled_from(["documents", "pieces", "packed"]), st.sampled_from([PLAIN, WITH_BOS]))
def test_documents_give_the_ids_that_went_in(corpus: Corpus, layout: Layout, tokenizer: TokenFacts) -> None:
    with tempfile.TemporaryDirectory() as folder:
        prefix, _ = write(Path(folder), [table(corpus)], layout, tokenizer)
        found = [(document, ids.tolist()) for document, ids in documents(prefix, tokenizer)]
    assert sorted(found) == [
        (document_id(number), [each for piece in pieces for each in piece]) for number, pieces in enumerate(corpus)
    ]


@FILES
@given(st.sampled_from(suffixes("packed")), st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_a_changed_byte_is_named_with_its_file(suffix: str, place: float, change: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        prefix, facts = write(Path(folder), [table(SMALL)], "packed")
        path = shard_file(prefix, suffix)
        content = bytearray(path.read_bytes())
        content[int(place * len(content))] ^= change
        path.write_bytes(content)
        assert any(problem.startswith(f"{path}: ") for problem in verify_shard(prefix, facts, PLAIN))


def is_named(prefix: Path, facts: ShardFacts, path: Path, content: bytes) -> bool:
    path.write_bytes(content)
    return any(problem.startswith(f"{path}: ") for problem in verify_shard(prefix, facts, PLAIN))


@pytest.mark.parametrize(("suffix", "step"), [(".bin", 1), (".idx", 1), (".docs.parquet", 13)])
def test_every_byte_is_covered(shard: tuple[Path, ShardFacts], suffix: str, step: int) -> None:
    prefix, facts = shard
    path = shard_file(prefix, suffix)
    content = path.read_bytes()
    changed = (content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :] for at in range(0, len(content), step))
    assert all(is_named(prefix, facts, path, each) for each in changed)


@pytest.mark.parametrize("suffix", suffixes("pieces"))
def test_a_missing_file_is_named(shard: tuple[Path, ShardFacts], suffix: str) -> None:
    prefix, facts = shard
    shard_file(prefix, suffix).unlink()
    assert f"{shard_file(prefix, suffix)}: no such file" in verify_shard(prefix, facts, PLAIN)[0]


@pytest.mark.parametrize("suffix", suffixes("pieces"))
def test_a_file_cut_short_is_named(shard: tuple[Path, ShardFacts], suffix: str) -> None:
    prefix, facts = shard
    path = shard_file(prefix, suffix)
    path.write_bytes(path.read_bytes()[:-1])
    assert verify_shard(prefix, facts, PLAIN)[0].startswith(f"{path}: {path.stat().st_size} bytes with sha256")


def test_a_file_the_manifest_does_not_know_is_named(shard: tuple[Path, ShardFacts]) -> None:
    prefix, facts = shard
    partial = {suffix: digest for suffix, digest in facts.to_json()["files"].items() if suffix != ".idx"}  # type: ignore[attr-defined]
    (problem,) = verify_shard(prefix, ShardFacts.from_json({**facts.to_json(), "files": partial}), PLAIN)
    assert problem.startswith(f"{shard_file(prefix, '.idx')}: the manifest has no digest of it")


def test_a_changed_id_is_named_with_its_sequence(shard: tuple[Path, ShardFacts]) -> None:
    prefix, facts = shard
    rewrite(prefix, [5, 6, 0, 300, 0, 8, 0], [3, 2, 2], [2, 1])
    problems = verify_shard(prefix, facts, PLAIN)
    assert len(problems) == 2
    assert ".bin: 14 bytes with sha256" in problems[0]
    assert ".bin: sequence 1, token 3 of the shard: id 300, but the tokenizer has 100 ids" in problems[1]


# tokens, lengths, sequences per document, what is said
CONTENT = {
    "no eod": ([5, 6, 9, 7, 0, 8, 0], [3, 2, 2], [2, 1], r"\.bin: sequence 0 ends with 9, not with EOD 0, and so do 0 others"),
    "eod inside": ([5, 0, 0, 7, 0, 8, 0], [3, 2, 2], [2, 1], r"\.bin: sequence 0, token 1 of the shard: EOD inside a text, 1"),
    "smaller ids": ([5, 6, 0, 7, 0, 7, 0], [3, 2, 2], [2, 1], r"\.bin: the largest id is 7, the manifest says 8"),
    "larger ids": ([5, 6, 0, 9, 0, 8, 0], [3, 2, 2], [2, 1], r"\.bin: the largest id is 9, the manifest says 8"),
    "id of no token": ([5, 6, 0, 7, 0, 100, 0], [3, 2, 2], [2, 1], r"\.bin: sequence 2, token 5 of the shard: id 100, but"),
    "token lost": ([5, 0, 7, 0, 8, 0], [2, 2, 2], [2, 1], r"\.idx: num_tokens is 6, the manifest says 7"),
    "sequence lost": ([5, 6, 0, 7, 0], [3, 2], [1, 1], r"\.idx: num_sequences is 2, the manifest says 3"),
    "document lost": ([5, 6, 0, 7, 0, 8, 0], [3, 2, 2], [3], r"\.idx: num_documents is 1, the manifest says 2"),
    "ends moved": ([5, 6, 0, 7, 0, 8, 0], [3, 2, 2], [1, 2], r"\.docs\.parquet: documents do not start at the sequences"),
    "lengths moved": (
        [5, 0, 7, 6, 0, 8, 0],
        [2, 3, 2],
        [2, 1],
        r"\.docs\.parquet: sequence 0: its segments do not cover its 2",
    ),
}


@pytest.mark.parametrize(("tokens", "lengths", "per_document", "message"), CONTENT.values(), ids=CONTENT)
def test_a_wrong_shard_is_found_although_its_digests_agree(
    shard: tuple[Path, ShardFacts], tokens: list[int], lengths: list[int], per_document: list[int], message: str
) -> None:
    prefix, facts = shard
    rewrite(prefix, tokens, lengths, per_document)
    problems = "\n".join(verify_shard(prefix, digested(prefix, facts), PLAIN))
    assert re.search(message, problems)


# column, its new values, what is said
ROWS = {
    "sequence missing": ("sequence", [0, 0, 2], r"its rows do not name sequences 0 to 2, in order"),
    "out of order": ("sequence", [1, 0, 2], r"its rows do not name sequences"),
    "beyond": ("sequence", [0, 1, 3], r"its rows do not name sequences"),
    "late start": ("start", [0, 1, 0], r"sequence 1: its segments do not cover its 2 tokens once"),
    "short": ("length", [3, 1, 2], r"sequence 1: its segments do not cover its 2 tokens once"),
    "long": ("length", [3, 2, 3], r"sequence 2: its segments do not cover its 2 tokens once"),
    "piece twice": ("piece", [0, 0, 0], r"row 1: piece 0 of document 0{32} stands where piece 1 should"),
    "piece from 1": ("piece", [0, 1, 1], r"row 2: piece 1 of document 0{31}1 stands where piece 0 should"),
    "text gap": ("text_begin", [0, 5, 0], r"row 1: bytes 5 to 6 of document 0{32} do not continue the piece before"),
    "text not from 0": ("text_begin", [0, 4, 1], r"row 2: bytes 1 to 2 of document 0{31}1 do not continue"),
    "text backwards": ("text_end", [4, 3, 2], r"row 1: bytes 4 to 3 of document 0{32} do not continue"),
    "another document": ("document", [document_id(n) for n in (0, 5, 1)], r"documents do not start at the sequences that"),
    "document twice": (
        "document",
        [document_id(n) for n in (0, 1, 0)],
        r"the segments of a document do not follow each other: its id",
    ),
}


@pytest.mark.parametrize(("column", "values", "message"), ROWS.values(), ids=ROWS)
def test_wrong_lineage_is_found_although_its_digest_agrees(
    shard: tuple[Path, ShardFacts], column: str, values: list[Any], message: str
) -> None:
    prefix, facts = shard
    rewrite_lineage(prefix, lambda columns: columns.update({column: values}))
    problems = "\n".join(verify_shard(prefix, digested(prefix, facts), PLAIN))
    assert re.search(rf"\.docs\.parquet: {message}", problems)


def test_lineage_that_leaves_out_the_first_token_of_a_sequence_is_found(shard: tuple[Path, ShardFacts]) -> None:
    prefix, facts = shard
    rewrite_lineage(prefix, lambda columns: columns.update(start=[0, 1, 0], length=[3, 1, 2]))
    (problem,) = verify_shard(prefix, digested(prefix, facts), PLAIN)
    assert "sequence 1: its segments do not cover its 2 tokens once" in problem


def test_tokens_are_checked_the_same_in_blocks_of_any_size(
    shard: tuple[Path, ShardFacts], monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix, facts = shard
    rewrite(prefix, [5, 6, 0, 7, 0, 0, 0, 100, 0], [3, 2, 2, 2], [2, 2])
    whole = verify_shard(prefix, digested(prefix, facts), PLAIN)
    monkeypatch.setattr(verify, "_BLOCK", 4)
    assert verify_shard(prefix, digested(prefix, facts), PLAIN) == whole
    assert any("sequence 2, token 5 of the shard: EOD inside a text, 1 in all" in problem for problem in whole)
    assert any("sequence 3, token 7 of the shard: id 100" in problem for problem in whole)


def test_lineage_that_stops_early_is_found(shard: tuple[Path, ShardFacts]) -> None:
    prefix, facts = shard
    rewrite_lineage(prefix, lambda columns: columns.update({name: values[:2] for name, values in columns.items()}))
    problems = verify_shard(prefix, digested(prefix, facts), PLAIN)
    assert "its rows do not name sequences 0 to 2" in problems[0]


def test_lineage_without_rows_is_found(shard: tuple[Path, ShardFacts]) -> None:
    prefix, facts = shard
    rewrite_lineage(prefix, lambda columns: columns.update({name: [] for name in columns}))
    (problem,) = verify_shard(prefix, digested(prefix, facts), PLAIN)
    assert problem.startswith(f"{shard_file(prefix, '.docs.parquet')}: it has no rows")


def test_lineage_of_another_kind_is_found(shard: tuple[Path, ShardFacts]) -> None:
    prefix, facts = shard
    shard_file(prefix, ".docs.parquet").write_bytes(b"x" * 100)
    (problem,) = verify_shard(prefix, digested(prefix, facts), PLAIN)
    assert problem.startswith(f"{shard_file(prefix, '.docs.parquet')}: not a readable Parquet file")


def test_a_sequence_without_bos_is_found(shard: tuple[Path, ShardFacts]) -> None:
    prefix, facts = shard
    problems = verify_shard(prefix, facts, WITH_BOS)
    assert any(".bin: sequence 0 starts with 5, not with BOS 1, and so do 2 others" in problem for problem in problems)


def test_a_sequence_too_short_for_its_marks_is_found(shard: tuple[Path, ShardFacts]) -> None:
    prefix, facts = shard
    rewrite(prefix, [5, 6, 7, 0, 8, 0, 0], [4, 1, 2], [2, 1])
    problems = verify_shard(prefix, digested(prefix, facts), WITH_BOS)
    assert any(".bin: sequence 1 has 1 tokens, no room for EOD and BOS" in problem for problem in problems)


def test_a_tokenizer_with_one_mark_for_both_ends_is_sound(tmp_path: Path) -> None:
    both = TokenFacts(eod_id=0, bos_id=0, vocab_size=100, digest="d")
    prefix, facts = write(tmp_path, [table(SMALL)], "pieces", both)
    assert verify_shard(prefix, facts, both) == []


def test_another_vocabulary_is_found_by_its_dtype(shard: tuple[Path, ShardFacts]) -> None:
    prefix, facts = shard
    (problem,) = verify_shard(prefix, facts, dataclasses.replace(PLAIN, vocab_size=65_500))
    assert ".idx: ids are uint16, 65500 ids need int32" in problem


@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (70, 1, "document indices run from 1 to 3, not from 0 to 3"),
        (78, 0, "document index 0: 0 is followed by 0, so the document has no sequence"),
        (78, 9, "document index 1: 9 is followed by 3, so the document has no sequence"),
        (86, 9, "document indices run from 0 to 9, not from 0 to 3"),
    ],
)
def test_document_indices_that_skip_or_fall_are_found(
    shard: tuple[Path, ShardFacts], position: int, value: int, message: str
) -> None:
    prefix, facts = shard
    path = shard_file(prefix, ".idx")
    content = bytearray(path.read_bytes())
    content[position] = value
    path.write_bytes(content)
    problems = verify_shard(prefix, digested(prefix, facts), PLAIN)
    assert any(problem.startswith(f"{path}: {message}") for problem in problems)


def test_pieces_are_not_taken_for_documents(shard: tuple[Path, ShardFacts]) -> None:
    prefix, facts = shard
    (problem,) = verify_shard(prefix, digested(prefix, facts, layout="documents"), PLAIN)
    assert ".idx: 3 sequences for 2 documents in layout documents" in problem


@pytest.mark.parametrize("name", ["dtype", *NUMBERS])
def test_a_fact_that_is_not_so_is_named(shard: tuple[Path, ShardFacts], name: str) -> None:
    prefix, facts = shard
    wrong = {"dtype": "int32"}.get(name, 50)
    (problem,) = verify_shard(prefix, digested(prefix, facts, **{name: wrong}), PLAIN)
    assert f"the manifest says {wrong}" in problem
