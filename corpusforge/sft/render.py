"""Conversations to the tokens that are trained on, with a mask that says where loss falls."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import orjson
import pyarrow as pa
from pydantic import Field

from corpusforge.core import EDITS_FIELD, VERDICT_FIELDS, Artifacts, Transform
from corpusforge.errors import UserError
from corpusforge.settings import ResourcePath
from corpusforge.sft.formats import BadRow
from corpusforge.sft.renderer import Loss, Rendered, Renderer
from corpusforge.sft.shorten import Kept, Shortener
from corpusforge.sft.turns import Span, Turn, turns_of
from corpusforge.tokens import IDS_FIELD, LOSS_FIELD, PIECES_FIELD, TokenFacts
from corpusforge.vocab.folder import TokenizerFiles, token_facts

TemplateName = Literal["tokenizer", "alpaca", "chatml", "literary", "llama-2", "mozi", "vicuna"]

_OUTPUT = pa.schema([IDS_FIELD, LOSS_FIELD, PIECES_FIELD, EDITS_FIELD, *VERDICT_FIELDS])
_TEMPLATES = Path(__file__).parent / "templates"
_TEMPLATE_FILE = "chat_template.jinja"

TURN_DROPPED, PROMPT_SHORTENED = "turn_dropped", "prompt_shortened"


class Render(Transform):
    """Adds ids, loss (where answers stand), one piece for each row, and edits: what was left out so that a row fits.

    A row is rejected as answer_too_long (value: its tokens with the shortest prompt) or, where the template does not take it,
    as template_refuses, template_changes_text, turn_left_out, turn_repeated or no_end_token. The tokenizer, with the template
    in it, becomes the artefact `tokenizer`.
    """

    reads: ClassVar[tuple[str, ...]] = ("text", "turns")
    adds: ClassVar[tuple[str, ...]] = ("ids", "loss", "pieces", "edits")
    provides: ClassVar[tuple[str, ...]] = ("tokenizer",)

    template: TemplateName = "tokenizer"
    """The tokenizer's own chat template, or one that is shipped."""
    max_tokens: int = Field(gt=1)
    """Tokens of a row, EOD included: the training length, such as 2048."""
    loss: Loss = "answers"
    """Where loss falls: every answer with the token that ends it, the last answer alone, or everything."""
    tokenizer: ResourcePath | None = None
    """A folder with tokenizer.json, or that file; without it the tokenizer that the recipe trained before."""
    eod: str | None = None
    """Name of the token that ends a row; without it the tokenizer's eos_token."""
    variables: Mapping[str, str | int | bool] = Field(default_factory=dict)
    """What the template is told beside the conversation, such as enable_thinking: false."""

    def required(self) -> tuple[str, ...]:
        """Text and turns, and a trained tokenizer unless one is named."""
        return self.reads if self.tokenizer is not None else (*self.reads, "tokenizer")

    def prepare(self, artifacts: Artifacts, folder: Path) -> None:
        """Copy the tokenizer to `folder`/tokenizer with the template in it.

        Raises InputError where it cannot be loaded, UserError where it has no template, or one whose answers nothing ends.
        """
        files = TokenizerFiles.read(artifacts["tokenizer"] if self.tokenizer is None else self.tokenizer)
        facts, eod = token_facts(files, eod=self.eod, bos=False)
        template = _source(self.template, files)
        Renderer.of(files, template, facts, loss=self.loss, variables=self.variables).check(self.template)
        content = {**files.content, _TEMPLATE_FILE: template.encode()}
        TokenizerFiles(files.origin, content).write(folder / "tokenizer", facts, eod=eod)

    def apply(self, batch: pa.RecordBatch, artifacts: Artifacts) -> pa.RecordBatch:
        """Tokens and mask of each row, or why it cannot be trained on."""
        folder = artifacts["tokenizer"]
        renderer = _renderer(folder, TokenFacts.read(folder).digest, self.loss, orjson.dumps(dict(self.variables)))
        given = zip(batch["text"].to_pylist(), batch["turns"].to_pylist(), strict=True)
        rows = [self._row(text, [Span(**span) for span in spans], renderer) for text, spans in given]
        columns = zip(*rows, strict=True) if rows else ([] for _ in _OUTPUT)
        return pa.record_batch([pa.array(*pair) for pair in zip(columns, _OUTPUT.types, strict=True)], schema=_OUTPUT)

    def _row(self, text: str, spans: Sequence[Span], renderer: Renderer) -> tuple[object, ...]:
        turns = turns_of(text, spans)
        try:
            kept, row = Shortener(turns, renderer.render, self.max_tokens).shortened()
        except BadRow as error:
            return _rejected(error.reason, str(error))
        if row.size > self.max_tokens:
            message = "with the shortest prompt that says anything, the answer does not fit"
            return _rejected("answer_too_long", message, row.size, self.max_tokens)
        return _kept(row, len(text.encode()), list(_edits(turns, spans, kept)))


def _source(name: TemplateName, files: TokenizerFiles) -> str:
    """The template called `name`; raises UserError where it is to be the tokenizer's and there is none."""
    found = files.chat_template() if name == "tokenizer" else (_TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8")
    if found is not None:
        return found
    names = ", ".join(sorted(path.stem for path in _TEMPLATES.glob("*.jinja")))
    raise UserError(f"sft.render: tokenizer {files.origin} has no chat template; set template to one of {names}")


def _kept(rendered: Rendered, num_bytes: int, edits: list[dict[str, Any]]) -> tuple[object, ...]:
    piece = {"token_begin": 0, "token_end": len(rendered.ids), "text_begin": 0, "text_end": num_bytes}
    return (rendered.ids, rendered.loss, [piece], edits or None, "", False, None, None, "")


def _rejected(reason: str, message: str, value: float | None = None, threshold: float | None = None) -> tuple[object, ...]:
    return ([], [], [], None, reason, False, value, threshold, message)


def _edits(turns: Sequence[Turn], spans: Sequence[Span], kept: Sequence[Kept]) -> Iterator[dict[str, Any]]:
    """What is left out, as spans of the row's text."""
    by_number = {each.number: each for each in kept}
    for number, (turn, span) in enumerate(zip(turns, spans, strict=True)):
        if number not in by_number:
            yield {"begin": span.begin, "end": span.end, "reason": TURN_DROPPED}
        elif by_number[number].end:
            begin, end = (span.begin + len(turn.text[:place].encode()) for place in by_number[number][1:])
            yield {"begin": begin, "end": end, "reason": PROMPT_SHORTENED}


@lru_cache(maxsize=2)
def _renderer(folder: Path, digest: str, loss: Loss, variables: bytes) -> Renderer:
    """Loaded once per process; `digest` is in the key so that a folder written anew is loaded anew."""
    files = TokenizerFiles.read(folder)
    template = files.chat_template()
    assert template is not None, "prepare writes it"
    return Renderer.of(files, template, TokenFacts.read(folder), loss=loss, variables=orjson.loads(variables))
