"""vocab.train with model_type unigram: what holds for BPE, and what is its own."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import orjson
import pyarrow as pa
import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from vocab_samples import geology, texts_batch, trained

from corpusforge.errors import UserError
from corpusforge.tokens import TokenFacts
from corpusforge.vocab.convert import normal_scores
from corpusforge.vocab.encode import Encode, Encoder
from corpusforge.vocab.extend import Extend
from corpusforge.vocab.folder import TokenizerFiles
from corpusforge.vocab.parity import check_equal_but_for_ties
from corpusforge.vocab.proto import SentencePieceModel
from corpusforge.vocab.train import Train

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    stage = Train(vocab_size=600, model_type="unigram", special_tokens=("<|im_end|>",))
    return trained(stage, geology(400), tmp_path_factory.mktemp("unigram"))


@pytest.fixture(scope="module")
def model(folder) -> SentencePieceModel:
    return SentencePieceModel.parse((folder / "tokenizer.model").read_bytes(), origin="tokenizer.model")


@pytest.fixture(scope="module")
def encoder(folder) -> Encoder:
    return Encoder.load(TokenizerFiles.read(folder))


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_both_forms_have_exactly_the_ids_asked_for(folder, model, encoder):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    assert len(processor) == encoder.reference.get_vocab_size() == TokenFacts.read(folder).vocab_size == 600
    assert model.is_unigram
    assert [processor.id_to_piece(number) for number in range(4)] == ["<unk>", "<s>", "</s>", "<|im_end|>"]


def test_figures_say_how_many_lines_were_compared_and_how_many_are_ties(folder, encoder):
    figures = orjson.loads((folder / "training.json").read_bytes())
    lines = [line for text in geology(400) for line in text.splitlines() if line]
    assert (figures["num_documents"], figures["lines_in_both_loaders"]) == (400, len(lines))
    assert figures["lines_that_are_ties"] < 0.1 * len(lines)
    num_tokens = sum(len(encoder.reference.encode(text, add_special_tokens=False).ids) for text in geology(400))
    assert figures["num_tokens"] == num_tokens


def test_the_same_documents_give_the_same_bytes_in_a_fresh_process(folder, tmp_path):
    code = (
        "import sys; from pathlib import Path; from vocab_samples import geology, trained;"
        "from corpusforge.vocab.train import Train;"
        "stage = Train(vocab_size=600, model_type='unigram', special_tokens=('<|im_end|>',));"
        "trained(stage, geology(400), Path(sys.argv[1]))"
    )
    path = f"{HERE}:{HERE.parents[1]}"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    assert _digests(tmp_path / "tokenizer") == _digests(folder)
    assert (done.stdout, done.stderr) == ("", "")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(geology(50, seed=3)))
@settings(max_examples=200, deadline=None)
def test_any_text_comes_back_and_the_loaders_agree_but_for_ties(folder, encoder, text):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    check_equal_but_for_ties(processor, encoder.reference, [text])


def test_every_piece_stands_for_itself(model, encoder):
    scores = normal_scores(model.pieces)
    ids = {piece.text: number for number, piece in enumerate(model.pieces)}
    assert {text: [token.id for token in encoder.reference.model.tokenize(text)] for text in scores} == {
        text: [ids[text]] for text in scores
    }


def test_encode_takes_it_though_there_is_no_fast_engine(folder, encoder, tmp_path):
    assert encoder.fast is None
    stage = Encode(tokenizer=folder)
    stage.prepare({}, tmp_path)
    texts = geology(20, seed=4)
    found = stage.apply(texts_batch(texts), {"tokenizer": tmp_path / "tokenizer"})
    assert found["ids"].to_pylist() == [encoder.reference.encode(text, add_special_tokens=False).ids for text in texts]
    assert [sum(widths) for widths in found["widths"].to_pylist()] == [len(text.encode()) for text in texts]


def test_coverage_says_which_characters_are_pieces_and_the_others_are_spelled_in_bytes(tmp_path):
    texts = [*geology(300), "\U00020bb7"]
    vocabularies = {
        coverage: TokenizerFiles.read(
            trained(Train(vocab_size=500, model_type="unigram", character_coverage=coverage), texts, tmp_path / str(coverage))
        ).loaded()
        for coverage in (0.99, 1.0)
    }
    tokens = {key: each.encode("\U00020bb7", add_special_tokens=False).tokens for key, each in vocabularies.items()}
    assert tokens == {0.99: ["\u2581", "<0xF0>", "<0xA0>", "<0xAE>", "<0xB7>"], 1.0: ["\u2581", "\U00020bb7"]}


def test_digits_stand_alone_and_pieces_are_no_longer_than_asked(tmp_path):
    stage = Train(vocab_size=450, model_type="unigram", max_piece_length=4)
    vocabulary = TokenizerFiles.read(trained(stage, geology(400), tmp_path)).loaded().get_vocab()
    pieces = [piece for piece in vocabulary if not piece.startswith("<")]
    assert max(map(len, pieces)) == 4
    assert [piece for piece in pieces if len(piece) > 1 and re.search("[0-9]", piece)] == []


def test_it_is_a_base_to_extend(folder, tmp_path):
    stage = Extend(base=folder, num_pieces=20)
    stage.prepare({}, tmp_path)


def test_more_pieces_than_the_text_carries_says_how_many_it_does(tmp_path):
    def stage(size: int) -> Train:
        return Train(vocab_size=size, model_type="unigram")

    with pytest.raises(UserError, match=r"vocab_size 50000 is more than the text can carry.*at most (\d+) or") as caught:
        trained(stage(50_000), geology(20), tmp_path)
    size = int(str(caught.value).split("at most ")[1].split()[0])
    assert TokenFacts.read(trained(stage(size), geology(20), tmp_path)).vocab_size == size


@pytest.mark.parametrize("vocab_size", [400, 440])
def test_fewer_ids_than_characters_says_how_many_are_needed(tmp_path, vocab_size):
    han = ["".join(chr(0x4E00 + place) for place in range(90))] * 3
    stage = Train(vocab_size=vocab_size, model_type="unigram", character_coverage=1.0)
    with pytest.raises(UserError, match=rf"vocab_size {vocab_size} is too small.* 444 ids; raise vocab_size above that"):
        trained(stage, han, tmp_path)


@pytest.mark.parametrize("texts", [[], [""], ["\n\t \n"]])
def test_no_text_is_an_error_that_says_so(tmp_path, texts):
    with pytest.raises(UserError, match="no text to train on"):
        trained(Train(vocab_size=400, model_type="unigram"), texts, tmp_path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"vocab_size": 2**31}, "less than or equal to 1000000"),
        ({"vocab_size": 600, "model_type": "wordpiece"}, "'bpe' or 'unigram'"),
        ({"vocab_size": 600, "character_coverage": 0.97}, "greater than or equal to 0.98"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options, said):
    with pytest.raises(ValidationError, match=said):
        Train(**options)


def test_the_sample_does_not_depend_on_the_kind_of_model():
    batch = pa.RecordBatch.from_pydict({"id": pa.array([b"a" * 16], pa.binary(16)), "text": pa.array(["x"], pa.large_string())})
    assert Train(vocab_size=600, model_type="unigram").map(batch) == Train(vocab_size=600).map(batch)
