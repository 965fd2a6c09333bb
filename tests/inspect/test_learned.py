"""Whether loss falls on answers, told from ids alone: one token more or less is noticed."""

from pathlib import Path

import numpy as np
import pytest

from corpusforge.inspect.answers import Learned, label_runs
from corpusforge.vocab.folder import TokenizerFiles

TOKENIZER = Path(__file__).resolve().parents[2] / "recipes/samples/tokenizer"
TEXT = "Why so?\n\nBecause 岩石 cools.\n\nAnd?\n\nIt is slow."
TURNS = [
    {
        "role": role,
        "begin": TEXT.encode().index(words.encode()),
        "end": TEXT.encode().index(words.encode()) + len(words.encode()),
    }
    for role, words in (
        ("user", "Why so?"),
        ("assistant", "Because 岩石 cools."),
        ("user", "And?"),
        ("assistant", "It is slow."),
    )
]
EOS = 2


def is_right(*answers: str, cut: slice = slice(None), more: str = "", everything: bool = False) -> bool:
    tokenizer = TokenizerFiles.read(TOKENIZER).loaded()
    runs = [np.array([*tokenizer.encode(more + answer).ids, EOS])[cut] for answer in answers]
    return Learned(b"", tuple(runs), everything).is_answers_of(TEXT, TURNS, tokenizer)


@pytest.mark.parametrize(
    ("answers", "settings", "expected"),
    [
        (("Because 岩石 cools.", "It is slow."), {}, True),
        (("It is slow.",), {}, True),
        (("Because 岩石 cools.",), {}, False),
        (("It is slow.", "Because 岩石 cools."), {}, False),
        (("It is slow.",), {"cut": slice(1, None)}, False),
        (("It is slow.",), {"cut": slice(None, -1)}, False),
        (("It is slow.",), {"more": ": "}, False),
        (("It is slow.",), {"more": "USER: And? ", "everything": True}, True),
        (("It was slow.",), {"everything": True}, False),
        ((), {}, False),
    ],
)
def test_labels_are_the_last_answers_or_something_else(answers: tuple[str, ...], settings: dict, expected: bool) -> None:
    assert is_right(*answers, **settings) is expected


def test_runs_of_labels() -> None:
    assert label_runs(np.array([-100, 5, 0, -100, 0])) == [(1, 3), (4, 5)]
    assert label_runs(np.array([-100])) == []
