from pathlib import Path

import pytest
from vocab_samples import geology

from corpusforge.vocab.growth import Sample
from corpusforge.vocab.learning import Limits, candidates, grown
from corpusforge.vocab.proto import Piece, PieceKind
from corpusforge.vocab.sentencepiece_base import SentencePieceBase, ranked

LIMITS = Limits(coverage=0.9, max_length=16, min_count=2, repeats=1, min_held_out=0.2)


@pytest.fixture(scope="module")
def base(tokenizer_folder) -> SentencePieceBase:
    return SentencePieceBase.read(Path(tokenizer_folder) / "tokenizer.model")


def _grown(base, texts, num_rows, limits=LIMITS, unseen=(), **options):
    sample, held_out, nothing = (base.counted(Sample.of(each)) for each in (texts, list(unseen), []))
    return grown(candidates(base, sample, held_out, nothing, num_joins=100, limits=limits), num_rows, limits, **options)


def test_a_character_comes_before_the_pieces_that_hold_it(base):
    rows = _grown(base, ["橄榄岩，" * 5, "榄" * 1], 3).rows
    assert [(row.text, row.parts) for row in rows] == [("榄", None), ("橄", None), ("榄岩", ("榄", "岩"))]


def test_the_share_of_characters_to_cover_is_added_whatever_it_saves(base):
    texts = ["the " * 50 + "橄", "of the"]
    assert [row.text for row in _grown(base, texts, 5, LIMITS).rows if row.parts is None] == []
    covering = Limits(coverage=1.0, max_length=16, min_count=2, repeats=1, min_held_out=0.2)
    assert [row.text for row in _grown(base, texts, 5, covering).rows if row.parts is None] == ["橄"]


def test_digits_controls_and_newlines_never_become_part_of_a_piece(base):
    rows = _grown(base, ["2048\n\x07" * 30], 20).rows
    assert rows == []


def test_savings_are_tokens_saved_on_the_held_out_text(base):
    unseen = ["橄榄岩"] * 4
    result = _grown(base, ["橄榄岩，" * 5], 4, unseen=unseen)
    before = base.counted(Sample.of(unseen)).num_tokens
    assert [row.text for row in result.rows] == ["榄", "橄", "榄岩", "橄榄岩"]
    assert sorted(result.savings.tolist()) == [4, 4, 8, 8]
    assert before - result.savings.sum() == 4 * 2  # the space in front, and the word


def test_no_more_rows_are_taken_once_a_block_saves_too_little(base):
    texts, unseen = geology(300), geology(60, seed=9)
    every, few = (_grown(base, texts, 90, unseen=unseen, min_savings=least) for least in (0, 3))
    assert len(few.rows) < len(every.rows)
    assert len(few.rows) % 64 == 0


def test_scores_of_tied_runs_move_up_to_the_others(model):
    runs = [Piece("\u2581" * size, -1e9, PieceKind.NORMAL) for size in (2, 1, 3)]
    others = [Piece("ab", 0.0, PieceKind.NORMAL), Piece("abc", -5.0, PieceKind.NORMAL)]
    found = {piece.text: piece.score for piece in ranked([*others, *runs])}
    assert found == {"ab": 0.0, "abc": -5.0, "\u2581\u2581\u2581": -6.0, "\u2581\u2581": -7.0, "\u2581": -8.0}
