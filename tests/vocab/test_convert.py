import io

import orjson
import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from corpusforge.errors import InputError
from corpusforge.vocab.convert import tokenizer_config, tokenizer_json
from corpusforge.vocab.parity import count_tokens, stress_texts
from corpusforge.vocab.proto import SentencePieceModel

SPACE = "\u2581"
# Whatever can be text: lone surrogates cannot be stored, and U+2581 is the tokenizer's own space.
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=SPACE), max_size=80)
ODD_TEXT = st.lists(st.sampled_from([" ", "  ", "\n", "\t", "=", "地", "岩", "the", "In", "1", "<s>", "</s>", "é", "𠮷"])).map(
    "".join
)


@pytest.fixture(scope="module")
def processor(tokenizer_folder):
    return sentencepiece.SentencePieceProcessor(model_file=str(tokenizer_folder / "tokenizer.model"))


@pytest.fixture(scope="module")
def tokenizer(tokenizer_folder):
    loaded = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    loaded.encode_special_tokens = True
    return loaded


def _model(**options) -> SentencePieceModel:
    written = io.BytesIO()
    lines = ["the river cuts the basalt", "the delta grows", "basalt and granite"] * 20
    options = {"model_type": "bpe", "normalization_rule_name": "identity", "remove_extra_whitespaces": False} | options
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=written, vocab_size=40, hard_vocab_limit=False, minloglevel=2, **options
    )
    return SentencePieceModel.parse(written.getvalue(), origin="m")


@given(ANY_TEXT | ODD_TEXT)
@settings(max_examples=300, deadline=None)
def test_ids_equal_sentencepiece_on_any_text(processor, tokenizer, text):
    assert tokenizer.encode(text, add_special_tokens=False).ids == processor.encode(text)


@given(ANY_TEXT | ODD_TEXT)
@settings(max_examples=300, deadline=None)
def test_text_comes_back_from_its_ids(processor, tokenizer, text):
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    assert tokenizer.decode(ids, skip_special_tokens=False) == text
    assert processor.decode(ids) == text


def test_the_dummy_prefix_is_the_same_in_all_three_forms(model, tokenizer_folder, tokenizer, processor):
    described = orjson.loads((tokenizer_folder / "tokenizer.json").read_bytes())
    assert model.adds_dummy_prefix
    assert described["normalizer"]["normalizers"][0] == {"type": "Prepend", "prepend": SPACE}
    assert tokenizer.encode("the", add_special_tokens=False).ids == processor.encode("the")
    assert tokenizer.encode("the", add_special_tokens=False).tokens[0].startswith(SPACE)


def test_a_model_without_dummy_prefix_is_converted_without_one():
    model = _model(add_dummy_prefix=False)
    tokenizer = Tokenizer.from_str(tokenizer_json(model, origin="m").decode())
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.to_bytes())
    ids = tokenizer.encode("the basalt ", add_special_tokens=False).ids
    assert ids == processor.encode("the basalt ")
    assert tokenizer.decode(ids) == "the basalt "


def test_text_that_spells_special_tokens_is_plain_text(tokenizer, processor):
    text = "a<s>b</s> <|im_start|><unk><0x0A>"
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    assert ids == processor.encode(text)
    assert not {0, 1, 2, 3, 4} & set(ids)
    assert tokenizer.decode(ids) == text


def test_special_tokens_follow_the_fixed_three(tokenizer, model):
    assert [piece.text for piece in model.pieces[:6]] == ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<0x00>"]
    assert tokenizer.token_to_id("<|im_end|>") == 4
    assert [token.special for token in tokenizer.get_added_tokens_decoder().values()] == [True] * 5


def test_the_configuration_names_every_special_token(model):
    found = orjson.loads(tokenizer_config(model))
    assert [found[role] for role in ("unk_token", "bos_token", "eos_token")] == ["<unk>", "<s>", "</s>"]
    assert found["additional_special_tokens"] == ["<|im_start|>", "<|im_end|>"]


def test_a_unigram_model_is_refused():
    with pytest.raises(InputError, match=r"u\.model: a unigram model has no merges"):
        tokenizer_json(_model(model_type="unigram"), origin="u.model")


@pytest.mark.parametrize("options", [{"normalization_rule_name": "nmt_nfkc"}, {"remove_extra_whitespaces": True}])
def test_a_model_that_changes_text_is_refused(options):
    with pytest.raises(InputError, match="normalises text or collapses spaces"):
        tokenizer_json(_model(**options), origin="m")


def test_user_defined_symbols_are_refused():
    with pytest.raises(InputError, match="user-defined symbols"):
        tokenizer_json(_model(user_defined_symbols=["<x>"]), origin="m")


def test_a_piece_whose_character_is_no_piece_is_refused():
    model = _model()
    pieces = [piece for piece in model.pieces if piece.text != "t"]
    with pytest.raises(InputError, match="has the part 't', which is no piece"):
        tokenizer_json(model.with_pieces(pieces), origin="m")


def test_llama_2_has_the_same_ids_on_real_text_and_runs(shared_data, real_texts):
    data = (shared_data / "tokenizers/llama/tokenizer.model").read_bytes()
    tokenizer = Tokenizer.from_str(tokenizer_json(SentencePieceModel.parse(data, origin="llama"), origin="llama").decode())
    tokenizer.encode_special_tokens = True
    processor = sentencepiece.SentencePieceProcessor(model_proto=data)
    texts = [*real_texts, *stress_texts(["<s>", "</s>", "<unk>"])]
    assert count_tokens(processor, tokenizer, texts) > 100_000


@pytest.mark.slow
def test_transformers_loads_it_as_it_is(tokenizer_folder, tokenizer, model):
    transformers = pytest.importorskip("transformers")
    texts = ["In Iceland  the basalt\n\n====\t12.5 Ma", "塔里木盆地的花岗岩", "<0x0A> 😀", " a", ""]
    for loader in (transformers.AutoTokenizer, transformers.PreTrainedTokenizerFast):
        loaded = loader.from_pretrained(tokenizer_folder)
        assert len(loaded) == len(model.pieces)
        assert (loaded.eos_token_id, loaded.bos_token_id, loaded.unk_token_id) == (2, 1, 0)
        found = [loaded(text)["input_ids"] for text in texts]
        assert found == [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
        assert [loaded.decode(ids) for ids in found] == texts
        assert loaded("<|im_start|>")["input_ids"][-1] == 3
