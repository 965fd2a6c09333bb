"""Labelled insults beside a plain word match, and text of the trade, which is to be left alone.

A document is touched where it is rejected or loses a sentence. The peer matches the LDNOOBW lists as C4 and datatrove do:
between non-word characters in English, anywhere in Chinese. The lexicons were written on one half of each labelled set (by a
hash of the text) and pruned on the geoscience texts but the last; floors hold for the other half.
"""

import csv
import json
import re
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pytest

from corpusforge.engine.decide import decide
from corpusforge.filter.toxicity import Toxicity
from corpusforge.text.view import TextView

DATA = Path(__file__).resolve().parents[3] / "shared/data"

pytestmark = pytest.mark.skipif(not (DATA / "tox").is_dir(), reason=f"the labelled texts are not at {DATA / 'tox'}")


def touched(texts: list[str]) -> list[bool]:
    stage, view = Toxicity(), TextView(pa.array(texts, pa.large_string()))
    drops = decide(stage.rules(), stage.annotate(view), len(texts))["drop"].to_pylist()
    return [bool(drop or cuts) for drop, cuts in zip(drops, stage.edits(view).to_pylist(), strict=True)]


def listed(language: str, texts: list[str]) -> list[bool]:
    """What the plain word match flags."""
    words = [
        re.escape(line.strip().lower()) for line in (DATA / f"tox/ldnoobw_{language}.txt").read_text().splitlines() if line
    ]
    pattern = "|".join(words) if language == "zh" else rf"(?:\W|^)(?:{'|'.join(words)})(?:\W|$)"
    return [re.search(pattern, text.lower()) is not None for text in texts]


def held_out(name: str) -> list[dict[str, str]]:
    """The rows of the half of a labelled set that nobody looked at; the text is under `text`."""
    with (DATA / "tox" / name).open(encoding="utf-8-sig", newline="") as file:
        rows = [{key.lower(): value for key, value in row.items()} for row in csv.DictReader(file)]
    return [row for row in rows if sha256(row["text"].encode()).digest()[0] & 1]


def precision_and_recall(flags: list[bool], toxic: list[bool]) -> tuple[float, float]:
    hits = sum(flag and is_toxic for flag, is_toxic in zip(flags, toxic, strict=True))
    return hits / sum(flags), hits / sum(toxic)


@pytest.mark.parametrize(
    ("language", "name", "label", "toxic", "floor"),
    [
        ("en", "surge_toxicity_en.csv", "is_toxic", "Toxic", {"precision": 0.95, "recall": 0.35}),
        ("zh", "cold_dev_zh.csv", "label", "1", {"precision": 0.90, "recall": 0.27}),
    ],
)
def test_insults_are_found_more_surely_and_more_often_than_by_a_word_list(
    language: str, name: str, label: str, toxic: str, floor: dict[str, float]
) -> None:
    rows = held_out(name)
    texts, is_toxic = [row["text"] for row in rows], [row[label] == toxic for row in rows]
    precision, recall = precision_and_recall(touched(texts), is_toxic)
    peer_precision, peer_recall = precision_and_recall(listed(language, texts), is_toxic)
    assert precision > max(floor["precision"], peer_precision)
    assert recall > max(floor["recall"], peer_recall)
    assert peer_recall > 0.2


def test_more_profane_spellings_are_found_than_by_a_word_list() -> None:
    texts = [row["text"] for row in held_out("surge_profanity_en.csv")]
    found, peer = sum(touched(texts)), sum(listed("en", texts))
    assert peer > 100
    assert found > max(1.9 * peer, 0.33 * len(texts))


def files(folder: str) -> list[str]:
    paths = sorted(path for path in (DATA / folder).rglob("*") if path.suffix in (".md", ".rst", ".Rmd", ".txt"))
    return [path.read_text(errors="ignore") for path in paths]


def geography_questions() -> list[str]:
    items = [item["question"] for item in json.loads((DATA / "eval/geobench_apstudy.json").read_text())]
    return ["\n".join([item["stem"], *(choice["text"] for choice in item["choices"])]) for item in items]


def papers() -> list[str]:
    return [re.sub(r"<[^>]+>", " ", path.read_text()) for path in sorted((DATA / "en/plos_xml").glob("*.xml"))]


def test_of_geoscience_texts_at_most_one_in_a_thousand_is_touched() -> None:
    texts = files("geo_en") + files("geo_zh") + papers() + geography_questions()
    assert len(texts) > 2_700
    assert sum(touched(texts)) <= len(texts) / 1000


def test_stratigraphy_that_the_lexicon_was_not_pruned_on_is_left_alone() -> None:
    texts = [json.loads(line)["text"] for line in (DATA / "kg/strakg_zh.jsonl").read_text().splitlines()]
    assert len(texts) > 600
    assert sum(listed("zh", texts)) > 100
    assert sum(touched(texts)) == 0


@pytest.mark.parametrize("folder", ["zh/lctt", "zh/ruanyf_weekly", "dup_laws", "en/classic_books"])
def test_of_other_texts_few_bytes_are_cut_and_no_document_is_rejected(folder: str) -> None:
    stage, view = Toxicity(), TextView(pa.array(files(folder), pa.large_string()))
    assert set(decide(stage.rules(), stage.annotate(view), len(view))["drop"].to_pylist()) == {""}
    cut = sum(each["end"] - each["begin"] for cuts in stage.edits(view).to_pylist() for each in cuts)
    assert cut < 2e-3 * view.num_bytes.sum()
