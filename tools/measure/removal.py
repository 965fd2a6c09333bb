"""How much good text a preset of filters rejects and how much junk it lets pass, beside datatrove's chain; and the floors."""

import fnmatch
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
from measure.peers import CHAIN, Datatrove
from measure.texts import Document, Reader
from measure.verdicts import Verdict, pipeline_filters, verdicts

from corpusforge.errors import InputError

# A document below the least length is no false removal: there is too little of it to judge.
STUB = "too_few_words"


@dataclass(frozen=True)
class Group:
    """Verdicts on one collection of good text, or on one kind of junk in one language; `by_datatrove` has its reasons."""

    name: str
    verdicts: tuple[Verdict, ...]
    by_datatrove: tuple[str, ...] = ()

    @property
    def no_prose(self) -> list[Verdict]:
        """Those that may go or stay."""
        return [each for each in self.verdicts if not each.document.is_prose]

    @property
    def stubs(self) -> list[Verdict]:
        """Prose below the least length."""
        return [each for each in self.verdicts if each.document.is_prose and each.reason == STUB]

    @property
    def judged(self) -> list[Verdict]:
        """Prose that is more than a stub."""
        return [each for each in self.verdicts if _is_judged(each)]

    @property
    def rejected(self) -> list[Verdict]:
        """Those that were judged and rejected."""
        return [each for each in self.judged if each.reason]

    @property
    def datatrove_share(self) -> float | None:
        """Share of the judged documents that datatrove rejects."""
        if not self.by_datatrove:
            return None
        reasons = [why for each, why in zip(self.verdicts, self.by_datatrove, strict=True) if _is_judged(each)]
        return sum(map(bool, reasons)) / len(reasons)


@dataclass(frozen=True)
class Quality:
    """What a pipeline made of science, of general text, and of junk."""

    science: tuple[Group, ...]
    general: tuple[Group, ...]
    junk: tuple[Group, ...]


def good_documents(data: Path, readers: Mapping[str, Reader], no_prose: Iterable[str]) -> list[Document]:
    """The documents of collections that are there; those whose `collection/name` matches a pattern of `no_prose` say so."""
    listed = re.compile("|".join(map(fnmatch.translate, no_prose)) or "(?!)")
    found: list[Document] = []
    for name, read in readers.items():
        try:
            found += read(name, data)
        except (InputError, FileNotFoundError):
            print(f"{name} is not below {data}: left out", file=sys.stderr)
    return [replace(each, is_prose=not listed.match(f"{each.collection}/{each.name}")) for each in found]


def _is_judged(verdict: Verdict) -> bool:
    return verdict.document.is_prose and verdict.reason != STUB


def judge(pipeline: str, documents: Sequence[Document], datatrove: Datatrove | None) -> tuple[Group, ...]:
    """Verdicts by collection and, where a collection has both, by language."""
    found = verdicts(pipeline_filters(pipeline), documents)
    theirs = _by_datatrove(documents, datatrove) if datatrove else [""] * len(documents)
    groups: dict[str, list[int]] = {}
    for index, document in enumerate(documents):
        groups.setdefault(f"{document.collection} {document.lang}", []).append(index)
    return tuple(
        Group(name, tuple(found[index] for index in members), tuple(theirs[index] for index in members) if datatrove else ())
        for name, members in groups.items()
    )


def _by_datatrove(documents: Sequence[Document], datatrove: Datatrove) -> list[str]:
    reasons = [""] * len(documents)
    with tempfile.TemporaryDirectory() as folder:
        for lang, chain in CHAIN.items():
            members = [index for index, document in enumerate(documents) if document.lang == lang]
            path = Path(folder, f"{lang}.jsonl")
            path.write_bytes(b"".join(orjson.dumps({"text": documents[index].text}) + b"\n" for index in members))
            if members:
                found = datatrove.judge(path, lang, chain, max_bytes=2**62)["reasons"]
                for index, reason in zip(members, found, strict=True):
                    reasons[index] = reason
    return reasons


def missed_floors(quality: Quality, floors: Mapping[str, float]) -> list[str]:
    """A line for each floor that was not reached; one that `floors` does not hold is not asked for."""
    problems = []
    for name, groups in (("science", quality.science), ("general", quality.general)):
        problems += _above(name, false_removal(groups), floors.get(f"max_{name}_removal", 1))
        for group in groups:
            problems += _above(group.name, false_removal([group]), floors.get(f"max_{name}_removal_each", 1))
    for lang in ("en", "zh"):
        of_language = [group for group in quality.junk if group.name.endswith(f" {lang}")]
        problems += _below(f"junk {lang}", recall(of_language), floors["min_junk_recall"])
    for group in quality.junk:
        problems += _below(group.name, recall([group]), floors["min_junk_recall_each"])
    return problems


def false_removal(groups: Iterable[Group]) -> float:
    """Share of judged documents that were rejected."""
    judged = [verdict for group in groups for verdict in group.judged]
    return sum(bool(verdict.reason) for verdict in judged) / max(1, len(judged))


def recall(groups: Iterable[Group]) -> float:
    """Share of documents that were rejected, for whatever reason."""
    found = [verdict for group in groups for verdict in group.verdicts]
    return sum(bool(verdict.reason) for verdict in found) / max(1, len(found))


def _above(name: str, share: float, most: float) -> list[str]:
    return [f"{name}: {share:.1%} of good documents are rejected, more than {most:.1%}"] if share > most else []


def _below(name: str, share: float, least: float) -> list[str]:
    return [f"{name}: {share:.1%} is rejected, less than {least:.1%}"] if share < least else []
