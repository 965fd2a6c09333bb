"""Shared paragraphs: what goes is what the slow and obvious way takes out, and nothing is lost that only one document has."""

import random
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
import paragraph_oracle
import strategies
from paragraph_oracle import Document, Left

from corpusforge.core import Desk
from corpusforge.dedup.paragraph import Paragraph
from corpusforge.engine.exchange import partition_by_key, sorted_records
from corpusforge.text.cut import cut_spans

NOWHERE = Path("nowhere")

# What many documents share, written in several ways; and what parts it.
SHARED = (
    "Released under CC BY 4.0.", "RELEASED under  CC BY 4.0.", "本文由编译组原创，荣誉推出", "Abstract", "}", "Fig. 1",
    "a list:\n- one\n- two", "ＣＣ　ＢＹ", "CC BY",
)  # fmt: skip
GAPS = ("\n", "\n\n", "\n\n\n", "\r\n", "\r\n\r\n", "\n \n", " \n\t\n ")

texts = st.lists(
    st.tuples(st.one_of(st.sampled_from(SHARED), strategies.phrases, strategies.any_unicode), st.sampled_from(GAPS)), max_size=8
).map(lambda some: "".join(text + gap for text, gap in some))
collections = st.lists(st.tuples(st.integers(0, 1), st.one_of(texts, texts.map(str.strip))), max_size=8)
settings_of_stage = st.fixed_dictionaries(
    {
        "unit": st.sampled_from(["paragraph", "line"]),
        "min_documents": st.integers(2, 3),
        "min_words": st.integers(1, 4),
        "keep": st.sampled_from(["first", "none"]),
        "scope": st.sampled_from(["corpus", "source"]),
        "min_words_left": st.just(1),
    }
)


def documents_of(collection: Sequence[tuple[int, str]]) -> list[Document]:
    """With ids whose order is not that of the collection."""
    numbers = random.Random(1)
    return [Document(rank, numbers.randbytes(16), text) for rank, text in collection]


def batch(part: int, some: Sequence[tuple[int, Document]]) -> pa.RecordBatch:
    columns = {
        "text": pa.array([each.text for _, each in some], pa.large_string()),
        "id": pa.array([each.id for _, each in some], pa.binary(16)),
        "part": pa.array([part] * len(some), pa.int32()),
        "row": pa.array([row for row, _ in some], pa.int32()),
        "source_rank": pa.array([each.rank for _, each in some], pa.int32()),
    }
    return pa.RecordBatch.from_pydict(columns)


def revised(
    stage: Paragraph, documents: Sequence[Document], part_size: int = 3, batch_size: int = 2, num_partitions: int = 2
) -> dict[bytes, Left]:
    """What becomes of each document, through all rounds: parts are of one source, their rows in the order given."""
    ordered = sorted(documents, key=lambda each: each.rank)
    of_source = [[each for each in ordered if each.rank == rank] for rank in (0, 1)]
    parts = [some[i : i + part_size] for some in of_source for i in range(0, len(some), part_size)]
    numbered = [[(2 * row, each) for row, each in enumerate(part)] for part in parts]
    batches = [
        [batch(number, part[i : i + batch_size]) for i in range(0, len(part), batch_size)]
        for number, part in enumerate(numbered)
    ]
    mark, find, cut = stage.rounds()
    if not parts:
        return {}
    marked = [
        mark.work(Desk(number, pa.table({}), lambda columns, some=some: iter(some), NOWHERE, NOWHERE))
        for number, some in enumerate(batches)
    ]
    records = pa.concat_tables(marked)
    slots = pa.array(partition_by_key(records, num_partitions))
    shared = pa.concat_tables(
        find.work(Desk(slot, sorted_records(records.filter(pc.equal(slots, slot))), lambda columns: iter(()), NOWHERE, NOWHERE))
        for slot in range(num_partitions)
    )
    left = {each.id: Left(each.text) for each in documents}
    for number, some in enumerate(batches):
        own = sorted_records(shared.filter(pc.equal(shared["key"], number)))
        for row in cut.work(Desk(number, own, lambda columns, some=some: iter(some), NOWHERE, NOWHERE)).to_pylist():
            document = dict(numbered[number])[row["row"]]
            left[document.id] = left_of(stage, document, row)
    return left


def left_of(stage: Paragraph, document: Document, row: dict[str, object]) -> Left:
    edits = row["edits"]
    assert isinstance(edits, list)
    assert {edit["reason"] for edit in edits} == {f"repeated_{stage.unit}"}
    data = document.text.encode()
    text, _ = cut_spans(document.text, [(edit["begin"], edit["end"]) for edit in edits])
    owners = [(data[edit["begin"] : edit["end"]].decode().strip("\r\n"), edit["owner"]) for edit in edits]
    is_gone = row["drop"] == "too_little_left"
    assert row["threshold"] == (stage.min_words_left if is_gone else None)
    value, witness = row["value"], row["witness"]
    assert witness is None or isinstance(witness, bytes)
    return Left(text, owners, int(value) if isinstance(value, float) else -1, is_gone, witness)


@given_settings(deadline=None)
@given(collections, settings_of_stage)
def test_what_goes_is_what_the_slow_way_takes_out(collection: list[tuple[int, str]], chosen: dict[str, object]) -> None:
    documents = documents_of(collection)
    found = revised(Paragraph(**chosen), documents)
    for each, expected in paragraph_oracle.without_shared(documents, **chosen).items():
        assert found[each].text == expected.text
        assert [owner for _, owner in found[each].owners] == [owner for _, owner in expected.owners]
        assert found[each].is_gone == expected.is_gone
        if expected.is_gone:
            assert found[each].words == expected.words


@given_settings(deadline=None)
@given(collections, settings_of_stage)
def test_neither_parts_nor_batches_nor_partitions_nor_order_change_anything(
    collection: list[tuple[int, str]], chosen: dict[str, object]
) -> None:
    documents = documents_of(collection)
    stage = Paragraph(**chosen)
    assert revised(stage, documents) == revised(stage, documents[::-1], part_size=5, batch_size=1, num_partitions=7)


def long_units(stage: Paragraph, text: str) -> list[str]:
    units = paragraph_oracle.pieces(text, stage.unit)[0]
    return [paragraph_oracle.folded(each) for each in units if paragraph_oracle.oracle.num_words(each) >= stage.min_words]


@given_settings(deadline=None)
@given(collections, st.sampled_from(["paragraph", "line"]), st.integers(1, 3))
def test_what_is_cut_stays_once_in_a_document_that_stays(collection: list[tuple[int, str]], unit: str, min_words: int) -> None:
    stage = Paragraph(unit=unit, min_documents=2, min_words=min_words, min_words_left=min_words)
    documents = documents_of(collection)
    found = revised(stage, documents)
    kept = {each: long_units(stage, left.text) for each, left in found.items() if not left.is_gone}
    for left in found.values():
        for text, owner in left.owners:
            assert kept[owner].count(paragraph_oracle.folded(text)) == 1
            assert sum(some.count(paragraph_oracle.folded(text)) for some in kept.values()) == 1
    assert {text for each in documents for text in long_units(stage, each.text)} == {
        text for some in kept.values() for text in some
    }


@given_settings(deadline=None)
@given(collections, settings_of_stage)
def test_a_second_time_nothing_is_cut(collection: list[tuple[int, str]], chosen: dict[str, object]) -> None:
    stage = Paragraph(**chosen)
    documents = documents_of(collection)
    left = revised(stage, documents)
    again = [Document(each.rank, each.id, left[each.id].text) for each in documents if not left[each.id].is_gone]
    assert all(each.owners == [] for each in revised(stage, again).values())


LICENCE = "This work is released under the terms of a free licence."


def cut_of(*some: str, **settings: object) -> list[Left]:
    documents = [Document(0, bytes([number] * 16), text) for number, text in enumerate(some)]
    return list(revised(Paragraph(**settings), documents).values())


def test_three_documents_share_boilerplate_two_a_quotation() -> None:
    own = [f"Granite number {number} has a story of its own." for number in range(3)]
    assert [left.text for left in cut_of(*(f"{text}\n\n{LICENCE}\n" for text in own))] == [
        f"{own[0]}\n\n{LICENCE}\n", f"{own[1]}\n", f"{own[2]}\n",
    ]  # fmt: skip
    assert [left.owners for left in cut_of(*(f"{text}\n\n{LICENCE}\n" for text in own[:2]))] == [[], []]


def test_headings_and_brackets_are_too_short_to_go() -> None:
    assert all(left.owners == [] for left in cut_of(*["Abstract\n\n}\n\n参考文献\n\n\\end{document}"] * 9))


def test_further_copies_in_the_owner_go_and_what_one_document_repeats_stays() -> None:
    first, second, alone = cut_of(
        f"{LICENCE}\n\nA\n\n{LICENCE}", f"B\n\n{LICENCE}", "C c C c C\n\nC c C c C", min_documents=2, min_words=5
    )
    assert (first.text, second.text, alone.text) == (f"{LICENCE}\n\nA", "B", "C c C c C\n\nC c C c C")


def test_a_document_of_which_too_little_is_left_goes_and_names_the_owner_of_most() -> None:
    longer = f"{LICENCE} {LICENCE}"
    gone = cut_of(LICENCE, f"{longer}\n\nGranite.", f"Title\n\n{LICENCE}\n\n{longer}", min_documents=2)[2]
    assert (gone.is_gone, gone.words, gone.witness) == (True, 1, bytes([1] * 16))


def test_pure_boilerplate_goes_from_its_owner_too_and_then_nobody_is_a_witness() -> None:
    found = cut_of(*[f"Own words {number}, of which there are some.\n\n{LICENCE}" for number in range(3)], LICENCE, keep="none")
    assert [left.text for left in found[:3]] == [f"Own words {number}, of which there are some." for number in range(3)]
    assert (found[3].is_gone, found[3].witness) == (True, None)


def test_what_all_pages_of_a_part_share_is_sent_once() -> None:
    pages = [(row, Document(0, row.to_bytes(16, "big"), LICENCE)) for row in range(500)]
    marked = Paragraph().rounds()[0].work(Desk(0, pa.table({}), lambda columns: iter([batch(0, pages)]), NOWHERE, NOWHERE))
    assert marked["num_documents"].to_pylist() == [500]
    assert marked["id_low"].to_pylist() == [0]


def test_an_owner_that_could_be_rejected_is_refused() -> None:
    with pytest.raises(ValueError, match="min_words_left, 5, is above min_words, 4"):
        Paragraph(min_words=4)
