"""C4's rules as tables that can be checked by hand, and beside the rules written down slowly with spaCy itself."""

import re
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1]))
import strategies

from corpusforge.core import EDITS_FIELD
from corpusforge.engine.decide import decide
from corpusforge.filter.c4 import C4
from corpusforge.text.cut import cut_spans
from corpusforge.text.english import num_sentences
from corpusforge.text.view import TextView

FIVE = "It rained all day. The river rose. Then it fell. The road was open. We left."
PIECES = (
    FIVE, "It rained all day.", "The river rose...", "two words.", "Is it so? Yes!", "no mark here", "砂岩发育。",
    "we use cookies here.", "Please enable JavaScript now.", "lorem ipsum dolor.", "a { b c.", "{.", "x" * 1001 + " y z.",
    "It fell[1].", "It fell so. [2]", "[edit]", "[1] [2] [3]", "A.  B c.", "e.g. this one.", '"Why?" he said.', "\t", " ",
    "\u3000", "\n", "\n", "\n\n", "\r\n",
)  # fmt: skip
pages = st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | strategies.documents


@cache
def english() -> Any:
    spacy = pytest.importorskip("spacy")
    blank = spacy.blank("en")
    blank.add_pipe("sentencizer")
    return blank


def results(stage: C4, texts: Sequence[str]) -> list[tuple[str, str]]:
    """The reason of each text and what is left of it when its edits are cut."""
    view = TextView(pa.array(["before", *texts, "after"], pa.large_string()).slice(1, len(texts)))
    reasons = decide(stage.rules(), stage.annotate(view), len(texts))["drop"].to_pylist()
    spans = [[(span["begin"], span["end"]) for span in each] for each in stage.edits(view).to_pylist()]
    return [(reason, cut_spans(text, cuts)[0]) for reason, text, cuts in zip(reasons, texts, spans, strict=True)]


def reason(text: str, **changed: Any) -> str:
    return results(C4(**changed), [text])[0][0]


def left(text: str, **changed: Any) -> str:
    return results(C4(**changed), [text])[0][1]


def slow(text: str, asks_for_end: bool) -> tuple[str, str | None]:
    """The reason and what is left, as published, with spaCy's sentences; breaks that are no line feeds become some."""
    kept, count = [], 0
    for line in map(str.strip, text.splitlines()):
        words = line.split()
        clean = re.sub(r"\[\d*\]|\[edit\]|\[citation needed\]", "", line)
        folded = clean.lower()
        if any(len(word) > 1000 for word in words):
            continue
        if asks_for_end and (clean[-1:] not in tuple(".?!\"'") or clean[-3:] == "..." or not clean):
            continue
        if len(words) < 3:
            continue
        if "lorem ipsum" in folded:
            return "lorem_ipsum", None
        if "javascript" in folded:
            continue
        if "{" in clean:
            return "curly_bracket", None
        if re.search("terms of use|privacy policy|cookie policy|uses cookies|use of cookies|use cookies", folded):
            continue
        count += max(1, len(list(english()(clean).sents)))
        kept.append(clean)
    return ("too_few_sentences", None) if count < 5 else ("", "\n".join(kept).strip())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "too_few_sentences"),
        (FIVE, ""),
        (FIVE.replace("We left.", "We left"), "too_few_sentences"),
        (FIVE.replace(". ", ".\n"), "too_few_sentences"),
        (f"{FIVE}\nlorem ipsum", ""),
        (f"{FIVE}\nLorem ipsum dolor sit.", "lorem_ipsum"),
        (f"{FIVE}\nif (a) {{ return b; }}", ""),
        (f"{FIVE}\nHe wrote {{ and was done.", "curly_bracket"),
        (f"A javascript {{ is no reason.\n{FIVE}", ""),
        (f"The privacy policy {{ is one.\n{FIVE}", "curly_bracket"),
        (f"He wrote {{ here.\nThen lorem ipsum dolor.\n{FIVE}", "curly_bracket"),
        (f"Then lorem ipsum dolor.\nHe wrote {{ here.\n{FIVE}", "lorem_ipsum"),
        ("岩石由矿物组成。砂岩含石英。泥岩很软。石灰岩会溶解。花岗岩坚硬。", ""),
        ("岩石由矿物组成，砂岩含石英", "too_few_sentences"),
    ],
)
def test_documents_are_rejected_for_the_first_reason(text: str, expected: str) -> None:
    assert reason(text) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("A line that ends.", "A line that ends."),
        ("  A line that ends. \t", "A line that ends."),
        ("A line that does not", ""),
        ("A line that goes on...", ""),
        ("A line that goes on…", ""),
        ("Too short.", ""),
        ("你好吗？", "你好吗？"),
        ("你好。", ""),
        ("He said “we will go.”", "He said “we will go.”"),
        (f"A long {'x' * 1001} word.", ""),
        (f"A long {'x' * 1000} word.", f"A long {'x' * 1000} word."),
        ("Please enable JavaScript now.", ""),
        ("This site uses cookies for you.", ""),
        ("It fell[1] and rose[citation needed].", "It fell and rose."),
        ("It fell and rose.[12][edit]", "It fell and rose."),
        ("The array a[i] is here.", "The array a[i] is here."),
    ],
)
def test_lines_are_cut(line: str, expected: str) -> None:
    assert left(line) == expected
    assert left(f"{line}\n{FIVE}") == f"{expected}\n{FIVE}".lstrip("\n")
    assert left(f"{FIVE}\r\n\r\n{line}\r\n") == f"{FIVE}\n{expected}".rstrip("\n")


@pytest.mark.parametrize(
    ("line", "changed", "expected"),
    [
        ("no end here", {"filter_no_terminal_punct": False}, "no end here"),
        ("Too short.", {"min_words_per_line": 2}, "Too short."),
        (f"A {'x' * 2000} word.", {"max_word_length": 0}, f"A {'x' * 2000} word."),
        ("Some javascript is here.", {"filter_javascript": False}, "Some javascript is here."),
        ("We use cookies here.", {"filter_policy": False}, "We use cookies here."),
        ("It fell down there[1].", {"remove_citations": False}, "It fell down there[1]."),
    ],
)
def test_each_rule_for_lines_can_be_switched_off(line: str, changed: dict[str, Any], expected: str) -> None:
    assert left(line) != expected
    assert left(line, **changed) == expected


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("lorem ipsum dolor sit.", {"filter_lorem_ipsum": False}),
        ("He wrote { here.", {"filter_curly_bracket": False}),
        ("One line.", {"min_num_sentences": 0}),
        ("One line.", {"min_num_sentences": None}),
    ],
)
def test_each_rule_for_documents_can_be_switched_off(text: str, changed: dict[str, Any]) -> None:
    assert reason(text) != ""
    assert reason(text, **{"min_num_sentences": None, **changed}) == ""


def test_the_layout_of_markdown_can_stay() -> None:
    page = (
        f"# Loess\n\n{FIVE}[1]\n\n- silt\n  - clay\n\nWe use cookies here.\n\n| a | b |\n|---|---|\n\nThis site uses cookies.\n"
    )
    expected = f"# Loess\n\n{FIVE}\n\n- silt\n  - clay\n\n| a | b |\n|---|---|"
    assert left(page, keep_layout=True, filter_no_terminal_punct=False, min_words_per_line=0) == expected


def test_edits_say_why_each_span_is_cut() -> None:
    text = f"Home | About us\n{FIVE}[3]\nWe use cookies on this site.\n"
    edits = C4().edits(TextView(pa.array([text], pa.large_string())))
    assert edits.type == EDITS_FIELD.type
    cut = [(text[span["begin"] : span["end"]], span["reason"]) for span in edits[0].as_py()]
    assert cut == [
        ("Home | About us", "no_terminal_punct"),
        ("\n", "whitespace"),
        ("[3]", "citation"),
        ("\n", "whitespace"),
        ("We use cookies on this site.", "policy"),
        ("\n", "whitespace"),
    ]


@settings(deadline=None, max_examples=300)
@given(st.lists(pages.filter(lambda text: "IS_ALPHA" not in text), max_size=4), st.booleans())
def test_verdicts_reasons_and_texts_with_spacy_are_those_of_the_definition(texts: list[str], asks_for_end: bool) -> None:
    found = results(C4(words="spacy", filter_no_terminal_punct=asks_for_end), texts)
    expected = [slow(text, asks_for_end) for text in texts]
    assert [reason for reason, _ in found] == [reason for reason, _ in expected]
    kept = [("\n".join(text.splitlines()), wanted) for (_, text), (_, wanted) in zip(found, expected, strict=True) if wanted]
    assert [text for text, _ in kept] == [wanted for _, wanted in kept]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", 1),
        ("One. Two.", 2),
        ("e.g. one", 1),
        ('"Why?" he said.', 2),
        ("Why?! Go.", 2),
        ("One.  ", 2),
        ("One. ", 1),
        ("One.  !", 2),
        ("One. !", 1),
    ],
)
def test_sentences_are_counted_as_spacy_does(line: str, expected: int) -> None:
    assert num_sentences(line) == expected == max(1, len(list(english()(line).sents)))


@settings(deadline=None, max_examples=300)
@given(strategies.documents)
def test_sentences_of_any_text_are_as_many_as_spacy_finds(text: str) -> None:
    assert num_sentences(text) == max(1, len(list(english()(text).sents)))
