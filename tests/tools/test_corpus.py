import random
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from measure.corpus import CorpusSize, corpus, sentence_pool, texts

ROOT = Path(__file__).resolve().parents[2]

POOL = [f"Sample {index} of the core holds clay and a little sand, as the log of the well says. " for index in range(3_000)]


def made(seed: int, num_bytes: int = 500_000) -> list[str]:
    return list(texts(POOL, num_bytes, random.Random(seed)))


def test_the_same_seed_gives_the_same_documents_and_another_seed_others() -> None:
    assert made(1) == made(1)
    assert not set(made(1)) & set(made(2))


def test_only_the_planted_share_of_documents_has_an_equal_one() -> None:
    found = made(3, num_bytes=2_000_000)
    repeated = len(found) - len(set(found))
    assert 0.005 < repeated / len(found) < 0.04


def test_no_sentence_stands_twice_in_a_document() -> None:
    for text in made(4)[:50]:
        names = [part.split(" of ")[0] for part in text.split("Sample ")[1:]]
        assert len(names) == len(set(names))


def test_sentences_that_were_neighbours_often_still_are() -> None:
    numbers = [[int(part.split()[0]) for part in text.split("Sample ")[1:]] for text in made(5)]
    pairs = [pair for each in numbers for pair in pairwise(each)]
    assert 0.5 < sum(second == first + 1 for first, second in pairs) / len(pairs) < 0.95


def test_lengths_are_those_of_web_pages() -> None:
    sizes = sorted(len(text.encode()) for text in made(6, num_bytes=4_000_000))
    assert 3_500 < sum(sizes) / len(sizes) < 7_000
    assert 1_800 < sizes[len(sizes) // 2] < 3_500
    assert sizes[-1] > 10 * sizes[len(sizes) // 2]


def test_a_pool_holds_every_sentence_once() -> None:
    assert sentence_pool(["One stone. Two stones.", "Two stones. 三块石头。"]) == ["One stone. ", "Two stones.", "三块石头。"]


def test_a_corpus_of_the_samples_has_both_languages_and_is_made_once(tmp_path: Path) -> None:
    folder = corpus(ROOT / "recipes/samples", CorpusSize(1), tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert corpus(ROOT / "recipes/samples", CorpusSize(1), tmp_path) == folder
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    for lang in ("en", "zh"):
        rows = [orjson.loads(line) for line in (folder / f"{lang}.jsonl").read_bytes().splitlines()]
        assert {row["lang"] for row in rows} == {lang}
        assert 490_000 < sum(len(row["text"].encode()) for row in rows) < 1_000_000


def test_a_folder_without_text_of_a_language_is_named_in_the_message(tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("Granite holds quartz. It cools slowly.")
    with pytest.raises(SystemExit, match="no zh text below --data"):
        corpus(tmp_path, CorpusSize(1), tmp_path / "cache")
