"""Documents that a step kept, rejected or failed on: the first ones, or a seeded random sample."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from corpusforge.errors import UserError
from corpusforge.inspect.folder import ABOUT, Documents, PartOnDisk, open_documents
from corpusforge.inspect.steps import StepOnDisk, books_so_far
from corpusforge.recipe.suggest import did_you_mean

Wanted = Literal["kept", "rejected", "failed"]


@dataclass(frozen=True)
class Question:
    """Which documents: `step` None is the whole build, `limit` 0 all of them, `seed` None the first ones."""

    wanted: Wanted = "kept"
    step: str | None = None
    source: str | None = None
    reason: str | None = None
    limit: int = 20
    seed: int | None = None


@dataclass(frozen=True)
class Shown:
    """A document and what one step said of it; `text` is as that step found it, for what could not be read what was found."""

    id: str
    about: Mapping[str, str]
    step: str
    verdict: Wanted
    stage: str
    reason: str
    value: float | None
    threshold: float | None
    message: str
    witness: str | None
    signals: Mapping[str, Any]
    text: str


@dataclass(frozen=True)
class _Hit:
    """A row of a part, and how many steps it went through."""

    source: str
    part: str
    num_steps: int
    row: int


@dataclass(frozen=True)
class _Answers:
    """Some rows of a part that are asked for, after so many steps."""

    source: str
    part: str
    num_steps: int
    rows: NDArray[np.int64]

    def hits(self) -> list[_Hit]:
        return [_Hit(self.source, self.part, self.num_steps, row) for row in self.rows.tolist()]


def one_verdict(asked: Mapping[Wanted, bool], reason: str | None) -> Wanted:
    """The verdict asked for: rejected where a reason is given, else kept; raises UserError when several are asked for."""
    wanted = [verdict for verdict, is_asked in asked.items() if is_asked]
    if len(wanted) > 1:
        raise UserError(f"--{' and --'.join(wanted)} are given together: ask for one at a time")
    if wanted:
        return wanted[0]
    return "kept" if reason is None else "rejected"


def show(out: Path, question: Question) -> Iterator[Shown]:
    """The documents asked for, in the order of the input; raises UserError where the question names what is not there."""
    documents = open_documents(out)
    _check(documents, question)
    answers = _answers(documents, question)
    hits = _sampled(answers, question) if question.seed is not None else _first(answers, question.limit)
    return _described(documents, hits, question.wanted)


def _first(answers: Iterator[_Answers], limit: int) -> Iterator[_Hit]:
    return islice((hit for some in answers for hit in some.hits()), limit or None)


def _sampled(answers: Iterator[_Answers], question: Question) -> Iterator[_Hit]:
    found = list(answers)
    ends = np.cumsum([len(each.rows) for each in found])
    count = int(ends[-1]) if found else 0
    numbers = sorted(random.Random(question.seed).sample(range(count), min(question.limit or count, count)))
    for number in numbers:
        index = int(np.searchsorted(ends, number, side="right"))
        some = found[index]
        yield _Hit(some.source, some.part, some.num_steps, int(some.rows[number - int(ends[index])]))


def _check(documents: Documents, question: Question) -> None:
    out = documents.out
    if question.source is not None and question.source not in documents.sources:
        raise UserError(f"{out}: no source {question.source!r}; {did_you_mean(question.source, documents.sources, 'sources')}")
    steps = [step for source in documents.sources for step in documents.steps_of(source)]
    names = dict.fromkeys(step.name for step in steps)
    if question.step is not None and not any(_is_named(step, question.step) for step in steps):
        raise UserError(f"{out}: no step {question.step!r} holds documents; {did_you_mean(question.step, names, 'steps')}")
    if question.reason is not None and question.wanted != "rejected":
        raise UserError(f"--reason {question.reason} is of rejected documents, not of {question.wanted} ones: leave one out")
    books = books_so_far(documents.generation.steps)
    reasons = {
        reason for by_source in books.values() for some in by_source.values() for each in some for reason in each.rejected
    }
    if question.reason is not None and question.reason not in reasons:
        raise UserError(
            f"{out}: nothing was rejected as {question.reason!r}; {did_you_mean(question.reason, reasons, 'reasons')}"
        )


def _is_named(step: StepOnDisk, name: str) -> bool:
    """By its own name, or by its stage in the chain of any source: filter.length is geo-en-filter.length, too."""
    return name in (step.name, step.fingerprint) or step.name.endswith(f"-{name}")


def _answers(documents: Documents, question: Question) -> Iterator[_Answers]:
    for source in documents.sources if question.source is None else (question.source,):
        steps = documents.steps_of(source)
        chosen = [i for i, step in enumerate(steps) if question.step is None or _is_named(step, question.step)]
        for part in documents.parts_of(source) if chosen else ():
            if question.wanted == "kept":
                yield from _kept(documents, source, part, chosen[-1] + 1)
            else:
                yield from (_dropped(documents, source, part.name, index, question) for index in chosen)


def _kept(documents: Documents, source: str, part: PartOnDisk, num_steps: int) -> Iterator[_Answers]:
    alive = np.ones(part.rows, np.bool_)
    for step in documents.steps_of(source)[:num_steps]:
        verdicts = documents.verdict_table(step, part.name)
        if verdicts is None:
            return
        alive[verdicts["row"].to_numpy()] = False
    yield _Answers(source, part.name, num_steps, np.flatnonzero(alive))


def _dropped(documents: Documents, source: str, part: str, index: int, question: Question) -> _Answers:
    verdicts = documents.verdict_table(documents.steps_of(source)[index], part)
    if verdicts is None:
        return _Answers(source, part, index + 1, np.empty(0, np.int64))
    hits = pc.equal(verdicts["failed"], question.wanted == "failed")
    if question.reason is not None:
        hits = pc.and_(hits, pc.equal(verdicts["drop"], question.reason))
    return _Answers(source, part, index + 1, verdicts["row"].filter(hits).to_numpy().astype(np.int64))


def _described(documents: Documents, hits: Iterator[_Hit], wanted: Wanted) -> Iterator[Shown]:
    for (source, part, num_steps), some in groupby(hits, key=lambda hit: (hit.source, hit.part, hit.num_steps)):
        rows = [hit.row for hit in some]
        step = documents.steps_of(source)[num_steps - 1]
        abouts = documents.about(source, part, rows)
        signals = documents.signals_of(source, part, rows, num_steps)
        verdicts = _verdicts(documents, step, part, rows)
        texts = _texts(documents, step, source, part, rows, num_steps if wanted == "kept" else num_steps - 1)
        for about, its, verdict, text in zip(abouts, signals, verdicts, texts, strict=True):
            witness = verdict["witness"].hex() if verdict["witness"] is not None else None
            yield Shown(
                about["id"].hex(), {name: about[name] for name in ABOUT}, step.name, wanted, verdict["stage"], verdict["drop"],
                verdict["value"], verdict["threshold"], verdict["message"], witness, its, text,
            )  # fmt: skip


def _verdicts(documents: Documents, step: StepOnDisk, part: str, rows: Sequence[int]) -> list[dict[str, Any]]:
    table = documents.verdict_table(step, part)
    assert table is not None, "hits come from it"
    found = table.filter(pc.is_in(table["row"], pa.array(rows, pa.int32())))
    kept = {"stage": "", "drop": "", "value": None, "threshold": None, "message": "", "witness": None}
    by_row = {row["row"]: row for row in found.to_pylist()}
    return [by_row.get(row, kept) for row in rows]


def _texts(documents: Documents, step: StepOnDisk, source: str, part: str, rows: Sequence[int], num_steps: int) -> list[str]:
    if num_steps:
        return documents.texts_of(source, part, rows, num_steps)
    path = step.path(f"rejected/{part}.parquet")
    if not path.exists():
        return documents.texts_of(source, part, rows, 1)
    found = pq.ParquetFile(path).read(columns=["row", "excerpt"], use_threads=False)
    excerpts = dict(zip(found["row"].to_pylist(), found["excerpt"].to_pylist(), strict=True))
    return [excerpts.get(row) or "" for row in rows]
