"""Labels beside tokens: what the sink writes in each layout, what megatron-core reads, and what verification notices."""

import re
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shard_samples import EOD, FILES, PLAIN, WITH_BOS, document_id, table, write

from corpusforge.index import packed
from corpusforge.index.facts import ShardFacts, shard_digests
from corpusforge.index.format import NO_LOSS, Layout, ShardWriter, shard_file
from corpusforge.index.reader import ShardReader, read_lineage
from corpusforge.index.verify import verify_shard
from corpusforge.tokens import LOSS_FIELD

# Of each row its ids, and for each id and the EOD whether loss falls on it; some token of each row is learned.
Rows = list[list[tuple[int, bool]]]

SMALL: Rows = [[(5, False), (6, True), (EOD, True)], [(7, True), (EOD, False)]]
LAYOUTS: list[Layout] = ["documents", "pieces", "packed"]


def row(ids: list[tuple[int, bool]], eod: bool) -> list[tuple[int, bool]]:
    learned = any(bears for _, bears in ids) or eod
    return [*ids[:-1], (ids[-1][0], ids[-1][1] or not learned), (EOD, eod)]


pairs = st.lists(st.tuples(st.integers(0, 99), st.booleans()), min_size=1, max_size=7)
rows = st.lists(st.builds(row, pairs, st.booleans()), min_size=1, max_size=9)


def with_loss(corpus: Rows, first: int = 0) -> pa.Table:
    made = table([[[number for number, _ in each[:-1]]] for each in corpus], first)
    masks = pa.array([[bears for _, bears in each] for each in corpus], LOSS_FIELD.type)
    return made.append_column(LOSS_FIELD, masks)


def found(prefix: Path) -> dict[bytes, list[tuple[int, int]]]:
    """Of each document its tokens, and the labels beside them."""
    tokens, labels = ShardReader(prefix), ShardReader(shard_file(prefix, ".labels"))
    lineage = read_lineage(prefix).to_pylist()
    cuts = {each["document"]: (each["sequence"], slice(each["start"], each["start"] + each["length"])) for each in lineage}
    return {
        document: list(zip(tokens[sequence][cut].tolist(), labels[sequence][cut].tolist(), strict=True))
        for document, (sequence, cut) in cuts.items()
    }


@FILES
@given(rows, rows, st.sampled_from(LAYOUTS), st.sampled_from([1, 2**22]))
def test_a_label_is_its_token_where_loss_falls(one: Rows, two: Rows, layout: Layout, block: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "_BLOCK_TOKENS", block)
        prefix, facts = write(Path(folder), [with_loss(one), with_loss(two, len(one))], layout)
        expected = {
            document_id(number): [(token, token if bears else NO_LOSS) for token, bears in each]
            for number, each in enumerate([*one, *two])
        }
        assert found(prefix) == expected
        assert verify_shard(prefix, facts, PLAIN) == []


def test_the_fill_of_a_row_has_no_label(tmp_path: Path) -> None:
    prefix, _ = write(tmp_path, [with_loss(SMALL)], "packed")
    assert [row.tolist() for row in ShardReader(prefix)] == [[5, 6, 0, 7, 0, 0, 0, 0, 0]]
    labels = ShardReader(shard_file(prefix, ".labels"))
    assert [row.tolist() for row in labels] == [[-100, 6, 0, 7, -100, -100, -100, -100, -100]]
    assert labels.dtype == np.int32


def test_documents_without_loss_have_no_labels(tmp_path: Path) -> None:
    prefix, facts = write(tmp_path, [table([[[5, 6]]])], "documents")
    assert not shard_file(prefix, ".labels.idx").exists()
    assert ".labels.bin" not in facts.files


def test_loss_of_another_length_or_beside_a_bos_stops_the_sink(tmp_path: Path) -> None:
    short = table([[[5, 6]]]).append_column(LOSS_FIELD, pa.array([[True, True]], LOSS_FIELD.type))
    with pytest.raises(ValueError, match="loss is not told for each token and one EOD of every document"):
        write(tmp_path, [short], "documents")
    with pytest.raises(ValueError, match="loss is not told"):
        write(tmp_path, [with_loss(SMALL)], "documents", WITH_BOS)


@pytest.fixture
def shard(tmp_path: Path) -> tuple[Path, ShardFacts]:
    return write(tmp_path, [with_loss(SMALL)], "packed")


# labels, lengths of their sequences, what is said
WRONG = {
    "another token": (
        [-100, 5, 0, 7, -100, -100, -100, -100, -100],
        [9],
        "token 1 of the shard: label 5 is neither -100 nor the",
    ),
    "another length": ([-100, 6, 0, 7], [4], "its sequences are not as long as those of geo-00000.idx"),
    "in the fill": ([-100, 6, 0, 7, -100, 0, -100, -100, -100], [9], "token 5 of the shard: a label in the fill"),
    "nothing learned": ([-100, 6, 0, -100, -100, -100, -100, -100, -100], [9], "sequence 0: a segment has no label"),
}


@pytest.mark.parametrize(("labels", "lengths", "message"), WRONG.values(), ids=WRONG)
def test_wrong_labels_are_found_although_their_digests_agree(
    shard: tuple[Path, ShardFacts], labels: list[int], lengths: list[int], message: str
) -> None:
    prefix, facts = shard
    with ShardWriter(shard_file(prefix, ".labels"), "int32") as writer:
        writer.append(np.array(labels), np.array(lengths), np.ones(len(lengths), np.int64))
    facts = ShardFacts.from_json({**facts.to_json(), "files": shard_digests(prefix)})
    (problem,) = verify_shard(prefix, facts, PLAIN)
    assert re.search(re.escape(message), problem)


def test_lost_labels_are_found(shard: tuple[Path, ShardFacts]) -> None:
    prefix, facts = shard
    shard_file(prefix, ".labels.bin").unlink()
    assert any("labels.bin: no such file" in each for each in verify_shard(prefix, facts, PLAIN))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_megatron_core_reads_both_files(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        megatron = pytest.importorskip("megatron.core.datasets.indexed_dataset", exc_type=ImportError)
    prefix, _ = write(tmp_path, [with_loss(SMALL)], "documents")
    tokens, labels = megatron.IndexedDataset(str(prefix)), megatron.IndexedDataset(str(shard_file(prefix, ".labels")))
    assert [each.tolist() for each in (tokens[0], tokens[1])] == [[5, 6, 0], [7, 0]]
    assert [each.tolist() for each in (labels[0], labels[1])] == [[-100, 6, 0], [7, -100]]
