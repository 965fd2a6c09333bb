"""Edits that turn a text into a near-duplicate, as copies on the web go through them, each at a similarity that is asked for.

An edit aims at a Jaccard similarity of shingles of five words and comes near it; what it reached is for the exact measure to
say. One word changed spoils five shingles, so of texts that differ in a share p of their words (1 - p) ** 5 of the shingles
are shared.
"""

import math
import random
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from corpusforge.text.sentences import sentences

NGRAM = 5

# A Han character, another run of letters and digits, or what stands between: together the whole text.
_UNITS = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+|\W+")


@dataclass(frozen=True)
class Chance:
    """What edits draw from: a source of chance, and words and sentences of the language that other texts have."""

    rng: random.Random
    lang: str
    words: Sequence[str]
    sentences: Sequence[str]


Edit = Callable[[str, float, Chance], str]


@cache
def tables() -> Mapping[str, Any]:
    """What edits.toml holds."""
    return tomllib.loads(Path(__file__).with_name("edits.toml").read_text(encoding="utf-8"))


def units(text: str) -> list[str]:
    """Words and what stands between them, in order: units("a b。石头") -> ["a", " ", "b", "。", "石", "头"]."""
    return _UNITS.findall(text)


def _changed_words(text: str, similarity: float, chance: Chance, change: Callable[[str], str]) -> str:
    """The text with as many words changed, chosen by chance, as the similarity allows."""
    parts = units(text)
    places = [place for place, part in enumerate(parts) if part[0].isalnum()]
    for place in chance.rng.sample(places, _num_words(len(places), similarity)):
        parts[place] = change(parts[place])
    return "".join(parts)


def _num_words(count: int, similarity: float) -> int:
    """How many of so many words may change; one at least where any should."""
    if similarity >= 1 or not count:
        return 0
    share = 1 - math.pow(2 * similarity / (1 + similarity), 1 / NGRAM)
    return min(count, max(1, round(count * share)))


def replace_words(text: str, similarity: float, chance: Chance) -> str:
    """Words become other ones."""
    return _changed_words(text, similarity, chance, lambda word: chance.rng.choice(chance.words))


def drop_words(text: str, similarity: float, chance: Chance) -> str:
    """Words are gone."""
    return _changed_words(text, similarity, chance, lambda word: "")


def insert_words(text: str, similarity: float, chance: Chance) -> str:
    """Other words stand after some."""
    between = "" if chance.lang == "zh" else " "
    return _changed_words(text, similarity, chance, lambda word: f"{word}{between}{chance.rng.choice(chance.words)}")


def swap_words(text: str, similarity: float, chance: Chance) -> str:
    """Words change places with the next one."""
    parts = units(text)
    places = [place for place, part in enumerate(parts) if part[0].isalnum()]
    for index in chance.rng.sample(range(max(0, len(places) - 1)), max(0, _num_words(len(places), similarity) - 1)):
        one, other = places[index], places[index + 1]
        parts[one], parts[other] = parts[other], parts[one]
    return "".join(parts)


def mistype(text: str, similarity: float, chance: Chance) -> str:
    """Letters are doubled, left out or swapped; a Chinese typist picks another character."""

    def slipped(word: str) -> str:
        if len(word) == 1:
            return chance.rng.choice(chance.words) if chance.lang == "zh" else word * 2
        place = chance.rng.randrange(len(word) - 1)
        first, second, rest = word[place], word[place + 1], word[place + 2 :]
        return word[:place] + chance.rng.choice((first * 2 + second, first, second + first)) + rest

    return _changed_words(text, similarity, chance, slipped)


def scan(text: str, similarity: float, chance: Chance) -> str:
    """Letters are read as ones that look like them; words in which none does are cut at a line's end or lost in a stain."""
    confused = _confused(chance.lang)

    def misread(word: str) -> str:
        found = [printed for printed in confused if printed in word]
        if not found:
            return "■" if len(word) == 1 else f"{word[:1]}-\n{word[1:]}"
        printed = chance.rng.choice(found)
        return word.replace(printed, confused[printed], 1)

    return _changed_words(text, similarity, chance, misread)


@cache
def _confused(lang: str) -> Mapping[str, str]:
    return dict(pair.split(" ") for pair in tables()[lang]["scans"])


def change_script(text: str, similarity: float, chance: Chance) -> str:
    """Simplified Chinese characters become traditional ones; as far as the table knows them, and the similarity allows."""
    parts, other = list(text), _traditional()
    places = [place for place, character in enumerate(parts) if character in other]
    num_words = sum(map(str.isalnum, parts))
    for place in chance.rng.sample(places, min(len(places), _num_words(num_words, similarity))):
        parts[place] = other[parts[place]]
    return "".join(parts)


@cache
def _traditional() -> Mapping[str, str]:
    return {pair[0]: pair[1] for pair in tables()["scripts"].split()}


def repunctuate(text: str, similarity: float, chance: Chance) -> str:
    """Other punctuation, spaces, case and width; the words are the same, and the similarity is 1 whatever is asked for."""
    if chance.lang == "zh":
        return text.replace("，", ", ").replace("。", ".\n").replace("、", " ").replace("（", "(").replace("）", ")")
    parts = [part if part[0].isalnum() else part.replace(", ", " - ").replace(". ", "!\n\n") for part in units(text)]
    return "".join(part.upper() if chance.rng.random() < 0.1 else part for part in parts)


def drop_sentences(text: str, similarity: float, chance: Chance) -> str:
    """Sentences are gone, but for one."""
    parts = sentences(text)
    lost = set(chance.rng.sample(range(len(parts)), min(len(parts) - 1, round(len(parts) * (1 - similarity)))))
    return "".join(part for place, part in enumerate(parts) if place not in lost)


def insert_sentences(text: str, similarity: float, chance: Chance) -> str:
    """Sentences of other texts stand between."""
    parts = sentences(text)
    for sentence in _others(text, similarity, chance):
        parts.insert(chance.rng.randrange(len(parts) + 1), _ended(sentence))
    return "".join(parts)


def move_sentences(text: str, similarity: float, chance: Chance) -> str:
    """Sentences stand elsewhere; nearly all shingles stay the same, however many move."""
    parts = [_ended(part) for part in sentences(text)]
    for _ in range(max(1, round(len(parts) * (1 - similarity)))):
        parts.insert(chance.rng.randrange(len(parts)), parts.pop(chance.rng.randrange(len(parts))))
    return "".join(parts)


def quote(text: str, similarity: float, chance: Chance) -> str:
    """The whole text inside another one."""
    other = [_ended(sentence) for sentence in _others(text, similarity, chance)]
    middle = chance.rng.randrange(len(other) + 1)
    return "".join([*other[:middle], _ended(text), *other[middle:]])


def put_around(text: str, similarity: float, chance: Chance) -> str:
    """Lines of a site above and below; a short text can drown in them."""
    lines = tables()[chance.lang]["around"]
    wanted = len(units(text)) * (1 / similarity - 1)
    above: list[str] = []
    below: list[str] = []
    size = 0
    for line in chance.rng.sample(lines, len(lines)):
        if size < wanted:
            (above if chance.rng.random() < 0.5 else below).append(line)
            size += len(units(line))
    return "\n".join([*above, text, *below])


def _others(text: str, similarity: float, chance: Chance) -> list[str]:
    """Sentences of other texts, as many as make the text this share of the whole."""
    wanted, found = len(units(text)) * (1 / similarity - 1), []
    while wanted > 0:
        found.append(chance.rng.choice(chance.sentences))
        wanted -= len(units(found[-1]))
    return found


def _ended(sentence: str) -> str:
    """A sentence that does not run into the next."""
    return sentence if sentence[-1:].isspace() or ord(sentence[-1]) >= 0x2E80 else f"{sentence} "


EDITS: Mapping[str, Edit] = {
    "replaced words": replace_words,
    "dropped words": drop_words,
    "inserted words": insert_words,
    "swapped words": swap_words,
    "typing errors": mistype,
    "scan": scan,
    "other script": change_script,
    "other punctuation": repunctuate,
    "dropped sentences": drop_sentences,
    "inserted sentences": insert_sentences,
    "moved sentences": move_sentences,
    "quoted": quote,
    "put around": put_around,
}


def edits_for(lang: str) -> dict[str, Edit]:
    """The edits that make sense in a language, by kind."""
    return {kind: edit for kind, edit in EDITS.items() if lang == "zh" or edit is not change_script}
