"""Corpora small enough to check by hand, as the sink gets them, and the sink as a slow, obvious loop."""

from pathlib import Path

import pyarrow as pa
from hypothesis import settings
from hypothesis import strategies as st

from corpusforge.index.facts import ShardFacts
from corpusforge.index.format import Layout
from corpusforge.index.megatron import Megatron
from corpusforge.tokens import IDS_FIELD, PIECES_FIELD, TokenFacts

Corpus = list[list[list[int]]]  # documents, of pieces, of ids; each id stands for two bytes of text

# Each example writes and fsyncs files: no deadline, since a busy disk is no defect.
FILES = settings(deadline=None, max_examples=50)

EOD = 0
PLAIN = TokenFacts(eod_id=EOD, bos_id=None, vocab_size=100, digest="d")
WITH_BOS = TokenFacts(eod_id=EOD, bos_id=1, vocab_size=100, digest="d")

# Tokens of a packed row: of the corpora below, the longest piece has 6 ids and two marks.
ROW = 9

# Two documents: one of two pieces, one of a single token.
SMALL: Corpus = [[[5, 6], [7]], [[8]]]

corpora = st.lists(st.lists(st.lists(st.integers(2, 99), min_size=1, max_size=6), max_size=4), min_size=1, max_size=8)


def document_id(number: int) -> bytes:
    return number.to_bytes(16, "big")


def table(corpus: Corpus, first: int = 0) -> pa.Table:
    """Rows for the sink; documents are numbered from `first`."""
    numbers = range(first, first + len(corpus))
    ids = [[each for piece in document for each in piece] for document in corpus]
    columns = {
        "id": pa.array([document_id(number) for number in numbers], pa.binary(16)),
        "num_bytes": pa.array([2 * len(each) for each in ids], pa.int64()),
        "source": pa.array(["notes"] * len(corpus), pa.string()),
        "origin": pa.array([f"notes.jsonl:{number}" for number in numbers], pa.string()),
        "url": pa.array([""] * len(corpus), pa.string()),
        "license": pa.array(["cc-by-4.0"] * len(corpus), pa.string()),
        "ids": pa.array(ids, IDS_FIELD.type),
        "pieces": pa.array([spans(document) for document in corpus], PIECES_FIELD.type),
    }
    return pa.table(columns)


def spans(document: list[list[int]]) -> list[dict[str, int]]:
    ends = [sum(map(len, document[: count + 1])) for count in range(len(document))]
    return [
        {"token_begin": begin, "token_end": end, "text_begin": 2 * begin, "text_end": 2 * end}
        for begin, end in zip([0, *ends], ends, strict=False)
    ]


def sink(layout: Layout) -> Megatron:
    return Megatron(layout=layout, seq_length=ROW if layout == "packed" else 0)


def write(folder: Path, tables: list[pa.Table], layout: Layout, tokenizer: TokenFacts = PLAIN) -> tuple[Path, ShardFacts]:
    """The shard folder/geo-00000 and its entry in the manifest."""
    folder.mkdir(exist_ok=True)
    tokenizer.write(folder)
    prefix = folder / "geo-00000"
    facts = sink(layout).write(iter(tables), prefix, {"tokenizer": folder})
    return prefix, ShardFacts.of(prefix, facts)


def expected_sequences(corpus: Corpus, layout: Layout, tokenizer: TokenFacts) -> list[list[list[int]]]:
    """Sequences of each document, marks included, by the loop that the sink does not want to be."""
    begin = [] if tokenizer.bos_id is None else [tokenizer.bos_id]
    segments = [
        [[each for piece in document for each in piece]] if layout == "documents" else document or [[]] for document in corpus
    ]
    return [[[*begin, *ids, tokenizer.eod_id] for ids in document] for document in segments]
