import random
from itertools import islice

import pytest
from measure.edits import EDITS, Chance, change_script, edits_for, move_sentences, quote, repunctuate, tables, units
from measure.near_duplicates import chance_of, composed
from measure.truth import true_pairs
from measure.verdicts import ROOT

BOOKS = {lang: ROOT / f"recipes/samples/textbook_{lang}" for lang in ("en", "zh")}

# These reach what is asked for to within some hundredths; the others cut at sentences, or stop where their table ends.
CLOSE = ("replaced words", "dropped words", "inserted words", "swapped words", "typing errors", "scan", "quoted")


@pytest.fixture(scope="module", params=["en", "zh"])
def originals(request: pytest.FixtureRequest) -> tuple[Chance, list[str]]:
    chance = chance_of(BOOKS[request.param], request.param, 7)
    return chance, list(islice(composed(chance), 10))


def reached(texts: list[str], others: list[str]) -> float:
    """Mean similarity of each text to the one at the same place."""
    likes = [true_pairs([text, other], 1e-9).get((0, 1), 0.0) for text, other in zip(texts, others, strict=True)]
    return sum(likes) / len(likes)


@pytest.mark.parametrize("kind", CLOSE)
@pytest.mark.parametrize("similarity", [0.3, 0.5, 0.7, 0.9])
def test_an_edit_comes_near_the_similarity_that_is_asked_for(
    kind: str, similarity: float, originals: tuple[Chance, list[str]]
) -> None:
    chance, texts = originals
    assert reached(texts, [EDITS[kind](text, similarity, chance) for text in texts]) == pytest.approx(similarity, abs=0.08)


@pytest.mark.parametrize("kind", edits_for("en"))
def test_the_more_is_kept_the_more_alike(kind: str, originals: tuple[Chance, list[str]]) -> None:
    chance, texts = originals
    weak, strong = ([EDITS[kind](text, similarity, chance) for text in texts] for similarity in (0.95, 0.4))
    assert reached(texts, weak) >= reached(texts, strong) > 0.15


def test_the_fewer_characters_change_their_script_the_more_alike() -> None:
    chance = chance_of(BOOKS["zh"], "zh", 7)
    texts = list(islice(composed(chance), 10))
    weak, strong = ([change_script(text, similarity, chance) for text in texts] for similarity in (0.95, 0.4))
    assert reached(texts, weak) > reached(texts, strong) > 0.15


def test_other_punctuation_changes_the_text_and_no_word(originals: tuple[Chance, list[str]]) -> None:
    chance, texts = originals
    changed = [repunctuate(text, 0.5, chance) for text in texts]
    assert all(text != other for text, other in zip(texts, changed, strict=True))
    assert reached(texts, changed) == 1.0


def test_sentences_that_move_are_all_still_there() -> None:
    text = "Quartz is hard. Clay is soft. Salt dissolves. Chalk is white."
    moved = move_sentences(text, 0.3, Chance(random.Random(1), "en", [], []))
    assert moved != text
    assert sorted(moved.split()) == sorted(text.split())


def test_what_is_quoted_stands_whole_in_the_other_text() -> None:
    text = "Quartz is hard."
    quoted = quote(text, 0.3, Chance(random.Random(1), "en", [], ["Nothing else is known of it."]))
    assert text in quoted
    assert len(quoted) > 2 * len(text)


def test_traditional_characters_take_the_place_of_simplified_ones() -> None:
    assert change_script("断层发电", 1e-9, Chance(random.Random(1), "zh", [], [])) == "斷層發電"


def test_a_character_has_one_counterpart_in_the_table() -> None:
    pairs = tables()["scripts"].split()
    assert {len(pair) for pair in pairs} == {2}
    assert len({pair[0] for pair in pairs}) == len({pair[1] for pair in pairs}) == len(pairs)


def test_units_together_are_the_text() -> None:
    text = "Ice, 3.5 km thick: 冰川 flows!\n"
    assert units(text) == ["Ice", ", ", "3", ".", "5", " ", "km", " ", "thick", ": ", "冰", "川", " ", "flows", "!\n"]
    assert "".join(units(text)) == text
