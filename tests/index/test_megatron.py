"""The sink: sequences, marks, document ends and lineage, against hand-made values and a slow loop."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from shard_samples import (
    FILES,
    PLAIN,
    SMALL,
    WITH_BOS,
    Corpus,
    Layout,
    corpora,
    document_id,
    expected_sequences,
    spans,
    table,
    write,
)

from corpusforge.index.lineage import LINEAGE, ROW_GROUP
from corpusforge.index.megatron import Megatron
from corpusforge.index.reader import ShardReader, read_lineage
from corpusforge.tokens import PIECES_FIELD, TokenFacts

layouts = st.sampled_from(["documents", "pieces"])
tokenizers = st.sampled_from([PLAIN, WITH_BOS])


def sequences(prefix: Path) -> list[list[int]]:
    return [ids.tolist() for ids in ShardReader(prefix)]


def files(prefix: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in prefix.parent.glob(f"{prefix.name}.*")}


def lineage(prefix: Path, *columns: str) -> list[tuple[object, ...]]:
    return [tuple(row[name] for name in columns) for row in read_lineage(prefix).to_pylist()]


def test_in_layout_documents_each_document_is_one_sequence(tmp_path: Path) -> None:
    prefix, _ = write(tmp_path, [table(SMALL)], "documents")
    assert sequences(prefix) == [[5, 6, 7, 0], [8, 0]]
    assert ShardReader(prefix).document_indices.tolist() == [0, 1, 2]


def test_in_layout_pieces_each_piece_is_one_sequence(tmp_path: Path) -> None:
    prefix, _ = write(tmp_path, [table(SMALL)], "pieces")
    assert sequences(prefix) == [[5, 6, 0], [7, 0], [8, 0]]
    assert ShardReader(prefix).document_indices.tolist() == [0, 2, 3]


def test_bos_starts_each_sequence_where_the_tokenizer_has_one(tmp_path: Path) -> None:
    prefix, _ = write(tmp_path, [table(SMALL)], "pieces", WITH_BOS)
    assert sequences(prefix) == [[1, 5, 6, 0], [1, 7, 0], [1, 8, 0]]


def test_facts_count_with_and_without_marks(tmp_path: Path) -> None:
    WITH_BOS.write(tmp_path)
    facts = Megatron(layout="pieces").write(iter([table(SMALL)]), tmp_path / "s", {"tokenizer": tmp_path})
    assert facts == {
        "num_documents": 2,
        "num_sequences": 3,
        "num_segments": 3,
        "num_tokens": 10,
        "num_fill_tokens": 0,
        "num_text_tokens": 4,
        "max_id": 8,
        "dtype": "uint16",
        "layout": "pieces",
    }


def test_the_largest_id_may_be_a_mark(tmp_path: Path) -> None:
    _, facts = write(tmp_path, [table(SMALL)], "documents", TokenFacts(eod_id=99, bos_id=None, vocab_size=100, digest="d"))
    assert facts.max_id == 99


def test_lineage_of_pieces_leads_to_bytes_of_the_text(tmp_path: Path) -> None:
    prefix, _ = write(tmp_path, [table(SMALL)], "pieces", WITH_BOS)
    assert lineage(prefix, "sequence", "start", "length", "document", "piece", "text_begin", "text_end") == [
        (0, 0, 4, document_id(0), 0, 0, 4),
        (1, 0, 3, document_id(0), 1, 4, 6),
        (2, 0, 3, document_id(1), 0, 0, 2),
    ]


def test_lineage_of_documents_covers_the_whole_text(tmp_path: Path) -> None:
    prefix, _ = write(tmp_path, [table(SMALL)], "documents")
    assert lineage(prefix, "sequence", "length", "document", "piece", "text_begin", "text_end") == [
        (0, 4, document_id(0), 0, 0, 6),
        (1, 2, document_id(1), 0, 0, 2),
    ]


def test_lineage_says_where_each_document_comes_from(tmp_path: Path) -> None:
    prefix, _ = write(tmp_path, [table(SMALL)], "pieces")
    assert lineage(prefix, "source", "origin", "url", "license") == [
        ("notes", "notes.jsonl:0", "", "cc-by-4.0"),
        ("notes", "notes.jsonl:0", "", "cc-by-4.0"),
        ("notes", "notes.jsonl:1", "", "cc-by-4.0"),
    ]


def test_lineage_has_its_schema(tmp_path: Path) -> None:
    prefix, _ = write(tmp_path, [table(SMALL)], "pieces")
    assert read_lineage(prefix).schema.equals(LINEAGE)


@pytest.mark.parametrize("layout", ["documents", "pieces"])
def test_a_document_without_tokens_keeps_its_place_as_a_bare_eod(tmp_path: Path, layout: Layout) -> None:
    prefix, facts = write(tmp_path, [table([[], [[5]], [], []])], layout)
    assert sequences(prefix) == [[0], [5, 0], [0], [0]]
    assert (facts.num_documents, facts.num_text_tokens) == (4, 1)
    assert [row[0] for row in lineage(prefix, "document")] == [document_id(number) for number in range(4)]


@FILES
@given(corpora, layouts, tokenizers)
def test_sequences_are_those_of_a_slow_loop(corpus: Corpus, layout: Layout, tokenizer: TokenFacts) -> None:
    expected = expected_sequences(corpus, layout, tokenizer)
    with tempfile.TemporaryDirectory() as folder:
        prefix, facts = write(Path(folder), [table(corpus)], layout, tokenizer)
        assert sequences(prefix) == [ids for document in expected for ids in document]
        assert np.diff(ShardReader(prefix).document_indices).tolist() == [len(document) for document in expected]
    assert facts.num_text_tokens == sum(len(piece) for document in corpus for piece in document)


@FILES
@given(corpora, st.sampled_from(["documents", "pieces", "packed"]), st.data())
def test_the_bytes_do_not_depend_on_the_tables(corpus: Corpus, layout: Layout, data: st.DataObject) -> None:
    whole = table(corpus)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(corpus)), max_size=4)))
    parts = [whole.slice(begin, end - begin) for begin, end in zip([0, *cuts], [*cuts, len(corpus)], strict=True)]
    chunked = pa.concat_tables([table(corpus[:1]), table(corpus[1:], first=1)])
    with tempfile.TemporaryDirectory() as folder:
        expected = files(write(Path(folder) / "a", [whole], layout)[0])
        assert files(write(Path(folder) / "b", parts, layout)[0]) == expected
        assert files(write(Path(folder) / "c", [chunked], layout)[0]) == expected


def test_row_groups_of_the_lineage_do_not_depend_on_the_tables(tmp_path: Path) -> None:
    rows = table([[[5]]] * (ROW_GROUP + 100))
    urls = pa.array([f"https://example.org/{number:060d}" for number in range(rows.num_rows)])  # several pages in a group
    whole = rows.set_column(rows.column_names.index("url"), "url", urls)
    parts = [whole.slice(begin, 30_000) for begin in range(0, whole.num_rows, 30_000)]
    expected = files(write(tmp_path / "a", [whole], "pieces")[0])
    prefix = write(tmp_path / "b", parts, "pieces")[0]
    assert files(prefix) == expected
    assert read_lineage(prefix)["sequence"].to_pylist() == list(range(ROW_GROUP + 100))


@pytest.mark.parametrize("tables", [[], [table([])]])
def test_a_shard_without_rows_is_not_written(tmp_path: Path, tables: list[pa.Table]) -> None:
    PLAIN.write(tmp_path)
    facts = Megatron(layout="pieces").write(iter(tables), tmp_path / "s", {"tokenizer": tmp_path})
    assert facts["num_documents"] == facts["num_sequences"] == facts["num_tokens"] == facts["max_id"] == 0
    assert list(tmp_path.glob("s.*")) == []


@pytest.mark.parametrize(
    ("vocab_size", "dtype", "code"),
    [(65_499, "uint16", 8), (65_500, "int32", 4), (65_535, "int32", 4), (65_536, "int32", 4), (65_537, "int32", 4)],
)
def test_the_dtype_follows_the_vocabulary_and_holds_its_last_id(tmp_path: Path, vocab_size: int, dtype: str, code: int) -> None:
    tokenizer = TokenFacts(eod_id=7, bos_id=None, vocab_size=vocab_size, digest="d")
    prefix, facts = write(tmp_path, [table([[[0, vocab_size - 1]]])], "pieces", tokenizer)
    assert (facts.dtype, facts.max_id, prefix.with_name("geo-00000.idx").read_bytes()[17]) == (dtype, vocab_size - 1, code)
    assert sequences(prefix) == [[0, vocab_size - 1, 7]]


@pytest.mark.parametrize("wrong", [100, -1])
def test_an_id_outside_the_vocabulary_stops_the_sink(tmp_path: Path, wrong: int) -> None:
    with pytest.raises(ValueError, match=rf"{wrong}.*but the tokenizer has 100 ids"):
        write(tmp_path, [table([[[5, wrong]]])], "documents")


def test_a_mark_outside_the_vocabulary_stops_the_sink(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="100, but the tokenizer has 100 ids"):
        write(tmp_path, [table(SMALL)], "documents", TokenFacts(eod_id=100, bos_id=None, vocab_size=100, digest="d"))


# What the first document of SMALL (tokens 0-2-3, text 0-4-6) may wrongly be cut into; second part of the message
CUTS = {
    "gap": ([(0, 1, 0, 4), (2, 3, 4, 6)], "tokens"),
    "overlap": ([(0, 2, 0, 4), (1, 3, 4, 6)], "tokens"),
    "tail lost": ([(0, 2, 0, 6)], "tokens"),
    "head lost": ([(1, 3, 0, 6)], "tokens"),
    "too long": ([(0, 4, 0, 6)], "tokens"),
    "backwards": ([(0, 3, 0, 4), (3, 2, 4, 6), (2, 3, 6, 6)], "tokens"),
    "no pieces": ([], "tokens"),
    "text gap": ([(0, 2, 0, 3), (2, 3, 4, 6)], "text"),
    "text tail lost": ([(0, 2, 0, 4), (2, 3, 4, 5)], "text"),
}


@pytest.mark.parametrize(("cut", "what"), CUTS.values(), ids=CUTS)
def test_pieces_that_do_not_tile_their_document_stop_the_sink(
    tmp_path: Path, cut: list[tuple[int, int, int, int]], what: str
) -> None:
    names = ("token_begin", "token_end", "text_begin", "text_end")
    pieces = pa.array([[dict(zip(names, each, strict=True)) for each in cut], spans(SMALL[1])], PIECES_FIELD.type)
    rows = table(SMALL)
    with pytest.raises(ValueError, match=rf"document 0{{32}}: its pieces do not tile its {what}"):
        write(tmp_path, [rows.set_column(rows.column_names.index("pieces"), PIECES_FIELD, pieces)], "pieces")


def test_the_second_of_two_documents_is_named_when_it_is_at_fault(tmp_path: Path) -> None:
    rows = table(SMALL)
    pieces = pa.array([spans(SMALL[0]), []], PIECES_FIELD.type)
    with pytest.raises(ValueError, match=r"document 0{31}1: its pieces"):
        write(tmp_path, [rows.set_column(rows.column_names.index("pieces"), PIECES_FIELD, pieces)], "pieces")


def test_only_layout_pieces_needs_pieces(tmp_path: Path) -> None:
    assert Megatron(layout="pieces").required() == ("ids", "pieces", "tokenizer")
    assert Megatron(layout="documents").required() == ("ids", "tokenizer")
    assert write(tmp_path, [table(SMALL).drop_columns(["pieces"])], "documents")[1].num_sequences == 2


@pytest.mark.parametrize("settings", [{}, {"layout": "padded"}, {"layout": "packed"}, {"layout": "pieces", "seq_length": 8}])
def test_the_layout_is_chosen_from_what_there_is(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="layout"):
        Megatron(**settings)
