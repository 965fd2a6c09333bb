"""Languages of texts without a model: by script, and where many languages share one, by their most frequent words.

What it can: tell Chinese, Japanese, Korean and languages with a script of their own, and in running text English, German,
French, Spanish, Portuguese, Italian, Dutch and Russian. What it cannot: other languages in Latin or Cyrillic letters, or any
in Arabic, Devanagari, Bengali or Ethiopic letters; they are "und-Latn" and so on, and close relatives of the eight (Catalan,
Afrikaans, Scots) may be taken for them. Kinds of Chinese are all "zh". Text of a few words is guesswork.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusforge.text.census import (
    FIRST_SCRIPT,
    HAN,
    HANGUL,
    KANA,
    OTHER_LETTER,
    SCRIPTS,
    SIMPLIFIED,
    TRADITIONAL,
    census,
)
from corpusforge.text.kernels import kernel
from corpusforge.text.shares import share
from corpusforge.text.spans import word_hashes, word_spans
from corpusforge.text.view import TextView

UNKNOWN = "und"

# Of texts in Latin or Cyrillic letters, so many words must be frequent ones of a language; one of k languages counts 1 / k.
_MIN_FREQUENT_SHARE = 0.04
# A Han character, kana or hangul syllable says about as much as so many letters.
_CJK_WEIGHT = 3
# Of Han characters and kana, so many kana make Japanese; Chinese text that quotes some has fewer.
_MIN_KANA_SHARE = 0.2

_LANGUAGE_OF_SCRIPT = {
    "Grek": "el", "Armn": "hy", "Hebr": "he", "Guru": "pa", "Gujr": "gu", "Orya": "or", "Taml": "ta", "Telu": "te",
    "Knda": "kn", "Mlym": "ml", "Sinh": "si", "Thai": "th", "Laoo": "lo", "Tibt": "bo", "Mymr": "my", "Geor": "ka",
    "Khmr": "km", "Mong": "mn",
}  # fmt: skip

# Of Latin script none of one letter, which formulas and code have too, and no Portuguese com, de or os, which addresses have.
_FREQUENT_WORDS = {
    "en": "the of and to in is that for it as was with be by on not this are from at or have an they which you were his her we "
          "has been their can will there would if than its who more when what about also these do so",
    "de": "der die und das den von zu mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie "
          "nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch",
    "fr": "le de la les et des un une du en est que dans qui pour pas sur au ce il plus par avec se ne son sont cette mais ou "
          "elle aux comme ont été nous vous leur sa ses fait être ces deux sans tout aussi même je",
    "es": "el de la que en los se del las un por con no una su para es al lo como más pero sus le ha me si sin sobre este "
          "ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está",
    "pt": "que da em um para não uma se na foi por mais as dos como mas ao ele das à seu sua ou quando muito nos já eu "
          "também só pelo pela até isso ela entre depois sem mesmo aos são está ser tem nas num esta ainda sobre então",
    "it": "il di che la per un in del è non una le con si da della al lo come più dei alla nel ma gli sono anche delle ha "
          "dal su se o questo tra degli nella essere ci quando stato loro era suo fra due sua tutti dalla",
    "nl": "de van het een en in is dat op te zijn voor met die niet aan er om ook als dan maar bij nog uit naar heeft hij werd "
          "wordt door over ze je worden tot meer of was geen deze zich kan hebben had waar zo zou moet",
    "ru": "и в не на что с он как это по но из у за от так о для же к его только или бы до все мы при был то если уже было еще "
          "также который может были которые чтобы она их этого во ли "
          "со после ее под этом том их без есть нет где когда там тем этой кто даже вы мне меня всех очень можно лет",
}  # fmt: skip
FREQUENT_LANGUAGES = tuple(_FREQUENT_WORDS)
NUM_LANGUAGES = len(FREQUENT_LANGUAGES)

_GROUPS = ("zh", "ko", UNKNOWN, *(_LANGUAGE_OF_SCRIPT.get(script, f"{UNKNOWN}-{script}") for script in SCRIPTS))
_WITH_FREQUENT_WORDS = (f"{UNKNOWN}-Latn", f"{UNKNOWN}-Cyrl")

# Every code that `guess_languages` gives.
LANGUAGES = tuple(sorted({*_GROUPS, *FREQUENT_LANGUAGES, "ja"}))


class Guesses(NamedTuple):
    """For each document a code of LANGUAGES, "und" where there is no letter, and a score from 0 to 1 (float64).

    The score is the share of letters in the scripts of that language, CJK weighted threefold; where frequent words decide it is
    multiplied by the share of the winner in the frequent words of the first two.
    """

    codes: list[str]
    scores: NDArray[np.float64]


def guess_languages(view: TextView) -> Guesses:
    """The language of each document by its scripts and frequent words."""
    counts = view.once(census)
    kana, han = counts[:, KANA], counts[:, [HAN, SIMPLIFIED, TRADITIONAL]].sum(axis=1)
    groups = np.column_stack(
        [_CJK_WEIGHT * (han + kana), _CJK_WEIGHT * counts[:, HANGUL], counts[:, OTHER_LETTER], counts[:, FIRST_SCRIPT:]]
    )
    best = groups.argmax(axis=1)
    scores = share(groups.max(axis=1, initial=0), groups.sum(axis=1))
    frequent, certainty = _by_frequent_words(view)
    is_japanese = kana >= _MIN_KANA_SHARE * (kana + han)
    codes = []
    for document, group in enumerate(best):
        code = _GROUPS[group] if scores[document] else UNKNOWN
        if code == "zh" and is_japanese[document]:
            code = "ja"
        elif code in _WITH_FREQUENT_WORDS and frequent[document] >= 0:
            code = FREQUENT_LANGUAGES[frequent[document]]
            scores[document] *= certainty[document]
        codes.append(code)
    return Guesses(codes, scores)


def _by_frequent_words(view: TextView) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Place in FREQUENT_LANGUAGES of the language whose words are the most frequent, -1 where none is, and how sure that is."""
    spans = view.once(word_spans)
    counts = _count_frequent(spans.first, view.once(word_hashes), *_frequent_table())
    ordered = np.sort(counts, axis=1)
    winner, second = ordered[:, -1], ordered[:, -2]
    is_found = (winner > second) & (winner >= _MIN_FREQUENT_SHARE * np.diff(spans.first))
    return np.where(is_found, counts.argmax(axis=1), -1), winner / np.where(winner > 0, winner + second, 1)


@lru_cache(maxsize=1)
def _frequent_table() -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of all frequent words, sorted: uint64[num_words]; and as bits the languages that have each: int64[num_words]."""
    words = [(word, 1 << place) for place, entry in enumerate(_FREQUENT_WORDS.values()) for word in entry.split()]
    hashes = word_hashes(TextView(pa.array([word for word, _ in words], pa.large_string())))
    unique, places = np.unique(hashes, return_inverse=True)
    languages = np.zeros(len(unique), np.int64)
    np.bitwise_or.at(languages, places, [bit for _, bit in words])
    return unique, languages


@kernel
def _count_frequent(
    first: NDArray[np.int64], hashes: NDArray[np.uint64], frequent: NDArray[np.uint64], languages: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Frequent words of each language in each document, shared ones in parts: float64[num_documents, NUM_LANGUAGES]."""
    counts = np.zeros((len(first) - 1, NUM_LANGUAGES))
    for document in range(len(counts)):
        for word in range(first[document], first[document + 1]):
            place = np.searchsorted(frequent, hashes[word])
            if place == len(frequent) or frequent[place] != hashes[word]:
                continue
            num_languages = 0
            for language in range(NUM_LANGUAGES):
                num_languages += languages[place] >> language & 1
            for language in range(NUM_LANGUAGES):
                counts[document, language] += (languages[place] >> language & 1) / num_languages
    return counts
