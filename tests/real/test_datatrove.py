"""Verdicts, reasons, texts and signatures of the compatible presets are those of datatrove 0.10.0 itself, run beside us.

On every document of ../shared/data (some 40,000, 36 MB), on runs of their lines, and on made ones: about 20 minutes.
datatrove lives in an environment of its own, named by CORPUSFORGE_DATATROVE_PYTHON: the path of a Python in which
pip install "datatrove[io,processing]==0.10.0" "spacy==3.8.18" was run.
"""

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pytest

from corpusforge.core import Filter
from corpusforge.engine.decide import decide
from corpusforge.recipe.load import load_recipe
from corpusforge.text.cut import cut_spans
from corpusforge.text.peer_minhash import ShingleHash, datatrove_signatures
from corpusforge.text.simplify import simplified, simplified_words
from corpusforge.text.view import TextView

sys.path.insert(0, str(Path(__file__).parent))
from shared_texts import DATA, shared_texts

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "recipes/samples"
PYTHON = os.environ.get("CORPUSFORGE_DATATROVE_PYTHON", "")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON, reason="CORPUSFORGE_DATATROVE_PYTHON names no Python with datatrove"),
]

NUM_MADE, NUM_RUNS = 1500, 700
EVERY_SIGNED = 3  # datatrove takes 2 s for a megabyte and hash
NO_SIGNATURE = [2**64 - 1] * 112
SENTENCES = (
    "The river cut the old terrace and left gravel.", "He said that they have to be there with it.", "Is it so?", "Yes, it is!",
    'She asked: "Why not?"', "It was 3.5 km (Fig. 2) from the U.S. border, e.g. at 5 p.m.", "Mr. Smith didn't re-measure it.",
    "砂岩发育于盆地。", "שלום עולם.", "مرحبا بالعالم؟", "no mark at the end", "two words", "one two three four", "a b c",
    "word",
)  # fmt: skip
ODD = (
    "•", "- ", "#", "##", "...", "…", "....", ". . .", "[1]", "[edit]", "[citation needed]", "[", "[]", "{", "lorem ipsum",
    "Lorem Ipsum dolor sit.", "LOREM \u0130PSUM", "javascript", "Please enable JavaScript now.", "We use cookies here today.",
    "Read our privacy policy here.", "TERMS OF USE apply here.", "😀", "👨\u200d👩\u200d👧", "e\u0301", "\u200b",
    "\ufeff", "\u202e",
    "x" * 1001, "x" * 1000, "1,234.56", "U-235", "%", "½", "ⅳ", "\U00011f43", "\U00020000", "\x00", "\x9f", "http://a.org/b?c=d",
    "gonna", "cannot", "y'all", "'em", "(brackets)", ":-)", "=====", "|a|b|", "．", "。", "؟", "\u212a", "don't",
    "state-of-the-art",
)  # fmt: skip
GAPS = (
    " ",
    " ",
    " ",
    "  ",
    "\n",
    "\n",
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    "\u3000",
    "\u00a0",
    "",
    "\n \n",
    "\x0b",
    "\x1f",
    "\r",
    "\x85",
    "\u2028",
)
# Parts lines where str.splitlines does, and no line feed: there cutting alone cannot leave the text that datatrove writes.
OTHER_BREAKS = re.compile("\r(?!\n)|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def made(seed: int) -> str:
    """A document that is nasty in a way of its own, or repeats itself."""
    chosen = random.Random(seed)
    pieces = [chosen.choice(SENTENCES if chosen.random() < 0.7 else ODD) for _ in range(chosen.randint(0, 40))]
    if chosen.random() < 0.4:
        pieces += chosen.choices(pieces or [""], k=chosen.randint(1, 30))
    gaps = chosen.choice((GAPS, GAPS[:8], ("\n",), (" ",)))
    lead = chosen.choice(("", "", "", "• ", "- ", "# "))
    tail = chosen.choice(("", "", "", "...", "…", "[1]", " [2]"))
    return "".join(lead + piece + tail + chosen.choice(gaps) for piece in pieces)


def runs(texts: list[str]) -> list[str]:
    """Long lines of real text, a few by chance together: what each rule needs to be near its threshold."""
    chosen = random.Random(5)
    lines = [line for text in texts for line in text.split("\n") if len(line) > 60]
    return ["\n".join(chosen.choices(lines, k=chosen.randint(3, 15))) for _ in range(NUM_RUNS)]


def documents() -> list[str]:
    real = shared_texts() if DATA.is_dir() else []
    return ["", " ", "\n", *map(made, range(NUM_MADE)), *real, *(runs(real) if real else [])]


def pipeline(name: str, tmp_path: Path) -> list[Filter]:
    """The filters of a shipped pipeline, as a recipe loads them."""
    recipe = tmp_path / f"{name}.yaml"
    recipe.write_text(
        f"version: 1\nname: {name}\n"
        f"sources: [{{name: a, use: source.jsonl, path: {SAMPLES / 'tiny'}, license: cc0-1.0, pipeline: {name}, group: a}}]\n"
        f"stages: [{{use: vocab.encode, tokenizer: {SAMPLES / 'tokenizer'}}}]\n"
        "sink: {use: index.megatron, layout: documents}\n"
    )
    return [named.stage for named in load_recipe(recipe).sources[0].stages if isinstance(named.stage, Filter)]


def apply(stages: Sequence[Filter], texts: Sequence[str]) -> list[tuple[str, str]]:
    """Reason and text of each document after the filters, one after another as the engine asks them."""
    reasons, after = [""] * len(texts), list(texts)
    for stage in stages:
        kept = [place for place, reason in enumerate(reasons) if not reason]
        view = TextView(pa.array([after[place] for place in kept], pa.large_string()))
        drops = decide(stage.rules(), stage.annotate(view), len(kept))["drop"].to_pylist()
        edits = stage.edits(view).to_pylist() if stage.edits_text else [[]] * len(kept)
        for place, drop, cuts in zip(kept, drops, edits, strict=True):
            reasons[place] = drop
            if not drop:
                after[place] = cut_spans(after[place], [(span["begin"], span["end"]) for span in cuts])[0]
    return list(zip(reasons, after, strict=True))


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return documents()


def run_theirs(script: str, texts: Sequence[str]) -> list[dict[str, Any]]:
    """What a script of this folder, run by datatrove's Python, writes of each text."""
    given = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    path = Path(__file__).with_name(script)
    done = subprocess.run([PYTHON, str(path)], input=given, capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(texts)
    return found


@pytest.fixture(scope="module")
def theirs(texts: list[str]) -> list[dict[str, tuple[str | None, str]]]:
    return run_theirs("datatrove_verdicts.py", texts)


@pytest.mark.parametrize(
    ("name", "place", "column"),
    [
        ("gopher", 0, "gopher_repetition"),
        ("gopher", 1, "gopher_quality"),
        ("c4", 0, "c4"),
        ("fineweb", 2, "c4_any_end"),
        ("fineweb", 3, "fineweb"),
    ],
)
def test_every_filter_of_the_presets_decides_and_writes_as_datatrove_does(
    name: str, place: int, column: str, texts: list[str], theirs: list[dict[str, tuple[str | None, str]]], tmp_path: Path
) -> None:
    ours = apply([pipeline(name, tmp_path)[place]], texts)
    expected = [each[column] for each in theirs]
    judged = [i for i, (reason, _) in enumerate(expected) if reason is not None]
    assert {text for i, text in enumerate(texts) if expected[i][0] is None} <= {""}  # where datatrove divides by zero
    assert [(i, ours[i][0]) for i in judged] == [(i, expected[i][0]) for i in judged]
    same = [i for i in judged if ours[i][0] == "" and not OTHER_BREAKS.search(texts[i])]
    assert [(i, ours[i][1]) for i in same] == [(i, expected[i][1]) for i in same]
    assert np.unique([reason for reason, _ in ours]).size > 3


def test_the_chain_of_fineweb_decides_and_writes_as_datatrove_does(
    texts: list[str], theirs: list[dict[str, tuple[str | None, str]]], tmp_path: Path
) -> None:
    same = [i for i, text in enumerate(texts) if theirs[i]["chain"][0] is not None and not OTHER_BREAKS.search(text)]
    ours = apply(pipeline("fineweb", tmp_path), texts)
    assert [(i, *ours[i]) for i in same if not ours[i][0]] == [
        (i, *theirs[i]["chain"]) for i in same if not theirs[i]["chain"][0]
    ]
    assert [(i, ours[i][0]) for i in same] == [(i, theirs[i]["chain"][0]) for i in same]
    assert sum(not reason for reason, _ in ours) > 50


def test_signatures_by_every_hash_are_those_of_datatrove(texts: list[str]) -> None:
    signed = texts[::EVERY_SIGNED]
    expected = run_theirs("datatrove_signatures.py", signed)
    assert [simplified(text) for text in signed] == [each["simplified"] for each in expected]
    words = [simplified_words(text) for text in signed]
    for hashed_by in get_args(ShingleHash):
        found = datatrove_signatures(words, hashed_by).tolist()
        assert found == [each[hashed_by] or NO_SIGNATURE for each in expected]
    assert 10 < sum(each["xxhash64"] is None for each in expected) < len(signed) // 2
