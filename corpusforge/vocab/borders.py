"""Where no new piece of a SentencePiece vocabulary may reach across: the rules that its own training kept.

A piece that breaks them would be reachable, but unlike all others: numbers in lumps, Chinese glued to Latin letters. The rules
stand in the model's trainer settings; one that the model's own pieces break is not kept. They are rules on two characters side
by side, as in SentencePiece (IsValidSentencePiece), so a border is the same in training and whenever text is encoded.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corpusforge.vocab.convert import SPACE
from corpusforge.vocab.proto import PieceKind, SentencePieceModel

# Share of the base's own pieces that may break a rule before it counts as none.
_MAX_BROKEN = 0.01

_DIGITS = frozenset("0123456789\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")

# Class of a character that goes with every other.
_ANY = 0

Border = Literal["digits", "scripts"]


@dataclass(frozen=True)
class Rules:
    """What keeps characters apart: digits from each other, from other characters, scripts; and the longest piece."""

    splits_digits: bool
    splits_numbers: bool
    splits_scripts: bool
    max_length: int

    @classmethod
    def of(cls, model: SentencePieceModel) -> "Rules":
        """The rules of a model's training that its pieces keep."""
        rules = cls(model.splits_digits, model.splits_numbers, model.splits_scripts, model.max_piece_length)
        pieces = [piece.text for piece in model.pieces if piece.kind is PieceKind.NORMAL]
        for name in ("splits_digits", "splits_numbers", "splits_scripts"):
            alone = replace(cls(False, False, False, rules.max_length), **{name: getattr(rules, name)})
            if _num_broken(alone, pieces) > _MAX_BROKEN * len(pieces):
                rules = replace(rules, **{name: False})
        return replace(rules, max_length=max(rules.max_length, max(map(len, pieces), default=1)))

    def without(self, borders: Collection[Border]) -> "Rules":
        """The rules without those on the digits of a number, or on scripts."""
        return replace(
            self,
            splits_digits=self.splits_digits and "digits" not in borders,
            splits_scripts=self.splits_scripts and "scripts" not in borders,
        )


@dataclass(frozen=True)
class Edges:
    """Of each symbol the class of its first and last character, and whether it never joins on its left or right."""

    first: NDArray[np.int32]
    last: NDArray[np.int32]
    is_closed_left: NDArray[np.bool_]
    is_closed_right: NDArray[np.bool_]

    def are_apart(self, symbols: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether a border lies between each symbol and the next; one shorter than `symbols`."""
        left, right = symbols[:-1], symbols[1:]
        last, first = self.last[left], self.first[right]
        differs = (last != first) & (last != _ANY) & (first != _ANY)
        found: NDArray[np.bool_] = differs | self.is_closed_right[left] | self.is_closed_left[right]
        return found


def edges(texts: Sequence[str | None], rules: Rules) -> Edges:
    """Edges of symbols that are spelled so; None is a symbol that joins with none, such as a byte."""
    classes = _classes({character for text in texts if text for character in text}, rules)
    spelled = [text or SPACE for text in texts]
    never = np.array([not text or (rules.splits_digits and not _DIGITS.isdisjoint(text)) for text in texts], np.bool_)
    # A space begins a piece; only a single one may be joined with what follows.
    opens = np.array([text[0] == SPACE for text in spelled], np.bool_)
    trails = np.array([len(text) > 1 and text[-1] == SPACE for text in spelled], np.bool_)
    return Edges(
        np.array([classes[text[0]] for text in spelled], np.int32),
        np.array([classes[text[-1]] for text in spelled], np.int32),
        never | opens,
        never | trails,
    )


def _num_broken(rules: Rules, pieces: Sequence[str]) -> int:
    classes = _classes({character for piece in pieces for character in piece}, rules)
    return sum(not _keeps(piece, rules, classes) for piece in pieces)


def _keeps(piece: str, rules: Rules, classes: Mapping[str, int]) -> bool:
    if rules.splits_digits and len(piece) > 1 and not _DIGITS.isdisjoint(piece):
        return False
    kinds = [classes[character] for character in piece]
    return all(a == b or _ANY in (a, b) for a, b in pairwise(kinds))


def _classes(characters: Iterable[str], rules: Rules) -> dict[str, int]:
    """Class of each character: scripts as SentencePiece sees them (kana is Han, digits are Common), or digits and others."""
    ordered = sorted({*characters, SPACE})
    if rules.splits_scripts:
        found = dict(zip(ordered, _scripts(ordered), strict=True))
    else:
        found = {character: 1 + (rules.splits_numbers and character in _DIGITS) for character in ordered}
    loose = {character: _ANY for character in ordered if character in _DIGITS and not rules.splits_numbers}
    return {**found, **loose, SPACE: _ANY}


def _scripts(characters: Sequence[str]) -> list[int]:
    """Numbers from 1 that are equal for characters of one script; combining marks, which go with any, have _ANY.

    tokenizers has SentencePiece's table of scripts, but only as a pre-tokenizer, which cuts text between two of them.
    """
    from tokenizers.pre_tokenizers import UnicodeScripts

    cut = UnicodeScripts().pre_tokenize_str
    heads = ["\u0301"]
    kinds = [0]
    for character in characters:
        likely = kinds[-1]
        places = (likely, *range(len(heads)))  # neighbours in code are mostly of one script
        place = next((place for place in places if len(cut(heads[place] + character)) == 1), len(heads))
        heads += [character] if place == len(heads) else []
        kinds.append(place)
    return kinds[1:]
