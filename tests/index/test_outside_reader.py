"""megatron-core, the program our shards are for, writes the same bytes from the same ids and reads ours back.

Its import takes seconds and warns (no Transformer Engine, no Apex), which is why it happens in a fixture. Its readers are held
in a variable for as long as their arrays are used: they close the map under them when they go (training.md 1.2, trap 11).
"""

import warnings
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from shard_samples import ROW, SMALL, WITH_BOS, Corpus, Layout, expected_sequences, table, write

from corpusforge.index.reader import ShardReader, segment_lengths
from corpusforge.tokens import TokenFacts, token_dtype

# Its builder hands torch tensors to numpy in a way that numpy 2.4 warns of.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")]


def random_corpus(num_documents: int, vocab_size: int) -> Corpus:
    """Documents of 0 to 5 pieces of 1 to 40 ids below `vocab_size`, none of them 0, which is EOD."""
    random = np.random.default_rng(7)
    return [
        [random.integers(1, vocab_size, random.integers(1, 41)).tolist() for _ in range(random.integers(0, 6))]
        for _ in range(num_documents)
    ]


@pytest.fixture(scope="module")
def megatron() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("megatron.core.datasets.indexed_dataset", exc_type=ImportError)


def build(megatron: ModuleType, folder: Path, documents: list[list[list[int]]], vocab_size: int) -> dict[str, bytes]:
    """The same documents, each a list of sequences, through megatron-core's own builder."""
    import torch

    builder = megatron.IndexedDatasetBuilder(str(folder / "m.bin"), dtype=megatron.DType.optimal_dtype(vocab_size))
    for document in documents:
        ids = torch.tensor([each for sequence in document for each in sequence], dtype=torch.int64)
        builder.add_document(ids, [len(sequence) for sequence in document])
    builder.finalize(str(folder / "m.idx"))
    return {suffix: (folder / f"m{suffix}").read_bytes() for suffix in (".bin", ".idx")}


def ours(prefix: Path) -> dict[str, bytes]:
    return {suffix: prefix.with_name(f"{prefix.name}{suffix}").read_bytes() for suffix in (".bin", ".idx")}


@pytest.mark.parametrize("layout", ["documents", "pieces"])
@pytest.mark.parametrize("bos_id", [None, 2])
@pytest.mark.parametrize("vocab_size", [100, 65_499, 65_500, 65_535, 65_536, 150_000])
def test_the_bytes_are_those_of_its_builder(
    megatron: ModuleType, tmp_path: Path, layout: Layout, bos_id: int | None, vocab_size: int
) -> None:
    tokenizer = TokenFacts(eod_id=0, bos_id=bos_id, vocab_size=vocab_size, digest="d")
    corpus: Corpus = [*random_corpus(200, vocab_size), [[vocab_size - 1]], [[1]]]
    prefix, _ = write(tmp_path, [table(corpus)], layout, tokenizer)
    assert ours(prefix) == build(megatron, tmp_path, expected_sequences(corpus, layout, tokenizer), vocab_size)


def test_the_bytes_are_those_of_sequences_added_one_by_one(megatron: ModuleType, tmp_path: Path) -> None:
    import torch

    prefix, _ = write(tmp_path, [table(SMALL)], "pieces")
    builder = megatron.IndexedDatasetBuilder(str(tmp_path / "m.bin"), dtype=np.uint16)
    builder.add_item(torch.tensor([5, 6, 0]))
    builder.add_item(torch.tensor([7, 0]))
    builder.end_document()
    builder.add_item(torch.tensor([8, 0]))
    builder.end_document()
    builder.finalize(str(tmp_path / "m.idx"))
    assert ours(prefix) == {suffix: (tmp_path / f"m{suffix}").read_bytes() for suffix in (".bin", ".idx")}


@pytest.mark.parametrize("vocab_size", [1, 65_499, 65_500, 65_535, 65_536, 65_537, 10**6])
def test_the_rule_for_the_dtype_is_its_rule(megatron: ModuleType, vocab_size: int) -> None:
    assert np.dtype(megatron.DType.optimal_dtype(vocab_size)) == np.dtype(token_dtype(vocab_size))


@pytest.mark.parametrize("vocab_size", [65_499, 65_500])
def test_it_reads_our_shards(megatron: ModuleType, tmp_path: Path, vocab_size: int) -> None:
    tokenizer = TokenFacts(eod_id=0, bos_id=None, vocab_size=vocab_size, digest="d")
    corpus = random_corpus(300, vocab_size)
    prefix, _ = write(tmp_path, [table(corpus)], "pieces", tokenizer)
    dataset = megatron.IndexedDataset(str(prefix))
    expected = expected_sequences(corpus, "pieces", tokenizer)
    assert [dataset[number].tolist() for number in range(len(dataset))] == [ids for each in expected for ids in each]
    assert np.diff(dataset.document_indices).tolist() == [len(each) for each in expected]


def test_we_read_what_it_merges(megatron: ModuleType, tmp_path: Path) -> None:
    first, _ = write(tmp_path / "a", [table(SMALL)], "pieces")
    second, _ = write(tmp_path / "b", [table(SMALL[::-1])], "pieces")
    builder = megatron.IndexedDatasetBuilder(str(tmp_path / "m.bin"), dtype=np.uint16)
    builder.add_index(str(first))
    builder.add_index(str(second))
    builder.finalize(str(tmp_path / "m.idx"))
    reader = ShardReader(tmp_path / "m")
    assert [ids.tolist() for ids in reader] == [[5, 6, 0], [7, 0], [8, 0], [8, 0], [5, 6, 0], [7, 0]]
    assert reader.document_indices.tolist() == [0, 2, 3, 4, 6]


def test_we_read_its_multimodal_shards(megatron: ModuleType, tmp_path: Path) -> None:
    import torch

    builder = megatron.IndexedDatasetBuilder(str(tmp_path / "m.bin"), dtype=np.int32, multimodal=True)
    builder.add_document(torch.tensor([1, 2, 3]), [2, 1], [0, 1])
    builder.finalize(str(tmp_path / "m.idx"))
    assert [ids.tolist() for ids in ShardReader(tmp_path / "m")] == [[1, 2], [3]]


def test_its_gpt_dataset_draws_whole_documents_from_our_shards(megatron: ModuleType, tmp_path: Path) -> None:
    from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig
    from megatron.core.datasets.utils import Split

    corpus = random_corpus(40, 100)
    prefix, facts = write(tmp_path, [table(corpus)], "documents", WITH_BOS)
    tokenizer = SimpleNamespace(
        vocab_size=100, eod=0, pad=-1, eos=0, special_tokens_dict={}, unique_identifiers={"class": "none"}
    )
    config = GPTDatasetConfig(
        random_seed=1, sequence_length=16, blend=([str(prefix)], None), split="1,0,0", tokenizer=tokenizer,
        reset_position_ids=False, reset_attention_mask=False, eod_mask_loss=False,
    )  # fmt: skip
    indexed = megatron.IndexedDataset(str(prefix))
    dataset = GPTDataset(indexed, str(prefix), np.arange(len(indexed), dtype=np.int32), None, Split.train, config)
    in_order = np.argsort(dataset.shuffle_index)
    stream = np.concatenate([dataset[number]["tokens"].numpy() for number in in_order])
    reader = ShardReader(prefix)
    expected = np.concatenate([reader[number] for number in dataset.document_index])
    assert sorted(dataset.document_index) == list(range(facts.num_documents))
    assert len(stream) == (facts.num_tokens - 1) // 16 * 16  # what does not fill a sample is dropped
    assert stream.tolist() == expected[: len(stream)].tolist()


def test_samples_of_its_gpt_dataset_are_our_packed_rows_and_its_masks_keep_pieces_apart(
    megatron: ModuleType, tmp_path: Path
) -> None:
    from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig
    from megatron.core.datasets.utils import Split

    prefix, facts = write(
        tmp_path, [table([[piece[: ROW - 1] for piece in each] for each in random_corpus(40, 100)])], "packed"
    )
    tokenizer = SimpleNamespace(
        vocab_size=100, eod=0, pad=-1, eos=0, special_tokens_dict={}, unique_identifiers={"class": "none"}
    )
    config = GPTDatasetConfig(
        random_seed=1, sequence_length=ROW, blend=([str(prefix)], None), split="1,0,0", tokenizer=tokenizer,
        reset_position_ids=True, reset_attention_mask=True, eod_mask_loss=True,
    )  # fmt: skip
    indexed = megatron.IndexedDataset(str(prefix))
    dataset = GPTDataset(indexed, str(prefix), np.arange(len(indexed), dtype=np.int32), None, Split.train, config)
    rows, lengths = [ids.tolist() for ids in ShardReader(prefix)], segment_lengths(prefix, ShardReader(prefix))
    samples = [dataset[number] for number in range(len(dataset))]
    found = [rows.index(sample["tokens"].tolist()) for sample in samples]
    assert len(samples) == facts.num_sequences - 1  # the last row lacks the token behind it
    for sample, row in zip(samples, found, strict=True):
        segments = lengths[row].tolist()
        ends = np.cumsum(segments)
        assert sample["position_ids"][: ends[-1]].tolist() == [at for length in segments for at in range(length)]
        assert not sample["loss_mask"][ends[-1] - 1 :].any()  # neither behind the last piece nor on what would follow it
        inside = np.setdiff1d(np.arange(ends[-1]), ends - 1)
        assert sample["loss_mask"][inside].all()
