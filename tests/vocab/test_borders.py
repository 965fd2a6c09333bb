import numpy as np
import pytest

from corpusforge.vocab.borders import Rules, edges

LLAMA = Rules(splits_digits=True, splits_numbers=True, splits_scripts=True, max_length=16)


def apart(left: str | None, right: str | None, rules: Rules = LLAMA) -> bool:
    return bool(edges([left, right], rules).are_apart(np.array([0, 1], np.int32))[0])


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("花", "岗岩"),
        ("gran", "ite"),
        ("カ", "ルスト"),
        ("鉱", "カ"),  # kana goes with Han, as in SentencePiece
        ("\u2581", "花"),
        ("\u2581the", "re"),
        ("）", "，"),
        ("e", "\u0301"),
        ("地", "\u0301"),
    ],
)
def test_symbols_of_one_script_may_be_joined(left, right):
    assert not apart(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("花", "gran"),
        ("a", "б"),
        ("花", "，"),
        ("1", "2"),
        ("a", "1"),
        ("\u2581", "1"),
        ("１", "花"),
        ("the", "\u2581sea"),
        ("\u2581\u2581", "a"),
        ("\u2581", "\u2581"),
        (None, "a"),
        ("a", None),
    ],
)
def test_borders_lie_between_scripts_around_digits_and_before_spaces(left, right):
    assert apart(left, right)


def test_digits_may_be_joined_where_the_base_joins_them():
    rules = Rules(splits_digits=False, splits_numbers=True, splits_scripts=True, max_length=16)
    assert not apart("1", "2", rules)
    assert apart("1", "a", rules)


def test_without_rules_only_spaces_are_borders():
    rules = Rules(splits_digits=False, splits_numbers=False, splits_scripts=False, max_length=16)
    assert not apart("1", "花a", rules)
    assert apart("a", "\u2581b", rules)


def test_rules_are_those_of_the_training(model):
    assert Rules.of(model) == LLAMA


def test_a_rule_that_the_pieces_break_is_none(model):
    from corpusforge.vocab.proto import Piece, PieceKind

    mixed = [Piece(f"岩{letter}", -9000.0 - rank, PieceKind.NORMAL) for rank, letter in enumerate("abcdefghijklmnop")]
    assert not Rules.of(model.with_pieces([*model.pieces, *mixed])).splits_scripts


@pytest.mark.parametrize(
    ("borders", "joined"),
    [
        ((), []),
        (("digits",), [("1", "2"), ("2", ".")]),
        (("scripts",), [("花", "，"), ("a", "б")]),
    ],
)
def test_borders_that_are_left_out_keep_nothing_apart_and_the_others_do(borders, joined):
    pairs = [("1", "2"), ("2", "."), ("花", "，"), ("a", "б"), ("a", "1"), ("▁the", "▁re")]
    assert [pair for pair in pairs if not apart(*pair, LLAMA.without(borders))] == joined
