"""A corpus of any size from a little real text: sentences put together anew, in the lengths of web pages.

Copies of the same few megabytes would be found by every deduplication and read from the cache; random words would trip every
filter. So a document is made of runs of neighbouring sentences, each from another place of the real text and none twice in a
document: inside a run it reads, repeats and tokenises as real text does, and two documents share no more than some runs.
Lengths are log-normal, mean about 5 kB with a heavy tail, as extracted web pages have (datatrove's own measure: 5.3 kB).
"""

import hashlib
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path

import orjson
from measure.texts import Document, all_documents

from corpusforge.text.sentences import sentences

LANGUAGES = ("en", "zh")

_MEDIAN_BYTES = 2_400
_SIGMA = 1.2
_MIN_BYTES = 300
_MAX_BYTES = 1_000_000
_DUPLICATE_SHARE = 0.02
_MEAN_RUN = 4
_PARAGRAPH_SHARE = 0.4
_MAX_PLANTED = 1000


@dataclass(frozen=True)
class CorpusSize:
    """What to make: megabytes of text in all, half of each language, and the seed of every choice."""

    megabytes: int
    seed: int = 7


def corpus(data: Path, size: CorpusSize, cache: Path) -> Path:
    """A folder with en.jsonl and zh.jsonl made from the text under `data`; made once for the same text and size."""
    documents = all_documents(data)
    facts = [asdict(size), sorted(hashlib.sha256(document.text.encode()).hexdigest() for document in documents)]
    key = hashlib.sha256(orjson.dumps(facts) + Path(__file__).read_bytes()).hexdigest()[:12]
    folder = cache / f"corpus-{size.megabytes}-{key}"
    if not folder.is_dir():
        partial = folder.with_suffix(".partial")
        partial.mkdir(parents=True, exist_ok=True)
        for lang in LANGUAGES:
            _write(partial / f"{lang}.jsonl", lang, documents, size)
        partial.replace(folder)
    return folder


def _write(path: Path, lang: str, documents: Sequence[Document], size: CorpusSize) -> None:
    pool = sentence_pool(document.text for document in documents if document.lang == lang)
    if not pool:
        raise SystemExit(f"no {lang} text below --data; give a folder with Markdown, rst or text files in English and Chinese")
    with path.open("wb") as lines:
        for index, text in enumerate(texts(pool, size.megabytes * 500_000, random.Random(f"{size.seed}-{lang}"))):
            row = {"text": text, "lang": lang, "url": f"https://site{index % 997}.example/{lang}/{index}.html"}
            lines.write(orjson.dumps(row) + b"\n")


def sentence_pool(documents: Iterable[str]) -> list[str]:
    """The sentences of all documents in order, each with the whitespace after it; none twice."""
    found: dict[str, str] = {}
    for text in documents:
        for sentence in sentences(text):
            found.setdefault(sentence.strip(), sentence)
    found.pop("", None)
    return list(found.values())


def texts(pool: Sequence[str], num_bytes: int, rng: random.Random) -> Iterator[str]:
    """Documents of about `num_bytes` together; a planted share repeats an earlier one exactly, no others are equal."""
    longest = sum(len(sentence.encode()) for sentence in pool) // 4
    seen: set[bytes] = set()
    earlier: list[str] = []
    made = 0
    while made < num_bytes:
        if earlier and rng.random() < _DUPLICATE_SHARE:
            text = rng.choice(earlier)
        else:
            text = _text(pool, min(_length(rng), longest), rng)
            digest = hashlib.sha256(text.encode()).digest()
            if digest in seen:
                continue
            seen.add(digest)
            if len(earlier) < _MAX_PLANTED:
                earlier.append(text)
        made += len(text.encode())
        yield text


def _length(rng: random.Random) -> int:
    return min(_MAX_BYTES, max(_MIN_BYTES, int(rng.lognormvariate(math.log(_MEDIAN_BYTES), _SIGMA))))


def _text(pool: Sequence[str], num_bytes: int, rng: random.Random) -> str:
    """Runs of sentences until there are `num_bytes`; one that meets a sentence used before in this text ends there."""
    used: set[int] = set()
    parts: list[str] = []
    made = 0
    while made < num_bytes:
        begin = rng.randrange(len(pool))
        end = min(begin + 1 + int(rng.expovariate(1 / _MEAN_RUN)), len(pool))
        run = list(takewhile(lambda place: place not in used, range(begin, end)))
        used.update(run)
        text = "".join(pool[place] for place in run)
        made += len(text.encode())
        parts.append(text if not text or text[-1].isspace() else text + _after(text, rng))
    return "".join(parts).strip()


def _after(text: str, rng: random.Random) -> str:
    """What stands between two runs: a line's end, or what separates sentences of a paragraph."""
    if rng.random() < _PARAGRAPH_SHARE:
        return "\n"
    return "" if ord(text[-1]) >= 0x2E80 else " "
