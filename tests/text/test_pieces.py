import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusforge.text.pieces import Pieces, cut
from corpusforge.text.view import TextView

sys.path.insert(0, str(Path(__file__).parents[1]))
import oracle
import strategies

DATA = Path(__file__).parents[2] / "../shared/data"


def pieces_of(documents: list[tuple[str, list[int]]], limit: int) -> Pieces:
    view = TextView(pa.array([text for text, _ in documents], type=pa.large_string()))
    widths = np.array([width for _, widths in documents for width in widths], dtype=np.uint16)
    return cut(view, widths, np.cumsum([0, *(len(widths) for _, widths in documents)]), limit)


def token_ends(pieces: Pieces) -> list[list[int]]:
    return [part.tolist() for part in np.split(pieces.token_end, pieces.offsets[1:])[:-1]]


def per_character(text: str) -> list[int]:
    return [len(character.encode()) for character in text]


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("Go. Up. On.", 8, ["Go. Up. ", "On."]),  # two fit exactly
        ("Go. Up. On.", 7, ["Go. ", "Up. On."]),
        ("一。二。三。", 4, ["一。二。", "三。"]),
        ("一。二。三。", 100, ["一。二。三。"]),
        ("一二三四五六七八", 4, ["一二三四", "五六七八"]),  # over-long: equal parts
        ("一二三四五六七八九", 4, ["一二三", "四五六", "七八九"]),
        ("一二三，四五六七八", 5, ["一二三，", "四五六七八"]),  # a clause is better than equal parts
        ("一，二三四五六七八", 5, ["一，二三四", "五六七八"]),  # but not below half a piece
        ("aa bb cc dd", 6, ["aa bb ", "cc dd"]),
        ("a,b c, d e f", 7, ["a,b c,", " d e f"]),
        ("一。二三四五六七八。", 7, ["一。二三四", "五六七八。"]),  # sharing a piece saves one
        ("一。二三四五六。七。", 5, ["一。二三四", "五六。七。"]),
        ("一。二三四五六七八九。", 5, ["一。", "二三四五六", "七八九。"]),  # it saves none: the sentence begins its own
        ("一。二三四五六七八九。十。", 5, ["一。二三", "四五六七", "八九。十。"]),
    ],
)
def test_pieces_of_one_token_a_character(text: str, limit: int, expected: list[str]) -> None:
    (ends,) = token_ends(pieces_of([(text, per_character(text))], limit))
    assert [text[begin:end] for begin, end in zip([0, *ends], ends, strict=False)] == expected


def test_a_blank_that_its_token_ties_to_the_next_word_goes_with_that_word() -> None:
    """Go|.| Up|.| On|.: SentencePiece spells the blank with the word after it, so the cut lies before the blank."""
    pieces = pieces_of([("Go. Up. On.", [2, 1, 3, 1, 3, 1])], 2)
    assert token_ends(pieces) == [[2, 4, 6]]
    assert pieces.text_end.tolist() == [3, 7, 11]


def test_newlines_between_sentences_stay_left() -> None:
    pieces = pieces_of([("Go.\n\nUp.", [2, 1, 1, 1, 2, 1])], 4)
    assert pieces.text_end.tolist() == [5, 8]


def test_a_token_across_the_end_of_a_sentence_goes_left() -> None:
    pieces = pieces_of([("一。二三。", [3, 6, 6])], 2)
    assert token_ends(pieces) == [[2, 3]]
    assert pieces.text_end.tolist() == [9, 15]


def test_a_sentence_that_ends_inside_a_character_made_of_tokens_is_cut_after_the_character() -> None:
    # The second token covers the full stop and the first byte of the next character.
    assert token_ends(pieces_of([("一。二三。", [3, 4, 2, 3, 3])], 3)) == [[3, 5]]


def test_a_character_is_never_cut() -> None:
    assert token_ends(pieces_of([("一二三", [1, 1, 1, 1, 1, 1, 3])], 4)) == [[3, 7]]


def test_a_token_without_text_goes_right() -> None:
    assert token_ends(pieces_of([("一二三", [0, 3, 0, 3, 3, 0])], 2)) == [[2, 4, 6]]


def test_a_character_of_more_tokens_than_the_limit_has_no_pieces_and_is_reported() -> None:
    pieces = pieces_of([("一。", [3, 3]), ("a二b", [1, 1, 1, 1, 1]), ("c", [1])], 2)
    assert pieces.unsplittable.tolist() == [0, 3, 0]
    assert token_ends(pieces) == [[2], [], [1]]


def test_only_cuts_inside_sentences_are_forced() -> None:
    pieces = pieces_of([("一。二三四五六七八。", per_character("一。二三四五六七八。")), ("九。", [3, 3])], 7)
    assert pieces.is_forced.tolist() == [True, False, False]


def test_pieces_begin_where_the_last_one_ended_and_at_zero_in_each_document() -> None:
    pieces = pieces_of([("一。二。", [3, 3, 3, 3]), ("", []), ("三。四。", [3, 3, 3, 3])], 2)
    assert pieces.token_begin.tolist() == [0, 2, 0, 2]
    assert pieces.text_begin.tolist() == [0, 6, 0, 6]
    assert pieces.offsets.tolist() == [0, 2, 2, 4]


def test_no_documents_have_no_pieces() -> None:
    pieces = pieces_of([], 5)
    assert pieces.token_end.tolist() == []
    assert pieces.offsets.tolist() == [0]


def test_an_empty_text_may_have_tokens() -> None:
    assert token_ends(pieces_of([("", [0, 0]), ("a", [1]), ("", [0])], 1)) == [[], [1], [1]]


def test_widths_that_do_not_cover_the_text_name_the_document() -> None:
    with pytest.raises(ValueError, match="document 1 of the batch has 6 bytes, its tokens cover 5"):
        pieces_of([("a", [1]), ("一。", [3, 2]), ("b", [1])], 5)


@given(st.lists(strategies.encoded_documents(), max_size=4), st.integers(1, 40))
@settings(deadline=None)
def test_pieces_are_those_of_the_dynamic_programme(documents: list[tuple[str, list[int]]], limit: int) -> None:
    pieces = pieces_of(documents, limit)
    expected = [oracle.pieces(text, widths, limit) for text, widths in documents]
    assert token_ends(pieces) == [ends or [] for ends in expected]
    assert [bool(stuck) for stuck in pieces.unsplittable] == [ends is None for ends in expected]


@given(st.lists(strategies.encoded_documents(), min_size=1, max_size=4), st.integers(1, 40))
@settings(deadline=None)
def test_pieces_tile_tokens_and_text_within_the_limit(documents: list[tuple[str, list[int]]], limit: int) -> None:
    pieces = pieces_of(documents, limit)
    lengths = pieces.token_end - pieces.token_begin
    assert ((lengths > 0) & (lengths <= limit)).all()
    has_pieces = np.diff(pieces.offsets) > 0
    last, first = pieces.offsets[1:][has_pieces] - 1, pieces.offsets[:-1][has_pieces]
    assert pieces.text_end[last].tolist() == [len(d.encode()) for (d, _), has in zip(documents, has_pieces, strict=True) if has]
    assert pieces.token_end[last].tolist() == [len(w) for (_, w), has in zip(documents, has_pieces, strict=True) if has]
    inner = np.setdiff1d(np.arange(len(lengths)), first)
    assert (pieces.token_begin[inner] == pieces.token_end[inner - 1]).all()
    assert (pieces.text_begin[inner] == pieces.text_end[inner - 1]).all()
    assert not pieces.token_begin[first].any()
    assert not pieces.text_begin[first].any()


@given(st.lists(strategies.encoded_documents(), min_size=1, max_size=4), st.integers(1, 40))
@settings(deadline=None)
def test_pieces_of_a_document_do_not_depend_on_the_batch(documents: list[tuple[str, list[int]]], limit: int) -> None:
    together = token_ends(pieces_of(documents, limit))
    assert together == [token_ends(pieces_of([document], limit))[0] for document in documents]


@pytest.mark.parametrize("folder", ["geo_en", "geo_zh"])
def test_pieces_of_real_text_are_those_of_the_dynamic_programme(folder: str) -> None:
    if not (DATA / folder).exists():
        pytest.skip("the shared data is not here")
    paths = sorted(path for path in (DATA / folder).rglob("*.md"))[::60]
    texts = [path.read_text(encoding="utf-8")[:1500] for path in paths]
    documents = [(text, per_character(text)) for text in texts]
    expected = [oracle.pieces(text, widths, 97) for text, widths in documents]
    assert token_ends(pieces_of(documents, 97)) == [ends or [] for ends in expected]
