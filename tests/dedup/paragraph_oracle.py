"""Shared paragraphs the slow and obvious way: strings in dictionaries, one document after another."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

import minhash_oracle
import oracle


@dataclass(frozen=True)
class Document:
    """A text with what ranks it: position of its source, then id."""

    rank: int
    id: bytes
    text: str


@dataclass
class Left:
    """What becomes of a document: its text, the texts that go with their owners, the words left; gone, who has most of it."""

    text: str
    owners: list[tuple[str, bytes]] = field(default_factory=list)
    words: int = 0
    is_gone: bool = False
    witness: bytes | None = None


def folded(text: str) -> str:
    return " ".join("".join(map(minhash_oracle.fold, text)).split())


def pieces(text: str, unit: str) -> tuple[list[str], list[str]]:
    """Units, and what lies before, between and behind them: one more."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    units, gaps = [], [""]
    for is_blank, some in groupby(lines, key=lambda line: not line.strip()):
        if is_blank and unit == "paragraph":
            gaps[-1] += "".join(some)
            continue
        for each in some if unit == "line" else ["".join(some)]:
            body, end = parted(each)
            units.append(body)
            gaps.append(end)
    return units, gaps


def parted(lines: str) -> tuple[str, str]:
    """Lines without what ends the last of them, and that."""
    found = re.fullmatch(r"(.*?)(\r?\n?)", lines, re.DOTALL)
    assert found
    return found[1], found[2]


def without_shared(
    documents: Sequence[Document], *, unit: str, min_documents: int, min_words: int, keep: str, scope: str, min_words_left: int
) -> dict[bytes, Left]:
    """What becomes of each document, by id."""
    having: dict[tuple[int, str], list[Document]] = {}
    ranked = sorted(documents, key=lambda each: (each.rank, each.id))
    for document in ranked:
        of_source = document.rank if scope == "source" else 0
        for text in dict.fromkeys(
            folded(each) for each in pieces(document.text, unit)[0] if oracle.num_words(each) >= min_words
        ):
            having.setdefault((of_source, text), []).append(document)
    shared = {key: some[0] for key, some in having.items() if len(some) >= min_documents}
    left = {}
    for document in documents:
        units, gaps = pieces(document.text, unit)
        kept, seen, found = [], set(), Left("")
        for index, each in enumerate(units):
            owner = shared.get((document.rank if scope == "source" else 0, folded(each)))
            is_first_of_owner = owner is document and folded(each) not in seen
            seen.add(folded(each))
            if owner is None or oracle.num_words(each) < min_words or (keep == "first" and is_first_of_owner):
                kept.append(index)
            else:
                found.owners.append((each, owner.id))
        behind = [gaps[index + 1] if index != kept[-1] else gaps[-1] for index in kept]
        found.text = gaps[0] + "".join(units[index] + gap for index, gap in zip(kept, behind, strict=True))
        if units and not kept:
            found.text += gaps[-1]
        found.words = oracle.num_words(found.text)
        found.is_gone = bool(found.owners) and found.words < min_words_left
        left[document.id] = found
    return left
