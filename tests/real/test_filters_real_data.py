"""What the filters of language, Chinese text and symbols say of real text."""

import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from corpusforge.engine.decide import decide
from corpusforge.extract.markup import Markup
from corpusforge.filter.chinese import Chinese
from corpusforge.filter.language import Language
from corpusforge.filter.symbols import Symbols
from corpusforge.text.view import TextView

DATA = Path(__file__).parents[2] / "../shared/data"
SENTENCES = DATA / "lid/lingua_sentences"
MIMES = {".md": "text/markdown", ".rst": "text/x-rst"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SENTENCES.is_dir(), reason="needs ../shared/data, which is not in the repository"),
]


def sentences(language: str, together: int) -> TextView:
    """Sentences of a language, so many as one document."""
    lines = [line for line in (SENTENCES / f"{language}.txt").read_text(encoding="utf-8").splitlines() if line.strip()]
    return TextView(pa.array([" ".join(lines[i : i + together]) for i in range(0, len(lines), together)], pa.large_string()))


def right_share(stage: Language, view: TextView, language: str) -> float:
    return Counter(stage.annotate(view)["lang"].to_pylist())[language] / len(view)


def extracted(*patterns: str) -> list[str]:
    """Texts of at least 100 characters out of marked-up files."""
    paths = [path for pattern in patterns for path in sorted(DATA.glob(pattern)) if path.suffix in MIMES]
    found = [Markup().extract(path.read_bytes(), MIMES[path.suffix], "") for path in paths]
    return [each.text for each in found if not each.drop and len(each.text) >= 100]


def reasons(stage: Symbols | Chinese, texts: list[str]) -> Counter[str]:
    verdicts = decide(stage.rules(), stage.annotate(TextView(pa.array(texts, pa.large_string()))), len(texts))
    return Counter(verdicts["drop"].to_pylist())


@pytest.mark.parametrize(
    ("language", "floor"),
    [("en", 0.99), ("de", 0.99), ("es", 0.98), ("fr", 0.98), ("ja", 0.98), ("ko", 0.99), ("ru", 0.99), ("zh", 0.95)],
)
def test_lid_176_tells_single_sentences(language: str, floor: float) -> None:
    assert right_share(Language(model=DATA / "lid/lid.176.ftz"), sentences(language, 1), language) >= floor


@pytest.mark.parametrize("language", ["en", "zh"])
def test_lid_176_tells_paragraphs_with_a_high_score(language: str) -> None:
    stage = Language(model=DATA / "lid/lid.176.ftz", languages={"en": 0.65, "zh": 0.5})
    signals = stage.annotate(sentences(language, 10))
    kept = decide(stage.rules(), signals, len(signals["lang"]))["drop"].to_pylist().count("")
    assert kept >= 0.98 * len(signals["lang"])


@pytest.mark.parametrize(
    ("language", "floor"),
    [("en", 0.9), ("de", 0.9), ("es", 0.8), ("fr", 0.85), ("ja", 0.99), ("ko", 0.99), ("ru", 0.8), ("zh", 0.99)],
)
def test_scripts_and_frequent_words_tell_single_sentences(language: str, floor: float) -> None:
    assert right_share(Language(model=None), sentences(language, 1), language) >= floor


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "ja", "ko", "ru", "zh"])
def test_scripts_and_frequent_words_tell_paragraphs(language: str) -> None:
    assert right_share(Language(model=None), sentences(language, 10), language) >= 0.98


def test_good_text_is_no_junk() -> None:
    patterns = ("geo_en/**/*", "geo_zh/**/*", "zh/**/*", "en/classic_books/*", "dup_laws/docs/**/*")
    texts = extracted(*patterns)
    found = reasons(Symbols(), texts)
    assert len(texts) > 1500
    assert len(texts) - found[""] - found["reference_lines"] <= 0.002 * len(texts)


def test_documents_that_are_lists_of_publications_are_references() -> None:
    texts = [
        text
        for text in extracted("geo_en/dea_docs/**/_overview_2.md")
        if text.startswith("Publications\n") and "doi.org" in text
    ]
    assert len(texts) > 50
    assert reasons(Symbols(), texts)["reference_lines"] >= 0.9 * len(texts)


def test_chinese_laws_news_and_weeklies_are_chinese() -> None:
    texts = extracted("dup_laws/docs/**/*", "zh/ruanyf_weekly/**/*")
    assert reasons(Chinese(max_traditional_share=0.5), texts)[""] >= 0.99 * len(texts)


def test_english_and_japanese_are_not_chinese() -> None:
    texts = [*sentences("en", 5).texts.to_pylist(), *sentences("ja", 5).texts.to_pylist()]
    assert reasons(Chinese(min_han_share=0.6), texts)["not_han"] >= 0.99 * len(texts)


def test_geobench_questions_are_no_junk() -> None:
    items = json.loads((DATA / "eval/geobench_apstudy.json").read_text(encoding="utf-8"))
    questions = [[item["question"]["stem"], *(choice["text"] for choice in item["question"]["choices"])] for item in items]
    texts = ["\n".join(parts) for parts in questions]
    assert len(texts) > 1000
    assert reasons(Symbols(), texts)[""] >= 0.995 * len(texts)
