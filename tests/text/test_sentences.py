import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from corpusforge.text.sentences import sentence_ends, sentences
from corpusforge.text.view import TextView

sys.path.insert(0, str(Path(__file__).parents[1]))
import oracle
import strategies

DATA = Path(__file__).parents[2] / "../shared/data"
HERE = Path(__file__).parent


def as_view(texts: list[str]) -> TextView:
    return TextView(pa.array(texts, type=pa.large_string()))


def ends_of(texts: list[str]) -> list[list[int]]:
    ends, offsets = sentence_ends(as_view(texts))
    return [part.tolist() for part in np.split(ends, offsets[1:-1])] if texts else []


@pytest.mark.parametrize(
    "marked",
    [
        "砂岩。|泥岩！|灰岩？|",
        "他问：“真的吗？”|没有人回答。|",
        "一；二。|三",
        "温度３．５度．|压力高|",
        "真的吗?|是的!|好",
        "慢慢地……|停了",
        "说。|\"走吧\"",
        '他说："走吧。"|然后走了',
        "怎么，？，好。|",
        "砂岩\n|泥岩\n|",
        "砂岩。\n\n  |泥岩",
        "It rained. |It snowed! |Why? |End",
        'He said "Go." |Then he went. |',
        'He said "Why?" and left. |Then',
        "See Fig. 2 (Smith et al. 1990) for details. |Next",
        "J. R. Smith of the U.S. Geological Survey. |He",
        "It lies in the U.S. |The rest",
        "It is 3.5 m. |It is no. 5. |The answer is no. |We left",
        "1. Introduction\n|2.3. Methods\n|Fig. 3. A map. |Then",
        "approx.\n5 m of rock\nwas lost. |Next",
        "It was... nothing. |It was... |Something. . . more",
        "It slipped.[12] |Then.) |Now",
        "**Note.** |See *that.* |Done",
        "Use data.csv and v3.5.1. |Then",
        "Title of a section\n|The first paragraph of the text is wrapped at the\nPermian and goes on\nhere. |Done\n\n|end",
        "# A heading that is longer than forty characters for sure\n|Text\n|- one\n|- two\n|3) three",
        "short\nlower\r\ngoes on\u2029|New paragraph\u2028|X",
        "   \n leading space. |Then",
        "   ",
    ],
)  # fmt: skip
def test_sentences_end_at_the_bars(marked: str) -> None:
    expected = [part for part in marked.split("|") if part]
    assert sentences("".join(expected)) == expected


def test_rows_of_a_table_end_at_their_newlines() -> None:
    rows = ["| a table row that is longer than forty characters |\n", "| b |"]
    assert sentences("".join(rows)) == rows


def labelled(name: str, separator: str) -> list[tuple[str, list[int]]]:
    """(text, ends inside it in characters) for every line of a file of labelled cases."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    cases = []
    for line in lines:
        if not line.startswith("#"):
            parts = line.split(f"{separator}||{separator}")
            places = np.cumsum([len(part) + len(separator) for part in parts])[:-1].tolist()
            cases.append((separator.join(parts), places))
    return cases


def scores(cases: list[tuple[str, list[int]]]) -> tuple[float, float, float]:
    """(precision, recall, F1) of the ends inside the cases."""
    found = [set(np.cumsum([len(part) for part in sentences(text)])[:-1].tolist()) for text, _ in cases]
    hits = sum(len(ours & set(theirs)) for ours, (_, theirs) in zip(found, cases, strict=True))
    num_found, num_true = sum(map(len, found)), sum(len(theirs) for _, theirs in cases)
    return hits / num_found, hits / num_true, 2 * hits / (num_found + num_true)


def test_english_ends_are_right_in_labelled_geoscience_prose_that_the_rules_were_not_tuned_on() -> None:
    cases = labelled("geoscience_sentences.txt", " ")
    precision, recall, _ = scores(cases)
    assert len(cases) >= 200
    assert precision >= 0.95
    assert recall >= 0.97


def test_english_ends_are_right_in_the_cases_that_the_rules_were_tuned_on() -> None:
    precision, recall, _ = scores(labelled("tuned_sentences.txt", " "))
    assert precision >= 0.98
    assert recall >= 0.95


def test_chinese_ends_are_right_in_labelled_prose() -> None:
    assert scores(labelled("chinese_sentences.txt", ""))[2] >= 0.995


@given(strategies.batches)
@settings(deadline=None)
def test_the_kernel_agrees_with_the_oracle_on_any_text(texts: list[str]) -> None:
    assert ends_of(texts) == [oracle.sentence_ends(text) for text in texts]


@pytest.mark.parametrize("folder", ["geo_en", "geo_zh", "en", "zh"])
def test_the_kernel_agrees_with_the_oracle_on_real_text(folder: str) -> None:
    if not (DATA / folder).exists():
        pytest.skip("the shared data is not here")
    paths = sorted(path for path in (DATA / folder).rglob("*") if path.is_file())
    texts = [path.read_text(encoding="utf-8", errors="replace")[:6000] for path in paths[:: len(paths) // 40 + 1]]
    assert ends_of(texts) == [oracle.sentence_ends(text) for text in texts]


@given(strategies.documents)
@settings(deadline=None)
def test_sentences_joined_are_the_text(text: str) -> None:
    assert "".join(sentences(text)) == text
    assert all(sentences(text))


@given(strategies.documents, strategies.documents)
@settings(deadline=None)
def test_ends_do_not_depend_on_the_neighbours_in_the_batch(text: str, other: str) -> None:
    alone, sliced = as_view([text]), TextView(pa.array([other, text, other], type=pa.large_string()).slice(1, 1))
    assert sentence_ends(sliced)[0].tolist() == sentence_ends(alone)[0].tolist()


def test_no_documents_have_no_sentences() -> None:
    ends, offsets = sentence_ends(as_view([]))
    assert ends.tolist() == []
    assert offsets.tolist() == [0]


def test_an_empty_document_has_no_sentence_and_one_of_blanks_has_one() -> None:
    assert ends_of(["", " \n", "", "a"]) == [[], [2], [], [1]]
