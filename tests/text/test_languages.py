import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from corpusforge.text.codes import short_code
from corpusforge.text.languages import _FREQUENT_WORDS, LANGUAGES, _count_frequent, _frequent_table, guess_languages
from corpusforge.text.spans import word_hashes, word_spans
from corpusforge.text.view import TextView

sys.path.insert(0, str(Path(__file__).parents[1]))
import strategies


def view(*texts: str) -> TextView:
    return TextView(pa.array(texts, pa.large_string()))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The granite is made of quartz and feldspar that cooled slowly in the crust.", "en"),
        ("Der Granit besteht aus Quarz und Feldspat, die in der Kruste langsam abgekühlt sind.", "de"),
        ("Le granite est une roche qui se forme dans la croûte avec des cristaux de quartz.", "fr"),
        ("El granito es una roca que se forma en la corteza y los cristales son de cuarzo.", "es"),
        ("O granito não é uma rocha que se forma pela erosão, mas também em profundidade na crosta.", "pt"),
        ("Il granito è una roccia che si forma nella crosta con i cristalli della massa fusa.", "it"),
        ("Het graniet is een gesteente dat in de korst wordt gevormd en niet aan de oppervlakte.", "nl"),
        ("Это горная порода, которая в земной коре состоит из кварца и не только.", "ru"),
        ("花岗岩由石英组成", "zh"),
        ("花崗岩由石英組成", "zh"),
        ("これは花崗岩です", "ja"),
        ("화강암은 석영으로 이루어져 있다", "ko"),
        ("Ο γρανίτης είναι πέτρωμα", "el"),
        ("หินแกรนิต", "th"),
        ("גרניט הוא סלע", "he"),
        ("الجرانيت صخر ناري", "und-Arab"),
        ("Graniti është shkëmb magmatik", "und-Latn"),
        ("Гранит је магматска стена", "und-Cyrl"),
        ("使用 gmt begin map 命令绘制地图并设置 projection 参数", "zh"),
        ("12 + 3 = 15 ！？", "und"),
        ("", "und"),
        ("\u0301\u200d😀", "und"),
    ],
)
def test_languages_are_told_by_script_and_frequent_words(text: str, code: str) -> None:
    assert guess_languages(view(text)).codes == [code]


def test_the_score_is_the_share_of_the_script() -> None:
    codes, scores = guess_languages(view("石英", "石英 granite", "12"))
    assert codes == ["zh", "und-Latn", "und"]
    assert scores.tolist() == [1.0, 7 / 13, 0.0]


def test_a_draw_between_languages_is_not_decided() -> None:
    assert guess_languages(view("the der")).codes == ["und-Latn"]


@settings(deadline=None)
@given(strategies.batches)
def test_any_text_gets_a_known_code_and_a_share(texts: list[str]) -> None:
    codes, scores = guess_languages(view(*texts))
    assert set(codes) <= set(LANGUAGES)
    assert all(0 <= score <= 1 for score in scores)
    assert [code == "und" for code in codes] == [score == 0 or code == "und" for code, score in zip(codes, scores, strict=True)]


@settings(deadline=None)
@given(strategies.batches)
def test_frequent_words_are_counted_as_by_looking_them_up(texts: list[str]) -> None:
    seen = view(*texts)
    spans = word_spans(seen)
    counts = _count_frequent(spans.first, word_hashes(seen), *_frequent_table())
    lists = [set(entry.split()) for entry in _FREQUENT_WORDS.values()]
    expected = np.zeros(counts.shape)
    for document in range(len(texts)):
        for place in range(spans.first[document], spans.first[document + 1]):
            word = bytes(seen.data[spans.begin[place] : spans.end[place]]).decode()
            has = np.array([word in each for each in lists], float)
            expected[document] += has / max(has.sum(), 1)
    assert np.allclose(counts, expected)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("__label__en", "en"), ("__label__eng_Latn", "en"), ("__label__zho_Hans", "zh"), ("__label__cmn_Hani", "zh"),
        ("__label__zh", "zh"), ("__label__arb_Arab", "ar"), ("__label__yue_Hant", "yue_Hant"), ("__label__ceb", "ceb"),
        ("__label__srp_Cyrl", "sr"), ("__label__sr_Latn", "sr"),
    ],
)  # fmt: skip
def test_labels_of_models_become_short_codes(label: str, code: str) -> None:
    assert short_code(label) == code
