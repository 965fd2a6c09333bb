import base64
import shutil
from pathlib import Path

import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from vocab_samples import extended, geology

from corpusforge.errors import InputError, UserError
from corpusforge.tokens import TokenFacts
from corpusforge.vocab.encode import Encoder
from corpusforge.vocab.extend import Extend
from corpusforge.vocab.folder import TokenizerFiles
from corpusforge.vocab.proofs import effect
from corpusforge.vocab.tiktoken import PATTERNS, byte_spelling, tiktoken_json
from corpusforge.vocab.traps import byte_alphabet

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
ODD_TEXT = st.lists(
    st.sampled_from([" ", "\n", "=", "花岗岩", "岩", " granite", "Tarim", "12", "<|end|>", "é", "𠮷", "年龄"])
).map("".join)


@pytest.fixture(scope="module")
def trained_base(tmp_path_factory) -> Path:
    """Byte-level BPE of English text, so that Chinese takes three tokens a character."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    texts = [text for text in geology(300) if text.isascii()]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<|end|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    folder = tmp_path_factory.mktemp("base")
    tokenizer.add_special_tokens(["<|tool|>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        '{"eos_token": "<|end|>", "chat_template": "x", "tokenizer_class": "GPT2Tokenizer"}'
    )
    return folder


@pytest.fixture(scope="module")
def folder(trained_base, tmp_path_factory) -> Path:
    return extended(Extend(base=trained_base, num_pieces=150), geology(500), tmp_path_factory.mktemp("extended"))


@pytest.fixture(scope="module")
def pair(trained_base, folder) -> tuple[Encoder, Encoder]:
    return Encoder.load(TokenizerFiles.read(trained_base)), Encoder.load(TokenizerFiles.read(folder))


@given(ANY_TEXT | ODD_TEXT)
@settings(max_examples=300, deadline=None)
def test_boundaries_are_the_bases_and_ids_change_only_with_a_new_piece(pair, text):
    found = effect(*pair, [pa.array([text], pa.large_string())], 401)
    assert found.not_coarser == 0
    assert found.tokens <= found.base_tokens


@given(ANY_TEXT | ODD_TEXT)
@settings(max_examples=200, deadline=None)
def test_text_comes_back_and_the_fast_engine_agrees(pair, text):
    encoder = pair[1]
    ids = encoder.reference.encode(text, add_special_tokens=False).ids
    assert encoder.reference.decode(ids, skip_special_tokens=False) == text
    found, _ = encoder.encode(pa.array([text], pa.large_string()), 1)
    assert encoder.fast is not None
    assert found.ids.tolist() == ids


def test_ids_of_the_base_and_of_its_special_tokens_stay(trained_base, folder):
    before, after = (Tokenizer.from_file(str(each / "tokenizer.json")) for each in (trained_base, folder))
    assert [after.id_to_token(number) for number in range(401)] == [before.id_to_token(number) for number in range(401)]
    assert after.get_vocab_size() == TokenFacts.read(folder).vocab_size == 551
    assert after.encode("a<|tool|>").ids[-1] == 400
    assert TokenFacts.read(folder).eod_id == after.token_to_id("<|end|>") == 0


def test_chinese_takes_far_fewer_tokens(pair):
    before, after = (encoder.reference.encode("塔里木盆地的花岗岩覆盖石灰岩").ids for encoder in pair)
    assert len(before) == 42
    assert len(after) < 21


def test_what_lay_around_the_base_is_kept(folder):
    kept = orjson.loads((folder / "tokenizer_config.json").read_bytes())
    assert (kept["chat_template"], kept["tokenizer_class"]) == ("x", "PreTrainedTokenizerFast")


def test_padding_is_numbered_behind_the_new_pieces(trained_base, tmp_path):
    stage = Extend(base=trained_base, num_pieces=20, pad_to_multiple=128)
    tokenizer = Tokenizer.from_file(str(extended(stage, geology(300), tmp_path) / "tokenizer.json"))
    assert tokenizer.token_to_id("<|reserved_0|>") == 421
    assert tokenizer.get_vocab_size() == 512


def test_terms_become_single_tokens(trained_base, tmp_path):
    (tmp_path / "terms.txt").write_text("紫苏花岗岩\ncharnockite\n", encoding="utf-8")
    stage = Extend(base=trained_base, num_pieces=60, terms=tmp_path / "terms.txt")
    tokenizer = Tokenizer.from_file(str(extended(stage, geology(300), tmp_path) / "tokenizer.json"))
    assert [len(tokenizer.encode(text).ids) for text in ("紫苏花岗岩", " charnockite")] == [1, 1]


def test_append_is_for_sentencepiece(trained_base, tmp_path):
    with pytest.raises(UserError, match="method append needs a base with a SentencePiece BPE model"):
        Extend(base=trained_base, num_pieces=5, method="append").prepare({}, tmp_path)


def test_borders_of_a_pre_tokenizer_cannot_be_crossed(trained_base, tmp_path):
    with pytest.raises(UserError, match="across is for SentencePiece bases"):
        Extend(base=trained_base, num_pieces=5, across=("digits",)).prepare({}, tmp_path)


def _changed(folder: Path, target: Path, change) -> Path:
    shutil.copytree(folder, target)
    described = orjson.loads((target / "tokenizer.json").read_bytes())
    change(described)
    (target / "tokenizer.json").write_bytes(orjson.dumps(described))
    return target


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found["added_tokens"].append(found["added_tokens"][0]), "added tokens share the content"),
        (lambda found: found.update(pre_tokenizer=None), "not byte-level BPE"),
        (lambda found: found.update(model={"type": "WordPiece", "vocab": {}}), "a WordPiece model"),
        (lambda found: found["model"].update(end_of_word_suffix="</w>"), "marks parts of words"),
        (lambda found: found.pop("model"), "not a tokenizer.json"),
        (lambda found: found["model"]["vocab"].update(zz=2**31 - 1), "leave no room below"),
    ],
)
def test_a_tokenizer_that_cannot_be_extended_is_refused(trained_base, tmp_path, change, said):
    with pytest.raises(InputError, match=said):
        Extend(base=_changed(trained_base, tmp_path / "changed", change), num_pieces=1).prepare({}, tmp_path)


def test_damaged_json_is_refused(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(InputError, match=r"tokenizer\.json: not JSON"):
        Extend(base=tmp_path, num_pieces=1).prepare({}, tmp_path)


def _ranks(tokenizer: Tokenizer) -> bytes:
    """The tokens of a byte-level tokenizer, in order of id, as a .tiktoken file."""
    back = {character: byte for byte, character in byte_spelling().items()}
    ids = tokenizer.get_vocab(with_added_tokens=False)
    tokens = [text for text in sorted(ids, key=ids.__getitem__) if not text.startswith("<|")]
    lines = (base64.b64encode(bytes(back[character] for character in text)).decode() for text in tokens)
    return "".join(f"{line} {rank}\n" for rank, line in enumerate(lines)).encode()


@pytest.fixture(scope="module")
def tiktoken(trained_base, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("ranks") / "base.tiktoken"
    path.write_bytes(_ranks(Tokenizer.from_file(str(trained_base / "tokenizer.json"))))
    return path


@given(st.text(st.characters(max_codepoint=0x7F), max_size=60) | st.sampled_from(geology(50)))
@settings(max_examples=150, deadline=None)
def test_merges_that_ranks_imply_give_the_ids_of_the_merges_they_came_from(trained_base, tiktoken, text):
    content = tiktoken_json(tiktoken.read_bytes(), pattern="gpt2", special_tokens=["<|end|>"], origin="x")
    original, found = Tokenizer.from_file(str(trained_base / "tokenizer.json")), Tokenizer.from_str(content.decode())
    original.encode_special_tokens = found.encode_special_tokens = True
    assert found.encode(text).tokens == original.encode(text).tokens


def test_a_tiktoken_file_is_a_base(tiktoken, tmp_path):
    stage = Extend(base=tiktoken, num_pieces=50, pattern="qwen", special_tokens=("<|end|>",), eod="<|end|>")
    folder = extended(stage, geology(300), tmp_path)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert tokenizer.token_to_id("<|end|>") == TokenFacts.read(folder).eod_id == 399
    assert tokenizer.get_vocab_size() == 450


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        (b"x\n", {"pattern": "qwen"}, "line 1 is not a token"),
        (b"IQ== 0\n", {"pattern": "qwen"}, "255 of 256 bytes are no tokens"),
        (b"IQ== 0\n", {}, "set pattern to cl100k, gpt2, llama3, qwen or"),
    ],
)
def test_a_damaged_or_unexplained_tiktoken_file_is_refused(tmp_path, data, options, said):
    path = tmp_path / "x.tiktoken"
    path.write_bytes(data)
    with pytest.raises(UserError, match=said):
        Extend(base=path, num_pieces=1, **options).prepare({}, tmp_path)


def test_special_tokens_must_be_new(tiktoken, tmp_path):
    with pytest.raises(UserError, match="special token 'a' is given twice or is a token already"):
        Extend(base=tiktoken, num_pieces=1, pattern="qwen", special_tokens=("a",)).prepare({}, tmp_path)


def test_a_pattern_is_only_for_tiktoken_files(trained_base, tmp_path):
    with pytest.raises(UserError, match=r"pattern and special_tokens are for \.tiktoken files"):
        Extend(base=trained_base, num_pieces=1, pattern="qwen").prepare({}, tmp_path)


def test_bytes_are_spelled_as_the_reference_spells_them():
    assert set(byte_spelling().values()) == byte_alphabet()
    assert set(PATTERNS) == {"cl100k", "gpt2", "llama3", "qwen"}
