"""An audit of a tokenizer: every check, in order, and how it does on text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.errors import InputError
from corpusforge.vocab.audit.against_base import Side, base_findings
from corpusforge.vocab.audit.findings import Finding, Severity
from corpusforge.vocab.audit.ids import id_findings, special_findings, special_names
from corpusforge.vocab.audit.loaders import Loader
from corpusforge.vocab.audit.measures import Measure, Texts, measure
from corpusforge.vocab.audit.pieces import shadowed_pieces, tied_scores, unknown_ids, unreachable_pieces, used_pieces
from corpusforge.vocab.audit.reach import reach
from corpusforge.vocab.audit.reading import (
    Manner,
    Sample,
    loader_findings,
    normalizer_findings,
    prefix_findings,
    round_trip,
)
from corpusforge.vocab.audit.subject import Subject
from corpusforge.vocab.parity import stress_texts

_ORDER = tuple(Severity)


@dataclass(frozen=True)
class Audit:
    """What was found; `not_checked` says what could not be looked at and why."""

    tokenizer: str
    kind: str
    num_ids: int
    base: str | None
    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]
    texts: tuple[str, ...]
    measures: tuple[Measure, ...]

    def num(self, severity: Severity) -> int:
        """Findings of a weight."""
        return sum(each.severity is severity for each in self.findings)


def audit(subject: Subject, base: Subject | None, texts: Sequence[Texts]) -> Audit:
    """Check a tokenizer, against `base` where one is given, and measure it on texts; InputError for a base that fails."""
    findings = id_findings(subject)
    if not subject.is_loadable:
        return _audit(subject, base, findings, ["everything else: ids are too large to load it"])
    try:
        loader = subject.loader
    except InputError as error:
        findings.append(
            Finding("loading", Severity.ERROR, "it cannot be loaded", 1, 1, (str(error),), "Nothing can use it.", "")
        )
        return _audit(subject, base, findings, ["everything that needs it loaded"])
    sample = Sample(_lines(texts), pa.array(stress_texts(special_names(subject)[:50]), pa.large_string()))
    side = _side(subject, loader)
    compared, not_checked = loader_findings(subject, loader, sample)
    findings += [
        *unreachable_pieces(loader, side.reach),
        *tied_scores(subject, base.size if base is not None else 0),
        *compared,
        *prefix_findings(subject, loader, side.manner),
        *normalizer_findings(loader, side.manner, sample),
        *round_trip(loader, side.manner, sample),
        *special_findings(subject, loader),
        *shadowed_pieces(subject),
    ]
    if base is not None:
        findings += base_findings(_side(base, base.loader), side, sample)
    not_checked += _unchecked(side, texts)
    measures: list[Measure] = []
    if any(len(each.documents) for each in texts):
        unknown = unknown_ids(subject)
        measures, use = measure(loader, texts, unknown)
        findings += used_pieces(loader, use, unknown)
    return replace(_audit(subject, base, findings, not_checked), texts=tuple(map(_amount, texts)), measures=tuple(measures))


def _audit(subject: Subject, base: Subject | None, findings: list[Finding], not_checked: list[str]) -> Audit:
    """The heaviest findings first."""
    ordered = sorted(findings, key=lambda each: _ORDER.index(each.severity))
    return Audit(
        str(subject.origin), subject.kind, subject.size, None if base is None else str(base.origin), tuple(ordered),
        tuple(not_checked), (), (),
    )  # fmt: skip


def _amount(texts: Texts) -> str:
    left_out = f", {texts.num_left_out:,} lines or files without text left out" if texts.num_left_out else ""
    return f"{texts.name}: {len(texts.documents):,} documents, {int(texts.num_bytes.sum()):,} bytes{left_out}"


def _side(subject: Subject, loader: Loader) -> Side:
    return Side(subject, loader, Manner.of(subject, loader), reach(loader))


def _unchecked(side: Side, texts: Sequence[Texts]) -> list[str]:
    found = []
    if side.reach.num_untried:
        found.append(
            f"reach: {side.reach.num_untried:,} entries that no text can be written for alone (single bytes, parts of words)"
        )
    model = side.subject.model
    if model is not None and not (model.is_bpe or model.is_unigram):
        found.append("loaders: a SentencePiece model of words or characters has no tokenizer.json to compare with")
    if not any(len(each.documents) for each in texts):
        found.append("text: none was given, so programs are compared on odd texts only and nothing is measured; give --text")
    return found


def _lines(texts: Sequence[Texts]) -> pa.Array:
    """Lines of all texts that are not empty, each once: a table repeats its own."""
    parts = [pc.list_flatten(pc.split_pattern(each.documents, "\n")) for each in texts]
    lines = pa.concat_arrays(parts) if parts else pa.array([], pa.large_string())
    return pc.unique(lines.filter(pc.greater(pc.binary_length(lines), 0))).cast(pa.large_string())
