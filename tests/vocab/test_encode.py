import pickle
import shutil
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_engines import Broken, Different, PanicException
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from vocab_samples import geology, texts_batch

from corpusforge.core import VERDICT_FIELDS
from corpusforge.tokens import IDS_FIELD, WIDTHS_FIELD, TokenFacts
from corpusforge.vocab.encode import Encode, Encoder
from corpusforge.vocab.engines import FastEngine
from corpusforge.vocab.folder import reference_tokenizer
from corpusforge.vocab.widths import spelling_of

PARTS = st.sampled_from(["</s>", "<s>", "<end>", "<0x0A>", " ", "  ", "\n", "basalt", "岩", "½", "ﬁ", "e\u0301", "▁", "=="])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.lists(PARTS, max_size=25).map("".join)


def _applied(stage: Encode, folder, texts: list[str]) -> pa.RecordBatch:
    stage.prepare({}, folder)
    return stage.apply(texts_batch(texts), {"tokenizer": folder / "tokenizer"})


def _saved(tokenizer: Tokenizer, folder):
    tokenizer.add_special_tokens(["<end>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"


def _byte_level(folder, normalizer=None):
    tokenizer = Tokenizer(models.BPE())
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        geology(100), trainers.BpeTrainer(vocab_size=500, initial_alphabet=alphabet, show_progress=False)
    )
    return _saved(tokenizer, folder)


@pytest.fixture(scope="module")
def stages(tokenizer_folder, tmp_path_factory):
    """A prepared stage and its artefacts for each kind of tokenizer."""
    folder = tmp_path_factory.mktemp("stages")
    (folder / "bytes").mkdir()
    (folder / "nfkc").mkdir()
    paths = {
        "sentencepiece": (tokenizer_folder, None),
        "bytes": (_byte_level(folder / "bytes"), "<end>"),
        "nfkc": (_byte_level(folder / "nfkc", normalizers.NFKC()), "<end>"),
    }
    ready = {}
    for name, (path, eod) in paths.items():
        stage = Encode(tokenizer=path, eod=eod)
        stage.prepare({}, folder / f"{name}-step")
        ready[name] = stage, {"tokenizer": folder / f"{name}-step/tokenizer"}
    return ready


def _check(reference: Tokenizer, texts: list[str], result: pa.RecordBatch) -> None:
    """Ids are the reference's, widths sum to the bytes of each text."""
    assert result["ids"].to_pylist() == [reference.encode(text, add_special_tokens=False).ids for text in texts]
    widths = result["widths"].to_pylist()
    assert [len(each) for each in widths] == [len(each) for each in result["ids"].to_pylist()]
    assert [sum(each) for each in widths] == [len(text.encode()) for text in texts]
    assert set(result["drop"].to_pylist()) <= {""}


@pytest.mark.parametrize("name", ["sentencepiece", "bytes", "nfkc"])
@given(texts=st.lists(TEXT, max_size=6))
@settings(max_examples=120, deadline=None)
def test_ids_equal_the_reference_and_widths_sum_to_the_bytes_of_any_text(stages, name, texts):
    stage, artifacts = stages[name]
    reference = reference_tokenizer((artifacts["tokenizer"] / "tokenizer.json").read_bytes(), origin=name)
    _check(reference, texts, stage.apply(texts_batch(texts), artifacts))


@pytest.mark.parametrize("name", ["sentencepiece", "bytes", "nfkc"])
def test_real_text_is_encoded_as_the_reference_does(stages, name, real_texts):
    stage, artifacts = stages[name]
    reference = reference_tokenizer((artifacts["tokenizer"] / "tokenizer.json").read_bytes(), origin=name)
    _check(reference, real_texts, stage.apply(texts_batch(real_texts), artifacts))


def test_a_small_llama_tokenizer_is_taken_as_it_is(shared_data, real_texts, tmp_path):
    folder = shared_data / "models/stories260K"
    result = _applied(Encode(tokenizer=folder), tmp_path, real_texts)
    _check(reference_tokenizer((folder / "tokenizer.json").read_bytes(), origin="stories"), real_texts, result)
    assert TokenFacts.read(tmp_path / "tokenizer").vocab_size == 512
    assert not (tmp_path / "tokenizer/model.safetensors").exists()


def test_columns_are_those_of_the_contract(stages):
    stage, artifacts = stages["sentencepiece"]
    result = stage.apply(texts_batch(["basalt", "岩"]), artifacts)
    assert result.schema == pa.schema([IDS_FIELD, WIDTHS_FIELD, *VERDICT_FIELDS])
    assert stage.apply(texts_batch([]), artifacts).schema == result.schema


def test_a_slice_is_encoded_as_its_rows_alone(stages):
    stage, artifacts = stages["sentencepiece"]
    texts = geology(20)
    whole = texts_batch(texts)
    sliced = stage.apply(whole.slice(5, 9), artifacts)
    assert sliced["ids"].to_pylist() == stage.apply(whole, artifacts)["ids"].to_pylist()[5:14]
    assert [sum(each) for each in sliced["widths"].to_pylist()] == [len(text.encode()) for text in texts[5:14]]


def test_both_engines_give_the_same_columns(stages):
    stage, artifacts = stages["sentencepiece"]
    batch = texts_batch(["a</s>b", "  x\n\n", "▁▂▃ bars", *geology(30)])
    assert stage.model_copy(update={"engine": "tokenizers"}).apply(batch, artifacts) == stage.apply(batch, artifacts)


def test_text_that_spells_special_tokens_never_ends_a_document(stages):
    stage, artifacts = stages["sentencepiece"]
    ids = stage.apply(texts_batch(["one</s>two<s><|im_start|>"]), artifacts)["ids"].to_pylist()[0]
    assert not {0, 1, 2, 3, 4} & set(ids)


def test_characters_spelled_by_several_tokens_are_cut_only_inside(stages):
    stage, artifacts = stages["nfkc"]
    text = "½ ﬁ ㎢ ＡＢ① e\u0301"
    widths = stage.apply(texts_batch([text]), artifacts)["widths"].to_pylist()[0]
    reference = reference_tokenizer((artifacts["tokenizer"] / "tokenizer.json").read_bytes(), origin="nfkc")
    spans = reference.encode(text, add_special_tokens=False).offsets
    borders = {len(text[:place].encode()) for place in range(len(text) + 1)}
    ends = np.cumsum(widths).tolist()
    shared = [end for end, (one, two) in zip(ends, pairwise(spans), strict=False) if two[0] < one[1]]
    assert len(shared) >= 4
    assert not set(shared) & borders


@pytest.mark.parametrize(
    "engine",
    [None, Different(), Broken(ValueError("no")), Broken(PanicException("bounds"))],
    ids=["none", "other", "raises", "panics"],
)
def test_whatever_the_fast_engine_does_the_ids_are_the_reference_s(tokenizer_folder, engine):
    content = (tokenizer_folder / "tokenizer.json").read_bytes()
    reference = reference_tokenizer(content, origin="t")
    texts = ["basalt", "▁ 岩", ""]
    fast = engine and FastEngine(engine, "")
    tokens, widths = Encoder(reference, fast, spelling_of(reference, content)).encode(texts_batch(texts)["text"], 2)
    assert tokens.ids.tolist() == [number for text in texts for number in reference.encode(text, add_special_tokens=False).ids]
    assert widths.sum() == sum(len(text.encode()) for text in texts)


def test_a_difference_met_while_measuring_widths_also_gives_the_reference_s_ids(tokenizer_folder):
    content = (tokenizer_folder / "tokenizer.json").read_bytes()
    reference = reference_tokenizer(content, origin="t")
    encoder = Encoder(reference, FastEngine(Different(), ""), spelling_of(reference, content))
    tokens, _ = encoder.encode(texts_batch(["basalt"])["text"], 0)
    assert tokens.ids.tolist() == reference.encode("basalt", add_special_tokens=False).ids


def test_a_token_wider_than_a_width_can_say_rejects_its_document(tmp_path):
    tokenizer = Tokenizer(models.BPE(vocab={"<unk>": 0, "a": 1}, merges=[], unk_token="<unk>", fuse_unk=True))
    result = _applied(
        Encode(tokenizer=_saved(tokenizer, tmp_path), eod="<end>"), tmp_path / "out", ["aba", "a" + "b" * 65_536, "ab"]
    )
    assert result["drop"].to_pylist() == ["", "token_too_wide", ""]
    assert result["value"].to_pylist() == [None, 65_536.0, None]
    assert result["threshold"].to_pylist() == [None, 65_535.0, None]
    assert result["widths"].to_pylist()[0] == [1, 1, 1]


def test_a_text_that_the_tokenizer_deletes_is_rejected(tmp_path):
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "a": 1}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    result = _applied(Encode(tokenizer=_saved(tokenizer, tmp_path), eod="<end>"), tmp_path / "out", ["a b", " \n", ""])
    assert result["drop"].to_pylist() == ["", "no_tokens", ""]
    assert result["widths"].to_pylist() == [[2, 1], [], []]


def test_a_named_tokenizer_needs_no_trained_one():
    assert Encode(tokenizer="samples/tokenizer").required() == ("text",)
    assert Encode().required() == ("text", "tokenizer")


def test_a_trained_tokenizer_is_copied_with_the_facts(tokenizer_folder, tmp_path):
    Encode(bos=True).prepare({"tokenizer": tokenizer_folder}, tmp_path)
    facts = TokenFacts.read(tmp_path / "tokenizer")
    assert (facts.eod_id, facts.bos_id, facts.vocab_size) == (2, 1, 700)
    copied = (tmp_path / "tokenizer/tokenizer.json").read_bytes()
    assert copied == (tokenizer_folder / "tokenizer.json").read_bytes()


def test_preparing_twice_gives_the_same_folder(tokenizer_folder, tmp_path):
    for _ in range(2):
        Encode(tokenizer=tokenizer_folder).prepare({}, tmp_path)
    names = ["corpusforge.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "training.json"]
    assert sorted(path.name for path in (tmp_path / "tokenizer").iterdir()) == names


def test_a_folder_written_anew_is_loaded_anew(tokenizer_folder, tmp_path):
    source = shutil.copytree(tokenizer_folder, tmp_path / "source")
    before = _applied(Encode(tokenizer=source), tmp_path / "step", ["basalt basalt"])
    (tmp_path / "bytes").mkdir()
    other = _byte_level(tmp_path / "bytes")
    after = _applied(Encode(tokenizer=other, eod="<end>"), tmp_path / "step", ["basalt basalt"])
    assert before["ids"] != after["ids"]


def test_the_stage_can_be_sent_to_a_worker(tokenizer_folder):
    stage = Encode(tokenizer=tokenizer_folder)
    assert pickle.loads(pickle.dumps(stage)) == stage
