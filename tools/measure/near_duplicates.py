"""Documents with near-duplicates of every kind among them, by a seeded generator: hundreds of them, or millions.

    original   stands alone; two of them may share some sentences, as texts of one field do
    edited     one edit of an earlier original, at a similarity between 0.3 and 1
    chain      an edit of an edit of ... an original: each is like its neighbours, the ends are not
    letter     a form with other names in it: hard, since unrelated letters share most of their lines
    equal      copies of one document        }  in numbers, for the bucket that
    alike      copies with a number at the end }  all of them share

Copies are of documents not long before them, so memory does not grow with their number.
"""

import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import orjson
from measure.corpus import sentence_pool, texts
from measure.edits import Chance, Edit, edits_for, tables, units
from measure.texts import Document, all_documents

_REMEMBERED = 1000
_CHAIN_ENDS = 0.2
_LEAST_SIMILARITY = 0.3


@dataclass(frozen=True)
class Mixture:
    """Shares of the kinds, originals the rest; and how many documents at the end share one text, or all but its end."""

    edited: float = 0.45
    chain: float = 0.1
    letter: float = 0.1
    num_equal: int = 0
    num_alike: int = 0


def chance_of(data: Path, lang: str, seed: int) -> Chance:
    """What edits draw from: the texts of a language below `data`."""
    pool = sentence_pool(document.text for document in all_documents(data) if document.lang == lang)
    words = sorted({unit for sentence in pool for unit in units(sentence) if unit[0].isalpha()})
    return Chance(random.Random(f"{seed}-{lang}"), lang, words, pool)


def near_duplicates(
    count: int, originals: Iterator[str], chance: Chance, edits: Mapping[str, Edit], mixture: Mixture
) -> Iterator[Document]:
    """`count` documents, their kind as collection; those of the hot buckets are the last."""
    made = _mixed(originals, chance, edits, mixture)
    num_hot = mixture.num_equal + mixture.num_alike
    yield from _numbered(islice(made, count - num_hot), chance.lang, 0)
    yield from _numbered(_hot(next(originals), mixture), chance.lang, count - num_hot)


def composed(chance: Chance) -> Iterator[str]:
    """Documents without end, made of runs of real sentences, as long as web pages are."""
    return texts(chance.sentences, sys.maxsize, chance.rng)


def made_up(chance: Chance) -> Iterator[str]:
    """Short documents without end, quickly: 40 to 160 words by chance, unrelated however many there are."""
    between = "" if chance.lang == "zh" else " "
    while True:
        yield between.join(chance.rng.choices(chance.words, k=chance.rng.randint(40, 160)))


def various(num_documents: int, data: Path, lang: str, seed: int) -> list[Document]:
    """A small set with every kind of edit, composed from the texts below `data`."""
    chance = chance_of(data, lang, seed)
    return list(near_duplicates(num_documents, composed(chance), chance, edits_for(lang), Mixture()))


def planted(data: Path) -> list[Document]:
    """English articles of a test collection, some of them copies of others."""
    lines = (data / "dup_articles/articles_1000.train").read_text(encoding="utf-8").splitlines()
    return [Document("articles", name, "en", text) for name, _, text in (line.partition(" ") for line in lines)]


def write(path: Path, documents: Iterable[Document]) -> int:
    """Documents as JSON Lines; gives the bytes of their text."""
    size = 0
    with path.open("wb") as lines:
        for document in documents:
            lines.write(orjson.dumps({"text": document.text, "lang": document.lang}) + b"\n")
            size += len(document.text.encode())
    return size


def _numbered(made: Iterable[tuple[str, str]], lang: str, first: int) -> Iterator[Document]:
    for number, (kind, text) in enumerate(made, first):
        yield Document(kind, f"{number:07d}", lang, text)


def _mixed(originals: Iterator[str], chance: Chance, edits: Mapping[str, Edit], mixture: Mixture) -> Iterator[tuple[str, str]]:
    """Kind and text, without end."""
    rng, kinds = chance.rng, list(edits)
    earlier = [next(originals)]
    link = earlier[0]
    yield "original", earlier[0]
    while True:
        draw = rng.random()
        if draw < mixture.edited:
            kind = rng.choice(kinds)
            yield kind, edits[kind](rng.choice(earlier), rng.uniform(_LEAST_SIMILARITY, 1), chance)
        elif draw < mixture.edited + mixture.chain:
            start = rng.choice(earlier) if rng.random() < _CHAIN_ENDS else link
            link = edits[rng.choice(kinds)](start, rng.uniform(0.75, 0.95), chance)
            yield "chain", link
        elif draw < mixture.edited + mixture.chain + mixture.letter:
            yield "letter", _letter(chance)
        else:
            text = next(originals)
            _remember(earlier, text, rng)
            yield "original", text


def _remember(earlier: list[str], text: str, rng: random.Random) -> None:
    if len(earlier) < _REMEMBERED:
        earlier.append(text)
    else:
        earlier[rng.randrange(_REMEMBERED)] = text


def _letter(chance: Chance) -> str:
    """The form with other words in its gaps, and more or less of the lines that the site puts below."""
    form, below = tables()[chance.lang]["letter"], tables()[chance.lang]["around"]
    gaps = chance.rng.choices(chance.words, k=10)
    lines = [line.format(*gaps) for line in form]
    return "\n".join([*lines, *below[: chance.rng.randrange(len(below) + 1)]])


def _hot(text: str, mixture: Mixture) -> Iterator[tuple[str, str]]:
    for _ in range(mixture.num_equal):
        yield "equal", text
    for number in range(mixture.num_alike):
        yield "alike", f"{text} {number}"
