"""Bits per byte and token accuracy of text: `corpusforge evaluate text`.

Bits per byte compare models with different vocabularies; perplexity per token does not. Every id is asked for once, behind at
least `window - stride` ids of its document where it has that many, and the first behind BOS (or EOS, where there is no BOS).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from corpusforge import __version__
from corpusforge.errors import InputError, UserError
from corpusforge.evaluate.choice import window_of
from corpusforge.evaluate.encode import Encoder, Ids, Scored, Start
from corpusforge.evaluate.model import LanguageModel
from corpusforge.evaluate.questions import Rejection
from corpusforge.weights.folder import digest


@dataclass(frozen=True)
class TextSettings:
    """How text is read; `stride` is how many ids are asked for at once, half the window unless given."""

    column: str = "text"
    start: Start = "auto"
    stride: int | None = None
    max_tokens: int | None = None
    batch_tokens: int = 4096


def evaluate_text(model: LanguageModel, files: Sequence[Path], settings: TextSettings) -> dict[str, Any]:
    """Read all documents of files; what the command prints.

    Raises InputError where a file cannot be read or holds no text, UserError where settings do not fit the model.
    """
    read = [each for file in files for each in _documents(file, settings.column)]
    texts = [each for each in read if isinstance(each, str)]
    rejections = [each for each in read if isinstance(each, Rejection)]
    if not texts:
        raise InputError(f"{files[0]}: no text there; give a text file, or a .jsonl file with --column")
    encoder = Encoder.read(model.folder, settings.start)
    start = encoder.start or encoder.end
    if not start:
        raise UserError(f"{model.folder}: the tokenizer names no bos_token and no eos_token to stand before the first token")
    window = window_of(model, settings.max_tokens)
    stride = settings.stride or max(1, window // 2)
    if stride > window:
        raise UserError(f"--stride {stride}: must not be larger than the window of {window} tokens")
    encoded = encoder.encode(texts)
    asked = [each for ids in encoded for each in windows(start + ids, len(start), window, stride)]
    answered = [each[0] for each in model.answers(asked, settings.batch_tokens)]
    num_tokens, num_bytes = sum(map(len, encoded)), sum(len(text.encode()) for text in texts)
    nats = math.fsum(each.nats for each in answered)
    return {
        "corpusforge": __version__,
        "model": model.facts,
        "tokenizer": encoder.digest,
        "data": [{"file": file.name, "sha256": digest(file)} for file in files],
        "settings": asdict(settings) | {"window": window, "stride": stride, "start_ids": list(start)},
        "num_documents": len(texts),
        "rejections": [asdict(each) for each in rejections],
        "num_bytes": num_bytes,
        "num_tokens": num_tokens,
        "bits_per_byte": -nats / math.log(2) / num_bytes,
        "nats_per_token": -nats / num_tokens,
        "token_accuracy": sum(each.num_top for each in answered) / num_tokens,
    }


def windows(ids: Ids, first: int, window: int, stride: int) -> Iterator[Scored]:
    """Readings of a document of which each id from `first` on is asked for once.

    windows((0, 1, 2, 3, 4, 5), 1, 4, 2) reads 0-3 for 1-4, then 1-4 for 5.
    """
    done = first
    while done < len(ids):
        end = min(len(ids), window + 1 if done == first else done + stride)
        yield Scored(ids[max(0, end - 1 - window) : end - 1], (ids[done:end],))
        done = end


def _documents(file: Path, column: str) -> Iterator[str | Rejection]:
    """A text file is one document, a file of JSON Lines has one in each line."""
    if not file.is_file():
        raise InputError(f"{file}: no file there")
    content = file.read_bytes()
    if file.suffix in (".jsonl", ".ndjson"):
        yield from (
            _line(line, f"{file.name}:{number}", column) for number, line in enumerate(content.split(b"\n"), 1) if line.strip()
        )
        return
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: byte {error.start} is not UTF-8; convert the file to UTF-8") from error
    yield text if text.strip() else Rejection(file.name, "no_text", "the file is blank")


def _line(line: bytes, where: str, column: str) -> str | Rejection:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Rejection(where, "not_json", str(error))
    text = record.get(column) if isinstance(record, dict) else None
    return text if isinstance(text, str) and text.strip() else Rejection(where, "no_text", f"no text in {column}")
