import hashlib

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.core import DECISION
from corpusforge.dedup.exact import Exact
from corpusforge.dedup.ids import Ids
from corpusforge.engine.exchange import sorted_records
from corpusforge.text.hashing import content_hashes


def digest(text: str) -> bytes:
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()


def documents(texts: list[str], ranks: list[int]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {
            "id": pa.array([digest(f"id{i}") for i in range(len(texts))], pa.binary(16)),
            "content_hash": content_hashes(pa.array(texts, pa.large_string())),
            "origin": pa.array([f"f:{i}" for i in range(len(texts))]),
            "part": pa.array([0] * len(texts), pa.int32()),
            "row": pa.array(range(len(texts)), pa.int32()),
            "source_rank": pa.array(ranks, pa.int32()),
        }
    )


def dropped(stage: Exact | Ids, batch: pa.RecordBatch) -> dict[int, bytes]:
    records = sorted_records(pa.Table.from_batches([stage.map(batch)]))
    decisions = stage.reduce(records)
    assert decisions.schema == DECISION
    return dict(zip(decisions["row"].to_pylist(), decisions["witness"].to_pylist(), strict=True))


def test_texts_equal_but_for_whitespace_and_composition_are_duplicates() -> None:
    batch = documents(["café  noir\n", "cafe\u0301 noir", "cafe noir"], [0, 0, 0])
    assert len(dropped(Exact(), batch)) == 1


def test_the_earlier_source_stays_whatever_its_id() -> None:
    batch = documents(["same"] * 4, [3, 2, 0, 1])
    assert dropped(Exact(), batch) == {row: batch["id"][2].as_py() for row in (0, 1, 3)}


def test_of_one_source_the_smallest_id_stays() -> None:
    batch = documents(["same"] * 3, [0, 0, 0])
    smallest = min(batch["id"].to_pylist())
    assert set(dropped(Exact(), batch).values()) == {smallest}


@given(st.lists(st.sampled_from(["a", "b", "c", "d e", "d  e"]), max_size=30), st.data())
def test_one_document_of_each_text_stays_and_witnesses_are_kept(texts: list[str], data: st.DataObject) -> None:
    ranks = data.draw(st.lists(st.integers(0, 2), min_size=len(texts), max_size=len(texts)))
    batch = documents(texts, ranks)
    gone = dropped(Exact(), batch)
    kept = [row for row in range(len(texts)) if row not in gone]
    assert len(kept) == len({" ".join(text.split()) for text in texts})
    ids = batch["id"].to_pylist()
    assert all(witness in {ids[row] for row in kept} for witness in gone.values())


def test_an_id_seen_twice_keeps_the_one_that_lies_first_and_names_it() -> None:
    batch = documents(["x", "y"], [0, 0])
    batch = batch.set_column(0, "id", pa.array([digest("same")] * 2, pa.binary(16)))
    records = sorted_records(pa.Table.from_batches([Ids().map(batch)]))
    (row,) = Ids().reduce(records).to_pylist()
    assert (row["row"], row["drop"], row["message"]) == (1, "duplicate_id", "the same as f:0")


def test_no_records_give_no_decisions() -> None:
    batch = documents(["x"], [0]).slice(0, 0)
    assert dropped(Exact(), batch) == {}
