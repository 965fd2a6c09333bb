import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.errors import InputError
from corpusforge.vocab.proto import Piece, PieceKind, SentencePieceModel


def test_a_model_is_written_back_byte_for_byte(tokenizer_folder):
    data = (tokenizer_folder / "tokenizer.model").read_bytes()
    assert SentencePieceModel.parse(data, origin="m").to_bytes() == data


def test_pieces_are_what_sentencepiece_itself_reports(tokenizer_folder, model):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(tokenizer_folder / "tokenizer.model"))
    numbers = range(len(processor))
    assert [piece.text for piece in model.pieces] == [processor.id_to_piece(number) for number in numbers]
    assert [piece.score for piece in model.pieces] == [processor.get_score(number) for number in numbers]
    kinds = [piece.kind for piece in model.pieces]
    assert [kind is PieceKind.BYTE for kind in kinds] == [processor.is_byte(number) for number in numbers]
    assert [kind is PieceKind.CONTROL for kind in kinds] == [processor.is_control(number) for number in numbers]


def test_settings_are_read(model):
    assert model.is_bpe
    assert model.has_byte_fallback
    assert model.adds_dummy_prefix
    assert model.keeps_text
    assert (model.unk_id, model.bos_id, model.eos_id) == (0, 1, 2)


def test_another_vocabulary_gets_other_ids_in_sentencepiece(model):
    kept = [piece for piece in model.pieces if piece.kind is not PieceKind.NORMAL]
    smaller = model.with_pieces([*kept, Piece("\u2581a", -0.0, PieceKind.NORMAL), *_letters("\u2581ab")])
    processor = sentencepiece.SentencePieceProcessor(model_proto=smaller.to_bytes())
    assert len(processor) == len(kept) + 4
    assert processor.encode("ab") == [len(kept), len(kept) + 3]


def _letters(text: str) -> list[Piece]:
    return [Piece(letter, -1.0 - rank, PieceKind.NORMAL) for rank, letter in enumerate(text)]


def test_a_negative_id_means_no_such_token():
    trainer = b"\xc8\x02" + b"\xff" * 9 + b"\x01"  # field 41, bos_id, -1
    data = b"\x0a\x03\x0a\x01a" + b"\x12" + bytes([len(trainer)]) + trainer
    assert SentencePieceModel.parse(data, origin="m").bos_id == -1


@pytest.mark.parametrize("cut", [1, 100, -1])
def test_a_cut_model_is_refused_by_name(model, cut):
    with pytest.raises(InputError, match=r"some\.model: not a SentencePiece model"):
        SentencePieceModel.parse(model.to_bytes()[:cut], origin="some.model")


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="without pieces"):
        SentencePieceModel.parse(b"", origin="m")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_model_or_an_input_error(data):
    try:
        parsed = SentencePieceModel.parse(data, origin="m")
    except InputError:
        return
    assert parsed.pieces
