from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from vocab_samples import extended, geology, trained

from corpusforge.errors import InputError, UserError
from corpusforge.vocab.constituents import Constituents, constituents, read_tokenizer
from corpusforge.vocab.extend import Extend
from corpusforge.vocab.train import Train

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
ODD_TEXT = st.lists(st.sampled_from([" ", "\n", "花岗岩", "塔里木", "地", " granite", "the Tarim", "1", "é", "𠮷"])).map(
    "".join
)


def _sentencepiece_base(folder: Path) -> Path:
    return trained(Train(vocab_size=480), geology(100), folder)


def _byte_level_base(folder: Path) -> Path:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=["<|end|>"], initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(geology(100), trainer)
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer_config.json").write_bytes(orjson.dumps({"eos_token": "<|end|>"}))
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="module", params=[_sentencepiece_base, _byte_level_base], ids=["sentencepiece", "byte-level"])
def pair(request, tmp_path_factory) -> tuple[Tokenizer, Tokenizer]:
    folder = tmp_path_factory.mktemp("pair")
    base = request.param(folder / "base")
    new = extended(Extend(base=base, num_pieces=150, pad_to_multiple=64), geology(400, seed=2), folder / "new")
    return read_tokenizer(base).loaded(), read_tokenizer(new).loaded()


@pytest.fixture(scope="module")
def found(pair) -> Constituents:
    return constituents(*pair, "here")


def _parts(found: Constituents) -> dict[int, list[int]]:
    ends = zip(found.offsets[:-1], found.offsets[1:], strict=True)
    return {int(number): found.parts[begin:end].tolist() for number, (begin, end) in zip(found.ids, ends, strict=True)}


@given(text=ANY_TEXT | ODD_TEXT)
@settings(max_examples=300, deadline=None)
def test_new_ids_of_any_text_are_the_base_ids_that_they_consist_of(pair, found, text):
    base, new = pair
    parts = _parts(found)
    spelled = [part for number in new.encode(text, add_special_tokens=False).ids for part in parts.get(number, [number])]
    assert spelled == base.encode(text, add_special_tokens=False).ids


def test_each_piece_has_constituents_and_reserved_rows_have_none(pair, found):
    counts = dict(zip(found.ids.tolist(), found.counts.tolist(), strict=True))
    reserved = [number for number in counts if pair[1].id_to_token(number).startswith("<|reserved_")]
    assert len(counts) - len(reserved) == 150
    assert reserved
    assert all((count == 0) == (number in reserved) for number, count in counts.items())


def _words(texts: list[str]) -> Tokenizer:
    """Spells with U+2581, has no bytes, and puts a space in front of every text."""
    ids = {text: number for number, text in enumerate(texts)}
    tokenizer = Tokenizer(models.BPE(ids, [], unk_token="?"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    return tokenizer


def test_added_text_is_spelled_without_the_prefix_and_without_what_the_base_cannot_spell():
    base = _words(["?", "\u2581", "a", "b"])
    new = _words(["?", "\u2581", "a", "b", "ab", "\u2581a", "zz"])
    new.add_tokens(["b a"])
    new.add_special_tokens([AddedToken("<ab>", special=True)])
    assert _parts(constituents(base, new, "here")) == {4: [2, 3], 5: [1, 2], 6: [], 7: [3, 1, 2], 8: []}


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        (["?", "\u2581", "b", "a", "c"], "id 2 is 'a' in the base and 'b' in the tokenizer, and 1 more"),
        (["?", "\u2581"], "id 2 is 'a' in the base and None"),
        (["?", "\u2581", "a", "b"], "no id that the base has not"),
    ],
)
def test_a_tokenizer_that_does_not_extend_the_base_is_refused(texts, what):
    with pytest.raises(UserError, match=what):
        constituents(_words(["?", "\u2581", "a", "b"]), _words(texts), "here")


def test_a_model_that_spells_parts_of_words_otherwise_is_refused():
    base = Tokenizer(models.WordPiece({"a": 0, "##a": 1, "[UNK]": 2}))
    with pytest.raises(InputError, match="a WordPiece model"):
        constituents(base, base, "here")


def test_a_tokenizer_without_tokenizer_json_gets_the_one_that_it_is(tmp_path):
    folder = _sentencepiece_base(tmp_path)
    whole = read_tokenizer(folder).content["tokenizer.json"]
    (folder / "tokenizer.json").unlink()
    rebuilt = read_tokenizer(folder)
    assert orjson.loads(rebuilt.content["tokenizer.json"])["model"] == orjson.loads(whole)["model"]
    with pytest.raises(InputError, match="and no tokenizer"):
        read_tokenizer(tmp_path)
