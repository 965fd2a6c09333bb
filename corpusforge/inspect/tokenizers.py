"""Audit and comparison of tokenizers that lie on this disk."""

from collections.abc import Sequence
from pathlib import Path

from corpusforge.errors import UserError
from corpusforge.inspect.texts import TextRequest, read_texts
from corpusforge.remote.urls import check_local
from corpusforge.vocab.audit.audit import Audit, audit
from corpusforge.vocab.audit.comparison import Comparison, compare
from corpusforge.vocab.audit.subject import Subject, read_subject


def audit_tokenizer(path: Path, base: Path | None, text: TextRequest, pattern: str | None = None) -> Audit:
    """Everything that is wrong with a tokenizer, and how it does on text.

    Raises InputError where a tokenizer or text cannot be read, UserError where `pattern` is missing.
    """
    subject = _read(path, pattern)
    return audit(subject, None if base is None else _read(base, pattern), read_texts(text))


def compare_tokenizers(
    paths: Sequence[Path], text: TextRequest, pattern: str | None = None, num_examples: int = 4
) -> Comparison:
    """Two or more tokenizers side by side; raises as `audit_tokenizer` does."""
    if len(paths) < 2:
        raise UserError("one tokenizer cannot be compared; name two or more")
    if not text.paths:
        raise UserError("nothing to compare on; give --text")
    return compare([_read(path, pattern) for path in paths], read_texts(text), num_examples, text.seed)


def _read(path: Path, pattern: str | None) -> Subject:
    check_local(path)
    return read_subject(path, pattern)
