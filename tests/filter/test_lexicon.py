from pathlib import Path

import pytest

from corpusforge.errors import InputError
from corpusforge.filter.lexicon import SHIPPED, Meaning, disguises, read_dictionary, read_lexicon

ALLOW, STRONG, CONTEXTUAL, TARGET, WORDS = (
    Meaning.ALLOW,
    Meaning.STRONG,
    Meaning.CONTEXTUAL,
    Meaning.TARGET,
    Meaning.WORDS,
)


def written(folder: Path, text: str, name: str = "own.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_line_holds_terms_and_endings_of_the_first(tmp_path: Path) -> None:
    path = written(tmp_path, "# comment\n[strong]\nDumbhead, -s, dumb  head\n\n[words]\n河口, 路口\n")
    expected = {"dumbhead": STRONG, "dumbheads": STRONG, "dumb head": STRONG, "河口": WORDS, "路口": WORDS}
    assert read_lexicon(path) == expected


def test_a_term_of_several_sections_has_its_strongest_meaning(tmp_path: Path) -> None:
    path = written(tmp_path, "[allow]\na\n[words]\na, b, c\n[strong]\na, b\n[target]\nb, c\n")
    assert read_lexicon(path) == {"a": ALLOW, "b": STRONG, "c": TARGET}


def test_the_lexicons_of_a_folder_are_one(tmp_path: Path) -> None:
    written(tmp_path, "[target]\na, b\n", "one.txt")
    written(tmp_path, "[contextual]\na\n", "two.txt")
    written(tmp_path, "[strong]\na\n", "notes.md")
    assert read_lexicon(tmp_path) == {"a": CONTEXTUAL, "b": TARGET}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dumbhead\n[strong]\n", "line 1: 'dumbhead' stands before any section; sections are"),
        ("[strong]\na\n[string]\n", r"line 3: no section '\[string\]'; sections are \[allow\], \[strong\]"),
        ("[strong]\n-s, a\n", "line 2: '-s' is an ending of nothing"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_lexicon(written(tmp_path, text))


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_bytes("[strong]\n傻子".encode("gb18030"))
    with pytest.raises(InputError, match=r"own\.txt: no list in UTF-8"):
        read_lexicon(path)


def test_a_folder_without_lexicons_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no \*\.txt file in it"):
        read_lexicon(tmp_path)


def test_a_dictionary_is_the_first_column_of_a_word_segmenters(tmp_path: Path) -> None:
    assert read_dictionary(written(tmp_path, "河口 12 n\n钟乳石 3 n\n\n")) == {"河口": WORDS, "钟乳石": WORDS}


@pytest.mark.parametrize("spelling", ["d*lt", "d**t", "do#t", "d0lt", "dol7", "d0l7"])
def test_a_word_is_disguised_by_masks_and_lookalikes(spelling: str) -> None:
    assert spelling in set(disguises("dolt"))


def test_three_lookalikes_are_a_code_and_no_word() -> None:
    found = set(disguises("toots"))
    assert ["t00ts" in found, "to0t5" in found, "t00t5" in found] == [True, True, False]


@pytest.mark.parametrize("term", ["ass", "two words", "河口河口", "a-hole"])
def test_short_words_phrases_and_other_scripts_have_no_disguise(term: str) -> None:
    assert list(disguises(term)) == []


def test_no_disguise_is_a_number_or_loses_the_first_letter() -> None:
    assert {each[0] for term in ("loser", "toots") for each in disguises(term)} == {"l", "t"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_shipped_lexicon_has_terms_of_every_meaning(language: str) -> None:
    assert set(read_lexicon(SHIPPED / f"{language}.txt").values()) == set(Meaning)
