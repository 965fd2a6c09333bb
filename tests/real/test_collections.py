"""The walking skeleton on real collections: recipes/geo-collections.yaml over ../shared/data, checked from outside.

One build, looked at in many ways: megatron-core's reader and writer, Hugging Face's ids, the dynamic-programming optimum of
the cuts, lineage of random samples. Skipped where the collections are not present.
"""

import random
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from corpusforge.engine.plan import Plan
from corpusforge.engine.run import build
from corpusforge.engine.store import read_json, read_parquet
from corpusforge.index.reader import ShardReader, read_lineage
from corpusforge.inspect.folder import BuildFolder
from corpusforge.inspect.trace import trace
from corpusforge.inspect.verify import verify
from corpusforge.recipe import load_recipe
from corpusforge.split.greedy import Greedy
from corpusforge.vocab.folder import TokenizerFiles

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared/data"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (DATA / "geo_en").is_dir(), reason=f"the real collections are not at {DATA}"),
]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    recipe = load_recipe(ROOT / "recipes/geo-collections.yaml", [f"variables.data={DATA}"])
    return build(recipe, tmp_path_factory.mktemp("collections"), workers=2)


@pytest.fixture(scope="module")
def shards(plan: Plan) -> list[Path]:
    return [plan.out / "shards" / shard["name"] for shard in read_json(plan.out / "manifest.json")["shards"]]


def test_the_collections_build_and_every_document_is_accounted_for(plan: Plan) -> None:
    read = {name: read_json(chain[0].report)["ledger"][name] for name, chain in plan.chains.items()}
    came_in = {name: books[0]["in"] for name, books in read.items()}
    assert sum(came_in.values()) > 1_600
    assert all(books[-1]["failed"] == 0 for books in read.values())


def test_verify_passes_with_every_document_encoded_again_by_the_reference(plan: Plan) -> None:
    verified = verify(plan.out)
    assert verified.problems == ()
    assert verified.num_encoded == verified.num_documents > 1_100


def test_twenty_random_samples_lead_to_the_document_and_the_span_they_spell(plan: Plan, shards: list[Path]) -> None:
    tokenizer = TokenizerFiles.read(plan.out / "tokenizer").loaded()
    choose = random.Random(7)
    for _ in range(20):
        shard = choose.choice(shards)
        reader = ShardReader(shard)
        sequence = choose.randrange(len(reader))
        (segment,) = trace(shard, sequence)
        assert tokenizer.decode(reader[sequence][:-1].tolist()) == segment.text.removeprefix(" ")
        source = next(each for each in plan.recipe.sources if each.name == segment.about["source"])
        origin = segment.about["origin"]  # a file, or of a record its file and where it stands there
        (file,) = [each for each in source.source.files() if f"{origin}:".startswith(f"{each.relative}:")]
        assert Path(file.path).is_file()


def test_pieces_begin_and_end_with_whole_sentences(plan: Plan, shards: list[Path]) -> None:
    """All but forced cuts: a piece ends where a sentence or a line does."""
    build_folder = BuildFolder(plan.out)
    closing = ".!?。！？…:：;；\"'”’」』）)]】》|`$}\n"
    ends = whole = 0
    for shard in shards:
        lineage = read_lineage(shard).to_pylist()
        places = build_folder.find([row["document"] for row in lineage])
        texts = {document: text.encode() for document, text in build_folder.texts(places)}
        for row in lineage:
            text = texts[row["document"]]
            if row["text_end"] < len(text):
                ends += 1
                before, after = text[: row["text_end"]].decode(), text[row["text_end"] :].decode()
                whole += before.rstrip(" ")[-1:] in ("\n", "") or before.rstrip()[-1] in closing or after[0] == "\n"
    assert ends > 2_000
    assert whole / ends > 0.995


def texts_encoded(plan: Plan, part: str) -> pa.ChunkedArray:
    """The texts that vocab.encode found: those that the stage before it which writes text left."""
    cut = next(step for step in plan.joined if step.name == "dedup.paragraph")
    encode = next(step for step in plan.joined if step.name == "vocab.encode")
    texts = read_parquet(cut.folder / f"{part}.parquet", ["row", "text"])
    assert texts["row"].equals(read_parquet(encode.folder / f"{part}.parquet", ["row"])["row"])
    return texts["text"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_megatron_core_reads_every_token_and_writes_the_same_bytes(plan: Plan, shards: list[Path], tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        indexed = pytest.importorskip("megatron.core.datasets.indexed_dataset")
    import torch

    for shard in shards:
        ours, theirs = ShardReader(shard), indexed.IndexedDataset(str(shard))
        assert np.array_equal(theirs.sequence_lengths, ours.lengths)
        assert np.array_equal(theirs.document_indices, ours.document_indices)
        builder = indexed.IndexedDatasetBuilder(str(tmp_path / "theirs.bin"), dtype=ours.dtype.type)
        bounds = ours.document_indices
        for begin, end in pairwise(bounds):
            pieces = [ours[int(i)] for i in range(int(begin), int(end))]
            for index, piece in zip(range(int(begin), int(end)), pieces, strict=True):
                assert np.array_equal(theirs[index], piece)
            builder.add_document(torch.from_numpy(np.concatenate(pieces).astype(np.int64)), [len(piece) for piece in pieces])
        builder.finalize(str(tmp_path / "theirs.idx"))
        for suffix in (".bin", ".idx"):
            assert (tmp_path / f"theirs{suffix}").read_bytes() == shard.with_name(shard.name + suffix).read_bytes()


def test_transformers_gives_the_same_ids_for_the_stored_text(plan: Plan) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformers = pytest.importorskip("transformers")
        loaded = transformers.AutoTokenizer.from_pretrained(str(plan.out / "tokenizer"))
    encode = next(step for step in plan.joined if step.name == "vocab.encode")
    compared = 0
    for source, chain in plan.chains.items():
        for part in read_json(chain[0].report)["parts"]:
            encoded = read_parquet(encode.folder / f"{part['name']}.parquet", ["row", "ids"]).slice(0, 150)
            texts = texts_encoded(plan, part["name"]).slice(0, 150)
            for text, ids in zip(texts.to_pylist(), encoded["ids"].to_pylist(), strict=True):
                assert loaded(text, add_special_tokens=False, split_special_tokens=True)["input_ids"] == ids, source
                compared += 1
    assert compared > 400


def test_pieces_are_as_few_as_dynamic_programming_finds_for_every_document(plan: Plan) -> None:
    from oracle import fewest_pieces, legal_cuts

    encode = next(step for step in plan.joined if step.name == "vocab.encode")
    limit = 1023
    documents = 0
    for chain in plan.chains.values():
        for part in read_json(chain[0].report)["parts"]:
            encoded = read_parquet(encode.folder / f"{part['name']}.parquet").combine_chunks()
            texts = texts_encoded(plan, part["name"])
            columns = {"text": texts, "ids": encoded["ids"], "widths": encoded["widths"]}
            batch = pa.record_batch({name: column.combine_chunks() for name, column in columns.items()})
            pieces = Greedy(max_tokens=limit + 1).apply(batch, {"tokenizer": plan.out / "tokenizer"})["pieces"].to_pylist()
            for text, ids, widths, found in zip(
                texts.to_pylist(), encoded["ids"].to_pylist(), encoded["widths"].to_pylist(), pieces, strict=True
            ):
                assert len(found) == fewest_pieces(legal_cuts(text, widths, limit), limit)[0]
                assert [t for p in found for t in ids[p["token_begin"] : p["token_end"]]] == ids
                documents += 1
    assert documents > 1_100
