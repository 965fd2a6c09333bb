import pyarrow as pa
import pytest

from corpusforge.engine.decide import decide
from corpusforge.filter.prose import Prose
from corpusforge.text.view import TextView

SENTENCES = "The density of a rock is the ratio of its mass to its volume, and it depends on the minerals that it has."
ADVERT = "Cheap roof repair, call now! Best payday loan, click here! Order weight loss pills today!"
MENU = "Home\nAbout us\nThe team\nLog in\nOf interest\nSite map"
CHINESE = "岩石的密度是质量与体积之比，它取决于所含的矿物。"


def verdicts(texts: list[str], **settings: object) -> list[str]:
    stage = Prose.model_validate(settings)
    signals = stage.annotate(TextView(pa.array(texts, pa.large_string())))
    return list(decide(stage.rules(), signals, len(texts))["drop"].to_pylist())


def test_sentences_stay_and_adverts_and_menus_go() -> None:
    assert verdicts([SENTENCES, CHINESE, ADVERT, MENU]) == ["", "", "few_function_words", "few_words_per_line"]


def test_text_without_a_word_is_no_prose() -> None:
    assert verdicts(["", "... 😀 ..."]) == ["few_function_words", "few_function_words"]


def test_shares_are_of_all_words_and_lines_of_those_with_words() -> None:
    signals = Prose().annotate(TextView(pa.array(["The age of rocks\n\nis 3 | Ma\n--"], pa.large_string())))
    assert signals["function_word_share"].to_pylist() == [3 / 7]
    assert signals["words_per_line"].to_pylist() == [7 / 3]


def test_other_languages_are_judged_by_their_own_words() -> None:
    german = "Die Dichte eines Gesteins ist das Verhältnis von Masse zu Volumen und hängt von den Mineralen ab."
    assert verdicts([german]) == ["few_function_words"]
    assert verdicts([german], function_words=("die", "das", "den", "und", "von", "zu", "ist", "ein", "eines")) == [""]


def test_thresholds_of_zero_keep_everything() -> None:
    assert verdicts(["", ADVERT, MENU], min_function_word_share=0, min_words_per_line=0) == ["", "", ""]


def test_a_list_that_is_not_of_single_words_is_refused() -> None:
    with pytest.raises(ValueError, match="'as well' is 2 words, not one"):
        Prose(function_words=("as well",))
