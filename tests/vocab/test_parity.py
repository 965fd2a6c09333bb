import orjson
import pytest
import sentencepiece
from tokenizers import Tokenizer

from corpusforge.vocab.parity import ConversionDiffers, check_reachable, count_tokens, stress_texts


@pytest.fixture
def described(tokenizer_folder) -> dict:
    return orjson.loads((tokenizer_folder / "tokenizer.json").read_bytes())


@pytest.fixture
def processor(tokenizer_folder):
    return sentencepiece.SentencePieceProcessor(model_file=str(tokenizer_folder / "tokenizer.model"))


def _loaded(described: dict) -> Tokenizer:
    return Tokenizer.from_str(orjson.dumps(described).decode())


def test_stress_texts_hold_runs_of_every_length_and_the_special_tokens():
    texts = stress_texts(["<|x|>"])
    assert {"=" * 1, "=" * 64, "\n" * 17, " " * 33, "a<|x|>b"} <= set(texts)


def test_tokens_are_counted(described, processor):
    texts = ["In Iceland the basalt", "", "岩"]
    assert count_tokens(processor, _loaded(described), texts) == sum(map(len, processor.encode(texts)))


def test_other_merges_are_found_and_the_text_is_named(described, processor):
    left, right = described["model"]["merges"].pop()
    text = (left + right).removeprefix("\u2581")
    with pytest.raises(ConversionDiffers, match=f"SentencePiece and tokenizers give other ids: '{text}'"):
        count_tokens(processor, _loaded(described), ["In Iceland", text])


def test_a_decoder_that_changes_text_is_found(described, processor):
    described["decoder"]["decoders"].pop()
    with pytest.raises(ConversionDiffers, match="decoding does not give the text back"):
        count_tokens(processor, _loaded(described), ["basalt"])


def test_every_piece_of_a_trained_tokenizer_is_reachable(described, model):
    check_reachable(model, _loaded(described))


def test_an_unreachable_piece_is_found(described, model):
    described["model"]["merges"].pop()
    with pytest.raises(ConversionDiffers, match="a piece cannot be reached"):
        check_reachable(model, _loaded(described))
