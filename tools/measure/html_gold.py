"""How well and how fast extract.html finds the main text of real pages, beside trafilatura and resiliparse.

Gold are 181 pages of scrapinghub's benchmark of article extraction and 240 of the DAnIEL corpus. F1 is that of scrapinghub's
benchmark: of the mean precision and the mean recall over pages, counted in runs of four words, here with a Chinese character
as a word; beside it the same over single words. Only words are compared, so Markdown costs nothing. The gold of scrapinghub
leaves titles out, that of DAnIEL begins with them; `title: false` is the setting for both, which costs two points on DAnIEL.
"""

import gzip
import json
import re
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from corpusforge.extract.html import Html

FLOORS = Path(__file__).with_name("html_floors.toml")
SETS = ("scrapinghub", "daniel_chinese", "daniel_english")

_SHINGLE_WORDS = 4
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")

Extract = Callable[[bytes], str]


class GoldPage(NamedTuple):
    """A page, and its main text as people marked it."""

    raw: bytes
    text: str


class Scores(NamedTuple):
    """F1 over words, and F1, precision and recall over runs of four words."""

    token_f1: float
    shingle_f1: float
    precision: float
    recall: float


def gold_pages(data: Path, name: str) -> list[GoldPage]:
    """The pages of one set below `data`."""
    with gzip.open(data / "html_gold" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [GoldPage(row["html"].encode("utf-8", "replace"), row["gold"]) for row in rows]


def words(text: str) -> list[str]:
    """Runs of letters and digits; each Chinese character and kana is a word."""
    return _WORD.findall(text)


def shingles(text: str, num_words: int) -> Counter[tuple[str, ...]]:
    """How often each run of words occurs; a shorter text is one run."""
    found = words(text)
    return Counter(tuple(found[at : at + num_words]) for at in range(max(1, len(found) - num_words + 1)) if found)


def score(texts: Iterable[tuple[str, str]]) -> Scores:
    """Scores of (gold, found) texts, over all pages."""
    pairs = list(texts)
    token_precision, token_recall = _means(pairs, 1)
    precision, recall = _means(pairs, _SHINGLE_WORDS)
    return Scores(_f1(token_precision, token_recall), _f1(precision, recall), precision, recall)


def _means(pairs: Sequence[tuple[str, str]], num_words: int) -> tuple[float, float]:
    shares = [_shares(shingles(gold, num_words), shingles(found, num_words)) for gold, found in pairs]
    return mean(precision for precision, _ in shares), mean(recall for _, recall in shares)


def _shares(gold: Counter[tuple[str, ...]], found: Counter[tuple[str, ...]]) -> tuple[float, float]:
    both = (gold & found).total()
    return (both / found.total() if found else float(not gold), both / gold.total() if gold else 1.0)


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def ours(raw: bytes) -> str:
    """The text that extract.html finds, without the title."""
    return Html(title=False).extract(raw, "text/html", "").text


def peers() -> Mapping[str, Extract]:
    """Other programs by name, each with the settings that are best for these pages and with its default."""
    import trafilatura
    from resiliparse.extract.html2text import extract_plain_text

    return {
        "trafilatura": lambda raw: trafilatura.extract(raw) or "",
        "trafilatura, precise, no comments": lambda raw: (
            trafilatura.extract(raw, favor_precision=True, include_comments=False) or ""
        ),
        "resiliparse": lambda raw: extract_plain_text(raw.decode("utf-8"), main_content=True),
    }


def pages_table(data: Path, rounds: int, others: Mapping[str, Extract]) -> str:
    """Pages per second of CPU time and F1 of ours and the others on every set; "" where the pages are not there."""
    if not (data / "html_gold").is_dir():
        return ""
    lines = ["", "| pages | program | pages/CPU-s | ratio | F1, runs of four words | F1, words |", "|---|---|--:|--:|--:|--:|"]
    for name in SETS:
        pages = gold_pages(data, name)
        rates: dict[str, float] = {}
        for program, extract in {"corpusforge": ours, **others}.items():
            rates[program] = max(_rate(extract, pages) for _ in range(rounds))
            scores = score((page.text, extract(page.raw)) for page in pages)
            ratio = rates["corpusforge"] / rates[program]
            cells = [name, program, f"{rates[program]:.0f}", f"{ratio:.1f}x", *(f"{each:.4f}" for each in scores[1::-1])]
            lines.append(f"| {' | '.join(cells)} |")
            print(lines[-1], file=sys.stderr)
    return "\n".join(lines) + "\n"


def _rate(extract: Extract, pages: Sequence[GoldPage]) -> float:
    began = time.process_time()
    for page in pages:
        extract(page.raw)
    return len(pages) / (time.process_time() - began)


def missed_floors(name: str, scores: Scores) -> list[str]:
    """Which floors of a set are missed, in words."""
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))[name]
    found = {"min_shingle_f1": scores.shingle_f1, "min_token_f1": scores.token_f1}
    return [f"{name}: {what} is {floors[what]}, found {value:.4f}" for what, value in found.items() if value < floors[what]]
