"""Findings about how text is read: prefix, normaliser, what is lost, and whether two programs read it alike."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from corpusforge.errors import CorpusForgeError
from corpusforge.vocab.audit.agreement import Difference, disagreement, not_given_back
from corpusforge.vocab.audit.findings import Finding, Severity, counted, some, weight_of
from corpusforge.vocab.audit.loaders import HuggingFaceLoader, Loader, SentencePieceLoader
from corpusforge.vocab.audit.subject import Subject
from corpusforge.vocab.convert import SPACE

_EXCERPT = 60


@dataclass(frozen=True)
class Manner:
    """How a tokenizer takes text: a space of its own in front, a normaliser ("" for none), what it does with unknown bytes."""

    has_prefix: bool
    normalizer: str
    removes_spaces: bool
    has_bytes: bool

    @classmethod
    def of(cls, subject: Subject, loader: Loader) -> "Manner":
        """The manner of the program whose ids count."""
        if isinstance(loader, SentencePieceLoader):
            model = loader.model
            name = (model.normalizer_name or "a character map") if model.character_map else ""
            return cls(model.adds_dummy_prefix, name, model.removes_extra_whitespaces, model.has_byte_fallback)
        assert isinstance(loader, HuggingFaceLoader)
        spelling = loader.encoder.spelling
        names = re.findall(r'"type": ?"(\w+)"', str(subject.described.get("normalizer")).replace("'", '"'))
        shown = ", ".join(name for name in names if name not in ("Sequence", "Prepend", "Replace")) or "rules of its own"
        has_bytes = loader.is_byte_level or bool(subject.described["model"].get("byte_fallback"))
        return cls(spelling.has_prefix, "" if spelling.normalizer is None else shown, False, has_bytes)


@dataclass(frozen=True)
class Sample:
    """Lines of the text that was given, and odd texts that have told tokenizers apart."""

    lines: pa.Array
    odd: pa.Array

    def both(self) -> Iterator[tuple[str, pa.Array]]:
        """Each, with what its texts are called; lines only where there are some."""
        if len(self.lines):
            yield "lines", self.lines
        yield "odd texts", self.odd


def normalizer_findings(loader: Loader, manner: Manner, sample: Sample) -> list[Finding]:
    """What happens to text before it is cut."""
    findings = []
    if manner.normalizer:
        findings.append(_normalized(loader, manner.normalizer, sample))
    if manner.removes_spaces:
        texts = [text for text in sample.lines.to_pylist() if "  " in text or text != text.strip(" ")]
        findings.append(
            Finding(
                "removed_spaces", Severity.WARNING, "runs of spaces become one, and spaces at both ends go", len(texts),
                len(sample.lines), some([repr(text[:_EXCERPT]) for text in texts[:1]]),
                "Code and tables lose their shape, and text does not come back from ids.",
                "train with remove_extra_whitespaces=false",
            )
        )  # fmt: skip
    if not manner.has_bytes:
        findings.append(
            Finding(
                "no_byte_fallback", Severity.WARNING, "no byte fallback: characters outside the vocabulary are lost", 0, 0, (),
                "Rare characters, emoji and formulas become one and the same token.",
                "train with byte_fallback=true, or use byte-level BPE",
            )
        )  # fmt: skip
    return findings


def _normalized(loader: Loader, name: str, sample: Sample) -> Finding:
    """Characters that a normaliser changes: spaces are judged apart."""
    texts = sample.lines.to_pylist() or sample.odd.to_pylist()
    changed = [(text, normal) for text in texts for normal in [_normal(loader, text)] if _squeezed(normal) != _squeezed(text)]
    what = "lines" if len(sample.lines) else "odd texts"
    title = f"a normaliser ({name}) changes characters of {counted(len(changed), len(texts), what)}"
    return Finding(
        "normalizer", Severity.WARNING, title, len(changed), len(texts),
        some([f"{_squeezed(a)[:_EXCERPT]} becomes {_squeezed(b)[:_EXCERPT]}" for a, b in changed[:1]]),
        "Full-width signs, ligatures and superscripts become others, and text does not come back from ids.",
        "train with the identity rule; normalise text before, where it is wanted",
    )  # fmt: skip


def _normal(loader: Loader, text: str) -> str:
    if isinstance(loader, SentencePieceLoader):
        return str(loader.processor.normalize(text))
    assert isinstance(loader, HuggingFaceLoader)
    assert loader.encoder.spelling.normalizer is not None
    return loader.encoder.spelling.normalizer.normalize_str(text)


def _squeezed(text: str) -> str:
    return " ".join(text.replace(SPACE, " ").split())


def round_trip(loader: Loader, manner: Manner, sample: Sample) -> list[Finding]:
    """Whether text comes back from ids; an error where nothing explains that it does not."""
    findings = []
    is_explained = bool(manner.normalizer) or manner.removes_spaces or not manner.has_bytes
    for what, texts in sample.both():
        lost = not_given_back(loader, texts)
        if not lost.num_different:
            continue
        severity = Severity.WARNING if is_explained or what == "odd texts" else weight_of(lost.num_different, lost.num_texts)
        findings.append(
            Finding(
                "round_trip", severity, f"{counted(lost.num_different, lost.num_texts, what)} do not come back from their ids",
                lost.num_different, lost.num_texts, (f"{lost.one} comes back as {lost.other}",),
                "A model that was trained on these ids cannot write such text.",
                "use a tokenizer without a normaliser and with byte fallback; set clean_up_tokenization_spaces to false",
            )
        )  # fmt: skip
    if not findings:
        title = "text comes back from its ids"
        findings = [Finding("round_trip", Severity.NOTE, title, 0, len(sample.lines) + len(sample.odd), (), "", "")]
    return findings


def loader_findings(subject: Subject, loader: Loader, sample: Sample) -> tuple[list[Finding], list[str]]:
    """Whether every program that would read these files gives the ids that count, and what could not be compared."""
    findings: list[Finding] = []
    untried: list[str] = []
    for name, load in subject.others():
        try:
            other = load()
        except CorpusForgeError as error:
            untried.append(f"loaders: {name} cannot be compared ({error})")
            continue
        found = [(what, disagreement(loader, other, texts)) for what, texts in sample.both()]
        findings.append(_agreement(subject, loader, name, found))
    return findings, untried


_MEANINGS = {
    "tokenizer.json by score": "No tokenizer.json can give the ids of this model: merges that share a score have no order.",
    "transformers 5": "transformers 5 converts a bare .model when it loads: it ranks merges by id, reads space runs otherwise.",
    "SentencePiece": "Programs that read the .model (SentencePiece, llama.cpp) feed the model other ids than those that read "
    "tokenizer.json.",
}
_CURES = {
    "tokenizer.json by score": "give each piece a score of its own, as vocab.extend does",
    "transformers 5": "put an equal tokenizer.json beside it, such as vocab.extend writes",
    "SentencePiece": "write both files from one model and compare them, as vocab.extend does",
}


def _agreement(subject: Subject, loader: Loader, name: str, found: list[tuple[str, Difference]]) -> Finding:
    num, whole = (sum(getattr(each, key) for _, each in found) for key in ("num_different", "num_texts"))
    if not num:
        title = f"{loader.name} and {name} give the same ids on {whole:,} texts"
        return Finding("loaders", Severity.NOTE, title, 0, whole, (), "", "")
    parts = [counted(each.num_different, each.num_texts, what) for what, each in found if each.num_different]
    first = next(each for _, each in found if each.num_different)
    is_expected = name == "transformers 5" or (subject.model is not None and subject.model.is_unigram)
    examples = (f"{first.text[:_EXCERPT]!r}: {loader.name} {first.one}, {name} {first.other}",)
    severity = Severity.WARNING if is_expected else weight_of(num, whole)
    title = f"{loader.name} and {name} give other ids for {' and '.join(parts)}"
    return Finding("loaders", severity, title, num, whole, examples, _MEANINGS[name], _CURES[name])


def prefix_findings(subject: Subject, loader: Loader, manner: Manner) -> list[Finding]:
    """Whether a text begins as a word after a space does, and whether the files agree about it."""
    model = subject.model
    if model is None:
        return [] if not manner.has_prefix else [_prefix(Severity.NOTE, "a space is put in front of every text", (), "", "")]
    is_disputed = subject.content is not None and manner.has_prefix != model.adds_dummy_prefix
    if is_disputed:
        sides = ("puts a space in front, the .model does not", "puts no space in front, the .model does")
        title = f"lost prefix space: tokenizer.json {sides[not manner.has_prefix]}"
        meaning = "The first word of every text has other ids in programs that read the other file."
        return [_prefix(Severity.ERROR, title, (), meaning, "set add_dummy_prefix of the .model as the base has it")]
    if model.adds_dummy_prefix:
        return [_prefix(Severity.NOTE, "a space is put in front of every text", (), "", "")]
    num = sum(piece.text.startswith(SPACE) for piece in model.pieces)
    is_llama = str(subject.configuration.get("tokenizer_class", "")).startswith("Llama")
    title = f"no space is put in front of a text (add_dummy_prefix is off), and {num:,} pieces begin with one"
    meaning = "The first word of a text has other ids than after a space" + (
        "; LlamaTokenizer, which tokenizer_config.json names, puts one there." if is_llama else "."
    )
    severity = Severity.ERROR if is_llama else Severity.WARNING
    return [_prefix(severity, title, (), meaning, "set add_dummy_prefix, if the base of this vocabulary had it")]


def _prefix(severity: Severity, title: str, examples: tuple[str, ...], meaning: str, cure: str) -> Finding:
    return Finding("prefix", severity, title, 0, 0, examples, meaning, cure)
