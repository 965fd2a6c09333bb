import random

import pytest
import sentencepiece
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from corpusforge.vocab.convert import normal_scores, tokenizer_json
from corpusforge.vocab.merges import derivations, derive, ordered_merges, pruned
from corpusforge.vocab.proto import Piece, PieceKind


def test_a_run_is_completed_by_the_pair_that_greedy_merging_leaves():
    scores = {"=": -9.0, "==": -1.0, "===": -2.0, "====": -3.0}
    assert derive("==", scores) == ("=", "=")
    assert derive("===", scores) == ("==", "=")
    assert derive("====", scores) == ("==", "==")


def test_a_piece_behind_a_better_merge_is_unreachable():
    scores = {"bc": -1.0, "ab": -2.0, "cd": -3.0, "abcd": -4.0, "a": -5.0, "b": -6.0, "c": -7.0, "d": -8.0}
    assert derive("abcd", scores) is None
    assert derive("abcd", {piece: score for piece, score in scores.items() if piece != "bc"}) == ("ab", "cd")


def test_the_leftmost_of_equal_pairs_is_merged_first():
    assert derive("aaa", {"aa": -1.0, "aaa": -2.0}) == ("aa", "a")


def test_merges_are_ordered_by_score_and_there_is_one_for_each_piece():
    scores = {"ab": -0.0, "abab": -1.0, "aba": -2.0, "a": -3.0, "b": -4.0}
    ids = {piece: number for number, piece in enumerate(scores)}
    assert ordered_merges(scores, ids) == [("a", "b"), ("ab", "ab"), ("ab", "a")]


def test_pieces_that_tie_keep_every_split():
    scores = {"ab": -5.0, "aba": -5.0, "a": -6.0, "b": -7.0}
    ids = {piece: number for number, piece in enumerate(scores)}
    assert ordered_merges(scores, ids) == [("ab", "a"), ("a", "b")]
    scores = {"ab": -5.0, "ba": -1.0, "aba": -5.0, "a": -6.0, "b": -7.0}
    ids = {piece: number for number, piece in enumerate(scores)}
    assert ordered_merges(scores, ids) == [("b", "a"), ("ab", "a"), ("a", "ba"), ("a", "b")]


def test_runs_that_tie_are_ordered_from_the_longest():
    scores = {"__": -5.0, "____": -5.0, "___": -5.0, "_": -6.0}
    ids = {piece: number for number, piece in enumerate(scores)}
    assert ordered_merges(scores, ids) == [("___", "_"), ("__", "_"), ("_", "_")]


@pytest.mark.parametrize(
    "texts", [["a" + "=" * n + "b=" for n in range(80)], ["=" * n + "b" + "=" * (40 - n) for n in range(40)]]
)
def test_runs_that_tie_are_cut_by_hugging_face_as_by_sentencepiece(model, texts):
    """As in Llama 2, whose spaces all have -1e9: 17 or more of them were cut otherwise when every split was listed."""
    scores = {"=b": -1.0} | {"=" * size: -1e9 for size in range(1, 9)} | {"a": -2.0, "b": -3.0, "\u2581": -4.0}
    special = [piece for piece in model.pieces if piece.kind is not PieceKind.NORMAL]
    tied = model.with_pieces([*special, *(Piece(text, score, PieceKind.NORMAL) for text, score in scores.items())])
    processor = sentencepiece.SentencePieceProcessor(model_proto=tied.to_bytes())
    tokenizer = Tokenizer.from_str(tokenizer_json(tied, origin="m").decode())
    assert [tokenizer.encode(text, add_special_tokens=False).ids for text in texts] == processor.encode(texts)


def test_pruning_takes_unreachable_pieces_then_the_lowest_leaf():
    scores = {"bc": -1.0, "ab": -2.0, "cd": -3.0, "abcd": -4.0, "cdd": -5.0} | dict.fromkeys("abcd", -9.0)
    assert list(pruned(scores, 99)) == ["bc", "ab", "cd", "cdd", *"abcd"]
    assert list(pruned(scores, 7)) == ["bc", "ab", "cd", *"abcd"]
    assert list(pruned(scores, 6)) == ["bc", "ab", *"abcd"]


def test_pruning_never_takes_characters():
    assert list(pruned({"ab": -0.0, "a": -1.0, "b": -2.0}, 1)) == ["a", "b"]


def _vocabulary(words: list[str], rng) -> dict[str, float]:
    order = [*dict.fromkeys(words)]
    rng.shuffle(order)
    return {piece: -float(rank) for rank, piece in enumerate([*order, "a", "b", "="])}


WORDS = st.lists(st.text("ab=", min_size=2, max_size=7), max_size=25)


@given(WORDS, st.randoms(use_true_random=False), st.integers(3, 28))
def test_what_pruning_keeps_is_derived_as_before(words, rng, limit):
    scores = _vocabulary(words, rng)
    kept = pruned(scores, limit)
    before = derivations(scores)
    assert derivations(kept) == {piece: before[piece] for piece in kept if len(piece) > 1}
    assert None not in derivations(kept).values()
    assert len(kept) <= max(limit, 3)


@settings(max_examples=150, deadline=None)
@given(words=WORDS, rng=st.randoms(use_true_random=False), texts=st.lists(st.text("ab=", max_size=60), max_size=30))
@example(words=["==", "===", "====", "=====", "a=", "=a"], rng=random.Random(3), texts=["=" * n for n in range(65)])
def test_hugging_face_gives_sentencepiece_ids_for_any_vocabulary(model, words, rng, texts):
    """The claim of the module, on vocabularies no training would give: long pieces above their parts, dead pieces, runs."""
    scores = _vocabulary(words, rng)
    special = [piece for piece in model.pieces if piece.kind is not PieceKind.NORMAL]
    normal = [Piece(text, score, PieceKind.NORMAL) for text, score in scores.items()]
    other = model.with_pieces([*special, *normal, Piece("\u2581", -999.0, PieceKind.NORMAL)])
    processor = sentencepiece.SentencePieceProcessor(model_proto=other.to_bytes())
    tokenizer = Tokenizer.from_str(tokenizer_json(other, origin="m").decode())
    found = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    assert found == processor.encode(texts)


def test_every_piece_of_a_trained_model_has_a_derivation(model):
    assert None not in derivations(normal_scores(model.pieces)).values()
