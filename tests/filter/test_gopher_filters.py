"""Gopher's and FineWeb's rules as tables that can be checked by hand, and beside the rules written down slowly."""

import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
import oracle

from corpusforge.core import Filter
from corpusforge.engine.decide import decide
from corpusforge.filter.fineweb import Fineweb
from corpusforge.filter.gopher_quality import GopherQuality
from corpusforge.filter.gopher_repetition import GopherRepetition
from corpusforge.text.english import SYMBOLS, TERMINAL_PUNCTUATION, words_of
from corpusforge.text.view import TextView

PROSE = "The river cuts the terrace and leaves gravel with sand that geologists have dated to the late Pleistocene."


def reasons(stage: Filter, texts: Sequence[str]) -> list[str]:
    signals = stage.annotate(TextView(pa.array(texts, pa.large_string())))
    found: list[str] = decide(stage.rules(), signals, len(texts))["drop"].to_pylist()
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "gopher_short_doc"),
        (f"{PROSE} " * 2, "gopher_short_doc"),
        (f"{PROSE} " * 3, ""),
        ("a be of to in it " * 10, "gopher_below_avg_threshold"),
        ("stratigraphical interpretation " * 30, "gopher_above_avg_threshold"),
        (f"{PROSE} # # # # " * 3, "gopher_too_many_hashes"),
        (f"{PROSE} ... ... … ... " * 3, "gopher_too_many_ellipsis"),
        (f"- {PROSE}\n• {PROSE}\n  - {PROSE}\n", "gopher_too_many_bullets"),
        (f"{PROSE}…\n{PROSE}\n{PROSE}", "gopher_too_many_end_ellipsis"),
        ("The 1234 of 5678 have 9012 with 3456 " * 10, "gopher_below_alpha_threshold"),
        ("Granite holds quartz feldspar mica hornblende zircon apatite titanite allanite " * 6, "gopher_enough_stop_words"),
        ("地层由砂岩和泥岩组成" * 20, "gopher_below_avg_threshold"),
    ],
)
def test_quality(text: str, expected: str) -> None:
    assert reasons(GopherQuality(), [text]) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("a\n\na\n\na", "dup_para_frac"),
        ("a\nb\na\na", "dup_line_frac"),
        (f"one\n\ntwo\n\nthree\n\n{PROSE}\n\n{PROSE}", "dup_para_char_frac"),
        ("big deal now big deal then big deal", "top_2_gram"),
        ("one two three four", ""),
        (" ".join(f"ab cd ef unique{i} another{i} third{i} fourth{i}" for i in range(9)), "top_3_gram"),
        (" ".join(f"w{i}" for i in range(300)), ""),
        (" ".join(f"{c}{i}" for c, count in (("w", 30), ("v", 40), ("w", 30)) for i in range(count)), "duplicated_5_n_grams"),
    ],
)  # fmt: skip
def test_repetition(text: str, expected: str) -> None:
    assert reasons(GopherRepetition(max_top_ngrams={2: 0.2, 3: 0.15}), [text]) == [expected]


@pytest.mark.parametrize(("text", "reason"), [("one two three four", "top_2_gram"), ("fox", "")])
def test_with_a_count_of_one_short_texts_in_which_nothing_repeats_are_rejected_as_datatrove_does(
    text: str, reason: str
) -> None:
    assert reasons(GopherRepetition(min_count=1), [text]) == [reason]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "empty"),
        (" \n\t\n", "empty"),
        ("no mark at the end of this line\n" * 1, "line_punct_ratio"),
        ("Short.\nLines.\nOnly.", "short_line_ratio"),
        (f"{PROSE}\n{PROSE}", "char_dup_ratio"),
        ("\n" * 9 + "This line has nine words, no more than nine.", "list_ratio"),
        (PROSE, ""),
        ("侏罗系砂岩在盆地北缘广泛出露，岩性以中细粒长石砂岩为主，厚度由东向西逐渐减薄。", ""),
    ],
)
def test_fineweb(text: str, expected: str) -> None:
    assert reasons(Fineweb(), [text]) == [expected]


@pytest.mark.parametrize("stage", [GopherQuality, GopherRepetition, Fineweb])
def test_a_threshold_of_null_asks_nothing(stage: type[Filter]) -> None:
    numbers = {
        name: None
        for name, field in stage.model_fields.items()
        if name.startswith(("min_", "max_")) and field.default is not None
    }
    numbers = {
        name: value for name, value in numbers.items() if name not in ("min_count", "max_top_ngrams", "max_repeated_ngrams")
    }
    loose = stage(**numbers, **({"max_top_ngrams": {}, "max_repeated_ngrams": {}} if stage is GopherRepetition else {}))
    assert [rule.reason for rule in loose.rules()] == (["empty"] if stage is Fineweb else [])


def test_more_stop_words_than_can_be_looked_for_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 64 stop words, got 65"):
        GopherQuality(stop_words=tuple(str(number) for number in range(65)))


def test_spacys_words_are_tokens_with_punctuation_of_their_own() -> None:
    pytest.importorskip("spacy")
    view = TextView(pa.array(["U.S. can't stop\u3000(it)!", "", "砂岩 \u00a0x-y"], pa.large_string()))
    spans = words_of(view, "spacy").spans
    data = view.data.tobytes()
    found = [data[begin:end].decode() for begin, end in zip(spans.begin.tolist(), spans.end.tolist(), strict=True)]
    assert found == ["U.S.", "ca", "n't", "stop", "(", "it", ")", "!", "砂岩", "x", "-", "y"]
    assert spans.first.tolist() == [0, 8, 8, 12]


def test_the_punctuation_lists_have_the_published_numbers_of_characters() -> None:
    assert (len(set(TERMINAL_PUNCTUATION)), len(set(SYMBOLS))) == (159, 281)


EDGES = {
    "empty": "", "one character": "a", "one mark": "\u0301", "digits": "1234567890 " * 50, "emoji": "😀🎉 " * 60,
    "right to left": "\u202bשלום עולם טוב\u202c. مرحبا بالعالم! " * 20, "zero width": "ze\u200bro wi\u200ddth \u200b " * 30,
    "combining": "e\u0301te\u0301 n\u0303o\n" * 30, "blank": " \n \u3000\n\n" * 9, "one word": "word " * 200,
    "16 MB": (f"{PROSE} 侏罗系砂岩。\n" * 130_000)[: 15 * 2**20],
}  # fmt: skip


def words(text: str) -> list[str]:
    kinds = "".join(map(oracle.kind, text))
    return [text[slice(*match.span())] for match in re.finditer("C|(?:(?:LM*J(?=L))|[LN]M*)+", kinds)]


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def repeats(pieces: Sequence[str]) -> tuple[int, int]:
    counts = Counter(pieces)
    return len(pieces) - len(counts), sum((times - 1) * len(piece) for piece, times in counts.items())


def run_chars(found: Sequence[str], size: int) -> int:
    seen: set[str] = set()
    chars = place = 0
    while place <= len(found) - size:
        run = " ".join(found[place : place + size])
        is_seen = run in seen
        chars += (len(run) - size + 1) * is_seen
        place += size if is_seen else 1
        seen.add(run)
    return chars


def slow_signals(text: str) -> dict[str, float]:
    found, lines = words(text), text.splitlines()
    plain = [line for line in text.split("\n") if line.strip()]
    paragraphs, parts = re.split(r"\n{2,}", text.strip()), re.split("\n+", text)
    signals = {
        "gopher_words": len(found),
        "gopher_word_length": ratio(sum(map(len, found)), len(found)),
        "gopher_hash_ratio": ratio(text.count("#"), len(found)),
        "gopher_ellipsis_ratio": ratio(text.count("...") + text.count("…"), len(found)),
        "gopher_bullet_lines": ratio(sum(line.lstrip().startswith(("•", "-")) for line in lines), len(lines)),
        "gopher_ellipsis_lines": ratio(sum(line.rstrip().endswith(("...", "…")) for line in lines), len(lines)),
        "gopher_alpha_words": ratio(sum(any(map(str.isalpha, word)) for word in found), len(found)),
        "gopher_stop_words": len({"the", "be", "to", "of", "and", "that", "have", "with"} & set(found)),
        "dup_para_frac": ratio(repeats(paragraphs)[0], len(paragraphs)),
        "dup_para_char_frac": ratio(repeats(paragraphs)[1], len(text)),
        "dup_line_frac": ratio(repeats(parts)[0], len(parts)),
        "dup_line_char_frac": ratio(repeats(parts)[1], len(text)),
        "fineweb_lines": len(plain),
        "fineweb_ended_lines": ratio(sum(line[-1] in TERMINAL_PUNCTUATION for line in plain), len(plain)),
        "fineweb_short_lines": ratio(sum(len(line) <= 30 for line in plain), len(plain)),
        "fineweb_repeated_chars": ratio(repeats(plain)[1], len(text.replace("\n", ""))),
        "fineweb_line_feeds": ratio(text.count("\n"), len(found)),
    }  # fmt: skip
    for size in (2, 3, 4):
        runs = Counter(" ".join(found[i : i + size]) for i in range(len(found) - size + 1))
        run, times = max(runs.most_common(1), default=("", 0))
        signals[f"top_{size}_gram"] = ratio(len(run) * times * (times > 1), len(text))
    for size in range(5, 11):
        signals[f"duplicated_{size}_n_grams"] = ratio(run_chars(found, size), len(text))
    return signals


@pytest.mark.parametrize("name", EDGES)
def test_every_signal_of_an_odd_document_is_what_the_slow_rules_say(name: str) -> None:
    view = TextView(pa.array(["before", EDGES[name]], pa.large_string()))
    found: dict[str, float] = {}
    for stage in (GopherQuality(), GopherRepetition(), Fineweb()):
        found |= {signal: values[1].as_py() for signal, values in stage.annotate(view).items()}
    assert found == slow_signals(EDGES[name])
