import io
from pathlib import Path

import orjson
import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from vocab_samples import extended, geology

from corpusforge.errors import InputError, UserError
from corpusforge.vocab.convert import normal_scores, unigram_json
from corpusforge.vocab.cuts import best_cut
from corpusforge.vocab.extend import Extend
from corpusforge.vocab.parity import check_equal_but_for_ties
from corpusforge.vocab.proto import SentencePieceModel
from corpusforge.vocab.unigram_base import safe_scores


def _trained(**options) -> bytes:
    written = io.BytesIO()
    defaults = {"normalization_rule_name": "identity", "remove_extra_whitespaces": False, "byte_fallback": True}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(line for text in geology(150) for line in text.split("\n")),
        model_writer=written,
        model_type="unigram",
        hard_vocab_limit=False,
        minloglevel=2,
        **{**defaults, "vocab_size": 520, "required_chars": "".join(map(chr, range(33, 127))), **options},
    )
    return written.getvalue()


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("base") / "tokenizer.model"
    path.write_bytes(_trained())
    return path


@pytest.fixture(scope="module")
def folder(base, tmp_path_factory) -> Path:
    return extended(
        Extend(base=base, num_pieces=80, held_out_share=0.2), geology(600, seed=2), tmp_path_factory.mktemp("extended")
    )


def test_every_piece_is_reached_in_both_loaders(base, folder):
    model = SentencePieceModel.parse((folder / "tokenizer.model").read_bytes(), origin="m")
    size = len(SentencePieceModel.parse(base.read_bytes(), origin="m").pieces)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert len(model.pieces) == tokenizer.get_vocab_size() == size + 80
    scores = normal_scores(model.pieces)
    new = [piece.text for piece in model.pieces[size:]]
    assert [best_cut(text, scores) < scores[text] for text in new] == [True] * 80
    assert [[token.id for token in tokenizer.model.tokenize(text)] for text in new] == [[size + n] for n in range(80)]


def test_base_pieces_are_reached_as_before(base, folder):
    before = normal_scores(SentencePieceModel.parse(base.read_bytes(), origin="m").pieces)
    after = normal_scores(SentencePieceModel.parse((folder / "tokenizer.model").read_bytes(), origin="m").pieces)
    assert {text: after[text] for text in before} == before
    reached = [text for text, score in before.items() if best_cut(text, before) < score]
    assert [text for text in reached if best_cut(text, after) >= before[text]] == []


def test_the_rate_of_new_boundaries_is_reported(folder):
    held_out = orjson.loads((folder / "extension.json").read_bytes())["held_out"]
    assert 0 <= held_out["not_coarser"] < 0.3 * held_out["texts"]
    assert held_out["chars_per_token"] > 1.05 * held_out["base_chars_per_token"]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\u2581"), max_size=60))
@settings(max_examples=200, deadline=None)
def test_loaders_agree_but_for_ties_on_any_text(folder, text):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    check_equal_but_for_ties(processor, tokenizer, [text])


def test_lines_of_documents_get_equal_ids(folder):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    lines = [line for text in geology(300, seed=5) for line in text.split("\n") if line[:1].isalnum()]
    assert [encoding.ids for encoding in tokenizer.encode_batch(lines, add_special_tokens=False)] == processor.encode(lines)


def test_a_score_is_raised_above_the_best_cut_and_harmful_pieces_are_left_out():
    base = {"a": -1.0, "b": -1.0, "c": -1.0, "abc": -2.5}
    assert safe_scores(base, {"ab": -9.0}) == {"ab": pytest.approx(-1.99)}
    assert safe_scores(base, {"ab": -1.2}) == {}


def test_tokens_that_were_added_to_the_base_keep_their_ids(base, tmp_path):
    model = SentencePieceModel.parse(base.read_bytes(), origin="m")
    tokenizer = Tokenizer.from_str(unigram_json(model, origin="m").decode())
    tokenizer.add_special_tokens(["<|tool|>"])
    (tmp_path / "base").mkdir()
    tokenizer.save(str(tmp_path / "base/tokenizer.json"))
    (tmp_path / "base/tokenizer.model").write_bytes(base.read_bytes())
    folder = extended(Extend(base=tmp_path / "base", num_pieces=20), geology(200), tmp_path)
    size = len(model.pieces)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    extension = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert extension.token_to_id("<|tool|>") == processor.piece_to_id("<|tool|>") == size
    assert extension.get_vocab_size() == size + 21


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"byte_fallback": False}, "no byte fallback"),
        ({"normalization_rule_name": "nmt_nfkc"}, "normalises text"),
        ({"required_chars": ""}, "train it with required_chars"),
    ],
)
def test_a_model_that_cannot_be_extended_is_refused(tmp_path, options, said):
    path = tmp_path / "tokenizer.model"
    path.write_bytes(_trained(vocab_size=450, **options))
    with pytest.raises(InputError, match=said):
        Extend(base=path, num_pieces=1).prepare({}, tmp_path)


def test_savings_cannot_end_it(base, tmp_path):
    with pytest.raises(UserError, match="min_saving needs a base with merges"):
        Extend(base=base, min_saving=1.0).prepare({}, tmp_path)


def test_a_bpe_model_is_no_unigram_model(model):
    with pytest.raises(InputError, match="not a unigram model"):
        unigram_json(model, origin="m")
