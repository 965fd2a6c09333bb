"""Every signal of every filter on documents at the edges, beside the rule written down slowly; then on one of 16 MB.

Gopher's and FineWeb's filters have theirs in test_gopher_filters.py. Signals are shares and means, so a page again and again
has those of the page, but for what is counted (COUNTS).
"""

import sys
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "text")]
import census_oracle
import oracle
import prose_oracle
import spans_oracle
import terms_oracle
from edges import EDGES, PAGE, PAGES
from test_c4 import results as c4_results
from test_c4 import slow as slow_c4

from corpusforge.core import Filter
from corpusforge.filter.c4 import C4
from corpusforge.filter.chinese import Chinese
from corpusforge.filter.language import Language
from corpusforge.filter.length import Length
from corpusforge.filter.prose import CHINESE, ENGLISH, Prose
from corpusforge.filter.symbols import Symbols
from corpusforge.filter.toxicity import Toxicity
from corpusforge.filter.url import Url
from corpusforge.recipe.registry import find_stage, stage_names
from corpusforge.text.census import LATIN, SIMPLIFIED, TRADITIONAL, character_classes
from corpusforge.text.view import TextView

LEXICON = "[strong]\ndolt\n傻瓜\n[contextual]\nriver\n恶心\n[target]\nyou, terrace\n这种人\n"
BLOCKED = "digits.example\n😀.example\n"

Signals = dict[str, float | str | None]


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def classes(text: str) -> list[str]:
    """What each character is; letters by script, Han by whether they tell simplified from traditional."""
    found, table = list(map(census_oracle.kind, text)), character_classes()
    told = {SIMPLIFIED: "simplified", TRADITIONAL: "traditional", LATIN: "latin"}
    tables = [told.get(int(table[ord(character)]), "") if ord(character) < len(table) else "" for character in text]
    return [named or kind for named, kind in zip(tables, found, strict=True)]


def slow_symbols(text: str) -> Signals:
    kinds, noise = classes(text), census_oracle.noises(text)
    visible, words, size = sum(map(census_oracle.is_visible, text)), sum(noise[:6]), len(text.encode())
    return {
        "damaged_share": ratio(kinds.count("damaged") + census_oracle.mojibake(text), visible),
        "symbol_share": ratio(kinds.count("punctuation") + kinds.count("wide"), visible),
        "digit_share": ratio(kinds.count("number"), visible),
        "single_letter_share": ratio(noise[1], words),
        "strange_word_share": ratio(noise[2], words),
        "mixed_word_share": ratio(noise[3], words),
        "number_line_share": ratio(noise[6], size),
        "reference_line_share": ratio(noise[7], size),
    }


def is_han(character: str) -> bool:
    name = unicodedata.name(character, "")
    return oracle.kind(character) == "C" and not any(script in name for script in ("HIRAGANA", "KATAKANA", "HANGUL"))


def slow_chinese(text: str) -> Signals:
    kinds, (lines, ended, single, repeated) = classes(text), census_oracle.line_shape(text)
    visible = sum(map(census_oracle.is_visible, text))
    told = kinds.count("simplified") + kinds.count("traditional")
    return {
        "han_share": ratio(sum(map(is_han, text)), visible),
        "line_end_share": ratio(ended, lines),
        "mean_line_chars": ratio(visible, lines),
        "single_char_line_share": ratio(single, lines),
        "wide_punctuation_share": ratio(kinds.count("wide"), visible),
        "chinese_digit_share": ratio(kinds.count("number"), visible),
        "latin_share": ratio(kinds.count("latin"), visible),
        "repeated_char_share": ratio(repeated, visible),
        "traditional_share": kinds.count("traditional") / told if told else None,
    }


def slow_prose(text: str) -> Signals:
    words = len(prose_oracle.words(text))
    listed = prose_oracle.num_listed(text, (*ENGLISH, *CHINESE))
    return {
        "function_word_share": ratio(listed, words),
        "words_per_line": ratio(words, prose_oracle.num_stretches(text)),
    }


def slow_toxicity(text: str) -> Signals:
    """Each term that counts is alone in its sentence or near another there; a page has its sentences whole."""
    places = [0]
    for character in text:
        places.append(places[-1] + len(character.encode()))
    strong, contextual, target = ("dolt", "傻瓜"), ("river", "恶心"), ("you", "terrace", "这种人")
    terms = [(each, places[b], places[e]) for each, b, e in terms_oracle.find(text, (*strong, *contextual, *target))]
    sentences = list(pairwise([0, *oracle.sentence_ends(text)]))
    of = [next(number for number, (begin, end) in enumerate(sentences) if begin <= b < end) for _, b, _ in terms]
    near = terms_oracle.near_another(terms, of, 80)
    is_strong, is_contextual = ([each in listed for each, _, _ in terms] for listed in (strong, contextual))
    counts = [a or (b and c) for a, b, c in zip(is_strong, is_contextual, near, strict=True)]
    toxic = {sentence for sentence, does_count in zip(of, counts, strict=True) if does_count}
    hits = sum(is_strong) + 0.5 * sum(is_contextual)
    return {
        "toxic_strong": sum(is_strong),
        "toxic_contextual": sum(a and b for a, b in zip(is_contextual, near, strict=True)),
        "toxic_density": 1000 * hits / max(oracle.num_words(text), 1),
        "toxic_sentences": len(toxic),
        "toxic_share": sum(end - begin for begin, end in (sentences[each] for each in toxic)) / max(len(text.encode()), 1),
    }


SLOW: dict[type[Filter], Callable[[str], Signals]] = {
    Length: lambda text: {"num_words": len(spans_oracle.words(text)), "num_chars": len(text)},
    Symbols: slow_symbols,
    Chinese: slow_chinese,
    Prose: slow_prose,
    Toxicity: slow_toxicity,
}
COUNTS = ("num_words", "num_chars", "toxic_strong", "toxic_contextual", "toxic_sentences")

# Filters whose answers on these documents are tested below, or in test_gopher_filters.py.
ELSEWHERE = (
    "filter.c4",
    "filter.language",
    "filter.url",
    "filter.gopher_quality",
    "filter.gopher_repetition",
    "filter.fineweb",
)


@pytest.fixture(scope="module")
def own_lexicon(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lexicon") / "own.txt"
    path.write_text(LEXICON, encoding="utf-8")
    return path


def measured(stage: Filter, text: str) -> Signals:
    view = TextView(pa.array(["before you dolt", text], pa.large_string()))
    return {signal: values[1].as_py() for signal, values in stage.annotate(view).items()}


def made(kind: type[Filter], lexicon: Path) -> Filter:
    return kind(lexicon=lexicon) if kind is Toxicity else kind()


def test_no_filter_is_left_out() -> None:
    filters = {each for each in stage_names() if issubclass(find_stage(each), Filter)}
    assert {each for each in filters if find_stage(each) not in SLOW} == set(ELSEWHERE)


@pytest.mark.parametrize("document", [*EDGES, "a page of all"])
@pytest.mark.parametrize("kind", SLOW)
def test_signals_of_an_odd_document_are_what_the_slow_rules_say(kind: type[Filter], document: str, own_lexicon: Path) -> None:
    text = EDGES.get(document, PAGE)
    assert measured(made(kind, own_lexicon), text) == SLOW[kind](text)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SLOW)
def test_signals_of_16_megabytes_are_those_of_the_page_they_are_made_of(kind: type[Filter], own_lexicon: Path) -> None:
    of_page = SLOW[kind](PAGE)
    expected = {signal: value * PAGES if signal in COUNTS else value for signal, value in of_page.items()}  # type: ignore[operator]
    assert measured(made(kind, own_lexicon), PAGE * PAGES) == expected


@pytest.mark.parametrize("asks_for_end", [True, False])
@pytest.mark.parametrize("document", [*EDGES, "a page of all"])
def test_c4_decides_and_cuts_as_the_definition_does(document: str, asks_for_end: bool) -> None:
    text = EDGES.get(document, PAGE)
    [(reason, left)] = c4_results(C4(words="spacy", filter_no_terminal_punct=asks_for_end), [text])
    assert (reason, None if reason else left) == slow_c4(text, asks_for_end)


@pytest.mark.slow
def test_c4_cuts_16_megabytes_as_it_does_each_page() -> None:
    stage = C4(words="spacy", filter_no_terminal_punct=False, filter_curly_bracket=False)
    [(_, of_page)] = c4_results(stage, [PAGE * 3])
    [(reason, left)] = c4_results(stage, [PAGE * 3 * (PAGES // 3)])
    assert reason == ""
    assert left == "\n".join([of_page] * (PAGES // 3))


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("empty", "und"), ("one character", "und-Latn"), ("one mark", "und"), ("only digits", "und"), ("only emoji", "und"),
        ("right to left", "und-Arab"), ("zero width", "nl"), ("combining marks", "und-Latn"),
    ],
)  # fmt: skip
def test_languages_of_odd_documents(document: str, code: str) -> None:
    """A zero-width space parts words, and "ze" is a Dutch one."""
    assert measured(Language(model=None), EDGES[document])["lang"] == code


@pytest.mark.slow
def test_the_language_of_16_megabytes_is_told_from_a_sample() -> None:
    text = "The granite is made of quartz that cooled slowly. " * (2**24 // 50)
    assert measured(Language(model=None), text)["lang"] == "en"


@pytest.mark.parametrize("document", EDGES)
def test_addresses_may_hold_anything(document: str, tmp_path: Path) -> None:
    (tmp_path / "domains.txt").write_text(BLOCKED, encoding="utf-8")
    stage = Url(domains=tmp_path / "domains.txt")
    text = EDGES[document].replace("\n", "")
    assert measured(stage, f"http://good.example/{text}")["url_domain_blocked"] == 0
    assert measured(stage, f"http://digits.example/{text}")["url_domain_blocked"] == 1
    assert measured(stage, f"http://a.digits.example/?q={text}")["url_domain_blocked"] == 1
