import sys
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from corpusforge.text import census as c
from corpusforge.text.line_shape import line_shapes
from corpusforge.text.view import TextView

sys.path.insert(0, str(Path(__file__).parents[1]))
import census_oracle
import strategies

EDGES = [
    "",
    "a",
    "\n",
    "0123456789\n" * 3,
    "😀👨‍👩‍👧",
    "שלום עולם",
    "\u200b\u200d\ufeff",
    "e\u0301\u0301",
    "\U0010ffff\U000e0101",
]


def view(*texts: str) -> TextView:
    return TextView(pa.array(texts, pa.large_string()))


def test_each_character_is_counted_in_its_class() -> None:
    [counts] = c.census(view("国發人 aЖ9，,é\u0301\ufffd\ue000あ한\u200b"))
    found = {place: number for place, number in enumerate(counts.tolist()) if number}
    cyrillic = c.FIRST_SCRIPT + c.SCRIPTS.index("Cyrl")
    assert found == {
        c.SIMPLIFIED: 1, c.TRADITIONAL: 1, c.HAN: 1, c.BLANK: 1, c.LATIN: 2, cyrillic: 1, c.DIGIT: 1, c.WIDE_PUNCTUATION: 1,
        c.PUNCTUATION: 1, c.COMBINING: 1, c.DAMAGED: 2, c.KANA: 1, c.HANGUL: 1, c.INVISIBLE: 1,
    }  # fmt: skip


@pytest.mark.parametrize("characters", ["国说书门车东业", "们这为时还过会"])
def test_simplified_characters_are_known(characters: str) -> None:
    assert [c.character_classes()[ord(each)] for each in characters] == [c.SIMPLIFIED] * len(characters)


@pytest.mark.parametrize("characters", ["國說書門車東業", "們這為時還過會"])
def test_traditional_characters_are_known(characters: str) -> None:
    assert [c.character_classes()[ord(each)] for each in characters] == [c.TRADITIONAL] * len(characters)


@pytest.mark.parametrize("characters", ["人山石的一是", "份乾著后里面"])
def test_characters_of_both_scripts_tell_nothing(characters: str) -> None:
    assert [c.character_classes()[ord(each)] for each in characters] == [c.HAN] * len(characters)


def test_letters_of_a_script_have_its_name() -> None:
    classes = c.character_classes()
    letters = [
        point for point in np.flatnonzero(classes >= c.FIRST_SCRIPT).tolist() if unicodedata.category(chr(point)) != "Cn"
    ]
    wrong = {
        chr(point) for point in letters if c.SCRIPTS[classes[point] - c.FIRST_SCRIPT] not in census_oracle.scripts(chr(point))
    }
    assert len(letters) > 4000
    # ordinal indicators, the micro sign, and letters that Unicode calls modifiers or names by their sound
    assert {each for each in wrong if unicodedata.category(each) != "Lm"} <= set("ªºµɁɂʔʕƻǀǁǂǃꞋꞌꞏꟷʘʬʭ")


def test_classes_are_what_unicode_says() -> None:
    names = {
        c.INVISIBLE: "invisible", c.BLANK: "blank", c.DIGIT: "number", c.PUNCTUATION: "punctuation", c.WIDE_PUNCTUATION: "wide",
        c.COMBINING: "mark", c.DAMAGED: "damaged", c.HAN: "cjk", c.SIMPLIFIED: "cjk", c.TRADITIONAL: "cjk", c.KANA: "cjk",
    }  # fmt: skip
    points = [
        point for point in range(c.TABLE_SIZE) if not 0xD800 <= point < 0xE000 and c.character_classes()[point] != c.HANGUL
    ]
    found = [names.get(int(c.character_classes()[point]), "letter") for point in points]
    assert found == [census_oracle.kind(chr(point)) for point in points]


@settings(deadline=None)
@given(strategies.batches)
def test_a_census_counts_every_character_once(texts: list[str]) -> None:
    counts = c.census(view(*texts))
    assert counts.sum(axis=1).tolist() == [len(text) for text in texts]
    assert c.visible(counts).tolist() == [sum(map(census_oracle.is_visible, text)) for text in texts]
    kinds = [Counter(map(census_oracle.kind, text)) for text in texts]
    for place, name in ((c.DIGIT, "number"), (c.COMBINING, "mark"), (c.DAMAGED, "damaged"), (c.WIDE_PUNCTUATION, "wide")):
        assert counts[:, place].tolist() == [each[name] for each in kinds]


@settings(deadline=None)
@given(strategies.batches)
def test_line_shapes_equal_the_oracle(texts: list[str]) -> None:
    assert line_shapes(view(*texts)).tolist() == [census_oracle.line_shape(text) for text in texts]


@pytest.mark.parametrize("text", EDGES)
def test_line_shapes_of_edge_cases_equal_the_oracle(text: str) -> None:
    assert line_shapes(view(text)).tolist() == [census_oracle.line_shape(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他说：“走吧。”\n然后（见图）\n\n完", [3, 1, 1, 0]),
        ("One. \r\nTwo [3]\r\n(Three!)", [3, 2, 0, 0]),
        ("哈哈哈哈!!!!!!aaa\naaaaa", [2, 0, 0, 9]),
        ("a\n\u200b\n b ", [2, 0, 2, 0]),
    ],
)
def test_line_shapes_are_lines_ended_single_and_repeated(text: str, expected: list[int]) -> None:
    assert line_shapes(view(text)).tolist() == [expected]


def test_documents_do_not_look_at_their_neighbours() -> None:
    texts = ["aaa", "a", "aaaa", "é", "é"]
    assert line_shapes(view(*texts))[:, 3].tolist() == [0, 0, 4, 0, 0]
